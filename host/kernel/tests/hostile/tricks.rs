//! What a plugin tries within one call.

use std::time::Duration;

use hamlet_kernel::{Actor, CallError};
use wasmtime::component::Val;

use crate::common::{ANNA, BERTA, Village, anna, berta, granting_all, guest, text};

/// A village with an honest plugin, a hostile one, and a neighbour.
pub fn village() -> Village {
    beset(Village::empty())
}

pub fn beset(village: Village) -> Village {
    for name in ["first-alone", "deputy", "hostile"] {
        village.install(&guest(name));
    }
    village
}

pub fn try_it(village: &Village, trick: &str, arguments: Vec<Val>) -> Result<Option<Val>, CallError> {
    let answer = village.call(anna(), "hostile", trick, arguments)?;
    Ok(match answer.result {
        Ok(value) => value,
        Err(value) => Some(Val::Result(Err(value.map(Box::new)))),
    })
}

fn refused(village: &Village, trick: &str, arguments: Vec<Val>) -> CallError {
    let refused = try_it(village, trick, arguments).map(drop).unwrap_err();
    unharmed(village);
    refused
}

/// Whoever is beside it is served, and its own plugin too.
pub fn unharmed(village: &Village) {
    let before: u64 = village.get("first", "count").parse().unwrap_or(0);
    village.run("first", &format!("set count {}", before + 1)).unwrap();
    assert_eq!(village.get("first", "count"), (before + 1).to_string());
    try_it(village, "work", vec![Val::U64(10)]).unwrap();
}

fn quota(error: &CallError) -> &str {
    match error {
        CallError::Quota { plugin, what } if &**plugin == "hostile" => what,
        other => panic!("{other:?}"),
    }
}

fn id(party: hamlet_reflect::Id) -> Val {
    let number = party.0;
    let half = |shift: u32| Val::U64(u64::try_from((number >> shift) & u128::from(u64::MAX)).unwrap());
    Val::Record(vec![("high".into(), half(64)), ("low".into(), half(0))])
}

fn bytes(text: &[u8]) -> Val {
    Val::List(text.iter().map(|byte| Val::U8(*byte)).collect())
}

#[test]
fn t7_an_endless_loop_ends_as_a_deadline_in_a_command_and_in_a_query() {
    let village = Village::with(|config| config.limits.query_time = std::time::Duration::from_millis(100));
    let village = beset(village);
    for trick in ["spin", "spin-in-query"] {
        let error = refused(&village, trick, vec![]);
        assert!(matches!(&error, CallError::Deadline { plugin, .. } if &**plugin == "hostile"), "{error:?}");
    }
}

#[test]
fn t7_queries_that_take_long_let_others_pass() {
    let village = beset(Village::with(|config| {
        config.limits.query_threads = 1;
        config.limits.query_time = Duration::from_secs(1);
    }));
    village.run("first", "set count 1").unwrap();
    std::thread::scope(|scope| {
        // On a busy machine a small query can take longer than the loop may last: such a try shows nothing.
        // If queries had to wait for the loop, no try would ever show anything else.
        let passed = (0..12).filter(|_| {
            let spin = scope.spawn(|| try_it(&village, "spin-in-query", vec![]));
            std::thread::sleep(Duration::from_millis(100));
            // The only thread is at work on the loop, and still somebody is there.
            assert_eq!(village.get("first", "count"), "1");
            let beside = !spin.is_finished();
            let ended = spin.join().unwrap();
            assert!(matches!(&ended, Err(CallError::Deadline { .. })), "{ended:?}");
            beside
        });
        assert_eq!(passed.take(3).count(), 3, "queries waited for the loop");
        // More of them than may give way: those wait, and all end.
        let spins: Vec<_> =
            (0..5).map(|_| scope.spawn(|| try_it(&village, "spin-in-query", vec![]))).collect();
        for spin in spins {
            assert!(matches!(spin.join().unwrap(), Err(CallError::Deadline { .. })));
        }
    });
    unharmed(&village);
}

#[test]
fn a_memory_bomb_ends_as_a_quota() {
    let village = beset(Village::with(|config| {
        config.limits.memory_bytes = 32 << 20;
        config.limits.command_time = std::time::Duration::from_secs(5);
    }));
    assert!(quota(&refused(&village, "eat-memory", vec![Val::U32(4_000)])).contains("32 MiB of memory"));
}

