//! Rows of CSV: each way in which one can be wrong, and the way back.

use super::super::csv::{
    AccountRow, TransferRow, read_accounts, read_transfers, write_accounts, write_transfers,
};
use super::super::number::NumberError;
use super::super::{CSV_LINES_MAX, Date, Problem, ReadError};
use proptest::prelude::*;

const LEDGER: u128 = 7;

fn transfers(lines: &str) -> Result<Vec<TransferRow>, ReadError> {
    read_transfers(&format!("date,debit,credit,amount,code,memo,reference\n{lines}"), LEDGER, 2)
}

fn accounts(lines: &str) -> Result<Vec<AccountRow>, ReadError> {
    read_accounts(&format!("code,owner,credit-limit,upper-limit\n{lines}"), 2)
}

#[test]
fn transfers_are_read_with_quotes_blanks_and_empty_fields() {
    let rows = transfers("2024-01-02,members:rosa, members:otto ,\"1,250.50\",3,\"eggs, \"\"fresh\"\"\",order-1\r\n\n2024-01-03,a,b,7,,,\n").unwrap();
    assert_eq!(rows.len(), 2);
    let first = &rows[0];
    assert_eq!((first.line, first.amount, first.code), (2, 125_050, 3));
    assert_eq!((first.debit.as_str(), first.credit.as_str()), ("members:rosa", "members:otto"));
    assert_eq!(
        (first.memo.as_deref(), first.reference.as_deref()),
        (Some("eggs, \"fresh\""), Some("order-1"))
    );
    let second = &rows[1];
    assert_eq!(
        (second.line, second.amount, second.code, &second.memo, &second.reference),
        (4, 700, 0, &None, &None)
    );
}

#[test]
fn a_line_that_cannot_be_used_is_named_with_its_number() {
    let number = |text: &str, why| Problem::Number { text: text.into(), why };
    for (line, expected) in [
        ("2024-02-30,a,b,1,,,", Problem::Date("2024-02-30".into())),
        ("02/03/2024,a,b,1,,,", Problem::Date("02/03/2024".into())),
        ("2024-01-01,a b,c,1,,,", Problem::Code("a b".into())),
        ("2024-01-01,a,,1,,,", Problem::Code(String::new())),
        ("2024-01-01,a,a,1,,,", Problem::SameAccount("a".into())),
        ("2024-01-01,a,b,1.005,,,", Problem::TooPrecise { text: "1.005".into(), scale: 2 }),
        ("2024-01-01,a,b,1.500,,,", Problem::TooPrecise { text: "1.500".into(), scale: 2 }),
        ("2024-01-01,a,b,0.00,,,", Problem::NotPositive),
        ("2024-01-01,a,b,-1,,,", Problem::NotPositive),
        ("2024-01-01,a,b,,,,", number("", NumberError::NotANumber)),
        ("2024-01-01,a,b,\"1,250\",,,", number("1,250", NumberError::Ambiguous)),
        ("2024-01-01,a,b,1e3,,,", number("1e3", NumberError::NotANumber)),
        ("2024-01-01,a,b,92233720368547758.08,,,", Problem::TooLarge),
        ("2024-01-01,a,b,1,65536,,", Problem::Category("65536".into())),
        ("2024-01-01,a,b,1", Problem::Fields { expected: 7, found: 4 }),
        ("2024-01-01,a,b,1,,\"open,", Problem::Csv("a quote is not closed".into())),
        ("2024-01-01,a,b,1,,\"a\"b,", Problem::Csv("there is text behind a closing quote".into())),
    ] {
        let expected = Err(ReadError::Line { line: 3, problem: expected });
        assert_eq!(transfers(&format!("2024-01-01,a,b,1,,,\n{line}\n")), expected, "{line}");
    }
    assert_eq!(transfers("2024-01-01,a,b,92233720368547758.07,,,\n").unwrap()[0].amount, i64::MAX as u64);
    let long = format!("2024-01-01,a,b,1,,{},", "x".repeat(1001));
    assert_eq!(
        transfers(&long),
        Err(ReadError::Line { line: 2, problem: Problem::TooLongField { field: "memo", max: 1000 } })
    );
}

#[test]
fn accounts_are_read_and_a_code_stands_only_once() {
    let rows = accounts("members:rosa,rosa,100,2000.50\nmembers:otto,otto,,-\n").unwrap();
    assert_eq!((rows[0].credit_limit, rows[0].upper_limit), (Some(10_000), Some(200_050)));
    assert_eq!((rows[1].credit_limit, rows[1].upper_limit), (None, None));
    assert_eq!(
        accounts("a,x,,\na,y,,\n"),
        Err(ReadError::Line { line: 3, problem: Problem::Twice("a".into()) })
    );
    assert_eq!(accounts("a,,,\n"), Err(ReadError::Line { line: 2, problem: Problem::Missing("owner") }));
}

#[test]
fn another_header_is_refused() {
    for text in ["", "\n", "date,debit\n", "code,owner,upper-limit,credit-limit\n"] {
        assert!(
            matches!(read_accounts(text, 2), Err(ReadError::Line { problem: Problem::Header(_), .. })),
            "{text}"
        );
    }
    assert_eq!(read_accounts("\u{feff}code,owner,credit-limit,upper-limit", 2), Ok(vec![]));
}

#[test]
fn more_lines_than_allowed_are_refused_with_their_number() {
    let lines: Vec<String> = (0..CSV_LINES_MAX).map(|n| format!("a{n},x,,\n")).collect();
    let lines = lines.concat();
    assert_eq!(accounts(&lines).unwrap().len(), CSV_LINES_MAX);
    assert_eq!(accounts(&format!("{lines}b,x,,\nc,x,,\n")), Err(ReadError::TooLong(2_002)));
}

#[test]
fn a_repeat_gives_the_same_ids_and_another_line_another_one() {
    let text = "2024-01-01,a,b,1,,,\n2024-01-01,a,b,1,,,\n";
    let rows = transfers(text).unwrap();
    assert_eq!(rows, transfers(text).unwrap());
    assert_ne!(rows[0].id, rows[1].id);
    let elsewhere =
        read_transfers("date,debit,credit,amount,code,memo,reference\n2024-01-01,a,b,1,,,\n", LEDGER + 1, 2)
            .unwrap();
    assert_ne!(rows[0].id, elsewhere[0].id);
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(memo in "[a-z,\"\n;é]{0,30}", amount in 1..=i64::MAX as u64, scale in 0u8..=9, code: u16) {
        let memo = Some(memo.trim().to_owned()).filter(|m| !m.is_empty());
        let row = TransferRow { line: 2, id: 0, date: Date::EARLIEST, debit: "a".into(), credit: "b:c".into(), amount, code, memo, reference: None };
        let mut again = read_transfers(&write_transfers([&row], scale), LEDGER, scale).unwrap();
        again[0].id = 0;
        prop_assert_eq!(again, vec![row]);
        let row = AccountRow { line: 2, code: "a".into(), owner: "rosa".into(), credit_limit: Some(amount), upper_limit: None };
        prop_assert_eq!(read_accounts(&write_accounts([&row], scale), scale).unwrap(), vec![row]);
    }
}
