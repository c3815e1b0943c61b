//! Moving in with balances and limits: the books balance at every step, and taking it back gives the state before.

use std::collections::BTreeMap;

use ledger::books::{self, Founding};
use ledger::host::Actor;
use ledger::model::{AccountStatus, Id, LedgerKind, Limits, TransferInput};
use ledger::moving::{self, MovingError, OPENING, Row};
use ledger::posting;
use proptest::prelude::*;

use super::double::Double;

const LEAF: Id = Id(100);
const COMMONS: Id = Id(1);
const SOL: Id = Id(2);
const TOM: Id = Id(3);
const MOVE: Id = Id(0x0199_0000_0000_7000_8000_0000_0000_0001);
/// The account of the commons that takes rests, with a limit of 100.00 both ways.
const FUND: Id = Id(50);

/// Sol is steward; Sol, Tom and the commons were here before.
fn village() -> Double {
    let mut double = Double::new();
    double.add_party(COMMONS, "commons", true);
    double.add_party(SOL, "sol", false);
    double.add_party(TOM, "tom", false);
    double.groups.insert((SOL, "stewards".to_owned()));
    double.mandates.insert((SOL, COMMONS));
    double.in_person = true;
    double.actor = Actor::Person(SOL);
    let founding = Founding {
        id: LEAF,
        name: "Leaves".into(),
        unit: "LEAF".into(),
        kind: LedgerKind::MutualCredit,
        scale: 2,
        credit: Some("50".into()),
        joining: true,
    };
    double.call(|host| books::found(host, &founding)).unwrap();
    let fund = books::AccountInput {
        id: FUND,
        ledger: LEAF,
        code: "fund".into(),
        owner: COMMONS,
        limits: Limits { credit: Some(10_000), upper: Some(10_000) },
    };
    double.call(|host| books::open_account(host, &fund)).unwrap();
    double.actor = Actor::Person(TOM);
    double.call(|host| books::join(host, LEAF)).unwrap();
    double.actor = Actor::Person(SOL);
    double.now += 1_000_000;
    double
}

fn rows(list: &[(&str, &str, &str)]) -> Vec<Row> {
    let row = |(handle, balance, credit): &(&str, &str, &str)| Row {
        handle: (*handle).to_owned(),
        cells: vec![(*balance).to_owned(), (*credit).to_owned(), String::new()],
    };
    list.iter().map(row).collect()
}

/// The list comes in, with its people, as the host does it.
fn comes(double: &mut Double, id: Id, list: &[Row], rest: Option<&str>) -> Result<Vec<Id>, MovingError> {
    let before = double.parties.clone();
    let mut parties = Vec::new();
    for row in list {
        let party = Id(id.0 + 1_000 + parties.len() as u128);
        double.add_party(party, &row.handle, false);
        parties.push(party);
    }
    let done = double.call(|host| moving::bring(host, id, LEAF, list, rest));
    if done.is_err() {
        double.parties = before;
    }
    done.map(|()| parties)
}

/// And goes again, with its people.
fn goes(double: &mut Double, id: Id, parties: &[Id]) -> Result<(), MovingError> {
    let before = double.parties.clone();
    for party in parties {
        let party = double.parties.get_mut(party).unwrap();
        party.is_active = false;
        party.handle = format!("gone-{}", party.id);
    }
    let done = double.call(|host| moving::undo(host, id, parties));
    if done.is_err() {
        double.parties = before;
    }
    done
}

/// Balance and limits of all accounts that are open, by code.
fn state(double: &mut Double) -> BTreeMap<String, (i64, Limits)> {
    let page = books::accounts(double, LEAF, None).unwrap();
    let open = page.accounts.into_iter().filter(|account| account.status != AccountStatus::Closed);
    open.map(|account| (account.code.clone(), (account.balance(), account.limits))).collect()
}

fn sum(double: &mut Double) -> i64 {
    let trial = books::get_trial_balance(double, LEAF).unwrap();
    assert_eq!(trial.sums.debits_posted, trial.sums.credits_posted);
    books::accounts(double, LEAF, None).unwrap().accounts.iter().map(ledger::model::Account::balance).sum()
}

fn balance(double: &mut Double, code: &str) -> i64 {
    state(double)[code].0
}

