//! The native provider `hamlet:host/profiles`: how to reach a party, and its picture (W6).
//!
//! One row a party, sealed as a whole under its key, so that it goes with its erasure. Who may read a line is decided
//! here at each reading: by being it, by being a steward, by being a member. If it is wrong, somebody's address is read
//! by whom she did not want to have it. It serves no pictures (the gateway does) and looks into none.

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_kernel::{CallError, NativeContext, NativeProvider};
use hamlet_reflect::Id;
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use crate::members::{authority, no_such_function};
use crate::read;
use crate::rows;
use crate::values::{self, Arguments, Stop, cases, refuse, settle};

/// The interface that it provides.
pub const PROFILES: &str = "hamlet:host/profiles@0.1.0";

/// Longest line in bytes.
const LINE_BYTES_MAX: usize = 300;

/// The provider of `hamlet:host/profiles@0.1.0`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProfilesProvider;

type Outcome = Result<Option<Val>, Stop<ProfilesError>>;

/// Who sees a line. In the order of how many do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Readers {
    #[default]
    OnlyMe,
    Stewards,
    Members,
}

const READERS: [(Readers, &str); 3] =
    [(Readers::OnlyMe, "only-me"), (Readers::Stewards, "stewards"), (Readers::Members, "members")];

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    text: String,
    seen_by: Readers,
}

/// A picture: the hash of its blob and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Picture {
    hash: Vec<u8>,
    kind: String,
}

/// A profile as it is sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Profile {
    phone: Line,
    email: Line,
    address: Line,
    #[serde(default)]
    picture: Option<Picture>,
}

impl NativeProvider for ProfilesProvider {
    fn interface(&self) -> &'static str {
        PROFILES
    }

    /// With the parties: whoever leaves takes her profile with her.
    fn room(&self) -> &'static str {
        crate::ROOM
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let kind = match function {
            "set-contact" | "set-picture" => Kind::Command,
            "get" => Kind::Query,
            _ => return None,
        };
        Some(FunctionRule::new(kind, vec![Access::Member, Access::Ward]))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let arguments = Arguments(arguments);
        settle(match function {
            "set-contact" => set_contact(cx, arguments),
            "set-picture" => set_picture(cx, arguments),
            "get" => get(cx, arguments),
            _ => return Err(no_such_function(function)),
        })
    }
}

/// Whoever decides for the party.
fn set_contact(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let party = hers(cx, arguments)?;
    let contact = arguments.value(1)?;
    let mut profile = read(cx, party)?;
    profile.phone = line(values::field(contact, "phone")?)?;
    profile.email = line(values::field(contact, "email")?)?;
    profile.address = line(values::field(contact, "address")?)?;
    write(cx, party, &profile)?;
    Ok(None)
}

/// Whoever decides for the party. The old picture's file goes when nobody holds it.
fn set_picture(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let party = hers(cx, arguments)?;
    let given = values::option(arguments.value(1)?, Ok)?;
    let picture = given.map(|given| {
        Ok::<_, CallError>(Picture {
            hash: values::bytes(values::field(given, "hash")?)?,
            kind: values::text(values::field(given, "kind")?)?.to_owned(),
        })
    });
    let picture = picture.transpose()?;
    let mut profile = read(cx, party)?;
    if let Some(picture) = &picture
        && !cx.hold_blob(&picture.hash)?
    {
        return refuse(ProfilesError::NoSuchPicture);
    }
    if let Some(old) = profile.picture.take() {
        cx.release_blob(&old.hash)?;
    }
    profile.picture = picture;
    write(cx, party, &profile)?;
    Ok(None)
}

/// Members, each what is for her.
fn get(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let party = arguments.id(0)?;
    if read::party(cx, party)?.is_none() {
        return refuse(ProfilesError::NoSuchParty);
    }
    let who = authority(cx)?;
    let reader = if who.decides_for(cx, party)? {
        Readers::OnlyMe
    } else if who.runs_the_community() {
        Readers::Stewards
    } else {
        Readers::Members
    };
    let profile = read(cx, party)?;
    let contact = values::record([
        ("phone", shown(&profile.phone, reader)),
        ("email", shown(&profile.email, reader)),
        ("address", shown(&profile.address, reader)),
    ]);
    let picture = profile.picture.map(|picture| {
        let hash = picture.hash.into_iter().map(Val::U8).collect();
        values::record([("hash", Val::List(hash)), ("kind", Val::Enum(picture.kind))])
    });
    Ok(Some(values::record([("contact", contact), ("picture", values::some(picture))])))
}

