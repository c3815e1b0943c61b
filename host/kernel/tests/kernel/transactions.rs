//! T1 to T4, T9 and the group commit.

use hamlet_kernel::{Actor, BatchFailure, CallError};

use crate::common::{Village, anna, block_on, script};

#[test]
fn t1_ok_commits_and_err_undoes_everything() {
    let village = Village::new();
    assert_eq!(village.run("first", "set a 1; get a").unwrap(), "ok,1");
    assert_eq!(village.run("first", "set a 2; set b 2; fail no").unwrap_err(), "no");
    assert_eq!(village.get("first", "a"), "1");
    assert_eq!(village.get("first", "b"), "-");
}

#[test]
fn t1_a_command_is_durable_and_visible_when_it_is_answered() {
    let village = Village::new();
    let before = village.kernel.head();
    let answer = village.kernel.call_blocking(script(anna(), "first", "set a 1")).unwrap();
    assert_eq!(answer.sequence, before + 1);
    assert_eq!(village.kernel.head(), answer.sequence);
}

#[test]
fn t1_a_function_without_a_result_type_commits() {
    let village = Village::new();
    let told = village.by(anna(), "first", "tell", "set a 1; fail no").unwrap();
    assert_eq!(told.unwrap(), "err(no)");
    assert_eq!(village.get("first", "a"), "1");
}

#[test]
fn t2_a_nested_call_joins_the_transaction_with_its_own_rows() {
    let village = Village::new();
    assert_eq!(
        village.run("first", "set a 1; call second run [set a 2; get a]; get a").unwrap(),
        "ok,ok,2,1"
    );
    assert_eq!((village.get("first", "a"), village.get("second", "a")), ("1".into(), "2".into()));
    assert_eq!(village.run("first", "?call second run [set a 3]; fail no").unwrap_err(), "no");
    assert_eq!(village.get("second", "a"), "2", "the caller's err undoes what it had called");
}

#[test]
fn t2_err_of_a_nested_call_undoes_its_writes_and_the_caller_goes_on() {
    let village = Village::new();
    let script =
        "set a 1; native add 5; call second run [set b 1; native add 7; fail no]; native get; set c 1";
    assert_eq!(village.run("first", script).unwrap(), "ok,5,err(no),5,ok");
    assert_eq!(village.get("first", "a"), "1");
    assert_eq!(village.get("first", "c"), "1");
    assert_eq!(village.get("second", "b"), "-");
}

#[test]
fn t2_err_of_a_native_undoes_its_writes_and_the_caller_goes_on() {
    let village = Village::new();
    assert_eq!(
        village.run("first", "native add 999; native add 1; native get").unwrap(),
        "999,err(too many),999"
    );
}

#[test]
fn t2_events_and_schedules_of_an_undone_call_are_undone() {
    let village = Village::with(|config| config.limits.background = true);
    village.install_all();
    village.run("first", "emit kept; at kept 0").unwrap();
    village.run("first", "emit lost; at lost 0; fail no").unwrap_err();
    village.eventually("the kept ones", || {
        village.get("third", "heard") == "- kept"
            && village
                .by(anna(), "first", "look", "scan ran s 9 forward")
                .unwrap()
                .unwrap()
                .contains("ran kept=")
    });
    village.run("first", "emit later").unwrap();
    village.eventually("the later one", || village.get("third", "heard") == "- kept later");
    assert!(!village.by(anna(), "first", "look", "scan ran s 9 forward").unwrap().unwrap().contains("lost"));
}

#[test]
fn t3_a_trap_anywhere_dooms_all_and_no_caller_runs_again() {
    let village = Village::new();
    // Were the first to go on, it would answer ok and keep `c`.
    let error = village.doomed("first", "set a 1; call second run [set b 1; trap]; set c 1");
    let CallError::Trapped { plugin, function, .. } = &error else { panic!("{error:?}") };
    assert_eq!((&**plugin, &**function), ("second", "run"));
    for (plugin, key) in [("first", "a"), ("first", "c"), ("second", "b")] {
        assert_eq!(village.get(plugin, key), "-", "{plugin} {key}");
    }
}

