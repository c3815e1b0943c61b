//! The ledger's rows: where they are kept (`keys`), how they are laid out (`values`), and the
//! reading and writing of them through the host.
//!
//! A row that cannot be read ends the call: the books are damaged, and no rule may go on with half
//! of them.

mod codec;
mod desk;
pub mod keys;
mod moved;
mod values;

pub use values::{Record, Standing};

use crate::host::{Host, Row, Scan};
use crate::model::{Account, Card, Checkpoint, Desk, Id, Ledger, Pending, Settings, Transfer};

/// Most keys that one `get_many` takes, and most rows of a page.
pub const PAGE_ROWS_MAX: u32 = 1_024;

/// The ledger with this id.
pub fn ledger(host: &mut dyn Host, id: Id) -> Option<Ledger> {
    load(host, &keys::ledger(id), id)
}

/// What is decided about a ledger; the default when nothing was.
pub fn settings(host: &mut dyn Host, ledger: Id) -> Settings {
    load(host, &keys::settings(ledger), ledger).unwrap_or_default()
}

/// The account with this id.
pub fn account(host: &mut dyn Host, id: Id) -> Option<Account> {
    load(host, &keys::account(id), id)
}

/// The transfer with this id.
pub fn transfer(host: &mut dyn Host, id: Id) -> Option<Transfer> {
    load(host, &keys::transfer(id), id)
}

/// Where the reservation with this id stands.
pub fn pending(host: &mut dyn Host, id: Id) -> Option<Pending> {
    load(host, &keys::pending(id), id)
}

/// The card with this number.
pub fn card(host: &mut dyn Host, number: u32) -> Option<Card> {
    load(host, &keys::card(number), Id::default())
}

/// Whom a person has before her at the counter.
pub fn desk(host: &mut dyn Host, person: Id) -> Option<Desk> {
    load(host, &keys::desk(person), person)
}

/// A milestone of an account's chain, from 1.
pub fn checkpoint(host: &mut dyn Host, account: Id, milestone: u64) -> Option<Checkpoint> {
    load(host, &keys::checkpoint(account, milestone), account)
}

/// The id that an index row points to.
pub fn pointer(host: &mut dyn Host, key: &[u8]) -> Option<Id> {
    let bytes = host.get(key)?;
    match keys::id_at_end(&bytes) {
        Some(id) => Some(id),
        None => damaged(host),
    }
}

/// A number that a row keeps; 0 when there is none.
pub fn number(host: &mut dyn Host, key: &[u8]) -> u64 {
    match host.get(key) {
        None => 0,
        Some(bytes) => match bytes.first_chunk::<8>() {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => damaged(host),
        },
    }
}

/// Writes what [`pointer`] reads.
pub fn set_pointer(host: &mut dyn Host, key: &[u8], id: Id) {
    host.set(key, &id.0.to_be_bytes());
}

/// Writes what [`number`] reads.
pub fn set_number(host: &mut dyn Host, key: &[u8], number: u64) {
    host.set(key, &number.to_le_bytes());
}

/// A row of any kind.
pub fn load<R: Record>(host: &mut dyn Host, key: &[u8], id: Id) -> Option<R> {
    let bytes = host.get(key)?;
    Some(decode(host, id, &bytes))
}

/// A row that was read already.
pub fn decode<R: Record>(host: &mut dyn Host, id: Id, bytes: &[u8]) -> R {
    match R::decode(id, bytes) {
        Ok(row) => row,
        Err(_) => damaged(host),
    }
}

/// Many rows by key, however many; cost: one crossing for each 1,024.
pub fn get_many(host: &mut dyn Host, keys: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
    let mut values = Vec::with_capacity(keys.len());
    for chunk in keys.chunks(PAGE_ROWS_MAX as usize) {
        values.extend(host.get_many(chunk));
    }
    values
}

/// Calls `visit` with every row from `start` up to `end`, page by page, until it says `false`.
pub fn scan_all(
    host: &mut dyn Host,
    start: &[u8],
    end: &[u8],
    mut visit: impl FnMut(&mut dyn Host, Row) -> bool,
) {
    let mut cursor: Option<Vec<u8>> = None;
    loop {
        let cursor_key = cursor.as_deref();
        let page = host.scan(Scan { start, end, reverse: false, limit: PAGE_ROWS_MAX, cursor: cursor_key });
        for row in page.rows {
            if !visit(host, row) {
                return;
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            return;
        }
    }
}

/// Ends the call: a row is not what its key says.
pub fn damaged(host: &mut dyn Host) -> ! {
    host.doom("a row of the ledger cannot be read")
}
