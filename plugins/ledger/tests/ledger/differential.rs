//! Random commands against the accounting and against the model: every answer and all that can be
//! seen must agree, and the invariants of 8.1 hold after every one of them.

use ledger::books::{self, AccountInput, LedgerInput};
use ledger::errors::TransferError;
use ledger::host::Actor;
use ledger::model::{AccountStatus, Day, Id, LedgerKind, LedgerStatus, Limits, TransferInput, TransferKind};
use ledger::posting;
use ledger::statement::{self, Filter};
use proptest::prelude::*;

use super::double::Double;
use super::model::{Model, ModelAccount, ModelLedger, is_all, posted};

const ACCOUNTS: u128 = 6;
const OWNERS: [Id; 2] = [Id(500), Id(501)];
/// Has a mandate for both owners, for one, for none.
const ACTORS: [Id; 3] = [Id(600), Id(601), Id(602)];

#[derive(Clone, Debug)]
enum Command {
    Submit(TransferInput),
    List(Vec<TransferInput>),
    Refund { id: Id, original: Id, amount: Option<u64> },
    Wait(u64),
    Expire,
    Suspend(Id, bool),
    SetLimits(Id, Limits),
    Close(Id),
    Seal(u32),
    CloseLedger,
    Become(usize),
}

fn id() -> impl Strategy<Value = Id> {
    prop_oneof![20 => 1..40_u128, 1 => Just(0), 1 => Just(u128::MAX)].prop_map(Id)
}

fn account() -> impl Strategy<Value = Id> {
    (100..=100 + ACCOUNTS).prop_map(Id)
}

fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![30 => 1..300_u64, 3 => Just(0), 1 => Just(u64::MAX), 2 => Just(ledger::model::AMOUNT_MAX - 200)]
}

fn kind() -> impl Strategy<Value = TransferKind> {
    prop_oneof![
        6 => Just(TransferKind::Post),
        3 => (1..300_000_u64).prop_map(TransferKind::Pending),
        1 => prop_oneof![Just(0), Just(31_622_401)].prop_map(TransferKind::Pending),
        4 => id().prop_map(TransferKind::PostPending),
        2 => id().prop_map(TransferKind::VoidPending),
    ]
}

fn date() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        6 => Just(None),
        3 => (46_070..46_095_u32).prop_map(|day| Some(Day(day).to_string())),
        1 => Just(Some("2031-01-01".to_owned())),
        1 => Just(Some("soon".to_owned())),
    ]
}

fn transfer() -> impl Strategy<Value = TransferInput> {
    let rest = (
        date(),
        prop::option::weighted(0.2, 0..3_u8),
        prop::option::weighted(0.2, id()),
        prop::bool::weighted(0.3),
    );
    (id(), account(), account(), amount(), kind(), rest).prop_map(
        |(id, debit, credit, amount, kind, (effective, memo, corrects, linked))| {
            let zero = matches!(kind, TransferKind::VoidPending(_)) && amount % 4 != 0;
            let all = matches!(kind, TransferKind::PostPending(_)) && amount % 2 == 0;
            TransferInput {
                kind,
                effective,
                memo: memo.map(|memo| format!("memo {memo}")),
                reference: memo.map(|memo| format!("ref {memo}")),
                corrects,
                linked,
                ..TransferInput::post(id, debit, credit, if zero || all { 0 } else { amount })
            }
        },
    )
}

fn command() -> impl Strategy<Value = Command> {
    let limits = (prop::option::of(0..500_u64), prop::option::of(0..900_u64));
    prop_oneof![
        16 => transfer().prop_map(|mut input| { input.linked &= input.amount % 16 == 0; Command::Submit(input) }),
        8 => prop::collection::vec(transfer(), 0..7).prop_map(Command::List),
        4 => (id(), id(), prop::option::of(amount())).prop_map(|(id, original, amount)| Command::Refund { id, original, amount }),
        4 => (0..200_000_u64).prop_map(Command::Wait),
        3 => Just(Command::Expire),
        2 => (account(), any::<bool>()).prop_map(|(account, suspended)| Command::Suspend(account, suspended)),
        2 => (account(), limits).prop_map(|(account, (credit, upper))| Command::SetLimits(account, Limits { credit, upper })),
        1 => account().prop_map(Command::Close),
        1 => (46_070..46_085_u32).prop_map(Command::Seal),
        2 => (0..3_usize).prop_map(Command::Become),
    ]
    .prop_filter("one ledger in fifty closes", |_| true)
    .prop_perturb(|command, mut random| if random.random_range(0..400) == 0 { Command::CloseLedger } else { command })
}

