//! The sequencer: one thread that runs all commands, one after another, and commits them by the batch (T1, T8).
//!
//! A turn: take what waits (people first), run each in a transaction of its own, commit all with one fsync, then answer
//! everybody. The fsync and the answers are another thread's (`flusher.rs`): meanwhile the next turn runs on top, in a
//! batch of its own. A command that takes too long is sent beside (`beside.rs`, T7) and comes back as an [`Apply`]. One
//! that fails leaves its neighbours in the batch untouched. When nobody waits, schedules and event deliveries run, as
//! commands of their own (E1, E4).
//!
//! Nothing leaves before the commit of its own batch: neither an answer nor an event. A batch whose commit fails takes
//! the one on top of it with it. If that were wrong, somebody would be told of what a power cut undoes.

mod apply;
mod background;
mod commit;
mod delivery;
mod duties;
mod flusher;
mod tidy;

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hamlet_store::Batch;
use tokio::sync::oneshot;

use self::duties::Duties;
use self::flusher::Flusher;
use crate::beside::{self, Answered, Apply, Asked, Errand, Replied, Reply, Task};
use crate::call::{BatchError, BatchFailure, CallError, DryRun};
use crate::events::Deliveries;
use crate::kernel::Shared;
use crate::metrics::Metrics;
use crate::run;
use crate::runner::{After, Done, Runner};

/// Jobs that are taken from the queue under one lock.
const TAKEN_AT_ONCE: usize = 64;
/// A call that fails after this part of the sequencer's time has cost its neighbours more than it is worth.
const SLOW_FAILURE: u32 = 25;
/// The sequencer looks for work at least this often.
const PATIENCE: Duration = Duration::from_secs(1);

/// A command, or what a worker made of one.
pub(crate) enum Job {
    Task(Task),
    Apply(Box<Apply>),
    /// What nobody waits for, now and by hand: gives whether there was any.
    Behind(oneshot::Sender<bool>),
}

/// Which command of the batch it became; none where it left nothing in it.
type Place = Option<u32>;

/// An answer that waits for the commit.
enum Pending {
    Call(Reply<Replied>, Result<Done, CallError>, Box<Asked>, Place),
    All(Reply<Result<Vec<Answered>, BatchError>>, Result<Vec<Done>, BatchError>, Place),
    DryRun(Reply<Result<DryRun, CallError>>, Result<DryRun, CallError>),
}

pub(crate) use duties::DutyDone;

pub(crate) struct Sequencer {
    shared: Arc<Shared>,
    runner: Runner,
    /// Who waits for the batch that is being filled.
    pending: Vec<Pending>,
    flusher: Flusher,
    /// What is to be done when the flying batch has landed.
    after_landing: After,
    /// Taken from the queue, and not run yet.
    taken: VecDeque<Job>,
    deliveries: Deliveries,
    duties: Duties,
    /// A schedule may have been set or moved since the next one was looked up.
    schedules_touched: bool,
    /// A dead letter may be marked to be sent again.
    letters_touched: bool,
    next_schedule: Option<u64>,
    next_sweep: u64,
    next_blob_sweep: u64,
    /// When it is looked next for uses of grants to be kept, and for rows that are nobody's.
    next_tidy: u64,
    /// When the batch was begun.
    started: Instant,
    scratch: Vec<Job>,
}

impl Sequencer {
    /// # Errors
    /// The system gives no thread for flushing.
    pub(crate) fn new(shared: Arc<Shared>, mut batch: Batch) -> std::io::Result<Self> {
        // What runs here sees everything that went before: there is nothing to check it against.
        batch.record_reads(false);
        let mut deliveries = Deliveries::default();
        deliveries.follow(Arc::clone(&shared.table().subscriptions));
        let runner = Runner::on_batch(Arc::clone(&shared), batch);
        let flusher = Flusher::start(Arc::clone(&shared))?;
        Ok(Self {
            shared,
            runner,
            pending: Vec::new(),
            flusher,
            after_landing: After::default(),
            taken: VecDeque::new(),
            deliveries,
            duties: Duties::default(),
            schedules_touched: true,
            letters_touched: true,
            next_schedule: None,
            next_sweep: 0,
            next_blob_sweep: 0,
            next_tidy: 0,
            started: Instant::now(),
            scratch: Vec::new(),
        })
    }

