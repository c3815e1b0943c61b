//! Typed tables.

use std::marker::PhantomData;

use crate::index::{Index, Maintain};
use crate::scan::{ByIndex, Rows, Scan};
use crate::{Error, Key, Row, Storage, row};

/// How many keys one call reads.
pub(crate) const KEYS_A_CALL: usize = 1024;

/// Rows of type `V` under ordered keys of type `K`.
///
/// A table is a constant: it holds no rows, only how they are stored. See [the crate](crate) for an
/// example and for what not to do between a read and a write (T5).
pub struct Table<K: 'static, V: 'static> {
    pub(crate) number: u8,
    indexes: &'static [&'static dyn Maintain<K, V>],
    of: PhantomData<fn(K) -> V>,
}

impl<K: Key, V: Row> Table<K, V> {
    /// A table under this number, which no other table, index or counter of the plugin shares, now
    /// or in a later version: it is the first byte of each of its keys.
    #[must_use]
    pub const fn new(number: u8) -> Table<K, V> {
        Table { number, indexes: &[], of: PhantomData }
    }

    /// The same with indexes that every change keeps in step.
    ///
    /// A table that has rows cannot simply be given another index: rows already there are not in it.
    #[must_use]
    pub const fn indexed(self, indexes: &'static [&'static dyn Maintain<K, V>]) -> Table<K, V> {
        Table { number: self.number, indexes, of: PhantomData }
    }

    /// The row of a key, as a copy.
    pub fn get(&self, db: &(impl Storage + ?Sized), key: &K) -> Result<Option<V>, Error> {
        match db.get(&self.stored_key(key))? {
            None => Ok(None),
            Some(bytes) => row::decode(self.number, &bytes).map(Some),
        }
    }

    /// The rows of keys, in their order. One storage call for each 1,024.
    pub fn get_many(&self, db: &(impl Storage + ?Sized), keys: &[K]) -> Result<Vec<Option<V>>, Error> {
        let mut rows = Vec::with_capacity(keys.len());
        for keys in keys.chunks(KEYS_A_CALL) {
            let stored: Vec<_> = keys.iter().map(|key| self.stored_key(key)).collect();
            for value in db.get_many(&stored)? {
                rows.push(value.map(|bytes| row::decode(self.number, &bytes)).transpose()?);
            }
        }
        Ok(rows)
    }

    /// Whether there is a row of this key.
    pub fn contains(&self, db: &(impl Storage + ?Sized), key: &K) -> Result<bool, Error> {
        Ok(db.get(&self.stored_key(key))?.is_some())
    }

    /// Sets a row, whatever was there. Reads the old one only if the table has indexes.
    pub fn put(&self, db: &(impl Storage + ?Sized), key: &K, row: &V) -> Result<(), Error> {
        let old = if self.indexes.is_empty() { None } else { self.get(db, key)? };
        self.write(db, key, old.as_ref(), row)
    }

    /// Sets a row if there was none. False: there was one, and nothing was changed.
    pub fn insert(&self, db: &(impl Storage + ?Sized), key: &K, row: &V) -> Result<bool, Error> {
        if self.contains(db, key)? {
            return Ok(false);
        }
        self.write(db, key, None, row)?;
        Ok(true)
    }

    /// Changes a row in place: reads it, lets `change` at it, and writes it back if it became
    /// different. None: there is no such row. Gives what `change` gives.
    ///
    /// Do not call other plugins within `change` (T5).
    pub fn update<R>(
        &self,
        db: &(impl Storage + ?Sized),
        key: &K,
        change: impl FnOnce(&mut V) -> R,
    ) -> Result<Option<R>, Error> {
        let stored = self.stored_key(key);
        let Some(before) = db.get(&stored)? else { return Ok(None) };
        let mut row: V = row::decode(self.number, &before)?;
        let old_entries = self.entries(key, &row);
        let answer = change(&mut row);
        let after = row::encode(&row)?;
        if after != before {
            reindex(db, &old_entries, &self.entries(key, &row))?;
            db.set(&stored, &after)?;
        }
        Ok(Some(answer))
    }

    /// Takes a row away, and gives it.
    pub fn remove(&self, db: &(impl Storage + ?Sized), key: &K) -> Result<Option<V>, Error> {
        let Some(row) = self.get(db, key)? else { return Ok(None) };
        reindex(db, &self.entries(key, &row), &[])?;
        db.delete(&self.stored_key(key))?;
        Ok(Some(row))
    }

    /// The rows in order of their keys.
    #[must_use]
    pub fn scan(&self) -> Scan<Rows<'_, K, V>> {
        Scan::new(Rows { table: self })
    }

    /// The rows in order of an index. It must be one of this table's: others find nothing.
    #[must_use]
    pub fn by<'a, I: Key>(&'a self, index: &'a Index<I, K, V>) -> Scan<ByIndex<'a, I, K, V>> {
        Scan::new(ByIndex { table: self, index })
    }

    pub(crate) fn stored_key(&self, key: &K) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32);
        bytes.push(self.number);
        key.write(&mut bytes);
        bytes
    }

    fn write(&self, db: &(impl Storage + ?Sized), key: &K, old: Option<&V>, row: &V) -> Result<(), Error> {
        let old_entries = old.map(|old| self.entries(key, old)).unwrap_or_default();
        reindex(db, &old_entries, &self.entries(key, row))?;
        db.set(&self.stored_key(key), &row::encode(row)?)
    }

    fn entries(&self, key: &K, row: &V) -> Vec<Vec<u8>> {
        self.indexes.iter().flat_map(|index| index.stored(key, row)).collect()
    }
}

/// Takes away the entries that are no longer right and adds those that are new.
fn reindex(db: &(impl Storage + ?Sized), old: &[Vec<u8>], new: &[Vec<u8>]) -> Result<(), Error> {
    for entry in old.iter().filter(|entry| !new.contains(entry)) {
        db.delete(entry)?;
    }
    for entry in new.iter().filter(|entry| !old.contains(entry)) {
        db.set(entry, &[])?;
    }
    Ok(())
}
