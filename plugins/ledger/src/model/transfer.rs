//! Transfers: what is asked for, what is recorded, and where a reservation stands.
//!
//! A recorded transfer never changes. What can change about it, whether a reservation was posted,
//! voided or has expired, is a record of its own ([`Pending`]).

use super::{Account, Day, Id, Instant};

/// What a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferKind {
    /// Moves money at once.
    Post,
    /// Reserves money for so many seconds.
    Pending(u64),
    /// Posts a pending transfer, wholly or in part.
    PostPending(Id),
    /// Releases a pending transfer.
    VoidPending(Id),
}

impl TransferKind {
    /// The longest reservation, in seconds: a leap year.
    pub const TIMEOUT_SECONDS_MAX: u64 = 31_622_400;
}

/// Which side of a transfer an account is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It pays.
    Debit,
    /// It receives.
    Credit,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferInput {
    /// The client's id.
    pub id: Id,
    /// The account that pays; ignored when posting or voiding.
    pub debit: Id,
    /// The account that receives; likewise.
    pub credit: Id,
    /// In minor units.
    pub amount: u64,
    /// What it is.
    pub kind: TransferKind,
    /// The community's category.
    pub code: u16,
    /// The day on which it takes effect, as written; none: today.
    pub effective: Option<String>,
    /// A note for both sides.
    pub memo: Option<String>,
    /// What it is about.
    pub reference: Option<String>,
    /// The transfer that it corrects or refunds.
    pub corrects: Option<Id>,
    /// Part of a chain with the next one.
    pub linked: bool,
}

impl TransferInput {
    /// The longest memo, in bytes.
    pub const MEMO_BYTES_MAX: usize = 1_000;
    /// The longest reference, in bytes.
    pub const REFERENCE_BYTES_MAX: usize = 100;
    /// How far ahead a transfer may take effect, in days.
    pub const DAYS_AHEAD_MAX: u32 = 366;

    /// A transfer that is posted at once and today, with nothing said about it.
    pub fn post(id: Id, debit: Id, credit: Id, amount: u64) -> Self {
        Self {
            id,
            debit,
            credit,
            amount,
            kind: TransferKind::Post,
            code: 0,
            effective: None,
            memo: None,
            reference: None,
            corrects: None,
            linked: false,
        }
    }
}

/// A transfer's place in the chain of one of its accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The how-manieth of the account, from 1.
    pub number: u64,
    /// The account's transfer before it.
    pub previous: Option<Id>,
    /// The account's posted balance after it.
    pub balance: i64,
}

/// A recorded transfer.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the record")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Its id.
    pub id: Id,
    /// The account that paid.
    pub debit: Id,
    /// The account that received.
    pub credit: Id,
    /// What was moved or reserved.
    pub amount: u64,
    /// Whether the amount was asked for as "all that was reserved".
    pub amount_all: bool,
    /// What it is.
    pub kind: TransferKind,
    /// The community's category.
    pub code: u16,
    /// The day on which it takes effect.
    pub effective: Day,
    /// Whether that day was asked for, as opposed to "today".
    pub effective_given: bool,
    /// When it was recorded.
    pub recorded: Instant,
    /// The community's day at that time.
    pub recorded_day: Day,
    /// Whether there is a memo, sealed in a row of its own.
    pub has_memo: bool,
    /// What it is about.
    pub reference: Option<String>,
    /// The transfer that it corrects or refunds.
    pub corrects: Option<Id>,
    /// The person who did it.
    pub actor: Option<Id>,
    /// The plugin through which it was done.
    pub via: Option<String>,
    /// Brought in from elsewhere.
    pub imported: bool,
    /// Its place in the paying account's chain.
    pub debit_entry: Entry,
    /// Its place in the receiving account's chain.
    pub credit_entry: Entry,
}

impl Transfer {
    /// What it moved, as opposed to reserved or released.
    pub fn posted_amount(&self) -> u64 {
        match self.kind {
            TransferKind::Post | TransferKind::PostPending(_) => self.amount,
            TransferKind::Pending(_) | TransferKind::VoidPending(_) => 0,
        }
    }

    /// On which side `account` is, and its entry; none when it is on neither.
    pub fn entry_of(&self, account: Id) -> Option<(Side, Entry)> {
        if account == self.debit {
            Some((Side::Debit, self.debit_entry))
        } else if account == self.credit {
            Some((Side::Credit, self.credit_entry))
        } else {
            None
        }
    }

    /// The account on the other side.
    pub fn counterparty_of(&self, side: Side) -> Id {
        match side {
            Side::Debit => self.credit,
            Side::Credit => self.debit,
        }
    }
}

/// Where a pending transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingStatus {
    /// Still reserved.
    Pending,
    /// Posted, wholly or in part.
    Posted,
    /// Released by somebody.
    Voided,
    /// Released by time.
    Expired,
}

/// What can change about a pending transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Where it stands in the books.
    pub status: PendingStatus,
    /// When it lapses.
    pub deadline: Instant,
    /// The plugin that reserved it, which may settle it too.
    pub via: Option<String>,
}

impl Pending {
    /// Where it stands at `now`: past its deadline it has expired, whether or not the books were
    /// already told.
    pub fn status_at(&self, now: Instant) -> PendingStatus {
        match self.status {
            PendingStatus::Pending if now >= self.deadline => PendingStatus::Expired,
            status => status,
        }
    }
}

/// What came of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The transfer.
    pub id: Id,
    /// When it was recorded.
    pub recorded: Instant,
    /// The paying account's balance after it.
    pub debit_balance: i64,
}

/// A transfer as somebody may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferView {
    /// What is recorded.
    pub transfer: Transfer,
    /// Its ledger.
    pub ledger: Id,
    /// For a pending one: where it stands now.
    pub status: Option<PendingStatus>,
    /// The note, when there is one and the viewer may read it.
    pub memo: Option<String>,
}

/// A milestone in an account's chain, every [`Checkpoint::EVERY`] entries: what stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The transfer at the milestone.
    pub transfer: Id,
    /// When it was recorded, and on which day.
    pub recorded: Instant,
    /// The community's day at that time.
    pub recorded_day: Day,
    /// Paid until then.
    pub debits_posted: u128,
    /// Received until then.
    pub credits_posted: u128,
    /// The earliest and the latest effective day since the milestone before.
    pub days: (Day, Day),
}

impl Checkpoint {
    /// So many entries apart: what a look-up by time walks at most.
    pub const EVERY: u64 = 256;

    /// The milestone that `account` has just reached with its newest transfer, if it is one.
    pub fn reached(account: &Account, transfer: &Transfer) -> Option<Checkpoint> {
        let milestone = account.history.entries.is_multiple_of(Self::EVERY);
        let days = account.history.days.filter(|_| milestone)?;
        Some(Checkpoint {
            transfer: transfer.id,
            recorded: transfer.recorded,
            recorded_day: transfer.recorded_day,
            debits_posted: account.sums.debits_posted,
            credits_posted: account.sums.credits_posted,
            days,
        })
    }
}

/// Money that took effect on another day than it was recorded, as an account sees it. Few, so
/// they have an index of their own, and the chain need not be searched for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OddDay {
    /// On which side the account was.
    pub side: Side,
    /// How much.
    pub amount: u64,
    /// When it was recorded.
    pub recorded: Instant,
    /// The community's day at that time.
    pub recorded_day: Day,
}
