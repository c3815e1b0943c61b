//! Walking tables in order: a page at a time for lists that people turn over, or as an iterator.

use std::collections::VecDeque;
use std::ops::{Bound, RangeBounds};

use crate::index::Index;
use crate::storage::Entry;
use crate::table::{KEYS_A_CALL, Table};
use crate::{Direction, Error, Key, PrefixOf, Row, Storage, row};

/// How many entries an iterator reads ahead.
const READ_AHEAD: u32 = 128;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, each with its key.
    pub rows: Vec<T>,
    /// Give this to [`Scan::after`] for the next page. None: that was all. Text of hex digits; it
    /// tells the last row's key.
    pub next: Option<String>,
}

/// What a scan goes over. Closed: a table or an index.
pub trait Walk {
    /// What it is ordered by.
    type Order: Key;
    /// What it gives.
    type Item;
    /// The first byte of its stored keys.
    #[doc(hidden)]
    fn number(&self) -> u8;
    /// Items from stored entries.
    #[doc(hidden)]
    fn read(&self, db: &(impl Storage + ?Sized), entries: Vec<Entry>) -> Result<Vec<Self::Item>, Error>;
}

/// The rows of a table in order of their keys. Gives `(K, V)`.
pub struct Rows<'a, K: 'static, V: 'static> {
    pub(crate) table: &'a Table<K, V>,
}

/// The rows of a table in order of an index. Gives `(K, V)`.
pub struct ByIndex<'a, I, K: 'static, V: 'static> {
    pub(crate) table: &'a Table<K, V>,
    pub(crate) index: &'a Index<I, K, V>,
}

impl<K: Key, V: Row> Walk for Rows<'_, K, V> {
    type Order = K;
    type Item = (K, V);

    fn number(&self) -> u8 {
        self.table.number
    }

    fn read(&self, _db: &(impl Storage + ?Sized), entries: Vec<Entry>) -> Result<Vec<(K, V)>, Error> {
        let table = self.table.number;
        let item = |(stored, value): Entry| {
            let key = whole_key(table, &stored)?;
            Ok((key, row::decode(table, &value)?))
        };
        entries.into_iter().map(item).collect()
    }
}

impl<I: Key, K: Key, V: Row> Walk for ByIndex<'_, I, K, V> {
    type Order = I;
    type Item = (K, V);

    fn number(&self) -> u8 {
        self.index.number
    }

    fn read(&self, db: &(impl Storage + ?Sized), entries: Vec<Entry>) -> Result<Vec<(K, V)>, Error> {
        let key = |(stored, _): &Entry| whole_key(self.index.number, stored).map(|(_, key): (I, K)| key);
        let keys = entries.iter().map(key).collect::<Result<Vec<K>, Error>>()?;
        let rows = self.table.get_many(db, &keys)?;
        // An entry without its row means that somebody wrote past the table.
        let damaged = Error::Damaged { table: self.table.number };
        keys.into_iter().zip(rows).map(|(key, row)| Ok((key, row.ok_or_else(|| damaged.clone())?))).collect()
    }
}

fn whole_key<K: Key>(table: u8, stored: &[u8]) -> Result<K, Error> {
    let damaged = Error::Damaged { table };
    let Some((_, mut rest)) = stored.split_first() else { return Err(damaged) };
    match K::read(&mut rest) {
        Some(key) if rest.is_empty() => Ok(key),
        _ => Err(damaged),
    }
}

/// Where to walk and which way; see [`Table::scan`] and [`Table::by`].
pub struct Scan<W> {
    walk: W,
    start: Vec<u8>,
    end: Option<Vec<u8>>,
    direction: Direction,
    after: Option<String>,
}

impl<W: Walk> Scan<W> {
    pub(crate) fn new(walk: W) -> Scan<W> {
        let start = vec![walk.number()];
        Scan { end: after_all(&start), start, walk, direction: Direction::Forward, after: None }
    }

    /// Only what begins with this: the first parts of a tuple, or the whole of it.
    #[must_use]
    pub fn prefix(mut self, prefix: &impl PrefixOf<W::Order>) -> Scan<W> {
        let mut bytes = vec![self.walk.number()];
        prefix.write_prefix(&mut bytes);
        self.end = after_all(&bytes);
        self.start = bytes;
        self
    }

