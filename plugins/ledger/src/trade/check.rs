//! What of a list cannot be used, line by line, before anything of it is brought in.

use super::opening_ledger;
use crate::errors::ExchangeError;
use crate::exchange::csv;
use crate::host::Host;
use crate::model::Id;
use crate::rows::{self, keys};

/// Most lines that are named.
const NAMED_MAX: usize = 200;

/// A line and what is wrong with it.
pub type LineProblem = (u32, String);

/// The lines that cannot be used, or why the list cannot be looked at.
pub type Checked = Result<Vec<LineProblem>, ExchangeError>;

/// What of a list of accounts cannot be used.
pub fn check_accounts(host: &mut dyn Host, ledger: Id, text: &str) -> Checked {
    let ledger = opening_ledger(host, ledger)?;
    let mut found = Vec::new();
    for row in csv::each_account(text, ledger.scale)? {
        let problem = match row {
            Err((line, problem)) => Some((line, problem.to_string())),
            Ok(row) => {
                let party = host.party_by_handle(&row.owner).map(|party| party.id);
                let known = rows::pointer(host, &keys::code(ledger.id, &row.code));
                let known = known.and_then(|id| rows::account(host, id)).map(|account| account.owner);
                match (party, known) {
                    (None, _) => Some((row.line, format!("there is no party `{}`", row.owner))),
                    (Some(party), Some(owner)) if owner != party => {
                        Some((row.line, format!("`{}` is somebody else's account", row.code)))
                    }
                    _ => None,
                }
            }
        };
        found.extend(problem);
        if found.len() >= NAMED_MAX {
            break;
        }
    }
    Ok(found)
}

/// What of a list of transfers cannot be used. Limits are not looked at: they depend on all lines before.
pub fn check_transfers(host: &mut dyn Host, ledger: Id, text: &str) -> Checked {
    let ledger = opening_ledger(host, ledger)?;
    let mut found = Vec::new();
    for row in csv::each_transfer(text, ledger.id.0, ledger.scale)? {
        match row {
            Err((line, problem)) => found.push((line, problem.to_string())),
            Ok(row) => {
                for code in [&row.debit, &row.credit] {
                    if rows::pointer(host, &keys::code(ledger.id, code)).is_none() {
                        found.push((row.line, format!("there is no account `{code}`")));
                    }
                }
            }
        }
        if found.len() >= NAMED_MAX {
            found.truncate(NAMED_MAX);
            break;
        }
    }
    Ok(found)
}
