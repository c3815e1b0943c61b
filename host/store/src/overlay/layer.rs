//! One immutable layer: the rows that one batch, or several neighbouring ones, left behind.

use std::{cmp::Ordering, ops::Range, sync::Arc};

use crate::{
    key::{PhysicalRange, Sequence, Value},
    physical::PhysicalKey,
};

/// Counted for each row besides its key and value: the row itself, two allocations' heads, and the
/// filter.
const ROW_OVERHEAD_BYTES: usize = 120;
/// Bits of the filter for each row. 16 give about 1 % of needless searches with two probes a word.
const FILTER_BITS_PER_ROW: usize = 16;

/// The first bytes of a key as a number, zeros behind a short one. Where two differ, they are
/// ordered as the keys are; so sorting and searching seldom follow the pointer to a key.
pub(crate) type Prefix = u128;

/// See [`Prefix`].
pub(crate) fn prefix_of(key: &[u8]) -> Prefix {
    let mut bytes = [0; size_of::<Prefix>()];
    let length = key.len().min(bytes.len());
    if let (Some(to), Some(from)) = (bytes.get_mut(..length), key.get(..length)) {
        to.copy_from_slice(from);
    }
    Prefix::from_be_bytes(bytes)
}

/// A row of a layer; one cache line.
#[derive(Clone)]
pub(crate) struct LayerRow {
    prefix: Prefix,
    /// Of the physical key, by the store's hasher.
    pub hash: u64,
    /// Physical.
    pub key: PhysicalKey,
    /// None when the batch deleted it.
    pub value: Option<Value>,
}

impl LayerRow {
    pub fn new(hash: u64, key: PhysicalKey, value: Option<Value>) -> Self {
        Self { prefix: prefix_of(&key), hash, key, value }
    }

    fn order(&self, other: &Self) -> Ordering {
        self.prefix.cmp(&other.prefix).then_with(|| self.key.cmp(&other.key))
    }

    fn order_to(&self, prefix: Prefix, key: &[u8]) -> Ordering {
        self.prefix.cmp(&prefix).then_with(|| (*self.key).cmp(key))
    }
}

/// Sorted rows, each key once.
pub(crate) struct Layer {
    /// The first batch whose rows are here.
    pub first: Sequence,
    /// The last one.
    pub last: Sequence,
    /// About what it takes in memory.
    pub bytes: usize,
    rows: Vec<LayerRow>,
    filter: Filter,
}

impl Layer {
    /// Makes a layer of rows in any order, each key once.
    pub fn new(first: Sequence, last: Sequence, mut rows: Vec<LayerRow>) -> Self {
        rows.sort_unstable_by(LayerRow::order);
        Self::sorted(first, last, rows)
    }

    /// Makes a layer of rows in the order in which they were written, keys any number of times.
    pub fn of_history(first: Sequence, last: Sequence, mut rows: Vec<LayerRow>) -> Self {
        rows.reverse();
        Self::newest_first(first, last, rows)
    }

    /// Merges neighbouring layers, oldest first: of each key the newest row stays, deletions too,
    /// since the base may hold the row.
    pub fn merge(layers: &[Arc<Self>]) -> Self {
        let first = layers.first().map_or(0, |layer| layer.first);
        let last = layers.last().map_or(0, |layer| layer.last);
        let rows = layers.iter().rev().flat_map(|layer| layer.rows.iter().cloned()).collect();
        Self::newest_first(first, last, rows)
    }

    /// Of each key the first row stays. The standard sort is stable, and it finds the sorted runs
    /// of layers that are merged.
    fn newest_first(first: Sequence, last: Sequence, mut rows: Vec<LayerRow>) -> Self {
        rows.sort_by(LayerRow::order);
        rows.dedup_by(|later, kept| later.order(kept).is_eq());
        Self::sorted(first, last, rows)
    }

    fn sorted(first: Sequence, last: Sequence, rows: Vec<LayerRow>) -> Self {
        let mut filter = Filter::for_rows(rows.len());
        let mut bytes = 0;
        for row in &rows {
            filter.add(row.hash);
            bytes += row.key.len() + row.value.as_ref().map_or(0, |value| value.len());
        }
        bytes += rows.len() * ROW_OVERHEAD_BYTES;
        Self { first, last, bytes, rows, filter }
    }

