//! Making a backup of a running community.

use std::io::Write;
use std::path::Path;

use hamlet_kernel::Kernel;
use hamlet_proof::Checkpoint;

use crate::age::{Recipient, Writer};
use crate::archive::{COMMUNITY, DATA, FOLDERS, MANIFEST, Pack, ROWS};
use crate::error::BackupError;
use crate::hex::hex;
use crate::keys::Keys;
use crate::manifest::Manifest;
use crate::pace::{Pace, Paced};

/// A backup that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The SHA-256 of the encrypted file.
    pub sha256: [u8; 32],
    /// Its bytes.
    pub bytes: u64,
}

impl Made {
    /// The hash as 64 hex digits.
    pub fn hex(&self) -> String {
        hex(&self.sha256)
    }
}

/// Writes a backup of the community in `home` to `to`, and gives the keys that go into the other file.
///
/// On the caller's thread, which may [`crate::step_back`] before. Commands run on; the copy stands at the batch
/// that was newest when it began. While it lasts, nothing is swept from the blobs and the state keeps old pages.
///
/// # Errors
/// Anything that cannot be read or written. What was written so far does not open.
pub fn make<W: Write>(
    kernel: &Kernel,
    home: &Path,
    recipients: &[Recipient],
    pace: Pace,
    to: W,
) -> Result<(W, Made, Keys), BackupError> {
    let blobs = kernel.keep_blobs();
    let store = kernel.store().backup()?;
    // After the copy began: it has every key that the copy needs.
    let keys = Keys::gather(kernel, home)?;
    let moment = store.moment();
    let made = kernel.now();
    let signer = keys.signer()?;
    let checkpoint = Checkpoint::new(signer.name(), moment.leaves, moment.root)
        .sign(&signer)
        .map_err(hamlet_store::StoreError::from)?;
    let manifest = Manifest::new(made, moment, &signer.verifier(), checkpoint, keys.erased());
    let mut archive = Pack::new(Writer::new(Paced::new(to, pace), recipients)?, made / 1_000_000);
    archive.bytes(MANIFEST, &serde_json::to_vec_pretty(&manifest).map_err(std::io::Error::from)?)?;
    let settings = home.join(COMMUNITY);
    if settings.is_file() {
        archive.bytes(COMMUNITY, &std::fs::read(&settings).map_err(BackupError::file(&settings))?)?;
    }
    for file in store.files() {
        archive.entry(&format!("{DATA}/{}", file.name), file.bytes, file.read()?)?;
    }
    let mut number = 0_u32;
    store.rows(|block| {
        number += 1;
        archive.bytes(&format!("{ROWS}/{number:08}"), block)
    })?;
    drop(store);
    for folder in FOLDERS {
        archive.folder(home, folder)?;
    }
    drop(blobs);
    let (to, sha256, bytes) = archive.finish()?.finish()?.finish();
    Ok((to, Made { manifest, sha256, bytes }, keys))
}
