//! What a backup needs of a running kernel beside its store, and the erasures that it knows.
//!
//! The keys of parties are handed out whole: only whoever holds the box may call this, and what it gives goes
//! nowhere but into a file that is encrypted for the community's recipients.

use std::io::{Read, Write};

use hamlet_reflect::Id;
use parking_lot::RwLockReadGuard;

use crate::blobs::{BlobError, Blobs, Hash, READ_BYTES_MAX};
use crate::kernel::Kernel;
use crate::sealed::{Carried, KeysError};

impl Kernel {
    /// The keys of all parties, and whose were destroyed. Taken after [`hamlet_store::Store::backup`], it has every
    /// key that the copy needs: keys are durable before the batch that used them.
    ///
    /// # Errors
    /// The key file cannot be read.
    pub fn carry_keys(&self) -> Result<Vec<Carried>, KeysError> {
        self.shared().keys.carry()
    }

    /// Keeps every blob where it is until the guard goes. None: there are no blobs.
    pub fn keep_blobs(&self) -> Option<RwLockReadGuard<'_, ()>> {
        self.shared().blobs.as_ref().map(Blobs::keep_all)
    }

    /// Writes out what a blob holds, opened where it is sealed; its length.
    ///
    /// # Errors
    /// As of reading; `Erased` where its key was destroyed.
    pub fn export_blob(&self, hash: &Hash, to: &mut dyn Write) -> Result<u64, BlobError> {
        let Some(blobs) = &self.shared().blobs else { return Err(BlobError::NoSuchBlob) };
        let length = blobs.describe(hash)?;
        let mut at = 0;
        while at < length {
            let bytes = blobs.read(hash, at, READ_BYTES_MAX)?;
            if bytes.is_empty() {
                return Err(BlobError::Damaged);
            }
            to.write_all(&bytes)?;
            at += bytes.len() as u64;
        }
        Ok(at)
    }

    /// Keeps a blob that is about a party, encrypted under its key (C6); else as [`Kernel::put_blob`].
    ///
    /// # Errors
    /// `NoSuchParty`, `Erased`, or as there.
    pub fn put_blob_for(&self, party: Id, from: &mut dyn Read) -> Result<(Hash, u64), BlobError> {
        let shared = self.shared();
        let Some(blobs) = &shared.blobs else {
            return Err(BlobError::Io(std::io::Error::other("a community in memory keeps no blobs")));
        };
        let mut snapshot = shared.store.snapshot();
        let status = shared.directory.status(&mut snapshot, shared.directory_namespace, party);
        match status.map_err(|error| std::io::Error::other(error.to_string()))? {
            Some(_) => blobs.put_sealed(party, from),
            None => Err(BlobError::NoSuchParty),
        }
    }
}
