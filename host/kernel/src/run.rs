//! One call, at any depth: what travels through it, how it enters a guest, and how it comes out again.
//!
//! The state of a call is one box, [`Running`]. It is moved into the wasmtime store of whichever guest runs, taken out
//! when that guest calls another, and put back when the other is done. So every host function has it at hand without a
//! lock, and there is never more than one owner.
//!
//! How a guest ends:
//! - `ok`: its writes stay.
//! - `err`: everything since its savepoint is undone; its caller goes on (T2).
//! - anything else *dooms*: [`Running::doom`] names why, and each caller's host function returns an engine error at
//!   once, so that no caller runs another instruction (T3).
//!
//! If this is wrong, a plugin keeps running in a transaction that will be thrown away, or half of one is kept.

mod doom;
mod enter;
mod people;
mod principal;
mod slot;
mod tx;

pub(crate) use doom::{Doomed, Ended};
pub(crate) use enter::{Callee, call, call_with};
pub(crate) use slot::{Kept, Slot, take_lost};
pub(crate) use tx::Tx;

use std::sync::Arc;

use hamlet_bundle::Kind;
use hamlet_reflect::Id;
use hamlet_store::{Draft, Namespace, Savepoint};

use crate::call::{Actor, CallError, EventNote};
use crate::config::CALL_DEPTH_MAX;
use crate::consent;
use crate::engine::GRACE_TICKS;
use crate::kernel::Shared;
use crate::linking::Told;
use crate::native::Mandate;
use crate::random::RandomPool;
use crate::table::{Plugin, Table};

/// A plugin or a native at work.
pub(crate) struct Frame {
    /// Its place in the table; none: a native.
    pub(crate) plugin: Option<Arc<Plugin>>,
    /// Its name.
    pub(crate) name: Arc<str>,
    /// The function that was called.
    pub(crate) function: Arc<str>,
    /// Its rows.
    pub(crate) namespace: Namespace,
    /// Whether it may write: it and all its callers are commands.
    pub(crate) kind: Kind,
}

/// A savepoint of all that T2 undoes.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    rows: Option<Savepoint>,
    consent: consent::Mark,
    events: usize,
    told: usize,
    destroyed_keys: usize,
}

/// The state of one call.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each told in one place")]
pub(crate) struct Running {
    pub(crate) shared: Arc<Shared>,
    pub(crate) table: Arc<Table>,
    pub(crate) tx: Tx,
    pub(crate) actor: Actor,
    /// The host calls by itself: schedules and event deliveries.
    pub(crate) by_host: bool,
    pub(crate) request_id: Arc<str>,
    /// Why the actor does it, for the steward log.
    pub(crate) reason: Option<Arc<str>>,
    /// The transaction's time in microseconds.
    pub(crate) now: u64,
    /// Who is at work, outermost first.
    pub(crate) frames: Vec<Frame>,
    /// The first frame that the actor called: those before it are of whoever dispatched it (W5). Else 0.
    pub(crate) root: usize,
    /// Why the transaction will be thrown away.
    pub(crate) doom: Option<CallError>,
    /// The tick at which time is up, and whether the last part of it was given (see [`Running::ticks_left`]).
    pub(crate) deadline: u64,
    grace_given: bool,
    /// Of a query: the tick from which on it gives way, until it has.
    pub(crate) long_from: Option<u64>,
    pub(crate) memory_left: usize,
    /// A guest was refused memory; if it traps now, that is why.
    pub(crate) memory_refused: bool,
    pub(crate) consent: consent::Session,
    /// The events so far, where somebody wants them: a dry run or a live stream.
    pub(crate) events: Vec<EventNote>,
    pub(crate) notes_wanted: bool,
    /// Beside the sequencer, the events so far: numbered and written when the transaction is applied, since their
    /// numbers are one row that all commands of a plugin change.
    pub(crate) told: Vec<Told>,
    /// Whether events go there.
    pub(crate) defers_events: bool,
    pub(crate) emitted: crate::events::Emitted,
    /// Emitters whose subscribers have something to be told. Not rolled back: waking in vain is harmless.
    pub(crate) awakened: Vec<Arc<str>>,
    /// How many events led to this call, one after another (E3).
    pub(crate) causality: u8,
    pub(crate) log_lines: u32,
    pub(crate) schedules_touched: bool,
    pub(crate) schedule_changes: crate::schedule::Changes,
    pub(crate) installed_changed: bool,
    pub(crate) destroyed_keys: Vec<Id>,
    pub(crate) random: RandomPool,
    /// Kept instances of stateless plugins, by place in the table.
    pub(crate) kept: Vec<Option<Kept>>,
    kept_count: usize,
    pub(crate) calendar: crate::settings::Calendar,
    /// For keys and values on their way from a guest's memory.
    pub(crate) scratch: Vec<u8>,
    /// The last answer of the directory: person, party, mandate. Cleared when a native writes and with each call.
    pub(crate) mandate: Option<(Id, Id, Option<Mandate>)>,
}

