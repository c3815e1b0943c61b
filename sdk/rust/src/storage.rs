//! What tables stand on: the storage of a plugin, or a map in a test.

use std::fmt::Display;

/// Which way a scan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the smallest key upwards.
    Forward,
    /// From the largest key downwards.
    Reverse,
}

/// A key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// One page of a scan over bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawPage {
    /// In the order of the scan.
    pub entries: Vec<Entry>,
    /// The cursor of the next page. None: done.
    pub next: Option<Vec<u8>>,
}

/// Why a storage call did nothing. The transaction goes on; return it, or let
/// [`or_trap`](OrTrap::or_trap) end the call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A key is empty or longer than 1,024 bytes; its length.
    #[error("a key has {0} bytes; 1 to 1024 are possible")]
    KeyLength(u32),
    /// A value is longer than 65,536 bytes; its length.
    #[error("a row has {0} bytes; at most 65536 are possible")]
    ValueLength(u32),
    /// A counter's row is something else; its length.
    #[error("a row of {0} bytes is not a counter")]
    NotACounter(u32),
    /// A counter would leave the range of i64.
    #[error("a counter would leave its range")]
    Overflow,
    /// More than 1,024 keys at once; their number.
    #[error("{0} keys at once; at most 1024 are possible")]
    TooManyKeys(u32),
    /// A row or key cannot be read: it was written by a version that this one does not know, or two
    /// tables share a number.
    #[error("a row of table {table} cannot be read by this version")]
    Damaged {
        /// The table's number.
        table: u8,
    },
    /// A row cannot be written: its type has something that postcard cannot express.
    #[error("a row cannot be written")]
    Unwritable,
    /// A cursor from outside is none that a page gave.
    #[error("this cursor was not given by a page of this list")]
    Cursor,
}

/// A plugin's own ordered keys and values, as `hamlet:host/storage` has them (its limits and costs
/// stand there).
///
/// Methods take `&self`: the host's storage is not ours to own, and a core that is given one can
/// hand it on.
pub trait Storage {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;
    /// The values of up to 1,024 keys, in their order.
    fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Error>;
    /// Sets a key.
    fn set(&self, key: &[u8], value: &[u8]) -> Result<(), Error>;
    /// Sets up to 1,024 keys, in their order.
    fn set_many(&self, rows: &[Entry]) -> Result<(), Error> {
        rows.iter().try_for_each(|(key, value)| self.set(key, value))
    }
    /// Deletes a key. True when it was there.
    fn delete(&self, key: &[u8]) -> Result<bool, Error>;
    /// Reads `start` <= key < `end` in order, at most `limit` (1 to 1,024) entries a page.
    fn scan(
        &self,
        start: &[u8],
        end: Option<&[u8]>,
        direction: Direction,
        limit: u32,
        cursor: Option<&[u8]>,
    ) -> Result<RawPage, Error>;
    /// Adds to a counter, which starts at zero; gives the new value.
    fn add(&self, key: &[u8], delta: i64) -> Result<i64, Error>;
}

impl<S: Storage + ?Sized> Storage for &S {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        (**self).get(key)
    }
    fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        (**self).get_many(keys)
    }
    fn set(&self, key: &[u8], value: &[u8]) -> Result<(), Error> {
        (**self).set(key, value)
    }
    fn set_many(&self, rows: &[Entry]) -> Result<(), Error> {
        (**self).set_many(rows)
    }
    fn delete(&self, key: &[u8]) -> Result<bool, Error> {
        (**self).delete(key)
    }
    fn scan(
        &self,
        start: &[u8],
        end: Option<&[u8]>,
        direction: Direction,
        limit: u32,
        cursor: Option<&[u8]>,
    ) -> Result<RawPage, Error> {
        (**self).scan(start, end, direction, limit, cursor)
    }
    fn add(&self, key: &[u8], delta: i64) -> Result<i64, Error> {
        (**self).add(key, delta)
    }
}

/// For what should not happen and that the contract has no error case for.
pub trait OrTrap<T> {
    /// The value; or the end of the whole transaction (T3), with the error in the plugin's log.
    fn or_trap(self) -> T;
}

impl<T, E: Display> OrTrap<T> for Result<T, E> {
    fn or_trap(self) -> T {
        match self {
            Ok(value) => value,
            Err(error) => trap(&error),
        }
    }
}

#[cfg(target_family = "wasm")]
fn trap(error: &dyn Display) -> ! {
    crate::host::log::write(crate::host::log::Level::Error, &error.to_string());
    // `abort` is one instruction, `unreachable`; a panic would bring its formatting along.
    std::process::abort()
}

#[cfg(not(target_family = "wasm"))]
#[expect(clippy::panic, reason = "a native test sees the message, as the plugin's log would")]
fn trap(error: &dyn Display) -> ! {
    panic!("{error}")
}
