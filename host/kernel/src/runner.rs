//! A transaction from its beginning to its end, whoever runs it: the sequencer on its batch, or a worker beside it on a
//! snapshot (T7). What a command means is here, once.
//!
//! It keeps nothing durable and tells nobody: what is to be told after the commit is gathered in [`After`].

mod all;
mod command;
mod duty;

use std::sync::Arc;

use hamlet_reflect::Id;
use hamlet_store::{Batch, Draft, EntryHeader, Proposal, Sequence};
use wasmtime::component::Val;

use crate::beside::Answered;
use crate::call::{Actor, Call, CallError, EventNote, Need};
use crate::catalogue::{Callable, HOST};
use crate::consent::{Binding, Session, Verdict};
use crate::kernel::Shared;
use crate::linking::Told;
use crate::namespaces::KERNEL;
use crate::run::{self, Callee, Running, Tx};
use crate::value::{Given, Passed};

pub(crate) use duty::{Duty, Gap};

/// The row of the last time, so that it never goes back (T9).
pub(crate) const TIME_KEY: &[u8] = b"time";

/// What a command came to.
pub(crate) struct Done {
    pub(crate) given: Given,
    pub(crate) replayed: bool,
}

impl Done {
    pub(crate) fn answer(self, sequence: Sequence) -> Answered {
        Answered { sequence, command: None, given: self.given, replayed: self.replayed }
    }
}

/// What finished transactions leave to be done and told after their commit.
#[derive(Default)]
pub(crate) struct After {
    pub(crate) notes: Vec<EventNote>,
    pub(crate) awakened: Vec<Arc<str>>,
    pub(crate) destroyed: Vec<Id>,
    pub(crate) installed_changed: bool,
    pub(crate) schedules_touched: bool,
    /// Only functions of the host mark dead letters to be sent again, and a look is cheap.
    pub(crate) letters_touched: bool,
}

impl After {
    /// Takes it from a transaction that was finished.
    fn gather(&mut self, running: &mut Running) {
        self.notes.append(&mut running.events);
        self.awakened.append(&mut running.awakened);
        self.destroyed.append(&mut running.destroyed_keys);
        self.installed_changed |= std::mem::take(&mut running.installed_changed);
        self.schedules_touched |= std::mem::take(&mut running.schedules_touched);
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.notes.append(&mut other.notes);
        self.awakened.append(&mut other.awakened);
        self.destroyed.append(&mut other.destroyed);
        self.installed_changed |= other.installed_changed;
        self.schedules_touched |= other.schedules_touched;
        self.letters_touched |= other.letters_touched;
    }

    /// Whether nothing is to be done or told but what the rows say. Whoever was woken, or looks for schedules, finds
    /// rows or nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.notes.is_empty() && self.destroyed.is_empty() && !self.installed_changed
    }
}

/// Where a runner's transactions happen.
#[derive(Clone, Copy)]
enum Place {
    /// In the sequencer's batch. `time_written`: this batch's row of the time is.
    Batch { time_written: bool },
    /// Beside it. One moment and one deadline for all that a command does there.
    Beside { now: u64, deadline: u64 },
}

pub(crate) struct Runner {
    pub(crate) shared: Arc<Shared>,
    /// None while a command runs: it is moved through the guests.
    pub(crate) running: Option<Box<Running>>,
    pub(crate) after: After,
    /// What the command's code confirmed: a code is good once, and a command may have to be run again.
    pub(crate) confirmed: Option<Vec<Need>>,
    /// What was finished beside: the transaction, and the events that it will emit.
    pub(crate) finished: Option<(Proposal, Vec<Told>)>,
    place: Place,
    /// The last caller and her pseudonym: most of a batch are the same few, and making one costs a hash.
    pseudonym: Option<(Actor, Vec<u8>)>,
}

impl Runner {
    /// On the sequencer's batch.
    pub(crate) fn on_batch(shared: Arc<Shared>, batch: Batch) -> Self {
        let table = shared.table();
        let running = Running::idle(Arc::clone(&shared), table, Tx::Command(batch));
        Self::new(shared, running, Place::Batch { time_written: false })
    }

    /// On what is committed now. `running` is an idle one.
    ///
    /// The table is looked at before the snapshot is taken, so that it is never newer.
    pub(crate) fn beside(shared: &Arc<Shared>, mut running: Box<Running>) -> Self {
        running.use_table(&shared.table());
        running.tx = Tx::Beside(shared.store.beside());
        // After the snapshot, so that it is not before the time of any transaction that is in it (T9). The command
        // keeps this time, though others with a later one commit before it is applied: of the rows that it read and
        // of those that it writes none has changed by then, so no row's time goes back. Only rows that it adds can be
        // older than rows that others added meanwhile.
        let now = shared.time_for_queries();
        let deadline = shared.engine.deadline(shared.limits.beside_time);
        Self::new(Arc::clone(shared), running, Place::Beside { now, deadline })
    }

    fn new(shared: Arc<Shared>, running: Box<Running>, place: Place) -> Self {
        let running = Some(running);
        let after = After::default();
        Self { shared, running, after, confirmed: None, finished: None, place, pseudonym: None }
    }

    /// Beside: the newest batch that it sees, and the generation of its table.
    pub(crate) fn stands_on(&self) -> (Sequence, u64) {
        let Some(running) = &self.running else { return (0, 0) };
        let sequence = match &running.tx {
            Tx::Beside(beside) => beside.sequence(),
            Tx::Command(_) | Tx::Query(_) | Tx::Nothing => 0,
        };
        (sequence, running.table.catalogue.generation)
    }

