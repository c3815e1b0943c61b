//! T7: what is long runs beside the sequencer, and nobody waits for it; what it read is checked before it commits.

mod history;

use std::sync::atomic::Ordering;
use std::time::Duration;

use hamlet_kernel::fair::Bounds;
use hamlet_kernel::{Actor, Answer, Call, CallError, KernelConfig, MetricsSnapshot};
use tokio::task::JoinHandle;
use wasmtime::component::Val;

use crate::common::{
    ANNA, HOUSE, NEW_YEAR, Village, anna, berta, block_on, guest, guest_with, key, long, script, text,
};

type Answered = JoinHandle<Result<Answer, CallError>>;

/// The first guest without its peers; `run` is long, `again` is not.
fn village(change: impl FnOnce(&mut KernelConfig)) -> Village {
    let village = Village::with(|config| {
        config.limits.beside_time = Duration::from_secs(20);
        config.limits.beside_threads = 2;
        change(config);
    });
    village.install(&guest_with("first-alone", long));
    village
}

/// A command that has its time on the sequencer.
fn short(village: &Village, line: &str) -> Result<String, String> {
    village.by(berta(), "first", "again", line).unwrap()
}

/// Calls at once, on a thread of its own: a test may wait without letting its runtime go on.
fn start(village: &Village, call: Call) -> Answered {
    let kernel = village.kernel.clone();
    tokio::task::spawn_blocking(move || kernel.call_blocking(call))
}

fn numbers(village: &Village) -> MetricsSnapshot {
    village.kernel.metrics().snapshot()
}

/// Waits until so many runs beside have their snapshot.
fn until_beside(village: &Village, runs: u64) {
    village.eventually("a run beside", || numbers(village).beside >= runs);
}

/// Keeps a command at work for some hundred milliseconds, reading one key.
const WORK: &str = "repeat 400000 [get nothing]";

#[test]
fn t7_payments_go_on_while_a_long_scan_and_an_endless_loop_run() {
    let village = village(|config| config.limits.beside_time = Duration::from_secs(8));
    for part in 0..6 {
        village.run("first", &format!("rows r {}0000 20000", part * 2)).unwrap();
    }
    block_on(async {
        let before = numbers(&village).beside;
        let spinning = start(&village, script(anna(), "first", "spin"));
        let scanning = start(&village, script(berta(), "first", "repeat 5 [tally r s]"));
        until_beside(&village, before + 2);
        let (mut during_both, mut during_the_loop) = (0, 0);
        while during_both + during_the_loop < 500 {
            let bump = Call::new(berta(), "first", "", "bump", vec![Val::U64(during_both % 8), Val::U64(1)]);
            village.kernel.call(bump).await.unwrap();
            assert!(!spinning.is_finished(), "{during_both} and {during_the_loop} payments in seconds");
            *(if scanning.is_finished() { &mut during_the_loop } else { &mut during_both }) += 1;
        }
        assert!(
            during_both >= 20,
            "{during_both} payments beside scan and loop, {during_the_loop} beside the loop"
        );
        let counted = scanning.await.unwrap().unwrap();
        assert_eq!(text(counted.result).unwrap(), "120000");
        let ended = spinning.await.unwrap().unwrap_err();
        assert!(matches!(ended, CallError::Deadline { milliseconds: 8_000, .. }), "{ended:?}");
        assert_eq!((numbers(&village).deadlines, numbers(&village).conflicts), (1, 0));
    });
}

#[test]
fn t7_what_is_found_long_costs_the_sequencer_its_time_once() {
    let village = Village::empty();
    village.install(&guest("first-alone"));
    assert_eq!(village.doomed("first", "spin").code(), "deadline");
    assert_eq!(numbers(&village).deadlines, 2, "on the sequencer and beside");
    assert_eq!(village.doomed("first", "spin").code(), "deadline");
    assert_eq!((numbers(&village).deadlines, numbers(&village).beside), (3, 2), "beside at once");
    // Another function of the same plugin is another.
    assert_eq!(short(&village, "set a 1").unwrap(), "ok");
    assert_eq!(numbers(&village).beside, 2);
}

