//! Transactions on rows that are not written down: a view of what is committed, and what was changed on it.
//!
//! This is what the one writer ([`super::batch::Batch`], with a journal behind it) and a transaction
//! beside it ([`super::beside::Beside`], with none) have in common. A transaction is `begin` … its end;
//! its writes go into the cache, with the old values on an undo list; a savepoint (T2) is a mark on
//! that list. What a transaction read is noted (T7).
//!
//! It commits nothing and publishes nothing: its two owners do, each in its own way. If this is wrong,
//! a failed command spoils its neighbours, or a quota counts wrongly.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use super::{
    cache::{Cache, SlotIndex},
    gaps::Gaps,
    reads::ReadSet,
};
use crate::{
    error::StoreError,
    key::{
        Direction, KEY_BYTES_MAX, NAMESPACE_BYTES, Namespace, PhysicalRange, Row, Rows, Scan,
        VALUE_BYTES_MAX, Value, split_physical, successor, write_physical,
    },
    overlay::{
        base::Usage,
        view::{Scanned, Unsaved, View},
    },
    physical::PhysicalKey,
    store::Handle,
};

/// A point in a transaction to which it can be undone (T2).
#[derive(Clone, Copy, Debug)]
pub struct Savepoint {
    transaction: u64,
    kept: usize,
    written: usize,
    written_bytes: usize,
}

/// Rows as a writer has them: committed ones, those of finished transactions that are not committed
/// yet, and those of the running transaction, newest first.
///
/// Reading outside a transaction is allowed and sees the finished ones; writing there is
/// [`StoreError::NoTransaction`].
pub struct Draft {
    pub(super) handle: Arc<Handle>,
    /// What it stands on; none: taken at its first need, so that an idle writer holds no old view.
    pub(super) view: Option<Arc<View>>,
    pub(super) cache: Cache,
    pub(super) gaps: Gaps,
    /// Bytes by namespace, the running transaction included.
    pub(super) usage: Usage,
    /// The batch's number, for stamping slots; never reused.
    pub(super) epoch: u64,
    /// Slots that the sealed batch touched, and then those that this one did, in that order.
    touched: Vec<SlotIndex>,
    /// How many of them are the sealed batch's.
    sealed: usize,
    /// The same, sorted, as far as a scan needed it.
    sorted: BTreeMap<PhysicalKey, SlotIndex>,
    sorted_count: usize,
    pub(super) transaction: Transaction,
    scratch: Vec<u8>,
}

/// The running transaction.
#[derive(Default)]
pub(super) struct Transaction {
    pub(super) open: bool,
    /// For stamping slots; never reused.
    number: u64,
    /// The stretch since the last savepoint; never reused.
    stretch: u64,
    kept: Vec<Undo>,
    pub(super) written: Vec<SlotIndex>,
    written_bytes: usize,
    records_reads: bool,
    pub(super) reads: ReadSet,
}

/// What a slot was before a write.
pub(super) struct Undo {
    index: SlotIndex,
    value: Option<Value>,
    written_in: u64,
    kept_in: u64,
}

impl Draft {
    /// `view` none: the newest committed one whenever the draft begins anew.
    pub(super) fn new(handle: Arc<Handle>, view: Option<Arc<View>>, cache_bytes: usize) -> Self {
        let shared = &handle.shared;
        let usage =
            view.as_ref().map_or_else(|| (*shared.view().usage).clone(), |view| (*view.usage).clone());
        Self {
            view,
            cache: Cache::new(shared.hasher.clone(), cache_bytes),
            gaps: Gaps::default(),
            usage,
            epoch: 1,
            touched: Vec::new(),
            sealed: 0,
            sorted: BTreeMap::new(),
            sorted_count: 0,
            transaction: Transaction { records_reads: true, ..Transaction::default() },
            scratch: Vec::new(),
            handle,
        }
    }

    /// Begins a transaction. One that was open is abandoned.
    pub fn begin(&mut self) {
        self.abandon();
        let transaction = &mut self.transaction;
        transaction.open = true;
        transaction.number += 1;
        transaction.stretch += 1;
        transaction.reads.clear();
    }

