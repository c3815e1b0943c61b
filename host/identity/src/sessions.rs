//! The native provider `hamlet:host/sessions`: sessions of browsers begin and end by commands (W6).
//!
//! It never sees a cookie, only its hash; finding the session of a request is `lookup`'s. If it is wrong, a thief
//! stays signed in after his victim ended the session.

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_kernel::{CallError, Mandate, NativeContext, NativeProvider, Noted};
use hamlet_reflect::Id;
use wasmtime::component::Val;

use crate::members::{authority, no_such_function};
use crate::notices;
use crate::read;
use crate::rows;
use crate::session_row::{PIN_BYTES_MAX, SessionRow};
use crate::values::{self, Arguments, Stop, cases, refuse, settle};

/// The interface that it provides.
pub const SESSIONS: &str = "hamlet:host/sessions@0.1.0";

/// Most sessions a person; the oldest ends when there would be more.
const SESSIONS_MAX: usize = 50;

/// After so many wrong PINs in a row a session ends: the whole way in is left.
const WRONG_PINS_MAX: u8 = 5;

/// Longest label in bytes.
pub(crate) const LABEL_LENGTH_MAX: usize = 100;

/// The provider of `hamlet:host/sessions@0.1.0`.
#[derive(Debug, Clone, Copy, Default)]
pub struct SessionsProvider;

type Outcome = Result<Option<Val>, Stop<SessionsError>>;

impl NativeProvider for SessionsProvider {
    fn interface(&self) -> &'static str {
        SESSIONS
    }

    /// With the parties, so that whoever leaves is signed out in the same transaction.
    fn room(&self) -> &'static str {
        crate::ROOM
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let (kind, access) = match function {
            "begin" | "used" | "set-aside" => (Kind::Command, vec![Access::Console]),
            "end" | "end-all" => {
                (Kind::Command, vec![Access::Member, Access::Ward, Access::Decision, Access::Console])
            }
            "list" => (Kind::Query, vec![Access::Member, Access::Console]),
            _ => return None,
        };
        Some(FunctionRule::new(kind, access))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let arguments = Arguments(arguments);
        settle(match function {
            "begin" => begin(cx, arguments),
            "used" => used(cx, arguments),
            "set-aside" => set_aside(cx, arguments),
            "end" => end(cx, arguments),
            "end-all" => end_all(cx, arguments),
            "list" => list(cx, arguments),
            _ => return Err(no_such_function(function)),
        })
    }
}

/// The host itself.
fn begin(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let order = arguments.value(0)?;
    let person = values::id(values::field(order, "person")?)?;
    if read::person(cx, person)?.is_none() {
        return refuse(SessionsError::NoSuchPerson);
    }
    let hash = values::hash(values::field(order, "hash")?, SessionsError::Invalid)?;
    let label = values::text(values::field(order, "label")?)?;
    let expires = values::u64(values::field(order, "expires")?)?;
    if label.len() > LABEL_LENGTH_MAX || expires <= cx.now() || cx.get(&rows::session_key(&hash))?.is_some() {
        return refuse(SessionsError::Invalid);
    }
    let mut since = cx.now();
    let mut pin = String::new();
    if let Some(old) = values::option(values::field(order, "replaces")?, Ok)? {
        let old = values::hash(old, SessionsError::Invalid)?;
        match read(cx, &old)? {
            Some(row) if row.person == person => {
                since = row.since;
                pin.clone_from(&row.pin);
                delete(cx, &old, &row)?;
            }
            _ => return refuse(SessionsError::NoSuchSession),
        }
    }
    let known = read::prefixed(cx, &rows::sessions_of(person), None, SESSIONS_MAX)?;
    if known.len() >= SESSIONS_MAX
        && let Some((_, oldest)) = known.first()
        && let Ok(oldest) = <[u8; 32]>::try_from(oldest.as_ref())
        && let Some(row) = read(cx, &oldest)?
    {
        delete(cx, &oldest, &row)?;
    }
    let replaces = values::option(values::field(order, "replaces")?, Ok)?.is_some();
    // Her first browser is no news to her.
    if !replaces && !known.is_empty() && !values::flag(values::field(order, "known")?)? {
        notices::tell(cx, person, "notice-signed-in", &[("browser", label)], "/me")?;
    }
    let sealed_label = cx
        .seal(person, label.as_bytes())?
        .map_err(|refusal| CallError::internal(format!("a label could not be sealed: {refusal:?}")))?;
    let id = cx.new_id();
    let now = cx.now();
    let row = SessionRow {
        id,
        person,
        since,
        proved: now,
        expires,
        used: now,
        rests: false,
        wrong_pins: 0,
        pin,
        sealed_label,
    };
    cx.set(&rows::session_key(&hash), &row.encode())?;
    cx.set(&rows::session_id_key(id), &hash)?;
    cx.set(&rows::session_owner_key(person, id), &hash)?;
    Ok(Some(id.to_val()))
}

/// The host itself.
fn used(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    for value in values::list(arguments.value(0)?)? {
        let hash = values::hash(value, SessionsError::Invalid)?;
        // One that ended in between needs no note.
        if let Some(mut row) = read(cx, &hash)? {
            row.used = cx.now();
            cx.set(&rows::session_key(&hash), &row.encode())?;
        }
    }
    Ok(None)
}

