//! [`Kernel`]: one community's kernel, as the rest of the host sees it.

mod files;
mod open;
mod shared;

pub use open::OpenError;
pub(crate) use shared::Shared;

use open::Threads;
use shared::CLOCK_JUMP_MICROS;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use hamlet_bundle::Kind;
use hamlet_store::{Namespace, Sequence, Snapshot, Store};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{broadcast, oneshot};
use wasmtime::component::Linker;

use crate::beside::{self, Asked, Beside, Errand, Replied, Task};
use crate::call::{Actor, Answer, BatchError, BatchFailure, Call, CallError, DryRun, EventNote};
use crate::capability;
use crate::catalogue::{Callable, Catalogue, HOST};
use crate::config::KernelConfig;
use crate::consent::Confirmations;
use crate::engine::{CodeCache, Engine};
use crate::fair::{Lane, Refused, SharedQueue};
use crate::gate::Uses;
use crate::metrics::Metrics;
use crate::namespaces::FIRST_ROOM;
use crate::package::{Stager, Staging};
use crate::query::{Queries, Query};
use crate::sequencer::Job;
use crate::table::{Parts, Table};

/// Live events that a slow listener may be behind before it loses some.
const EVENTS_BEHIND_MAX: usize = 4_096;
/// The most calls of [`Kernel::call_all`].
pub const CALLS_IN_ONE_MAX: usize = 1_000;

/// One community's kernel. Clones are the same kernel; when the last goes, its threads finish what waits and end.
#[derive(Clone)]
pub struct Kernel {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    /// No more calls are taken.
    stopping: AtomicBool,
    threads: Mutex<Threads>,
}

impl Kernel {
    /// Opens the store, loads the installed plugins and starts the threads.
    ///
    /// Cost: in proportion to what the store had not folded, and to the plugins; nothing is compiled where the cache of
    /// compiled code is warm.
    pub fn open(config: KernelConfig) -> Result<Self, OpenError> {
        let (store, mut batch) = open::open_store(&config)?;
        let (secret, keys) = open::open_keys(&config)?;
        let log_key = open::open_log_key(&config)?;
        open::apply_erasures(&store, &keys)?;
        let blobs = open::open_blobs(&config, &keys)?;
        let rooms = open::open_rooms(&config, &store, &mut batch)?;
        let query_threads = open::query_threads(&config.limits);
        let beside_threads = open::beside_threads(&config.limits);
        let queries = Arc::new(Queries::new(query_threads));
        let waiting: Weak<Queries> = Arc::downgrade(&queries);
        let ticks = Arc::new(AtomicU64::new(0));
        let engine = Engine::new(query_threads + beside_threads + 1, query_threads, move || {
            let tick = ticks.fetch_add(1, Ordering::Relaxed) + 1;
            if let Some(queries) = waiting.upgrade() {
                queries.expire(tick);
            }
        })
        .map_err(|error| OpenError::Engine(format!("{error:#}")))?;
        let mut base = Linker::new(&engine.wasmtime);
        capability::add_to_linker(&mut base).map_err(|error| OpenError::Engine(format!("{error:#}")))?;
        let staging = Arc::new(Staging::default());
        let natives = open::natives(&config, &staging, &rooms)?;
        let cache_dir = config.cache_dir.clone().or_else(|| Some(config.dir.as_ref()?.join("cache")));
        let stager = Stager {
            engine: engine.wasmtime.clone(),
            cache: CodeCache::new(cache_dir, secret.derive("hamlet 2026 compiled code")),
            dir: config.dir.as_ref().map(|dir| dir.join("plugins")),
        };
        let state = open::load_installed(&store, &stager, &staging)?;
        let uses = Uses::default();
        let stored = |namespace| store.usage(namespace);
        let parts = Parts {
            base: &base,
            natives: &natives,
            staging: &staging,
            state,
            uses: &uses,
            stored: &stored,
            generation: 1,
        };
        let table = RwLock::new(Arc::new(Table::build(&parts)));
        let last_time = open::stored_time(&store)?;
        let wall = config.clock.now();
        let directory_namespace =
            rooms.get(config.directory.room()).copied().unwrap_or(Namespace(FIRST_ROOM));
        let shared = Arc::new(Shared {
            queue: SharedQueue::new(config.limits.queue),
            beside: Beside::new(config.limits.beside_queue),
            limits: config.limits,
            clock_suspect: AtomicBool::new(wall.saturating_add(CLOCK_JUMP_MICROS) < last_time),
            clock_base: Mutex::new((Instant::now(), wall)),
            clock: config.clock,
            entropy: config.entropy,
            directory: config.directory,
            directory_namespace,
            keys,
            log_key,
            blobs,
            metrics: Arc::default(),
            engine,
            store,
            queries,
            confirmations: Confirmations::default(),
            events: broadcast::Sender::new(EVENTS_BEHIND_MAX),
            version: Arc::from(env!("CARGO_PKG_VERSION")),
            last_time: AtomicU64::new(last_time),
            pseudonym_key: secret.derive("hamlet 2026 callers in the journal"),
            host_key: secret.derive("hamlet 2026 crates above the kernel"),
            staging,
            uses,
            stager,
            base,
            natives,
            rooms,
            table,
        });
        let threads = open::start(&shared, batch, beside_threads)?;
        Ok(Self {
            inner: Arc::new(Inner { shared, stopping: AtomicBool::new(false), threads: Mutex::new(threads) }),
        })
    }

