//! Large values: files named by the BLAKE3 hash of what they hold (`hamlet:host/blobs`, J5).
//!
//! [`Blobs`] is the folder `blobs/`: `ab/cdef…` in hex, and `new/` for what is still being written. It
//! is opened once, and everything below goes through that handle (cap-std), so that no name can lead
//! out of it. A blob is durable when [`Blobs::put`] returns, which is before any transaction can name
//! it. Nothing of a blob passes through a plugin's memory but the ranges that it reads.
//!
//! A blob stays as long as a plugin holds it: [`hold`] and [`release`] are rows of the transaction.
//! What nobody holds is removed by [`Blobs::sweep`] after a day, which is the time to name it.
//!
//! What is about a person or a household is put sealed (`sealed.rs`): encrypted under that party's key, its file
//! `ab/cdef….sealed`. To a plugin it reads like any other, until the key is destroyed.
//!
//! Ranges of plain blobs are not checked against the hash, since that would read the whole file each time:
//! [`Blobs::verify`] does.
//!
//! If it is wrong, a picture that somebody's record names is gone, or the disk fills.
//!
//! Rows (namespace `BLOBS`):
//!
//! ```text
//! h hash plugin    how often the plugin holds it, and its length (two u64, big end first)
//! b plugin         bytes of all blobs that the plugin holds (u64)
//! ```

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File};

use chacha20poly1305::XChaCha20Poly1305;
use hamlet_reflect::Id;
use parking_lot::{RwLock, RwLockReadGuard};

use crate::call::CallError;
use crate::native::SealRefusal;
use crate::rows::{OwnRows, with_prefix};
use crate::sealed::PartyKeys;

mod folder;
mod sealed;
mod shown;

pub use folder::{all, damaged};
pub use shown::HeldBlob;

/// Largest blob, in bytes: 1 GiB.
pub const BLOB_BYTES_MAX: u64 = 1 << 30;
/// Most bytes of one read.
pub const READ_BYTES_MAX: u32 = 65_536;
/// How long a blob that nobody holds is kept.
pub const UNHELD_AGE: Duration = Duration::from_hours(24);

/// Where files are written before they have their name.
const NEW: &str = "new";
/// Holds read at once by [`release_all`].
const HOLDS_READ_AT_ONCE: usize = 1_024;
const COPY_BYTES: usize = 128 * 1024;

/// Names a blob.
pub type Hash = [u8; 32];

/// Why a blob could not be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// No blob of this hash is on this box.
    #[error("there is no such blob")]
    NoSuchBlob,
    /// The file does not have the hash that names it.
    #[error("the blob is damaged")]
    Damaged,
    /// The range begins past the end.
    #[error("the blob has only {0} bytes")]
    PastTheEnd(u64),
    /// The key of the party that it is about was destroyed.
    #[error("the blob was erased with the key of its party")]
    Erased,
    /// The party that it should be sealed for does not exist.
    #[error("there is no such party to seal the blob for")]
    NoSuchParty,
    /// Larger than a blob may be.
    #[error("a blob has at most {BLOB_BYTES_MAX} bytes")]
    TooLarge,
    /// The disk.
    #[error("blobs cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
}

/// The folder of one community's blobs. Shared between threads.
pub struct Blobs {
    folder: Dir,
    keys: Arc<PartyKeys>,
    next: AtomicU64,
    /// Held by who copies the folder: nothing is swept meanwhile.
    copying: RwLock<()>,
}