struct Both {
    host: Double,
    model: Model,
}

impl Both {
    fn new() -> Self {
        let mut host = Double::new();
        for owner in OWNERS.into_iter().chain(ACTORS) {
            host.add_party(owner, &format!("p{}", owner.0), false);
        }
        host.mandates.extend([(ACTORS[0], OWNERS[0]), (ACTORS[0], OWNERS[1]), (ACTORS[1], OWNERS[0])]);
        let mut accounts = Vec::new();
        for ledger in 0..2_usize {
            let (id, unit) = (Id(10 + ledger as u128), format!("UNIT{ledger}"));
            let input = LedgerInput { id, unit, name: "x".to_owned(), scale: 2, kind: LedgerKind::Issued };
            books::create_ledger(&mut host, &input).unwrap();
        }
        for number in 0..ACCOUNTS {
            let (id, ledger) = (Id(100 + number), usize::from(number >= 4));
            let owner = OWNERS[usize::from(number % 2 == 1)];
            let limits = match number {
                0 => Limits::default(),
                1 => Limits { credit: Some(500), upper: None },
                2 => Limits { credit: Some(300), upper: Some(400) },
                _ => Limits { credit: None, upper: Some(1_000) },
            };
            let code = format!("account-{number}");
            let input = AccountInput { id, ledger: Id(10 + ledger as u128), code, owner, limits };
            books::open_account(&mut host, &input).unwrap();
            accounts.push(ModelAccount { id, ledger, owner, status: AccountStatus::Open, limits });
        }
        for ledger in [Id(10), Id(11)] {
            books::open_ledger(&mut host, ledger).unwrap();
        }
        let ledgers = vec![ModelLedger { status: LedgerStatus::Open, sealed_through: None }; 2];
        let (now, today) = (host.now, host.day());
        let mut both = Self {
            host,
            model: Model { ledgers, accounts, log: Vec::new(), now, today, mandates: Vec::new() },
        };
        both.become_actor(0);
        both
    }

    fn become_actor(&mut self, number: usize) {
        let actor = ACTORS[number];
        self.host.actor = Actor::Person(actor);
        self.model.mandates =
            self.host.mandates.iter().filter(|(who, _)| *who == actor).map(|(_, party)| *party).collect();
    }

