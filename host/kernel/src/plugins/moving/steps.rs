//! The functions of `plugins` that enter a plugin or read the journal: `migrate`, `switch-over`, `roll-back-plan`.

use std::collections::BTreeMap;
use std::sync::Arc;

use hamlet_bundle::{Release, RollbackNumbers, plan_rollback};
use hamlet_store::Namespace;
use wasmtime::component::Val;

use super::chunk::{self, Chunk};
use super::{MIGRATE, Moving, SWITCH_OVER, moving_of, put};
use crate::call::{Actor, CallError};
use crate::catalogue::HOST;
use crate::kernel::Shared;
use crate::namespaces::PLUGINS;
use crate::native::NativeContext as _;
use crate::native_context::Context;
use crate::plugins::installed::{all, one, row_key};
use crate::plugins::plan::{Member, Refusal, plan};
use crate::plugins::{Installed, NativeInterfaces, values};
use crate::rows::{OfProvider, OwnRows as _};
use crate::run::{self, Callee, Ended, Running, Tx};
use crate::shape;
use crate::table::Table;
use crate::value::is_err;

/// Batches of the journal that a plan of going back reads at most.
const BATCHES_READ_MAX: u64 = 200_000;
/// Functions that such a plan names.
const FUNCTIONS_NAMED: usize = 8;

/// Runs one of them. Its frame is the innermost of `running`.
pub(crate) fn run(mut running: Box<Running>, function: &str, arguments: &[Val]) -> (Box<Running>, Ended) {
    let name = match shape::argument(arguments, 0).and_then(shape::text) {
        Ok(name) => name.to_owned(),
        Err(why) => return doomed(running, why),
    };
    let step = match function {
        MIGRATE => prepare(&mut running, &name),
        SWITCH_OVER => prepare_switch(&mut running, &name),
        _ => {
            let shown = roll_back_plan(&mut running, &name);
            return answered(running, shown);
        }
    };
    let step = match step {
        Ok(Ok(step)) => step,
        Ok(Err(refusal)) => return (running, Ok(Some(refusal))),
        Err(why) => return doomed(running, why),
    };
    let (mut running, handed) = hand_over(running, &step);
    let answer = match handed {
        Err(Failure::Doomed(why)) => Err(why),
        Err(Failure::Migration(why)) => Ok(shape::refused_because("migration-failed", why)),
        Ok(()) if function == MIGRATE => keep(&mut running, step),
        Ok(()) => switch(&mut running, step),
    };
    answered(running, answer)
}

fn answered(running: Box<Running>, answer: Result<Val, CallError>) -> (Box<Running>, Ended) {
    match answer {
        Ok(answer) => (running, Ok(Some(answer))),
        Err(why) => doomed(running, why),
    }
}

fn doomed(mut running: Box<Running>, why: CallError) -> (Box<Running>, Ended) {
    let doomed = running.doom(why);
    (running, Err(doomed))
}

/// Rows to be handed to the new version.
struct Step {
    moving: Moving,
    chunk: Chunk,
    callee: Callee,
}

/// The next chunk; the inner error is the answer that says why there is none.
fn prepare(running: &mut Running, name: &str) -> Result<Result<Step, Val>, CallError> {
    running.check_writable()?;
    let (shared, table) = (Arc::clone(&running.shared), Arc::clone(&running.table));
    let cx = &mut Context { running, namespace: PLUGINS, interface: None };
    let Some(moving) = moving_of(&mut OfProvider(cx), name)? else {
        return Ok(Err(shape::refused("not-moving")));
    };
    let callee = table.migration(name).ok_or_else(|| CallError::Unavailable {
        plugin: Arc::from(name),
        why: Arc::from("its new version cannot be run: cancel the migration and install it again"),
    })?;
    let chunk = chunk::next(&moving, &shared.store, &mut shared.store.snapshot())?;
    Ok(Ok(Step { moving, chunk, callee }))
}

