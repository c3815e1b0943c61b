//! Calls that the host makes later, as the plugin that asked for them (`hamlet:host/schedule`, E4).
//!
//! A schedule is a row of the transaction that set it: rolled back with it, journalled with it. This
//! module keeps the rows. The sequencer asks what is [`due`] and runs each as an ordinary command of
//! [`crate::Actor::Plugin`]:
//! - in the command's own transaction, [`take`] first (so that it runs at most once, and may set itself
//!   anew), then the plugin's `scheduled.run`;
//! - if that fails in any way, all of it is rolled back, and in a transaction of its own [`failed`]
//!   puts off the next try, twice as long each time, or gives this time up. A schedule for one time is then
//!   set aside; one that comes again goes on with its next time. Stewards see both ([`set_aside`]).
//!
//! A schedule that comes again has always one row, for its next time: [`take`] moves it on. Which times a
//! rule has is `calendar`'s, what becomes of times that passed is `every`'s, the rows are `row`'s.
//!
//! If it is wrong, a promised call is lost or made twice.

use std::sync::Arc;

use crate::call::CallError;
use crate::rows::{OwnRows, with_prefix};

mod calendar;
mod every;
mod row;
mod rule;

pub use every::{EACH_MAX, Missed, ON_TIME_MICROS, Recurrence};

use every::{Every, Turn};
use row::{
    Row, count, count_key, decode, due_key, forget, insert, parse_due_key, parse_owner, read, remove,
    row_key, set_count, wait,
};

/// Most schedules of a plugin.
pub const SCHEDULES_PER_PLUGIN_MAX: u32 = 1_024;
/// Most changes of schedules in one command.
pub const CHANGES_PER_COMMAND_MAX: u32 = 64;
/// Longest name, in bytes.
pub const NAME_BYTES_MAX: usize = 200;
/// Longest payload, in bytes.
pub const PAYLOAD_BYTES_MAX: usize = 4_096;
/// Most retries; more are taken as this.
pub const RETRIES_MAX: u8 = 20;
/// The longest wait before a retry, in microseconds: 30 days.
pub const WAIT_MICROS_MAX: u64 = 30 * 24 * 3_600 * 1_000_000;

/// When to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Once, at the first free moment not before this time, in microseconds.
    At(u64),
    /// Again and again.
    Every(Recurrence),
}

/// A schedule that is to be set.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// Its name.
    pub name: &'a str,
    /// When to run.
    pub when: &'a When,
    /// What comes back with the call.
    pub payload: &'a [u8],
    /// How a run that fails is tried again.
    pub retries: Retries,
    /// The transaction's time: a recurrence has its first time from then on.
    pub now: u64,
}

/// How a run that fails is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How often after the first try.
    pub most: u8,
    /// The wait before the first retry, in microseconds; it doubles each time.
    pub wait: u64,
}

/// Why a schedule was not taken: `hamlet:host/schedule.error`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetError {
    /// The name is empty or too long; its length in bytes.
    NameLength(u32),
    /// The payload is too long; its length in bytes.
    PayloadLength(u32),
    /// Why it cannot come again and again.
    RecurrenceInvalid(String),
}

/// How many schedules the running command has changed. Not rolled back: it bounds work, not rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Changes(u32);

impl Changes {
    fn count(&mut self, plugin: &Arc<str>) -> Result<(), CallError> {
        self.0 += 1;
        if self.0 > CHANGES_PER_COMMAND_MAX {
            let what = format!("{CHANGES_PER_COMMAND_MAX} changes of schedules in a command");
            return Err(CallError::Quota { plugin: Arc::clone(plugin), what });
        }
        Ok(())
    }
}

/// A schedule whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whose.
    pub plugin: Arc<str>,
    /// Its name.
    pub name: String,
    /// The time for which it was meant; goes to `scheduled.run`.
    pub due: u64,
    /// Its time passed and it is not to run for it ([`Missed::Skip`]): [`take`] moves it on, that is all.
    pub forgotten: bool,
    /// Its payload; goes to `scheduled.run`.
    pub payload: Vec<u8>,
    /// Tries that failed before this one.
    pub failures: u8,
    /// When it was found.
    found: u64,
    /// The time for which the row says that it was meant.
    kept: u64,
    /// The time under which it waits now.
    next: u64,
}

