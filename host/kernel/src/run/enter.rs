//! Entering a function, and coming out of it: who may (W1), how deep (T10), what an `err` or a trap undoes (T2, T3).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use hamlet_bundle::{FunctionRule, Kind};
use hamlet_reflect::abi;
use wasmtime::component::{Func, Val};
use wasmtime::{AsContextMut as _, Store, Trap, UpdateDeadline};

use super::{Doomed, Ended, Frame, Kept, Running, Slot};
use crate::access::{self, Immediate};
use crate::call::CallError;
use crate::config::CALL_DEPTH_MAX;
use crate::dispatch;
use crate::engine::{HANDED_OVER_BYTES_MAX, KEPT_INSTANCES_MAX};
use crate::metrics::Metrics;
use crate::plugins;
use crate::steward_log;
use crate::table::{Export, Plugin, Provider};
use crate::value::{Given, Passed, fits};

/// What is called: a plugin's export or a native's function.
#[derive(Clone)]
pub(crate) enum Callee {
    Plugin(Arc<Plugin>, usize),
    Native(Arc<Provider>, usize),
}

impl Callee {
    fn export(&self) -> Option<&Export> {
        match self {
            Self::Plugin(plugin, number) => plugin.exports.get(*number),
            Self::Native(provider, number) => provider.exports.get(*number),
        }
    }

    /// The version of the plugin; none: the host's.
    pub(crate) fn version(&self) -> Option<&Arc<str>> {
        match self {
            Self::Plugin(plugin, _) => Some(&plugin.version),
            Self::Native(..) => None,
        }
    }

    fn name(&self) -> &Arc<str> {
        match self {
            Self::Plugin(plugin, _) => &plugin.name,
            Self::Native(provider, _) => &provider.name,
        }
    }
}

/// [`call_with`], for whoever has values and looks at the result.
pub(crate) fn call(running: Box<Running>, callee: &Callee, arguments: &[Val]) -> (Box<Running>, Ended) {
    let (mut running, ended) = call_with(running, callee, arguments.into());
    let ended = ended.and_then(|given| given.value().map_err(|why| running.doom(why)));
    (running, ended)
}

/// Calls from outside or from another plugin: checks who and how, and runs it inside a savepoint.
///
/// A nested call is one whose `running` has frames.
pub(crate) fn call_with(
    mut running: Box<Running>,
    callee: &Callee,
    passed: Passed<'_>,
) -> (Box<Running>, Result<Given, Doomed>) {
    let arguments = passed.values;
    let Some(export) = callee.export() else {
        let doomed = running.doom(CallError::internal("a binding names no function"));
        return (running, Err(doomed));
    };
    let frame = match admit(&mut running, callee, export) {
        Ok(frame) => frame,
        Err(why) => {
            let doomed = running.doom(why);
            return (running, Err(doomed));
        }
    };
    let mark = running.mark();
    running.frames.push(frame);
    let (mut running, ended) = match callee {
        Callee::Plugin(plugin, number) => {
            let begun = Instant::now();
            let (running, ended) = enter(running, plugin, *number, export, passed);
            plugin.work.count(begun.elapsed(), ended.as_ref().ok().map(|given| !given.is_err()));
            (running, ended)
        }
        Callee::Native(provider, _)
            if &*export.name == dispatch::RUN && provider.interface.id == dispatch::INTERFACE =>
        {
            as_given(dispatch::run(running, arguments))
        }
        Callee::Native(provider, _)
            if plugins::is_of_the_kernel(&export.name) && provider.interface.id == plugins::INTERFACE =>
        {
            as_given(plugins::run(running, &export.name, arguments))
        }
        Callee::Native(provider, _) => {
            let ended = call_native(&mut running, provider, export, arguments);
            as_given((running, ended))
        }
    };
    let noted = match &ended {
        Ok(given) if !given.is_err() => {
            let what = (&*export.interface.id, &*export.name, &export.rule);
            steward_log::note(&mut running, callee, what, arguments, given)
        }
        _ => Ok(()),
    };
    running.frames.pop();
    if let Err(why) = noted {
        let doomed = running.doom(why);
        return (running, Err(doomed));
    }
    if let Ok(given) = &ended
        && given.is_err()
    {
        running.roll_back(mark);
    }
    (running, ended)
}

fn as_given((running, ended): (Box<Running>, Ended)) -> (Box<Running>, Result<Given, Doomed>) {
    (running, ended.map(Given::Value))
}