    fn run(&mut self, command: &Command) {
        match command {
            Command::Submit(input) => {
                let expected = self.model.clone().submit(input, is_all(input));
                let expected = match expected {
                    Ok(()) if input.linked => Err(TransferError::ChainOpen),
                    expected => expected,
                };
                if expected.is_ok() {
                    self.model.submit(input, is_all(input)).unwrap();
                }
                let answer = self.host.call(|host| posting::submit(host, input));
                assert_eq!(answer.map(|_| ()), expected);
                self.check_repeat(input);
            }
            Command::List(inputs) => {
                let expected = self.model.submit_all(inputs);
                let answers = self.host.call(|host| posting::submit_all(host, inputs)).unwrap();
                let answers: Vec<_> = answers.into_iter().map(|answer| answer.map(|_| ())).collect();
                assert_eq!(answers, expected);
            }
            Command::Refund { id, original, amount } => self.refund(*id, *original, *amount),
            Command::Wait(seconds) => {
                self.host.now += seconds * 1_000_000;
                (self.model.now, self.model.today) = (self.host.now, self.host.day());
            }
            Command::Expire => {
                posting::expire(&mut self.host);
                self.model.expire();
            }
            Command::Suspend(account, suspended) => {
                let open = self
                    .model
                    .account(*account)
                    .is_some_and(|account| account.status != AccountStatus::Closed);
                let answer = self.host.call(|host| books::set_suspended(host, *account, *suspended));
                assert_eq!(answer.is_ok(), open);
                if open {
                    let status = if *suspended { AccountStatus::Suspended } else { AccountStatus::Open };
                    self.model_account(*account).status = status;
                }
            }
            Command::SetLimits(account, limits) => {
                let open = self
                    .model
                    .account(*account)
                    .is_some_and(|account| account.status != AccountStatus::Closed);
                let answer = self.host.call(|host| books::set_limits(host, *account, *limits));
                assert_eq!(answer.is_ok(), open);
                if open {
                    self.model_account(*account).limits = *limits;
                }
            }
            Command::Close(account) => {
                let may = self.model.account(*account).is_some_and(|known| {
                    let four = self.model.four(*account, |_| true);
                    let settled = four.debits_posted == four.credits_posted
                        && four.debits_pending == 0
                        && four.credits_pending == 0;
                    settled
                        && known.status != AccountStatus::Closed
                        && self.model.mandates.contains(&known.owner)
                });
                let answer = self.host.call(|host| books::close_account(host, *account));
                assert_eq!(answer.is_ok(), may);
                if may {
                    self.model_account(*account).status = AccountStatus::Closed;
                }
            }
            Command::Seal(day) => {
                let ledger = &mut self.model.ledgers[0];
                let day = Day(*day);
                let may = ledger.status == LedgerStatus::Open
                    && day <= self.model.today
                    && ledger.sealed_through.is_none_or(|sealed| day > sealed);
                let answer = self.host.call(|host| books::seal_period(host, Id(10), &day.to_string()));
                assert_eq!(answer.is_ok(), may);
                if may {
                    ledger.sealed_through = Some(day);
                }
            }
            Command::CloseLedger => {
                let answer = self.host.call(|host| books::close_ledger(host, Id(11)));
                assert_eq!(answer.is_ok(), self.model.ledgers[1].status == LedgerStatus::Open);
                self.model.ledgers[1].status = LedgerStatus::Closed;
            }
            Command::Become(number) => self.become_actor(*number),
        }
    }

    fn refund(&mut self, id: Id, original: Id, amount: Option<u64>) {
        let paid = self.model.transfer(original).cloned();
        let input = TransferInput {
            id,
            debit: paid.as_ref().map_or(Id(0), |paid| paid.credit),
            credit: paid.as_ref().map_or(Id(0), |paid| paid.debit),
            amount: amount.unwrap_or(0),
            kind: TransferKind::Post,
            code: 0,
            effective: None,
            memo: None,
            reference: None,
            corrects: Some(original),
            linked: false,
        };
        let expected = match self.model.submit(&input, amount.is_none()) {
            Err(TransferError::AccountNotFound(Id(0))) => Err(TransferError::CorrectsInvalid(original)),
            expected => expected,
        };
        let answer = self.host.call(|host| posting::refund(host, id, original, amount, None));
        assert_eq!(answer.map(|_| ()), expected);
    }

    fn model_account(&mut self, id: Id) -> &mut ModelAccount {
        self.model.accounts.iter_mut().find(|account| account.id == id).unwrap()
    }

    /// Invariant 4: what was recorded answers `exists` and leaves nothing.
    fn check_repeat(&mut self, input: &TransferInput) {
        let recorded = self.model.transfer(input.id).is_some();
        let rows = self.host.rows.clone();
        let answer = self.host.call(|host| posting::submit(host, input));
        if recorded {
            assert!(matches!(answer, Err(TransferError::Exists(_) | TransferError::ExistsDifferent(_))));
        }
        assert!(answer.is_err());
        assert_eq!(self.host.rows, rows);
    }

