//! A journal without a disk, for tests and throw-away communities. "Durable" means here: kept
//! until the last clone is gone.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;

use super::{AppendError, Appended, Journal, JournalRead, JournalSize, RawRecord, Records};
use crate::{error::StoreError, key::Sequence};

/// Records in memory. Clones share them, so a clone is what a reopened journal would be.
#[derive(Clone, Default)]
pub struct MemoryJournal {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    dropped: Sequence,
    records: VecDeque<RawRecord>,
}

impl Inner {
    fn head(&self) -> Sequence {
        self.dropped + self.records.len() as u64
    }
}

impl Journal for MemoryJournal {
    fn head(&self) -> Sequence {
        self.inner.lock().head()
    }

    fn append(&mut self, expected: Sequence, term: u64, payload: &[u8]) -> Result<Appended, AppendError> {
        let mut inner = self.inner.lock();
        let head = inner.head();
        let newer_term = inner.records.back().is_some_and(|last| last.term > term);
        if expected != head || newer_term {
            return Ok(Appended::Stale(head));
        }
        let sequence = head + 1;
        inner.records.push_back(RawRecord { sequence, term, payload: payload.into() });
        Ok(Appended::Appended(sequence))
    }

    fn reader(&self) -> Arc<dyn JournalRead> {
        Arc::new(self.clone())
    }
}

impl JournalRead for MemoryJournal {
    fn oldest(&self) -> Sequence {
        self.inner.lock().dropped + 1
    }

    fn head(&self) -> Sequence {
        self.inner.lock().head()
    }

    fn read(&self, from: Sequence) -> Result<Records, StoreError> {
        let inner = self.inner.lock();
        let from = from.max(1);
        let Some(skip) = from.checked_sub(inner.dropped + 1) else {
            return Err(StoreError::Dropped { oldest: inner.dropped + 1 });
        };
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let records: Vec<_> = inner.records.iter().skip(skip).cloned().map(Ok).collect();
        Ok(Box::new(records.into_iter()))
    }

    fn drop_before(&self, sequence: Sequence) -> Result<Sequence, StoreError> {
        let mut inner = self.inner.lock();
        while inner.dropped + 1 < sequence && inner.records.len() > 1 {
            inner.records.pop_front();
            inner.dropped += 1;
        }
        Ok(inner.dropped + 1)
    }

    fn size(&self) -> JournalSize {
        let inner = self.inner.lock();
        let bytes = inner.records.iter().map(|record| record.payload.len() as u64).sum();
        JournalSize { segments: 1, bytes, used: bytes }
    }
}
