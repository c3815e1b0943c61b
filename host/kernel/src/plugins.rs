//! The installed plugins (`hamlet:host/plugins`, W6) and their bindings (C2).
//!
//! Installing is two steps: staging (`package.rs`: no transaction) and [`Plugins`]' `activate`, a
//! small command that a steward, a decision or the console makes. It checks that the new version fits
//! all that is installed ([`plan`]), writes one row, and asks the kernel to build its catalogue anew
//! after the commit. It compiles nothing and moves no data.
//!
//! If this is wrong, a plugin answers that nobody installed, or two plugins answer to one name.
//!
//! Rows (namespace `PLUGINS`):
//!
//! ```text
//! p name      the plugin, JSON ([`Installed`])
//! n           the next namespace to give out (u32, big end first)
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_reflect::Interface;
use hamlet_store::{Namespace, Rows};
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use crate::call::CallError;
use crate::dispatch;
use crate::namespaces::{FIRST_PLUGIN, PLUGINS};
use crate::native::{NativeContext, NativeProvider};
use crate::package::{Staged, Staging};
use crate::rows::{OfProvider, OwnRows, ReadOnly, from_json, to_json, with_prefix};
use crate::shape;

mod plan;

pub use plan::{Member, Refusal, plan};

/// Most plugins in a community.
pub const PLUGINS_MAX: usize = 1_000;

/// An installed plugin, as its row says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// Its name, unique in the community.
    pub name: String,
    /// Its version.
    pub version: String,
    /// BLAKE3 of its component in hex: under this it is staged.
    pub component: String,
    /// Whether it answers; false: paused.
    pub active: bool,
    /// When this version was activated, in microseconds.
    pub since: u64,
    /// The namespace of its rows (J4).
    pub namespace: u32,
    /// Which generation of its rows that is, from 1 (J4).
    pub generation: u32,
    /// Bytes that it may store.
    pub quota: u64,
    /// The callable interfaces that it exports, with versions.
    pub exports: Vec<String>,
    /// The other plugins' and natives' interfaces that it imports, with the provider of each.
    pub bindings: Vec<(String, String)>,
    /// The component that it had before, for rollback.
    pub previous: Option<String>,
}

/// All installed plugins in order of their names, from a snapshot or the running transaction.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn installed(rows: &mut dyn Rows) -> Result<Vec<Installed>, CallError> {
    all(&mut ReadOnly { rows, namespace: PLUGINS })
}

/// One installed plugin.
///
/// # Errors
/// As [`installed`].
pub fn installed_one(rows: &mut dyn Rows, name: &str) -> Result<Option<Installed>, CallError> {
    one(&mut ReadOnly { rows, namespace: PLUGINS }, name)
}

fn all(rows: &mut dyn OwnRows) -> Result<Vec<Installed>, CallError> {
    with_prefix(rows, b"p", &[], PLUGINS_MAX)?.iter().map(|(_, row)| from_json("plugins", row)).collect()
}

fn one(rows: &mut dyn OwnRows, name: &str) -> Result<Option<Installed>, CallError> {
    rows.get(&row_key(name))?.map(|row| from_json("plugins", &row)).transpose()
}

fn put(rows: &mut dyn OwnRows, plugin: &Installed) -> Result<(), CallError> {
    rows.set(&row_key(&plugin.name), &to_json("plugins", plugin)?)
}

fn row_key(name: &str) -> Vec<u8> {
    [b"p", name.as_bytes()].concat()
}

/// The interfaces of native providers by their id, from the host's own WIT.
pub type NativeInterfaces = BTreeMap<String, Arc<Interface>>;

/// The native provider.
pub struct Plugins {
    staging: Arc<Staging>,
    natives: Arc<NativeInterfaces>,
}

impl Plugins {
    /// The provider; `natives` are all interfaces that plugins may import from native providers.
    pub fn new(staging: Arc<Staging>, natives: Arc<NativeInterfaces>) -> Self {
        Self { staging, natives }
    }
}

impl NativeProvider for Plugins {
    fn interface(&self) -> &'static str {
        "hamlet:host/plugins@0.1.0"
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let (kind, access) = match function {
            "activate" | "set-status" => {
                (Kind::Command, vec![Access::Group("stewards".into()), Access::Decision, Access::Console])
            }
            "list" => (Kind::Query, vec![Access::Member, Access::Plugin, Access::Console]),
            _ => return None,
        };
        Some(FunctionRule { kind, access, reentrant: false, long: false })
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        match function {
            "activate" => self.activate(cx, shape::text(shape::argument(arguments, 0)?)?),
            "set-status" => {
                let name = shape::text(shape::argument(arguments, 0)?)?;
                set_status(cx, name, shape::label(shape::argument(arguments, 1)?)? == "active")
            }
            "list" => list(cx),
            _ => Err(CallError::internal("no such function of plugins")),
        }
    }
}

