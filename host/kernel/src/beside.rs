//! The path beside the sequencer (T7): commands that need more than its 50 ms run here, on a snapshot, on threads of
//! their own.
//!
//! ```text
//! Kernel ──▶ queue ──▶ sequencer ──too long──▶ queue beside ──▶ worker: runs it on a snapshot, checks it
//!    └── declared long, or found so once ──────────▲    ▲                │
//!                                                  │    └── conflict ────┤ (at most three)
//!                                       conflict ──┘                     ▼
//!                                       sequencer ◀── queue ◀── Apply: its writes, what they depend on
//! ```
//!
//! The worker runs the very code that the sequencer runs ([`Runner`]). What it gives is applied if nothing that the
//! command read or writes has changed since its snapshot, so it is as if the command had run in no time at all, at its
//! place in the journal. A command that writes nothing stands where its snapshot was taken. Refusals, traps and needs
//! of consent were met on a consistent snapshot and are answered from there.
//!
//! Who is slow hurts herself alone: the queue beside is bounded by plugin and principal (T8), and serves them in turn.
//!
//! If this is wrong, a slow plugin stops a village, or two commands commit that cannot both be true.

mod long;
mod queue;
mod worker;

use std::sync::Arc;
use std::sync::mpsc;

use hamlet_reflect::abi::Image;
use hamlet_reflect::binary;
use hamlet_store::{Proposal, Sequence};
use tokio::sync::oneshot;

use crate::call::{Actor, Answer, BatchError, BatchFailure, Call, CallError, DryRun, Need};
use crate::catalogue::Callable;
use crate::config::CONFLICTS_MAX;
use crate::fair::Lane;
use crate::kernel::Shared;
use crate::linking::Told;
use crate::metrics::Metrics;
use crate::plugins;
use crate::runner::{After, Done, Duty};
use crate::sequencer::DutyDone;
use crate::value::{Given, Passed};

pub(crate) use queue::Beside;
pub(crate) use worker::work;

pub(crate) type Reply<T> = oneshot::Sender<T>;

/// What the caller of one function gets: the answer, and her own call back, so that its many small values are freed on
/// her thread and not between two commands.
pub(crate) type Replied = (Result<Answered, CallError>, Option<Box<Asked>>);

/// A call, with what its caller's own thread could prepare of it.
pub(crate) struct Asked {
    pub(crate) call: Call,
    /// Of the arguments (X1).
    pub(crate) digest: [u8; 32],
    /// Of the arguments; none where they do not fit.
    pub(crate) image: Option<Image>,
}

impl Asked {
    pub(crate) fn new(call: Call, callable: &Callable) -> Self {
        let digest = binary::digest(&call.arguments);
        let image = callable.signature.image(&call.arguments);
        Self { call, digest, image }
    }

    pub(crate) fn passed(&self) -> Passed<'_> {
        Passed { values: &self.call.arguments, image: self.image.as_ref() }
    }
}

/// An answer whose result its caller's own thread will make values of.
pub(crate) struct Answered {
    pub(crate) sequence: Sequence,
    pub(crate) command: Option<u32>,
    pub(crate) given: Given,
    pub(crate) replayed: bool,
}

impl Answered {
    pub(crate) fn open(self) -> Result<Answer, CallError> {
        let Self { sequence, command, given, replayed } = self;
        Ok(Answer { sequence, command, result: given.outcome()?, replayed })
    }
}

/// A command, or several in one transaction, and who waits.
pub(crate) enum Task {
    Call(Box<Asked>, Arc<Callable>, Reply<Replied>),
    All(Vec<(Asked, Arc<Callable>)>, Reply<Result<Vec<Answered>, BatchError>>),
    DryRun(Box<Asked>, Arc<Callable>, Reply<Result<DryRun, CallError>>),
    /// What the host owes a plugin: nobody waits, but the sequencer hears of it.
    Duty(Box<Duty>, mpsc::Sender<DutyDone>),
}

