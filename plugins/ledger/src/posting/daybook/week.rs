//! The usual week within one call: what the books say, and what this call has already paid of it.

use super::{Daybook, Undo};
use crate::errors::TransferError;
use crate::host::Actor;
use crate::model::{Id, Instant};
use crate::posting::Terms;
use crate::posting::rules::Plan;
use crate::posting::week::week_since;

impl Daybook<'_> {
    /// Whether a payment fits what is usual, where somebody who acts for the account was let back in lately.
    pub(super) fn may_in_this_week(&mut self, plan: &Plan<'_>) -> Result<(), TransferError> {
        let (account, owner) = (self.at(plan.debit).id, self.at(plan.debit).owner);
        let Some(since) = self.recovered_since(owner) else { return Ok(()) };
        // What the books say of it, before anything of this call is in them.
        let host = &mut *self.host;
        let week = *self.weeks.entry(account).or_insert_with(|| week_since(host, account, since));
        if plan.amount <= week.left() {
            return Ok(());
        }
        let (unit, scale) = self.unit_of(plan.debit);
        Err(week.refusal(self.now, self.today, &unit, scale))
    }

    /// Counts a payment that is done.
    pub(super) fn count_in_week(&mut self, plan: &Plan<'_>) {
        let account = self.at(plan.debit).id;
        if let Some(week) = self.weeks.get_mut(&account) {
            week.spent = week.spent.saturating_add(plan.amount);
            self.remember(Undo::Week(account, plan.amount));
        }
    }

    /// Takes a payment out again that a broken chain had counted.
    pub(super) fn uncount_in_week(&mut self, account: Id, amount: u64) {
        if let Some(week) = self.weeks.get_mut(&account) {
            week.spent = week.spent.saturating_sub(amount);
        }
    }

    /// When the owner was let back in, or whoever acts; at the counter the owner alone, who is there with her card.
    fn recovered_since(&mut self, owner: Id) -> Option<Instant> {
        let person = match (self.terms, &self.actor) {
            (Terms::Import | Terms::MovingIn, _) => return None,
            (Terms::Live, Actor::Person(person)) => *person,
            _ => owner,
        };
        let mut since = None;
        for party in [owner, person] {
            let host = &mut *self.host;
            let known = self.recovered.entry(party, || host.recently_recovered(party));
            since = since.max(*known);
        }
        since
    }
}
