//! Passkeys: the two WebAuthn ceremonies (level 3), by `webauthn_rp`.
//!
//! That crate and not `webauthn-rs`, because it needs no OpenSSL, which a box without a compiler would have to bring.
//! A ceremony's challenge is kept in memory for five minutes and used once. What a passkey is worth is decided in
//! `credentials`; if this is wrong, somebody signs in with a key that is not hers.

use std::borrow::Cow;

use hamlet_reflect::Id;
use parking_lot::Mutex;
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::auth::{AllowedCredentials, AuthenticationVerificationOptions};
use webauthn_rp::request::register::{
    CredProtect, Nickname, PublicKeyCredentialUserEntity, RegistrationVerificationOptions,
    ResidentKeyRequirement, UserHandle, Username,
};
use webauthn_rp::request::{
    AsciiDomain, Credentials as _, FixedCapHashSet, InsertResult, PublicKeyCredentialDescriptor, RpId,
    UserVerificationRequirement,
};
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication, DiscoverableAuthenticationServerState,
    DiscoverableCredentialRequestOptions, NonDiscoverableAuthentication,
    NonDiscoverableAuthenticationServerState, NonDiscoverableCredentialRequestOptions,
    PublicKeyCredentialCreationOptions, Registration, RegistrationServerState,
};

use crate::credential_rows::Passkey;

/// Bytes of what the authenticator knows a person by: her party's id, which says nothing.
const USER_BYTES: usize = 16;
/// How phones say that their passkeys are reached (`hybrid` and `internal`), as `AuthTransports` encodes it.
const TRANSPORTS_OF_PHONES: u8 = 0b110;
/// Ceremonies at once, of each kind; beyond that the next one waits for an old one to expire.
const CEREMONIES_MAX: usize = 1_000;

/// Why a ceremony did not succeed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PasskeyError {
    /// The browser reaches this community by an address, or by a name that WebAuthn does not take.
    #[error("passkeys need a host name")]
    NoHostName,
    /// Too many ceremonies are open.
    #[error("too many people are doing this right now")]
    Busy,
    /// It was not begun here, was used before, or took longer than five minutes.
    #[error("this took too long, or was done before")]
    TooLate,
    /// What the browser sent does not verify; why.
    #[error("the passkey could not be verified: {0}")]
    Refused(String),
}

/// Where the browser is: what WebAuthn binds a passkey to.
#[derive(Debug, Clone)]
pub struct Site {
    /// The host name without port: the relying party's id.
    pub name: String,
    /// The whole origin, for example `https://oak.example:8443`.
    pub origin: String,
}

/// A passkey that was just verified.
#[derive(Debug, Clone)]
pub(crate) struct Verified {
    pub credential: Vec<u8>,
    pub state: Vec<u8>,
}

/// The open ceremonies of a community.
pub(crate) struct Ceremonies {
    registrations: Mutex<FixedCapHashSet<RegistrationServerState<USER_BYTES>>>,
    authentications: Mutex<FixedCapHashSet<DiscoverableAuthenticationServerState>>,
    named: Mutex<FixedCapHashSet<NonDiscoverableAuthenticationServerState>>,
}

impl Default for Ceremonies {
    fn default() -> Self {
        Self {
            registrations: Mutex::new(FixedCapHashSet::new(CEREMONIES_MAX)),
            authentications: Mutex::new(FixedCapHashSet::new(CEREMONIES_MAX)),
            named: Mutex::new(FixedCapHashSet::new(CEREMONIES_MAX)),
        }
    }
}

impl std::fmt::Debug for Ceremonies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ceremonies")
    }
}

