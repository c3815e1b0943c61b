//! Who may make, see and end tokens (W6). That a token names its owner is tested with a kernel.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use hamlet_kernel::Actor;
use hamlet_reflect::Id;
use support::{Village, field, label, list, none, record, some, text};
use wasmtime::component::Val;

fn order(owner: Option<Id>, hash: u8) -> Val {
    changed(owner, hash, "label", text("phone"))
}

/// An order with one field changed.
fn changed(owner: Option<Id>, hash: u8, name: &str, value: Val) -> Val {
    let scope = scope(&[]);
    let mut fields = [
        ("owner", owner.map_or_else(none, |owner| some(owner.to_val()))),
        ("hash", Val::List(vec![Val::U8(hash); 32])),
        ("label", text("phone")),
        ("scope", scope),
        ("expires", none()),
    ];
    fields.iter_mut().find(|(known, _)| *known == name).unwrap().1 = value;
    record(&fields)
}

fn scope(patterns: &[&str]) -> Val {
    record(&[
        ("functions", Val::List(patterns.iter().map(|pattern| text(pattern)).collect())),
        ("read-only", Val::Bool(false)),
        ("bulk", Val::Bool(false)),
    ])
}

#[test]
fn a_steward_makes_the_first_token_of_a_person_and_no_later_one() {
    let (mut village, _, sol) = Village::founded();
    let ana = village.add("person", "ana");
    let (sol_, ana_) = (Actor::Person(sol), Actor::Person(ana));
    village.tokens(&sol_, "create", &[order(Some(ana), 1)]).unwrap();
    assert_eq!(village.tokens(&sol_, "create", &[order(Some(ana), 2)]), Err("not-yours".into()));
    // Nor after she ended it herself.
    let own = list(village.tokens(&ana_, "list", &[none()]).unwrap());
    village.tokens(&ana_, "revoke", &[field(&own[0], "id").clone()]).unwrap();
    assert_eq!(village.tokens(&sol_, "create", &[order(Some(ana), 3)]), Err("not-yours".into()));
    // She herself may, as often as she likes; so may the holder of the box.
    village.tokens(&ana_, "create", &[order(None, 4)]).unwrap();
    village.tokens(&Actor::Console, "create", &[order(Some(ana), 5)]).unwrap();
}

#[test]
fn a_token_is_made_by_nobody_else() {
    let (mut village, _, _) = Village::founded();
    let (ana, ben) = (village.add("person", "ana"), village.add("person", "ben"));
    assert_eq!(
        village.tokens(&Actor::Person(ben), "create", &[order(Some(ana), 1)]),
        Err("not-yours".into())
    );
    assert_eq!(village.tokens(&Actor::Anyone, "create", &[order(Some(ana), 1)]), Err("denied".into()));
    let give = [ben.to_val(), ana.to_val(), label("guardian")];
    village.members(&Actor::Console, "give-mandate", &give).unwrap();
    village.tokens(&Actor::Person(ben), "create", &[order(Some(ana), 1)]).unwrap();
}

#[test]
fn every_refusal_has_its_case() {
    let (mut village, _, _) = Village::founded();
    let (ana, mill) = (village.add("person", "ana"), village.add("household", "mill"));
    village.tokens(&Actor::Console, "create", &[order(Some(ana), 1)]).unwrap();
    let ana_ = Some(ana);
    let rows = [
        (order(Some(mill), 2), "no-such-person"),
        (order(Some(Id(99)), 2), "no-such-person"),
        (order(None, 2), "no-such-person"),
        (order(ana_, 1), "hash-taken"),
        (changed(ana_, 2, "hash", Val::List(vec![Val::U8(1); 31])), "hash-invalid"),
        (changed(ana_, 2, "label", text(" ")), "label-invalid"),
        (changed(ana_, 2, "label", text(&"x".repeat(101))), "label-invalid"),
        (changed(ana_, 2, "scope", scope(&["shop/stall"])), "pattern-invalid"),
        (changed(ana_, 2, "scope", scope(&["a/b/c"; 65])), "pattern-invalid"),
        (changed(ana_, 2, "expires", some(Val::U64(1))), "expired"),
    ];
    for (order, case) in rows {
        let created = village.tokens(&Actor::Console, "create", std::slice::from_ref(&order));
        assert_eq!(created, Err(case.into()), "{order:?}");
    }
    for hash in 2..=100 {
        village.tokens(&Actor::Console, "create", &[order(ana_, hash)]).unwrap();
    }
    assert_eq!(village.tokens(&Actor::Console, "create", &[order(ana_, 101)]), Err("too-many-tokens".into()));
    assert_eq!(
        village.tokens(&Actor::Console, "revoke", &[Id(u128::MAX).to_val()]),
        Err("no-such-token".into())
    );
    let mill = village.tokens(&Actor::Person(ana), "list", &[some(mill.to_val())]);
    assert_eq!(mill, Err("not-yours".into()));
}

#[test]
fn a_revoked_token_leaves_no_row() {
    let (mut village, _, sol) = Village::founded();
    let (ana, ben) = (village.add("person", "ana"), village.add("person", "ben"));
    let id = village.tokens(&Actor::Person(ana), "create", &[order(None, 1)]).unwrap().unwrap();
    let by_ben = village.tokens(&Actor::Person(ben), "revoke", std::slice::from_ref(&id));
    assert_eq!(by_ben, Err("no-such-token".into()), "ben does not learn that it exists");
    village.tokens(&Actor::Person(sol), "revoke", &[id]).unwrap();
    assert_eq!((village.rows(b't'), village.rows(b'i'), village.rows(b'o')), (0, 0, 0));
}

#[test]
fn a_list_shows_no_hash_and_opens_labels() {
    let (mut village, _, _) = Village::founded();
    let ana = village.add("person", "ana");
    let ana_ = Actor::Person(ana);
    village.tokens(&ana_, "create", &[changed(None, 1, "label", text("Ana's kitchen tablet"))]).unwrap();
    assert!(!village.holds(b"kitchen"), "C6: labels are sealed");
    let shown = list(village.tokens(&ana_, "list", &[none()]).unwrap());
    assert_eq!(field(&shown[0], "label"), &text("Ana's kitchen tablet"));
    assert_eq!(field(&shown[0], "last-used"), &none());
    let Val::Record(fields) = &shown[0] else { panic!() };
    assert!(fields.iter().all(|(name, _)| name != "hash"));
}
