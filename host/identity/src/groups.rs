//! The native provider `hamlet:host/groups`: what a group is for, and who may come in by herself (W6).
//!
//! Who is in which group is `members`' rows; this adds a purpose and a door. If it is wrong, somebody lets herself into
//! a group whose rights she should not have: nobody becomes a steward here.

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_kernel::{CallError, NativeContext, NativeProvider, Noted};
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use crate::members::{authority, join, no_such_function};
use crate::read;
use crate::rows::{self, STEWARDS};
use crate::values::{self, Arguments, Stop, cases, refuse, settle};

/// The interface that it provides.
pub const GROUPS: &str = "hamlet:host/groups@0.1.0";

/// Longest purpose in bytes.
const PURPOSE_BYTES_MAX: usize = 500;
/// Most groups of a community.
const GROUPS_MAX: usize = 200;
/// Up to here members of a group are counted.
const COUNTED_MAX: usize = 1_000;

/// The provider of `hamlet:host/groups@0.1.0`.
#[derive(Debug, Clone, Copy, Default)]
pub struct GroupsProvider;

type Outcome = Result<Option<Val>, Stop<GroupsError>>;

/// A group as it is stored under its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Group {
    purpose: String,
    open: bool,
}

impl NativeProvider for GroupsProvider {
    fn interface(&self) -> &'static str {
        GROUPS
    }

    /// With the parties, whose groups these are.
    fn room(&self) -> &'static str {
        crate::ROOM
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let (kind, access) = match function {
            "set" => (Kind::Command, vec![Access::Group(STEWARDS.into()), Access::Decision, Access::Console]),
            "join" => (Kind::Command, vec![Access::Member]),
            "list" => (Kind::Query, vec![Access::Member, Access::Console]),
            _ => return None,
        };
        Some(FunctionRule::new(kind, access))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let arguments = Arguments(arguments);
        settle(match function {
            "set" => set(cx, arguments),
            "join" => join_by_herself(cx, arguments),
            "list" => return list(cx),
            _ => return Err(no_such_function(function)),
        })
    }
}

/// Stewards and decisions.
fn set(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let (name, purpose) = (arguments.text(0)?, arguments.text(1)?.trim());
    let open = arguments.text(2)? == "open";
    if !rows::is_name(name) {
        return refuse(GroupsError::NameInvalid);
    }
    if purpose.len() > PURPOSE_BYTES_MAX {
        return refuse(GroupsError::PurposeTooLong);
    }
    if open && name == STEWARDS {
        return refuse(GroupsError::StewardsNeverOpen);
    }
    if read(cx, name)?.is_none() && names(cx)?.len() >= GROUPS_MAX {
        return refuse(GroupsError::TooMany);
    }
    let group = Group { purpose: purpose.to_owned(), open };
    let row = serde_json::to_vec(&group)
        .map_err(|error| CallError::internal(format!("a group cannot be written: {error}")))?;
    cx.set(&rows::purpose_key(name), &row)?;
    Ok(None)
}

/// A member, into an open group. Said in the log: a group is a role, and all see who has which.
fn join_by_herself(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let name = arguments.text(0)?;
    let Some(person) = authority(cx)?.person() else { return refuse(GroupsError::NotOpen) };
    let open = rows::is_name(name) && name != STEWARDS && read(cx, name)?.is_some_and(|group| group.open);
    if !open {
        return refuse(GroupsError::NotOpen);
    }
    let new = join(cx, person, name)?;
    if new {
        cx.note(Noted { thing: name.to_owned(), party: Some(person), ..Noted::default() })?;
    }
    Ok(Some(Val::Bool(new)))
}

fn list(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let person = authority(cx)?.person();
    let mut groups = Vec::new();
    for name in names(cx)? {
        let group = read(cx, &name)?.unwrap_or_default();
        let size = read::prefixed(cx, &rows::members_of(&name), None, COUNTED_MAX)?.len();
        let mine = match person {
            Some(person) => read::in_group(cx, person, &name)?,
            None => false,
        };
        let joining = if group.open { "open" } else { "by-stewards" };
        groups.push(values::record([
            ("name", Val::String(name)),
            ("purpose", Val::String(group.purpose)),
            ("joining", Val::Enum(joining.to_owned())),
            ("size", Val::U32(u32::try_from(size).unwrap_or(u32::MAX))),
            ("mine", Val::Bool(mine)),
        ]));
    }
    Ok(Val::List(groups))
}

/// The names of all groups in order: those with somebody in them, and those with a purpose.
fn names(cx: &mut dyn NativeContext) -> Result<Vec<String>, CallError> {
    let mut names = std::collections::BTreeSet::new();
    for (key, _) in read::prefixed(cx, rows::PURPOSES, None, GROUPS_MAX)? {
        names.extend(key.get(rows::PURPOSES.len()..).and_then(|name| String::from_utf8(name.to_vec()).ok()));
    }
    // One look at the first member of each group, then on to the next group: not at all of them.
    let mut start = rows::MEMBERS_OF_GROUPS.to_vec();
    while names.len() <= GROUPS_MAX {
        let found = read::prefixed(cx, rows::MEMBERS_OF_GROUPS, Some(&start), 1)?;
        let Some((key, _)) = found.first() else { break };
        let rest = key.get(rows::MEMBERS_OF_GROUPS.len()..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
        let Ok(name) = String::from_utf8(rest.get(..end).unwrap_or_default().to_vec()) else { break };
        let Some(next) = rows::after(&rows::members_of(&name)) else { break };
        names.insert(name);
        start = next;
    }
    Ok(names.into_iter().take(GROUPS_MAX).collect())
}

fn read(cx: &mut dyn NativeContext, name: &str) -> Result<Option<Group>, CallError> {
    Ok(cx.get(&rows::purpose_key(name))?.and_then(|row| serde_json::from_slice(&row).ok()))
}

cases! {
    /// `hamlet:host/groups.error`. The WIT documents each case.
    enum GroupsError {
        NameInvalid = "name-invalid",
        PurposeTooLong = "purpose-too-long",
        StewardsNeverOpen = "stewards-never-open",
        TooMany = "too-many",
        NotOpen = "not-open",
    }
}
