//! A worker beside the sequencer: runs a command on a snapshot, and hands on what became of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hamlet_store::Sequence;

use super::{Apply, Errand, Ran, Task, again};
use crate::call::{BatchError, BatchFailure, CallError, DryRun};
use crate::fair::Refused;
use crate::kernel::Shared;
use crate::metrics::Metrics;
use crate::namespaces::IDEMPOTENCY;
use crate::run::{self, Running, Tx};
use crate::runner::Runner;
use crate::sequencer::{Job, panic_text};

/// After so long without a command a worker lets its kept instances go.
const IDLE: Duration = Duration::from_secs(2);

/// A worker's life.
pub(crate) fn work(shared: &Arc<Shared>) {
    let mut running = idle(shared);
    loop {
        shared.beside.free();
        match shared.beside.pop_within(IDLE) {
            Some(errand) => running = serve(shared, running, errand),
            None if shared.beside.is_closed() => return,
            None => running.drop_kept(),
        }
    }
}

fn idle(shared: &Arc<Shared>) -> Box<Running> {
    Running::idle(Arc::clone(shared), shared.table(), Tx::Nothing)
}

/// What a run gave.
enum Attempt {
    Ran(Ran),
    DryRun(DryRun),
}

fn serve(shared: &Arc<Shared>, running: Box<Running>, mut errand: Errand) -> Box<Running> {
    let begun = Instant::now();
    let mut runner = Runner::beside(shared, running);
    Metrics::count(&shared.metrics.beside);
    runner.confirmed = errand.confirmed.take();
    let (snapshot, generation) = runner.stands_on();
    let ran = catch_unwind(AssertUnwindSafe(|| attempt(&mut runner, &errand.task)));
    let ran = ran.unwrap_or_else(|panic| {
        Metrics::count(&shared.metrics.internal);
        tracing::error!(what = panic_text(&*panic), "the host failed in a command beside the sequencer");
        drop(run::take_lost());
        runner.running = None;
        Err(only(CallError::internal("the host failed in this command")))
    });
    shared.beside.took(shared, &errand.task, begun.elapsed());
    errand.confirmed = runner.confirmed.take();
    let (finished, after) = (runner.finished.take(), std::mem::take(&mut runner.after));
    // The snapshot goes before the answer, not when the next command comes.
    let running = match runner.running {
        Some(mut running) => {
            running.tx = Tx::Nothing;
            running
        }
        None => idle(shared),
    };
    match (ran, finished) {
        (Ok(Attempt::Ran(ran)), Some((proposal, told))) => {
            hand_on(shared, Apply { errand, ran, proposal, told, after, generation });
        }
        (Ok(attempt), _) => answer(errand.task, attempt, snapshot),
        (Err(error), _) => refuse(errand.task, error),
    }
    running
}

fn attempt(runner: &mut Runner, task: &Task) -> Result<Attempt, BatchError> {
    match task {
        Task::Call(call, callable, _) => {
            runner.command(call, callable).map(|done| Attempt::Ran(Ran::Call(done))).map_err(only)
        }
        Task::All(calls, _) => runner.all(calls).map(|done| Attempt::Ran(Ran::All(done))),
        Task::Duty(duty, _) => runner.duty(duty).map(|()| Attempt::Ran(Ran::Duty)).map_err(only),
        Task::DryRun(call, callable, _) => runner.dry_run(call, callable).map(Attempt::DryRun).map_err(only),
    }
}

/// Of the only call, or of the host.
fn only(error: CallError) -> BatchError {
    BatchError { index: 0, error: BatchFailure::Call(error) }
}

/// Checks it against what was committed until now, so that the sequencer need not, and lets that apply it.
fn hand_on(shared: &Shared, mut apply: Apply) {
    let only_its_answer = apply.after.is_empty()
        && apply.told.is_empty()
        && apply.proposal.writes().iter().all(|write| write.namespace == IDEMPOTENCY);
    if only_its_answer {
        // It changes nothing that a command sees, so it need not stand where it is applied: its place is where its
        // snapshot was taken. So a million rows can be counted while they change. That its own key is still unused is
        // checked all the same, because it writes that row.
        apply.proposal.forget_reads();
    }
    if apply.proposal.check().is_err() {
        return again(shared, apply.errand);
    }
    let (plugin, actor) = apply.errand.task.line();
    let lane = apply.errand.task.lane();
    let Err(refused) = shared.queue.push(lane, &plugin, actor, Job::Apply(Box::new(apply))) else {
        return;
    };
    let why = match refused {
        Refused::Closed(_) => CallError::ShuttingDown,
        Refused::Full(_) | Refused::PrincipalFull(_) => {
            Metrics::count(&shared.metrics.busy);
            CallError::Busy
        }
    };
    if let Job::Apply(apply) = refused.into_item() {
        apply.errand.task.refuse(why);
    }
}

/// Answers what needs no commit: an `err` of the plugin, a repeat, a dry run.
fn answer(task: Task, attempt: Attempt, snapshot: Sequence) {
    match (task, attempt) {
        (Task::Call(call, _, reply), Attempt::Ran(Ran::Call(done))) => {
            drop(reply.send((Ok(done.answer(snapshot)), Some(call))));
        }
        (Task::All(_, reply), Attempt::Ran(Ran::All(done))) => {
            drop(reply.send(Ok(done.into_iter().map(|done| done.answer(snapshot)).collect())));
        }
        // It was owed no more.
        (Task::Duty(duty, reply), Attempt::Ran(Ran::Duty)) => drop(reply.send((*duty, Ok(())))),
        (Task::DryRun(_, _, reply), Attempt::DryRun(dry_run)) => drop(reply.send(Ok(dry_run))),
        (task, _) => task.refuse(CallError::internal("a command was answered as another kind")),
    }
}

fn refuse(task: Task, error: BatchError) {
    match (task, error) {
        (Task::All(_, reply), error) => drop(reply.send(Err(error))),
        (task, BatchError { error: BatchFailure::Call(error), .. }) => task.refuse(error),
        (task, BatchError { error: BatchFailure::Err(_), .. }) => {
            task.refuse(CallError::internal("the err of several calls for a single one"));
        }
    }
}
