//! The usual week: what an account may pay in the seven days after somebody who acts for it was let back in by a
//! recovery, because nobody can be sure yet that it is she.
//!
//! **What counts.** What leaves an account: payments and reservations, each on the moment at which it was recorded, whoever
//! entered it. Posting a reservation does not count again, and releasing one gives nothing back.
//!
//! **The usual week** is the largest sum of the eight weeks before the recovery, each of them seven times 24 hours counted
//! back from it; and at least a tenth of what the account could have paid at that moment (its balance with its credit; of
//! one without a credit limit its balance), so that somebody who has just joined is not locked out. Steward's changes of
//! the credit limit count as they stand now.
//!
//! If this is wrong, somebody who tricked two neighbours into a recovery empties an account at once; or a person who lost
//! her phone cannot buy bread for a week.

use crate::errors::TransferError;
use crate::host::{Actor, Host};
use crate::model::{Account, Day, Id, Instant, Side, Transfer, TransferKind};
use crate::rows;

/// How long it holds, and how long one of the weeks is, in microseconds.
pub const WEEK_MICROS: u64 = 7 * DAY_MICROS;
const DAY_MICROS: u64 = 86_400_000_000;
/// How many weeks are looked back.
pub const WEEKS: usize = 8;
/// Of what the account could pay when she was let back in, so much is always usual: one part of these.
pub const FLOOR_PARTS: u64 = 10;
/// Most transfers that are looked at. Older ones make a usual week no larger; with more than these since the recovery,
/// nothing is usual.
const LOOKED_AT_MAX: usize = 4_000;

/// What an account may pay until its week is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Week {
    /// The usual week.
    pub usual: u64,
    /// What left the account since the recovery.
    pub spent: u64,
    /// When it is over.
    pub until: Instant,
}

impl Week {
    /// What is left of it.
    pub fn left(&self) -> u64 {
        self.usual.saturating_sub(self.spent)
    }

    /// A day by whose end it is over, as seen from `now` on `today`.
    pub fn over_by(&self, now: Instant, today: Day) -> Day {
        let days = self.until.saturating_sub(now).div_ceil(DAY_MICROS);
        today.plus(u32::try_from(days).unwrap_or(0))
    }

    /// Why a payment is more than is left, written in the account's unit.
    pub fn refusal(&self, now: Instant, today: Day, unit: &str, scale: u8) -> TransferError {
        let left = format!("{} {unit}", crate::model::written_amount(self.left(), scale));
        TransferError::OverUsualWeek(left, self.over_by(now, today))
    }
}

/// The week that an account is in; none when nobody who acts for it was let back in lately.
///
/// Cost: a look-up or two; in such a week up to 4,000 rows.
pub fn week_of(host: &mut dyn Host, account: &Account) -> Option<Week> {
    let mut since = host.recently_recovered(account.owner);
    if let Actor::Person(person) = host.actor()
        && person != account.owner
    {
        since = since.max(host.recently_recovered(person));
    }
    Some(week_since(host, account.id, since?))
}

/// The week of an account since a recovery, by what is in the books.
pub fn week_since(host: &mut dyn Host, account: Id, recovered: Instant) -> Week {
    let until = recovered.saturating_add(WEEK_MICROS);
    let mut week = Week { usual: 0, spent: 0, until };
    let Some(account) = rows::account(host, account) else { return week };
    let mut paid = [0; WEEKS];
    // Its balance when she was let back in; none: not found yet.
    let mut balance_then = None;
    let mut next = account.history.newest;
    for _ in 0..LOOKED_AT_MAX {
        let Some(transfer) = next.and_then(|id| rows::transfer(host, id)) else {
            balance_then = balance_then.or(Some(0));
            break;
        };
        let Some((side, entry)) = transfer.entry_of(account.id) else { rows::damaged(host) };
        let left = if side == Side::Debit { left_account(&transfer) } else { 0 };
        match weeks_before(transfer.recorded, recovered) {
            None => week.spent = week.spent.saturating_add(left),
            Some(week) => {
                balance_then = balance_then.or(Some(entry.balance));
                let Some(paid) = paid.get_mut(week) else { break };
                *paid = u64::saturating_add(*paid, left);
            }
        }
        next = entry.previous;
    }
    if let Some(balance) = balance_then {
        week.usual = usual(paid, could_pay(balance, account.limits.credit));
    }
    week
}

/// The usual week, by what was paid in each of the weeks before and what could be paid.
fn usual(paid: [u64; WEEKS], could_pay: u64) -> u64 {
    paid.into_iter().fold(could_pay / FLOOR_PARTS, u64::max)
}

/// What leaves the paying account by a transfer.
fn left_account(transfer: &Transfer) -> u64 {
    match transfer.kind {
        TransferKind::Post | TransferKind::Pending(_) => transfer.amount,
        TransferKind::PostPending(_) | TransferKind::VoidPending(_) => 0,
    }
}

/// In the how-manieth week before the recovery it was recorded, from 0; none: since then.
fn weeks_before(recorded: Instant, recovered: Instant) -> Option<usize> {
    let before = recovered.checked_sub(recorded).filter(|before| *before > 0)?;
    usize::try_from((before - 1) / WEEK_MICROS).ok()
}

fn could_pay(balance: i64, credit: Option<u64>) -> u64 {
    let could = i128::from(balance) + i128::from(credit.unwrap_or(0));
    u64::try_from(could.max(0)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_in_its_week_when_it_is_counted_back_from_the_recovery() {
        let at = 20 * WEEK_MICROS;
        for (recorded, week) in [
            (at + 1, None),
            (at, None),
            (at - 1, Some(0)),
            (at - WEEK_MICROS, Some(0)),
            (at - WEEK_MICROS - 1, Some(1)),
            (at - 8 * WEEK_MICROS, Some(7)),
            (at - 8 * WEEK_MICROS - 1, Some(8)),
        ] {
            assert_eq!(weeks_before(recorded, at), week, "{recorded}");
        }
    }

    #[test]
    fn a_tenth_of_what_could_be_paid_is_usual_when_nothing_was_paid() {
        assert_eq!(usual([0; WEEKS], could_pay(0, Some(10_000))), 1_000);
        assert_eq!(usual([0; WEEKS], could_pay(-4_000, Some(10_000))), 600);
        assert_eq!(usual([0; WEEKS], could_pay(500, None)), 50);
        assert_eq!(usual([0; WEEKS], could_pay(-500, None)), 0);
        assert_eq!(usual([3, 900, 0, 0, 0, 0, 0, 7], could_pay(0, Some(100))), 900);
    }

    #[test]
    fn the_day_by_which_it_is_over_is_never_too_early() {
        let week = Week { usual: 1, spent: 0, until: 10 * DAY_MICROS };
        assert_eq!(week.over_by(3 * DAY_MICROS, Day(100)), Day(107));
        assert_eq!(week.over_by(10 * DAY_MICROS - 1, Day(100)), Day(101));
        assert_eq!(week.over_by(11 * DAY_MICROS, Day(100)), Day(100));
    }
}