impl Ceremonies {
    /// Options for `navigator.credentials.create`, as JSON. The authenticator is asked for a key that it can offer by
    /// itself, but one that cannot is taken too.
    pub fn begin_registration(
        &self,
        site: &Site,
        person: Id,
        (handle, name): (&str, &str),
        known: &[Passkey],
    ) -> Result<Vec<u8>, PasskeyError> {
        let rp = relying_party(site)?;
        let user = user_handle(person);
        let entity = PublicKeyCredentialUserEntity {
            name: Username::try_from(Cow::Borrowed(handle)).map_err(refused)?,
            id: &user,
            // A name that WebAuthn does not take is left out: authenticators show the handle.
            display_name: Nickname::try_from(Cow::Borrowed(name)).ok(),
        };
        let exclude = known.iter().filter_map(descriptor).collect();
        let mut options = PublicKeyCredentialCreationOptions::passkey(&rp, entity, exclude);
        options.authenticator_selection.resident_key = ResidentKeyRequirement::Preferred;
        // The person is verified at each use; to enforce that on the authenticator too shuts out those that cannot.
        options.extensions.cred_protect = CredProtect::None;
        let (server, client) = options.start_ceremony().map_err(refused)?;
        match self.registrations.lock().insert_or_replace_all_expired(server) {
            InsertResult::Success => serde_json::to_vec(&client).map_err(refused),
            InsertResult::CapacityFull | InsertResult::Duplicate => Err(PasskeyError::Busy),
        }
    }

    /// What `navigator.credentials.create` gave, verified: for `person` and nobody else.
    pub fn finish_registration(
        &self,
        site: &Site,
        person: Id,
        response: &[u8],
    ) -> Result<Verified, PasskeyError> {
        let rp = relying_party(site)?;
        let registration = Registration::from_json_relaxed(response).map_err(refused)?;
        let challenge = registration.challenge_relaxed().map_err(refused)?;
        let ceremony = self.registrations.lock().take(&challenge).ok_or(PasskeyError::TooLate)?;
        let origins = [site.origin.as_str()];
        let options = RegistrationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            ..RegistrationVerificationOptions::default()
        };
        let verified = ceremony.verify(&rp, &registration, &options).map_err(refused)?;
        if *verified.user_id() != user_handle(person) {
            return Err(PasskeyError::Refused("it was begun by somebody else".into()));
        }
        let Ok(fixed) = verified.static_state().encode();
        let Ok(moving) = verified.dynamic_state().encode();
        let Ok(transports) = verified.transports().encode();
        let state = Parts::join(&fixed, moving, transports, &site.name);
        Ok(Verified { credential: verified.id().as_ref().to_vec(), state })
    }

    /// Options for `navigator.credentials.get`, as JSON: whatever passkey of this community the browser has.
    pub fn begin_authentication(&self, site: &Site) -> Result<Vec<u8>, PasskeyError> {
        let rp = relying_party(site)?;
        let (server, client) =
            DiscoverableCredentialRequestOptions::passkey(&rp).start_ceremony().map_err(refused)?;
        match self.authentications.lock().insert_or_replace_all_expired(server) {
            InsertResult::Success => serde_json::to_vec(&client).map_err(refused),
            InsertResult::CapacityFull | InsertResult::Duplicate => Err(PasskeyError::Busy),
        }
    }

    /// Options for `navigator.credentials.get` that name the passkeys, as JSON, for authenticators that do not find one
    /// by themselves. Where none of `known` was made for this site, there is one of the id `made_up`.
    pub fn begin_named_authentication(
        &self,
        site: &Site,
        known: &[Passkey],
        made_up: Vec<u8>,
    ) -> Result<Vec<u8>, PasskeyError> {
        let rp = relying_party(site)?;
        let mut allowed = AllowedCredentials::with_capacity(known.len().max(1));
        for passkey in
            known.iter().filter(|passkey| Parts::site(&passkey.state) == Some(site.name.as_bytes()))
        {
            if let Some(descriptor) = descriptor(passkey) {
                allowed.push(descriptor.into());
            }
        }
        if allowed.is_empty() {
            let id = CredentialId::<Vec<u8>>::decode(made_up).map_err(refused)?;
            let transports = AuthTransports::decode(TRANSPORTS_OF_PHONES).map_err(refused)?;
            allowed.push(PublicKeyCredentialDescriptor { id, transports }.into());
        }
        let mut options =
            NonDiscoverableCredentialRequestOptions::second_factor(&rp, allowed).map_err(refused)?;
        // A passkey is all that she signs in with: the authenticator verifies that it is she.
        options.options().user_verification = UserVerificationRequirement::Required;
        let (server, client) = options.start_ceremony().map_err(refused)?;
        match self.named.lock().insert_or_replace_all_expired(server) {
            InsertResult::Success => serde_json::to_vec(&client).map_err(refused),
            InsertResult::CapacityFull | InsertResult::Duplicate => Err(PasskeyError::Busy),
        }
    }

    /// What `navigator.credentials.get` gave, verified: who it is and the passkey's new state. `find` gives the person
    /// and the kept state of a passkey by the authenticator's id of it.
    pub fn finish_authentication(
        &self,
        site: &Site,
        response: &[u8],
        find: impl FnOnce(&[u8]) -> Option<(Id, Vec<u8>)>,
    ) -> Result<(Id, Verified), PasskeyError> {
        let unknown = || PasskeyError::Refused("this passkey is not known here".into());
        let rp = relying_party(site)?;
        // Who is meant is optional in this form, so either kind of answer is read; which one it has to be says the
        // ceremony that its challenge belongs to.
        let given =
            NonDiscoverableAuthentication::<USER_BYTES>::from_json_relaxed(response).map_err(refused)?;
        let challenge = given.challenge_relaxed().map_err(refused)?;
        let named = self.named.lock().take(&challenge);
        let raw = given.raw_id();
        let (person, state) = find(raw.as_ref()).ok_or_else(unknown)?;
        let user = user_handle(person);
        let parts = Parts::split(&state).ok_or_else(unknown)?;
        let mut kept =
            AuthenticatedCredential::new(raw, &user, parts.fixed, parts.moving).map_err(refused)?;
        let origins = [site.origin.as_str()];
        let options = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            ..AuthenticationVerificationOptions::default()
        };
        if let Some(ceremony) = named {
            ceremony.verify(&rp, &given, &mut kept, &options).map_err(refused)?;
        } else {
            let ceremony = self.authentications.lock().take(&challenge).ok_or(PasskeyError::TooLate)?;
            let given =
                DiscoverableAuthentication::<USER_BYTES>::from_json_relaxed(response).map_err(refused)?;
            if *given.response().user_handle() != user {
                return Err(unknown());
            }
            ceremony.verify(&rp, &given, &mut kept, &options).map_err(refused)?;
        }
        let Ok(moving) = kept.dynamic_state().encode();
        let state = Parts::with_moving(&state, moving).ok_or_else(unknown)?;
        Ok((person, Verified { credential: raw.as_ref().to_vec(), state }))
    }
}