/// All that is checked before a function runs: W1, T4, T6, T10, C2.
fn admit(running: &mut Running, callee: &Callee, export: &Export) -> Result<Frame, CallError> {
    let FunctionRule { kind, reentrant, .. } = &export.rule;
    if running.frames.len() >= CALL_DEPTH_MAX {
        return Err(CallError::TooDeep { most: CALL_DEPTH_MAX });
    }
    let outer = running.frames.last().map(|frame| frame.kind);
    let needs_command = matches!(kind, Kind::Command);
    let read_only = !running.tx.is_command() || outer == Some(Kind::Query);
    if needs_command && read_only {
        return Err(CallError::WrongKind {
            plugin: Arc::clone(callee.name()),
            function: Arc::clone(&export.name),
            is: "command",
            needed: "query",
        });
    }
    let (plugin, namespace) = match callee {
        Callee::Plugin(plugin, _) => {
            if let Some(why) = &plugin.unavailable {
                return Err(CallError::Unavailable {
                    plugin: Arc::clone(&plugin.name),
                    why: Arc::clone(why),
                });
            }
            let entered = running
                .frames
                .iter()
                .any(|frame| frame.plugin.as_ref().is_some_and(|other| other.index == plugin.index));
            if entered && !reentrant {
                return Err(CallError::Reentered { plugin: Arc::clone(&plugin.name) });
            }
            (Some(Arc::clone(plugin)), plugin.namespace)
        }
        Callee::Native(provider, _) => (None, provider.namespace),
    };
    match (running.frames.len() == running.root, running.by_host) {
        (true, true) => access::check(&export.rule, Immediate::Host, running)?,
        (true, false) => {
            let actor = running.actor.clone();
            access::check(&export.rule, Immediate::Actor(&actor), running)?;
        }
        (false, _) => access::check(&export.rule, Immediate::Plugin, running)?,
    }
    let kind = if read_only { Kind::Query } else { *kind };
    Ok(Frame { plugin, name: Arc::clone(callee.name()), function: Arc::clone(&export.name), namespace, kind })
}

/// Runs a native provider. A panic in it is a fault of the host, not the end of the sequencer.
fn call_native(running: &mut Running, provider: &Provider, export: &Export, arguments: &[Val]) -> Ended {
    if running.frames.len() == 1
        && let Err(why) = check_arguments(export, arguments)
    {
        return Err(running.doom(why));
    }
    let mut cx = crate::native_context::Context {
        running,
        namespace: provider.namespace,
        interface: Some(&provider.interface.id),
    };
    let ended = catch_unwind(AssertUnwindSafe(|| provider.native.call(&mut cx, &export.name, arguments)));
    running.mandate = None;
    match ended {
        Ok(Ok(value)) => Ok(export.returns.then_some(value)),
        Ok(Err(why)) => Err(running.doom(why)),
        Err(_) => {
            let message = format!("`{}` of {} panicked", export.name, provider.interface.id);
            Err(running.doom(CallError::internal(message)))
        }
    }
}

/// Runs a guest's function in a kept or a fresh instance.
fn enter(
    mut running: Box<Running>,
    plugin: &Plugin,
    number: usize,
    export: &Export,
    passed: Passed<'_>,
) -> (Box<Running>, Result<Given, Doomed>) {
    let Some(ticks) = running.ticks_left() else {
        let why = running.deadline_error();
        Metrics::count(&running.shared.metrics.deadlines);
        let doomed = running.doom(why);
        return (running, Err(doomed));
    };
    let kept = running.take_kept(plugin);
    let mut guest = match kept {
        Some(mut guest) => {
            let used = guest.store.data().memory_used;
            running.memory_left = running.memory_left.saturating_sub(used);
            guest.store.data_mut().put(running);
            guest.store.set_epoch_deadline(ticks);
            guest
        }
        None => match instantiate(running, plugin, ticks) {
            Ok(guest) => guest,
            Err((mut running, error)) => {
                let doomed = running.name_failure(&error);
                return (running, Err(doomed));
            }
        },
    };
    let ended = call_guest(&mut guest, number, export, passed);
    let slot = guest.store.data_mut();
    let used = slot.memory_used;
    let Some(mut running) = slot.running.take() else {
        // The state travels with the calls and always comes back; a panic takes another way (`take_lost`).
        std::process::abort();
    };
    running.memory_left = running.memory_left.saturating_add(used);
    match ended {
        Ok(given) => {
            if plugin.stateless {
                running.keep(plugin, guest);
            }
            (running, Ok(given))
        }
        Err(error) => {
            if running.frames.len() == 1 && running.doom.is_none() && error.downcast_ref::<Trap>().is_none() {
                // Values from outside are checked by the engine as they go in; only where that fails is it told why.
                if let Err(why) = check_arguments(export, passed.values) {
                    running.doom(why);
                }
            }
            let doomed = running.name_failure(&error);
            (running, Err(doomed))
        }
    }
}