/// The host itself.
fn set_aside(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let hash = values::hash(arguments.value(0)?, SessionsError::Invalid)?;
    let Some(mut row) = read(cx, &hash)? else { return refuse(SessionsError::NoSuchSession) };
    let Val::Variant(what, payload) = arguments.value(1)? else {
        return Err(CallError::arguments("expected what becomes of it").into());
    };
    match (what.as_str(), payload.as_deref()) {
        ("pin", Some(Val::String(pin))) if (1..=PIN_BYTES_MAX).contains(&pin.len()) => {
            row.pin.clone_from(pin);
            row.wrong_pins = 0;
        }
        ("pin", _) => return refuse(SessionsError::Invalid),
        ("lay", _) if row.pin.is_empty() => return refuse(SessionsError::NoPin),
        // Whoever takes the phone next has proved nothing.
        ("lay", _) => (row.rests, row.proved) = (true, 0),
        ("take-up", _) => (row.rests, row.wrong_pins) = (false, 0),
        _ => row.wrong_pins = row.wrong_pins.saturating_add(1),
    }
    if row.wrong_pins >= WRONG_PINS_MAX {
        delete(cx, &hash, &row)?;
    } else {
        cx.set(&rows::session_key(&hash), &row.encode())?;
    }
    Ok(Some(Val::U32(u32::from(WRONG_PINS_MAX.saturating_sub(row.wrong_pins)))))
}

/// Its person, stewards, decisions and the host.
fn end(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.id(0)?;
    let who = authority(cx)?;
    let hash = cx.get(&rows::session_id_key(id))?;
    let hash: Option<[u8; 32]> = hash.and_then(|hash| hash.as_ref().try_into().ok());
    let Some(hash) = hash else { return refuse(SessionsError::NoSuchSession) };
    let Some(row) = read(cx, &hash)? else { return refuse(SessionsError::NoSuchSession) };
    if !who.runs_the_community() && who.person() != Some(row.person) {
        // Nobody learns which ids exist.
        return refuse(SessionsError::NoSuchSession);
    }
    delete(cx, &hash, &row)?;
    if who.person() != Some(row.person) {
        cx.note(Noted::about(row.person))?;
    }
    Ok(None)
}

/// Herself, decisions and the host.
fn end_all(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let person = arguments.id(0)?;
    let keep = values::option(arguments.value(1)?, values::id)?;
    let caller = authority(cx)?.person();
    if caller.is_some_and(|caller| caller != person) {
        return refuse(SessionsError::NotYours);
    }
    let mut ended = 0_u32;
    for (key, hash) in read::prefixed(cx, &rows::sessions_of(person), None, SESSIONS_MAX)? {
        let Ok(hash) = <[u8; 32]>::try_from(hash.as_ref()) else { continue };
        if keep.is_some() && rows::id_at_end(&key) == keep {
            continue;
        }
        if let Some(row) = read(cx, &hash)? {
            delete(cx, &hash, &row)?;
            ended += 1;
        }
    }
    Ok(Some(Val::U32(ended)))
}

/// Herself and her guardian.
fn list(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let who = authority(cx)?;
    let person = values::option(arguments.value(0)?, values::id)?.or(who.person());
    let Some(person) = person else { return refuse(SessionsError::NoSuchPerson) };
    if let Some(caller) = who.person() {
        let mandate = cx.mandate(caller, person)?;
        if !matches!(mandate, Some(Mandate::SelfActing | Mandate::Guardian)) {
            return refuse(SessionsError::NotYours);
        }
    }
    let mut sessions = Vec::new();
    for (_, hash) in read::prefixed(cx, &rows::sessions_of(person), None, SESSIONS_MAX)? {
        let Ok(hash) = <[u8; 32]>::try_from(hash.as_ref()) else { continue };
        let Some(row) = read(cx, &hash)? else { continue };
        let label = cx.open(row.person, &row.sealed_label)?;
        let label = label.ok().and_then(|plain| String::from_utf8(plain).ok());
        sessions.push(values::record([
            ("id", row.id.to_val()),
            ("label", Val::String(label.unwrap_or_default())),
            ("since", Val::U64(row.since)),
            ("proved", Val::U64(row.proved)),
            ("expires", Val::U64(row.expires)),
            ("last-used", Val::U64(row.used)),
        ]));
    }
    sessions.reverse();
    Ok(Some(Val::List(sessions)))
}

/// Signs a person out everywhere, because she leaves.
pub(crate) fn end_of(cx: &mut dyn NativeContext, person: Id) -> Result<(), CallError> {
    for (_, hash) in read::prefixed(cx, &rows::sessions_of(person), None, SESSIONS_MAX)? {
        let Ok(hash) = <[u8; 32]>::try_from(hash.as_ref()) else { continue };
        if let Some(row) = read(cx, &hash)? {
            delete(cx, &hash, &row)?;
        }
    }
    Ok(())
}

fn read(cx: &mut dyn NativeContext, hash: &[u8; 32]) -> Result<Option<SessionRow>, CallError> {
    Ok(cx.get(&rows::session_key(hash))?.and_then(|row| SessionRow::decode(&row)))
}

fn delete(cx: &mut dyn NativeContext, hash: &[u8; 32], row: &SessionRow) -> Result<(), CallError> {
    cx.delete(&rows::session_key(hash))?;
    cx.delete(&rows::session_id_key(row.id))?;
    cx.delete(&rows::session_owner_key(row.person, row.id)).map(drop)
}

cases! {
    /// `hamlet:host/sessions.error`. The WIT documents each case.
    enum SessionsError {
        NoSuchPerson = "no-such-person",
        NoSuchSession = "no-such-session",
        Invalid = "invalid",
        NotYours = "not-yours",
        NoPin = "no-pin",
    }
}