#[test]
fn t10_recursion_without_end_ends_as_a_trap() {
    let village = village();
    let error = refused(&village, "recurse", vec![Val::U64(u64::MAX)]);
    // Its own stack lies in its memory and may end before the engine's does.
    assert!(matches!(&error, CallError::Trapped { .. }), "{error:?}");
}

#[test]
fn huge_results_end_as_a_quota_before_they_are_copied() {
    let village =
        beset(Village::with(|config| config.limits.command_time = std::time::Duration::from_secs(5)));
    let cases = [
        ("long-list", vec![Val::U32(20_000_000)]),
        ("long-text", vec![Val::U32(60_000_000)]),
        // 100 MiB for the plugin, 100 GiB for a host that believes it.
        ("same-text", vec![Val::U32(100), Val::U32(1_000_000)]),
        ("read-query", vec![Val::U32(60_000_000)]),
        ("hand-over", vec![Val::U32(20_000_000)]),
    ];
    for (trick, arguments) in cases {
        let error = try_it(&village, trick, arguments);
        // A key is refused by the storage itself, if it gets so far.
        let error = error.map(drop).unwrap_err();
        assert!(quota(&error).contains("32 MiB handed over at once"), "{trick}: {error:?}");
        unharmed(&village);
    }
    // What is large and within reason is none of this.
    let list = try_it(&village, "long-list", vec![Val::U32(100_000)]).unwrap();
    assert!(matches!(list, Some(Val::List(items)) if items.len() == 100_000));
    assert_eq!(try_it(&village, "hand-over", vec![Val::U32(100_000)]).unwrap(), Some(Val::U64(100_000)));
}

#[test]
fn c7_a_flood_of_rows_ends_as_a_quota_and_leaves_no_row() {
    let village = village();
    let error = refused(&village, "storage-flood", vec![Val::U32(100), Val::U32(60_000)]);
    assert!(quota(&error).contains("4 MiB written"), "{error:?}");
    assert_eq!(
        try_it(&village, "keys", vec![bytes(b""), Val::Option(None)]).unwrap(),
        Some(Val::List(vec![Val::String("work".into()), Val::String("work".into())])),
        "only the honest row is there"
    );
    // A value that is too long is the plugin's own to handle.
    let answer = try_it(&village, "storage-flood", vec![Val::U32(4), Val::U32(70_000)]).unwrap();
    let Some(Val::Result(Err(Some(why)))) = answer else { panic!("{answer:?}") };
    assert_eq!(*why, Val::String("Error::ValueLength(70000)".into()));
}

#[test]
fn t6_a_write_in_a_query_ends_by_name() {
    let village = village();
    let error = refused(&village, "write-in-query", vec![]);
    assert!(matches!(error, CallError::WriteInQuery { .. }), "{error:?}");
}

#[test]
fn a_flood_of_log_lines_costs_its_own_time_alone() {
    let village = village();
    let answer = try_it(&village, "log-flood", vec![Val::U32(200), Val::U32(100_000)]);
    assert!(answer.is_ok() || answer.is_err_and(|error| error.code() == "deadline"));
    unharmed(&village);
}

#[test]
fn e3_a_storm_of_events_in_one_command_ends_as_a_quota() {
    let village = Village::with(|config| config.limits.command_time = std::time::Duration::from_secs(5));
    let village = beset(village);
    let error = refused(&village, "event-storm", vec![Val::U32(10_001)]);
    assert!(quota(&error).contains("10000 events"), "{error:?}");
}

#[test]
fn e4_a_storm_of_schedules_in_one_command_ends_as_a_quota() {
    let village = village();
    let error = refused(&village, "schedule-storm", vec![Val::U32(65)]);
    assert!(quota(&error).contains("64 changes of schedules"), "{error:?}");
}

#[test]
fn another_plugins_rows_are_not_there_whatever_range_is_asked_for() {
    let village = village();
    village.run("first", "set secret 42; set a 1; set zzz 1").unwrap();
    try_it(&village, "work", vec![Val::U64(1)]).unwrap();
    let starts: [&[u8]; 8] =
        [b"", b"\0", b"\0\0\0\0", b"\0\0\0\x01", b"\x01", b"secret", b"\xff\xff\xff\xff\xff", b"work\0"];
    for start in starts {
        for end in [None, Some(b"\xff\xff\xff\xff\xff\xff".as_slice()), Some(b""), Some(b"\0\0\0\x10")] {
            let end = Val::Option(end.map(|end| Box::new(bytes(end))));
            let found = try_it(&village, "keys", vec![bytes(start), end]).unwrap();
            let Some(Val::List(keys)) = found else { panic!("{found:?}") };
            assert!(keys.iter().all(|key| *key == Val::String("work".into())), "{start:?}: {keys:?}");
        }
        assert!(
            matches!(try_it(&village, "peep", vec![bytes(start)]).unwrap(), Some(Val::Option(None))),
            "{start:?}"
        );
    }
    assert_eq!(village.get("first", "secret"), "42");
}

