//! What a call reads and writes: a batch, a transaction beside it, or a snapshot.

use hamlet_store::{Batch, Beside, Draft, Namespace, Rows, Scan, Snapshot, StoreError, Value};

use crate::call::CallError;

/// What a call reads and writes.
pub(crate) enum Tx {
    /// A command's transaction on the sequencer.
    Command(Batch),
    /// A command's transaction beside it (T7).
    Beside(Beside),
    /// A query's snapshot.
    Query(Snapshot),
    /// Between two queries of a worker.
    Nothing,
}

impl Tx {
    /// A command's rows; none: nothing can be written here.
    pub(crate) fn draft(&mut self) -> Option<&mut Draft> {
        match self {
            Self::Command(batch) => Some(batch),
            Self::Beside(beside) => Some(beside),
            Self::Query(_) | Self::Nothing => None,
        }
    }

    /// A command's rows, where it was checked that a command runs.
    pub(crate) fn writable(&mut self) -> Result<&mut Draft, CallError> {
        self.draft().ok_or_else(|| CallError::internal("there is no transaction to write in"))
    }

    /// Whether a command runs.
    pub(crate) fn is_command(&self) -> bool {
        matches!(self, Self::Command(_) | Self::Beside(_))
    }

    fn rows(&mut self) -> Result<&mut dyn Rows, StoreError> {
        match self {
            Self::Command(batch) => Ok(batch),
            Self::Beside(beside) => Ok(beside),
            Self::Query(snapshot) => Ok(snapshot),
            Self::Nothing => Err(StoreError::Io {
                what: "a row was read outside a call".into(),
                source: std::io::Error::other("no transaction is open"),
            }),
        }
    }
}

impl Rows for Tx {
    fn get(&mut self, ns: Namespace, key: &[u8]) -> Result<Option<Value>, StoreError> {
        match self {
            Self::Command(batch) => batch.get(ns, key),
            Self::Beside(beside) => beside.get(ns, key),
            Self::Query(snapshot) => snapshot.get(ns, key),
            Self::Nothing => self.rows()?.get(ns, key),
        }
    }

    fn scan(&mut self, ns: Namespace, scan: Scan<'_>) -> Result<Vec<(Box<[u8]>, Value)>, StoreError> {
        self.rows()?.scan(ns, scan)
    }
}
