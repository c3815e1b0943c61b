//! Running a frozen effect: once, as a decision, inside a savepoint and a slice of the time (W5, T3).
//!
//! That it ran is written *before* it runs and outside of the savepoint: so neither its own failure nor a call back to
//! the dispatcher can make it run again, and only the undoing of the whole transaction makes it not have run.

use std::sync::Arc;

use hamlet_reflect::{Id, Type, json};
use wasmtime::component::Val;

use super::{Frozen, How, Ran};
use crate::call::{Actor, CallError};
use crate::catalogue::Callable;
use crate::engine::TICK;
use crate::namespaces::DISPATCH;
use crate::native::NativeContext;
use crate::native_context::Context;
use crate::rows::OfProvider;
use crate::run::{self, Callee, Ended, Running};
use crate::shape;
use crate::value::outcome;

/// An effect that may run now.
struct Ready {
    id: Id,
    frozen: Frozen,
    callable: Arc<Callable>,
    callee: Callee,
    values: Vec<Val>,
}

/// `dispatch.run`. Its frame is the innermost of `running`.
pub(crate) fn run(mut running: Box<Running>, arguments: &[Val]) -> (Box<Running>, Ended) {
    match prepare(&mut running, arguments) {
        Ok(Ok(ready)) => execute(running, ready),
        Ok(Err(refusal)) => (running, Ok(Some(refusal))),
        Err(why) => {
            let doomed = running.doom(why);
            (running, Err(doomed))
        }
    }
}

/// Whether it may run now; the inner error is the answer that says why not.
fn prepare(running: &mut Running, arguments: &[Val]) -> Result<Result<Ready, Val>, CallError> {
    running.check_writable()?;
    let table = Arc::clone(&running.table);
    let cx = &mut Context { running, namespace: DISPATCH, interface: None };
    let by = super::check_dispatcher(cx)?;
    let id = shape::id(shape::argument(arguments, 0)?)?;
    let found = super::read(&mut OfProvider(cx), id)?.filter(|frozen| frozen.by == by);
    let Some(frozen) = found else { return Ok(Err(shape::refused("no-such-effect"))) };
    if frozen.ran.is_some() {
        return Ok(Err(shape::refused("already-run")));
    }
    if frozen.earliest > cx.now() {
        let earliest = Some(Box::new(Val::U64(frozen.earliest)));
        let early = Val::Variant("too-early".to_owned(), earliest);
        return Ok(Err(Val::Result(Err(Some(Box::new(early))))));
    }
    let Some(callable) = frozen.callable(&table.catalogue).map(Arc::clone) else {
        return Ok(Err(shape::refused("lapsed")));
    };
    let callee = table
        .callee(&callable)
        .ok_or_else(|| CallError::internal("the catalogue names what the table does not have"))?;
    let text = super::open_arguments(cx, id)?;
    let values = super::read_arguments(&callable.function, &text)
        .map_err(|why| CallError::internal(format!("an effect's arguments no longer fit: {why}")))?;
    Ok(Ok(Ready { id, frozen, callable, callee, values }))
}

fn execute(mut running: Box<Running>, mut ready: Ready) -> (Box<Running>, Ended) {
    if let Err(why) = begin(&mut running, &mut ready) {
        let doomed = running.doom(why);
        return (running, Err(doomed));
    }
    let mark = running.mark();
    let (principal, slice) = running.act_as(Actor::Decision(ready.id));
    let (mut running, ended) = run::call(running, &ready.callee, &ready.values);
    running.act_again_as(principal);
    let (how, answer) = match ended {
        Ok(value) => shown(&ready.callable, value),
        Err(doomed) => {
            let why = running.take_doom();
            if !is_the_effects_own(&why) {
                running.doom(why);
                return (running, Err(doomed));
            }
            running.roll_back(mark);
            running.memory_refused = false;
            (How::Failed, Val::Variant("failed".to_owned(), Some(Box::new(Val::String(words(&why, slice))))))
        }
    };
    match end(&mut running, &mut ready, how) {
        Ok(()) => (running, Ok(Some(shape::ok(answer)))),
        Err(why) => {
            let doomed = running.doom(why);
            (running, Err(doomed))
        }
    }
}

/// It ran, whatever becomes of it.
fn begin(running: &mut Running, ready: &mut Ready) -> Result<(), CallError> {
    let at = running.now;
    let rows = &mut OfProvider(&mut Context { running, namespace: DISPATCH, interface: None });
    ready.frozen.ran = Some(Ran { at, how: How::Failed });
    super::put(rows, ready.id, &ready.frozen)?;
    let waiting = super::waiting(rows)?;
    super::set_waiting(rows, waiting.saturating_sub(1))
}

fn end(running: &mut Running, ready: &mut Ready, how: How) -> Result<(), CallError> {
    if how == How::Failed {
        return Ok(());
    }
    let at = running.now;
    ready.frozen.ran = Some(Ran { at, how });
    super::put(
        &mut OfProvider(&mut Context { running, namespace: DISPATCH, interface: None }),
        ready.id,
        &ready.frozen,
    )
}

/// What a function answered, as an outcome.
fn shown(callable: &Callable, value: Option<Val>) -> (How, Val) {
    let (ok, err) = match &callable.function.result {
        Some(Type::Result { ok, err }) => (ok.as_deref(), err.as_deref()),
        other => (other.as_ref(), None),
    };
    let text = |ty: Option<&Type>, value: Option<&Val>| {
        let tree = match (ty, value) {
            (Some(ty), Some(value)) => json::from_val(ty, value),
            _ => serde_json::Value::Null,
        };
        Some(Box::new(Val::String(json::canonical(&tree))))
    };
    match outcome(value) {
        Ok(value) => (How::Done, Val::Variant("done".to_owned(), text(ok, value.as_ref()))),
        Err(value) => (How::Refused, Val::Variant("refused".to_owned(), text(err, value.as_ref()))),
    }
}

/// T3: whether this failure is the effect's, or one of the host, of the store, or of a pause: then the whole
/// transaction is undone and the effect can be run another time.
fn is_the_effects_own(why: &CallError) -> bool {
    matches!(
        why,
        CallError::Trapped { .. }
            | CallError::Deadline { .. }
            | CallError::Quota { .. }
            | CallError::Denied { .. }
            | CallError::Reentered { .. }
            | CallError::TooDeep { .. }
            | CallError::WrongKind { .. }
            | CallError::WriteInQuery { .. }
            | CallError::NoSuchFunction { .. }
            | CallError::ArgumentsInvalid { .. }
    )
}

fn words(why: &CallError, slice_ticks: u64) -> String {
    match why {
        CallError::Deadline { plugin, .. } => {
            let milliseconds = TICK.as_millis() * u128::from(slice_ticks);
            format!("`{plugin}` took longer than its slice of {milliseconds} ms, and what it did is undone")
        }
        why => why.to_string(),
    }
}
