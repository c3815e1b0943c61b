//! Verifying a whole store, offline: every byte of journal and log is recomputed or checked, and whatever
//! differs is found and located. Nothing is written, not even repaired; the store must be closed.
//!
//! | file | how a changed byte is found | located to |
//! |---|---|---|
//! | `format`, `lock` | compared | the file |
//! | `journal/*.seg` | header, record headers and payloads by CRC32C; what lies behind the records must be zeros | the record and its batch; the byte, in the zeros |
//! | `proofs/leaves`, `nodes`, `batches` | recomputed from the journal, compared | the byte |
//! | … behind the journal's horizon | leaves by their CRC32C and, with nodes and heads, by the tree | the batch, the byte |
//! | `state.redb` | folded anew from the journal, compared row by row, with usage | the row |
//!
//! A change that somebody makes with care (checksums, tree and signature made anew) is exposed only by a
//! checkpoint that left the box: [`verify`] takes those, and names the first that does not fit.
//! Bytes of `state.redb` that hold no row (free pages) mean nothing and are not looked at; where the journal
//! was dropped, its older rows are the snapshot itself and there is nothing to compare them with.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use hamlet_proof::{Checkpoint, Hash};

use super::{log_check::LogCheck, state_check::StateCheck};
use crate::{
    error::StoreError,
    journal::audit::{self, Audited},
    key::Sequence,
    rebuild::STATE_REFUSED_FILE,
    record::PayloadReader,
    store::{FORMAT, FORMAT_FILE, FORMAT_WORDS, JOURNAL_FOLDER, PROOFS_FOLDER, lock},
};

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub file: PathBuf,
    /// Where in it, in bytes; none where only the file or a row can be named.
    pub offset: Option<u64>,
    /// The batch that is touched, where that can be said.
    pub sequence: Option<Sequence>,
    /// What is wrong, in words.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.file.display())?;
        if let Some(offset) = self.offset {
            write!(formatter, " at byte {offset}")?;
        }
        if let Some(sequence) = self.sequence {
            write!(formatter, ", batch {sequence}")?;
        }
        write!(formatter, ": {}", self.what)
    }
}

/// What [`verify`] saw.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// Everything that is wrong, in the order in which it was met; empty when all is well.
    pub findings: Vec<Finding>,
    /// The oldest and the newest batch of the journal.
    pub batches: (Sequence, Sequence),
    /// Commands that were read.
    pub commands: u64,
    /// Leaves of the whole log.
    pub leaves: u64,
    /// Its tree head, recomputed.
    pub root: Hash,
    /// Rows of the folded state that were compared.
    pub rows: u64,
    /// Checkpoints that the log was found to continue.
    pub checkpoints: usize,
    /// What could not be looked at, and why.
    pub notes: Vec<String>,
}

impl Verified {
    pub(super) fn find(
        &mut self,
        file: &Path,
        offset: impl Into<Option<u64>>,
        sequence: impl Into<Option<u64>>,
        what: &str,
    ) {
        // A file that was exchanged as a whole would give a finding a byte: some are enough.
        const FINDINGS_MAX: usize = 1000;
        if self.findings.len() < FINDINGS_MAX {
            let (offset, sequence) = (offset.into(), sequence.into());
            self.findings.push(Finding { file: file.to_owned(), offset, sequence, what: what.to_owned() });
        }
    }
}

/// Verifies the closed store in `dir`, and that it continues each of `checkpoints` (opened with the
/// community's key by the caller). Reads every file once; memory grows with the rows that the journal wrote
/// (about 100 bytes each) and with the checkpoints, not with the log.
///
/// # Errors
/// Only what keeps it from looking: [`StoreError::Locked`] while a host runs on the store, I/O, a newer
/// format. Damage is a finding.
pub fn verify(dir: &Path, checkpoints: &[Checkpoint]) -> Result<Verified, StoreError> {
    let _lock = lock(dir)?;
    let mut seen = Verified::default();
    check_small_files(dir, &mut seen)?;
    let mut log = LogCheck::open(&dir.join(PROOFS_FOLDER), checkpoints, &mut seen)?;
    let mut state = StateCheck::open(dir);
    let journal = audit::walk(&dir.join(JOURNAL_FOLDER), &mut |audited| match audited {
        Audited::Begin { oldest } => {
            seen.batches.0 = oldest;
            state.begin(oldest);
            log.skip_to(oldest, &mut seen);
        }
        Audited::Record { sequence, payload, file, offset } => {
            seen.batches.1 = sequence;
            let read = read_record(sequence, payload, &mut state);
            match read {
                Ok(commands) => seen.commands += commands,
                Err(error) => seen.find(file, offset, sequence, &error.to_string()),
            }
            log.record(sequence, payload, &mut seen);
        }
        Audited::Lost { file, offset, sequence, what } => {
            seen.find(file, offset, sequence, &what);
            if let Some(sequence) = sequence {
                state.lost();
                log.lost(sequence, &mut seen);
            }
        }
    });
    journal?;
    log.end(&mut seen);
    (seen.leaves, seen.root) = log.tree();
    state.compare(&mut seen);
    Ok(seen)
}

fn check_small_files(dir: &Path, seen: &mut Verified) -> Result<(), StoreError> {
    let format = dir.join(FORMAT_FILE);
    let text = fs::read(&format).map_err(StoreError::io(format!("reading {}", format.display())))?;
    let older = |number: u32| format!("{FORMAT_WORDS}{number}\n").into_bytes();
    if !(1..=FORMAT).any(|number| older(number) == text) {
        seen.find(&format, None, None, "it does not say which format the store has");
    }
    let lock = dir.join("lock");
    if fs::metadata(&lock).is_ok_and(|metadata| metadata.len() > 0) {
        seen.find(&lock, 0, None, "it should be empty");
    }
    for entry in fs::read_dir(dir).map_err(StoreError::io(format!("reading {}", dir.display())))? {
        let entry = entry.map_err(StoreError::io(format!("reading {}", dir.display())))?;
        let name = entry.file_name();
        let known = ["format", "lock", "journal", "proofs", "state.redb", "format.tmp", STATE_REFUSED_FILE];
        if !known.iter().any(|known| name == *known) {
            seen.find(&entry.path(), None, None, "it does not belong to a store");
        }
        if name == *STATE_REFUSED_FILE {
            seen.notes.push(format!(
                "the state was damaged once and made anew; {STATE_REFUSED_FILE} is the old one"
            ));
        }
    }
    Ok(())
}

/// Reads everything of a record, so that what a checksum cannot know (a writer's mistake) is met as well.
fn read_record(sequence: Sequence, payload: &[u8], state: &mut StateCheck) -> Result<u64, StoreError> {
    let mut reader = PayloadReader::new(sequence, payload)?;
    let mut commands = 0;
    while let Some((_, rows)) = reader.entry()? {
        for _ in 0..rows {
            let (namespace, key, value) = reader.row()?;
            state.write(sequence, namespace, key, value);
        }
        commands += 1;
    }
    reader.usage()?;
    Ok(commands)
}
