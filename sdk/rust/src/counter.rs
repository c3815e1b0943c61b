//! Counters: numbers that many calls add to, without reading a row.

use std::marker::PhantomData;

use crate::{Error, Key, Storage};

/// A number for each key, zero until something is added.
pub struct Counter<K> {
    number: u8,
    of: PhantomData<fn(K)>,
}

impl<K: Key> Counter<K> {
    /// Counters under this number, which no table, index or counter of the plugin shares.
    #[must_use]
    pub const fn new(number: u8) -> Counter<K> {
        Counter { number, of: PhantomData }
    }

    /// Adds, and gives the new value. One storage call.
    pub fn add(&self, db: &(impl Storage + ?Sized), key: &K, delta: i64) -> Result<i64, Error> {
        db.add(&self.key(key), delta)
    }

    /// The value.
    pub fn get(&self, db: &(impl Storage + ?Sized), key: &K) -> Result<i64, Error> {
        match db.get(&self.key(key))? {
            None => Ok(0),
            Some(value) => match <[u8; 8]>::try_from(value.as_slice()) {
                Ok(bytes) => Ok(i64::from_be_bytes(bytes)),
                Err(_) => Err(Error::Damaged { table: self.number }),
            },
        }
    }

    fn key(&self, key: &K) -> Vec<u8> {
        let mut bytes = vec![self.number];
        key.write(&mut bytes);
        bytes
    }
}
