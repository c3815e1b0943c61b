//! Telling subscribers (E1, E2): the next event of a line, what becomes of one that cannot be told, and what stewards
//! send again.

use std::sync::Arc;

use wasmtime::component::Val;

use super::Sequencer;
use crate::call::{Actor, CallError};
use crate::events::letters::{self, Failure};
use crate::events::{Delivery, RETRIES_MAX};
use crate::namespaces::EVENTS;
use crate::rows::InBatch;
use crate::run::Callee;
use crate::runner::Duty;
use crate::table::{GAPS, Table};

impl Sequencer {
    /// E1, E2: the next event for one subscriber.
    pub(super) fn deliver(&mut self, now: u64) -> Result<bool, CallError> {
        if !self.deliveries.pending(now) {
            return Ok(false);
        }
        let Some(table) = self.runner.running.as_ref().map(|running| Arc::clone(&running.table)) else {
            return Ok(false);
        };
        let rows = &mut InBatch { batch: self.runner.batch()?, namespace: EVENTS };
        let Some(delivery) = self.deliveries.next(rows, now, &|plugin| table.runs(plugin))? else {
            return Ok(false);
        };
        if let Some((duty, result)) = self.attend(Duty::Event(delivery)) {
            self.attended(duty, result, now)?;
        }
        Ok(true)
    }

    /// E2: what follows from the run of an event's handler.
    pub(super) fn told(
        &mut self,
        delivery: &Delivery,
        result: Result<(), CallError>,
        now: u64,
    ) -> Result<(), CallError> {
        let Err(why) = result else {
            self.deliveries.succeeded(delivery);
            return Ok(());
        };
        let (emitter, subscriber) = (&*delivery.emitter, &*delivery.subscriber);
        tracing::warn!(emitter, subscriber, number = delivery.number, %why, "an event's handler failed");
        let failures = self.deliveries.failed(delivery, now);
        // A plugin that is paused is no fault of the event: it waits for that one's return.
        if failures > RETRIES_MAX
            && !matches!(why, CallError::Unavailable { .. })
            && let Some(table) = self.runner.running.as_ref().map(|running| Arc::clone(&running.table))
        {
            self.set_aside(&table, delivery, failures, &why.to_string())?;
            self.deliveries.succeeded(delivery);
        }
        Ok(())
    }

    /// Hands a dead letter over once more, in a transaction of its own.
    fn hand_over(&mut self, table: &Table, delivery: &Delivery) -> Result<(), CallError> {
        let Delivery { subscriber, interface, function, arguments, depth, .. } = delivery;
        let callee = table.handler(subscriber, interface, function).ok_or_else(|| {
            CallError::NoSuchFunction { plugin: subscriber.to_string(), function: function.to_string() }
        })?;
        self.begin_for(delivery)?;
        if !letters::take(&mut InBatch { batch: self.runner.batch()?, namespace: EVENTS }, delivery)? {
            self.runner.abandon();
            return Ok(());
        }
        self.runner.handle(&callee, subscriber, function, arguments, *depth)
    }

    fn begin_for(&mut self, delivery: &Delivery) -> Result<u64, CallError> {
        let request = Arc::from(format!("event {} of {}", delivery.number, delivery.emitter));
        self.runner.begin(&Actor::Plugin(Arc::clone(&delivery.subscriber)), &request)
    }

    /// E2: the event becomes a dead letter, and its subscriber is told of the gap if it can be.
    fn set_aside(
        &mut self,
        table: &Table,
        delivery: &Delivery,
        failures: u32,
        why: &str,
    ) -> Result<(), CallError> {
        let (emitter, subscriber, number) = (&*delivery.emitter, &*delivery.subscriber, delivery.number);
        if let Some(callee) = table.handler(subscriber, GAPS, "gap") {
            let told = Failure { failures, why, told: true };
            match self.set_aside_and_tell(table, delivery, told, Some(&callee)) {
                Ok(()) => {
                    tracing::error!(emitter, subscriber, number, "an event was set aside");
                    return Ok(());
                }
                Err(why) => {
                    self.runner.abandon();
                    tracing::warn!(emitter, subscriber, number, %why, "a handler of gaps failed");
                }
            }
        }
        let not_told = Failure { failures, why, told: false };
        self.set_aside_and_tell(table, delivery, not_told, None)?;
        tracing::error!(emitter, subscriber, number, "an event was set aside; the subscriber was not told");
        Ok(())
    }

    /// One transaction: the letter, and what the subscriber does about the gap.
    fn set_aside_and_tell(
        &mut self,
        table: &Table,
        delivery: &Delivery,
        failure: Failure<'_>,
        gap: Option<&Callee>,
    ) -> Result<(), CallError> {
        let now = self.begin_for(delivery)?;
        let rows = &mut InBatch { batch: self.runner.batch()?, namespace: EVENTS };
        if !letters::set_aside(rows, &table.subscriptions, delivery, failure, now)? {
            self.runner.abandon();
            return Ok(());
        }
        let Some(callee) = gap else {
            let header = self.runner.host_header("event-set-aside", now);
            return self.runner.finish(header);
        };
        let text = |text: &str| Val::String(text.to_owned());
        let (emitter, number) = (text(&delivery.emitter), Val::U64(delivery.number));
        let arguments = [emitter, number, text(&delivery.interface), text(&delivery.function)];
        self.runner.handle(callee, &delivery.subscriber, &Arc::from("gap"), &arguments, delivery.depth)
    }

    /// A dead letter that a steward wants to be sent again; false: there is none. Looked for only after something that
    /// may have marked one, and now and then, for those whose subscriber was paused.
    pub(super) fn send_again(&mut self) -> Result<bool, CallError> {
        if !(std::mem::take(&mut self.letters_touched)
            | std::mem::take(&mut self.runner.after.letters_touched))
        {
            return Ok(false);
        }
        let Some(table) = self.runner.running.as_ref().map(|running| Arc::clone(&running.table)) else {
            return Ok(false);
        };
        let rows = &mut InBatch { batch: self.runner.batch()?, namespace: EVENTS };
        let Some(delivery) = letters::next_marked(rows, &|plugin| table.runs(plugin))? else {
            return Ok(false);
        };
        self.letters_touched = true;
        if let Err(why) = self.hand_over(&table, &delivery) {
            self.runner.abandon();
            let (emitter, subscriber) = (&*delivery.emitter, &*delivery.subscriber);
            tracing::warn!(emitter, subscriber, number = delivery.number, %why, "a dead letter failed again");
            let now = self.begin_for(&delivery)?;
            let rows = &mut InBatch { batch: self.runner.batch()?, namespace: EVENTS };
            letters::failed_again(rows, &delivery, &why.to_string())?;
            let header = self.runner.host_header("event-failed-again", now);
            self.runner.finish(header)?;
        }
        Ok(true)
    }
}
