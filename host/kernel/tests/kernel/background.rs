//! Events (E1 to E3) and schedules (E4), run by the host itself.

use hamlet_bundle::Access;
use hamlet_kernel::{Call, CallError};
use wasmtime::component::Val;

use crate::common::{ANNA, NEW_YEAR, Village, anna};

fn awake() -> Village {
    let village = Village::with(|config| config.limits.background = true);
    village.install_all();
    village
}

#[test]
fn e1_subscribers_hear_events_after_the_commit_in_order() {
    let village = awake();
    let mut live = village.kernel.subscribe_events();
    village.run("first", "emit one a1; emit two").unwrap();
    village.run("first", "emit three").unwrap();
    village.eventually("hearing", || village.get("third", "heard") == "- one two three");
    let first = live.try_recv().unwrap();
    assert_eq!((&*first.emitter, &*first.function, first.number), ("first", "happened", 1));
    assert_eq!(first.audience, Some(vec![ANNA]));
    assert!(matches!(&first.arguments[0], Val::String(text) if text == "one"));
    assert_eq!(live.try_recv().unwrap().number, 2);
}

#[test]
fn e2_a_handler_that_fails_is_tried_again_and_keeps_the_order() {
    let village = awake();
    village.run("first", "emit one; emit poison; emit three").unwrap();
    village.eventually("the first", || village.get("third", "heard") == "- one");
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert_eq!(village.get("third", "heard"), "- one", "what comes after waits");
    village.run("third", "set immune 1").unwrap();
    village.forward(2_000_000);
    village.eventually("the rest", || village.get("third", "heard") == "- one poison three");
}

#[test]
fn e3_events_of_one_transaction_are_limited() {
    let village = awake();
    let error = village.doomed("first", "repeat 10001 [emit x]");
    assert!(matches!(error, CallError::Quota { .. } | CallError::Deadline { .. }), "{error:?}");
    assert_eq!(village.get("third", "heard"), "-");
}

#[test]
fn e1_a_paused_subscriber_hears_what_it_missed_when_it_answers_again() {
    let village = awake();
    let status = |status: &str| {
        let arguments = vec![Val::String("third".into()), Val::Enum(status.into())];
        village.call(hamlet_kernel::Actor::Console, "host", "set-status", arguments).unwrap().result.unwrap();
    };
    status("paused");
    village.run("first", "emit missed").unwrap();
    assert!(matches!(
        village.by(anna(), "third", "look", "get heard").unwrap_err(),
        CallError::Unavailable { .. }
    ));
    status("active");
    village.eventually("hearing", || village.get("third", "heard") == "- missed");
}

#[test]
fn e4_a_schedule_runs_once_at_its_time_as_the_plugin() {
    let village = awake();
    let due = NEW_YEAR + 60_000_000;
    village.run("first", &format!("at tea {due} [actor; set who x]")).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(30));
    assert_eq!(village.get("first", "who"), "-");
    village.forward(61_000_000);
    // A call wakes the sequencer, which would else look within a second.
    village.run("first", "now").unwrap();
    village.eventually("the schedule", || village.get("first", "who") == "x");
    assert_eq!(
        village.by(anna(), "first", "look", "scan ran s 9 forward").unwrap().unwrap(),
        format!("ran tea={due}>-")
    );
    village.run("first", "set who y").unwrap();
    village.forward(61_000_000);
    village.run("first", "now").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(30));
    assert_eq!(village.get("first", "who"), "y", "once");
}

#[test]
fn e4_a_schedule_that_fails_is_undone_and_tried_again() {
    let village = awake();
    village
        .run("first", &format!("at tea {NEW_YEAR} [set tried 1; ?get missing; add runs 1; fail no]"))
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert_eq!(village.get("first", "tried"), "-", "an err undoes it");
    assert_eq!(village.run("first", "cancel tea").unwrap(), "true", "it is still there");
}

#[test]
fn t9_schedules_pause_while_the_clock_is_suspect() {
    let village = awake();
    village.run("first", &format!("at tea {} [set who x]", NEW_YEAR + 1_000_000)).unwrap();
    village.forward(8_000 * 1_000_000);
    village.run("first", "now").unwrap();
    assert!(village.kernel.clock_suspect());
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert_eq!(village.get("first", "who"), "-");
    village.kernel.confirm_clock();
    village.eventually("the schedule", || village.get("first", "who") == "x");
}

#[test]
fn w1_nobody_calls_a_handler_but_the_host() {
    let village = awake();
    let catalogue = village.kernel.catalogue();
    let third = &catalogue.plugins["third"];
    assert!(third.functions.iter().all(|callable| !callable.rule.access.contains(&Access::Schedule)));
    for (interface, function) in [("scheduled", "run"), ("noticed", "happened")] {
        let call = Call::new(anna(), "third", interface, function, vec![]);
        assert!(matches!(village.kernel.call_blocking(call), Err(CallError::NoSuchFunction { .. })));
    }
}

#[test]
fn t8_events_and_schedules_do_not_go_before_people() {
    // With background work waiting, a person's command in the queue is run first: the handler sees its write.
    let village = awake();
    let lines = 200;
    for number in 0..lines {
        village.run("first", &format!("emit e{number}")).unwrap();
    }
    village.eventually("all heard", || village.get("third", "heard").ends_with(&format!(" e{}", lines - 1)));
}

#[test]
fn t7_handlers_that_need_more_than_the_sequencers_time_run_beside_and_only_once() {
    let village = Village::with(|config| {
        config.limits.background = true;
        config.limits.command_time = std::time::Duration::from_millis(20);
        config.limits.beside_time = std::time::Duration::from_secs(10);
    });
    village.install_all();
    // Some 100,000 reads: far over 20 milliseconds.
    let long = format!("at tea {NEW_YEAR} [add runs 1; repeat 100000 [get x]; set done x]");
    village.run("first", &long).unwrap();
    village.eventually("the schedule", || village.get("first", "done") == "x");
    assert_eq!(village.run("first", "add runs 0").unwrap(), "1", "E4: once");
    assert_eq!(village.run("first", "cancel tea").unwrap(), "false");

    village.run("third", "set slow 100000").unwrap();
    village.run("first", "emit one; emit two").unwrap();
    village.run("first", "emit three").unwrap();
    village.eventually("hearing", || village.get("third", "heard") == "- one two three");
    let metrics = village.kernel.metrics();
    let beside = metrics.beside.load(std::sync::atomic::Ordering::Relaxed);
    assert!(beside >= 4, "{beside} ran beside");
}

/// A schedule that works on while members change what it read: it is tried again, and none of their writes is lost.
#[test]
fn t7_a_long_schedule_loses_no_write_of_those_who_were_quicker() {
    let village = Village::with(|config| {
        config.limits.background = true;
        config.limits.command_time = std::time::Duration::from_millis(20);
        config.limits.beside_time = std::time::Duration::from_secs(10);
    });
    village.install_all();
    let long = format!("at tea {NEW_YEAR} [add sum 1; repeat 50000 [get x]; set done x]");
    village.run("first", &long).unwrap();
    let mut sum = 0;
    village.eventually("the schedule", || {
        village.forward(500_000);
        village.get("first", "done") == "x"
    });
    for _ in 0..5 {
        village.run("first", "add sum 1").unwrap();
        sum += 1;
    }
    assert_eq!(village.run("first", "add sum 0").unwrap(), (sum + 1).to_string());
}