    /// All that can be seen, seen by whoever holds the box.
    fn check(&mut self) {
        let actor = std::mem::replace(&mut self.host.actor, Actor::Console);
        let mut totals = [[0_i128; 4]; 2];
        for account in self.model.accounts.clone() {
            let seen = books::get_account(&mut self.host, account.id).unwrap();
            let four = self.model.four(account.id, |_| true);
            let sums = seen.sums;
            let signed = |sum: u128| i128::try_from(sum).unwrap();
            let seen_four =
                [sums.debits_pending, sums.debits_posted, sums.credits_pending, sums.credits_posted]
                    .map(signed);
            let four = [four.debits_pending, four.debits_posted, four.credits_pending, four.credits_posted];
            assert_eq!(seen_four, four, "{:?}", account.id);
            assert_eq!(
                (seen.status, seen.limits, seen.ledger),
                (account.status, account.limits, Id(10 + account.ledger as u128))
            );
            for (total, sum) in totals[account.ledger].iter_mut().zip(four) {
                *total += sum;
            }
            self.check_statement(account.id);
            self.check_as_of(account.id);
        }
        // Invariant 1: debits equal credits, pending and posted, in each ledger.
        for [debits_pending, debits_posted, credits_pending, credits_posted] in totals {
            assert_eq!((debits_pending, debits_posted), (credits_pending, credits_posted));
        }
        for recorded in self.model.transfers().cloned().collect::<Vec<_>>() {
            let seen = statement::get(&mut self.host, recorded.input.id).unwrap();
            let is_reserve = matches!(recorded.input.kind, TransferKind::Pending(_));
            assert_eq!(seen.status, is_reserve.then(|| self.model.status(recorded.input.id)));
            assert_eq!(
                (seen.transfer.amount, seen.transfer.effective),
                (recorded.amount, recorded.effective)
            );
            // Invariant 5: within one ledger.
            let ledger = |id| self.model.account(id).unwrap().ledger;
            assert_eq!(ledger(recorded.debit), ledger(recorded.credit));
            // Invariant 6: no more is posted than was reserved, and not after the deadline.
            if let TransferKind::PostPending(reserve) = recorded.input.kind {
                assert!(recorded.amount <= self.model.transfer(reserve).unwrap().amount);
                assert!(recorded.at < self.model.deadline(reserve));
            }
        }
        self.host.actor = actor;
    }

    fn check_statement(&mut self, account: Id) {
        let mut expected = Vec::new();
        let mut balance = 0;
        for recorded in
            self.model.transfers().filter(|recorded| [recorded.debit, recorded.credit].contains(&account))
        {
            let moved = i64::try_from(posted(recorded)).unwrap();
            balance += if recorded.debit == account { -moved } else { moved };
            expected.push((recorded.input.id, balance));
        }
        expected.reverse();
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let page =
                statement::statement(&mut self.host, account, &Filter::default(), 7, cursor.as_deref())
                    .unwrap();
            seen.extend(page.lines.iter().map(|line| (line.transfer.transfer.id, line.balance)));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected);
    }

    /// Invariant 7: the balance as of both times equals a replay up to there.
    fn check_as_of(&mut self, account: Id) {
        let times: Vec<_> = self.model.transfers().map(|recorded| recorded.at).collect();
        let recorded_times = [
            None,
            times.first().copied(),
            times.get(times.len() / 2).copied(),
            times.first().map(|at| at - 1),
        ];
        for recorded in recorded_times {
            for day in [self.model.today.0 - 1, self.model.today.0, 46_078, 46_083, 46_090] {
                let day = Day(day);
                let four = self.model.four(account, |transfer| {
                    transfer.effective <= day && recorded.is_none_or(|recorded| transfer.at <= recorded)
                });
                let seen = books::balance_as_of(&mut self.host, account, &day.to_string(), recorded).unwrap();
                let expected = (four.credits_posted, four.debits_posted);
                let seen = (
                    i128::try_from(seen.credits_posted).unwrap(),
                    i128::try_from(seen.debits_posted).unwrap(),
                );
                assert_eq!(seen, expected, "{account:?} {day} {recorded:?}");
            }
        }
    }

    /// How far each account is past its limits.
    fn excesses(&mut self) -> Vec<(i128, i128)> {
        let accounts = self.model.accounts.iter();
        let excess = |account: &ModelAccount| {
            let four = self.model.four(account.id, |_| true);
            let debt = four.debits_pending + four.debits_posted - four.credits_posted;
            let wealth = four.credits_pending + four.credits_posted - four.debits_posted;
            let past =
                |value: i128, limit: Option<u64>| limit.map_or(0, |limit| (value - i128::from(limit)).max(0));
            (past(debt, account.limits.credit), past(wealth, account.limits.upper))
        };
        accounts.map(excess).collect()
    }
}

