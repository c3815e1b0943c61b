//! Who does what is owed: the sequencer, or a worker beside it where a handler needs more than the sequencer's time
//! (T7). It remembers which handlers do, and which duties are on their way, so that none is begun twice.
//!
//! In memory only: after a restart each long handler costs the sequencer its time once more.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc;

use super::Sequencer;
use crate::beside::{self, Errand, Task};
use crate::call::CallError;
use crate::runner::{Duty, Gap};

/// A duty that could not be begun is looked at again after so long, in microseconds.
const PAUSE_MICROS: u64 = 1_000_000;

/// What became of a duty that was sent beside.
pub(crate) type DutyDone = (Duty, Result<(), CallError>);

/// A duty that must not be begun while it is beside, by its row. A line of events waits by itself.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    /// Whose, and its name.
    Schedule(Arc<str>, String),
    /// Emitter, subscriber, number.
    Letter(Arc<str>, Arc<str>, u64),
}

/// What is remembered of duties.
pub(super) struct Duties {
    sender: mpsc::Sender<DutyDone>,
    done: mpsc::Receiver<DutyDone>,
    /// What is not to be begun before a time, in microseconds; at its end: it is beside.
    away: HashMap<Key, u64>,
    /// Handlers that were found long, by plugin, interface and function, and the plugins among which they were.
    long: HashSet<(String, String, String)>,
    generation: u64,
}

impl Default for Duties {
    fn default() -> Self {
        let (sender, done) = mpsc::channel();
        Self { sender, done, away: HashMap::new(), long: HashSet::new(), generation: 0 }
    }
}

impl Duties {
    /// How many are away: so many more schedules have to be looked up.
    pub(super) fn away(&self) -> usize {
        self.away.len()
    }

    /// Whether a schedule is not to be begun now.
    pub(super) fn is_away(&mut self, plugin: &Arc<str>, name: &str, now: u64) -> bool {
        self.is_key_away(&Key::Schedule(Arc::clone(plugin), name.to_owned()), now)
    }

    /// Whether a dead letter is not to be sent now.
    pub(super) fn is_letter_away(&mut self, emitter: &str, subscriber: &str, number: u64, now: u64) -> bool {
        !self.away.is_empty()
            && self.is_key_away(&Key::Letter(Arc::from(emitter), Arc::from(subscriber), number), now)
    }

    fn is_key_away(&mut self, key: &Key, now: u64) -> bool {
        match self.away.get(key) {
            Some(until) if *until > now => true,
            Some(_) => {
                self.away.remove(key);
                false
            }
            None => false,
        }
    }

    fn set_away(&mut self, duty: &Duty, until: u64) {
        let key = match duty {
            Duty::Schedule(due) => Key::Schedule(Arc::clone(&due.plugin), due.name.clone()),
            Duty::Letter(of) => Key::Letter(Arc::clone(&of.emitter), Arc::clone(&of.subscriber), of.number),
            Duty::Event(_) | Duty::Gap(_) => return,
        };
        self.away.insert(key, until);
    }
}

impl Sequencer {
    /// Does what is owed; none: it is done beside, and [`Self::duties_done`] hears of it.
    pub(super) fn attend(&mut self, duty: Duty) -> Option<DutyDone> {
        let (plugin, interface, function) = duty.handler();
        let key = (plugin.to_owned(), interface.to_owned(), function.to_owned());
        let generation = self.shared.table().catalogue.generation;
        if self.duties.generation != generation {
            // Others are installed now, and may be quicker.
            self.duties.generation = generation;
            self.duties.long.clear();
        }
        if !self.duties.long.contains(&key) {
            match self.guarded(|runner| runner.duty(&duty)) {
                Err(CallError::Deadline { .. }) => {
                    tracing::info!(
                        plugin = key.0,
                        function = key.2,
                        "a handler needs more time than the sequencer has"
                    );
                    self.duties.long.insert(key);
                }
                result => return Some((duty, result)),
            }
        }
        self.duties.set_away(&duty, u64::MAX);
        let task = Task::Duty(Box::new(duty), self.duties.sender.clone());
        beside::send(&self.shared, Errand::new(task));
        None
    }

    /// Hears of what was done beside. Cheap when there is nothing.
    pub(super) fn duties_done(&mut self, now: u64) -> Result<(), CallError> {
        while let Ok((duty, result)) = self.duties.done.try_recv() {
            let postponed = result.as_ref().is_err_and(is_postponed);
            self.duties.set_away(&duty, if postponed { now.saturating_add(PAUSE_MICROS) } else { 0 });
            match (duty, result) {
                (Duty::Event(delivery) | Duty::Gap(Gap { delivery, .. }), Err(_)) if postponed => {
                    self.deliveries.postponed(&delivery, now.saturating_add(PAUSE_MICROS));
                }
                (Duty::Schedule(_), Err(_)) if postponed => self.schedules_touched = true,
                // It is looked for now and then.
                (Duty::Letter(_), Err(_)) if postponed => {}
                (duty, result) => self.attended(duty, result, now)?,
            }
        }
        Ok(())
    }

    /// What follows from a duty that was done, or failed.
    pub(super) fn attended(
        &mut self,
        duty: Duty,
        result: Result<(), CallError>,
        now: u64,
    ) -> Result<(), CallError> {
        match duty {
            Duty::Schedule(due) => {
                self.schedules_touched = true;
                match result {
                    Ok(()) => Ok(()),
                    Err(why) => self.schedule_failed(&due, &why),
                }
            }
            Duty::Event(delivery) => self.told(&delivery, result, now),
            Duty::Letter(delivery) => self.sent_again(&delivery, result),
            Duty::Gap(gap) => self.told_of_gap(&gap, result),
        }
    }
}

/// It did not get to run, or others were faster: no fault of the handler's.
fn is_postponed(error: &CallError) -> bool {
    matches!(
        error,
        CallError::Busy | CallError::Contended { .. } | CallError::ShuttingDown | CallError::Commit(_)
    )
}
