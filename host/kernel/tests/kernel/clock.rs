//! T9: a clock that jumps, through the kernel: time never goes back, schedules wait for a steward, and nothing is lost
//! or done twice.

use std::sync::atomic::Ordering;

use hamlet_kernel::{Actor, Kernel, KernelConfig};

use crate::common::{Hands, NEW_YEAR, Tally, Village, Villagers, anna, key, script, text};

const SECOND: u64 = 1_000_000;
const HOUR: u64 = 3_600 * SECOND;

fn awake() -> Village {
    let village = Village::with(|config| config.limits.background = true);
    village.install_all();
    village
}

fn now(village: &Village) -> u64 {
    village.run("first", "now").unwrap().parse().unwrap()
}

fn set(village: &Village, time: u64) {
    village.hands.0.store(time, Ordering::SeqCst);
}

#[test]
fn t9_time_stands_still_while_the_clock_is_behind_and_goes_on_with_it() {
    let village = awake();
    village.forward(10 * SECOND);
    let before = now(&village);
    assert_eq!(before, NEW_YEAR + 10 * SECOND);
    set(&village, NEW_YEAR - 300 * SECOND);
    for _ in 0..3 {
        assert_eq!(now(&village), before, "it never goes back");
    }
    assert_eq!(village.kernel.now(), before, "for queries neither");
    assert!(!village.kernel.clock_suspect(), "five minutes are a clock that was set right");
    set(&village, before + 1);
    assert_eq!(now(&village), before + 1);
}

#[test]
fn t9_schedules_wait_for_a_steward_after_a_jump_either_way_and_then_run_once() {
    for forward in [true, false] {
        let village = awake();
        village.forward(10 * HOUR);
        now(&village);
        village.kernel.confirm_clock();
        let start = now(&village);
        let due = start + 60 * SECOND;
        village.run("first", &format!("at tea {due} [add runs 1]")).unwrap();
        set(&village, if forward { start + 5 * HOUR } else { start - 5 * HOUR });
        now(&village);
        assert!(village.kernel.clock_suspect(), "forward: {forward}");
        // Commands go on, and so do events: only what depends on the time of day waits.
        village.run("first", "emit one").unwrap();
        village.eventually("hearing", || village.get("third", "heard") == "- one");
        assert_eq!(village.run("first", "add runs 0").unwrap(), "0", "forward: {forward}");

        // The steward sets the clock right, and says so.
        set(&village, due + SECOND);
        village.kernel.confirm_clock();
        village.eventually("the schedule", || ran(&village));
        assert_eq!(village.run("first", "add runs 0").unwrap(), "1", "forward: {forward}");
        now(&village);
        assert!(!village.kernel.clock_suspect());
    }
}

fn ran(village: &Village) -> bool {
    village.by(anna(), "first", "look", "scan ran s 9 forward").unwrap().unwrap().contains("ran tea=")
}

#[test]
fn t9_a_jump_while_the_host_was_off_is_met_when_it_starts() {
    let dir = tempfile::tempdir().unwrap();
    let hands = std::sync::Arc::new(Hands(std::sync::atomic::AtomicU64::new(NEW_YEAR)));
    let open = || {
        let mut config = KernelConfig::in_dir(dir.path());
        config.clock = std::sync::Arc::clone(&hands) as _;
        config.directory = std::sync::Arc::new(Villagers);
        config.natives = vec![std::sync::Arc::new(Tally)];
        Kernel::open(config).unwrap()
    };
    let kernel = open();
    for name in ["third", "first-alone", "second", "first"] {
        let hash = kernel.stage(&crate::common::guest(name)).unwrap();
        let call = hamlet_kernel::Call::new(
            Actor::Console,
            "host",
            "plugins",
            "activate",
            crate::common::granting_all(hash),
        );
        kernel.call_blocking(call).unwrap().result.unwrap();
    }
    let say = |kernel: &Kernel, line: &str| {
        text(kernel.call_blocking(script(anna(), "first", line)).unwrap().result).unwrap()
    };
    hands.0.store(NEW_YEAR + HOUR, Ordering::SeqCst);
    kernel.confirm_clock();
    assert_eq!(say(&kernel, "now"), (NEW_YEAR + HOUR).to_string());
    drop(kernel);
    // The battery of the box's clock was empty.
    hands.0.store(0, Ordering::SeqCst);
    let kernel = open();
    assert_eq!(
        say(&kernel, "now"),
        (NEW_YEAR + HOUR).to_string(),
        "it never goes back, over a restart neither"
    );
    assert!(kernel.clock_suspect(), "and the steward is told");
    // A key of now is not taken for one of the future or of long ago (X2).
    let mut call = script(anna(), "first", "add paid 1");
    call.idempotency = Some(key(NEW_YEAR + HOUR, 1));
    assert_eq!(text(kernel.call_blocking(call).unwrap().result).unwrap(), "1");
}
