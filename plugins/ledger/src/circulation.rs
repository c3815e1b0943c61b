//! What moves in a ledger as a whole: money in circulation at the end of each month, what was paid in it, how fast it
//! went round, and how many stand above and below zero.
//!
//! **Money in circulation** is the sum of all balances above zero: what is owned, and so what is owed. **Velocity** is
//! what was paid in a year over what circulated on average (Fisher 1911, V = PT / M, with months as the samples of M). It
//! says nothing of any member. Days are those of recording.
//!
//! Nothing of it is kept: one walk along each account's chain, back to the first month's end, gives all of it. A ledger in
//! which that is more than [`STEPS_MAX`] transfers is shown as it stands now, without months.

use crate::errors::BooksError;
use crate::host::Host;
use crate::model::{Account, AccountStatus, Day, Id, Side};
use crate::rows::{self, keys};

/// Months back, the running one included, and one before them of which only the end is known.
pub const MONTHS: usize = 19;
/// Most transfers that are looked at; a query has seconds, and this takes a part of one.
pub const STEPS_MAX: u32 = 60_000;

/// A month of a ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Month {
    /// The last day that is counted: the month's end, or today.
    pub end: Day,
    /// The sum of balances above zero on that day.
    pub circulating: u64,
    /// What was paid in the month.
    pub paid: u64,
}

/// A ledger as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circulation {
    /// The oldest first; the last one is running. Empty when there is too much to look at.
    pub months: Vec<Month>,
    /// The sum of balances above zero, now.
    pub circulating: u128,
    /// Open and suspended accounts above zero, at zero, below zero.
    pub counts: [u64; 3],
    /// All accounts that are not closed, the largest balances first and those below zero last.
    pub accounts: Vec<Account>,
}

impl Circulation {
    /// How often the money went round in the last twelve whole months, times ten; none without three of them, or where
    /// nothing circulates.
    pub fn velocity_tenths(&self) -> Option<u64> {
        let whole = self.months.split_last()?.1;
        let year = whole.get(whole.len().saturating_sub(12)..)?;
        let year: Vec<&Month> = year.iter().skip_while(|month| month.circulating == 0).collect();
        if year.len() < 3 {
            return None;
        }
        let (mut paid, mut circulating) = (0_u128, 0_u128);
        for month in &year {
            paid += u128::from(month.paid);
            circulating += u128::from(month.circulating);
        }
        // Paid in `n` months is paid × 12 / n in a year; the average is circulating / n: the n falls out.
        u64::try_from((paid * 120).checked_div(circulating)?).ok()
    }
}

/// A ledger as a whole. For every member: it names nobody.
pub fn circulation(host: &mut dyn Host, ledger: Id) -> Result<Circulation, BooksError> {
    rows::ledger(host, ledger).ok_or(BooksError::LedgerNotFound)?;
    let ends = ends(host.today());
    let mut found = Circulation::default();
    let mut accounts = Vec::new();
    let start = keys::accounts();
    rows::scan_all(host, &start, &keys::after(&start), |host, (key, row)| {
        let id = keys::id_at_end(&key).unwrap_or_default();
        let account: Account = rows::decode(host, id, &row);
        if account.ledger == ledger {
            accounts.push(account);
        }
        true
    });
    let mut months: Vec<Month> = ends.iter().map(|end| Month { end: *end, ..Month::default() }).collect();
    let mut steps = 0;
    let is_whole = accounts.iter().all(|account| walk(host, account, &mut months, &mut steps));
    accounts.retain(|account| account.status != AccountStatus::Closed);
    for account in &accounts {
        found.circulating += u128::from(account.balance().max(0).unsigned_abs());
        let [plus, zero, minus] = &mut found.counts;
        *match account.balance() {
            1.. => plus,
            0 => zero,
            _ => minus,
        } += 1;
    }
    accounts.sort_by_key(|account| std::cmp::Reverse(account.balance()));
    found.accounts = accounts;
    if is_whole {
        // Months before the first payment say nothing.
        if months.len() == MONTHS {
            months.pop();
        }
        months.reverse();
        found.months =
            months.into_iter().skip_while(|month| month.circulating == 0 && month.paid == 0).collect();
    }
    Ok(found)
}

/// Adds an account's part to each month, the newest first; false when that is too much.
fn walk(host: &mut dyn Host, account: &Account, months: &mut [Month], steps: &mut u32) -> bool {
    let mut next = account.history.newest;
    // How many months' ends are behind, coming from today.
    let mut done = 0;
    while let Some(transfer) = next.and_then(|id| rows::transfer(host, id)) {
        *steps += 1;
        if *steps > STEPS_MAX {
            return false;
        }
        let Some((side, entry)) = transfer.entry_of(account.id) else { rows::damaged(host) };
        let before = done;
        while let Some(month) = months.get_mut(done).filter(|month| month.end >= transfer.recorded_day) {
            month.circulating = month.circulating.saturating_add(entry.balance.max(0).unsigned_abs());
            done += 1;
        }
        if before == months.len() {
            // The oldest month is counted by its end alone, which is known by now.
            break;
        }
        // The month in which it was: the last one whose end is not before it.
        let month = done.checked_sub(1).and_then(|at| months.get_mut(at));
        if let Some(month) = month.filter(|_| side == Side::Debit && done < MONTHS) {
            month.paid = month.paid.saturating_add(transfer.posted_amount());
        }
        next = entry.previous;
    }
    true
}

/// Today, and the last days of the months before it.
fn ends(today: Day) -> Vec<Day> {
    let mut ends = vec![today];
    let mut day = today;
    while ends.len() < MONTHS {
        let (_, _, of_month) = day.date();
        // The day before the first of this month.
        let Some(end) = day.0.checked_sub(of_month) else { break };
        day = Day(end);
        ends.push(day);
    }
    ends
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn months_end_on_their_last_days_when_counted_back_from_today() {
        let ends = ends("2028-03-31".parse().unwrap());
        let shown: Vec<String> = ends.iter().take(4).map(ToString::to_string).collect();
        assert_eq!(shown, ["2028-03-31", "2028-02-29", "2028-01-31", "2027-12-31"]);
        assert_eq!(ends.len(), MONTHS);
        assert_eq!(super::ends(Day(0)), [Day(0)]);
    }

    #[test]
    fn money_goes_round_as_often_as_it_was_paid_over_what_there_is() {
        let month = |circulating, paid| Month { end: Day(1), circulating, paid };
        let twelve = vec![month(100, 50); 13];
        let of = |months| Circulation { months, ..Circulation::default() }.velocity_tenths();
        assert_eq!(of(twelve), Some(60), "12 × 50 a year over 100");
        assert_eq!(
            of(vec![
                month(0, 0),
                month(0, 0),
                month(200, 100),
                month(200, 100),
                month(200, 100),
                month(9, 9)
            ]),
            Some(60)
        );
        assert_eq!(of(vec![month(100, 50); 3]), None);
        assert_eq!(of(Vec::new()), None);
    }
}
