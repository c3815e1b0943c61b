//! An account's balance on two axes of time: what had taken effect by the end of a day, as it was
//! known at some instant.
//!
//! Almost all money takes effect on the day on which it is recorded, so the answer is the balance
//! after the last entry of that day, and the chain is ordered by recording. Only money of an odd
//! day (back-dated, or dated ahead) is in the wrong part of the chain; it has an index, and
//! corrects the answer:
//!
//! - recorded by then, but effective later: taken out;
//! - recorded later, but effective by then: added.
//!
//! Cost: a binary search over milestones, at most 256 steps along the chain, and the account's odd
//! days. A test compares it with adding up all transfers from nothing (invariant 7 of 8.1).

use crate::books::get_account;
use crate::errors::BooksError;
use crate::host::Host;
use crate::model::{Account, Checkpoint, Day, Id, Instant, OddDay, Side, Sums};
use crate::rows::{self, keys};

/// A balance at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalanceAt {
    /// Received until then.
    pub credits_posted: u128,
    /// Paid until then.
    pub debits_posted: u128,
    /// Their difference.
    pub balance: i64,
}

/// Both ends: effective on this day or before, recorded at this instant or before.
#[derive(Clone, Copy)]
struct Horizon {
    effective: Day,
    recorded: Instant,
}

impl Horizon {
    /// Whether the part of the chain up to an entry that was recorded then belongs to the answer.
    /// True for a first part of the chain and false for the rest, since recording only goes on.
    fn reaches(self, recorded: Instant, recorded_day: Day) -> bool {
        recorded <= self.recorded && recorded_day <= self.effective
    }
}

/// An account's balance at the end of the day `effective`, as known at `recorded`.
pub fn balance_as_of(
    host: &mut dyn Host,
    id: Id,
    effective: &str,
    recorded: Option<Instant>,
) -> Result<BalanceAt, BooksError> {
    let account = get_account(host, id)?;
    let effective = effective.parse().map_err(|()| BooksError::DateInvalid)?;
    let horizon = Horizon { effective, recorded: recorded.unwrap_or(Instant::MAX) };
    let mut sums = sums_by_recording(host, &account, horizon);
    correct_odd_days(host, id, horizon, &mut sums);
    let (credits_posted, debits_posted) = (sums.credits_posted, sums.debits_posted);
    Ok(BalanceAt { credits_posted, debits_posted, balance: sums.balance() })
}

/// What stood after the last entry that the horizon reaches.
fn sums_by_recording(host: &mut dyn Host, account: &Account, horizon: Horizon) -> Sums {
    let mut sums = account.sums;
    let mut next = account.history.newest;
    if let Some(later) = first_milestone_beyond(host, account, horizon) {
        (sums.debits_posted, sums.credits_posted) = (later.debits_posted, later.credits_posted);
        next = Some(later.transfer);
    }
    while let Some(transfer) = next.and_then(|id| rows::transfer(host, id)) {
        if horizon.reaches(transfer.recorded, transfer.recorded_day) {
            break;
        }
        let Some((side, entry)) = transfer.entry_of(account.id) else { rows::damaged(host) };
        take_out(&mut sums, side, transfer.posted_amount());
        next = entry.previous;
    }
    sums
}

/// The first milestone that the horizon does not reach, by binary search.
fn first_milestone_beyond(host: &mut dyn Host, account: &Account, horizon: Horizon) -> Option<Checkpoint> {
    let (mut low, mut high) = (1, account.history.entries / Checkpoint::EVERY + 1);
    let mut beyond = None;
    while low < high {
        let middle = low.midpoint(high);
        let Some(checkpoint) = rows::checkpoint(host, account.id, middle) else { rows::damaged(host) };
        if horizon.reaches(checkpoint.recorded, checkpoint.recorded_day) {
            low = middle + 1;
        } else {
            high = middle;
            beyond = Some(checkpoint);
        }
    }
    beyond
}

fn correct_odd_days(host: &mut dyn Host, account: Id, horizon: Horizon, sums: &mut Sums) {
    let start = keys::odd_days(account);
    rows::scan_all(host, &start, &keys::after(&start), |host, (key, row)| {
        let Some(effective) = keys::odd_day_of(&key) else { rows::damaged(host) };
        let odd: OddDay = rows::decode(host, account, &row);
        let is_counted = horizon.reaches(odd.recorded, odd.recorded_day);
        let belongs = odd.recorded <= horizon.recorded && effective <= horizon.effective;
        match (is_counted, belongs) {
            (true, false) => take_out(sums, odd.side, odd.amount),
            (false, true) => sums.post(odd.side, odd.amount),
            _ => {}
        }
        true
    });
}

fn take_out(sums: &mut Sums, side: Side, amount: u64) {
    let sum = match side {
        Side::Debit => &mut sums.debits_posted,
        Side::Credit => &mut sums.credits_posted,
    };
    *sum = sum.saturating_sub(u128::from(amount));
}
