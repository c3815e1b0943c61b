//! Rows: what a table holds, as bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// What a table holds. Derive `Serialize` and `Deserialize`, then `impl Row for Thing {}`.
///
/// The bytes are one for [`Row::FORMAT`] and then [postcard](https://docs.rs/postcard)'s: fields in
/// the order of their declaration, numbers of variable length, no names. So *any* change of the
/// fields is another format: raise `FORMAT`, keep the old struct under another name, and read it in
/// [`Row::upgrade`].
pub trait Row: Serialize + DeserializeOwned {
    /// The format in which this version writes.
    const FORMAT: u8 = 1;

    /// Reads what an earlier version wrote: `format` is another than [`Row::FORMAT`], `bytes` are
    /// what followed it. None: it cannot be read. Write it with [`from_postcard`](Row::from_postcard)
    /// on the old struct.
    fn upgrade(format: u8, bytes: &[u8]) -> Option<Self> {
        let _ = (format, bytes);
        None
    }

    /// Reads postcard bytes, all of them. For [`Row::upgrade`].
    fn from_postcard(bytes: &[u8]) -> Option<Self> {
        match postcard::take_from_bytes(bytes) {
            Ok((row, [])) => Some(row),
            _ => None,
        }
    }
}

pub(crate) fn encode<R: Row>(row: &R) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(64);
    bytes.push(R::FORMAT);
    postcard::to_extend(row, bytes).map_err(|_| Error::Unwritable)
}

pub(crate) fn decode<R: Row>(table: u8, bytes: &[u8]) -> Result<R, Error> {
    let row = match bytes.split_first() {
        Some((format, rest)) if *format == R::FORMAT => R::from_postcard(rest),
        Some((format, rest)) => R::upgrade(*format, rest),
        None => None,
    };
    row.ok_or(Error::Damaged { table })
}
