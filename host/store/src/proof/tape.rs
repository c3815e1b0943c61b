//! A run of bytes that grows at its end: a file, or memory for a store without a folder.
//!
//! What is appended to a file waits in memory until there is much of it or it is flushed: so a small batch
//! costs no system call, and the file grows between two of the journal's flushes as seldom as can be.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use parking_lot::RwLock;

use crate::{
    disk::{Disk, DiskFile, Open},
    error::StoreError,
};

/// Bytes that wait at most.
const TAIL_BYTES: usize = 1024 * 1024;

pub(super) struct Tape {
    /// None for a tape that is all tail.
    file: Option<(Arc<dyn DiskFile>, PathBuf)>,
    tail: RwLock<Tail>,
    /// A flush failed: nobody can say what is on disk, and asking again would be told that all is well (Linux
    /// reports it once). So nothing is flushed until the store is opened again, which derives it anew.
    unsure: AtomicBool,
}

/// The bytes from `start` on that are not written.
#[derive(Default)]
struct Tail {
    start: u64,
    bytes: Vec<u8>,
}

impl Tape {
    pub fn open(disk: &dyn Disk, path: &Path) -> Result<Self, StoreError> {
        let file = disk.open(path, Open::Create);
        let file = file.map_err(StoreError::io(format!("opening {}", path.display())))?;
        let start = file.length().map_err(StoreError::io(format!("reading {}", path.display())))?;
        let tail = RwLock::new(Tail { start, bytes: Vec::new() });
        Ok(Self { file: Some((file, path.to_owned())), tail, unsure: AtomicBool::new(false) })
    }

    pub fn in_memory() -> Self {
        Self { file: None, tail: RwLock::default(), unsure: AtomicBool::new(false) }
    }

    pub fn path(&self) -> PathBuf {
        self.file.as_ref().map_or_else(|| PathBuf::from("memory"), |(_, path)| path.clone())
    }

    pub fn length(&self) -> u64 {
        let tail = self.tail.read();
        tail.start + tail.bytes.len() as u64
    }

    /// Bytes that must be there: to meet the end is damage.
    pub fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, StoreError> {
        let mut out = vec![0; length];
        self.read_into(offset, &mut out)?;
        Ok(out)
    }

