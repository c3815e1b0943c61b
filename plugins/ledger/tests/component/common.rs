//! A village with one ledger, `LEAF`, in which Rosa and Tom have accounts.

use hamlet_testing::{Community, Instances, Refusal, Setup, Value, built, json};

/// The ledger's id, and those of the accounts that everybody has here.
pub const LEAF: u64 = 1;
pub const ROSAS: u64 = 10;
pub const TOMS: u64 = 20;

pub struct Village(pub Community);

/// Tells a story in both ways of running the component, and looks at the books after it.
pub fn in_both_modes(story: impl Fn(&Village)) {
    let ledger = built(env!("CARGO_MANIFEST_DIR"), &[]).unwrap();
    for instances in Instances::BOTH {
        let community = Community::with(Setup { instances, ..Setup::default() }).unwrap();
        community.install_package(&ledger).unwrap();
        let village = Village(community);
        village.found();
        story(&village);
        let trial = village.ok("rosa", "get-trial-balance", json!({ "ledger": hex(LEAF) }));
        assert_eq!(trial["balance"], "0", "{instances:?}: {trial}");
        assert_eq!(trial["debits-posted"], trial["credits-posted"], "{instances:?}: {trial}");
        assert_eq!(trial["debits-pending"], trial["credits-pending"], "{instances:?}: {trial}");
        let reuses = village.0.kernel().metrics().snapshot().instance_reuses;
        assert_eq!(reuses > 0, instances == Instances::Reused, "{instances:?}: {reuses} reuses");
    }
}

/// An id as JSON has it.
pub fn hex(id: u64) -> String {
    format!("{id:032x}")
}

/// A transfer; `kind` is `"post"` or `{ "pending": "60" }` and so on.
#[expect(clippy::needless_pass_by_value, reason = "tests write `json!` in place")]
pub fn transfer(id: u64, from: u64, to: u64, amount: u64, kind: Value) -> Value {
    json!({
        "id": hex(id), "debit": hex(from), "credit": hex(to), "amount": amount, "kind": kind,
        "code": 0, "linked": false,
    })
}

impl Village {
    fn found(&self) {
        for person in ["rosa", "tom"] {
            self.0.person(person).unwrap();
        }
        let ledger =
            json!({ "id": hex(LEAF), "unit": "LEAF", "name": "Leaves", "scale": 2, "kind": "mutual-credit" });
        self.ok("steward", "create-ledger", json!({ "input": ledger }));
        self.open_account(ROSAS, "rosas", "rosa", 1_000);
        self.open_account(TOMS, "toms", "tom", 500);
        self.ok("steward", "open-ledger", json!({ "ledger": hex(LEAF) }));
    }

    pub fn open_account(&self, id: u64, code: &str, owner: &str, credit: u64) {
        let owner = self.0.id(owner).unwrap().to_string();
        let input = json!({
            "id": hex(id), "ledger": hex(LEAF), "code": code, "owner": owner, "limits": { "credit": credit },
        });
        self.ok("steward", "open-account", json!({ "input": input }));
    }

    pub fn call(&self, who: &str, function: &str, arguments: Value) -> Result<Value, Refusal> {
        self.0.call(who, "ledger", function, arguments)
    }

    pub fn ok(&self, who: &str, function: &str, arguments: Value) -> Value {
        self.call(who, function, arguments).unwrap_or_else(|refusal| panic!("{function}: {refusal}"))
    }

    /// What a call is refused for, with what came with it: `exists-different "amount"`.
    pub fn refused(&self, who: &str, function: &str, arguments: Value) -> String {
        match self.call(who, function, arguments) {
            Err(Refusal::Case { case, value: Value::Null }) => case,
            Err(Refusal::Case { case, value }) => format!("{case} {value}"),
            other => panic!("{function}: {other:?}"),
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "tests make it in place")]
    pub fn submit(&self, who: &str, transfer: Value) -> Value {
        self.ok(who, "submit", json!({ "transfer": transfer }))
    }

    #[expect(clippy::needless_pass_by_value, reason = "tests make it in place")]
    pub fn submit_refused(&self, who: &str, transfer: Value) -> String {
        self.refused(who, "submit", json!({ "transfer": transfer }))
    }

    /// `balance, reserved out, reserved in` of an account, as its owner sees it.
    pub fn balances(&self, who: &str, account: u64) -> [String; 3] {
        let account = self.ok(who, "get-account", json!({ "account": hex(account) }));
        ["balance", "debits-pending", "credits-pending"].map(|field| text(&account[field]))
    }

    /// The status of a pending transfer.
    pub fn status(&self, who: &str, id: u64) -> String {
        text(&self.ok(who, "transfers.get", json!({ "transfer": hex(id) }))["status"])
    }

    pub fn statement(&self, who: &str, account: u64, limit: u32, cursor: Option<&str>) -> Value {
        let arguments = json!({ "account": hex(account), "filter": {}, "limit": limit, "cursor": cursor });
        self.ok(who, "statement", arguments)
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
