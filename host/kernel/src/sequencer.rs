//! The sequencer: one thread that runs all commands, one after another, and commits them by the batch (T1, T8).
//!
//! A turn: take what waits (people first), run each in a transaction of its own, commit all with one fsync, then answer
//! everybody. One that fails leaves its neighbours in the batch untouched. When nobody waits, schedules and event
//! deliveries run, as commands of their own (E1, E4).
//!
//! Nothing leaves before the commit: neither an answer nor an event. If that were wrong, somebody would be told of what
//! a power cut undoes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use hamlet_reflect::{Id, binary};
use hamlet_store::{Batch, EntryHeader, Sequence};
use tokio::sync::oneshot;
use wasmtime::component::Val;

use crate::call::{Actor, Answer, BatchError, BatchFailure, Call, CallError, DryRun, EventNote};
use crate::catalogue::{Callable, HOST};
use crate::consent::{Binding, Session, Verdict};
use crate::events::{self, Deliveries, Delivery};
use crate::idempotency::{self, Found, Key};
use crate::kernel::Shared;
use crate::metrics::{BATCH_SIZE_BOUNDS, COMMIT_MICROS_BOUNDS, Metrics};
use crate::namespaces::{BLOBS, EVENTS, KERNEL, SCHEDULES};
use crate::rows::InBatch;
use crate::run::{self, Callee, Running, Tx};
use crate::schedule;
use crate::table::SCHEDULED;
use crate::value::{Outcome, is_err, outcome};

/// Jobs that are taken from the queue under one lock.
const TAKEN_AT_ONCE: usize = 64;
/// Background work in one turn.
const BACKGROUND_MAX: usize = 256;
/// Due schedules looked up at once.
const DUE_MAX: usize = 16;
/// The sequencer looks for work at least this often.
const PATIENCE: Duration = Duration::from_secs(1);
/// Idempotency rows dropped in one go.
const SWEEP_ROWS: usize = 1_024;
/// How often old idempotency rows are looked for, in microseconds of transaction time.
const SWEEP_EVERY_MICROS: u64 = 60 * 1_000_000;
/// How often blobs are swept, in microseconds of transaction time.
const BLOB_SWEEP_EVERY_MICROS: u64 = 6 * 3_600 * 1_000_000;
/// The row of the last time, so that it never goes back (T9).
pub(crate) const TIME_KEY: &[u8] = b"time";

type Reply<T> = oneshot::Sender<T>;

/// A command, or several in one transaction, and who waits.
pub(crate) enum Job {
    Call(Box<Call>, Arc<Callable>, Reply<Result<Answer, CallError>>),
    All(Vec<(Call, Arc<Callable>)>, Reply<Result<Vec<Answer>, BatchError>>),
    DryRun(Box<Call>, Arc<Callable>, Reply<Result<DryRun, CallError>>),
}

/// An answer that waits for the commit.
enum Pending {
    Call(Reply<Result<Answer, CallError>>, Result<Done, CallError>),
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
                self.pending.push(Pending::Call(reply, result));
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

    /// One command (T1, X1, W2).
    fn command(&mut self, call: &Call, callable: &Arc<Callable>) -> Result<Done, CallError> {
        let span = tracing::debug_span!(
            "command",
            plugin = &*callable.plugin,
            function = callable.function.name,
            request = &*call.request_id
        );
        let _entered = span.enter();
        Metrics::count(&self.shared.metrics.commands);
        let result = self.command_in(call, callable);
        if result.is_err() {
            self.abandon();
        }
        result
    }

