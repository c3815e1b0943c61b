//! Importing a plain-text journal: commodities become ledgers, accounts accounts, transactions
//! chains of transfers.

use std::collections::BTreeMap;

use super::{Format, Report, opening_ledger};
use crate::books::{AccountInput, LedgerInput, create_ledger, enter_account};
use crate::errors::ExchangeError;
use crate::exchange::journal::{Commodity, Transaction};
use crate::exchange::{Journal, beancount, hledger, ids};
use crate::host::Host;
use crate::model::{Id, Ledger, LedgerKind, Limits, TransferInput, TransferKind};
use crate::posting::{Terms, record_list};
use crate::rows::{self, keys};

/// How many transactions are imported in one call: the host gives a command 50 ms, and reading
/// the journal again takes its part of them.
const TRANSACTIONS_MAX: usize = 200;

/// Imports up to 200 transactions of a journal, from the one after `skip` others.
pub fn import_journal(
    host: &mut dyn Host,
    text: &str,
    format: Format,
    owner: Id,
    skip: u32,
) -> Result<Report, ExchangeError> {
    let journal = match format {
        Format::Hledger => hledger::read(text)?,
        Format::Beancount => beancount::read(text)?,
    };
    if host.party(owner).is_none() {
        return Err(ExchangeError::PartyNotFound);
    }
    let skip = skip as usize;
    let transactions = journal.transactions.get(skip..).unwrap_or_default();
    let part = transactions.get(..TRANSACTIONS_MAX).unwrap_or(transactions);
    let mut import = Import {
        journal: &journal,
        owner,
        report: Report::default(),
        ledgers: BTreeMap::new(),
        accounts: BTreeMap::new(),
    };
    let (mut inputs, mut lines) = (Vec::new(), Vec::new());
    for transaction in part {
        inputs.extend(import.chain(host, transaction)?);
        lines.resize(inputs.len(), transaction.line);
    }
    let mut report = import.report;
    if skip == 0 {
        report.warnings = journal.warnings.iter().map(|(what, times)| (*what, *times)).collect();
    }
    for (line, answer) in lines.into_iter().zip(record_list(host, &inputs, Terms::Import)) {
        report.count(line, answer)?;
    }
    let done = skip + part.len();
    report.next = u32::try_from(done).ok().filter(|_| transactions.len() > part.len());
    Ok(report)
}

/// One call's import.
struct Import<'a> {
    journal: &'a Journal,
    owner: Id,
    report: Report,
    ledgers: BTreeMap<u32, Ledger>,
    accounts: BTreeMap<(u32, u32), Id>,
}

impl Import<'_> {
    /// A transaction's transfers, linked; ledgers and accounts that they need are created.
    fn chain(
        &mut self,
        host: &mut dyn Host,
        transaction: &Transaction,
    ) -> Result<Vec<TransferInput>, ExchangeError> {
        let ids = self.journal.transfer_ids(transaction);
        let last = transaction.legs.len().saturating_sub(1);
        let mut chain = Vec::with_capacity(transaction.legs.len());
        for (position, (leg, id)) in transaction.legs.iter().zip(ids).enumerate() {
            let line = transaction.line;
            chain.push(TransferInput {
                id: Id(id),
                debit: self.account(host, line, leg.commodity, leg.debit)?,
                credit: self.account(host, line, leg.commodity, leg.credit)?,
                amount: leg.amount,
                kind: TransferKind::Post,
                code: 0,
                effective: Some(transaction.date.to_string()),
                memo: transaction.memo.clone(),
                reference: transaction.reference.clone(),
                corrects: None,
                linked: position != last,
            });
        }
        Ok(chain)
    }

    /// The account of a leg, opened if it is new.
    fn account(
        &mut self,
        host: &mut dyn Host,
        line: u32,
        commodity: u32,
        account: u32,
    ) -> Result<Id, ExchangeError> {
        if let Some(id) = self.accounts.get(&(commodity, account)) {
            return Ok(*id);
        }
        let ledger = self.ledger(host, line, commodity)?;
        let Some(named) = self.journal.accounts.get(account as usize) else {
            return Err(ExchangeError::Line(line, "an account is missing".to_owned()));
        };
        let known = rows::pointer(host, &keys::code(ledger.id, &named.code));
        let id = if let Some(id) = known {
            id
        } else {
            let id = Id(ids::account(ledger.id.0, &named.code));
            let (code, owner) = (named.code.clone(), self.owner);
            let input = AccountInput { id, ledger: ledger.id, code, owner, limits: Limits::default() };
            enter_account(host, &ledger, &input)
                .map_err(|refused| ExchangeError::Line(line, refused.to_string()))?;
            self.report.accounts += 1;
            id
        };
        self.accounts.insert((commodity, account), id);
        Ok(id)
    }

    /// The ledger of a commodity, created if it is new.
    fn ledger(&mut self, host: &mut dyn Host, line: u32, commodity: u32) -> Result<Ledger, ExchangeError> {
        if let Some(ledger) = self.ledgers.get(&commodity) {
            return Ok(ledger.clone());
        }
        let refuse = |why: String| ExchangeError::Line(line, why);
        let Some(named) = self.journal.commodities.get(commodity as usize) else {
            return Err(refuse("a commodity is missing".to_owned()));
        };
        let ledger = match rows::pointer(host, &keys::unit(&named.unit)) {
            Some(known) => opening_ledger(host, known)?,
            None => {
                create_ledger(host, &ledger_input(named)).map_err(|refused| refuse(refused.to_string()))?
            }
        };
        if ledger.scale != named.scale {
            let (unit, has, wants) = (&named.unit, ledger.scale, named.scale);
            return Err(refuse(format!("the ledger {unit} has {has} decimal places, the journal {wants}")));
        }
        self.ledgers.insert(commodity, ledger.clone());
        Ok(ledger)
    }
}

fn ledger_input(commodity: &Commodity) -> LedgerInput {
    let is_name = (1..=Ledger::NAME_BYTES_MAX).contains(&commodity.name.len());
    let name = if is_name { commodity.name.clone() } else { commodity.unit.clone() };
    let id = Id(ids::ledger(&commodity.unit));
    LedgerInput { id, unit: commodity.unit.clone(), name, scale: commodity.scale, kind: LedgerKind::Issued }
}