impl Blobs {
    /// Opens or makes `<dir>/blobs`, and removes what was never finished.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn open(dir: &Path, keys: Arc<PartyKeys>) -> std::io::Result<Self> {
        let path = dir.join("blobs");
        std::fs::create_dir_all(&path)?;
        let folder = Dir::open_ambient_dir(&path, ambient_authority())?;
        if folder.exists(NEW) {
            folder.remove_dir_all(NEW)?;
        }
        folder.create_dir(NEW)?;
        Ok(Self { folder, keys, next: AtomicU64::new(0), copying: RwLock::new(()) })
    }

    /// Keeps what `from` gives, streaming; its hash and length. Durable on return.
    ///
    /// The same again gives the same hash, and another day to name it.
    ///
    /// # Errors
    /// More than 1 GiB, or the disk. Then nothing is kept.
    pub fn put(&self, from: &mut dyn Read) -> Result<(Hash, u64), BlobError> {
        self.put_as("", from)
    }

    /// The same of what is about a party: encrypted under its key, so that it is erased with the key (C6). The hash is
    /// that of the encrypted file and another one each time; the length is that of what was given.
    ///
    /// The caller knows that the party exists.
    ///
    /// # Errors
    /// `Erased`, or as [`Self::put`].
    pub fn put_sealed(&self, party: Id, from: &mut dyn Read) -> Result<(Hash, u64), BlobError> {
        let cipher = self.cipher(party, true)?;
        let mut sealing = sealed::Sealing::new(from, &cipher, sealed::Header::new(party)?)?;
        let (hash, length) = self.put_as(sealed::ENDING, &mut sealing)?;
        Ok((hash, sealed::plain_length(length)?))
    }

    fn cipher(&self, party: Id, make: bool) -> Result<Arc<XChaCha20Poly1305>, BlobError> {
        let cipher =
            self.keys.cipher(party, make).map_err(|error| std::io::Error::other(error.to_string()))?;
        cipher.map_err(|refusal| match refusal {
            SealRefusal::Erased => BlobError::Erased,
            _ => BlobError::Damaged,
        })
    }

    fn put_as(&self, ending: &str, from: &mut dyn Read) -> Result<(Hash, u64), BlobError> {
        let name = format!("{NEW}/{}", self.next.fetch_add(1, Ordering::Relaxed));
        let kept = self.write_new(&name, from).and_then(|(hash, length)| {
            self.give_name(&name, &hash, ending)?;
            Ok((hash, length))
        });
        if kept.is_err() {
            // Best effort: the next opening removes it too.
            let _ = self.folder.remove_file(&name);
        }
        kept
    }

    fn write_new(&self, name: &str, from: &mut dyn Read) -> Result<(Hash, u64), BlobError> {
        let mut file = self.folder.create(name)?;
        let mut hasher = blake3::Hasher::new();
        let mut length = 0_u64;
        let mut buffer = vec![0; COPY_BYTES];
        loop {
            let read = from.read(&mut buffer)?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            length += bytes.len() as u64;
            if length > BLOB_BYTES_MAX {
                return Err(BlobError::TooLarge);
            }
            hasher.update(bytes);
            file.write_all(bytes)?;
        }
        file.sync_all()?;
        Ok((hasher.finalize().into(), length))
    }

    fn give_name(&self, name: &str, hash: &Hash, ending: &str) -> Result<(), BlobError> {
        let (drawer, path) = names(hash);
        if !self.folder.exists(&drawer) {
            match self.folder.create_dir(&drawer) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error.into()),
                _ => sync(&self.folder, ".")?,
            }
        }
        // Replacing an equal file renews its time, so that a sweep does not take what was just put.
        self.folder.rename(name, &self.folder, format!("{path}{ending}"))?;
        sync(&self.folder, &drawer)?;
        Ok(())
    }

    /// The length of a blob in bytes.
    ///
    /// # Errors
    /// There is none, or the disk.
    pub fn describe(&self, hash: &Hash) -> Result<u64, BlobError> {
        Ok(match self.file(hash)? {
            Found::Plain(file) => file.metadata()?.len(),
            Found::Sealed(file) => sealed::plain_length(file.metadata()?.len())?,
        })
    }

    /// At most `length` bytes (and 65,536) from `offset`; fewer at the end.
    ///
    /// # Errors
    /// There is none, `offset` is past its end, or the disk.
    pub fn read(&self, hash: &Hash, offset: u64, length: u32) -> Result<Vec<u8>, BlobError> {
        let total = self.describe(hash)?;
        if offset > total {
            return Err(BlobError::PastTheEnd(total));
        }
        let mut file = match self.file(hash)? {
            Found::Plain(file) => file,
            Found::Sealed(mut file) => {
                let header = sealed::Header::read(&mut file)?;
                let cipher = self.cipher(header.party, false)?;
                let range = (offset, u64::from(length.min(READ_BYTES_MAX)));
                return sealed::read(&mut file, &cipher, &header, total, range);
            }
        };
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(u64::from(length.min(READ_BYTES_MAX))).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The party that a blob was sealed for; none: it is about nobody.
    ///
    /// # Errors
    /// There is none, or the disk.
    pub fn about(&self, hash: &Hash) -> Result<Option<Id>, BlobError> {
        Ok(match self.file(hash)? {
            Found::Plain(_) => None,
            Found::Sealed(mut file) => Some(sealed::Header::read(&mut file)?.party),
        })
    }

    /// Reads a whole blob and compares it with its hash. Cost: its length.
    ///
    /// # Errors
    /// `Damaged`, or as [`Self::describe`].
    pub fn verify(&self, hash: &Hash) -> Result<(), BlobError> {
        let mut hasher = blake3::Hasher::new();
        let (Found::Plain(file) | Found::Sealed(file)) = self.file(hash)?;
        hasher.update_reader(file)?;
        if *hasher.finalize().as_bytes() == *hash { Ok(()) } else { Err(BlobError::Damaged) }
    }

    /// Removes the blobs that nobody holds and that were put more than a day before `now`; their number.
    ///
    /// `rows` must be those of a *committed* state with no command under way, on the sequencer's
    /// thread: a hold that is not seen is a lost blob.
    ///
    /// # Errors
    /// The store or the disk; then some may be removed already.
    pub fn sweep(&self, rows: &mut dyn OwnRows, now: SystemTime) -> Result<usize, CallError> {
        let internal = |error: std::io::Error| CallError::internal(format!("blobs cannot be swept: {error}"));
        let mut removed = 0;
        let Some(_alone) = self.copying.try_write() else { return Ok(0) };
        for drawer in self.folder.entries().map_err(internal)? {
            let drawer = drawer.map_err(internal)?;
            let first = drawer.file_name();
            let Some(first) = first.to_str().filter(|name| *name != NEW) else { continue };
            for entry in drawer.open_dir().map_err(internal)?.entries().map_err(internal)? {
                let entry = entry.map_err(internal)?;
                let Some(hash) = entry.file_name().to_str().and_then(|rest| parse(first, rest)) else {
                    continue;
                };
                let modified =
                    entry.metadata().and_then(|data| data.modified()).map_err(internal)?.into_std();
                let old = now.duration_since(modified).is_ok_and(|age| age > UNHELD_AGE);
                if old && with_prefix(rows, &held_prefix(&hash), &[], 1)?.is_empty() {
                    entry.remove_file().map_err(internal)?;
                    removed += 1;
                }
            }
        }
        Ok(removed)
    }

    /// Keeps every blob that is there until the guard goes, for who copies the folder.
    pub fn keep_all(&self) -> RwLockReadGuard<'_, ()> {
        self.copying.read()
    }

    fn file(&self, hash: &Hash) -> Result<Found, BlobError> {
        let path = names(hash).1;
        let missing = |error: &std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
        match self.folder.open(&path) {
            Err(error) if missing(&error) => {}
            opened => return Ok(Found::Plain(opened?)),
        }
        match self.folder.open(format!("{path}{}", sealed::ENDING)) {
            Err(error) if missing(&error) => Err(BlobError::NoSuchBlob),
            opened => Ok(Found::Sealed(opened?)),
        }
    }
}

