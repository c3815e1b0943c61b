//! What the ledger holds about somebody: all of it, once, and only for whom it is.

use ledger::about::held;
use ledger::books::{self, Founding};
use ledger::host::Actor;
use ledger::model::{Id, LedgerKind, TransferInput};
use ledger::{counter, posting};

use super::double::Double;

const VERA: Id = Id(1);
const TOM: Id = Id(2);

fn village() -> Double {
    let mut double = Double::new();
    double.add_party(VERA, "vera", false);
    double.add_party(TOM, "tom", false);
    double.groups.insert((VERA, "stewards".to_owned()));
    double.actor = Actor::Person(VERA);
    for (id, unit) in [(100, "LEAF"), (101, "HOUR")] {
        let founding = Founding {
            id: Id(id),
            name: unit.to_lowercase(),
            unit: unit.into(),
            kind: LedgerKind::MutualCredit,
            scale: 2,
            credit: Some("100".into()),
            joining: true,
        };
        double.call(|host| books::found(host, &founding)).unwrap();
    }
    for person in [VERA, TOM] {
        double.actor = Actor::Person(person);
        for ledger in [100, 101] {
            double.call(|host| books::join(host, Id(ledger))).unwrap();
        }
    }
    double
}

fn pays(double: &mut Double, id: u128, ledger: u128, memo: &str) {
    let account = |double: &mut Double, party| {
        double.actor = Actor::Person(party);
        let accounts = books::accounts_of(double, None).unwrap();
        accounts.into_iter().find(|account| account.ledger == Id(ledger)).unwrap().id
    };
    let (debit, credit) = (account(double, TOM), account(double, VERA));
    let input =
        TransferInput { memo: Some(memo.to_owned()), ..TransferInput::post(Id(id), debit, credit, 1) };
    double.actor = Actor::Person(TOM);
    double.call(|host| posting::submit(host, &input)).unwrap();
}

#[test]
fn all_that_is_held_is_given_once_when_it_is_read_page_by_page() {
    let mut double = village();
    for id in 1_000..1_450 {
        pays(&mut double, id, 100, &format!("note {id}"));
    }
    pays(&mut double, 2_000, 101, "an hour");
    double.actor = Actor::Person(VERA);
    double.call(|host| counter::issue(host, "tom")).unwrap();
    double.actor = Actor::Person(TOM);
    let (mut items, mut cursor, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let page = held(&mut double, TOM, cursor.as_deref());
        assert!(page.items.len() <= 500, "the contract's limit");
        items.extend(page.items);
        pages += 1;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(pages, 5, "the first, three of the leaves, one of the hours");
    let count = |start: &str| items.iter().filter(|item| item.what.starts_with(start)).count();
    assert_eq!((count("Account tom"), count("Payment to vera"), count("Card 1001")), (2, 451, 1));
    let one = items.iter().find(|item| item.text.contains("note 1000")).unwrap();
    assert!(
        one.text.starts_with("0.01 LEAF on 2026-03-02. Note: note 1000. Entered by: TOM. Balance"),
        "{}",
        one.text
    );
    assert!(items.iter().any(|item| item.text.contains("0.01 HOUR")));
}

#[test]
fn nobody_is_told_what_is_held_about_somebody_else() {
    let mut double = village();
    pays(&mut double, 1, 100, "secret");
    // A steward sees her account in the books, and takes nothing along in her name.
    for actor in [Actor::Person(VERA), Actor::Console, Actor::Stranger, Actor::Plugin("stall".into())] {
        double.actor = actor;
        assert_eq!(held(&mut double, TOM, None), ledger::about::Held::default());
    }
    // A cursor to another's account gives nothing.
    double.actor = Actor::Person(VERA);
    let hers = books::accounts_of(&mut double, None).unwrap()[0].id;
    double.actor = Actor::Person(TOM);
    for cursor in [hers.to_string(), format!("{hers}.{}", Id(1)), String::new(), ".".into(), "ä.ö".into()] {
        assert_eq!(held(&mut double, TOM, Some(&cursor)), ledger::about::Held::default(), "{cursor}");
    }
}
