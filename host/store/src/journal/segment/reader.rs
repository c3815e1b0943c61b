//! The segment engine's reading end: walks records beside the writer.

use std::{fs::File, sync::Arc};

use super::{Shared, segment_path};
use crate::{
    disk::Open,
    error::StoreError,
    journal::{
        JournalFiles, JournalRead, JournalSize, RawRecord, Records,
        recovery::{RecordHeader, SEGMENT_HEADER_BYTES, SegmentFile},
    },
    key::Sequence,
};

/// The segment engine's reading end.
pub(super) struct Reader(pub Arc<Shared>);

impl JournalRead for Reader {
    fn oldest(&self) -> Sequence {
        let index = self.0.index.lock();
        index.segments.first().map_or(index.head + 1, |(first, _)| *first)
    }

    fn head(&self) -> Sequence {
        self.0.index.lock().head
    }

    fn read(&self, from: Sequence) -> Result<Records, StoreError> {
        let from = from.max(1);
        let index = self.0.index.lock();
        if from > index.head {
            return Ok(Box::new(std::iter::empty()));
        }
        let at = index.segments.partition_point(|(first, _)| *first <= from);
        let Some((first, _)) = at.checked_sub(1).and_then(|at| index.segments.get(at)) else {
            let oldest = index.segments.first().map_or(index.head + 1, |(first, _)| *first);
            return Err(StoreError::Dropped { oldest });
        };
        let (first, until) = (*first, index.head);
        // Opened under the lock, so that it cannot be dropped in between.
        let segment = self.0.open(first, Open::Read)?;
        let marks = if at == index.segments.len() { &*index.marks } else { &[] };
        let mark = marks.partition_point(|(sequence, _)| *sequence <= from).checked_sub(1);
        let (next, offset) =
            mark.and_then(|at| marks.get(at)).copied().unwrap_or((first, SEGMENT_HEADER_BYTES));
        drop(index);
        let mut cursor = Cursor { journal: Arc::clone(&self.0), segment, offset, next, until };
        while cursor.next < from {
            let header = cursor.header()?;
            cursor.step(&header);
        }
        Ok(Box::new(cursor))
    }

    fn drop_before(&self, sequence: Sequence) -> Result<Sequence, StoreError> {
        let mut index = self.0.index.lock();
        while let [(oldest, _), (second, _), ..] = index.segments.as_slice()
            && *second <= sequence
        {
            let path = segment_path(&self.0.dir, *oldest);
            self.0.disk.remove(&path).map_err(StoreError::io(format!("removing {}", path.display())))?;
            index.segments.remove(0);
        }
        Ok(index.segments.first().map_or(index.head + 1, |(first, _)| *first))
    }

    fn files(&self) -> Result<JournalFiles, StoreError> {
        let index = self.0.index.lock();
        let mut files = Vec::with_capacity(index.segments.len());
        for (number, (first, bytes)) in index.segments.iter().enumerate() {
            let path = segment_path(&self.0.dir, *first);
            let file = File::open(&path).map_err(StoreError::io(format!("opening {}", path.display())))?;
            let newest = number + 1 == index.segments.len();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, file, if newest { index.offset } else { *bytes }));
        }
        let oldest = index.segments.first().map_or(index.head + 1, |(first, _)| *first);
        Ok(JournalFiles { oldest, head: index.head, files })
    }

    fn size(&self) -> JournalSize {
        let index = self.0.index.lock();
        let bytes: u64 = index.segments.iter().map(|(_, bytes)| bytes).sum();
        let newest = index.segments.last().map_or(0, |(_, bytes)| *bytes);
        JournalSize { segments: index.segments.len(), bytes, used: bytes - newest + index.offset }
    }
}

/// Walks records up to the head that was known when the walk began.
struct Cursor {
    journal: Arc<Shared>,
    segment: SegmentFile,
    offset: u64,
    next: Sequence,
    until: Sequence,
}

impl Cursor {
    /// The next record's header, in the next segment if this one is through.
    fn header(&mut self) -> Result<RecordHeader, StoreError> {
        // A segment that begins with it goes before what a failed write left in the one before.
        let elsewhere = self.segment.first != self.next && self.journal.begins_with(self.next);
        if !elsewhere && let Some(header) = self.header_here()? {
            return Ok(header);
        }
        if elsewhere {
            self.segment = self.journal.open(self.next, Open::Read)?;
            self.offset = SEGMENT_HEADER_BYTES;
            if let Some(header) = self.header_here()? {
                return Ok(header);
            }
        }
        Err(self.segment.damaged(self.offset, format!("batch {} cannot be read", self.next)))
    }

    fn header_here(&self) -> Result<Option<RecordHeader>, StoreError> {
        let header = self.segment.header_at(self.offset)?;
        Ok(header.filter(|header| header.sequence == self.next))
    }

    fn step(&mut self, header: &RecordHeader) {
        self.offset += header.record_bytes();
        self.next += 1;
    }

    fn record(&mut self) -> Result<RawRecord, StoreError> {
        let header = self.header()?;
        let Some(payload) = self.segment.payload_at(self.offset, &header)? else {
            let why = format!("the checksum of batch {} is wrong", header.sequence);
            return Err(self.segment.damaged(self.offset, why));
        };
        self.step(&header);
        Ok(RawRecord { sequence: header.sequence, term: header.term, payload: payload.into() })
    }
}

impl Iterator for Cursor {
    type Item = Result<RawRecord, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next > self.until {
            return None;
        }
        let record = self.record();
        if record.is_err() {
            self.until = 0;
        }
        Some(record)
    }
}
