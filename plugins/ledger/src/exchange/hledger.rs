//! hledger's journal format, as far as its manual's examples use it.
//!
//! Read: transactions with secondary dates, status, code, description and comments; postings with
//! commodity on either side, quoted commodities, digit groups, prices (`@`, `@@`), lot prices
//! (ignored, as hledger 1.25 does), balance assertions and assignments, virtual postings; the
//! directives `Y`, `D`, `P`, `account`, `commodity`, `decimal-mark`, `apply account`, `comment`,
//! `payee`, `tag`. Passed over with a warning: periodic and auto transactions. Refused by name,
//! because leaving them out would change balances: `include`, `alias`.

mod amount;

use super::date::LooseDateError;
use super::journal::{Journal, Warning};
use super::number::{Decimal, Marks};
use super::raw::{Amount, Assertion, Group, Raw, RawPosting, RawTransaction, Rules, Tolerance, Weight};
use super::words::{bad_number, priced, shown, split_word, syntax};
use super::{Date, JOURNAL_BYTES_MAX, Problem, ReadError, resolve};
use amount::{Written, skip_lot};
use std::borrow::Cow;
use std::collections::HashMap;

/// Reads a journal. Cost: linear, some 10 ms for 1 MiB natively.
pub fn read(text: &str) -> Result<Journal, ReadError> {
    if text.len() > JOURNAL_BYTES_MAX {
        return Err(ReadError::TooLong(u32::try_from(text.len()).unwrap_or(u32::MAX)));
    }
    resolve::resolve(Parser::new().parse(text)?)
}

/// What the lines before say about the ones to come.
struct Parser<'a> {
    raw: Raw<'a>,
    year: Option<u16>,
    /// `decimal-mark`, for every commodity.
    marks: Option<Marks>,
    /// Marks that a directive shows for a commodity.
    commodity_marks: HashMap<u32, Marks>,
    /// `D`: the commodity of numbers without one.
    default_commodity: &'a str,
    /// `apply account`, innermost last.
    parents: Vec<&'a str>,
}

/// What a line without indentation opens, so that the indented lines below it belong to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Nothing,
    Transaction,
    /// Lines that say nothing about balances.
    Skipped,
    /// `commodity NAME`, with its format on a line of its own.
    Commodity,
}

