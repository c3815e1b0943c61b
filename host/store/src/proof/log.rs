//! The three files: appending batches, making them durable, finding them again, going back after a crash.
//!
//! One thread appends; any number read. What `state` tells of is in `leaves` and `nodes`; its newest
//! entries may be in `unsaved` only.

use std::{fs::File, path::Path};

use hamlet_proof::{Frontier, Hash, Leaf, Nodes, tree};
use parking_lot::Mutex;

use super::{
    derive::{Deriver, LeafWriter, read_leaves},
    entry::{BatchEntry, ENTRY_BYTES, HEADER_BYTES, Which, decode_header, encode_header},
    tape::Tape,
};
use crate::{disk::Disk, error::StoreError, journal::RawRecord, key::Sequence};

const HASH_BYTES: u64 = 32;

/// The log's tree at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// The newest batch in it.
    pub sequence: Sequence,
    /// Its leaves.
    pub size: u64,
    /// Its head.
    pub root: Hash,
}

pub(super) struct Log {
    leaves: Tape,
    nodes: Tape,
    batches: Tape,
    /// The batch of the first entry.
    first: Sequence,
    state: Mutex<State>,
}

struct State {
    /// The newest batch.
    sequence: Sequence,
    leaves_end: u64,
    frontier: Frontier,
    root: Hash,
    /// Entries in the file.
    saved: u64,
    /// Entries behind them, not written yet.
    unsaved: Vec<BatchEntry>,
    /// Leaves and nodes bytes since the last cycle.
    unflushed: u64,
}

/// What a batch adds.
#[derive(Default)]
pub(super) struct Addition {
    leaves: Vec<u8>,
    nodes: Vec<u8>,
    deriver: Deriver,
}

/// How opening found the files.
pub(super) enum Found {
    /// A log that can be gone on with.
    Log(Box<Log>),
    /// Nothing, or something that was never durable.
    Nothing,
}

impl Log {
    pub fn in_memory(first: Sequence) -> Result<Self, StoreError> {
        Self::begin([Tape::in_memory(), Tape::in_memory(), Tape::in_memory()], first)
    }

    /// Opens the files of a folder and goes back to the newest batch that is there as a whole.
    pub fn open(disk: &dyn Disk, dir: &Path) -> Result<Found, StoreError> {
        let [leaves, nodes, batches] = Self::tapes(disk, dir)?;
        let mut first = None;
        for (tape, which) in [(&leaves, Which::Leaves), (&nodes, Which::Nodes), (&batches, Which::Batches)] {
            if tape.length() < HEADER_BYTES {
                return Ok(Found::Nothing);
            }
            let bytes = tape.read(0, 64)?;
            let found = decode_header(which, &bytes);
            if found.is_none() || first.is_some_and(|first| Some(first) != found) {
                return Err(tape.damaged(0, "the header cannot be read, or is another log's"));
            }
            first = found;
        }
        let first = first.unwrap_or(1);
        let empty = State::empty(first);
        let log = Self { leaves, nodes, batches, first, state: Mutex::new(empty) };
        let saved = log.last_whole()?;
        log.go_back_to(saved)?;
        Ok(Found::Log(Box::new(log)))
    }

    /// A new log in a folder, in place of whatever is there.
    pub fn create(disk: &dyn Disk, dir: &Path, first: Sequence) -> Result<Self, StoreError> {
        let tapes = Self::tapes(disk, dir)?;
        for tape in &tapes {
            tape.cut(0)?;
        }
        Self::begin(tapes, first)
    }

    fn tapes(disk: &dyn Disk, dir: &Path) -> Result<[Tape; 3], StoreError> {
        let failed = || StoreError::io(format!("making {}", dir.display()));
        disk.make_dir(dir).map_err(failed())?;
        let tape = |name| Tape::open(disk, &dir.join(name));
        let tapes = [tape("leaves")?, tape("nodes")?, tape("batches")?];
        // What is flushed into a file is lost with the file's name.
        disk.sync_dir(dir).map_err(failed())?;
        Ok(tapes)
    }

    fn begin([leaves, nodes, batches]: [Tape; 3], first: Sequence) -> Result<Self, StoreError> {
        for (tape, which) in [(&leaves, Which::Leaves), (&nodes, Which::Nodes), (&batches, Which::Batches)] {
            // Flushed with the first cycle; until then there is nothing that it could help to find.
            tape.write(0, &encode_header(which, first))?;
        }
        Ok(Self { leaves, nodes, batches, first, state: Mutex::new(State::empty(first)) })
    }

    /// How many entries at the beginning of the file are whole; see `mod.rs` for what a crash may leave.
    fn last_whole(&self) -> Result<u64, StoreError> {
        let mut count = (self.batches.length() - HEADER_BYTES) / ENTRY_BYTES;
        let last = loop {
            let Some(at) = count.checked_sub(1) else { return Ok(0) };
            if let Some(entry) = self.saved_entry(at)? {
                break entry;
            }
            count = at;
        };
        for at in last.synced.min(count)..count {
            if self.saved_entry(at)?.is_none() {
                return Ok(at);
            }
        }
        Ok(count)
    }

