//! Hostile and clumsy plugins, as real components in the real kernel: each trick ends in an error with a name, or
//! gains nothing; whoever is beside it is served on, and nothing of a refused call stays.
//!
//! | trick | who limits it | limit | what the caller is told |
//! |---|---|---|---|
//! | endless loop, also in a start function | engine: epochs of 5 ms | 50 ms on the sequencer, then 5 s beside it; a query 5 s, and after 20 ms behind others | `deadline` |
//! | memory | engine: resource limiter, over all guests of a call | 256 MiB | `quota` |
//! | tables | engine: pool | 20,000 elements a table | refused at staging; growing gives the guest −1 |
//! | too many memories, tables, instances in one component | engine: pool | 100 core instances, one memory each | refused at staging |
//! | recursion | engine: guest stack | 256 KiB | `trapped` |
//! | plugins calling plugins | kernel: call depth | 16 | `too-deep` |
//! | a plugin entered again | kernel | once on a call's stack (T4) | `reentered` |
//! | huge values to the host or another plugin | engine: copied bytes a hand-over | 32 MiB | `quota` |
//! | log flood | kernel | 64 lines a call, 1 KiB a line | nothing: the rest is dropped |
//! | storage: one command | kernel | 4 MiB written (16 with `bulk`) | `quota` |
//! | storage: in all | kernel | the manifest's quota | `quota` |
//! | storage: in a query | kernel | nothing | `write-in-query` |
//! | events in one transaction | kernel | 10,000, 65,000 bytes each | `quota` |
//! | events that cause events | kernel | 8 deep | the handler's `quota`, then a dead letter |
//! | schedules | kernel | 64 changes a command, 1,024 a plugin; never before people | `quota` |
//! | calls that work and then fail, over and over | kernel | three over 2 ms each, then beside, at low priority | their own error |
//! | commands that wait | kernel: fair queue | by principal and plugin | `busy` |
//! | what was not granted or declared | linker: it does not exist | | refused at staging or activation |
//! | a function that its manifest does not declare | kernel | | `no-such-function` |
//! | another plugin's rows | kernel: namespace before every key | | it sees none |
//! | another party's sealed value | kernel: party's key, plugin's name as associated data | | the interface's `damaged` |
//! | posing as a member | kernel mints actor, caller, chain | | `denied` |
//! | a deputy's consent | kernel asks the owner (W2) | | `confirmation-needed` |
//! | a malformed component | engine's validation; nothing is run before it | 128 MiB | refused at staging |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    dead_code
)]

#[path = "../kernel/common.rs"]
mod common;
mod components;
mod storms;
mod tricks;
