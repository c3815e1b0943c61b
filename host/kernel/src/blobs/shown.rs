//! Blobs of a plugin for those who show them to people: only what the plugin holds, and about whom it is.

use hamlet_reflect::Id;

use super::{BlobError, Hash, READ_BYTES_MAX, is_held};
use crate::kernel::Kernel;
use crate::namespaces::BLOBS;
use crate::rows::ReadOnly;

/// A blob that a plugin holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldBlob {
    /// Its length in bytes.
    pub length: u64,
    /// The party that it was sealed for; none: it is about nobody.
    pub about: Option<Id>,
}

impl Kernel {
    /// A blob, if this plugin holds it; none otherwise, whoever else does.
    ///
    /// # Errors
    /// The store or the disk.
    pub fn held_blob(&self, plugin: &str, hash: &Hash) -> Result<Option<HeldBlob>, BlobError> {
        let Some(blobs) = &self.shared().blobs else { return Ok(None) };
        let held =
            self.read(|snapshot| is_held(&mut ReadOnly { rows: snapshot, namespace: BLOBS }, plugin, hash));
        if !held.map_err(|error| BlobError::Io(std::io::Error::other(error.to_string())))? {
            return Ok(None);
        }
        match blobs.describe(hash) {
            Ok(length) => Ok(Some(HeldBlob { length, about: blobs.about(hash)? })),
            Err(BlobError::NoSuchBlob | BlobError::Erased) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A whole blob. The caller has looked at its length ([`Kernel::held_blob`]).
    ///
    /// # Errors
    /// There is none, it was erased, or the disk.
    pub fn whole_blob(&self, hash: &Hash) -> Result<Vec<u8>, BlobError> {
        let Some(blobs) = &self.shared().blobs else { return Err(BlobError::NoSuchBlob) };
        let length = usize::try_from(blobs.describe(hash)?).map_err(|_| BlobError::TooLarge)?;
        let mut bytes = Vec::with_capacity(length.min(1 << 24));
        while bytes.len() < length {
            let more = blobs.read(hash, bytes.len() as u64, READ_BYTES_MAX)?;
            if more.is_empty() {
                return Err(BlobError::Damaged);
            }
            bytes.extend_from_slice(&more);
        }
        Ok(bytes)
    }
}