    fn command_in(&mut self, call: &Call, callable: &Arc<Callable>) -> Result<Done, CallError> {
        let callee = self.resolve(call, callable)?;
        let arguments = binary::digest(&call.arguments);
        let now = self.begin(&call.actor, &call.request_id)?;
        let key = match call.idempotency {
            Some(uuid) => Some(Key::new(uuid, &call.actor, callable, &arguments, now)?),
            None => None,
        };
        if let Some(key) = &key
            && let Found::Result(value) = key.find(self.batch()?)?
        {
            self.abandon();
            Metrics::count(&self.shared.metrics.replays);
            return Ok(Done { result: outcome(value), replayed: true });
        }
        let binding = || binding([(&**callable, &arguments)]);
        if let Some(code) = &call.confirmation {
            let needs = self.shared.confirmations.take(code, &call.actor, binding(), now)?;
            self.set_session(Session::confirmed(needs));
        }
        let value = self.enter(&callee, &call.arguments)?;
        let ok = !is_err(value.as_ref());
        match self.verdict(ok) {
            Verdict::Fine => {}
            Verdict::Differs => return Err(CallError::ConfirmationDiffers),
            Verdict::NobodyThere(needs) => {
                return Err(CallError::ConfirmationNeeded { needs, code: String::new() });
            }
            Verdict::Confirm(_) => {
                self.abandon();
                return self.collect(call, &callee, binding());
            }
        }
        if !ok {
            Metrics::count(&self.shared.metrics.errs);
        }
        self.keep(call, callable, arguments, key.as_ref(), value.as_ref())?;
        Ok(Done { result: outcome(value), replayed: false })
    }

