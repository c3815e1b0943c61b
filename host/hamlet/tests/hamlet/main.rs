//! The command line with the real binary, as people meet it; over HTTP where a host is needed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

mod cli;
mod copies;
mod faults;
mod plugins;
mod trust;
mod two_communities;
