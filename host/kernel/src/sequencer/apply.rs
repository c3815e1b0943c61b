//! T7: taking in what ran beside.

use std::collections::BTreeSet;
use std::sync::Arc;

use hamlet_store::{ApplyError, Namespace, Proposal};

use super::{Pending, Sequencer};
use crate::beside::{self, Apply, Errand, Ran, Task};
use crate::blobs;
use crate::call::CallError;
use crate::events::Subscriptions;
use crate::linking;
use crate::namespaces::{BLOBS, EVENTS};
use crate::rows::InBatch;
use crate::runner::Runner;

/// Why something was not taken in.
enum NotApplied {
    /// It has to be run again.
    Conflict,
    Failed(CallError),
}

impl From<CallError> for NotApplied {
    fn from(error: CallError) -> Self {
        Self::Failed(error)
    }
}

impl From<ApplyError> for NotApplied {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Conflict(_) => Self::Conflict,
            ApplyError::Store(error) => Self::Failed(error.into()),
        }
    }
}

impl Sequencer {
    /// Applies what ran beside, as a transaction of this batch. Cost: in proportion to what it writes and to what was
    /// committed since the worker checked it; not to how long it ran or how much it read.
    pub(super) fn apply(&mut self, apply: Box<Apply>) {
        let Apply { errand, ran, mut proposal, told, after, generation } = *apply;
        let Errand { task, confirmed, conflicts } = errand;
        let (_, actor) = task.line();
        let request_id = task.request_id();
        let before = self.entries();
        let applied = self.guarded(|runner| {
            let applied = (|| {
                if !runner.has_table(generation) {
                    // Other plugins are installed now: it ran, perhaps, what is no longer there.
                    return Err(NotApplied::Conflict);
                }
                runner.begin(&actor, &request_id)?;
                runner.batch()?.apply(&mut proposal)?;
                runner.check_blobs(&proposal)?;
                let subscriptions = runner.subscriptions()?;
                let rows = &mut InBatch { batch: runner.draft()?, namespace: EVENTS };
                let notes = linking::tell(rows, &subscriptions, told)?;
                runner.check_quotas(&proposal)?;
                runner.finish(proposal.header().clone())?;
                runner.after.append(after);
                runner.after.notes.extend(notes);
                Ok(())
            })();
            if applied.is_err() {
                runner.abandon();
            }
            Ok(applied)
        });
        self.shared.beside.bury(proposal);
        let place = self.place(before);
        match (applied.unwrap_or_else(|error| Err(error.into())), task, ran) {
            (Ok(()), Task::Call(call, _, reply), Ran::Call(done)) => {
                self.pending.push(Pending::Call(reply, Ok(done), call, place));
            }
            (Ok(()), Task::All(_, reply), Ran::All(done)) => {
                self.pending.push(Pending::All(reply, Ok(done), place));
            }
            (Ok(()), Task::Duty(duty, reply), Ran::Duty) => drop(reply.send((*duty, Ok(())))),
            (Ok(()), task, _) => task.refuse(CallError::internal("a dry run was applied")),
            (Err(NotApplied::Conflict), task, _) => {
                // With a snapshot that has what is flying, or it would meet the same again.
                self.wait_for_landing();
                beside::again(&self.shared, Errand { task, confirmed, conflicts });
            }
            (Err(NotApplied::Failed(error)), task, _) => task.refuse(error),
        }
    }
}

impl Runner {
    /// Whether its plugins are those of this generation.
    fn has_table(&self, generation: u64) -> bool {
        self.running.as_ref().is_some_and(|running| running.table.catalogue.generation == generation)
    }

    fn subscriptions(&self) -> Result<Arc<Subscriptions>, CallError> {
        let running = self.running.as_ref().ok_or_else(|| CallError::internal("no state"))?;
        Ok(Arc::clone(&running.table.subscriptions))
    }

    /// J5: a blob that was there when it was held, and that nobody else holds, may have been swept since: the hold was
    /// not to be seen yet.
    fn check_blobs(&self, proposal: &Proposal) -> Result<(), NotApplied> {
        let Some(blobs) = &self.shared.blobs else { return Ok(()) };
        for (hash, _) in held(proposal) {
            if blobs.describe(&hash).is_err() {
                return Err(NotApplied::Conflict);
            }
        }
        Ok(())
    }

    /// C7: what others stored meanwhile counts too. What it writes was counted where it ran, and is the same here.
    fn check_quotas(&mut self, proposal: &Proposal) -> Result<(), CallError> {
        let Some(table) = self.running.as_ref().map(|running| Arc::clone(&running.table)) else {
            return Err(CallError::internal("no state"));
        };
        let written: BTreeSet<Namespace> = proposal.writes().iter().map(|write| write.namespace).collect();
        let holders: BTreeSet<&str> = held(proposal).map(|(_, plugin)| plugin).collect();
        let batch = self.draft()?;
        for plugin in &table.plugins {
            let holds = holders.contains(&*plugin.name);
            if !holds && !written.contains(&plugin.namespace) {
                continue;
            }
            let stored = batch.usage(plugin.namespace);
            plugin.check_storage(stored)?;
            if holds {
                let held = blobs::held_bytes(&mut InBatch { batch, namespace: BLOBS }, &plugin.name)?;
                plugin.check_storage(stored.saturating_add(held))?;
            }
        }
        Ok(())
    }
}

/// The blobs that a transaction held, with the plugins that did.
fn held(proposal: &Proposal) -> impl Iterator<Item = (blobs::Hash, &str)> {
    let holds = proposal.writes().iter().filter(|write| write.namespace == BLOBS && write.value.is_some());
    holds.filter_map(|write| blobs::parse_held(&write.key))
}
