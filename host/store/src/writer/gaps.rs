//! Ranges in which the writer knows that no committed row exists.
//!
//! Tables grow at their end: a new transfer's key is larger than all before it. Without this, each
//! such write would descend the whole state to learn that the key is new (which usage must know).
//! One look behind the first new key finds the gap; the next ones fall into it. A gap is only true
//! of committed rows, and only the writer commits, so it shrinks the gaps at each commit.

use std::{collections::BTreeMap, ops::Bound};

use crate::{
    error::StoreError,
    key::successor,
    overlay::{layer::LayerRow, view::View},
};

const GAPS_MAX: usize = 128;
/// After so many gaps more than hits only one miss in [`RARE`] is looked behind: keys that are
/// spread at random would pay for gaps that nobody uses.
const FRUITLESS_MAX: u64 = 64;
const RARE: u64 = 32;

#[derive(Default)]
pub(crate) struct Gaps {
    /// First missing key → first key that may exist again; none is the end of the store.
    ranges: BTreeMap<Box<[u8]>, Option<Box<[u8]>>>,
    learned: u64,
    hits: u64,
    misses: u64,
}

impl Gaps {
    /// Whether a key is known to be in no committed row.
    pub fn holds(&mut self, key: &[u8]) -> bool {
        let mut below = self.ranges.range::<[u8], _>((Bound::Unbounded, Bound::Included(key)));
        let held = below.next_back().is_some_and(|(_, end)| end.as_ref().is_none_or(|end| key < &**end));
        self.hits += u64::from(held);
        held
    }

    /// Looks behind a key that was just found missing.
    pub fn learn(&mut self, view: &View, key: &[u8]) -> Result<(), StoreError> {
        self.misses += 1;
        let fruitless = self.learned > self.hits + FRUITLESS_MAX;
        if fruitless && !self.misses.is_multiple_of(RARE) {
            return Ok(());
        }
        let end = view.next_key(key)?;
        self.learned += 1;
        if self.ranges.len() >= GAPS_MAX {
            self.ranges.clear();
        }
        // Gaps inside the new one are part of it: ranges never overlap.
        let upper = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let inside: Vec<_> = self
            .ranges
            .range::<[u8], _>((Bound::Included(key), upper))
            .map(|(begin, _)| begin.clone())
            .collect();
        for begin in inside {
            self.ranges.remove(&begin);
        }
        self.ranges.insert(key.into(), end);
        Ok(())
    }

    /// Shrinks the gaps by rows that are committed now. `rows` are sorted.
    pub fn shrink(&mut self, rows: &[LayerRow]) {
        let mut moved = Vec::new();
        self.ranges.retain(|begin, end| {
            let upper = match end {
                Some(end) => rows.partition_point(|row| *row.key < **end),
                None => rows.len(),
            };
            let last = upper.checked_sub(1).and_then(|at| rows.get(at));
            let Some(last) = last.filter(|row| *row.key >= **begin) else { return true };
            moved.push((successor(&last.key), end.take()));
            false
        });
        for (begin, end) in moved {
            if end.as_ref().is_none_or(|end| begin < *end) {
                self.ranges.insert(begin, end);
            }
        }
    }

    pub fn clear(&mut self) {
        self.ranges.clear();
    }
}