    /// Only what lies in this range, whichever way the scan goes.
    #[must_use]
    pub fn range(mut self, range: impl RangeBounds<W::Order>) -> Scan<W> {
        let stored = |order: &W::Order| {
            let mut bytes = vec![self.walk.number()];
            order.write(&mut bytes);
            bytes
        };
        // Where nothing comes after, the range that begins there is empty: it ends where it begins.
        let past = |order| after_all(&stored(order)).unwrap_or_else(|| vec![u8::MAX; 1024]);
        let start = match range.start_bound() {
            Bound::Included(order) => Some(stored(order)),
            Bound::Excluded(order) => Some(past(order)),
            Bound::Unbounded => None,
        };
        let end = match range.end_bound() {
            Bound::Included(order) => Some(after_all(&stored(order))),
            Bound::Excluded(order) => Some(Some(stored(order))),
            Bound::Unbounded => None,
        };
        self.start = start.unwrap_or(self.start);
        self.end = end.unwrap_or(self.end);
        self
    }

    /// From the last to the first.
    #[must_use]
    pub fn reverse(mut self) -> Scan<W> {
        self.direction = Direction::Reverse;
        self
    }

    /// Goes on behind an earlier [`Page::next`] of the same scan. None begins at the beginning.
    #[must_use]
    pub fn after(mut self, cursor: Option<String>) -> Scan<W> {
        self.after = cursor;
        self
    }

    /// At most `limit` rows (0 and more than 1,024 mean 1,024), with the cursor of what follows.
    pub fn page(self, db: &(impl Storage + ?Sized), limit: u32) -> Result<Page<W::Item>, Error> {
        let most = u32::try_from(KEYS_A_CALL).unwrap_or(u32::MAX);
        let limit = if limit == 0 { most } else { limit.min(most) };
        let cursor = self.cursor()?;
        let raw = self.scan(db, limit, cursor.as_deref())?;
        let rows = self.walk.read(db, raw.entries)?;
        // The first byte is the table's and always the same.
        let next = raw.next.map(|key| hex(key.get(1..).unwrap_or_default()));
        Ok(Page { rows, next })
    }

    /// The first row.
    pub fn first(self, db: &(impl Storage + ?Sized)) -> Result<Option<W::Item>, Error> {
        Ok(self.page(db, 1)?.rows.into_iter().next())
    }

    /// All rows, one after the other. Reads some ahead: rows that are written while it goes may or
    /// may not be met.
    pub fn iter<S: Storage + ?Sized>(self, db: &S) -> Iter<'_, W, S> {
        let cursor = self.cursor();
        Iter { db, ready: VecDeque::new(), next: Next::Page(cursor), scan: self }
    }

    fn scan(
        &self,
        db: &(impl Storage + ?Sized),
        limit: u32,
        cursor: Option<&[u8]>,
    ) -> Result<crate::RawPage, Error> {
        // A range that ends before it begins holds nothing; the host need not be asked.
        if self.end.as_ref().is_some_and(|end| *end <= self.start) {
            return Ok(crate::RawPage { entries: Vec::new(), next: None });
        }
        db.scan(&self.start, self.end.as_deref(), self.direction, limit, cursor)
    }

    fn cursor(&self) -> Result<Option<Vec<u8>>, Error> {
        let Some(text) = &self.after else { return Ok(None) };
        let mut key = vec![self.walk.number()];
        key.extend(unhex(text).ok_or(Error::Cursor)?);
        let inside = key >= self.start && self.end.as_ref().is_none_or(|end| key < *end);
        if inside { Ok(Some(key)) } else { Err(Error::Cursor) }
    }
}

enum Next {
    Page(Result<Option<Vec<u8>>, Error>),
    Done,
}

/// See [`Scan::iter`]. After an error it ends.
pub struct Iter<'a, W: Walk, S: ?Sized> {
    scan: Scan<W>,
    db: &'a S,
    ready: VecDeque<W::Item>,
    next: Next,
}

impl<W: Walk, S: Storage + ?Sized> Iterator for Iter<'_, W, S> {
    type Item = Result<W::Item, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(Ok(item));
            }
            match std::mem::replace(&mut self.next, Next::Done) {
                Next::Done => return None,
                Next::Page(cursor) => {
                    if let Err(error) = cursor.and_then(|cursor| self.read_ahead(cursor.as_deref())) {
                        return Some(Err(error));
                    }
                }
            }
        }
    }
}

impl<W: Walk, S: Storage + ?Sized> Iter<'_, W, S> {
    fn read_ahead(&mut self, cursor: Option<&[u8]>) -> Result<(), Error> {
        let raw = self.scan.scan(self.db, READ_AHEAD, cursor)?;
        self.ready = self.scan.walk.read(self.db, raw.entries)?.into();
        if raw.next.is_some() {
            self.next = Next::Page(Ok(raw.next));
        }
        Ok(())
    }
}

/// The first byte string that comes after everything beginning with `prefix`. None: nothing does.
fn after_all(prefix: &[u8]) -> Option<Vec<u8>> {
    let keep = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix.get(..=keep)?.to_vec();
    if let Some(last) = end.last_mut() {
        *last = last.wrapping_add(1);
    }
    Some(end)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}
