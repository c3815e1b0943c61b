//! The ledger once more, as plainly as it can be said: a list of what happened, and everything
//! else computed by going through all of it from the beginning. Slow, without rows, caches, chains
//! of entries, checkpoints or undo; every condition of a refusal is evaluated, and the first in the
//! order of the contract is the answer.

use ledger::errors::TransferError;
use ledger::model::{
    AMOUNT_MAX, AccountStatus, Day, Id, LedgerStatus, Limits, PendingStatus, TransferInput, TransferKind,
};

#[derive(Clone, Debug)]
pub struct ModelAccount {
    pub id: Id,
    pub ledger: usize,
    pub owner: Id,
    pub status: AccountStatus,
    pub limits: Limits,
}

#[derive(Clone, Debug)]
pub struct ModelLedger {
    pub status: LedgerStatus,
    pub sealed_through: Option<Day>,
}

#[derive(Clone, Debug)]
pub enum Happened {
    Transfer(Box<Recorded>),
    Expired(Id),
}

#[derive(Clone, Debug)]
pub struct Recorded {
    pub input: TransferInput,
    /// Asked for as "all".
    pub all: bool,
    pub debit: Id,
    pub credit: Id,
    pub amount: u64,
    pub effective: Day,
    pub at: u64,
}

/// Debits pending and posted, credits pending and posted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Four {
    pub debits_pending: i128,
    pub debits_posted: i128,
    pub credits_pending: i128,
    pub credits_posted: i128,
}

#[derive(Clone, Debug)]
pub struct Model {
    pub ledgers: Vec<ModelLedger>,
    pub accounts: Vec<ModelAccount>,
    pub log: Vec<Happened>,
    pub now: u64,
    pub today: Day,
    /// Parties for which the actor has a mandate.
    pub mandates: Vec<Id>,
}

impl Model {
    pub fn account(&self, id: Id) -> Option<&ModelAccount> {
        self.accounts.iter().find(|account| account.id == id)
    }

    pub fn transfers(&self) -> impl Iterator<Item = &Recorded> {
        self.log.iter().filter_map(|happened| match happened {
            Happened::Transfer(recorded) => Some(&**recorded),
            Happened::Expired(_) => None,
        })
    }

    pub fn transfer(&self, id: Id) -> Option<&Recorded> {
        self.transfers().find(|recorded| recorded.input.id == id)
    }

    /// Where a reservation stands in the books, whatever the time.
    pub fn booked_status(&self, id: Id) -> PendingStatus {
        let mut status = PendingStatus::Pending;
        for happened in &self.log {
            match happened {
                Happened::Expired(expired) if *expired == id => status = PendingStatus::Expired,
                Happened::Transfer(recorded) => match recorded.input.kind {
                    TransferKind::PostPending(posted) if posted == id => status = PendingStatus::Posted,
                    TransferKind::VoidPending(voided) if voided == id => status = PendingStatus::Voided,
                    _ => {}
                },
                Happened::Expired(_) => {}
            }
        }
        status
    }

    pub fn status(&self, id: Id) -> PendingStatus {
        match self.booked_status(id) {
            PendingStatus::Pending if self.deadline(id) <= self.now => PendingStatus::Expired,
            status => status,
        }
    }

    pub fn deadline(&self, id: Id) -> u64 {
        let recorded = self.transfer(id).unwrap();
        let TransferKind::Pending(seconds) = recorded.input.kind else { unreachable!() };
        recorded.at + seconds * 1_000_000
    }

    /// The four sums after the first `happened` things, counting only what `counts` admits.
    pub fn four(&self, account: Id, counts: impl Fn(&Recorded) -> bool) -> Four {
        let mut four = Four::default();
        let mut add = |recorded: &Recorded, pending: i128, posted: i128| {
            if recorded.debit == account {
                four.debits_pending += pending;
                four.debits_posted += posted;
            }
            if recorded.credit == account {
                four.credits_pending += pending;
                four.credits_posted += posted;
            }
        };
        for happened in &self.log {
            match happened {
                Happened::Expired(id) => {
                    let reserve = self.transfer(*id).unwrap();
                    add(reserve, -i128::from(reserve.amount), 0);
                }
                Happened::Transfer(recorded) if counts(recorded) => {
                    let amount = i128::from(recorded.amount);
                    match recorded.input.kind {
                        TransferKind::Post => add(recorded, 0, amount),
                        TransferKind::Pending(_) => add(recorded, amount, 0),
                        TransferKind::PostPending(id) => {
                            add(recorded, -i128::from(self.transfer(id).unwrap().amount), amount);
                        }
                        TransferKind::VoidPending(id) => {
                            add(recorded, -i128::from(self.transfer(id).unwrap().amount), 0);
                        }
                    }
                }
                Happened::Transfer(_) => {}
            }
        }
        four
    }

