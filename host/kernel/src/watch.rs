//! What people who care for a community ask of its kernel: how much each plugin works and how that goes, which
//! subscribers are behind, and what was done in order, from the log of leaves (J3).
//!
//! Nothing here changes anything, and nothing here decides who may see it: that is asked of whoever shows it. If it is
//! wrong, a plugin fails for days before anybody knows, or a member does not find what was done in her name.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hamlet_proof::Leaf;
use hamlet_store::{Sequence, StoreError};

use crate::call::{Actor, CallError};
use crate::events::{self, Behind};
use crate::kernel::Kernel;
use crate::namespaces::EVENTS;
use crate::rows::ReadOnly;

/// Batches that one [`Kernel::done`] looks at.
pub const BATCHES_SEEN_MAX: u64 = 5_000;
/// Batches without a command that a search by time looks through in a row.
const EMPTY_BATCHES_MAX: u64 = 256;

/// Counters of one plugin's calls, at any depth, since the host was started. Plain atomics: not exact to the last call.
#[derive(Debug, Default)]
pub(crate) struct Work {
    calls: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    micros: AtomicU64,
}

impl Work {
    /// One call ended. `ended`: whether it answered `ok`; none: it, or what it called, doomed the transaction.
    pub(crate) fn count(&self, took: Duration, ended: Option<bool>) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        match ended {
            Some(true) => {}
            Some(false) => drop(self.refused.fetch_add(1, Ordering::Relaxed)),
            None => drop(self.failed.fetch_add(1, Ordering::Relaxed)),
        }
    }
}

/// How one plugin was called since the host was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginWork {
    /// Its name.
    pub plugin: Arc<str>,
    /// Calls, those by other plugins among them.
    pub calls: u64,
    /// Calls that it answered with an error of its own.
    pub refused: u64,
    /// Calls that trapped, ran out of time or were not allowed, in it or in what it called.
    pub failed: u64,
    /// Time of all of them in microseconds, with what it called.
    pub micros: u64,
}

/// Which commands to list.
#[derive(Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Only before this one: batch, and place in it.
    pub before: Option<(Sequence, u32)>,
    /// Not before this time, in microseconds.
    pub from: Option<u64>,
    /// Before this time.
    pub until: Option<u64>,
    /// At most so many.
    pub limit: usize,
    /// Only those; none: all.
    pub only: Option<&'a dyn Fn(&Leaf) -> bool>,
}

/// A part of what was done.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// The commands, newest first.
    pub commands: Vec<Leaf>,
    /// Where to go on ([`Wanted::before`]); none: there are no older ones. There may be a way on without any command
    /// here: one look goes through [`BATCHES_SEEN_MAX`] batches.
    pub next: Option<(Sequence, u32)>,
}

impl Kernel {
    /// How each plugin was called since the host was started, by name.
    pub fn plugin_work(&self) -> Vec<PluginWork> {
        let all = self.shared().uses.all_work();
        all.into_iter()
            .map(|(plugin, work)| PluginWork {
                plugin,
                calls: work.calls.load(Ordering::Relaxed),
                refused: work.refused.load(Ordering::Relaxed),
                failed: work.failed.load(Ordering::Relaxed),
                micros: work.micros.load(Ordering::Relaxed),
            })
            .collect()
    }

    /// The subscribers that are behind, by emitter.
    ///
    /// # Errors
    /// The store failed, or a row is damaged.
    pub fn events_behind(&self) -> Result<Vec<Behind>, CallError> {
        let subscriptions = Arc::clone(&self.shared().table().subscriptions);
        self.read(|snapshot| {
            events::behind(&mut ReadOnly { rows: snapshot, namespace: EVENTS }, &subscriptions)
        })
    }

    /// Who called, as the journal's leaves name her: to find what was done in her name. Not a secret, and no name.
    pub fn pseudonym_of(&self, actor: &Actor) -> Vec<u8> {
        self.shared().pseudonym(actor)
    }

    /// What was done, newest first, a part at a time.
    ///
    /// Cost: reads the leaves of at most [`BATCHES_SEEN_MAX`] batches; with a time, some ten more to find it.
    ///
    /// # Errors
    /// The store.
    pub fn done(&self, wanted: &Wanted<'_>) -> Result<Done, StoreError> {
        let first = self.store().proofs()?.first();
        let mut newest = match wanted.before {
            Some((sequence, _)) => sequence.min(self.head()),
            None => self.head(),
        };
        if let Some(until) = wanted.until {
            newest = newest.min(self.last_before(until, first)?);
        }
        let mut done = Done::default();
        let oldest = newest.saturating_sub(BATCHES_SEEN_MAX - 1).max(first);
        let mut sequence = newest;
        while sequence >= oldest {
            let (_, leaves) = self.store().proofs()?.leaves_of(sequence)?;
            for leaf in leaves.into_iter().rev() {
                let after = wanted.before.is_some_and(|before| (leaf.sequence, leaf.index) >= before);
                if after || wanted.until.is_some_and(|until| leaf.time >= until) {
                    continue;
                }
                if wanted.from.is_some_and(|from| leaf.time < from) {
                    return Ok(done);
                }
                if wanted.only.is_some_and(|only| !only(&leaf)) {
                    continue;
                }
                if done.commands.len() >= wanted.limit {
                    done.next = done.commands.last().map(|leaf| (leaf.sequence, leaf.index));
                    return Ok(done);
                }
                done.commands.push(leaf);
            }
            sequence -= 1;
        }
        // Nothing is before the first batch; before this one there is more to look at.
        done.next = (oldest > first).then_some((oldest, 0));
        Ok(done)
    }

    /// The newest batch that may have commands before a time: times never go back (T9).
    fn last_before(&self, until: u64, first: Sequence) -> Result<Sequence, StoreError> {
        let (mut low, mut high) = (first.saturating_sub(1), self.head());
        // All up to `low` are before, none after `high` is.
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if self.time_at(middle, first)? < until {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Ok(low)
    }

    /// The time of a batch, or of the next one before it that has a command.
    fn time_at(&self, sequence: Sequence, first: Sequence) -> Result<u64, StoreError> {
        let oldest = sequence.saturating_sub(EMPTY_BATCHES_MAX).max(first);
        for sequence in (oldest..=sequence).rev() {
            let (_, leaves) = self.store().proofs()?.leaves_of(sequence)?;
            if let Some(leaf) = leaves.first() {
                return Ok(leaf.time);
            }
        }
        Ok(0)
    }
}
