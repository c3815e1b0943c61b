//! A journal as a ledger can take it: commodities with their scale, accounts with their codes, and
//! transactions as transfers between two accounts.
//!
//! A transaction with several postings becomes a chain of transfers, at most one fewer than its
//! accounts in each commodity. Postings of one account in one commodity are added up first. Where a
//! commodity does not sum to zero by itself, because amounts changed commodity or the books
//! are kept to the nearest cent, the rest goes through [`super::names::CONVERSION`].

use super::{Date, ids};
use std::collections::BTreeMap;

/// A journal that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// What it counts; only what is moved.
    pub commodities: Vec<Commodity>,
    /// Between which accounts; only those that take part.
    pub accounts: Vec<Account>,
    /// In the order of their days, and of the text within a day.
    pub transactions: Vec<Transaction>,
    /// What was passed over, and how often.
    pub warnings: BTreeMap<Warning, u32>,
}

/// A commodity of a journal: a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commodity {
    /// What the journal calls it, for example `$`.
    pub name: String,
    /// The unit of its ledger, for example `DOLLAR`.
    pub unit: String,
    /// The most decimals with which it is written, at most 9.
    pub scale: u8,
}

/// An account of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What the journal calls it.
    pub name: String,
    /// Its code in the ledgers.
    pub code: String,
}

/// A transaction as transfers that belong together: all of them or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// On which line it begins, from 1.
    pub line: u32,
    /// The day on which it takes effect.
    pub date: Date,
    /// Payee and narration, at most 1,000 bytes.
    pub memo: Option<String>,
    /// Its code or first link, at most 100 bytes.
    pub reference: Option<String>,
    /// How many transactions before it are exactly the same.
    pub occurrence: u32,
    /// Its transfers; at least one.
    pub legs: Vec<Leg>,
}

/// One transfer of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Leg {
    /// Of which commodity, as an index.
    pub commodity: u32,
    /// The account that pays, as an index.
    pub debit: u32,
    /// The account that receives, as an index.
    pub credit: u32,
    /// How much, in minor units; at least 1.
    pub amount: u64,
}

/// Something in a journal that moves nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// hledger's rules for transactions that are not there yet (`~`, `=`).
    GeneratedTransaction,
    /// A posting outside double entry, brought in against [`super::names::VIRTUAL`].
    UnbalancedVirtualPosting,
    /// An assertion about several commodities or about accounts below.
    AssertionNotChecked,
    /// A transaction whose balance cannot be known, because a lot's cost is not written down.
    BalanceNotChecked,
    /// A transaction that moves nothing.
    EmptyTransaction,
    /// A memo that was cut at 1,000 bytes.
    MemoCut,
    /// A directive that says nothing about balances.
    DirectiveIgnored,
}

impl Journal {
    /// The accounts that take part in each commodity: pairs of indices (commodity, account), once each.
    pub fn openings(&self) -> Vec<(u32, u32)> {
        let legs = self.transactions.iter().flat_map(|t| &t.legs);
        let mut pairs: Vec<_> =
            legs.flat_map(|leg| [(leg.commodity, leg.debit), (leg.commodity, leg.credit)]).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    /// The sum of each account in each commodity, in minor units; those of zero too.
    pub fn balances(&self) -> BTreeMap<(u32, u32), i128> {
        let mut balances = BTreeMap::new();
        for leg in self.transactions.iter().flat_map(|t| &t.legs) {
            *balances.entry((leg.commodity, leg.debit)).or_default() -= i128::from(leg.amount);
            *balances.entry((leg.commodity, leg.credit)).or_default() += i128::from(leg.amount);
        }
        balances
    }

    /// The ids of a transaction's transfers, in their order: from its content, not from where it
    /// stands, so that a journal that has grown can be imported again.
    pub fn transfer_ids(&self, transaction: &Transaction) -> Vec<u128> {
        let unit = |n: u32| self.commodities.get(n as usize).map_or("", |c| c.unit.as_str());
        let code = |n: u32| self.accounts.get(n as usize).map_or("", |a| a.code.as_str());
        let mut content = ids::Hasher::new("journal-transaction");
        content.part(&transaction.occurrence.to_be_bytes());
        content.part(transaction.memo.as_deref().unwrap_or_default().as_bytes());
        content.part(transaction.reference.as_deref().unwrap_or_default().as_bytes());
        for leg in &transaction.legs {
            content.part(unit(leg.commodity).as_bytes());
            content.part(code(leg.debit).as_bytes());
            content.part(code(leg.credit).as_bytes());
            content.part(&leg.amount.to_be_bytes());
        }
        let milliseconds = transaction.date.unix_milliseconds();
        let content = content.finish(milliseconds);
        let leg_id = |n: usize| {
            let mut hash = ids::Hasher::new("journal-transfer");
            hash.part(&content.to_be_bytes());
            hash.part(&(n as u64).to_be_bytes());
            hash.finish(milliseconds)
        };
        (0..transaction.legs.len()).map(leg_id).collect()
    }
}
