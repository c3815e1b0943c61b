//! The batches that were committed while somebody works on an older view: what a transaction beside the
//! sequencer is checked against (T7).
//!
//! While nobody does, nothing is kept. If a batch is forgotten too early and nobody notices, a
//! transaction commits on what it wrongly believes: so what was dropped is known, and counts as a
//! conflict.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use crate::{key::Sequence, overlay::layer::Layer};

/// Kept layers, each of one batch, and who needs them.
#[derive(Default)]
pub(crate) struct Recent {
    /// The views that are worked on, with by how many.
    pinned: BTreeMap<Sequence, usize>,
    layers: VecDeque<Arc<Layer>>,
    bytes: usize,
    /// The newest batch that had to be dropped.
    dropped: Sequence,
}

impl Recent {
    /// From now on every batch after this one is kept. At the moment when it is the newest.
    pub fn pin(&mut self, sequence: Sequence) {
        *self.pinned.entry(sequence).or_default() += 1;
    }

    /// Somebody is done. Gives the layers that nobody needs any more.
    pub fn unpin(&mut self, sequence: Sequence) -> Vec<Arc<Layer>> {
        if let Some(count) = self.pinned.get_mut(&sequence) {
            *count -= 1;
            if *count == 0 {
                self.pinned.remove(&sequence);
            }
        }
        let oldest = self.pinned.first_key_value().map_or(Sequence::MAX, |(sequence, _)| *sequence);
        let mut free = Vec::new();
        while self.layers.front().is_some_and(|layer| layer.last <= oldest) {
            free.extend(self.pop());
        }
        free
    }

    /// A batch was committed. Past `bytes_max` the oldest go; they are given back.
    pub fn add(&mut self, layer: &Arc<Layer>, bytes_max: usize) -> Vec<Arc<Layer>> {
        let mut free = Vec::new();
        if self.pinned.is_empty() {
            return free;
        }
        self.bytes += layer.bytes;
        self.layers.push_back(Arc::clone(layer));
        while self.bytes > bytes_max {
            let Some(layer) = self.pop() else { break };
            self.dropped = layer.last;
            free.push(layer);
        }
        free
    }

    /// The layers after a batch, oldest first; none when not all of them are there.
    pub fn after(&self, sequence: Sequence) -> Option<Vec<Arc<Layer>>> {
        if self.dropped > sequence {
            return None;
        }
        let from = self.layers.partition_point(|layer| layer.last <= sequence);
        Some(self.layers.range(from..).cloned().collect())
    }

    fn pop(&mut self) -> Option<Arc<Layer>> {
        let layer = self.layers.pop_front()?;
        self.bytes -= layer.bytes;
        Some(layer)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::overlay::layer::LayerRow;

    fn layer(sequence: Sequence) -> Arc<Layer> {
        Arc::new(Layer::new(sequence, sequence, vec![LayerRow::new(0, b"key".as_slice().into(), None)]))
    }

    #[test]
    fn batches_are_kept_exactly_as_long_as_somebody_needs_them() {
        let mut recent = Recent::default();
        recent.add(&layer(1), usize::MAX);
        assert!(recent.layers.is_empty(), "nobody is there");
        recent.pin(1);
        recent.add(&layer(2), usize::MAX);
        recent.pin(2);
        recent.pin(2);
        recent.add(&layer(4), usize::MAX);
        let sequences = |layers: Option<Vec<Arc<Layer>>>| -> Vec<Sequence> {
            layers.unwrap().iter().map(|layer| layer.last).collect()
        };
        assert_eq!(sequences(recent.after(1)), [2, 4]);
        assert_eq!(sequences(recent.after(2)), [4]);
        assert_eq!(sequences(recent.after(4)), [0; 0]);
        assert_eq!(recent.unpin(1).len(), 1);
        assert_eq!(recent.unpin(2).len(), 0, "another needs it");
        assert_eq!(recent.unpin(2).len(), 1);
        assert!(recent.layers.is_empty() && recent.bytes == 0);
    }

    #[test]
    fn what_was_dropped_is_known() {
        let mut recent = Recent::default();
        recent.pin(0);
        let room = layer(1).bytes * 2;
        for sequence in 1..=3 {
            recent.add(&layer(sequence), room);
        }
        assert!(recent.after(0).is_none());
        assert_eq!(recent.after(1).unwrap().len(), 2);
        recent.unpin(0);
        recent.pin(3);
        assert_eq!(recent.after(3).unwrap().len(), 0, "a later one does not miss it");
    }
}
