//! The native provider `hamlet:host/credentials`: what a person can sign in with is kept and ended by commands (W6).
//!
//! Ceremonies are not here: the host runs them before and keeps what came of them by `keep`, which nobody else can
//! call. If it is wrong, somebody gets a way to sign in as another.

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_kernel::{CallError, Mandate, NativeContext, NativeProvider};
use hamlet_reflect::Id;
use wasmtime::component::Val;

use crate::credential_rows::{
    self, Credentials, PASSKEY_NAME_LENGTH_MAX, PASSKEYS_MAX, Passkey, Password, RECOVERY_CODES_MAX,
    SecondFactor, fits,
};
use crate::members::{authority, no_such_function};
use crate::notices;
use crate::read;
use crate::rows;
use crate::values::{self, Arguments, Stop, cases, refuse, settle};

/// The interface that it provides.
pub const CREDENTIALS: &str = "hamlet:host/credentials@0.1.0";

/// Bytes of a TOTP secret: as many as SHA-1 gives (RFC 4226 section 4).
pub(crate) const SECRET_BYTES: usize = 20;

/// The provider of `hamlet:host/credentials@0.1.0`.
#[derive(Debug, Clone, Copy, Default)]
pub struct CredentialsProvider;

type Outcome = Result<Option<Val>, Stop<CredentialsError>>;

impl NativeProvider for CredentialsProvider {
    fn interface(&self) -> &'static str {
        CREDENTIALS
    }

    /// With the parties, so that whoever leaves loses them in the same transaction.
    fn room(&self) -> &'static str {
        crate::ROOM
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let (kind, access) = match function {
            "keep" => (Kind::Command, vec![Access::Console]),
            "rename-passkey" | "remove-passkey" => (Kind::Command, vec![Access::Member, Access::Ward]),
            "get" => (Kind::Query, vec![Access::Member, Access::Console]),
            _ => return None,
        };
        Some(FunctionRule::new(kind, access))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let arguments = Arguments(arguments);
        settle(match function {
            "keep" => keep(cx, arguments),
            "get" => get(cx, arguments),
            "rename-passkey" => rename_passkey(cx, arguments),
            "remove-passkey" => remove_passkey(cx, arguments),
            _ => return Err(no_such_function(function)),
        })
    }
}

/// The host itself.
fn keep(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let person = arguments.id(0)?;
    let Some(mut party) = read::person(cx, person)? else {
        return refuse(CredentialsError::NoSuchPerson);
    };
    let Val::Variant(case, payload) = arguments.value(1)? else {
        return Err(CallError::arguments("expected a change").into());
    };
    let payload = || payload.as_deref().ok_or_else(|| CallError::arguments("a change without its payload"));
    let mut credentials = credential_rows::read(cx, person)?;
    let mut id = None;
    match case.as_str() {
        "password" => {
            let hash = values::text(payload()?)?.to_owned();
            credentials.password = Some(Password { hash, since: cx.now() });
        }
        "second-factor" => {
            let secret = values::option(payload()?, values::bytes)?;
            if secret.as_ref().is_some_and(|secret| secret.len() != SECRET_BYTES) {
                return refuse(CredentialsError::Invalid);
            }
            let since = cx.now();
            credentials.second_factor = secret.map(|secret| SecondFactor { secret, last_step: 0, since });
        }
        "second-factor-used" => {
            let step = values::u64(payload()?)?;
            match &mut credentials.second_factor {
                Some(factor) if factor.last_step < step => factor.last_step = step,
                _ => return refuse(CredentialsError::UsedBefore),
            }
        }
        "recovery-codes" => credentials.recovery = hashes(payload()?)?,
        "recovery-code-used" => {
            let hash = values::bytes(payload()?)?;
            let before = credentials.recovery.len();
            credentials.recovery.retain(|known| known.as_slice() != hash);
            if credentials.recovery.len() == before {
                return refuse(CredentialsError::UsedBefore);
            }
        }
        "passkey-added" => id = Some(add_passkey(cx, person, &mut credentials, payload()?)?),
        "passkey-used" => use_passkey(cx.now(), &mut credentials, payload()?)?,
        "cleared" => {
            credential_rows::clear(cx, person)?;
            return Ok(Some(values::some(None)));
        }
        _ => return Err(CallError::arguments("an unknown change").into()),
    }
    credential_rows::write(cx, person, &credentials)?;
    if !party.credentialed && credentials.ways_in() > 0 {
        party.credentialed = true;
        cx.set(&rows::party_key(person), &party.encode())?;
    }
    Ok(Some(values::some(id.map(Id::to_val))))
}

fn hashes(value: &Val) -> Result<Vec<[u8; 32]>, Stop<CredentialsError>> {
    let items = values::list(value)?;
    if items.len() > RECOVERY_CODES_MAX {
        return refuse(CredentialsError::Invalid);
    }
    items.iter().map(|item| values::hash(item, CredentialsError::Invalid)).collect()
}