    /// Paid back of a payment.
    fn paid_back(&self, original: &Recorded) -> u64 {
        let back = self.transfers().filter(|recorded| {
            recorded.input.corrects == Some(original.input.id)
                && (recorded.debit, recorded.credit) == (original.credit, original.debit)
        });
        back.map(|recorded| recorded.amount).sum()
    }

    /// Records a transfer or refuses it; `all` says that the amount is "all of it".
    pub fn submit(&mut self, input: &TransferInput, all: bool) -> Result<(), TransferError> {
        if let Some(refused) = self.refusal(input, all) {
            return Err(refused);
        }
        let (debit, credit, amount) = self.resolved(input, all).unwrap();
        let effective = input.effective.as_ref().map_or(self.today, |date| date.parse().unwrap());
        let at = self.now;
        let recorded = Recorded { input: input.clone(), all, debit, credit, amount, effective, at };
        self.log.push(Happened::Transfer(Box::new(recorded)));
        Ok(())
    }

    /// A list: chains are tried on a copy, and the copy is kept only when all of it held.
    pub fn submit_all(&mut self, inputs: &[TransferInput]) -> Vec<Result<(), TransferError>> {
        let mut answers = Vec::new();
        let mut rest = inputs;
        while !rest.is_empty() {
            let length = rest.iter().position(|item| !item.linked).map_or(rest.len(), |last| last + 1);
            let (chain, after) = rest.split_at(length);
            let ends = !chain.last().unwrap().linked;
            let mut trial = self.clone();
            let mut own: Vec<_> = chain.iter().map(|item| trial.submit(item, is_all(item))).collect();
            if !ends && own.last().unwrap().is_ok() {
                *own.last_mut().unwrap() = Err(TransferError::ChainOpen);
            }
            let counts = |answer: &Result<(), TransferError>| {
                !matches!(answer, Ok(()) | Err(TransferError::Exists(_)))
            };
            match own.iter().position(counts) {
                None => {
                    *self = trial;
                    answers.extend(own);
                }
                Some(cause) => answers.extend(chain.iter().enumerate().map(|(position, item)| {
                    let before = self.transfer(item.id).map(|_| self.refusal(item, is_all(item)).unwrap());
                    match before {
                        Some(exists @ TransferError::Exists(_)) => Err(exists),
                        _ if position == cause => own[position].clone(),
                        _ => Err(TransferError::LinkedFailed),
                    }
                })),
            }
            rest = after;
        }
        answers
    }

    /// Both accounts and the amount, if they can be told.
    fn resolved(&self, input: &TransferInput, all: bool) -> Option<(Id, Id, u64)> {
        match input.kind {
            TransferKind::PostPending(id) | TransferKind::VoidPending(id) => {
                let reserve = self.transfer(id)?;
                let amount = match input.kind {
                    TransferKind::VoidPending(_) => 0,
                    _ if all => reserve.amount,
                    _ => input.amount,
                };
                Some((reserve.debit, reserve.credit, amount))
            }
            _ if all => {
                let original = self.transfer(input.corrects?)?;
                Some((input.debit, input.credit, posted(original) - self.paid_back(original)))
            }
            _ => Some((input.debit, input.credit, input.amount)),
        }
    }

