//! Which old rows are handed over next: of a snapshot first, then of the journal.

use std::collections::BTreeSet;

use hamlet_store::{Direction, Namespace, Rows as _, Scan, Snapshot, Store, StoreError, Value};
use wasmtime::component::Val;

use super::{Moving, Place};
use crate::call::CallError;
use crate::shape;

/// Most rows of one chunk.
pub(super) const ROWS_MAX: usize = 256;
/// Most bytes of one chunk; a single larger row is a chunk of its own.
const BYTES_MAX: usize = 256 << 10;

/// Rows to hand over, and where that leaves the migration.
pub(super) struct Chunk {
    rows: Vec<(Box<[u8]>, Option<Value>)>,
    pub(super) place: Place,
    /// With them, everything that was committed when `snapshot` was taken is handed over.
    pub(super) caught_up: bool,
}

impl Chunk {
    pub(super) fn len(&self) -> u64 {
        u64::try_from(self.rows.len()).unwrap_or(u64::MAX)
    }

    /// As `migration.change`s.
    pub(super) fn to_val(&self) -> Val {
        let bytes = |bytes: &[u8]| Val::List(bytes.iter().map(|byte| Val::U8(*byte)).collect());
        let row = |(key, value): &(Box<[u8]>, Option<Value>)| {
            shape::record([("key", bytes(key)), ("value", shape::maybe(value.as_deref().map(bytes)))])
        };
        Val::List(self.rows.iter().map(row).collect())
    }
}

/// The next chunk.
///
/// Cost: a scan of [`ROWS_MAX`] rows; or reads as much of the journal as has so many changed rows.
///
/// # Errors
/// The store failed, or the journal no longer goes back so far: then the migration has to begin anew.
pub(super) fn next(moving: &Moving, store: &Store, snapshot: &mut Snapshot) -> Result<Chunk, CallError> {
    match &moving.place {
        Place::Begun => fill(moving, snapshot, None, None),
        Place::Filling { since, after } => fill(moving, snapshot, Some(*since), Some(after)),
        Place::Following { done, skip } => follow(moving, store, snapshot, *done, *skip),
    }
}

fn fill(
    moving: &Moving,
    snapshot: &mut Snapshot,
    since: Option<u64>,
    after: Option<&[u8]>,
) -> Result<Chunk, CallError> {
    let since = since.unwrap_or_else(|| snapshot.sequence());
    let start = after.map(|after| [after, &[0]].concat()).unwrap_or_default();
    let scan = Scan {
        start: &start,
        end: None,
        direction: Direction::Forward,
        limit: ROWS_MAX,
        max_bytes: BYTES_MAX,
    };
    let rows = snapshot.scan(Namespace(moving.from_namespace), scan)?;
    let place = match rows.last() {
        Some((last, _)) => Place::Filling { since, after: last.to_vec() },
        None => Place::Following { done: since, skip: 0 },
    };
    let caught_up = false;
    Ok(Chunk { rows: rows.into_iter().map(|(key, value)| (key, Some(value))).collect(), place, caught_up })
}

/// Keys that changed since `done`, with what they hold in the snapshot. A key that changes often comes once a
/// chunk.
fn follow(
    moving: &Moving,
    store: &Store,
    snapshot: &mut Snapshot,
    done: u64,
    skip: u64,
) -> Result<Chunk, CallError> {
    let namespace = Namespace(moving.from_namespace);
    let until = snapshot.sequence();
    let mut keys: BTreeSet<Box<[u8]>> = BTreeSet::new();
    let (mut done, mut skip) = (done, skip);
    let (mut caught_up, mut bytes) = (true, 0);
    if done < until {
        let records = store.journal(done + 1).map_err(gone)?;
        'records: for record in records {
            let record = record.map_err(gone)?;
            if record.sequence > until {
                break;
            }
            let writes = record.entries.into_iter().flat_map(|entry| entry.writes);
            let ours = writes.filter(|write| write.namespace == namespace);
            for (seen, write) in (0_u64..).zip(ours) {
                if seen < skip {
                    continue;
                }
                if keys.len() >= ROWS_MAX || bytes >= BYTES_MAX {
                    skip = seen;
                    caught_up = false;
                    break 'records;
                }
                bytes += write.key.len() + write.value.as_ref().map_or(0, |value| value.len());
                keys.insert(write.key);
            }
            (done, skip) = (record.sequence, 0);
        }
    }
    let mut rows = Vec::with_capacity(keys.len());
    for key in keys {
        let value = snapshot.get(namespace, &key)?;
        rows.push((key, value));
    }
    Ok(Chunk { rows, place: Place::Following { done, skip }, caught_up })
}

fn gone(error: StoreError) -> CallError {
    match error {
        StoreError::Dropped { .. } => CallError::internal(
            "the journal no longer goes back to where the migration began: cancel it and upgrade again",
        ),
        error => error.into(),
    }
}
