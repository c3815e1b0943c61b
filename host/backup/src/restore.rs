//! Making a community of a backup, in a new place.
//!
//! Nothing of it is served before all of it was verified, and before every erasure that is known was applied: those
//! that the backup knows, those that the keys' file knows, which is newer, and those of the folder that it replaces.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use hamlet_kernel::sealed::PartyKeys;
use hamlet_proof::Checkpoint;
use hamlet_store::backup::{BLOCK_BYTES_MAX, Restore};
use hamlet_store::proof::Verified;

use crate::age::{Identity, Reader};
use crate::archive::{COMMUNITY, DATA, FOLDERS, MANIFEST, ROWS, unpack};
use crate::error::BackupError;
use crate::keys::Keys;
use crate::manifest::Manifest;

/// The longest manifest that is read, in bytes: some hundred thousand erasures.
const MANIFEST_BYTES_MAX: u64 = 64 << 20;
/// The longest settings file, in bytes.
const SETTINGS_BYTES_MAX: u64 = 1 << 20;

/// A community that was restored, verified and not opened yet.
#[derive(Debug)]
pub struct Restored {
    /// What the backup said of itself.
    pub manifest: Manifest,
    /// Its checkpoint.
    pub checkpoint: Checkpoint,
    /// What verifying the store saw: no findings.
    pub verified: Verified,
    /// Keys that the file of keys still had, of parties that were erased since.
    pub erased_now: usize,
    /// A newer checkpoint, of history that this restore gives up. None: nothing is known to be given up.
    pub given_up: Option<String>,
}

/// Restores `from` into the folder `to`, which must not be there or be empty. `known`: ids of parties that are known
/// to be erased. Without keys nothing that is sealed can be read, and the community cannot sign: for a drill.
///
/// # Errors
/// Anything that does not open, is not whole or does not fit. Then `to` holds a part and is no community.
pub fn restore(
    from: &Path,
    identity: &Identity,
    keys: Option<Keys>,
    known: &[String],
    to: &Path,
) -> Result<Restored, BackupError> {
    make_empty(to)?;
    let file = File::open(from).map_err(BackupError::file(from))?;
    let reader = Reader::new(BufReader::with_capacity(1 << 20, file), identity)?;
    let mut unpacking = Unpacking { to, manifest: None, settings: None, store: None };
    unpack(reader, |name, entry| unpacking.take(name, entry))?;
    let Unpacking { manifest, settings, store, .. } = unpacking;
    let (Some((manifest, checkpoint)), Some(store)) = (manifest, store) else {
        return Err(BackupError::Form("there is nothing in it".to_owned()));
    };
    store.finish(&manifest.moment())?;
    let mut given_up = None;
    let mut erased_now = 0;
    if let Some(mut keys) = keys {
        let signer = keys.signer()?;
        if signer.verifier().to_string() != manifest.key {
            let (found, wanted) = (signer.name().to_owned(), checkpoint.origin);
            return Err(BackupError::OtherKeys { found, wanted });
        }
        let newest = Checkpoint::open(&keys.checkpoint, &signer.verifier());
        let newer = newest.is_ok_and(|newest| newest.size > manifest.leaves);
        given_up = newer.then(|| keys.checkpoint.clone());
        erased_now = keys.erase(manifest.erased.iter().chain(known).cloned());
        keys.put(to)?;
    }
    let verified = hamlet_store::proof::verify(&to.join(DATA), std::slice::from_ref(&checkpoint))?;
    let damaged = hamlet_kernel::blobs::damaged(to).map_err(BackupError::file(&to.join("blobs")))?;
    if !verified.findings.is_empty() || !damaged.is_empty() {
        let findings = verified.findings.iter().map(ToString::to_string);
        let blobs = damaged.iter().map(|path| format!("{}: it is not what its name says", path.display()));
        return Err(BackupError::NotWhole(findings.chain(blobs).take(20).collect::<Vec<_>>().join("\n")));
    }
    // Last: until now no host takes the folder for a community.
    if let Some(settings) = settings {
        let path = to.join(COMMUNITY);
        fs::write(&path, settings).map_err(BackupError::file(&path))?;
    }
    Ok(Restored { manifest, checkpoint, verified, erased_now, given_up })
}

/// Ids of parties that a community's folder knows to be erased, for [`restore`]. Its host must be stopped. None: the
/// folder has no keys.
///
/// # Errors
/// The keys cannot be read, or a host has them.
pub fn known_erasures(home: &Path) -> Result<Vec<String>, BackupError> {
    if !home.join("keys/parties.redb").exists() {
        return Ok(Vec::new());
    }
    let carried = PartyKeys::open(home)?.carry()?;
    Ok(carried.iter().filter(|one| one.key.is_none()).map(|one| one.party.to_string()).collect())
}

fn make_empty(to: &Path) -> Result<(), BackupError> {
    let failed = || BackupError::file(to);
    fs::create_dir_all(to).map_err(failed())?;
    if fs::read_dir(to).map_err(failed())?.next().is_some() {
        return Err(BackupError::NotEmpty(to.to_owned()));
    }
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).map_err(failed())
}

struct Unpacking<'a> {
    to: &'a Path,
    manifest: Option<(Manifest, Checkpoint)>,
    settings: Option<Vec<u8>>,
    store: Option<Restore>,
}

impl Unpacking<'_> {
    fn take(&mut self, name: &str, entry: &mut dyn Read) -> Result<(), BackupError> {
        let Some(store) = &self.store else {
            if name != MANIFEST {
                return Err(BackupError::Form("it does not begin with its manifest".to_owned()));
            }
            self.manifest = Some(Manifest::read(&bounded(name, entry, MANIFEST_BYTES_MAX)?)?);
            self.store = Some(Restore::begin(&self.to.join(DATA))?);
            return Ok(());
        };
        let (first, rest) = name.split_once('/').unwrap_or((name, ""));
        match first {
            COMMUNITY if rest.is_empty() => {
                self.settings = Some(bounded(name, entry, SETTINGS_BYTES_MAX)?);
                Ok(())
            }
            DATA if Path::new(name).starts_with(ROWS) => {
                Ok(store.rows(&bounded(name, entry, BLOCK_BYTES_MAX as u64)?)?)
            }
            DATA => Ok(store.file(rest, entry)?),
            folder if FOLDERS.contains(&folder) && !rest.is_empty() => self.file(name, entry),
            _ => Err(BackupError::Form(format!("`{name}` does not belong to a backup"))),
        }
    }

    fn file(&self, name: &str, entry: &mut dyn Read) -> Result<(), BackupError> {
        let path = self.to.join(name);
        let failed = || BackupError::file(&path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed())?;
        }
        let mut file = File::create_new(&path).map_err(failed())?;
        std::io::copy(entry, &mut file).map_err(failed())?;
        file.sync_all().map_err(failed())
    }
}

fn bounded(name: &str, entry: &mut dyn Read, bytes_max: u64) -> Result<Vec<u8>, BackupError> {
    let mut bytes = Vec::new();
    entry.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(BackupError::Form(format!("`{name}` is too large")));
    }
    Ok(bytes)
}
