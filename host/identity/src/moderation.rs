//! The native provider `hamlet:host/moderation`: what was reported, what is hidden and why, who is muted, and what
//! newcomers may put up (W6).
//!
//! A thing is a plugin's name and a name in it; what it says is the plugin's, and never here. Reasons are sealed: a
//! report under the key of who reports, a hiding and an appeal under the author's, a mute under whom it is about. If it is
//! wrong, somebody is silenced and nobody sees by whom: so every act of a steward's is a line of the steward log, the
//! author is told, and her one appeal goes to another steward.

mod admit;
mod hiding;
mod kept;
mod reports;

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_kernel::{CallError, NativeContext, NativeProvider, Noted, Noting};
use hamlet_reflect::Id;
use wasmtime::component::Val;

use crate::members::no_such_function;
use crate::rows::{self, STEWARDS};
use crate::values::{self, Arguments, Stop, refuse, settle};

pub(crate) use admit::end_of;

/// The interface that it provides.
pub const MODERATION: &str = "hamlet:host/moderation@0.1.0";
/// What a plugin exports whose things can be moderated.
const MODERATED: &str = "hamlet:host/moderated@0.1.0";

/// Longest reason in bytes.
const REASON_BYTES_MAX: usize = 1_000;
/// Longest name of a thing in bytes.
const CONTENT_BYTES_MAX: usize = 80;
/// The stewards' page.
const STEWARDS_PAGE: &str = "/stewards/moderation";

/// The provider of `hamlet:host/moderation@0.1.0`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ModerationProvider;

type Outcome = Result<Option<Val>, Stop<ModerationError>>;

impl NativeProvider for ModerationProvider {
    fn interface(&self) -> &'static str {
        MODERATION
    }

    /// With the parties: whoever leaves takes what is kept about her with her.
    fn room(&self) -> &'static str {
        crate::ROOM
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let stewards = || Access::Group(STEWARDS.into());
        let (kind, access) = match function {
            "hide" | "show" | "uphold" | "dismiss" | "note-erased" | "mute" | "unmute" | "set-limits" => {
                (Kind::Command, vec![stewards(), Access::Decision])
            }
            "reports" => (Kind::Query, vec![stewards()]),
            "report" | "appeal" => (Kind::Command, vec![Access::Member, Access::Ward]),
            "about" => (Kind::Query, vec![Access::Member, Access::Decision, Access::Console]),
            "list" | "muted" | "limits" => (Kind::Query, vec![Access::Member]),
            "hidden" | "is-reported" => (Kind::Query, vec![Access::Plugin]),
            "admit" => (Kind::Command, vec![Access::Plugin]),
            _ => return None,
        };
        Some(FunctionRule::new(kind, access))
    }

    /// The log names the thing, and its author where she is known.
    fn noted(&self, function: &str, arguments: &[Val], _: Option<&Val>) -> Noting {
        let arguments = Arguments(arguments);
        Ok(match function {
            "hide" | "show" | "uphold" | "dismiss" | "note-erased" => {
                let party =
                    if function == "hide" { values::option(arguments.value(2)?, values::id)? } else { None };
                Some(Noted {
                    thing: format!("{} {}", arguments.text(0)?, arguments.text(1)?),
                    party,
                    ..Noted::default()
                })
            }
            "mute" | "unmute" => Some(Noted { party: Some(arguments.id(0)?), ..Noted::default() }),
            "set-limits" => Some(Noted::default()),
            _ => None,
        })
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let arguments = Arguments(arguments);
        settle(match function {
            "reports" => return reports::reports(cx),
            "about" => return hiding::about(cx, arguments),
            "list" => return hiding::list(cx),
            "hidden" => return hiding::hidden(cx),
            "is-reported" => return reports::is_reported(cx, arguments),
            "muted" => return admit::muted(cx, arguments),
            "limits" => return admit::limits(cx),
            "report" => reports::report(cx, arguments),
            "dismiss" => reports::dismiss(cx, arguments),
            "hide" => hiding::hide(cx, arguments),
            "show" => hiding::show(cx, arguments),
            "appeal" => hiding::appeal(cx, arguments),
            "uphold" => hiding::uphold(cx, arguments),
            "note-erased" => hiding::note_erased(cx, arguments),
            "admit" => admit::admit(cx),
            "mute" => admit::mute(cx, arguments),
            "unmute" => admit::unmute(cx, arguments),
            "set-limits" => admit::set_limits(cx, arguments),
            _ => return Err(no_such_function(function)),
        })
    }
}

