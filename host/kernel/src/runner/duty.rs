//! What the host owes a plugin: a schedule whose time has come (E4), an event that it listens to (E1, E2), one that a
//! steward sends again, and the news that one was set aside. Each is one transaction, in which first the row goes that says that it is owed, and then the plugin's handler runs; so it happens
//! once, whoever runs it, on the sequencer or beside it (T7).
//!
//! It does not choose what is owed next, nor say what becomes of what fails: that is the sequencer's `duties.rs`. If it
//! is wrong, a handler runs twice for one event, or never.

use std::sync::Arc;

use hamlet_reflect::binary;
use hamlet_store::EntryHeader;
use wasmtime::component::Val;

use super::{Runner, lost};
use crate::call::{Actor, CallError};
use crate::catalogue::HOST;
use crate::events::letters::{self, Failure};
use crate::events::{self, Delivery};
use crate::namespaces::{EVENTS, SCHEDULES};
use crate::rows::InBatch;
use crate::run::Callee;
use crate::schedule;
use crate::table::{GAPS, SCHEDULED};
use crate::value::outcome;

/// One thing that is owed.
#[derive(Clone, Debug)]
pub(crate) enum Duty {
    /// A schedule whose time has come.
    Schedule(schedule::Due),
    /// The next event for a subscriber.
    Event(Delivery),
    /// A dead letter that a steward sends again.
    Letter(Delivery),
    /// An event that is set aside, and that its subscriber is told of.
    Gap(Gap),
}

/// An event whose handler failed too often.
#[derive(Clone, Debug)]
pub(crate) struct Gap {
    pub(crate) delivery: Delivery,
    pub(crate) failures: u32,
    /// How it failed last.
    pub(crate) why: String,
}

impl Duty {
    /// Whose handler it is.
    pub(crate) fn plugin(&self) -> &Arc<str> {
        match self {
            Self::Schedule(due) => &due.plugin,
            Self::Event(delivery) | Self::Letter(delivery) | Self::Gap(Gap { delivery, .. }) => {
                &delivery.subscriber
            }
        }
    }

    /// Plugin, interface and function of the handler.
    pub(crate) fn handler(&self) -> (&str, &str, &str) {
        match self {
            Self::Schedule(due) => (&due.plugin, SCHEDULED, "run"),
            Self::Event(delivery) | Self::Letter(delivery) => {
                (&delivery.subscriber, &delivery.interface, &delivery.function)
            }
            Self::Gap(gap) => (&gap.delivery.subscriber, GAPS, "gap"),
        }
    }

    /// For the log lines.
    pub(crate) fn request_id(&self) -> Arc<str> {
        Arc::from(match self {
            Self::Schedule(due) => format!("schedule {}", due.name),
            Self::Event(delivery) | Self::Letter(delivery) | Self::Gap(Gap { delivery, .. }) => {
                format!("event {} of {}", delivery.number, delivery.emitter)
            }
        })
    }
}

impl Runner {
    /// Runs it in a transaction of its own; nothing happens where it is owed no more. Whatever fails, nothing is kept.
    pub(crate) fn duty(&mut self, duty: &Duty) -> Result<(), CallError> {
        let done = self.duty_in(duty);
        if done.is_err() {
            self.abandon();
        }
        done
    }

    fn duty_in(&mut self, duty: &Duty) -> Result<(), CallError> {
        let table = Arc::clone(&self.running.as_ref().ok_or_else(lost)?.table);
        let (plugin, interface, function) = duty.handler();
        let callee = table.handler(plugin, interface, function).ok_or_else(|| CallError::NoSuchFunction {
            plugin: plugin.to_owned(),
            function: function.to_owned(),
        })?;
        let now = self.begin(&Actor::Plugin(Arc::clone(duty.plugin())), &duty.request_id())?;
        let draft = self.draft()?;
        let owed = match duty {
            Duty::Schedule(due) => schedule::take(&mut InBatch { batch: draft, namespace: SCHEDULES }, due)?,
            Duty::Event(delivery) => {
                let rows = &mut InBatch { batch: draft, namespace: EVENTS };
                events::advance(rows, &table.subscriptions, delivery)?
            }
            Duty::Letter(delivery) => {
                letters::take(&mut InBatch { batch: draft, namespace: EVENTS }, delivery)?
            }
            Duty::Gap(Gap { delivery, failures, why }) => {
                let rows = &mut InBatch { batch: draft, namespace: EVENTS };
                let failure = Failure { failures: *failures, why, told: true };
                letters::set_aside(rows, &table.subscriptions, delivery, failure, now)?
            }
        };
        match duty {
            _ if !owed => {
                self.abandon();
                Ok(())
            }
            Duty::Schedule(due) if due.forgotten => {
                let header = self.host_header("schedule-skipped", now);
                self.finish(header)
            }
            Duty::Schedule(due) => {
                let payload = due.payload.iter().map(|byte| Val::U8(*byte)).collect();
                let arguments = [Val::String(due.name.clone()), Val::U64(due.due), Val::List(payload)];
                self.handle(&callee, &due.plugin, &Arc::from("run"), &arguments, 0)
            }
            Duty::Event(delivery) | Duty::Letter(delivery) => {
                let Delivery { subscriber, function, arguments, depth, .. } = delivery;
                self.handle(&callee, subscriber, function, arguments, *depth)
            }
            Duty::Gap(Gap { delivery, .. }) => {
                let text = |text: &str| Val::String(text.to_owned());
                let (emitter, number) = (text(&delivery.emitter), Val::U64(delivery.number));
                let arguments = [emitter, number, text(&delivery.interface), text(&delivery.function)];
                self.handle(&callee, &delivery.subscriber, &Arc::from("gap"), &arguments, delivery.depth)
            }
        }
    }

    /// Runs a handler in the open transaction and finishes that. An `err` is a failure too.
    pub(crate) fn handle(
        &mut self,
        callee: &Callee,
        plugin: &Arc<str>,
        function: &Arc<str>,
        arguments: &[Val],
        causality: u8,
    ) -> Result<(), CallError> {
        let running = self.running.as_mut().ok_or_else(lost)?;
        (running.by_host, running.causality) = (true, causality);
        match outcome(self.enter(callee, arguments)?) {
            Ok(_) => {}
            Err(Some(Val::String(why))) => {
                return Err(CallError::internal(format!("it answered an error: {why}")));
            }
            Err(_) => return Err(CallError::internal("it answered an error")),
        }
        let header = EntryHeader {
            time: self.now(),
            caller: self.shared.pseudonym(&Actor::Plugin(Arc::clone(plugin))),
            plugin: Arc::clone(plugin),
            version: callee.version().map_or_else(|| Arc::clone(&self.shared.version), Arc::clone),
            function: Arc::clone(function),
            idempotency: None,
            arguments: binary::digest(arguments),
            result: [0; 32],
        };
        self.finish(header)
    }

    /// An entry for what the host does by itself.
    pub(crate) fn host_header(&self, function: &str, time: u64) -> EntryHeader {
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
}
