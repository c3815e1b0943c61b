//! An account: its four sums, how far its balance may go, and the end of its chain of transfers.
//!
//! The balance is never stored: it is credits less debits, always. The two limit rules of the
//! whole plugin are `available` and `room`; if one were wrong, somebody could spend what she does
//! not have.

use super::{AMOUNT_MAX, Day, Entry, Id, Instant, Side, to_amount};

/// Whether an account takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountStatus {
    /// It pays and receives.
    Open,
    /// It receives and does not pay.
    Suspended,
    /// Neither.
    Closed,
}

/// How far a balance may go; none: without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// How far below zero, reservations to pay included.
    pub credit: Option<u64>,
    /// How far above zero, reservations to receive included.
    pub upper: Option<u64>,
}

impl Limits {
    /// Whether both can be kept (C5).
    pub fn are_valid(self) -> bool {
        [self.credit, self.upper].into_iter().flatten().all(|limit| limit <= AMOUNT_MAX)
    }
}

/// The four sums. In 128 bits, so that no addition here can wrap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Reserved to pay.
    pub debits_pending: u128,
    /// Paid.
    pub debits_posted: u128,
    /// Reserved to receive.
    pub credits_pending: u128,
    /// Received.
    pub credits_posted: u128,
}

impl Sums {
    /// Received less paid.
    pub fn balance(&self) -> i64 {
        // Both are at most 2^63 - 1 (`fits_debit`, `fits_credit`), so neither step can fail.
        let signed = |sum: u128| i64::try_from(sum).unwrap_or(i64::MAX);
        signed(self.credits_posted).saturating_sub(signed(self.debits_posted))
    }

    /// Whether the debits stay in range with `amount` more. Reservations count, so that posting
    /// one can never overflow.
    pub fn fits_debit(&self, amount: u64) -> bool {
        self.debits_pending + self.debits_posted + u128::from(amount) <= u128::from(AMOUNT_MAX)
    }

    /// Whether the credits stay in range with `amount` more.
    pub fn fits_credit(&self, amount: u64) -> bool {
        self.credits_pending + self.credits_posted + u128::from(amount) <= u128::from(AMOUNT_MAX)
    }

    /// Moves money: `amount` paid or received.
    pub fn post(&mut self, side: Side, amount: u64) {
        match side {
            Side::Debit => self.debits_posted += u128::from(amount),
            Side::Credit => self.credits_posted += u128::from(amount),
        }
    }

    /// Reserves `amount`.
    pub fn reserve(&mut self, side: Side, amount: u64) {
        match side {
            Side::Debit => self.debits_pending += u128::from(amount),
            Side::Credit => self.credits_pending += u128::from(amount),
        }
    }

    /// Gives up a reservation of `amount`.
    pub fn release(&mut self, side: Side, amount: u64) {
        let sum = match side {
            Side::Debit => &mut self.debits_pending,
            Side::Credit => &mut self.credits_pending,
        };
        debug_assert!(*sum >= u128::from(amount), "released more than was reserved");
        *sum = sum.saturating_sub(u128::from(amount));
    }
}

/// The end of an account's chain of transfers, and what is needed to go on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// How many transfers touched the account.
    pub entries: u64,
    /// The newest of them.
    pub newest: Option<Id>,
    /// The earliest and the latest effective day since the last checkpoint.
    pub days: Option<(Day, Day)>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: Id,
    /// Its ledger.
    pub ledger: Id,
    /// Its name for tools.
    pub code: String,
    /// Whose it is.
    pub owner: Id,
    /// Whether it takes part.
    pub status: AccountStatus,
    /// How far its balance may go.
    pub limits: Limits,
    /// What was paid, received and reserved.
    pub sums: Sums,
    /// The end of its chain of transfers.
    pub history: History,
    /// When it was opened.
    pub opened: Instant,
}

impl Account {
    /// The longest code, in bytes.
    pub const CODE_BYTES_MAX: usize = 100;

    /// A new account with nothing in it.
    pub fn open(id: Id, ledger: Id, code: String, owner: Id, limits: Limits, opened: Instant) -> Self {
        Self {
            id,
            ledger,
            code,
            owner,
            status: AccountStatus::Open,
            limits,
            sums: Sums::default(),
            history: History { entries: 0, newest: None, days: None },
            opened,
        }
    }

    /// Whether `code` may name an account: letters, digits, hyphen and colon.
    pub fn code_is_valid(code: &str) -> bool {
        (1..=Self::CODE_BYTES_MAX).contains(&code.len())
            && code.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | ':'))
    }

    /// Received less paid.
    pub fn balance(&self) -> i64 {
        self.sums.balance()
    }

    /// What can still be paid out: balance and credit limit less reservations to pay. Reservations
    /// to receive do not help. None: without limit.
    pub fn available(&self) -> Option<u64> {
        let limit = u128::from(self.limits.credit?);
        let spent = self.sums.debits_posted + self.sums.debits_pending;
        Some(to_amount((self.sums.credits_posted + limit).saturating_sub(spent)))
    }

    /// What can still be received: the upper limit less balance and reservations to receive.
    /// Reservations to pay do not help. None: without limit.
    pub fn room(&self) -> Option<u64> {
        let limit = u128::from(self.limits.upper?);
        let received = self.sums.credits_posted + self.sums.credits_pending;
        Some(to_amount((self.sums.debits_posted + limit).saturating_sub(received)))
    }

    /// Whether nothing is owed, owned or reserved, so that it may close.
    pub fn is_settled(&self) -> bool {
        self.balance() == 0 && self.sums.debits_pending == 0 && self.sums.credits_pending == 0
    }

    /// Adds a transfer to the end of the chain, once the sums stand as they are after it.
    pub fn append(&mut self, transfer: Id, effective: Day) -> Entry {
        let previous = self.history.newest;
        let (first, last) = self.history.days.unwrap_or((effective, effective));
        self.history = History {
            entries: self.history.entries + 1,
            newest: Some(transfer),
            days: Some((first.min(effective), last.max(effective))),
        };
        Entry { number: self.history.entries, previous, balance: self.balance() }
    }
}

/// A change of an account's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitChange {
    /// When.
    pub at: Instant,
    /// Who; none: a decision.
    pub by: Option<Id>,
    /// What they became.
    pub limits: Limits,
}
