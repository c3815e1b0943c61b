//! Expiry: reservations lapse by themselves, by the host's time.
//!
//! One schedule is set for the earliest deadline; when it runs, it lets up to
//! [`LAPSES_MAX`] reservations lapse and sets itself again. A reservation past its deadline
//! counts as expired before that, too ([`crate::model::Pending::status_at`]): a late schedule
//! gives nobody more time.

use super::Terms;
use super::daybook::Daybook;
use crate::host::{Host, Scan};
use crate::rows::{self, keys};

/// How many reservations lapse in one run: about 0.3 MiB of rows, far below a command's limits.
pub const LAPSES_MAX: u32 = 500;

/// Lets reservations lapse whose time is over, and asks to be called again for the next.
pub fn expire(host: &mut dyn Host) {
    let now = host.now();
    let due = deadlines(host, Some(now), LAPSES_MAX);
    let mut book = Daybook::open(host, Terms::Live);
    let lapsed: Vec<_> = due.iter().filter_map(|(_, reserve)| book.lapse(*reserve)).collect();
    book.close();
    for view in &lapsed {
        let owners = [view.transfer.debit, view.transfer.credit]
            .map(|account| rows::account(host, account).map_or(account, |account| account.owner));
        host.tell(view, owners);
    }
    match deadlines(host, None, 1).first() {
        Some((next, _)) => {
            rows::set_number(host, &keys::wake(), *next);
            host.wake_at(*next);
        }
        None => host.delete(&keys::wake()),
    }
}

/// The first deadlines, up to and with `until`.
fn deadlines(host: &mut dyn Host, until: Option<u64>, limit: u32) -> Vec<(u64, crate::model::Id)> {
    let start = keys::deadlines();
    let end = match until {
        Some(until) => keys::deadlines_after(until),
        None => keys::after(&start),
    };
    let page = host.scan(Scan { start: &start, end: &end, reverse: false, limit, cursor: None });
    page.rows.iter().filter_map(|(key, _)| keys::deadline_of(key)).collect()
}
