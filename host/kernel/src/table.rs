//! The installed plugins, linked: what the sequencer and the query workers run.
//!
//! A table never changes. When the set of installed plugins does, another is built from the rows after the commit, and
//! everybody moves to it between two calls. Building one compiles nothing (`package.rs` did); it makes one linker a
//! plugin.
//!
//! A plugin that cannot be linked does not stop the others: it is in the table with the reason, and calls of it answer
//! `unavailable`.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hamlet_bundle::{Access, FunctionRule, Kind, Manifest};
use hamlet_reflect::abi::Signature;
use hamlet_reflect::{Function, Interface};
use hamlet_store::Namespace;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};

use crate::call::CallError;
use crate::catalogue::{Callable, Catalogue, HOST, PluginInfo};
use crate::config::{BULK_WRITE_SET_BYTES_MAX, WRITE_ROWS_PER_MIB_MAX, WRITE_SET_BYTES_MAX};
use crate::events::Subscriptions;
use crate::gate::{Gate, Gates, Uses};
use crate::linking::link;
use crate::native::NativeProvider;
use crate::package::{Staged, Staging};
use crate::plugins::{Installed, MIGRATE, NativeInterfaces, State};
use crate::run::{Callee, Slot};
use crate::watch::Work;

mod granted;

use granted::{being_moved, gates, hears};

/// The interface of schedules' handlers.
pub(crate) const SCHEDULED: &str = "hamlet:host/scheduled@0.1.0";
/// The interface of handlers of gaps (E2).
pub(crate) const GAPS: &str = "hamlet:host/gaps@0.1.0";

/// A function that can be entered.
pub(crate) struct Export {
    pub(crate) name: Arc<str>,
    pub(crate) interface: Arc<Interface>,
    pub(crate) rule: FunctionRule,
    /// Whether it gives a value.
    pub(crate) returns: bool,
    /// How it takes its arguments.
    pub(crate) signature: Arc<Signature>,
    /// Where it is in the component; none for natives.
    pub(crate) index: Option<ComponentExportIndex>,
}

/// An installed plugin.
pub(crate) struct Plugin {
    /// Its place in [`Table::plugins`].
    pub(crate) index: usize,
    pub(crate) name: Arc<str>,
    pub(crate) version: Arc<str>,
    pub(crate) namespace: Namespace,
    /// Bytes that it may store in `namespace`: what another generation of its rows takes is subtracted (J4).
    pub(crate) quota: u64,
    pub(crate) stateless: bool,
    pub(crate) bulk: bool,
    /// Whether it is called at the times that it set.
    pub(crate) scheduled: bool,
    /// Its open imports of others' interfaces.
    pub(crate) gates: Vec<Gate>,
    /// Why it does not answer: paused, or something is missing.
    pub(crate) unavailable: Option<Arc<str>>,
    pub(crate) pre: Option<InstancePre<Slot>>,
    pub(crate) exports: Vec<Export>,
    pub(crate) staged: Option<Arc<Staged>>,
    /// How often it was called, and how that went.
    pub(crate) work: Arc<Work>,
}

impl Plugin {
    /// C7: whether one command may write so many bytes while it is at work.
    pub(crate) fn check_written(&self, bytes: usize) -> Result<(), CallError> {
        let most = self.written_bytes_max();
        if bytes <= most {
            return Ok(());
        }
        Err(CallError::Quota {
            plugin: Arc::clone(&self.name),
            what: format!("{} MiB written in one command", most >> 20),
        })
    }

    /// T7: whether one command may write so many rows beside the sequencer while it is at work.
    pub(crate) fn check_rows(&self, rows: usize) -> Result<(), CallError> {
        let most = (self.written_bytes_max() >> 20) * WRITE_ROWS_PER_MIB_MAX;
        if rows <= most {
            return Ok(());
        }
        Err(CallError::Quota {
            plugin: Arc::clone(&self.name),
            what: format!("{most} rows written in one long command"),
        })
    }

    fn written_bytes_max(&self) -> usize {
        if self.bulk { BULK_WRITE_SET_BYTES_MAX } else { WRITE_SET_BYTES_MAX }
    }