fn descriptor(passkey: &Passkey) -> Option<PublicKeyCredentialDescriptor<Vec<u8>>> {
    let id = CredentialId::<Vec<u8>>::decode(passkey.credential.clone()).ok()?;
    Some(PublicKeyCredentialDescriptor { id, transports: Parts::split(&passkey.state)?.transports })
}

fn refused(error: impl std::fmt::Display) -> PasskeyError {
    PasskeyError::Refused(error.to_string())
}

fn relying_party(site: &Site) -> Result<RpId, PasskeyError> {
    // WebAuthn takes no addresses; some parse as a domain.
    if site.name.parse::<std::net::IpAddr>().is_ok() || site.name.starts_with('[') {
        return Err(PasskeyError::NoHostName);
    }
    AsciiDomain::try_from(site.name.clone()).map(RpId::Domain).map_err(|_| PasskeyError::NoHostName)
}

fn user_handle(person: Id) -> UserHandle<USER_BYTES> {
    let Ok(handle) = UserHandle::decode(person.0.to_be_bytes());
    handle
}

type Fixed = StaticState<CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>>;

/// Bytes of the part of a state that changes with each use.
const MOVING_BYTES: usize = 7;

/// A passkey's state as it is kept: version, length of the fixed part, the fixed part, the part that moves, the ways of
/// reaching the authenticator, the name of the site that it was made for.
struct Parts {
    fixed: Fixed,
    moving: DynamicState,
    transports: AuthTransports,
}

impl Parts {
    const VERSION: u8 = 1;

    fn join(fixed: &[u8], moving: [u8; MOVING_BYTES], transports: u8, site: &str) -> Vec<u8> {
        // At most 2,058 bytes, says the crate.
        let length = u16::try_from(fixed.len()).unwrap_or(u16::MAX);
        let mut state = vec![Self::VERSION];
        state.extend_from_slice(&length.to_be_bytes());
        state.extend_from_slice(fixed);
        state.extend_from_slice(&moving);
        state.push(transports);
        state.extend_from_slice(site.as_bytes());
        state
    }

