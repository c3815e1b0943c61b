//! Beancount's `balance` and `pad`, which look at what an account holds on a morning.

use super::super::number::Decimal;
use super::super::raw::{Amount, EventKind, Group, Names, Raw, RawEvent, RawPosting, RawTransaction, Weight};
use super::super::{Date, Problem, ReadError};
use super::{Books, Precision, Running, failed_assertion, negated};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Beancount's `balance` and `pad`: gives each `pad` the transactions that make the next assertion
/// about its account true, and checks all assertions with them.
pub(super) fn add_pads(raw: &mut Raw<'_>) -> Result<(), ReadError> {
    if raw.events.is_empty() {
        return Ok(());
    }
    raw.events.sort_by_key(|event| (event.date, matches!(event.kind, EventKind::Pad { .. }), event.line));
    // First without a word about what does not hold, because a pad can also feed another account.
    let pads = walk(raw, false)?;
    for (line, date, account, source, amount) in pads {
        let start = raw.postings.len();
        let posting = |account, amount| RawPosting {
            line,
            account,
            amount: Some(amount),
            weight: Weight::Same,
            group: Group::Real,
            assertion: None,
        };
        raw.postings.extend([posting(account, amount), posting(source, negated(amount))]);
        let postings = start..raw.postings.len();
        raw.transactions.push(RawTransaction {
            line,
            date,
            memo: Cow::Borrowed("pad"),
            reference: "",
            postings,
        });
    }
    walk(raw, true).map(drop)
}

/// What a `pad` moves: line, day, account, source, amount.
type Padding = (u32, Date, u32, u32, Amount);

/// Goes through transactions and balance directives by day; gives what pads have to add, or checks.
fn walk(raw: &Raw<'_>, check: bool) -> Result<Vec<Padding>, ReadError> {
    let mut order: Vec<&RawTransaction<'_>> = raw.transactions.iter().collect();
    order.sort_by_key(|t| t.date);
    let mut transactions = order.into_iter().peekable();
    let mut books = Books {
        accounts: &raw.accounts,
        commodities: &raw.commodities,
        rules: &raw.rules,
        precision: Precision::of(raw),
        virtual_account: u32::MAX,
        conversion_account: u32::MAX,
        running: Running::when(true),
        warnings: BTreeMap::new(),
    };
    let tree = Tree::of(&raw.accounts);
    let mut pads: HashMap<u32, (&RawEvent, u32, Vec<u32>)> = HashMap::new();
    let mut padding = Vec::new();
    for event in &raw.events {
        // A balance is that of the morning. A pad's own amount is only known at the next balance.
        while let Some(transaction) = transactions.next_if(|t| t.date < event.date) {
            books
                .movements(transaction, raw.postings.get(transaction.postings.clone()).unwrap_or_default())?;
        }
        let (amount, tolerance) = match &event.kind {
            EventKind::Balance { amount, tolerance } => (*amount, *tolerance),
            EventKind::Pad { source } => {
                pads.insert(event.account, (event, *source, Vec::new()));
                continue;
            }
        };
        let too_large = || Problem::TooLarge.at(event.line);
        let found = tree.sum(event.account, amount.commodity, &books.running).ok_or_else(too_large)?;
        let missing = Amount { number: amount.number.minus(found).ok_or_else(too_large)?, ..amount };
        let holds = assertion_holds(missing.number, amount.number, tolerance);
        if check {
            if !holds {
                return Err(failed_assertion(&raw.accounts, &raw.commodities, event.account, amount, found)
                    .at(event.line));
            }
        } else if let Some((pad, source, done)) = pads.get_mut(&event.account)
            && !done.contains(&amount.commodity)
        {
            done.push(amount.commodity);
            if !holds {
                padding.push((pad.line, pad.date, pad.account, *source, missing));
                books.running.add(pad.account, missing).ok_or_else(too_large)?;
                books.running.add(*source, negated(missing)).ok_or_else(too_large)?;
            }
        }
    }
    Ok(padding)
}

/// Whether so little is missing that Beancount says nothing: by its own rule twice the tolerance of
/// a transaction, so one unit of the last decimal.
fn assertion_holds(missing: Decimal, expected: Decimal, tolerance: Option<Decimal>) -> bool {
    match tolerance {
        Some(given) => missing.size().minus(given).is_some_and(|more| more.mantissa <= 0),
        None if expected.decimals == 0 => missing.is_zero(),
        None => missing.within(10, expected.decimals),
    }
}

/// Accounts by name, so that those below one lie together.
struct Tree<'n> {
    accounts: &'n Names<'n>,
    sorted: Vec<(&'n str, u32)>,
}

impl<'n> Tree<'n> {
    fn of(accounts: &'n Names<'n>) -> Tree<'n> {
        let mut sorted: Vec<(&str, u32)> = accounts.all().zip(0..).collect();
        sorted.sort_unstable();
        Tree { accounts, sorted }
    }

    /// What an account and those below it hold of a commodity; none if the sum does not fit.
    fn sum(&self, account: u32, commodity: u32, running: &Running) -> Option<Decimal> {
        let prefix = format!("{}:", self.accounts.name(account));
        let first = self.sorted.partition_point(|(name, _)| *name < prefix.as_str());
        let below = self.sorted.iter().skip(first).take_while(|(name, _)| name.starts_with(&prefix));
        below.map(|(_, n)| running.of(*n, commodity)).try_fold(running.of(account, commodity), Decimal::plus)
    }
}
