//! The writer: transactions one after another, gathered into a batch that is one journal record.
//!
//! A transaction is `begin` … `finish` or `abandon` on the [`Draft`] that a batch is. `finish` encodes
//! the write-set behind the batch's earlier entries; `commit` appends the batch, and only then
//! publishes it. When the append fails, every row that the batch touched is forgotten, so the next
//! read finds what is committed. What was run beside (T7) is checked and taken over by `apply`.
//!
//! If this is wrong, one failed command spoils its neighbours, or a quota counts wrongly.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use super::{
    beside::{ApplyError, Conflict, Proposal},
    cache::SlotIndex,
    draft::Draft,
};
use crate::{
    error::{CommitError, StoreError},
    journal::{AppendError, Appended, Journal},
    key::{Namespace, Row, Rows, Scan, Sequence, Value, split_physical},
    overlay::{
        base::Usage,
        layer::{Layer, LayerRow},
    },
    record::{EntryHeader, PayloadWriter},
    store::Handle,
};

/// THE writer of a store. There is one, and it belongs to one thread at a time.
///
/// Its rows are a [`Draft`]: reading outside a transaction is allowed and sees the batch's finished
/// transactions; writing there is [`StoreError::NoTransaction`].
pub struct Batch {
    draft: Draft,
    journal: Box<dyn Journal>,
    payload: PayloadWriter,
    /// Slots that finished transactions of the batch wrote.
    saved: Vec<SlotIndex>,
}

impl Deref for Batch {
    type Target = Draft;

    fn deref(&self) -> &Draft {
        &self.draft
    }
}

impl DerefMut for Batch {
    fn deref_mut(&mut self) -> &mut Draft {
        &mut self.draft
    }
}

impl Rows for Batch {
    fn get(&mut self, ns: Namespace, key: &[u8]) -> Result<Option<Value>, StoreError> {
        self.draft.get(ns, key)
    }

    fn scan(&mut self, ns: Namespace, scan: Scan<'_>) -> Result<Vec<Row>, StoreError> {
        self.draft.scan(ns, scan)
    }
}

impl Batch {
    pub(crate) fn new(handle: Arc<Handle>, journal: Box<dyn Journal>) -> Self {
        let cache_bytes = handle.shared.config.writer_cache_bytes;
        let draft = Draft::new(handle, None, cache_bytes);
        Self { draft, journal, payload: PayloadWriter::new(), saved: Vec::new() }
    }

    /// Keeps the transaction in the batch as one journal entry. Without an open one, does nothing.
    #[expect(clippy::needless_pass_by_value, reason = "the entry is the batch's from here on")]
    pub fn finish(&mut self, entry: EntryHeader) {
        if !self.draft.transaction.open {
            debug_assert!(false, "no transaction to finish");
            return;
        }
        self.payload.entry(&entry, self.draft.transaction.written.len());
        for index in &self.draft.transaction.written {
            let Some(slot) = self.draft.cache.get_mut(*index) else { continue };
            if let Some((ns, key)) = split_physical(&slot.key) {
                self.payload.row(ns, key, slot.value.as_deref());
            }
            if slot.saved_in != self.draft.epoch {
                slot.saved_in = self.draft.epoch;
                self.saved.push(*index);
            }
        }
        self.draft.close_transaction();
    }

    /// Takes the writes of a transaction that ran beside into the open one, if nothing that it read or
    /// writes has changed since its snapshot: neither by committed batches nor by this one's finished
    /// transactions (T7). Then [`Self::finish`] follows, as for any other.
    ///
    /// Cost: linear in the rows that were committed since it was checked last, those of this batch, and
    /// its own writes; what it read costs nothing here, however much it was.
    ///
    /// # Errors
    /// [`ApplyError::Conflict`]: it has to be run again. Nothing was written; the transaction is open.
    pub fn apply(&mut self, proposal: &mut Proposal) -> Result<(), ApplyError> {
        proposal.check()?;
        for slot in self.saved.iter().filter_map(|index| self.draft.cache.get(*index)) {
            if proposal.depends_on(slot.hash, &slot.key) {
                return Err(Conflict::at(&slot.key).into());
            }
        }
        for write in proposal.writes() {
            match &write.value {
                Some(value) => self.draft.set(write.namespace, &write.key, value)?,
                None => drop(self.draft.delete(write.namespace, &write.key)?),
            }
        }
        Ok(())
    }

