//! The kernel with real guests: every rule of a call, by its number.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod acting;
mod background;
mod beside;
mod clock;
mod common;
mod dead_letters;
mod denial;
mod dispatch;
mod exactly_once;
mod gate;
mod landing;
mod limits;
mod queue;
mod reading;
mod recurring;
mod staging;
mod storage;
mod transactions;
mod upgrade;
