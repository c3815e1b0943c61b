//! W2: what answers a need, what is collected, and what a confirmation admits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use hamlet_reflect::Id;

use super::*;
use crate::call::Actor;
use crate::config::SystemEntropy;
use crate::namespaces::GRANTS;
use crate::rows::fake::{Memory, Own};

const ANNA: Id = Id(0xA);
const DIRECT: Asker<'static> = Asker { caller: None, person: true, mandate: true };
const VIA_SHOP: Asker<'static> = Asker { caller: Some("shop"), person: true, mandate: true };
const AT: When = When { now: 1_000, month: 24_000 };

fn need(amount: u64) -> Need {
    Need {
        provider: "counter".into(),
        kind: "spend".into(),
        thing: "purse 7".into(),
        owner: ANNA,
        amount: Some(amount),
        sentence: format!("spend {amount}"),
    }
}

fn ask(session: &mut Session, asker: Asker<'_>, amount: u64) -> Result<(), Refusal> {
    let mut memory = Memory::default();
    session.require(need(amount), asker, AT, &mut Own(&mut memory, GRANTS)).unwrap()
}

#[test]
fn w2_a_person_who_calls_directly_and_has_a_mandate_consents_by_calling() {
    let mut session = Session::plain();
    assert_eq!(ask(&mut session, DIRECT, 5), Ok(()));
    assert_eq!(session.verdict(true), Verdict::Fine);
}

#[test]
fn w2_a_person_without_a_mandate_is_refused_at_once_direct_or_not() {
    for mut session in [Session::plain(), Session::collecting(), Session::confirmed(vec![need(5)])] {
        for asker in [DIRECT, VIA_SHOP] {
            let asker = Asker { mandate: false, ..asker };
            assert_eq!(ask(&mut session, asker, 5), Err(Refusal::NoMandate));
        }
        assert!(session.met().is_empty());
    }
}

#[test]
fn w2_a_plugin_never_carries_the_callers_will_without_her_confirmation() {
    let mut session = Session::plain();
    assert_eq!(ask(&mut session, VIA_SHOP, 5), Err(Refusal::ConfirmationNeeded));
    // Even if the plugins go on as if nothing were: it does not commit.
    assert_eq!(session.verdict(true), Verdict::Confirm(vec![need(5)]));
    assert_eq!(session.verdict(false), Verdict::Confirm(vec![need(5)]));
}

#[test]
fn w2_collecting_meets_the_needs_of_all_depths_and_asks_for_them_all() {
    let mut session = Session::collecting();
    assert_eq!(ask(&mut session, VIA_SHOP, 5), Ok(()));
    let nested = session.mark();
    assert_eq!(ask(&mut session, VIA_SHOP, 6), Ok(()));
    session.roll_back(nested); // the nested call answered `err`
    assert_eq!(ask(&mut session, VIA_SHOP, 7), Ok(()));
    assert_eq!(session.met(), [need(5), need(7)]);
    assert_eq!(session.verdict(true), Verdict::Confirm(vec![need(5), need(7)]));
    assert_eq!(session.verdict(false), Verdict::Fine, "an `err` is answered as it is: nothing was done");
}

#[test]
fn w2_the_confirmed_run_commits_when_it_meets_the_same_needs_in_any_order() {
    let mut session = Session::confirmed(vec![need(5), need(7), need(5)]);
    for amount in [7, 5, 5] {
        assert_eq!(ask(&mut session, VIA_SHOP, amount), Ok(()));
    }
    assert_eq!(session.verdict(true), Verdict::Fine);
}

#[test]
fn w2_asking_for_more_another_or_twice_than_confirmed_is_refused() {
    for greedy in [vec![6], vec![5, 5], vec![5, 1]] {
        let mut session = Session::confirmed(vec![need(5)]);
        let answers: Vec<_> = greedy.iter().map(|amount| ask(&mut session, VIA_SHOP, *amount)).collect();
        assert_eq!(answers.last(), Some(&Err(Refusal::DiffersFromConfirmed)), "{greedy:?}");
        assert_eq!(session.verdict(true), Verdict::Differs);
        assert_eq!(session.verdict(false), Verdict::Differs);
    }
}

#[test]
fn w2_every_part_of_a_need_is_compared_the_sentence_too() {
    let others = [
        Need { provider: "shop".into(), ..need(5) },
        Need { kind: "burn".into(), ..need(5) },
        Need { thing: "purse 8".into(), ..need(5) },
        Need { owner: Id(9), ..need(5) },
        Need { amount: None, ..need(5) },
        Need { sentence: "spend 5 for somebody else".into(), ..need(5) },
    ];
    for other in others {
        let mut session = Session::confirmed(vec![other.clone()]);
        assert_eq!(ask(&mut session, VIA_SHOP, 5), Err(Refusal::DiffersFromConfirmed), "{other:?}");
    }
}

#[test]
fn w2_a_run_that_meets_fewer_needs_than_confirmed_does_not_commit() {
    let mut session = Session::confirmed(vec![need(5), need(7)]);
    assert_eq!(ask(&mut session, VIA_SHOP, 5), Ok(()));
    assert_eq!(session.verdict(true), Verdict::Differs);
    assert_eq!(session.verdict(false), Verdict::Fine, "its `err` is the answer");
}