    /// C7: whether it may store so many bytes.
    pub(crate) fn check_storage(&self, bytes: u64) -> Result<(), CallError> {
        if bytes <= self.quota {
            return Ok(());
        }
        Err(CallError::Quota {
            plugin: Arc::clone(&self.name),
            what: format!("{} bytes of storage", self.quota),
        })
    }
}

/// A native interface.
pub(crate) struct Provider {
    pub(crate) native: Arc<dyn NativeProvider>,
    pub(crate) name: Arc<str>,
    pub(crate) interface: Arc<Interface>,
    pub(crate) namespace: Namespace,
    pub(crate) exports: Vec<Export>,
}

impl Provider {
    pub(crate) fn new(
        native: Arc<dyn NativeProvider>,
        interface: Arc<Interface>,
        namespace: Namespace,
    ) -> Self {
        let exports = interface
            .functions
            .iter()
            .filter_map(|function| {
                Some(Export {
                    name: Arc::from(&*function.name),
                    interface: Arc::clone(&interface),
                    rule: native.rule(&function.name)?,
                    returns: function.result.is_some(),
                    signature: Arc::new(Signature::of(function)),
                    index: None,
                })
            })
            .collect();
        Self { native, name: Arc::from(HOST), interface, namespace, exports }
    }
}

/// All that can be called, ready to run.
pub(crate) struct Table {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) plugins: Vec<Arc<Plugin>>,
    by_name: HashMap<Arc<str>, usize>,
    natives: Arc<[Arc<Provider>]>,
    /// The new versions of plugins whose data is being moved (J4): the host alone calls them.
    moving: Vec<Arc<Plugin>>,
    pub(crate) subscriptions: Arc<Subscriptions>,
}

/// What a table is built from.
pub(crate) struct Parts<'a> {
    pub(crate) base: &'a Linker<Slot>,
    pub(crate) natives: &'a Arc<[Arc<Provider>]>,
    pub(crate) staging: &'a Staging,
    pub(crate) state: State,
    pub(crate) uses: &'a Uses,
    /// Bytes that a namespace holds.
    pub(crate) stored: &'a dyn Fn(Namespace) -> u64,
    pub(crate) generation: u64,
}

impl Table {
    pub(crate) fn build(parts: &Parts<'_>) -> Self {
        let installed = &parts.state.installed;
        let mut drafts: Vec<Plugin> = Vec::with_capacity(installed.len());
        for (index, row) in installed.iter().enumerate() {
            drafts.push(draft(index, row, parts));
        }
        for (place, row) in installed.iter().enumerate() {
            let linked = match drafts.get(place).and_then(|plugin| plugin.staged.clone()) {
                Some(staged) => {
                    let gates = gates(parts, &row.name, &staged, false);
                    link(parts.base, &staged, row, &drafts, parts.natives, &gates)
                }
                None => continue,
            };
            if let Some(plugin) = drafts.get_mut(place) {
                match linked {
                    Ok(pre) => plugin.pre = Some(pre),
                    Err(why) => {
                        tracing::error!(plugin = &*plugin.name, why, "a plugin cannot be linked");
                        plugin.unavailable.get_or_insert(Arc::from(why));
                    }
                }
            }
        }
        let first = installed.len();
        let moving = parts.state.moving.iter().enumerate();
        let moving = moving.map(|(place, moving)| being_moved(first + place, moving, parts, &drafts));
        let moving = moving.map(Arc::new).collect();
        let plugins: Vec<Arc<Plugin>> = drafts.into_iter().map(Arc::new).collect();
        let by_name = plugins.iter().map(|plugin| (Arc::clone(&plugin.name), plugin.index)).collect();
        let manifests: Vec<Cow<'_, Manifest>> =
            plugins.iter().filter_map(|plugin| Some(hears(plugin.staged.as_ref()?, parts))).collect();
        let subscriptions = Arc::new(Subscriptions::of(manifests.iter().map(|manifest| &**manifest)));
        let catalogue = catalogue(&plugins, parts.natives, parts.generation);
        let natives = Arc::clone(parts.natives);
        Self { catalogue: Arc::new(catalogue), plugins, by_name, natives, moving, subscriptions }
    }

