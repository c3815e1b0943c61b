//! The board over a double of the community.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod double;
mod events;
mod market;
mod pages;
mod talk;
mod visibility;
