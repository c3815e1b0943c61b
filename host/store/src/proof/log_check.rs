//! The log's files beside what the journal and the tree lead to, for `verify.rs`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use hamlet_proof::{Checkpoint, Frontier, Hash};

use super::{
    derive::{Deriver, LeafWriter, read_leaves},
    entry::{BatchEntry, HEADER_BYTES, Which, decode_header, encode_header},
    verify::Verified,
};
use crate::{error::StoreError, key::Sequence};

/// The log's three files beside what they should hold.
pub(super) struct LogCheck {
    leaves: Beside,
    nodes: Beside,
    batches: Beside,
    /// The next batch; none when there is no log.
    next: Sequence,
    /// Whole entries in the file.
    entries: u64,
    first: Sequence,
    frontier: Frontier,
    deriver: Deriver,
    /// A batch could be read neither in the journal nor in the log: what follows cannot be recomputed.
    broken: bool,
    checkpoints: BTreeMap<u64, Vec<Hash>>,
    /// Files that have no header and hold nothing else: right in a store without a batch, and wrong in any other.
    headless: Vec<PathBuf>,
}

impl LogCheck {
    pub fn open(dir: &Path, checkpoints: &[Checkpoint], seen: &mut Verified) -> Result<Self, StoreError> {
        let [mut leaves, mut nodes, mut batches] = [
            Beside::open(&dir.join("leaves"))?,
            Beside::open(&dir.join("nodes"))?,
            Beside::open(&dir.join("batches"))?,
        ];
        let headers =
            [(&mut leaves, Which::Leaves), (&mut nodes, Which::Nodes), (&mut batches, Which::Batches)];
        let (mut firsts, mut headless) = (Vec::new(), Vec::new());
        for (file, which) in headers {
            let header = file.read(0, 64)?;
            match header.as_deref().and_then(|header| decode_header(which, header)) {
                Some(first) => firsts.push(first),
                None => headless.push(file.path.clone()),
            }
        }
        let begun = [&leaves, &nodes, &batches].iter().any(|file| file.length > HEADER_BYTES);
        if begun {
            find_headless(headless.drain(..), seen);
        }
        // With one header damaged the others tell; with all of them, 1 is what a log begins with.
        let first = firsts.first().copied().unwrap_or(1).max(1);
        for (file, which) in
            [(&mut leaves, Which::Leaves), (&mut nodes, Which::Nodes), (&mut batches, Which::Batches)]
        {
            let header = encode_header(which, first);
            file.expect_quietly(&header);
        }
        let mut by_size: BTreeMap<u64, Vec<Hash>> = BTreeMap::new();
        for checkpoint in checkpoints {
            by_size.entry(checkpoint.size).or_default().push(checkpoint.root);
        }
        let entries = batches.length.saturating_sub(HEADER_BYTES) / 64;
        let mut check = Self {
            leaves,
            nodes,
            batches,
            next: first,
            entries,
            first,
            frontier: Frontier::default(),
            deriver: Deriver::default(),
            broken: false,
            checkpoints: by_size,
            headless,
        };
        check.meet_checkpoints(seen);
        Ok(check)
    }

    /// Leaves and head, recomputed.
    pub fn tree(&self) -> (u64, Hash) {
        (self.frontier.size(), self.frontier.root())
    }

    /// Whether the log should have this batch.
    fn has(&self, sequence: Sequence) -> bool {
        sequence < self.first + self.entries
    }

    /// Follows the log alone up to the journal's oldest batch.
    pub fn skip_to(&mut self, oldest: Sequence, seen: &mut Verified) {
        while self.next < oldest && !self.broken {
            self.lost(self.next, seen);
        }
    }

    /// A batch that the journal cannot show: the log's own leaves stand in, under their checksum.
    pub fn lost(&mut self, sequence: Sequence, seen: &mut Verified) {
        if self.broken || sequence != self.next {
            return;
        }
        let kept = self.kept_leaves(sequence);
        let Some(kept) = kept else {
            self.broken = true;
            let what = "leaves cannot be read here and the journal does not have them; what follows cannot be checked";
            seen.find(&self.leaves.path, self.leaves.offset, sequence, what);
            return;
        };
        let mut nodes = Vec::new();
        let mut size = self.frontier.size();
        for leaf in &kept.1 {
            self.frontier.push(leaf.hash(), |node| nodes.extend_from_slice(&node.0));
            size += 1;
            Self::meet(&mut self.checkpoints, size, &self.frontier, &self.batches.path, sequence, seen);
        }
        self.compare(sequence, &kept.0, &nodes, seen);
    }

    fn kept_leaves(&self, sequence: Sequence) -> Option<(Vec<u8>, Vec<hamlet_proof::Leaf>)> {
        let offset = HEADER_BYTES + (sequence - self.first) * 64;
        let entry = BatchEntry::decode(sequence, &self.batches.read(offset, 64).ok()??)?;
        let length = usize::try_from(entry.leaves_end.checked_sub(self.leaves.offset)?).ok()?;
        let bytes = self.leaves.read(self.leaves.offset, length).ok()??;
        let right = crc32c::crc32c(&bytes) == entry.leaves_crc;
        let leaves = read_leaves(sequence, &bytes).ok().filter(|_| right)?;
        Some((bytes, leaves))
    }