    /// Puts the result beside the writes, and the transaction into the batch. Of an `err` without a key nothing is kept.
    fn keep(
        &mut self,
        call: &Call,
        callable: &Callable,
        arguments: [u8; 32],
        key: Option<&Key>,
        value: Option<&Val>,
    ) -> Result<(), CallError> {
        if is_err(value) && key.is_none() {
            self.abandon();
            return Ok(());
        }
        let encoded = binary::encode(value.map_or(&[], std::slice::from_ref));
        if let Some(key) = key {
            key.keep(self.batch()?, value.is_some(), &encoded)?;
        }
        let header = EntryHeader {
            time: self.now(),
            caller: self.shared.pseudonym(&call.actor),
            plugin: Arc::clone(&callable.plugin),
            version: self.version_of(callable),
            function: self.function_name(callable),
            idempotency: call.idempotency.map(uuid::Uuid::into_bytes),
            arguments,
            result: *blake3::hash(&encoded).as_bytes(),
        };
        self.finish(header)
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

    fn version_of(&self, callable: &Callable) -> Arc<str> {
        let table = self.running.as_ref().map(|running| &running.table);
        let plugin = table.and_then(|table| table.plugin(&callable.plugin));
        plugin.map_or_else(|| Arc::clone(&self.shared.version), |plugin| Arc::clone(&plugin.version))
    }

    /// The shared name of the function, without making a string for each call.
    fn function_name(&self, callable: &Callable) -> Arc<str> {
        let table = self.running.as_ref().map(|running| &running.table);
        let export = table.and_then(|table| table.plugin(&callable.plugin)?.exports.get(callable.number));
        match export {
            Some(export) if *export.name == *callable.function.name => Arc::clone(&export.name),
            _ => Arc::from(&*callable.function.name),
        }
    }

    /// W2: runs a command again to learn its needs at every depth, and rolls it back.
    fn collect(&mut self, call: &Call, callee: &Callee, binding: Binding) -> Result<Done, CallError> {
        let now = self.begin(&call.actor, &call.request_id)?;
        self.set_session(Session::collecting());
        let value = self.enter(callee, &call.arguments)?;
        let verdict = self.verdict(!is_err(value.as_ref()));
        self.abandon();
        match verdict {
            Verdict::Confirm(needs) => {
                let entropy = &*self.shared.entropy;
                let code = self.shared.confirmations.issue(entropy, &call.actor, binding, needs.clone(), now);
                Err(CallError::ConfirmationNeeded { needs, code })
            }
            Verdict::NobodyThere(needs) => Err(CallError::ConfirmationNeeded { needs, code: String::new() }),
            Verdict::Differs => Err(CallError::ConfirmationDiffers),
            // With consent it would still have failed: for a reason that she can read now.
            Verdict::Fine => Ok(Done { result: outcome(value), replayed: false }),
        }
    }

    /// Several calls in one transaction: the first that does not answer `ok` undoes all.
    fn all(&mut self, calls: &[(Call, Arc<Callable>)]) -> Result<Vec<Done>, BatchError> {
        let result = self.all_in(calls);
        if result.is_err() {
            self.abandon();
        }
        result
    }

    fn all_in(&mut self, calls: &[(Call, Arc<Callable>)]) -> Result<Vec<Done>, BatchError> {
        let at =
            |index: usize| move |error: CallError| BatchError { index, error: BatchFailure::Call(error) };
        let Some((first, _)) = calls.first() else { return Ok(Vec::new()) };
        let digests: Vec<[u8; 32]> = calls.iter().map(|(call, _)| binary::digest(&call.arguments)).collect();
        let binding =
            || binding(calls.iter().zip(&digests).map(|((_, callable), digest)| (&**callable, digest)));
        let now = self.begin(&first.actor, &first.request_id).map_err(at(0))?;
        if let Some(code) = calls.iter().find_map(|(call, _)| call.confirmation.as_ref()) {
            let needs = self.shared.confirmations.take(code, &first.actor, binding(), now).map_err(at(0))?;
            self.set_session(Session::confirmed(needs));
        }
        let (done, journalled) = match self.each(calls, &digests) {
            Ok(done) => done,
            Err(error) if matches!(self.verdict(false), Verdict::Confirm(_)) => {
                self.abandon();
                return Err(self.collect_all(calls, &digests, binding(), error));
            }
            Err(error) => return Err(error),
        };
        let last = calls.len() - 1;
        match self.verdict(true) {
            Verdict::Fine => {}
            Verdict::Differs => return Err(at(last)(CallError::ConfirmationDiffers)),
            Verdict::Confirm(needs) | Verdict::NobodyThere(needs) => {
                return Err(at(last)(CallError::ConfirmationNeeded { needs, code: String::new() }));
            }
        }
        if !journalled {
            self.abandon();
            return Ok(done);
        }
        let (arguments, result) = batch_hashes(calls, &digests, &done);
        let header = EntryHeader {
            time: now,
            caller: self.shared.pseudonym(&first.actor),
            plugin: Arc::from(HOST),
            version: Arc::clone(&self.shared.version),
            function: Arc::from("all"),
            idempotency: None,
            arguments,
            result,
        };
        self.finish(header).map_err(at(last))?;
        Ok(done)
    }

    /// Runs each call in the open transaction; gives whether any of them really ran.
    fn each(
        &mut self,
        calls: &[(Call, Arc<Callable>)],
        digests: &[[u8; 32]],
    ) -> Result<(Vec<Done>, bool), BatchError> {
        let mut all = Vec::with_capacity(calls.len());
        let mut journalled = false;
        for (index, ((call, callable), digest)) in calls.iter().zip(digests).enumerate() {
            let done = self
                .one_of_all(call, callable, digest)
                .map_err(|error| BatchError { index, error: BatchFailure::Call(error) })?;
            Metrics::count(&self.shared.metrics.commands);
            journalled |= !done.replayed;
            if let Err(payload) = done.result {
                return Err(BatchError { index, error: BatchFailure::Err(payload) });
            }
            all.push(done);
        }
        Ok((all, journalled))
    }

    fn one_of_all(
        &mut self,
        call: &Call,
        callable: &Arc<Callable>,
        digest: &[u8; 32],
    ) -> Result<Done, CallError> {
        let callee = self.resolve(call, callable)?;
        let key = match call.idempotency {
            Some(uuid) => Some(Key::new(uuid, &call.actor, callable, digest, self.now())?),
            None => None,
        };
        if let Some(key) = &key
            && let Found::Result(value) = key.find(self.batch()?)?
        {
            return Ok(Done { result: outcome(value), replayed: true });
        }
        if let Some(running) = &mut self.running {
            running.actor = call.actor.clone();
            running.request_id = Arc::clone(&call.request_id);
            running.mandate = None;
        }
        let value = self.enter(&callee, &call.arguments)?;
        if let Some(key) = &key
            && !is_err(value.as_ref())
        {
            let encoded = binary::encode(value.as_slice());
            key.keep(self.batch()?, value.is_some(), &encoded)?;
        }
        Ok(Done { result: outcome(value), replayed: false })
    }

    /// W2 for a batch: the needs of all its calls, or why it would fail even with consent.
    fn collect_all(
        &mut self,
        calls: &[(Call, Arc<Callable>)],
        digests: &[[u8; 32]],
        binding: Binding,
        first_error: BatchError,
    ) -> BatchError {
        let index = first_error.index;
        let fail = |error: CallError| BatchError { index, error: BatchFailure::Call(error) };
        let Some((first, _)) = calls.first() else { return first_error };
        let now = match self.begin(&first.actor, &first.request_id) {
            Ok(now) => now,
            Err(error) => return fail(error),
        };
        self.set_session(Session::collecting());
        let collected = self.each(calls, digests);
        let verdict = self.verdict(collected.is_ok());
        self.abandon();
        match (collected, verdict) {
            (Err(error), _) => error,
            (Ok(_), Verdict::Confirm(needs)) => {
                let entropy = &*self.shared.entropy;
                let code =
                    self.shared.confirmations.issue(entropy, &first.actor, binding, needs.clone(), now);
                fail(CallError::ConfirmationNeeded { needs, code })
            }
            (Ok(_), _) => first_error,
        }
    }

    /// What a command would do; nothing is kept.
    fn dry_run(&mut self, call: &Call, callable: &Arc<Callable>) -> Result<DryRun, CallError> {
        let result = self.dry_run_in(call, callable);
        self.abandon();
        result
    }

    fn dry_run_in(&mut self, call: &Call, callable: &Arc<Callable>) -> Result<DryRun, CallError> {
        let callee = self.resolve(call, callable)?;
        self.begin(&call.actor, &call.request_id)?;
        self.set_session(Session::collecting());
        if let Some(running) = &mut self.running {
            running.notes_wanted = true;
        }
        let value = self.enter(&callee, &call.arguments)?;
        let Some(running) = &mut self.running else { return Err(CallError::internal("no state")) };
        running.installed_changed = false;
        running.destroyed_keys.clear();
        let events = std::mem::take(&mut running.events);
        Ok(DryRun { result: outcome(value), events, needs: running.consent.met().to_vec() })
    }

    /// Schedules, deliveries and housekeeping, while no person waits (T8).
    fn background(&mut self) {
        if !self.shared.limits.background || self.shared.queue.is_closed() {
            return;
        }
        for _ in 0..BACKGROUND_MAX {
            if !self.shared.queue.is_empty() || !self.has_room() {
                return;
            }
            let result = self.guarded(Self::background_step);
            match result {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    self.abandon();
                    tracing::error!(%error, "background work failed");
                    return;
                }
            }
        }
    }

