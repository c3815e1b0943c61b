//! Layout of a segment file, and what is done with its tail when a journal is opened.
//!
//! ```text
//! segment := magic:"HAMLETSG"  version:u32le  0:u32  first:u64le  salt:[u8;16]  0:[u8;20]  crc:u32le   (64 bytes)
//!            record*  zeros up to the preallocated end
//! record  := mark:[u8;8]  sequence:u64le  term:u64le  length:u32le  payload_crc:u32le
//!            0:u32  header_crc:u32le                                                                (40 bytes)
//!            payload:[u8;length]
//! ```
//!
//! `mark` is the first half of the segment's salt, and both CRC32Cs are seeded with its second half.
//! The salt is random and known to nobody outside: so no value that a plugin stores can be taken
//! for a record when a torn tail is searched.
//!
//! At the first unreadable place there are two stories. *Torn*: the machine died while it wrote,
//! nothing valid follows, nothing of it was acknowledged, and the tail is cut. *Damaged*: a valid
//! record follows, so what is unreadable was acknowledged once; that is an error and nothing is
//! touched. Bit rot in the very last record cannot be told from a torn write.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    disk::{Disk, DiskFile, Open},
    error::StoreError,
    key::Sequence,
};

pub(super) const SEGMENT_MAGIC: [u8; 8] = *b"HAMLETSG";
pub(super) const SEGMENT_VERSION: u32 = 1;
pub(super) const SEGMENT_HEADER_BYTES: u64 = SEGMENT_HEADER_LENGTH as u64;
pub(super) const SEGMENT_HEADER_LENGTH: usize = 64;
pub(super) const RECORD_HEADER_BYTES: usize = 40;
/// How much is read at once when a tail is searched.
const SEARCH_BYTES: usize = 1 << 20;

/// What makes the records of one segment recognisable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Salt(pub [u8; 16]);

impl Salt {
    fn mark(&self) -> [u8; 8] {
        self.0.first_chunk().copied().unwrap_or_default()
    }

    fn crc(&self, bytes: &[u8]) -> u32 {
        let seed: [u8; 8] = self.0.last_chunk().copied().unwrap_or_default();
        crc32c::crc32c_append(crc32c::crc32c(&seed), bytes)
    }
}

/// A record's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordHeader {
    pub sequence: Sequence,
    pub term: u64,
    pub length: u32,
    payload_crc: u32,
}

impl RecordHeader {
    pub fn new(salt: &Salt, sequence: Sequence, term: u64, length: u32, payload: &[u8]) -> Self {
        Self { sequence, term, length, payload_crc: salt.crc(payload) }
    }

    pub fn encode(&self, salt: &Salt) -> [u8; RECORD_HEADER_BYTES] {
        let mut head = Vec::with_capacity(RECORD_HEADER_BYTES);
        head.extend_from_slice(&salt.mark());
        head.extend_from_slice(&self.sequence.to_le_bytes());
        head.extend_from_slice(&self.term.to_le_bytes());
        head.extend_from_slice(&self.length.to_le_bytes());
        head.extend_from_slice(&self.payload_crc.to_le_bytes());
        head.extend_from_slice(&[0; 4]);
        let crc = salt.crc(&head);
        head.extend_from_slice(&crc.to_le_bytes());
        let mut out = [0; RECORD_HEADER_BYTES];
        out.copy_from_slice(&head);
        out
    }