    /// Finished transactions in the batch.
    pub fn entries(&self) -> usize {
        self.payload.entries()
    }

    /// Bytes of the batch as it will be written.
    pub fn bytes(&self) -> usize {
        self.payload.bytes()
    }

    /// The newest durable batch.
    pub fn head(&self) -> Sequence {
        self.journal.head()
    }

    /// Makes the batch durable (one append, one `fdatasync`) and then visible; returns its number.
    /// An open transaction is abandoned. An empty batch costs no I/O and gives the head.
    ///
    /// May wait for a fold when the overlay is full. On an error the whole batch is discarded and
    /// nothing of it may be acknowledged; see [`CommitError`] for what comes after.
    pub fn commit(&mut self, time: u64) -> Result<Sequence, CommitError> {
        self.draft.abandon();
        if self.payload.entries() == 0 {
            self.reset();
            return Ok(self.journal.head());
        }
        let committed = self.append(time);
        match committed {
            Ok(sequence) => self.publish(sequence),
            Err(_) => self.forget(),
        }
        self.reset();
        committed
    }

    fn append(&mut self, time: u64) -> Result<Sequence, CommitError> {
        let shared = &self.draft.handle.shared;
        shared.wait_for_room()?;
        let changes = usage_changes(&shared.view().usage, &self.draft.usage);
        let payload = self.payload.finish(time, &changes, &shared.config.entropy)?;
        match self.journal.append(self.journal.head(), shared.config.term, payload) {
            Ok(Appended::Appended(sequence)) => Ok(sequence),
            Ok(Appended::Stale(head)) => Err(CommitError::Stale { head }),
            Ok(Appended::Unknown(why)) => Err(CommitError::Unknown(why)),
            Err(AppendError::NoSpace(error)) => Err(CommitError::NoSpace(error)),
            Err(AppendError::Write(error)) => Err(CommitError::Write(error)),
            Err(AppendError::TooLarge(bytes)) => Err(CommitError::TooLarge(bytes)),
            Err(AppendError::Poisoned) => Err(CommitError::Poisoned),
        }
    }

    fn publish(&mut self, sequence: Sequence) {
        let rows: Vec<LayerRow> = self
            .saved
            .iter()
            .filter_map(|index| self.draft.cache.get(*index))
            .map(|slot| LayerRow::new(slot.hash, slot.key.clone(), slot.value.clone()))
            .collect();
        let layer = (!rows.is_empty()).then(|| Layer::new(sequence, sequence, rows));
        if let Some(layer) = &layer {
            self.draft.gaps.shrink(layer.rows());
        }
        self.draft.handle.shared.publish(sequence, layer, Arc::new(self.draft.usage.clone()));
        self.draft.handle.wake_proofs();
    }

    /// Forgets what the failed batch did.
    fn forget(&mut self) {
        for index in std::mem::take(&mut self.draft.touched) {
            self.draft.cache.remove(index);
        }
        self.draft.gaps.clear();
        self.draft.usage = (*self.draft.handle.shared.view().usage).clone();
    }

    /// Back to an empty batch.
    fn reset(&mut self) {
        self.payload.clear();
        self.saved.clear();
        self.draft.reset();
    }
}

/// By how much each namespace changed.
fn usage_changes(before: &Usage, after: &Usage) -> Vec<(Namespace, i64)> {
    // Every namespace of `before` is in `after`: usage falls to zero, it is never removed.
    after
        .iter()
        .map(|(ns, bytes)| {
            let old = before.get(ns).copied().unwrap_or(0);
            (*ns, bytes.cast_signed().wrapping_sub(old.cast_signed()))
        })
        .filter(|(_, change)| *change != 0)
        .collect()
}
