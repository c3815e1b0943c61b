//! From what a journal says to what follows from it: amounts that were left out, assertions,
//! `pad`s, and in the end transfers between two accounts.
//!
//! Amounts are brought over exactly as they are written. Prices and costs only decide whether a
//! transaction balances and what an amount is that was left out; they never move anything, so a
//! price that is read wrongly can refuse a journal and cannot falsify a balance.

mod legs;
mod pads;
mod precision;
mod running;

use super::journal::{Account, Commodity, Journal, Leg, Transaction, Warning};
use super::number::Decimal;
use super::raw::{Amount, Group, Names, Raw, RawPosting, RawTransaction, Rules, Tolerance, Weight};
use super::{Date, MEMO_BYTES_MAX, Problem, REFERENCE_BYTES_MAX, ReadError, SCALE_MAX, names};
use legs::{Tables, legs};
use pads::add_pads;
use precision::Precision;
use running::Running;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Adds everything up.
pub(super) fn resolve(mut raw: Raw<'_>) -> Result<Journal, ReadError> {
    let virtual_account = raw.accounts.number(Cow::Borrowed(names::VIRTUAL));
    let conversion_account = raw.accounts.number(Cow::Borrowed(names::CONVERSION));
    add_pads(&mut raw)?;
    let mut order: Vec<usize> = (0..raw.transactions.len()).collect();
    order.sort_by_key(|n| raw.transactions.get(*n).map(|t| t.date));
    let precision = Precision::of(&raw);
    let Raw { accounts, commodities, transactions, postings, warnings, rules, .. } = raw;
    let mut books = Books {
        accounts: &accounts,
        commodities: &commodities,
        rules: &rules,
        precision,
        virtual_account,
        conversion_account,
        running: Running::when(postings.iter().any(|p| p.assertion.is_some())),
        warnings,
    };
    let mut moved = Vec::with_capacity(transactions.len());
    for transaction in order.iter().filter_map(|n| transactions.get(*n)) {
        let own = postings.get(transaction.postings.clone()).unwrap_or_default();
        moved.push((transaction, books.movements(transaction, own)?));
    }
    books.journal(&moved)
}

/// One account's change in one commodity.
type Movement = (u32, Amount);

/// What is known while transactions are added up, one after the other.
struct Books<'b, 'a> {
    accounts: &'b Names<'a>,
    commodities: &'b Names<'a>,
    rules: &'b Rules,
    precision: Precision,
    virtual_account: u32,
    conversion_account: u32,
    running: Running,
    warnings: BTreeMap<Warning, u32>,
}

impl Books<'_, '_> {
    /// What a transaction moves; sums to zero in each commodity.
    fn movements(
        &mut self,
        transaction: &RawTransaction<'_>,
        postings: &[RawPosting],
    ) -> Result<Vec<Movement>, ReadError> {
        let mut known = self.assigned(postings)?;
        for group in [Group::Real, Group::BalancedVirtual] {
            if postings.iter().any(|p| p.group == group) {
                self.balance_group(transaction, postings, group, &mut known)?;
            }
        }
        // Assertions look at the account right after their own posting.
        for (posting, amount) in postings
            .iter()
            .enumerate()
            .flat_map(|(n, p)| known.iter().filter(move |k| k.0 == n).map(move |k| (p, k.1)))
        {
            self.running.add(posting.account, amount).ok_or_else(|| Problem::TooLarge.at(posting.line))?;
            self.check_assertion(posting)?;
        }
        let mut movements: Vec<Movement> = Vec::with_capacity(known.len() + 2);
        for (n, amount) in &known {
            let Some(posting) = postings.get(*n) else { continue };
            movements.push((posting.account, *amount));
            if posting.group == Group::Unbalanced {
                *self.warnings.entry(Warning::UnbalancedVirtualPosting).or_default() += 1;
                movements.push((self.virtual_account, negated(*amount)));
            }
        }
        let left = sums(movements.iter().map(|(_, amount)| *amount))
            .ok_or_else(|| Problem::TooLarge.at(transaction.line))?;
        movements.extend(
            left.into_iter().filter(|a| !a.number.is_zero()).map(|a| (self.conversion_account, negated(a))),
        );
        Ok(movements)
    }

    /// Amounts that are written, and those that make an assertion true; with their postings' places.
    fn assigned(&mut self, postings: &[RawPosting]) -> Result<Vec<(usize, Amount)>, ReadError> {
        let mut known: Vec<(usize, Amount)> = Vec::with_capacity(postings.len() + 1);
        for (n, posting) in postings.iter().enumerate() {
            match (posting.amount, posting.assertion) {
                (Some(amount), _) => known.push((n, amount)),
                (None, Some(assertion)) if assertion.simple => {
                    let wanted = assertion.amount;
                    let mut earlier = known.iter().filter(|(m, a)| {
                        a.commodity == wanted.commodity
                            && postings.get(*m).is_some_and(|p| p.account == posting.account)
                    });
                    let found = earlier
                        .try_fold(self.running.of(posting.account, wanted.commodity), |sum, (_, a)| {
                            sum.plus(a.number)
                        });
                    let missing = found
                        .and_then(|found| wanted.number.minus(found))
                        .ok_or_else(|| Problem::TooLarge.at(posting.line))?;
                    known.push((n, Amount { number: missing, ..wanted }));
                }
                (None, Some(_)) => {
                    return Err(Problem::Unsupported("=*", "an amount can only follow from a plain `=`")
                        .at(posting.line));
                }
                (None, None) => {}
            }
        }
        Ok(known)
    }

