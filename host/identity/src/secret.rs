//! The secret that a person's tools show: 256 random bits as text, and its hash.
//!
//! Only whoever makes a token ever holds a [`Secret`]. The community keeps the hash, so neither
//! its journal nor its backups open a door.

use std::fmt;

/// What every token's text begins with, so that leaked ones are found by scanners.
pub const TOKEN_PREFIX: &str = "hamlet_";

/// Random bytes of a token.
const SECRET_BYTES: usize = 32;

/// Longest text that is looked at as a token, in bytes.
pub(crate) const TEXT_LENGTH_MAX: usize = 128;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// A token's text. Shown once, to whom it was made for.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new one, from the operating system's generator.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes)?;
        let mut text = String::with_capacity(TOKEN_PREFIX.len() + 2 * SECRET_BYTES);
        text.push_str(TOKEN_PREFIX);
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from(*HEX.get(usize::from(digit)).unwrap_or(&b'0')));
            }
        }
        Ok(Self(text))
    }

    /// The text to show.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the community keeps of it.
    pub fn hash(&self) -> [u8; 32] {
        hash(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The hash by which a token's text is known: BLAKE3 of the whole text.
pub fn hash(text: &str) -> [u8; 32] {
    blake3::hash(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_secret_has_256_random_bits_and_is_not_printed_when_debugged() {
        let (one, two) = (Secret::new().unwrap(), Secret::new().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.reveal().len(), TOKEN_PREFIX.len() + 64);
        assert!(one.reveal().starts_with(TOKEN_PREFIX));
        assert!(!format!("{one:?}").contains(one.reveal().trim_start_matches(TOKEN_PREFIX)));
        assert_eq!(one.hash(), hash(one.reveal()));
    }
}
