//! E4: a schedule that comes again: missed times, retries, its end.

use super::*;

const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

fn every(rule: &str, missed: Missed) -> When {
    When::Every(Recurrence { rule: rule.into(), zone: "UTC".into(), start: 0, missed })
}

fn put_every(memory: &mut Memory, when: &When, retries: Retries, now: u64) {
    let order = Order { name: "tick", when, payload: b"x", retries, now };
    let rows = &mut Own(memory, SCHEDULES);
    super::super::set(rows, &mut Changes::default(), &shop(), order).unwrap().unwrap();
}

/// What runs at `now`, one after another, each well.
fn runs(memory: &mut Memory, now: u64) -> Vec<u64> {
    let mut ran = Vec::new();
    loop {
        let rows = &mut Own(memory, SCHEDULES);
        let Some(found) = due(rows, now, 1, &|_| true).unwrap().pop() else { return ran };
        assert!(take(rows, &found).unwrap());
        assert!(!take(rows, &found).unwrap(), "not a second time");
        if !found.forgotten {
            ran.push(found.due);
        }
    }
}

fn next_of(memory: &mut Memory) -> Option<u64> {
    next_due(&mut Own(memory, SCHEDULES)).unwrap()
}

#[test]
fn e4_a_recurring_schedule_runs_at_each_of_its_times() {
    let mut memory = Memory::default();
    put_every(&mut memory, &every("FREQ=DAILY;BYHOUR=6,18", Missed::Once), ONCE, 0);
    for time in [6 * HOUR, 18 * HOUR, 30 * HOUR] {
        assert_eq!(next_of(&mut memory), Some(time));
        assert!(runs(&mut memory, time - 1).is_empty());
        assert_eq!(runs(&mut memory, time + SECOND), [time]);
    }
    assert_eq!(count(&mut Own(&mut memory, SCHEDULES), "shop").unwrap(), 1);
}

#[test]
fn e4_its_first_time_is_not_before_it_was_set_and_counted_from_its_start() {
    let mut memory = Memory::default();
    put_every(&mut memory, &every("FREQ=DAILY;COUNT=3", Missed::Each), ONCE, DAY + 1);
    assert_eq!(next_of(&mut memory), Some(2 * DAY));
    assert_eq!(runs(&mut memory, 2 * DAY), [2 * DAY]);
    assert_eq!(next_of(&mut memory), None);
    assert_eq!(count(&mut Own(&mut memory, SCHEDULES), "shop").unwrap(), 0, "it is over");
}

#[test]
fn e4_times_that_passed_run_once_or_each_or_not_at_all_as_was_asked() {
    // Times at 1 h, 2 h, 3 h, … ; the host is off from the start until ten minutes after the third.
    let back = 3 * HOUR + 10 * MINUTE;
    for (missed, ran) in [
        (Missed::Once, vec![3 * HOUR]),
        (Missed::Each, vec![HOUR, 2 * HOUR, 3 * HOUR]),
        (Missed::Skip, vec![]),
    ] {
        let mut memory = Memory::default();
        put_every(&mut memory, &every("FREQ=HOURLY", missed), ONCE, 1);
        assert_eq!(runs(&mut memory, back), ran, "{missed:?}");
        assert_eq!(next_of(&mut memory), Some(4 * HOUR), "{missed:?}");
        assert_eq!(runs(&mut memory, 4 * HOUR), [4 * HOUR], "{missed:?}");
    }
}

#[test]
fn e4_a_time_within_the_last_minute_is_not_missed() {
    for (late, ran) in [(ON_TIME_MICROS, vec![2 * HOUR]), (ON_TIME_MICROS + 1, vec![])] {
        let mut memory = Memory::default();
        put_every(&mut memory, &every("FREQ=HOURLY", Missed::Skip), ONCE, 1);
        // The first is missed in any case.
        assert_eq!(runs(&mut memory, 2 * HOUR + late), ran);
    }
}

#[test]
fn e4_each_runs_for_at_most_so_many_missed_times_and_then_for_those_on_time() {
    let mut memory = Memory::default();
    put_every(&mut memory, &every("FREQ=MINUTELY", Missed::Each), ONCE, 1);
    let back = 5_000 * MINUTE + SECOND;
    let ran = runs(&mut memory, back);
    let most = usize::try_from(EACH_MAX).unwrap();
    assert_eq!(ran.len(), most + 1, "the missed ones, and the one that is on time");
    assert_eq!((ran[0], ran[most - 1]), (MINUTE, u64::from(EACH_MAX) * MINUTE), "the oldest first");
    assert_eq!(ran[most], 5_000 * MINUTE);
    // Being on time, it may be late again.
    assert_eq!(runs(&mut memory, back + 3 * MINUTE).len(), 3);
}