fn add_passkey(
    cx: &mut dyn NativeContext,
    person: Id,
    credentials: &mut Credentials,
    order: &Val,
) -> Result<Id, Stop<CredentialsError>> {
    let credential = values::bytes(values::field(order, "credential")?)?;
    let state = values::bytes(values::field(order, "state")?)?;
    let name = passkey_name(values::text(values::field(order, "name")?)?)?;
    if !fits(&credential, &state) || credentials.passkeys.len() >= PASSKEYS_MAX {
        return refuse(CredentialsError::Invalid);
    }
    let key = rows::passkey_key(&credential);
    if cx.get(&key)?.is_some() {
        return refuse(CredentialsError::PasskeyKnown);
    }
    cx.set(&key, &person.0.to_be_bytes())?;
    let id = cx.new_id();
    let since = cx.now();
    notices::tell(cx, person, "notice-passkey", &[("name", &name)], "/me/secure")?;
    credentials.passkeys.push(Passkey { id: id.0, credential, state, name, since, last_used: None });
    Ok(id)
}

fn use_passkey(now: u64, credentials: &mut Credentials, used: &Val) -> Result<(), Stop<CredentialsError>> {
    let credential = values::bytes(values::field(used, "credential")?)?;
    let state = values::bytes(values::field(used, "state")?)?;
    let passkey = credentials.passkeys.iter_mut().find(|passkey| passkey.credential == credential);
    let Some(passkey) = passkey else { return refuse(CredentialsError::NoSuchPasskey) };
    if !fits(&credential, &state) {
        return refuse(CredentialsError::Invalid);
    }
    passkey.state = state;
    passkey.last_used = Some(now);
    Ok(())
}

/// Herself and her guardian.
fn get(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let who = authority(cx)?;
    let person = values::option(arguments.value(0)?, values::id)?.or(who.person());
    let Some(person) = person else { return refuse(CredentialsError::NoSuchPerson) };
    if let Some(caller) = who.person() {
        let mandate = cx.mandate(caller, person)?;
        if !matches!(mandate, Some(Mandate::SelfActing | Mandate::Guardian)) {
            return refuse(CredentialsError::NotYours);
        }
    }
    let credentials = credential_rows::read(cx, person)?;
    let passkeys = credentials.passkeys.iter().map(|passkey| {
        values::record([
            ("id", Id(passkey.id).to_val()),
            ("name", Val::String(passkey.name.clone())),
            ("since", Val::U64(passkey.since)),
            ("last-used", values::some(passkey.last_used.map(Val::U64))),
        ])
    });
    let left = u32::try_from(credentials.recovery.len()).unwrap_or(u32::MAX);
    Ok(Some(values::record([
        ("password", values::some(credentials.password.map(|password| Val::U64(password.since)))),
        ("second-factor", values::some(credentials.second_factor.map(|factor| Val::U64(factor.since)))),
        ("recovery-codes", Val::U32(left)),
        ("passkeys", Val::List(passkeys.collect())),
    ])))
}

fn rename_passkey(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let (person, mut credentials) = own(cx)?;
    let (id, name) = (arguments.id(0)?, passkey_name(arguments.text(1)?)?);
    let passkey = credentials.passkeys.iter_mut().find(|passkey| passkey.id == id.0);
    let Some(passkey) = passkey else { return refuse(CredentialsError::NoSuchPasskey) };
    passkey.name = name;
    credential_rows::write(cx, person, &credentials)?;
    Ok(None)
}

fn remove_passkey(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let (person, mut credentials) = own(cx)?;
    let id = arguments.id(0)?;
    let place = credentials.passkeys.iter().position(|passkey| passkey.id == id.0);
    let Some(place) = place else { return refuse(CredentialsError::NoSuchPasskey) };
    if credentials.ways_in() == 1 {
        return refuse(CredentialsError::LastWayIn);
    }
    let gone = credentials.passkeys.remove(place);
    cx.delete(&rows::passkey_key(&gone.credential))?;
    credential_rows::write(cx, person, &credentials)?;
    Ok(None)
}

/// The caller's own.
fn own(cx: &mut dyn NativeContext) -> Result<(Id, Credentials), Stop<CredentialsError>> {
    let Some(person) = authority(cx)?.person() else { return refuse(CredentialsError::NotYours) };
    Ok((person, credential_rows::read(cx, person)?))
}

fn passkey_name(name: &str) -> Result<String, Stop<CredentialsError>> {
    let name = name.trim();
    if name.is_empty() || name.len() > PASSKEY_NAME_LENGTH_MAX {
        return refuse(CredentialsError::Invalid);
    }
    Ok(name.to_owned())
}

cases! {
    /// `hamlet:host/credentials.error`. The WIT documents each case.
    enum CredentialsError {
        NoSuchPerson = "no-such-person",
        NoSuchPasskey = "no-such-passkey",
        PasskeyKnown = "passkey-known",
        Invalid = "invalid",
        UsedBefore = "used-before",
        LastWayIn = "last-way-in",
        NotYours = "not-yours",
    }
}
