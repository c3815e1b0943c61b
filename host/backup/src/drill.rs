//! The drill: a backup is restored into a folder of its own, verified as a restore is, looked into, and deleted.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use crate::age::Identity;
use crate::error::BackupError;
use crate::hex::hex;
use crate::keys::Keys;
use crate::restore::{Restored, restore};

/// What a drill saw.
#[derive(Debug)]
pub struct Drilled {
    /// What was restored.
    pub restored: Restored,
    /// Whether the hash beside the file fits; none: there is no hash beside it.
    pub hash_fits: Option<bool>,
    /// What was said by who looked into the community.
    pub looked: String,
    /// How long a restore takes.
    pub took: Duration,
}

/// Restores `from` into a new folder inside `beside`, lets `look` open it, and deletes it again, whatever happened.
///
/// # Errors
/// As [`restore`], and what `look` says.
pub fn drill(
    from: &Path,
    identity: &Identity,
    keys: Option<Keys>,
    beside: &Path,
    look: impl FnOnce(&Path) -> Result<String, String>,
) -> Result<Drilled, BackupError> {
    let begun = Instant::now();
    let folder = Folder(beside.join(format!(".drill-{}", std::process::id())));
    let hash_fits = hash_fits(from)?;
    if hash_fits == Some(false) {
        return Err(BackupError::NotWhole("the file is not the one whose hash lies beside it".to_owned()));
    }
    let restored = restore(from, identity, keys, &[], &folder.0)?;
    let looked = look(&folder.0).map_err(BackupError::NotWhole)?;
    Ok(Drilled { restored, hash_fits, looked, took: begun.elapsed() })
}

/// What a drill restored is the whole community in the clear but for what is sealed: it goes in every case.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::error!(%error, folder = %self.0.display(), "a drill's folder could not be deleted: delete it");
        }
    }
}

fn hash_fits(from: &Path) -> Result<Option<bool>, BackupError> {
    let Ok(said) = fs::read_to_string(crate::plan::hash_path(from)) else { return Ok(None) };
    let mut file = fs::File::open(from).map_err(BackupError::file(from))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer).map_err(BackupError::file(from))?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hasher.update(bytes);
    }
    let found = hex(&hasher.finalize());
    Ok(Some(said.split_whitespace().next() == Some(&*found)))
}
