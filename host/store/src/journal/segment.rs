//! The journal on one box: checksummed, preallocated segment files, one write and one `fdatasync`
//! a record (J1). The layout is in `recovery.rs`.
//!
//! - A segment is named after its first record, twenty digits and `.seg`. It is made under another
//!   name, preallocated, its header flushed, then renamed: a segment under its final name is whole.
//! - A failed *write* leaves nothing that could be read back, and the next append overwrites it.
//! - A failed *flush* says nothing about what is on the disk: Linux may have dropped the pages and
//!   reports the error once. So the journal is poisoned: it takes no append until it is opened
//!   again, which reads what the disk really holds.
//! - Segments go only by [`JournalRead::drop_before`], whole ones, never the newest.

mod reader;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;

use self::reader::Reader;
use super::{
    AppendError, Appended, Journal, JournalRead,
    recovery::{
        End, RECORD_HEADER_BYTES, RecordHeader, SEGMENT_HEADER_BYTES, Salt, SegmentFile, Tail,
        encode_segment_header, examine_tail, find_end,
    },
};
use crate::{
    config::Entropy,
    disk::{Disk, LocalDisk, Open},
    error::StoreError,
    key::Sequence,
};

/// The largest payload, in bytes.
const PAYLOAD_BYTES_MAX: usize = 1 << 30;

/// What the journal asks the disk to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskOperation {
    /// Make and preallocate a segment.
    Preallocate,
    /// Write a record.
    Write,
    /// Flush it.
    Flush,
}

/// Makes disk operations fail on purpose, for tests of what happens then: an error that the
/// function returns is taken for the operation's own.
#[derive(Clone)]
pub struct DiskFault(pub Arc<dyn Fn(DiskOperation) -> Option<io::Error> + Send + Sync>);

impl fmt::Debug for DiskFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DiskFault")
    }
}

/// How a segment journal behaves.
#[derive(Clone, Debug)]
pub struct SegmentOptions {
    /// Size of a segment in bytes; a larger record gets a larger segment of its own.
    pub segment_bytes: u64,
    /// A batch that is known to have been durable: a journal that ends before it is damaged, not torn, and
    /// nothing is cut.
    pub known: Sequence,
    /// Faults for tests.
    pub fault: Option<DiskFault>,
    /// The disk; the operating system's, or a simulated one.
    pub disk: Arc<dyn Disk>,
    /// Where each segment's salt comes from.
    pub entropy: Entropy,
}

impl Default for SegmentOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 64 * 1024 * 1024,
            known: 0,
            fault: None,
            disk: Arc::new(LocalDisk),
            entropy: Entropy::default(),
        }
    }
}

/// The segment engine's writing end.
pub struct SegmentJournal {
    shared: Arc<Shared>,
    options: SegmentOptions,
    current: Option<Current>,
    head: Sequence,
    term: u64,
    poisoned: bool,
}

struct Current {
    segment: SegmentFile,
    offset: u64,
    /// Behind what writes that failed may have left.
    littered: u64,
}

/// What the two ends have in common.
struct Shared {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    index: Mutex<Index>,
}

impl Shared {
    /// Whether a segment begins with this record.
    fn begins_with(&self, sequence: Sequence) -> bool {
        self.index.lock().segments.binary_search_by_key(&sequence, |(first, _)| *first).is_ok()
    }

    fn open(&self, first: Sequence, how: Open) -> Result<SegmentFile, StoreError> {
        SegmentFile::open(&*self.disk, &segment_path(&self.dir, first), first, how)
    }
}

struct Index {
    /// First sequence and bytes of each segment, oldest first.
    segments: Vec<(Sequence, u64)>,
    head: Sequence,
    /// The end of the newest record in the newest segment.
    offset: u64,
    /// Where some records of the newest segment begin, in order: whoever follows the journal need not step
    /// over the whole segment each time.
    marks: Vec<(Sequence, u64)>,
}

/// Bytes between two marks.
const MARK_BYTES: u64 = 16 * 1024;