impl<'a> Parser<'a> {
    fn new() -> Parser<'a> {
        let rules = Rules {
            tolerance: Tolerance::OfJournal,
            conversion_without_price: true,
            declared: HashMap::new(),
            tolerances: Vec::new(),
        };
        Parser {
            raw: Raw::new(rules),
            year: None,
            marks: None,
            commodity_marks: HashMap::new(),
            default_commodity: "",
            parents: Vec::new(),
        }
    }

    fn parse(mut self, text: &'a str) -> Result<Raw<'a>, ReadError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut block = Block::Nothing;
        let mut in_comment = false;
        for (line, number) in text.lines().zip(1u32..) {
            let line = line.trim_end();
            if in_comment {
                in_comment = !matches!(line, "end comment" | "end test");
                continue;
            }
            let indented = line.starts_with([' ', '\t']);
            let content = line.trim_start();
            if content.is_empty() {
                block = Block::Nothing;
                continue;
            }
            if content.starts_with(';') || (!indented && content.starts_with(['#', '*'])) {
                continue;
            }
            if indented {
                self.indented(block, content, number).map_err(|problem| problem.at(number))?;
            } else if matches!(content, "comment" | "test") || content.starts_with("comment ") {
                in_comment = true;
                block = Block::Nothing;
            } else {
                block = self.top(content, number).map_err(|problem| problem.at(number))?;
            }
        }
        Ok(self.raw)
    }

    /// A line at the margin.
    fn top(&mut self, line: &'a str, number: u32) -> Result<Block, Problem> {
        if line.starts_with(|c: char| c.is_ascii_digit()) {
            return self.header(line, number).map(|()| Block::Transaction);
        }
        if line.starts_with(['~', '=']) {
            self.raw.warn(Warning::GeneratedTransaction);
            return Ok(Block::Skipped);
        }
        // Directives may stand behind `!` or `@`, as in Ledger.
        let line = line.strip_prefix(['!', '@']).unwrap_or(line);
        let (word, rest) = split_word(line);
        let rest = without_comment(rest);
        match word {
            "Y" | "year" => self.set_year(rest)?,
            "apply" if rest.starts_with("year") => self.set_year(rest.trim_start_matches("year").trim())?,
            "apply" if rest.starts_with("account") => {
                self.parents.push(rest.trim_start_matches("account").trim());
            }
            "end" if rest.starts_with("apply account") => drop(self.parents.pop()),
            "apply" | "end" => self.raw.warn(Warning::DirectiveIgnored),
            "D" => self.default_commodity = self.style(rest)?,
            "commodity" if Written::parse(rest).is_ok() => {
                self.style(rest)?;
                return Ok(Block::Skipped);
            }
            "commodity" => return Ok(Block::Commodity),
            "decimal-mark" => match rest {
                "." => self.marks = Some(Marks::Dot),
                "," => self.marks = Some(Marks::Comma),
                _ => return Err(syntax(line)),
            },
            "account" | "payee" | "tag" | "P" | "N" | "C" | "define" | "value" | "expr" | "assert"
            | "check" => return Ok(Block::Skipped),
            "include" => return Err(Problem::Unsupported("include", "put the files together into one text")),
            "alias" => return Err(Problem::Unsupported("alias", "print the journal with hledger first")),
            _ => {
                // `Y2024`, as older journals write it.
                let year = line.strip_prefix('Y').ok_or_else(|| syntax(line))?;
                self.set_year(without_comment(year))?;
            }
        }
        Ok(Block::Nothing)
    }

    fn indented(&mut self, block: Block, line: &'a str, number: u32) -> Result<(), Problem> {
        match block {
            Block::Transaction => self.posting(line, number),
            Block::Commodity if line.starts_with("format ") => {
                self.style(without_comment(line.trim_start_matches("format "))).map(drop)
            }
            Block::Commodity | Block::Skipped => Ok(()),
            Block::Nothing => Err(syntax(line)),
        }
    }

    fn set_year(&mut self, text: &str) -> Result<(), Problem> {
        let year: u16 = text.parse().map_err(|_| Problem::Date(shown(text)))?;
        self.year = Some(year);
        Ok(())
    }

    /// An amount that shows how its commodity is written; gives the commodity.
    fn style(&mut self, text: &'a str) -> Result<&'a str, Problem> {
        let written = Written::parse(text)?.0;
        let marks = match (written.digits.rfind('.'), written.digits.rfind(',')) {
            (Some(dot), Some(comma)) if comma > dot => Marks::Comma,
            (None, Some(_)) => Marks::Comma,
            _ => Marks::Dot,
        };
        let decimals =
            Decimal::parse(written.digits, marks).map_err(|why| bad_number(written.digits, why))?.decimals;
        let commodity = self.raw.commodities.number(Cow::Borrowed(written.commodity));
        self.commodity_marks.insert(commodity, marks);
        self.raw.rules.declared.insert(commodity, decimals);
        Ok(written.commodity)
    }

    /// `DATE[=DATE] [STATUS] [(CODE)] [DESCRIPTION] [; COMMENT]`
    fn header(&mut self, line: &'a str, number: u32) -> Result<(), Problem> {
        let (dates, rest) = split_word(line);
        let first = dates.split('=').next().unwrap_or_default();
        let date = Date::parse_loose(first, self.year).map_err(|error| match error {
            LooseDateError::NotADate => Problem::Date(shown(first)),
            LooseDateError::NoYear => Problem::DateWithoutYear(shown(first)),
        })?;
        let mut rest = without_comment(rest);
        rest = rest.strip_prefix(['*', '!']).unwrap_or(rest).trim_start();
        let mut reference = "";
        if let Some((code, after)) = rest.strip_prefix('(').and_then(|r| r.split_once(')')) {
            (reference, rest) = (code.trim(), after.trim_start());
        }
        let postings = self.raw.postings.len()..self.raw.postings.len();
        self.raw.transactions.push(RawTransaction {
            line: number,
            date,
            memo: Cow::Borrowed(rest),
            reference,
            postings,
        });
        Ok(())
    }

    /// `[STATUS] ACCOUNT  [AMOUNT] [; COMMENT]`
    fn posting(&mut self, line: &'a str, number: u32) -> Result<(), Problem> {
        let line = line.strip_prefix(['*', '!']).map_or(line, str::trim_start);
        let (account, rest) = split_account(line);
        let (account, group) = match (account.as_bytes().first(), account.as_bytes().last()) {
            (Some(b'('), Some(b')')) if account.len() > 2 => (inner(account), Group::Unbalanced),
            (Some(b'['), Some(b']')) if account.len() > 2 => (inner(account), Group::BalancedVirtual),
            _ => (account, Group::Real),
        };
        if account.is_empty() {
            return Err(syntax(line));
        }
        let account = if self.parents.is_empty() {
            Cow::Borrowed(account)
        } else {
            Cow::Owned(self.parents.iter().copied().chain([account]).collect::<Vec<_>>().join(":"))
        };
        let account = self.raw.accounts.number(account);
        let (amount, weight, assertion) = self.amounts(without_comment(rest))?;
        if group == Group::Unbalanced && amount.is_none() && assertion.is_none() {
            return Err(Problem::Missing("amount"));
        }
        self.raw.postings.push(RawPosting { line: number, account, amount, weight, group, assertion });
        if let Some(transaction) = self.raw.transactions.last_mut() {
            transaction.postings.end = self.raw.postings.len();
        }
        Ok(())
    }

    /// `[AMOUNT] [{LOT}] [@ PRICE | @@ PRICE] [= ASSERTION]`
    fn amounts(&mut self, mut rest: &'a str) -> Result<(Option<Amount>, Weight, Option<Assertion>), Problem> {
        let (mut amount, mut weight, mut assertion) = (None, Weight::Same, None);
        if !rest.is_empty() && !rest.starts_with('=') {
            let (written, after) = Written::parse(rest)?;
            amount = Some(self.amount(&written)?);
            rest = skip_lot(after)?;
        }
        if let Some(after) = rest.strip_prefix('@') {
            let (total, after) = after.strip_prefix('@').map_or((false, after), |after| (true, after));
            let (written, after) = Written::parse(after.trim_start())?;
            let price = self.amount(&written)?;
            let quantity = amount.ok_or(Problem::Missing("amount"))?.number;
            weight = Weight::Priced(priced(quantity, price, total)?);
            rest = skip_lot(after)?;
        }
        if let Some(after) = rest.strip_prefix('=') {
            let strong = after.starts_with('=');
            let after = after.trim_start_matches('=');
            let below = after.starts_with('*');
            let (written, after) = Written::parse(after.trim_start_matches('*').trim_start())?;
            assertion = Some(Assertion {
                amount: self.amount(&written)?,
                simple: !(below || strong && amount.is_some()),
            });
            // A price of an assertion says nothing about balances.
            rest = if after.starts_with('@') { "" } else { after };
        }
        if rest.is_empty() { Ok((amount, weight, assertion)) } else { Err(syntax(rest)) }
    }

    fn amount(&mut self, written: &Written<'a>) -> Result<Amount, Problem> {
        let name = if written.commodity.is_empty() { self.default_commodity } else { written.commodity };
        let commodity = self.raw.commodities.number(Cow::Borrowed(name));
        let marks =
            self.marks.or_else(|| self.commodity_marks.get(&commodity).copied()).unwrap_or(Marks::Guess);
        let number = written.number(marks)?;
        Ok(Amount { commodity, number })
    }
}

/// An account ends at two blanks, a tab or the line's end.
fn split_account(line: &str) -> (&str, &str) {
    let bytes = line.as_bytes();
    let end = bytes.iter().enumerate().position(|(n, c)| {
        *c == b'\t' || (*c == b' ' && bytes.get(n + 1).is_none_or(|next| matches!(next, b' ' | b'\t')))
    });
    let (account, rest) = line.split_at(end.unwrap_or(line.len()));
    (account.trim_end(), rest.trim_start())
}

fn without_comment(text: &str) -> &str {
    text.split(';').next().unwrap_or_default().trim()
}

/// Without the first and the last byte, which are brackets.
fn inner(text: &str) -> &str {
    text.get(1..text.len().saturating_sub(1)).unwrap_or_default().trim()
}
