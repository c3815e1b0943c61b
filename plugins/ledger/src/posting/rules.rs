//! The rules of a transfer, in the order of their precedence (`wit/ledger/types.wit`).
//!
//! Here is decided whether money moves. Everything is read from the daybook, nothing is changed;
//! what is allowed comes back as a [`Plan`], which has no way to fail.

use super::Terms;
use super::daybook::{Daybook, Handle};
use super::draft::Draft;
use crate::errors::TransferError;
use crate::model::{AccountStatus, Id, LedgerStatus, PendingStatus, TransferInput, TransferKind};

/// How much is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So much.
    Exactly(u64),
    /// All of what was reserved, or all that is left to pay back.
    All,
}

impl Amount {
    /// The amount of a request as it stands in the contract: 0 says "all" where there is an "all".
    pub fn of(input: &TransferInput) -> Self {
        match (input.kind, input.amount) {
            (TransferKind::PostPending(_) | TransferKind::VoidPending(_), 0) => Amount::All,
            (_, amount) => Amount::Exactly(amount),
        }
    }
}

/// A transfer that every rule allows.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// What was asked for.
    pub draft: Draft<'a>,
    /// The account that pays.
    pub debit: Handle,
    /// The account that receives.
    pub credit: Handle,
    /// What is moved or reserved; 0 when a reservation is released.
    pub amount: u64,
    /// What of a reservation ends.
    pub release: u64,
    /// The transfer of which this is a payment back.
    pub pays_back: Option<Id>,
}

/// Decides on a payment or a reservation as far as the owner's consent.
pub fn may_move<'a>(book: &mut Daybook<'_>, draft: Draft<'a>) -> Result<Plan<'a>, TransferError> {
    let input = draft.input;
    let debit = book.account(input.debit).ok_or(TransferError::AccountNotFound(input.debit))?;
    let credit = book.account(input.credit).ok_or(TransferError::AccountNotFound(input.credit))?;
    if input.debit == input.credit {
        return Err(TransferError::AccountsSame);
    }
    may_touch(book, draft, debit, credit)?;
    if book.at(debit).status != AccountStatus::Open {
        return Err(TransferError::DebitAccountStatus(book.at(debit).status));
    }
    if book.at(credit).status == AccountStatus::Closed {
        return Err(TransferError::CreditAccountClosed);
    }
    let (amount, pays_back) = corrected(book, draft)?;
    Ok(Plan { draft, debit, credit, amount, release: 0, pays_back })
}

/// Decides whether an allowed payment fits the limits of both accounts.
pub fn fits(book: &Daybook<'_>, plan: &Plan<'_>) -> Result<(), TransferError> {
    let (debit, credit) = (book.at(plan.debit), book.at(plan.credit));
    let limited = book.terms != Terms::MovingIn;
    if let Some(available) = debit.available().filter(|available| limited && plan.amount > *available) {
        return Err(TransferError::ExceedsCreditLimit(available));
    }
    if let Some(room) = credit.room().filter(|room| limited && plan.amount > *room) {
        return Err(TransferError::ExceedsUpperLimit(room));
    }
    if !debit.sums.fits_debit(plan.amount) || !credit.sums.fits_credit(plan.amount) {
        return Err(TransferError::BalanceOverflow);
    }
    Ok(())
}