#[test]
fn e4_a_year_off_is_passed_over_without_walking_through_its_minutes() {
    let mut memory = Memory::default();
    put_every(&mut memory, &every("FREQ=DAILY;BYMINUTE=0,1,2,3,4,5,6,7,8,9", Missed::Once), ONCE, 1);
    let started = std::time::Instant::now();
    assert_eq!(runs(&mut memory, 365 * DAY + 30 * MINUTE), [365 * DAY + 9 * MINUTE]);
    assert!(started.elapsed() < std::time::Duration::from_millis(100), "{:?}", started.elapsed());
}

#[test]
fn e4_a_time_that_fails_is_tried_again_for_the_same_time_and_then_the_next_time_comes() {
    let mut memory = Memory::default();
    let retries = Retries { most: 1, wait: 2 * HOUR };
    put_every(&mut memory, &every("FREQ=HOURLY", Missed::Skip), retries, 1);
    let found = first_due(&mut memory, HOUR);
    let rows = &mut Own(&mut memory, SCHEDULES);
    assert_eq!(failed(rows, &found, HOUR).unwrap(), Failed::RetryAt(3 * HOUR));
    let again = first_due(&mut memory, 3 * HOUR);
    assert_eq!((again.due, again.forgotten, again.failures), (HOUR, false, 1));
    let rows = &mut Own(&mut memory, SCHEDULES);
    assert_eq!(failed(rows, &again, 3 * HOUR).unwrap(), Failed::NextAt(2 * HOUR));
    let seen = SetAside { plugin: shop(), name: "tick".into(), due: HOUR, next: Some(2 * HOUR) };
    assert_eq!(set_aside(rows, 10).unwrap(), [seen]);
    // 2 h passed meanwhile and is skipped; 3 h is on time.
    assert_eq!(runs(&mut memory, 3 * HOUR), [3 * HOUR]);
    assert!(set_aside(&mut Own(&mut memory, SCHEDULES), 10).unwrap().is_empty(), "it ran well since");
}

#[test]
fn e4_the_last_time_of_a_rule_that_fails_stays_for_stewards_to_see() {
    let mut memory = Memory::default();
    put_every(&mut memory, &every("FREQ=HOURLY;COUNT=2", Missed::Once), ONCE, 1);
    let found = first_due(&mut memory, HOUR);
    let rows = &mut Own(&mut memory, SCHEDULES);
    assert_eq!(failed(rows, &found, HOUR).unwrap(), Failed::SetAside);
    assert_eq!(set_aside(rows, 10).unwrap().len(), 1);
    assert_eq!(next_of(&mut memory), None);
}

#[test]
fn e4_a_run_may_cancel_or_replace_its_recurring_schedule() {
    let mut memory = Memory::default();
    let daily = every("FREQ=DAILY", Missed::Once);
    put_every(&mut memory, &daily, ONCE, 1);
    let found = first_due(&mut memory, DAY);
    let rows = &mut Own(&mut memory, SCHEDULES);
    assert!(take(rows, &found).unwrap());
    assert!(cancel(rows, &mut Changes::default(), &shop(), "tick").unwrap());
    assert_eq!(next_of(&mut memory), None);
    put_every(&mut memory, &daily, ONCE, DAY);
    put_every(&mut memory, &When::At(5 * DAY), ONCE, DAY);
    assert_eq!(runs(&mut memory, 9 * DAY), [5 * DAY]);
    assert_eq!(next_of(&mut memory), None);
}

#[test]
fn e4_a_recurrence_that_cannot_be_is_refused_in_a_sentence() {
    let mut memory = Memory::default();
    let rows = &mut Own(&mut memory, SCHEDULES);
    let mut refusal = |rule: &str, zone: &str, now| {
        let when =
            When::Every(Recurrence { rule: rule.into(), zone: zone.into(), start: 0, missed: Missed::Once });
        let order = Order { name: "n", when: &when, payload: b"", retries: ONCE, now };
        match super::super::set(rows, &mut Changes::default(), &shop(), order).unwrap() {
            Err(SetError::RecurrenceInvalid(why)) => why,
            other => panic!("{rule}: {other:?}"),
        }
    };
    for (rule, zone, now, why) in [
        ("FREQ=DAILY", "Middle/Earth", 0, "time zone"),
        ("FREQ=DAILY;UNTIL=19700105T000000Z", "UTC", 5 * DAY, "no further time"),
        ("FREQ=DAILY;COUNT=5", "UTC", 5 * DAY, "no further time"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "UTC", 0, "no further time"),
        ("FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4;COUNT=1", "UTC", 0, "no time"),
        ("FREQ=DAILY;BYSECOND=1", "UTC", 0, "BYSECOND"),
        ("every day", "UTC", 0, "NAME=VALUE"),
    ] {
        let said = refusal(rule, zone, now);
        assert!(said.contains(why), "{rule}: {said}");
    }
    assert!(memory.0.is_empty());
}
