//! What the store asks of a disk, behind a trait, so that the very same store runs on one that loses power,
//! tears writes, fills up and fails on command ([`simulated`]).
//!
//! The trait is what POSIX promises and no more: what was written is safe when it was flushed, and a new, renamed
//! or removed name is safe when its *folder* was flushed. If an implementation promises less, acknowledged
//! payments are lost; if the store relies on more, the simulator shows it.

mod local;
pub mod simulated;

use std::{fmt, io, path::Path, sync::Arc};

pub use local::LocalDisk;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// For reading; it must be there.
    Read,
    /// For reading and writing; it must be there.
    Write,
    /// For reading and writing; made, empty, where it is not there.
    Create,
    /// For reading and writing; made, and emptied where it is there.
    Replace,
}

/// What keeps a lock until it is dropped.
pub type DiskLock = Box<dyn Send + Sync>;

/// Folders and files by their paths.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Makes a folder and those above it, where they are not there.
    fn make_dir(&self, path: &Path) -> io::Result<()>;

    /// The files in a folder with their lengths in bytes, in no order.
    fn list(&self, path: &Path) -> io::Result<Vec<(String, u64)>>;

    /// Whether there is a file or folder.
    fn exists(&self, path: &Path) -> bool;

    /// Opens a file.
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>>;

    /// Gives a file another name in the same folder, in place of what has that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Returns when the names in a folder are durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    /// Locks a file for this process, made where it is not there; none when another holds the lock.
    fn try_lock(&self, path: &Path) -> io::Result<Option<DiskLock>>;

    /// Whether paths are those of the operating system, so that redb opens and locks its file itself.
    fn local(&self) -> bool {
        false
    }
}

/// An open file, for any number of threads.
pub trait DiskFile: fmt::Debug + Send + Sync {
    /// Bytes.
    fn length(&self) -> io::Result<u64>;

    /// Fills `bytes` from an offset. [`io::ErrorKind::UnexpectedEof`] when the file ends before.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes the parts one behind the other, as one write where that can be. The file grows if need be. After an
    /// error any part may be there.
    fn write_at(&self, parts: [&[u8]; 2], offset: u64) -> io::Result<()>;

    /// Cuts the file, or lets it grow by zeros that take no room yet.
    fn set_length(&self, length: u64) -> io::Result<()>;

    /// Takes room now for so many bytes in all, so that no later write into them meets a full disk. New ones are
    /// zeros.
    fn preallocate(&self, length: u64) -> io::Result<()>;

    /// Returns when content and length are durable.
    fn sync_data(&self) -> io::Result<()>;
}