    /// Calls a function. A command is durable when this returns. Dropping the future does not stop the call (T8).
    pub async fn call(&self, call: Call) -> Result<Answer, CallError> {
        answered(self.submit(call)?.await)
    }

    /// The same, for threads without an async runtime.
    pub fn call_blocking(&self, call: Call) -> Result<Answer, CallError> {
        answered(block_on(self.submit(call)?))
    }

    /// Calls several functions in one transaction, in order. The first that does not answer `ok` undoes all of them.
    ///
    /// They share one command's time and write-set. Answers of queries among them see the writes before them. Keys hold
    /// for each call; a confirmation (of the first that carries one) is for all. At most [`CALLS_IN_ONE_MAX`].
    pub async fn call_all(&self, calls: Vec<Call>) -> Result<Vec<Answer>, BatchError> {
        let fail = |index: usize, error: CallError| BatchError { index, error: BatchFailure::Call(error) };
        if calls.len() > CALLS_IN_ONE_MAX {
            return Err(fail(
                CALLS_IN_ONE_MAX,
                CallError::arguments(format!("at most {CALLS_IN_ONE_MAX} calls")),
            ));
        }
        let catalogue = self.catalogue();
        let mut found = Vec::with_capacity(calls.len());
        for (index, call) in calls.into_iter().enumerate() {
            let callable = catalogue
                .find(&call.plugin, &call.interface, &call.function)
                .map_err(|error| fail(index, error))?;
            found.push((Asked::new(call, callable), Arc::clone(callable)));
        }
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let (reply, answer) = oneshot::channel();
        self.push(Task::All(found, reply)).map_err(|error| fail(0, error))?;
        let answers = answer.await.unwrap_or_else(|_| Err(fail(0, CallError::ShuttingDown)))?;
        let answers = answers.into_iter().enumerate();
        answers.map(|(index, answer)| answer.open().map_err(|error| fail(index, error))).collect()
    }

    /// What a command would do: its result, its events, and the consent that it needs at any depth. Nothing is kept.
    /// Of a query: its result.
    pub async fn dry_run(&self, call: Call) -> Result<DryRun, CallError> {
        let catalogue = self.catalogue();
        let callable = Arc::clone(catalogue.find(&call.plugin, &call.interface, &call.function)?);
        if callable.rule.kind == Kind::Query {
            let answer = self.call(call).await?;
            return Ok(DryRun { result: answer.result, events: Vec::new(), needs: Vec::new() });
        }
        let (reply, answer) = oneshot::channel();
        let asked = Box::new(Asked::new(call, &callable));
        self.push(Task::DryRun(asked, callable, reply))?;
        received(answer.await)
    }

