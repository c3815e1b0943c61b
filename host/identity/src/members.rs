//! The native provider `hamlet:host/members`: parties, mandates, groups (W6).
//!
//! Who may do what is in [`authority`] and at the head of each function of [`change`]; access by
//! kind of caller (W1) was checked by the kernel from [`rule`]. If this is wrong, somebody acts for
//! a party who should not: a steward who could give herself a mandate could empty any account.

mod authority;
mod change;
mod erase;
mod error;
mod show;

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_kernel::{CallError, NativeContext, NativeProvider, Noted, Noting};
use hamlet_reflect::Id;
use wasmtime::component::Val;

use crate::rows::STEWARDS;
use crate::values::{Arguments, settle};

pub(crate) use authority::{Authority, authority};
pub(crate) use change::{add_person, entrust, join, new_party};
pub(crate) use erase::take_out;
pub(crate) use error::MembersError;

/// The provider of `hamlet:host/members@0.1.0`.
#[derive(Debug, Clone, Copy, Default)]
pub struct MembersProvider;

/// The interface that it provides.
pub const MEMBERS: &str = "hamlet:host/members@0.1.0";

impl NativeProvider for MembersProvider {
    fn interface(&self) -> &'static str {
        MEMBERS
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        rule(function)
    }

    fn noted(&self, function: &str, arguments: &[Val], result: Option<&Val>) -> Noting {
        let party = |at: usize| arguments.get(at).and_then(Id::from_val);
        Ok(match function {
            "add" => match result {
                Some(Val::Result(Ok(Some(id)))) => Id::from_val(id).map(Noted::about),
                _ => None,
            },
            "remove" => party(0).map(Noted::about),
            "join-group" => Some(Noted {
                party: party(0),
                thing: arguments.get(1).map_or(Ok(""), crate::values::text)?.to_owned(),
                ..Noted::default()
            }),
            // `rename`, `erase`, `give-mandate` and `leave-group` say so themselves, where it is not her own affair.
            _ => None,
        })
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let arguments = Arguments(arguments);
        settle(match function {
            "add" => change::add(cx, arguments),
            "rename" => change::rename(cx, arguments),
            "remove" => change::remove(cx, arguments),
            "leave" => change::leave(cx, arguments),
            "erase" => erase::erase(cx, arguments),
            "give-mandate" => change::give_mandate(cx, arguments),
            "withdraw-mandate" => change::withdraw_mandate(cx, arguments),
            "join-group" => change::join_group(cx, arguments),
            "leave-group" => change::leave_group(cx, arguments),
            "get" => show::get(cx, arguments),
            "find" => show::find(cx, arguments),
            "list" => show::list(cx, arguments),
            "mandates" => show::mandates(cx, arguments),
            "groups" => show::groups(cx, arguments),
            _ => return Err(no_such_function(function)),
        })
    }
}

pub(crate) fn no_such_function(function: &str) -> CallError {
    CallError::NoSuchFunction { plugin: "host".into(), function: function.into() }
}

fn rule(function: &str) -> Option<FunctionRule> {
    let stewards = vec![Access::Group(STEWARDS.into()), Access::Decision, Access::Console];
    let persons = vec![Access::Member, Access::Decision, Access::Console];
    let readers = vec![Access::Member, Access::Plugin, Access::Decision, Access::Console];
    let (kind, access) = match function {
        "add" | "remove" | "join-group" => (Kind::Command, stewards),
        "rename" | "leave" | "erase" | "give-mandate" | "withdraw-mandate" | "leave-group" => {
            (Kind::Command, persons)
        }
        "get" | "find" | "list" | "mandates" | "groups" => (Kind::Query, readers),
        _ => return None,
    };
    Some(FunctionRule::new(kind, access))
}
