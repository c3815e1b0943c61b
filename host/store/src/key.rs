//! Namespaces, values and ranges: the words in which the rest of the store is written.
//!
//! A *physical* key is the namespace as four big-endian bytes followed by the key (J4), so that a
//! namespace is one contiguous range and two namespaces never meet. Everything below the public
//! API speaks physical keys only.

use std::sync::Arc;

/// Number of a committed batch. 0 stands before the first one.
pub type Sequence = u64;

/// A (plugin, generation) pair, or a room of the host's own (J4).
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct Namespace(pub u32);

/// A row's value. Cloning costs one atomic addition.
pub type Value = Arc<[u8]>;

/// A row as a scan returns it: the key without its namespace, and the value.
pub type Row = (Box<[u8]>, Value);

/// The longest key, in bytes, its namespace not counted (C7).
pub const KEY_BYTES_MAX: usize = 1024;

/// The longest value, in bytes. Plugins are held to 64 KiB by the kernel (C7); the host's own rows
/// (results kept for idempotency) may be larger, and this bound only keeps a record readable.
pub const VALUE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Bytes that a namespace takes at the head of a physical key.
pub(crate) const NAMESPACE_BYTES: usize = 4;

/// Which way a scan goes.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub enum Direction {
    /// From the smallest key upwards.
    Forward,
    /// From the largest key downwards.
    Reverse,
}

/// A range to read: `start` ≤ key < `end`, in either direction.
#[derive(Copy, Clone, Debug)]
pub struct Scan<'a> {
    /// The first key of the range. Empty is the beginning of the namespace.
    pub start: &'a [u8],
    /// The key after the last one. None is the end of the namespace.
    pub end: Option<&'a [u8]>,
    /// From which side to read.
    pub direction: Direction,
    /// At most so many entries.
    pub limit: usize,
    /// At most so many bytes of keys and values; the first entry is returned whatever its size.
    pub max_bytes: usize,
}

/// What a transaction and a snapshot can both do.
pub trait Rows {
    /// The value of a key. Cost: a hash look-up for rows that the writer used lately, else a probe
    /// of the overlay and one descent of the folded state (about a microsecond).
    fn get(&mut self, ns: Namespace, key: &[u8]) -> Result<Option<Value>, crate::StoreError>;

    /// Rows of a range in order, keys without their namespace. Cost: one seek per overlay layer,
    /// then linear in what is returned.
    fn scan(&mut self, ns: Namespace, scan: Scan<'_>) -> Result<Vec<Row>, crate::StoreError>;
}

/// Writes a physical key into `out`, replacing what it held.
pub(crate) fn write_physical(out: &mut Vec<u8>, ns: Namespace, key: &[u8]) {
    out.clear();
    out.extend_from_slice(&ns.0.to_be_bytes());
    out.extend_from_slice(key);
}

/// The namespace and the key that a physical key is made of. None when it is too short, which
/// only a damaged state could hold.
pub(crate) fn split_physical(physical: &[u8]) -> Option<(Namespace, &[u8])> {
    let (ns, key) = physical.split_first_chunk::<NAMESPACE_BYTES>()?;
    Some((Namespace(u32::from_be_bytes(*ns)), key))
}

/// The smallest key that is greater than `key`.
pub(crate) fn successor(key: &[u8]) -> Box<[u8]> {
    let mut out = Vec::with_capacity(key.len() + 1);
    out.extend_from_slice(key);
    out.push(0);
    out.into_boxed_slice()
}

/// A scan translated to physical keys: `lower` ≤ key < `upper`.
#[derive(Clone, Debug)]
pub(crate) struct PhysicalRange {
    pub lower: Box<[u8]>,
    pub upper: Option<Box<[u8]>>,
}

impl PhysicalRange {
    pub fn of(ns: Namespace, start: &[u8], end: Option<&[u8]>) -> Self {
        let physical = |key: &[u8]| {
            let mut out = Vec::with_capacity(NAMESPACE_BYTES + key.len());
            write_physical(&mut out, ns, key);
            out.into_boxed_slice()
        };
        let upper = match end {
            Some(end) => Some(physical(end)),
            None => ns.0.checked_add(1).map(|next| Box::from(next.to_be_bytes())),
        };
        Self { lower: physical(start), upper }
    }

    pub fn is_empty(&self) -> bool {
        self.upper.as_ref().is_some_and(|upper| *upper <= self.lower)
    }

    /// Whether a key lies below the upper bound.
    pub fn below_upper(&self, key: &[u8]) -> bool {
        self.upper.as_ref().is_none_or(|upper| key < &**upper)
    }
    /// Whether a key lies in it.
    pub fn holds(&self, key: &[u8]) -> bool {
        *self.lower <= *key && self.below_upper(key)
    }

    /// Whether the two overlap or meet.
    pub fn touches(&self, other: &Self) -> bool {
        let reaches = |one: &Self, other: &Self| one.upper.as_ref().is_none_or(|upper| other.lower <= *upper);
        reaches(self, other) && reaches(other, self)
    }

    /// Takes in a range that touches it.
    pub fn widen(&mut self, other: Self) {
        if other.lower < self.lower {
            self.lower = other.lower;
        }
        self.upper = match (self.upper.take(), other.upper) {
            (Some(a), Some(b)) => Some(a.max(b)),
            _ => None,
        };
    }
}
