//! Beancount's format, version 2, as far as its documentation's examples use it.
//!
//! Read: transactions with flags, payee and narration, tags, links and metadata; postings with
//! amounts (arithmetic included), costs (`{}`, `{{}}`, `{a # b}`) and prices (`@`, `@@`); the
//! directives `open`, `balance` (checked), `pad` (carried out) and the option
//! `inferred_tolerance_default`. Passed over, because they say
//! nothing about balances: `commodity`, `close`, `price`, `note`, `document`, `event`, `query`,
//! `custom`, other options, tags and metadata for whole regions. Refused by name: `include`,
//! and plugins other than Beancount's own checks, because they can change transactions.

mod expression;
mod lines;

use super::journal::{Journal, Warning};
use super::number::Decimal;
use super::raw::{
    Amount, EventKind, Group, Raw, RawEvent, RawPosting, RawTransaction, Rules, Tolerance, Weight,
};
use super::words::{priced, shown, split_word, syntax};
use super::{Date, JOURNAL_BYTES_MAX, Problem, ReadError, resolve};
use expression::expression;
use lines::{logical_lines, string};
use std::borrow::Cow;
use std::collections::HashMap;

/// Reads a journal. Cost: linear, some 10 ms for 1 MiB natively.
pub fn read(text: &str) -> Result<Journal, ReadError> {
    if text.len() > JOURNAL_BYTES_MAX {
        return Err(ReadError::TooLong(u32::try_from(text.len()).unwrap_or(u32::MAX)));
    }
    resolve::resolve(Parser::new().parse(text)?)
}

/// Beancount's own plugins that only check, or add directives which move nothing.
const HARMLESS_PLUGINS: [&str; 17] = [
    "auto_accounts",
    "check_average_cost",
    "check_closing",
    "check_commodity",
    "check_drained",
    "close_tree",
    "coherent_cost",
    "commodity_attr",
    "implicit_prices",
    "leafonly",
    "noduplicates",
    "nounused",
    "onecommodity",
    "pedantic",
    "sellgains",
    "tag_pending",
    "unique_prices",
];

struct Parser<'a> {
    raw: Raw<'a>,
    /// Whether indented lines are postings.
    in_transaction: bool,
}

