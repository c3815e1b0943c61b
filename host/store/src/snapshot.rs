//! A snapshot: all committed rows at one sequence, for one reader (T6).

use std::{hash::BuildHasher, sync::Arc};

use hashbrown::DefaultHashBuilder;

use crate::{
    error::StoreError,
    key::{KEY_BYTES_MAX, Namespace, PhysicalRange, Row, Rows, Scan, Sequence, Value, write_physical},
    overlay::view::View,
};

/// The committed rows at one moment. It is not moved by later commits. Cloning is cheap.
#[derive(Clone)]
pub struct Snapshot {
    view: Arc<View>,
    hasher: DefaultHashBuilder,
    scratch: Vec<u8>,
}

impl Snapshot {
    pub(crate) fn new(view: Arc<View>, hasher: DefaultHashBuilder) -> Self {
        Self { view, hasher, scratch: Vec::new() }
    }

    /// The newest batch that it sees.
    pub fn sequence(&self) -> Sequence {
        self.view.sequence
    }

    /// Bytes of keys and values in a namespace.
    pub fn usage(&self, ns: Namespace) -> u64 {
        self.view.usage.get(&ns).copied().unwrap_or(0)
    }
}

impl Rows for Snapshot {
    fn get(&mut self, ns: Namespace, key: &[u8]) -> Result<Option<Value>, StoreError> {
        if key.len() > KEY_BYTES_MAX {
            return Err(StoreError::KeyTooLong(key.len()));
        }
        write_physical(&mut self.scratch, ns, key);
        // The same function of the same bytes as the writer's cache computes.
        let hash = self.hasher.hash_one(&*self.scratch);
        self.view.get(hash, &self.scratch)
    }

    fn scan(&mut self, ns: Namespace, scan: Scan<'_>) -> Result<Vec<Row>, StoreError> {
        let range = PhysicalRange::of(ns, scan.start, scan.end);
        Ok(self.view.scan(&range, scan.direction, None, scan.limit, scan.max_bytes)?.rows)
    }
}