    /// All conditions in the order of the contract; the first that holds.
    fn refusal(&self, input: &TransferInput, all: bool) -> Option<TransferError> {
        use TransferError as E;
        let mut found: Vec<E> = Vec::new();
        if let Some(before) = self.transfer(input.id) {
            found.push(same(before, input, all));
        }
        if !input.id.is_valid() {
            found.push(E::IdInvalid);
        }
        let length = |text: &Option<String>| u32::try_from(text.as_ref().map_or(0, String::len)).unwrap();
        if length(&input.memo) > 1_000 {
            found.push(E::MemoTooLong(length(&input.memo)));
        }
        if length(&input.reference) > 100 {
            found.push(E::ReferenceTooLong(length(&input.reference)));
        }
        let effective = match &input.effective {
            None => Some(self.today),
            Some(date) => date.parse::<Day>().ok().filter(|day| day.0 <= self.today.0 + 366),
        };
        if effective.is_none() {
            found.push(E::DateInvalid(input.effective.clone().unwrap()));
        }
        if let TransferKind::Pending(seconds @ (0 | 31_622_401..)) = input.kind {
            found.push(E::TimeoutInvalid(seconds));
        }
        let settles = matches!(input.kind, TransferKind::PostPending(_) | TransferKind::VoidPending(_));
        if matches!(input.kind, TransferKind::VoidPending(_)) && input.amount != 0 {
            found.push(E::AmountMustBeZero);
        }
        if !all && (input.amount == 0 || input.amount > AMOUNT_MAX) {
            found.push(E::AmountInvalid);
        }
        if let TransferKind::PostPending(id) | TransferKind::VoidPending(id) = input.kind {
            match self.transfer(id) {
                None => found.push(E::PendingNotFound(id)),
                Some(reserve) if !matches!(reserve.input.kind, TransferKind::Pending(_)) => {
                    found.push(E::NotPending(id));
                }
                Some(reserve) => {
                    if self.status(id) != PendingStatus::Pending {
                        found.push(E::PendingSettled(self.status(id)));
                    }
                    if input.amount > reserve.amount {
                        found.push(E::ExceedsPending(reserve.amount));
                    }
                }
            }
        }
        if let Some((debit, credit, amount)) = self.resolved(input, all) {
            self.refuse_accounts(input, all, settles, effective, (debit, credit, amount), &mut found);
        } else if !settles {
            for id in [input.debit, input.credit] {
                if self.account(id).is_none() {
                    found.push(E::AccountNotFound(id));
                }
            }
            found.extend(input.corrects.map(E::CorrectsInvalid));
        }
        let place = |error: &E| ORDER.iter().position(|name| *name == case(error)).unwrap();
        found.into_iter().min_by_key(place)
    }

    fn refuse_accounts(
        &self,
        input: &TransferInput,
        all: bool,
        settles: bool,
        effective: Option<Day>,
        (debit, credit, amount): (Id, Id, u64),
        found: &mut Vec<TransferError>,
    ) {
        use TransferError as E;
        let sides = (self.account(debit), self.account(credit));
        let (Some(payer), Some(receiver)) = sides else {
            found.push(E::AccountNotFound(if sides.0.is_none() { debit } else { credit }));
            return;
        };
        if debit == credit {
            found.push(E::AccountsSame);
        }
        if payer.ledger != receiver.ledger {
            found.push(E::LedgersDiffer);
        }
        let ledger = &self.ledgers[payer.ledger];
        if ledger.status != LedgerStatus::Open {
            found.push(E::LedgerNotOpen(ledger.status));
        }
        if let (Some(sealed), Some(effective)) = (ledger.sealed_through, effective)
            && effective <= sealed
        {
            found.push(E::PeriodSealed(sealed));
        }
        let is_void = matches!(input.kind, TransferKind::VoidPending(_));
        if payer.status != AccountStatus::Open && !is_void {
            found.push(E::DebitAccountStatus(payer.status));
        }
        if receiver.status == AccountStatus::Closed {
            found.push(E::CreditAccountClosed);
        }
        if let Some(original) = input.corrects {
            let paid = self.transfer(original).filter(|paid| posted(paid) > 0);
            let back = paid.filter(|paid| (paid.credit, paid.debit) == (debit, credit));
            let again = paid.filter(|paid| (paid.debit, paid.credit) == (debit, credit));
            if input.kind != TransferKind::Post || (back.is_none() && (all || again.is_none())) {
                found.push(E::CorrectsInvalid(original));
            } else if let Some(paid) = back {
                let left = posted(paid) - self.paid_back(paid);
                if amount > left || left == 0 {
                    found.push(E::ExceedsOriginal(left));
                }
            }
        }
        let may = |party: Id| self.mandates.contains(&party);
        let mandated = match input.kind {
            TransferKind::PostPending(_) => may(payer.owner) || may(receiver.owner),
            TransferKind::VoidPending(_) => may(receiver.owner),
            _ => may(payer.owner),
        };
        if !mandated {
            found.push(E::NoMandate);
        }
        if settles {
            return;
        }
        let amount = i128::from(amount);
        let (pays, gets) = (self.four(debit, |_| true), self.four(credit, |_| true));
        let amount_max = i128::from(AMOUNT_MAX);
        let clamp = |left: i128| u64::try_from(left.clamp(0, amount_max)).unwrap();
        if let Some(limit) = payer.limits.credit {
            let available =
                clamp(pays.credits_posted + i128::from(limit) - pays.debits_posted - pays.debits_pending);
            if amount > i128::from(available) {
                found.push(E::ExceedsCreditLimit(available));
            }
        }
        if let Some(limit) = receiver.limits.upper {
            let room =
                clamp(i128::from(limit) - (gets.credits_posted + gets.credits_pending - gets.debits_posted));
            if amount > i128::from(room) {
                found.push(E::ExceedsUpperLimit(room));
            }
        }
        if pays.debits_pending + pays.debits_posted + amount > amount_max
            || gets.credits_pending + gets.credits_posted + amount > amount_max
        {
            found.push(E::BalanceOverflow);
        }
    }

