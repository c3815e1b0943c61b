//! Everything that can be refused, by name. The same cases in the same order as in `wit/ledger`;
//! a test fails when one of them has no row in the table of `tests/steps`.
//!
//! For transfers the order of the cases is their precedence: when several hold, the first is named.

use thiserror::Error;

use crate::model::{AccountStatus, Day, Id, Instant, LedgerStatus, PendingStatus};

/// Why a transfer was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TransferError {
    /// The unit as it was given.
    #[error("no ledger counts in {0}")]
    UnitUnknown(String),
    /// The name as it was given.
    #[error("no account goes by the name {0}")]
    NameUnknown(String),
    /// The amount as it was given.
    #[error("{0} is no amount of this unit")]
    AmountUnreadable(String),
    /// Recorded already with the same content.
    #[error("it is recorded already, with the same content")]
    Exists(Instant),
    /// Recorded already, and this field differs.
    #[error("the id is taken by a transfer with another {0}")]
    ExistsDifferent(&'static str),
    /// The id is zero or all ones.
    #[error("the id is zero or all ones")]
    IdInvalid,
    /// The memo's length in bytes.
    #[error("the memo has {0} bytes; 1,000 are allowed")]
    MemoTooLong(u32),
    /// The reference's length in bytes.
    #[error("the reference has {0} bytes; 100 are allowed")]
    ReferenceTooLong(u32),
    /// The date as it was given.
    #[error("'{0}' is no day between 1900 and a year from now")]
    DateInvalid(String),
    /// The timeout as it was given.
    #[error("a reservation lasts 1 to 31,622,400 seconds, not {0}")]
    TimeoutInvalid(u64),
    /// A void with an amount.
    #[error("releasing a reservation takes no amount")]
    AmountMustBeZero,
    /// Zero, or more than 2^63 - 1.
    #[error("the amount is zero or too large")]
    AmountInvalid,
    /// No such pending transfer.
    #[error("there is no reservation {0}")]
    PendingNotFound(Id),
    /// Another kind of transfer.
    #[error("{0} is no reservation")]
    NotPending(Id),
    /// Posted, voided or expired.
    #[error("the reservation is settled already")]
    PendingSettled(PendingStatus),
    /// The reserve.
    #[error("only {0} was reserved")]
    ExceedsPending(u64),
    /// No such account.
    #[error("there is no account {0}")]
    AccountNotFound(Id),
    /// Both accounts are the same.
    #[error("an account cannot pay itself")]
    AccountsSame,
    /// Accounts of different ledgers.
    #[error("the accounts belong to different ledgers")]
    LedgersDiffer,
    /// The ledger is opening or closed (or, for an import, no longer opening).
    #[error("the ledger's status does not allow it")]
    LedgerNotOpen(LedgerStatus),
    /// The last sealed day.
    #[error("the days up to {0} are sealed")]
    PeriodSealed(Day),
    /// The paying account is closed or suspended.
    #[error("the paying account is closed or suspended")]
    DebitAccountStatus(AccountStatus),
    /// The receiving account is closed.
    #[error("the receiving account is closed")]
    CreditAccountClosed,
    /// What was to be corrected.
    #[error("{0} is no payment between these two accounts")]
    CorrectsInvalid(Id),
    /// What is left to pay back.
    #[error("only {0} of the original is left to pay back")]
    ExceedsOriginal(u64),
    /// No mandate for the owner of the paying account.
    #[error("you have no mandate for the owner of the paying account")]
    NoMandate,
    /// Somebody must confirm first.
    #[error("the owner must confirm it")]
    ConfirmationNeeded,
    /// Something else was confirmed.
    #[error("something else was confirmed")]
    DiffersFromConfirmed,
    /// What is left this month.
    #[error("past the month's ceiling; {0} is left")]
    OverCeiling(u64),
    /// What is left in the unit as people write it, and a day by whose end the week is over.
    #[error("past the usual week after a recovery; {0} is left until {1}")]
    OverUsualWeek(String, Day),
    /// What is available.
    #[error("past the credit limit; {0} is available")]
    ExceedsCreditLimit(u64),
    /// What the receiver can still take.
    #[error("past the receiver's upper limit; {0} fits")]
    ExceedsUpperLimit(u64),
    /// A sum would pass 2^63 - 1.
    #[error("a sum would pass 2^63 - 1")]
    BalanceOverflow,
    /// Another transfer of its chain was refused.
    #[error("another transfer of its chain was refused")]
    LinkedFailed,
    /// The list ends inside a chain.
    #[error("the list ends inside a chain")]
    ChainOpen,
}

/// Why a list of transfers was not worked on at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ListError {
    /// More than 8,000 items; their number.
    #[error("8,000 transfers are allowed, not {0}")]
    TooMany(u32),
}

