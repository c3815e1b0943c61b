//! What was used of a grant, and when last (row `u`).

use hamlet_reflect::Id;

use super::Grant;
use crate::call::CallError;
use crate::plugins::UNUSED_DAYS;
use crate::rows::OwnRows;

/// A grant ends when it was not used in so many calendar months after that of its last use; or, never used,
/// [`UNUSED_DAYS`] after it was given.
pub const UNUSED_MONTHS: u32 = 13;

/// The month of the last use, and what was used in it.
pub(super) fn usage(rows: &mut dyn OwnRows, id: Id) -> Result<Option<(u32, u64)>, CallError> {
    let Some(row) = rows.get(&usage_key(id))? else { return Ok(None) };
    let split = row.split_first_chunk::<4>().and_then(|(month, used)| Some((month, used.try_into().ok()?)));
    let Some((of, used)) = split else { return Err(CallError::internal("a damaged row of grants")) };
    Ok(Some((u32::from_be_bytes(*of), u64::from_be_bytes(used))))
}

/// What was used in this month: a row of another month counts as nothing.
pub(super) fn used_in(usage: Option<(u32, u64)>, month: u32) -> u64 {
    usage.filter(|(of, _)| *of == month).map_or(0, |(_, used)| used)
}

/// Whether nobody used it for so long that it has ended.
pub(super) fn ended_unused(grant: &Grant, usage: Option<(u32, u64)>, now: u64, month: u32) -> bool {
    match usage {
        Some((of, _)) => month.saturating_sub(of) > UNUSED_MONTHS,
        None => now.saturating_sub(grant.given_at) > UNUSED_DAYS * 24 * 3_600 * 1_000_000,
    }
}

pub(super) fn set_used(rows: &mut dyn OwnRows, id: Id, month: u32, used: u64) -> Result<(), CallError> {
    let row = [month.to_be_bytes().as_slice(), used.to_be_bytes().as_slice()].concat();
    rows.set(&usage_key(id), &row)
}

pub(super) fn usage_key(id: Id) -> Vec<u8> {
    [b"u".as_slice(), &id.0.to_be_bytes()].concat()
}
