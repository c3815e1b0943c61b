//! The accounting, from the outside: stories (a row a step), a model that is written differently
//! and must always agree, and the invariants of 8.1 after every command.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod about;
mod contract;
mod cost;
mod differential;
mod double;
mod interpreter;
mod model;
mod moving;
mod pages;
mod refused;
mod stories;
mod week;
