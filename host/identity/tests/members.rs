//! Who may do what with parties, mandates and groups (W6).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use hamlet_kernel::{Actor, Mandate};
use hamlet_reflect::Id;
use support::{Village, field, label, list, none, record, some, text};
use wasmtime::component::Val;

fn give(person: Id, party: Id, mandate: &str) -> [Val; 3] {
    [person.to_val(), party.to_val(), label(mandate)]
}

#[test]
fn she_who_moves_out_loses_the_mandate_at_once() {
    let (mut village, _, sol) = Village::founded();
    let (ana, ben, mill) =
        (village.add("person", "ana"), village.add("person", "ben"), village.add("household", "mill"));
    let (ana_, ben_, sol_) = (Actor::Person(ana), Actor::Person(ben), Actor::Person(sol));
    village.members(&sol_, "give-mandate", &give(ana, mill, "representative")).unwrap();
    village.members(&ana_, "give-mandate", &give(ben, mill, "representative")).unwrap();
    assert_eq!(village.mandate(ana, mill), Some(Mandate::Representative));
    assert_eq!(village.mandate(ben, mill), Some(Mandate::Representative));

    village.members(&ana_, "withdraw-mandate", &[ben.to_val(), mill.to_val()]).unwrap();
    assert_eq!(village.mandate(ben, mill), None);
    assert_eq!(village.mandate(ana, mill), Some(Mandate::Representative));
    let again = village.members(&ben_, "give-mandate", &give(ben, mill, "representative"));
    assert_eq!(again, Err("no-mandate".into()));
}

#[test]
fn a_steward_gives_herself_no_mandate_when_the_party_has_or_had_one() {
    let (mut village, _, sol) = Village::founded();
    let (ana, mill) = (village.add("person", "ana"), village.add("household", "mill"));
    let (ana_, sol_) = (Actor::Person(ana), Actor::Person(sol));
    village.members(&sol_, "give-mandate", &give(ana, mill, "representative")).unwrap();
    let grab = give(sol, mill, "representative");
    assert_eq!(village.members(&sol_, "give-mandate", &grab), Err("no-mandate".into()));
    // Nor by clearing the way first: she cannot withdraw, and a household that lost everybody stays claimed.
    let withdraw = [ana.to_val(), mill.to_val()];
    assert_eq!(village.members(&sol_, "withdraw-mandate", &withdraw), Err("no-mandate".into()));
    village.members(&ana_, "withdraw-mandate", &withdraw).unwrap();
    assert_eq!(village.members(&sol_, "give-mandate", &grab), Err("no-mandate".into()));
    // A decision can.
    village.members(&Actor::Decision(Id(1)), "give-mandate", &grab).unwrap();
    assert_eq!(village.mandate(sol, mill), Some(Mandate::Representative));
}

#[test]
fn a_clerk_acts_for_a_party_and_does_not_decide_for_it() {
    let (mut village, _, sol) = Village::founded();
    let (ana, old) = (village.add("person", "ana"), village.add("person", "old-tom"));
    village.members(&Actor::Person(sol), "give-mandate", &give(ana, old, "clerk")).unwrap();
    assert_eq!(village.mandate(ana, old), Some(Mandate::Clerk));
    let ana_ = Actor::Person(ana);
    assert_eq!(village.members(&ana_, "give-mandate", &give(sol, old, "clerk")), Err("no-mandate".into()));
    assert_eq!(village.members(&ana_, "rename", &[old.to_val(), text("Tim")]), Err("no-mandate".into()));
    village.members(&Actor::Person(old), "withdraw-mandate", &[ana.to_val(), old.to_val()]).unwrap();
    assert_eq!(village.mandate(ana, old), None);
}

#[test]
fn stewards_act_for_the_commons_while_they_are_stewards() {
    let (mut village, commons, sol) = Village::founded();
    let ana = village.add("person", "ana");
    assert_eq!(village.mandate(sol, commons), Some(Mandate::Representative));
    assert_eq!(village.mandate(ana, commons), None);
    let sol_ = Actor::Person(sol);
    village.members(&sol_, "join-group", &[ana.to_val(), text("stewards")]).unwrap();
    assert_eq!(village.mandate(ana, commons), Some(Mandate::Representative));
    village.members(&sol_, "leave-group", &[sol.to_val(), text("stewards")]).unwrap();
    assert_eq!(village.mandate(sol, commons), None);
}

#[test]
fn the_last_steward_stays() {
    let (mut village, _, sol) = Village::founded();
    let group = [sol.to_val(), text("stewards")];
    let console = Actor::Console;
    assert_eq!(village.members(&console, "leave-group", &group), Err("last-steward".into()));
    assert_eq!(village.members(&console, "remove", &[sol.to_val()]), Err("last-steward".into()));
    let ana = village.add("person", "ana");
    village.members(&console, "join-group", &[ana.to_val(), text("stewards")]).unwrap();
    village.members(&console, "remove", &[sol.to_val()]).unwrap();
    assert_eq!(village.members(&console, "remove", &[ana.to_val()]), Err("last-steward".into()));
}

