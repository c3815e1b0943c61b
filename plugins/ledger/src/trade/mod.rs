//! Trading rows with the world outside: imports into a ledger that is opening, exports of any.
//!
//! [`crate::exchange`] turns text into rows and back without looking at the books; this module
//! looks at them. Imported transfers obey every rule of live ones except mandate and consent:
//! history needs nobody's permission, and it can only enter before members use the ledger.

mod check;
mod csv;
mod export;
mod files;
mod journal;

pub use crate::exchange::export::Format;
pub use crate::exchange::journal::Warning;
pub use check::{LineProblem, check_accounts, check_transfers};
pub use csv::{import_accounts, import_transfers};
pub use export::{Piece, export_journal};
pub use files::{File, accounts_csv, all_lines, journal_file, statement_csv};
pub use journal::import_journal;

use crate::errors::{ExchangeError, TransferError};
use crate::exchange::ReadError;
use crate::host::Host;
use crate::model::{Id, Ledger, LedgerStatus, Receipt};
use crate::rows;

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Accounts that are new.
    pub accounts: u32,
    /// Transfers that are new.
    pub transfers: u32,
    /// Rows that were there already.
    pub unchanged: u32,
    /// What a journal's first part passed over in all of it, and how often.
    pub warnings: Vec<(Warning, u32)>,
    /// Where a journal goes on; none: done.
    pub next: Option<u32>,
}

impl Report {
    /// Counts a transfer, or says why its line cannot be used.
    fn count(&mut self, line: u32, answer: Result<Receipt, TransferError>) -> Result<(), ExchangeError> {
        match answer {
            Ok(_) => self.transfers += 1,
            Err(TransferError::Exists(_)) => self.unchanged += 1,
            Err(refused) => return Err(ExchangeError::Line(line, refused.to_string())),
        }
        Ok(())
    }
}

impl From<ReadError> for ExchangeError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Line { line, problem } => ExchangeError::Line(line, problem.to_string()),
            ReadError::TooLong(length) => ExchangeError::TooLong(length),
        }
    }
}

/// The ledger, if it still takes imports.
fn opening_ledger(host: &mut dyn Host, id: Id) -> Result<Ledger, ExchangeError> {
    let ledger = rows::ledger(host, id).ok_or(ExchangeError::LedgerNotFound)?;
    match ledger.status {
        LedgerStatus::Opening => Ok(ledger),
        LedgerStatus::Open | LedgerStatus::Closed => Err(ExchangeError::LedgerNotOpening),
    }
}