    /// Sets a row. Cost: under a microsecond for rows at hand, copying included.
    pub fn set(&mut self, ns: Namespace, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        if value.len() > VALUE_BYTES_MAX {
            return Err(StoreError::ValueTooLong(value.len()));
        }
        let index = self.slot_for_write(ns, key)?;
        self.write(ns, index, Some(value.into()));
        Ok(())
    }

    /// Deletes a row. True when it was there; deleting nothing writes nothing.
    pub fn delete(&mut self, ns: Namespace, key: &[u8]) -> Result<bool, StoreError> {
        let index = self.slot_for_write(ns, key)?;
        self.note_read(index);
        let was_there = self.cache.get(index).is_some_and(|slot| slot.value.is_some());
        if was_there {
            self.write(ns, index, None);
        }
        Ok(was_there)
    }

    /// Marks this point of the transaction (T2).
    pub fn savepoint(&mut self) -> Savepoint {
        let transaction = &mut self.transaction;
        transaction.stretch += 1;
        Savepoint {
            transaction: transaction.number,
            kept: transaction.kept.len(),
            written: transaction.written.len(),
            written_bytes: transaction.written_bytes,
        }
    }

    /// Undoes all writes since the savepoint, which may be used again. One of another transaction
    /// is ignored. What was read stays recorded: it may have decided what the caller does next.
    pub fn rollback_to(&mut self, savepoint: Savepoint) {
        if !self.transaction.open || savepoint.transaction != self.transaction.number {
            debug_assert!(false, "a savepoint of another transaction");
            return;
        }
        self.undo(savepoint.kept);
        let transaction = &mut self.transaction;
        transaction.written.truncate(savepoint.written);
        transaction.written_bytes = savepoint.written_bytes;
        transaction.stretch += 1;
    }

    /// Bytes of new keys and values that the transaction wrote, each key once (C7).
    pub fn written_bytes(&self) -> usize {
        self.transaction.written_bytes
    }

    /// Rows that the transaction wrote, each once.
    pub fn written_rows(&self) -> usize {
        self.transaction.written.len()
    }

    /// Bytes of keys and values in a namespace, the running transaction included.
    pub fn usage(&self, ns: Namespace) -> u64 {
        self.usage.get(&ns).copied().unwrap_or(0)
    }

    /// Whether transactions record what they read (T7). They do unless told otherwise.
    pub fn record_reads(&mut self, on: bool) {
        self.transaction.records_reads = on;
    }

    /// As [`Self::usage`], for a transaction that does something with the number: noted as having read
    /// the whole namespace.
    pub fn read_usage(&mut self, ns: Namespace) -> u64 {
        if self.transaction.open && self.transaction.records_reads {
            self.transaction.reads.add_range(PhysicalRange::of(ns, &[], None));
        }
        self.usage(ns)
    }

    /// What the running transaction, or the last one, read.
    pub fn reads(&self) -> &ReadSet {
        &self.transaction.reads
    }

    /// Drops the transaction. Its neighbours in the batch are untouched.
    pub fn abandon(&mut self) {
        if self.transaction.open {
            self.undo(0);
            self.close_transaction();
        }
    }

    /// The end of an empty batch: old rows are let go.
    pub(super) fn reset(&mut self) {
        self.seal();
        self.settle();
    }

    /// The batch ends, and the next one begins on top of it: its rows stay at hand until [`Self::settle`],
    /// for they are nowhere else.
    pub(super) fn seal(&mut self) {
        self.sealed = self.touched.len();
        self.epoch += 1;
    }

    /// The rows of the sealed batch are committed: views have them.
    pub(super) fn settle(&mut self) {
        for index in self.touched.drain(..self.sealed) {
            // One that the batch on top has touched too is let go with that.
            if self.cache.get(index).is_some_and(|slot| slot.fresh && slot.touched_in < self.epoch) {
                self.cache.remove(index);
            }
        }
        self.sealed = 0;
        self.sorted.clear();
        self.sorted_count = 0;
        self.view = None;
    }

