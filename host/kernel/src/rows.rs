//! One namespace's rows, as the kernel's own keepers (grants, events, schedules, …) see them.
//!
//! The same keeper runs inside a native provider (rows from its [`NativeContext`]), inside a host
//! capability (rows of the running batch) and on a snapshot. [`OwnRows`] is what these have in
//! common. It opens and ends no transaction: whatever is written is undone with the call (T2).

use std::sync::Arc;

use hamlet_store::{Direction, Draft, Namespace, Rows, Scan, Value};

use crate::call::CallError;
use crate::native::{NativeContext, ScannedRows};

/// Get, set, delete and scan in one namespace.
pub trait OwnRows {
    /// The value of a key.
    fn get(&mut self, key: &[u8]) -> Result<Option<Value>, CallError>;
    /// Sets a key.
    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), CallError>;
    /// Deletes a key; true when it was there.
    fn delete(&mut self, key: &[u8]) -> Result<bool, CallError>;
    /// A range of keys.
    fn scan(&mut self, scan: Scan<'_>) -> Result<ScannedRows, CallError>;
}

/// Rows of the running transaction.
pub struct InBatch<'a> {
    /// The sequencer's batch, or the transaction beside it.
    pub batch: &'a mut Draft,
    /// Whose rows.
    pub namespace: Namespace,
}

impl OwnRows for InBatch<'_> {
    fn get(&mut self, key: &[u8]) -> Result<Option<Value>, CallError> {
        Ok(self.batch.get(self.namespace, key)?)
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), CallError> {
        Ok(self.batch.set(self.namespace, key, value)?)
    }

    fn delete(&mut self, key: &[u8]) -> Result<bool, CallError> {
        Ok(self.batch.delete(self.namespace, key)?)
    }

    fn scan(&mut self, scan: Scan<'_>) -> Result<ScannedRows, CallError> {
        Ok(self.batch.scan(self.namespace, scan)?)
    }
}

/// Rows that can only be read, of a snapshot or of another room.
pub struct ReadOnly<'a> {
    /// The snapshot or batch.
    pub rows: &'a mut dyn Rows,
    /// Whose rows.
    pub namespace: Namespace,
}

impl OwnRows for ReadOnly<'_> {
    fn get(&mut self, key: &[u8]) -> Result<Option<Value>, CallError> {
        Ok(self.rows.get(self.namespace, key)?)
    }

    fn set(&mut self, _key: &[u8], _value: &[u8]) -> Result<(), CallError> {
        Err(CallError::WriteInQuery { plugin: Arc::from(crate::catalogue::HOST) })
    }

    fn delete(&mut self, _key: &[u8]) -> Result<bool, CallError> {
        Err(CallError::WriteInQuery { plugin: Arc::from(crate::catalogue::HOST) })
    }

    fn scan(&mut self, scan: Scan<'_>) -> Result<ScannedRows, CallError> {
        Ok(self.rows.scan(self.namespace, scan)?)
    }
}

/// A native provider's own rows.
pub struct OfProvider<'a>(pub &'a mut dyn NativeContext);

impl OwnRows for OfProvider<'_> {
    fn get(&mut self, key: &[u8]) -> Result<Option<Value>, CallError> {
        self.0.get(key)
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), CallError> {
        self.0.set(key, value)
    }

    fn delete(&mut self, key: &[u8]) -> Result<bool, CallError> {
        self.0.delete(key)
    }

    fn scan(&mut self, scan: Scan<'_>) -> Result<ScannedRows, CallError> {
        self.0.scan(scan)
    }
}

/// Bytes of one page of an inner scan.
const PAGE_BYTES_MAX: usize = 1 << 20;

/// The rows whose keys begin with `prefix` and are not before `from`, at most `limit`, in order.
///
/// # Errors
/// The store failed.
pub fn with_prefix(
    rows: &mut dyn OwnRows,
    prefix: &[u8],
    from: &[u8],
    limit: usize,
) -> Result<ScannedRows, CallError> {
    let end = after_prefix(prefix);
    let start = if from > prefix { from } else { prefix };
    rows.scan(Scan {
        start,
        end: end.as_deref(),
        direction: Direction::Forward,
        limit,
        max_bytes: PAGE_BYTES_MAX,
    })
}

/// The first key after all that begin with `prefix`; none when there is no such key.
pub fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

/// A row of JSON.
///
/// # Errors
/// The bytes are not what this version of the host writes.
pub fn from_json<T: serde::de::DeserializeOwned>(what: &str, bytes: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(bytes)
        .map_err(|error| CallError::internal(format!("a damaged row of {what}: {error}")))
}

/// A row of JSON.
///
/// # Errors
/// Never for the plain records that are kept so.
pub fn to_json<T: serde::Serialize>(what: &str, row: &T) -> Result<Vec<u8>, CallError> {
    serde_json::to_vec(row).map_err(|error| CallError::internal(format!("a row of {what}: {error}")))
}

#[cfg(test)]
pub(crate) mod fake;
