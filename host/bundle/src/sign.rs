//! Signatures in minisign's form: Ed25519 over the BLAKE2b-512 of a text, with a signed comment.
//!
//! Who has `minisign` (Debian ships it) can check and make everything here without this program. The
//! form is small and fixed, so it is read and written here; the cryptography is `ed25519-dalek`,
//! `blake2` and `scrypt`, which other parts of the host use or could use too. (The crate `minisign`
//! brings its own curve arithmetic, asks on the terminal for passwords and prints.)
//!
//! What this is not: it decides about nobody's trust. A good signature says that the holder of a key
//! signed this; whether that key is welcome is for a steward to say.
//!
//! What breaks if it is wrong: strangers' code passes for a publisher's.
//!
//! The form of a signature, each line ended by one line feed:
//!
//! ```text
//! untrusted comment: TEXT                                   covered by nothing
//! base64("ED" ‖ key id, 8 bytes ‖ signature, 64 bytes)      signature of BLAKE2b-512(message)
//! trusted comment: TEXT
//! base64(signature of: the 64 bytes above ‖ TEXT)
//! ```
//!
//! The older form `Ed`, which signs the message itself, is refused: one message could else be read
//! as the hash of another.

mod publisher;
mod secret;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::{Blake2b512, Digest as _};

pub use publisher::Publisher;
pub use secret::{SecretKey, write_key_pair};

/// Longest comment in a signature, in bytes.
pub const COMMENT_BYTES_MAX: usize = 1024;
/// Longest text of a signature that is read, in bytes.
pub const SIGNATURE_BYTES_MAX: usize = 4096;

const UNTRUSTED: &str = "untrusted comment: ";
const TRUSTED: &str = "trusted comment: ";
/// A signature of the message's hash.
const PREHASHED: [u8; 2] = *b"ED";
/// A signature of the message itself; also what keys are marked with.
const PLAIN: [u8; 2] = *b"Ed";

/// What is wrong with a key or a signature.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The text is not in minisign's form.
    #[error("this is not {what} in minisign's form: {why}")]
    Form {
        /// A signature, a public key, a secret key.
        what: &'static str,
        /// What is missing.
        why: &'static str,
    },
    /// The signature was made with an old minisign, or its option `-l`.
    #[error("the signature has minisign's old form; sign again with minisign 0.10 or newer, without -l")]
    Legacy,
    /// A public key that fits many signatures.
    #[error("this public key is not one that a key pair has; make a new pair with `hamlet plugin keygen`")]
    Weak,
    /// The signature is by another key.
    #[error("the signature is by another key than {expected}")]
    OtherKey {
        /// The key that was asked for.
        expected: Publisher,
    },
    /// The signature does not fit what was signed.
    #[error("the signature does not fit: the file is damaged, or somebody changed it after it was signed")]
    Bad,
    /// The comment that is signed too does not fit its signature.
    #[error("the signed comment was changed after it was signed")]
    BadComment,
    /// A comment that cannot stand in a signature.
    #[error("a comment in a signature has at most {COMMENT_BYTES_MAX} bytes and no line breaks")]
    Comment,
    /// The secret key needs a password.
    #[error("the secret key is encrypted; give its password (--password-file)")]
    PasswordNeeded,
    /// The secret key's password is another, or the file is damaged.
    #[error("the password is wrong, or the secret key's file is damaged")]
    Password,
    /// The secret key asks for more memory than the largest setting of minisign.
    #[error("the secret key asks for more work than minisign's own setting; it will not be read")]
    Work,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    /// A key file cannot be written.
    #[error("{} cannot be written: {source}", path.display())]
    Write {
        /// Which.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// A signature as it stands in a `.minisig` file; parsed, not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    key_id: [u8; 8],
    of_message: [u8; 64],
    of_all: [u8; 64],
    untrusted_comment: String,
    trusted_comment: String,
}

