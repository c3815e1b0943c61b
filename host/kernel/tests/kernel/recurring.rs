//! E4: schedules that come again, in the real kernel.

use hamlet_kernel::rows::ReadOnly;
use hamlet_kernel::schedule::{self, SetAside};
use hamlet_kernel::{KernelConfig, namespaces};

use crate::common::{NEW_YEAR, Village, anna};

const HOUR: u64 = 3_600_000_000;

fn awake() -> Village {
    let village = Village::with(|config| config.limits.background = true);
    village.install_all();
    village
}

/// Goes on to a time; a steward says that so it is (T9).
fn go_to(village: &Village, time: u64) {
    village.forward(time - village.kernel.now());
    village.run("first", "now").unwrap();
    village.kernel.confirm_clock();
}

/// The times for which each schedule ran last.
fn ran(village: &Village) -> String {
    village.by(anna(), "first", "look", "scan ran s 9 forward").unwrap().unwrap()
}

fn given_up(village: &Village) -> Vec<SetAside> {
    let namespace = namespaces::SCHEDULES;
    village.kernel.read(|rows| schedule::set_aside(&mut ReadOnly { rows, namespace }, 9)).unwrap()
}

#[test]
fn e4_a_recurring_schedule_runs_at_each_of_its_times() {
    let village = awake();
    let first = NEW_YEAR + HOUR;
    village.run("first", &format!("every tick FREQ=HOURLY UTC {first} each [add count 1]")).unwrap();
    for due in [first, first + HOUR, first + 2 * HOUR] {
        go_to(&village, due + 1_000_000);
        village.eventually("a run", || ran(&village) == format!("ran tick={due}>-"));
    }
    assert_eq!(village.run("first", "add count 0").unwrap(), "3");
}

#[test]
fn e4_a_recurring_schedule_is_rolled_back_with_its_transaction_and_can_be_cancelled_and_replaced() {
    let village = awake();
    let every = |rule: &str| format!("every tick {rule} Europe/Madrid {} once [set who x]", NEW_YEAR + HOUR);
    village.run("first", &format!("{}; fail no", every("FREQ=DAILY"))).unwrap_err();
    assert_eq!(village.run("first", "cancel tick").unwrap(), "false", "it was rolled back");
    assert_eq!(village.run("first", &every("FREQ=DAILY")).unwrap(), "ok");
    assert_eq!(village.run("first", "cancel tick").unwrap(), "true");
    assert_eq!(village.run("first", &every("FREQ=DAILY")).unwrap(), "ok");
    assert_eq!(village.run("first", &every("FREQ=DAILY&INTERVAL=2&BYHOUR=6")).unwrap(), "ok");
    go_to(&village, NEW_YEAR + 2 * HOUR);
    std::thread::sleep(std::time::Duration::from_millis(30));
    assert_eq!(village.get("first", "who"), "-", "what was replaced does not run");
    go_to(&village, NEW_YEAR + 5 * HOUR + 1_000_000);
    village.eventually("six in Madrid", || village.get("first", "who") == "x");
    let refused = village.run("first", &every("FREQ=DAILY&BYHOUR=25")).unwrap();
    assert!(refused.contains("RecurrenceInvalid") && refused.contains("BYHOUR"), "{refused}");
}

#[test]
fn e4_a_recurring_schedule_survives_a_restart_and_does_what_was_asked_about_missed_times() {
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        Village::with(|config| {
            let folder = KernelConfig::in_dir(dir.path());
            (config.dir, config.store) = (folder.dir, folder.store);
            config.limits.background = true;
        })
    };
    let village = open();
    village.install_all();
    let every = |name: &str, missed: &str| {
        format!("every {name} FREQ=HOURLY UTC {} {missed} [add {name} 1]", NEW_YEAR + HOUR)
    };
    let script = [every("a", "once"), every("b", "each"), every("c", "skip")].join("; ");
    assert_eq!(village.run("first", &script).unwrap(), "ok,ok,ok");
    village.kernel.shutdown();
    drop(village);

    let village = open();
    village.forward(5 * HOUR + HOUR / 2);
    // Being off for longer than an hour makes no clock suspect; jumping while it runs does.
    village.kernel.confirm_clock();
    let newest = NEW_YEAR + 5 * HOUR;
    let both = format!("ran a={newest}|ran b={newest}>-");
    village.eventually("what was missed", || {
        village.kernel.confirm_clock();
        ran(&village) == both
    });
    assert_eq!(village.run("first", "add a 0; add b 0; add c 0").unwrap(), "1,5,0");
    go_to(&village, NEW_YEAR + 6 * HOUR + 1_000_000);
    village.eventually("the next", || village.run("first", "add a 0; add b 0; add c 0").unwrap() == "2,6,1");
}

#[test]
fn t9_recurring_schedules_pause_while_the_clock_is_suspect() {
    let village = awake();
    let first = NEW_YEAR + HOUR;
    village.run("first", &format!("every tick FREQ=HOURLY UTC {first} once [add count 1]")).unwrap();
    village.forward(10 * HOUR);
    village.run("first", "now").unwrap();
    assert!(village.kernel.clock_suspect());
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert_eq!(ran(&village), ">-");
    village.kernel.confirm_clock();
    let newest = NEW_YEAR + 10 * HOUR;
    village.eventually("the schedule", || ran(&village) == format!("ran tick={newest}>-"));
    assert_eq!(village.run("first", "add count 0").unwrap(), "1");
}

#[test]
fn e4_a_time_that_fails_is_undone_and_given_up_and_the_next_one_comes() {
    let village = awake();
    let first = NEW_YEAR + HOUR;
    village.run("first", &format!("every tick FREQ=HOURLY UTC {first} once [set tried 1; fail no]")).unwrap();
    for due in [first, first + HOUR] {
        go_to(&village, due);
        let given = SetAside { plugin: "first".into(), name: "tick".into(), due, next: Some(due + HOUR) };
        village.eventually("giving up", || {
            village.forward(1_000);
            village.run("first", "now").unwrap();
            given_up(&village) == [given.clone()]
        });
    }
    assert_eq!((&*village.get("first", "tried"), &*ran(&village)), ("-", ">-"), "an err undoes it");
}