#[test]
fn people_bring_balances_and_limits_and_the_books_balance() {
    let mut village = village();
    let list = rows(&[("ana", "12,50", "200"), ("ben", "-30", ""), ("cleo", "", ""), ("dan", "", "none")]);
    let told = moving::check(&mut village, LEAF, &list, None).unwrap();
    assert_eq!((told.rest, told.fits), (-1_750, false));
    assert_eq!(comes(&mut village, MOVE, &list, None), Err(MovingError::RestNeeded));
    assert_eq!(village.told.len(), 0, "nothing is told of what was not done");
    let parties = comes(&mut village, MOVE, &list, Some("fund")).unwrap();
    let limits = |credit| Limits { credit, upper: None };
    assert_eq!(state(&mut village)["ana"], (1_250, limits(Some(20_000))));
    assert_eq!(state(&mut village)["ben"], (-3_000, limits(Some(5_000))), "as newcomers get it");
    assert_eq!(state(&mut village)["dan"], (0, limits(None)));
    assert!(!state(&mut village).contains_key("cleo"), "nothing was written for her");
    assert_eq!(balance(&mut village, "fund"), 1_750, "what the list owes more than it owns");
    assert_eq!(balance(&mut village, OPENING), 0);
    assert_eq!(sum(&mut village), 0);
    // It reads as it was written, and the same list comes in once.
    let written = moving::written(&mut village, LEAF, &parties);
    assert_eq!(written[0], ["12.50", "200.00", "none"]);
    assert_eq!(written[1], ["-30.00", "50.00", "none"]);
    assert_eq!(written[2], ["", "", ""]);
    assert_eq!(comes(&mut village, MOVE, &list, Some("fund")), Err(MovingError::Exists));
}

#[test]
fn a_rest_stays_where_balances_are_opened_or_goes_where_there_is_room() {
    let mut village = village();
    let list = rows(&[("ana", "100.01", "")]);
    let told = moving::check(&mut village, LEAF, &list, Some("fund")).unwrap();
    assert_eq!((told.rest, told.fits), (10_001, false), "the fund may go 100.00 below zero");
    assert_eq!(comes(&mut village, MOVE, &list, Some("fund")), Err(MovingError::RestNeeded));
    for other in ["tom", "nobody", "ana"] {
        assert_eq!(comes(&mut village, MOVE, &list, Some(other)), Err(MovingError::RestNeeded), "{other}");
    }
    comes(&mut village, MOVE, &list, Some(OPENING)).unwrap();
    assert_eq!(balance(&mut village, OPENING), -10_001);
    assert_eq!(moving::rests(&mut village, LEAF), [OPENING, "fund"]);
}

#[test]
fn nobody_who_was_here_before_gets_or_gives_anything() {
    let mut village = village();
    let list = rows(&[("tom", "-500", "")]);
    let mut bring = |id: u128, list: &[Row]| {
        village.call(|host| moving::bring(host, Id(MOVE.0 + id), LEAF, list, Some(OPENING)))
    };
    assert_eq!(bring(1, &list), Err(MovingError::NotNew("tom".into())));
    assert_eq!(bring(2, &rows(&[("ghost", "1", "")])), Err(MovingError::NotNew("ghost".into())));
    assert_eq!(bring(3, &rows(&[("commons", "1", "")])), Err(MovingError::NotNew("commons".into())));
    assert_eq!(balance(&mut village, "tom"), 0);
    // Nor is what somebody brought taken from her while she is here.
    let parties = comes(&mut village, MOVE, &rows(&[("ana", "5", "")]), Some(OPENING)).unwrap();
    let alone = village.call(|host| moving::undo(host, MOVE, &[]));
    assert_eq!(alone, Err(MovingError::StillHere));
    assert_eq!(village.call(|host| moving::undo(host, MOVE, &parties)), Err(MovingError::StillHere));
}

#[test]
fn it_can_be_taken_back_until_somebody_of_it_paid_or_was_paid() {
    let mut village = village();
    let before = state(&mut village);
    let list = rows(&[("ana", "20", "10"), ("ben", "-30", "")]);
    let parties = comes(&mut village, MOVE, &list, Some("fund")).unwrap();
    goes(&mut village, MOVE, &parties).unwrap();
    let mut after = state(&mut village);
    assert_eq!(after.remove(OPENING).unwrap().0, 0);
    assert_eq!(after, before);
    assert_eq!(sum(&mut village), 0);
    // The same people come anew, under the same codes.
    let again = Id(MOVE.0 + (1 << 80));
    let parties = comes(&mut village, again, &list, Some("fund")).unwrap();
    assert_eq!(balance(&mut village, "ana"), 2_000);
    // Ana pays Tom: from now on it stays.
    let mut own = |party| books::account_in(&mut village, LEAF, party).unwrap().id;
    let (ana, tom) = (own(parties[0]), own(TOM));
    let pays = TransferInput::post(Id(7), ana, tom, 1);
    village.actor = Actor::Person(parties[0]);
    village.call(|host| posting::submit(host, &pays)).unwrap();
    village.actor = Actor::Person(SOL);
    assert_eq!(goes(&mut village, again, &parties), Err(MovingError::HappenedSince));
    assert_eq!(balance(&mut village, "ana"), 1_999);
}

