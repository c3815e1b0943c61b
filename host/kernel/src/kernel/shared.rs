//! [`Shared`]: what all threads of one kernel share: settings, keys, the store, the queues, and the table of what is
//! installed, which is built anew from the rows with every change of them. Also the kernel's one clock (T9).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use hamlet_store::{Namespace, Store};
use parking_lot::{Mutex, RwLock};
use tokio::sync::broadcast;
use wasmtime::component::Linker;

use crate::beside::Beside;
use crate::blobs::Blobs;
use crate::call::{Actor, Call, CallError, EventNote};
use crate::catalogue::Callable;
use crate::config::{Clock, Entropy, Limits};
use crate::consent::Confirmations;
use crate::engine::Engine;
use crate::fair::SharedQueue;
use crate::gate::Uses;
use crate::metrics::Metrics;
use crate::native::Directory;
use crate::package::{Stager, Staging};
use crate::plugins;
use crate::proofs::LogKey;
use crate::query::Queries;
use crate::run::{Callee, Slot};
use crate::sealed::PartyKeys;
use crate::sequencer::Job;
use crate::table::{Parts, Provider, Table};

/// A difference between the box's clock and the time that passed, beyond which schedules pause (T9), in microseconds.
pub(super) const CLOCK_JUMP_MICROS: u64 = 3_600 * 1_000_000;
/// How far the clock may go on between two transactions without being compared with the time that passed, in
/// microseconds.
const CLOCK_LOOKED_AT_MICROS: u64 = 1_000_000;

/// What all threads of one kernel share.
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) directory_namespace: Namespace,
    pub(crate) keys: Arc<PartyKeys>,
    /// Signs the log's checkpoints (J3).
    pub(crate) log_key: LogKey,
    /// None: in memory, where there are no blobs.
    pub(crate) blobs: Option<Blobs>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) queue: SharedQueue<Actor, Job>,
    pub(crate) beside: Beside,
    pub(crate) queries: Arc<Queries>,
    pub(crate) confirmations: Confirmations,
    pub(crate) events: broadcast::Sender<EventNote>,
    pub(crate) version: Arc<str>,
    /// The time of the newest transaction (T9).
    pub(crate) last_time: AtomicU64,
    pub(crate) clock_suspect: AtomicBool,
    pub(super) clock_base: Mutex<(Instant, u64)>,
    pub(super) pseudonym_key: [u8; 32],
    /// From which keys for other crates of the host are derived.
    pub(super) host_key: [u8; 32],
    pub(super) staging: Arc<Staging>,
    pub(crate) uses: Uses,
    pub(super) stager: Stager,
    pub(super) base: Linker<Slot>,
    pub(super) natives: Arc<[Arc<Provider>]>,
    pub(super) rooms: BTreeMap<String, Namespace>,
    pub(super) table: RwLock<Arc<Table>>,
}

impl Shared {
    pub(crate) fn table(&self) -> Arc<Table> {
        Arc::clone(&self.table.read())
    }

    /// Builds the table anew from the rows, after what is installed changed.
    pub(crate) fn rebuild_table(&self) {
        let mut snapshot = self.store.snapshot();
        let state = match plugins::state(&mut snapshot) {
            Ok(state) => state,
            Err(error) => {
                tracing::error!(%error, "the installed plugins cannot be read; the old ones stay");
                return;
            }
        };
        let generation = self.table().catalogue.generation + 1;
        let table = Table::build(&Parts {
            base: &self.base,
            natives: &self.natives,
            staging: &self.staging,
            state,
            uses: &self.uses,
            stored: &|namespace| snapshot.usage(namespace),
            generation,
        });
        *self.table.write() = Arc::new(table);
    }

    /// The staged packages.
    pub(crate) fn staging(&self) -> &Staging {
        &self.staging
    }

    /// What a callable runs in a table: found again by name where the table is a newer one.
    pub(crate) fn resolve(table: &Table, call: &Call, callable: &Arc<Callable>) -> Result<Callee, CallError> {
        let found = if callable.generation == table.catalogue.generation {
            callable
        } else {
            table.catalogue.find(&call.plugin, &callable.interface.id, &call.function)?
        };
        table
            .callee(found)
            .ok_or_else(|| CallError::internal("the catalogue names what the table does not have"))
    }

    /// The next transaction's time (T9): the clock's, but never back.
    pub(crate) fn tick_time(&self) -> u64 {
        let wall = self.clock.now();
        let last = self.last_time.load(Ordering::Relaxed);
        // A clock that went on by less than a second since the last transaction has not jumped by an hour.
        if wall.wrapping_sub(last) > CLOCK_LOOKED_AT_MICROS {
            let mut base = self.clock_base.lock();
            let passed = u64::try_from(base.0.elapsed().as_micros()).unwrap_or(u64::MAX);
            if wall.abs_diff(base.1.saturating_add(passed)) > CLOCK_JUMP_MICROS {
                tracing::warn!(
                    "the clock jumped by more than an hour: schedules pause until a steward confirms the time"
                );
                self.clock_suspect.store(true, Ordering::Relaxed);
                *base = (Instant::now(), wall);
            }
        }
        let now = wall.max(last);
        self.last_time.store(now, Ordering::Relaxed);
        now
    }

    /// The time that a query sees: not before that of any transaction that it may read.
    pub(crate) fn time_for_queries(&self) -> u64 {
        self.clock.now().max(self.last_time.load(Ordering::Relaxed))
    }

    /// Who called, as the journal names her: the same each time, and nobody without the key (J3).
    pub(crate) fn pseudonym(&self, actor: &Actor) -> Vec<u8> {
        let mut principal = Vec::with_capacity(64);
        actor.write_principal(&mut principal);
        let hash = blake3::keyed_hash(&self.pseudonym_key, &principal);
        hash.as_bytes().iter().take(16).copied().collect()
    }
}