    /// Where the moving part begins.
    fn moving_at(state: &[u8]) -> Option<usize> {
        let (&version, rest) = state.split_first()?;
        let length = u16::from_be_bytes(*rest.first_chunk()?);
        (version == Self::VERSION).then_some(3 + usize::from(length))
    }

    fn split(state: &[u8]) -> Option<Self> {
        let at = Self::moving_at(state)?;
        let moving = state.get(at..)?.first_chunk::<MOVING_BYTES>()?;
        let transports = *state.get(at + MOVING_BYTES)?;
        Some(Self {
            fixed: Fixed::decode(state.get(3..at)?).ok()?,
            moving: DynamicState::decode(*moving).ok()?,
            transports: AuthTransports::decode(transports).ok()?,
        })
    }

    /// The name of the site that it was made for.
    fn site(state: &[u8]) -> Option<&[u8]> {
        state.get(Self::moving_at(state)? + MOVING_BYTES + 1..)
    }

    fn with_moving(state: &[u8], moving: [u8; MOVING_BYTES]) -> Option<Vec<u8>> {
        let at = Self::moving_at(state)?;
        let mut state = state.to_vec();
        *state.get_mut(at..)?.first_chunk_mut::<MOVING_BYTES>()? = moving;
        Some(state)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn site(name: &str) -> Site {
        Site { name: name.into(), origin: format!("https://{name}") }
    }

    #[test]
    fn a_ceremony_begins_only_where_webauthn_works() {
        let ceremonies = Ceremonies::default();
        let begin = |name: &str| ceremonies.begin_registration(&site(name), Id(7), ("ada", "Ada"), &[]);
        let options: serde_json::Value = serde_json::from_slice(&begin("oak.example").unwrap()).unwrap();
        let text = options.to_string();
        assert!(text.contains("\"oak.example\"") && text.contains("\"preferred\""), "{text}");
        for address in ["192.0.2.1", "[::1]", "::1", "", "café.example"] {
            assert!(matches!(begin(address), Err(PasskeyError::NoHostName)), "{address}");
        }
    }

    #[test]
    fn a_name_that_nobody_has_is_offered_a_passkey_that_nobody_has() {
        let ceremonies = Ceremonies::default();
        let begin = |site: &Site, known: &[Passkey]| {
            let options = ceremonies.begin_named_authentication(site, known, vec![7; 20]).unwrap();
            let options: serde_json::Value = serde_json::from_slice(&options).unwrap();
            options.pointer("/publicKey/allowCredentials").unwrap_or(&options["allowCredentials"]).clone()
        };
        let nobody = begin(&site("oak.example"), &[]);
        assert_eq!(nobody.as_array().unwrap().len(), 1, "{nobody}");
        assert!(nobody.to_string().contains("BwcHBwcHBwcHBwcHBwcHBwcHBwc"), "{nobody}");
        // One whose only passkey is of another name of this community is answered the same.
        let state = Parts::join(&[1; 34], [0; 7], 0, "old.example");
        let (name, credential) = (String::new(), vec![9; 16]);
        let other = Passkey { id: 1, credential, state, name, since: 0, last_used: None };
        assert_eq!(begin(&site("oak.example"), &[other]), nobody);
    }

    #[test]
    fn what_is_no_answer_of_a_browser_is_refused() {
        let ceremonies = Ceremonies::default();
        for body in ["", "{}", "null", "[[[[", "{\"id\":1}"] {
            let site = site("oak.example");
            assert!(ceremonies.finish_registration(&site, Id(7), body.as_bytes()).is_err(), "{body}");
            let found = ceremonies
                .finish_authentication(&site, body.as_bytes(), |_| panic!("nobody asks who that is"));
            assert!(found.is_err(), "{body}");
        }
    }

    #[test]
    fn a_cut_or_foreign_state_is_none() {
        let state = Parts::join(&[1; 34], [0; 7], 0, "oak.example");
        for length in 0..state.len() {
            // Whatever it gives, it does not panic; a cut before the last byte is never whole.
            let cut = state.get(..length).unwrap();
            assert!(length > 3 + 34 + 7 || Parts::split(cut).is_none(), "{length}");
        }
        assert!(Parts::split(&[2; 60]).is_none());
        assert!(Parts::with_moving(&[1, 255, 255, 0], [0; 7]).is_none());
    }
}
