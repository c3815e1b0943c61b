//! The fixed-size parts of the log's files: headers and batch entries. The layout is in `mod.rs`.

use hamlet_proof::Hash;

use crate::key::Sequence;

pub(super) const HEADER_BYTES: u64 = 64;
pub(super) const ENTRY_BYTES: u64 = 64;
const MAGIC: [u8; 8] = *b"HAMLETPR";
const VERSION: u32 = 1;

/// Which of the three files a header belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Leaves = 1,
    Nodes = 2,
    Batches = 3,
}

pub(super) fn encode_header(which: Which, first: Sequence) -> Vec<u8> {
    let mut head = Vec::with_capacity(64);
    head.extend_from_slice(&MAGIC);
    head.extend_from_slice(&VERSION.to_le_bytes());
    head.extend_from_slice(&(which as u32).to_le_bytes());
    head.extend_from_slice(&first.to_le_bytes());
    head.extend_from_slice(&[0; 36]);
    head.extend_from_slice(&crc32c::crc32c(&head).to_le_bytes());
    head
}

/// The first batch of the log; none when the bytes are no such header.
pub(super) fn decode_header(which: Which, bytes: &[u8]) -> Option<Sequence> {
    let first = u64::from_le_bytes(*bytes.get(16..24)?.first_chunk()?);
    (encode_header(which, first) == bytes).then_some(first)
}

/// What is known of one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BatchEntry {
    /// Where its leaves end in their file.
    pub leaves_end: u64,
    /// The tree's size after it …
    pub size: u64,
    /// … and its head.
    pub head: Hash,
    /// Of its leaves' bytes.
    pub leaves_crc: u32,
    /// Entries that were durable before the cycle that wrote this one.
    pub synced: u64,
}

impl BatchEntry {
    pub fn encode(&self, sequence: Sequence) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        out.extend_from_slice(&self.leaves_end.to_le_bytes());
        out.extend_from_slice(&self.size.to_le_bytes());
        out.extend_from_slice(&self.head.0);
        out.extend_from_slice(&self.leaves_crc.to_le_bytes());
        out.extend_from_slice(&self.synced.to_le_bytes());
        let crc = crc32c::crc32c_append(crc32c::crc32c(&sequence.to_le_bytes()), &out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// None when the bytes are no entry of that batch.
    pub fn decode(sequence: Sequence, bytes: &[u8]) -> Option<Self> {
        let (leaves_end, rest) = bytes.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        let (head, rest) = rest.split_first_chunk()?;
        let (leaves_crc, rest) = rest.split_first_chunk()?;
        let (synced, _) = rest.split_first_chunk()?;
        let entry = Self {
            leaves_end: u64::from_le_bytes(*leaves_end),
            size: u64::from_le_bytes(*size),
            head: Hash(*head),
            leaves_crc: u32::from_le_bytes(*leaves_crc),
            synced: u64::from_le_bytes(*synced),
        };
        (entry.encode(sequence) == bytes).then_some(entry)
    }
}