fn cases() -> u32 {
    std::env::var("LEDGER_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_the_models_whatever_is_commanded(commands in prop::collection::vec(command(), 1..60)) {
        let mut both = Both::new();
        for command in &commands {
            let before = both.excesses();
            both.run(command);
            // Invariant 2: nobody is past a limit; who is, since it was lowered, is not any further.
            if !matches!(command, Command::SetLimits(..)) {
                for (after, before) in both.excesses().into_iter().zip(before) {
                    prop_assert!(after.0 <= before.0 && after.1 <= before.1, "{before:?} to {after:?}");
                }
            }
        }
        both.check();
    }
}

/// A long history, so that milestones are used: 1,500 payments between two accounts, one in eight
/// on an odd day.
#[test]
fn balances_and_filters_equal_a_replay_when_the_history_is_long() {
    let mut both = Both::new();
    let mut state = 7_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for number in 0..1_500_u64 {
        both.host.now += 1_000_000 * random(1_500);
        (both.model.now, both.model.today) = (both.host.now, both.host.day());
        let (debit, credit) = if random(2) == 0 { (Id(100), Id(103)) } else { (Id(103), Id(100)) };
        let day = u64::from(both.model.today.0);
        let effective =
            (random(8) == 0).then(|| Day(u32::try_from(day - 10 + random(20)).unwrap()).to_string());
        let input = TransferInput {
            id: Id(1_000 + u128::from(number)),
            debit,
            credit,
            amount: 1 + random(3),
            kind: TransferKind::Post,
            code: 0,
            effective,
            memo: None,
            reference: None,
            corrects: None,
            linked: false,
        };
        let answer = posting::submit(&mut both.host, &input);
        assert_eq!(answer.map(|_| ()), both.model.submit(&input, false));
    }
    both.host.actor = Actor::Console;
    let times: Vec<_> = both.model.transfers().map(|recorded| recorded.at).collect();
    assert!(times.len() > 1_400);
    for account in [Id(100), Id(103)] {
        both.check_statement(account);
        for day in both.host.day().0 - 40..both.host.day().0 + 15 {
            for recorded in [None, Some(times[300]), Some(times[767]), Some(times[1_300])] {
                let (day, most) = (Day(day), recorded.unwrap_or(u64::MAX));
                let four =
                    both.model.four(account, |transfer| transfer.effective <= day && transfer.at <= most);
                both.host.crossings = 0;
                let seen = books::balance_as_of(&mut both.host, account, &day.to_string(), recorded).unwrap();
                assert_eq!(
                    i128::from(seen.balance),
                    four.credits_posted - four.debits_posted,
                    "{day} {recorded:?}"
                );
                assert!(both.host.crossings < 256 + 12, "{} storage calls", both.host.crossings);
            }
            let day = Day(day);
            let filter = Filter {
                from: Some(day.to_string()),
                through: Some(day.to_string()),
                search: None,
                party: None,
            };
            let mut seen = Vec::new();
            let mut cursor = None;
            loop {
                let page =
                    statement::statement(&mut both.host, account, &filter, 200, cursor.as_deref()).unwrap();
                seen.extend(page.lines.iter().map(|line| line.transfer.transfer.id));
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            let mut expected: Vec<_> = both
                .model
                .transfers()
                .filter(|recorded| recorded.effective == day)
                .map(|recorded| recorded.input.id)
                .collect();
            expected.reverse();
            assert_eq!(seen, expected);
        }
    }
}
