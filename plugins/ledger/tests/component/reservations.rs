//! Reservations: posted in part, voided, and expired by the host's time.

use hamlet_testing::json;

use crate::common::{ROSAS, TOMS, hex, in_both_modes, transfer};

#[test]
fn a_reservation_ends_as_it_is_posted_voided_or_expired() {
    in_both_modes(|village| {
        let reserve = |id: u64, amount: u64, seconds: u64| {
            village
                .submit("rosa", transfer(id, ROSAS, TOMS, amount, json!({ "pending": seconds.to_string() })));
        };
        let settle = |id: u64, how: &str, of: u64, amount: u64| {
            let mut transfer = transfer(id, 0, 0, amount, json!("post"));
            transfer["kind"] = json!({ how: hex(of) });
            transfer
        };

        // Posted in part: what is left is released.
        reserve(1, 400, 3_600);
        assert_eq!(village.balances("rosa", ROSAS), ["0", "400", "0"]);
        assert_eq!(village.balances("tom", TOMS), ["0", "0", "400"]);
        let short = transfer(2, ROSAS, TOMS, 601, json!("post"));
        assert_eq!(village.submit_refused("rosa", short), "exceeds-credit-limit \"600\"");
        village.submit("tom", settle(3, "post-pending", 1, 150));
        assert_eq!(village.balances("rosa", ROSAS), ["-150", "0", "0"]);
        assert_eq!(village.status("rosa", 1), "posted");
        let twice = settle(4, "post-pending", 1, 1);
        assert_eq!(village.submit_refused("tom", twice), "pending-settled \"posted\"");

        // Voided: by the payee, not by who reserved.
        reserve(5, 200, 3_600);
        assert_eq!(village.submit_refused("rosa", settle(6, "void-pending", 5, 0)), "no-mandate");
        village.submit("tom", settle(6, "void-pending", 5, 0));
        assert_eq!(village.status("rosa", 5), "voided");

        // Expired: by the host's time and the ledger's schedule, without anybody's call.
        reserve(7, 300, 60);
        reserve(8, 100, 86_400);
        village.0.advance_seconds(59);
        assert_eq!(village.status("rosa", 7), "pending");
        village.0.advance_seconds(1);
        let released = |left: &str| {
            let left = left.to_owned();
            let what = format!("the release down to {left}");
            village.0.eventually(&what, |_| village.balances("rosa", ROSAS)[1] == left).unwrap();
        };
        released("100");
        assert_eq!(village.status("rosa", 7), "expired");
        let late = settle(9, "post-pending", 7, 0);
        assert_eq!(village.submit_refused("tom", late), "pending-settled \"expired\"");
        village.0.advance_days(1);
        released("0");
        assert_eq!(village.status("rosa", 8), "expired");
        assert_eq!(village.balances("tom", TOMS), ["150", "0", "0"]);
    });
}
