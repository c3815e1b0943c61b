//! The rest of the host's interfaces: who acts (W4), with whose will (W2), when (T9, E4), and personal data (C6).

use std::sync::Arc;

use hamlet_reflect::Id;

use super::wit;
use crate::call::{Actor, CallError, Need};
use crate::config::{LOG_LINE_BYTES_MAX, LOG_LINES_MAX};
use crate::consent::{Asker, Refusal, When};
use crate::namespaces::{GRANTS, SCHEDULES};
use crate::native::{Mandate, SealRefusal};
use crate::rows::InBatch;
use crate::run::{Running, Slot};
use crate::{schedule, settings};

type Trapping<T> = wasmtime::Result<T>;

fn id(id: wit::types::Id) -> Id {
    Id::from_halves(id.high, id.low)
}

fn wit_id(id: Id) -> wit::types::Id {
    wit::types::Id { high: id.high(), low: id.low() }
}

/// Turns a dooming error into the engine error that unwinds the guest.
fn doomed<T>(running: &mut Running, result: Result<T, CallError>) -> Trapping<T> {
    result.map_err(|why| running.trap(why))
}

impl wit::types::Host for Slot {}

impl wit::clock::Host for Slot {
    fn now(&mut self) -> Trapping<u64> {
        Ok(self.running()?.now)
    }

    fn today(&mut self) -> Trapping<String> {
        let running = self.running()?;
        let today = running.calendar.today(&mut running.tx, running.now).map(str::to_owned);
        doomed(running, today)
    }
}

impl wit::random::Host for Slot {
    fn bytes(&mut self, length: u32) -> Trapping<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length.min(4_096)).unwrap_or(0)];
        self.running()?.random.fill(&mut bytes);
        Ok(bytes)
    }

    fn new_id(&mut self) -> Trapping<wit::types::Id> {
        let running = self.running()?;
        Ok(wit_id(running.random.new_id(running.now)))
    }
}

impl wit::log::Host for Slot {
    fn write(&mut self, level: wit::log::Level, message: String) -> Trapping<()> {
        let running = self.running()?;
        running.log_lines += 1;
        if running.log_lines > LOG_LINES_MAX {
            return Ok(());
        }
        let Some(frame) = running.frames.last() else { return Ok(()) };
        let mut end = message.len().min(LOG_LINE_BYTES_MAX);
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        let line = message.get(..end).unwrap_or_default();
        let (plugin, function, request) = (&*frame.name, &*frame.function, &*running.request_id);
        match level {
            wit::log::Level::Debug => tracing::debug!(target: "plugin", plugin, function, request, "{line}"),
            wit::log::Level::Info => tracing::info!(target: "plugin", plugin, function, request, "{line}"),
            wit::log::Level::Warning => tracing::warn!(target: "plugin", plugin, function, request, "{line}"),
            wit::log::Level::Error => tracing::error!(target: "plugin", plugin, function, request, "{line}"),
        }
        Ok(())
    }
}

fn wit_actor(actor: &Actor) -> wit::identity::Actor {
    match actor {
        Actor::Person(party) => wit::identity::Actor::Person(wit_id(*party)),
        Actor::Device(device) => wit::identity::Actor::Device(wit_id(*device)),
        Actor::Plugin(name) => wit::identity::Actor::Plugin(name.to_string()),
        Actor::Decision(effect) => wit::identity::Actor::Decision(wit_id(*effect)),
        Actor::Neighbour(name) => wit::identity::Actor::Neighbour(name.to_string()),
        Actor::Console => wit::identity::Actor::Console,
        Actor::Anyone => wit::identity::Actor::Anyone,
    }
}

fn wit_caller(running: &Running) -> wit::identity::Caller {
    match running.caller() {
        None => wit::identity::Caller::Direct,
        Some(frame) => wit::identity::Caller::Plugin(frame.name.to_string()),
    }
}

impl wit::identity::Host for Slot {
    fn get_call(&mut self) -> Trapping<wit::identity::Call> {
        let running = self.running()?;
        let day = running.calendar.day(&mut running.tx, running.now);
        Ok(wit::identity::Call {
            now: running.now,
            day: doomed(running, day)?,
            actor: wit_actor(&running.actor),
            caller: wit_caller(running),
            in_person: running.is_in_person(),
        })
    }

