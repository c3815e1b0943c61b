//! The store: the journal of a community, and the rows that follow from it (semantics.md, J1–J4).
//!
//! It knows keys, values, namespaces, transactions and batches. It does not know plugins,
//! components, HTTP, or what a row means. If it is wrong, acknowledged payments are lost or two
//! readers see different histories: everything else stands on it.
//!
//! # On disk
//!
//! ```text
//! format                          "hamlet-store 2": refused by an older host
//! lock                            locked while a process has the store
//! journal/00000000000000000001.seg …   segments, named after their first batch, preallocated
//! state.redb                      the folded state: rows, usage, the last folded batch
//! proofs/leaves nodes batches     the log of leaves and its Merkle tree, kept for ever (`proof/mod.rs`)
//! ```
//!
//! The journal is the truth. A batch is one record: header with sequence, term and two CRC32Cs,
//! then the payload with entries, write-sets and usage changes. A record of several megabytes and
//! one of a hundred bytes cost the same: one write and one `fdatasync`. The exact bytes of a
//! segment and of a record's header are in `journal/recovery.rs`, those of a payload in
//! `record.rs`. `state.redb` may be deleted while the journal begins at batch 1: it is rebuilt. One that
//! redb refuses is set aside as `state.redb.refused` and rebuilt alike (`rebuild.rs`).
//!
//! # In memory
//!
//! ```text
//!            writer's cache (rows at hand)                         one writer
//!   base  <  layer  <  layer  <  layer                             readers: a view
//!   redb     older ── committed, unfolded ── newer
//! ```
//!
//! A commit appends to the journal and then publishes one more layer. It may be done in two halves,
//! so that the writer goes on while a batch is flushed: its rows then stay in the writer's cache
//! until they are a layer. A second thread folds all layers into redb, in one commit that also says
//! how far it got; opening replays the records after that. Readers hold a view and are never made to wait. A third thread merges layers.
//!
//! # What holds
//!
//! - [`Batch::commit`] returned a number ⇒ the batch is on disk and every later snapshot has it.
//! - It returned an error ⇒ no snapshot ever has a part of it. Only [`CommitError::Unknown`] (a
//!   failed flush) leaves open whether the batch is there when the store is opened again.
//! - A batch is there as a whole or not at all, whenever the machine dies.
//! - Usage counts keys and values exactly, with the rows, across crashes.
//!
//! ```
//! use hamlet_store::{Config, EntryHeader, Namespace, Rows, Store};
//!
//! let (store, mut batch) = Store::in_memory(Config::default());
//! let shop = Namespace(1);
//! batch.begin();
//! batch.set(shop, b"bread", b"12")?;
//! batch.finish(EntryHeader {
//!     time: 0,
//!     caller: vec![],
//!     plugin: "shop".into(),
//!     version: "0.1.0".into(),
//!     function: "stall.bake".into(),
//!     idempotency: None,
//!     arguments: [0; 32],
//!     result: [0; 32],
//! });
//! let sequence = batch.commit(0)?;
//! assert_eq!(store.snapshot().get(shop, b"bread")?.as_deref(), Some(&b"12"[..]));
//! assert_eq!(store.head(), sequence);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod backup;
mod config;
pub mod disk;
mod error;
pub mod journal;
mod key;
mod overlay;
mod physical;
mod priority;
pub mod proof;
mod rebuild;
mod record;
mod replay;
mod shared;
mod snapshot;
mod store;
mod wire;
mod writer;

pub use config::{Background, Config, Entropy, Stats, Work};
pub use error::{CommitError, StoreError};
pub use key::{Direction, KEY_BYTES_MAX, Namespace, Row, Rows, Scan, Sequence, VALUE_BYTES_MAX, Value};
pub use priority::step_back;
pub use rebuild::{STATE_REFUSED_FILE, refused_state};
pub use record::{Entry, EntryHeader, Record, Write};
pub use snapshot::Snapshot;
pub use store::{FORMAT, Store};
pub use writer::{
    batch::Batch,
    beside::{ApplyError, Beside, Conflict, Proposal},
    draft::{Draft, Savepoint},
    reads::ReadSet,
    sealed::{Flushed, Sealed},
};