#[test]
fn t7_one_that_needs_longer_than_the_sequencer_has_ends_well_beside() {
    let village = Village::with(|config| config.limits.beside_time = Duration::from_secs(20));
    village.install(&guest("first-alone"));
    let answer = village.run("first", &format!("{WORK}; set a 1; rows r 0 1000")).unwrap();
    assert_eq!(answer, "-,ok,ok");
    assert_eq!((village.get("first", "a"), numbers(&village).beside), ("1".into(), 1));
}

#[test]
fn t7_a_conflict_is_run_again_on_what_is_true_now() {
    let village = village(|_| {});
    short(&village, "set x old").unwrap();
    block_on(async {
        let slow = start(&village, script(anna(), "first", &format!("get x; {WORK}; set y 1")));
        until_beside(&village, 1);
        short(&village, "set x new").unwrap();
        assert_eq!(text(slow.await.unwrap().unwrap().result).unwrap(), "new,-,ok");
    });
    assert_eq!((numbers(&village).conflicts, numbers(&village).beside), (1, 2));
}

#[test]
fn t7_after_three_conflicts_it_is_contended_and_nothing_of_it_is_there() {
    let village = village(|_| {});
    block_on(async {
        let slow = start(&village, script(anna(), "first", &format!("get x; {WORK}; set y 1")));
        for run in 1..=3 {
            until_beside(&village, run);
            short(&village, &format!("set x {run}")).unwrap();
        }
        let refused = slow.await.unwrap().unwrap_err();
        assert!(matches!(refused, CallError::Contended { conflicts: 3 }), "{refused:?}");
    });
    assert_eq!(village.get("first", "y"), "-");
    assert_eq!((numbers(&village).conflicts, numbers(&village).contended), (3, 1));
}

#[test]
fn t7_a_new_row_in_a_range_that_was_scanned_is_a_conflict_and_one_outside_is_none() {
    for (row, conflicts) in [("m", 1), ("z", 0), ("c", 0)] {
        let village = village(|_| {});
        short(&village, "set d 1; set p 1; set t 1").unwrap();
        block_on(async {
            // At most two rows: what comes behind them is not depended on.
            let line = format!("scan d z 2 forward; {WORK}; set y 1");
            let slow = start(&village, script(anna(), "first", &line));
            until_beside(&village, 1);
            short(&village, &format!("set {row} 1")).unwrap();
            slow.await.unwrap().unwrap().result.unwrap();
        });
        assert_eq!(numbers(&village).conflicts, conflicts, "{row}");
    }
}

#[test]
fn t7_two_that_write_the_same_row_unread_conflict_so_no_older_value_replaces_a_newer() {
    let village = village(|_| {});
    block_on(async {
        let slow = start(&village, script(anna(), "first", &format!("{WORK}; set seen long")));
        until_beside(&village, 1);
        short(&village, "set seen short").unwrap();
        slow.await.unwrap().unwrap().result.unwrap();
    });
    assert_eq!((village.get("first", "seen"), numbers(&village).conflicts), ("long".into(), 1));
}

#[test]
fn t7_one_that_only_reads_stands_at_its_snapshot_whatever_changes() {
    let village = village(|_| {});
    short(&village, "rows r 0 10").unwrap();
    block_on(async {
        let mut call = script(anna(), "first", &format!("{WORK}; tally r s"));
        call.idempotency = Some(key(NEW_YEAR, 1));
        let slow = start(&village, call.clone());
        until_beside(&village, 1);
        short(&village, "rows r 10 5").unwrap();
        assert_eq!(text(slow.await.unwrap().unwrap().result).unwrap(), "-,10");
        let again = village.kernel.call(call).await.unwrap();
        assert_eq!((again.replayed, text(again.result).unwrap()), (true, "-,10".into()), "X1");
    });
    assert_eq!(numbers(&village).conflicts, 0);
}

