//! One plugin's linker: what each of its imports does.
//!
//! - Interfaces of the host (`capability.rs`) come from a base linker that all share.
//! - Interfaces that its manifest says it emits write events (E1).
//! - All others are calls of the provider that the import was bound to at install (C2): a savepoint of the same
//!   transaction (T2).
//!
//! What was not granted is closed (`gate.rs`): each of its functions dooms the call with a sentence.
//!
//! An import that is none of these does not exist, and the plugin is not linked. What was checked at staging and at
//! activation is not trusted here: the engine compares types again.

use std::sync::Arc;

use hamlet_reflect::{Function, Interface, abi, binary, compatible};
use wasmtime::StoreContextMut;
use wasmtime::component::{InstancePre, Linker, Val};

use crate::call::{CallError, EventNote};
use crate::capability::PROVIDED;
use crate::catalogue::HOST;
use crate::events::{self, Emission, Subscriptions};
use crate::gate::{self, Gate, Gates};
use crate::metrics::Metrics;
use crate::namespaces::EVENTS;
use crate::package::Staged;
use crate::plugins::Installed;
use crate::rows::InBatch;
use crate::run::{self, Callee, Running, Slot};
use crate::table::{Plugin, Provider};

/// Whom an imported function was bound to, as places in the table that the linker belongs to.
#[derive(Clone, Copy, Debug)]
enum Bound {
    Plugin { place: usize, number: usize },
    Native { place: usize, number: usize },
}

/// Links a plugin. The error is a sentence for stewards.
pub(crate) fn link(
    base: &Linker<Slot>,
    staged: &Staged,
    row: &Installed,
    plugins: &[Plugin],
    natives: &[Arc<Provider>],
    gates: &Gates<'_>,
) -> Result<InstancePre<Slot>, String> {
    let mut linker = base.clone();
    for import in &staged.imports {
        if let Some(why) = gates.closed(&import.id) {
            gate::close(&mut linker, import, &why).map_err(|error| format!("`{}`: {error:#}", import.id))?;
            continue;
        }
        if PROVIDED.contains(&import.id.as_str()) {
            continue;
        }
        let done = if staged.manifest.emits.iter().any(|emit| emit.interface == import.id) {
            link_events(&mut linker, import)
        } else {
            link_calls(&mut linker, import, row, plugins, natives, gates.gate(&import.id).as_ref())?
        };
        done.map_err(|error| format!("`{}` cannot be linked: {error:#}", import.id))?;
    }
    linker.instantiate_pre(&staged.component).map_err(|error| format!("{error:#}"))
}

