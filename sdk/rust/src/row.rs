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

    /// The bytes in which a table keeps it: for a value that is kept within another, such as a sealed one.
    ///
    /// # Errors
    /// [`Error::Unwritable`] for a type with something that postcard cannot express.
    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        encode(self)
    }

    /// Reads what [`to_bytes`](Row::to_bytes) gave. None: it cannot be read by this version.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first() {
            Some((format, rest)) if *format == Self::FORMAT => Self::from_postcard(rest),
            Some((format, rest)) => Self::upgrade(*format, rest),
            None => None,
        }
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
    R::from_bytes(bytes).ok_or(Error::Damaged { table })
}
