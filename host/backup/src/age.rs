//! The file format age-encryption.org/v1 (C2SP `age`), with X25519 recipients: what a backup is encrypted in.
//!
//! Whoever has the stock `age` tool and the identity opens a backup without Hamlet: `age -d -i KEY FILE | tar x`.
//! Written here because the crate `age` brings 76 others (translation files, post-quantum, two more curves) and
//! other features of shared ones; of the format a backup needs one kind of recipient and one cipher. The
//! primitives are those of maintained crates, and `tests/fixtures` holds files that the crate `age` 0.12 wrote.
//!
//! Not here: passphrases, SSH keys, plugins, armour. A header's stanzas of other kinds are passed over, so a
//! file that was encrypted to more recipients opens all the same.
//!
//! ```text
//! file    := header  "\n"  nonce:[u8;16]  chunk*
//! header  := "age-encryption.org/v1\n"  stanza*  "--- " base64(HMAC-SHA256 of all up to and including "---")
//! stanza  := "-> X25519 " base64(ephemeral share) "\n" base64(file key, sealed) "\n"
//! chunk   := ChaCha20-Poly1305 of 64 KiB; nonce = counter:u88be  last:u8
//! ```
//!
//! If it is wrong, a stolen backup is read, or an own one cannot be.

mod bech32;
mod header;
mod kdf;
mod keys;
mod stream;

use std::io;

pub use header::RECIPIENTS_MAX;
pub use keys::{Identity, Recipient};
pub use stream::{Reader, Writer};

/// Why something cannot be encrypted or decrypted.
#[derive(Debug, thiserror::Error)]
pub enum AgeError {
    /// The text is no recipient.
    #[error(
        "`{0}` is not an age recipient: it begins with `age1` and is 62 characters long (`hamlet backup key` makes one)"
    )]
    Recipient(String),
    /// The text is no identity. It is a secret, so it is not repeated.
    #[error("this is not an age identity: one line `AGE-SECRET-KEY-1…`, as `hamlet backup key` printed it")]
    Identity,
    /// Nobody could ever open it.
    #[error("a backup needs 1 to {RECIPIENTS_MAX} recipients: make a key with `hamlet backup key`")]
    NoRecipients,
    /// The file does not begin as such a file does.
    #[error("this is not a file that age encrypted: {0}")]
    Form(&'static str),
    /// No stanza is for this identity.
    #[error("the file was encrypted for other keys than this one")]
    OtherKey,
    /// The header or a chunk was changed, or the file was cut.
    #[error("the file was changed after it was written, or is cut off ({0})")]
    Changed(&'static str),
    /// No randomness.
    #[error("the system gives no randomness: {0}")]
    Randomness(String),
    /// The disk.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Fills with the system's randomness.
fn random<const N: usize>() -> Result<[u8; N], AgeError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| AgeError::Randomness(error.to_string()))?;
    Ok(bytes)
}
