//! Double-entry ledgers of a community.
//!
//! A **ledger** counts one unit. Its **accounts** belong to parties; a **transfer** debits one
//! account and credits another by the same amount, so the balances of a ledger always sum to zero.
//! Money moves only by the will of the party that pays: nobody, stewards included, takes from
//! another's account, and a mistake is undone by the payee's [`posting::refund`]. What a newcomer brings from elsewhere is
//! entered once, as she comes in ([`moving`]).
//!
//! Where to read:
//!
//! | module | what |
//! |---|---|
//! | [`model`] | the words: ledgers, accounts, transfers, and the two limit rules |
//! | [`posting`] | moving money: one transfer, lists and chains, reservations and their expiry |
//! | [`books`] | creating ledgers, opening and closing accounts, limits, trial balance, balance as of a day |
//! | [`statement`] | what an account holder reads |
//! | [`counter`] | paying for people without a phone: cards, PINs, paper slips |
//! | [`moving`] | balances and limits that people bring when a community moves in |
//! | [`about`] | what is held about a party, for her to take along |
//! | [`circulation`] | what moves in a ledger as a whole, over months |
//! | [`exchange`] | plain text to rows and back: CSV, hledger, Beancount; [`trade`] runs it against the books |
//! | [`pages`] | what members see and do in a browser, in English and Spanish |
//! | `rows` | how all of it is kept |
//! | [`host`] | the one trait through which the accounting meets the world |
//!
//! Everything is pure accounting over that trait: no clock, no randomness, no I/O of its own, so
//! that the same calls always give the same books. The component that the host runs is a thin
//! adapter over it, in `component`.

pub mod about;
pub mod books;
pub mod circulation;
#[cfg(target_family = "wasm")]
mod component;
pub mod counter;
pub mod errors;
pub mod exchange;
pub mod host;
pub mod model;
pub mod moving;
pub mod pages;
pub mod posting;
mod rights;
mod rows;
pub mod statement;
pub mod trade;