    pub fn rows(&self) -> &[LayerRow] {
        &self.rows
    }

    /// The row of a key, which may say that it was deleted; none when the layer says nothing.
    pub fn get(&self, hash: u64, prefix: Prefix, key: &[u8]) -> Option<&LayerRow> {
        if !self.filter.may_hold(hash) {
            return None;
        }
        let at = self.rows.binary_search_by(|row| row.order_to(prefix, key)).ok()?;
        self.rows.get(at)
    }

    /// The rows of a range.
    pub fn range(&self, range: &PhysicalRange) -> &[LayerRow] {
        let lower = prefix_of(&range.lower);
        let from = self.rows.partition_point(|row| row.order_to(lower, &range.lower).is_lt());
        let rest = self.rows.get(from..).unwrap_or_default();
        let length = rest.partition_point(|row| range.below_upper(&row.key));
        rest.get(..length).unwrap_or_default()
    }

    /// The first key after `key`.
    pub fn next_key(&self, key: &[u8]) -> Option<&[u8]> {
        let prefix = prefix_of(key);
        let at = self.rows.partition_point(|row| row.order_to(prefix, key).is_le());
        self.rows.get(at).map(|row| &*row.key)
    }
}

/// A Bloom filter of which each key touches one word, hence one cache line.
struct Filter {
    words: Box<[u64]>,
}

impl Filter {
    fn for_rows(rows: usize) -> Self {
        let words = (rows * FILTER_BITS_PER_ROW / 64).next_power_of_two();
        Self { words: vec![0; words].into() }
    }

    /// The word and the bits of a hash. The table's own position comes from its high half, the
    /// bits from its low half.
    fn place(&self, hash: u64) -> (usize, u64) {
        let word = (hash >> 32) as usize & (self.words.len() - 1);
        let bits = 1 << (hash & 63) | 1 << (hash >> 6 & 63) | 1 << (hash >> 12 & 63);
        (word, bits)
    }

    fn add(&mut self, hash: u64) {
        let (word, bits) = self.place(hash);
        if let Some(word) = self.words.get_mut(word) {
            *word |= bits;
        }
    }

    fn may_hold(&self, hash: u64) -> bool {
        let (word, bits) = self.place(hash);
        self.words.get(word).is_none_or(|word| word & bits == bits)
    }
}