    /// One piece of background work; false: there is none.
    fn background_step(&mut self) -> Result<bool, CallError> {
        let now = self.shared.tick_time();
        if !self.shared.clock_suspect.load(Ordering::Relaxed) {
            self.refresh_next_schedule()?;
            if self.next_schedule.is_some_and(|due| due <= now) {
                return self.run_due(now);
            }
        }
        if now >= self.next_sweep {
            self.next_sweep = now + SWEEP_EVERY_MICROS;
            self.sweep(now)?;
        }
        if now >= self.next_blob_sweep && self.batch()?.entries() == 0 {
            self.next_blob_sweep = now + BLOB_SWEEP_EVERY_MICROS;
            self.sweep_blobs()?;
        }
        self.deliver(now)
    }

    fn refresh_next_schedule(&mut self) -> Result<(), CallError> {
        if std::mem::take(&mut self.schedules_touched) {
            self.next_schedule =
                schedule::next_due(&mut InBatch { batch: self.batch()?, namespace: SCHEDULES })?;
        }
        Ok(())
    }

    fn sweep(&mut self, now: u64) -> Result<(), CallError> {
        self.begin(&Actor::Console, &Arc::from("sweep"))?;
        if idempotency::sweep(self.batch()?, now, SWEEP_ROWS)? == 0 {
            self.abandon();
            return Ok(());
        }
        let header = self.host_header("sweep", now);
        self.finish(header)
    }