impl SegmentJournal {
    /// Opens or makes a journal in a folder of its own. Records up to `folded` are not read, only
    /// stepped over. A torn tail is cut; damage before the tail is [`StoreError::Damaged`].
    ///
    /// The caller holds the folder's lock.
    pub fn open(dir: &Path, folded: Sequence, options: SegmentOptions) -> Result<Self, StoreError> {
        let failed = |what: &str| StoreError::io(format!("{what} {}", dir.display()));
        let disk = Arc::clone(&options.disk);
        disk.make_dir(dir).map_err(failed("making"))?;
        let mut segments = Vec::new();
        for (name, length) in disk.list(dir).map_err(failed("reading"))? {
            if Path::new(&name).extension().is_some_and(|extension| extension == "tmp") {
                disk.remove(&dir.join(name)).map_err(failed("cleaning"))?;
            } else if let Some(first) = name.strip_suffix(".seg").and_then(|n| n.parse().ok()) {
                segments.push((first, length));
            }
        }
        segments.sort_unstable();
        let (current, end) = recover(&*disk, dir, &segments, folded, options.known)?;
        let index = Index { segments, head: end.sequence, offset: end.offset, marks: Vec::new() };
        let index = Mutex::new(index);
        let shared = Arc::new(Shared { disk, dir: dir.to_owned(), index });
        Ok(Self { shared, options, current, head: end.sequence, term: end.term, poisoned: false })
    }

    fn fault(&self, operation: DiskOperation) -> Result<(), io::Error> {
        let fault = self.options.fault.as_ref().and_then(|fault| (fault.0)(operation));
        fault.map_or(Ok(()), Err)
    }

    /// The segment with room for so many more bytes, made if need be.
    fn segment_for(&mut self, bytes: u64) -> io::Result<&mut Current> {
        let fits =
            self.current.as_ref().is_some_and(|current| current.offset + bytes <= current.segment.capacity);
        if !fits {
            self.fault(DiskOperation::Preallocate)?;
            self.leave()?;
            let capacity = self.options.segment_bytes.max(SEGMENT_HEADER_BYTES + bytes);
            let first = self.head + 1;
            let segment = create_segment(&self.options, &self.shared.dir, first, capacity)?;
            let mut index = self.shared.index.lock();
            // A segment that got no record (its first write failed) has the same name: replaced.
            index.segments.retain(|(known, _)| *known != first);
            index.segments.push((first, capacity));
            index.offset = SEGMENT_HEADER_BYTES;
            index.marks.clear();
            drop(index);
            self.current = Some(Current { segment, offset: SEGMENT_HEADER_BYTES, littered: 0 });
        }
        self.current.as_mut().ok_or_else(|| io::Error::other("no segment"))
    }
}

impl SegmentJournal {
    /// Leaves the current segment for a new one: nothing but records stays in it. A write that failed may have left the
    /// header of a record that is going to be in the next segment.
    fn leave(&mut self) -> io::Result<()> {
        let Some(current) = self.current.as_mut().filter(|current| current.littered > current.offset) else {
            return Ok(());
        };
        current.segment.file.set_length(current.offset)?;
        current.segment.file.sync_data()?;
        (current.segment.capacity, current.littered) = (current.offset, 0);
        if let Some((_, bytes)) = self.shared.index.lock().segments.last_mut() {
            *bytes = current.offset;
        }
        Ok(())
    }
}

impl Journal for SegmentJournal {
    fn head(&self) -> Sequence {
        self.head
    }

    fn append(&mut self, expected: Sequence, term: u64, payload: &[u8]) -> Result<Appended, AppendError> {
        if self.poisoned {
            return Err(AppendError::Poisoned);
        }
        if expected != self.head || term < self.term {
            return Ok(Appended::Stale(self.head));
        }
        let length = u32::try_from(payload.len()).ok().filter(|_| payload.len() <= PAYLOAD_BYTES_MAX);
        let Some(length) = length else { return Err(AppendError::TooLarge(payload.len())) };
        let bytes = RECORD_HEADER_BYTES as u64 + u64::from(length);
        let sequence = self.head + 1;

        self.segment_for(bytes).map_err(classify)?;
        self.fault(DiskOperation::Write).map_err(classify)?;
        let Some(current) = self.current.as_mut() else {
            return Err(AppendError::Write(io::Error::other("no segment")));
        };
        let salt = current.segment.salt;
        let header = RecordHeader::new(&salt, sequence, term, length, payload).encode(&salt);
        let written = current.segment.file.write_at([&header, payload], current.offset);
        if written.is_err() {
            current.littered = current.littered.max(current.offset + bytes);
        }
        written.map_err(classify)?;
        let file = Arc::clone(&current.segment.file);
        let flushed = self.fault(DiskOperation::Flush).and_then(|()| file.sync_data());
        if let Err(error) = flushed {
            self.poisoned = true;
            return Ok(Appended::Unknown(error.to_string()));
        }
        self.head = sequence;
        self.term = term;
        let mut index = self.shared.index.lock();
        index.head = sequence;
        if let Some(current) = self.current.as_mut() {
            if index.marks.last().is_none_or(|(_, offset)| current.offset >= offset + MARK_BYTES) {
                index.marks.push((sequence, current.offset));
            }
            current.offset += bytes;
            index.offset = current.offset;
        }
        drop(index);
        Ok(Appended::Appended(sequence))
    }

