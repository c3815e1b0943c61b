//! Importing accounts and transfers from CSV.

use std::collections::BTreeMap;

use super::{Report, opening_ledger};
use crate::books::{AccountInput, enter_account};
use crate::errors::ExchangeError;
use crate::exchange::csv::{self, AccountRow, TransferRow};
use crate::exchange::ids;
use crate::host::Host;
use crate::model::{Id, Limits, TransferInput, TransferKind};
use crate::posting::{Terms, record_list};
use crate::rows::{self, keys};

/// Opens the accounts of a list. A repeat changes nothing.
pub fn import_accounts(host: &mut dyn Host, ledger: Id, text: &str) -> Result<Report, ExchangeError> {
    let ledger = opening_ledger(host, ledger)?;
    let mut report = Report::default();
    let mut owners = BTreeMap::new();
    for AccountRow { line, code, owner, credit_limit, upper_limit } in csv::read_accounts(text, ledger.scale)?
    {
        let party = *owners
            .entry(owner.clone())
            .or_insert_with(|| host.party_by_handle(&owner).map(|party| party.id));
        let refuse = |why: String| ExchangeError::Line(line, why);
        let party = party.ok_or_else(|| refuse(format!("there is no party `{owner}`")))?;
        let limits = Limits { credit: credit_limit, upper: upper_limit };
        let known = rows::pointer(host, &keys::code(ledger.id, &code));
        let id = known.unwrap_or_else(|| Id(ids::account(ledger.id.0, &code)));
        let input = AccountInput { id, ledger: ledger.id, code, owner: party, limits };
        enter_account(host, &ledger, &input).map_err(|refused| refuse(refused.to_string()))?;
        match known {
            None => report.accounts += 1,
            Some(_) => report.unchanged += 1,
        }
    }
    Ok(report)
}

/// Records the transfers of a list. A repeat changes nothing.
pub fn import_transfers(host: &mut dyn Host, ledger: Id, text: &str) -> Result<Report, ExchangeError> {
    let ledger = opening_ledger(host, ledger)?;
    let rows = csv::read_transfers(text, ledger.id.0, ledger.scale)?;
    let mut codes = BTreeMap::new();
    let mut inputs = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut account = |code: &String| {
            let id = *codes
                .entry(code.clone())
                .or_insert_with(|| rows::pointer(host, &keys::code(ledger.id, code)));
            id.ok_or_else(|| ExchangeError::Line(row.line, format!("there is no account `{code}`")))
        };
        let (debit, credit) = (account(&row.debit)?, account(&row.credit)?);
        inputs.push(input(row, debit, credit));
    }
    let mut report = Report::default();
    for (row, answer) in rows.iter().zip(record_list(host, &inputs, Terms::Import)) {
        report.count(row.line, answer)?;
    }
    Ok(report)
}

fn input(row: &TransferRow, debit: Id, credit: Id) -> TransferInput {
    TransferInput {
        id: Id(row.id),
        debit,
        credit,
        amount: row.amount,
        kind: TransferKind::Post,
        code: row.code,
        effective: Some(row.date.to_string()),
        memo: row.memo.clone(),
        reference: row.reference.clone(),
        corrects: None,
        linked: false,
    }
}