    /// J5: blobs that nobody holds go. The batch is empty, so that its rows are the committed ones.
    fn sweep_blobs(&mut self) -> Result<(), CallError> {
        let shared = Arc::clone(&self.shared);
        let Some(blobs) = &shared.blobs else { return Ok(()) };
        let removed =
            blobs.sweep(&mut InBatch { batch: self.batch()?, namespace: BLOBS }, SystemTime::now())?;
        if removed > 0 {
            tracing::info!(removed, "blobs that nobody holds were removed");
        }
        Ok(())
    }

    /// An entry for what the host does by itself.
    fn host_header(&self, function: &str, time: u64) -> EntryHeader {
        EntryHeader {
            time,
            caller: Vec::new(),
            plugin: Arc::from(HOST),
            version: Arc::clone(&self.shared.version),
            function: Arc::from(function),
            idempotency: None,
            arguments: [0; 32],
            result: [0; 32],
        }
    }

    fn handler_header(&self, plugin: &Arc<str>, function: &Arc<str>, arguments: &[Val]) -> EntryHeader {
        let table = self.running.as_ref().map(|running| &running.table);
        let version = table.and_then(|table| table.plugin(plugin)).map(|plugin| Arc::clone(&plugin.version));
        EntryHeader {
            time: self.now(),
            caller: self.shared.pseudonym(&Actor::Plugin(Arc::clone(plugin))),
            plugin: Arc::clone(plugin),
            version: version.unwrap_or_else(|| Arc::clone(&self.shared.version)),
            function: Arc::clone(function),
            idempotency: None,
            arguments: binary::digest(arguments),
            result: [0; 32],
        }
    }

    /// E4: the schedules whose time has come.
    fn run_due(&mut self, now: u64) -> Result<bool, CallError> {
        let Some(table) = self.running.as_ref().map(|running| Arc::clone(&running.table)) else {
            return Ok(false);
        };
        let rows = &mut InBatch { batch: self.batch()?, namespace: SCHEDULES };
        let due = schedule::due(rows, now, DUE_MAX, &|plugin| table.runs(plugin))?;
        self.schedules_touched = true;
        if due.is_empty() {
            // All that is due belongs to plugins that do not answer: look again in a while, not at once.
            self.refresh_next_schedule()?;
            self.next_schedule = self.next_schedule.map(|next| next.max(now + 1_000_000));
            return Ok(false);
        }
        for one in due {
            if let Err(why) = self.run_schedule(&table, &one) {
                self.abandon();
                tracing::warn!(plugin = &*one.plugin, schedule = one.name, %why, "a schedule failed");
                let now = self.begin(&Actor::Plugin(Arc::clone(&one.plugin)), &Arc::from("schedule"))?;
                schedule::failed(&mut InBatch { batch: self.batch()?, namespace: SCHEDULES }, &one, now)?;
                let header = self.host_header("schedule-failed", now);
                self.finish(header)?;
            }
        }
        Ok(true)
    }

    fn run_schedule(&mut self, table: &crate::table::Table, one: &schedule::Due) -> Result<(), CallError> {
        let callee = table.handler(&one.plugin, SCHEDULED, "run").ok_or_else(|| {
            CallError::NoSuchFunction { plugin: one.plugin.to_string(), function: "run".into() }
        })?;
        self.begin(&Actor::Plugin(Arc::clone(&one.plugin)), &Arc::from(format!("schedule {}", one.name)))?;
        if !schedule::take(&mut InBatch { batch: self.batch()?, namespace: SCHEDULES }, one)? {
            self.abandon();
            return Ok(());
        }
        let payload = one.payload.iter().map(|byte| Val::U8(*byte)).collect();
        let arguments = [Val::String(one.name.clone()), Val::U64(one.due), Val::List(payload)];
        self.as_host(0);
        self.handled(&callee, &arguments)?;
        let header = self.handler_header(&one.plugin, &Arc::from("run"), &arguments);
        self.finish(header)
    }