/// A blob's file.
enum Found {
    Plain(File),
    Sealed(File),
}

/// Keeps a blob of this length for a plugin, counted; gives the bytes that the plugin now holds.
///
/// The caller has seen the blob ([`Blobs::describe`]) and compares the sum with the plugin's quota.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn hold(rows: &mut dyn OwnRows, plugin: &str, hash: &Hash, length: u64) -> Result<u64, CallError> {
    let key = held_key(hash, plugin);
    let count = held(rows, &key)?.map_or(0, |(count, _)| count);
    rows.set(&key, &[(count + 1).to_be_bytes(), length.to_be_bytes()].concat())?;
    let bytes = held_bytes(rows, plugin)?;
    if count > 0 {
        return Ok(bytes);
    }
    set_held_bytes(rows, plugin, bytes.saturating_add(length))
}

/// Gives up one hold of a plugin. False when it had none.
///
/// # Errors
/// As [`hold`].
pub fn release(rows: &mut dyn OwnRows, plugin: &str, hash: &Hash) -> Result<bool, CallError> {
    let key = held_key(hash, plugin);
    let Some((count, length)) = held(rows, &key)? else { return Ok(false) };
    if count > 1 {
        rows.set(&key, &[(count - 1).to_be_bytes(), length.to_be_bytes()].concat())?;
    } else {
        rows.delete(&key)?;
        let bytes = held_bytes(rows, plugin)?;
        set_held_bytes(rows, plugin, bytes.saturating_sub(length))?;
    }
    Ok(true)
}

