//! The queue before the sequencer (T8): bounded, and fair by plugin and principal.
//!
//! There are two lanes. *People* always go before *background* work (event deliveries and
//! schedules). Inside a lane, each pair of plugin and principal has a line of its own, and the
//! lines are served in turn, one item each: whoever sends ten thousand commands waits for herself,
//! not her neighbour for her. A full queue, or a principal that has too much waiting, is told so at
//! once; nothing here ever blocks the one who pushes.
//!
//! It is not a scheduler of time: a command that runs long is ended by its deadline (T7).
//!
//! If it is wrong, one member's script stops a whole village: starvation inside a lane, or memory
//! that grows with the number of waiting requests.

use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::{Condvar, Mutex};

/// How many items may wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bounds {
    /// Of people, all together.
    pub people: usize,
    /// Of events and schedules, all together.
    pub background: usize,
    /// Of one principal, over all plugins and both lanes.
    pub per_principal: usize,
}

impl Default for Bounds {
    /// Two batches of the largest size for people; half of that for one principal.
    fn default() -> Self {
        Self { people: 8_192, background: 1_024, per_principal: 4_096 }
    }
}

/// Who goes first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lane {
    /// Somebody waits for the answer.
    People,
    /// Events and schedules: after people, always.
    Background,
}

/// An item was not taken; it comes back.
#[derive(Debug, thiserror::Error)]
pub enum Refused<T> {
    /// The lane is full: `busy`.
    #[error("too much is waiting")]
    Full(T),
    /// This principal has too much waiting: `busy` for her alone.
    #[error("this caller has too much waiting")]
    PrincipalFull(T),
    /// The queue was closed.
    #[error("the host is shutting down")]
    Closed(T),
}

impl<T> Refused<T> {
    /// The item that was not taken.
    pub fn into_item(self) -> T {
        match self {
            Self::Full(item) | Self::PrincipalFull(item) | Self::Closed(item) => item,
        }
    }
}

/// The queue itself, for one thread. `P` tells principals apart.
#[derive(Debug)]
pub struct FairQueue<P, T> {
    people: Line<P, T>,
    background: Line<P, T>,
    waiting: HashMap<P, usize>,
    bounds: Bounds,
}

impl<P: Clone + Eq + Hash, T> FairQueue<P, T> {
    /// An empty queue.
    pub fn new(bounds: Bounds) -> Self {
        Self { people: Line::new(), background: Line::new(), waiting: HashMap::new(), bounds }
    }

    /// Puts an item at the end of its principal's line for this plugin.
    ///
    /// # Errors
    /// Gives the item back when the lane or the principal has too much waiting.
    pub fn push(&mut self, lane: Lane, plugin: &Arc<str>, principal: P, item: T) -> Result<(), Refused<T>> {
        let (waiting_line, most) = match lane {
            Lane::People => (&mut self.people, self.bounds.people),
            Lane::Background => (&mut self.background, self.bounds.background),
        };
        if waiting_line.items >= most {
            return Err(Refused::Full(item));
        }
        let waiting = self.waiting.entry(principal.clone()).or_default();
        if *waiting >= self.bounds.per_principal {
            return Err(Refused::PrincipalFull(item));
        }
        *waiting += 1;
        waiting_line.push((Arc::clone(plugin), principal), item);
        Ok(())
    }

    /// The next item: people first, in turn of plugins and principals.
    pub fn pop(&mut self) -> Option<T> {
        self.pop_with_lane().map(|(_, item)| item)
    }

    /// The next item and the lane in which it waited.
    pub fn pop_with_lane(&mut self) -> Option<(Lane, T)> {
        let (lane, (principal, item)) = match self.people.pop() {
            Some(next) => (Lane::People, next),
            None => (Lane::Background, self.background.pop()?),
        };
        if let Some(waiting) = self.waiting.get_mut(&principal) {
            *waiting -= 1;
            if *waiting == 0 {
                self.waiting.remove(&principal);
            }
        }
        Some((lane, item))
    }

    /// How many wait in both lanes.
    pub fn len(&self) -> usize {
        self.people.items + self.background.items
    }

