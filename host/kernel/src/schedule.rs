//! Calls that the host makes later, as the plugin that asked for them (`hamlet:host/schedule`, E4).
//!
//! A schedule is a row of the transaction that set it: rolled back with it, journalled with it. This
//! module keeps the rows. The sequencer asks what is [`due`] and runs each as an ordinary command of
//! [`crate::Actor::Plugin`]:
//! - in the command's own transaction, [`take`] first (so that it runs at most once, and may set itself
//!   anew), then the plugin's `scheduled.run`;
//! - if that fails in any way, all of it is rolled back, and in a transaction of its own [`failed`]
//!   puts off the next try, twice as long each time, or sets the schedule aside for stewards to see.
//!
//! Only schedules for one time run on this host; recurring ones are refused by name.
//!
//! If it is wrong, a promised call is lost or made twice.
//!
//! Rows (namespace `SCHEDULES`; numbers big end first):
//!
//! ```text
//! s plugin 0 name        the schedule: JSON, a line feed, the payload
//! d due plugin 0 name    empty; not for those set aside
//! k plugin               how many it has (u32)
//! ```

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::call::CallError;
use crate::rows::{OwnRows, from_json, to_json, with_prefix};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Once, at the first free moment not before this time, in microseconds.
    At(u64),
    /// Again and again: refused by this host.
    Every,
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

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    /// The time for which it was meant.
    due: u64,
    /// The time of the next try; none: set aside.
    next: Option<u64>,
    #[serde(skip)]
    payload: Vec<u8>,
    retries_most: u8,
    retry_wait: u64,
    /// Tries that failed.
    failures: u8,
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
    /// Its payload; goes to `scheduled.run`.
    pub payload: Vec<u8>,
    /// Tries that failed before this one.
    pub failures: u8,
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
    /// It was set anew or cancelled meanwhile.
    Gone,
}

