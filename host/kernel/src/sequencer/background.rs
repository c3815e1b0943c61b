//! What the sequencer does while no person waits (T8): due schedules (E4) and sweeping. Events are `delivery`'s.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use super::Sequencer;
use crate::call::{Actor, CallError};
use crate::idempotency;
use crate::namespaces::{BLOBS, SCHEDULES};
use crate::rows::InBatch;
use crate::runner::Duty;
use crate::schedule;

/// Background work in one turn.
const BACKGROUND_MAX: usize = 256;
/// Due schedules looked up at once.
const DUE_MAX: usize = 16;
/// Idempotency rows dropped in one go.
const SWEEP_ROWS: usize = 1_024;
/// How often old idempotency rows are looked for, in microseconds of transaction time.
const SWEEP_EVERY_MICROS: u64 = 60 * 1_000_000;
/// How often blobs are swept, in microseconds of transaction time.
const BLOB_SWEEP_EVERY_MICROS: u64 = 6 * 3_600 * 1_000_000;

impl Sequencer {
    /// Schedules, deliveries and housekeeping, while no person waits (T8).
    pub(super) fn background(&mut self) {
        if !self.shared.limits.background || self.shared.queue.is_closed() {
            return;
        }
        for _ in 0..BACKGROUND_MAX {
            if !self.shared.queue.is_empty() || !self.has_room() || !self.guarded_step() {
                return;
            }
        }
    }

    /// The same by hand, whatever the settings say and whoever waits: in a simulator nothing happens by itself.
    pub(super) fn behind(&mut self) -> bool {
        let steps = (0..BACKGROUND_MAX).take_while(|_| self.guarded_step());
        steps.count() > 0
    }

    /// A step, whose failure is nobody else's; false: there is nothing to do now.
    fn guarded_step(&mut self) -> bool {
        let stepped = catch_unwind(AssertUnwindSafe(|| self.background_step()));
        let result = stepped.unwrap_or_else(|panic| Err(self.recover(&*panic)));
        result.unwrap_or_else(|error| {
            self.runner.abandon();
            tracing::error!(%error, "background work failed");
            false
        })
    }

    /// One piece of background work; false: there is none.
    pub(super) fn background_step(&mut self) -> Result<bool, CallError> {
        let now = self.shared.tick_time();
        self.duties_done(now)?;
        if !self.shared.clock_suspect.load(Ordering::Relaxed) {
            self.refresh_next_schedule()?;
            if self.next_schedule.is_some_and(|due| due <= now) {
                return self.run_due(now);
            }
        }
        if now >= self.next_sweep {
            self.next_sweep = now + SWEEP_EVERY_MICROS;
            self.letters_touched = true;
            self.sweep(now)?;
        }
        if now >= self.next_blob_sweep && self.runner.batch()?.entries() == 0 {
            self.next_blob_sweep = now + BLOB_SWEEP_EVERY_MICROS;
            self.sweep_blobs()?;
        }
        if self.send_again(now)? {
            return Ok(true);
        }
        if self.deliver(now)? {
            return Ok(true);
        }
        self.tidy_plugins(now)
    }

    pub(super) fn refresh_next_schedule(&mut self) -> Result<(), CallError> {
        if std::mem::take(&mut self.schedules_touched)
            | std::mem::take(&mut self.runner.after.schedules_touched)
        {
            self.next_schedule =
                schedule::next_due(&mut InBatch { batch: self.runner.batch()?, namespace: SCHEDULES })?;
        }
        Ok(())
    }

    pub(super) fn sweep(&mut self, now: u64) -> Result<(), CallError> {
        self.runner.begin(&Actor::Console, &Arc::from("sweep"))?;
        if idempotency::sweep(self.runner.batch()?, now, SWEEP_ROWS)? == 0 {
            self.runner.abandon();
            return Ok(());
        }
        let header = self.runner.host_header("sweep", now);
        self.runner.finish(header)
    }

    /// J5: blobs that nobody holds go. The batch is empty, so that its rows are the committed ones.
    pub(super) fn sweep_blobs(&mut self) -> Result<(), CallError> {
        let shared = Arc::clone(&self.shared);
        let Some(blobs) = &shared.blobs else { return Ok(()) };
        let removed =
            blobs.sweep(&mut InBatch { batch: self.runner.batch()?, namespace: BLOBS }, SystemTime::now())?;
        if removed > 0 {
            tracing::info!(removed, "blobs that nobody holds were removed");
        }
        Ok(())
    }

    /// E4: the schedules whose time has come.
    pub(super) fn run_due(&mut self, now: u64) -> Result<bool, CallError> {
        let Some(table) = self.runner.running.as_ref().map(|running| Arc::clone(&running.table)) else {
            return Ok(false);
        };
        let most = DUE_MAX + self.duties.away();
        let rows = &mut InBatch { batch: self.runner.batch()?, namespace: SCHEDULES };
        let mut due = schedule::due(rows, now, most, &|plugin| table.runs_schedules(plugin))?;
        due.retain(|one| !self.duties.is_away(&one.plugin, &one.name, now));
        self.schedules_touched = true;
        if due.is_empty() {
            // All that is due belongs to plugins that do not answer, or is beside: look again in a while, not at once.
            self.refresh_next_schedule()?;
            self.next_schedule = self.next_schedule.map(|next| next.max(now + 1_000_000));
            return Ok(false);
        }
        for one in due {
            if let Some((duty, result)) = self.attend(Duty::Schedule(one)) {
                self.attended(duty, result, now)?;
            }
        }
        Ok(true)
    }

    /// E4: a run failed and was rolled back; a transaction of its own notes it.
    pub(super) fn schedule_failed(&mut self, one: &schedule::Due, why: &CallError) -> Result<(), CallError> {
        tracing::warn!(plugin = &*one.plugin, schedule = one.name, %why, "a schedule failed");
        let now = self.runner.begin(&Actor::Plugin(Arc::clone(&one.plugin)), &Arc::from("schedule"))?;
        let rows = &mut InBatch { batch: self.runner.batch()?, namespace: SCHEDULES };
        let failed = schedule::failed(rows, one, now)?;
        if let schedule::Failed::SetAside | schedule::Failed::NextAt(_) = failed {
            tracing::error!(plugin = &*one.plugin, schedule = one.name, due = one.due, "given up");
        }
        let header = self.runner.host_header("schedule-failed", now);
        self.runner.finish(header)
    }
}
