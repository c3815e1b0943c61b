//! A view: all committed rows at one sequence, and how they are read in order.

use std::sync::Arc;

use super::{
    base::{Base, BaseRange, Usage},
    layer::{Layer, LayerRow, prefix_of},
};
use crate::{
    error::StoreError,
    key::{Direction, PhysicalRange, Row, Sequence, Value, split_physical},
};

/// The committed rows at one moment.
#[derive(Clone)]
pub(crate) struct View {
    /// The newest batch that is seen.
    pub sequence: Sequence,
    /// Bytes by namespace.
    pub usage: Arc<Usage>,
    /// The folded state.
    pub base: Arc<Base>,
    /// What was committed after it, oldest first.
    pub layers: Vec<Arc<Layer>>,
}

impl View {
    /// The value of a physical key.
    pub fn get(&self, hash: u64, key: &[u8]) -> Result<Option<Value>, StoreError> {
        let prefix = prefix_of(key);
        for layer in self.layers.iter().rev() {
            if let Some(row) = layer.get(hash, prefix, key) {
                return Ok(row.value.clone());
            }
        }
        self.base.get(key)
    }

    /// The first key after `key`, deleted ones included.
    pub fn next_key(&self, key: &[u8]) -> Result<Option<Box<[u8]>>, StoreError> {
        let mut next = self.base.next_key(key)?;
        for found in self.layers.iter().filter_map(|layer| layer.next_key(key)) {
            if next.as_deref().is_none_or(|next| found < next) {
                next = Some(found.into());
            }
        }
        Ok(next)
    }

    /// Rows of a range, with `unsaved` over them: rows of the writer's own, in the order of the
    /// scan, none for a deleted one.
    pub fn scan<'a>(
        &'a self,
        range: &PhysicalRange,
        direction: Direction,
        unsaved: Option<Unsaved<'a>>,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Scanned, StoreError> {
        let mut found = Scanned::default();
        if range.is_empty() {
            return Ok(found);
        }
        let mut merge = Merge::new(self, range, direction, unsaved)?;
        let mut bytes = 0usize;
        while found.rows.len() < limit {
            let Some((key, value)) = merge.next_row()? else { break };
            bytes = bytes.saturating_add(key.len() + value.len());
            if bytes > max_bytes && !found.rows.is_empty() {
                found.refused = Some(key);
                break;
            }
            found.rows.push((key, value));
        }
        Ok(found)
    }

    /// Rows and bytes in the layers.
    pub fn unfolded(&self) -> (usize, usize) {
        self.layers
            .iter()
            .fold((0, 0), |(rows, bytes), layer| (rows + layer.rows().len(), bytes + layer.bytes))
    }
}

/// What a scan found.
#[derive(Default)]
pub(crate) struct Scanned {
    /// The rows.
    pub rows: Vec<Row>,
    /// The key of the row that was looked at but was one too many for the bytes.
    pub refused: Option<Box<[u8]>>,
}

/// The writer's unsaved rows in the order of a scan.
pub(crate) type Unsaved<'a> = Box<dyn Iterator<Item = (&'a [u8], Option<&'a Value>)> + 'a>;

/// Walks unsaved rows, layers and base at once. Of equal keys the newest source wins.
struct Merge<'a> {
    direction: Direction,
    unsaved: Option<Unsaved<'a>>,
    unsaved_head: Option<(&'a [u8], Option<&'a Value>)>,
    /// What is left of each layer's range, newest layer first.
    layers: Vec<&'a [LayerRow]>,
    base: BaseRange,
    base_head: Option<BaseRow>,
}

type BaseRow = (redb::AccessGuard<'static, &'static [u8]>, redb::AccessGuard<'static, &'static [u8]>);

impl<'a> Merge<'a> {
    fn new(
        view: &'a View,
        range: &PhysicalRange,
        direction: Direction,
        unsaved: Option<Unsaved<'a>>,
    ) -> Result<Self, StoreError> {
        let layers = view.layers.iter().rev().map(|layer| layer.range(range));
        let mut merge = Self {
            direction,
            unsaved,
            unsaved_head: None,
            layers: layers.filter(|rows| !rows.is_empty()).collect(),
            base: view.base.range(range)?,
            base_head: None,
        };
        merge.step_unsaved();
        merge.step_base()?;
        Ok(merge)
    }

    /// The next row that was not deleted, its key without the namespace.
    fn next_row(&mut self) -> Result<Option<Row>, StoreError> {
        while let Some(key) = self.next_key() {
            let value = self.take(&key)?;
            if let Some(value) = value
                && let Some((_, key)) = split_physical(&key)
            {
                return Ok(Some((key.into(), value)));
            }
        }
        Ok(None)
    }

    /// The key that comes next among all heads.
    fn next_key(&self) -> Option<Key<'a>> {
        let mut best = self.unsaved_head.map(|(key, _)| key);
        for rows in &self.layers {
            if let Some(row) = head(rows, self.direction)
                && best.is_none_or(|best| self.before(&row.key, best))
            {
                best = Some(&row.key);
            }
        }
        let base = self.base_head.as_ref().map(|(key, _)| key.value());
        match (best, base) {
            (best, Some(base)) if best.is_none_or(|best| self.before(base, best)) => {
                Some(Key::Owned(base.into()))
            }
            (best, _) => best.map(Key::Borrowed),
        }
    }

    fn before(&self, a: &[u8], b: &[u8]) -> bool {
        match self.direction {
            Direction::Forward => a < b,
            Direction::Reverse => a > b,
        }
    }

    /// Takes the key off every source that has it; the newest source's value.
    fn take(&mut self, key: &[u8]) -> Result<Option<Value>, StoreError> {
        let mut found: Option<Option<Value>> = None;
        if let Some((head, value)) = self.unsaved_head
            && head == key
        {
            found = Some(value.cloned());
            self.step_unsaved();
        }
        let direction = self.direction;
        for rows in &mut self.layers {
            if let Some(row) = head(rows, direction)
                && *row.key == *key
            {
                found.get_or_insert_with(|| row.value.clone());
                *rows = match direction {
                    Direction::Forward => rows.get(1..),
                    Direction::Reverse => rows.split_last().map(|(_, rest)| rest),
                }
                .unwrap_or_default();
            }
        }
        if let Some((head, value)) = &self.base_head
            && head.value() == key
        {
            found.get_or_insert_with(|| Some(Value::from(value.value())));
            self.step_base()?;
        }
        Ok(found.flatten())
    }

    fn step_unsaved(&mut self) {
        self.unsaved_head = self.unsaved.as_mut().and_then(Iterator::next);
    }

    fn step_base(&mut self) -> Result<(), StoreError> {
        let next = match self.direction {
            Direction::Forward => self.base.next(),
            Direction::Reverse => self.base.next_back(),
        };
        self.base_head = next.transpose().map_err(StoreError::state)?;
        Ok(())
    }
}

fn head(rows: &[LayerRow], direction: Direction) -> Option<&LayerRow> {
    match direction {
        Direction::Forward => rows.first(),
        Direction::Reverse => rows.last(),
    }
}

/// A physical key, borrowed where it outlives the merge's next step.
enum Key<'a> {
    Borrowed(&'a [u8]),
    Owned(Box<[u8]>),
}

impl std::ops::Deref for Key<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(key) => key,
            Self::Owned(key) => key,
        }
    }
}
