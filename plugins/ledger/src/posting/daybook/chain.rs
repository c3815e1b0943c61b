//! Undoing a chain. If this forgot something, a refused chain would leave a trace: the
//! differential test compares all that can be seen with a model that replays from nothing.

use super::{Daybook, Handle, Held};
use crate::model::{Id, Pending};

/// A value as it was before a chain changed it.
pub(super) enum Undo {
    /// An account.
    Account(Handle, Box<Held>),
    /// Where a reservation stood; none: this call had not changed it.
    Pending(Id, Option<Pending>),
    /// What had been paid back; none: this call had not changed it.
    PaidBack(Id, Option<u64>),
    /// Consent that was used: account and amount.
    Consent(Id, u64),
    /// What was counted of a usual week: account and amount.
    Week(Id, u64),
}

/// Where a chain began.
#[derive(Clone, Copy)]
pub struct Mark {
    recorded: usize,
    notes: usize,
    over: usize,
}

impl Daybook<'_> {
    /// Begins a chain.
    pub fn mark(&mut self) -> Mark {
        self.undo = Some(Vec::new());
        Mark { recorded: self.recorded.len(), notes: self.notes.len(), over: self.over.len() }
    }

    /// Ends a chain that held.
    pub fn keep(&mut self) {
        self.undo = None;
    }

    /// Ends a chain that failed: nothing of it remains.
    pub fn undo_to(&mut self, mark: Mark) {
        self.notes.truncate(mark.notes);
        self.over.truncate(mark.over);
        for id in self.recorded.drain(mark.recorded..) {
            self.transfers.insert(id, None);
        }
        for undo in self.undo.take().unwrap_or_default().into_iter().rev() {
            self.put_back(undo);
        }
    }

    fn put_back(&mut self, undo: Undo) {
        match undo {
            Undo::Account(handle, before) => *self.held(handle) = *before,
            Undo::Pending(id, before) => put_back(&mut self.pendings, id, before),
            Undo::PaidBack(id, before) => put_back(&mut self.paid_back, id, before),
            Undo::Consent(account, amount) => self.consents.give_back(account, amount),
            Undo::Week(account, amount) => self.uncount_in_week(account, amount),
        }
    }

    /// Remembers a value for the chain, if there is one.
    pub(super) fn remember(&mut self, undo: Undo) {
        if let Some(all) = &mut self.undo {
            all.push(undo);
        }
    }
}

fn put_back<V>(map: &mut std::collections::BTreeMap<Id, V>, id: Id, before: Option<V>) {
    match before {
        Some(before) => map.insert(id, before),
        None => map.remove(&id),
    };
}
