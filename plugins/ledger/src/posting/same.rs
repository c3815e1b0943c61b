//! "This was recorded already": with the same content it is done, else the field is named.

use super::memo;
use super::rules::Amount;
use crate::errors::TransferError;
use crate::host::Host;
use crate::model::{Day, Transfer, TransferInput, TransferKind};

/// What a repeated request is answered; `memo` is the row of the recorded memo.
pub fn answer(
    host: &mut dyn Host,
    recorded: &Transfer,
    input: &TransferInput,
    amount: Amount,
    memo: Option<&[u8]>,
) -> TransferError {
    match difference(host, recorded, input, amount, memo) {
        None => TransferError::Exists(recorded.recorded),
        Some(field) => TransferError::ExistsDifferent(field),
    }
}

/// The first field that differs.
fn difference(
    host: &mut dyn Host,
    recorded: &Transfer,
    input: &TransferInput,
    amount: Amount,
    memo: Option<&[u8]>,
) -> Option<&'static str> {
    let settles = matches!(input.kind, TransferKind::PostPending(_) | TransferKind::VoidPending(_));
    let same_amount = match amount {
        Amount::All => recorded.amount_all,
        Amount::Exactly(amount) => !recorded.amount_all && recorded.amount == amount,
    };
    let same_day = match &input.effective {
        None => !recorded.effective_given,
        Some(date) => recorded.effective_given && date.parse::<Day>() == Ok(recorded.effective),
    };
    let fields = [
        ("kind", recorded.kind == input.kind),
        // Settling takes both accounts from the reservation, whatever the request says.
        ("debit", settles || recorded.debit == input.debit),
        ("credit", settles || recorded.credit == input.credit),
        ("amount", same_amount),
        ("code", recorded.code == input.code),
        ("effective", same_day),
        ("reference", recorded.reference == input.reference),
        ("corrects", recorded.corrects == input.corrects),
    ];
    let differs = fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field);
    differs.or_else(|| (!memo::is_same(host, recorded, memo, input.memo.as_deref())).then_some("memo"))
}
