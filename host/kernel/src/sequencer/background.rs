//! What the sequencer does while no person waits (T8): due schedules (E4) and sweeping. Events are `delivery`'s.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use hamlet_reflect::binary;
use hamlet_store::EntryHeader;
use wasmtime::component::Val;

use super::Sequencer;
use crate::call::{Actor, CallError};
use crate::catalogue::HOST;
use crate::idempotency;
use crate::namespaces::{BLOBS, SCHEDULES};
use crate::rows::InBatch;
use crate::run::Callee;
use crate::schedule;
use crate::table::{SCHEDULED, Table};
use crate::value::outcome;

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
            if !self.shared.queue.is_empty() || !self.has_room() {
                return;
            }
            let stepped = catch_unwind(AssertUnwindSafe(|| self.background_step()));
            let result = stepped.unwrap_or_else(|panic| Err(self.recover(&*panic)));
            match result {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    self.runner.abandon();
                    tracing::error!(%error, "background work failed");
                    return;
                }
            }
        }
    }

    /// One piece of background work; false: there is none.
    pub(super) fn background_step(&mut self) -> Result<bool, CallError> {
        let now = self.shared.tick_time();
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
        if self.send_again()? {
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
        let header = self.host_header("sweep", now);
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

    /// An entry for what the host does by itself.
    pub(super) fn host_header(&self, function: &str, time: u64) -> EntryHeader {
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

    pub(super) fn handler_header(
        &self,
        plugin: &Arc<str>,
        function: &Arc<str>,
        arguments: &[Val],
    ) -> EntryHeader {
        let table = self.runner.running.as_ref().map(|running| &running.table);
        let version = table.and_then(|table| table.plugin(plugin)).map(|plugin| Arc::clone(&plugin.version));
        EntryHeader {
            time: self.runner.now(),
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
    pub(super) fn run_due(&mut self, now: u64) -> Result<bool, CallError> {
        let Some(table) = self.runner.running.as_ref().map(|running| Arc::clone(&running.table)) else {
            return Ok(false);
        };
        let rows = &mut InBatch { batch: self.runner.batch()?, namespace: SCHEDULES };
        let due = schedule::due(rows, now, DUE_MAX, &|plugin| table.runs_schedules(plugin))?;
        self.schedules_touched = true;
        if due.is_empty() {
            // All that is due belongs to plugins that do not answer: look again in a while, not at once.
            self.refresh_next_schedule()?;
            self.next_schedule = self.next_schedule.map(|next| next.max(now + 1_000_000));
            return Ok(false);
        }
        for one in due {
            if let Err(why) = self.run_schedule(&table, &one) {
                self.runner.abandon();
                tracing::warn!(plugin = &*one.plugin, schedule = one.name, %why, "a schedule failed");
                let now =
                    self.runner.begin(&Actor::Plugin(Arc::clone(&one.plugin)), &Arc::from("schedule"))?;
                let rows = &mut InBatch { batch: self.runner.batch()?, namespace: SCHEDULES };
                let failed = schedule::failed(rows, &one, now)?;
                if let schedule::Failed::SetAside | schedule::Failed::NextAt(_) = failed {
                    tracing::error!(plugin = &*one.plugin, schedule = one.name, due = one.due, "given up");
                }
                let header = self.host_header("schedule-failed", now);
                self.runner.finish(header)?;
            }
        }
        Ok(true)
    }

    pub(super) fn run_schedule(&mut self, table: &Table, one: &schedule::Due) -> Result<(), CallError> {
        let callee = table.handler(&one.plugin, SCHEDULED, "run").ok_or_else(|| {
            CallError::NoSuchFunction { plugin: one.plugin.to_string(), function: "run".into() }
        })?;
        let request = Arc::from(format!("schedule {}", one.name));
        let now = self.runner.begin(&Actor::Plugin(Arc::clone(&one.plugin)), &request)?;
        if !schedule::take(&mut InBatch { batch: self.runner.batch()?, namespace: SCHEDULES }, one)? {
            self.runner.abandon();
            return Ok(());
        }
        if one.forgotten {
            let header = self.host_header("schedule-skipped", now);
            return self.runner.finish(header);
        }
        let payload = one.payload.iter().map(|byte| Val::U8(*byte)).collect();
        let arguments = [Val::String(one.name.clone()), Val::U64(one.due), Val::List(payload)];
        self.as_host(0);
        self.handled(&callee, &arguments)?;
        let header = self.handler_header(&one.plugin, &Arc::from("run"), &arguments);
        self.runner.finish(header)
    }

    pub(super) fn as_host(&mut self, causality: u8) {
        if let Some(running) = &mut self.runner.running {
            running.by_host = true;
            running.causality = causality;
        }
    }

    /// Runs a handler; an `err` is a failure too.
    pub(super) fn handled(&mut self, callee: &Callee, arguments: &[Val]) -> Result<(), CallError> {
        match outcome(self.runner.enter(callee, arguments)?) {
            Ok(_) => Ok(()),
            Err(Some(Val::String(why))) => Err(CallError::internal(format!("it answered an error: {why}"))),
            Err(_) => Err(CallError::internal("it answered an error")),
        }
    }
}
