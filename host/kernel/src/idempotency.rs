//! Exactly once (X1, X2): the rows that hold what commands with a key answered.
//!
//! A key is a UUIDv7; the row's key begins with it, so rows are ordered by time and dropped by range. Row:
//!
//! ```text
//! key:   the UUID (16 bytes) | hash of principal, plugin, interface and function (16 bytes)
//! value: format (1) | hash of the arguments (16) | whether there is a result value (1) | result (hamlet_reflect::binary)
//! ```
//!
//! If it is wrong, a payment is made twice, or a refused one can never be made.

use hamlet_reflect::binary;
use hamlet_store::{Direction, Draft, Rows as _, Scan};
use uuid::Uuid;
use wasmtime::component::Val;

use crate::call::{Actor, CallError};
use crate::catalogue::Callable;
use crate::namespaces::IDEMPOTENCY;

/// How long a key is good, in microseconds of transaction time (X2).
pub(crate) const LIFETIME_MICROS: u64 = 7 * 24 * 3_600 * 1_000_000;
/// How long its row is kept: a day more, so that no row goes while its key is good.
const KEPT_MICROS: u64 = LIFETIME_MICROS + 24 * 3_600 * 1_000_000;
const FORMAT: u8 = 1;
const SCOPE_BYTES: usize = 16;
const HEAD_BYTES: usize = 1 + 16 + 1;

/// A command's key in its scope, and the body that it came with.
pub(crate) struct Key {
    row: [u8; 16 + SCOPE_BYTES],
    arguments: [u8; 16],
}

/// What a key's row says.
pub(crate) enum Found {
    /// The command did not run yet.
    Nothing,
    /// It ran, and answered this whole result value.
    Result(Option<Val>),
}

impl Key {
    /// X2: refuses what is no UUIDv7, and what is too old.
    pub(crate) fn new(
        uuid: Uuid,
        actor: &Actor,
        callable: &Callable,
        arguments: &[u8; 32],
        now: u64,
    ) -> Result<Self, CallError> {
        if uuid.get_version_num() != 7 {
            return Err(CallError::KeyInvalid);
        }
        let made_micros = u64::try_from(uuid.as_u128() >> 80).unwrap_or(u64::MAX).saturating_mul(1_000);
        if made_micros.saturating_add(LIFETIME_MICROS) < now {
            return Err(CallError::KeyTooOld);
        }
        let mut scope = Vec::with_capacity(96);
        actor.write_principal(&mut scope);
        for part in [&*callable.plugin, &callable.interface.id, &callable.function.name] {
            scope.push(0);
            scope.extend_from_slice(part.as_bytes());
        }
        let scope = blake3::hash(&scope);
        let mut row = [0; 16 + SCOPE_BYTES];
        let (of_uuid, of_scope) = row.split_at_mut(16);
        of_uuid.copy_from_slice(uuid.as_bytes());
        copy_start(scope.as_bytes(), of_scope);
        let mut short = [0; 16];
        copy_start(arguments, &mut short);
        Ok(Self { row, arguments: short })
    }

    /// X1: the stored result, or `KeyReused` where the body was another.
    pub(crate) fn find(&self, batch: &mut Draft) -> Result<Found, CallError> {
        let Some(row) = batch.get(IDEMPOTENCY, &self.row)? else { return Ok(Found::Nothing) };
        let damaged = || CallError::internal("a damaged idempotency row");
        let (head, result) = row.split_at_checked(HEAD_BYTES).ok_or_else(damaged)?;
        let [FORMAT, arguments @ .., has_result] = head else { return Err(damaged()) };
        if arguments != self.arguments {
            return Err(CallError::KeyReused);
        }
        if *has_result == 0 {
            return Ok(Found::Result(None));
        }
        let value = binary::decode(result).map_err(|_| damaged())?.into_iter().next().ok_or_else(damaged)?;
        Ok(Found::Result(Some(value)))
    }

    /// Keeps the result, encoded by [`binary::encode`].
    pub(crate) fn keep(&self, batch: &mut Draft, has_result: bool, encoded: &[u8]) -> Result<(), CallError> {
        let mut row = Vec::with_capacity(HEAD_BYTES + encoded.len());
        row.push(FORMAT);
        row.extend_from_slice(&self.arguments);
        row.push(u8::from(has_result));
        if has_result {
            row.extend_from_slice(encoded);
        }
        Ok(batch.set(IDEMPOTENCY, &self.row, &row)?)
    }
}

fn copy_start(from: &[u8], to: &mut [u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// Drops up to `most` rows whose keys are long too old; gives their number.
pub(crate) fn sweep(batch: &mut Draft, now: u64, most: usize) -> Result<usize, CallError> {
    let oldest_millis = now.saturating_sub(KEPT_MICROS) / 1_000;
    let end = (u128::from(oldest_millis) << 80).to_be_bytes();
    let scan = Scan {
        start: &[],
        end: Some(&end),
        direction: Direction::Forward,
        limit: most,
        max_bytes: usize::MAX,
    };
    let old = batch.scan(IDEMPOTENCY, scan)?;
    for (key, _) in &old {
        batch.delete(IDEMPOTENCY, key)?;
    }
    Ok(old.len())
}