/// What became of a schedule whose run failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// It is tried again at this time.
    RetryAt(u64),
    /// It had its last try; it stays as a row that stewards can see.
    SetAside,
    /// That was the last try for this time; it goes on with its next one.
    NextAt(u64),
    /// It was set anew or cancelled meanwhile.
    Gone,
}

/// A schedule of which a time was given up, for stewards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Whose.
    pub plugin: Arc<str>,
    /// Its name.
    pub name: String,
    /// The time that was given up.
    pub due: u64,
    /// When it runs again; none: not until it is set anew.
    pub next: Option<u64>,
}

/// Sets the schedule of this name, replacing the one that had it.
///
/// # Errors
/// The outer error dooms the transaction: a limit was passed, or the store failed.
pub fn set(
    rows: &mut dyn OwnRows,
    changes: &mut Changes,
    plugin: &Arc<str>,
    order: Order<'_>,
) -> Result<Result<(), SetError>, CallError> {
    let Order { name, when, payload, retries, now } = order;
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Ok(Err(SetError::NameLength(length(name.len()))));
    }
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Ok(Err(SetError::PayloadLength(length(payload.len()))));
    }
    let (due, every) = match when {
        When::At(due) => (*due, None),
        When::Every(recurrence) => match Every::begin(recurrence, now) {
            Ok((every, first)) => (first, Some(every)),
            Err(why) => return Ok(Err(SetError::RecurrenceInvalid(why))),
        },
    };
    changes.count(plugin)?;
    if !remove(rows, plugin, name)? {
        let count = count(rows, plugin)?;
        if count >= SCHEDULES_PER_PLUGIN_MAX {
            let what = format!("{SCHEDULES_PER_PLUGIN_MAX} schedules");
            return Err(CallError::Quota { plugin: Arc::clone(plugin), what });
        }
        set_count(rows, plugin, count + 1)?;
    }
    let row = Row {
        due,
        next: Some(due),
        payload: payload.to_vec(),
        retries_most: retries.most.min(RETRIES_MAX),
        retry_wait: retries.wait,
        failures: 0,
        every,
        given_up: None,
    };
    insert(rows, plugin, name, &row)?;
    Ok(Ok(()))
}

/// Removes the schedule of this name. True when there was one, even if set aside.
///
/// # Errors
/// The store failed, or the command changed too many.
pub fn cancel(
    rows: &mut dyn OwnRows,
    changes: &mut Changes,
    plugin: &Arc<str>,
    name: &str,
) -> Result<bool, CallError> {
    changes.count(plugin)?;
    forget(rows, plugin, name)
}

/// Removes the schedules of a plugin that was taken away, at most `limit` at a time; true: there were some.
///
/// # Errors
/// The store failed.
pub fn forget_all(rows: &mut dyn OwnRows, plugin: &str, limit: usize) -> Result<bool, CallError> {
    let prefix = row_key(plugin, "");
    let page = with_prefix(rows, &prefix, &[], limit)?;
    for (key, _) in &page {
        let name = key.get(prefix.len()..).map(String::from_utf8_lossy).unwrap_or_default();
        forget(rows, plugin, &name)?;
    }
    if page.is_empty() {
        rows.delete(&count_key(plugin))?;
    }
    Ok(!page.is_empty())
}

