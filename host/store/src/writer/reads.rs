//! What a transaction read (T7): so that one that ran beside the sequencer, on a snapshot, can be
//! checked against what committed since.

use std::sync::Arc;

use crate::key::{Namespace, PhysicalRange, split_physical};

/// Keys and ranges that a transaction read from others. Its own writes, read back, are not in it.
/// A key may be listed more than once.
#[derive(Clone, Debug, Default)]
pub struct ReadSet {
    keys: Vec<Arc<[u8]>>,
    ranges: Vec<PhysicalRange>,
}

impl ReadSet {
    /// Single keys that were looked up, found or not.
    pub fn keys(&self) -> impl Iterator<Item = (Namespace, &[u8])> {
        self.keys.iter().filter_map(|key| split_physical(key))
    }

    /// Whether a row, if somebody else changed it, would have changed what this transaction saw.
    pub fn covers(&self, ns: Namespace, key: &[u8]) -> bool {
        let mut physical = Vec::new();
        crate::key::write_physical(&mut physical, ns, key);
        self.keys.iter().any(|read| **read == *physical)
            || self.ranges.iter().any(|range| *range.lower <= *physical && range.below_upper(&physical))
    }

    /// Number of keys and of ranges.
    pub fn len(&self) -> (usize, usize) {
        (self.keys.len(), self.ranges.len())
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.len() == (0, 0)
    }

    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.ranges.clear();
    }

    pub(crate) fn add_key(&mut self, key: &Arc<[u8]>) {
        self.keys.push(Arc::clone(key));
    }

    pub(crate) fn add_range(&mut self, range: PhysicalRange) {
        self.ranges.push(range);
    }
}
