//! T6: queries.

use hamlet_kernel::{Call, CallError, SEQUENCE_AHEAD_MAX};
use wasmtime::component::Val;

use crate::common::{Village, anna, block_on, script};

fn look(line: &str) -> Call {
    Call::new(anna(), "first", "", "look", vec![Val::String(line.into())])
}

#[test]
fn t6_a_query_may_not_write() {
    let village = Village::new();
    let error = village.by(anna(), "first", "look", "get a; set a 1").unwrap_err();
    assert!(matches!(&error, CallError::WriteInQuery { plugin } if &**plugin == "first"), "{error:?}");
    for line in ["del a", "add a 1", "at x 0", "emit x"] {
        assert_eq!(village.by(anna(), "first", "look", line).unwrap_err().code(), "write-in-query", "{line}");
    }
}

#[test]
fn t6_a_querys_nested_calls_are_queries() {
    let village = Village::new();
    village.run("second", "set a 7").unwrap();
    assert_eq!(
        village.by(anna(), "first", "look", "call second look [get a]; native get").unwrap().unwrap(),
        "7,0"
    );
    for line in ["call second run [get a]", "native add 1", "call second look [set a 8]"] {
        let error = village.by(anna(), "first", "look", line).unwrap_err();
        assert!(["wrong-kind", "write-in-query"].contains(&error.code()), "{line}: {error:?}");
    }
}

#[test]
fn t6_a_query_inside_a_command_sees_its_writes_and_may_not_write() {
    let village = Village::new();
    assert_eq!(village.run("first", "call second run [set a 7]; call second look [get a]").unwrap(), "ok,7");
    let error = village.doomed("first", "call second look [set a 8]");
    assert!(matches!(&error, CallError::WriteInQuery { plugin } if &**plugin == "second"), "{error:?}");
}

#[test]
fn t6_an_answer_carries_its_sequence_and_a_query_waits_for_one() {
    let village = Village::new();
    let written = village.kernel.call_blocking(script(anna(), "first", "set a 1")).unwrap().sequence;
    let mut call = look("get a");
    call.at_least = Some(written);
    let answer = village.kernel.call_blocking(call.clone()).unwrap();
    assert!(answer.sequence >= written);
    call.at_least = Some(written + 1);
    block_on(async {
        let kernel = village.kernel.clone();
        let waiting = tokio::spawn(async move { kernel.call(call).await });
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert!(!waiting.is_finished());
        let next = village.kernel.call(script(anna(), "first", "set a 2")).await.unwrap();
        let answer = waiting.await.unwrap().unwrap();
        assert!(answer.sequence >= next.sequence);
        assert_eq!(crate::common::text(answer.result).unwrap(), "2");
    });
}

#[test]
fn t6_a_sequence_that_does_not_come_is_a_named_error() {
    let village = Village::with(|config| config.limits.sequence_wait = std::time::Duration::from_millis(40));
    village.install_all();
    let mut call = look("get a");
    let late = village.kernel.head() + SEQUENCE_AHEAD_MAX;
    call.at_least = Some(late);
    let error = village.kernel.call_blocking(call).unwrap_err();
    assert!(matches!(error, CallError::SequenceTimeout { sequence } if sequence == late), "{error:?}");
}

#[test]
fn t6_a_sequence_that_no_host_can_have_is_refused_without_waiting() {
    // Whoever waited would wait for an hour.
    let village = Village::with(|config| config.limits.sequence_wait = std::time::Duration::from_hours(1));
    village.install_all();
    let newest = village.kernel.head();
    for far in [newest + SEQUENCE_AHEAD_MAX + 1, u64::MAX] {
        let mut call = look("get a");
        call.at_least = Some(far);
        match village.kernel.call_blocking(call).unwrap_err() {
            CallError::SequenceUnknown { sequence, newest: known } => {
                assert_eq!((sequence, known), (far, newest));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn t6_queries_run_beside_a_slow_command() {
    let village = Village::with(|config| config.limits.command_time = std::time::Duration::from_millis(400));
    village.install_all();
    village.run("first", "set a 1").unwrap();
    block_on(async {
        let kernel = village.kernel.clone();
        let slow = tokio::spawn(async move { kernel.call(script(anna(), "first", "set a 2; spin")).await });
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        for _ in 0..20 {
            let answer = village.kernel.call(look("get a")).await.unwrap();
            assert_eq!(crate::common::text(answer.result).unwrap(), "1", "nothing uncommitted is seen");
        }
        assert!(!slow.is_finished(), "the queries did not wait for it");
        slow.await.unwrap().unwrap_err();
    });
}
