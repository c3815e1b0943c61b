//! T7, T10, C7: everything has a limit, and going past it has a name.

use std::time::{Duration, Instant};

use hamlet_kernel::{Call, CallError};

use crate::common::{Village, anna, guest, guest_with};

fn quota(error: &CallError) -> &str {
    match error {
        CallError::Quota { what, .. } => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn t7_a_command_that_loops_is_ended_by_name_and_its_neighbours_run_on() {
    let village = Village::new();
    let begun = Instant::now();
    let error = village.doomed("first", "set a 1; call second run [set b 1; spin]");
    let took = begun.elapsed();
    assert!(
        matches!(&error, CallError::Deadline { plugin, milliseconds: 300 } if &**plugin == "second"),
        "it had its time on the sequencer, and then beside it: {error:?}"
    );
    assert!(took >= Duration::from_millis(340) && took < Duration::from_secs(3), "{took:?}");
    assert_eq!(village.run("first", "get a; set c 1").unwrap(), "-,ok");
    assert_eq!(village.get("second", "b"), "-");
}

#[test]
fn t7_time_is_for_the_whole_call_and_nested_calls_have_what_is_left() {
    let village = Village::new();
    let begun = Instant::now();
    let spins = "call second run [repeat 20000 [add x 1]]";
    let error =
        village.doomed("first", &format!("{spins}; {spins}; {spins}; {spins}; {spins}; {spins}; spin"));
    assert_eq!(error.code(), "deadline");
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[test]
fn t6_a_query_that_loops_is_ended_too() {
    let village = Village::with(|config| config.limits.query_time = Duration::from_millis(50));
    village.install_all();
    assert_eq!(village.by(anna(), "first", "look", "spin").unwrap_err().code(), "deadline");
    assert_eq!(village.get("first", "a"), "-");
}

#[test]
fn t10_a_guest_that_uses_up_its_stack_is_trapped_at_any_depth() {
    let village = Village::new();
    for script in ["deep 1000000", "call second run [deep 1000000]"] {
        let error = village.doomed("first", script);
        assert!(matches!(error, CallError::Trapped { .. }), "{error:?}");
    }
    assert!(village.run("first", "deep 100").unwrap().parse::<u64>().is_ok());
}

#[test]
fn t10_calls_nest_to_the_depth_limit_and_no_deeper() {
    let village = Village::new();
    // first, second, first, … each through the reentrant function.
    let nested = |depth: usize| {
        (1..depth).fold("chain".to_owned(), |inner, step| {
            let peer = if (depth - step) % 2 == 1 { "second" } else { "first" };
            format!("?call {peer} again [{inner}]")
        })
    };
    let chain = village.by(anna(), "first", "again", &nested(16)).unwrap().unwrap();
    assert_eq!(chain.matches('>').count(), 14, "15 plugins stand before the sixteenth: {chain}");
    let error = village.by(anna(), "first", "again", &nested(17)).unwrap_err();
    assert!(matches!(error, CallError::TooDeep { most: 16 }), "{error:?}");
}

#[test]
fn t10_the_deepest_guest_may_still_use_its_whole_stack() {
    let village = Village::with(|config| config.limits.command_time = Duration::from_secs(5));
    village.install_all();
    let deepest = (1..16).fold("deep 300".to_owned(), |inner, step| {
        let peer = if (16 - step) % 2 == 1 { "second" } else { "first" };
        format!("?call {peer} again [deep 300; {inner}]")
    });
    assert!(village.by(anna(), "first", "again", &deepest).unwrap().is_ok());
}

#[test]
fn memory_is_limited_over_all_guests_of_a_call_and_named() {
    let village = Village::with(|config| {
        config.limits.memory_bytes = 16 << 20;
        config.limits.command_time = Duration::from_secs(5);
    });
    village.install_all();
    assert_eq!(village.run("first", "memory 8").unwrap(), "8");
    assert!(quota(&village.doomed("first", "memory 32")).contains("16 MiB of memory"));
    // Each alone would fit.
    assert_eq!(village.run("first", "memory 8; call second run [memory 4]").unwrap(), "8,4");
    assert!(quota(&village.doomed("first", "call second run [memory 20]")).contains("memory"));
    assert_eq!(village.run("first", "memory 8").unwrap(), "8", "memory comes back");
}

#[test]
fn c7_keys_and_values_have_limits_that_a_plugin_can_handle() {
    let village = Village::new();
    assert_eq!(
        village.run("first", "key 1024; key 1025; value 65536; value 65537").unwrap(),
        "ok,err(Error::KeyLength(1025)),ok,err(Error::ValueLength(65537))"
    );
}

#[test]
fn c7_the_write_set_is_counted_once_and_dooms() {
    let village = Village::new();
    assert_eq!(
        village.run("first", "repeat 3 [fill 30 65536]").unwrap(),
        "ok",
        "the same keys again count once"
    );
    let error = village.doomed("first", "set a 1; fill 70 65536");
    assert!(quota(&error).contains("4 MiB written"), "{error:?}");
    assert_eq!(village.get("first", "a"), "-");
}

#[test]
fn c7_bulk_raises_the_write_set_to_16_mib() {
    let village = Village::with(|config| config.limits.command_time = Duration::from_secs(2));
    village.install(&guest_with("first-alone", |text| {
        text.replace("storage = \"8 MiB\"", "storage = \"64 MiB\"\nbulk = true")
    }));
    assert_eq!(village.run("first", "fill 200 65536").unwrap(), "ok");
    assert!(quota(&village.doomed("first", "fill 300 65536")).contains("16 MiB written"));
}

#[test]
fn a_plugin_stores_no_more_than_its_manifest_says() {
    let village = Village::new();
    village.run("first", "fill 60 65536").unwrap();
    let error = village.doomed("first", "repeat 3 [value 65536]; fill 61 65536; key 100; fill 63 65536");
    assert!(matches!(error, CallError::Quota { .. }));
    let village = Village::empty();
    village.install(&guest_with("first-alone", |text| text.replace("8 MiB", "100 KiB")));
    village.run("first", "value 65536").unwrap();
    assert!(quota(&village.doomed("first", "fill 1 65536")).contains("102400 bytes of storage"));
}

#[test]
fn pages_and_batches_of_keys_are_bounded() {
    let village = Village::new();
    let keys = "k ".repeat(1_025);
    assert_eq!(village.run("first", &format!("many {keys}")).unwrap(), "err(Error::TooManyKeys(1025))");
}

#[test]
fn arguments_that_do_not_fit_are_refused_with_their_name() {
    let village = Village::new();
    let call = Call::new(anna(), "first", "", "run", vec![]);
    assert_eq!(
        village.kernel.call_blocking(call).unwrap_err().to_string(),
        "the arguments do not fit: `run` takes 1 arguments, got 0"
    );
    let call = Call::new(anna(), "first", "", "run", vec![wasmtime::component::Val::U8(1)]);
    assert_eq!(
        village.kernel.call_blocking(call).unwrap_err().to_string(),
        "the arguments do not fit: `script` of `run` is no string"
    );
}

#[test]
fn a_slot_is_free_again_after_a_trap() {
    let village = Village::empty();
    village.install(&guest("first-alone"));
    for _ in 0..300 {
        assert_eq!(village.doomed("first", "trap").code(), "trapped");
    }
    assert_eq!(village.run("first", "set a 1").unwrap(), "ok");
}