/// Sets the schedule of this name, replacing the one that had it.
///
/// # Errors
/// The outer error dooms the transaction: a limit was passed, or the store failed.
pub fn set(
    rows: &mut dyn OwnRows,
    changes: &mut Changes,
    plugin: &Arc<str>,
    name: &str,
    when: When,
    payload: &[u8],
    retries: Retries,
) -> Result<Result<(), SetError>, CallError> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Ok(Err(SetError::NameLength(length(name.len()))));
    }
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Ok(Err(SetError::PayloadLength(length(payload.len()))));
    }
    let When::At(due) = when else {
        let why = "this host runs schedules for one time only: set the next one each time it runs";
        return Ok(Err(SetError::RecurrenceInvalid(why.into())));
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
                let Row { due, payload, failures, .. } = row;
                found.push(Due { plugin: plugin.into(), name: name.into(), due, payload, failures, next });
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

/// Takes a schedule out to run it, in the transaction of the run. False: it was set anew, cancelled
/// or run meanwhile, and must not run.
///
/// # Errors
/// The store failed.
pub fn take(rows: &mut dyn OwnRows, due: &Due) -> Result<bool, CallError> {
    match read(rows, &due.plugin, &due.name)? {
        Some(row) if row.is(due) => forget(rows, &due.plugin, &due.name),
        _ => Ok(false),
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
    let retry = (row.failures < row.retries_most).then(|| now.saturating_add(wait(&row)));
    row.next = retry;
    row.failures = row.failures.saturating_add(1);
    insert(rows, &due.plugin, &due.name, &row)?;
    Ok(retry.map_or(Failed::SetAside, Failed::RetryAt))
}

/// The schedules that were set aside, as plugin and name, at most `limit`; for stewards.
///
/// Cost: reads all schedules.
///
/// # Errors
/// The store failed.
pub fn set_aside(rows: &mut dyn OwnRows, limit: usize) -> Result<Vec<(Arc<str>, String)>, CallError> {
    let mut found = Vec::new();
    let mut from = b"s".to_vec();
    loop {
        let page = with_prefix(rows, b"s", &from, PAGE)?;
        for (key, row) in &page {
            if decode(row)?.next.is_none()
                && let Some((plugin, name)) = parse_owner(key.get(1..).unwrap_or_default())
            {
                found.push((plugin.into(), name.into()));
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

impl Row {
    /// Whether this is still the one that was found due.
    fn is(&self, due: &Due) -> bool {
        self.due == due.due && self.next == Some(due.next) && self.failures == due.failures
    }
}

fn wait(row: &Row) -> u64 {
    let doubled = row.retry_wait.checked_mul(1_u64.checked_shl(u32::from(row.failures)).unwrap_or(u64::MAX));
    doubled.unwrap_or(u64::MAX).min(WAIT_MICROS_MAX)
}

fn insert(rows: &mut dyn OwnRows, plugin: &str, name: &str, row: &Row) -> Result<(), CallError> {
    let mut value = to_json("schedules", row)?;
    value.push(b'\n');
    value.extend_from_slice(&row.payload);
    rows.set(&row_key(plugin, name), &value)?;
    if let Some(next) = row.next {
        rows.set(&due_key(next, plugin, name), &[])?;
    }
    Ok(())
}

/// Removes the rows of a schedule, but does not count it off.
fn remove(rows: &mut dyn OwnRows, plugin: &str, name: &str) -> Result<bool, CallError> {
    let Some(row) = read(rows, plugin, name)? else { return Ok(false) };
    if let Some(next) = row.next {
        rows.delete(&due_key(next, plugin, name))?;
    }
    rows.delete(&row_key(plugin, name))
}

fn forget(rows: &mut dyn OwnRows, plugin: &str, name: &str) -> Result<bool, CallError> {
    let removed = remove(rows, plugin, name)?;
    if removed {
        let count = count(rows, plugin)?;
        set_count(rows, plugin, count.saturating_sub(1))?;
    }
    Ok(removed)
}

fn read(rows: &mut dyn OwnRows, plugin: &str, name: &str) -> Result<Option<Row>, CallError> {
    rows.get(&row_key(plugin, name))?.map(|row| decode(&row)).transpose()
}

fn decode(value: &[u8]) -> Result<Row, CallError> {
    let mut parts = value.splitn(2, |byte| *byte == b'\n');
    let mut row: Row = from_json("schedules", parts.next().unwrap_or_default())?;
    row.payload = parts.next().unwrap_or_default().to_vec();
    Ok(row)
}

fn count(rows: &mut dyn OwnRows, plugin: &str) -> Result<u32, CallError> {
    let row = rows.get(&count_key(plugin))?;
    Ok(row.and_then(|row| <[u8; 4]>::try_from(&*row).ok()).map_or(0, u32::from_be_bytes))
}

fn set_count(rows: &mut dyn OwnRows, plugin: &str, count: u32) -> Result<(), CallError> {
    rows.set(&count_key(plugin), &count.to_be_bytes())
}

fn count_key(plugin: &str) -> Vec<u8> {
    [b"k", plugin.as_bytes()].concat()
}

fn row_key(plugin: &str, name: &str) -> Vec<u8> {
    [b"s", plugin.as_bytes(), &[0], name.as_bytes()].concat()
}

fn due_key(next: u64, plugin: &str, name: &str) -> Vec<u8> {
    [b"d".as_slice(), &next.to_be_bytes(), plugin.as_bytes(), &[0], name.as_bytes()].concat()
}

fn parse_due_key(key: &[u8]) -> Option<(u64, &str, &str)> {
    let (next, owner) = key.get(1..)?.split_first_chunk::<8>()?;
    let (plugin, name) = parse_owner(owner)?;
    Some((u64::from_be_bytes(*next), plugin, name))
}

/// A plugin's name holds no zero byte; a schedule's may.
fn parse_owner(bytes: &[u8]) -> Option<(&str, &str)> {
    let zero = bytes.iter().position(|byte| *byte == 0)?;
    let (plugin, name) = (bytes.get(..zero)?, bytes.get(zero + 1..)?);
    Some((std::str::from_utf8(plugin).ok()?, std::str::from_utf8(name).ok()?))
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