#[test]
fn x1_a_key_that_is_raced_beside_runs_once() {
    let village = village(|_| {});
    let call = |line: &str| {
        let mut call = script(anna(), "first", line);
        call.idempotency = Some(key(NEW_YEAR, 7));
        call
    };
    block_on(async {
        let line = format!("{WORK}; add n 1");
        let both = [start(&village, call(&line)), start(&village, call(&line))];
        let mut replayed = Vec::new();
        for one in both {
            let answer = one.await.unwrap().unwrap();
            assert!(text(answer.result).unwrap().ends_with(",1"));
            replayed.push(answer.replayed);
        }
        replayed.sort_unstable();
        assert_eq!(replayed, [false, true]);
    });
    assert_eq!(short(&village, "add n 0").unwrap(), "1");
}

#[test]
fn t2_errs_and_traps_beside_leave_nothing_and_an_err_with_a_key_is_kept() {
    let village = village(|_| {});
    let before = village.kernel.head();
    assert_eq!(village.run("first", "set a 1; fail no").unwrap_err(), "no");
    assert_eq!(village.doomed("first", "set a 1; trap").code(), "trapped");
    assert_eq!(village.kernel.head(), before, "nothing to commit");
    let mut call = script(anna(), "first", "set a 1; fail no");
    call.idempotency = Some(key(NEW_YEAR, 1));
    for replayed in [false, true] {
        let answer = village.kernel.call_blocking(call.clone()).unwrap();
        assert_eq!((answer.replayed, text(answer.result).unwrap_err()), (replayed, "no".into()));
    }
    assert_eq!(village.get("first", "a"), "-");
    assert_eq!(numbers(&village).beside, 4);
}

#[test]
fn t7_dry_runs_and_several_calls_in_one_go_beside_too() {
    let village = Village::with(|config| config.limits.beside_time = Duration::from_secs(20));
    village.install(&guest("first-alone"));
    let line = format!("{WORK}; set a 1");
    block_on(async {
        let dry = village.kernel.dry_run(script(anna(), "first", &line)).await.unwrap();
        assert_eq!(text(dry.result).unwrap(), "-,ok");
        assert_eq!(village.get("first", "a"), "-");
        let again = |line: &str| Call::new(anna(), "first", "", "again", script(anna(), "", line).arguments);
        let both = || vec![again("set b 1"), again(&line), again("get b")];
        let answers = village.kernel.call_all(both()).await.unwrap();
        assert_eq!(text(answers[2].result.clone()).unwrap(), "1");
        assert_eq!(numbers(&village).beside, 2);
        // Long with others says nothing of it alone.
        assert_eq!(short(&village, "get a").unwrap(), "1");
        assert_eq!(numbers(&village).beside, 2);
        village.kernel.call_all(both()).await.unwrap();
        assert_eq!(numbers(&village).deadlines, 2, "at once beside the second time");
        let failing = vec![again("set c 1"), again("fail no")];
        assert_eq!(village.kernel.call_all(failing).await.unwrap_err().index, 1);
        assert_eq!(village.get("first", "c"), "-");
    });
}

