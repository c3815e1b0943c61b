//! Party keys and sealed values (C6).
//!
//! What is about a person or a household is stored encrypted under a key of that party, made when
//! it is first needed. The keys live in a file of their own, `keys/parties.redb`, apart from
//! journal, state and backup. Destroying one key erases every copy of what it sealed, wherever it
//! was copied to, and breaks no proof.
//!
//! Layout of a sealed value, 41 bytes longer than what it holds:
//!
//! ```text
//! format (1 byte, now 1) | nonce (24 bytes, random) | XChaCha20 ciphertext | Poly1305 tag (16 bytes)
//! ```
//!
//! Associated data: the format byte, the plugin's name, a zero byte, the party's id (16 bytes, big
//! end first). So a value moved to another party or plugin, or of another format, does not open.
//!
//! Who may open what is decided elsewhere; here, whoever names plugin and party gets the value.
//!
//! If this is wrong, either personal data outlives its erasure or everybody's names are lost. Two
//! orders matter: new keys are durable *before* the batch that used them ([`PartyKeys::flush_new_keys`]
//! before `Batch::commit`), and a destroyed key is overwritten on disk before `destroy` returns.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chacha20poly1305::aead::{AeadInPlace, KeyInit};
use chacha20poly1305::{Key, Tag, XChaCha20Poly1305, XNonce};
use hamlet_reflect::Id;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use crate::call::CallError;
use crate::native::SealRefusal;

mod carry;
mod file;

pub use carry::Carried;
use file::KeyFile;

/// The most bytes that can be sealed at once.
pub const PLAIN_BYTES_MAX: usize = 65_000;
/// What sealing adds.
pub const SEALED_OVERHEAD: usize = FORMAT_LENGTH + NONCE_LENGTH + TAG_LENGTH;

const FORMAT: u8 = 1;
const FORMAT_LENGTH: usize = 1;
const NONCE_LENGTH: usize = 24;
const TAG_LENGTH: usize = 16;
const KEY_LENGTH: usize = 32;
/// Opened keys that are kept at hand. Past this, half of them are let go.
const CACHED_KEYS_MAX: usize = 16_384;

/// A key in memory, overwritten when it is dropped.
pub type Secret = Zeroizing<[u8; KEY_LENGTH]>;

/// What is known of a party's key.
#[derive(Clone)]
enum Known {
    /// It has one.
    Key(Arc<XChaCha20Poly1305>),
    /// It had one.
    Destroyed,
}

/// What the file says of a party's key.
enum Stored {
    Key(Secret),
    Destroyed,
}

/// The keys could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file system refused.
    #[error("the file of party keys could not be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// The key file is damaged, or in use by another process.
    #[error("the file of party keys could not be used: {0}")]
    File(Box<redb::Error>),
    /// A row of the key file is not a key.
    #[error("the file of party keys holds a row of {length} bytes that is no key")]
    RowInvalid {
        /// Its length.
        length: usize,
    },
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness: {0}")]
    Entropy(getrandom::Error),
}

macro_rules! from_redb {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for KeysError {
            fn from(error: redb::$error) -> Self {
                Self::File(Box::new(error.into()))
            }
        }
    )*};
}

from_redb!(DatabaseError, TransactionError, TableError, StorageError, CommitError);

impl From<KeysError> for CallError {
    fn from(error: KeysError) -> Self {
        Self::internal(error.to_string())
    }
}

/// The keys of all parties of one community. Shared between threads.
pub struct PartyKeys {
    state: Mutex<State>,
    has_new: AtomicBool,
}

struct State {
    known: HashMap<u128, Known>,
    /// Made since the last flush; in `known` too.
    new: HashMap<u128, Secret>,
    /// None: nothing outlives the process, and `known` is everything.
    file: Option<KeyFile>,
}

impl PartyKeys {
    /// Opens or makes `<dir>/keys/parties.redb`, readable by the owner alone.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or is open in another process.
    pub fn open(dir: &Path) -> Result<Self, KeysError> {
        Ok(Self::with(Some(KeyFile::open(&dir.join("keys"))?)))
    }

    /// Keys that die with the process.
    pub fn in_memory() -> Self {
        Self::with(None)
    }

    fn with(file: Option<KeyFile>) -> Self {
        let state = State { known: HashMap::new(), new: HashMap::new(), file };
        Self { state: Mutex::new(state), has_new: AtomicBool::new(false) }
    }

    /// Encrypts for a party, making its key if it has none. The caller knows that the party exists.
    ///
    /// Cost: some microseconds. The inner error is for the plugin.
    ///
    /// # Errors
    /// The key file cannot be read, or there is no randomness.
    pub fn seal(
        &self,
        plugin: &str,
        party: Id,
        plain: &[u8],
    ) -> Result<Result<Vec<u8>, SealRefusal>, KeysError> {
        if plain.len() > PLAIN_BYTES_MAX {
            return Ok(Err(SealRefusal::TooLong(u32::try_from(plain.len()).unwrap_or(u32::MAX))));
        }
        let cipher = match self.known(party.0, true)? {
            Some(Known::Key(cipher)) => cipher,
            Some(Known::Destroyed) | None => return Ok(Err(SealRefusal::Erased)),
        };
        let mut nonce = [0; NONCE_LENGTH];
        getrandom::fill(&mut nonce).map_err(KeysError::Entropy)?;
        let mut body = plain.to_vec();
        let aad = associated_data(plugin, party);
        let sealed =
            cipher.encrypt_in_place_detached(XNonce::from_slice(&nonce), &aad, &mut body).map(|tag| {
                let mut out = Vec::with_capacity(body.len() + SEALED_OVERHEAD);
                out.push(FORMAT);
                out.extend_from_slice(&nonce);
                out.extend_from_slice(&body);
                out.extend_from_slice(&tag);
                out
            });
        // The cipher refuses only more than 256 GiB.
        Ok(sealed.map_err(|_| SealRefusal::TooLong(u32::MAX)))
    }

