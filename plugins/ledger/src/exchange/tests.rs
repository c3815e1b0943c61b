//! Real journals, judged by the programs that they were written for: `hledger` 1.25 and Beancount
//! 2.3.5 (`apt-get install hledger beancount`). Without them these tests fail; they do not skip.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::export::{self, Format};
use super::journal::{Journal, Warning};
use super::number::Decimal;
use super::{Problem, ReadError, beancount, hledger, names};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

mod csv;
mod refusals;

/// Balances that are not zero: (account, commodity) → number without trailing zeros.
type Balances = BTreeMap<(String, String), Decimal>;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn read(path: &Path) -> Journal {
    let text = fs::read_to_string(path).unwrap();
    let journal = if path.extension().is_some_and(|e| e == "beancount") {
        beancount::read(&text)
    } else {
        hledger::read(&text)
    };
    journal.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn run(program: &str, arguments: &[&str], file: &Path) -> String {
    let output = Command::new(program).args(arguments).arg(file).env("LC_ALL", "C.UTF-8").output();
    let output =
        output.unwrap_or_else(|error| panic!("{program}: {error}; apt-get install hledger beancount"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{program} refuses {}:\n{text}{}",
        file.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// Adds a number; hledger shows lots of different prices apart.
fn note(balances: &mut Balances, account: &str, commodity: &str, number: Decimal) {
    let key = (account.to_owned(), commodity.to_owned());
    let sum = balances.remove(&key).map_or(number, |before| before.plus(number).unwrap()).trimmed(0);
    if !sum.is_zero() {
        balances.insert(key, sum);
    }
}

/// What hledger adds up, exactly.
fn hledger_balances(file: &Path) -> Balances {
    let json = run("hledger", &["bal", "--flat", "-N", "-O", "json", "-f"], file);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let mut balances = Balances::new();
    for row in json[0].as_array().unwrap() {
        for amount in row[3].as_array().unwrap() {
            let quantity = &amount["aquantity"];
            let decimals = u8::try_from(quantity["decimalPlaces"].as_u64().unwrap()).unwrap();
            let number = Decimal { mantissa: quantity["decimalMantissa"].as_i64().unwrap().into(), decimals };
            note(&mut balances, row[0].as_str().unwrap(), amount["acommodity"].as_str().unwrap(), number);
        }
    }
    balances
}

/// What Beancount adds up, exactly.
fn beancount_balances(file: &Path) -> Balances {
    let query = "select account, currency, str(sum(number)) group by account, currency";
    let output = Command::new("bean-query")
        .args(["-f", "csv"])
        .arg(file)
        .arg(query)
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut balances = Balances::new();
    for line in text.lines().skip(1) {
        let [account, commodity, number]: [&str; 3] =
            line.split(',').map(str::trim).collect::<Vec<_>>().try_into().unwrap();
        // `str` shows all digits, as Python does: a plain number would be rounded for the eye.
        let number = number.trim_start_matches("Decimal('").trim_end_matches("')");
        let (sign, digits) = number.strip_prefix('-').map_or((1, number), |digits| (-1, digits));
        let number = Decimal::parse(digits, super::number::Marks::Dot).unwrap();
        note(&mut balances, account, commodity, Decimal { mantissa: sign * number.mantissa, ..number });
    }
    balances
}

/// What our transfers add up to, by these names of account and commodity.
fn our_balances(
    journal: &Journal,
    account: impl Fn(usize) -> String,
    commodity: impl Fn(usize) -> String,
) -> Balances {
    let mut balances = Balances::new();
    for ((c, a), minor) in journal.balances() {
        let number = Decimal { mantissa: minor, decimals: journal.commodities[c as usize].scale };
        note(&mut balances, &account(a as usize), &commodity(c as usize), number);
    }
    balances
}

fn our_named_balances(journal: &Journal) -> Balances {
    our_balances(journal, |a| journal.accounts[a].name.clone(), |c| journal.commodities[c].name.clone())
}

/// Without the accounts that only exist here, because here every commodity sums to zero.
fn without_ours(mut balances: Balances) -> Balances {
    balances.retain(|(account, _), _| account != names::CONVERSION && account != names::VIRTUAL);
    balances
}

/// One commodity of a journal as the export of its ledger.
fn exported(journal: &Journal, commodity: usize, format: Format) -> String {
    let of = &journal.commodities[commodity];
    let ledger = export::Ledger { unit: &of.unit, name: &of.name, scale: of.scale };
    let mut text = String::new();
    export::head(&mut text, format, ledger);
    for (_, account) in journal.openings().into_iter().filter(|(c, _)| *c as usize == commodity) {
        export::account(
            &mut text,
            format,
            ledger,
            &journal.accounts[account as usize].code,
            super::Date::new(2026, 1, 1).unwrap(),
        );
    }
    for transaction in &journal.transactions {
        for (leg, id) in transaction
            .legs
            .iter()
            .zip(journal.transfer_ids(transaction))
            .filter(|(leg, _)| leg.commodity as usize == commodity)
        {
            let code = |account: u32| journal.accounts[account as usize].code.as_str();
            let transfer = export::Transfer {
                id,
                date: transaction.date,
                debit: code(leg.debit),
                credit: code(leg.credit),
                amount: leg.amount,
                code: 7,
                memo: transaction.memo.as_deref(),
                reference: transaction.reference.as_deref(),
            };
            export::transfer(&mut text, format, ledger, &transfer);
        }
    }
    text
}

/// Both tools accept our export of each commodity and add up the same.
fn assert_export_agrees(journal: &Journal) {
    let folder = tempfile::tempdir().unwrap();
    let (book, beans) = (folder.path().join("out.journal"), folder.path().join("out.beancount"));
    for (n, commodity) in journal.commodities.iter().enumerate() {
        let of_this = |balances: Balances, name: &str| {
            balances.into_iter().filter(|((_, c), _)| c == name).collect::<Balances>()
        };
        fs::write(&book, exported(journal, n, Format::Hledger)).unwrap();
        run("hledger", &["check", "-s", "-f"], &book);
        let ours = our_balances(
            journal,
            |a| journal.accounts[a].code.clone(),
            |c| journal.commodities[c].unit.clone(),
        );
        let ours = of_this(ours, &commodity.unit);
        assert_eq!(hledger_balances(&book), ours, "{commodity:?} in hledger");
        assert_eq!(our_balances_of(&read(&book)), ours, "{commodity:?} read again by us");

        fs::write(&beans, exported(journal, n, Format::Beancount)).unwrap();
        run("bean-check", &[], &beans);
        let account = |a: usize| names::beancount_account(&journal.accounts[a].code).into_owned();
        let unit = |c: usize| names::beancount_commodity(&journal.commodities[c].unit).into_owned();
        let ours =
            of_this(our_balances(journal, account, unit), &names::beancount_commodity(&commodity.unit));
        assert_eq!(beancount_balances(&beans), ours, "{commodity:?} in Beancount");
        assert_eq!(our_named_balances(&read(&beans)), ours, "{commodity:?} read again by us");
    }
}

fn our_balances_of(journal: &Journal) -> Balances {
    our_balances(journal, |a| journal.accounts[a].code.clone(), |c| journal.commodities[c].unit.clone())
}

#[test]
fn a_beancount_example_has_the_balances_that_bean_query_shows() {
    for name in ["bean-example.beancount", "parish.beancount"] {
        let file = fixture(name);
        run("bean-check", &[], &file);
        assert_eq!(without_ours(our_named_balances(&read(&file))), beancount_balances(&file), "{name}");
    }
}

#[test]
fn an_hledger_example_has_the_balances_that_hledger_shows() {
    for name in ["bean-example.journal", "village.journal"] {
        let file = fixture(name);
        run("hledger", &["check", "-f"], &file);
        assert_eq!(without_ours(our_named_balances(&read(&file))), hledger_balances(&file), "{name}");
    }
}

#[test]
fn both_tools_accept_our_export_and_add_up_the_same() {
    for name in ["bean-example.beancount", "village.journal", "parish.beancount"] {
        assert_export_agrees(&read(&fixture(name)));
    }
}

#[test]
fn every_transaction_sums_to_zero_with_one_leg_fewer_than_accounts_at_most() {
    for name in ["bean-example.beancount", "bean-example.journal", "village.journal", "parish.beancount"] {
        let journal = read(&fixture(name));
        for transaction in &journal.transactions {
            for commodity in 0..u32::try_from(journal.commodities.len()).unwrap() {
                let legs: Vec<_> = transaction.legs.iter().filter(|l| l.commodity == commodity).collect();
                let mut accounts: Vec<u32> = legs.iter().flat_map(|l| [l.debit, l.credit]).collect();
                accounts.sort_unstable();
                accounts.dedup();
                assert!(legs.is_empty() || legs.len() < accounts.len(), "{name} line {}", transaction.line);
                assert!(legs.iter().all(|l| l.amount > 0 && l.debit != l.credit));
            }
        }
    }
}

#[test]
fn ids_repeat_when_the_text_repeats_and_stay_when_it_grows() {
    let text = fs::read_to_string(fixture("village.journal")).unwrap();
    let ids = |text: &str| {
        let journal = hledger::read(text).unwrap();
        journal.transactions.iter().flat_map(|t| journal.transfer_ids(t)).collect::<Vec<_>>()
    };
    let (before, again) = (ids(&text), ids(&text));
    assert_eq!(before, again);
    let grown =
        ids(&text.replace("1/5 !", "1/4 forgotten\n    expenses:post  $1.00\n    expenses:more\n\n1/5 !"));
    assert!(before.iter().all(|id| grown.contains(id)));
    assert_eq!(grown.len(), before.len() + 1);
    let mut unique = grown.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), grown.len(), "two equal transactions have different ids");
}

#[test]
fn what_is_passed_over_is_counted() {
    let journal = read(&fixture("village.journal"));
    let expected = [
        (Warning::GeneratedTransaction, 2),
        (Warning::UnbalancedVirtualPosting, 1),
        (Warning::EmptyTransaction, 1),
    ];
    assert_eq!(journal.warnings, BTreeMap::from(expected));
}

#[test]
fn memos_and_codes_come_along() {
    let journal = read(&fixture("village.journal"));
    let mill = journal.transactions.iter().find(|t| t.reference.as_deref() == Some("B-17")).unwrap();
    assert_eq!(mill.memo.as_deref(), Some("The Mill | flour"));
    assert_eq!(mill.date.to_string(), "2024-01-05");
    let journal = read(&fixture("parish.beancount"));
    let roof = journal.transactions.iter().find(|t| t.reference.as_deref() == Some("bill-17")).unwrap();
    assert_eq!(roof.memo.as_deref(), Some("Sexton | Roof, first part; slates"));
    assert!(journal.transactions.iter().any(|t| t.memo.as_deref() == Some("A narration\nover two lines")));
}

/// Texts that have broken exporters.
const NASTY: &[&str] = &[
    "",
    " ",
    ";",
    "; comment",
    "* star",
    "! flag",
    "(code) text",
    "(unclosed",
    ") closed",
    "| note",
    "payee | note",
    "\"quoted\" \\ and \\\" back\\",
    "line\nbreak\r\nand\ttab",
    "2024-01-01 * \"x\"\n  Assets:A  1 USD",
    "date:2024-13-45, tag:[2024-99-99]",
    "#tag ^link",
    "=2024-01-01",
    "\u{0}\u{1}\u{7f}\u{85}\u{2028}\u{feff}",
    "漢字 🐑 ünï",
    "@ 5 EUR {2}",
    "include /etc/passwd",
];

fn nasty_journal(texts: &[&str]) -> Journal {
    let mut text = String::from(
        "2024-01-01 x\n  members:rosa  1.5 \"A1\"\n  members:otto\n\n2024-01-01 x\n  Assets:x - y  1 \"3D\"\n  Équity:z\n",
    );
    let mut journal = hledger::read(&text).unwrap();
    text.clear();
    let model = journal.transactions.clone();
    journal.transactions = texts
        .iter()
        .flat_map(|text| {
            model.iter().cloned().map(|mut t| {
                t.memo = Some((*text).to_owned());
                t.reference = Some((*text).to_owned());
                t
            })
        })
        .collect();
    journal
}

#[test]
fn whatever_is_in_a_memo_both_tools_accept_the_export() {
    assert_export_agrees(&nasty_journal(NASTY));
}

#[test]
fn a_mebibyte_is_read_in_tens_of_milliseconds() {
    for (name, parse) in [
        ("bean-example.beancount", beancount::read as fn(&str) -> _),
        ("bean-example.journal", hledger::read),
    ] {
        let text = fs::read_to_string(fixture(name)).unwrap();
        // Assertions hold once only: a journal many times over would break them.
        let text: String = text
            .lines()
            .filter(|l| !l.contains(" balance ") && !l.contains(" pad "))
            .flat_map(|l| [l, "\n"])
            .collect();
        let text = text.repeat(super::JOURNAL_BYTES_MAX / text.len());
        let times = (0..5).map(|_| {
            let start = std::time::Instant::now();
            let journal: Result<Journal, ReadError> = parse(&text);
            assert!(journal.unwrap().transactions.len() > 1000);
            start.elapsed()
        });
        let best = times.min().unwrap();
        println!("{name}: {} bytes in {best:?}", text.len());
        // 30 ms is the aim on an idle machine; the bound leaves room for a busy one.
        assert!(best.as_millis() < 120, "{name} took {best:?}");
    }
}

/// Text that looks like a journal and mostly is none.
fn almost_a_journal() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("2024-01-02 * \"a\" \"b\"".to_owned()),
        Just("2024-01-02 ! (c) d ; e".to_owned()),
        Just("Y2024".to_owned()),
        Just("commodity $1,000.00".to_owned()),
        Just("2024-01-02 pad Assets:A Equity:B".to_owned()),
        "(2024-01-0[1-9]|1/[1-9]) (balance Assets:[AB]|open A:B|[*!])  ?-?[0-9]{1,3} [A-C]{1,2}",
        "  (A|B:C|\\(D\\)|\\[E\\]|Assets:A|Assets:B)  -?[$€]?[0-9,.]{0,6}( [A-C]{1,2})?( \\{[0-9]{0,2} ?[A-C]?\\}| @@? ?[0-9.]{1,3} [A-C]{1,2}| =\\*? ?[0-9])?",
        "[ ~=;*a-z0-9@{}\"\\\\()$.,:-]{0,16}",
    ];
    proptest::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}|[\\x00-\\x7f]{0,200}") {
        let _ = (hledger::read(&text), beancount::read(&text));
        let _ = (super::csv::read_accounts(&text, 2), super::csv::read_transfers(&text, 1, 9));
    }

    #[test]
    fn what_is_read_always_adds_up(text in almost_a_journal()) {
        for journal in [hledger::read(&text), beancount::read(&text)].into_iter().flatten() {
            let mut sums = BTreeMap::new();
            for ((commodity, _), balance) in journal.balances() {
                *sums.entry(commodity).or_insert(0) += balance;
            }
            prop_assert!(sums.values().all(|sum| *sum == 0));
            prop_assert!(journal.accounts.iter().all(|a| names::is_code(&a.code)));
            prop_assert!(journal.commodities.iter().all(|c| names::is_unit(&c.unit) && c.scale <= super::SCALE_MAX));
        }
    }

    #[test]
    fn an_export_of_any_memo_is_read_again_by_us(memos in proptest::collection::vec("\\PC{0,20}|[\\x00-\\x7f]{0,20}", 1..8)) {
        let memos: Vec<&str> = memos.iter().map(String::as_str).collect();
        let journal = nasty_journal(&memos);
        for n in 0..journal.commodities.len() {
            let wanted = exported(&journal, n, Format::Hledger);
            let again = hledger::read(&wanted).map_err(|e| TestCaseError::fail(format!("{e}\n{wanted}")))?;
            prop_assert_eq!(again.transactions.len(), memos.len());
            let wanted = exported(&journal, n, Format::Beancount);
            let again = beancount::read(&wanted).map_err(|e| TestCaseError::fail(format!("{e}\n{wanted}")))?;
            prop_assert_eq!(again.transactions.len(), memos.len());
        }
    }
}

/// The problem of the first line that cannot be used.
fn problem(result: Result<Journal, ReadError>) -> (u32, Problem) {
    match result {
        Err(ReadError::Line { line, problem }) => (line, problem),
        other => panic!("{other:?}"),
    }
}