#[test]
fn who_is_removed_loses_mandates_groups_and_tokens_at_once() {
    let (mut village, _, _) = Village::founded();
    let (ana, ben, mill) =
        (village.add("person", "ana"), village.add("person", "ben"), village.add("household", "mill"));
    let console = Actor::Console;
    village.members(&console, "give-mandate", &give(ana, mill, "representative")).unwrap();
    village.members(&console, "give-mandate", &give(ben, ana, "guardian")).unwrap();
    village.members(&console, "join-group", &[ana.to_val(), text("bakers")]).unwrap();
    let order = record(&[
        ("owner", some(ana.to_val())),
        ("hash", Val::List(vec![Val::U8(7); 32])),
        ("label", text("phone")),
        (
            "scope",
            record(&[
                ("functions", Val::List(vec![])),
                ("read-only", Val::Bool(false)),
                ("bulk", Val::Bool(false)),
            ]),
        ),
        ("expires", none()),
    ]);
    village.tokens(&console, "create", &[order]).unwrap();
    assert_eq!(
        (village.rows(b'm'), village.rows(b't'), village.rows(b'i'), village.rows(b'o')),
        (2, 1, 1, 1)
    );

    village.members(&console, "remove", &[ana.to_val()]).unwrap();
    assert!(!village.is_active(ana));
    assert_eq!(
        (village.mandate(ana, mill), village.mandate(ben, ana), village.mandate(ana, ana)),
        (None, None, None)
    );
    assert!(!village.in_group(ana, "bakers"));
    for (letter, left) in [(b'm', 0), (b'M', 0), (b't', 0), (b'i', 0), (b'o', 0), (b'g', 1), (b'G', 1)] {
        assert_eq!(village.rows(letter), left, "{}", char::from(letter));
    }
    // She stays on the books, and her handle stays hers.
    let found = village.members(&console, "find", &[text("ana")]).unwrap().unwrap();
    assert_eq!(field(&found, "status"), &label("left"));
    assert_eq!(village.members(&console, "remove", &[ana.to_val()]), Err("has-left".into()));
    assert_eq!(
        village.members(&console, "add", &[label("person"), text("ana"), text("Ana")]),
        Err("handle-taken".into())
    );
}

#[test]
fn every_refusal_has_its_case() {
    let (mut village, commons, sol) = Village::founded();
    let (ana, mill) = (village.add("person", "ana"), village.add("household", "mill"));
    let nobody = Id(99).to_val();
    let long = "x".repeat(201);
    let console = Actor::Console;
    let rows: Vec<(&str, Vec<Val>, &str)> = vec![
        ("add", vec![label("person"), text("A"), text("A")], "handle-invalid"),
        ("add", vec![label("person"), text("-a"), text("A")], "handle-invalid"),
        ("add", vec![label("person"), text("bob"), text(" ")], "name-invalid"),
        ("add", vec![label("person"), text("bob"), text(&long)], "name-invalid"),
        ("add", vec![label("person"), text("ana"), text("Ana")], "handle-taken"),
        ("add", vec![label("commons"), text("more"), text("More")], "one-commons"),
        ("rename", vec![nobody.clone(), text("X")], "no-such-party"),
        ("rename", vec![ana.to_val(), text("")], "name-invalid"),
        ("remove", vec![commons.to_val()], "one-commons"),
        ("remove", vec![nobody.clone()], "no-such-party"),
        ("give-mandate", give(mill, ana, "guardian").into(), "mandate-invalid"),
        ("give-mandate", give(ana, ana, "guardian").into(), "mandate-invalid"),
        ("give-mandate", give(ana, mill, "self-acting").into(), "mandate-invalid"),
        ("give-mandate", give(Id(99), mill, "clerk").into(), "no-such-party"),
        ("withdraw-mandate", vec![ana.to_val(), mill.to_val()], "no-such-mandate"),
        ("join-group", vec![ana.to_val(), text("X")], "group-invalid"),
        ("join-group", vec![mill.to_val(), text("stewards")], "group-invalid"),
        ("leave-group", vec![sol.to_val(), text("stewards")], "last-steward"),
        ("get", vec![nobody.clone()], "no-such-party"),
        ("find", vec![text("nobody")], "no-such-party"),
        ("find", vec![text(&"x".repeat(100_000))], "no-such-party"),
        ("groups", vec![nobody], "no-such-party"),
        (
            "list",
            vec![record(&[("kind", none()), ("group", none())]), Val::U32(0), some(text("%"))],
            "cursor-invalid",
        ),
    ];
    for (function, arguments, case) in rows {
        assert_eq!(
            village.members(&console, function, &arguments),
            Err(case.into()),
            "{function} {arguments:?}"
        );
    }
    let ana_ = Actor::Person(ana);
    for (function, arguments) in [
        ("add", vec![label("person"), text("bob"), text("Bob")]),
        ("remove", vec![mill.to_val()]),
        ("join-group", vec![ana.to_val(), text("stewards")]),
    ] {
        assert_eq!(village.members(&ana_, function, &arguments), Err("denied".into()), "{function}");
    }
    assert_eq!(village.members(&Actor::Anyone, "find", &[text("ana")]), Err("denied".into()));
    assert_eq!(village.members(&ana_, "rename", &[mill.to_val(), text("X")]), Err("no-mandate".into()));
    assert_eq!(
        village.members(&ana_, "leave-group", &[sol.to_val(), text("stewards")]),
        Err("no-mandate".into())
    );
}