#[test]
fn t3_one_failed_command_leaves_its_neighbours_in_the_batch_untouched() {
    let village = Village::new();
    let scripts = ["set a 1", "set b 1; trap", "set c 1", "set d 1; fail no", "set e 1"];
    let ended = block_on(async {
        let tasks = scripts.map(|line| {
            let kernel = village.kernel.clone();
            tokio::spawn(async move {
                kernel.call(script(anna(), "first", line)).await.is_ok_and(|a| a.result.is_ok())
            })
        });
        let mut ended = Vec::new();
        for task in tasks {
            ended.push(task.await.unwrap());
        }
        ended
    });
    assert_eq!(ended, [true, false, true, false, true]);
    let stored: Vec<String> = ["a", "b", "c", "d", "e"].map(|key| village.get("first", key)).to_vec();
    assert_eq!(stored, ["1", "-", "1", "-", "1"]);
}

#[test]
fn t4_a_plugin_on_the_stack_is_not_entered_again() {
    let village = Village::new();
    let error = village.doomed("first", "set a 1; call second run [set b 1; call first run [set a 2]]");
    assert!(matches!(&error, CallError::Reentered { plugin } if &**plugin == "first"), "{error:?}");
    assert_eq!(village.get("first", "a"), "-");
    assert_eq!(village.get("second", "b"), "-");
}

#[test]
fn t4_without_the_rule_an_update_would_be_lost_as_it_is_where_a_function_opts_out() {
    let village = Village::new();
    // Each `count` reads a number, calls, and writes the number plus one. Two of them ran, so it should be 2. The inner
    // one, entered through a function that declares itself reentrant and does not read again, is lost:
    let script = "count second run [call first again [count second look []]]";
    let nested = village.by(anna(), "first", "run", script);
    // (the innermost call is of `second`, which is at work too, and its `look` is not reentrant)
    assert!(matches!(nested.unwrap_err(), CallError::Reentered { .. }));
    let script = "count second run [call first again [set inner 1; set count 1]]";
    assert_eq!(village.run("first", script).unwrap(), "1");
    assert_eq!(village.get("first", "inner"), "1");
    assert_eq!(village.get("first", "count"), "1", "the inner update from 0 to 1 was overwritten: lost");
    // Through a function that is not reentrant the same is refused by name, and nothing is lost:
    let error = village.doomed("first", "count second run [call first run [set inner 2; set count 1]]");
    assert_eq!(error.code(), "reentered");
    assert_eq!(village.get("first", "inner"), "1");
}

#[test]
fn t4_a_reentrant_function_is_entered_again_in_a_fresh_instance() {
    let village = Village::new();
    assert_eq!(
        village.run("first", "call second run [call first again [entered; chain]]").unwrap(),
        "1,first>second"
    );
}