/// Decides on posting or releasing a reservation.
///
/// The limits are not asked again: what was reserved was counted against both accounts when it was
/// reserved, so settling it brings neither nearer to its limit. Consent was given then as well.
pub fn may_settle<'a>(
    book: &mut Daybook<'_>,
    draft: Draft<'a>,
    reserve: Id,
) -> Result<Plan<'a>, TransferError> {
    let Some(reserved) = book.transfer(reserve) else {
        return Err(TransferError::PendingNotFound(reserve));
    };
    let (reserved_kind, reserved_amount) = (reserved.kind, reserved.amount);
    let (debit, credit) = (reserved.debit, reserved.credit);
    let TransferKind::Pending(_) = reserved_kind else {
        return Err(TransferError::NotPending(reserve));
    };
    let pending = book.pending(reserve);
    match pending.status_at(book.now) {
        PendingStatus::Pending => {}
        settled => return Err(TransferError::PendingSettled(settled)),
    }
    let is_void = matches!(draft.input.kind, TransferKind::VoidPending(_));
    let amount = match draft.amount {
        _ if is_void => 0,
        Amount::All => reserved_amount,
        Amount::Exactly(amount) => amount,
    };
    if amount > reserved_amount {
        return Err(TransferError::ExceedsPending(reserved_amount));
    }
    let debit = book.account(debit).ok_or(TransferError::AccountNotFound(debit))?;
    let credit = book.account(credit).ok_or(TransferError::AccountNotFound(credit))?;
    may_touch(book, draft, debit, credit)?;
    if !is_void && book.at(debit).status != AccountStatus::Open {
        return Err(TransferError::DebitAccountStatus(book.at(debit).status));
    }
    if let Some(original) = draft.input.corrects {
        return Err(TransferError::CorrectsInvalid(original));
    }
    let (debtor, creditor) = (book.at(debit).owner, book.at(credit).owner);
    let may = book.came_through(pending.via.as_deref())
        || book.has_mandate(creditor)
        || (!is_void && book.has_mandate(debtor));
    if !may {
        return Err(TransferError::NoMandate);
    }
    Ok(Plan { draft, debit, credit, amount, release: reserved_amount, pays_back: None })
}

/// Whether the ledger admits a movement between these accounts on this day.
fn may_touch(
    book: &mut Daybook<'_>,
    draft: Draft<'_>,
    debit: Handle,
    credit: Handle,
) -> Result<(), TransferError> {
    if book.at(debit).ledger != book.at(credit).ledger {
        return Err(TransferError::LedgersDiffer);
    }
    let (status, sealed_through) = book.ledger_of(debit);
    let is_wanted = match book.terms {
        Terms::Live | Terms::Counter => status == LedgerStatus::Open,
        Terms::Import => status == LedgerStatus::Opening,
        Terms::MovingIn => status != LedgerStatus::Closed,
    };
    if !is_wanted {
        return Err(TransferError::LedgerNotOpen(status));
    }
    match sealed_through {
        Some(sealed) if draft.effective <= sealed => Err(TransferError::PeriodSealed(sealed)),
        _ => Ok(()),
    }
}

/// Checks what a payment says that it corrects, and resolves "all that is left".
///
/// A correction is a payment at once between the two accounts of a payment. In the opposite
/// direction it pays back, and all that is paid back never exceeds the original.
fn corrected(book: &mut Daybook<'_>, draft: Draft<'_>) -> Result<(u64, Option<Id>), TransferError> {
    let input = draft.input;
    let Some(original) = input.corrects else {
        return match draft.amount {
            Amount::Exactly(amount) => Ok((amount, None)),
            // Only a refund asks for "all", and it always names its original.
            Amount::All => Err(TransferError::AmountInvalid),
        };
    };
    let invalid = TransferError::CorrectsInvalid(original);
    if input.kind != TransferKind::Post {
        return Err(invalid);
    }
    let Some(payment) = book.transfer(original) else {
        return Err(invalid);
    };
    let (sides, paid) = ((payment.debit, payment.credit), payment.posted_amount());
    let pays_back = sides == (input.credit, input.debit);
    let pays_again = sides == (input.debit, input.credit);
    if paid == 0 || !(pays_back || pays_again) {
        return Err(invalid);
    }
    if !pays_back {
        return match draft.amount {
            Amount::Exactly(amount) => Ok((amount, None)),
            Amount::All => Err(invalid),
        };
    }
    let left = paid.saturating_sub(book.paid_back(original));
    match draft.amount {
        Amount::All if left > 0 => Ok((left, Some(original))),
        Amount::Exactly(amount) if amount <= left => Ok((amount, Some(original))),
        _ => Err(TransferError::ExceedsOriginal(left)),
    }
}