    fn as_host(&mut self, causality: u8) {
        if let Some(running) = &mut self.running {
            running.by_host = true;
            running.causality = causality;
        }
    }

    /// Runs a handler; an `err` is a failure too.
    fn handled(&mut self, callee: &Callee, arguments: &[Val]) -> Result<(), CallError> {
        match outcome(self.enter(callee, arguments)?) {
            Ok(_) => Ok(()),
            Err(Some(Val::String(why))) => Err(CallError::internal(format!("it answered an error: {why}"))),
            Err(_) => Err(CallError::internal("it answered an error")),
        }
    }

    /// E1, E2: the next event for one subscriber.
    fn deliver(&mut self, now: u64) -> Result<bool, CallError> {
        if !self.deliveries.pending(now) {
            return Ok(false);
        }
        let Some(running) = &mut self.running else { return Ok(false) };
        let table = Arc::clone(&running.table);
        let Tx::Command(batch) = &mut running.tx else { return Ok(false) };
        let rows = &mut InBatch { batch, namespace: EVENTS };
        let Some(delivery) = self.deliveries.next(rows, now, &|plugin| table.runs(plugin))? else {
            return Ok(false);
        };
        match self.tell(&table, &delivery) {
            Ok(()) => self.deliveries.succeeded(&delivery),
            Err(why) => {
                self.abandon();
                let (emitter, subscriber) = (&*delivery.emitter, &*delivery.subscriber);
                tracing::warn!(emitter, subscriber, number = delivery.number, %why, "an event's handler failed");
                self.deliveries.failed(&delivery, now);
            }
        }
        Ok(true)
    }

    fn tell(&mut self, table: &crate::table::Table, delivery: &Delivery) -> Result<(), CallError> {
        let callee = table
            .handler(&delivery.subscriber, &delivery.interface, &delivery.function)
            .ok_or_else(|| CallError::NoSuchFunction {
                plugin: delivery.subscriber.to_string(),
                function: delivery.function.to_string(),
            })?;
        let request = Arc::from(format!("event {} of {}", delivery.number, delivery.emitter));
        self.begin(&Actor::Plugin(Arc::clone(&delivery.subscriber)), &request)?;
        let rows = &mut InBatch { batch: self.batch()?, namespace: EVENTS };
        if !events::advance(rows, &table.subscriptions, delivery)? {
            self.abandon();
            return Ok(());
        }
        self.as_host(delivery.depth);
        self.handled(&callee, &delivery.arguments)?;
        let header = self.handler_header(&delivery.subscriber, &delivery.function, &delivery.arguments);
        self.finish(header)
    }

    /// Makes the batch durable, then tells everybody.
    fn commit(&mut self) {
        let commands = self.batch_ref().map_or(0, Batch::entries);
        let committed =
            if commands == 0 { Ok(self.shared.store.head()) } else { self.commit_batch(commands) };
        let was_written = std::mem::take(&mut self.time_written);
        match committed {
            Ok(sequence) if was_written => self.after_commit(sequence),
            Ok(_) => {}
            Err(_) => self.after_failed_commit(),
        }
        for pending in self.pending.drain(..) {
            pending.answer(&committed);
        }
    }

