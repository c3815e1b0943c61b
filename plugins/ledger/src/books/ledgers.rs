//! The life of a ledger: opening, open, closed; and the sealing of its past.

use crate::errors::BooksError;
use crate::host::Host;
use crate::model::{Day, Id, Ledger, LedgerKind, LedgerStatus};
use crate::rows::{self, Record, keys};

/// The most ledgers that are listed.
const LISTED_MAX: usize = 1_000;

/// What a new ledger should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerInput {
    /// The client's id.
    pub id: Id,
    /// Short code of the unit.
    pub unit: String,
    /// What people call it.
    pub name: String,
    /// Decimal places.
    pub scale: u8,
    /// What it counts.
    pub kind: LedgerKind,
}

/// Creates a ledger, in status `opening`. A repeat with the same content gives the ledger as it
/// now is.
pub fn create_ledger(host: &mut dyn Host, input: &LedgerInput) -> Result<Ledger, BooksError> {
    if !input.id.is_valid() {
        return Err(BooksError::IdInvalid);
    }
    if let Some(ledger) = rows::ledger(host, input.id) {
        return match difference(&ledger, input) {
            None => Ok(ledger),
            Some(field) => Err(BooksError::ExistsDifferent(field)),
        };
    }
    if !Ledger::unit_is_valid(&input.unit) {
        return Err(BooksError::UnitInvalid);
    }
    if rows::pointer(host, &keys::unit(&input.unit)).is_some() {
        return Err(BooksError::UnitTaken);
    }
    if !(1..=Ledger::NAME_BYTES_MAX).contains(&input.name.len()) {
        return Err(BooksError::NameInvalid);
    }
    if input.scale > Ledger::SCALE_MAX {
        return Err(BooksError::ScaleInvalid);
    }
    let ledger = Ledger {
        id: input.id,
        unit: input.unit.clone(),
        name: input.name.clone(),
        scale: input.scale,
        kind: input.kind,
        status: LedgerStatus::Opening,
        created: host.now(),
        sealed_through: None,
    };
    rows::set_pointer(host, &keys::unit(&ledger.unit), ledger.id);
    save(host, &ledger);
    Ok(ledger)
}

fn difference(ledger: &Ledger, input: &LedgerInput) -> Option<&'static str> {
    let fields = [
        ("unit", ledger.unit == input.unit),
        ("name", ledger.name == input.name),
        ("scale", ledger.scale == input.scale),
        ("kind", ledger.kind == input.kind),
    ];
    fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
}

/// Lets members use it; ends the import.
pub fn open_ledger(host: &mut dyn Host, id: Id) -> Result<(), BooksError> {
    set_status(host, id, &[LedgerStatus::Opening], LedgerStatus::Open)
}

/// Stops all movement, for good.
pub fn close_ledger(host: &mut dyn Host, id: Id) -> Result<(), BooksError> {
    set_status(host, id, &[LedgerStatus::Opening, LedgerStatus::Open], LedgerStatus::Closed)
}

fn set_status(
    host: &mut dyn Host,
    id: Id,
    from: &[LedgerStatus],
    to: LedgerStatus,
) -> Result<(), BooksError> {
    let mut ledger = rows::ledger(host, id).ok_or(BooksError::LedgerNotFound)?;
    if !from.contains(&ledger.status) {
        return Err(BooksError::LedgerStatus(ledger.status));
    }
    ledger.status = to;
    save(host, &ledger);
    Ok(())
}

/// Seals all days up to `through`: nothing takes effect on them any more. A later day seals more;
/// nothing is ever unsealed.
pub fn seal_period(host: &mut dyn Host, id: Id, through: &str) -> Result<(), BooksError> {
    let mut ledger = rows::ledger(host, id).ok_or(BooksError::LedgerNotFound)?;
    if ledger.status == LedgerStatus::Closed {
        return Err(BooksError::LedgerStatus(ledger.status));
    }
    let through: Day = through.parse().map_err(|()| BooksError::DateInvalid)?;
    let is_sealed = ledger.sealed_through.is_some_and(|sealed| through <= sealed);
    if is_sealed || through > host.today() {
        return Err(BooksError::DateInvalid);
    }
    ledger.sealed_through = Some(through);
    save(host, &ledger);
    Ok(())
}

/// All ledgers in order of their units, at most 1,000.
pub fn ledgers(host: &mut dyn Host) -> Vec<Ledger> {
    let start = keys::units();
    let mut ids = Vec::new();
    rows::scan_all(host, &start, &keys::after(&start), |_, (_, id)| {
        ids.extend(keys::id_at_end(&id));
        ids.len() < LISTED_MAX
    });
    ids.into_iter().filter_map(|id| rows::ledger(host, id)).collect()
}

fn save(host: &mut dyn Host, ledger: &Ledger) {
    host.set(&keys::ledger(ledger.id), &ledger.encode());
}
