//! Moving money: what may be asked ([`submit`], [`submit_all`], [`refund`]) and what time does by
//! itself ([`expire`]).
//!
//! A request goes through four rooms: `draft` reads it without looking at the books; `rules`
//! decides by the books, in the order of precedence; `consents` asks whose money it is; `daybook`
//! holds all that the call touched in memory and writes it once, at the end. A refused request has
//! therefore written nothing, and a refused chain is undone by forgetting.
//!
//! A list asks for consent once for each paying account, for the sum of what it asks of it, before
//! any balance is looked at: so the question does not depend on what others do meanwhile, and the
//! answer to it covers whatever of the list then fits. What was consented and did not fit is not
//! used by anything else. When the sum is refused, every item that pays from that account is.

mod consents;
mod daybook;
mod draft;
mod expiry;
mod known;
mod memo;
mod pay;
mod rules;
mod same;
mod week;

pub use expiry::expire;
pub use memo::read_memo;
pub use pay::{Payment, amount_of, pay};
pub use week::{FLOOR_PARTS, WEEK_MICROS, WEEKS, Week, week_of};

use crate::errors::{ListError, TransferError};
use crate::host::Host;
use crate::model::{Id, Receipt, TransferInput};
use crate::rows;
use daybook::Daybook;
use rules::Amount;

/// The longest list of transfers. With what it writes at most (two accounts and a transfer each,
/// some 470 bytes with short codes and no memos) it stays below the 4 MiB of a command (C7).
pub const LIST_ITEMS_MAX: usize = 8_000;

/// On which terms transfers are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terms {
    /// By members, in an open ledger, with mandate and consent.
    Live,
    /// By stewards, in a ledger that is still opening.
    Import,
    /// By stewards, for whoever is just coming in: between accounts that this call opened and the commons' (`moving`).
    /// Limits are not asked; who brings more minus than she may have can only come nearer.
    MovingIn,
    /// At the counter, in an open ledger, for a party that is there with her card and her PIN: that is her will.
    Counter,
}

/// Records one transfer, or settles a pending one.
pub fn submit(host: &mut dyn Host, input: &TransferInput) -> Result<Receipt, TransferError> {
    submit_amount(host, input, Amount::of(input), Terms::Live)
}

/// Records a payment of somebody who showed her card and typed her PIN; [`crate::counter`] has seen to both.
pub fn submit_at_counter(host: &mut dyn Host, input: &TransferInput) -> Result<Receipt, TransferError> {
    submit_amount(host, input, Amount::of(input), Terms::Counter)
}

fn submit_amount(
    host: &mut dyn Host,
    input: &TransferInput,
    amount: Amount,
    terms: Terms,
) -> Result<Receipt, TransferError> {
    let mut book = Daybook::open(host, terms);
    book.fetch(std::slice::from_ref(input));
    let receipt = book.record(input, amount)?;
    if input.linked {
        return Err(TransferError::ChainOpen);
    }
    book.close();
    Ok(receipt)
}

/// Records a list of transfers in order; each is answered for itself, chains are all or none.
pub fn submit_all(
    host: &mut dyn Host,
    inputs: &[TransferInput],
) -> Result<Vec<Result<Receipt, TransferError>>, ListError> {
    if inputs.len() > LIST_ITEMS_MAX {
        return Err(ListError::TooMany(u32::try_from(inputs.len()).unwrap_or(u32::MAX)));
    }
    Ok(record_list(host, inputs, Terms::Live))
}

/// Records a list on given terms; the import uses it too.
pub fn record_list(
    host: &mut dyn Host,
    inputs: &[TransferInput],
    terms: Terms,
) -> Vec<Result<Receipt, TransferError>> {
    let mut book = Daybook::open(host, terms);
    book.fetch(inputs);
    book.ask_for_sums(inputs);
    let mut answers = Vec::with_capacity(inputs.len());
    for chain in inputs.chunk_by(|item, _| item.linked) {
        match chain {
            [single] if !single.linked => answers.push(book.record(single, Amount::of(single))),
            _ => record_chain(&mut book, chain, &mut answers),
        }
    }
    book.close();
    answers
}

/// Records a run of linked transfers, all or none. The first that is refused keeps its cause, the
/// others are `linked-failed`; but what was recorded by an earlier call says `exists` in any case
/// and breaks nothing, so that repeating a list gives a truthful answer.
fn record_chain(
    book: &mut Daybook<'_>,
    chain: &[TransferInput],
    answers: &mut Vec<Result<Receipt, TransferError>>,
) {
    let first = answers.len();
    let is_open = chain.last().is_some_and(|last| last.linked);
    let mark = book.mark();
    let mut is_broken = false;
    for (position, item) in chain.iter().enumerate() {
        let answer =
            if is_broken { Err(unless_recorded(book, item)) } else { book.record(item, Amount::of(item)) };
        let answer = match answer {
            Ok(_) if is_open && position + 1 == chain.len() => Err(TransferError::ChainOpen),
            answer => answer,
        };
        is_broken |= answer.as_ref().is_err_and(|error| !matches!(error, TransferError::Exists(_)));
        answers.push(answer);
    }
    if is_broken {
        book.undo_to(mark);
        for (item, answer) in chain.iter().zip(answers.iter_mut().skip(first)) {
            // What said `exists` of an item of this same chain does not exist any more either.
            let undone = match answer {
                Ok(_) => true,
                Err(TransferError::Exists(_)) => book.transfer(item.id).is_none(),
                Err(_) => false,
            };
            if undone {
                *answer = Err(TransferError::LinkedFailed);
            }
        }
    } else {
        book.keep();
    }
}

/// What an item of a broken chain is answered.
fn unless_recorded(book: &mut Daybook<'_>, item: &TransferInput) -> TransferError {
    match book.recorded_already(item, Amount::of(item)) {
        Some(exists @ TransferError::Exists(_)) => exists,
        _ => TransferError::LinkedFailed,
    }
}

/// Pays back a received transfer, wholly or in part.
pub fn refund(
    host: &mut dyn Host,
    id: Id,
    original: Id,
    amount: Option<u64>,
    memo: Option<String>,
) -> Result<Receipt, TransferError> {
    let (debit, credit, code) = match rows::transfer(host, original) {
        Some(original) => (original.credit, original.debit, original.code),
        None => (Id::default(), Id::default(), 0),
    };
    let input = TransferInput {
        code,
        memo,
        corrects: Some(original),
        ..TransferInput::post(id, debit, credit, amount.unwrap_or(0))
    };
    let amount = amount.map_or(Amount::All, Amount::Exactly);
    match submit_amount(host, &input, amount, Terms::Live) {
        // Without an original there are no accounts to speak of.
        Err(TransferError::AccountNotFound(account)) if account == Id::default() => {
            Err(TransferError::CorrectsInvalid(original))
        }
        answer => answer,
    }
}