    fn saved_entry(&self, at: u64) -> Result<Option<BatchEntry>, StoreError> {
        let bytes = self.batches.read(HEADER_BYTES + at * ENTRY_BYTES, 64)?;
        Ok(BatchEntry::decode(self.first + at, &bytes))
    }

    /// Cuts everything behind so many entries, and checks that what they tell of is there.
    fn go_back_to(&self, saved: u64) -> Result<(), StoreError> {
        let mut state = State::empty(self.first);
        if let Some(at) = saved.checked_sub(1) {
            let offset = HEADER_BYTES + at * ENTRY_BYTES;
            let entry =
                self.saved_entry(at)?.ok_or_else(|| self.batches.damaged(offset, "an entry is damaged"))?;
            state.sequence = self.first + at;
            (state.leaves_end, state.root, state.saved) = (entry.leaves_end, entry.head, saved);
            *self.state.lock() = state;
            let begin = self.leaves_begin(at)?;
            self.leaves_between(begin, &entry)?;
            let frontier = Frontier::load(self, entry.size)?;
            if frontier.root() != entry.head {
                return Err(self.nodes.damaged(HEADER_BYTES, "its nodes lead to another tree head"));
            }
            self.state.lock().frontier = frontier;
            // The newest cycle's entries: those of later cycles will count on them.
            let cycle = HEADER_BYTES + entry.synced.min(at) * ENTRY_BYTES;
            self.batches.renew(cycle, usize::try_from(offset + ENTRY_BYTES - cycle).unwrap_or(0))?;
        } else {
            *self.state.lock() = state;
        }
        let state = self.state.lock();
        self.leaves.cut(state.leaves_end)?;
        self.nodes.cut(HEADER_BYTES + HASH_BYTES * tree::node_count(state.frontier.size()))?;
        self.batches.cut(HEADER_BYTES + ENTRY_BYTES * state.saved)
    }

    pub fn first(&self) -> Sequence {
        self.first
    }

    pub fn head(&self) -> TreeHead {
        let state = self.state.lock();
        TreeHead { sequence: state.sequence, size: state.frontier.size(), root: state.root }
    }

    /// The newest batch whose leaves are durable.
    pub fn durable(&self) -> Sequence {
        self.first - 1 + self.state.lock().saved
    }

    /// Bytes that the next cycle will make durable.
    pub fn unflushed(&self) -> u64 {
        self.state.lock().unflushed
    }

    /// Derives the leaves of the next batch and appends them. Nothing is changed by an error.
    pub fn append(&self, record: &RawRecord, room: &mut Addition) -> Result<(), StoreError> {
        let (mut frontier, leaves_end) = {
            let state = self.state.lock();
            (state.frontier.clone(), state.leaves_end)
        };
        let before = frontier.size();
        room.leaves.clear();
        room.nodes.clear();
        let mut writer = LeafWriter::default();
        let (leaves, nodes) = (&mut room.leaves, &mut room.nodes);
        room.deriver.leaves(record.sequence, &record.payload, |leaf| {
            writer.write(&leaf, leaves);
            frontier.push(leaf.hash(), |node| nodes.extend_from_slice(&node.0));
        })?;
        if !leaves.is_empty() {
            self.leaves.write(leaves_end, leaves)?;
            self.nodes.write(HEADER_BYTES + HASH_BYTES * tree::node_count(before), nodes)?;
        }
        let added = (leaves.len() + nodes.len()) as u64;
        let mut state = self.state.lock();
        let head = if frontier.size() == before { state.root } else { frontier.root() };
        state.sequence = record.sequence;
        state.leaves_end += leaves.len() as u64;
        state.root = head;
        let entry = BatchEntry {
            leaves_end: state.leaves_end,
            size: frontier.size(),
            head,
            leaves_crc: crc32c::crc32c(leaves),
            synced: state.saved,
        };
        state.frontier = frontier;
        state.unsaved.push(entry);
        state.unflushed += added + ENTRY_BYTES;
        Ok(())
    }

    /// Makes everything durable: leaves and nodes first, then the entries that tell of them. Called by the
    /// thread that appends.
    pub fn save(&self) -> Result<(), StoreError> {
        let (entries, saved) = {
            let state = self.state.lock();
            (state.unsaved.clone(), state.saved)
        };
        if entries.is_empty() {
            return Ok(());
        }
        self.leaves.flush()?;
        self.nodes.flush()?;
        let mut bytes = Vec::with_capacity(entries.len() * 64);
        for (entry, at) in entries.iter().zip(saved..) {
            bytes.extend_from_slice(&entry.encode(self.first + at));
        }
        self.batches.write(HEADER_BYTES + saved * ENTRY_BYTES, &bytes)?;
        self.batches.flush()?;
        let mut state = self.state.lock();
        state.unsaved.clear();
        state.saved = saved + entries.len() as u64;
        state.unflushed = 0;
        Ok(())
    }