#[test]
fn e1_events_from_beside_are_numbered_where_they_are_applied_and_conflict_with_nobody() {
    let village = Village::with(|config| {
        config.limits.background = true;
        config.limits.beside_time = Duration::from_secs(20);
    });
    for name in ["third", "first-alone", "second"] {
        village.install(&guest(name));
    }
    village.install(&guest_with("first", long));
    let mut stream = village.kernel.subscribe_events();
    block_on(async {
        // What an err undoes is not told.
        let line = format!(
            "emit l1; {WORK}; emit l2; call second run [call first again [emit lost; fail no]; fail no]"
        );
        let slow = start(&village, script(anna(), "first", &line));
        until_beside(&village, 1);
        short(&village, "emit s1; emit s2").unwrap();
        slow.await.unwrap().unwrap().result.unwrap();
        short(&village, "emit s3").unwrap();
    });
    assert_eq!(numbers(&village).conflicts, 0);
    let told: Vec<(u64, String)> = std::iter::from_fn(|| stream.try_recv().ok())
        .map(|note| match &note.arguments[0] {
            Val::String(text) => (note.number, text.clone()),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [(1, "s1"), (2, "s2"), (3, "l1"), (4, "l2"), (5, "s3")];
    assert_eq!(told, expected.map(|(number, text)| (number, text.to_owned())));
    village.eventually("hearing", || village.get("third", "heard") == "- s1 s2 l1 l2 s3");
}

#[test]
fn w2_a_confirmation_is_collected_beside_and_good_once_though_the_command_runs_twice() {
    let village = Village::with(|config| config.limits.beside_time = Duration::from_secs(20));
    for name in ["third", "first-alone"] {
        village.install(&guest(name));
    }
    village.install(&guest("second"));
    village.install(&guest_with("first", long));
    // `second` asks for the house's consent, `first` calls it.
    let line = format!("get x; {WORK}; ?call second run [?need spend purse {:x} 5]; set done 1", HOUSE.0);
    let call = script(anna(), "first", &line);
    let CallError::ConfirmationNeeded { needs, code } =
        village.kernel.call_blocking(call.clone()).unwrap_err()
    else {
        panic!("no confirmation was asked for")
    };
    assert_eq!((needs.len(), needs[0].amount, code.is_empty()), (1, Some(5), false));
    let runs = numbers(&village).beside;
    block_on(async {
        let confirmed = Call { confirmation: Some(code.clone()), ..call.clone() };
        let slow = start(&village, confirmed.clone());
        until_beside(&village, runs + 1);
        short(&village, "set x 1").unwrap();
        slow.await.unwrap().unwrap().result.unwrap();
        assert_eq!(numbers(&village).conflicts, 1);
        let used = village.kernel.call(confirmed).await.unwrap_err();
        assert!(matches!(used, CallError::ConfirmationUnknown), "{used:?}");
    });
    assert_eq!(village.get("first", "done"), "1");
}

#[test]
fn c7_quotas_are_checked_again_where_it_is_applied() {
    let village = Village::with(|config| {
        config.limits.beside_time = Duration::from_secs(20);
        config.limits.beside_threads = 2;
    });
    village.install(&guest_with("first-alone", |text| long(text.replace("8 MiB", "100 KiB"))));
    block_on(async {
        let slow = start(&village, script(anna(), "first", &format!("{WORK}; value 60000")));
        until_beside(&village, 1);
        short(&village, "fill 1 60000").unwrap();
        let refused = slow.await.unwrap().unwrap_err();
        assert!(matches!(&refused, CallError::Quota { what, .. } if what.contains("storage")), "{refused:?}");
    });
    assert_eq!(village.get("first", "value"), "-");
}

#[test]
fn t7_rows_to_be_applied_are_limited_because_that_too_takes_the_sequencers_time() {
    let village = village(|_| {});
    assert_eq!(village.run("first", "rows r 0 50000").unwrap(), "ok");
    let refused = village.doomed("first", "rows s 0 50001");
    assert!(matches!(&refused, CallError::Quota { what, .. } if what.contains("50000 rows")), "{refused:?}");
}

#[test]
fn t8_the_queue_beside_is_bounded_by_principal_and_by_plugin() {
    let village = village(|config| {
        config.limits.beside_threads = 1;
        config.limits.beside_time = Duration::from_secs(1);
        config.limits.beside_queue = Bounds { people: 12, background: 4, per_principal: 2 };
    });
    block_on(async {
        let running = start(&village, script(anna(), "first", "spin"));
        until_beside(&village, 1);
        let call = |actor: Actor| start(&village, script(actor, "first", "get a"));
        let mut waiting = Vec::new();
        for (number, actor) in [anna(), anna(), berta()].into_iter().enumerate() {
            waiting.push(call(actor));
            village.eventually("waiting", || village.kernel.waiting() == number + 1);
        }
        // Two of hers wait already; and three of the plugin's, of which a quarter of all may.
        for refused in [anna(), Actor::Console] {
            assert!(matches!(call(refused).await.unwrap(), Err(CallError::Busy)));
        }
        assert!(running.await.unwrap().is_err());
        for task in waiting {
            assert!(task.await.unwrap().is_ok(), "those that were taken are answered");
        }
    });
}

#[test]
fn t7_what_is_installed_meanwhile_counts_as_a_conflict() {
    let village = village(|_| {});
    block_on(async {
        let slow = start(&village, script(anna(), "first", &format!("{WORK}; set a 1")));
        until_beside(&village, 1);
        let pause = vec![Val::String("first".into()), Val::Enum("paused".into())];
        village.call(Actor::Console, "host", "set-status", pause).unwrap().result.unwrap();
        let refused = slow.await.unwrap().unwrap_err();
        assert!(matches!(refused, CallError::Unavailable { .. }), "{refused:?}");
    });
    assert_eq!(numbers(&village).conflicts, 1);
}

#[test]
fn t9_its_time_is_that_of_its_start_and_the_next_transaction_is_later() {
    let village = village(|_| {});
    block_on(async {
        let slow = start(&village, script(anna(), "first", &format!("now; {WORK}; now; set a 1")));
        until_beside(&village, 1);
        village.forward(5_000_000);
        let later: u64 = short(&village, "now").unwrap().parse().unwrap();
        assert_eq!(later, NEW_YEAR + 5_000_000);
        let times = text(slow.await.unwrap().unwrap().result).unwrap();
        assert_eq!(times, format!("{NEW_YEAR},-,{NEW_YEAR},ok"));
        assert_eq!(short(&village, "now").unwrap(), later.to_string());
    });
}

#[test]
fn c6_erasing_and_sealing_beside_work_as_on_the_sequencer() {
    let village = village(|_| {});
    assert_eq!(
        village
            .run("first", &format!("?seal {:x} secret; ?open {:x}", ANNA.0, ANNA.0))
            .unwrap()
            .split(',')
            .next_back(),
        Some("secret")
    );
    assert_eq!(short(&village, &format!("?open {:x}", ANNA.0)).unwrap(), "secret");
}

#[test]
fn shutting_down_ends_what_runs_beside_and_tells_those_that_wait() {
    let village = village(|config| config.limits.beside_threads = 1);
    block_on(async {
        let running = start(&village, script(anna(), "first", &format!("{WORK}; set a 1")));
        until_beside(&village, 1);
        let waiting = start(&village, script(anna(), "first", "set b 1"));
        village.eventually("waiting", || village.kernel.waiting() == 1);
        let kernel = village.kernel.clone();
        tokio::task::spawn_blocking(move || kernel.shutdown()).await.unwrap();
        assert!(running.await.unwrap().unwrap().result.is_ok(), "what ran is committed");
        assert!(matches!(waiting.await.unwrap(), Err(CallError::ShuttingDown)));
    });
    assert_eq!(village.kernel.metrics().internal.load(Ordering::Relaxed), 0);
}

#[test]
fn a_panic_of_the_host_beside_is_that_commands_failure_alone() {
    let village = Village::empty();
    for name in ["third", "first-alone", "second"] {
        village.install(&guest(name));
    }
    village.install(&guest_with("first", long));
    assert_eq!(village.doomed("first", "native panic").code(), "internal");
    assert_eq!(village.run("first", "native add 2").unwrap(), "2");
    assert_eq!(numbers(&village).beside, 2);
}
