//! The operating system's own disk.

use std::{
    fs::{self, File, TryLockError},
    io::{self, IoSlice},
    os::unix::fs::FileExt as _,
    path::Path,
    sync::Arc,
};

use super::{Disk, DiskFile, DiskLock, Open};

/// The operating system's own disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalDisk;

#[derive(Debug)]
struct LocalFile(File);

impl Disk for LocalDisk {
    fn make_dir(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(String, u64)>> {
        let entries = fs::read_dir(path)?.map(|entry| {
            let entry = entry?;
            Ok((entry.file_name().to_string_lossy().into_owned(), entry.metadata()?.len()))
        });
        entries.collect()
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = File::options();
        options.read(true).write(how != Open::Read);
        options.create(matches!(how, Open::Create | Open::Replace)).truncate(how == Open::Replace);
        Ok(Arc::new(LocalFile(options.open(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<DiskLock>> {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn local(&self) -> bool {
        true
    }
}

impl DiskFile for LocalFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(bytes, offset)
    }

    /// Both parts in one system call where the kernel takes them in one.
    fn write_at(&self, parts: [&[u8]; 2], offset: u64) -> io::Result<()> {
        let [first, second] = parts;
        let slices = [IoSlice::new(first), IoSlice::new(second)];
        let written = rustix::io::pwritev(&self.0, &slices, offset).map_err(io::Error::from)?;
        if written < first.len() {
            let rest = first.get(written..).unwrap_or_default();
            self.0.write_all_at(rest, offset + written as u64)?;
        }
        let done = written.saturating_sub(first.len());
        let rest = second.get(done..).unwrap_or_default();
        self.0.write_all_at(rest, offset + (first.len() + done) as u64)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn preallocate(&self, length: u64) -> io::Result<()> {
        match rustix::fs::fallocate(&self.0, rustix::fs::FallocateFlags::empty(), 0, length) {
            // Some file systems cannot; a sparse file works there as well, if less surely.
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => self.0.set_len(length),
            other => other.map_err(io::Error::from),
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