/// A line for a reader of this kind: one sees what is for her kind and for those of whom there are more.
fn shown(line: &Line, reader: Readers) -> Val {
    let text = if line.seen_by >= reader { line.text.clone() } else { String::new() };
    let seen_by = READERS.iter().find(|(known, _)| *known == line.seen_by).map_or("", |(_, label)| label);
    values::record([("text", Val::String(text)), ("seen-by", Val::Enum(seen_by.to_owned()))])
}

fn line(value: &Val) -> Result<Line, Stop<ProfilesError>> {
    let text = values::text(values::field(value, "text")?)?.trim();
    if !is_line(text) {
        return refuse(ProfilesError::TextInvalid);
    }
    let label = values::text(values::field(value, "seen-by")?)?;
    let seen_by = READERS.iter().find(|(_, known)| *known == label).map(|(readers, _)| *readers);
    Ok(Line { text: text.to_owned(), seen_by: seen_by.unwrap_or_default() })
}

/// Whether a text fits into a line.
pub(crate) fn is_line(text: &str) -> bool {
    text.len() <= LINE_BYTES_MAX && !text.chars().any(char::is_control)
}

/// The first profile of a party that others bring in: telephone, e-mail, address, which were checked. It comes from
/// stewards' lists, so they see it; she may choose otherwise.
pub(crate) fn begin(cx: &mut dyn NativeContext, party: Id, contact: [&str; 3]) -> Result<(), CallError> {
    if contact.iter().all(|text| text.trim().is_empty()) {
        return Ok(());
    }
    let [phone, email, address] =
        contact.map(|text| Line { text: text.trim().to_owned(), seen_by: Readers::Stewards });
    write(cx, party, &Profile { phone, email, address, picture: None })
}

/// The party of the first argument, if who asks decides for it.
fn hers(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Result<Id, Stop<ProfilesError>> {
    let party = arguments.id(0)?;
    match read::party(cx, party)? {
        None => return refuse(ProfilesError::NoSuchParty),
        Some(party) if !party.active => return refuse(ProfilesError::HasLeft),
        Some(_) => {}
    }
    if authority(cx)?.decides_for(cx, party)? { Ok(party) } else { refuse(ProfilesError::NoMandate) }
}

fn read(cx: &mut dyn NativeContext, party: Id) -> Result<Profile, CallError> {
    let Some(sealed) = cx.get(&rows::profile_key(party))? else { return Ok(Profile::default()) };
    let plain = cx.open(party, &sealed)?.ok();
    Ok(plain.and_then(|plain| serde_json::from_slice(&plain).ok()).unwrap_or_default())
}

fn write(cx: &mut dyn NativeContext, party: Id, profile: &Profile) -> Result<(), CallError> {
    let plain = serde_json::to_vec(profile)
        .map_err(|error| CallError::internal(format!("a profile cannot be written: {error}")))?;
    let sealed = cx
        .seal(party, &plain)?
        .map_err(|refusal| CallError::internal(format!("a profile cannot be sealed: {refusal:?}")))?;
    cx.set(&rows::profile_key(party), &sealed)
}

/// Deletes the profile of a party that leaves, its picture too.
pub(crate) fn end_of(cx: &mut dyn NativeContext, party: Id) -> Result<(), CallError> {
    if let Some(picture) = read(cx, party)?.picture {
        cx.release_blob(&picture.hash)?;
    }
    cx.delete(&rows::profile_key(party)).map(drop)
}

cases! {
    /// `hamlet:host/profiles.error`. The WIT documents each case.
    enum ProfilesError {
        NoSuchParty = "no-such-party",
        HasLeft = "has-left",
        NoMandate = "no-mandate",
        TextInvalid = "text-invalid",
        NoSuchPicture = "no-such-picture",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_seen_by_those_it_is_for_and_by_nobody_else() {
        // For whom it is, and whether she, a steward, another member sees it.
        let table = [
            (Readers::OnlyMe, [true, false, false]),
            (Readers::Stewards, [true, true, false]),
            (Readers::Members, [true, true, true]),
        ];
        for (seen_by, expected) in table {
            let line = Line { text: "555".into(), seen_by };
            let readers = [Readers::OnlyMe, Readers::Stewards, Readers::Members];
            for (reader, expected) in readers.into_iter().zip(expected) {
                let shown = shown(&line, reader);
                let text = values::field(&shown, "text").ok().cloned();
                let wanted = if expected { "555" } else { "" };
                assert_eq!(text, Some(Val::String(wanted.into())), "{seen_by:?} to {reader:?}");
            }
        }
    }
}