    /// Checks that a group of postings balances, or gives the one without an amount what is missing.
    fn balance_group(
        &mut self,
        transaction: &RawTransaction<'_>,
        postings: &[RawPosting],
        group: Group,
        known: &mut Vec<(usize, Amount)>,
    ) -> Result<(), ReadError> {
        let line = transaction.line;
        let mut elided = postings
            .iter()
            .enumerate()
            .filter(|(_, p)| p.group == group && p.amount.is_none() && p.assertion.is_none())
            .map(|(n, _)| n);
        let (first, second) = (elided.next(), elided.next());
        if second.is_some() {
            return Err(Problem::ManyElided.at(line));
        }
        let mut weights = Vec::with_capacity(known.len());
        for (posting, amount) in known
            .iter()
            .filter_map(|(n, a)| postings.get(*n).map(|p| (p, *a)))
            .filter(|(p, _)| p.group == group)
        {
            match posting.weight {
                Weight::Same => weights.push(amount),
                Weight::Priced(weight) => weights.push(weight),
                Weight::Unknown if first.is_some() => return Err(Problem::CostUnknown.at(posting.line)),
                Weight::Unknown => {
                    *self.warnings.entry(Warning::BalanceNotChecked).or_default() += 1;
                    return Ok(());
                }
            }
        }
        let mut left = sums(weights.into_iter()).ok_or_else(|| Problem::TooLarge.at(line))?;
        if let Some(place) = first {
            let missing = left.into_iter().filter(|a| !a.number.is_zero());
            known.extend(missing.map(|a| (place, negated(self.inferred(a, postings)))));
            return Ok(());
        }
        left.retain(|amount| !self.tolerated(*amount, postings));
        let exchange = self.rules.conversion_without_price
            && matches!(left.as_slice(), [a, b] if (a.number.mantissa < 0) != (b.number.mantissa < 0));
        match left.first() {
            Some(amount) if !exchange => {
                let commodity = self.commodities.name(amount.commodity).to_owned();
                Err(Problem::Unbalanced { left: amount.number.to_string(), commodity }.at(line))
            }
            _ => Ok(()),
        }
    }

    /// What stands in for an amount that was left out: rounded as the format does, and never finer
    /// than a ledger can be.
    fn inferred(&self, amount: Amount, postings: &[RawPosting]) -> Amount {
        let decimals = match self.rules.tolerance {
            Tolerance::OfJournal => SCALE_MAX,
            // Beancount keeps an inferred amount as it is where it has nothing to go by.
            Tolerance::OfTransaction => {
                // It rounds to twice the tolerance, be that what the amounts show or what an option gives.
                let given = || self.given_tolerance(amount.commodity).and_then(|t| t.plus(t));
                let decimals = coarsest(amount.commodity, postings);
                let decimals = decimals.or_else(|| given().map(|twice| twice.trimmed(0).decimals));
                decimals.filter(|decimals| *decimals <= 5).unwrap_or(SCALE_MAX)
            }
        };
        Amount { number: amount.number.rounded(decimals.min(SCALE_MAX)).trimmed(0), ..amount }
    }

    /// Whether so much may be left over: half a unit of the last decimal.
    fn tolerated(&self, left: Amount, postings: &[RawPosting]) -> bool {
        let decimals = match self.rules.tolerance {
            Tolerance::OfJournal => {
                let declared = self.rules.declared.get(&left.commodity).copied();
                Some(declared.unwrap_or_else(|| self.precision.of_commodity(left.commodity)))
            }
            Tolerance::OfTransaction => coarsest(left.commodity, postings),
        };
        match (decimals, self.given_tolerance(left.commodity)) {
            (Some(decimals), _) => left.number.within(5, decimals),
            (None, Some(tolerance)) => {
                left.number.size().minus(tolerance).is_some_and(|more| more.mantissa <= 0)
            }
            (None, None) => left.number.is_zero(),
        }
    }

    /// What an option lets be left over of a commodity; one for it alone goes before one for all.
    fn given_tolerance(&self, commodity: u32) -> Option<Decimal> {
        let of = |wanted| self.rules.tolerances.iter().rev().find(|(c, _)| *c == wanted).map(|(_, t)| *t);
        of(Some(commodity)).or_else(|| of(None))
    }

