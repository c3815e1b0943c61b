//! Reading a closed journal for its verification: nothing is repaired, and damage is reported and passed
//! over instead of ending the walk.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use super::recovery::{RECORD_HEADER_BYTES, RecordHeader, SEGMENT_HEADER_LENGTH, SegmentFile};
use crate::{
    disk::{LocalDisk, Open},
    error::StoreError,
    key::Sequence,
};

/// What is met on the way.
pub(crate) enum Audited<'a> {
    /// The oldest batch; 1 when there is none.
    Begin { oldest: Sequence },
    /// A batch whose checksums are right.
    Record { sequence: Sequence, payload: &'a [u8], file: &'a Path, offset: u64 },
    /// Something that cannot be read; with the batch that should be there.
    Lost { file: &'a Path, offset: u64, sequence: Option<Sequence>, what: String },
}

/// Walks all segments, one in memory at a time.
pub(crate) fn walk(dir: &Path, meet: &mut dyn FnMut(Audited<'_>)) -> Result<(), StoreError> {
    let mut segments = Vec::new();
    let failed = || StoreError::io(format!("reading {}", dir.display()));
    if dir.exists() {
        for entry in fs::read_dir(dir).map_err(failed())? {
            let path = entry.map_err(failed())?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            match name.strip_suffix(".seg").and_then(|first| first.parse::<Sequence>().ok()) {
                Some(first) => segments.push((first, path)),
                // Left by a crash while a segment was made; removed at the next opening.
                None if path.extension().is_some_and(|extension| extension == "tmp") => {}
                None => {
                    let what = "it does not belong to a journal".to_owned();
                    meet(Audited::Lost { file: &path, offset: 0, sequence: None, what });
                }
            }
        }
    }
    segments.sort_unstable();
    let oldest = segments.first().map_or(1, |(first, _)| *first);
    meet(Audited::Begin { oldest });
    let mut next = oldest;
    for (at, (first, path)) in segments.iter().enumerate() {
        let until = segments.get(at + 1).map_or(Sequence::MAX, |(next, _)| *next);
        while next < *first {
            let what = "the batch is missing: no segment has it".to_owned();
            meet(Audited::Lost { file: path, offset: 0, sequence: Some(next), what });
            next += 1;
        }
        next = walk_segment(path, *first..until, meet)?.max(next);
    }
    Ok(())
}

/// Walks a segment; returns the batch after its last.
fn walk_segment(
    path: &PathBuf,
    numbers: Range<Sequence>,
    meet: &mut dyn FnMut(Audited<'_>),
) -> Result<Sequence, StoreError> {
    let first = numbers.start;
    let segment = match SegmentFile::open(&LocalDisk, path, first, Open::Read) {
        Ok(segment) => segment,
        Err(StoreError::Damaged { why, .. }) => {
            meet(Audited::Lost { file: path, offset: 0, sequence: Some(first), what: why });
            return Ok(first + 1);
        }
        Err(error) => return Err(error),
    };
    let bytes = fs::read(path).map_err(StoreError::io(format!("reading {}", path.display())))?;
    let (mut at, mut next) = (SEGMENT_HEADER_LENGTH, first);
    while let Some(rest) = bytes.get(at..) {
        let header =
            header_in(&segment, rest).filter(|header| header.sequence == next && numbers.contains(&next));
        if let Some(header) = header {
            let end = RECORD_HEADER_BYTES + header.length as usize;
            let payload = rest.get(RECORD_HEADER_BYTES..end).unwrap_or_default();
            let (sequence, offset) = (header.sequence, at as u64);
            if header.matches(&segment.salt, payload) {
                meet(Audited::Record { sequence, payload, file: path, offset });
            } else {
                let what = format!("the checksum of its content ({} bytes) is wrong", header.length);
                meet(Audited::Lost { file: path, offset, sequence: Some(sequence), what });
            }
            (at, next) = (at + end, next + 1);
            continue;
        }
        let Some(used) = rest.iter().position(|byte| *byte != 0) else { break };
        if let Some((skip, header)) = next_header(&segment, rest, next) {
            let what = format!("it cannot be read; batch {} is {skip} bytes further on", header.sequence);
            meet(Audited::Lost { file: path, offset: at as u64, sequence: Some(next), what });
            for missing in next + 1..header.sequence {
                let what = "it cannot be found".to_owned();
                meet(Audited::Lost { file: path, offset: at as u64, sequence: Some(missing), what });
            }
            (at, next) = (at + skip, header.sequence);
            continue;
        }
        let what = "there should be nothing but zeros behind the last batch: this is an unfinished batch that the next \
                    opening cuts off, or a damaged one"
            .to_owned();
        meet(Audited::Lost { file: path, offset: (at + used) as u64, sequence: Some(next), what });
        break;
    }
    Ok(next)
}

/// A valid header at the beginning of `rest` whose record ends within it.
fn header_in(segment: &SegmentFile, rest: &[u8]) -> Option<RecordHeader> {
    let header = RecordHeader::decode(&segment.salt, rest.first_chunk()?)?;
    (header.record_bytes() <= rest.len() as u64).then_some(header)
}

/// The next valid header of a later batch behind the beginning of `rest`.
fn next_header(segment: &SegmentFile, rest: &[u8], next: Sequence) -> Option<(usize, RecordHeader)> {
    let mark = segment.salt.0.first_chunk::<8>()?;
    let places = rest.windows(mark.len()).enumerate().skip(1).filter(|(_, window)| window == mark);
    places
        .filter_map(|(skip, _)| Some((skip, header_in(segment, rest.get(skip..)?)?)))
        .find(|(_, header)| header.sequence > next)
}
