//! The host's services, in the component. Each module is one interface of `hamlet:host`; what it
//! promises stands in its WIT file.

pub use crate::bindings::hamlet::host::{
    blobs, clock, consent, identity, log, random, schedule, sealed, storage,
};
use crate::{Direction, Entry, Error, RawPage, Storage};

/// The plugin's own storage.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostStorage;

impl From<storage::Error> for Error {
    fn from(error: storage::Error) -> Error {
        match error {
            storage::Error::KeyLength(bytes) => Error::KeyLength(bytes),
            storage::Error::ValueLength(bytes) => Error::ValueLength(bytes),
            storage::Error::NotACounter(bytes) => Error::NotACounter(bytes),
            storage::Error::Overflow => Error::Overflow,
            storage::Error::TooManyKeys(keys) => Error::TooManyKeys(keys),
        }
    }
}

impl Storage for HostStorage {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(storage::get(key)?)
    }
    fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        Ok(storage::get_many(keys)?)
    }
    fn set(&self, key: &[u8], value: &[u8]) -> Result<(), Error> {
        Ok(storage::set(key, value)?)
    }
    fn set_many(&self, rows: &[Entry]) -> Result<(), Error> {
        let entry = |(key, value): &Entry| storage::Entry { key: key.clone(), value: value.clone() };
        Ok(storage::set_many(&rows.iter().map(entry).collect::<Vec<_>>())?)
    }
    fn delete(&self, key: &[u8]) -> Result<bool, Error> {
        Ok(storage::delete(key)?)
    }
    fn scan(
        &self,
        start: &[u8],
        end: Option<&[u8]>,
        direction: Direction,
        limit: u32,
        cursor: Option<&[u8]>,
    ) -> Result<RawPage, Error> {
        let range = storage::Range { start: start.to_vec(), end: end.map(<[u8]>::to_vec) };
        let direction = match direction {
            Direction::Forward => storage::Direction::Forward,
            Direction::Reverse => storage::Direction::Reverse,
        };
        let page = storage::scan(&range, direction, limit, cursor)?;
        let entries = page.entries.into_iter().map(|entry| (entry.key, entry.value)).collect();
        Ok(RawPage { entries, next: page.next })
    }
    fn add(&self, key: &[u8], delta: i64) -> Result<i64, Error> {
        Ok(storage::add(key, delta)?)
    }
}