    /// The function with which the new version of a plugin takes over data (J4).
    pub(crate) fn migration(&self, name: &str) -> Option<Callee> {
        let plugin = self.moving.iter().find(|plugin| &*plugin.name == name)?;
        let number = plugin.exports.iter().position(|export| &*export.name == MIGRATE)?;
        Some(Callee::Plugin(Arc::clone(plugin), number))
    }

    /// The interfaces of natives by their id.
    pub(crate) fn native_interfaces(&self) -> NativeInterfaces {
        let interface = |native: &Arc<Provider>| (native.interface.id.clone(), Arc::clone(&native.interface));
        self.natives.iter().map(interface).collect()
    }

    pub(crate) fn plugin(&self, name: &str) -> Option<&Arc<Plugin>> {
        self.plugins.get(*self.by_name.get(name)?)
    }

    /// Whether a plugin answers now.
    pub(crate) fn runs(&self, name: &str) -> bool {
        self.plugin(name).is_some_and(|plugin| plugin.unavailable.is_none())
    }

    /// Whether a plugin is called at its times now: it answers, and may set times.
    pub(crate) fn runs_schedules(&self, name: &str) -> bool {
        self.plugin(name).is_some_and(|plugin| plugin.unavailable.is_none() && plugin.scheduled)
    }

    pub(crate) fn native(&self, place: usize) -> Option<&Arc<Provider>> {
        self.natives.get(place)
    }

    /// What a callable of this table's catalogue runs.
    pub(crate) fn callee(&self, callable: &Callable) -> Option<Callee> {
        if &*callable.plugin == HOST {
            return Some(Callee::Native(Arc::clone(self.natives.get(callable.place)?), callable.number));
        }
        Some(Callee::Plugin(Arc::clone(self.plugins.get(callable.place)?), callable.number))
    }

    /// A function that only the host calls: a schedule's or an event's handler.
    pub(crate) fn handler(&self, plugin: &str, interface: &str, function: &str) -> Option<Callee> {
        let plugin = self.plugin(plugin)?;
        let number = plugin
            .exports
            .iter()
            .position(|export| export.interface.id == interface && &*export.name == function)?;
        Some(Callee::Plugin(Arc::clone(plugin), number))
    }
}

/// A plugin without its linker.
fn draft(index: usize, row: &Installed, parts: &Parts<'_>) -> Plugin {
    let staged = parts.staging.get(&row.component);
    let left_behind = row.left_behind().map_or(0, |left| (parts.stored)(Namespace(left)));
    let gates = staged.as_ref().map(|staged| gates(parts, &row.name, staged, false));
    let has = |key: &str| gates.as_ref().is_some_and(|gates| gates.has(key));
    let manifest = staged.as_ref().map(|staged| &staged.manifest);
    let unavailable = match (&staged, row.active) {
        (None, _) => Some("its files are missing: install it again"),
        (_, false) => Some("a steward paused it"),
        (Some(_), true) => None,
    };
    Plugin {
        index,
        name: Arc::from(&*row.name),
        version: Arc::from(&*row.version),
        namespace: Namespace(row.namespace),
        quota: row.quota.saturating_sub(left_behind),
        stateless: manifest.is_some_and(|manifest| manifest.stateless),
        bulk: manifest.is_some_and(|manifest| manifest.bulk) && has("bulk"),
        scheduled: manifest.is_none_or(|manifest| !manifest.schedules) || has("schedules"),
        gates: gates.as_ref().map(Gates::all).unwrap_or_default(),
        unavailable: unavailable.map(Arc::from),
        pre: None,
        exports: staged.as_ref().map(|staged| exports(staged)).unwrap_or_default(),
        staged,
        work: parts.uses.work(&row.name),
    }
}

/// A command that the host alone calls.
fn by_host() -> FunctionRule {
    FunctionRule::new(Kind::Command, vec![Access::Schedule])
}

