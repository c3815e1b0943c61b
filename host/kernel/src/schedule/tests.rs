//! E4: once, not before its time, tried again with doubling waits, and then set aside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use super::*;
use crate::namespaces::SCHEDULES;
use crate::rows::fake::{Memory, Own};

const SECOND: u64 = 1_000_000;
const ONCE: Retries = Retries { most: 0, wait: 0 };

/// [`super::set`] at the beginning of time.
#[expect(clippy::needless_pass_by_value, reason = "so the tests read more easily")]
fn set(
    rows: &mut dyn OwnRows,
    changes: &mut Changes,
    plugin: &Arc<str>,
    name: &str,
    when: When,
    payload: &[u8],
    retries: Retries,
) -> Result<Result<(), SetError>, CallError> {
    super::set(rows, changes, plugin, Order { name, when: &when, payload, retries, now: 0 })
}

fn shop() -> Arc<str> {
    "shop".into()
}

fn put(memory: &mut Memory, plugin: &str, name: &str, at: u64, retries: Retries) {
    let rows = &mut Own(memory, SCHEDULES);
    set(rows, &mut Changes::default(), &plugin.into(), name, When::At(at), b"for\nwhom", retries)
        .unwrap()
        .unwrap();
}

fn due_names(memory: &mut Memory, now: u64) -> Vec<String> {
    let found = due(&mut Own(memory, SCHEDULES), now, 100, &|_| true).unwrap();
    found.into_iter().map(|due| format!("{}/{}", due.plugin, due.name)).collect()
}

fn first_due(memory: &mut Memory, now: u64) -> Due {
    due(&mut Own(memory, SCHEDULES), now, 1, &|_| true).unwrap().remove(0)
}

#[test]
fn e4_a_schedule_is_due_at_its_time_and_not_before_and_runs_once() {
    let mut memory = Memory::default();
    put(&mut memory, "shop", "close", 10 * SECOND, ONCE);
    assert_eq!(next_due(&mut Own(&mut memory, SCHEDULES)).unwrap(), Some(10 * SECOND));
    assert!(due_names(&mut memory, 10 * SECOND - 1).is_empty());
    let found = first_due(&mut memory, 10 * SECOND);
    assert_eq!((&*found.plugin, &*found.name, found.due), ("shop", "close", 10 * SECOND));
    assert_eq!(found.payload, b"for\nwhom");
    let rows = &mut Own(&mut memory, SCHEDULES);
    assert!(take(rows, &found).unwrap());
    assert!(!take(rows, &found).unwrap(), "not a second time");
    assert_eq!(next_due(rows).unwrap(), None);
}

#[test]
fn e4_due_schedules_come_oldest_first_and_those_of_paused_plugins_wait() {
    let mut memory = Memory::default();
    for n in (0..600_u64).rev() {
        put(&mut memory, "shop", &format!("s{n:03}"), n, ONCE);
    }
    put(&mut memory, "counter", "last", 900, ONCE);
    let names = due_names(&mut memory, 1_000);
    assert_eq!(names.len(), 100);
    assert_eq!((&*names[0], &*names[99]), ("shop/s000", "shop/s099"));
    let running = due(&mut Own(&mut memory, SCHEDULES), 1_000, 9, &|plugin| plugin != "shop").unwrap();
    assert_eq!(running.iter().map(|due| &*due.name).collect::<Vec<_>>(), ["last"]);
}

#[test]
fn e4_a_replaced_or_cancelled_schedule_does_not_run() {
    let mut memory = Memory::default();
    put(&mut memory, "shop", "close", SECOND, ONCE);
    let old = first_due(&mut memory, SECOND);
    put(&mut memory, "shop", "close", 5 * SECOND, ONCE);
    assert!(due_names(&mut memory, SECOND).is_empty());
    let rows = &mut Own(&mut memory, SCHEDULES);
    assert!(!take(rows, &old).unwrap());
    assert_eq!(failed(rows, &old, SECOND).unwrap(), Failed::Gone);
    let changes = &mut Changes::default();
    assert!(cancel(rows, changes, &shop(), "close").unwrap());
    assert!(!cancel(rows, changes, &shop(), "close").unwrap());
    assert!(due_names(&mut memory, 9 * SECOND).is_empty());
}

