//! Payments that are done, repeated, paid back and refused; chains; statements.

use hamlet_testing::{Value, json};

use crate::common::{LEAF, ROSAS, TOMS, hex, in_both_modes, text, transfer};

#[test]
fn a_payment_is_done_once_paid_back_in_part_and_refused_by_name_when_it_does_not_fit() {
    in_both_modes(|village| {
        let bread = |amount: &str| {
            json!({
                "id": hex(100), "payer": "@rosa", "payee": "toms", "unit": "LEAF", "amount": amount,
                "memo": "bread",
            })
        };
        let receipt = village.ok("rosa", "pay", bread("2.50"));
        assert_eq!((&receipt["id"], &receipt["debit-balance"]), (&json!(hex(100)), &json!("-250")));

        // A repeat counts as done and says when; another body under the same id names the field.
        assert_eq!(village.refused("rosa", "pay", bread("2.50")), format!("exists {}", receipt["recorded"]));
        assert_eq!(village.refused("rosa", "pay", bread("2.51")), "exists-different \"amount\"");
        let again = transfer(100, TOMS, ROSAS, 250, json!("post"));
        assert_eq!(village.submit_refused("tom", again), "exists-different \"debit\"");

        // Only who received it pays back, and never more than there was.
        let back = |amount: u64| json!({ "id": hex(101), "original": hex(100), "amount": amount });
        assert_eq!(village.refused("rosa", "refund", back(100)), "no-mandate");
        village.ok("tom", "refund", back(100));
        let mut more = back(151);
        more["id"] = json!(hex(102));
        assert_eq!(village.refused("tom", "refund", more), "exceeds-original \"150\"");
        assert_eq!(village.balances("tom", TOMS)[0], "150");

        // Nobody takes from another, stewards included; nobody passes his limit.
        let theft = transfer(103, ROSAS, TOMS, 1, json!("post"));
        assert_eq!(village.submit_refused("steward", theft.clone()), "no-mandate");
        assert_eq!(village.submit_refused("tom", theft), "no-mandate");
        let all = transfer(104, TOMS, ROSAS, 651, json!("post"));
        assert_eq!(village.submit_refused("tom", all), "exceeds-credit-limit \"650\"");

        // Suspended he receives and does not pay; with a balance nothing is closed.
        village.ok("steward", "set-suspended", json!({ "account": hex(TOMS), "suspended": true }));
        let pays = transfer(105, TOMS, ROSAS, 1, json!("post"));
        assert_eq!(village.submit_refused("tom", pays.clone()), "debit-account-status \"suspended\"");
        village.submit("rosa", transfer(106, ROSAS, TOMS, 5, json!("post")));
        village.ok("steward", "set-suspended", json!({ "account": hex(TOMS), "suspended": false }));
        village.submit("tom", pays);
        assert_eq!(village.refused("tom", "close-account", json!({ "account": hex(TOMS) })), "not-settled");
        assert_eq!(village.balances("tom", TOMS)[0], "154");
    });
}

#[test]
fn a_chain_is_recorded_wholly_or_not_at_all() {
    in_both_modes(|village| {
        let linked = |id: u64, amount: u64| {
            let mut transfer = transfer(id, ROSAS, TOMS, amount, json!("post"));
            transfer["linked"] = json!(true);
            transfer
        };
        let last = |id: u64, amount: u64| transfer(id, ROSAS, TOMS, amount, json!("post"));
        let submit_all = |items: Value| village.ok("rosa", "submit-all", json!({ "transfers": items }));

        let answers = submit_all(json!([linked(1, 400), linked(2, 700), last(3, 1), last(4, 50)]));
        let refusals: Vec<&Value> =
            answers.as_array().unwrap().iter().map(|answer| &answer["refused"]).collect();
        let failed = json!("linked-failed");
        let cause = json!({ "exceeds-credit-limit": "600" });
        assert_eq!(refusals, [&failed, &cause, &failed, &Value::Null], "the list goes on after the chain");
        assert_eq!(village.balances("rosa", ROSAS)[0], "-50");

        let answers = submit_all(json!([linked(1, 400), last(2, 100)]));
        assert_eq!(answers[0]["ok"]["debit-balance"], "-450", "{answers}");
        assert_eq!(answers[1]["ok"]["debit-balance"], "-550", "{answers}");
        let repeated = submit_all(json!([linked(1, 400), last(2, 100)]));
        assert!(repeated[0]["refused"]["exists"].is_string(), "{repeated}");
        assert!(repeated[1]["refused"]["exists"].is_string(), "{repeated}");
        assert_eq!(village.balances("tom", TOMS)[0], "550");
    });
}

#[test]
fn a_statement_gives_all_lines_once_when_it_is_read_page_by_page() {
    in_both_modes(|village| {
        for id in 1..=5 {
            village.submit("rosa", transfer(id, ROSAS, TOMS, id, json!("post")));
            village.0.advance_seconds(60);
        }
        let (mut seen, mut cursor, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = village.statement("tom", TOMS, 2, cursor.as_deref());
            for line in page["lines"].as_array().unwrap() {
                assert_eq!((&line["side"], &line["counterparty"]), (&json!("credit"), &json!("rosas")));
                assert_eq!(line["actor-name"], "rosa");
                seen.push((text(&line["transfer"]["amount"]), text(&line["balance"])));
            }
            pages += 1;
            match page["next"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        let expected = [("5", "15"), ("4", "10"), ("3", "6"), ("2", "3"), ("1", "1")];
        assert_eq!(seen, expected.map(|(amount, balance)| (amount.to_owned(), balance.to_owned())));
        assert_eq!(pages, 3);
        let foreign = json!({ "account": hex(TOMS), "filter": {}, "limit": 2, "cursor": hex(77) });
        assert_eq!(village.refused("tom", "statement", foreign), "cursor-invalid");
        let hers = json!({ "account": hex(TOMS), "filter": {}, "limit": 2 });
        assert_eq!(village.refused("rosa", "statement", hers), "no-mandate");
        let ledger = json!({ "ledger": hex(LEAF) });
        assert_eq!(village.ok("tom", "get-trial-balance", ledger)["transfers"], "5");
    });
}