    /// None when the bytes are no header of this segment.
    pub fn decode(salt: &Salt, bytes: &[u8; RECORD_HEADER_BYTES]) -> Option<Self> {
        let (head, crc) = bytes.split_last_chunk::<4>()?;
        if u32::from_le_bytes(*crc) != salt.crc(head) {
            return None;
        }
        let (mark, rest) = head.split_first_chunk::<8>()?;
        let (sequence, rest) = rest.split_first_chunk::<8>()?;
        let (term, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (payload_crc, _) = rest.split_first_chunk::<4>()?;
        (*mark == salt.mark()).then_some(Self {
            sequence: u64::from_le_bytes(*sequence),
            term: u64::from_le_bytes(*term),
            length: u32::from_le_bytes(*length),
            payload_crc: u32::from_le_bytes(*payload_crc),
        })
    }

    /// Bytes of the whole record.
    pub fn record_bytes(&self) -> u64 {
        RECORD_HEADER_BYTES as u64 + u64::from(self.length)
    }

    pub fn matches(&self, salt: &Salt, payload: &[u8]) -> bool {
        salt.crc(payload) == self.payload_crc
    }
}

/// A segment's header.
pub(super) fn encode_segment_header(first: Sequence, salt: &Salt) -> Vec<u8> {
    let mut head = Vec::new();
    head.extend_from_slice(&SEGMENT_MAGIC);
    head.extend_from_slice(&SEGMENT_VERSION.to_le_bytes());
    head.extend_from_slice(&[0; 4]);
    head.extend_from_slice(&first.to_le_bytes());
    head.extend_from_slice(&salt.0);
    head.extend_from_slice(&[0; 20]);
    head.extend_from_slice(&crc32c::crc32c(&head).to_le_bytes());
    head
}

/// An open segment with its salt.
#[derive(Debug)]
pub(super) struct SegmentFile {
    pub file: Arc<dyn DiskFile>,
    pub path: PathBuf,
    pub first: Sequence,
    pub salt: Salt,
    /// The file's length, preallocated room included.
    pub capacity: u64,
}

impl SegmentFile {
    /// Opens a segment and checks its header.
    pub fn open(disk: &dyn Disk, path: &Path, first: Sequence, how: Open) -> Result<Self, StoreError> {
        let failed = || StoreError::io(format!("opening {}", path.display()));
        let file = disk.open(path, how).map_err(failed())?;
        let capacity = file.length().map_err(failed())?;
        let mut head = [0; SEGMENT_HEADER_LENGTH];
        match file.read_at(&mut head, 0) {
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                return Err(failed()(error));
            }
            _ => {}
        }
        let (version, salt) = parse_segment_header(&head, first).map_err(|why| StoreError::Damaged {
            segment: path.to_owned(),
            offset: 0,
            why: why.to_owned(),
        })?;
        if version > SEGMENT_VERSION {
            return Err(StoreError::FormatTooNew { found: version, known: SEGMENT_VERSION });
        }
        Ok(Self { file, path: path.to_owned(), first, salt, capacity })
    }

    /// The header at an offset; none when there is no valid one, or it leads out of the file.
    pub fn header_at(&self, offset: u64) -> Result<Option<RecordHeader>, StoreError> {
        let mut bytes = [0; RECORD_HEADER_BYTES];
        if !self.read_at(&mut bytes, offset)? {
            return Ok(None);
        }
        let header = RecordHeader::decode(&self.salt, &bytes);
        Ok(header.filter(|header| {
            offset.checked_add(header.record_bytes()).is_some_and(|end| end <= self.capacity)
        }))
    }

    /// The payload that follows a header; none when its checksum is wrong.
    pub fn payload_at(&self, offset: u64, header: &RecordHeader) -> Result<Option<Vec<u8>>, StoreError> {
        let mut payload = vec![0; header.length as usize];
        let whole = self.read_at(&mut payload, offset + RECORD_HEADER_BYTES as u64)?;
        Ok((whole && header.matches(&self.salt, &payload)).then_some(payload))
    }

    /// Writes the newest record once more, as it is. That it can be read says nothing of the disk: after a flush that
    /// failed, Linux shows what it did not write, and later flushes succeed without it. Written anew, the next flush
    /// covers it.
    pub fn renew_last(&self, end: End) -> io::Result<()> {
        let length = usize::try_from(end.offset - end.begin).map_err(io::Error::other)?;
        let mut record = vec![0; length];
        self.file.read_at(&mut record, end.begin)?;
        self.file.write_at([&record, &[]], end.begin)
    }

    pub fn damaged(&self, offset: u64, why: impl Into<String>) -> StoreError {
        StoreError::Damaged { segment: self.path.clone(), offset, why: why.into() }
    }

    /// False at the end of the file.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> Result<bool, StoreError> {
        match self.file.read_at(bytes, offset) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(StoreError::io(format!("reading {}", self.path.display()))(error)),
        }
    }
}

