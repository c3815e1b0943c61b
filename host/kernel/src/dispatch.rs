//! Effects that a body decides on now and that run later (`hamlet:host/dispatch`, `hamlet:host/effects`; W5).
//!
//! [`Dispatch`] freezes a call: what is called, with which arguments, not before when. [`effects`] shows it to people
//! and says which one plugin may do all this. [`run`] runs it, as the principal [`crate::Actor::Decision`], at most
//! once.
//!
//! A decision is nobody's token and has no chain of mandates behind it: a function that admits `decision` trusts that
//! the community decided. So the right to freeze is one row that names one plugin, looked at when a plugin that asks
//! for it is activated and again at each use.
//!
//! If this is wrong, a plugin does what nobody voted for, or what was voted for happens twice.
//!
//! Rows (namespace `DISPATCH`; ids 16 bytes, big end first):
//!
//! ```text
//! d       the name of the one plugin that may use it
//! n       how many effects wait (u64, big end first)
//! e id    the effect, JSON ([`Frozen`])
//! a id    its arguments, canonical JSON, sealed under a key of the effect's own (C6): they may name people
//! ```

pub(crate) mod effects;
mod run;
mod types;

use std::sync::Arc;

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_reflect::{Function, Id, json};
use hamlet_store::Rows;
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use crate::call::CallError;
use crate::catalogue::{Callable, Catalogue, HOST};
use crate::namespaces::DISPATCH;
use crate::native::{NativeContext, NativeProvider};
use crate::package::Staged;
use crate::rows::{OfProvider, OwnRows, ReadOnly, from_json, to_json};
use crate::shape;

pub(crate) use run::run;

/// The interface.
pub(crate) const INTERFACE: &str = "hamlet:host/dispatch@0.1.0";
/// Its function that the kernel runs itself: it enters another plugin, which no native can.
pub(crate) const RUN: &str = "run";
/// Where the rows of both interfaces are.
pub(crate) const ROOM: &str = "hamlet:host/dispatch";
/// Longest arguments of an effect, in bytes of canonical JSON.
pub const ARGUMENTS_BYTES_MAX: usize = 32_768;
/// Most effects that wait at a time.
pub const WAITING_MAX: u64 = 10_000;

/// A frozen effect, as its row says.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Frozen {
    /// The plugin that froze it.
    by: String,
    plugin: String,
    interface: String,
    function: String,
    /// The digest of the interface's types.
    types: String,
    /// The function's doc comment at that time.
    docs: String,
    /// When it was frozen.
    since: u64,
    earliest: u64,
    ran: Option<Ran>,
}

/// That it ran. What it answered is the dispatcher's to keep: it may hold what is personal.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Ran {
    at: u64,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum How {
    Done,
    Refused,
    Failed,
}

impl Frozen {
    /// The function, if it is there in the version and with the types for which the effect was frozen.
    fn callable<'a>(&self, catalogue: &'a Catalogue) -> Option<&'a Arc<Callable>> {
        let callable = find(catalogue, &self.plugin, &self.interface, &self.function)?;
        (types::digest(&callable.interface) == self.types).then_some(callable)
    }
}

/// The function of exactly this name in exactly this interface.
fn find<'a>(
    catalogue: &'a Catalogue,
    plugin: &str,
    interface: &str,
    function: &str,
) -> Option<&'a Arc<Callable>> {
    let info = catalogue.plugins.get(plugin)?;
    info.functions
        .iter()
        .find(|callable| callable.interface.id == interface && callable.function.name == function)
}

/// C2, W5: why this plugin may not have the import, in a sentence for the steward who installs it.
///
/// # Errors
/// The store failed, or a row is damaged.
pub(crate) fn refuse_import(rows: &mut dyn Rows, staged: &Staged) -> Result<Option<String>, CallError> {
    if !staged.imports.iter().any(|import| import.id == INTERFACE) {
        return Ok(None);
    }
    let name = &staged.manifest.name;
    let may = match dispatcher(&mut ReadOnly { rows, namespace: DISPATCH })? {
        Some(dispatcher) if dispatcher == *name => return Ok(None),
        Some(other) => format!("now that is `{other}`"),
        None => "now that is none".to_owned(),
    };
    Ok(Some(format!(
        "`{name}` wants to carry out decisions (`{INTERFACE}`), which one plugin alone may, and {may}. If it should be \
         `{name}`, a steward says so first: hamlet call host set-dispatcher --plugin {name}"
    )))
}

fn dispatcher(rows: &mut dyn OwnRows) -> Result<Option<String>, CallError> {
    let name = rows.get(b"d")?.map(|row| String::from_utf8(row.to_vec()));
    name.transpose().map_err(|_| CallError::internal("a damaged row of dispatch"))
}

/// The plugin that calls, if it is the one that may (checked at each use).
fn check_dispatcher(cx: &mut dyn NativeContext) -> Result<String, CallError> {
    let caller = cx.caller().map(str::to_owned);
    let may = dispatcher(&mut OfProvider(cx))?;
    match caller {
        Some(caller) if may.as_ref() == Some(&caller) => Ok(caller),
        _ => Err(CallError::denied("decisions are carried out by one plugin alone, and a steward names it")),
    }
}

/// The native provider of `dispatch`, without its `run`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dispatch;

