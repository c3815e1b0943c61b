//! What the cells of a list say: balances with a sign, and limits. Pure.
//!
//! The hard part is the decimal mark, as everywhere (`exchange::number`): `1.250` is a thousand and more to one half of
//! the world and one and a quarter to the other. One cell of a column that can only be read one way (`12,50`) settles it
//! for the whole column; where none does, such a cell is refused rather than wrong by a factor of a thousand.

use crate::exchange::number::{Decimal, Marks};
use crate::model::{AMOUNT_MAX, Limits};

/// Words for "without limit", in small letters.
const WITHOUT: [&str; 8] =
    ["none", "unlimited", "without limit", "sin límite", "sin limite", "ilimitado", "ohne", "unbegrenzt"];
/// What is written for "without limit".
pub const NONE: &str = "none";

/// Why a cell cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellFault {
    /// It is no number.
    Unreadable,
    /// A mark could group thousands or begin the decimals.
    Ambiguous,
    /// It has more decimal places than the ledger.
    TooPrecise,
    /// It is more than a ledger can hold.
    TooLarge,
}

/// A limit of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Nothing: as the ledger gives to newcomers.
    Nothing,
    /// Without limit.
    Without,
    /// So much.
    Limit(u64),
}

impl Said {
    /// The limit, where `usual` is what newcomers get.
    pub fn or(self, usual: Option<u64>) -> Option<u64> {
        match self {
            Said::Nothing => usual,
            Said::Without => None,
            Said::Limit(limit) => Some(limit),
        }
    }
}

/// What a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Her balance.
    pub balance: i64,
    /// How far below zero.
    pub credit: Said,
    /// How far above.
    pub upper: Said,
}

impl Opening {
    /// The limits, where `usual` is what newcomers get.
    pub fn limits(&self, usual: Limits) -> Limits {
        Limits { credit: self.credit.or(usual.credit), upper: self.upper.or(usual.upper) }
    }
}

/// The marks of each column of a list.
#[derive(Clone, Copy, Debug)]
pub struct Columns([Marks; 3]);

impl Columns {
    /// From all rows of it.
    pub fn of<'a>(rows: &(impl Iterator<Item = &'a [String]> + Clone)) -> Self {
        let column =
            |at: usize| marks_of(rows.clone().filter_map(move |row| row.get(at)).map(String::as_str));
        Self([column(0), column(1), column(2)])
    }

    /// What a row says; none: nothing is written there.
    pub fn read(&self, cells: &[String], unit: &str, scale: u8) -> Result<Option<Opening>, CellFault> {
        let Self([balance, credit, upper]) = *self;
        let cell = |at: usize| cells.get(at).map_or("", |cell| cell.trim());
        if (0..3).all(|at| cell(at).is_empty()) {
            return Ok(None);
        }
        let balance = match cell(0) {
            "" => 0,
            written => number(written, balance, unit, scale)?,
        };
        let limit = |written: &str, marks: Marks| match written {
            "" => Ok(Said::Nothing),
            written if WITHOUT.contains(&written.to_lowercase().as_str()) => Ok(Said::Without),
            // How far below zero is said with and without a sign.
            written => Ok(Said::Limit(number(written, marks, unit, scale)?.unsigned_abs())),
        };
        Ok(Some(Opening { balance, credit: limit(cell(1), credit)?, upper: limit(cell(2), upper)? }))
    }
}

/// Which mark a column uses, if one of its cells shows it and none the other.
fn marks_of<'a>(cells: impl Iterator<Item = &'a str>) -> Marks {
    let (mut dot, mut comma) = (false, false);
    for cell in cells {
        let digits: String = cell.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
        if is_unclear(&digits) {
            continue;
        }
        let (dots, commas) = (digits.matches('.').count(), digits.matches(',').count());
        let last = digits.rfind(['.', ',']).and_then(|at| digits.as_bytes().get(at));
        match (dots, commas) {
            (0, 0) => {}
            // Several of one kind group; then the other marks decimals.
            (0, 2..) => dot = true,
            (2.., 0) => comma = true,
            _ if last == Some(&b',') => comma = true,
            _ => dot = true,
        }
    }
    match (dot, comma) {
        (true, false) => Marks::Dot,
        (false, true) => Marks::Comma,
        _ => Marks::Guess,
    }
}

/// One mark with three digits behind it and one to three before, not beginning with zero: both readings are good.
fn is_unclear(digits: &str) -> bool {
    let mut parts = digits.split(['.', ',']);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(whole), Some(rest), None) => {
            rest.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0')
        }
        _ => false,
    }
}