    /// The sequencer's batch, between commands; none beside it.
    pub(crate) fn batch_ref(&self) -> Option<&Batch> {
        match &self.running.as_ref()?.tx {
            Tx::Command(batch) => Some(batch),
            Tx::Beside(_) | Tx::Query(_) | Tx::Nothing => None,
        }
    }

    /// The sequencer's batch, between commands.
    pub(crate) fn batch(&mut self) -> Result<&mut Batch, CallError> {
        match self.running.as_mut().map(|running| &mut running.tx) {
            Some(Tx::Command(batch)) => Ok(batch),
            _ => Err(CallError::internal("the sequencer has lost its batch")),
        }
    }

    /// The rows of the transaction, between calls.
    pub(crate) fn draft(&mut self) -> Result<&mut Draft, CallError> {
        self.running.as_mut().and_then(|running| running.tx.draft()).ok_or_else(lost)
    }

    /// Opens a transaction for a call; gives its time.
    pub(crate) fn begin(&mut self, actor: &Actor, request_id: &Arc<str>) -> Result<u64, CallError> {
        let shared = Arc::clone(&self.shared);
        let (now, deadline, write_time, notes_wanted) = match self.place {
            Place::Batch { time_written } => {
                let deadline = shared.engine.deadline(shared.limits.command_time);
                (shared.tick_time(), deadline, !time_written, shared.events.receiver_count() > 0)
            }
            // The sequencer writes the row of the time, and tells whoever listens when it is applied.
            Place::Beside { now, deadline } => (now, deadline, false, true),
        };
        let running = self.running.as_mut().ok_or_else(lost)?;
        running.begin(actor.clone(), Arc::clone(request_id), deadline);
        running.now = now;
        running.notes_wanted = notes_wanted;
        let draft = self.draft()?;
        draft.begin();
        if write_time {
            draft.set(KERNEL, TIME_KEY, &now.to_be_bytes())?;
        }
        Ok(now)
    }

    /// [`Self::enter_with`], for whoever has values and looks at the result.
    pub(crate) fn enter(&mut self, callee: &Callee, arguments: &[Val]) -> Result<Option<Val>, CallError> {
        self.enter_with(callee, arguments.into())?.value()
    }

    /// Calls within the open transaction.
    pub(crate) fn enter_with(&mut self, callee: &Callee, passed: Passed<'_>) -> Result<Given, CallError> {
        let running = self.running.take().ok_or_else(lost)?;
        let (mut running, ended) = run::call_with(running, callee, passed);
        let result = ended.map_err(|_| running.take_doom());
        self.running = Some(running);
        result
    }

    pub(crate) fn resolve(&self, call: &Call, callable: &Arc<Callable>) -> Result<Callee, CallError> {
        let running = self.running.as_ref().ok_or_else(lost)?;
        Shared::resolve(&running.table, call, callable)
    }

    pub(crate) fn abandon(&mut self) {
        if let Ok(draft) = self.draft() {
            draft.abandon();
        }
    }

    /// Keeps the open transaction: in the batch, or as what is to be applied to it.
    pub(crate) fn finish(&mut self, header: EntryHeader) -> Result<(), CallError> {
        self.after.letters_touched |= &*header.plugin == HOST;
        let running = self.running.as_mut().ok_or_else(lost)?;
        if let Tx::Command(batch) = &mut running.tx {
            batch.finish(header);
            self.place = Place::Batch { time_written: true };
        } else if let Tx::Beside(beside) = std::mem::replace(&mut running.tx, Tx::Nothing) {
            self.finished = Some((beside.finish(header), std::mem::take(&mut running.told)));
        } else {
            return Err(lost());
        }
        self.after.gather(running);
        Ok(())
    }

    /// The batch ends: gives whether anything is in it.
    pub(crate) fn end_batch(&mut self) -> bool {
        let had = matches!(self.place, Place::Batch { time_written: true });
        self.place = Place::Batch { time_written: false };
        had
    }

    pub(crate) fn now(&self) -> u64 {
        self.running.as_ref().map_or(0, |running| running.now)
    }

    /// What the code of a confirmation is for; taken once, remembered for as long as the command is not answered.
    fn take_confirmed(
        &mut self,
        code: &str,
        actor: &Actor,
        binding: Binding,
        now: u64,
    ) -> Result<Vec<Need>, CallError> {
        if self.confirmed.is_none() {
            self.confirmed = Some(self.shared.confirmations.take(code, actor, binding, now)?);
        }
        Ok(self.confirmed.clone().unwrap_or_default())
    }

    fn set_session(&mut self, session: Session) {
        if let Some(running) = &mut self.running {
            running.consent = session;
        }
    }

    /// Who called, as the journal names her.
    fn pseudonym(&mut self, actor: &Actor) -> Vec<u8> {
        if let Some((known, pseudonym)) = &self.pseudonym
            && known == actor
        {
            return pseudonym.clone();
        }
        let pseudonym = self.shared.pseudonym(actor);
        self.pseudonym = Some((actor.clone(), pseudonym.clone()));
        pseudonym
    }

    fn verdict(&self, ok: bool) -> Verdict {
        self.running.as_ref().map_or(Verdict::Fine, |running| running.consent.verdict(ok))
    }
}

fn lost() -> CallError {
    CallError::internal("the state of the commands is lost")
}