#[test]
fn e4_a_run_may_set_its_own_schedule_anew() {
    let mut memory = Memory::default();
    put(&mut memory, "shop", "tick", SECOND, ONCE);
    let found = first_due(&mut memory, SECOND);
    assert!(take(&mut Own(&mut memory, SCHEDULES), &found).unwrap());
    put(&mut memory, "shop", "tick", 2 * SECOND, ONCE);
    assert_eq!(first_due(&mut memory, 2 * SECOND).due, 2 * SECOND);
}

#[test]
fn e4_failures_wait_twice_as_long_each_time_and_then_the_schedule_is_set_aside() {
    let mut memory = Memory::default();
    put(&mut memory, "shop", "close", SECOND, Retries { most: 3, wait: 10 * SECOND });
    let mut now = SECOND;
    for wait in [10, 20, 40] {
        let found = first_due(&mut memory, now);
        assert_eq!(found.due, SECOND, "the time it was meant for stays");
        let next = now + wait * SECOND;
        assert_eq!(failed(&mut Own(&mut memory, SCHEDULES), &found, now).unwrap(), Failed::RetryAt(next));
        assert!(due_names(&mut memory, next - 1).is_empty());
        now = next;
    }
    let last = first_due(&mut memory, now);
    assert_eq!(last.failures, 3);
    let rows = &mut Own(&mut memory, SCHEDULES);
    assert_eq!(failed(rows, &last, now).unwrap(), Failed::SetAside);
    let aside = SetAside { plugin: shop(), name: "close".into(), due: SECOND, next: None };
    assert_eq!(set_aside(rows, 10).unwrap(), [aside]);
    assert!(due_names(&mut memory, u64::MAX).is_empty());
    // Setting it anew takes it up again, and it is not counted twice.
    put(&mut memory, "shop", "close", now, ONCE);
    assert_eq!(count(&mut Own(&mut memory, SCHEDULES), "shop").unwrap(), 1);
    assert_eq!(due_names(&mut memory, now), ["shop/close"]);
}

#[test]
fn e4_waits_end_at_thirty_days_whatever_was_asked() {
    let row = |retry_wait, failures| Row {
        due: 0,
        next: None,
        payload: vec![],
        retries_most: 20,
        retry_wait,
        failures,
        every: None,
        given_up: None,
    };
    assert_eq!(wait(&row(1, 3)), 8);
    assert_eq!(wait(&row(u64::MAX, 0)), WAIT_MICROS_MAX);
    assert_eq!(wait(&row(SECOND, 200)), WAIT_MICROS_MAX);
}

#[test]
fn e4_limits_of_a_schedule_are_refused_by_name() {
    let mut memory = Memory::default();
    let rows = &mut Own(&mut memory, SCHEDULES);
    let mut try_set = |name: &str, when, payload: &[u8]| {
        set(rows, &mut Changes::default(), &shop(), name, when, payload, ONCE).unwrap()
    };
    assert_eq!(try_set("", When::At(0), b""), Err(SetError::NameLength(0)));
    assert_eq!(try_set(&"n".repeat(201), When::At(0), b""), Err(SetError::NameLength(201)));
    assert_eq!(try_set("n", When::At(0), &[0; 4_097]), Err(SetError::PayloadLength(4_097)));
    assert_eq!(try_set(&"n".repeat(200), When::At(0), &[0; 4_096]), Ok(()));
}

#[test]
fn e4_too_many_schedules_or_changes_doom_the_command() {
    let mut memory = Memory::default();
    let changes = &mut Changes::default();
    let rows = &mut Own(&mut memory, SCHEDULES);
    for n in 0..CHANGES_PER_COMMAND_MAX {
        set(rows, changes, &shop(), &format!("{n}"), When::At(0), b"", ONCE).unwrap().unwrap();
    }
    assert_eq!(cancel(rows, changes, &shop(), "0").unwrap_err().code(), "quota");
    for n in CHANGES_PER_COMMAND_MAX..SCHEDULES_PER_PLUGIN_MAX {
        set(rows, &mut Changes::default(), &shop(), &format!("{n}"), When::At(0), b"", ONCE)
            .unwrap()
            .unwrap();
    }
    let one_more = set(rows, &mut Changes::default(), &shop(), "more", When::At(0), b"", ONCE);
    assert_eq!(one_more.unwrap_err().code(), "quota");
    // Replacing one is no more.
    set(rows, &mut Changes::default(), &shop(), "7", When::At(1), b"", ONCE).unwrap().unwrap();
    cancel(rows, &mut Changes::default(), &shop(), "8").unwrap();
    set(rows, &mut Changes::default(), &shop(), "more", When::At(0), b"", ONCE).unwrap().unwrap();
}

mod recurring;