#[test]
fn who_brought_nothing_keeps_the_move_too_once_she_was_paid() {
    let mut village = village();
    let parties = comes(&mut village, MOVE, &rows(&[("ana", "", "")]), None).unwrap();
    village.actor = Actor::Person(parties[0]);
    let account = village.call(|host| books::join(host, LEAF)).unwrap();
    village.actor = Actor::Person(SOL);
    let gift = TransferInput::post(Id(8), FUND, account.id, 5);
    village.call(|host| posting::submit(host, &gift)).unwrap();
    assert_eq!(goes(&mut village, MOVE, &parties), Err(MovingError::HappenedSince));
}

#[test]
fn a_closed_ledger_and_a_long_list_take_nothing() {
    let mut village = village();
    let long: Vec<Row> =
        (0..=moving::ROWS_MAX).map(|n| Row { handle: format!("p-{n}"), cells: Vec::new() }).collect();
    assert_eq!(moving::check(&mut village, LEAF, &long, None).err(), Some(MovingError::TooMany));
    village.call(|host| books::close_ledger(host, LEAF)).unwrap();
    assert!(moving::ledgers(&mut village).is_empty());
    let list = rows(&[("ana", "1", "")]);
    assert_eq!(comes(&mut village, MOVE, &list, Some(OPENING)), Err(MovingError::NoSuchBook));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever people bring, and wherever the rest goes: the balances sum to zero, and taking it back gives the state
    /// before, move by move.
    #[test]
    fn the_books_balance_whatever_is_brought_and_are_as_before_when_it_is_taken_back(
        moves in prop::collection::vec(
            (prop::collection::vec((prop::option::of(-20_000i64..20_000), prop::option::of(0u64..9_000)), 1..8), any::<bool>()),
            1..4,
        ),
    ) {
        let mut village = village();
        let mut done = Vec::new();
        for (number, (list, to_fund)) in moves.into_iter().enumerate() {
            let rows: Vec<Row> = list
                .iter()
                .enumerate()
                .map(|(place, (balance, credit))| Row {
                    handle: format!("m{number}-{place}"),
                    cells: vec![
                        balance.map_or_else(String::new, |minor| moving::written_balance(minor.into(), 2)),
                        credit.map_or_else(String::new, |minor| ledger::model::written_amount(minor, 2)),
                        String::new(),
                    ],
                })
                .collect();
            let id = Id(MOVE.0 + ((number as u128) << 80));
            let before = state(&mut village);
            let rest: i64 = list.iter().filter_map(|(balance, _)| *balance).sum();
            let to = if to_fund { "fund" } else { OPENING };
            match comes(&mut village, id, &rows, Some(to)) {
                Ok(parties) => {
                    let gets = balance(&mut village, to) - before.get(to).map_or(0, |(balance, _)| *balance);
                    prop_assert_eq!(gets, -rest, "the rest");
                    for (row, (balance, _)) in rows.iter().zip(&list) {
                        if let Some(balance) = balance {
                            prop_assert_eq!(state(&mut village)[&row.handle].0, *balance);
                        }
                    }
                    done.push((id, parties, before));
                }
                Err(refused) => {
                    prop_assert_eq!(refused, MovingError::RestNeeded);
                    prop_assert_eq!(state(&mut village), before);
                }
            }
            prop_assert_eq!(sum(&mut village), 0);
            village.now += 1_000_000;
        }
        while let Some((id, parties, before)) = done.pop() {
            prop_assert_eq!(goes(&mut village, id, &parties), Ok(()));
            prop_assert_eq!(sum(&mut village), 0);
            let mut after = state(&mut village);
            if !before.contains_key(OPENING) {
                prop_assert_eq!(after.remove(OPENING).unwrap().0, 0);
            }
            prop_assert_eq!(after, before);
        }
    }
}