/// The functions of a plugin that can be entered: those of its manifest, and those that only the host calls.
fn exports(staged: &Staged) -> Vec<Export> {
    let mut exports = Vec::new();
    for entry in &staged.manifest.exports {
        let Some(interface) = staged.world.export(&entry.interface) else { continue };
        for function in &interface.functions {
            if let Some(rule) = entry.functions.get(&function.name) {
                exports.push(export(&staged.component, interface, function, rule.clone()));
            }
        }
    }
    let handlers = staged.manifest.subscribes.iter().map(String::as_str).chain([SCHEDULED, GAPS]);
    for interface in handlers.filter_map(|id| staged.world.export(id)) {
        for function in &interface.functions {
            exports.push(export(&staged.component, interface, function, by_host()));
        }
    }
    exports
}

fn export(
    component: &Component,
    interface: &Arc<Interface>,
    function: &Function,
    rule: FunctionRule,
) -> Export {
    let instance = component.get_export_index(None, &*interface.id);
    let index = instance.and_then(|instance| component.get_export_index(Some(&instance), &*function.name));
    Export {
        name: Arc::from(&*function.name),
        interface: Arc::clone(interface),
        rule,
        returns: function.result.is_some(),
        signature: Arc::new(Signature::of(function)),
        index,
    }
}

fn catalogue(plugins: &[Arc<Plugin>], natives: &[Arc<Provider>], generation: u64) -> Catalogue {
    let mut all: BTreeMap<Arc<str>, PluginInfo> = BTreeMap::new();
    for plugin in plugins {
        all.insert(Arc::clone(&plugin.name), plugin_info(plugin, generation));
    }
    let name: Arc<str> = Arc::from(HOST);
    let mut functions = Vec::new();
    for (place, provider) in natives.iter().enumerate() {
        for (number, export) in provider.exports.iter().enumerate() {
            let at = At { place, number, generation };
            functions.extend(callable(&name, export, at));
        }
    }
    let info = PluginInfo {
        name: Arc::clone(&name),
        version: Arc::from(env!("CARGO_PKG_VERSION")),
        title: "The host".into(),
        component: String::new(),
        active: true,
        manifest: None,
        interfaces: natives.iter().map(|provider| Arc::clone(&provider.interface)).collect(),
        functions,
    };
    all.insert(name, info);
    Catalogue { plugins: all, generation }
}

fn plugin_info(plugin: &Plugin, generation: u64) -> PluginInfo {
    let manifest = plugin.staged.as_ref().map(|staged| Arc::clone(&staged.manifest));
    let mut interfaces: Vec<Arc<Interface>> = Vec::new();
    let mut functions = Vec::new();
    for (number, export) in plugin.exports.iter().enumerate() {
        if export.rule.access.contains(&Access::Schedule) {
            continue;
        }
        if interfaces.last().is_none_or(|last| last.id != export.interface.id) {
            interfaces.push(Arc::clone(&export.interface));
        }
        let at = At { place: plugin.index, number, generation };
        functions.extend(callable(&plugin.name, export, at));
    }
    PluginInfo {
        name: Arc::clone(&plugin.name),
        version: Arc::clone(&plugin.version),
        title: manifest.as_ref().map(|manifest| manifest.title.clone()).unwrap_or_default(),
        component: plugin.staged.as_ref().map(|staged| staged.hash.clone()).unwrap_or_default(),
        active: plugin.unavailable.is_none(),
        manifest,
        interfaces,
        functions,
    }
}

/// Where a callable is.
#[derive(Clone, Copy)]
struct At {
    place: usize,
    number: usize,
    generation: u64,
}

fn callable(plugin: &Arc<str>, export: &Export, at: At) -> Option<Arc<Callable>> {
    Some(Arc::new(Callable {
        plugin: Arc::clone(plugin),
        interface: Arc::clone(&export.interface),
        function: Arc::clone(export.interface.function(&export.name)?),
        rule: export.rule.clone(),
        name: Arc::clone(&export.name),
        place: at.place,
        number: at.number,
        generation: at.generation,
        quick_runs: Arc::default(),
        slow_failures: Arc::default(),
        signature: Arc::clone(&export.signature),
    }))
}
