//! The component itself in the real kernel: what only the two together can show. Every story is told in
//! both ways of running a stateless plugin. The accounting in all its corners is in `tests/ledger`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
mod desk;
mod household;
mod moving;
mod payments;
mod recovery;
mod reservations;