/// As [`prepare`], where nothing else may come in between: in an empty batch, and with all that is left.
fn prepare_switch(running: &mut Running, name: &str) -> Result<Result<Step, Val>, CallError> {
    let alone = match &running.tx {
        Tx::Command(batch) => batch.entries() == 0,
        Tx::Beside(_) | Tx::Query(_) | Tx::Nothing => false,
    };
    let step = match prepare(running, name)? {
        Ok(step) => step,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if !alone || !step.chunk.caught_up {
        return Ok(Err(shape::refused("not-caught-up")));
    }
    Ok(Ok(step))
}

/// Why the new version did not take the rows.
enum Failure {
    /// Its own fault, in words.
    Migration(String),
    /// The host's.
    Doomed(CallError),
}

/// Calls the new version with the chunk, as the host, in a slice of the time.
fn hand_over(running: Box<Running>, step: &Step) -> (Box<Running>, Result<(), Failure>) {
    if step.chunk.len() == 0 {
        return (running, Ok(()));
    }
    let mut running = running;
    let mark = running.mark();
    let name = Arc::from(&*step.moving.to.name);
    let (principal, _) = running.act_as(Actor::Plugin(name));
    running.by_host = true;
    let values = [Val::String(step.moving.from_version.clone()), step.chunk.to_val()];
    let (mut running, ended) = run::call(running, &step.callee, &values);
    running.act_again_as(principal);
    let handed = match ended {
        Ok(value) if is_err(value.as_ref()) => {
            let why = match value {
                Some(Val::Result(Err(Some(why)))) => match *why {
                    Val::String(why) => why,
                    _ => "it gave no reason".to_owned(),
                },
                _ => "it gave no reason".to_owned(),
            };
            Err(Failure::Migration(why))
        }
        Ok(_) => Ok(()),
        Err(_) => {
            let why = running.take_doom();
            running.roll_back(mark);
            running.memory_refused = false;
            match why {
                CallError::Trapped { .. }
                | CallError::Deadline { .. }
                | CallError::Quota { .. }
                | CallError::Denied { .. }
                | CallError::ArgumentsInvalid { .. } => Err(Failure::Migration(why.to_string())),
                why => Err(Failure::Doomed(why)),
            }
        }
    };
    (running, handed)
}

/// Keeps how far it came.
fn keep(running: &mut Running, step: Step) -> Result<Val, CallError> {
    let Step { mut moving, chunk, .. } = step;
    moving.moved = moving.moved.saturating_add(chunk.len());
    moving.place = chunk.place;
    let cx = &mut Context { running, namespace: PLUGINS, interface: None };
    put(&mut OfProvider(cx), &moving)?;
    let progress = [("moved", Val::U64(moving.moved)), ("caught-up", Val::Bool(chunk.caught_up))];
    Ok(shape::ok(shape::record(progress)))
}

/// The new version answers from here on.
fn switch(running: &mut Running, step: Step) -> Result<Val, CallError> {
    let (shared, table) = (Arc::clone(&running.shared), Arc::clone(&running.table));
    let cx = &mut Context { running, namespace: PLUGINS, interface: None };
    let Moving { to, .. } = step.moving;
    let rows = all(&mut OfProvider(cx))?;
    let Some(before) = rows.iter().find(|row| row.name == to.name).cloned() else {
        return Ok(shape::refused("no-such-plugin"));
    };
    if let Err(refusal) = still_fits(&shared, &table, &to, &before, rows) {
        return Ok(refusal.to_val());
    }
    let stored = cx.usage(Namespace(before.namespace)).saturating_add(cx.usage(Namespace(to.namespace)));
    if stored > to.quota {
        let why = format!("{stored} bytes, and it may store {}", to.quota);
        return Ok(Refusal::TooLittleRoom(why).to_val());
    }
    let (active, since) = (before.active, cx.now());
    let plugin = Installed { active, since, previous: Some(before.as_previous(shared.store.head())), ..to };
    let rows = &mut OfProvider(cx);
    rows.delete(&row_key(b'm', &plugin.name))?;
    crate::plugins::put(rows, &plugin)?;
    cx.installed_changed();
    tracing::info!(plugin = plugin.name, version = plugin.version, "switched over");
    Ok(shape::ok(values::plugin(cx, &plugin)?))
}

/// C2 again: others may have been installed or removed since the migration began.
fn still_fits(
    shared: &Shared,
    table: &Table,
    to: &Installed,
    before: &Installed,
    rows: Vec<Installed>,
) -> Result<(), Refusal> {
    let missing = |name: &str| Refusal::ImportUnmet(format!("the files of `{name}` are missing"));
    let staged = shared.staging().get(&to.component).ok_or_else(|| missing(&to.name))?;
    let mut others = Vec::with_capacity(rows.len());
    for row in rows.into_iter().filter(|row| row.name != to.name) {
        let staged = shared.staging().get(&row.component).ok_or_else(|| missing(&row.name))?;
        others.push(Member { row, staged });
    }
    let natives: NativeInterfaces = table.native_interfaces();
    let bindings = plan(&staged, Some(before), &others, &natives)?;
    if bindings != to.bindings {
        let why =
            "what it uses is provided by others than when the upgrade began: cancel it and upgrade again";
        return Err(Refusal::ImportUnmet(why.to_owned()));
    }
    Ok(())
}

/// What going back would lose, from the journal.
fn roll_back_plan(running: &mut Running, name: &str) -> Result<Val, CallError> {
    let shared = Arc::clone(&running.shared);
    let cx = &mut Context { running, namespace: PLUGINS, interface: None };
    let Some(plugin) = one(&mut OfProvider(cx), name)? else { return Ok(shape::refused("no-such-plugin")) };
    let Some(before) = &plugin.previous else { return Ok(shape::refused("no-previous")) };
    let staged = |hash: &str| shared.staging().get(hash);
    let (Some(now), Some(then)) = (staged(&plugin.component), staged(&before.component)) else {
        return Ok(shape::refused("not-staged"));
    };
    let mut numbers = RollbackNumbers {
        generation: plugin.generation,
        previous_generation: before.generation,
        commands: 0,
        rows: 0,
    };
    let mut functions: BTreeMap<String, u64> = BTreeMap::new();
    let mut complete = true;
    if plugin.left_behind().is_some() {
        let until = before.left_at.saturating_add(BATCHES_READ_MAX);
        complete = shared.store.head() <= until;
        for record in shared
            .store
            .journal(before.left_at + 1)?
            .take_while(|record| record.as_ref().map_or(true, |record| record.sequence <= until))
        {
            for entry in record?.entries {
                let ours = Namespace(plugin.namespace);
                let rows = entry.writes.iter().filter(|write| write.namespace == ours).count();
                // What was moved with the switch itself is not lost: it is where it came from.
                if rows == 0 || &*entry.header.plugin == HOST {
                    continue;
                }
                numbers.commands += 1;
                numbers.rows = numbers.rows.saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
                let function = format!("{} of {}", entry.header.function, entry.header.plugin);
                *functions.entry(function).or_default() += 1;
            }
        }
    }
    let (now, then) = (&*now.manifest, &*then.manifest);
    let now = Release { publisher: None, manifest: now };
    let then = Release { publisher: None, manifest: then };
    let mut lines = plan_rollback(now, then, numbers).sentences();
    if numbers.rows > 0 {
        lines.push(format!("It was written since {}, by {}.", when(plugin.since), by(functions)));
    }
    if !complete {
        lines.push("So much was written that not all of it was counted; it is more than this.".to_owned());
    }
    Ok(shape::ok(Val::List(lines.into_iter().map(Val::String).collect())))
}

/// The functions that wrote most, with how often.
fn by(functions: BTreeMap<String, u64>) -> String {
    let mut functions: Vec<(String, u64)> = functions.into_iter().collect();
    functions.sort_by_key(|(name, times)| (std::cmp::Reverse(*times), name.clone()));
    let others = functions.len().saturating_sub(FUNCTIONS_NAMED);
    let mut named: Vec<String> = functions
        .into_iter()
        .take(FUNCTIONS_NAMED)
        .map(|(name, times)| format!("{name} ({times} times)"))
        .collect();
    if others > 0 {
        named.push(format!("{others} other functions"));
    }
    named.join(", ")
}

/// A time for people, to the minute, in UTC.
fn when(micros: u64) -> String {
    let stamp = i64::try_from(micros).ok().and_then(|micros| jiff::Timestamp::from_microsecond(micros).ok());
    stamp.map_or_else(|| "then".to_owned(), |stamp| stamp.strftime("%Y-%m-%d %H:%M UTC").to_string())
}
