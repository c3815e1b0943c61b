//! Bringing books in from elsewhere, and taking them out: CSV, hledger and Beancount.
//!
//! Everything here is a pure function from text to values or from values to text. It is not the
//! import itself: nothing here looks at a ledger, checks a limit or writes a row; the adapter does
//! that with what it gets from here. If it is wrong, books change silently on their way in or out,
//! which is why the tests ask `hledger` and `bean-query` whether they read the same balances.
//!
//! **Signs.** A posting's amount in plain-text accounting is what the account receives, and an
//! account's balance here is its credits less its debits; so `Expenses:Food  10` is a *credit* of
//! 10 to `Expenses:Food`, and every balance has the sign that the other tools show.

pub mod beancount;
pub mod csv;
pub mod date;
pub mod export;
pub mod hledger;
pub mod ids;
pub mod journal;
pub mod names;
pub mod number;
mod raw;
mod resolve;
#[cfg(test)]
mod tests;
mod words;

pub use date::Date;
pub use journal::Journal;

/// The longest journal that can be read, in bytes.
pub const JOURNAL_BYTES_MAX: usize = 1024 * 1024;
/// The most data lines of one CSV text.
pub const CSV_LINES_MAX: usize = 2_000;
/// The longest memo of a transfer, in bytes.
pub const MEMO_BYTES_MAX: usize = 1_000;
/// The longest reference of a transfer, in bytes.
pub const REFERENCE_BYTES_MAX: usize = 100;
/// The largest amount of one transfer, in minor units (C5).
pub const AMOUNT_MAX: u64 = i64::MAX as u64;
/// The most decimal places that a ledger can have.
pub const SCALE_MAX: u8 = 9;

/// Why a text could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A line cannot be used.
    #[error("line {line}: {problem}")]
    Line {
        /// Its number, from 1.
        line: u32,
        /// What is wrong with it.
        problem: Problem,
    },
    /// The text is longer than [`JOURNAL_BYTES_MAX`] or [`CSV_LINES_MAX`]; how long.
    #[error("the text is too long: {0}")]
    TooLong(u32),
}

/// What can be wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The first line of a CSV text is another one.
    #[error("the header must be `{0}`")]
    Header(&'static str),
    /// A CSV line has another number of fields than the header.
    #[error("{found} fields instead of {expected}")]
    Fields {
        /// How many the header has.
        expected: usize,
        /// How many the line has.
        found: usize,
    },
    /// The text is not CSV.
    #[error("this is not CSV: {0}")]
    Csv(String),
    /// A date cannot be read.
    #[error("`{0}` is not a date between 1900 and 2999")]
    Date(String),
    /// A date without a year, and no `Y` directive before it.
    #[error("`{0}` has no year, and no `Y` directive says which")]
    DateWithoutYear(String),
    /// A number cannot be read.
    #[error("`{text}`: {why}")]
    Number {
        /// The number as it was written.
        text: String,
        /// What is wrong with it.
        why: number::NumberError,
    },
    /// More decimal places than the ledger has.
    #[error("`{text}` has more than {scale} decimal places")]
    TooPrecise {
        /// The number as it was written.
        text: String,
        /// How many are allowed.
        scale: u8,
    },
    /// An amount that no ledger can hold.
    #[error("the amount is larger than 2^63 - 1 minor units")]
    TooLarge,
    /// An amount of zero or below it.
    #[error("the amount must be above zero")]
    NotPositive,
    /// Not the code of an account.
    #[error("`{0}` is not 1 to 100 of letters, digits, hyphen and colon")]
    Code(String),
    /// A field that must not be empty.
    #[error("`{0}` is empty")]
    Missing(&'static str),
    /// Not a category.
    #[error("`{0}` is not a category between 0 and 65535")]
    Category(String),
    /// A memo or a reference that is too long.
    #[error("`{field}` is longer than {max} bytes")]
    TooLongField {
        /// Which one.
        field: &'static str,
        /// How long it may be.
        max: usize,
    },
    /// The same account on both sides.
    #[error("both accounts are `{0}`")]
    SameAccount(String),
    /// An account that was named twice.
    #[error("`{0}` is in the list already")]
    Twice(String),
    /// A line that is no part of the format.
    #[error("this cannot be understood: `{0}`")]
    Syntax(String),
    /// A directive of the format that would change the books and is not supported.
    #[error("`{0}` is not supported here: {1}")]
    Unsupported(&'static str, &'static str),
    /// A transaction does not add up.
    #[error("the transaction does not balance: {left} {commodity} are left over")]
    Unbalanced {
        /// How much is left.
        left: String,
        /// Of which commodity.
        commodity: String,
    },
    /// Two postings without an amount.
    #[error("more than one posting of the transaction has no amount")]
    ManyElided,
    /// An amount that would follow from the cost of a lot that is not written down.
    #[error("an amount left out cannot follow from a cost that is left out too")]
    CostUnknown,
    /// A balance assertion does not hold.
    #[error("`{account}` should have {expected} {commodity} and has {found}")]
    Assertion {
        /// Of which account.
        account: String,
        /// What is asserted.
        expected: String,
        /// What the transactions add up to.
        found: String,
        /// Of which commodity.
        commodity: String,
    },
}

impl Problem {
    /// The error for this problem on a line.
    fn at(self, line: u32) -> ReadError {
        ReadError::Line { line, problem: self }
    }
}
