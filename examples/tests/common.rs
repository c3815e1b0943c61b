//! A village with a ledger, in which Rosa buys and Tom sells.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hamlet_testing::{CallError, Community, Need, Package, Refusal, Setup, Value, built, json};

pub const LEAF: u64 = 1;
/// Rosa's account; up to 25.00 below zero.
pub const ROSAS: u64 = 10;
/// Tom's account, to which buyers pay.
pub const TILL: u64 = 20;

pub struct Market(pub Community);

/// The checkout.
pub fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// An example, built when it or what it is built from changed.
pub fn example(name: &str) -> Package {
    let (stall, wit) = (house().join("examples/stall"), house().join("wit"));
    built(house().join("examples").join(name), &[&stall, &wit]).unwrap()
}

/// Where compiled code is kept from one test to the next.
pub fn code_cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples")
}

/// An id as JSON has it.
pub fn hex(id: u64) -> String {
    format!("{id:032x}")
}

impl Market {
    /// With the ledger and two accounts; its code is kept for the next test.
    pub fn open() -> Self {
        Self::open_in(None)
    }

    /// The same in a folder of the test's own.
    pub fn open_in(dir: Option<PathBuf>) -> Self {
        let setup = Setup {
            dir,
            code_cache: Some(code_cache()),
            command_time: Some(Duration::from_secs(5)),
            ..Setup::default()
        };
        let market = Self(Community::with(setup).unwrap());
        market.0.install(house().join("plugins/ledger")).unwrap();
        for person in ["rosa", "tom"] {
            market.0.person(person).unwrap();
        }
        let ledger =
            json!({ "id": hex(LEAF), "unit": "LEAF", "name": "Leaves", "scale": 2, "kind": "mutual-credit" });
        market.ok("steward", "ledger", "create-ledger", json!({ "input": ledger }));
        market.open_account(ROSAS, "rosas", "rosa", 2_500);
        market.open_account(TILL, "till", "tom", 1_000);
        market.ok("steward", "ledger", "open-ledger", json!({ "ledger": hex(LEAF) }));
        market
    }

    pub fn open_account(&self, id: u64, code: &str, owner: &str, credit: u64) {
        let input = json!({
            "id": hex(id), "ledger": hex(LEAF), "code": code, "owner": self.id(owner),
            "limits": { "credit": credit },
        });
        self.ok("steward", "ledger", "open-account", json!({ "input": input }));
    }

    pub fn id(&self, handle: &str) -> String {
        self.0.id(handle).unwrap().to_string()
    }

    pub fn ok(&self, who: &str, plugin: &str, function: &str, arguments: Value) -> Value {
        self.0.call(who, plugin, function, arguments).unwrap_or_else(|why| panic!("{function}: {why}"))
    }

    /// Rosa lets a plugin pay from her account, up to so much a month; the grant's id.
    pub fn grant(&self, plugin: &str, ceiling: u64) -> Value {
        let offer = json!({
            "plugin": plugin, "provider": "ledger", "kind": "spend", "thing": hex(ROSAS),
            "owner": self.id("rosa"), "monthly-ceiling": ceiling,
        });
        self.ok("rosa", "host", "grants.give", json!({ "offer": offer }))["id"].clone()
    }

    pub fn balance(&self, who: &str, account: u64) -> i64 {
        let account = self.ok(who, "ledger", "get-account", json!({ "account": hex(account) }));
        account["balance"].as_str().unwrap().parse().unwrap()
    }

    /// All that a sale or a payment would change: both balances, and how many transfers there are.
    pub fn books(&self) -> (i64, i64, Value) {
        let trial = self.ok("rosa", "ledger", "get-trial-balance", json!({ "ledger": hex(LEAF) }));
        assert_eq!(trial["balance"], "0", "{trial}");
        (self.balance("rosa", ROSAS), self.balance("tom", TILL), trial["transfers"].clone())
    }
}

/// What a call is to be confirmed for: the needs, and the code that confirms them.
pub fn asked<T: std::fmt::Debug>(answer: Result<T, Refusal>) -> (Vec<Need>, String) {
    match answer {
        Err(Refusal::Host(CallError::ConfirmationNeeded { needs, code })) => (needs, code),
        other => panic!("no confirmation was asked for: {other:?}"),
    }
}

/// The amounts of needs.
pub fn amounts(needs: &[Need]) -> Vec<u64> {
    needs.iter().filter_map(|need| need.amount).collect()
}
