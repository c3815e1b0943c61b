//! The stories, and the check that they tell of every error case and every change of state.

use std::collections::BTreeSet;

use super::contract;
use super::interpreter::{Covered, tell};

const STORIES: [(&str, &str); 9] = [
    ("books", include_str!("stories/books.txt")),
    ("payments", include_str!("stories/payments.txt")),
    ("reservations", include_str!("stories/reservations.txt")),
    ("chains", include_str!("stories/chains.txt")),
    ("statements", include_str!("stories/statements.txt")),
    ("exchange", include_str!("stories/exchange.txt")),
    ("joining", include_str!("stories/joining.txt")),
    ("counter", include_str!("stories/counter.txt")),
    ("recovery", include_str!("stories/recovery.txt")),
];

#[test]
fn every_step_is_answered_as_told_and_every_case_has_a_step() {
    let mut covered = Covered::default();
    for (name, story) in STORIES {
        tell(name, story, &mut covered);
    }
    let missing: Vec<_> =
        contract::error_cases().into_iter().filter(|case| !covered.cases.contains(case)).collect();
    assert!(missing.is_empty(), "no step of a story is answered by {missing:#?}");
    let changes = [
        "→ posted",
        "→ pending",
        "pending → posted",
        "pending → posted in part",
        "pending → voided",
        "pending → expired",
    ];
    assert_eq!(covered.changes, changes.map(str::to_owned).into_iter().collect::<BTreeSet<_>>());
}