#[test]
fn c6_another_partys_sealed_value_opens_for_nobody_who_did_not_seal_it() {
    let village = village();
    village.run("first", "seal a1 diary").unwrap();
    let sealed = find_sealed(&village);
    let opened = try_it(&village, "unseal", vec![id(ANNA), bytes(&sealed)]);
    let Ok(Some(Val::Result(Err(Some(why))))) = opened else { panic!("{opened:?}") };
    assert_eq!(*why, Val::String("Error::Damaged".into()));
    assert_eq!(village.run("first", "open a1").unwrap(), "diary");
}

/// The value of the row `sealed`, as the journal has it: what somebody with root would take.
fn find_sealed(village: &Village) -> Vec<u8> {
    let records = village.kernel.store().journal(1).unwrap().map(Result::unwrap);
    let mut writes = records.flat_map(|record| record.entries).flat_map(|entry| entry.writes);
    let found = writes.find(|write| write.key.ends_with(b"sealed")).expect("a sealed row");
    found.value.unwrap().to_vec()
}

#[test]
fn w4_a_plugin_cannot_pose_as_the_member_who_called_it() {
    let village = village();
    let Some(Val::String(seen)) = try_it(&village, "pose", vec![]).unwrap() else { panic!() };
    assert!(seen.contains("Caller::Plugin(\"hostile\")") && seen.contains("[\"hostile\"]"), "{seen}");
    // W1: what is for members themselves is not for a plugin that one of them called.
    let error = refused(&village, "use-deputy", vec![Val::String("vote".into()), id(ANNA)]);
    assert!(matches!(error, CallError::Denied { .. }), "{error:?}");
    // What no manifest declares does not exist, whatever the component exports.
    let error = refused(&village, "use-deputy", vec![Val::String("secret".into()), id(ANNA)]);
    assert!(matches!(error, CallError::NoSuchFunction { .. }), "{error:?}");
    assert!(matches!(
        village.call(anna(), "deputy", "secret", vec![]).unwrap_err(),
        CallError::NoSuchFunction { .. }
    ));
}

#[test]
fn w2_a_confused_deputy_asks_the_owner_before_it_acts_with_her_will() {
    let village = village();
    let spend = || vec![Val::String("spend".into()), id(ANNA)];
    let error = village.call(anna(), "hostile", "use-deputy", spend()).unwrap_err();
    let CallError::ConfirmationNeeded { needs, code } = &error else { panic!("{error:?}") };
    assert_eq!(
        (needs.len(), needs[0].amount),
        (1, Some(1_000)),
        "she is shown what would be done: {needs:?}"
    );
    assert!(!code.is_empty());
    // Berta calls it to have Anna's purse opened: nobody whose will it is can be asked.
    let answer = village.call(berta(), "hostile", "use-deputy", spend()).map(|answer| text(answer.result));
    assert!(matches!(&answer, Ok(Err(why)) if why.contains("NoMandate")), "{answer:?}");
    // Nor does Anna's code serve Berta, or another owner.
    let mut call = hamlet_kernel::Call::new(berta(), "hostile", "", "use-deputy", spend());
    call.confirmation = Some(code.clone());
    let answer = village.kernel.call_blocking(call).map(|answer| text(answer.result));
    assert!(!matches!(answer, Ok(Ok(_))), "{answer:?}");
    let mut call = hamlet_kernel::Call::new(
        anna(),
        "hostile",
        "",
        "use-deputy",
        vec![Val::String("spend".into()), id(BERTA)],
    );
    call.confirmation = Some(code.clone());
    let answer = village.kernel.call_blocking(call).map(|answer| text(answer.result));
    assert!(!matches!(answer, Ok(Ok(_))), "{answer:?}");
    unharmed(&village);
}

#[test]
fn c2_a_plugin_whose_import_nobody_provides_is_not_activated() {
    let village = Village::empty();
    let hash = village.kernel.stage(&guest("hostile")).unwrap();
    let answer = village.call(Actor::Console, "host", "activate", granting_all(hash)).unwrap();
    let Err(Some(Val::Variant(case, _))) = answer.result else { panic!("{:?}", answer.result) };
    assert_eq!(case, "import-unmet");
}