    /// Decrypts what [`Self::seal`] gave for the same plugin and party.
    ///
    /// # Errors
    /// The key file cannot be read. That the value does not open is the inner error.
    pub fn open_sealed(
        &self,
        plugin: &str,
        party: Id,
        sealed: &[u8],
    ) -> Result<Result<Vec<u8>, SealRefusal>, KeysError> {
        let cipher = match self.known(party.0, false)? {
            Some(Known::Key(cipher)) => cipher,
            Some(Known::Destroyed) => return Ok(Err(SealRefusal::Erased)),
            None => return Ok(Err(SealRefusal::Damaged)),
        };
        Ok(decrypt(&cipher, &associated_data(plugin, party), sealed).ok_or(SealRefusal::Damaged))
    }

    /// Makes the keys durable that were made since the last time; gives their number.
    ///
    /// To be called before the batch that may have used them is committed. Costs nothing when
    /// there are none, else one or two fsyncs. On failure they stay new: the batch must not be
    /// committed.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn flush_new_keys(&self) -> Result<usize, KeysError> {
        if !self.has_new.load(Ordering::Acquire) {
            return Ok(0);
        }
        let mut state = self.state.lock();
        let State { new, file, .. } = &mut *state;
        if let Some(file) = file {
            file.insert(new)?;
        }
        let flushed = new.len();
        new.clear();
        self.has_new.store(false, Ordering::Release);
        Ok(flushed)
    }

    /// Destroys a party's key for good, or sees to it that it never gets one.
    ///
    /// When it returns, no file under `keys/` holds the key: the others are copied to a new file
    /// and the old one is overwritten. Cost: in proportion to the number of parties (some
    /// milliseconds for thousands). Doing it again changes nothing.
    ///
    /// # Errors
    /// The file cannot be written; then the key may still be on disk, and it must be tried again.
    pub fn destroy(&self, party: Id) -> Result<(), KeysError> {
        self.destroy_all(&[party]).map(drop)
    }

    /// The cipher of a party, for what is too large for a sealed value ([`crate::blobs`]); with `make` its key is made
    /// if it has none, and is durable before this returns.
    pub(crate) fn cipher(
        &self,
        party: Id,
        make: bool,
    ) -> Result<Result<Arc<XChaCha20Poly1305>, SealRefusal>, KeysError> {
        let known = self.known(party.0, make)?;
        if make {
            self.flush_new_keys()?;
        }
        Ok(match known {
            Some(Known::Key(cipher)) => Ok(cipher),
            Some(Known::Destroyed) => Err(SealRefusal::Erased),
            None => Err(SealRefusal::Damaged),
        })
    }

    fn known(&self, party: u128, make: bool) -> Result<Option<Known>, KeysError> {
        let mut state = self.state.lock();
        if let Some(known) = state.known.get(&party) {
            return Ok(Some(known.clone()));
        }
        let stored = match &state.file {
            Some(file) => file.get(party)?,
            None => None,
        };
        let known = match stored {
            Some(Stored::Key(key)) => key_of(&key),
            Some(Stored::Destroyed) => Known::Destroyed,
            None if make => {
                let mut key = Secret::default();
                getrandom::fill(key.as_mut_slice()).map_err(KeysError::Entropy)?;
                let known = key_of(&key);
                state.new.insert(party, key);
                self.has_new.store(true, Ordering::Release);
                known
            }
            None => return Ok(None),
        };
        state.remember(party, known.clone());
        Ok(Some(known))
    }
}

impl State {
    fn remember(&mut self, party: u128, known: Known) {
        if self.file.is_some() && self.known.len() >= CACHED_KEYS_MAX {
            // Keys that are not yet in the file must stay; of the others any half will do.
            let mut keep = false;
            let new = &self.new;
            self.known.retain(|party, _| {
                keep = !keep;
                keep || new.contains_key(party)
            });
        }
        self.known.insert(party, known);
    }
}

fn key_of(key: &Secret) -> Known {
    Known::Key(Arc::new(XChaCha20Poly1305::new(Key::from_slice(key.as_slice()))))
}

fn associated_data(plugin: &str, party: Id) -> Vec<u8> {
    let mut data = Vec::with_capacity(FORMAT_LENGTH + plugin.len() + 17);
    data.push(FORMAT);
    data.extend_from_slice(plugin.as_bytes());
    data.push(0);
    data.extend_from_slice(&party.0.to_be_bytes());
    data
}

fn decrypt(cipher: &XChaCha20Poly1305, aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (format, rest) = sealed.split_first()?;
    let (nonce, rest) = rest.split_at_checked(NONCE_LENGTH)?;
    let (body, tag) = rest.split_at_checked(rest.len().checked_sub(TAG_LENGTH)?)?;
    if *format != FORMAT || body.len() > PLAIN_BYTES_MAX {
        return None;
    }
    let mut plain = body.to_vec();
    cipher
        .decrypt_in_place_detached(XNonce::from_slice(nonce), aad, &mut plain, Tag::from_slice(tag))
        .ok()
        .map(|()| plain)
}

#[cfg(test)]
mod tests;
