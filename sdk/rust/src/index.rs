//! Secondary indexes: other orders in which the rows of a table can be walked.

use std::marker::PhantomData;

use crate::Key;

/// Says under which values of `I` a row is found; see [`Index::new`].
pub(crate) type Entries<I, K, V> = fn(&K, &V, &mut dyn FnMut(I));

/// An index of a table with keys `K` and rows `V`, ordered by `I` and then by `K`.
///
/// The table keeps it in step ([`Table::indexed`](crate::Table::indexed)). Each entry is a stored key
/// with no value: it costs a write when it changes and nothing when it does not.
pub struct Index<I, K, V> {
    pub(crate) number: u8,
    entries: Entries<I, K, V>,
    of: PhantomData<fn(K, V) -> I>,
}

impl<I: Key, K: Key, V> Index<I, K, V> {
    /// An index under this number, which no table, index or counter of the plugin shares.
    ///
    /// `entries` gives the values under which a row is found to its third argument: none, one or
    /// several. It must depend on nothing but key and row, or stale entries stay behind.
    #[must_use]
    pub const fn new(number: u8, entries: Entries<I, K, V>) -> Index<I, K, V> {
        Index { number, entries, of: PhantomData }
    }
}

/// What a table does with its indexes, whatever they are ordered by.
pub trait Maintain<K, V>: Sync {
    /// The stored keys of a row's entries.
    fn stored(&self, key: &K, row: &V) -> Vec<Vec<u8>>;
}

impl<I: Key, K: Key, V> Maintain<K, V> for Index<I, K, V> {
    fn stored(&self, key: &K, row: &V) -> Vec<Vec<u8>> {
        let mut stored = Vec::new();
        (self.entries)(key, row, &mut |value| {
            let mut bytes = vec![self.number];
            value.write(&mut bytes);
            key.write(&mut bytes);
            stored.push(bytes);
        });
        stored.sort();
        stored.dedup();
        stored
    }
}