    /// The entry of a batch that the log has.
    fn entry(&self, sequence: Sequence) -> Result<BatchEntry, StoreError> {
        let missing = StoreError::NoLeaf { sequence, index: 0 };
        let at = sequence.checked_sub(self.first).ok_or(missing)?;
        let state = self.state.lock();
        if let Some(unsaved) = at.checked_sub(state.saved) {
            let unsaved = usize::try_from(unsaved).ok().and_then(|at| state.unsaved.get(at)).copied();
            return unsaved.ok_or(StoreError::NoLeaf { sequence, index: 0 });
        }
        drop(state);
        let entry = self.saved_entry(at)?;
        entry.ok_or_else(|| self.batches.damaged(HEADER_BYTES + at * ENTRY_BYTES, "an entry is damaged"))
    }

    /// The three files up to a batch that is durable in them. What follows is appended behind.
    pub fn files(&self, sequence: Sequence) -> Result<Vec<(&'static str, File, u64)>, StoreError> {
        let (leaves, size, entries) = match sequence.checked_sub(self.first) {
            None => (HEADER_BYTES, 0, 0),
            Some(at) => {
                let entry = self.entry(sequence)?;
                (entry.leaves_end, entry.size, at + 1)
            }
        };
        let lengths = [
            ("leaves", &self.leaves, leaves),
            ("nodes", &self.nodes, HEADER_BYTES + HASH_BYTES * tree::node_count(size)),
            ("batches", &self.batches, HEADER_BYTES + ENTRY_BYTES * entries),
        ];
        let open = |(name, tape, bytes): (&'static str, &Tape, u64)| {
            let path = tape.path();
            let file = File::open(&path).map_err(StoreError::io(format!("opening {}", path.display())))?;
            Ok((name, file, bytes))
        };
        lengths.into_iter().map(open).collect()
    }

    fn leaves_begin(&self, at: u64) -> Result<u64, StoreError> {
        if at == 0 { Ok(HEADER_BYTES) } else { Ok(self.entry(self.first + at - 1)?.leaves_end) }
    }

    fn leaves_between(&self, begin: u64, entry: &BatchEntry) -> Result<Vec<u8>, StoreError> {
        let length = entry.leaves_end.checked_sub(begin).and_then(|length| usize::try_from(length).ok());
        let length = length.ok_or_else(|| self.leaves.damaged(begin, "leaves end before they begin"))?;
        let bytes = self.leaves.read(begin, length)?;
        if crc32c::crc32c(&bytes) == entry.leaves_crc {
            Ok(bytes)
        } else {
            Err(self.leaves.damaged(begin, "the checksum of a batch's leaves is wrong"))
        }
    }

    /// The tree after a batch.
    pub fn tree_at(&self, sequence: Sequence) -> Result<TreeHead, StoreError> {
        if sequence < self.first {
            return Ok(TreeHead { sequence, size: 0, root: Hash::of_nothing() });
        }
        let entry = self.entry(sequence)?;
        Ok(TreeHead { sequence, size: entry.size, root: entry.head })
    }

    /// A batch's leaves, and the number of the first. O(leaves of the batch).
    pub fn leaves_of(&self, sequence: Sequence) -> Result<(u64, Vec<Leaf>), StoreError> {
        let entry = self.entry(sequence)?;
        let bytes = self.leaves_between(self.leaves_begin(sequence - self.first)?, &entry)?;
        let leaves = read_leaves(sequence, &bytes)?;
        let count = leaves.len() as u64;
        let number =
            entry.size.checked_sub(count).ok_or_else(|| self.leaves.damaged(0, "too many leaves"))?;
        Ok((number, leaves))
    }

    /// Whether a record is what the log has of its batch: same leaves, byte for byte. Writes nothing.
    pub fn agrees(&self, record: &RawRecord) -> Result<bool, StoreError> {
        let (mut bytes, mut writer) = (Vec::new(), LeafWriter::default());
        Deriver::default()
            .leaves(record.sequence, &record.payload, |leaf| writer.write(&leaf, &mut bytes))?;
        let entry = self.entry(record.sequence)?;
        Ok(self.leaves_between(self.leaves_begin(record.sequence - self.first)?, &entry)? == bytes)
    }
}

impl State {
    fn empty(first: Sequence) -> Self {
        Self {
            sequence: first - 1,
            leaves_end: HEADER_BYTES,
            frontier: Frontier::default(),
            root: Hash::of_nothing(),
            saved: 0,
            unsaved: Vec::new(),
            unflushed: 0,
        }
    }
}

impl Nodes for Log {
    type Error = StoreError;

    fn node(&self, level: u32, n: u64) -> Result<Hash, StoreError> {
        let mut hash = Hash::default();
        let offset = HEADER_BYTES + HASH_BYTES * tree::node_position(level, n);
        self.nodes.read_into(offset, &mut hash.0)?;
        Ok(hash)
    }
}