    fn check_assertion(&mut self, posting: &RawPosting) -> Result<(), ReadError> {
        let Some(assertion) = posting.assertion else { return Ok(()) };
        if !assertion.simple {
            *self.warnings.entry(Warning::AssertionNotChecked).or_default() += 1;
            return Ok(());
        }
        let expected = assertion.amount;
        let found = self.running.of(posting.account, expected.commodity);
        if found.minus(expected.number).is_some_and(Decimal::is_zero) {
            return Ok(());
        }
        Err(failed_assertion(self.accounts, self.commodities, posting.account, expected, found)
            .at(posting.line))
    }

    /// The journal in whole minor units.
    fn journal(mut self, moved: &[(&RawTransaction<'_>, Vec<Movement>)]) -> Result<Journal, ReadError> {
        let mut scales = vec![0u8; self.commodities.len()];
        for amount in moved.iter().flat_map(|(_, movements)| movements).map(|(_, amount)| amount) {
            if let Some(scale) = scales.get_mut(amount.commodity as usize) {
                // Zeros past the ninth decimal are not worth a refusal.
                *scale = (*scale).max(amount.number.decimals.min(SCALE_MAX));
            }
        }
        let mut tables = Tables::new(self.accounts.len(), self.commodities.len());
        let mut transactions = Vec::with_capacity(moved.len());
        let mut occurrences: HashMap<(Date, String, String, Vec<Leg>), u32> = HashMap::new();
        for (transaction, movements) in moved {
            let legs =
                legs(movements, &scales, &mut tables).map_err(|problem| problem.at(transaction.line))?;
            if legs.is_empty() {
                *self.warnings.entry(Warning::EmptyTransaction).or_default() += 1;
                continue;
            }
            let (memo, reference) = self.texts(transaction);
            let key = (
                transaction.date,
                memo.clone().unwrap_or_default(),
                reference.clone().unwrap_or_default(),
                legs.clone(),
            );
            let seen = occurrences.entry(key).or_default();
            transactions.push(Transaction {
                line: transaction.line,
                date: transaction.date,
                memo,
                reference,
                occurrence: *seen,
                legs,
            });
            *seen += 1;
        }
        let commodity_names: Vec<&str> =
            tables.commodities.used.iter().map(|n| self.commodities.name(*n)).collect();
        let commodities =
            names::units(&commodity_names).into_iter().zip(&tables.commodities.used).map(|(unit, n)| {
                Commodity {
                    name: self.commodities.name(*n).to_owned(),
                    unit,
                    scale: scales.get(*n as usize).copied().unwrap_or(0),
                }
            });
        let account_names: Vec<&str> = tables.accounts.used.iter().map(|n| self.accounts.name(*n)).collect();
        let accounts = account_names.iter().zip(names::codes(&account_names));
        Ok(Journal {
            commodities: commodities.collect(),
            accounts: accounts.map(|(name, code)| Account { name: (*name).to_owned(), code }).collect(),
            transactions,
            warnings: self.warnings,
        })
    }

    /// Memo and reference as a transfer can hold them: a reference that is too long goes into the memo.
    fn texts(&mut self, transaction: &RawTransaction<'_>) -> (Option<String>, Option<String>) {
        let (mut memo, mut reference) = (transaction.memo.to_string(), transaction.reference);
        if reference.len() > REFERENCE_BYTES_MAX {
            memo = format!("{memo} ({reference})");
            reference = "";
        }
        if memo.len() > MEMO_BYTES_MAX {
            memo.truncate(memo.floor_char_boundary(MEMO_BYTES_MAX));
            *self.warnings.entry(Warning::MemoCut).or_default() += 1;
        }
        let some = |text: String| (!text.is_empty()).then_some(text);
        (some(memo), some(reference.to_owned()))
    }
}

/// The fewest decimals, not counting whole numbers, with which a transaction writes a commodity.
fn coarsest(commodity: u32, postings: &[RawPosting]) -> Option<u8> {
    let amounts = postings.iter().filter_map(|p| p.amount).filter(|a| a.commodity == commodity);
    amounts.map(|a| a.number.decimals).filter(|decimals| *decimals > 0).min()
}

fn negated(amount: Amount) -> Amount {
    Amount { number: amount.number.negated(), ..amount }
}

/// The sum of each commodity, in the order of first appearance; none if one does not fit.
fn sums(amounts: impl Iterator<Item = Amount>) -> Option<Vec<Amount>> {
    let mut sums: Vec<Amount> = Vec::new();
    for amount in amounts {
        match sums.iter_mut().find(|sum| sum.commodity == amount.commodity) {
            Some(sum) => sum.number = sum.number.plus(amount.number)?,
            None => sums.push(amount),
        }
    }
    Some(sums)
}

fn failed_assertion(
    accounts: &Names<'_>,
    commodities: &Names<'_>,
    account: u32,
    expected: Amount,
    found: Decimal,
) -> Problem {
    Problem::Assertion {
        account: accounts.name(account).to_owned(),
        expected: expected.number.to_string(),
        found: found.to_string(),
        commodity: commodities.name(expected.commodity).to_owned(),
    }
}
