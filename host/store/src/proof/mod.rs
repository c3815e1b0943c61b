//! The log of leaves: one for each committed command, for ever, with the Merkle tree over them (J3).
//!
//! It is derived from the journal and follows it: a thread reads what was committed, hashes it and appends.
//! So a commit waits for no hash and no second `fdatasync`, the log is never ahead of what is durable, and
//! what a crash takes from it is derived again. Leaves outlive the journal's horizon:
//! [`Store::drop_before`](crate::Store::drop_before) drops no batch whose leaves are not on disk.
//! If this is wrong, receipts do not verify, or a rewritten journal passes for the old one.
//!
//! # On disk
//!
//! ```text
//! proofs/leaves    header, then the leaves of each batch, less what their place says (`derive.rs`); about 45 bytes each
//! proofs/nodes     header, then every node of the tree, 32 bytes each, in the order of `hamlet_proof::tree`
//! proofs/batches   header, then an entry for each batch, from `first` on
//!
//! header := magic:"HAMLETPR"  version:u32le  which:u32le  first:u64le  0:[u8;36]  crc:u32le        (64 bytes)
//! entry  := leaves_end:u64le  size:u64le  head:[u8;32]  leaves_crc:u32le  synced:u64le  crc:u32le  (64 bytes)
//! ```
//!
//! `leaves_end` is where the batch's leaves end in their file, `size` and `head` are the tree's after it.
//! CRC32Cs; an entry's is seeded with the batch's number. All three files only grow.
//!
//! Every few seconds, or every so many bytes, a cycle makes the log durable: leaves and nodes are flushed,
//! then the cycle's entries are written and flushed. So an entry that can be read says that what it tells
//! of is on disk, except where its own cycle was cut short by a crash: `synced` says where that began, and
//! opening reads the cycle's entries one by one and goes back to the last whole one.

pub(crate) mod derive;
mod entry;
mod follow;
mod log;
mod log_check;
mod receipt;
mod state_check;
mod tape;
mod verify;

pub use follow::Proofs;
pub use log::TreeHead;
pub use verify::{Finding, Verified, verify};
