//! `hamlet:host/blobs` (J5): ranges of files that were put before, and which of them the plugin keeps.

use std::sync::Arc;

use super::wit;
use crate::blobs::{self, BlobError, Blobs, Hash};
use crate::call::CallError;
use crate::namespaces::BLOBS;
use crate::rows::InBatch;
use crate::run::{Running, Slot};

type Answer<T> = wasmtime::Result<Result<T, wit::blobs::Error>>;

impl wit::blobs::Host for Slot {
    fn describe(&mut self, hash: Vec<u8>) -> Answer<wit::blobs::Description> {
        let running = self.running()?;
        let length = running.with_blob(&hash, Blobs::describe);
        answer(running, length.map(|length| length.map(|length| wit::blobs::Description { length })))
    }

    fn read(&mut self, hash: Vec<u8>, offset: u64, length: u32) -> Answer<Vec<u8>> {
        let running = self.running()?;
        let bytes = running.with_blob(&hash, |blobs, hash| blobs.read(hash, offset, length));
        answer(running, bytes)
    }

    fn hold(&mut self, hash: Vec<u8>) -> Answer<()> {
        let running = self.running()?;
        let held = running.hold_blob(&hash);
        answer(running, held)
    }

    fn release(&mut self, hash: Vec<u8>) -> wasmtime::Result<bool> {
        let running = self.running()?;
        running.release_blob(&hash).map_err(|why| running.trap(why))
    }
}

fn answer<T>(running: &mut Running, result: Result<Result<T, wit::blobs::Error>, CallError>) -> Answer<T> {
    result.map_err(|why| running.trap(why))
}

impl Running {
    /// Asks the folder of blobs; what a plugin can do nothing about dooms.
    fn with_blob<T>(
        &self,
        hash: &[u8],
        ask: impl FnOnce(&Blobs, &Hash) -> Result<T, BlobError>,
    ) -> Result<Result<T, wit::blobs::Error>, CallError> {
        let (Ok(hash), Some(blobs)) = (Hash::try_from(hash), &self.shared.blobs) else {
            return Ok(Err(wit::blobs::Error::NoSuchBlob));
        };
        match ask(blobs, &hash) {
            Ok(value) => Ok(Ok(value)),
            Err(BlobError::NoSuchBlob) => Ok(Err(wit::blobs::Error::NoSuchBlob)),
            Err(BlobError::Erased) => Ok(Err(wit::blobs::Error::Erased)),
            Err(BlobError::Damaged) => Ok(Err(wit::blobs::Error::Damaged)),
            Err(BlobError::PastTheEnd(length)) => Ok(Err(wit::blobs::Error::PastTheEnd(length))),
            Err(error @ (BlobError::TooLarge | BlobError::NoSuchParty | BlobError::Io(_))) => {
                Err(CallError::internal(error.to_string()))
            }
        }
    }

    fn hold_blob(&mut self, hash: &[u8]) -> Result<Result<(), wit::blobs::Error>, CallError> {
        self.check_writable()?;
        let length = match self.with_blob(hash, |blobs, hash| Ok((blobs.describe(hash)?, *hash)))? {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        let (length, hash) = length;
        let name = Arc::clone(&self.frame()?.name);
        let Some(plugin) = self.frame()?.plugin.clone() else {
            return Err(CallError::internal("not a plugin"));
        };
        let batch = self.tx.writable()?;
        let held = blobs::hold(&mut InBatch { batch, namespace: BLOBS }, &name, &hash, length)?;
        if held.saturating_add(batch.usage(plugin.namespace)) > plugin.quota {
            let what = format!("{} bytes of storage, blobs included", plugin.quota);
            return Err(CallError::Quota { plugin: name, what });
        }
        Ok(Ok(()))
    }

    fn release_blob(&mut self, hash: &[u8]) -> Result<bool, CallError> {
        self.check_writable()?;
        let Ok(hash) = Hash::try_from(hash) else { return Ok(false) };
        let name = Arc::clone(&self.frame()?.name);
        let batch = self.tx.writable()?;
        blobs::release(&mut InBatch { batch, namespace: BLOBS }, &name, &hash)
    }
}