impl<'a> Parser<'a> {
    fn new() -> Parser<'a> {
        let rules = Rules {
            tolerance: Tolerance::OfTransaction,
            conversion_without_price: false,
            declared: HashMap::new(),
            tolerances: Vec::new(),
        };
        Parser { raw: Raw::new(rules), in_transaction: false }
    }

    fn parse(mut self, text: &'a str) -> Result<Raw<'a>, ReadError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (number, line) in logical_lines(text) {
            let content = line.trim();
            let indented = line.starts_with([' ', '\t']);
            let done = if content.is_empty() || content.starts_with(';') {
                Ok(())
            } else if indented {
                self.indented(content, number)
            } else {
                self.top(content, number)
            };
            done.map_err(|problem| problem.at(number))?;
        }
        Ok(self.raw)
    }

    fn top(&mut self, line: &'a str, number: u32) -> Result<(), Problem> {
        self.in_transaction = false;
        if !line.starts_with(|c: char| c.is_ascii_digit()) {
            let (word, rest) = split_word(line);
            return match word {
                "option" => self.option(rest),
                "plugin" => self.plugin(rest),
                "pushtag" | "poptag" | "pushmeta" | "popmeta" => Ok(()),
                "include" => Err(Problem::Unsupported("include", "put the files together into one text")),
                // Headings of org-mode and other lines that Beancount itself passes over.
                _ if line.starts_with(['*', ':', '#', '!', '&', '?', '%', '-']) => Ok(()),
                _ => Err(syntax(line)),
            };
        }
        let (day, rest) = split_word(line);
        let (word, rest) = split_word(rest);
        // Their days may lie before any that a ledger knows: the first dollar is from 1792.
        if matches!(
            word,
            "open" | "close" | "commodity" | "price" | "note" | "document" | "event" | "query" | "custom"
        ) {
            return Ok(());
        }
        let date = Date::parse_loose(day, None).map_err(|_| Problem::Date(shown(day)))?;
        match word {
            "balance" => {
                let (account, rest) = self.account(rest)?;
                let (amount, tolerance) = self.asserted(rest)?;
                self.raw.events.push(RawEvent {
                    line: number,
                    date,
                    account,
                    kind: EventKind::Balance { amount, tolerance },
                });
                Ok(())
            }
            "pad" => {
                let (account, rest) = self.account(rest)?;
                let (source, _) = self.account(rest)?;
                self.raw.events.push(RawEvent {
                    line: number,
                    date,
                    account,
                    kind: EventKind::Pad { source },
                });
                Ok(())
            }
            _ if word == "txn" || is_flag(word) => self.header(date, rest, number),
            // A flag right before the text: `*"Payee"`.
            _ if word.get(1..).is_some_and(|rest| rest.starts_with('"'))
                && word.get(..1).is_some_and(is_flag) =>
            {
                let after = rest_after(line, word).get(1..).unwrap_or_default();
                self.header(date, after, number)
            }
            _ => Err(syntax(line)),
        }
    }

    /// `"NAME" "VALUE"`; one of them says what may be left over of a transaction.
    fn option(&mut self, text: &'a str) -> Result<(), Problem> {
        let (name, rest) = string(text)?;
        if name != "inferred_tolerance_default" {
            self.raw.warn(Warning::DirectiveIgnored);
            return Ok(());
        }
        let value = rest.trim().trim_matches('"');
        let (commodity, tolerance) = value.split_once(':').ok_or_else(|| syntax(text))?;
        let commodity = (commodity != "*").then(|| self.raw.commodities.number(Cow::Borrowed(commodity)));
        let (tolerance, _) = expression(tolerance)?;
        self.raw.rules.tolerances.push((commodity, tolerance));
        Ok(())
    }

    /// `"MODULE" ["SETTINGS"]`: refused unless the module is known to leave balances as they are.
    fn plugin(&mut self, text: &'a str) -> Result<(), Problem> {
        let (module, _) = string(text)?;
        let name = module.rsplit('.').next().unwrap_or_default();
        if !HARMLESS_PLUGINS.contains(&name) {
            return Err(Problem::Unsupported(
                "plugin",
                "it can change the books; let Beancount print them first",
            ));
        }
        self.raw.warn(Warning::DirectiveIgnored);
        Ok(())
    }

    /// `["PAYEE"] ["NARRATION"] [#TAG] [^LINK]`
    fn header(&mut self, date: Date, mut rest: &'a str, number: u32) -> Result<(), Problem> {
        let mut texts: Vec<Cow<'a, str>> = Vec::with_capacity(2);
        let mut reference = "";
        while !rest.is_empty() && !rest.starts_with(';') {
            if rest.starts_with('"') {
                let (text, after) = string(rest)?;
                texts.push(text);
                rest = after.trim_start();
                continue;
            }
            let (word, after) = split_word(rest);
            match word.strip_prefix('^') {
                Some(link) if reference.is_empty() => reference = link,
                _ if word.starts_with(['^', '#']) || word == "|" => {}
                _ => return Err(syntax(word)),
            }
            rest = after;
        }
        let memo = match texts.as_slice() {
            [payee, narration] if !payee.is_empty() && !narration.is_empty() => {
                Cow::Owned(format!("{payee} | {narration}"))
            }
            [payee, narration] => {
                if payee.is_empty() {
                    narration.clone()
                } else {
                    payee.clone()
                }
            }
            [narration] => narration.clone(),
            [] => Cow::Borrowed(""),
            _ => return Err(Problem::Syntax("more than a payee and a narration".to_owned())),
        };
        let postings = self.raw.postings.len()..self.raw.postings.len();
        self.raw.transactions.push(RawTransaction { line: number, date, memo, reference, postings });
        self.in_transaction = true;
        Ok(())
    }

    fn indented(&mut self, line: &'a str, number: u32) -> Result<(), Problem> {
        if !self.in_transaction || line.starts_with(['#', '^']) || is_metadata(line) {
            return Ok(());
        }
        let (flag, after) = split_word(line);
        let line = if is_flag(flag) { after } else { line };
        let (account, rest) = self.account(line)?;
        let (amount, weight) = self.position(rest)?;
        self.raw.postings.push(RawPosting {
            line: number,
            account,
            amount,
            weight,
            group: Group::Real,
            assertion: None,
        });
        if let Some(transaction) = self.raw.transactions.last_mut() {
            transaction.postings.end = self.raw.postings.len();
        }
        Ok(())
    }

    fn account(&mut self, text: &'a str) -> Result<(u32, &'a str), Problem> {
        let end =
            text.find(|c: char| c.is_whitespace() || matches!(c, ';' | '"' | ',')).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if !name.contains(':') || !name.starts_with(char::is_uppercase) {
            return Err(syntax(text));
        }
        Ok((self.raw.accounts.number(Cow::Borrowed(name)), rest.trim_start()))
    }

    /// `[AMOUNT] [{COST}] [@ PRICE]`
    fn position(&mut self, text: &'a str) -> Result<(Option<Amount>, Weight), Problem> {
        let text = before_comment(text);
        if text.is_empty() {
            return Ok((None, Weight::Same));
        }
        let (amount, mut rest) = self.amount(text)?;
        let mut weight = Weight::Same;
        if let Some(after) = rest.strip_prefix('{') {
            let (total, after) = after.strip_prefix('{').map_or((false, after), |after| (true, after));
            let close = if total { "}}" } else { "}" };
            let (cost, after) = after.split_once(close).ok_or_else(|| syntax(rest))?;
            weight = self.cost(amount.number, cost, total)?;
            rest = after.trim_start();
        }
        if let Some(after) = rest.strip_prefix('@') {
            let (total, after) = after.strip_prefix('@').map_or((false, after), |after| (true, after));
            let (price, after) = self.amount(after.trim_start())?;
            // What was paid counts; a price beside a cost is for information.
            if matches!(weight, Weight::Same) {
                weight = Weight::Priced(priced(amount.number, price, total)?);
            }
            rest = after;
        }
        if rest.is_empty() { Ok((Some(amount), weight)) } else { Err(syntax(rest)) }
    }

    /// `[PER [# TOTAL] COMMODITY] [, DATE] [, "LABEL"] [, *]`
    fn cost(&mut self, quantity: Decimal, text: &'a str, total: bool) -> Result<Weight, Problem> {
        for part in text.split(',').map(str::trim) {
            let label = part.is_empty()
                || part.starts_with('"')
                || part == "*"
                || Date::parse_loose(part, None).is_ok();
            if label {
                continue;
            }
            if let Some((per, whole)) = part.split_once('#') {
                let (whole, _) = self.amount(whole.trim())?;
                let per = if per.trim().is_empty() { Decimal::ZERO } else { expression(per.trim())?.0 };
                let each = quantity.times(per);
                let lump = if quantity.mantissa < 0 { whole.number.negated() } else { whole.number };
                let number = each.and_then(|each| each.plus(lump)).ok_or(Problem::TooLarge)?;
                return Ok(Weight::Priced(Amount { number, ..whole }));
            }
            // A commodity alone: its number is not written down.
            let Ok((price, _)) = self.amount(part) else { continue };
            return priced(quantity, price, total).map(Weight::Priced);
        }
        Ok(Weight::Unknown)
    }

    /// `NUMBER [~ TOLERANCE] COMMODITY`
    fn asserted(&mut self, text: &'a str) -> Result<(Amount, Option<Decimal>), Problem> {
        let text = before_comment(text);
        match text.split_once('~') {
            None => self.amount(text).map(|(amount, _)| (amount, None)),
            Some((number, rest)) => {
                let (number, _) = expression(number.trim())?;
                let (tolerance, _) = self.amount(rest.trim_start())?;
                Ok((Amount { number, ..tolerance }, Some(tolerance.number)))
            }
        }
    }

    /// `EXPRESSION COMMODITY`, and what follows it.
    fn amount(&mut self, text: &'a str) -> Result<(Amount, &'a str), Problem> {
        let (number, rest) = expression(text)?;
        let named = |c: char| {
            c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '\'' | '.' | '_' | '-' | '/')
        };
        let end = rest.find(|c: char| !named(c)).unwrap_or(rest.len());
        let (commodity, rest) = rest.split_at(end);
        if commodity.is_empty() {
            return Err(syntax(text));
        }
        Ok((
            Amount { commodity: self.raw.commodities.number(Cow::Borrowed(commodity)), number },
            rest.trim_start(),
        ))
    }
}

/// `key: value`
fn is_metadata(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_lowercase())
        && line.split_once(':').is_some_and(|(key, _)| {
            key.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
        })
}

/// Beancount's flags: a sign or one capital letter.
fn is_flag(word: &str) -> bool {
    let mut characters = word.chars();
    let first = characters.next();
    characters.next().is_none()
        && first.is_some_and(|c| c.is_ascii_uppercase() || matches!(c, '*' | '!' | '&' | '#' | '?' | '%'))
}

/// The text from this word of it on.
fn rest_after<'a>(line: &'a str, word: &str) -> &'a str {
    line.find(word).and_then(|n| line.get(n..)).unwrap_or_default()
}

fn before_comment(text: &str) -> &str {
    // A semicolon can stand in the label of a cost.
    let mut in_string = false;
    let end = text.bytes().position(|c| {
        in_string ^= c == b'"';
        c == b';' && !in_string
    });
    text.get(..end.unwrap_or(text.len())).unwrap_or_default().trim_end()
}