/// A number with its sign, in minor units. The sign stands before or behind it, or it stands in brackets as accountants
/// write what is owed; the unit may stand beside it.
fn number(written: &str, marks: Marks, unit: &str, scale: u8) -> Result<i64, CellFault> {
    let text = written.trim_matches('\'').trim();
    // The unit is plain letters: cutting it off cuts no letter in two.
    let upper = text.to_ascii_uppercase();
    let text = upper.strip_suffix(unit).or_else(|| upper.strip_prefix(unit)).unwrap_or(&upper).trim();
    let signs: [(&str, &str, bool); 6] = [
        ("(", ")", true),
        ("-", "", true),
        ("\u{2212}", "", true),
        ("+", "", false),
        ("", "-", true),
        ("", "\u{2212}", true),
    ];
    let signed = signs
        .into_iter()
        .find_map(|(before, behind, owed)| Some((text.strip_prefix(before)?.strip_suffix(behind)?, owed)));
    let (text, owed) = signed.unwrap_or((text, false));
    let text = text.trim().replace(['\u{a0}', '\u{202f}', '\'', '\u{2019}'], " ");
    let plain = text.bytes().all(|c| c.is_ascii_digit() || matches!(c, b'.' | b',' | b' '));
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    if !plain || !ends(text.chars().next()) || !ends(text.chars().next_back()) {
        return Err(CellFault::Unreadable);
    }
    if marks == Marks::Guess && is_unclear(&text) {
        return Err(CellFault::Ambiguous);
    }
    let number = Decimal::parse(&text, marks).map_err(|_| CellFault::Unreadable)?;
    let minor = number.scaled(scale).ok_or(CellFault::TooPrecise)?;
    let minor = i64::try_from(minor).ok().filter(|minor| minor.unsigned_abs() <= AMOUNT_MAX);
    let minor = minor.ok_or(CellFault::TooLarge)?;
    Ok(if owed { -minor } else { minor })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::model::written_amount;

    fn read(cells: &[&str]) -> Result<i64, CellFault> {
        let rows: Vec<Vec<String>> = cells.iter().map(|cell| vec![(*cell).to_owned()]).collect();
        let columns = Columns::of(&rows.iter().map(Vec::as_slice));
        columns.read(rows.first().unwrap(), "LEAF", 2).map(|opening| opening.map_or(0, |it| it.balance))
    }

    #[test]
    fn a_balance_is_read_with_either_mark_and_any_sign() {
        for (written, minor) in [
            ("12.50", 1_250),
            ("12,50", 1_250),
            ("-12,5", -1_250),
            ("\u{2212}12.50", -1_250),
            ("(12.50)", -1_250),
            ("12.50-", -1_250),
            ("+3", 300),
            ("12.50 LEAF", 1_250),
            ("leaf -7", -700),
            ("'-12.50", -1_250),
            ("1.250,00", 125_000),
            ("1,250.00", 125_000),
            ("1 250,00", 125_000),
            ("1'250.00", 125_000),
            ("1.000.000", 100_000_000),
            ("0.250", 25),
            ("0", 0),
            ("", 0),
        ] {
            assert_eq!(read(&[written]), Ok(minor), "{written}");
        }
    }

    #[test]
    fn what_could_be_two_numbers_is_settled_by_its_column_or_refused() {
        assert_eq!(read(&["1.250"]), Err(CellFault::Ambiguous));
        assert_eq!(read(&["1,250"]), Err(CellFault::Ambiguous));
        assert_eq!(read(&["1.250", "12,50"]), Ok(125_000));
        assert_eq!(read(&["1,250", "-3.5"]), Ok(125_000));
        assert_eq!(read(&["1.250", "3.5"]), Ok(125));
        assert_eq!(read(&["1.250", "3.5", "3,5"]), Err(CellFault::Ambiguous), "its column says both");
    }

    #[test]
    fn what_is_no_balance_is_refused_by_name() {
        for (written, fault) in [
            ("twelve", CellFault::Unreadable),
            ("1.2.3,4,5", CellFault::Unreadable),
            ("--5", CellFault::Unreadable),
            ("5 EUR", CellFault::Unreadable),
            (".5", CellFault::Unreadable),
            ("12.505", CellFault::Ambiguous),
            ("0.505", CellFault::TooPrecise),
            ("99999999999999999999", CellFault::TooLarge),
            ("99999999999999999999999999999999999999999", CellFault::Unreadable),
        ] {
            assert_eq!(read(&[written]), Err(fault), "{written}");
        }
    }

    #[test]
    fn a_limit_is_a_number_or_none_or_what_newcomers_get() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [row(["", "-100", "none"]), row(["5", "", "Sin límite"]), row(["", "", " "])];
        let columns = Columns::of(&rows.iter().map(Vec::as_slice));
        let read: Vec<_> = rows.iter().map(|row| columns.read(row, "LEAF", 2).unwrap()).collect();
        let usual = Limits { credit: Some(7), upper: Some(9) };
        let limits: Vec<_> = read.iter().map(|row| row.map(|row| row.limits(usual))).collect();
        let expected = [
            Some(Limits { credit: Some(10_000), upper: None }),
            Some(Limits { credit: Some(7), upper: None }),
            None,
        ];
        assert_eq!(limits, expected);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(cells in proptest::collection::vec(".{0,20}", 0..4), scale in 0u8..=9) {
            let columns = Columns::of(&std::iter::once(cells.as_slice()));
            let _ = columns.read(&cells, "LEAF", scale);
        }

        #[test]
        fn a_written_balance_reads_back(minor in any::<i64>(), scale in 0u8..=9, comma in any::<bool>()) {
            prop_assume!(minor != i64::MIN);
            let sign = if minor < 0 { "-" } else { "" };
            let mut text = format!("{sign}{}", written_amount(minor.unsigned_abs(), scale));
            // A cell of the same list settles which mark is which.
            let mut other = "0.5".to_owned();
            if comma {
                (text, other) = (text.replace('.', ","), "0,5".to_owned());
            }
            let rows = [vec![text], vec![other]];
            let columns = Columns::of(&rows.iter().map(Vec::as_slice));
            let [first, _] = &rows;
            let read = columns.read(first, "LEAF", scale).map(|row| row.map(|row| row.balance));
            prop_assert_eq!(read, Ok(Some(minor)));
        }
    }
}
