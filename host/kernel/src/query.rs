//! Queries: in parallel, each on a snapshot, on threads of their own (T1, T6).
//!
//! A query that names a sequence waits, without a thread, until that batch is visible or its patience ends. The queue
//! is bounded; full is `busy`. One that takes long gives way ([`long`]).

pub(crate) mod long;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use hamlet_store::Sequence;
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use crate::beside::{Answered, Replied};
use crate::call::{Call, CallError};
use crate::catalogue::Callable;
use crate::config::SEQUENCE_AHEAD_MAX;
use crate::kernel::Shared;
use crate::metrics::Metrics;
use crate::run::{self, Running, Tx};
use crate::value::Passed;

/// After so long without a query a worker lets its kept instances go.
const IDLE: Duration = Duration::from_secs(2);

/// A query and who waits for it.
pub(crate) struct Query {
    pub(crate) call: Call,
    pub(crate) callable: Arc<Callable>,
    pub(crate) reply: oneshot::Sender<Replied>,
}

#[derive(Default)]
struct State {
    ready: VecDeque<Query>,
    /// Sequence, the tick at which patience ends, the query.
    waiting: Vec<(Sequence, u64, Query)>,
    closed: bool,
}

/// The queue of queries, and the threads that run them.
pub(crate) struct Queries {
    state: Mutex<State>,
    arrived: Condvar,
    pub(crate) workers: long::Workers,
    /// So many threads; as many again while some take long.
    at_once: usize,
}

impl Queries {
    pub(crate) fn new(at_once: usize) -> Self {
        Self {
            state: Mutex::default(),
            arrived: Condvar::default(),
            workers: long::Workers::default(),
            at_once,
        }
    }

    /// Starts the threads.
    pub(crate) fn start(&self, shared: &Arc<Shared>) -> std::io::Result<()> {
        (0..self.at_once).try_for_each(|_| self.workers.start(shared))
    }

    /// Adds a query, to wait for its sequence if that is not visible yet; one that waits for what cannot come is
    /// answered at once. `head` is asked under the lock, so that no commit slips between.
    pub(crate) fn push(&self, query: Query, head: impl Fn() -> Sequence, patience: u64, most: usize) {
        let mut state = self.state.lock();
        if state.closed || state.ready.len() + state.waiting.len() >= most {
            let why = if state.closed { CallError::ShuttingDown } else { CallError::Busy };
            drop(state);
            answer(query.reply, Err(why));
            return;
        }
        match query.call.at_least {
            Some(sequence) if sequence > head() => {
                let newest = head();
                if sequence - newest.min(sequence) > SEQUENCE_AHEAD_MAX {
                    drop(state);
                    return answer(query.reply, Err(CallError::SequenceUnknown { sequence, newest }));
                }
                state.waiting.push((sequence, patience, query));
            }
            _ => {
                state.ready.push_back(query);
                drop(state);
                self.arrived.notify_one();
            }
        }
    }

    /// A batch became visible.
    pub(crate) fn release(&self, head: Sequence) {
        let mut state = self.state.lock();
        if state.waiting.is_empty() {
            return;
        }
        let (ready, waiting) =
            std::mem::take(&mut state.waiting).into_iter().partition(|(at, _, _)| *at <= head);
        state.waiting = waiting;
        let ready: Vec<_> = ready;
        state.ready.extend(ready.into_iter().map(|(_, _, query)| query));
        drop(state);
        self.arrived.notify_all();
    }

    /// A tick: some have waited long enough.
    pub(crate) fn expire(&self, tick: u64) {
        let mut state = self.state.lock();
        if state.waiting.is_empty() {
            return;
        }
        let (late, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut state.waiting).into_iter().partition(|(_, patience, _)| *patience <= tick);
        state.waiting = waiting;
        drop(state);
        for (sequence, _, query) in late {
            answer(query.reply, Err(CallError::SequenceTimeout { sequence }));
        }
    }

    /// Takes no more; those that wait for a sequence are told, those that are ready still run.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        self.arrived.notify_all();
        for (_, _, query) in waiting {
            answer(query.reply, Err(CallError::ShuttingDown));
        }
    }

    /// The next query; `Err` after a while without one, `Ok(None)` when closed and empty.
    fn pop(&self) -> Result<Option<Query>, Idle> {
        let mut state = self.state.lock();
        loop {
            if let Some(query) = state.ready.pop_front() {
                return Ok(Some(query));
            }
            if state.closed {
                return Ok(None);
            }
            if self.arrived.wait_for(&mut state, IDLE).timed_out() && state.ready.is_empty() && !state.closed
            {
                return Err(Idle);
            }
        }
    }
}

struct Idle;

/// Whoever waited may have left; that is no failure.
fn answer(reply: oneshot::Sender<Replied>, result: Result<Answered, CallError>) {
    drop(reply.send((result, None)));
}

/// A worker's life.
pub(crate) fn work(shared: &Arc<Shared>) {
    let mut running = Running::idle(Arc::clone(shared), shared.table(), Tx::Nothing);
    loop {
        match shared.queries.pop() {
            Ok(Some(query)) => {
                running = serve(shared, running, query);
                if long::gave_way(shared) {
                    return;
                }
            }
            Ok(None) => return,
            Err(Idle) => running.drop_kept(),
        }
    }
}

fn serve(shared: &Arc<Shared>, running: Box<Running>, query: Query) -> Box<Running> {
    let Query { call, callable, reply } = query;
    if reply.is_closed() {
        return running;
    }
    Metrics::count(&shared.metrics.queries);
    let span = tracing::debug_span!(
        "query",
        plugin = &*callable.plugin,
        function = callable.function.name,
        request = &*call.request_id
    );
    let _entered = span.enter();
    let ran = catch_unwind(AssertUnwindSafe(|| run_query(shared, running, &call, &callable)));
    let (running, result) = ran.unwrap_or_else(|_| {
        Metrics::count(&shared.metrics.internal);
        drop(run::take_lost());
        let fresh = Running::idle(Arc::clone(shared), shared.table(), Tx::Nothing);
        (fresh, Err(CallError::internal("the host failed in a query")))
    });
    answer(reply, result);
    running
}

fn run_query(
    shared: &Arc<Shared>,
    mut running: Box<Running>,
    call: &Call,
    callable: &Arc<Callable>,
) -> (Box<Running>, Result<Answered, CallError>) {
    let snapshot = shared.store.snapshot();
    let sequence = snapshot.sequence();
    running.use_table(&shared.table());
    running.tx = Tx::Query(snapshot);
    let deadline = shared.engine.deadline(shared.limits.query_time);
    running.begin(call.actor.clone(), Arc::clone(&call.request_id), deadline);
    running.long_from = Some(shared.engine.after(long::LONG));
    running.now = shared.time_for_queries();
    let callee = match Shared::resolve(&running.table, call, callable) {
        Ok(callee) => callee,
        Err(why) => {
            running.tx = Tx::Nothing;
            return (running, Err(why));
        }
    };
    let image = callable.signature.image(&call.arguments);
    let passed = Passed { values: &call.arguments, image: image.as_ref() };
    let (mut running, ended) = run::call_with(running, &callee, passed);
    running.tx = Tx::Nothing;
    let result = match ended {
        Ok(given) => Ok(Answered { sequence, command: None, given, replayed: false }),
        Err(_) => Err(running.take_doom()),
    };
    (running, result)
}
