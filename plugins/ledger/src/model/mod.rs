//! What an accountant would recognise: ledgers, accounts, transfers, and the few words that they
//! are made of. Plain values with the rules that need nothing but themselves; nothing here reads
//! or writes.

mod account;
mod card;
mod ledger;
mod moved;
mod settings;
mod transfer;
mod values;

pub use account::{Account, AccountStatus, History, LimitChange, Limits, Sums};
pub use card::{Card, Desk, PinHash};
pub use ledger::{Ledger, LedgerKind, LedgerStatus};
pub use moved::Moved;
pub use settings::{Settings, Visibility};
pub use transfer::{
    Checkpoint, Entry, OddDay, Pending, PendingStatus, Receipt, Side, Transfer, TransferInput, TransferKind,
    TransferView,
};
pub use values::{AMOUNT_MAX, Day, Id, Instant, to_amount, written_amount};
