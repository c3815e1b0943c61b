//! Two people of one household, over HTTP as their phones have it. The same through the kernel is in the
//! ledger's own tests.

use std::net::SocketAddr;

use hamlet_gateway::{Config, Gateway, ServeConfig, serve};
use hamlet_identity::Secret;
use hamlet_reflect::{Type, json as reflect_json};
use hamlet_testing::{Value, json};
use wasmtime::component::Val;

use crate::common::{Market, TILL, hex};

const HOST: &str = "market.example";
const HOME: u64 = 40;

/// A gateway before the market's kernel.
struct Door {
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl Door {
    fn open(market: &Market) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (kernel, identity) = (market.0.kernel().clone(), market.0.identity().clone());
        let community = hamlet_gateway::Community::new("market", HOST, kernel, identity);
        let router = Gateway::router(vec![community], Config::default());
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve(listener, router, ServeConfig::default(), std::future::pending()));
        Self { address, _runtime: runtime }
    }

    /// Status and document of a call with somebody's token.
    fn post(&self, token: &Secret, path: &str, arguments: &Value) -> (u16, Value) {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let mut answer = agent
            .post(format!("http://{}/api/{path}", self.address))
            .header("Host", HOST)
            .header("Content-Type", "application/json")
            .header("Authorization", format!("Bearer {}", token.reveal()))
            .send(arguments.to_string())
            .unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        let document = if text.is_empty() { Value::Null } else { text.parse().unwrap() };
        (answer.status().as_u16(), document)
    }

    fn pay(&self, token: &Secret, id: u64, amount: &str) -> (u16, Value) {
        let payment = json!({
            "id": hex(id), "payer": "@mill-lane-7", "payee": "till", "unit": "LEAF", "amount": amount,
        });
        self.post(token, "ledger/transfers@0.1.0/pay", &payment)
    }

    fn statement(&self, token: &Secret) -> (u16, Value) {
        let asked = json!({ "account": hex(HOME), "filter": {}, "limit": 0 });
        self.post(token, "ledger/transfers@0.1.0/statement", &asked)
    }

    /// Who did what, newest first.
    fn names(&self, token: &Secret) -> Vec<(String, String)> {
        let (status, page) = self.statement(token);
        assert_eq!(status, 200, "{page}");
        let lines = page["lines"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        lines.iter().map(|line| (text(&line["actor-name"]), text(&line["transfer"]["amount"]))).collect()
    }
}

/// A token of a person, made by herself.
fn token(market: &Market, person: &str) -> Secret {
    let secret = Secret::new().unwrap();
    let hash = Val::List(secret.hash().into_iter().map(Val::U8).collect());
    let order = json!({
        "hash": reflect_json::from_val(&Type::Bytes, &hash), "label": "phone",
        "scope": { "functions": [], "read-only": false, "bulk": false },
    });
    market.ok(person, "host", "tokens.create", json!({ "order": order }));
    secret
}

fn case(document: &Value) -> &str {
    document["type"].as_str().unwrap().rsplit('/').next().unwrap()
}

#[test]
fn two_of_a_household_pay_from_one_account_over_http_until_one_moves_out() {
    let market = Market::open();
    for person in ["ana", "ben"] {
        market.0.person(person).unwrap();
    }
    market.0.party("household", "mill-lane-7", &["ana", "ben"]).unwrap();
    market.open_account(HOME, "homes:mill-lane-7", "mill-lane-7", 10_000);
    let (ana, ben) = (token(&market, "ana"), token(&market, "ben"));
    let door = Door::open(&market);

    assert_eq!(door.pay(&ana, 1, "3.00").0, 200);
    assert_eq!(door.pay(&ben, 2, "2.00").0, 200);
    let own = |name: &str, amount: &str| (name.to_owned(), amount.to_owned());
    assert_eq!(door.names(&ana), [own("ben", "200"), own("ana", "300")]);
    assert_eq!(door.names(&ben), [own("ben", "200"), own("ana", "300")]);

    let mandate = json!({ "person": market.id("ben"), "party": market.id("mill-lane-7") });
    let (status, answer) = door.post(&ana, "host/members@0.1.0/withdraw-mandate", &mandate);
    assert_eq!(status, 200, "{answer}");
    for (status, problem) in [door.pay(&ben, 3, "0.01"), door.statement(&ben)] {
        assert_eq!((status, case(&problem)), (403, "no-mandate"), "{problem}");
        assert!(!problem["detail"].as_str().unwrap().is_empty(), "{problem}");
    }
    assert_eq!(door.pay(&ana, 4, "0.01").0, 200);
    assert_eq!(door.names(&ana), [own("ana", "1"), own("ben", "200"), own("ana", "300")]);
    assert_eq!(market.balance("tom", TILL), 501);
}
