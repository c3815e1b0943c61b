//! Journals that are refused, by name and with their line, rather than read as something else.

use super::super::number::NumberError;
use super::super::{JOURNAL_BYTES_MAX, Problem, ReadError, beancount, hledger};
use super::problem;

fn unbalanced(left: &str, commodity: &str) -> Problem {
    Problem::Unbalanced { left: left.into(), commodity: commodity.into() }
}

fn assertion(account: &str, expected: &str, found: &str, commodity: &str) -> Problem {
    Problem::Assertion {
        account: account.into(),
        expected: expected.into(),
        found: found.into(),
        commodity: commodity.into(),
    }
}

#[test]
fn hledger_journals_are_refused_by_name() {
    let number = |text: &str, why| Problem::Number { text: text.into(), why };
    for (text, line, expected) in [
        ("1/5 x\n a  1\n b", 1, Problem::DateWithoutYear("1/5".into())),
        ("2024-02-30 x\n", 1, Problem::Date("2024-02-30".into())),
        ("2024-01-01 x\n a  1,000 EUR\n b", 2, number("1,000", NumberError::Ambiguous)),
        ("2024-01-01 x\n a  1 EUR\n b  -2 EUR", 1, unbalanced("-1", "EUR")),
        ("2024-01-01 x\n a  1 EUR\n b  2 USD", 1, unbalanced("1", "EUR")),
        ("2024-01-01 x\n a  1 EUR\n b  -2 USD\n c  3 CHF", 1, unbalanced("1", "EUR")),
        ("2024-01-01 x\n a  1 EUR @ 2 USD\n b  -2.1 USD", 1, unbalanced("-0.1", "USD")),
        ("2024-01-01 x\n a  1\n b\n c", 1, Problem::ManyElided),
        ("2024-01-01 x\n (a)", 2, Problem::Missing("amount")),
        ("2024-01-01 x\n a  1\n [b]  1\n c", 1, unbalanced("1", "")),
        ("2024-01-01 x\n a  1 = 2\n b", 2, assertion("a", "2", "1", "")),
        (
            "2024-01-01 x\n a  =* 2\n b",
            2,
            Problem::Unsupported("=*", "an amount can only follow from a plain `=`"),
        ),
        (
            "\ninclude other.journal\n",
            2,
            Problem::Unsupported("include", "put the files together into one text"),
        ),
        ("alias a=b\n", 1, Problem::Unsupported("alias", "print the journal with hledger first")),
        ("nonsense\n", 1, Problem::Syntax("nonsense".into())),
        ("  a  1\n", 1, Problem::Syntax("a  1".into())),
        ("2024-01-01 x\n a  one\n b", 2, Problem::Syntax("one".into())),
        ("2024-01-01 x\n a  1 EUR what\n b", 2, Problem::Syntax("what".into())),
        (
            "2024-01-01 x\n a  0.1234567891 EUR\n b",
            1,
            Problem::TooPrecise { text: "0.1234567891".into(), scale: 9 },
        ),
        ("2024-01-01 x\n a  92233720368547758.08 EUR\n b", 1, Problem::TooLarge),
        (
            "2024-01-01 x\n a  9999999999999999999999999999 A @ 9999999999999999999999999999 B\n b",
            2,
            Problem::TooLarge,
        ),
    ] {
        assert_eq!(problem(hledger::read(text)), (line, expected), "{text}");
    }
}

#[test]
fn beancount_journals_are_refused_by_name() {
    for (text, line, expected) in [
        ("2024-01-01 * \"x\"\n  Assets:A  1 EUR\n  Assets:B  -2 EUR", 1, unbalanced("-1", "EUR")),
        // Beancount itself refuses two commodities without a price, where hledger takes them.
        ("2024-01-01 * \"x\"\n  Assets:A  1 EUR\n  Assets:B  -2 USD", 1, unbalanced("1", "EUR")),
        ("2024-01-01 * \"x\"\n  Assets:A  -1 B {}\n  Assets:B", 2, Problem::CostUnknown),
        ("2024-01-01 balance Assets:A  1 EUR", 1, assertion("Assets:A", "1", "0", "EUR")),
        (
            "2024-01-01 * \"x\"\n  Assets:A  1/3 EUR\n  Assets:B",
            2,
            Problem::Number { text: "1/3 EUR".into(), why: NumberError::Inexact },
        ),
        ("2024-01-01 * \"x\"\n  Assets:A  1\n  Assets:B", 2, Problem::Syntax("1".into())),
        ("2024-01-01 * \"x\"\n  assets  1 EUR\n", 2, Problem::Syntax("assets  1 EUR".into())),
        (
            "plugin \"beancount.plugins.forecast\"",
            1,
            Problem::Unsupported("plugin", "it can change the books; let Beancount print them first"),
        ),
        (
            "option \"inferred_tolerance_default\" \"EUR\"",
            1,
            Problem::Syntax("\"inferred_tolerance_default\" \"EUR\"".into()),
        ),
        ("2024-01-01 frobnicate", 1, Problem::Syntax("2024-01-01 frobnicate".into())),
        ("include \"x\"", 1, Problem::Unsupported("include", "put the files together into one text")),
        ("2024-13-01 * \"x\"", 1, Problem::Date("2024-13-01".into())),
        ("2024-01-01 * \"open", 1, Problem::Syntax("\"open".into())),
    ] {
        assert_eq!(problem(beancount::read(text)), (line, expected), "{text}");
    }
}

#[test]
fn an_unknown_cost_is_passed_over_where_nothing_follows_from_it() {
    let journal = beancount::read("2024-01-01 * \"x\"\n  Assets:A  -1 B {}\n  Assets:B  7 EUR").unwrap();
    assert_eq!(journal.transactions[0].legs.len(), 2);
    assert_eq!(journal.warnings.len(), 1);
}

#[test]
fn a_journal_of_more_than_a_mebibyte_is_refused() {
    let text = "\n".repeat(JOURNAL_BYTES_MAX + 1);
    let expected = Err(ReadError::TooLong(u32::try_from(JOURNAL_BYTES_MAX).unwrap() + 1));
    assert_eq!(hledger::read(&text), expected);
    assert_eq!(beancount::read(&text), expected);
    assert!(hledger::read(&text[1..]).is_ok());
}

#[test]
fn deep_parentheses_are_refused_and_not_followed() {
    let text = format!("2024-01-01 * \"x\"\n  Assets:A  {}1 EUR", "(".repeat(100_000));
    assert!(matches!(problem(beancount::read(&text)).1, Problem::Number { why: NumberError::TooLong, .. }));
    let text = format!("2024-01-01 * \"x\"\n  Assets:A  {}1 EUR", "-".repeat(100_000));
    assert!(matches!(problem(beancount::read(&text)).1, Problem::Number { why: NumberError::TooLong, .. }));
}
