//! The usual week after a recovery, against the books told from the beginning.

use ledger::books::{self, AccountInput, LedgerInput};
use ledger::errors::TransferError;
use ledger::host::Actor;
use ledger::model::{Id, LedgerKind, Limits, TransferInput, TransferKind};
use ledger::posting::{self, FLOOR_PARTS, WEEK_MICROS, WEEKS};
use proptest::prelude::*;

use super::double::Double;

const ROSA: Id = Id(1);
const TOM: Id = Id(2);
const ROSAS: Id = Id(10);
const TOMS: Id = Id(20);
const CREDIT: u64 = 5_000;

/// One payment of a history: hours since the one before, whether Rosa pays, whether it is only reserved, how much.
type Paid = (u64, bool, bool, u64);

fn village() -> Double {
    let mut double = Double::new();
    double.add_party(ROSA, "rosa", false);
    double.add_party(TOM, "tom", false);
    let kind = LedgerKind::MutualCredit;
    let ledger = LedgerInput { id: Id(100), unit: "LEAF".into(), name: "Leaves".into(), scale: 2, kind };
    double.call(|host| books::create_ledger(host, &ledger)).unwrap();
    for (id, owner, code) in [(ROSAS, ROSA, "rosas"), (TOMS, TOM, "toms")] {
        let limits = Limits { credit: (owner == ROSA).then_some(CREDIT), upper: None };
        let input = AccountInput { id, ledger: Id(100), code: code.into(), owner, limits };
        double.call(|host| books::open_account(host, &input)).unwrap();
    }
    double.call(|host| books::open_ledger(host, Id(100))).unwrap();
    double
}

fn pay(double: &mut Double, id: u128, (hours, rosa, reserved, amount): Paid) -> Result<u64, TransferError> {
    double.now += hours * 3_600_000_000;
    let (debit, credit) = if rosa { (ROSAS, TOMS) } else { (TOMS, ROSAS) };
    double.actor = Actor::Person(if rosa { ROSA } else { TOM });
    let input = TransferInput {
        kind: if reserved { TransferKind::Pending(60) } else { TransferKind::Post },
        ..TransferInput::post(Id(id), debit, credit, amount)
    };
    double.call(|host| posting::submit(host, &input)).map(|_| double.now)
}

fn history(longest: usize) -> impl Strategy<Value = Vec<Paid>> {
    prop::collection::vec((0..60_u64, any::<bool>(), any::<bool>(), 1..900_u64), 0..longest)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn an_account_pays_its_usual_week_and_no_more_whatever_was_paid_before_and_in_what_order(
        before in history(120), after in history(60),
    ) {
        let mut double = village();
        // What left Rosa's account and when, and her balance: told plainly, beside the rows.
        let (mut left, mut balance) = (Vec::new(), 0_i64);
        let mut id = 1;
        for paid in before {
            id += 1;
            let (_, rosa, reserved, amount) = paid;
            if let Ok(at) = pay(&mut double, id, paid) {
                if rosa {
                    left.push((at, amount));
                }
                if !reserved {
                    balance += if rosa { -amount.cast_signed() } else { amount.cast_signed() };
                }
            }
        }
        double.now += 1;
        let recovered = double.now;
        double.recovered.insert(ROSA, recovered);
        let week = |number: u64| -> u64 {
            let (to, from) = (recovered - number * WEEK_MICROS, recovered - (number + 1) * WEEK_MICROS);
            left.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, amount)| amount).sum()
        };
        let floor = (balance + CREDIT.cast_signed()).max(0).cast_unsigned() / FLOOR_PARTS;
        let usual = (0..WEEKS as u64).map(week).max().unwrap().max(floor);
        let mut spent = 0;
        for paid in after {
            id += 1;
            let (_, rosa, _, amount) = paid;
            let answer = pay(&mut double, id, paid);
            let is_over = double.now >= recovered + WEEK_MICROS;
            let fits = spent + amount <= usual;
            match answer {
                Ok(_) if rosa && !is_over => {
                    prop_assert!(fits, "{spent} and {amount} of {usual}");
                    spent += amount;
                }
                Err(TransferError::OverUsualWeek(said, _)) => {
                    prop_assert!(rosa && !is_over && !fits, "{spent} and {amount} of {usual}");
                    let rest = usual - spent;
                    prop_assert_eq!(said, format!("{}.{:02} LEAF", rest / 100, rest % 100));
                }
                Err(TransferError::ExceedsCreditLimit(_)) => prop_assert!(!rosa || is_over || fits),
                Err(other) => prop_assert!(false, "{other:?}"),
                Ok(_) => {}
            }
        }
    }
}
