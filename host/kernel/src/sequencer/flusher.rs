//! The second half of a commit, on a thread of its own: a batch is made durable and everybody is told, while the
//! sequencer runs the next one on top of it.
//!
//! One batch at a time is *flying*. What is run on top of it may only be told once its own batch has landed, and so
//! after this one: if this one falls, so does the other (J2), and the sequencer sees to that when it hears of it.
//! Nothing here knows what a command is.
//!
//! A batch of one command, with nobody waiting behind it, is flushed on the sequencer's own thread: there is nothing to
//! run meanwhile, and two changes of threads would be added to its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Instant;

use hamlet_store::{Flushed, Sealed, Sequence};

use super::Pending;
use crate::call::{CallError, EventNote};
use crate::kernel::Shared;
use crate::metrics::{BATCH_SIZE_BOUNDS, COMMIT_MICROS_BOUNDS, Metrics};

/// A sealed batch, and whoever waits for it.
pub(super) struct Flight {
    pub(super) sealed: Sealed,
    pub(super) pending: Vec<Pending>,
    pub(super) notes: Vec<EventNote>,
    pub(super) commands: usize,
}

impl Flight {
    /// Makes it durable and tells readers; the callers are told by [`Landed::answer`].
    fn land(self, shared: &Shared) -> (Flushed, Landed) {
        let Self { sealed, pending, notes, commands } = self;
        let started = Instant::now();
        let flushed = sealed.flush();
        let metrics = &shared.metrics;
        let committed = match flushed.result() {
            Ok(sequence) => {
                Metrics::count(&metrics.batches);
                metrics.batch_size.observe(&BATCH_SIZE_BOUNDS, u64::try_from(commands).unwrap_or(u64::MAX));
                let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
                metrics.commit_micros.observe(&COMMIT_MICROS_BOUNDS, micros);
                shared.queries.release(sequence);
                for note in notes {
                    drop(shared.events.send(note));
                }
                Ok(sequence)
            }
            Err(error) => {
                Metrics::count(&metrics.commit_failures);
                tracing::error!(%error, "a batch could not be committed");
                Err(CallError::Commit(Arc::from(error.to_string())))
            }
        };
        (flushed, Landed { pending, committed })
    }
}

/// Callers who can be told.
pub(super) struct Landed {
    pending: Vec<Pending>,
    committed: Result<Sequence, CallError>,
}

impl Landed {
    pub(super) fn answer(self) {
        for pending in self.pending {
            pending.answer(&self.committed);
        }
    }
}

/// The flushing thread, as the sequencer sees it.
pub(super) struct Flusher {
    shared: Arc<Shared>,
    /// None at the end.
    flights: Option<Sender<Flight>>,
    landed: Receiver<Flushed>,
    /// Something is in `landed`: looked at between any two commands.
    has_landed: Arc<AtomicBool>,
    flying: bool,
    thread: Option<JoinHandle<()>>,
}

/// The flushing thread is gone, and with it the journal's writing end.
pub(super) struct Lost;

impl Flusher {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(shared: Arc<Shared>) -> std::io::Result<Self> {
        let (flights, arriving) = channel::<Flight>();
        let (landing, landed) = channel();
        let has_landed = Arc::new(AtomicBool::new(false));
        let thread = std::thread::Builder::new().name("hamlet-flush".into()).spawn({
            let (shared, has_landed) = (Arc::clone(&shared), Arc::clone(&has_landed));
            move || {
                for flight in arriving {
                    let (flushed, told) = flight.land(&shared);
                    // The sequencer first: whoever is answered finds it settled when she sends the next command.
                    let gone = landing.send(flushed).is_err();
                    has_landed.store(true, Ordering::Release);
                    shared.queue.wake();
                    told.answer();
                    if gone {
                        return;
                    }
                }
            }
        })?;
        let flights = Some(flights);
        Ok(Self { shared, flights, landed, has_landed, flying: false, thread: Some(thread) })
    }

    /// Whether a batch is on its way, or landed and not heard of.
    pub(super) fn is_flying(&self) -> bool {
        self.flying
    }

    /// Whether [`Self::landed`] has something to say. A few nanoseconds.
    pub(super) fn has_landed(&self) -> bool {
        self.flying && self.has_landed.load(Ordering::Acquire)
    }

    /// Sends a batch off. None may be flying.
    pub(super) fn fly(&mut self, flight: Flight) {
        debug_assert!(!self.flying, "one at a time");
        self.flying = true;
        self.has_landed.store(false, Ordering::Relaxed);
        if let Some(flights) = &self.flights
            && let Err(lost) = flights.send(flight)
        {
            let committed = Err(CallError::internal("the thread that writes the journal has ended"));
            Landed { pending: lost.0.pending, committed }.answer();
        }
    }

    /// Lands a batch on this thread. None may be flying.
    pub(super) fn land_here(&mut self, flight: Flight) -> (Flushed, Landed) {
        debug_assert!(!self.flying, "one at a time");
        flight.land(&self.shared)
    }

    /// Waits for the batch that is flying; none: there is none.
    pub(super) fn landed(&mut self) -> Option<Result<Flushed, Lost>> {
        if !std::mem::take(&mut self.flying) {
            return None;
        }
        Some(self.landed.recv().map_err(|_| Lost))
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.flights = None;
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}