/// Why a transfer or a statement was not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LookupError {
    /// No such account.
    #[error("there is no such account")]
    AccountNotFound,
    /// No such transfer.
    #[error("there is no such transfer")]
    TransferNotFound,
    /// The viewer has no mandate.
    #[error("you have no mandate for the owner")]
    NoMandate,
    /// A date cannot be read.
    #[error("the date cannot be read")]
    DateInvalid,
    /// Not a cursor of this function.
    #[error("the cursor is not one that this function gave")]
    CursorInvalid,
}

/// Why nothing about ledgers and accounts was changed or shown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BooksError {
    /// No such ledger.
    #[error("there is no such ledger")]
    LedgerNotFound,
    /// No such account.
    #[error("there is no such account")]
    AccountNotFound,
    /// Zero or all ones.
    #[error("the id is zero or all ones")]
    IdInvalid,
    /// Recorded already, and this field differs.
    #[error("the id is taken by one with another {0}")]
    ExistsDifferent(&'static str),
    /// Not 2 to 12 of A-Z and 0-9.
    #[error("the unit is not 2 to 12 of A-Z and 0-9")]
    UnitInvalid,
    /// Another ledger has it.
    #[error("another ledger has this unit")]
    UnitTaken,
    /// Empty or too long.
    #[error("the name is empty or longer than 100 bytes")]
    NameInvalid,
    /// More than 9.
    #[error("more than 9 decimal places")]
    ScaleInvalid,
    /// Not 1 to 100 of letters, digits, hyphen and colon.
    #[error("the code is not 1 to 100 of letters, digits, hyphen and colon")]
    CodeInvalid,
    /// Another account has it.
    #[error("another account of the ledger has this code")]
    CodeTaken,
    /// Above 2^63 - 1.
    #[error("the limit is too large")]
    LimitInvalid,
    /// The ledger's status does not allow it.
    #[error("the ledger's status does not allow it")]
    LedgerStatus(LedgerStatus),
    /// No such party.
    #[error("there is no such party")]
    PartyNotFound,
    /// The actor has no mandate.
    #[error("you have no mandate for the owner")]
    NoMandate,
    /// A balance or a reservation is left.
    #[error("the balance or a reservation is not zero")]
    NotSettled,
    /// The account is closed.
    #[error("the account is closed")]
    AccountClosed,
    /// Cannot be read, or is not one that may be sealed.
    #[error("the date cannot be read, lies ahead or is sealed already")]
    DateInvalid,
    /// Not a cursor of this function.
    #[error("the cursor is not one that this function gave")]
    CursorInvalid,
    /// A total passes 2^63 - 1.
    #[error("a total passes 2^63 - 1")]
    TotalOverflow,
    /// Stewards open the accounts of this ledger.
    #[error("members do not open their own account in this ledger")]
    JoiningClosed,
    /// The amount as it was given.
    #[error("{0} is no amount of this unit")]
    AmountUnreadable(String),
}

/// Why nothing was done at the counter.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CounterError {
    /// No party goes by this name.
    #[error("there is no such party")]
    PartyNotFound,
    /// Neither hers nor a steward.
    #[error("a card is for its owner and for stewards to hand out")]
    NoMandate,
    /// No such card.
    #[error("there is no such card")]
    CardNotFound,
    /// Blocked, or too many wrong PINs.
    #[error("this card is blocked")]
    CardBlocked,
    /// No PIN yet.
    #[error("this card has no PIN yet")]
    CardWithoutPin,
    /// Not 4 to 8 digits, or one of the first that anybody tries.
    #[error("a PIN is 4 to 8 digits, not all the same and not in a row")]
    PinInvalid,
    /// Who hands out a card does not choose its PIN.
    #[error("somebody else than who handed out the card sees to its PIN")]
    FourEyes,
    /// No ledger has this unit, or it has no counter.
    #[error("this ledger has no counter")]
    CounterClosed,
    /// Nobody has shown a card, or too long ago.
    #[error("no card was shown in the last minutes")]
    NobodyHere,
    /// It is her own party, or one that she acts for.
    #[error("nobody pays from or to her own party at the counter")]
    OwnParty,
    /// Not 1 to 999,999.
    #[error("a slip has a number from 1 to 999,999")]
    SlipInvalid,
    /// Entered already.
    #[error("this slip was entered already")]
    SlipTaken,
    /// What is left of the day.
    #[error("past what one person may pay out here in a day; {0} is left")]
    OverCeiling(u64),
    /// The ledger refused the payment.
    #[error("{0}")]
    Refused(TransferError),
}

/// Why nothing was imported or exported.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExchangeError {
    /// No such ledger.
    #[error("there is no such ledger")]
    LedgerNotFound,
    /// The ledger is no longer opening.
    #[error("the ledger is no longer opening")]
    LedgerNotOpening,
    /// A line, from 1, and why it cannot be used.
    #[error("line {0}: {1}")]
    Line(u32, String),
    /// How long it is.
    #[error("too long: {0}")]
    TooLong(u32),
    /// No such party.
    #[error("there is no such party")]
    PartyNotFound,
    /// Not a cursor of this function.
    #[error("the cursor is not one that this function gave")]
    CursorInvalid,
}
