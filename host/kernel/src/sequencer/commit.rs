//! The end of a turn: the batch is sealed and sent to be made durable, and what became of it is heard later.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hamlet_store::{Batch, Flushed, Sealed, Sequence};

use super::flusher::Flight;
use super::{Pending, Sequencer};
use crate::beside::Answered;
use crate::call::{BatchError, BatchFailure, CallError};
use crate::runner::After;

/// A batch of one command is flushed by the sequencer itself up to so many bytes.
const FLUSHED_HERE_BYTES_MAX: usize = 64 * 1024;

impl Sequencer {
    /// Makes all that was run so far durable, and then tells everybody, before it returns.
    pub(super) fn commit(&mut self) {
        self.wait_for_landing();
        self.end_batch();
        self.wait_for_landing();
    }

    /// Ends the batch if it is time: nothing waits, it is full, or half of those who wait have got their turn. While
    /// another one is flying it takes in whoever comes, for as long as there is room.
    pub(super) fn end_turn(&mut self) {
        self.hear_landing();
        if self.flusher.is_flying() {
            if self.is_fresh() || self.has_room() {
                return;
            }
            self.wait_for_landing();
        }
        self.end_batch();
    }

    /// Ends the batch: what is in it is sent off. None may be flying.
    fn end_batch(&mut self) {
        let commands = self.entries();
        if commands == 0 {
            let ended = self.end_empty_batch();
            self.runner.end_batch();
            return self.answer_all(&ended);
        }
        match self.seal() {
            Ok(Some(sealed)) => self.send_off(sealed, commands),
            Ok(None) => {}
            Err(error) => self.fall(&error),
        }
    }

    fn send_off(&mut self, sealed: Sealed, commands: usize) {
        self.runner.end_batch();
        let mut after = std::mem::take(&mut self.runner.after);
        let notes = std::mem::take(&mut after.notes);
        self.after_landing = after;
        let pending = std::mem::take(&mut self.pending);
        // Who is told that a plugin is paused, or another person's name erased, finds it so at once.
        let changes_more = self.after_landing.installed_changed || !self.after_landing.destroyed.is_empty();
        let alone = pending.len() <= 1
            && sealed.bytes() <= FLUSHED_HERE_BYTES_MAX
            && self.taken.is_empty()
            && self.shared.queue.is_empty();
        let flight = Flight { sealed, pending, notes, commands };
        if alone || changes_more {
            let (flushed, landed) = self.flusher.land_here(flight);
            self.settle(flushed);
            landed.answer();
        } else {
            self.flusher.fly(flight);
        }
    }

    /// Without I/O: the writer lets go of what it read, so that an idle kernel holds no old rows.
    fn end_empty_batch(&mut self) -> Result<Sequence, CallError> {
        let time = self.shared.last_time.load(Ordering::Relaxed);
        self.runner.batch()?.commit(time).map_err(|error| CallError::Commit(Arc::from(error.to_string())))
    }

    fn seal(&mut self) -> Result<Option<Sealed>, CallError> {
        let time = self.shared.last_time.load(Ordering::Relaxed);
        // C6: keys first, or a power cut leaves values that nobody can open.
        if let Err(error) = self.shared.keys.flush_new_keys() {
            tracing::error!(%error, "keys of parties cannot be written; the batch is not committed");
            // The batch must never be committed: it goes, and this kernel with it until it is opened again.
            self.runner.running = None;
            self.shared.queue.close();
            return Err(CallError::Commit(Arc::from(error.to_string())));
        }
        self.runner.batch()?.seal(time).map_err(|error| CallError::Commit(Arc::from(error.to_string())))
    }

    /// Hears of the flying batch if it has landed. Cheap when it has not.
    pub(super) fn hear_landing(&mut self) {
        if self.flusher.has_landed() {
            self.wait_for_landing();
        }
    }

    /// Waits for the flying batch, if there is one.
    pub(super) fn wait_for_landing(&mut self) {
        match self.flusher.landed() {
            Some(Ok(flushed)) => self.settle(flushed),
            Some(Err(_)) => {
                tracing::error!("the thread that writes the journal has ended; nothing more is taken");
                self.runner.running = None;
                self.shared.queue.close();
                self.fall(&CallError::internal("the thread that writes the journal has ended"));
            }
            None => {}
        }
    }

    fn settle(&mut self, flushed: Flushed) {
        let after = std::mem::take(&mut self.after_landing);
        let settled = self.runner.batch().map(|batch| batch.settle(flushed));
        match settled {
            Ok(Ok(_)) => self.after_commit(after),
            // Its callers know. Those of the batch on top do not yet.
            Ok(Err(error)) => self.fall(&CallError::Commit(Arc::from(error.to_string()))),
            Err(error) => self.fall(&error),
        }
    }

    fn after_commit(&mut self, after: After) {
        let After { notes: _, awakened, destroyed, installed_changed, schedules_touched, letters_touched } =
            after;
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
    }

    /// Nothing of the batch happened: nobody is told of it, and what was known of its rows is forgotten.
    fn fall(&mut self, why: &CallError) {
        self.runner.end_batch();
        self.runner.after = After::default();
        self.schedules_touched = true;
        self.letters_touched = true;
        self.deliveries.follow(Arc::clone(&self.shared.table().subscriptions));
        if let Some(running) = &mut self.runner.running {
            running.drop_kept();
        }
        self.answer_all(&Err(why.clone()));
    }

    fn answer_all(&mut self, committed: &Result<Sequence, CallError>) {
        for pending in self.pending.drain(..) {
            pending.answer(committed);
        }
    }

    /// Whether nothing was run since the last batch.
    pub(super) fn is_fresh(&self) -> bool {
        self.pending.is_empty() && self.entries() == 0
    }

    /// Whether as many have got their turn as wait for it: those are then run while these are made durable.
    pub(super) fn is_half(&self) -> bool {
        !self.flusher.is_flying()
            && self.pending.len() >= self.taken.len()
            && self.pending.len() >= self.taken.len() + self.shared.queue.len()
    }

    pub(super) fn has_room(&self) -> bool {
        let limits = &self.shared.limits;
        let bytes = self.runner.batch_ref().map_or(0, Batch::bytes);
        self.pending.len() < limits.batch_commands
            && bytes < limits.batch_bytes
            && self.started.elapsed() < limits.batch_time
    }
}

impl Pending {
    /// Tells the caller. Where the batch was not committed nobody hears anything else: even an `err`, a trap or a dry
    /// run may come from rows that were never there.
    pub(super) fn answer(self, committed: &Result<Sequence, CallError>) {
        match self {
            Self::Call(reply, result, call, command) => {
                let result = committed
                    .clone()
                    .and_then(|sequence| result.map(|done| Answered { command, ..done.answer(sequence) }));
                drop(reply.send((result, Some(call))));
            }
            Self::All(reply, result, command) => {
                let result = match committed {
                    Ok(sequence) => result.map(|all| {
                        all.into_iter().map(|done| Answered { command, ..done.answer(*sequence) }).collect()
                    }),
                    Err(error) => Err(BatchError { index: 0, error: BatchFailure::Call(error.clone()) }),
                };
                drop(reply.send(result));
            }
            Self::DryRun(reply, result) => {
                drop(reply.send(committed.clone().and(result)));
            }
        }
    }
}
