//! The kernel: components, transactions, calls, grants, limits, events and schedules.
//!
//! A [`Kernel`] is one community's: its store, its installed plugins, its sequencer. [`Kernel::call`] is the one way in.
//! Queries run in parallel on snapshots; commands run one after another on one thread over one [`hamlet_store::Batch`]
//! and share an fsync (T1, T8). A plugin that calls another joins the caller's transaction as a savepoint (T2).
//!
//! It knows no HTTP and no pillar. It holds nobody's credentials: who acts is given to it by identity.
//!
//! Where to read on:
//! - [`call`]: what goes in and what comes out. [`native`]: what the host's own providers implement.
//! - `sequencer`, `beside`, `query`: the threads. `runner`: a transaction. `run`: one call, at any depth. `capability`: what a guest may import.
//! - `package`: staging. `table`: the installed plugins, linked. `engine`: wasmtime's settings and the AOT cache.

mod access;
mod backup;
mod beside;
pub mod call;
mod capability;
pub mod catalogue;
pub mod config;
mod engine;
mod erasure;
mod gate;
mod idempotency;
mod json_call;
mod kernel;
mod linking;
pub mod metrics;
pub mod namespaces;
pub mod native;
mod native_context;
mod package;
mod priority;
mod query;
mod random;
mod run;
mod runner;
mod secret;
mod sequencer;
mod table;
mod value;
pub mod watch;

pub mod blobs;
pub mod consent;
pub mod dispatch;
pub mod events;
pub mod fair;
pub mod grants;
pub mod history;
pub mod plugins;
pub mod proofs;
pub mod rows;
pub mod schedule;
pub mod sealed;
pub mod settings;
mod shape;
pub mod steward_log;

pub use call::{Actor, Answer, BatchError, BatchFailure, Call, CallError, DryRun, EventNote, Need};
pub use catalogue::{Callable, Catalogue, PluginInfo};
pub use config::{Clock, Entropy, KernelConfig, Limits, SEQUENCE_AHEAD_MAX, SystemClock, SystemEntropy};
pub use json_call::{JsonAnswer, answer_to_json};
pub use kernel::{Kernel, OpenError};
pub use metrics::{Histogram, Metrics, MetricsSnapshot};
pub use native::{
    Directory, Mandate, NativeContext, NativeProvider, NoDirectory, Noted, Noting, PartyKind, PartyStatus,
    RECOVERED_FOR_MICROS, SealRefusal,
};
pub use package::{ComponentHash, Origin, StageError, Staged, Staging};
pub use proofs::{ReceiptError, ReceiptFor};
