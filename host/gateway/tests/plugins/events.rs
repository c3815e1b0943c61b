//! `/api/events` with the real ledger: who sees what, in which order, and who waits for whom.

use hamlet_gateway::ServeConfig;
use serde_json::{Value, json};

use crate::support::stream::{self, Unread};
use crate::support::{Request, Server, Town, add, members, person, unlimited, whole};
use crate::{HOST, activate, built, post};

const TOPIC: &str = "ledger/events@0.1.0/recorded";

/// A town with the ledger, an open currency, and an account for Sol, Ana, Ben and the mill.
struct Market {
    town: Town,
    server: Server,
    ana: (String, String),
    ben: (String, String),
    mill: String,
}

impl Market {
    fn open() -> Self {
        let town = Town::new(HOST);
        // The system keeps little for who does not read, so that she is soon behind.
        let server = Server::start_sending(&[&town], unlimited(), ServeConfig::default(), Some(256 * 1024));
        let folder = tempfile::tempdir().unwrap();
        let package = built("plugins/ledger", folder.path().join("ledger")).package;
        let hash = town.kernel.stage(package).unwrap();
        assert_eq!(activate(&server, &town, &hash).status, 200);
        let ana = person(&server, &town, "ana", &whole());
        let ben = person(&server, &town, "ben", &whole());
        let mill = add(&server, &town, "household", "mill");
        let market = Self { town, server, ana, ben, mill };
        let input =
            json!({ "id": id(1), "unit": "LEAF", "name": "Leaf", "scale": 2, "kind": "mutual-credit" });
        market.ledger("books", "create-ledger", &json!({ "input": input }));
        let sol = market.town.founded.steward.to_string();
        let owners = [
            (11, "sol", &sol),
            (12, "ana", &market.ana.0),
            (13, "ben", &market.ben.0),
            (14, "mill", &market.mill),
        ];
        for (number, code, owner) in owners {
            let input =
                json!({ "id": id(number), "ledger": id(1), "code": code, "owner": owner, "limits": {} });
            market.ledger("books", "open-account", &json!({ "input": input }));
        }
        market.ledger("books", "open-ledger", &json!({ "ledger": id(1) }));
        market
    }

