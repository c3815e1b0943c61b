//! The stall sells through the ledger: a sale and its payment are one fact.

use hamlet_testing::{CallError, Done, Extra, Refusal, Value, json};

use crate::common::{Market, ROSAS, TILL, amounts, asked, example, hex};

/// A market with the stall in it, which has ten boxes of eggs at 3.00.
fn market() -> Market {
    let market = Market::open();
    market.0.install_package(&example("stall")).unwrap();
    market.ok("steward", "stall", "set-up", json!({ "name": "Eggs and honey", "till": hex(TILL) }));
    market.ok("steward", "stall", "offer", json!({ "name": "eggs", "price": 300, "stock": 10 }));
    market
}

fn order(quantity: u32) -> Value {
    json!({ "item": "eggs", "quantity": quantity, "price": 300, "account": hex(ROSAS) })
}

impl Market {
    fn buy(&self, quantity: u32) -> Result<Value, Refusal> {
        self.0.call("rosa", "stall", "buy", order(quantity))
    }

    fn buy_with(&self, quantity: u32, extra: Extra) -> Result<Done, Refusal> {
        self.0.call_with("rosa", "stall", "buy", &order(quantity), extra)
    }

    /// What is left of the eggs, and the numbers of all sales, newest first.
    fn stall(&self) -> (u64, Vec<String>) {
        let items = self.ok("rosa", "stall", "items", json!({}));
        let sales = self.ok("rosa", "stall", "sales", json!({}));
        let numbers = sales["sales"].as_array().unwrap().iter();
        let numbers = numbers.map(|sale| sale["number"].as_str().unwrap().to_owned()).collect();
        (items[0]["stock"].as_u64().unwrap(), numbers)
    }
}

#[test]
fn w2_a_sale_happens_when_the_buyer_confirms_exactly_what_it_takes_from_her() {
    let market = market();
    let (needs, code) = asked(market.buy(2));
    let [need] = needs.as_slice() else { panic!("{needs:?}") };
    assert_eq!((&*need.provider, &*need.kind, &*need.thing), ("ledger", "spend", &*hex(ROSAS)));
    assert_eq!((need.owner.to_string(), need.amount), (market.id("rosa"), Some(600)));
    assert!(need.sentence.contains("6.00 LEAF"), "{}", need.sentence);
    // She was asked, and nothing has happened yet.
    assert_eq!((market.books(), market.stall()), ((0, 0, json!("0")), (10, vec![])));

    let sale = market.0.call_with_code("rosa", "stall", "buy", &order(2), &code).unwrap();
    assert_eq!((&sale["number"], &sale["paid"]), (&json!("1"), &json!("600")));
    assert_eq!((market.books(), market.stall()), ((-600, 600, json!("1")), (8, vec!["1".to_owned()])));
    let paid = market.ok("rosa", "ledger", "transfers.get", json!({ "transfer": sale["transfer"] }));
    assert_eq!(
        (&paid["via"], &paid["reference"], &paid["memo"]),
        (&json!("stall"), &json!("sale 1"), &json!("2 × eggs"))
    );
    assert_eq!(paid["actor"], json!(market.id("rosa")));

    // A code is good once, and for nothing else.
    let again = market.0.call_with_code("rosa", "stall", "buy", &order(2), &code).unwrap_err();
    assert_eq!(again.case(), "confirmation-unknown");
    let (_, code) = asked(market.buy(1));
    let more = market.0.call_with_code("rosa", "stall", "buy", &order(3), &code).unwrap_err();
    assert_eq!(more.case(), "confirmation-differs");
    assert_eq!(market.stall().0, 8);
}