    /// A batch as the journal has it.
    pub fn record(&mut self, sequence: Sequence, payload: &[u8], seen: &mut Verified) {
        if self.broken || sequence != self.next {
            return;
        }
        let (mut leaves, mut nodes, mut writer) = (Vec::new(), Vec::new(), LeafWriter::default());
        let (frontier, checkpoints, path) = (&mut self.frontier, &mut self.checkpoints, &self.batches.path);
        let derived = self.deriver.leaves(sequence, payload, |leaf| {
            writer.write(&leaf, &mut leaves);
            frontier.push(leaf.hash(), |node| nodes.extend_from_slice(&node.0));
            Self::meet(checkpoints, frontier.size(), frontier, path, sequence, seen);
        });
        // That it cannot be decoded is a finding already.
        self.broken = derived.is_err();
        self.compare(sequence, &leaves, &nodes, seen);
    }

    fn compare(&mut self, sequence: Sequence, leaves: &[u8], nodes: &[u8], seen: &mut Verified) {
        self.next = sequence + 1;
        if !self.has(sequence) {
            return;
        }
        self.leaves.expect(leaves, sequence, seen);
        self.nodes.expect(nodes, sequence, seen);
        let offset = self.batches.offset;
        let bytes = self.batches.read(offset, 64).ok().flatten().unwrap_or_default();
        let synced =
            bytes.get(52..60).and_then(|bytes| bytes.first_chunk()).map_or(0, |b| u64::from_le_bytes(*b));
        let entry = BatchEntry {
            leaves_end: self.leaves.offset,
            size: self.frontier.size(),
            head: self.frontier.root(),
            leaves_crc: crc32c::crc32c(leaves),
            synced,
        };
        self.batches.expect(&entry.encode(sequence), sequence, seen);
    }

    fn meet(
        checkpoints: &mut BTreeMap<u64, Vec<Hash>>,
        size: u64,
        frontier: &Frontier,
        path: &Path,
        sequence: Sequence,
        seen: &mut Verified,
    ) {
        let Some(roots) = checkpoints.remove(&size) else { return };
        let root = frontier.root();
        for kept in roots {
            if kept == root {
                seen.checkpoints += 1;
            } else {
                let what = format!(
                    "history was rewritten: the first {size} leaves lead to {root}, but a checkpoint that was \
                     signed for them says {kept}; the change is in this batch or before it"
                );
                seen.find(path, None, sequence, &what);
            }
        }
    }

    fn meet_checkpoints(&mut self, seen: &mut Verified) {
        Self::meet(&mut self.checkpoints, 0, &self.frontier, &self.batches.path, self.first - 1, seen);
    }

    pub fn end(&mut self, seen: &mut Verified) {
        for size in self.checkpoints.keys() {
            let what = format!(
                "history was cut: a checkpoint was signed for {size} leaves, and there are {}",
                self.frontier.size()
            );
            seen.find(&self.batches.path, None, None, &what);
        }
        if seen.batches.1 > 0 {
            find_headless(self.headless.drain(..), seen);
        } else if !self.headless.is_empty() {
            seen.notes.push("the store holds no batch, and its log of proofs has not begun".to_owned());
        }
        if self.broken {
            return;
        }
        if self.has(self.next) {
            let what = "the log has batches that the journal does not have";
            seen.find(&self.batches.path, HEADER_BYTES + (self.next - self.first) * 64, self.next, what);
        }
        // A log that lags behind the journal, after a crash, may have bytes that no entry tells of yet.
        let lags = self.next > self.first + self.entries;
        for file in [&self.leaves, &self.nodes, &self.batches] {
            // A torn header of a log that had not begun is not longer than a header.
            if file.length > file.offset && !lags {
                seen.find(&file.path, file.offset, None, "something follows the end");
            }
        }
    }
}

fn find_headless(files: impl Iterator<Item = PathBuf>, seen: &mut Verified) {
    for path in files {
        seen.find(&path, 0, None, "its header is damaged or missing");
    }
}

/// A file that is read beside what it should hold.
struct Beside {
    path: PathBuf,
    file: Option<fs::File>,
    length: u64,
    offset: u64,
}

impl Beside {
    fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = || StoreError::io(format!("opening {}", path.display()));
        let file = match fs::File::open(path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed()(error)),
        };
        let length = match &file {
            Some(file) => file.metadata().map_err(failed())?.len(),
            None => 0,
        };
        Ok(Self { path: path.to_owned(), file, length, offset: 0 })
    }

    /// None at the end of the file.
    fn read(&self, offset: u64, length: usize) -> Result<Option<Vec<u8>>, StoreError> {
        use std::os::unix::fs::FileExt as _;
        if offset.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Ok(None);
        }
        let Some(file) = &self.file else { return Ok(None) };
        let mut bytes = vec![0; length];
        let read = file.read_exact_at(&mut bytes, offset);
        read.map_err(StoreError::io(format!("reading {}", self.path.display())))?;
        Ok(Some(bytes))
    }

    fn expect_quietly(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
    }

    /// Compares what comes next, byte by byte.
    fn expect(&mut self, bytes: &[u8], sequence: Sequence, seen: &mut Verified) {
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        match self.read(offset, bytes.len()) {
            Ok(Some(found)) => {
                for (at, _) in
                    (offset..).zip(found.iter().zip(bytes)).filter(|(_, (one, other))| one != other)
                {
                    seen.find(
                        &self.path,
                        at,
                        sequence,
                        "this byte is not what the journal and the tree lead to",
                    );
                }
            }
            Ok(None) => seen.find(&self.path, self.length, sequence, "the file is too short"),
            Err(error) => seen.find(&self.path, offset, sequence, &error.to_string()),
        }
    }
}