#[test]
fn names_are_sealed_and_shown_when_opened() {
    let (mut village, _, _) = Village::founded();
    let add = [label("person"), text("rose"), text("Rosalind Featherstone")];
    let rose = village.members(&Actor::Console, "add", &add).unwrap().unwrap();
    assert!(!village.holds(b"Rosalind"), "C6: no name in a row");
    let shown = village.members(&Actor::Console, "get", std::slice::from_ref(&rose)).unwrap().unwrap();
    assert_eq!(field(&shown, "name"), &text("Rosalind Featherstone"));
    village
        .members(&Actor::Person(Id::from_val(&rose).unwrap()), "rename", &[rose.clone(), text("Rosa")])
        .unwrap();
    let shown = village.members(&Actor::Console, "get", &[rose]).unwrap().unwrap();
    assert_eq!(field(&shown, "name"), &text("Rosa"));
}

#[test]
fn a_list_has_everybody_once_when_read_page_by_page() {
    let (mut village, _, _) = Village::founded();
    for number in 0..50 {
        let id = village.add(if number % 2 == 0 { "person" } else { "household" }, &format!("p{number:02}"));
        if number % 10 == 0 {
            village.members(&Actor::Console, "join-group", &[id.to_val(), text("bakers")]).unwrap();
        }
    }
    let rows =
        [(none(), none(), 52), (some(label("household")), none(), 25), (none(), some(text("bakers")), 5)];
    for (kind, group, expected) in rows {
        let filter = record(&[("kind", kind), ("group", group)]);
        let (mut handles, mut cursor) = (Vec::new(), none());
        loop {
            let page = [filter.clone(), Val::U32(7), cursor];
            let page = village.members(&Actor::Console, "list", &page).unwrap().unwrap();
            for party in list(Some(field(&page, "parties").clone())) {
                handles.push(format!("{:?}", field(&party, "handle")));
            }
            cursor = field(&page, "next").clone();
            if cursor == none() {
                break;
            }
        }
        assert_eq!(handles.len(), expected);
        assert!(handles.is_sorted() && handles.windows(2).all(|two| two[0] != two[1]), "{handles:?}");
    }
}

#[test]
fn mandates_are_shown_to_whom_they_concern() {
    let (mut village, _, sol) = Village::founded();
    let (ana, ben, mill) =
        (village.add("person", "ana"), village.add("person", "ben"), village.add("household", "mill"));
    village.members(&Actor::Console, "give-mandate", &give(ana, mill, "representative")).unwrap();
    let rows = [
        (ana, none(), none(), 1),
        (ana, none(), some(mill.to_val()), 1),
        (ben, none(), some(mill.to_val()), 0),
        (ben, some(ana.to_val()), none(), 0),
        (ben, some(ana.to_val()), some(mill.to_val()), 0),
        (sol, some(ana.to_val()), some(mill.to_val()), 1),
        (sol, none(), some(mill.to_val()), 1),
    ];
    for (who, person, party, expected) in rows {
        let shown = village.members(&Actor::Person(who), "mandates", &[person, party]).unwrap();
        assert_eq!(list(shown).len(), expected);
    }
}

#[test]
fn c6_a_person_erases_herself_and_stewards_erase_who_has_left() {
    let (mut village, commons, sol) = Village::founded();
    let (ana, ben) = (village.add("person", "ana"), village.add("person", "ben"));
    let (ana_, ben_, sol_) = (Actor::Person(ana), Actor::Person(ben), Actor::Person(sol));
    assert_eq!(village.members(&sol_, "erase", &[ana.to_val()]), Err("still-here".into()));
    assert_eq!(village.members(&ben_, "erase", &[ana.to_val()]), Err("no-mandate".into()));
    assert_eq!(village.members(&sol_, "erase", &[commons.to_val()]), Err("one-commons".into()));
    assert_eq!(village.members(&sol_, "erase", &[sol.to_val()]), Err("last-steward".into()));
    village.members(&ana_, "erase", &[ana.to_val()]).unwrap();
    assert!(!village.is_active(ana));
    assert_eq!(village.members(&sol_, "find", &[text("ana")]), Err("no-such-party".into()));
    let party = village.members(&sol_, "get", &[ana.to_val()]).unwrap().unwrap();
    assert_eq!(field(&party, "name"), &text(""));
    assert_eq!(field(&party, "status"), &label("left"));
    // Her handle is free again, and nobody is taken for her.
    assert_ne!(village.add("person", "ana"), ana);
    village.members(&sol_, "remove", &[ben.to_val()]).unwrap();
    assert_eq!(village.members(&ben_, "erase", &[ben.to_val()]), Err("no-mandate".into()));
    village.members(&sol_, "erase", &[ben.to_val()]).unwrap();
    village.members(&sol_, "erase", &[ben.to_val()]).unwrap();
}
