//! The writer: transactions one after another, gathered into a batch that is one journal record.
//!
//! A transaction is `begin` … `finish` or `abandon` on the [`Draft`] that a batch is. `finish` encodes
//! the write-set behind the batch's earlier entries; `commit` appends the batch, and only then
//! publishes it. In two halves, it is `seal`, which gives the batch to whichever thread is to make it
//! durable ([`super::sealed`]), and `settle`, which hears what became of it; between the two the next
//! batch is filled, on top. What was run beside (T7) is checked and taken over by `apply`.
//!
//! When an append fails, all that the writer has at hand is forgotten, and with it every transaction on
//! top: so the next read finds what is committed.
//!
//! If this is wrong, one failed command spoils its neighbours, a quota counts wrongly, or somebody is
//! told of what stands on a batch that a power cut undid.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use super::{
    beside::{ApplyError, Conflict, Proposal},
    cache::SlotIndex,
    draft::Draft,
    sealed::{Flushed, Sealed},
};
use crate::{
    error::{CommitError, StoreError},
    journal::Journal,
    key::{Namespace, Row, Rows, Scan, Sequence, Value, split_physical},
    overlay::{base::Usage, layer::LayerRow},
    record::{EntryHeader, PayloadWriter},
    store::Handle,
};

/// THE writer of a store. There is one, and it belongs to one thread at a time.
///
/// Its rows are a [`Draft`]: reading outside a transaction is allowed and sees the batch's finished
/// transactions; writing there is [`StoreError::NoTransaction`].
pub struct Batch {
    draft: Draft,
    /// None while a sealed batch has it.
    journal: Option<Box<dyn Journal>>,
    /// The newest durable batch, as far as the writer has heard.
    head: Sequence,
    payload: PayloadWriter,
    /// The last one's, for its memory.
    spare: Option<PayloadWriter>,
    /// Slots that finished transactions of the batch wrote.
    saved: Vec<SlotIndex>,
    /// The same of the batch that is sealed and not settled.
    sealed_saved: Vec<SlotIndex>,
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
        let head = journal.head();
        Self {
            draft,
            journal: Some(journal),
            head,
            payload: PayloadWriter::new(),
            spare: None,
            saved: Vec::new(),
            sealed_saved: Vec::new(),
        }
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
    /// writes has changed since its snapshot: neither by committed batches, nor by a sealed one, nor by this
    /// one's finished transactions (T7). Then [`Self::finish`] follows, as for any other.
    ///
    /// Cost: linear in the rows that were committed since it was checked last, those of this batch, and
    /// its own writes; what it read costs nothing here, however much it was.
    ///
    /// # Errors
    /// [`ApplyError::Conflict`]: it has to be run again. Nothing was written; the transaction is open.
    pub fn apply(&mut self, proposal: &mut Proposal) -> Result<(), ApplyError> {
        proposal.check()?;
        // One that is durable by now, and in the proposal's snapshot, is no conflict.
        let sealed = if proposal.snapshot() > self.head { &[][..] } else { &self.sealed_saved };
        for slot in self.saved.iter().chain(sealed).filter_map(|index| self.draft.cache.get(*index)) {
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

    /// The newest durable batch; while one is sealed, the one before that.
    pub fn head(&self) -> Sequence {
        self.head
    }

    /// Whether a batch is sealed and not settled.
    pub fn is_sealed(&self) -> bool {
        self.journal.is_none()
    }

    /// Makes the batch durable (one append, one `fdatasync`) and then visible; returns its number.
    /// An open transaction is abandoned. An empty batch costs no I/O and gives the head.
    ///
    /// May wait for a fold when the overlay is full. On an error the whole batch is discarded and
    /// nothing of it may be acknowledged; see [`CommitError`] for what comes after. While another batch is
    /// sealed it is [`CommitError::Poisoned`], and nothing is discarded.
    pub fn commit(&mut self, time: u64) -> Result<Sequence, CommitError> {
        match self.seal(time)? {
            Some(sealed) => self.settle(sealed.flush()),
            None => Ok(self.head),
        }
    }

    /// The first half of [`Self::commit`]: takes the batch out to be flushed, on any thread, and begins
    /// the next one on top of it. Readers do not see it, the writer does. An open transaction is
    /// abandoned. None for an empty batch: there is nothing to flush.
    ///
    /// Cost: linear in the rows that the batch wrote, at some ten nanoseconds each. No I/O.
    ///
    /// # Errors
    /// [`CommitError::Poisoned`] while another one is sealed, or when one was lost; nothing is changed.
    pub fn seal(&mut self, time: u64) -> Result<Option<Sealed>, CommitError> {
        if self.journal.is_none() {
            return Err(CommitError::Poisoned);
        }
        self.draft.abandon();
        if self.payload.entries() == 0 {
            self.draft.reset();
            return Ok(None);
        }
        let Some(journal) = self.journal.take() else { return Err(CommitError::Poisoned) };
        let handle = Arc::clone(&self.draft.handle);
        let rows = self
            .saved
            .iter()
            .filter_map(|index| self.draft.cache.get(*index))
            .map(|slot| LayerRow::new(slot.hash, slot.key.clone(), slot.value.clone()))
            .collect();
        let usage_changes = usage_changes(&handle.shared.view().usage, &self.draft.usage);
        let spare = self.spare.take().unwrap_or_else(PayloadWriter::new);
        let sealed = Sealed {
            handle,
            journal,
            time,
            payload: std::mem::replace(&mut self.payload, spare),
            usage_changes,
            usage: Arc::new(self.draft.usage.clone()),
            rows,
        };
        std::mem::swap(&mut self.sealed_saved, &mut self.saved);
        self.draft.seal();
        Ok(Some(sealed))
    }

    /// The second half of [`Self::commit`]: what became of the sealed batch. Between transactions; one
    /// that is open goes on if the batch was committed.
    ///
    /// # Errors
    /// It was discarded, and with it the batch that was begun on top: what the writer sees is what is
    /// durable, and nothing of the two may be acknowledged.
    pub fn settle(&mut self, flushed: Flushed) -> Result<Sequence, CommitError> {
        let Flushed { journal, mut payload, layer, result } = flushed;
        self.journal = Some(journal);
        payload.clear();
        self.spare = Some(payload);
        self.sealed_saved.clear();
        match result {
            Ok(sequence) => {
                self.head = sequence;
                if let Some(layer) = layer {
                    self.draft.gaps.shrink(layer.rows());
                }
                self.draft.settle();
                Ok(sequence)
            }
            Err(error) => {
                self.payload.clear();
                self.saved.clear();
                self.draft.forget();
                Err(error)
            }
        }
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