/// Whether there is one value per parameter, each of its type.
fn check_arguments(export: &Export, arguments: &[Val]) -> Result<(), CallError> {
    let Some(function) = export.interface.function(&export.name) else { return Ok(()) };
    let (needed, given) = (function.params.len(), arguments.len());
    if needed != given {
        return Err(CallError::arguments(format!("`{}` takes {needed} arguments, got {given}", export.name)));
    }
    match function.params.iter().zip(arguments).find(|(param, value)| !fits(&param.ty, value)) {
        Some((param, _)) => {
            Err(CallError::arguments(format!("`{}` of `{}` is no {}", param.name, export.name, param.ty)))
        }
        None => Ok(()),
    }
}

fn call_guest(
    guest: &mut Kept,
    number: usize,
    export: &Export,
    passed: Passed<'_>,
) -> wasmtime::Result<Given> {
    let func = find_function(guest, number, export)?;
    guest.calls = guest.calls.saturating_add(1);
    // One that was made for another version's function is as good as none.
    let image = passed.image.filter(|image| image.is_of(&export.signature));
    if let Some(image) = image {
        return abi::call(&func, guest.store.as_context_mut(), image).map(Given::Encoded);
    }
    let mut results = [Val::Bool(false)];
    let results = if export.returns { results.as_mut_slice() } else { &mut [] };
    func.call(guest.store.as_context_mut(), passed.values, results)?;
    Ok(Given::Value(results.first_mut().map(|value| std::mem::replace(value, Val::Bool(false)))))
}

/// The function in this instance, looked up once.
fn find_function(guest: &mut Kept, number: usize, export: &Export) -> wasmtime::Result<Func> {
    if let Some(Some(func)) = guest.functions.get(number) {
        return Ok(*func);
    }
    let index = export.index.as_ref().ok_or_else(|| wasmtime::Error::msg("no such export"))?;
    let func = guest
        .instance
        .get_func(&mut guest.store, index)
        .ok_or_else(|| wasmtime::Error::msg("the component has no such function"))?;
    if guest.functions.len() <= number {
        guest.functions.resize(number + 1, None);
    }
    if let Some(place) = guest.functions.get_mut(number) {
        *place = Some(func);
    }
    Ok(func)
}

type Instantiated = Result<Kept, (Box<Running>, wasmtime::Error)>;

fn instantiate(running: Box<Running>, plugin: &Plugin, ticks: u64) -> Instantiated {
    let Some(pre) = &plugin.pre else {
        return Err((running, wasmtime::Error::msg("the plugin is not linked")));
    };
    Metrics::count(&running.shared.metrics.instances);
    let mut store = Store::new(pre.engine(), Slot { running: Some(running), memory_used: 0 });
    store.limiter(|slot| slot);
    store.set_hostcall_fuel(HANDED_OVER_BYTES_MAX);
    store.set_epoch_deadline(ticks);
    store.epoch_deadline_callback(|mut cx| match cx.data_mut().running()?.ticks_left() {
        Some(ticks) => Ok(UpdateDeadline::Continue(ticks)),
        None => Ok(UpdateDeadline::Interrupt),
    });
    match pre.instantiate(&mut store) {
        Ok(instance) => Ok(Kept { store, instance, functions: Vec::new(), calls: 0 }),
        Err(error) => match store.data_mut().take() {
            Ok(mut running) => {
                running.memory_left = running.memory_left.saturating_add(store.data().memory_used);
                Err((running, error))
            }
            Err(_) => std::process::abort(),
        },
    }
}

impl Running {
    /// The kept instance of a stateless plugin, unless it is at work further up.
    fn take_kept(&mut self, plugin: &Plugin) -> Option<Kept> {
        if !plugin.stateless {
            return None;
        }
        let kept = self.kept.get_mut(plugin.index)?.take()?;
        self.kept_count -= 1;
        Metrics::count(&self.shared.metrics.instance_reuses);
        Some(kept)
    }

    fn keep(&mut self, plugin: &Plugin, guest: Kept) {
        if guest.calls >= self.shared.limits.instance_calls || self.kept_count >= KEPT_INSTANCES_MAX {
            return;
        }
        if self.kept.len() <= plugin.index {
            self.kept.resize_with(plugin.index + 1, || None);
        }
        if let Some(place) = self.kept.get_mut(plugin.index)
            && place.is_none()
        {
            *place = Some(guest);
            self.kept_count += 1;
        }
    }
}
