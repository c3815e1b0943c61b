//! What is refused, in words for people: every case of the contract has some, in both languages, with amounts in the unit
//! of the books.

use ledger::books::{self, Founding};
use ledger::host::Actor;
use ledger::model::{Id, LedgerKind};
use ledger::pages::{Refusal, said};

use super::contract::error_cases;
use super::double::Double;

fn refusal(interface: &str, cases: &[&str], carried: &[(&str, &str)], locale: &str) -> Refusal {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Refusal {
        interface: interface.into(),
        cases: cases.iter().map(|case| (*case).to_owned()).collect(),
        carried: carried.iter().map(pair).collect(),
        sent: vec![("unit".into(), "LEAF".into())],
        locale: locale.into(),
    }
}

/// Books that count in leaves of a hundred.
fn books() -> Double {
    let mut double = Double::new();
    double.add_party(Id(1), "vera", false);
    double.groups.insert((Id(1), "stewards".to_owned()));
    double.actor = Actor::Person(Id(1));
    let founding = Founding {
        id: Id(100),
        name: "Leaves".into(),
        unit: "LEAF".into(),
        kind: LedgerKind::MutualCredit,
        scale: 2,
        credit: None,
        joining: true,
    };
    double.call(|host| books::found(host, &founding)).unwrap();
    double
}

#[test]
fn every_case_of_the_contract_has_words_in_both_languages() {
    let mut double = books();
    for case in error_cases() {
        let [interface, _, name] = case.split('/').collect::<Vec<_>>().try_into().unwrap();
        // What carries a case of transfers has no words of its own: that case has.
        if name == "refused" {
            continue;
        }
        let one = |locale: &str| refusal(interface, &[name], &[("", "7")], locale);
        let [english, spanish] = ["en", "es-MX"].map(|locale| said(&mut double, &one(locale)));
        assert!(
            english.is_some() && spanish.is_some() && english != spanish,
            "{case}: {english:?} {spanish:?}"
        );
    }
    assert_eq!(said(&mut double, &refusal("transfers", &["no-such-case"], &[], "en")), None);
}

#[test]
fn what_a_case_carries_is_said_in_the_unit_of_the_books() {
    let mut double = books();
    let mut says = |interface: &str, cases: &[&str], carried: &[(&str, &str)], locale: &str| {
        said(&mut double, &refusal(interface, cases, carried, locale)).unwrap()
    };
    let over = &[("", "9475")];
    let limit = "exceeds-credit-limit";
    assert!(says("transfers", &[limit], over, "en").ends_with("It can pay 94.75 LEAF now."));
    assert!(says("counter", &["refused", limit], over, "es").ends_with("Ahora puede pagar 94,75 LEAF."));
    assert!(says("counter", &["over-ceiling"], over, "en").contains("in a day. Left: 94.75 LEAF"));
    assert!(says("counter", &["refused", "over-ceiling"], over, "en").contains("this month"));
    let week = [("left", "12.50 LEAF"), ("until", "2026-12-01")];
    assert!(
        says("transfers", &["over-usual-week"], &week, "en").ends_with("Left: 12.50 LEAF, until 2026-12-01.")
    );
    assert!(
        says("exchange", &["line"], &[("1", "7"), ("2", "no date")], "en")
            .contains("Line 7 cannot be used: no date")
    );
    assert!(says("transfers", &["pending-settled", "expired"], &[], "en").contains("ran out already"));
}
