//! What plugins leave behind, tidied up while nobody waits (T8): rows that are nobody's any more (J4), and when
//! grants were used last (C2).

use std::sync::Arc;

use hamlet_store::{Direction, Scan};

use super::Sequencer;
use crate::call::{Actor, CallError};
use crate::namespaces::{BLOBS, GRANTS, PLUGINS, SCHEDULES};
use crate::plugins::{self, Leftover};
use crate::rows::{InBatch, OwnRows as _};
use crate::{blobs, grants, schedule};

/// Rows deleted in one transaction.
const ROWS_MAX: usize = 512;
/// How often it is looked for something to do, in microseconds of transaction time.
const EVERY_MICROS: u64 = 60 * 1_000_000;

impl Sequencer {
    /// One piece of it; false: there is none now.
    pub(super) fn tidy_plugins(&mut self, now: u64) -> Result<bool, CallError> {
        if now < self.next_tidy {
            return Ok(false);
        }
        if self.delete_leftover()? {
            return Ok(true);
        }
        // Not again before the commit: until then the gates do not know that it was kept.
        self.next_tidy = now + EVERY_MICROS;
        self.keep_uses()
    }

    /// Deletes some rows that are nobody's.
    fn delete_leftover(&mut self) -> Result<bool, CallError> {
        let found = plugins::next_leftover(&mut InBatch { batch: self.runner.batch()?, namespace: PLUGINS })?;
        let Some(leftover) = found else { return Ok(false) };
        let now = self.runner.begin(&Actor::Console, &Arc::from("tidy"))?;
        let batch = self.runner.batch()?;
        let more = match &leftover {
            Leftover::Rows(namespace) => {
                let rows = &mut InBatch { batch, namespace: *namespace };
                let scan = Scan {
                    start: &[],
                    end: None,
                    direction: Direction::Forward,
                    limit: ROWS_MAX,
                    max_bytes: 1 << 20,
                };
                let found = rows.scan(scan)?;
                for (key, _) in &found {
                    rows.delete(key)?;
                }
                !found.is_empty()
            }
            Leftover::Of { name, all } => {
                let granted =
                    grants::forget_plugin(&mut InBatch { batch, namespace: GRANTS }, name, ROWS_MAX)?;
                let schedules = *all
                    && schedule::forget_all(&mut InBatch { batch, namespace: SCHEDULES }, name, ROWS_MAX)?;
                let held =
                    *all && blobs::release_all(&mut InBatch { batch, namespace: BLOBS }, name, ROWS_MAX)?;
                granted || schedules || held
            }
        };
        if !more {
            InBatch { batch, namespace: PLUGINS }.delete(&leftover.key())?;
        }
        let header = self.runner.host_header("tidy", now);
        self.runner.finish(header)?;
        Ok(true)
    }

    /// Writes when grants were used last, once a day for each.
    fn keep_uses(&mut self) -> Result<bool, CallError> {
        let Some(table) = self.runner.running.as_ref().map(|running| Arc::clone(&running.table)) else {
            return Ok(false);
        };
        let mut due = Vec::new();
        for plugin in &table.plugins {
            for gate in &plugin.gates {
                due.extend(
                    gate.to_keep().map(|(key, used)| (Arc::clone(&plugin.name), Arc::clone(key), used)),
                );
            }
        }
        due.truncate(ROWS_MAX);
        if due.is_empty() {
            return Ok(false);
        }
        let now = self.runner.begin(&Actor::Console, &Arc::from("tidy"))?;
        let rows = &mut InBatch { batch: self.runner.batch()?, namespace: PLUGINS };
        for (name, key, used) in due {
            plugins::keep_use(rows, &name, &key, used)?;
        }
        let header = self.runner.host_header("keep-uses", now);
        self.runner.finish(header)?;
        // So that the gates are told what their rows say.
        self.runner.after.installed_changed = true;
        Ok(true)
    }
}
