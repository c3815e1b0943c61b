//! Doing what the rules allowed. Nothing here can fail, and nothing here looks whether it may.

use super::{Daybook, Handle, Undo};
use crate::host::Actor;
use crate::model::Id;
use crate::model::{
    Account, Checkpoint, OddDay, Pending, PendingStatus, Receipt, Side, Transfer, TransferInput,
    TransferKind, TransferView,
};
use crate::posting::Terms;
use crate::posting::memo;
use crate::posting::rules::{Amount, Plan};
use crate::rows::{Record, keys};

impl Daybook<'_> {
    /// Records a transfer.
    pub(super) fn apply(&mut self, plan: &Plan<'_>) -> Receipt {
        let (draft, input) = (plan.draft, plan.draft.input);
        let debit_account = self.change(plan.debit);
        move_sums(debit_account, Side::Debit, plan);
        let (debit, debit_entry) = (debit_account.id, debit_account.append(input.id, draft.effective));
        let credit_account = self.change(plan.credit);
        move_sums(credit_account, Side::Credit, plan);
        let (credit, credit_entry) = (credit_account.id, credit_account.append(input.id, draft.effective));
        let transfer = Transfer {
            id: input.id,
            debit,
            credit,
            amount: plan.amount,
            amount_all: draft.amount == Amount::All,
            kind: input.kind,
            code: input.code,
            effective: draft.effective,
            effective_given: input.effective.is_some(),
            recorded: self.now,
            recorded_day: self.today,
            has_memo: input.memo.is_some(),
            reference: input.reference.clone(),
            corrects: input.corrects,
            actor: match self.actor {
                Actor::Person(person) => Some(person),
                _ => None,
            },
            via: self.via.clone(),
            imported: matches!(self.terms, Terms::Import | Terms::MovingIn),
            debit_entry,
            credit_entry,
        };
        self.note_history(&transfer, plan.debit, Side::Debit);
        self.note_history(&transfer, plan.credit, Side::Credit);
        self.note_memo(input, plan);
        self.note_reserve(&transfer);
        if let Some(original) = plan.pays_back {
            let so_far = self.paid_back(original).saturating_add(plan.amount);
            let before = self.paid_back.insert(original, so_far);
            self.remember(Undo::PaidBack(original, before));
        }
        self.recorded.push(transfer.id);
        self.transfers.insert(transfer.id, Some(Box::new(transfer)));
        Receipt { id: input.id, recorded: self.now, debit_balance: debit_entry.balance }
    }

    /// Releases a reservation whose time is over, and gives it as it now stands; none: it is
    /// settled already.
    pub fn lapse(&mut self, reserve: Id) -> Option<TransferView> {
        let transfer = self.transfer(reserve)?.clone();
        if self.pending(reserve).status != PendingStatus::Pending {
            return None;
        }
        let debit = self.account(transfer.debit)?;
        let credit = self.account(transfer.credit)?;
        self.change(debit).sums.release(Side::Debit, transfer.amount);
        self.change(credit).sums.release(Side::Credit, transfer.amount);
        self.settle(reserve, PendingStatus::Expired);
        let ledger = self.at(debit).ledger;
        Some(TransferView { transfer, ledger, status: Some(PendingStatus::Expired), memo: None })
    }

    /// An account that is about to change.
    fn change(&mut self, handle: Handle) -> &mut Account {
        if self.undo.is_some() {
            let before = self.held(handle).clone();
            self.remember(Undo::Account(handle, Box::new(before)));
        }
        let held = self.held(handle);
        held.is_changed = true;
        &mut held.account
    }

    /// Notes a milestone of an account's chain, and money of an odd day.
    fn note_history(&mut self, transfer: &Transfer, handle: Handle, side: Side) {
        let account = &mut self.held(handle).account;
        let id = account.id;
        if let Some(checkpoint) = Checkpoint::reached(account, transfer) {
            let milestone = account.history.entries / Checkpoint::EVERY;
            account.history.days = None;
            self.notes.push((keys::checkpoint(id, milestone), checkpoint.encode()));
        }
        if transfer.posted_amount() > 0 && transfer.effective != transfer.recorded_day {
            let odd = OddDay {
                side,
                amount: transfer.amount,
                recorded: transfer.recorded,
                recorded_day: transfer.recorded_day,
            };
            self.notes.push((keys::odd_day(id, transfer.effective, transfer.id), odd.encode()));
        }
    }

    fn note_memo(&mut self, input: &TransferInput, plan: &Plan<'_>) {
        if let Some(text) = &input.memo {
            let owners = [self.at(plan.debit).owner, self.at(plan.credit).owner];
            let row = memo::seal(self.host, text, owners);
            self.notes.push((keys::memo(input.id), row));
        }
    }

    /// Notes a new reservation, or that one is settled.
    fn note_reserve(&mut self, transfer: &Transfer) {
        match transfer.kind {
            TransferKind::Post => {}
            TransferKind::Pending(seconds) => {
                let deadline = self.now.saturating_add(seconds.saturating_mul(1_000_000));
                self.notes.push((keys::deadline(deadline, transfer.id), Vec::new()));
                let via = self.via.clone();
                self.set_pending(transfer.id, Pending { status: PendingStatus::Pending, deadline, via });
            }
            TransferKind::PostPending(reserve) => self.settle(reserve, PendingStatus::Posted),
            TransferKind::VoidPending(reserve) => self.settle(reserve, PendingStatus::Voided),
        }
    }

    fn settle(&mut self, reserve: Id, status: PendingStatus) {
        let pending = self.pending(reserve);
        self.over.push(keys::deadline(pending.deadline, reserve));
        self.set_pending(reserve, Pending { status, ..pending });
    }

    fn set_pending(&mut self, id: Id, pending: Pending) {
        let before = self.pendings.insert(id, pending);
        self.remember(Undo::Pending(id, before));
    }
}

/// Moves, reserves or releases on one side.
fn move_sums(account: &mut Account, side: Side, plan: &Plan<'_>) {
    let sums = &mut account.sums;
    match plan.draft.input.kind {
        TransferKind::Post => sums.post(side, plan.amount),
        TransferKind::Pending(_) => sums.reserve(side, plan.amount),
        TransferKind::PostPending(_) => {
            sums.release(side, plan.release);
            sums.post(side, plan.amount);
        }
        TransferKind::VoidPending(_) => sums.release(side, plan.release),
    }
}
