//! Reading identity's rows, alike from a running call ([`NativeContext`]) and from a snapshot or
//! another provider's transaction ([`Rows`]). Nothing is written here.

use hamlet_kernel::native::ScannedRows;
use hamlet_kernel::{CallError, Mandate, NativeContext, PartyKind};
use hamlet_reflect::Id;
use hamlet_store::{Direction, Namespace, Rows, Scan, StoreError, Value};

use crate::rows::{self, Party};

/// Rows a scan at once; longer lists are read page by page.
pub(crate) const PAGE: usize = 1_000;

/// Bytes a scan at once.
const PAGE_BYTES: usize = 1 << 20;

/// Something that identity's rows can be read from.
pub(crate) trait Read {
    /// Why reading fails.
    type Error;
    /// The value of a key.
    fn get(&mut self, key: &[u8]) -> Result<Option<Value>, Self::Error>;
    /// A range of keys.
    fn scan(&mut self, scan: Scan<'_>) -> Result<ScannedRows, Self::Error>;
}

impl Read for dyn NativeContext + '_ {
    type Error = CallError;
    fn get(&mut self, key: &[u8]) -> Result<Option<Value>, CallError> {
        NativeContext::get(self, key)
    }
    fn scan(&mut self, scan: Scan<'_>) -> Result<ScannedRows, CallError> {
        NativeContext::scan(self, scan)
    }
}

/// Identity's room in rows that hold more than it.
pub(crate) struct Room<'a> {
    pub rows: &'a mut dyn Rows,
    pub namespace: Namespace,
}

impl Read for Room<'_> {
    type Error = StoreError;
    fn get(&mut self, key: &[u8]) -> Result<Option<Value>, StoreError> {
        self.rows.get(self.namespace, key)
    }
    fn scan(&mut self, scan: Scan<'_>) -> Result<ScannedRows, StoreError> {
        self.rows.scan(self.namespace, scan)
    }
}

/// At most `limit` rows whose keys begin with `prefix`, from `start` on where one is given.
pub(crate) fn prefixed<R: Read + ?Sized>(
    read: &mut R,
    prefix: &[u8],
    start: Option<&[u8]>,
    limit: usize,
) -> Result<ScannedRows, R::Error> {
    let end = rows::after(prefix);
    read.scan(Scan {
        start: start.unwrap_or(prefix),
        end: end.as_deref(),
        direction: Direction::Forward,
        limit,
        max_bytes: PAGE_BYTES,
    })
}

/// A party; none also for a row that this version cannot read.
pub(crate) fn party<R: Read + ?Sized>(read: &mut R, id: Id) -> Result<Option<Party>, R::Error> {
    Ok(read.get(&rows::party_key(id))?.and_then(|row| Party::decode(&row)))
}

/// A person who takes part; none for a group, and for who has left.
pub(crate) fn person<R: Read + ?Sized>(read: &mut R, id: Id) -> Result<Option<Party>, R::Error> {
    Ok(party(read, id)?.filter(|party| party.active && party.kind == PartyKind::Person))
}

pub(crate) fn in_group<R: Read + ?Sized>(read: &mut R, party: Id, group: &str) -> Result<bool, R::Error> {
    // What is no name is no group, and might be too long for a key.
    Ok(rows::is_name(group) && read.get(&rows::group_key(party, group))?.is_some())
}

/// The party that is the community itself.
pub(crate) fn commons<R: Read + ?Sized>(read: &mut R) -> Result<Option<Id>, R::Error> {
    let row = read.get(rows::COMMONS_KEY)?;
    Ok(row.and_then(|id| Some(Id(u128::from_be_bytes((*id).try_into().ok()?)))))
}

/// The right of `person` to act for `party` now. Both must be active: who left has no rights, and
/// nobody acts for who left.
pub(crate) fn mandate<R: Read + ?Sized>(
    read: &mut R,
    person: Id,
    party: Id,
) -> Result<Option<Mandate>, R::Error> {
    let Some(actor) = self::party(read, person)? else { return Ok(None) };
    if !actor.active || actor.kind != PartyKind::Person {
        return Ok(None);
    }
    if person == party {
        return Ok(Some(Mandate::SelfActing));
    }
    let entry = read.get(&rows::mandate_key(person, party))?;
    if let Some((mandate, _)) = entry.and_then(|row| rows::decode_mandate(&row)) {
        return Ok(Some(mandate));
    }
    let steward = commons(read)? == Some(party) && in_group(read, person, rows::STEWARDS)?;
    Ok(steward.then_some(Mandate::Representative))
}
