//! What a person can sign in with, as it is stored: one row a person, sealed as a whole under her key, and for each
//! passkey a row from the hash of its id to her, so that a browser that offers a passkey names its person.
//!
//! Not the rules of changing it (`credentials`) and not the ceremonies (`password`, `second_factor`, `passkeys`).

use hamlet_kernel::{CallError, NativeContext};
use hamlet_reflect::Id;
use serde::{Deserialize, Serialize};

use crate::rows;

/// Most passkeys a person.
pub(crate) const PASSKEYS_MAX: usize = 20;
/// Most recovery codes a person.
pub(crate) const RECOVERY_CODES_MAX: usize = 20;
/// Longest name of a passkey, in bytes.
pub(crate) const PASSKEY_NAME_LENGTH_MAX: usize = 100;
/// Longest id of a passkey that WebAuthn allows, in bytes.
const CREDENTIAL_LENGTH: std::ops::RangeInclusive<usize> = 16..=1_023;
/// Longest state of a passkey, in bytes.
const STATE_LENGTH_MAX: usize = 4_096;

/// What a person can sign in with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credentials {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<SecondFactor>,
    /// Hashes of recovery codes that are left.
    #[serde(default)]
    pub recovery: Vec<[u8; 32]>,
    #[serde(default)]
    pub passkeys: Vec<Passkey>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Password {
    /// PHC string.
    pub hash: String,
    /// Microseconds since 1970.
    pub since: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SecondFactor {
    /// Of TOTP (RFC 6238).
    pub secret: Vec<u8>,
    /// The time step of the newest code that was used.
    pub last_step: u64,
    pub since: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Passkey {
    pub id: u128,
    /// The authenticator's id of it.
    pub credential: Vec<u8>,
    /// What `passkeys` keeps of it.
    pub state: Vec<u8>,
    pub name: String,
    pub since: u64,
    pub last_used: Option<u64>,
}

impl Credentials {
    /// Ways by which she can sign in by herself. A second factor is none: it only adds to a password.
    pub fn ways_in(&self) -> usize {
        self.passkeys.len() + usize::from(self.password.is_some())
    }

    /// From a row whose seal was opened; none for one that this version cannot read.
    pub fn decode(plain: &[u8]) -> Option<Self> {
        serde_json::from_slice(plain).ok()
    }
}

/// Whether the authenticator's id of a passkey and the state of it can be kept.
pub(crate) fn fits(credential: &[u8], state: &[u8]) -> bool {
    CREDENTIAL_LENGTH.contains(&credential.len()) && !state.is_empty() && state.len() <= STATE_LENGTH_MAX
}

/// A person's credentials; none of them where nothing is kept, or its key is destroyed.
pub(crate) fn read(cx: &mut dyn NativeContext, person: Id) -> Result<Credentials, CallError> {
    let Some(sealed) = cx.get(&rows::credentials_key(person))? else { return Ok(Credentials::default()) };
    let plain = cx.open(person, &sealed)?;
    Ok(plain.ok().and_then(|plain| Credentials::decode(&plain)).unwrap_or_default())
}

pub(crate) fn write(
    cx: &mut dyn NativeContext,
    person: Id,
    credentials: &Credentials,
) -> Result<(), CallError> {
    let plain = serde_json::to_vec(credentials)
        .map_err(|error| CallError::internal(format!("credentials cannot be written: {error}")))?;
    let sealed = cx
        .seal(person, &plain)?
        .map_err(|refusal| CallError::internal(format!("credentials cannot be sealed: {refusal:?}")))?;
    cx.set(&rows::credentials_key(person), &sealed)
}

/// Deletes all of it.
pub(crate) fn clear(cx: &mut dyn NativeContext, person: Id) -> Result<(), CallError> {
    for passkey in read(cx, person)?.passkeys {
        cx.delete(&rows::passkey_key(&passkey.credential))?;
    }
    cx.delete(&rows::credentials_key(person)).map(drop)
}
