//! The sequencer: one thread that runs all commands, one after another, and commits them by the batch (T1, T8).
//!
//! A turn: take what waits (people first), run each in a transaction of its own, commit all with one fsync, then answer
//! everybody. One that fails leaves its neighbours in the batch untouched. When nobody waits, schedules and event
//! deliveries run, as commands of their own (E1, E4).
//!
//! Nothing leaves before the commit: neither an answer nor an event. If that were wrong, somebody would be told of what
//! a power cut undoes.

mod all;
mod background;
mod command;
mod commit;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hamlet_reflect::Id;
use hamlet_store::{Batch, EntryHeader};
use tokio::sync::oneshot;
use wasmtime::component::Val;

use crate::call::{Actor, Answer, BatchError, BatchFailure, Call, CallError, DryRun, EventNote};
use crate::catalogue::Callable;
use crate::consent::{Session, Verdict};
use crate::events::Deliveries;
use crate::kernel::Shared;
use crate::metrics::Metrics;
use crate::namespaces::KERNEL;
use crate::run::{self, Callee, Running, Tx};
use crate::value::Outcome;

/// Jobs that are taken from the queue under one lock.
const TAKEN_AT_ONCE: usize = 64;
/// The sequencer looks for work at least this often.
const PATIENCE: Duration = Duration::from_secs(1);
/// The row of the last time, so that it never goes back (T9).
pub(crate) const TIME_KEY: &[u8] = b"time";

type Reply<T> = oneshot::Sender<T>;

/// What the caller of one function gets: the answer, and her own call back, so that its many small values are freed on
/// her thread and not between two commands.
pub(crate) type Replied = (Result<Answer, CallError>, Option<Box<Call>>);

/// A command, or several in one transaction, and who waits.
pub(crate) enum Job {
    Call(Box<Call>, Arc<Callable>, Reply<Replied>),
    All(Vec<(Call, Arc<Callable>)>, Reply<Result<Vec<Answer>, BatchError>>),
    DryRun(Box<Call>, Arc<Callable>, Reply<Result<DryRun, CallError>>),
}

/// An answer that waits for the commit.
enum Pending {
    Call(Reply<Replied>, Result<Done, CallError>, Box<Call>),
    All(Reply<Result<Vec<Answer>, BatchError>>, Result<Vec<Done>, BatchError>),
    DryRun(Reply<Result<DryRun, CallError>>, Result<DryRun, CallError>),
}

/// What a command came to.
struct Done {
    result: Outcome,
    replayed: bool,
}

pub(crate) struct Sequencer {
    shared: Arc<Shared>,
    /// None while a command runs: it is moved through the guests.
    running: Option<Box<Running>>,
    pending: Vec<Pending>,
    deliveries: Deliveries,
    /// Committed with this batch, told after it.
    notes: Vec<EventNote>,
    awakened: Vec<Arc<str>>,
    destroyed: Vec<Id>,
    installed_changed: bool,
    schedules_touched: bool,
    next_schedule: Option<u64>,
    next_sweep: u64,
    next_blob_sweep: u64,
    /// This batch's row of the time is written.
    time_written: bool,
    started: Instant,
    scratch: Vec<Job>,
}

impl Sequencer {
    pub(crate) fn new(shared: Arc<Shared>, batch: Batch) -> Self {
        let table = shared.table();
        let mut deliveries = Deliveries::default();
        deliveries.follow(Arc::clone(&table.subscriptions));
        let running = Some(Running::idle(Arc::clone(&shared), table, Tx::Command(batch)));
        Self {
            shared,
            running,
            pending: Vec::new(),
            deliveries,
            notes: Vec::new(),
            awakened: Vec::new(),
            destroyed: Vec::new(),
            installed_changed: false,
            schedules_touched: true,
            next_schedule: None,
            next_sweep: 0,
            next_blob_sweep: 0,
            time_written: false,
            started: Instant::now(),
            scratch: Vec::new(),
        }
    }

    /// Runs until the queue is closed and empty.
    pub(crate) fn work(mut self) {
        loop {
            let patience = self.patience();
            if patience > Duration::ZERO
                && let Some(job) = self.shared.queue.pop_within(patience)
            {
                self.started = Instant::now();
                self.run(job);
            } else {
                self.started = Instant::now();
            }
            self.fill();
            self.background();
            let idle = self.pending.is_empty();
            self.commit();
            if idle && self.shared.queue.is_closed() && self.shared.queue.is_empty() {
                return;
            }
        }
    }

    /// How long nothing may happen: until a schedule or a retry is due.
    fn patience(&mut self) -> Duration {
        if !self.shared.limits.background || self.shared.queue.is_closed() {
            return PATIENCE.min(Duration::from_millis(50));
        }
        let now = self.shared.clock.now();
        if self.deliveries.pending(now) {
            return Duration::ZERO;
        }
        let due = if self.shared.clock_suspect.load(Ordering::Relaxed) { None } else { self.next_schedule };
        let next = [due, self.deliveries.next_try()].into_iter().flatten().min();
        next.map_or(PATIENCE, |next| Duration::from_micros(next.saturating_sub(now)).min(PATIENCE))
    }

