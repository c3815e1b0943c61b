//! What a transaction read (T7): so that one that ran beside the sequencer, on a snapshot, can be
//! checked against what committed since.
//!
//! A [`ReadSet`] is for noting; a [`Footprint`] is made
//! of it once, for asking. If either forgets something, two commands commit that cannot both be true.

use hashbrown::HashTable;

use crate::{
    key::{Namespace, PhysicalRange, split_physical},
    physical::PhysicalKey,
};

/// Counted for each key or range besides its bytes.
const NOTE_OVERHEAD_BYTES: usize = 48;

/// Keys and ranges that a transaction read from others. Its own writes, read back, are not in it.
/// A key may be listed more than once.
#[derive(Clone, Debug, Default)]
pub struct ReadSet {
    /// With their hashes by the store's hasher.
    keys: Vec<(u64, PhysicalKey)>,
    ranges: Vec<PhysicalRange>,
    bytes: usize,
}

impl ReadSet {
    /// Single keys that were looked up, found or not.
    pub fn keys(&self) -> impl Iterator<Item = (Namespace, &[u8])> {
        self.keys.iter().filter_map(|(_, key)| split_physical(key))
    }

    /// Whether a row, if somebody else changed it, would have changed what this transaction saw.
    /// Linear in what was read: for tests.
    pub fn covers(&self, ns: Namespace, key: &[u8]) -> bool {
        let mut physical = Vec::new();
        crate::key::write_physical(&mut physical, ns, key);
        self.keys.iter().any(|(_, read)| **read == *physical)
            || self.ranges.iter().any(|range| range.holds(&physical))
    }

    /// Number of keys and of ranges.
    pub fn len(&self) -> (usize, usize) {
        (self.keys.len(), self.ranges.len())
    }

    /// About the memory that it takes, in bytes. It grows with every read, so whoever lets a
    /// transaction run long bounds it.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.len() == (0, 0)
    }

    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.ranges.clear();
        self.bytes = 0;
    }

    pub(crate) fn add_key(&mut self, hash: u64, key: &PhysicalKey) {
        self.bytes += key.len() + NOTE_OVERHEAD_BYTES;
        self.keys.push((hash, key.clone()));
    }

    /// A page that begins where the last one ended, or ends where it began, makes that one longer: so
    /// a million rows read by the page are one range.
    pub(crate) fn add_range(&mut self, range: PhysicalRange) {
        if let Some(last) = self.ranges.last_mut()
            && last.touches(&range)
        {
            last.widen(range);
            return;
        }
        self.bytes +=
            range.lower.len() + range.upper.as_ref().map_or(0, |key| key.len()) + NOTE_OVERHEAD_BYTES;
        self.ranges.push(range);
    }
}

/// All that a finished transaction depends on, ready to be asked.
#[derive(Debug, Default)]
pub(crate) struct Footprint {
    keys: HashTable<(u64, PhysicalKey)>,
    /// In order, none touching another.
    ranges: Vec<PhysicalRange>,
}

impl Footprint {
    /// Of what was read, and of the keys that were written: two that write the same row conflict even
    /// if neither read it, so that nothing older replaces something newer.
    pub fn new(reads: ReadSet, written: impl Iterator<Item = (u64, PhysicalKey)>) -> Self {
        let mut footprint = Self { keys: HashTable::new(), ranges: disjoint(reads.ranges) };
        footprint.keys.reserve(reads.keys.len(), |(hash, _)| *hash);
        for (hash, key) in reads.keys.into_iter().chain(written) {
            footprint.add(hash, key);
        }
        footprint
    }

    fn add(&mut self, hash: u64, key: PhysicalKey) {
        let entry = self.keys.entry(hash, |(_, known)| *known == key, |(hash, _)| *hash);
        entry.or_insert((hash, key));
    }

    /// Whether it depends on a row. Cost: a look-up of a hash that is known and a binary search.
    pub fn holds(&self, hash: u64, key: &[u8]) -> bool {
        if self.keys.find(hash, |(_, known)| **known == *key).is_some() {
            return true;
        }
        let after = self.ranges.partition_point(|range| *range.lower <= *key);
        after.checked_sub(1).and_then(|at| self.ranges.get(at)).is_some_and(|range| range.below_upper(key))
    }
}

/// Sorts ranges and makes one of those that touch.
fn disjoint(mut ranges: Vec<PhysicalRange>) -> Vec<PhysicalRange> {
    ranges.sort_unstable_by(|a, b| a.lower.cmp(&b.lower));
    let mut out: Vec<PhysicalRange> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match out.last_mut() {
            Some(last) if last.touches(&range) => last.widen(range),
            _ => out.push(range),
        }
    }
    out
}
