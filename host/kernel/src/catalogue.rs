//! What can be called: the installed plugins and the natives, with the docs of their WIT.
//!
//! A catalogue never changes; after an installation the kernel gives another one. It decides nothing: access and state
//! are checked when a call runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use hamlet_bundle::{FunctionRule, Manifest};
use hamlet_reflect::abi::Signature;
use hamlet_reflect::{Function, Interface};

use crate::call::CallError;

/// The plugin name of native providers.
pub const HOST: &str = "host";

/// One function that can be called.
#[derive(Clone, Debug)]
pub struct Callable {
    /// The plugin, or `host`.
    pub plugin: Arc<str>,
    /// Its interface.
    pub interface: Arc<Interface>,
    /// The function.
    pub function: Arc<Function>,
    /// Kind and access.
    pub rule: FunctionRule,
    /// The function's name, shared: it goes into each journal entry.
    pub(crate) name: Arc<str>,
    /// Where it is in the table that was made with this catalogue: the plugin's place and the function's number. Good
    /// for that generation alone.
    pub(crate) place: usize,
    pub(crate) number: usize,
    pub(crate) generation: u64,
    /// Calls of it that were done within the sequencer's time since the last that was not, and their milliseconds (T7).
    pub(crate) quick_runs: Arc<AtomicU32>,
    /// Calls of it that failed there, and not at once, since it was found long last.
    pub(crate) slow_failures: Arc<AtomicU32>,
    /// How it takes its arguments.
    pub(crate) signature: Arc<Signature>,
}

/// What is known of one plugin, or of the host's natives.
#[derive(Clone, Debug)]
pub struct PluginInfo {
    /// Its name; `host` for the natives.
    pub name: Arc<str>,
    /// Its version; of the natives: the host's.
    pub version: Arc<str>,
    /// Its title for people.
    pub title: String,
    /// BLAKE3 of its component in hex; empty for the natives.
    pub component: String,
    /// Whether it answers.
    pub active: bool,
    /// Its manifest; none for the natives.
    pub manifest: Option<Arc<Manifest>>,
    /// The interfaces that can be called, in order.
    pub interfaces: Vec<Arc<Interface>>,
    /// The functions that can be called, in the order of interfaces and their functions.
    pub functions: Vec<Arc<Callable>>,
}

/// All that can be called.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// By name, `host` among them.
    pub plugins: BTreeMap<Arc<str>, PluginInfo>,
    /// Counts up with each change, from 1; for caches of what was made from a catalogue.
    pub generation: u64,
}

impl Catalogue {
    /// Finds a function. `interface` as in [`crate::Call::interface`].
    ///
    /// Cost: linear in the plugin's functions.
    pub fn find(&self, plugin: &str, interface: &str, function: &str) -> Result<&Arc<Callable>, CallError> {
        let info =
            self.plugins.get(plugin).ok_or_else(|| CallError::NoSuchPlugin { plugin: plugin.into() })?;
        let mut found: Option<&Arc<Callable>> = None;
        for callable in &info.functions {
            if callable.function.name != function || !interface_matches(&callable.interface, interface) {
                continue;
            }
            if let Some(other) = found {
                let interfaces = format!("`{}`, `{}`", other.interface.short, callable.interface.short);
                return Err(CallError::Ambiguous {
                    plugin: plugin.into(),
                    function: function.into(),
                    interfaces,
                });
            }
            found = Some(callable);
        }
        found.ok_or_else(|| {
            let function =
                if interface.is_empty() { function.into() } else { format!("{interface}/{function}") };
            CallError::NoSuchFunction { plugin: plugin.into(), function }
        })
    }
}

/// Whether a caller's word for an interface means this one.
fn interface_matches(interface: &Interface, word: &str) -> bool {
    if word.is_empty() || word == interface.short || word == interface.id {
        return true;
    }
    match word.split_once('@') {
        Some((short, version)) => short == interface.short && version == interface.version,
        None => false,
    }
}
