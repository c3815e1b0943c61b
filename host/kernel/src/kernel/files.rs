//! What a kernel takes in from files: packages that may become plugins, and blobs. On the caller's thread, beside the
//! sequencer.

use std::sync::Arc;

use hamlet_bundle::Package;

use super::Kernel;
use crate::blobs::{BlobError, Hash, READ_BYTES_MAX};
use crate::package::{ComponentHash, Origin, StageError, Staged};

impl Kernel {
    /// Verifies, compiles and keeps a package (W6); `host/plugins.activate` with the hash makes it answer.
    ///
    /// Takes as long as compiling does, on the caller's thread. No transaction waits for it.
    pub fn stage(&self, package: &Package) -> Result<ComponentHash, StageError> {
        self.stage_of(package, None)
    }

    /// The same for a signed bundle: its signature is verified first, and what is installed from it knows its publisher.
    ///
    /// # Errors
    /// As [`Kernel::stage`], and whatever [`hamlet_bundle::verify`] refuses.
    pub fn stage_bundle(&self, bundle: &[u8]) -> Result<ComponentHash, StageError> {
        let verified =
            hamlet_bundle::verify(bundle).map_err(|error| StageError::Refused(error.to_string()))?;
        let origin = Origin { publisher: verified.publisher, bundle: verified.sha256 };
        self.stage_of(&verified.package, Some(origin))
    }

    fn stage_of(&self, package: &Package, origin: Option<Origin>) -> Result<ComponentHash, StageError> {
        let shared = &self.inner.shared;
        let staged = shared.stager.stage(package, origin)?;
        let hash = staged.hash.clone();
        shared.staging.put(Arc::new(staged));
        Ok(hash)
    }

    /// A staged package: its manifest and docs.
    pub fn staged(&self, hash: &str) -> Option<Arc<Staged>> {
        self.inner.shared.staging.get(hash)
    }

    /// Keeps a blob (J5): durable on return, swept after a day unless a plugin holds it. Its hash and length.
    ///
    /// On the caller's thread. A kernel in memory keeps none.
    pub fn put_blob(&self, from: &mut dyn std::io::Read) -> Result<(Hash, u64), BlobError> {
        match &self.inner.shared.blobs {
            Some(blobs) => blobs.put(from),
            None => Err(BlobError::Io(std::io::Error::other("a community in memory keeps no blobs"))),
        }
    }

    /// A whole blob of at most `bytes_max`, unsealed (C6). On the caller's thread. Who may see it, she who asks knows.
    ///
    /// # Errors
    /// There is none, it is larger, its key was destroyed, or the disk.
    pub fn blob(&self, hash: &Hash, bytes_max: usize) -> Result<Vec<u8>, BlobError> {
        let Some(blobs) = &self.inner.shared.blobs else { return Err(BlobError::NoSuchBlob) };
        let length = blobs.describe(hash)?;
        if length > u64::try_from(bytes_max).unwrap_or(u64::MAX) {
            return Err(BlobError::TooLarge);
        }
        let mut bytes = Vec::new();
        while u64::try_from(bytes.len()).unwrap_or(u64::MAX) < length {
            let offset = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            let more = blobs.read(hash, offset, READ_BYTES_MAX)?;
            if more.is_empty() {
                break;
            }
            bytes.extend_from_slice(&more);
        }
        Ok(bytes)
    }
}
