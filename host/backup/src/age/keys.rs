//! X25519 keys: an identity (secret) and its recipient (public).

use std::{fmt, str::FromStr};

use curve25519_dalek::MontgomeryPoint;
use zeroize::Zeroizing;

use super::{AgeError, bech32, random};

const RECIPIENT: &str = "age";
const IDENTITY: &str = "age-secret-key-";

/// Who can open what is encrypted: a public key, `age1…`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recipient(pub(super) [u8; 32]);

impl FromStr for Recipient {
    type Err = AgeError;

    fn from_str(text: &str) -> Result<Self, AgeError> {
        let text = text.trim();
        let bytes = bech32::decode(RECIPIENT, text);
        bytes.map(Self).ok_or_else(|| AgeError::Recipient(text.chars().take(80).collect()))
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&bech32::encode(RECIPIENT, &self.0))
    }
}

/// What opens: a secret key, `AGE-SECRET-KEY-1…`. Overwritten in memory when it is dropped.
pub struct Identity(Zeroizing<[u8; 32]>);

impl Identity {
    /// A new one from the system's randomness.
    pub fn generate() -> Result<Self, AgeError> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// Reads the first identity of a key file as age-keygen and `hamlet backup key` write it: lines that are
    /// empty or begin with `#` are passed over.
    pub fn from_file_text(text: &str) -> Result<Self, AgeError> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.next().ok_or(AgeError::Identity)?.parse()
    }

    /// Its public half.
    pub fn recipient(&self) -> Recipient {
        Recipient(MontgomeryPoint::mul_base_clamped(*self.0).0)
    }

    /// The secret text.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(bech32::encode(IDENTITY, &self.0).to_ascii_uppercase())
    }

    /// X25519 with a public share; none where the share is weak and the result is known to everybody.
    pub(super) fn agree(&self, share: [u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
        let shared = Zeroizing::new(MontgomeryPoint(share).mul_clamped(*self.0).0);
        (*shared != [0; 32]).then_some(shared)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Identity(of {})", self.recipient())
    }
}

impl FromStr for Identity {
    type Err = AgeError;

    fn from_str(text: &str) -> Result<Self, AgeError> {
        bech32::decode(IDENTITY, text.trim())
            .map(|bytes| Self(Zeroizing::new(bytes)))
            .ok_or(AgeError::Identity)
    }
}
