//! How a community begins: its commons, its first steward, her first token.

use hamlet_kernel::{Actor, Call, CallError, Kernel};
use hamlet_reflect::Id;
use wasmtime::component::Val;

use hamlet_store::StoreError;

use crate::read::{self, Room};
use crate::rows::{self, STEWARDS};
use crate::values::{record, some};

/// Who is there at the beginning.
#[derive(Debug, Clone)]
pub struct Founding {
    /// The commons' handle, for example `commons`.
    pub commons_handle: String,
    /// How people call the community.
    pub commons_name: String,
    /// The first steward's handle.
    pub handle: String,
    /// How people call her.
    pub name: String,
    /// The hash of her first token ([`crate::Secret::hash`]) and what she calls it; none: she signs in otherwise.
    pub token: Option<([u8; 32], String)>,
}

/// Who was founded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Founded {
    /// The commons.
    pub commons: Id,
    /// The first steward.
    pub steward: Id,
    /// The id of her token.
    pub token: Option<Id>,
}

/// Why a community was not founded.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FoundError {
    /// The kernel did not run a call.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A call was refused; which, and the case.
    #[error("`{function}` was refused: {case}")]
    Refused {
        /// The function.
        function: &'static str,
        /// The case of its error.
        case: String,
    },
}

/// Makes the commons, the first steward and her token where she has one, as the holder of the box.
///
/// Four commands, so a crash may fall between them: it may be called again and goes on where it
/// ended. Blocks; not for async threads.
pub fn found(kernel: &Kernel, founding: &Founding) -> Result<Founded, FoundError> {
    let commons = party(kernel, "commons", &founding.commons_handle, &founding.commons_name)?;
    let steward = party(kernel, "person", &founding.handle, &founding.name)?;
    let group = Val::String(STEWARDS.to_owned());
    members(kernel, "join-group", vec![steward.to_val(), group])?;
    let token = match &founding.token {
        Some((hash, label)) => Some(first_token(kernel, steward, hash, label)?),
        None => None,
    };
    Ok(Founded { commons, steward, token })
}

fn first_token(kernel: &Kernel, owner: Id, hash: &[u8; 32], label: &str) -> Result<Id, FoundError> {
    let scope = record([
        ("functions", Val::List(Vec::new())),
        ("read-only", Val::Bool(false)),
        ("bulk", Val::Bool(true)),
    ]);
    let order = record([
        ("owner", some(Some(owner.to_val()))),
        ("hash", Val::List(hash.iter().copied().map(Val::U8).collect())),
        ("label", Val::String(label.to_owned())),
        ("scope", scope),
        ("expires", some(None)),
    ]);
    expect_id(call(kernel, "tokens", "create", vec![order])?.as_ref())
}

/// Whether there is a first steward.
///
/// # Errors
/// The store failed.
pub fn is_founded(kernel: &Kernel) -> Result<bool, StoreError> {
    let Some(namespace) = kernel.room(crate::ROOM) else { return Ok(false) };
    kernel.read(|snapshot| {
        let mut room = Room { rows: snapshot, namespace };
        Ok(!read::prefixed(&mut room, &rows::members_of(STEWARDS), None, 1)?.is_empty())
    })
}

/// Adds a party, or gives the one that has its handle from an earlier try.
fn party(kernel: &Kernel, kind: &str, handle: &str, name: &str) -> Result<Id, FoundError> {
    let arguments =
        vec![Val::Enum(kind.to_owned()), Val::String(handle.to_owned()), Val::String(name.to_owned())];
    match members(kernel, "add", arguments) {
        Err(FoundError::Refused { case, .. }) if case == "handle-taken" => {
            let party = members(kernel, "find", vec![Val::String(handle.to_owned())])?;
            let Some(Val::Record(fields)) = party else { return Err(unexpected()) };
            let id = fields.iter().find(|(name, _)| name == "id");
            expect_id(id.map(|(_, id)| id))
        }
        added => expect_id(added?.as_ref()),
    }
}

fn members(kernel: &Kernel, function: &'static str, arguments: Vec<Val>) -> Result<Option<Val>, FoundError> {
    call(kernel, "members", function, arguments)
}

fn call(
    kernel: &Kernel,
    interface: &str,
    function: &'static str,
    arguments: Vec<Val>,
) -> Result<Option<Val>, FoundError> {
    let call = Call::new(Actor::Console, "host", interface, function, arguments);
    kernel.call_blocking(call)?.result.map_err(|error| {
        let case = match error {
            Some(Val::Variant(case, _) | Val::Enum(case)) => case,
            _ => String::new(),
        };
        FoundError::Refused { function, case }
    })
}

fn expect_id(value: Option<&Val>) -> Result<Id, FoundError> {
    value.and_then(Id::from_val).ok_or_else(unexpected)
}

fn unexpected() -> FoundError {
    FoundError::Call(CallError::internal("a native gave something else than its WIT says"))
}
