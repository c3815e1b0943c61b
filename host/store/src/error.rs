//! Everything that can go wrong, by name.

use std::{io, path::PathBuf};

use crate::key::Sequence;

/// Why the store could not be opened, read or changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, with the path.
        what: String,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// Another process has the folder.
    #[error("the store in {} is in use by another process; stop that one first", .0.display())]
    Locked(PathBuf),
    /// A newer host wrote this store (design.md, idea 4).
    #[error(
        "this community's store was written by a newer Hamlet (format {found}, this one knows up to {known}); \
         install that version again, or restore the backup that it made before the upgrade"
    )]
    FormatTooNew {
        /// What the store says.
        found: u32,
        /// The newest that this host reads.
        known: u32,
    },
    /// The folder holds something else.
    #[error("{} is not a Hamlet store: {why}", path.display())]
    NotAStore {
        /// The folder or file.
        path: PathBuf,
        /// What was met.
        why: String,
    },
    /// A record in the middle of the journal cannot be read, while later ones can. Nothing was changed.
    #[error(
        "the journal is damaged: {} at byte {offset}: {why}; nothing was changed, restore from a backup or a replica",
        segment.display()
    )]
    Damaged {
        /// The segment file.
        segment: PathBuf,
        /// Where the first unreadable record begins.
        offset: u64,
        /// What is wrong.
        why: String,
    },
    /// Records were asked for that were dropped by [`Store::drop_before`](crate::Store::drop_before).
    #[error("the journal begins at batch {oldest}; older batches were dropped")]
    Dropped {
        /// The oldest batch that is still there.
        oldest: Sequence,
    },
    /// The folded state is ahead of the journal, or the journal begins after it: files were mixed up.
    #[error(
        "the journal holds batches {oldest} to {head}, but the state is folded up to {folded}; files of different stores or times were mixed"
    )]
    Mismatch {
        /// The oldest batch of the journal.
        oldest: Sequence,
        /// Its newest.
        head: Sequence,
        /// What the state has.
        folded: Sequence,
    },
    /// The folded state is damaged or gone, and the journal cannot replace it.
    #[error(
        "the folded state cannot be used ({why}), and it cannot be made anew, since the journal begins at batch {oldest}: \
         older batches were dropped; restore the newest backup into a new folder"
    )]
    StateLost {
        /// What is wrong with it.
        why: String,
        /// The oldest batch of the journal.
        oldest: Sequence,
    },
    /// The log of leaves and the journal are not of one store and time.
    #[error(
        "the log of proofs holds batch {proved} in another form than the journal, or beyond it (the journal's newest \
         is {head}): files of different stores or times were mixed, or history was rewritten; restore journal and \
         proofs from one backup"
    )]
    OtherHistory {
        /// The newest batch of the log.
        proved: Sequence,
        /// The newest of the journal.
        head: Sequence,
    },
    /// Leaves are missing and the batches that they came from were dropped.
    #[error(
        "the log of proofs ends at batch {proved}, but the journal begins at {oldest}: leaves are lost; restore the \
         folder proofs from a backup"
    )]
    LeavesLost {
        /// The newest batch that the log has.
        proved: Sequence,
        /// The oldest batch of the journal.
        oldest: Sequence,
    },
    /// There is no such command in the log.
    #[error("batch {sequence} has no command {index} in the log of proofs")]
    NoLeaf {
        /// The batch.
        sequence: Sequence,
        /// The command's place in it.
        index: u32,
    },
    /// The log of leaves is not kept, or could not follow the journal.
    #[error("there are no proofs at the moment: {0}")]
    NoProofs(String),
    /// The store is in memory, so there is nothing to copy.
    #[error("a store in memory has no files that could be copied")]
    NoFiles,
    /// A copy of a store cannot be taken back.
    #[error("the copy of a store cannot be restored: {0}")]
    BadCopy(String),
    /// A proof cannot be made or does not hold.
    #[error(transparent)]
    Proof(#[from] hamlet_proof::ProofError),
    /// A checkpoint cannot be signed or is not believed.
    #[error(transparent)]
    Checkpoint(#[from] hamlet_proof::NoteError),
    /// The folded state could not be read or written.
    #[error("the folded state failed: {0}")]
    State(String),
    /// A record's checksum is right but its content is not understood.
    #[error("batch {sequence} cannot be decoded: {why}")]
    Undecodable {
        /// The batch.
        sequence: Sequence,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The key is longer than [`KEY_BYTES_MAX`](crate::KEY_BYTES_MAX).
    #[error("a key of {0} bytes is longer than 1024")]
    KeyTooLong(usize),
    /// The value is longer than [`VALUE_BYTES_MAX`](crate::VALUE_BYTES_MAX).
    #[error("a value of {0} bytes is longer than 16 MiB")]
    ValueTooLong(usize),
    /// A write outside `begin` … `finish`: a mistake of the calling code.
    #[error("no transaction was begun")]
    NoTransaction,
}

impl StoreError {
    /// Wraps an I/O error with what was being done.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// Wraps any of redb's errors. What a disk refuses or cannot do is no damage of the state; a file that is no
    /// database, or ends too early, is.
    pub(crate) fn state(error: impl Into<redb::Error>) -> Self {
        use io::ErrorKind::{InvalidData, UnexpectedEof};
        let what = "reading or writing the folded state".to_owned();
        match error.into() {
            redb::Error::Io(source) if !matches!(source.kind(), InvalidData | UnexpectedEof) => {
                Self::Io { what, source }
            }
            redb::Error::PreviousIo => {
                let source = io::Error::other("it failed before; open the store again");
                Self::Io { what, source }
            }
            other => Self::State(other.to_string()),
        }
    }
}

/// Why a batch was not committed. The whole batch is discarded in every case, and nothing of it
/// may be acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The disk is full. Nothing was written; once there is room, later batches work.
    #[error("the disk is full: nothing of the batch was kept")]
    NoSpace(#[source] io::Error),
    /// Writing failed. Nothing of the batch will be read back; later batches may work.
    #[error("the journal could not be written: {0}")]
    Write(#[source] io::Error),
    /// The batch is larger than a record may be.
    #[error("a batch of {0} bytes is larger than a journal record may be")]
    TooLarge(usize),
    /// Somebody else appended, or holds a newer term (J2).
    #[error("the journal is at batch {head} by another writer: this one lost its lease")]
    Stale {
        /// The journal's newest batch.
        head: Sequence,
    },
    /// The flush failed: nobody can say whether the batch is on disk (J2). Every later commit is
    /// [`CommitError::Poisoned`] until the store is opened again, which settles it by reading.
    #[error(
        "the disk did not confirm the batch ({0}); the store must be opened again to find out whether it was kept"
    )]
    Unknown(String),
    /// An earlier commit ended as [`CommitError::Unknown`].
    #[error("an earlier flush failed, so the store takes no more writes until it is opened again")]
    Poisoned,
    /// Folding into the state fails and the overlay is full, so nothing more is taken in.
    #[error("committed batches cannot be folded into the state ({0}), and the overlay is full")]
    Folding(String),
    /// The state could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}
