//! The end of a turn: the batch is made durable, and then everybody is told.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use hamlet_store::{Batch, Sequence};

use super::{Pending, Sequencer};
use crate::beside::Answered;
use crate::call::{BatchError, BatchFailure, CallError};
use crate::metrics::{BATCH_SIZE_BOUNDS, COMMIT_MICROS_BOUNDS, Metrics};
use crate::runner::After;

impl Sequencer {
    /// Makes the batch durable, then tells everybody.
    pub(super) fn commit(&mut self) {
        let commands = self.runner.batch_ref().map_or(0, Batch::entries);
        let committed = if commands == 0 { self.end_empty_batch() } else { self.commit_batch(commands) };
        let was_written = self.runner.end_batch();
        match committed {
            Ok(sequence) if was_written => self.after_commit(sequence),
            Ok(_) => {}
            Err(_) => self.after_failed_commit(),
        }
        for pending in self.pending.drain(..) {
            pending.answer(&committed);
        }
    }

    /// Without I/O: the writer lets go of what it read, so that an idle kernel holds no old rows.
    fn end_empty_batch(&mut self) -> Result<Sequence, CallError> {
        let time = self.shared.last_time.load(Ordering::Relaxed);
        self.runner.batch()?.commit(time).map_err(|error| CallError::Commit(Arc::from(error.to_string())))
    }

    pub(super) fn commit_batch(&mut self, commands: usize) -> Result<Sequence, CallError> {
        let started = Instant::now();
        let time = self.shared.last_time.load(Ordering::Relaxed);
        // C6: keys first, or a power cut leaves values that nobody can open.
        if let Err(error) = self.shared.keys.flush_new_keys() {
            tracing::error!(%error, "keys of parties cannot be written; the batch is not committed");
            // The batch must never be committed: it goes, and this kernel with it until it is opened again.
            self.runner.running = None;
            self.shared.queue.close();
            return Err(CallError::Commit(Arc::from(error.to_string())));
        }
        let metrics = Arc::clone(&self.shared.metrics);
        match self.runner.batch()?.commit(time) {
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

    pub(super) fn after_commit(&mut self, sequence: Sequence) {
        let After { notes, awakened, destroyed, installed_changed, schedules_touched, letters_touched } =
            std::mem::take(&mut self.runner.after);
        self.schedules_touched |= schedules_touched | installed_changed;
        self.letters_touched |= letters_touched | installed_changed;
        if installed_changed {
            self.next_tidy = 0;
            self.shared.rebuild_table();
            let table = self.shared.table();
            self.deliveries.follow(Arc::clone(&table.subscriptions));
            if let Some(running) = &mut self.runner.running {
                running.use_table(&table);
            }
        }
        for party in destroyed {
            if let Err(error) = self.shared.keys.destroy(party) {
                tracing::error!(%error, "a party's key could not be destroyed");
            }
        }
        for emitter in awakened {
            self.deliveries.wake(&emitter);
        }
        self.shared.queries.release(sequence);
        for note in notes {
            drop(self.shared.events.send(note));
        }
    }

    /// Nothing of the batch happened: nobody is told of it, and what was known of its rows is forgotten.
    pub(super) fn after_failed_commit(&mut self) {
        self.runner.after = After::default();
        self.schedules_touched = true;
        self.letters_touched = true;
        self.deliveries.follow(Arc::clone(&self.shared.table().subscriptions));
        if let Some(running) = &mut self.runner.running {
            running.drop_kept();
        }
    }
}

impl Pending {
    pub(super) fn answer(self, committed: &Result<Sequence, CallError>) {
        match self {
            Self::Call(reply, result, call, command) => {
                let result =
                    result.and_then(|done| Ok(Answered { command, ..done.answer(committed.clone()?) }));
                drop(reply.send((result, Some(call))));
            }
            Self::All(reply, result, command) => {
                let result = result.and_then(|all| {
                    let sequence = committed
                        .clone()
                        .map_err(|error| BatchError { index: 0, error: BatchFailure::Call(error) })?;
                    Ok(all.into_iter().map(|done| Answered { command, ..done.answer(sequence) }).collect())
                });
                drop(reply.send(result));
            }
            Self::DryRun(reply, result) => drop(reply.send(result)),
        }
    }
}
