//! The rows of schedules (namespace `SCHEDULES`; numbers big end first):
//!
//! ```text
//! s plugin 0 name        the schedule: JSON, a line feed, the payload
//! d due plugin 0 name    empty; not for those set aside
//! k plugin               how many it has (u32)
//! ```

use serde::{Deserialize, Serialize};

use super::{Due, Every, Turn, WAIT_MICROS_MAX};
use crate::call::CallError;
use crate::rows::{OwnRows, from_json, to_json};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    /// The time for which it was meant.
    pub(super) due: u64,
    /// The time of the next try; none: set aside.
    pub(super) next: Option<u64>,
    #[serde(skip)]
    pub(super) payload: Vec<u8>,
    pub(super) retries_most: u8,
    pub(super) retry_wait: u64,
    /// Tries that failed.
    pub(super) failures: u8,
    /// How it comes again; none: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) every: Option<Every>,
    /// The time before this one, if its last try failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) given_up: Option<u64>,
}

impl Row {
    /// Whether this is still the one that was found due.
    pub(super) fn is(&self, due: &Due) -> bool {
        self.due == due.kept && self.next == Some(due.next) && self.failures == due.failures
    }

    /// This row, found to be due under `next`.
    pub(super) fn found(self, plugin: &str, name: &str, next: u64, now: u64) -> Due {
        // A try after a failure is for the time of the first one, however late it is.
        let every = self.every.as_ref().filter(|_| self.failures == 0);
        let turn = every.map_or(Turn::Run(self.due), |every| every.turn(self.due, now));
        let (due, forgotten) = match turn {
            Turn::Run(due) => (due, false),
            Turn::Forget(due) => (due, true),
        };
        Due {
            plugin: plugin.into(),
            name: name.into(),
            due,
            forgotten,
            payload: self.payload,
            failures: self.failures,
            found: now,
            kept: self.due,
            next,
        }
    }

    /// The row for the time after `due`, which was run, forgotten or given up; none: there is no other time.
    pub(super) fn after(&self, due: u64, now: u64) -> Option<Self> {
        let mut every = self.every.clone()?;
        let next = match every.next(due, now) {
            Ok(next) => next?,
            Err(why) => {
                // Its zone is unknown to this host's database. It stays for stewards to see.
                tracing::error!(
                    why,
                    "a recurring schedule has no next time that can be known; it is set aside"
                );
                return Some(Self { next: None, given_up: Some(due), ..self.clone() });
            }
        };
        let row = Self {
            due: next,
            next: Some(next),
            failures: 0,
            given_up: None,
            every: Some(every),
            ..self.clone()
        };
        Some(row)
    }
}

pub(super) fn wait(row: &Row) -> u64 {
    let doubled = row.retry_wait.checked_mul(1_u64.checked_shl(u32::from(row.failures)).unwrap_or(u64::MAX));
    doubled.unwrap_or(u64::MAX).min(WAIT_MICROS_MAX)
}

pub(super) fn insert(rows: &mut dyn OwnRows, plugin: &str, name: &str, row: &Row) -> Result<(), CallError> {
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
pub(super) fn remove(rows: &mut dyn OwnRows, plugin: &str, name: &str) -> Result<bool, CallError> {
    let Some(row) = read(rows, plugin, name)? else { return Ok(false) };
    if let Some(next) = row.next {
        rows.delete(&due_key(next, plugin, name))?;
    }
    rows.delete(&row_key(plugin, name))
}

pub(super) fn forget(rows: &mut dyn OwnRows, plugin: &str, name: &str) -> Result<bool, CallError> {
    let removed = remove(rows, plugin, name)?;
    if removed {
        let count = count(rows, plugin)?;
        set_count(rows, plugin, count.saturating_sub(1))?;
    }
    Ok(removed)
}

pub(super) fn read(rows: &mut dyn OwnRows, plugin: &str, name: &str) -> Result<Option<Row>, CallError> {
    rows.get(&row_key(plugin, name))?.map(|row| decode(&row)).transpose()
}

pub(super) fn decode(value: &[u8]) -> Result<Row, CallError> {
    let mut parts = value.splitn(2, |byte| *byte == b'\n');
    let mut row: Row = from_json("schedules", parts.next().unwrap_or_default())?;
    row.payload = parts.next().unwrap_or_default().to_vec();
    Ok(row)
}

pub(super) fn count(rows: &mut dyn OwnRows, plugin: &str) -> Result<u32, CallError> {
    let row = rows.get(&count_key(plugin))?;
    Ok(row.and_then(|row| <[u8; 4]>::try_from(&*row).ok()).map_or(0, u32::from_be_bytes))
}

pub(super) fn set_count(rows: &mut dyn OwnRows, plugin: &str, count: u32) -> Result<(), CallError> {
    rows.set(&count_key(plugin), &count.to_be_bytes())
}

pub(super) fn count_key(plugin: &str) -> Vec<u8> {
    [b"k", plugin.as_bytes()].concat()
}

pub(super) fn row_key(plugin: &str, name: &str) -> Vec<u8> {
    [b"s", plugin.as_bytes(), &[0], name.as_bytes()].concat()
}

pub(super) fn due_key(next: u64, plugin: &str, name: &str) -> Vec<u8> {
    [b"d".as_slice(), &next.to_be_bytes(), plugin.as_bytes(), &[0], name.as_bytes()].concat()
}

pub(super) fn parse_due_key(key: &[u8]) -> Option<(u64, &str, &str)> {
    let (next, owner) = key.get(1..)?.split_first_chunk::<8>()?;
    let (plugin, name) = parse_owner(owner)?;
    Some((u64::from_be_bytes(*next), plugin, name))
}

/// A plugin's name holds no zero byte; a schedule's may.
pub(super) fn parse_owner(bytes: &[u8]) -> Option<(&str, &str)> {
    let zero = bytes.iter().position(|byte| *byte == 0)?;
    let (plugin, name) = (bytes.get(..zero)?, bytes.get(zero + 1..)?);
    Some((std::str::from_utf8(plugin).ok()?, std::str::from_utf8(name).ok()?))
}
