//! Ledgers and accounts: creating, limiting, closing, and adding up.
//!
//! Nothing here moves money. Whether a caller may use these functions at all is declared in
//! `plugin.toml`; whose accounts somebody may see is decided in `rights`.

mod accounts;
mod as_of;
mod find;
mod join;
mod ledgers;
mod settings;
mod trial;
mod units;
mod visible;

pub use accounts::{
    AccountInput, close_account, enter_account, get_account, limit_changes, open_account, set_limits,
    set_suspended,
};
pub use as_of::{BalanceAt, balance_as_of};
pub(crate) use find::owned_by;
pub use find::{AccountPage, accounts, accounts_of, choices, find_account};
pub(crate) use join::enter;
pub use join::{Founding, account_in, found, join, limit_to, open_for};
pub use ledgers::{LedgerInput, close_ledger, create_ledger, ledgers, open_ledger, seal_period};
pub use settings::{get_settings, set_counter, set_joining, set_visibility};
pub use trial::{TrialBalance, get_trial_balance};
pub use units::{COUNTED, unit_of};
pub use visible::{BalancePage, are_visible, balances};