    fn get_actor(&mut self) -> Trapping<wit::identity::Actor> {
        Ok(wit_actor(&self.running()?.actor))
    }

    fn get_caller(&mut self) -> Trapping<wit::identity::Caller> {
        Ok(wit_caller(self.running()?))
    }

    fn get_chain(&mut self) -> Trapping<Vec<String>> {
        let frames = &self.running()?.frames;
        let before = frames.len().saturating_sub(1);
        Ok(frames.iter().take(before).map(|frame| frame.name.to_string()).collect())
    }

    fn mandate_for(&mut self, party: wit::types::Id) -> Trapping<Option<wit::identity::Mandate>> {
        let running = self.running()?;
        let mandate = running.actors_mandate(id(party));
        Ok(doomed(running, mandate)?.map(|mandate| match mandate {
            Mandate::SelfActing => wit::identity::Mandate::SelfActing,
            Mandate::Representative => wit::identity::Mandate::Representative,
            Mandate::Guardian => wit::identity::Mandate::Guardian,
            Mandate::Clerk => wit::identity::Mandate::Clerk,
        }))
    }

    fn in_group(&mut self, name: String) -> Trapping<bool> {
        let running = self.running()?;
        let Some(person) = running.actor.person() else { return Ok(false) };
        let answer = crate::access::People::is_in_group(running, person, &name);
        doomed(running, answer)
    }

    fn recently_recovered(&mut self, party: wit::types::Id) -> Trapping<Option<u64>> {
        let running = self.running()?;
        let at = running.recently_recovered(id(party));
        doomed(running, at)
    }

    fn request_id(&mut self) -> Trapping<String> {
        Ok(self.running()?.request_id.to_string())
    }
}

impl wit::consent::Host for Slot {
    fn require(&mut self, need: wit::consent::Need) -> Trapping<Result<(), wit::consent::Refusal>> {
        let running = self.running()?;
        let answer = running.require(need);
        Ok(doomed(running, answer)?.map_err(|refusal| match refusal {
            Refusal::ConfirmationNeeded => wit::consent::Refusal::ConfirmationNeeded,
            Refusal::DiffersFromConfirmed => wit::consent::Refusal::DiffersFromConfirmed,
            Refusal::Ceiling(left) => wit::consent::Refusal::Ceiling(left),
            Refusal::NoMandate => wit::consent::Refusal::NoMandate,
        }))
    }
}

impl wit::sealed::Host for Slot {
    fn seal(
        &mut self,
        party: wit::types::Id,
        plain: Vec<u8>,
    ) -> Trapping<Result<Vec<u8>, wit::sealed::Error>> {
        let running = self.running()?;
        let sealed = running.check_writable().and_then(|()| running.seal(id(party), &plain));
        Ok(doomed(running, sealed)?.map_err(seal_error))
    }

    fn open(
        &mut self,
        party: wit::types::Id,
        sealed: Vec<u8>,
    ) -> Trapping<Result<Vec<u8>, wit::sealed::Error>> {
        let running = self.running()?;
        let opened = running.open_sealed(id(party), &sealed);
        Ok(doomed(running, opened)?.map_err(seal_error))
    }
}

fn seal_error(refusal: SealRefusal) -> wit::sealed::Error {
    match refusal {
        SealRefusal::NoSuchParty => wit::sealed::Error::NoSuchParty,
        SealRefusal::Erased => wit::sealed::Error::Erased,
        SealRefusal::Damaged => wit::sealed::Error::Damaged,
        SealRefusal::TooLong(length) => wit::sealed::Error::TooLong(length),
    }
}

