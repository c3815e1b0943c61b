//! A publisher: a public key, and how people read one.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::{Blake2b512, Digest as _};
use ed25519_dalek::VerifyingKey;

use crate::hex::hex;

use super::{PLAIN, SignError, UNTRUSTED, exact, split_marked};

/// Longest text of a public key that is read, in bytes: a key file with a long comment.
const TEXT_BYTES_MAX: usize = 2048;
/// What keeps this hash apart from all others.
const FINGERPRINT_DOMAIN: &[u8] = b"hamlet publisher\0";

/// Whose plugins these are: minisign's public key, that is a key id and an Ed25519 key.
///
/// Together with a plugin's name it is the plugin's identity: two plugins `stall` by two publishers
/// are two plugins, and an upgrade must come from the same publisher. Shown as minisign's base64,
/// `RW…`; for people to compare by eye or over the telephone, see [`Publisher::groups`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Publisher {
    key_id: [u8; 8],
    key: [u8; 32],
}

impl Publisher {
    pub(super) fn new(key_id: [u8; 8], key: &VerifyingKey) -> Publisher {
        Publisher { key_id, key: key.to_bytes() }
    }

    /// Reads minisign's base64, or a whole public key file of two lines.
    ///
    /// # Errors
    /// Another form, or a key that no key pair has.
    pub fn parse(text: &str) -> Result<Publisher, SignError> {
        let form = |why| SignError::Form { what: "a public key", why };
        if text.len() > TEXT_BYTES_MAX {
            return Err(form("it is too long"));
        }
        let mut lines = text.trim_end().lines();
        let encoded = match (lines.next(), lines.next(), lines.next()) {
            (Some(only), None, _) => only,
            (Some(comment), Some(key), None) if comment.starts_with(UNTRUSTED) => key,
            _ => return Err(form("it is neither RW… nor a key file of two lines")),
        };
        let bytes: [u8; 42] = exact(encoded).ok_or(form("it is not 42 bytes of base64"))?;
        let (PLAIN, key_id, key) = split_marked::<32>(&bytes).ok_or(form("it is too short"))? else {
            return Err(form("it does not begin with RW"));
        };
        let publisher = Publisher { key_id, key };
        publisher.verifying_key()?;
        Ok(publisher)
    }

    /// A public key file as minisign reads it.
    pub fn to_file(&self) -> String {
        // As minisign shows it: the number whose small end comes first.
        let id = format!("{:016X}", u64::from_le_bytes(self.key_id));
        format!("{UNTRUSTED}minisign public key {id}\n{self}\n")
    }

    /// Five groups of four hexadecimal digits, for people: `1f3a 9c02 77d1 04be e5a6`.
    ///
    /// 80 bits of a hash: enough that nobody can make another key with the same groups on purpose,
    /// and short enough to read aloud. Programs compare the whole key.
    pub fn groups(&self) -> String {
        let hash =
            Blake2b512::new().chain_update(FINGERPRINT_DOMAIN).chain_update(self.to_bytes()).finalize();
        hash.chunks(2).take(5).map(hex).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn key_id(&self) -> [u8; 8] {
        self.key_id
    }

    pub(super) fn verifying_key(&self) -> Result<VerifyingKey, SignError> {
        match VerifyingKey::from_bytes(&self.key) {
            // A key of small order accepts signatures that nobody made.
            Ok(key) if !key.is_weak() => Ok(key),
            _ => Err(SignError::Weak),
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        [&PLAIN[..], &self.key_id, &self.key].concat()
    }
}

impl fmt::Display for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.to_bytes()))
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Publisher({self})")
    }
}

impl FromStr for Publisher {
    type Err = SignError;

    fn from_str(text: &str) -> Result<Publisher, SignError> {
        Publisher::parse(text)
    }
}