    pub fn read_into(&self, offset: u64, out: &mut [u8]) -> Result<(), StoreError> {
        let short = || self.damaged(offset, "the file is too short");
        // Held while the file is read, so that the tail is not written and forgotten in between.
        let tail = self.tail.read();
        let in_file = usize::try_from(tail.start.saturating_sub(offset)).unwrap_or(usize::MAX).min(out.len());
        let (written, waiting) = out.split_at_mut(in_file);
        if let Some((file, _)) = &self.file
            && !written.is_empty()
        {
            match file.read_at(written, offset) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(short()),
                read => read.map_err(self.failed("reading"))?,
            }
        }
        let at = (offset + in_file as u64).saturating_sub(tail.start);
        let found = usize::try_from(at).ok().and_then(|at| tail.bytes.get(at..)?.get(..waiting.len()));
        if waiting.is_empty() {
            return Ok(());
        }
        waiting.copy_from_slice(found.ok_or_else(short)?);
        Ok(())
    }

    /// Writes at a place at or before the end, which is then behind what was written.
    pub fn write(&self, offset: u64, new: &[u8]) -> Result<(), StoreError> {
        let mut tail = self.tail.write();
        if let Some(Ok(kept)) = offset.checked_sub(tail.start).map(usize::try_from) {
            tail.bytes.truncate(kept);
        } else {
            // Only after an append that was given up half-way.
            if let Some((file, _)) = &self.file {
                file.set_length(offset).map_err(self.failed("cutting"))?;
            }
            *tail = Tail { start: offset, bytes: Vec::new() };
        }
        tail.bytes.extend_from_slice(new);
        if tail.bytes.len() >= TAIL_BYTES { self.spill(&mut tail) } else { Ok(()) }
    }

    fn spill(&self, tail: &mut Tail) -> Result<(), StoreError> {
        let Some((file, _)) = &self.file else { return Ok(()) };
        file.write_at([&tail.bytes, &[]], tail.start).map_err(self.failed("writing"))?;
        tail.start += tail.bytes.len() as u64;
        tail.bytes.clear();
        Ok(())
    }

    pub fn cut(&self, length: u64) -> Result<(), StoreError> {
        let mut tail = self.tail.write();
        let kept = length.checked_sub(tail.start).and_then(|kept| usize::try_from(kept).ok());
        tail.bytes.truncate(kept.unwrap_or(0));
        let Some((file, _)) = &self.file else { return Ok(()) };
        if length < tail.start {
            file.set_length(length).map_err(self.failed("cutting"))?;
            tail.start = length;
        }
        Ok(())
    }

    /// Everything written so far is on disk when this returns.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.spill(&mut self.tail.write())?;
        let Some((file, _)) = &self.file else { return Ok(()) };
        if self.unsure.load(Ordering::Relaxed) {
            let why = "an earlier flush of it failed, so the store must be opened again";
            return Err(self.failed("flushing")(io::Error::other(why)));
        }
        file.sync_data().map_err(|error| {
            self.unsure.store(true, Ordering::Relaxed);
            self.failed("flushing")(error)
        })
    }

    /// Writes bytes of the file once more, as they are, and flushes: they can be read, but after a flush that failed
    /// that says nothing of the disk (see `unsure`), and this open file knows nothing of earlier ones' failures.
    pub fn renew(&self, offset: u64, length: usize) -> Result<(), StoreError> {
        let bytes = self.read(offset, length)?;
        let Some((file, _)) = &self.file else { return Ok(()) };
        if !bytes.is_empty() {
            file.write_at([&bytes, &[]], offset).map_err(self.failed("writing"))?;
            self.flush()?;
        }
        Ok(())
    }

    pub fn damaged(&self, offset: u64, why: impl Into<String>) -> StoreError {
        StoreError::Damaged { segment: self.path(), offset, why: why.into() }
    }

    fn failed(&self, what: &str) -> impl FnOnce(io::Error) -> StoreError {
        StoreError::io(format!("{what} {}", self.path().display()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;
    use crate::disk::LocalDisk;

    proptest! {
        #[test]
        fn a_tape_reads_as_what_was_written_whether_it_waits_or_is_on_disk(
            steps in prop::collection::vec((0u8..4, 0usize..600_000, any::<u8>()), 1..30),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("tape");
            let (mut tape, memory, mut model) = (Tape::open(&LocalDisk, &path).unwrap(), Tape::in_memory(), Vec::new());
            for (kind, size, byte) in steps {
                match kind {
                    0 => {
                        let at = model.len().saturating_sub(size / 7);
                        model.truncate(at);
                        model.resize(at + size, byte);
                        for tape in [&tape, &memory] {
                            tape.write(at as u64, &model[at..]).unwrap();
                        }
                    }
                    1 => tape.flush().unwrap(),
                    2 => {
                        model.truncate(size);
                        tape.cut(size as u64).unwrap();
                        memory.cut(size as u64).unwrap();
                    }
                    _ => {
                        tape.flush().unwrap();
                        tape = Tape::open(&LocalDisk, &path).unwrap();
                    }
                }
                for tape in [&tape, &memory] {
                    prop_assert_eq!(tape.length(), model.len() as u64);
                    prop_assert!(tape.read(0, model.len()).unwrap() == model);
                    let half = model.len() / 2;
                    prop_assert!(tape.read(half as u64, model.len() - half).unwrap() == model[half..]);
                    prop_assert!(tape.read(half as u64, model.len() - half + 1).is_err());
                }
            }
        }
    }
}