    /// How many wait in one lane.
    pub fn waiting(&self, lane: Lane) -> usize {
        match lane {
            Lane::People => self.people.items,
            Lane::Background => self.background.items,
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A plugin's name and who calls it: a line of its own.
type FlowKey<P> = (Arc<str>, P);

/// One lane: lines that are served in turn.
///
/// Invariant: `turn` holds each line that has items exactly once, and no other.
#[derive(Debug)]
struct Line<P, T> {
    flows: HashMap<FlowKey<P>, usize>,
    slots: Vec<Flow<P, T>>,
    free: Vec<usize>,
    turn: VecDeque<usize>,
    items: usize,
}

#[derive(Debug)]
struct Flow<P, T> {
    key: Option<FlowKey<P>>,
    items: VecDeque<T>,
}

/// A line that grew past this gives its memory back when it empties.
const KEPT_CAPACITY: usize = 64;

impl<P: Clone + Eq + Hash, T> Line<P, T> {
    fn new() -> Self {
        Self { flows: HashMap::new(), slots: Vec::new(), free: Vec::new(), turn: VecDeque::new(), items: 0 }
    }

    fn push(&mut self, key: FlowKey<P>, item: T) {
        self.items += 1;
        if let Some(flow) = self.flows.get(&key).and_then(|slot| self.slots.get_mut(*slot)) {
            flow.items.push_back(item);
            return;
        }
        let slot = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(slot) {
            Some(flow) => {
                flow.key = Some(key.clone());
                flow.items.push_back(item);
            }
            None => self.slots.push(Flow { key: Some(key.clone()), items: VecDeque::from([item]) }),
        }
        self.flows.insert(key, slot);
        self.turn.push_back(slot);
    }

    fn pop(&mut self) -> Option<(P, T)> {
        let slot = self.turn.pop_front()?;
        let flow = self.slots.get_mut(slot)?;
        let item = flow.items.pop_front()?;
        self.items -= 1;
        if !flow.items.is_empty() {
            let principal = flow.key.as_ref()?.1.clone();
            self.turn.push_back(slot);
            return Some((principal, item));
        }
        let key = flow.key.take()?;
        if flow.items.capacity() > KEPT_CAPACITY {
            flow.items = VecDeque::new();
        }
        self.free.push(slot);
        self.flows.remove(&key);
        Some((key.1, item))
    }
}

/// A [`FairQueue`] between threads: many push, the sequencer takes.
#[derive(Debug)]
pub struct SharedQueue<P, T> {
    state: Mutex<Shared<P, T>>,
    arrived: Condvar,
    /// As many as wait; changed under the lock, and read without it between any two commands.
    length: AtomicUsize,
}

#[derive(Debug)]
struct Shared<P, T> {
    queue: FairQueue<P, T>,
    closed: bool,
    /// [`SharedQueue::wake`] was called, and nobody has slept since.
    woken: bool,
}

impl<P: Clone + Eq + Hash, T> SharedQueue<P, T> {
    /// An empty, open queue.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            state: Mutex::new(Shared { queue: FairQueue::new(bounds), closed: false, woken: false }),
            arrived: Condvar::new(),
            length: AtomicUsize::new(0),
        }
    }

    /// As [`FairQueue::push`]; wakes the sequencer. Never blocks for longer than a short lock.
    ///
    /// # Errors
    /// Gives the item back when the queue or the principal's share is full, or the queue is closed.
    pub fn push(&self, lane: Lane, plugin: &Arc<str>, principal: P, item: T) -> Result<(), Refused<T>> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Refused::Closed(item));
        }
        state.queue.push(lane, plugin, principal, item)?;
        self.length.store(state.queue.len(), Ordering::Release);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// The next item if one waits now.
    pub fn try_pop(&self) -> Option<T> {
        let mut state = self.state.lock();
        let item = state.queue.pop();
        self.length.store(state.queue.len(), Ordering::Release);
        item
    }

    /// The next item; sleeps at most `patience` for one to come. None too when it was closed
    /// and is empty.
    pub fn pop_within(&self, patience: Duration) -> Option<T> {
        let mut state = self.state.lock();
        if state.queue.is_empty() && !state.closed && !state.woken {
            self.arrived.wait_for(&mut state, patience);
        }
        state.woken = false;
        let item = state.queue.pop();
        self.length.store(state.queue.len(), Ordering::Release);
        item
    }

    /// Moves at most `most` items to the end of `into`, in their order, under one lock.
    pub fn take(&self, into: &mut Vec<T>, most: usize) -> usize {
        let mut state = self.state.lock();
        let before = into.len();
        while into.len() - before < most {
            match state.queue.pop() {
                Some(item) => into.push(item),
                None => break,
            }
        }
        self.length.store(state.queue.len(), Ordering::Release);
        into.len() - before
    }

    /// Takes no more items; those that wait can still be popped. Wakes whoever sleeps.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.arrived.notify_all();
    }

    /// Wakes a sleeping [`Self::pop_within`] without an item, or the next one at once.
    pub fn wake(&self) {
        self.state.lock().woken = true;
        self.arrived.notify_all();
    }

    /// Whether it takes no more items.
    pub fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    /// How many wait, as of a moment ago. A few nanoseconds.
    pub fn len(&self) -> usize {
        self.length.load(Ordering::Acquire)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests;