    fn commit_batch(&mut self, commands: usize) -> Result<Sequence, CallError> {
        let started = Instant::now();
        let time = self.shared.last_time.load(Ordering::Relaxed);
        // C6: keys first, or a power cut leaves values that nobody can open.
        if let Err(error) = self.shared.keys.flush_new_keys() {
            tracing::error!(%error, "keys of parties cannot be written; the batch is not committed");
            // The batch must never be committed: it goes, and this kernel with it until it is opened again.
            self.running = None;
            self.shared.queue.close();
            return Err(CallError::Commit(Arc::from(error.to_string())));
        }
        let metrics = Arc::clone(&self.shared.metrics);
        match self.batch()?.commit(time) {
            Ok(sequence) => {
                Metrics::count(&metrics.batches);
                metrics.batch_size.observe(&BATCH_SIZE_BOUNDS, u64::try_from(commands).unwrap_or(u64::MAX));
                let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
                metrics.commit_micros.observe(&COMMIT_MICROS_BOUNDS, micros);
                Ok(sequence)
            }
            Err(error) => {
                Metrics::count(&metrics.commit_failures);
                tracing::error!(%error, "a batch could not be committed");
                Err(CallError::Commit(Arc::from(error.to_string())))
            }
        }
    }

    fn after_commit(&mut self, sequence: Sequence) {
        if std::mem::take(&mut self.installed_changed) {
            self.shared.rebuild_table();
            let table = self.shared.table();
            self.deliveries.follow(Arc::clone(&table.subscriptions));
            if let Some(running) = &mut self.running {
                running.use_table(&table);
            }
            self.schedules_touched = true;
        }
        for party in self.destroyed.drain(..) {
            if let Err(error) = self.shared.keys.destroy(party) {
                tracing::error!(%error, "a party's key could not be destroyed");
            }
        }
        for emitter in self.awakened.drain(..) {
            self.deliveries.wake(&emitter);
        }
        self.shared.queries.release(sequence);
        for note in self.notes.drain(..) {
            drop(self.shared.events.send(note));
        }
    }

    /// Nothing of the batch happened: nobody is told of it, and what was known of its rows is forgotten.
    fn after_failed_commit(&mut self) {
        self.notes.clear();
        self.awakened.clear();
        self.destroyed.clear();
        self.installed_changed = false;
        self.schedules_touched = true;
        self.deliveries.follow(Arc::clone(&self.shared.table().subscriptions));
        if let Some(running) = &mut self.running {
            running.drop_kept();
        }
    }
}

impl Pending {
    fn answer(self, committed: &Result<Sequence, CallError>) {
        match self {
            Self::Call(reply, result) => {
                let result = result.and_then(|done| Ok(done.answer(committed.clone()?)));
                drop(reply.send(result));
            }
            Self::All(reply, result) => {
                let result = result.and_then(|all| {
                    let sequence = committed
                        .clone()
                        .map_err(|error| BatchError { index: 0, error: BatchFailure::Call(error) })?;
                    Ok(all.into_iter().map(|done| done.answer(sequence)).collect())
                });
                drop(reply.send(result));
            }
            Self::DryRun(reply, result) => drop(reply.send(result)),
        }
    }
}

impl Done {
    fn answer(self, sequence: Sequence) -> Answer {
        Answer { sequence, result: self.result, replayed: self.replayed }
    }
}

fn binding<'a>(calls: impl IntoIterator<Item = (&'a Callable, &'a [u8; 32])>) -> Binding {
    Binding::of(calls.into_iter().map(|(callable, arguments)| {
        (&*callable.plugin, &*callable.interface.id, &*callable.function.name, arguments)
    }))
}

/// The hashes of a batch's entry: over each call with its arguments, and over each result.
fn batch_hashes(
    calls: &[(Call, Arc<Callable>)],
    digests: &[[u8; 32]],
    done: &[Done],
) -> ([u8; 32], [u8; 32]) {
    let mut arguments = blake3::Hasher::new();
    for ((_, callable), digest) in calls.iter().zip(digests) {
        for part in [&*callable.plugin, &callable.interface.id, &callable.function.name] {
            arguments.update(&(part.len() as u64).to_be_bytes());
            arguments.update(part.as_bytes());
        }
        arguments.update(digest);
    }
    let mut results = blake3::Hasher::new();
    for one in done {
        let (tag, value) = match &one.result {
            Ok(value) => (1, value),
            Err(value) => (0, value),
        };
        results.update(&[tag]);
        results.update(&binary::digest(value.as_slice()));
    }
    (*arguments.finalize().as_bytes(), *results.finalize().as_bytes())
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic")
}
