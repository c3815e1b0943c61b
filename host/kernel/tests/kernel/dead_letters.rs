//! E2, W6: events that a subscriber cannot take, in the real kernel.

use std::sync::atomic::Ordering;
use std::time::Duration;

use hamlet_kernel::events::RETRIES_MAX;
use hamlet_kernel::{Actor, Call, CallError, KernelConfig};
use wasmtime::component::Val;

use crate::common::{Village, anna, berta};

const INTERFACE: &str = "test:kit/noticed@0.1.0";

/// An event of which the third guest's handler always traps, between two others, set aside.
fn with_a_dead_letter(before: &str) -> Village {
    with_a_dead_letter_in(before, |_| {})
}

fn with_a_dead_letter_in(before: &str, change: impl FnOnce(&mut KernelConfig)) -> Village {
    let village = Village::with(|config| {
        config.limits.background = true;
        change(config);
    });
    village.install_all();
    village.run("third", before).unwrap();
    village.run("first", "emit one; emit poison; emit three").unwrap();
    village.eventually("the first", || village.get("third", "heard").starts_with("- one"));
    assert_eq!(village.get("third", "heard"), "- one", "what comes after waits");
    village.eventually("what comes after", || {
        // No wait between two tries is longer than an hour.
        village.forward(3_600_000_000);
        village.run("third", "now").unwrap();
        village.get("third", "heard").ends_with("three")
    });
    village
}

fn host(village: &Village, actor: Actor, function: &str, arguments: Vec<Val>) -> Result<Val, CallError> {
    let call = Call::new(actor, "host", "events", function, arguments);
    village.kernel.call_blocking(call).map(|answer| match answer.result {
        Ok(value) => value.unwrap_or(Val::Bool(true)),
        Err(error) => error.unwrap(),
    })
}

fn letters(village: &Village) -> Vec<Val> {
    match host(village, Actor::Console, "list", vec![]).unwrap() {
        Val::List(letters) => letters,
        other => panic!("{other:?}"),
    }
}

fn field<'a>(letter: &'a Val, name: &str) -> &'a Val {
    let Val::Record(fields) = letter else { panic!("{letter:?}") };
    &fields.iter().find(|(of, _)| of == name).unwrap().1
}

/// The poisoned event of the first guest to the third.
fn poisoned() -> Vec<Val> {
    vec![Val::String("first".into()), Val::String("third".into()), Val::U64(2)]
}

#[test]
fn e2_an_event_that_fails_too_often_is_set_aside_and_the_subscriber_is_told_of_the_gap_in_its_place() {
    let village = with_a_dead_letter("now");
    assert_eq!(village.get("third", "heard"), format!("- one gap:first/2/{INTERFACE}/happened three"));
    let letters = letters(&village);
    assert_eq!(letters.len(), 1);
    assert_eq!(field(&letters[0], "failures"), &Val::U32(RETRIES_MAX + 1));
    assert_eq!(field(&letters[0], "told"), &Val::Bool(true));
    assert_eq!(field(&letters[0], "interface"), &Val::String(INTERFACE.into()));
}

#[test]
fn e2_a_subscriber_that_does_not_take_the_news_of_the_gap_does_not_hold_up_later_events() {
    let village = with_a_dead_letter("set deaf 1");
    assert_eq!(village.get("third", "heard"), "- one three");
    assert_eq!(field(&letters(&village)[0], "told"), &Val::Bool(false));
}

#[test]
fn w6_a_dead_letter_is_sent_again_once_when_a_steward_says_so() {
    let village = with_a_dead_letter("set deaf 1");
    // The handler is still broken: the letter stays.
    host(&village, Actor::Console, "send-again", poisoned()).unwrap();
    village.eventually("another failure", || {
        let letters = letters(&village);
        field(&letters[0], "failures") == &Val::U32(RETRIES_MAX + 2)
            && field(&letters[0], "sending") == &Val::Bool(false)
    });
    village.run("third", "set immune 1").unwrap();
    host(&village, Actor::Console, "send-again", poisoned()).unwrap();
    village.eventually("hearing", || village.get("third", "heard") == "- one three poison");
    village.eventually("the end of the letter", || letters(&village).is_empty());
    std::thread::sleep(std::time::Duration::from_millis(30));
    assert_eq!(village.get("third", "heard"), "- one three poison", "once");
    let gone = host(&village, Actor::Console, "send-again", poisoned()).unwrap();
    assert_eq!(gone, Val::Variant("no-such-letter".into(), None));
}

/// Some 100,000 reads: far over the 20 milliseconds of these sequencers.
const LONG: &str = "100000";

#[test]
fn t7_a_handler_of_gaps_that_needs_more_than_the_sequencers_time_is_told_beside_it() {
    let village = with_a_dead_letter_in(&format!("set slow-gap {LONG}"), short_of_time);
    assert_eq!(village.get("third", "heard"), format!("- one gap:first/2/{INTERFACE}/happened three"));
    let letters = letters(&village);
    assert_eq!((letters.len(), field(&letters[0], "told")), (1, &Val::Bool(true)));
    assert!(beside(&village) > 0);
}

#[test]
fn t7_a_dead_letter_whose_handler_needs_more_than_the_sequencers_time_is_sent_again_beside_it_and_once() {
    let village = with_a_dead_letter_in("set deaf 1", short_of_time);
    village.run("third", &format!("set slow {LONG}")).unwrap();
    // It fails there first: the letter stays.
    let before = beside(&village);
    host(&village, Actor::Console, "send-again", poisoned()).unwrap();
    village.eventually("another failure", || {
        field(&letters(&village)[0], "failures") == &Val::U32(RETRIES_MAX + 2)
    });
    assert!(beside(&village) > before);
    village.run("third", "set immune 1").unwrap();
    host(&village, Actor::Console, "send-again", poisoned()).unwrap();
    village.eventually("the end of the letter", || letters(&village).is_empty());
    assert_eq!(village.get("third", "heard"), "- one three poison", "once");
}

fn short_of_time(config: &mut KernelConfig) {
    config.limits.command_time = Duration::from_millis(20);
    config.limits.beside_time = Duration::from_secs(10);
}

fn beside(village: &Village) -> u64 {
    village.kernel.metrics().beside.load(Ordering::Relaxed)
}

#[test]
fn w6_a_dead_letter_is_dropped_and_its_changes_are_in_the_journal() {
    let village = with_a_dead_letter("now");
    let before = village.kernel.head();
    host(&village, Actor::Console, "drop", poisoned()).unwrap();
    assert!(village.kernel.head() > before);
    assert!(letters(&village).is_empty());
}

#[test]
fn w1_members_neither_see_nor_change_dead_letters() {
    let village = with_a_dead_letter("now");
    for actor in [anna(), berta(), Actor::Anyone] {
        for (function, arguments) in [("list", vec![]), ("send-again", poisoned()), ("drop", poisoned())] {
            let refused = host(&village, actor.clone(), function, arguments).unwrap_err();
            assert!(matches!(refused, CallError::Denied { .. }), "{refused:?}");
        }
    }
    assert_eq!(letters(&village).len(), 1);
}