    /// Everything that is not committed is gone, and what was known of rows with it.
    pub(super) fn forget(&mut self) {
        self.abandon();
        self.touched.clear();
        self.cache.clear();
        self.gaps.clear();
        self.seal();
        self.settle();
        self.usage = (*self.handle.shared.view().usage).clone();
    }

    pub(super) fn close_transaction(&mut self) {
        let transaction = &mut self.transaction;
        transaction.open = false;
        transaction.kept.clear();
        transaction.written.clear();
        transaction.written_bytes = 0;
    }

    /// The slot of a key, filled from what is committed if it is not at hand.
    fn slot(&mut self, ns: Namespace, key: &[u8]) -> Result<SlotIndex, StoreError> {
        if key.len() > KEY_BYTES_MAX {
            return Err(StoreError::KeyTooLong(key.len()));
        }
        write_physical(&mut self.scratch, ns, key);
        let hash = self.cache.hash(&self.scratch);
        if let Some(index) = self.cache.find(hash, &self.scratch) {
            return Ok(index);
        }
        let value = self.committed(hash)?;
        // What the sealed batch touched stays too.
        let oldest = self.epoch - u64::from(self.sealed > 0);
        Ok(self.cache.insert(hash, &self.scratch, value, oldest))
    }

    /// The committed value of the key in `scratch`.
    fn committed(&mut self, hash: u64) -> Result<Option<Value>, StoreError> {
        if self.gaps.holds(&self.scratch) {
            return Ok(None);
        }
        let shared = &self.handle.shared;
        let view = self.view.get_or_insert_with(|| shared.view());
        let value = view.get(hash, &self.scratch)?;
        if value.is_none() {
            self.gaps.learn(view, &self.scratch)?;
        }
        Ok(value)
    }

    fn slot_for_write(&mut self, ns: Namespace, key: &[u8]) -> Result<SlotIndex, StoreError> {
        if !self.transaction.open {
            return Err(StoreError::NoTransaction);
        }
        self.slot(ns, key)
    }

    /// Writes a slot, keeps its old value for undoing, and counts.
    fn write(&mut self, ns: Namespace, index: SlotIndex, value: Option<Value>) {
        let transaction = &mut self.transaction;
        let old = self.cache.replace(index, value);
        let Some(slot) = self.cache.get_mut(index) else { return };
        let new_length = slot.value.as_ref().map_or(0, |value| value.len());
        let old_length = old.as_ref().map_or(0, |value| value.len());
        let key_length = slot.key.len() - NAMESPACE_BYTES;
        let change = row_bytes(key_length, slot.value.as_ref()) - row_bytes(key_length, old.as_ref());

        if slot.kept_in != transaction.stretch {
            transaction.kept.push(Undo {
                index,
                value: old,
                written_in: slot.written_in,
                kept_in: slot.kept_in,
            });
            slot.kept_in = transaction.stretch;
        }
        if slot.written_in == transaction.number {
            transaction.written_bytes -= old_length;
        } else {
            slot.written_in = transaction.number;
            transaction.written.push(index);
            transaction.written_bytes += key_length;
        }
        transaction.written_bytes += new_length;
        if slot.touched_in != self.epoch {
            slot.touched_in = self.epoch;
            self.touched.push(index);
        }
        change_usage(&mut self.usage, ns, change);
    }

    /// Puts old values back, newest first, down to so many kept ones.
    fn undo(&mut self, down_to: usize) {
        while self.transaction.kept.len() > down_to {
            let Some(kept) = self.transaction.kept.pop() else { break };
            let undone = self.cache.replace(kept.index, kept.value);
            let Some(slot) = self.cache.get_mut(kept.index) else { continue };
            slot.written_in = kept.written_in;
            slot.kept_in = kept.kept_in;
            let key_length = slot.key.len() - NAMESPACE_BYTES;
            let change = row_bytes(key_length, slot.value.as_ref()) - row_bytes(key_length, undone.as_ref());
            if let Some((ns, _)) = split_physical(&slot.key) {
                change_usage(&mut self.usage, ns, change);
            }
        }
    }