/// The schedules whose time has come and whose plugin `runs`, oldest first, at most `limit`.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn due(
    rows: &mut dyn OwnRows,
    now: u64,
    limit: usize,
    runs: &dyn Fn(&str) -> bool,
) -> Result<Vec<Due>, CallError> {
    let mut found = Vec::new();
    let mut from = b"d".to_vec();
    loop {
        let page = with_prefix(rows, b"d", &from, PAGE)?;
        for (key, _) in &page {
            let Some((next, plugin, name)) = parse_due_key(key) else { continue };
            if next > now || found.len() >= limit {
                return Ok(found);
            }
            if !runs(plugin) {
                continue;
            }
            if let Some(row) = read(rows, plugin, name)? {
                found.push(row.found(plugin, name, next, now));
            }
        }
        match page.last() {
            Some((last, _)) if page.len() == PAGE => from = [last, [0].as_slice()].concat(),
            _ => return Ok(found),
        }
    }
}

/// The time of the next try of all, whichever plugin's; so long the sequencer may sleep.
///
/// # Errors
/// The store failed.
pub fn next_due(rows: &mut dyn OwnRows) -> Result<Option<u64>, CallError> {
    let first = with_prefix(rows, b"d", &[], 1)?;
    Ok(first.first().and_then(|(key, _)| parse_due_key(key)).map(|(next, _, _)| next))
}

/// Takes a schedule out to run it, in the transaction of the run: one that comes again goes on to its
/// next time. False: it was set anew, cancelled or run meanwhile, and must not run.
///
/// # Errors
/// The store failed.
pub fn take(rows: &mut dyn OwnRows, due: &Due) -> Result<bool, CallError> {
    let row = match read(rows, &due.plugin, &due.name)? {
        Some(row) if row.is(due) => row,
        _ => return Ok(false),
    };
    match row.after(due.due, due.found) {
        None => forget(rows, &due.plugin, &due.name),
        Some(next) => {
            remove(rows, &due.plugin, &due.name)?;
            insert(rows, &due.plugin, &due.name, &next)?;
            Ok(true)
        }
    }
}

/// Notes that a run failed, after it was rolled back, in a transaction of its own.
///
/// # Errors
/// The store failed.
pub fn failed(rows: &mut dyn OwnRows, due: &Due, now: u64) -> Result<Failed, CallError> {
    let mut row = match read(rows, &due.plugin, &due.name)? {
        Some(row) if row.is(due) => row,
        _ => return Ok(Failed::Gone),
    };
    rows.delete(&due_key(due.next, &due.plugin, &due.name))?;
    // Each try is for the same time, even if others pass meanwhile.
    row.due = due.due;
    if row.failures < row.retries_most {
        let retry = now.saturating_add(wait(&row));
        row.next = Some(retry);
        row.failures = row.failures.saturating_add(1);
        insert(rows, &due.plugin, &due.name, &row)?;
        return Ok(Failed::RetryAt(retry));
    }
    row.failures = row.failures.saturating_add(1);
    row.next = None;
    let mut row = row.after(due.due, now).unwrap_or(row);
    row.given_up = Some(due.due);
    insert(rows, &due.plugin, &due.name, &row)?;
    Ok(row.next.map_or(Failed::SetAside, Failed::NextAt))
}

/// The schedules of which a time was given up, at most `limit`; for stewards. One that ran well since, or
/// was set anew, is not among them.
///
/// Cost: reads all schedules.
///
/// # Errors
/// The store failed.
pub fn set_aside(rows: &mut dyn OwnRows, limit: usize) -> Result<Vec<SetAside>, CallError> {
    let mut found = Vec::new();
    let mut from = b"s".to_vec();
    loop {
        let page = with_prefix(rows, b"s", &from, PAGE)?;
        for (key, value) in &page {
            let row = decode(value)?;
            if (row.next.is_none() || row.given_up.is_some())
                && let Some((plugin, name)) = parse_owner(key.get(1..).unwrap_or_default())
            {
                let (due, next) = (row.given_up.unwrap_or(row.due), row.next);
                found.push(SetAside { plugin: plugin.into(), name: name.into(), due, next });
            }
        }
        match page.last() {
            Some((last, _)) if page.len() == PAGE && found.len() < limit => {
                from = [last, [0].as_slice()].concat();
            }
            _ => break,
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// Rows of one inner page.
const PAGE: usize = 256;

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
