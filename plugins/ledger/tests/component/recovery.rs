//! Let back in by a real recovery: the kernel tells the ledger, and the ledger keeps to the usual week.

use hamlet_testing::json;

use crate::common::{ROSAS, TOMS, hex, in_both_modes, text, transfer};

#[test]
fn whoever_was_let_back_in_pays_her_usual_week_until_seven_days_are_over() {
    in_both_modes(|village| {
        let community = &village.0;
        for person in ["ben", "cleo"] {
            community.person(person).unwrap();
        }
        let rosa = community.id("rosa").unwrap().to_string();
        village.submit("rosa", transfer(1, ROSAS, TOMS, 300, json!("post")));
        village.submit("tom", transfer(2, TOMS, ROSAS, 300, json!("post")));
        let host = |who: &str, function: &str, arguments| {
            community.call(who, "host", function, arguments).unwrap_or_else(|why| panic!("{function}: {why}"))
        };
        let recovery = text(&host("steward", "recoveries.begin", json!({ "person": rosa })));
        for person in ["ben", "cleo"] {
            host(person, "recoveries.confirm", json!({ "recovery": recovery }));
        }
        community.advance_seconds(49 * 3_600);
        // Thirty-two bytes, base64url.
        let hash = "A".repeat(43);
        let expires = community.kernel().now() + 3_600_000_000;
        let finish = json!({ "recovery": recovery, "hash": hash, "expires": expires.to_string() });
        host("steward", "recoveries.finish", finish);
        // Until she uses the link nothing changes.
        village.submit("rosa", transfer(3, ROSAS, TOMS, 1, json!("post")));
        community.advance_seconds(1);
        community.host("invitations", "claim", &json!({ "hash": hash })).unwrap();

        let refused = village.submit_refused("rosa", transfer(4, ROSAS, TOMS, 302, json!("post")));
        assert!(refused.starts_with("over-usual-week {\"left\":\"3.01 LEAF\",\"until\":\""), "{refused}");
        village.submit("rosa", transfer(5, ROSAS, TOMS, 301, json!("post")));
        let refused = village.submit_refused("rosa", transfer(6, ROSAS, TOMS, 1, json!("post")));
        assert!(refused.starts_with("over-usual-week {\"left\":\"0.00 LEAF\""), "{refused}");
        village.submit("tom", transfer(7, TOMS, ROSAS, 100, json!("post")));
        community.advance_days(7);
        village.submit("rosa", transfer(8, ROSAS, TOMS, 600, json!("post")));
        // What she takes along says all of it.
        let held = village.ok("rosa", "held", json!({ "party": rosa, "cursor": hex(ROSAS) }));
        assert_eq!(held["items"].as_array().unwrap().len(), 6, "{held}");
        assert_eq!(village.ok("tom", "held", json!({ "party": rosa }))["items"], json!([]));
    });
}