fn link_calls(
    linker: &mut Linker<Slot>,
    import: &Arc<Interface>,
    row: &Installed,
    plugins: &[Plugin],
    natives: &[Arc<Provider>],
    gate: Option<&Gate>,
) -> Result<wasmtime::Result<()>, String> {
    let id = &import.id;
    let Some((_, provider)) = row.bindings.iter().find(|(bound, _)| bound == id) else {
        return Err(format!("its import `{id}` is bound to nobody"));
    };
    let theirs = if provider == HOST {
        natives.iter().find(|native| native.interface.id == *id).map(|native| &native.interface)
    } else {
        let plugin = plugins.iter().find(|plugin| *plugin.name == **provider);
        plugin.and_then(|plugin| plugin.staged.as_ref()?.world.export(id))
    };
    let Some(theirs) = theirs else {
        return Err(format!("`{provider}`, which should provide `{id}`, does not"));
    };
    compatible(import, theirs)
        .map_err(|mismatch| format!("`{id}` of `{provider}` has another shape: {mismatch}"))?;
    for function in &import.functions {
        let bound = find(provider, id, &function.name, plugins, natives);
        let gate = gate.map(|gate| (Arc::from(&*row.name), gate.clone()));
        if let Err(error) = link_call(linker, import, function, provider, bound, gate) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

/// None: the provider's manifest does not declare the function, so it is not callable.
fn find(
    provider: &str,
    id: &str,
    function: &str,
    plugins: &[Plugin],
    natives: &[Arc<Provider>],
) -> Option<Bound> {
    if provider == HOST {
        let place = natives.iter().position(|native| native.interface.id == id)?;
        let number = natives.get(place)?.exports.iter().position(|export| &*export.name == function)?;
        return Some(Bound::Native { place, number });
    }
    let place = plugins.iter().position(|plugin| &*plugin.name == provider)?;
    let number = plugins
        .get(place)?
        .exports
        .iter()
        .position(|export| export.interface.id == id && &*export.name == function)?;
    Some(Bound::Plugin { place, number })
}

fn link_call(
    linker: &mut Linker<Slot>,
    import: &Interface,
    function: &Function,
    provider: &str,
    bound: Option<Bound>,
    gate: Option<(Arc<str>, Gate)>,
) -> wasmtime::Result<()> {
    let provider = provider.to_owned();
    let name = function.name.clone();
    linker.instance(&import.id)?.func_new(&function.name, move |mut cx, _, arguments, results| {
        if let Some((plugin, gate)) = &gate {
            let running = cx.data_mut().running()?;
            gate.pass(plugin, running.now).map_err(|why| running.trap(why))?;
        }
        if let Some(bound) = bound {
            return nested(&mut cx, bound, arguments, results);
        }
        let why = CallError::NoSuchFunction { plugin: provider.clone(), function: name.clone() };
        Err(cx.data_mut().running()?.trap(why))
    })
}

/// A plugin calls another: the call's state goes over, and comes back whatever happened.
fn nested(
    cx: &mut StoreContextMut<'_, Slot>,
    bound: Bound,
    arguments: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    let running = cx.data_mut().take()?;
    Metrics::count(&running.shared.metrics.nested);
    let callee = match bound {
        Bound::Plugin { place, number } => {
            running.table.plugins.get(place).map(|plugin| Callee::Plugin(Arc::clone(plugin), number))
        }
        Bound::Native { place, number } => {
            running.table.native(place).map(|provider| Callee::Native(Arc::clone(provider), number))
        }
    };
    let Some(callee) = callee else {
        cx.data_mut().put(running);
        return Err(wasmtime::Error::msg("a binding of another table"));
    };
    let (running, ended) = run::call(running, &callee, arguments);
    cx.data_mut().put(running);
    // The engine error unwinds this caller without running it (T3); why is in `Running::doom`.
    let value = ended.map_err(|_| wasmtime::Error::msg("the transaction is doomed"))?;
    if let (Some(result), Some(value)) = (results.first_mut(), value) {
        *result = value;
    }
    Ok(())
}

fn link_events(linker: &mut Linker<Slot>, import: &Arc<Interface>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(&import.id)?;
    let id: Arc<str> = Arc::from(&*import.id);
    for function in &import.functions {
        let (id, of_event) = (Arc::clone(&id), Arc::clone(function));
        let name: Arc<str> = Arc::from(&*function.name);
        abi::link_told(&mut instance, function, move |mut cx, arguments| {
            let running = cx.data_mut().running()?;
            running.emit(&id, &name, &of_event, &arguments).map_err(|why| running.trap(why))
        })?;
    }
    Ok(())
}

/// An event of a transaction beside the sequencer: written when that is applied.
pub(crate) struct Told {
    /// None: nobody subscribed, it is for live streams alone.
    row: Option<Vec<u8>>,
    /// Without its number.
    note: EventNote,
    /// Bytes of the rows up to this one.
    bytes: usize,
}

/// E1: the events of a transaction that ran beside, in the order in which it emitted them, as part of the transaction
/// that applies it. Gives them with their numbers.
pub(crate) fn tell(
    rows: &mut InBatch<'_>,
    subscriptions: &Subscriptions,
    told: Vec<Told>,
) -> Result<Vec<EventNote>, CallError> {
    let mut notes = Vec::with_capacity(told.len());
    for Told { row, mut note, .. } in told {
        if let Some(row) = row {
            note.number = events::write(rows, subscriptions, &note.emitter, &note.interface, &row)?;
        }
        notes.push(note);
    }
    Ok(notes)
}

impl Running {
    /// E1: an event in the emitter's own transaction.
    fn emit(
        &mut self,
        interface: &Arc<str>,
        name: &Arc<str>,
        function: &Function,
        arguments: &[u8],
    ) -> Result<(), CallError> {
        self.check_writable()?;
        let Some(plugin) = self.frames.last().and_then(|frame| frame.plugin.clone()) else {
            return Err(CallError::internal("nobody is at work"));
        };
        let emission = Emission {
            emitter: &plugin.name,
            interface,
            function: name,
            arguments,
            depth: self.causality,
            time: self.now,
        };
        let row = events::prepare(&self.table.subscriptions, &mut self.emitted, emission)?;
        if row.is_none() && !self.notes_wanted && !self.defers_events {
            return Ok(());
        }
        if row.is_some() {
            self.awakened.push(Arc::clone(&plugin.name));
        }
        let mut note = EventNote {
            emitter: Arc::clone(&plugin.name),
            interface: Arc::clone(interface),
            function: Arc::clone(name),
            arguments: Arc::from([]),
            audience: None,
            number: 0,
            time: self.now,
        };
        if self.notes_wanted {
            let values = binary::decode(arguments)
                .map_err(|why| CallError::internal(format!("an event cannot be read: {why}")))?;
            let staged = plugin.staged.as_ref();
            note.audience =
                staged.map(|staged| events::audience(&staged.manifest, interface, function, &values));
            note.arguments = Arc::from(values);
        }
        let batch = self.tx.writable()?;
        if self.defers_events {
            let before = self.told.last().map_or(0, |told| told.bytes);
            let bytes = before + row.as_ref().map_or(0, Vec::len);
            self.told.push(Told { row, note, bytes });
            return plugin.check_written(batch.written_bytes() + bytes);
        }
        if let Some(row) = row {
            let rows = &mut InBatch { batch, namespace: EVENTS };
            note.number = events::write(rows, &self.table.subscriptions, &plugin.name, interface, &row)?;
        }
        plugin.check_written(batch.written_bytes())?;
        if self.notes_wanted {
            self.events.push(note);
        }
        Ok(())
    }
}