    /// Runs what waits until the batch is full.
    fn fill(&mut self) {
        let mut jobs = std::mem::take(&mut self.scratch);
        while self.has_room() {
            let most =
                TAKEN_AT_ONCE.min(self.shared.limits.batch_commands.saturating_sub(self.pending.len()));
            if self.shared.queue.take(&mut jobs, most) == 0 {
                break;
            }
            for job in jobs.drain(..) {
                self.run(job);
            }
        }
        self.scratch = jobs;
    }

    fn has_room(&self) -> bool {
        let limits = &self.shared.limits;
        let bytes = self.batch_ref().map_or(0, Batch::bytes);
        self.pending.len() < limits.batch_commands
            && bytes < limits.batch_bytes
            && self.started.elapsed() < limits.batch_time
    }

    fn batch_ref(&self) -> Option<&Batch> {
        match &self.running.as_ref()?.tx {
            Tx::Command(batch) => Some(batch),
            Tx::Query(_) | Tx::Nothing => None,
        }
    }

    /// The batch, between commands.
    fn batch(&mut self) -> Result<&mut Batch, CallError> {
        match self.running.as_mut().map(|running| &mut running.tx) {
            Some(Tx::Command(batch)) => Ok(batch),
            _ => Err(CallError::internal("the sequencer has lost its batch")),
        }
    }

    fn run(&mut self, job: Job) {
        match job {
            Job::Call(call, callable, reply) => {
                let result = self.guarded(|this| this.command(&call, &callable));
                self.pending.push(Pending::Call(reply, result, call));
            }
            Job::All(calls, reply) => {
                let result = match self.guarded(|this| Ok(this.all(&calls))) {
                    Ok(result) => result,
                    Err(error) => Err(BatchError { index: 0, error: BatchFailure::Call(error) }),
                };
                self.pending.push(Pending::All(reply, result));
            }
            Job::DryRun(call, callable, reply) => {
                let result = self.guarded(|this| this.dry_run(&call, &callable));
                self.pending.push(Pending::DryRun(reply, result));
            }
        }
    }

    /// A panic of the host in one command is that command's failure, and nobody else's.
    fn guarded<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, CallError>) -> Result<T, CallError> {
        let result = catch_unwind(AssertUnwindSafe(|| run(self)));
        let failed = match result {
            Ok(result) => return result,
            Err(panic) => panic,
        };
        Metrics::count(&self.shared.metrics.internal);
        let what = panic_text(&*failed);
        tracing::error!(what, "the host failed in a command");
        if let Some(lost) = run::take_lost() {
            self.running = Some(lost);
        }
        if let Some(running) = &mut self.running {
            running.drop_kept();
        }
        match self.batch() {
            Ok(batch) => batch.abandon(),
            Err(_) => self.shared.queue.close(),
        }
        Err(CallError::internal("the host failed in this command"))
    }

    /// Opens a transaction for a call.
    fn begin(&mut self, actor: &Actor, request_id: &Arc<str>) -> Result<u64, CallError> {
        let now = self.shared.tick_time();
        let write_time = !self.time_written;
        let deadline = self.shared.engine.deadline(self.shared.limits.command_time);
        let notes_wanted = self.shared.events.receiver_count() > 0;
        let Some(running) = &mut self.running else {
            return Err(CallError::internal("the sequencer has lost its state"));
        };
        running.begin(actor.clone(), Arc::clone(request_id), deadline);
        running.now = now;
        running.notes_wanted = notes_wanted;
        let batch = self.batch()?;
        batch.begin();
        if write_time {
            batch.set(KERNEL, TIME_KEY, &now.to_be_bytes())?;
        }
        Ok(now)
    }

    /// Calls within the open transaction.
    fn enter(&mut self, callee: &Callee, arguments: &[Val]) -> Result<Option<Val>, CallError> {
        let Some(running) = self.running.take() else {
            return Err(CallError::internal("the sequencer has lost its state"));
        };
        let (mut running, ended) = run::call(running, callee, arguments);
        let result = ended.map_err(|_| running.take_doom());
        self.running = Some(running);
        result
    }

    fn resolve(&self, call: &Call, callable: &Arc<Callable>) -> Result<Callee, CallError> {
        match &self.running {
            Some(running) => Shared::resolve(&running.table, call, callable),
            None => Err(CallError::internal("the sequencer has lost its state")),
        }
    }

    fn abandon(&mut self) {
        if let Ok(batch) = self.batch() {
            batch.abandon();
        }
    }

    /// Keeps the open transaction in the batch.
    fn finish(&mut self, header: EntryHeader) -> Result<(), CallError> {
        self.batch()?.finish(header);
        self.time_written = true;
        let Some(running) = &mut self.running else { return Ok(()) };
        self.notes.append(&mut running.events);
        self.awakened.append(&mut running.awakened);
        self.destroyed.append(&mut running.destroyed_keys);
        self.installed_changed |= std::mem::take(&mut running.installed_changed);
        self.schedules_touched |= std::mem::take(&mut running.schedules_touched);
        Ok(())
    }

    fn now(&self) -> u64 {
        self.running.as_ref().map_or(0, |running| running.now)
    }

    fn set_session(&mut self, session: Session) {
        if let Some(running) = &mut self.running {
            running.consent = session;
        }
    }

    fn verdict(&self, ok: bool) -> Verdict {
        self.running.as_ref().map_or(Verdict::Fine, |running| running.consent.verdict(ok))
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic")
}