/// A thing of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Content<'a> {
    plugin: &'a str,
    name: &'a str,
}

/// The thing that the first two arguments name, of a plugin that says what it holds.
fn content<'a>(
    cx: &mut dyn NativeContext,
    arguments: Arguments<'a>,
) -> Result<Content<'a>, Stop<ModerationError>> {
    let (plugin, name) = (arguments.text(0)?, arguments.text(1)?);
    let holds = cx.catalogue().is_some_and(|catalogue| {
        let plugin = catalogue.plugins.get(plugin);
        plugin.is_some_and(|plugin| plugin.interfaces.iter().any(|interface| interface.id == MODERATED))
    });
    if holds && is_content(name) {
        Ok(Content { plugin, name })
    } else {
        refuse(ModerationError::NoSuchContent)
    }
}

fn is_content(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'/');
    (1..=CONTENT_BYTES_MAX).contains(&name.len()) && name.bytes().all(known)
}

/// A reason, which has to be said.
fn reason(arguments: Arguments<'_>, place: usize) -> Result<&str, Stop<ModerationError>> {
    let text = arguments.text(place)?.trim();
    if text.is_empty() || text.len() > REASON_BYTES_MAX {
        return refuse(ModerationError::ReasonInvalid);
    }
    Ok(text)
}

/// Tells a party what was done to what is hers, as the host.
fn tell(
    cx: &mut dyn NativeContext,
    party: Id,
    message: &str,
    values: &[(&str, &str)],
    path: &str,
) -> Result<(), CallError> {
    crate::notices::tell_about(cx, party, crate::notices::MODERATION_TOPIC, message, values, path)
}

/// Tells all stewards.
fn tell_stewards(cx: &mut dyn NativeContext, message: &str, but: Option<Id>) -> Result<(), CallError> {
    let stewards = crate::read::prefixed(cx, &rows::members_of(STEWARDS), None, kept::STEWARDS_TOLD_MAX)?;
    for steward in stewards.iter().filter_map(|(key, _)| rows::id_at_end(key)) {
        if Some(steward) != but {
            tell(cx, steward, message, &[], STEWARDS_PAGE)?;
        }
    }
    Ok(())
}

/// `hamlet:host/moderation.error`. The WIT documents each case. Two of them carry a number, so it is written out.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ModerationError {
    NoSuchContent,
    NoSuchPerson,
    ReasonInvalid,
    HiddenAlready,
    NotHidden,
    NoAppeal,
    AnotherStewardNeeded,
    DaysInvalid,
    TooMany,
    IsSteward,
    Muted(u64),
    Newcomer(u32),
}

impl values::Case for ModerationError {
    fn to_val(&self) -> Val {
        let (case, carried) = match self {
            Self::NoSuchContent => ("no-such-content", None),
            Self::NoSuchPerson => ("no-such-person", None),
            Self::ReasonInvalid => ("reason-invalid", None),
            Self::HiddenAlready => ("hidden-already", None),
            Self::NotHidden => ("not-hidden", None),
            Self::NoAppeal => ("no-appeal", None),
            Self::AnotherStewardNeeded => ("another-steward-needed", None),
            Self::DaysInvalid => ("days-invalid", None),
            Self::TooMany => ("too-many", None),
            Self::IsSteward => ("is-steward", None),
            Self::Muted(until) => ("muted", Some(Val::U64(*until))),
            Self::Newcomer(a_day) => ("newcomer", Some(Val::U32(*a_day))),
        };
        Val::Variant(case.to_owned(), carried.map(Box::new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_has_a_plain_name() {
        for good in ["post/12", "reply/12/3", "a"] {
            assert!(is_content(good), "{good}");
        }
        for bad in ["", "Post/1", "a b", "a\u{0}b", "../x\n", &"a".repeat(81)] {
            assert!(!is_content(bad), "{bad:?}");
        }
    }
}
