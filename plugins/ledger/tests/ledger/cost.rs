//! What a payment costs, counted in storage calls and bytes: they decide how many a second there are.

use std::time::Instant;

use ledger::books::{self, AccountInput, LedgerInput};
use ledger::host::Actor;
use ledger::model::{Id, LedgerKind, Limits, TransferInput};
use ledger::posting;

use super::double::Double;

/// A village with so many accounts, all of one person's.
fn village(accounts: u128) -> Double {
    let mut host = Double::new();
    host.add_party(Id(1), "rosa", false);
    let input = LedgerInput {
        id: Id(2),
        unit: "LEAF".into(),
        name: "Leaves".into(),
        scale: 2,
        kind: LedgerKind::Hours,
    };
    books::create_ledger(&mut host, &input).unwrap();
    for number in 0..accounts {
        let code = format!("members:{number:06}");
        let input = AccountInput {
            id: Id(100 + number),
            ledger: Id(2),
            code,
            owner: Id(1),
            limits: Limits::default(),
        };
        books::open_account(&mut host, &input).unwrap();
    }
    books::open_ledger(&mut host, Id(2)).unwrap();
    host.actor = Actor::Person(Id(1));
    host
}

fn payment(id: u128, debit: u128, credit: u128) -> TransferInput {
    TransferInput::post(Id(1 << 80 | id), Id(100 + debit), Id(100 + credit), 1)
}

#[test]
fn a_payment_makes_three_storage_calls_and_writes_three_rows() {
    let mut host = village(2);
    posting::submit(&mut host, &payment(1, 0, 1)).unwrap();
    let rows = host.rows.len();
    host.crossings = 0;
    posting::submit(&mut host, &payment(2, 0, 1)).unwrap();
    // Transfer and accounts in one, the ledger; then the transfer and both accounts in one.
    assert_eq!(host.crossings, 3);
    assert_eq!(host.rows.len(), rows + 1);
    assert_eq!(host.needs.len(), 2);
}

/// Who pays in person is asked nothing, because the host would only say yes; everybody else is asked as ever.
#[test]
fn w2_nothing_is_asked_when_the_owner_pays_in_person() {
    use super::double::Consent;
    use ledger::errors::TransferError;
    use ledger::host::Refusal;

    let refused = || {
        let mut host = village(4);
        host.consent = Consent::Refused(Refusal::ConfirmationNeeded);
        host
    };
    let list = [payment(1, 0, 1), payment(2, 0, 1), payment(3, 2, 3)];

    let mut host = refused();
    host.in_person = true;
    posting::submit(&mut host, &payment(9, 0, 1)).unwrap();
    assert!(posting::submit_all(&mut host, &list).unwrap().iter().all(Result::is_ok));
    assert_eq!(host.needs, []);

    // Through a plugin she is asked, and refuses.
    host.via = Some("stall".into());
    let answer = posting::submit(&mut host, &payment(10, 0, 1));
    assert_eq!(answer, Err(TransferError::ConfirmationNeeded));
    assert_eq!(host.needs.len(), 1);

    // Somebody else has no mandate, and nobody is asked.
    let mut host = refused();
    host.in_person = true;
    host.add_party(Id(3), "carl", false);
    host.actor = Actor::Person(Id(3));
    assert_eq!(posting::submit(&mut host, &payment(9, 0, 1)), Err(TransferError::NoMandate));
    let answers = posting::submit_all(&mut host, &list).unwrap();
    assert!(answers.iter().all(|answer| *answer == Err(TransferError::NoMandate)));
    assert_eq!(host.needs, []);

    // A plugin by itself has what was granted to it, and no more.
    host.actor = Actor::Plugin("stall".into());
    assert_eq!(posting::submit(&mut host, &payment(9, 0, 1)), Err(TransferError::ConfirmationNeeded));
}

#[test]
fn a_full_list_fits_a_command_when_all_its_accounts_differ() {
    let mut host = village(16_000);
    let before = host.rows.clone();
    let list: Vec<_> = (0..8_000).map(|number| payment(number, 2 * number, 2 * number + 1)).collect();
    let begun = Instant::now();
    let answers = posting::submit_all(&mut host, &list).unwrap();
    println!("8,000 transfers, 16,000 accounts: {:?}", begun.elapsed());
    assert!(answers.iter().all(Result::is_ok));
    let changed = host.rows.iter().filter(|(key, value)| before.get(*key) != Some(*value));
    let bytes: usize = changed.map(|(key, value)| key.len() + value.len()).sum();
    // C7: 4 MiB without a grant for bulk.
    assert!(bytes < 4 << 20, "{bytes} bytes");
    println!("{} bytes a transfer", bytes / 8_000);
}

#[test]
fn a_list_costs_little_when_few_accounts_are_busy() {
    let mut host = village(100);
    let list: Vec<_> = (0..8_000).map(|number| payment(number, number % 50, 50 + number % 50)).collect();
    let begun = Instant::now();
    let answers = posting::submit_all(&mut host, &list).unwrap();
    println!("8,000 transfers, 100 accounts: {:?}", begun.elapsed());
    assert!(answers.iter().all(Result::is_ok));
    let begun = Instant::now();
    for number in 8_000..28_000 {
        posting::submit(&mut host, &payment(number, number % 50, 50 + number % 50)).unwrap();
    }
    println!("20,000 single transfers: {:?}", begun.elapsed());
    host.crossings = 0;
    let list: Vec<_> =
        (30_000..38_000).map(|number| payment(number, number % 50, 50 + number % 50)).collect();
    posting::submit_all(&mut host, &list).unwrap();
    // Rows are read and written by the 1,024: 8,000 transfers, 100 accounts and some 130 milestones.
    assert!(host.crossings < 2 * 9 + 5, "{}", host.crossings);
}