fn parse_segment_header(
    head: &[u8; SEGMENT_HEADER_LENGTH],
    first: Sequence,
) -> Result<(u32, Salt), &'static str> {
    const TOO_SHORT: &str = "the header is too short";
    let (checked, crc) = head.split_last_chunk::<4>().ok_or(TOO_SHORT)?;
    let (magic, rest) = checked.split_first_chunk::<8>().ok_or(TOO_SHORT)?;
    if *magic != SEGMENT_MAGIC {
        return Err("it does not begin as a segment does");
    }
    if u32::from_le_bytes(*crc) != crc32c::crc32c(checked) {
        return Err("the header's checksum is wrong");
    }
    let (version, rest) = rest.split_first_chunk::<4>().ok_or(TOO_SHORT)?;
    let (_, rest) = rest.split_first_chunk::<4>().ok_or(TOO_SHORT)?;
    let (found, rest) = rest.split_first_chunk::<8>().ok_or(TOO_SHORT)?;
    let (salt, _) = rest.split_first_chunk::<16>().ok_or(TOO_SHORT)?;
    if u64::from_le_bytes(*found) != first {
        return Err("its name and its header disagree on the first batch");
    }
    Ok((u32::from_le_bytes(*version), Salt(*salt)))
}

/// Where the valid records of a segment end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// Just behind the last valid record.
    pub offset: u64,
    /// Where it begins; the same when there is none.
    pub begin: u64,
    /// Its number; one before the segment's first when there is none.
    pub sequence: Sequence,
    /// Its term.
    pub term: u64,
}

/// Walks a segment's records. Payloads of records up to `folded` are stepped over unread (their
/// content is in the state), so the cost is that of what was not folded. Record `until` begins the next segment:
/// what looks like it here is what a failed write left.
pub(super) fn find_end(segment: &SegmentFile, folded: Sequence, until: Sequence) -> Result<End, StoreError> {
    let begin = SEGMENT_HEADER_BYTES;
    let mut end = End { offset: begin, begin, sequence: segment.first.saturating_sub(1), term: 0 };
    while let Some(header) = segment.header_at(end.offset)? {
        if header.sequence != end.sequence + 1 || header.sequence >= until || header.term < end.term {
            break;
        }
        if header.sequence > folded && segment.payload_at(end.offset, &header)?.is_none() {
            break;
        }
        end = End {
            offset: end.offset + header.record_bytes(),
            begin: end.offset,
            sequence: header.sequence,
            term: header.term,
        };
    }
    Ok(end)
}

/// What follows the last valid record of the newest segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing but zeros.
    Clean,
    /// Something unreadable, and nothing valid behind it.
    Torn,
}

/// Looks behind the end. A valid record there is [`StoreError::Damaged`].
pub(super) fn examine_tail(segment: &SegmentFile, end: End) -> Result<Tail, StoreError> {
    let mark = segment.salt.mark();
    let mut tail = Tail::Clean;
    let mut buffer = vec![0; SEARCH_BYTES];
    let zeros = vec![0; SEARCH_BYTES];
    let mut offset = end.offset;
    while offset < segment.capacity {
        let length = usize::try_from(segment.capacity - offset).unwrap_or(usize::MAX);
        let length = length.min(SEARCH_BYTES);
        let Some(chunk) = buffer.get_mut(..length) else { break };
        segment.read_at(chunk, offset)?;
        // Comparing slices is a `memcmp`: 64 MiB of zeros take a few milliseconds.
        if !zeros.starts_with(chunk) {
            tail = Tail::Torn;
            for (at, window) in chunk.windows(mark.len()).enumerate() {
                if window == mark {
                    refuse_valid_record(segment, offset + at as u64, end)?;
                }
            }
        }
        if length < SEARCH_BYTES {
            break;
        }
        // Overlapping, so that a mark across two chunks is met.
        offset += (SEARCH_BYTES - mark.len()) as u64;
    }
    Ok(tail)
}

fn refuse_valid_record(segment: &SegmentFile, offset: u64, end: End) -> Result<(), StoreError> {
    let Some(header) = segment.header_at(offset)? else { return Ok(()) };
    if header.sequence <= end.sequence + 1 || segment.payload_at(offset, &header)?.is_none() {
        return Ok(());
    }
    let why =
        format!("batch {} cannot be read, but batch {} behind it can", end.sequence + 1, header.sequence);
    Err(segment.damaged(end.offset, why))
}