/// Neighbouring layers that should become one, if any; `boundary` is the last batch that is being
/// folded, across which nothing is merged.
///
/// Layers fall into classes by size, each eight times the last. Eight neighbours of one class (or
/// smaller) make one of the next, so that every row is copied once a class and a view stays at
/// some dozen layers. Of many rows it takes more neighbours: what a busy writer leaves between two
/// folds is merged by the fold, and merging it before cost a tenth of all processor time. A key that
/// a layer does not hold costs its reader one probe of a filter.
pub(crate) fn choose_merge(layers: &[Arc<Layer>], boundary: Sequence) -> Option<Range<usize>> {
    const FAN_IN: usize = 8;
    /// Neighbours with more rows than these together wait until they are so many.
    const MANY_ROWS: usize = 16 * 1024;
    const FAN_IN_OF_MANY: usize = 64;
    const CLASS_BITS: u32 = 3;
    const MERGED_ROWS_MAX: usize = 1_000_000;
    let begin = layers.partition_point(|layer| layer.first <= boundary);
    let class = |layer: &Layer| (layer.rows.len() + 1).ilog2() / CLASS_BITS;
    for level in 0..=6 {
        let mut end = layers.len();
        // Runs of layers of at most this class, from the newest on.
        while end > begin {
            let run = layers.get(begin..end)?.iter().rev();
            let length = run.take_while(|layer| class(layer) <= level).count();
            let start = end - length;
            if length >= FAN_IN {
                let rows: usize = layers.get(start..end)?.iter().map(|l| l.rows.len()).sum();
                if rows <= MANY_ROWS || (length >= FAN_IN_OF_MANY && rows <= MERGED_ROWS_MAX) {
                    return Some(start..end);
                }
            }
            end = start.saturating_sub(1).max(begin);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn row(key: &str, value: Option<&str>) -> LayerRow {
        let hash = key
            .bytes()
            .fold(7, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        LayerRow::new(hash, PhysicalKey::from(key.as_bytes()), value.map(|v| v.as_bytes().into()))
    }

    #[test]
    fn the_newest_version_stays_when_layers_are_merged() {
        let old = Layer::new(1, 1, vec![row("b", Some("1")), row("a", Some("1")), row("c", Some("1"))]);
        let new = Layer::new(2, 3, vec![row("b", None), row("c", Some("2")), row("d", Some("2"))]);
        let merged = Layer::merge(&[Arc::new(old), Arc::new(new)]);
        assert_eq!((merged.first, merged.last), (1, 3));
        let seen: Vec<_> = merged.rows().iter().map(|row| (&*row.key, row.value.as_deref())).collect();
        let expected: [(&[u8], Option<&[u8]>); 4] =
            [(b"a", Some(b"1")), (b"b", None), (b"c", Some(b"2")), (b"d", Some(b"2"))];
        assert_eq!(seen, expected);
        let found = row("b", None);
        assert!(merged.get(found.hash, prefix_of(b"b"), b"b").unwrap().value.is_none());
        assert_eq!(merged.next_key(b"b"), Some(&b"c"[..]));
        assert_eq!(merged.next_key(b"d"), None);
    }

    #[test]
    fn keys_keep_their_order_when_they_share_or_end_within_the_prefix() {
        let mut keys = vec![vec![], vec![0], vec![0; 16], vec![0; 17], vec![1; 15], vec![1; 40]];
        keys.extend([[vec![1; 16], vec![0]].concat(), [vec![1; 15], vec![0]].concat(), vec![255; 16]]);
        let rows = keys.iter().map(|key| LayerRow::new(0, key.as_slice().into(), None)).collect();
        keys.sort();
        let layer = Layer::new(1, 1, rows);
        assert!(layer.rows().iter().map(|row| row.key.to_vec()).eq(keys));
    }

    #[test]
    fn nothing_is_merged_across_the_boundary_when_a_fold_is_running() {
        let layers: Vec<_> = (1..=20).map(|n| Arc::new(Layer::new(n, n, vec![row("a", None)]))).collect();
        assert_eq!(choose_merge(&layers, 0), Some(0..20));
        assert_eq!(choose_merge(&layers, 5), Some(5..20));
        assert_eq!(choose_merge(&layers, 15), None);
    }

    #[test]
    fn layers_of_many_rows_wait_for_more_neighbours_than_small_ones() {
        let layer = |n: u64, rows: u32| {
            let rows = (0..rows).map(|at| row(&format!("{n} {at}"), Some("x"))).collect();
            Arc::new(Layer::new(n, n, rows))
        };
        let busy: Vec<_> = (1..=64).map(|n| layer(n, 3_000)).collect();
        assert_eq!(choose_merge(&busy[..63], 0), None);
        assert_eq!(choose_merge(&busy, 0), Some(0..64));
        let quiet: Vec<_> = (1..=8).map(|n| layer(n, 1_000)).collect();
        assert_eq!(choose_merge(&quiet[..7], 0), None);
        assert_eq!(choose_merge(&quiet, 0), Some(0..8));
    }

    #[test]
    fn every_key_is_found_when_a_layer_is_large() {
        let keys: Vec<String> = (0..5000).map(|n| format!("key {n}")).collect();
        let layer = Layer::new(1, 1, keys.iter().map(|key| row(key, Some("x"))).collect());
        assert!(
            keys.iter().all(|key| layer
                .get(row(key, None).hash, prefix_of(key.as_bytes()), key.as_bytes())
                .is_some())
        );
        let needless =
            (5000..15000).filter(|n| layer.filter.may_hold(row(&format!("key {n}"), None).hash)).count();
        assert!(needless < 500, "{needless} of 10000");
    }
}