    /// Calls the ledger as the steward.
    fn ledger(&self, interface: &str, function: &str, body: &Value) -> Value {
        let path = format!("/api/ledger/{interface}@0.1.0/{function}");
        let reply = post(&self.server, &path, body, &self.town.steward);
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    /// Sol pays; the amount tells the payment from others.
    fn pay(&self, number: u32, payee: &str, amount: &str) {
        let body =
            json!({ "id": id(number), "payer": "sol", "payee": payee, "unit": "LEAF", "amount": amount });
        self.ledger("transfers", "pay", &body);
    }

    fn listen(&self, token: &str, query: &str, returning: Option<&str>) -> Unread {
        let mut request = Request::get(HOST, &format!("/api/events{query}")).token(token);
        if let Some(last) = returning {
            request = request.header("Last-Event-ID", last);
        }
        stream::open(&self.server, &request)
    }
}

fn id(number: u32) -> String {
    format!("{number:032x}")
}

#[test]
fn an_event_is_seen_by_its_audience_and_by_nobody_else() {
    let market = Market::open();
    let (sol, ana, ben) = (market.town.steward.as_str(), market.ana.1.as_str(), market.ben.1.as_str());
    let sols = market.listen(sol, "", None).read();
    let anas = market.listen(ana, "", None).read();
    let bens = market.listen(ben, &format!("?topic={TOPIC}"), None).read();
    let deaf = market.listen(ben, "?topic=ledger/events@0.1.0/other", None).read();
    market.pay(101, "ana", "1.00");
    market.pay(102, "ben", "2.00");
    market.pay(103, "ana", "3.00");
    let seen = |listener: &stream::Listener, count: usize| {
        let events: Vec<_> = (0..count).map(|_| listener.next()).collect();
        for event in &events {
            assert_eq!(event.name, TOPIC);
            let told = event.json();
            assert_eq!((&told["emitter"], &told["function"]), (&json!("ledger"), &json!("recorded")));
            assert!(told["arguments"]["memo"].is_null(), "nothing personal: {told}");
        }
        let ids: Vec<_> = events.iter().map(|event| order(event.id.as_deref().unwrap())).collect();
        assert!(ids.windows(2).all(|two| two[0] < two[1]), "ids grow: {ids:?}");
        events.iter().map(stream::Event::amount).collect::<Vec<_>>()
    };
    assert_eq!(seen(&sols, 3), ["100", "200", "300"], "in the order of recording");
    // Of two streams, neither has the event that it is not the audience of: the next one came instead.
    assert_eq!(seen(&anas, 2), ["100", "300"]);
    assert_eq!(seen(&bens, 1), ["200"]);

    // Whoever acts for a party sees what concerns it, until she no longer does.
    let mandate = json!({ "person": market.ben.0, "party": market.mill, "mandate": "representative" });
    assert_eq!(post(&market.server, &members("give-mandate"), &mandate, sol).status, 200);
    market.pay(104, "mill", "4.00");
    assert_eq!(seen(&bens, 1), ["400"]);
    let withdrawn = json!({ "person": market.ben.0, "party": market.mill });
    assert_eq!(post(&market.server, &members("withdraw-mandate"), &withdrawn, ben).status, 200);
    market.pay(105, "mill", "5.00");
    market.pay(106, "ben", "6.00");
    assert_eq!(seen(&bens, 1), ["600"], "at once");

    // A stream ends with the token that opened it, at the next event, and never shows that one.
    let gone = json!({ "party": market.ben.0 });
    assert_eq!(post(&market.server, &members("remove"), &gone, sol).status, 200);
    market.pay(107, "ana", "7.00");
    bens.assert_ended();
    // The stream of another topic had nothing to the end, which comes with the server's.
    drop(market.server);
    deaf.assert_ended();
}

fn order(id: &str) -> (u64, u64) {
    let (time, count) = id.split_once('-').unwrap();
    (time.parse().unwrap(), count.parse().unwrap())
}

#[test]
fn a_client_that_comes_back_is_told_of_a_gap_and_goes_on() {
    let market = Market::open();
    let ana = market.ana.1.as_str();
    let first = market.listen(ana, "", None).read();
    market.pay(101, "ana", "1.00");
    let last = first.next();
    drop(first);
    market.pay(102, "ana", "2.00");
    let again = market.listen(ana, "", last.id.as_deref()).read();
    let gap = again.next();
    assert_eq!((gap.name.as_str(), gap.data.as_str(), &gap.id), ("gap", "unknown", &None));
    market.pay(103, "ana", "3.00");
    let next = again.next();
    assert_eq!(next.amount(), "300", "live only: what was missed is asked for with queries");
    assert!(order(next.id.as_deref().unwrap()) > (0, 0));
    let path = "/api/ledger/transfers@0.1.0/statement";
    let body = json!({ "account": id(12), "filter": {}, "limit": 3 });
    let lines = post(&market.server, path, &body, ana).json()["lines"].clone();
    let amounts: Vec<_> = lines.as_array().unwrap().iter().map(|line| &line["transfer"]["amount"]).collect();
    assert_eq!(amounts, ["300", "200", "100"], "and the query has it");
}

#[test]
fn a_client_that_does_not_read_holds_up_nobody() {
    let market = Market::open();
    let (sol, ana) = (market.town.steward.as_str(), market.ana.1.as_str());
    let slow = market.listen(ana, "", None);
    let quick = market.listen(sol, "", None).read();
    // More than the host keeps for her, and than the system keeps on the way.
    let lists: u32 = 28;
    let per_list: u32 = 250;
    for list in 0..lists {
        let transfers: Vec<Value> =
            (0..per_list).map(|item| transfer(1_000 + list * per_list + item)).collect();
        let items = market.ledger("transfers", "submit-all", &json!({ "transfers": transfers }));
        assert_eq!(items.as_array().unwrap().len(), per_list as usize);
        assert!(items.as_array().unwrap().iter().all(|item| item["ok"].is_object()));
    }
    market.pay(101, "ana", "7.77");
    // She who reads has the newest, while the other has not read a byte.
    let newest =
        std::iter::repeat_with(|| quick.next()).find(|event| event.name == TOPIC && event.amount() == "777");
    assert!(newest.is_some());
    // When the slow one reads at last, she learns how many she missed, and then what is new.
    let slow = slow.read();
    let (mut had, mut missed) = (0, 0);
    loop {
        let event = slow.next();
        match event.name.as_str() {
            "gap" => missed += event.data.parse::<u64>().unwrap(),
            _ if event.amount() == "777" => break,
            _ => had += 1,
        }
    }
    assert!(missed > 0, "she had all {had}: the test did not fill what is kept for her");
    assert_eq!(had + missed, u64::from(lists * per_list), "none is lost without being counted");
}

/// Sol pays Ana one hundredth.
fn transfer(number: u32) -> Value {
    json!({
        "id": id(number), "debit": id(11), "credit": id(12), "amount": "1", "kind": "post", "code": 0, "linked": false,
    })
}
