//! A transaction beside the one writer (T7): run on a snapshot by another thread, checked against what
//! committed meanwhile, and taken into a batch.
//!
//! ```text
//! Store::beside ─▶ Beside ──begin, reads and writes, finish──▶ Proposal ──check──▶ Batch::apply
//!                  (any thread, as long as it takes)           (that thread)       (the writer's)
//! ```
//!
//! It is serializable: what it read and what it overwrites is, when it is applied, what it was at its
//! snapshot, so running it only now would have given the same. There is no journal behind a
//! [`Beside`], and so no way to commit it. If the check is wrong, money is made or lost.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use super::{draft::Draft, reads::Footprint};
use crate::{
    error::StoreError,
    key::{Namespace, Row, Rows, Scan, Sequence, Value, split_physical},
    physical::PhysicalKey,
    record::{EntryHeader, Write},
    store::Handle,
};

/// Bytes of rows that a transaction beside keeps at hand.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// Rows at one sequence, and one transaction at a time on them that can be finished into a
/// [`Proposal`].
///
/// While it lives, the store keeps its snapshot, and each batch that is committed, up to
/// [`crate::Config::beside_bytes_max`].
pub struct Beside {
    draft: Draft,
    pin: Pin,
}

impl Deref for Beside {
    type Target = Draft;

    fn deref(&self) -> &Draft {
        &self.draft
    }
}

impl DerefMut for Beside {
    fn deref_mut(&mut self) -> &mut Draft {
        &mut self.draft
    }
}

impl Rows for Beside {
    fn get(&mut self, ns: Namespace, key: &[u8]) -> Result<Option<Value>, StoreError> {
        self.draft.get(ns, key)
    }

    fn scan(&mut self, ns: Namespace, scan: Scan<'_>) -> Result<Vec<Row>, StoreError> {
        self.draft.scan(ns, scan)
    }
}

impl Beside {
    pub(crate) fn new(handle: &Arc<Handle>) -> Self {
        let view = handle.shared.pin();
        let pin = Pin { handle: Arc::clone(handle), sequence: view.sequence };
        Self { draft: Draft::new(Arc::clone(handle), Some(view), CACHE_BYTES), pin }
    }

    /// The newest batch that it sees.
    pub fn sequence(&self) -> Sequence {
        self.pin.sequence
    }

    /// The end of the open transaction; without one, a proposal that writes nothing.
    ///
    /// Cost: linear in what was read and written, at some ten nanoseconds a key.
    pub fn finish(mut self, header: EntryHeader) -> Proposal {
        let reads = std::mem::take(&mut self.draft.transaction.reads);
        let mut writes = Vec::with_capacity(self.draft.transaction.written.len());
        let mut written = Vec::with_capacity(self.draft.transaction.written.len());
        for slot in self.draft.transaction.written.iter().filter_map(|index| self.draft.cache.get(*index)) {
            let Some((namespace, key)) = split_physical(&slot.key) else { continue };
            writes.push(Write { namespace, key: key.into(), value: slot.value.clone() });
            written.push((slot.hash, slot.key.clone()));
        }
        let footprint = Footprint::new(reads, written.iter().cloned());
        let snapshot = self.pin.sequence;
        Proposal { header, writes, written, footprint, snapshot, checked: snapshot, pin: self.pin }
    }
}

/// A transaction that ran beside and wants to be applied.
///
/// It may hold millions of keys: whoever is in a hurry lets another thread drop it.
pub struct Proposal {
    header: EntryHeader,
    writes: Vec<Write>,
    /// The keys of the writes, physical, with their hashes.
    written: Vec<(u64, PhysicalKey)>,
    footprint: Footprint,
    snapshot: Sequence,
    /// The newest batch against which it was checked.
    checked: Sequence,
    pin: Pin,
}

impl Proposal {
    /// The entry that it would be.
    pub fn header(&self) -> &EntryHeader {
        &self.header
    }

    /// What it would write: each row once, with its last value.
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// The newest batch that it saw.
    pub fn snapshot(&self) -> Sequence {
        self.snapshot
    }

    /// From now on only the rows that it writes are checked, not what it read.
    ///
    /// For one whose writes nobody's command depends on: it then stands in the serial order where its
    /// snapshot was taken.
    pub fn forget_reads(&mut self) {
        self.footprint = Footprint::new(crate::ReadSet::default(), self.written.iter().cloned());
    }

    /// Checks it against all that was committed since its snapshot, or since it was checked last. Done
    /// by the thread that ran it, this leaves little to [`crate::Batch::apply`].
    ///
    /// Cost: linear in the rows that were committed, at some ten nanoseconds each.
    ///
    /// # Errors
    /// It has to be run again.
    pub fn check(&mut self) -> Result<(), Conflict> {
        let Some((head, layers)) = self.pin.handle.shared.recent_after(self.checked) else {
            return Err(Conflict { namespace: None });
        };
        for layer in layers {
            if let Some(row) = layer.rows().iter().find(|row| self.depends_on(row.hash, &row.key)) {
                return Err(Conflict::at(&row.key));
            }
        }
        self.checked = head;
        Ok(())
    }

    /// Whether a change of this row, by its physical key, would be a conflict.
    pub(super) fn depends_on(&self, hash: u64, key: &[u8]) -> bool {
        self.footprint.holds(hash, key)
    }
}

/// Something that a transaction beside depends on was changed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what the transaction depends on was changed by another")]
pub struct Conflict {
    /// Whose row it was; none: so much was committed meanwhile that it cannot be told.
    pub namespace: Option<Namespace>,
}

impl Conflict {
    pub(super) fn at(key: &[u8]) -> Self {
        Self { namespace: split_physical(key).map(|(namespace, _)| namespace) }
    }
}

/// Why a proposal was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// It has to be run again.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps the batches after a sequence, for checking.
struct Pin {
    handle: Arc<Handle>,
    sequence: Sequence,
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.handle.shared.unpin(self.sequence);
    }
}