#[test]
fn w2_a_grant_pays_without_a_question_up_to_its_ceiling_each_month_until_it_is_revoked() {
    let market = market();
    let grant = market.grant("stall", 1_000);
    assert_eq!(market.buy(2).unwrap()["paid"], "600");
    // Past the ceiling she is asked, as if there were no grant; below it she is not.
    assert_eq!(amounts(&asked(market.buy(2)).0), [600]);
    assert_eq!(market.buy(1).unwrap()["paid"], "300");
    let grants = market.ok("rosa", "host", "grants.list", json!({}));
    assert_eq!((&grants[0]["used"], &grants[0]["monthly-ceiling"]), (&json!("900"), &json!("1000")));
    // It is hers: nobody else buys with it, and her own purchase elsewhere does not use it.
    let theft = market.0.call("tom", "stall", "buy", order(1)).unwrap_err();
    assert!(
        matches!(&theft, Refusal::Case { case, value } if case == "payment-refused" && value == "no-mandate")
    );
    assert_eq!(market.books(), (-900, 900, json!("2")));

    // September ends: the ceiling begins anew.
    assert_eq!(amounts(&asked(market.buy(1)).0), [300]);
    market.0.advance_days(30);
    assert_eq!(market.buy(3).unwrap()["paid"], "900");
    assert_eq!(amounts(&asked(market.buy(1)).0), [300], "100 are left of October");

    // Taken back, it is gone with the very next call, at the beginning of a month too.
    market.ok("rosa", "host", "grants.revoke", json!({ "grant": grant }));
    market.0.advance_days(31);
    assert_eq!(amounts(&asked(market.buy(1)).0), [300]);
    assert_eq!((market.books(), market.stall().0), ((-1_800, 1_800, json!("3")), 4));
}

#[test]
fn t2_a_refused_payment_leaves_no_sale() {
    let market = market();
    market.grant("stall", 100_000);
    // 27.00 are more than the 25.00 that she may owe: with a grant, and by her own word.
    for plugin_may_pay in [true, false] {
        if !plugin_may_pay {
            let grants = market.ok("rosa", "host", "grants.list", json!({}));
            market.ok("rosa", "host", "grants.revoke", json!({ "grant": grants[0]["id"] }));
        }
        let Err(Refusal::Case { case, value }) = market.buy(9) else { panic!("it was sold") };
        assert_eq!((&*case, value), ("payment-refused", json!({ "exceeds-credit-limit": "2500" })));
        assert_eq!((market.books(), market.stall()), ((0, 0, json!("0")), (10, vec![])));
    }
    // Not even a number was used up: the first sale is number 1.
    let (sale, _) = market.0.call_confirmed("rosa", "stall", "buy", order(6)).unwrap();
    assert_eq!(sale["number"], "1");
}

#[test]
fn x1_a_sale_with_a_key_happens_once_however_often_it_is_asked_for() {
    let market = market();
    let key = Some(market.0.new_key());
    let (_, code) = asked(market.buy_with(2, Extra { key, code: None }));
    let sold = market.buy_with(2, Extra { key, code: Some(code) }).unwrap();
    assert!(!sold.replayed);
    // The client did not hear the answer and asks again, with and without its code, much later too.
    for days in [0, 6] {
        market.0.advance_days(days);
        let again = market.buy_with(2, Extra { key, code: None }).unwrap();
        assert_eq!((again.replayed, &again.value), (true, &sold.value));
    }
    let other = market.buy_with(3, Extra { key, code: None }).unwrap_err();
    assert!(matches!(other, Refusal::Host(CallError::KeyReused)), "{other:?}");
    assert_eq!((market.books(), market.stall()), ((-600, 600, json!("1")), (8, vec!["1".to_owned()])));
    // Tom's key is another one, though it has the same number; and a week later no key is good.
    let toms = market.0.call_with("tom", "stall", "buy", &order(1), Extra { key, code: None });
    assert_eq!(toms.unwrap_err().case(), "payment-refused");
    market.0.advance_days(2);
    let late = market.buy_with(2, Extra { key, code: None }).unwrap_err();
    assert!(matches!(late, Refusal::Host(CallError::KeyTooOld)), "{late:?}");
    assert_eq!(market.stall().0, 8);
}