#[test]
fn t9_time_is_the_transactions_and_never_goes_back() {
    let village = Village::new();
    let first = village.run("first", "now; now").unwrap();
    assert_eq!(first, format!("{0},{0}", crate::common::NEW_YEAR));
    village.hands.0.fetch_sub(10_000_000, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(village.run("first", "now; now").unwrap(), first);
    assert_eq!(
        village.by(anna(), "first", "look", "now").unwrap().unwrap(),
        crate::common::NEW_YEAR.to_string()
    );
    village.forward(30_000_000);
    assert_eq!(village.run("first", "now").unwrap(), (crate::common::NEW_YEAR + 20_000_000).to_string());
}

#[test]
fn t9_a_clock_jump_of_over_an_hour_is_noticed_until_it_is_confirmed() {
    let village = Village::new();
    village.run("first", "now").unwrap();
    village.forward(3_599 * 1_000_000);
    village.run("first", "now").unwrap();
    assert!(!village.kernel.clock_suspect());
    village.kernel.confirm_clock();
    village.forward(3_700 * 1_000_000);
    village.run("first", "now").unwrap();
    assert!(village.kernel.clock_suspect());
    village.kernel.confirm_clock();
    village.run("first", "now").unwrap();
    assert!(!village.kernel.clock_suspect());
}

#[test]
fn call_all_is_one_transaction() {
    let village = Village::new();
    let head = village.kernel.head();
    let good = vec![script(anna(), "first", "set a 1"), script(anna(), "second", "set a 2")];
    let answers = block_on(village.kernel.call_all(good)).unwrap();
    assert_eq!(answers.len(), 2);
    assert_eq!(village.kernel.head(), head + 1);
    let bad = vec![
        script(anna(), "first", "set a 9"),
        script(anna(), "second", "set a 9; fail no"),
        script(anna(), "first", "set b 9"),
    ];
    let error = block_on(village.kernel.call_all(bad)).unwrap_err();
    assert_eq!(error.index, 1);
    assert!(matches!(error.error, BatchFailure::Err(Some(_))));
    assert_eq!((village.get("first", "a"), village.get("second", "a")), ("1".into(), "2".into()));
    let trapped = vec![script(anna(), "first", "set a 9"), script(anna(), "first", "trap")];
    let error = block_on(village.kernel.call_all(trapped)).unwrap_err();
    assert!(matches!(error.error, BatchFailure::Call(CallError::Trapped { .. })));
    assert_eq!(village.get("first", "a"), "1");
}

#[test]
fn a_dry_run_tells_and_keeps_nothing() {
    let village = Village::new();
    let head = village.kernel.head();
    let dry = block_on(village.kernel.dry_run(script(
        anna(),
        "first",
        "set a 1; emit hello a1; call second run [set b 1]",
    )))
    .unwrap();
    assert_eq!(crate::common::text(dry.result).unwrap(), "ok,ok,ok");
    assert_eq!(dry.events.len(), 1);
    assert_eq!(dry.events[0].audience, Some(vec![crate::common::ANNA]));
    assert_eq!(village.get("first", "a"), "-");
    assert_eq!(village.get("second", "b"), "-");
    assert_eq!(village.kernel.head(), head);
}

#[test]
fn a_panic_of_the_host_in_a_call_is_that_calls_fault_alone() {
    let village = Village::new();
    let error = village.doomed("first", "set a 1; native panic");
    assert_eq!(error.code(), "internal");
    assert_eq!(village.get("first", "a"), "-");
    assert_eq!(village.run("first", "set a 2; get a").unwrap(), "ok,2");
    let direct = village.call(anna(), "host", "panic", vec![]);
    assert_eq!(direct.unwrap_err().code(), "internal");
    assert_eq!(
        village.call(Actor::Console, "host", "list", vec![]).map_err(|e| e.code()).err(),
        Some("ambiguous-function")
    );
}

#[test]
fn the_journal_tells_who_called_what_without_naming_anybody() {
    let village = Village::new();
    village.run("first", "set a 1").unwrap();
    let record = village.kernel.store().journal(village.kernel.head()).unwrap().next().unwrap().unwrap();
    let header = &record.entries[0].header;
    assert_eq!((&*header.plugin, &*header.version, &*header.function), ("first", "0.2.0", "run"));
    assert_eq!(header.time, crate::common::NEW_YEAR);
    assert_eq!(header.caller.len(), 16);
    assert!(!header.caller.windows(2).any(|bytes| bytes == [0, 0xa1]), "the id is not in the clear");
    village.run("first", "set a 2").unwrap();
    let again = village.kernel.store().journal(village.kernel.head()).unwrap().next().unwrap().unwrap();
    assert_eq!(again.entries[0].header.caller, header.caller, "the same caller has the same pseudonym");
    assert_ne!(again.entries[0].header.arguments, header.arguments);
}
