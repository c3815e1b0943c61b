//! A schedule that comes again: its next time, and what becomes of times that passed.

use serde::{Deserialize, Serialize};

use super::calendar::Calendar;

/// A time counts as missed when nothing ran for it so long after it: a minute, in microseconds. Until then
/// it is only a little late, which every time is.
pub const ON_TIME_MICROS: u64 = 60 * 1_000_000;
/// Missed times in a row for which [`Missed::Each`] runs; those after them are forgotten.
pub const EACH_MAX: u32 = 1_024;

/// What to do about times that passed: `hamlet:host/schedule.missed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missed {
    /// Run once for all of them, as the newest.
    Once,
    /// Run for each of them, the oldest first, at most [`EACH_MAX`].
    Each,
    /// Forget them.
    Skip,
}

/// A time that comes again: `hamlet:host/schedule.recurrence`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    /// An RFC 5545 rule.
    pub rule: String,
    /// An IANA time zone.
    pub zone: String,
    /// Where the times begin, in microseconds.
    pub start: u64,
    /// About missed times.
    pub missed: Missed,
}

/// A recurrence as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Every {
    rule: String,
    zone: String,
    start: u64,
    missed: Missed,
    /// The last time that `COUNT` or `UNTIL` allows.
    last: Option<u64>,
    /// Missed times in a row that were run.
    late: u32,
}

/// What is to be done for a schedule that was found due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It runs, for this time.
    Run(u64),
    /// It does not run for the times up to this one.
    Forget(u64),
}

impl Every {
    /// A recurrence and its first time that is not before `now`. The error is a sentence.
    pub(super) fn begin(recurrence: &Recurrence, now: u64) -> Result<(Self, u64), String> {
        let Recurrence { rule, zone, start, missed } = recurrence.clone();
        let calendar = Calendar::new(&rule, &zone, start)?;
        let last = calendar.last()?;
        let first = calendar.first_from(now).filter(|first| last.is_none_or(|last| *first <= last));
        let first = first.ok_or("the rule has no further time")?;
        Ok((Self { rule, zone, start, missed, last, late: 0 }, first))
    }

    /// Which time is meant now by a schedule that waits for `due`, which is not after `now`.
    pub(super) fn turn(&self, due: u64, now: u64) -> Turn {
        if !is_missed(due, now) || (self.missed == Missed::Each && self.late < EACH_MAX) {
            return Turn::Run(due);
        }
        // A rule that cannot be read any more still has the time that it waits for.
        let Ok(calendar) = self.calendar() else { return Turn::Run(due) };
        let newest = calendar.newest(due, self.last.unwrap_or(u64::MAX).min(now)).max(due);
        match self.missed {
            Missed::Skip | Missed::Each if is_missed(newest, now) => Turn::Forget(newest),
            Missed::Skip | Missed::Each | Missed::Once => Turn::Run(newest),
        }
    }

    /// The first time after `due`, with which it is done at `now`; none: there is no other.
    pub(super) fn next(&mut self, due: u64, now: u64) -> Result<Option<u64>, String> {
        self.late = if is_missed(due, now) { self.late.saturating_add(1) } else { 0 };
        let next = self.calendar()?.next(due);
        Ok(next.filter(|next| self.last.is_none_or(|last| *next <= last)))
    }

    fn calendar(&self) -> Result<Calendar, String> {
        Calendar::new(&self.rule, &self.zone, self.start)
    }
}

fn is_missed(due: u64, now: u64) -> bool {
    now.saturating_sub(due) > ON_TIME_MICROS
}
