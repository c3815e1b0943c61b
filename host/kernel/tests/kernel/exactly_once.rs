//! X1 and X2.

use hamlet_kernel::{Answer, Call, CallError};

use crate::common::{NEW_YEAR, Village, anna, berta, key, script, text};

const DAY: u64 = 24 * 3_600 * 1_000_000;

fn with_key(mut call: Call, salt: u64) -> Call {
    call.idempotency = Some(key(NEW_YEAR, salt));
    call
}

fn send(village: &Village, line: &str, salt: u64) -> Result<Answer, CallError> {
    village.kernel.call_blocking(with_key(script(anna(), "first", line), salt))
}

#[test]
fn x1_a_repeat_returns_the_stored_result_and_runs_nothing() {
    let village = Village::new();
    let first = send(&village, "add n 1", 1).unwrap();
    let again = send(&village, "add n 1", 1).unwrap();
    assert_eq!((first.replayed, again.replayed), (false, true));
    assert_eq!(text(again.result).unwrap(), "1");
    assert!(again.sequence >= first.sequence);
    assert_eq!(
        text(send(&village, "add n 1", 2).unwrap().result).unwrap(),
        "2",
        "another key is another command"
    );
}

#[test]
fn x1_an_err_is_kept_too_beside_the_rolled_back_transaction() {
    let village = Village::new();
    let line = "add n 1; fail no";
    assert_eq!(text(send(&village, line, 1).unwrap().result).unwrap_err(), "no");
    let again = send(&village, line, 1).unwrap();
    assert!(again.replayed);
    assert_eq!(text(again.result).unwrap_err(), "no");
    assert_eq!(village.get("first", "n"), "-");
}

#[test]
fn x1_traps_and_deadlines_are_not_kept() {
    let village = Village::new();
    assert_eq!(send(&village, "trap", 1).unwrap_err().code(), "trapped");
    assert_eq!(send(&village, "trap", 1).unwrap_err().code(), "trapped");
    assert!(send(&village, "set a 1", 1).unwrap().result.is_ok(), "the key is still free");
}

#[test]
fn x1_the_same_key_with_another_body_is_refused_by_name() {
    let village = Village::new();
    send(&village, "add n 1", 1).unwrap();
    assert!(matches!(send(&village, "add n 2", 1), Err(CallError::KeyReused)));
    assert_eq!(text(send(&village, "add n 1", 1).unwrap().result).unwrap(), "1");
}

#[test]
fn x1_the_scope_is_principal_plugin_and_function() {
    let village = Village::new();
    send(&village, "add n 1", 1).unwrap();
    for call in [
        with_key(script(berta(), "first", "add n 1"), 1),
        with_key(script(anna(), "second", "add n 1"), 1),
        with_key(Call::new(anna(), "first", "", "again", script(anna(), "first", "add n 1").arguments), 1),
    ] {
        assert!(!village.kernel.call_blocking(call).unwrap().replayed);
    }
}

#[test]
fn x2_a_key_is_a_uuid_of_version_7_not_older_than_7_days() {
    let village = Village::new();
    let mut call = script(anna(), "first", "add n 1");
    call.idempotency = Some(uuid::Uuid::from_u128(0x1234_5678_9abc_4def_8000_0000_0000_0000));
    assert!(matches!(village.kernel.call_blocking(call.clone()), Err(CallError::KeyInvalid)));
    call.idempotency = Some(key(NEW_YEAR - 7 * DAY - 1_000_000, 1));
    assert!(matches!(village.kernel.call_blocking(call.clone()), Err(CallError::KeyTooOld)));
    call.idempotency = Some(key(NEW_YEAR - 7 * DAY + 1_000_000, 1));
    assert!(village.kernel.call_blocking(call.clone()).is_ok());
    assert_eq!(village.get("first", "n").len(), 8, "the refused ones never ran");
    village.forward(2_000_000);
    assert!(
        matches!(village.kernel.call_blocking(call), Err(CallError::KeyTooOld)),
        "refused, though its row is there"
    );
}

#[test]
fn x2_old_rows_are_dropped_by_range() {
    let village = Village::with(|config| config.limits.background = true);
    village.install_all();
    for salt in 0..50 {
        send(&village, "add n 1", salt).unwrap();
    }
    let rows = || village.kernel.store().usage(hamlet_kernel::namespaces::IDEMPOTENCY);
    assert!(rows() > 0);
    village.forward(9 * DAY);
    village.kernel.confirm_clock();
    village.run("first", "now").unwrap();
    village.eventually("the sweep", || rows() == 0);
}

#[test]
fn x1_a_repeat_within_one_batch_is_a_repeat() {
    let village = Village::new();
    let calls = vec![
        with_key(script(anna(), "first", "add n 1"), 1),
        with_key(script(anna(), "first", "add n 1"), 1),
    ];
    let answers = crate::common::block_on(village.kernel.call_all(calls)).unwrap();
    assert_eq!(answers.iter().map(|answer| answer.replayed).collect::<Vec<_>>(), [false, true]);
}