impl Signature {
    /// Reads the four lines. Strict: there is one text for each signature, and nothing may follow.
    ///
    /// # Errors
    /// The text has another form, or the old one.
    pub fn parse(text: &str) -> Result<Signature, SignError> {
        let form = |why| SignError::Form { what: "a signature", why };
        if text.len() > SIGNATURE_BYTES_MAX {
            return Err(form("it is too long"));
        }
        let body = text.strip_suffix('\n').ok_or(form("the last line does not end"))?;
        let lines: Vec<&str> = body.split('\n').collect();
        let [untrusted, signature, trusted, global] = lines.as_slice() else {
            return Err(form("it has not four lines"));
        };
        let untrusted = untrusted.strip_prefix(UNTRUSTED).ok_or(form("line 1 is no untrusted comment"))?;
        let trusted = trusted.strip_prefix(TRUSTED).ok_or(form("line 3 is no trusted comment"))?;
        check_comment(untrusted)?;
        check_comment(trusted)?;
        let signature: [u8; 74] = exact(signature).ok_or(form("line 2 is not 74 bytes of base64"))?;
        let global = exact(global).ok_or(form("line 4 is not 64 bytes of base64"))?;
        let (algorithm, key_id, signature) = split_marked::<64>(&signature).ok_or(form("line 2"))?;
        match algorithm {
            PREHASHED => {}
            PLAIN => return Err(SignError::Legacy),
            _ => return Err(form("line 2 names another algorithm")),
        }
        Ok(Signature {
            key_id,
            of_message: signature,
            of_all: global,
            untrusted_comment: untrusted.to_owned(),
            trusted_comment: trusted.to_owned(),
        })
    }

    /// The four lines, as minisign reads them.
    pub fn to_text(&self) -> String {
        let marked = [&PREHASHED[..], &self.key_id, &self.of_message].concat();
        format!(
            "{UNTRUSTED}{}\n{}\n{TRUSTED}{}\n{}\n",
            self.untrusted_comment,
            STANDARD.encode(marked),
            self.trusted_comment,
            STANDARD.encode(self.of_all),
        )
    }

    /// Checks that `publisher` signed `message` with this comment; gives the comment.
    ///
    /// Cost: BLAKE2b over the message (about 1 ms a MiB) and two checks of 0.1 ms.
    ///
    /// # Errors
    /// Another key, or it does not fit.
    pub fn verify(&self, publisher: &Publisher, message: &[u8]) -> Result<&str, SignError> {
        if self.key_id != publisher.key_id() {
            return Err(SignError::OtherKey { expected: publisher.clone() });
        }
        let key = publisher.verifying_key()?;
        let check = |message: &[u8], signature: &[u8; 64]| {
            key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature))
        };
        check(&prehash(message), &self.of_message).map_err(|_| SignError::Bad)?;
        check(&global_message(&self.of_message, &self.trusted_comment), &self.of_all)
            .map_err(|_| SignError::BadComment)?;
        Ok(&self.trusted_comment)
    }

    /// The comment that anybody can change.
    pub fn untrusted_comment(&self) -> &str {
        &self.untrusted_comment
    }

    /// The comment that the signature covers; only after [`Signature::verify`] it says anything.
    pub(crate) fn trusted_comment_unchecked(&self) -> &str {
        &self.trusted_comment
    }
}

/// Signs a message. Deterministic: the same key, message and comments give the same text (RFC 8032).
///
/// # Errors
/// A comment that is too long or has control characters.
pub fn sign(
    message: &[u8],
    key: &SecretKey,
    trusted_comment: &str,
    untrusted_comment: &str,
) -> Result<Signature, SignError> {
    check_comment(trusted_comment)?;
    check_comment(untrusted_comment)?;
    let signature = key.sign(&prehash(message));
    let global = key.sign(&global_message(&signature, trusted_comment));
    Ok(Signature {
        key_id: key.publisher().key_id(),
        of_message: signature,
        of_all: global,
        untrusted_comment: untrusted_comment.to_owned(),
        trusted_comment: trusted_comment.to_owned(),
    })
}

fn prehash(message: &[u8]) -> [u8; 64] {
    Blake2b512::digest(message).into()
}

fn global_message(signature: &[u8; 64], trusted_comment: &str) -> Vec<u8> {
    [&signature[..], trusted_comment.as_bytes()].concat()
}

fn check_comment(text: &str) -> Result<(), SignError> {
    // minisign's own comments have tabs.
    let sound = |text: char| text == '\t' || !text.is_control();
    let sound = text.len() <= COMMENT_BYTES_MAX && text.chars().all(sound);
    if sound { Ok(()) } else { Err(SignError::Comment) }
}

/// Base64 of exactly `N` bytes. The engine refuses missing padding and bits that mean nothing, so
/// each value has one text.
fn exact<const N: usize>(text: &str) -> Option<[u8; N]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// An algorithm's mark, a key id, and the rest.
fn split_marked<const N: usize>(bytes: &[u8]) -> Option<([u8; 2], [u8; 8], [u8; N])> {
    let (mark, rest) = bytes.split_first_chunk::<2>()?;
    let (key_id, rest) = rest.split_first_chunk::<8>()?;
    Some((*mark, *key_id, rest.try_into().ok()?))
}