impl Running {
    /// An idle state; [`Running::begin`] makes it ready for a call.
    pub(crate) fn idle(shared: Arc<Shared>, table: Arc<Table>, tx: Tx) -> Box<Self> {
        let random = RandomPool::new(Arc::clone(&shared.entropy));
        Box::new(Self {
            shared,
            table,
            tx,
            actor: Actor::Anyone,
            by_host: false,
            request_id: Arc::from(""),
            reason: None,
            now: 0,
            frames: Vec::with_capacity(CALL_DEPTH_MAX),
            root: 0,
            doom: None,
            deadline: 0,
            grace_given: false,
            long_from: None,
            memory_left: 0,
            memory_refused: false,
            consent: consent::Session::plain(),
            events: Vec::new(),
            notes_wanted: false,
            told: Vec::new(),
            defers_events: false,
            emitted: crate::events::Emitted::default(),
            awakened: Vec::new(),
            causality: 0,
            log_lines: 0,
            schedules_touched: false,
            schedule_changes: crate::schedule::Changes::default(),
            installed_changed: false,
            destroyed_keys: Vec::new(),
            random,
            kept: Vec::new(),
            kept_count: 0,
            calendar: crate::settings::Calendar::default(),
            scratch: Vec::new(),
            mandate: None,
        })
    }

    /// Ticks until time is up; none: it is.
    ///
    /// The last [`GRACE_TICKS`] of the time are counted from when the guest is seen to run: so a call of a few
    /// microseconds is not refused because a busy box kept its thread from the processor until the end.
    pub(crate) fn ticks_left(&mut self) -> Option<u64> {
        let now = self.shared.engine.now();
        if now >= self.deadline {
            if self.grace_given {
                return None;
            }
            self.grace_given = true;
            self.deadline = now + GRACE_TICKS;
        }
        if self.long_from.is_some_and(|long| now >= long) {
            self.long_from = None;
            crate::query::long::give_way(&self.shared);
        }
        let next = self.long_from.map_or(self.deadline, |long| long.min(self.deadline));
        Some(next - now)
    }

    /// Makes ready for another call; rows and time are set by the caller.
    pub(crate) fn begin(&mut self, actor: Actor, request_id: Arc<str>, deadline: u64) {
        self.actor = actor;
        self.by_host = false;
        self.request_id = request_id;
        self.reason = None;
        self.frames.clear();
        self.root = 0;
        self.doom = None;
        self.deadline = deadline;
        self.grace_given = false;
        self.long_from = None;
        self.memory_left = self.shared.limits.memory_bytes;
        self.memory_refused = false;
        self.consent = consent::Session::plain();
        self.events.clear();
        self.notes_wanted = false;
        self.told.clear();
        self.defers_events = matches!(self.tx, Tx::Beside(_));
        self.emitted = crate::events::Emitted::default();
        self.awakened.clear();
        self.causality = 0;
        self.log_lines = 0;
        self.schedules_touched = false;
        self.schedule_changes = crate::schedule::Changes::default();
        self.installed_changed = false;
        self.destroyed_keys.clear();
        self.mandate = None;
    }

    /// Takes another table; instances of the old one are dropped.
    pub(crate) fn use_table(&mut self, table: &Arc<Table>) {
        if !Arc::ptr_eq(&self.table, table) {
            self.drop_kept();
            self.table = Arc::clone(table);
        }
    }

    pub(crate) fn drop_kept(&mut self) {
        self.kept.clear();
        self.kept_count = 0;
    }

    /// The one at work.
    pub(crate) fn frame(&self) -> Result<&Frame, CallError> {
        self.frames.last().ok_or_else(|| CallError::internal("nobody is at work"))
    }

    /// The one that called the one at work; none: the actor.
    pub(crate) fn caller(&self) -> Option<&Frame> {
        let at = self.frames.len().checked_sub(2).filter(|at| *at >= self.root)?;
        self.frames.get(at)
    }

    /// Whether the one at work may write; else the doom.
    pub(crate) fn check_writable(&mut self) -> Result<(), CallError> {
        let frame = self.frame()?;
        match frame.kind {
            Kind::Command => Ok(()),
            Kind::Query => Err(CallError::WriteInQuery { plugin: Arc::clone(&frame.name) }),
        }
    }

    /// Marks all that an `err` undoes (T2).
    pub(crate) fn mark(&mut self) -> Mark {
        let rows = self.tx.draft().map(Draft::savepoint);
        Mark {
            rows,
            consent: self.consent.mark(),
            events: self.events.len(),
            told: self.told.len(),
            destroyed_keys: self.destroyed_keys.len(),
        }
    }

    /// Undoes all since the mark (T2).
    pub(crate) fn roll_back(&mut self, mark: Mark) {
        if let (Some(draft), Some(savepoint)) = (self.tx.draft(), mark.rows) {
            draft.rollback_to(savepoint);
        }
        self.consent.roll_back(mark.consent);
        self.events.truncate(mark.events);
        self.told.truncate(mark.told);
        self.destroyed_keys.truncate(mark.destroyed_keys);
        self.mandate = None;
    }
}
