//! Erasures that are known (C6; design.md 4): a row for each party whose key was destroyed, written by the very
//! transaction that destroys it.
//!
//! The key goes after the commit, and a crash may fall between. So opening a kernel destroys every key that a row
//! says is destroyed; for a restored community that is the rule that known erasures come before serving. Later
//! erasures than the backup knows come with the newest backup of the keys (`sealed/carry.rs`).

use hamlet_reflect::Id;
use hamlet_store::{Direction, Rows, Scan, StoreError};

use crate::namespaces::KERNEL;
use crate::rows::after_prefix;

const PREFIX: &[u8] = b"erased ";
const PAGE: usize = 4_096;

/// The key of a party's row; its value is when, in microseconds (u64, big end first).
pub(crate) fn key(party: Id) -> Vec<u8> {
    [PREFIX, &party.0.to_be_bytes()].concat()
}

/// All whose keys were destroyed, by the rows.
pub(crate) fn known(rows: &mut dyn Rows) -> Result<Vec<Id>, StoreError> {
    let end = after_prefix(PREFIX);
    let mut start = PREFIX.to_vec();
    let mut found = Vec::new();
    loop {
        let scan = Scan {
            start: &start,
            end: end.as_deref(),
            direction: Direction::Forward,
            limit: PAGE,
            max_bytes: usize::MAX,
        };
        let page = rows.scan(KERNEL, scan)?;
        let Some((last, _)) = page.last() else { return Ok(found) };
        start = [&last[..], &[0]].concat();
        let ids = page.iter().filter_map(|(key, _)| key.last_chunk());
        found.extend(ids.map(|id| Id(u128::from_be_bytes(*id))));
    }
}
