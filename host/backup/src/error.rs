//! Why there is no backup, or no restore.

use std::io;
use std::path::{Path, PathBuf};

use crate::age::AgeError;

/// What went wrong, and what helps.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Encrypting or decrypting.
    #[error(transparent)]
    Age(#[from] AgeError),
    /// The store.
    #[error(transparent)]
    Store(#[from] hamlet_store::StoreError),
    /// The keys of parties.
    #[error(transparent)]
    Keys(#[from] hamlet_kernel::sealed::KeysError),
    /// A file.
    #[error("`{}`: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// What is written to, or read from.
    #[error("the backup cannot be written or read: {0}")]
    Io(#[source] io::Error),
    /// It opens and is not a backup.
    #[error("this is not a backup of a community: {0}")]
    Form(String),
    /// A newer host made it.
    #[error("this backup was made by a newer Hamlet ({0}); restore it with that version")]
    Newer(String),
    /// No backup is written over.
    #[error("`{}` is there already. Name a new file", .0.display())]
    Exists(PathBuf),
    /// The place to restore to is in use.
    #[error("`{}` is not empty. Restore to a new folder: what is there may still be needed", .0.display())]
    NotEmpty(PathBuf),
    /// The backup's own parts do not fit each other.
    #[error("the backup opens, and what is in it is not whole:\n{0}")]
    NotWhole(String),
    /// The keys are another community's.
    #[error("the keys are of the log `{found}`, the backup is of `{wanted}`: they are not of one community")]
    OtherKeys {
        /// Whose keys.
        found: String,
        /// Whose backup.
        wanted: String,
    },
    /// The plan is not complete.
    #[error("{0}")]
    Plan(String),
}

impl BackupError {
    /// Wraps what the system says of a file.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { path, error }
    }
}

/// An error of reading says by itself what is wrong when it is a changed file; else it is the disk's.
impl From<io::Error> for BackupError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