#[test]
fn w2_a_confirmation_used_in_an_undone_nested_call_can_be_used_again_but_only_once() {
    let mut session = Session::confirmed(vec![need(5)]);
    let mark = session.mark();
    assert_eq!(ask(&mut session, VIA_SHOP, 5), Ok(()));
    session.roll_back(mark);
    assert_eq!(ask(&mut session, VIA_SHOP, 5), Ok(()));
    assert_eq!(session.verdict(true), Verdict::Fine);
    assert_eq!(ask(&mut session, VIA_SHOP, 5), Err(Refusal::DiffersFromConfirmed));
}

#[test]
fn w2_with_nobody_present_only_grants_help() {
    let schedule = Asker { caller: Some("shop"), person: false, mandate: false };
    let mut session = Session::plain();
    assert_eq!(ask(&mut session, schedule, 5), Err(Refusal::ConfirmationNeeded));
    assert_eq!(session.verdict(false), Verdict::NobodyThere(vec![need(5)]));
    assert_eq!(session.verdict(true), Verdict::Fine, "it did without");
    // Nor does collecting grant anything to nobody.
    let mut session = Session::collecting();
    assert_eq!(ask(&mut session, schedule, 5), Err(Refusal::ConfirmationNeeded));
    assert!(session.met().is_empty());
}

#[test]
fn w2_too_many_or_too_long_needs_doom_the_command() {
    let mut memory = Memory::default();
    let rows = &mut Own(&mut memory, GRANTS);
    let mut session = Session::collecting();
    for n in 0..NEEDS_MAX as u64 {
        session.require(need(n), VIA_SHOP, AT, rows).unwrap().unwrap();
    }
    assert_eq!(session.require(need(0), VIA_SHOP, AT, rows).unwrap_err().code(), "quota");
    let long = Need { sentence: "x".repeat(NEED_TEXT_BYTES_MAX + 1), ..need(1) };
    assert_eq!(Session::plain().require(long, VIA_SHOP, AT, rows).unwrap_err().code(), "quota");
}

fn anna() -> Actor {
    Actor::Person(ANNA)
}

fn binding(function: &str, arguments: u8) -> Binding {
    Binding::of([("shop", "stall", function, &[arguments; 32])])
}

#[test]
fn w2_a_code_confirms_once_for_its_actor_and_call_and_within_ten_minutes() {
    let codes = Confirmations::default();
    let sell = binding("sell", 1);
    let issue = || codes.issue(&SystemEntropy, &anna(), sell, vec![need(5)], 100);
    let code = issue();
    assert_eq!(codes.take(&code, &anna(), sell, 101).unwrap(), [need(5)]);
    assert_eq!(codes.take(&code, &anna(), sell, 101).unwrap_err().code(), "confirmation-unknown");

    let code = issue();
    let boris = Actor::Person(Id(0xB));
    assert_eq!(codes.take(&code, &boris, sell, 101).unwrap_err().code(), "confirmation-unknown");
    assert!(codes.take(&code, &anna(), sell, 101).is_ok(), "another's attempt does not use it up");

    let code = issue();
    assert_eq!(
        codes.take(&code, &anna(), binding("sell", 2), 101).unwrap_err().code(),
        "confirmation-differs"
    );
    assert_eq!(codes.take(&code, &anna(), sell, 101).unwrap_err().code(), "confirmation-unknown");

    let code = issue();
    let late = 100 + CODE_LIFETIME_MICROS + 1;
    assert_eq!(codes.take(&code, &anna(), sell, late).unwrap_err().code(), "confirmation-unknown");
    assert!(codes.take(&issue(), &anna(), sell, late - 1).is_ok());
}

#[test]
fn w2_the_binding_tells_calls_apart() {
    let one = |plugin, interface, function| Binding::of([(plugin, interface, function, &[0; 32])]);
    assert_ne!(one("a", "bc", "d"), one("ab", "c", "d"));
    assert_ne!(one("a", "b", "c"), Binding::of([("a", "b", "c", &[0; 32]), ("a", "b", "c", &[0; 32])]));
}

#[test]
fn w2_codes_are_bounded_and_one_who_asks_much_loses_only_her_own() {
    let codes = Confirmations::default();
    let boris = Actor::Person(Id(0xB));
    let of_boris = codes.issue(&SystemEntropy, &boris, binding("sell", 1), vec![need(5)], 0);
    let of_anna: Vec<String> = (0..100)
        .map(|n| codes.issue(&SystemEntropy, &anna(), binding("sell", 1), vec![need(n)], 0))
        .collect();
    assert!(codes.len() <= 17);
    assert!(codes.take(&of_boris, &boris, binding("sell", 1), 1).is_ok());
    assert!(codes.take(&of_anna[0], &anna(), binding("sell", 1), 1).is_err());
    assert_eq!(codes.take(&of_anna[99], &anna(), binding("sell", 1), 1).unwrap(), [need(99)]);
    for n in 0..5_000_u128 {
        codes.issue(&SystemEntropy, &Actor::Person(Id(n + 100)), binding("sell", 1), vec![], 2);
    }
    assert!(codes.len() <= 4_096);
}