    /// All that can be called now.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.inner.shared.table.read().catalogue)
    }

    /// One function; `interface` as in [`Call::interface`].
    pub fn function(&self, plugin: &str, interface: &str, function: &str) -> Option<Arc<Callable>> {
        self.catalogue().find(plugin, interface, function).ok().map(Arc::clone)
    }

    /// Reads rows of natives on a snapshot, for those who keep them.
    pub fn read<R>(&self, read: impl FnOnce(&mut Snapshot) -> R) -> R {
        read(&mut self.inner.shared.store.snapshot())
    }

    /// The namespace of a room of natives ([`crate::NativeProvider::room`]).
    pub fn room(&self, room: &str) -> Option<Namespace> {
        self.inner.shared.rooms.get(room).copied()
    }

    /// Opens what a native sealed for a party (C6); none: its key is destroyed, or it is not a sealed value.
    ///
    /// For those who keep rows of natives; a plugin's own cannot be opened here.
    pub fn open_sealed(&self, party: hamlet_reflect::Id, sealed: &[u8]) -> Option<Vec<u8>> {
        let opened = self.inner.shared.keys.open_sealed(HOST, party, sealed);
        opened.inspect_err(|error| tracing::error!(%error, "a sealed value cannot be opened")).ok()?.ok()
    }

    /// The newest durable batch.
    pub fn head(&self) -> Sequence {
        self.inner.shared.store.head()
    }

    /// The time that a transaction would have now, in microseconds (T9).
    pub fn now(&self) -> u64 {
        self.inner.shared.time_for_queries()
    }

    /// Events from now on, each after its commit, in order. Whoever is slow loses the oldest.
    pub fn subscribe_events(&self) -> broadcast::Receiver<EventNote> {
        self.inner.shared.events.subscribe()
    }

    /// The counters, live.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.inner.shared.metrics)
    }

    /// A key of this community for one purpose of the host's, the same after each start: of what a browser is known by,
    /// for example. Never a party's, and none that opens anything sealed. `purpose`: a sentence that nothing else uses.
    pub fn key_for(&self, purpose: &str) -> [u8; 32] {
        blake3::derive_key(purpose, &self.inner.shared.host_key)
    }

    /// T9: whether the clock jumped by over an hour, so that schedules pause until [`Kernel::confirm_clock`].
    pub fn clock_suspect(&self) -> bool {
        self.inner.shared.clock_suspect.load(Ordering::Relaxed)
    }

    /// T9: a steward says that the clock is right.
    pub fn confirm_clock(&self) {
        let shared = &self.inner.shared;
        *shared.clock_base.lock() = (Instant::now(), shared.clock.now());
        shared.clock_suspect.store(false, Ordering::Relaxed);
        shared.queue.wake();
    }

    /// How many commands wait.
    pub fn waiting(&self) -> usize {
        self.inner.shared.queue.len() + self.inner.shared.beside.len()
    }

    /// What the store says of itself.
    pub fn store_stats(&self) -> hamlet_store::Stats {
        self.inner.shared.store.stats()
    }

    /// The store, for those who follow the journal.
    pub fn store(&self) -> &Store {
        &self.inner.shared.store
    }

    /// Takes no more calls, finishes those that wait, and ends the threads. Doing it again does nothing.
    pub fn shutdown(&self) {
        self.inner.stop();
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.inner.shared
    }

    fn submit(&self, call: Call) -> Result<oneshot::Receiver<Replied>, CallError> {
        let shared = &self.inner.shared;
        let catalogue = self.catalogue();
        let callable = Arc::clone(catalogue.find(&call.plugin, &call.interface, &call.function)?);
        let (reply, answer) = oneshot::channel();
        match callable.rule.kind {
            Kind::Query => {
                let patience = shared.engine.after(shared.limits.sequence_wait);
                let query = Query { call, callable, reply };
                shared.queries.push(query, || shared.store.head(), patience, shared.limits.query_queue);
            }
            Kind::Command => {
                let asked = Box::new(Asked::new(call, &callable));
                self.push(Task::Call(asked, callable, reply))?;
            }
        }
        Ok(answer)
    }

    /// Does what is owed now (due schedules, events, housekeeping), commits it, and gives whether there was any. For
    /// simulators, with [`Limits::background`](crate::Limits::background) off: nothing of it happens by itself then.
    ///
    /// # Errors
    /// [`CallError::ShuttingDown`], [`CallError::Busy`].
    pub fn work_behind(&self) -> Result<bool, CallError> {
        let (reply, answer) = oneshot::channel();
        let pushed =
            self.inner.shared.queue.push(Lane::People, &Arc::from(""), Actor::Anyone, Job::Behind(reply));
        pushed.map_err(|refused| match refused {
            Refused::Closed(_) => CallError::ShuttingDown,
            Refused::Full(_) | Refused::PrincipalFull(_) => CallError::Busy,
        })?;
        block_on(answer).map_err(|_| CallError::ShuttingDown)
    }

    /// Queues a command: before the sequencer, or beside it where it is known to be long (T7).
    fn push(&self, task: Task) -> Result<(), CallError> {
        let shared = &self.inner.shared;
        if self.inner.stopping.load(Ordering::Relaxed) {
            return Err(CallError::ShuttingDown);
        }
        if shared.beside.wants(shared, &task) {
            beside::send(shared, Errand::new(task));
            return Ok(());
        }
        let (plugin, actor) = task.line();
        shared.queue.push(Lane::People, &plugin, actor, Job::Task(task)).map_err(|refused| match refused {
            Refused::Closed(_) => CallError::ShuttingDown,
            Refused::Full(_) | Refused::PrincipalFull(_) => {
                Metrics::count(&shared.metrics.busy);
                CallError::Busy
            }
        })
    }
}

fn answered(reply: Result<Replied, oneshot::error::RecvError>) -> Result<Answer, CallError> {
    reply.map_or(Err(CallError::ShuttingDown), |(answer, _)| answer?.open())
}

/// A reply that never comes means that its thread has ended.
fn received<T>(answer: Result<Result<T, CallError>, oneshot::error::RecvError>) -> Result<T, CallError> {
    answer.unwrap_or(Err(CallError::ShuttingDown))
}

impl Inner {
    fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        let mut threads = self.threads.lock();
        // First those beside: what they finish, the sequencer still applies. It takes as long as a long command may.
        self.shared.beside.close();
        // A thread that panicked has nothing left to say.
        threads.beside.drain(..).for_each(|thread| drop(thread.join()));
        self.shared.queue.close();
        self.shared.queries.close();
        threads.others.drain(..).for_each(|thread| drop(thread.join()));
        self.shared.queries.workers.join();
        drop(threads);
        // So that the next start replays nothing. What is not folded is in the journal all the same.
        if let Err(error) = self.shared.store.fold_all() {
            tracing::warn!(%error, "the rows could not be folded before the end");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Waits for a future on this thread.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}
