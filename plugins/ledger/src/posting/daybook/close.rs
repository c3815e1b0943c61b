//! Closing the daybook: every row once, and every subscriber told.

use super::Daybook;
use crate::host::Host;
use crate::model::{Id, Instant, Pending, PendingStatus, TransferKind, TransferView};
use crate::rows::{self, Record, keys};

impl Daybook<'_> {
    /// Writes all that is new or changed, kind by kind in the order of the keys, and tells of the
    /// transfers in the order of recording.
    pub fn close(self) {
        let host = self.host;
        let mut rows = Vec::with_capacity(self.accounts.len() + self.recorded.len() + self.notes.len());
        for handle in self.by_id.iter().filter_map(|(_, handle)| *handle) {
            let Some(held) = self.accounts.get(handle.0).filter(|held| held.is_changed) else { continue };
            rows.push((keys::account(held.account.id), held.account.encode()));
        }
        let mut sorted = self.recorded.clone();
        sorted.sort_unstable();
        for id in sorted {
            if let Some(Some(transfer)) = self.transfers.get(id) {
                rows.push((keys::transfer(id), transfer.encode()));
            }
        }
        let mut notes = self.notes;
        notes.sort_unstable();
        rows.append(&mut notes);
        host.set_many(rows);
        for (original, amount) in self.paid_back {
            rows::set_number(host, &keys::refunded(original), amount);
        }
        for (id, pending) in &self.pendings {
            host.set(&keys::pending(*id), &pending.encode());
        }
        for key in self.over {
            host.delete(&key);
        }
        let waiting = self.pendings.values().filter(|pending| pending.status == PendingStatus::Pending);
        if let Some(deadline) = waiting.map(|pending: &Pending| pending.deadline).min() {
            wake_by(host, deadline);
        }
        let mut transfers = self.transfers;
        let account = |id: Id| {
            let handle = self.by_id.get(id).copied().flatten()?;
            self.accounts.get(handle.0).map(|held| &held.account)
        };
        for id in self.recorded {
            let Some(transfer) = transfers.get_mut(id).and_then(Option::take) else { continue };
            let sides = [transfer.debit, transfer.credit].map(account);
            let [Some(debit), Some(credit)] = sides else { continue };
            let is_reserve = matches!(transfer.kind, TransferKind::Pending(_));
            let status = is_reserve.then_some(PendingStatus::Pending);
            let view = TransferView { transfer: *transfer, ledger: debit.ledger, status, memo: None };
            host.tell(&view, [debit.owner, credit.owner]);
        }
    }
}

/// Makes sure that the schedule of expiry runs at `deadline` or before.
fn wake_by(host: &mut dyn Host, deadline: Instant) {
    let set_for = rows::number(host, &keys::wake());
    if set_for == 0 || deadline < set_for {
        rows::set_number(host, &keys::wake(), deadline);
        host.wake_at(deadline);
    }
}