    /// Notes that the transaction depends on a row that it did not write itself.
    fn note_read(&mut self, index: SlotIndex) {
        let transaction = &mut self.transaction;
        if !transaction.open || !transaction.records_reads {
            return;
        }
        let Some(slot) = self.cache.get_mut(index) else { return };
        if slot.read_in != transaction.number && slot.written_in != transaction.number {
            slot.read_in = transaction.number;
            transaction.reads.add_key(slot.hash, &slot.key);
        }
    }

    /// Notes the part of a range that a scan really depended on.
    fn note_scan(&mut self, mut range: PhysicalRange, scan: &Scan<'_>, ns: Namespace, found: &Scanned) {
        let full = if found.rows.len() >= scan.limit { found.rows.last() } else { None };
        // A row that was looked at and did not fit is depended on too: smaller, it would have fitted.
        if let Some(key) = found.refused.as_deref().or(full.map(|(key, _)| &**key)) {
            let mut physical = Vec::new();
            write_physical(&mut physical, ns, key);
            match scan.direction {
                Direction::Forward => range.upper = Some(successor(&physical)),
                Direction::Reverse => range.lower = physical.into_boxed_slice(),
            }
        }
        self.transaction.reads.add_range(range);
    }

    /// Sorts what the batch touched since the last scan into the rest.
    fn sort_touched(&mut self) {
        for index in self.touched.get(self.sorted_count..).unwrap_or_default() {
            if let Some(slot) = self.cache.get(*index) {
                self.sorted.insert(slot.key.clone(), *index);
            }
        }
        self.sorted_count = self.touched.len();
    }
}

impl Rows for Draft {
    fn get(&mut self, ns: Namespace, key: &[u8]) -> Result<Option<Value>, StoreError> {
        let index = self.slot(ns, key)?;
        self.note_read(index);
        Ok(self.cache.get(index).and_then(|slot| slot.value.clone()))
    }

    fn scan(&mut self, ns: Namespace, scan: Scan<'_>) -> Result<Vec<Row>, StoreError> {
        let range = PhysicalRange::of(ns, scan.start, scan.end);
        if range.is_empty() {
            return Ok(Vec::new());
        }
        self.sort_touched();
        let shared = &self.handle.shared;
        let view = self.view.get_or_insert_with(|| shared.view());
        let upper = range.upper.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let touched = self.sorted.range::<[u8], _>((Bound::Included(&*range.lower), upper));
        let cache = &self.cache;
        let row = |touched| unsaved_row(cache, touched);
        let unsaved: Unsaved<'_> = match scan.direction {
            Direction::Forward => Box::new(touched.map(row)),
            Direction::Reverse => Box::new(touched.rev().map(row)),
        };
        let found = view.scan(&range, scan.direction, Some(unsaved), scan.limit, scan.max_bytes)?;
        if self.transaction.open && self.transaction.records_reads && scan.limit > 0 {
            self.note_scan(range, &scan, ns, &found);
        }
        Ok(found.rows)
    }
}

fn unsaved_row<'a>(
    cache: &'a Cache,
    (key, index): (&'a PhysicalKey, &'a SlotIndex),
) -> (&'a [u8], Option<&'a Value>) {
    (&**key, cache.get(*index).and_then(|slot| slot.value.as_ref()))
}

/// What a row counts; an absent one counts nothing. Lengths are bounded far below `i64`.
fn row_bytes(key_length: usize, value: Option<&Value>) -> i64 {
    value.map_or(0, |value| i64::try_from(key_length + value.len()).unwrap_or(i64::MAX))
}

pub(crate) fn change_usage(usage: &mut Usage, ns: Namespace, change: i64) {
    if change != 0 {
        let bytes = usage.entry(ns).or_default();
        *bytes = bytes.saturating_add_signed(change);
    }
}
