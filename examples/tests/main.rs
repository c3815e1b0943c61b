//! The examples and the ledger together, from end to end: real components in the real kernel.
//!
//! The stalls are Python, whose interpreter takes long to compile: their code is kept below `target/tmp`
//! from one test to the next.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
mod erasure;
mod greedy;
mod household;
mod pages;
mod stall;
