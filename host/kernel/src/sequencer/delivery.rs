//! Telling subscribers (E1, E2): the next event of a line, what becomes of one that cannot be told, and what stewards
//! send again.

use std::sync::Arc;

use super::Sequencer;
use crate::call::{Actor, CallError};
use crate::events::letters::{self, Failure};
use crate::events::{Delivery, RETRIES_MAX};
use crate::namespaces::EVENTS;
use crate::rows::InBatch;
use crate::runner::{Duty, Gap};
use crate::table::GAPS;

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
        if failures <= RETRIES_MAX || matches!(why, CallError::Unavailable { .. }) {
            return Ok(());
        }
        let Some(table) = self.runner.running.as_ref().map(|running| Arc::clone(&running.table)) else {
            return Ok(());
        };
        let gap = Gap { delivery: delivery.clone(), failures, why: why.to_string() };
        if table.handler(&delivery.subscriber, GAPS, "gap").is_none() {
            return self.set_aside_untold(&gap);
        }
        self.deliveries.hold(delivery);
        match self.attend(Duty::Gap(gap)) {
            Some((duty, result)) => self.attended(duty, result, now),
            None => Ok(()),
        }
    }

    /// E2: the subscriber was told of the gap, or could not be.
    pub(super) fn told_of_gap(&mut self, gap: &Gap, result: Result<(), CallError>) -> Result<(), CallError> {
        let Delivery { emitter, subscriber, number, .. } = &gap.delivery;
        let (emitter, subscriber) = (&**emitter, &**subscriber);
        let Err(why) = result else {
            tracing::error!(emitter, subscriber, number, "an event was set aside");
            self.deliveries.succeeded(&gap.delivery);
            return Ok(());
        };
        tracing::warn!(emitter, subscriber, number, %why, "a handler of gaps failed");
        self.set_aside_untold(gap)
    }

    /// E2: the event becomes a dead letter, without its subscriber.
    fn set_aside_untold(&mut self, gap: &Gap) -> Result<(), CallError> {
        let Gap { delivery, failures, why } = gap;
        let Some(table) = self.runner.running.as_ref().map(|running| Arc::clone(&running.table)) else {
            return Ok(());
        };
        let now = self.begin_for(delivery)?;
        let rows = &mut InBatch { batch: self.runner.batch()?, namespace: EVENTS };
        let failure = Failure { failures: *failures, why, told: false };
        if letters::set_aside(rows, &table.subscriptions, delivery, failure, now)? {
            let header = self.runner.host_header("event-set-aside", now);
            self.runner.finish(header)?;
        } else {
            self.runner.abandon();
        }
        let (emitter, subscriber) = (&*delivery.emitter, &*delivery.subscriber);
        let number = delivery.number;
        tracing::error!(emitter, subscriber, number, "an event was set aside; the subscriber was not told");
        self.deliveries.succeeded(delivery);
        Ok(())
    }

    fn begin_for(&mut self, delivery: &Delivery) -> Result<u64, CallError> {
        let request = Arc::from(format!("event {} of {}", delivery.number, delivery.emitter));
        self.runner.begin(&Actor::Plugin(Arc::clone(&delivery.subscriber)), &request)
    }

    /// A dead letter that a steward wants to be sent again; false: there is none. Looked for only after something that
    /// may have marked one, and now and then, for those whose subscriber was paused.
    pub(super) fn send_again(&mut self, now: u64) -> Result<bool, CallError> {
        if !(std::mem::take(&mut self.letters_touched)
            | std::mem::take(&mut self.runner.after.letters_touched))
        {
            return Ok(false);
        }
        let Some(table) = self.runner.running.as_ref().map(|running| Arc::clone(&running.table)) else {
            return Ok(false);
        };
        let rows = &mut InBatch { batch: self.runner.batch()?, namespace: EVENTS };
        let duties = &mut self.duties;
        let mut wanted = |emitter: &str, subscriber: &str, number| {
            table.runs(subscriber) && !duties.is_letter_away(emitter, subscriber, number, now)
        };
        let Some(delivery) = letters::next_marked(rows, &mut wanted)? else { return Ok(false) };
        self.letters_touched = true;
        if let Some((duty, result)) = self.attend(Duty::Letter(delivery)) {
            self.attended(duty, result, now)?;
        }
        Ok(true)
    }

    /// A dead letter was sent again, or its handler failed once more.
    pub(super) fn sent_again(
        &mut self,
        delivery: &Delivery,
        result: Result<(), CallError>,
    ) -> Result<(), CallError> {
        self.letters_touched = true;
        let Err(why) = result else { return Ok(()) };
        let (emitter, subscriber) = (&*delivery.emitter, &*delivery.subscriber);
        tracing::warn!(emitter, subscriber, number = delivery.number, %why, "a dead letter failed again");
        let now = self.begin_for(delivery)?;
        let rows = &mut InBatch { batch: self.runner.batch()?, namespace: EVENTS };
        letters::failed_again(rows, delivery, &why.to_string())?;
        let header = self.runner.host_header("event-failed-again", now);
        self.runner.finish(header)
    }
}