    fn reader(&self) -> Arc<dyn JournalRead> {
        Arc::new(Reader(Arc::clone(&self.shared)))
    }
}

fn classify(error: io::Error) -> AppendError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => AppendError::NoSpace(error),
        _ => AppendError::Write(error),
    }
}

fn segment_path(dir: &Path, first: Sequence) -> PathBuf {
    dir.join(format!("{first:020}.seg"))
}

fn create_segment(
    options: &SegmentOptions,
    dir: &Path,
    first: Sequence,
    capacity: u64,
) -> io::Result<SegmentFile> {
    let temporary = dir.join("next.tmp");
    let made = fill_segment(options, dir, &temporary, first, capacity);
    if made.is_err() {
        // Gives its room back; what matters is reported already.
        let _ = options.disk.remove(&temporary);
    }
    made
}

fn fill_segment(
    options: &SegmentOptions,
    dir: &Path,
    temporary: &Path,
    first: Sequence,
    capacity: u64,
) -> io::Result<SegmentFile> {
    let mut salt = [0; 16];
    options.entropy.fill(&mut salt)?;
    let salt = Salt(salt);
    let disk = &*options.disk;
    let file = disk.open(temporary, Open::Replace)?;
    // The room is taken now, so that a full disk is met here and not in the middle of a record.
    file.preallocate(capacity)?;
    file.write_at([&encode_segment_header(first, &salt), &[]], 0)?;
    file.sync_data()?;
    let path = segment_path(dir, first);
    disk.rename(temporary, &path)?;
    disk.sync_dir(dir)?;
    Ok(SegmentFile { file, path, first, salt, capacity })
}

/// Reads the segments that may hold unfolded records, checks that they join, and cuts a torn tail.
fn recover(
    disk: &dyn Disk,
    dir: &Path,
    segments: &[(Sequence, u64)],
    folded: Sequence,
    known: Sequence,
) -> Result<(Option<Current>, End), StoreError> {
    let none = End { offset: 0, begin: 0, sequence: 0, term: 0 };
    let Some((oldest, _)) = segments.first() else { return Ok((None, none)) };
    let begin = segments.partition_point(|(first, _)| *first <= folded + 1).saturating_sub(1);
    if *oldest > folded + 1 {
        let head = segments.last().map_or(0, |(first, _)| *first);
        return Err(StoreError::Mismatch { oldest: *oldest, head, folded });
    }
    let mut last: Option<(SegmentFile, End)> = None;
    let kept = segments.get(begin..).unwrap_or_default();
    for (at, (first, _)) in kept.iter().enumerate() {
        let until = kept.get(at + 1).map_or(Sequence::MAX, |(next, _)| *next);
        if let Some((before, end)) = &last
            && end.sequence + 1 != *first
        {
            let why = format!("batch {} cannot be read, but later segments exist", end.sequence + 1);
            return Err(before.damaged(end.offset, why));
        }
        let segment = SegmentFile::open(disk, &segment_path(dir, *first), *first, Open::Write)?;
        let mut end = find_end(&segment, folded, until)?;
        end.term = end.term.max(last.as_ref().map_or(0, |(_, end)| end.term));
        last = Some((segment, end));
    }
    let Some((mut segment, end)) = last else { return Ok((None, none)) };
    let tail = examine_tail(&segment, end)?;
    if end.sequence < folded {
        return Err(StoreError::Mismatch { oldest: *oldest, head: end.sequence, folded });
    }
    if tail == Tail::Torn && end.sequence < known {
        // The log of proofs has the leaves of what cannot be read here: it was acknowledged once.
        let why =
            format!("batch {} cannot be read, but it was committed: proofs/ knows it", end.sequence + 1);
        return Err(segment.damaged(end.offset, why));
    }
    let failed = || StoreError::io(format!("repairing {}", segment.path.display()));
    if tail == Tail::Torn {
        tracing::info!(
            segment = %segment.path.display(), batch = end.sequence + 1,
            "cut an unfinished batch off the journal; it was never acknowledged"
        );
        segment.file.set_length(end.offset).map_err(failed())?;
        if segment.file.preallocate(segment.capacity).is_err() {
            // No room: the next record then opens a segment of its own, or is refused by name.
            segment.capacity = end.offset;
        }
    }
    // A record may be complete and yet not flushed; from here on it will be relied upon.
    segment.renew_last(end).map_err(failed())?;
    segment.file.sync_data().map_err(failed())?;
    Ok((Some(Current { offset: end.offset, segment, littered: 0 }), end))
}
