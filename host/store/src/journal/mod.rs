//! The journal: an append-only list of numbered records (J2). Everything else is derived from it.
//!
//! It is a trait so that past one box only the append changes (design.md, idea 4). What every
//! engine must do is written down as [`conformance`], which runs against each of them. A journal
//! knows nothing of what a record holds.
//!
//! If an engine is wrong, acknowledged payments are lost: that is the whole of its job.

pub(crate) mod audit;
pub mod conformance;
mod memory;
mod recovery;
mod segment;

use std::{fs::File, io, sync::Arc};

pub use memory::MemoryJournal;
pub use segment::{DiskFault, DiskOperation, SegmentJournal, SegmentOptions};

use crate::{error::StoreError, key::Sequence};

/// What became of an append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is durable under this number.
    Appended(Sequence),
    /// The journal is not where the writer thought it is, or knows a newer term. Nothing was
    /// written; the newest record is this one.
    Stale(Sequence),
    /// Nobody can say. Settled by opening the journal again and reading the record back; until
    /// then it takes nothing more.
    Unknown(String),
}

/// Why an append was refused. Nothing of it will ever be read back.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// There is no room.
    #[error("the disk is full")]
    NoSpace(#[source] io::Error),
    /// The operating system refused.
    #[error("writing failed")]
    Write(#[source] io::Error),
    /// The record is larger than the engine can hold, in bytes.
    #[error("a record of {0} bytes is too large")]
    TooLarge(usize),
    /// An earlier append ended as [`Appended::Unknown`].
    #[error("an earlier append is unsettled")]
    Poisoned,
}

/// A record as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRecord {
    /// Its number; the first is 1 and there are no gaps.
    pub sequence: Sequence,
    /// The term of who appended it; it never falls.
    pub term: u64,
    /// Its content.
    pub payload: Arc<[u8]>,
}

/// What a journal takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JournalSize {
    /// Segments.
    pub segments: usize,
    /// Bytes of all segments, preallocated room included.
    pub bytes: u64,
    /// Bytes up to the end of the newest record.
    pub used: u64,
}

/// Records in order.
pub type Records = Box<dyn Iterator<Item = Result<RawRecord, StoreError>> + Send>;

/// The writing end. There is one.
pub trait Journal: Send {
    /// The number of the newest durable record; 0 when there is none.
    fn head(&self) -> Sequence;

    /// Appends a record after `expected`, which must be the newest one, under `term`, which must
    /// not be older than the newest record's. Returns when it is durable.
    fn append(&mut self, expected: Sequence, term: u64, payload: &[u8]) -> Result<Appended, AppendError>;

    /// The reading end.
    fn reader(&self) -> Arc<dyn JournalRead>;
}

/// The reading end, for any number of threads, beside the writer.
pub trait JournalRead: Send + Sync {
    /// The oldest record that is kept; one past the newest when none is.
    fn oldest(&self) -> Sequence;

    /// The newest durable record.
    fn head(&self) -> Sequence;

    /// Records from `from` (0 and 1 both mean the first) to the newest at this moment. Asking
    /// past it gives nothing; asking for a dropped one is [`StoreError::Dropped`].
    fn read(&self, from: Sequence) -> Result<Records, StoreError>;

    /// Drops records older than `sequence`, as far as the engine can, never the newest. Returns
    /// the oldest that is left.
    fn drop_before(&self, sequence: Sequence) -> Result<Sequence, StoreError>;

    /// What it takes.
    fn size(&self) -> JournalSize;

    /// Its files as they are at this moment, to be copied beside the writer: what is appended later lies
    /// behind the lengths that are given, and an open file outlives its name.
    ///
    /// # Errors
    /// [`StoreError::NoFiles`] from an engine that has none; I/O.
    fn files(&self) -> Result<JournalFiles, StoreError> {
        Err(StoreError::NoFiles)
    }
}

/// A journal's files at one moment.
#[derive(Debug)]
pub struct JournalFiles {
    /// The oldest record that is in them; one past the newest when there is none.
    pub oldest: Sequence,
    /// The newest record that is in them.
    pub head: Sequence,
    /// Name, file and the bytes of it that count, oldest first.
    pub files: Vec<(String, File, u64)>,
}
