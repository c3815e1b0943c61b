//! The native provider `hamlet:host/history`: restores, admitted in the journal for everybody to read.
//!
//! It judges nothing: whoever restores says so here (`hamlet restore` does), and whoever kept a later checkpoint
//! can show it if it was not said. If it is wrong, an honest restore looks like a rewritten past.
//!
//! Rows: `r` time (u64, big end first) → the restore as JSON.

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_store::Namespace;
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use crate::call::CallError;
use crate::native::{NativeContext, NativeProvider, Noted, Noting};
use crate::rows::{OfProvider, OwnRows as _, from_json, to_json, with_prefix};
use crate::{namespaces, shape};

/// Restores that are listed.
const LISTED_MAX: usize = 1_000;
/// The longest checkpoint that is kept, in bytes.
const NOTE_BYTES_MAX: usize = 4_096;

/// The interface that it provides.
pub const HISTORY: &str = "hamlet:host/history@0.1.0";
/// Its room.
pub(crate) const ROOM: (&str, Namespace) = ("hamlet:host/history", namespaces::HISTORY);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Restore {
    at: u64,
    made: u64,
    sequence: u64,
    checkpoint: String,
    given_up: String,
}

/// The provider.
#[derive(Clone, Copy, Debug, Default)]
pub struct History;

impl NativeProvider for History {
    fn interface(&self) -> &'static str {
        HISTORY
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let (kind, access) = match function {
            "restores" => (Kind::Query, vec![Access::Public, Access::Plugin, Access::Console]),
            "restored" => (Kind::Command, vec![Access::Console]),
            _ => return None,
        };
        Some(FunctionRule::new(kind, access))
    }

    /// A restore is said, though no steward does it.
    fn noted(&self, function: &str, _: &[Val], _: Option<&Val>) -> Noting {
        Ok((function == "restored").then(Noted::default))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        match function {
            "restores" => {
                let rows = with_prefix(&mut OfProvider(cx), b"r", &[], LISTED_MAX)?;
                let restores = rows.iter().map(|(_, row)| Ok(shown(&from_json("history", row)?)));
                Ok(Val::List(restores.collect::<Result<_, CallError>>()?))
            }
            "restored" => restored(cx, arguments),
            _ => Err(CallError::internal("no such function of history")),
        }
    }
}

fn restored(cx: &mut dyn NativeContext, arguments: &[Val]) -> Result<Val, CallError> {
    let number = |at| shape::number(shape::argument(arguments, at)?);
    let note = |at| shape::text(shape::argument(arguments, at)?).map(str::to_owned);
    let restore = Restore {
        at: cx.now(),
        made: number(0)?,
        sequence: number(1)?,
        checkpoint: note(2)?,
        given_up: note(3)?,
    };
    if restore.checkpoint.len().max(restore.given_up.len()) > NOTE_BYTES_MAX {
        return Ok(shape::refused("too-long"));
    }
    let key = [b"r".as_slice(), &restore.at.to_be_bytes()].concat();
    OfProvider(cx).set(&key, &to_json("history", &restore)?)?;
    Ok(shape::done())
}

fn shown(restore: &Restore) -> Val {
    shape::record([
        ("at", Val::U64(restore.at)),
        ("made", Val::U64(restore.made)),
        ("sequence", Val::U64(restore.sequence)),
        ("checkpoint", shape::string(&restore.checkpoint)),
        ("given-up", shape::string(&restore.given_up)),
    ])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
    use super::*;
    use crate::rows::fake::Context;

    #[test]
    fn j3_a_restore_is_listed_for_everybody_once_it_was_recorded() {
        let mut cx = Context::new(namespaces::HISTORY);
        let arguments = [Val::U64(7), Val::U64(42), Val::String("note\n".into()), Val::String(String::new())];
        assert_eq!(History.call(&mut cx, "restored", &arguments).unwrap(), shape::done());
        let Val::List(listed) = History.call(&mut cx, "restores", &[]).unwrap() else { panic!() };
        let Val::Record(fields) = &listed[0] else { panic!() };
        assert_eq!(fields[2], ("sequence".into(), Val::U64(42)));
        assert_eq!(fields[3], ("checkpoint".into(), Val::String("note\n".into())));
        let long = [Val::U64(7), Val::U64(42), Val::String("x".repeat(4_097)), Val::String(String::new())];
        assert_eq!(History.call(&mut cx, "restored", &long).unwrap(), shape::refused("too-long"));
    }

    #[test]
    fn w1_only_the_holder_of_the_box_records_and_anybody_reads() {
        assert_eq!(History.rule("restored").unwrap().access, [Access::Console]);
        assert!(History.rule("restores").unwrap().access.contains(&Access::Public));
        assert!(History.rule("other").is_none());
    }
}
