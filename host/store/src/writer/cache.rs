//! The writer's rows at hand: each key that was lately read or written, with its current value or
//! the knowledge that it has none, as the running transaction sees it.
//!
//! There is one table for everything: committed rows, rows of the batch, rows of the transaction.
//! So a read is one hash look-up and a write another, and undoing puts the old value back. Slots
//! that a batch has touched stay until it is committed (they are the only place where its rows are);
//! the others are thrown out by the clock algorithm when the cache is over its bound. Rows that a batch
//! added go with its end, so that a table of what is written once does not push out, nor spread over
//! more memory than the processor's caches have, the rows that are read again and again.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::{key::Value, physical::PhysicalKey};

/// Counted for each slot besides its key and value.
const SLOT_OVERHEAD_BYTES: usize = 176;
/// How far the clock's hand moves for one insertion: the cache may be over its bound for a while,
/// but an insertion never takes long.
const STEPS_MAX: usize = 16;

/// Where a key's slot is.
pub(crate) type SlotIndex = u32;

/// A key at hand.
pub(crate) struct Slot {
    pub key: PhysicalKey,
    pub hash: u64,
    /// As the running transaction sees it; none when there is no row.
    pub value: Option<Value>,
    /// The transaction that wrote it last.
    pub written_in: u64,
    /// The stretch between savepoints in which its old value was last kept.
    pub kept_in: u64,
    /// The transaction that noted that it read it.
    pub read_in: u64,
    /// The batch that touched it last: it stays until that is committed.
    pub touched_in: u64,
    /// The batch in which a finished transaction wrote it last.
    pub saved_in: u64,
    /// Used since the clock's hand came by.
    used: bool,
    /// There was no row of this key when it was put at hand: what a batch adds is seldom read by the next one.
    pub fresh: bool,
}

pub(crate) struct Cache {
    table: HashTable<SlotIndex>,
    slots: Vec<Option<Slot>>,
    free: Vec<SlotIndex>,
    hasher: DefaultHashBuilder,
    hand: usize,
    bytes: usize,
    bytes_max: usize,
}

impl Cache {
    pub fn new(hasher: DefaultHashBuilder, bytes_max: usize) -> Self {
        Self {
            table: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            hasher,
            hand: 0,
            bytes: 0,
            bytes_max,
        }
    }

    pub fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The slot of a key.
    pub fn find(&mut self, hash: u64, key: &[u8]) -> Option<SlotIndex> {
        let slots = &self.slots;
        let index = *self.table.find(hash, |index| {
            slots.get(*index as usize).and_then(Option::as_ref).is_some_and(|slot| *slot.key == *key)
        })?;
        if let Some(slot) = self.get_mut(index) {
            slot.used = true;
        }
        Some(index)
    }

    pub fn get(&self, index: SlotIndex) -> Option<&Slot> {
        self.slots.get(index as usize)?.as_ref()
    }

    pub fn get_mut(&mut self, index: SlotIndex) -> Option<&mut Slot> {
        self.slots.get_mut(index as usize)?.as_mut()
    }

    /// Puts a key at hand that has no slot yet. Slots touched in batch `oldest` or later are not thrown out for it.
    pub fn insert(&mut self, hash: u64, key: &[u8], value: Option<Value>, oldest: u64) -> SlotIndex {
        self.make_room(oldest);
        let fresh = value.is_none();
        let slot = Slot {
            key: key.into(),
            hash,
            value,
            written_in: 0,
            kept_in: 0,
            read_in: 0,
            touched_in: 0,
            saved_in: 0,
            used: true,
            fresh,
        };
        self.bytes += weight(&slot);
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            SlotIndex::try_from(self.slots.len() - 1).unwrap_or(SlotIndex::MAX)
        });
        if let Some(place) = self.slots.get_mut(index as usize) {
            *place = Some(slot);
        }
        let slots = &self.slots;
        self.table.insert_unique(hash, index, |index| {
            slots.get(*index as usize).and_then(Option::as_ref).map_or(0, |slot| slot.hash)
        });
        index
    }

    /// Exchanges a slot's value and gives the old one.
    pub fn replace(&mut self, index: SlotIndex, value: Option<Value>) -> Option<Value> {
        let slot = self.slots.get_mut(index as usize)?.as_mut()?;
        self.bytes += value.as_ref().map_or(0, |value| value.len());
        let old = std::mem::replace(&mut slot.value, value);
        self.bytes = self.bytes.saturating_sub(old.as_ref().map_or(0, |value| value.len()));
        old
    }

    /// Forgets a key.
    pub fn remove(&mut self, index: SlotIndex) {
        let Some(slot) = self.slots.get_mut(index as usize).and_then(Option::take) else { return };
        self.bytes = self.bytes.saturating_sub(weight(&slot));
        if let Ok(entry) = self.table.find_entry(slot.hash, |found| *found == index) {
            entry.remove();
        }
        self.free.push(index);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.table.clear();
        self.slots.clear();
        self.free.clear();
        (self.hand, self.bytes) = (0, 0);
    }

    fn make_room(&mut self, oldest: u64) {
        for _ in 0..STEPS_MAX {
            if self.bytes <= self.bytes_max || self.slots.is_empty() {
                return;
            }
            self.hand = (self.hand + 1) % self.slots.len();
            let Some(slot) = self.slots.get_mut(self.hand).and_then(Option::as_mut) else {
                continue;
            };
            if slot.touched_in >= oldest {
                continue;
            }
            if std::mem::take(&mut slot.used) {
                continue;
            }
            self.remove(SlotIndex::try_from(self.hand).unwrap_or(SlotIndex::MAX));
        }
    }

    /// Bytes in use.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

fn weight(slot: &Slot) -> usize {
    slot.key.len() + slot.value.as_ref().map_or(0, |value| value.len()) + SLOT_OVERHEAD_BYTES
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_cache_stays_near_its_bound_and_touched_slots_stay_when_it_overflows() {
        let mut cache = Cache::new(DefaultHashBuilder::default(), 100_000);
        let pinned = {
            let hash = cache.hash(b"pinned");
            let index = cache.insert(hash, b"pinned", Some(Value::from(&b"x"[..])), 1);
            cache.get_mut(index).unwrap().touched_in = 1;
            index
        };
        for n in 0..10_000u32 {
            let key = n.to_be_bytes();
            let hash = cache.hash(&key);
            assert!(cache.find(hash, &key).is_none());
            cache.insert(hash, &key, None, 1);
        }
        assert!(cache.bytes() < 110_000, "{}", cache.bytes());
        let hash = cache.hash(b"pinned");
        assert_eq!(cache.find(hash, b"pinned"), Some(pinned));
        let newest = 9_999u32.to_be_bytes();
        let hash = cache.hash(&newest);
        assert!(cache.find(hash, &newest).is_some());
    }
}
