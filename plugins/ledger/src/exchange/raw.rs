//! What a plain-text journal says, before anything follows from it: amounts may be missing and
//! nothing has been added up. Both parsers give this; `resolve` makes a [`super::Journal`] of it.

use super::number::Decimal;
use super::{Date, journal::Warning};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Everything that a text says.
pub(super) struct Raw<'a> {
    pub accounts: Names<'a>,
    pub commodities: Names<'a>,
    pub transactions: Vec<RawTransaction<'a>>,
    /// Of all transactions, in their order.
    pub postings: Vec<RawPosting>,
    pub events: Vec<RawEvent>,
    pub warnings: BTreeMap<Warning, u32>,
    pub rules: Rules,
}

/// In what the two formats differ when a transaction is added up.
pub(super) struct Rules {
    /// hledger looks at how precisely the whole journal writes a commodity, Beancount at how
    /// precisely this transaction does; and Beancount rounds what it infers.
    pub tolerance: Tolerance,
    /// hledger lets two commodities balance without saying at what price.
    pub conversion_without_price: bool,
    /// Decimals that a directive declares for a commodity, by its number.
    pub declared: HashMap<u32, u8>,
    /// What may be left over of a commodity that a transaction writes in whole numbers only; by no
    /// number for all commodities. Only Beancount's option `inferred_tolerance_default` says it.
    pub tolerances: Vec<(Option<u32>, Decimal)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tolerance {
    OfJournal,
    OfTransaction,
}

pub(super) struct RawTransaction<'a> {
    pub line: u32,
    pub date: Date,
    pub memo: Cow<'a, str>,
    pub reference: &'a str,
    /// Where its postings begin and end.
    pub postings: std::ops::Range<usize>,
}

pub(super) struct RawPosting {
    pub line: u32,
    pub account: u32,
    pub amount: Option<Amount>,
    pub weight: Weight,
    pub group: Group,
    pub assertion: Option<Assertion>,
}

#[derive(Clone, Copy)]
pub(super) struct Amount {
    pub commodity: u32,
    pub number: Decimal,
}

/// What a posting counts for when its transaction is added up.
#[derive(Clone, Copy)]
pub(super) enum Weight {
    /// Its amount.
    Same,
    /// This, because it has a price or a cost.
    Priced(Amount),
    /// It has a cost that is not written down.
    Unknown,
}

/// Which postings add up to zero together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Real,
    /// hledger's `[account]`.
    BalancedVirtual,
    /// hledger's `(account)`: by itself.
    Unbalanced,
}

#[derive(Clone, Copy)]
pub(super) struct Assertion {
    pub amount: Amount,
    /// A plain `=`, which is checked; others are only counted.
    pub simple: bool,
}

/// A Beancount directive that looks at balances.
pub(super) struct RawEvent {
    pub line: u32,
    pub date: Date,
    pub account: u32,
    pub kind: EventKind,
}

pub(super) enum EventKind {
    /// At the beginning of the day the account and those below it have this.
    Balance { amount: Amount, tolerance: Option<Decimal> },
    /// What the next balance assertion misses comes from this account on this day.
    Pad { source: u32 },
}

/// Names with numbers, in the order of their first use.
#[derive(Default)]
pub(super) struct Names<'a> {
    numbers: HashMap<Cow<'a, str>, u32>,
    names: Vec<Cow<'a, str>>,
}

impl<'a> Names<'a> {
    pub fn number(&mut self, name: Cow<'a, str>) -> u32 {
        if let Some(number) = self.numbers.get(name.as_ref()) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.clone());
        self.numbers.insert(name, number);
        number
    }

    pub fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", AsRef::as_ref)
    }

    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }
}

impl<'a> Raw<'a> {
    pub fn new(rules: Rules) -> Raw<'a> {
        Raw {
            accounts: Names::default(),
            commodities: Names::default(),
            transactions: Vec::new(),
            postings: Vec::new(),
            events: Vec::new(),
            warnings: BTreeMap::new(),
            rules,
        }
    }

    pub fn warn(&mut self, warning: Warning) {
        *self.warnings.entry(warning).or_default() += 1;
    }
}
