//! The stall's greedy twin: each of its tricks is refused by name, or gains it nothing.

use hamlet_testing::{CallError, Refusal, Value, built, json};

use crate::common::{Market, ROSAS, TILL, amounts, asked, example, hex, house};

const TOMS_OWN: u64 = 30;

/// A market with the greedy stall and its friend, who is harmless yet.
fn market() -> Market {
    let market = Market::open();
    market.0.install_package(&friend("harmless")).unwrap();
    market.0.install_package(&example("greedy-stall")).unwrap();
    market
}

/// The friend in one of its versions.
fn friend(version: &str) -> hamlet_testing::Package {
    built(house().join("examples/greedy-stall/friend").join(version), &[]).unwrap()
}

fn order(trick: &str, price: u64, account: u64) -> Value {
    json!({ "trick": trick, "price": price, "account": hex(account), "till": hex(TILL) })
}

impl Market {
    fn cheat(&self, trick: &str, price: u64) -> Result<Value, Refusal> {
        self.0.call("rosa", "greedy-stall", "buy", order(trick, price, ROSAS))
    }

    fn cheat_with_code(&self, trick: &str, price: u64, code: &str) -> Result<Value, Refusal> {
        self.0.call_with_code("rosa", "greedy-stall", "buy", &order(trick, price, ROSAS), code)
    }

    /// Everything that the tricks are after: the books, the greedy stall's sales, its friend's waves, and
    /// how much was ever written at all.
    fn everything(&self) -> ((i64, i64, Value), [Value; 2], u64) {
        let sales = self.ok("rosa", "greedy-stall", "greedy.sales", json!({}));
        let waves = self.ok("rosa", "friend", "waves", json!({}));
        (self.books(), [sales, waves], self.0.kernel().head())
    }
}

#[test]
fn w2_to_take_more_than_was_confirmed_is_refused_and_changes_nothing() {
    let market = market();
    // It asks for up to 43 million: no limit is to stop it before what she confirmed does.
    let limits = json!({ "account": hex(ROSAS), "limits": { "credit": 1_u64 << 40 } });
    market.ok("steward", "ledger", "set-limits", limits);
    let before = market.everything();
    // Honest, so that what follows is not refused for another reason.
    assert_eq!(amounts(&asked(market.cheat("none", 100)).0), [100]);
    // It asks for another sum at each run: what she confirmed is never what it takes.
    let (needs, code) = asked(market.cheat("more", 100));
    assert!(needs[0].amount.unwrap() > 100, "{needs:?}");
    let refused = market.cheat_with_code("more", 100, &code).unwrap_err();
    assert!(matches!(refused, Refusal::Host(CallError::ConfirmationDiffers)), "{refused:?}");
    // What she confirmed for the honest trick is no use for another.
    let (_, code) = asked(market.cheat("none", 100));
    let refused = market.cheat_with_code("more", 100, &code).unwrap_err();
    assert!(matches!(refused, Refusal::Host(CallError::ConfirmationDiffers)), "{refused:?}");
    assert_eq!(market.everything(), before);

    // A grant up to the price does not pay more than the price: she is asked, and says nothing.
    market.grant("greedy-stall", 100);
    let before = market.everything();
    assert!(amounts(&asked(market.cheat("more", 100)).0)[0] > 100);
    assert_eq!(market.everything(), before);
}

#[test]
fn w2_to_pay_itself_twice_is_refused_and_changes_nothing() {
    let market = market();
    market.open_account(TOMS_OWN, "toms", "tom", 1_000);
    let (needs, code) = asked(market.cheat("twice", 100));
    assert_eq!(amounts(&needs), [100], "as long as it has sold nothing it looks honest");
    let sold = market.0.call_confirmed("tom", "greedy-stall", "buy", order("none", 100, TOMS_OWN));
    assert_eq!(amounts(&sold.unwrap().1), [100]);
    let before = market.everything();
    // Now it takes the price twice: the one payment that she was shown is not made either.
    let refused = market.cheat_with_code("twice", 100, &code).unwrap_err();
    assert!(matches!(refused, Refusal::Host(CallError::ConfirmationDiffers)), "{refused:?}");
    assert_eq!(amounts(&asked(market.cheat("twice", 100)).0), [100, 100], "both are shown to her");
    assert_eq!(market.everything(), before);

    // A grant pays what is below its ceiling, but half a sale is none: she is asked for the rest.
    market.grant("greedy-stall", 100);
    let before = market.everything();
    assert_eq!(amounts(&asked(market.cheat("twice", 100)).0), [100]);
    assert_eq!(market.everything(), before);
}

#[test]
fn t2_to_call_a_refused_payment_a_sale_moves_nothing() {
    let market = market();
    let before = market.everything();
    // 50.00 are more than she may owe, so the payment fails even if she confirms it.
    let (needs, code) = asked(market.cheat("unpaid", 5_000));
    assert_eq!(amounts(&needs), [5_000]);
    let refused = market.cheat_with_code("unpaid", 5_000, &code).unwrap_err();
    assert!(matches!(refused, Refusal::Host(CallError::ConfirmationDiffers)), "{refused:?}");
    assert_eq!(market.everything(), before);

    // With a grant nobody is asked. The stall may write a lie into its own rows, and nowhere else.
    market.grant("greedy-stall", 10_000);
    let told = market.cheat("unpaid", 5_000).unwrap();
    assert_eq!((&told["paid"], &told["refused"]), (&json!([]), &json!({ "exceeds-credit-limit": "2500" })));
    let (books, [sales, _], _) = market.everything();
    assert_eq!((books, sales), (before.0, json!("1")));
    let grants = market.ok("rosa", "host", "grants.list", json!({}));
    assert_eq!(grants[0]["used"], "0", "what was not paid was not used up");
}

#[test]
fn t4_to_be_called_again_while_it_sells_is_refused_and_changes_nothing() {
    let market = market();
    market.grant("greedy-stall", 1_000);
    // While its friend is harmless the trick is an ordinary sale.
    let sold = market.cheat("again", 100).unwrap();
    assert_eq!(sold["paid"].as_array().unwrap().len(), 1);
    let (books, counts, _) = market.everything();
    assert_eq!((books, counts), ((-100, 100, json!("1")), [json!("1"), json!("1")]));

    // The friend is upgraded to one that calls the stall. Called by herself it sells: it may do that.
    market.0.install_package(&friend("accomplice")).unwrap();
    let wave = json!({ "price": 100, "account": hex(ROSAS), "till": hex(TILL) });
    market.ok("rosa", "friend", "wave", wave);
    let before = market.everything();
    assert_eq!((&before.0, &before.1), (&(-200, 200, json!("2")), &[json!("2"), json!("2")]));

    // While the stall is at work it is not entered again; the payment that it had made before is undone.
    let refused = market.cheat("again", 100).unwrap_err();
    let Refusal::Host(CallError::Reentered { plugin }) = &refused else { panic!("{refused:?}") };
    assert_eq!(&**plugin, "greedy-stall");
    assert_eq!(market.everything(), before);

    // Without a grant she is not even asked: with her consent it would be refused just so.
    let grants = market.ok("rosa", "host", "grants.list", json!({}));
    market.ok("rosa", "host", "grants.revoke", json!({ "grant": grants[0]["id"] }));
    let before = market.everything();
    assert_eq!(market.cheat("again", 100).unwrap_err().case(), "reentered");
    assert_eq!(market.everything(), before);
}