impl NativeProvider for Dispatch {
    fn interface(&self) -> &'static str {
        INTERFACE
    }

    fn room(&self) -> &'static str {
        ROOM
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        matches!(function, "freeze" | RUN | "discard").then(|| FunctionRule {
            kind: Kind::Command,
            access: vec![Access::Plugin],
            reentrant: false,
            long: false,
        })
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let by = check_dispatcher(cx)?;
        match function {
            "freeze" => freeze(
                cx,
                by,
                shape::argument(arguments, 0)?,
                shape::text(shape::argument(arguments, 1)?)?,
                shape::number(shape::argument(arguments, 2)?)?,
            ),
            "discard" => discard(cx, &by, shape::id(shape::argument(arguments, 0)?)?).map(Val::Bool),
            _ => Err(CallError::internal("no such function of dispatch")),
        }
    }
}

fn freeze(
    cx: &mut dyn NativeContext,
    by: String,
    target: &Val,
    arguments: &str,
    earliest: u64,
) -> Result<Val, CallError> {
    let text = |name: &str| shape::field(target, name).and_then(shape::text).map(str::to_owned);
    let (plugin, interface, function) = (text("plugin")?, text("interface")?, text("function")?);
    let catalogue = cx.catalogue().ok_or_else(|| CallError::internal("no catalogue"))?;
    let Some(callable) = find(&catalogue, &plugin, &interface, &function) else {
        return Ok(shape::refused("no-such-function"));
    };
    if !callable.rule.access.contains(&Access::Decision) {
        return Ok(shape::refused("not-for-decisions"));
    }
    if let Err(why) = read_arguments(&callable.function, arguments) {
        return Ok(shape::refused_because("arguments-invalid", why));
    }
    let frozen = Frozen {
        by,
        types: types::digest(&callable.interface),
        docs: callable.function.docs.clone(),
        plugin,
        interface,
        function,
        since: cx.now(),
        earliest,
        ran: None,
    };
    let id = cx.new_id();
    let sealed = cx
        .seal(id, arguments.as_bytes())?
        .map_err(|why| CallError::internal(format!("an effect cannot be sealed: {why:?}")))?;
    cx.set(&key(b'a', id), &sealed)?;
    let rows = &mut OfProvider(cx);
    put(rows, id, &frozen)?;
    let waiting = waiting(rows)?;
    if waiting >= WAITING_MAX {
        let what = format!("{WAITING_MAX} effects that wait");
        return Err(CallError::Quota { plugin: Arc::from(HOST), what });
    }
    set_waiting(rows, waiting + 1)?;
    Ok(shape::ok(id.to_val()))
}

/// The values of canonical JSON, or what is wrong with it.
fn read_arguments(function: &Function, text: &str) -> Result<Vec<Val>, String> {
    if text.len() > ARGUMENTS_BYTES_MAX {
        return Err(format!("the arguments have more than {ARGUMENTS_BYTES_MAX} bytes"));
    }
    let object = json::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    let canonical = json::canonical(&object);
    if canonical != text {
        let place = text.bytes().zip(canonical.bytes()).take_while(|(one, other)| one == other).count();
        return Err(format!("not the canonical form of RFC 8785, from byte {place} on"));
    }
    json::arguments(function, &object).map_err(|error| error.to_string())
}

fn discard(cx: &mut dyn NativeContext, by: &str, id: Id) -> Result<bool, CallError> {
    let rows = &mut OfProvider(cx);
    if read(rows, id)?.is_none_or(|frozen| frozen.by != by || frozen.ran.is_some()) {
        return Ok(false);
    }
    rows.delete(&key(b'e', id))?;
    rows.delete(&key(b'a', id))?;
    let waiting = waiting(rows)?;
    set_waiting(rows, waiting.saturating_sub(1))?;
    cx.destroy_key(id)?;
    Ok(true)
}

fn read(rows: &mut dyn OwnRows, id: Id) -> Result<Option<Frozen>, CallError> {
    rows.get(&key(b'e', id))?.map(|row| from_json("dispatch", &row)).transpose()
}

fn put(rows: &mut dyn OwnRows, id: Id, frozen: &Frozen) -> Result<(), CallError> {
    rows.set(&key(b'e', id), &to_json("dispatch", frozen)?)
}

/// The arguments of an effect as they were frozen.
fn open_arguments(cx: &mut dyn NativeContext, id: Id) -> Result<String, CallError> {
    let damaged = || CallError::internal("the arguments of an effect cannot be opened");
    let sealed = cx.get(&key(b'a', id))?.ok_or_else(damaged)?;
    let plain = cx.open(id, &sealed)?.map_err(|_| damaged())?;
    String::from_utf8(plain).map_err(|_| damaged())
}

fn waiting(rows: &mut dyn OwnRows) -> Result<u64, CallError> {
    let Some(row) = rows.get(b"n")? else { return Ok(0) };
    let bytes = <[u8; 8]>::try_from(&*row).map_err(|_| CallError::internal("a damaged row of dispatch"))?;
    Ok(u64::from_be_bytes(bytes))
}

fn set_waiting(rows: &mut dyn OwnRows, waiting: u64) -> Result<(), CallError> {
    rows.set(b"n", &waiting.to_be_bytes())
}

fn key(tag: u8, id: Id) -> Vec<u8> {
    [[tag].as_slice(), &id.0.to_be_bytes()].concat()
}