impl Task {
    /// The plugin and the principal in whose line it waits; of several calls, those of the first.
    pub(crate) fn line(&self) -> (Arc<str>, Actor) {
        match self {
            Self::Call(asked, callable, _) | Self::DryRun(asked, callable, _) => {
                (Arc::clone(&callable.plugin), asked.call.actor.clone())
            }
            Self::All(calls, _) => match calls.first() {
                Some((asked, callable)) => (Arc::clone(&callable.plugin), asked.call.actor.clone()),
                None => (Arc::from(""), Actor::Anyone),
            },
            Self::Duty(duty, _) => (Arc::clone(duty.plugin()), Actor::Plugin(Arc::clone(duty.plugin()))),
        }
    }

    /// Answers that nothing was done.
    pub(crate) fn refuse(self, why: CallError) {
        // Whoever waited may have left.
        match self {
            Self::Call(call, _, reply) => drop(reply.send((Err(why), Some(call)))),
            Self::All(_, reply) => {
                drop(reply.send(Err(BatchError { index: 0, error: BatchFailure::Call(why) })));
            }
            Self::DryRun(_, _, reply) => drop(reply.send(Err(why))),
            Self::Duty(duty, reply) => drop(reply.send((*duty, Err(why)))),
        }
    }

    /// Before whom and behind whom it waits (T8).
    pub(crate) fn lane(&self) -> Lane {
        if matches!(self, Self::Duty(..)) { Lane::Background } else { Lane::People }
    }

    /// For the log lines.
    pub(crate) fn request_id(&self) -> Arc<str> {
        match self {
            Self::Call(asked, ..) | Self::DryRun(asked, ..) => Arc::clone(&asked.call.request_id),
            Self::All(calls, _) => {
                calls.first().map_or_else(|| Arc::from(""), |(asked, _)| Arc::clone(&asked.call.request_id))
            }
            Self::Duty(duty, _) => duty.request_id(),
        }
    }

    /// Whether it ends a migration (J4): the batch is committed before it.
    pub(crate) fn is_switch(&self) -> bool {
        self.callables().any(|callable| plugins::is_switch(&callable.plugin, &callable.name))
    }

    fn callables(&self) -> impl Iterator<Item = &Callable> {
        let (one, many) = match self {
            Self::Call(_, callable, _) | Self::DryRun(_, callable, _) => (Some(&**callable), None),
            Self::All(calls, _) => (None, Some(calls.iter().map(|(_, callable)| &**callable))),
            Self::Duty(..) => (None, None),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

/// A task on its way beside.
pub(crate) struct Errand {
    pub(crate) task: Task,
    /// What its code confirmed, where it was taken already: a code is good once.
    pub(crate) confirmed: Option<Vec<Need>>,
    pub(crate) conflicts: u8,
}

impl Errand {
    pub(crate) fn new(task: Task) -> Self {
        Self { task, confirmed: None, conflicts: 0 }
    }
}

/// What a task came to.
pub(crate) enum Ran {
    Call(Done),
    All(Vec<Done>),
    Duty,
}

/// A transaction that ran beside, for the sequencer.
pub(crate) struct Apply {
    pub(crate) errand: Errand,
    pub(crate) ran: Ran,
    pub(crate) proposal: Proposal,
    pub(crate) told: Vec<Told>,
    pub(crate) after: After,
    /// Of the table with which it ran.
    pub(crate) generation: u64,
}

/// Lets a command run beside, or answers why not.
pub(crate) fn send(shared: &Shared, errand: Errand) {
    if let Err(refused) = shared.beside.push(errand) {
        let (errand, why) = *refused;
        if matches!(why, CallError::Busy) {
            Metrics::count(&shared.metrics.busy);
        }
        errand.task.refuse(why);
    }
}

/// What a command read was changed by others: it runs again, or has had its chances.
pub(crate) fn again(shared: &Shared, mut errand: Errand) {
    Metrics::count(&shared.metrics.conflicts);
    errand.conflicts += 1;
    if errand.conflicts < CONFLICTS_MAX {
        return send(shared, errand);
    }
    Metrics::count(&shared.metrics.contended);
    let conflicts = errand.conflicts;
    errand.task.refuse(CallError::Contended { conflicts });
}