impl Plugins {
    fn activate(&self, cx: &mut dyn NativeContext, component: &str) -> Result<Val, CallError> {
        let Some(staged) = self.staging.get(component) else { return Ok(shape::refused("not-staged")) };
        if let Some(why) = dispatch::refuse_import(cx.rows(), &staged)? {
            return Ok(Refusal::ImportUnmet(why).to_val());
        }
        let rows = all(&mut OfProvider(cx))?;
        let before = rows.iter().find(|row| row.name == staged.manifest.name).cloned();
        let others = self.others(rows, &staged)?;
        let bindings = match plan(&staged, before.as_ref(), &others, &self.natives) {
            Ok(bindings) => bindings,
            Err(refusal) => return Ok(refusal.to_val()),
        };
        if before.is_none() && others.len() >= PLUGINS_MAX {
            let what = format!("{PLUGINS_MAX} plugins in a community");
            return Err(CallError::Quota { plugin: Arc::from(crate::catalogue::HOST), what });
        }
        let plugin = installed_from(cx, &staged, before, bindings)?;
        put(&mut OfProvider(cx), &plugin)?;
        cx.installed_changed();
        tracing::info!(plugin = plugin.name, version = plugin.version, "activated");
        Ok(shape::ok(to_val(cx, &plugin)))
    }

    /// The other installed plugins with what is staged of them.
    fn others(&self, rows: Vec<Installed>, staged: &Staged) -> Result<Vec<Member>, CallError> {
        let member = |row: Installed| match self.staging.get(&row.component) {
            Some(staged) => Ok(Member { row, staged }),
            None => Err(CallError::internal(format!("`{}` is installed and not staged", row.name))),
        };
        rows.into_iter().filter(|row| row.name != staged.manifest.name).map(member).collect()
    }
}

fn installed_from(
    cx: &mut dyn NativeContext,
    staged: &Staged,
    before: Option<Installed>,
    bindings: Vec<(String, String)>,
) -> Result<Installed, CallError> {
    // An upgrade keeps its rows and whether a steward paused it. A migration (J4) would give it a new generation.
    let (namespace, generation, active) = match &before {
        Some(before) => (before.namespace, before.generation, before.active),
        None => (next_namespace(&mut OfProvider(cx))?, 1, true),
    };
    Ok(Installed {
        name: staged.manifest.name.clone(),
        version: staged.manifest.version.to_string(),
        component: staged.hash.clone(),
        active,
        since: cx.now(),
        namespace,
        generation,
        quota: staged.manifest.storage,
        exports: staged.manifest.exports.iter().map(|export| export.interface.clone()).collect(),
        bindings,
        previous: before.map(|before| before.component),
    })
}

/// Namespaces are never given out twice: what an old plugin left must not become a new one's (J4).
fn next_namespace(rows: &mut dyn OwnRows) -> Result<u32, CallError> {
    let next = match rows.get(b"n")? {
        None => FIRST_PLUGIN,
        Some(row) => match <[u8; 4]>::try_from(&*row) {
            Ok(bytes) => u32::from_be_bytes(bytes),
            Err(_) => return Err(CallError::internal("a damaged row of plugins")),
        },
    };
    let after = next.checked_add(1).ok_or_else(|| CallError::internal("no namespace is left"))?;
    rows.set(b"n", &after.to_be_bytes())?;
    Ok(next)
}

fn set_status(cx: &mut dyn NativeContext, name: &str, active: bool) -> Result<Val, CallError> {
    let rows = &mut OfProvider(cx);
    let Some(mut plugin) = one(rows, name)? else { return Ok(shape::refused("no-such-plugin")) };
    if plugin.active != active {
        plugin.active = active;
        put(rows, &plugin)?;
        cx.installed_changed();
    }
    Ok(shape::done())
}

fn list(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let plugins = all(&mut OfProvider(cx))?;
    Ok(Val::List(plugins.iter().map(|plugin| to_val(cx, plugin)).collect()))
}

fn to_val(cx: &mut dyn NativeContext, plugin: &Installed) -> Val {
    let strings = |texts: &[String]| Val::List(texts.iter().map(|text| shape::string(text)).collect());
    let binding = |(interface, provider): &(String, String)| {
        Val::Tuple(vec![shape::string(interface), shape::string(provider)])
    };
    shape::record([
        ("name", shape::string(&plugin.name)),
        ("version", shape::string(&plugin.version)),
        ("component", shape::string(&plugin.component)),
        ("status", Val::Enum(if plugin.active { "active" } else { "paused" }.to_owned())),
        ("since", Val::U64(plugin.since)),
        ("stored", Val::U64(cx.usage(Namespace(plugin.namespace)))),
        ("quota", Val::U64(plugin.quota)),
        ("exports", strings(&plugin.exports)),
        ("bindings", Val::List(plugin.bindings.iter().map(binding).collect())),
    ])
}

#[cfg(test)]
mod tests;
