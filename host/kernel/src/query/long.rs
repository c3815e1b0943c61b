//! Queries that take long give way, so that nobody waits for a slow plugin (T7).
//!
//! A guest that has run for [`LONG`] in a query sends its thread behind those who answer quickly, as far as a long command
//! is (`beside`), and a new thread takes its place at the queue. Only the privileged may step forward again, so a thread
//! that gave way ends with its query. At most as many are without a successor as there are threads for queries: so
//! twice that number of guests run queries at once, and those beyond them wait.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;

use super::work;
use crate::config::THREAD_STACK_BYTES;
use crate::kernel::Shared;
use crate::priority;

/// How long a query runs beside those who answer quickly: most need a hundredth of it.
pub(crate) const LONG: Duration = Duration::from_millis(20);

/// The threads that run queries.
#[derive(Default)]
pub(crate) struct Workers {
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Those that gave way, are still at work, and were replaced.
    long: AtomicUsize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Among the quick.
    Quick,
    /// Gave way, and another took its place.
    Replaced,
    /// Gave way, and its place is empty.
    Alone,
}

thread_local! {
    static WAY: Cell<Way> = const { Cell::new(Way::Quick) };
}

impl Workers {
    /// Starts one more.
    pub(crate) fn start(&self, shared: &Arc<Shared>) -> std::io::Result<()> {
        let theirs = Arc::clone(shared);
        let thread = std::thread::Builder::new()
            .name("hamlet-query".into())
            // T10: as all threads that run guests.
            .stack_size(THREAD_STACK_BYTES)
            .spawn(move || {
                priority::step_back(priority::QUERY);
                work(&theirs);
            })?;
        let mut threads = self.threads.lock();
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
        Ok(())
    }

    /// Waits until all have ended, those too that they start meanwhile; the queue is closed.
    pub(crate) fn join(&self) {
        loop {
            let Some(thread) = self.threads.lock().pop() else { return };
            // A thread that panicked has nothing left to say.
            drop(thread.join());
        }
    }
}

/// The query of this thread has taken long: the thread steps back, and another takes its place.
pub(crate) fn give_way(shared: &Arc<Shared>) {
    if WAY.get() != Way::Quick {
        return;
    }
    priority::step_back(priority::BESIDE - priority::QUERY);
    let workers = &shared.queries.workers;
    let most = shared.queries.at_once;
    let free = |long: usize| (long < most).then_some(long + 1);
    WAY.set(Way::Alone);
    if workers.long.fetch_update(Ordering::Relaxed, Ordering::Relaxed, free).is_err() {
        return;
    }
    match workers.start(shared) {
        Ok(()) => WAY.set(Way::Replaced),
        Err(error) => {
            workers.long.fetch_sub(1, Ordering::Relaxed);
            tracing::warn!(%error, "a thread cannot be started");
        }
    }
}

/// Whether this thread gave way in the query that has ended: then it ends too, and its place is filled.
pub(super) fn gave_way(shared: &Arc<Shared>) -> bool {
    let workers = &shared.queries.workers;
    match WAY.get() {
        Way::Quick => return false,
        Way::Replaced => {
            workers.long.fetch_sub(1, Ordering::Relaxed);
        }
        Way::Alone => {
            if let Err(error) = workers.start(shared) {
                // Better a thread that stepped back than none.
                tracing::warn!(%error, "a thread cannot be started");
                return false;
            }
        }
    }
    true
}