    /// Lets all due reservations lapse, the earliest first.
    pub fn expire(&mut self) {
        let ids: Vec<Id> = self
            .transfers()
            .filter(|recorded| matches!(recorded.input.kind, TransferKind::Pending(_)))
            .map(|recorded| recorded.input.id)
            .collect();
        for id in ids {
            if self.booked_status(id) == PendingStatus::Pending && self.deadline(id) <= self.now {
                self.log.push(Happened::Expired(id));
            }
        }
    }
}

pub fn is_all(input: &TransferInput) -> bool {
    input.amount == 0 && matches!(input.kind, TransferKind::PostPending(_) | TransferKind::VoidPending(_))
}

pub fn posted(recorded: &Recorded) -> u64 {
    match recorded.input.kind {
        TransferKind::Post | TransferKind::PostPending(_) => recorded.amount,
        _ => 0,
    }
}

fn same(before: &Recorded, input: &TransferInput, all: bool) -> TransferError {
    let old = &before.input;
    let settles = matches!(input.kind, TransferKind::PostPending(_) | TransferKind::VoidPending(_));
    let day = |input: &TransferInput| {
        input.effective.as_ref().map(|date| date.parse::<Day>().map_err(|()| date.clone()))
    };
    let differs = if old.kind != input.kind {
        "kind"
    } else if !settles && before.debit != input.debit {
        "debit"
    } else if !settles && before.credit != input.credit {
        "credit"
    } else if before.all != all || (!all && before.amount != input.amount) {
        "amount"
    } else if old.code != input.code {
        "code"
    } else if day(old) != day(input) {
        "effective"
    } else if old.reference != input.reference {
        "reference"
    } else if old.corrects != input.corrects {
        "corrects"
    } else if old.memo != input.memo {
        "memo"
    } else {
        return TransferError::Exists(before.at);
    };
    TransferError::ExistsDifferent(differs)
}

/// The cases in the order of `wit/ledger/types.wit`, by the names of the Rust enum.
const ORDER: [&str; 31] = [
    "Exists",
    "ExistsDifferent",
    "IdInvalid",
    "MemoTooLong",
    "ReferenceTooLong",
    "DateInvalid",
    "TimeoutInvalid",
    "AmountMustBeZero",
    "AmountInvalid",
    "PendingNotFound",
    "NotPending",
    "PendingSettled",
    "ExceedsPending",
    "AccountNotFound",
    "AccountsSame",
    "LedgersDiffer",
    "LedgerNotOpen",
    "PeriodSealed",
    "DebitAccountStatus",
    "CreditAccountClosed",
    "CorrectsInvalid",
    "ExceedsOriginal",
    "NoMandate",
    "ConfirmationNeeded",
    "DiffersFromConfirmed",
    "OverCeiling",
    "ExceedsCreditLimit",
    "ExceedsUpperLimit",
    "BalanceOverflow",
    "LinkedFailed",
    "ChainOpen",
];

fn case(error: &TransferError) -> String {
    format!("{error:?}").split('(').next().unwrap().to_owned()
}