    /// Runs until the queue is closed and empty.
    pub(crate) fn work(mut self) {
        loop {
            let patience = if self.taken.is_empty() { self.patience() } else { Duration::ZERO };
            let job = if patience > Duration::ZERO { self.shared.queue.pop_within(patience) } else { None };
            self.hear_landing();
            if self.is_fresh() {
                self.started = Instant::now();
            }
            if let Some(job) = job {
                self.run(job);
            }
            self.fill();
            self.background();
            let idle = self.is_fresh() && !self.flusher.is_flying();
            self.end_turn();
            if idle && self.shared.queue.is_closed() && !self.someone_waits() {
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
            // Where it could not be done until the flying batch has landed, that wakes.
            return if self.flusher.is_flying() { Duration::from_millis(1) } else { Duration::ZERO };
        }
        let due = if self.shared.clock_suspect.load(Ordering::Relaxed) { None } else { self.next_schedule };
        let next = [due, self.deliveries.next_try()].into_iter().flatten().min();
        next.map_or(PATIENCE, |next| Duration::from_micros(next.saturating_sub(now)).min(PATIENCE))
    }

    /// Runs what waits until the batch is full, or has half of it and can be sent off.
    fn fill(&mut self) {
        loop {
            self.hear_landing();
            if self.is_fresh() {
                self.started = Instant::now();
            } else if !self.has_room() || self.is_half() {
                return;
            }
            if self.taken.is_empty() && self.shared.queue.take(&mut self.scratch, TAKEN_AT_ONCE) > 0 {
                self.taken.extend(self.scratch.drain(..));
            }
            let Some(job) = self.taken.pop_front() else { return };
            self.run(job);
        }
    }

    /// Whether a command waits for its turn.
    fn someone_waits(&self) -> bool {
        !self.taken.is_empty() || !self.shared.queue.is_empty()
    }

    fn run(&mut self, job: Job) {
        match job {
            Job::Task(task) => {
                if task.is_switch() {
                    // It reads in the journal what was done before it.
                    self.commit();
                }
                self.task(task);
            }
            Job::Apply(apply) => self.apply(apply),
            Job::Behind(reply) => {
                let worked = self.behind();
                self.commit();
                let _ = reply.send(worked);
            }
        }
        if self.runner.after.installed_changed || !self.runner.after.destroyed.is_empty() {
            // A grant that was taken back, or a pause, holds for the next command, and not only for the next batch. So
            // does an erasure.
            self.commit();
        }
    }

    /// Runs a command here, unless it is known to need more time than there is.
    fn task(&mut self, task: Task) {
        if self.shared.beside.wants(&self.shared, &task) {
            return beside::send(&self.shared, Errand::new(task));
        }
        self.runner.confirmed = None;
        let before = self.entries();
        let begun = Instant::now();
        match task {
            Task::Call(call, callable, reply) => {
                match self.guarded(|runner| runner.command(&call, &callable)) {
                    Err(CallError::Deadline { .. }) => self.too_long(Task::Call(call, callable, reply), 0),
                    result => {
                        let took = begun.elapsed();
                        if result.is_err() && took >= self.shared.limits.command_time / SLOW_FAILURE {
                            self.shared.beside.failed_slowly(&self.shared, &callable);
                        } else {
                            // A list that takes its time, and not too much, is as good a sign as many small calls.
                            let millis = u32::try_from(took.as_millis()).unwrap_or(0);
                            callable.quick_runs.fetch_add(1 + millis, Ordering::Relaxed);
                        }
                        let place = self.place(before);
                        self.pending.push(Pending::Call(reply, result, call, place));
                    }
                }
            }
            Task::Duty(duty, reply) => {
                let done = self.guarded(|runner| runner.duty(&duty));
                drop(reply.send((*duty, done)));
            }
            Task::All(calls, reply) => match self.guarded(|runner| Ok(runner.all(&calls))) {
                Ok(Err(BatchError { error: BatchFailure::Call(CallError::Deadline { .. }), index })) => {
                    self.too_long(Task::All(calls, reply), index);
                }
                Ok(result) => {
                    let place = self.place(before);
                    self.pending.push(Pending::All(reply, result, place));
                }
                Err(error) => {
                    let failed = BatchError { index: 0, error: BatchFailure::Call(error) };
                    self.pending.push(Pending::All(reply, Err(failed), None));
                }
            },
            Task::DryRun(call, callable, reply) => {
                match self.guarded(|runner| runner.dry_run(&call, &callable)) {
                    Err(CallError::Deadline { .. }) => self.too_long(Task::DryRun(call, callable, reply), 0),
                    result => self.pending.push(Pending::DryRun(reply, result)),
                }
            }
        }
    }

    /// Commands in the batch so far.
    fn entries(&self) -> usize {
        self.runner.batch_ref().map_or(0, Batch::entries)
    }

    /// Where in the batch the command is that was run since there were `before`.
    fn place(&self, before: usize) -> Place {
        let entries = self.entries();
        (entries > before).then(|| u32::try_from(entries - 1).ok()).flatten()
    }

    /// T7: found to be long. It has cost its neighbours its time once; from now on it runs beside.
    fn too_long(&mut self, task: Task, index: usize) {
        self.shared.beside.found_long(&self.shared, &task, index);
        beside::send(&self.shared, Errand { confirmed: self.runner.confirmed.take(), ..Errand::new(task) });
    }

    /// A panic of the host in one command is that command's failure, and nobody else's.
    fn guarded<T>(&mut self, run: impl FnOnce(&mut Runner) -> Result<T, CallError>) -> Result<T, CallError> {
        let result = catch_unwind(AssertUnwindSafe(|| run(&mut self.runner)));
        result.unwrap_or_else(|panic| Err(self.recover(&*panic)))
    }

    fn recover(&mut self, panic: &(dyn Any + Send)) -> CallError {
        Metrics::count(&self.shared.metrics.internal);
        tracing::error!(what = panic_text(panic), "the host failed in a command");
        if let Some(lost) = run::take_lost() {
            self.runner.running = Some(lost);
        }
        if let Some(running) = &mut self.runner.running {
            running.drop_kept();
        }
        match self.runner.batch() {
            Ok(batch) => batch.abandon(),
            Err(_) => self.shared.queue.close(),
        }
        CallError::internal("the host failed in this command")
    }
}

pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic")
}