impl wit::schedule::Host for Slot {
    fn set(
        &mut self,
        name: String,
        when: wit::schedule::When,
        payload: Vec<u8>,
        retries: wit::schedule::Retries,
    ) -> Trapping<Result<(), wit::schedule::Error>> {
        let running = self.running()?;
        let when = match when {
            wit::schedule::When::At(time) => schedule::When::At(time),
            wit::schedule::When::Every(every) => schedule::When::Every(schedule::Recurrence {
                rule: every.rule,
                zone: every.zone,
                start: every.start,
                missed: match every.missed {
                    wit::schedule::Missed::Once => schedule::Missed::Once,
                    wit::schedule::Missed::Each => schedule::Missed::Each,
                    wit::schedule::Missed::Skip => schedule::Missed::Skip,
                },
            }),
        };
        let retries = schedule::Retries { most: retries.most, wait: retries.wait };
        let (name, now) = (&*name, running.now);
        let order = schedule::Order { name, when: &when, payload: &payload, retries, now };
        let set =
            running.change_schedule(|rows, changes, plugin| schedule::set(rows, changes, plugin, order));
        Ok(doomed(running, set)?.map_err(|error| match error {
            schedule::SetError::NameLength(length) => wit::schedule::Error::NameLength(length),
            schedule::SetError::PayloadLength(length) => wit::schedule::Error::PayloadLength(length),
            schedule::SetError::RecurrenceInvalid(why) => wit::schedule::Error::RecurrenceInvalid(why),
        }))
    }

    fn cancel(&mut self, name: String) -> Trapping<bool> {
        let running = self.running()?;
        let cancelled =
            running.change_schedule(|rows, changes, plugin| schedule::cancel(rows, changes, plugin, &name));
        doomed(running, cancelled)
    }
}

impl Running {
    /// The right by which the actor may act for a party (W4).
    fn actors_mandate(&mut self, party: Id) -> Result<Option<Mandate>, CallError> {
        match self.actor {
            Actor::Person(id) | Actor::Device(id) => self.mandate_of(id, party),
            Actor::Decision(_) => Ok((self.commons()? == Some(party)).then_some(Mandate::Representative)),
            Actor::Plugin(_) | Actor::Neighbour(_) | Actor::Console | Actor::Anyone => Ok(None),
        }
    }

    /// W2: the actor calls the plugin at work herself.
    fn is_in_person(&self) -> bool {
        self.caller().is_none() && !self.by_host
    }

    /// W2. The caller of the plugin at work, and nobody behind it, is who a grant must be for.
    fn require(&mut self, need: wit::consent::Need) -> Result<Result<(), Refusal>, CallError> {
        self.check_writable()?;
        let owner = id(need.owner);
        let mandate = self.actors_mandate(owner)?.is_some();
        if mandate && self.is_in_person() {
            return Ok(Ok(()));
        }
        let caller = self.caller().map(|frame| Arc::clone(&frame.name));
        let need = Need {
            provider: Arc::clone(&self.frame()?.name),
            kind: need.kind,
            thing: need.thing,
            owner,
            amount: need.amount,
            sentence: need.sentence,
        };
        let month = settings::month(&settings::zone(&mut self.tx)?, self.now);
        let when = When { now: self.now, month };
        let asker = Asker { caller: caller.as_deref(), person: self.actor.person().is_some(), mandate };
        let batch = self.tx.writable()?;
        self.consent.require(need, asker, when, &mut InBatch { batch, namespace: GRANTS })
    }

    /// Encrypts for a party, as the one at work (C6).
    pub(crate) fn seal(
        &mut self,
        party: Id,
        plain: &[u8],
    ) -> Result<Result<Vec<u8>, SealRefusal>, CallError> {
        let directory = Arc::clone(&self.shared.directory);
        if directory.status(&mut self.tx, self.shared.directory_namespace, party)?.is_none() {
            return Ok(Err(SealRefusal::NoSuchParty));
        }
        Ok(self.shared.keys.seal(&self.frame()?.name, party, plain)?)
    }

    /// Decrypts what [`Running::seal`] gave to the same plugin.
    pub(crate) fn open_sealed(
        &mut self,
        party: Id,
        sealed: &[u8],
    ) -> Result<Result<Vec<u8>, SealRefusal>, CallError> {
        Ok(self.shared.keys.open_sealed(&self.frame()?.name, party, sealed)?)
    }

    fn change_schedule<T>(
        &mut self,
        change: impl FnOnce(&mut InBatch<'_>, &mut schedule::Changes, &Arc<str>) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        self.check_writable()?;
        let plugin = Arc::clone(&self.frame()?.name);
        self.schedules_touched = true;
        let batch = self.tx.writable()?;
        change(&mut InBatch { batch, namespace: SCHEDULES }, &mut self.schedule_changes, &plugin)
    }
}