/// Gives up what a plugin held that was taken away, at most `limit` blobs at a time; true: there were some.
///
/// Cost: reads all holds.
///
/// # Errors
/// The store failed.
pub fn release_all(rows: &mut dyn OwnRows, plugin: &str, limit: usize) -> Result<bool, CallError> {
    let mut found: Vec<Box<[u8]>> = Vec::new();
    let mut from = b"h".to_vec();
    while found.len() < limit {
        let page = with_prefix(rows, b"h", &from, HOLDS_READ_AT_ONCE)?;
        let Some((last, _)) = page.last() else { break };
        from = [last, [0].as_slice()].concat();
        let of_plugin = |key: &[u8]| parse_held(key).is_some_and(|(_, holder)| holder == plugin);
        found.extend(page.into_iter().map(|(key, _)| key).filter(|key| of_plugin(key)));
    }
    for key in &found {
        rows.delete(key)?;
    }
    if found.is_empty() {
        rows.delete(&bytes_key(plugin))?;
    }
    Ok(!found.is_empty())
}

/// The bytes of all blobs that a plugin holds, each once.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn held_bytes(rows: &mut dyn OwnRows, plugin: &str) -> Result<u64, CallError> {
    let Some(row) = rows.get(&bytes_key(plugin))? else { return Ok(0) };
    Ok(u64::from_be_bytes((&*row).try_into().map_err(|_| damaged_row())?))
}

fn set_held_bytes(rows: &mut dyn OwnRows, plugin: &str, bytes: u64) -> Result<u64, CallError> {
    rows.set(&bytes_key(plugin), &bytes.to_be_bytes())?;
    Ok(bytes)
}

fn held(rows: &mut dyn OwnRows, key: &[u8]) -> Result<Option<(u64, u64)>, CallError> {
    let Some(row) = rows.get(key)? else { return Ok(None) };
    let (count, length) = row.split_first_chunk::<8>().ok_or_else(damaged_row)?;
    let length = length.try_into().map_err(|_| damaged_row())?;
    Ok(Some((u64::from_be_bytes(*count), u64::from_be_bytes(length))))
}

fn damaged_row() -> CallError {
    CallError::internal("a damaged row of blobs")
}

fn held_prefix(hash: &Hash) -> Vec<u8> {
    [b"h".as_slice(), hash].concat()
}

fn held_key(hash: &Hash, plugin: &str) -> Vec<u8> {
    [b"h".as_slice(), hash, plugin.as_bytes()].concat()
}

/// Whether a plugin holds a blob.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn is_held(rows: &mut dyn OwnRows, plugin: &str, hash: &Hash) -> Result<bool, CallError> {
    Ok(held(rows, &held_key(hash, plugin))?.is_some())
}

/// The blob and the plugin of a row of holds.
pub(crate) fn parse_held(key: &[u8]) -> Option<(Hash, &str)> {
    let (hash, plugin) = key.strip_prefix(b"h")?.split_first_chunk()?;
    Some((*hash, std::str::from_utf8(plugin).ok()?))
}

fn bytes_key(plugin: &str) -> Vec<u8> {
    [b"b", plugin.as_bytes()].concat()
}

/// The folder of a blob and its path.
fn names(hash: &Hash) -> (String, String) {
    let hex = blake3::Hash::from_bytes(*hash).to_hex();
    let (drawer, rest) = hex.split_at(2);
    (drawer.to_owned(), format!("{drawer}/{rest}"))
}

fn parse(drawer: &str, rest: &str) -> Option<Hash> {
    let rest = rest.strip_suffix(sealed::ENDING).unwrap_or(rest);
    blake3::Hash::from_hex(format!("{drawer}{rest}")).ok().map(Into::into)
}

/// Makes the names in a folder durable.
fn sync(folder: &Dir, name: &str) -> std::io::Result<()> {
    // The handle of a `Dir` cannot be synced; a file that is a folder can.
    folder.open(name)?.sync_all()
}

#[cfg(test)]
mod tests;
