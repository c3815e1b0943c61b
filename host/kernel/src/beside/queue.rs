//! The queue before the workers: as fair as the sequencer's, and bounded by plugin too (T8).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use hamlet_store::Proposal;
use parking_lot::Mutex;

use super::long::Long;
use super::{Errand, Task};
use crate::call::{Actor, CallError};
use crate::catalogue::Callable;
use crate::fair::{Bounds, Refused, SharedQueue};
use crate::kernel::Shared;

/// All that is beside the sequencer.
pub(crate) struct Beside {
    queue: SharedQueue<Actor, Errand>,
    /// How many wait of one plugin, and how many may.
    of_plugin: Mutex<HashMap<Arc<str>, usize>>,
    of_plugin_max: usize,
    long: Long,
    /// What was applied, for the workers to free: millions of keys, on the sequencer they would cost a batch.
    remains: Mutex<Vec<Proposal>>,
}

impl Beside {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            queue: SharedQueue::new(bounds),
            of_plugin: Mutex::default(),
            // A quarter: four plugins must conspire before a fifth is refused.
            of_plugin_max: (bounds.people / 4).max(1),
            long: Long::default(),
            remains: Mutex::default(),
        }
    }

    /// Whether a command should run here at once. Cheap while nothing is long.
    pub(crate) fn wants(&self, shared: &Shared, task: &Task) -> bool {
        task.callables().any(|callable| callable.rule.long) || self.long.knows(shared, task)
    }

    /// The sequencer's time was not enough: the call at this place of the task was at work when it was up.
    pub(crate) fn found_long(&self, shared: &Shared, task: &Task, index: usize) {
        self.long.found(shared, task, index);
    }

    /// It failed on the sequencer, and not at once. A plugin of which nothing comes has no claim on everybody's time:
    /// after some such calls it runs here.
    pub(crate) fn failed_slowly(&self, shared: &Shared, callable: &Callable) {
        self.long.failed_slowly(shared, callable);
    }

    /// It ran here, and took so long.
    pub(super) fn took(&self, shared: &Shared, task: &Task, time: Duration) {
        self.long.took(shared, task, time);
    }

    /// Puts a command at the end of its line, or gives it back with why not.
    pub(super) fn push(&self, errand: Errand) -> Result<(), Box<(Errand, CallError)>> {
        let (plugin, actor) = errand.task.line();
        let mut of_plugin = self.of_plugin.lock();
        let waiting = of_plugin.get(&plugin).copied().unwrap_or(0);
        if waiting >= self.of_plugin_max {
            return Err(Box::new((errand, CallError::Busy)));
        }
        let lane = errand.task.lane();
        self.queue.push(lane, &plugin, actor, errand).map_err(|refused| {
            let why = match refused {
                Refused::Closed(_) => CallError::ShuttingDown,
                Refused::Full(_) | Refused::PrincipalFull(_) => CallError::Busy,
            };
            Box::new((refused.into_item(), why))
        })?;
        of_plugin.insert(plugin, waiting + 1);
        Ok(())
    }

    /// The next command; sleeps at most `patience` for one.
    pub(super) fn pop_within(&self, patience: Duration) -> Option<Errand> {
        let errand = self.queue.pop_within(patience)?;
        let (plugin, _) = errand.task.line();
        let mut of_plugin = self.of_plugin.lock();
        if let Some(waiting) = of_plugin.get_mut(&plugin) {
            *waiting = waiting.saturating_sub(1);
            if *waiting == 0 {
                of_plugin.remove(&plugin);
            }
        }
        Some(errand)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Takes no more. Those that run come to their end; those that wait are told that they will not: they could take
    /// the host minutes.
    pub(crate) fn close(&self) {
        self.queue.close();
        while let Some(errand) = self.pop_within(Duration::ZERO) {
            errand.task.refuse(CallError::ShuttingDown);
        }
    }

    /// Leaves what is left of a command to be freed by a worker.
    pub(crate) fn bury(&self, proposal: Proposal) {
        self.remains.lock().push(proposal);
        self.queue.wake();
    }

    pub(super) fn free(&self) {
        let remains = std::mem::take(&mut *self.remains.lock());
        drop(remains);
    }
}
