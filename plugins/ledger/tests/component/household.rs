//! Two people of one household.

use hamlet_testing::json;

use crate::common::{Village, in_both_modes, text, transfer};

const HOME: u64 = 30;
const SHOP: u64 = 40;

/// Who did what, newest first, as `who` reads it in the household's statement.
fn names(village: &Village, who: &str) -> Vec<(String, String)> {
    let page = village.statement(who, HOME, 0, None);
    let lines = page["lines"].as_array().unwrap();
    lines.iter().map(|line| (text(&line["actor-name"]), text(&line["transfer"]["amount"]))).collect()
}

#[test]
fn two_of_a_household_pay_from_one_account_until_the_one_who_moves_out_loses_the_mandate_at_once() {
    in_both_modes(|village| {
        for person in ["ana", "ben"] {
            village.0.person(person).unwrap();
        }
        village.0.party("household", "mill-lane-7", &["ana", "ben"]).unwrap();
        village.open_account(HOME, "homes:mill-lane-7", "mill-lane-7", 10_000);
        village.open_account(SHOP, "shop", "tom", 0);

        village.submit("ana", transfer(1, HOME, SHOP, 300, json!("post")));
        village.submit("ben", transfer(2, HOME, SHOP, 200, json!("post")));
        let own = |name: &str, amount: &str| (name.to_owned(), amount.to_owned());
        let both = [own("ben", "200"), own("ana", "300")];
        assert_eq!(names(village, "ana"), both);
        assert_eq!(names(village, "ben"), both);

        // Ben moves out: Ana takes the mandate back, and the very next call is refused.
        let mandate = json!({
            "person": village.0.id("ben").unwrap().to_string(),
            "party": village.0.id("mill-lane-7").unwrap().to_string(),
        });
        village.0.call("ana", "host", "members.withdraw-mandate", mandate).unwrap();
        let late = transfer(3, HOME, SHOP, 1, json!("post"));
        assert_eq!(village.submit_refused("ben", late.clone()), "no-mandate");
        let asks = json!({ "account": crate::common::hex(HOME), "filter": {}, "limit": 0 });
        assert_eq!(village.refused("ben", "statement", asks), "no-mandate");

        // The account is as it was, Ana still pays, and what Ben did is still told as his.
        village.submit("ana", late);
        assert_eq!(village.balances("ana", HOME)[0], "-501");
        let mut all = vec![own("ana", "1")];
        all.extend(both);
        assert_eq!(names(village, "ana"), all);
    });
}
