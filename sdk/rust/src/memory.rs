//! Storage in memory, for native tests of a core. It keeps the host's limits, so that a test meets
//! the errors that the component would meet.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Bound;

use crate::{Direction, Error, RawPage, Storage};

const KEY_BYTES_MAX: usize = 1024;
const VALUE_BYTES_MAX: usize = 65_536;
const KEYS_MAX: usize = 1024;
const PAGE_ENTRIES_MAX: u32 = 1024;
const PAGE_BYTES_MAX: usize = 1 << 20;

/// A map that behaves like the storage of a plugin. `clone` is a snapshot: compare or restore it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    rows: RefCell<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl Memory {
    /// Nothing stored.
    #[must_use]
    pub fn new() -> Memory {
        Memory::default()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.rows.borrow().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.borrow().is_empty()
    }
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn check_key(key: &[u8]) -> Result<(), Error> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Err(Error::KeyLength(length(key.len())));
    }
    Ok(())
}

impl Storage for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        check_key(key)?;
        Ok(self.rows.borrow().get(key).cloned())
    }

    fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        if keys.len() > KEYS_MAX {
            return Err(Error::TooManyKeys(length(keys.len())));
        }
        keys.iter().map(|key| self.get(key)).collect()
    }

    fn set(&self, key: &[u8], value: &[u8]) -> Result<(), Error> {
        check_key(key)?;
        if value.len() > VALUE_BYTES_MAX {
            return Err(Error::ValueLength(length(value.len())));
        }
        self.rows.borrow_mut().insert(key.to_vec(), value.to_vec());
        Ok(())
    }

    fn delete(&self, key: &[u8]) -> Result<bool, Error> {
        check_key(key)?;
        Ok(self.rows.borrow_mut().remove(key).is_some())
    }

    fn scan(
        &self,
        start: &[u8],
        end: Option<&[u8]>,
        direction: Direction,
        limit: u32,
        cursor: Option<&[u8]>,
    ) -> Result<RawPage, Error> {
        let limit = if limit == 0 { PAGE_ENTRIES_MAX } else { limit.min(PAGE_ENTRIES_MAX) };
        let mut low = Bound::Included(start);
        let mut high = end.map_or(Bound::Unbounded, Bound::Excluded);
        match (direction, cursor) {
            (Direction::Forward, Some(key)) if key >= start => low = Bound::Excluded(key),
            (Direction::Reverse, Some(key)) if end.is_none_or(|end| key < end) => {
                high = Bound::Excluded(key);
            }
            _ => {}
        }
        if is_empty_range(low, high) {
            return Ok(RawPage { entries: Vec::new(), next: None });
        }
        let rows = self.rows.borrow();
        let range = rows.range::<[u8], _>((low, high));
        Ok(match direction {
            Direction::Forward => page(range, limit),
            Direction::Reverse => page(range.rev(), limit),
        })
    }

    fn add(&self, key: &[u8], delta: i64) -> Result<i64, Error> {
        let old = match self.get(key)? {
            None => 0,
            Some(value) => match <[u8; 8]>::try_from(value.as_slice()) {
                Ok(bytes) => i64::from_be_bytes(bytes),
                Err(_) => return Err(Error::NotACounter(length(value.len()))),
            },
        };
        let new = old.checked_add(delta).ok_or(Error::Overflow)?;
        self.set(key, &new.to_be_bytes())?;
        Ok(new)
    }
}

/// `BTreeMap::range` panics on a range that ends before it begins.
fn is_empty_range(low: Bound<&[u8]>, high: Bound<&[u8]>) -> bool {
    match (low, high) {
        (Bound::Included(low) | Bound::Excluded(low), Bound::Excluded(high)) => low >= high,
        _ => false,
    }
}

fn page<'a>(mut rows: impl Iterator<Item = (&'a Vec<u8>, &'a Vec<u8>)>, limit: u32) -> RawPage {
    let mut entries = Vec::new();
    let mut bytes = 0_usize;
    for (key, value) in rows.by_ref() {
        bytes = bytes.saturating_add(key.len()).saturating_add(value.len());
        entries.push((key.clone(), value.clone()));
        if length(entries.len()) >= limit || bytes >= PAGE_BYTES_MAX {
            break;
        }
    }
    let more = rows.next().is_some();
    let next = entries.last().filter(|_| more).map(|(key, _)| key.clone());
    RawPage { entries, next }
}
