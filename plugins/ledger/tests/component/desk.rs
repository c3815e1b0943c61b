//! Coming in, and the counter, through the real kernel: who may call what (W1), and that a wrong PIN is counted although
//! nothing was paid (T1).

use serde_json::json;

use crate::common::{LEAF, hex, in_both_modes};

#[test]
fn a_newcomer_opens_her_own_account_once_and_pays_from_it() {
    in_both_modes(|village| {
        village.0.person("eve").unwrap();
        let ledger = json!({ "ledger": hex(LEAF) });
        assert_eq!(village.refused("eve", "join", ledger.clone()), "joining-closed");
        let open = json!({ "ledger": hex(LEAF), "joining": true, "credit": "2.50" });
        assert_eq!(village.call("tom", "set-joining", open.clone()).unwrap_err().case(), "denied");
        village.ok("steward", "set-joining", open);
        let account = village.ok("eve", "join", ledger.clone());
        assert_eq!((&account["code"], &account["available"]), (&json!("eve"), &json!("250")));
        assert_eq!(village.ok("eve", "join", ledger)["id"], account["id"]);
        let pay =
            json!({ "id": hex(900), "payer": "@eve", "payee": "@rosa", "unit": "LEAF", "amount": "2.50" });
        assert_eq!(village.ok("eve", "pay", pay)["debit-balance"], "-250");
        let founded = json!({
            "id": hex(77), "name": "Hours", "unit": "hour", "kind": "hours", "scale": 2, "joining": true,
        });
        assert_eq!(village.call("eve", "found", founded.clone()).unwrap_err().case(), "denied");
        let ledger = village.ok("steward", "found", founded);
        assert_eq!((&ledger["unit"], &ledger["status"]), (&json!("HOUR"), &json!("open")));
        let unit = village.ok("eve", "unit-of", json!({ "thing": account["id"] }));
        assert_eq!((&unit["symbol"], &unit["scale"]), (&json!("LEAF"), &json!(2)));
    });
}

#[test]
fn t1_a_wrong_pin_is_counted_and_the_counter_is_for_its_group() {
    in_both_modes(|village| {
        let carla = village.0.person("carla").unwrap();
        let counter = json!({ "party": carla.to_string(), "group": "counter" });
        village.0.host("members", "join-group", &counter).unwrap();
        village.ok("steward", "set-counter", json!({ "ledger": hex(LEAF), "ceiling": "5" }));
        let card = village.ok("steward", "issue-card", json!({ "owner": "@rosa" }));
        let shown = |pin: &str| json!({ "card": card, "pin": pin });
        village.ok("carla", "set-pin", shown("2580"));
        for caller in ["tom", "steward"] {
            let refused = village.call(caller, "identify", shown("2580")).unwrap_err();
            assert_eq!(refused.case(), "denied", "{caller}");
        }
        let slip = |number: u64, amount: &str| json!({ "id": hex(800 + number), "slip": number, "unit": "LEAF", "payee": "@tom", "amount": amount });
        assert_eq!(village.refused("carla", "pay-slip", slip(1, "1")), "nobody-here");
        assert_eq!(village.ok("carla", "identify", shown("2580")), json!(true));
        assert_eq!(village.ok("carla", "pay-slip", slip(1, "1.50"))["debit-balance"], "-150");
        assert_eq!(village.refused("carla", "pay-slip", slip(2, "9")), "over-ceiling \"350\"");
        assert_eq!(
            village.refused("carla", "pay-slip", slip(1, "1")),
            "refused {\"exists-different\":\"amount\"}"
        );
        let paid = village.ok("rosa", "transfers.get", json!({ "transfer": hex(801) }));
        assert_eq!((&paid["actor"], &paid["reference"]), (&json!(carla.to_string()), &json!("slip 1")));
        for _ in 0..5 {
            assert_eq!(village.ok("carla", "identify", shown("1357")), json!(false));
        }
        assert_eq!(village.refused("carla", "identify", shown("2580")), "card-blocked");
        let settled = village.ok("steward", "get-settings", json!({ "ledger": hex(LEAF) }));
        assert_eq!(settled["counter"], "500");
        let rosas = village.balances("rosa", crate::common::ROSAS);
        assert_eq!(rosas[0], "-150", "nothing was paid with a wrong PIN");
    });
}

#[test]
fn balances_are_shown_as_the_community_decided() {
    in_both_modes(|village| {
        let ledger = json!({ "ledger": hex(LEAF) });
        assert_eq!(village.refused("tom", "balances", ledger.clone()), "no-mandate");
        village.ok("steward", "set-visibility", json!({ "ledger": hex(LEAF), "visibility": "members" }));
        let page = village.ok("tom", "balances", ledger);
        assert_eq!(page["balances"].as_array().map(Vec::len), Some(2), "{page}");
        let hers = json!({ "account": hex(crate::common::ROSAS) });
        assert_eq!(village.refused("tom", "get-account", hers), "no-mandate", "her limits stay hers");
    });
}
