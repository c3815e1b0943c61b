//! What a plugin tries by coming back: events that cause events, schedules that set schedules, commands without end.

use std::sync::atomic::{AtomicBool, Ordering};

use hamlet_kernel::CallError;
use wasmtime::component::Val;

use crate::common::{Village, berta, script};
use crate::tricks::{beset, try_it, unharmed};

fn number(village: &Village, key: &[u8]) -> u64 {
    let key = Val::List(key.iter().map(|byte| Val::U8(*byte)).collect());
    let Some(Val::Option(Some(value))) = try_it(village, "peep", vec![key]).unwrap() else { return 0 };
    let Val::List(bytes) = *value else { panic!() };
    bytes.iter().fold(0, |sum, byte| match byte {
        Val::U8(byte) => (sum << 8) | u64::from(*byte),
        other => panic!("{other:?}"),
    })
}

#[test]
fn e3_events_that_cause_events_end_at_the_causality_limit() {
    let village = beset(Village::with(|config| config.limits.background = true));
    try_it(&village, "event-storm", vec![Val::U32(3)]).unwrap();
    village.eventually("the storm begins", || number(&village, b"chain") > 0);
    // The first handler that may not emit any more fails, is tried again and set aside; then nothing is left to do.
    for _ in 0..200 {
        unharmed(&village);
        village.forward(60_000_000);
    }
    village.eventually("a dead letter", || {
        let letters = village.call(hamlet_kernel::Actor::Console, "host", "list", vec![]);
        letters.is_err() || number(&village, b"chain") <= 3 * 8
    });
    assert!(number(&village, b"chain") <= 3 * 8, "{} gusts", number(&village, b"chain"));
}

#[test]
fn e4_schedules_that_set_schedules_never_go_before_people() {
    let village = beset(Village::with(|config| config.limits.background = true));
    try_it(&village, "schedule-storm", vec![Val::U32(8)]).unwrap();
    for _ in 0..300 {
        unharmed(&village);
    }
    // It ran, over and over, and comes to its 1,024 schedules at most.
    village.eventually("it runs", || number(&village, b"ran") > 0 || village.kernel.head() > 1_000);
    unharmed(&village);
}

#[test]
fn t8_commands_without_end_of_one_principal_are_answered_busy_and_others_run() {
    let village = beset(Village::with(|config| config.limits.queue.per_principal = 16));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let mut busy = 0;
            while !done.load(Ordering::Relaxed) {
                let calls: Vec<_> = (0..200)
                    .map(|_| {
                        let kernel = village.kernel.clone();
                        let work = vec![Val::U64(20_000)];
                        let call =
                            hamlet_kernel::Call::new(crate::common::anna(), "hostile", "", "work", work);
                        async move { kernel.call(call).await }
                    })
                    .collect();
                crate::common::block_on(async {
                    let tasks: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
                    for task in tasks {
                        busy += u64::from(matches!(task.await.unwrap(), Err(CallError::Busy)));
                    }
                });
            }
            busy
        });
        for round in 0..100 {
            let call = script(berta(), "first", &format!("set round {round}"));
            village.kernel.call_blocking(call).unwrap().result.unwrap();
        }
        done.store(true, Ordering::Relaxed);
        assert!(flood.join().unwrap() > 0, "nothing was refused");
    });
    assert_eq!(village.get("first", "round"), "99");
}

#[test]
fn t7_what_keeps_failing_after_much_work_costs_the_sequencer_its_time_three_times() {
    let village = beset(Village::with(|config| {
        config.limits.command_time = std::time::Duration::from_millis(250);
        config.limits.beside_time = std::time::Duration::from_secs(10);
    }));
    let beside = || village.kernel.metrics().beside.load(Ordering::Relaxed);
    // What fails at once is refused at once, however often.
    for _ in 0..20 {
        assert!(matches!(village.doomed("first", "trap"), CallError::Trapped { .. }));
    }
    assert_eq!(beside(), 0);
    // Far over 10 milliseconds, a 25th of what there is, and then a trap.
    for _ in 0..4 {
        let error = village.doomed("first", "set left 1; repeat 60000 [get x]; trap");
        assert!(matches!(error, CallError::Trapped { .. }), "{error:?}");
    }
    assert!(beside() >= 1, "the fourth ran beside");
    assert_eq!(village.get("first", "left"), "-");
    unharmed(&village);
}
