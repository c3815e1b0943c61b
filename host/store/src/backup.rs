//! A copy of a store, taken while it is written to, and a store made from one.
//!
//! The copy stands at one batch, N: the journal's files up to the end of record N, the log of proofs up to its
//! leaves, and the rows of the folded state as of some batch at or before N. All three only grow, so what is
//! copied later is what was there when the copy began; reopening folds the records between the state and N.
//!
//! ```text
//! journal/NNNNNNNNNNNNNNNNNNNN.seg   as they are, the newest without its preallocated room
//! proofs/leaves nodes batches        as they are, up to batch N
//! rows                               blocks of about 8 MiB: (length:u32be key  length:u32be value)*, keys in order
//! ```
//!
//! It knows no encryption and no archive: whoever carries a copy away protects it. If this is wrong, a backup
//! is a store that nobody can open on the day when it is needed.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use hamlet_proof::Hash;

use crate::{
    disk::{DiskLock, LocalDisk},
    error::StoreError,
    key::{Namespace, Sequence, Value},
    overlay::{
        base::{Base, State, Usage},
        layer::LayerRow,
    },
    proof::Proofs,
    shared::Shared,
    store::{FORMAT_FILE, JOURNAL_FOLDER, PROOFS_FOLDER, STATE_FILE, lock, write_format},
};

/// Bytes of rows that are gathered into one block.
pub const BLOCK_BYTES: usize = 8 * 1024 * 1024;
/// The longest block that is taken back: one row may be larger than a block.
pub const BLOCK_BYTES_MAX: usize = BLOCK_BYTES + 32 * 1024 * 1024;

/// What a copy stands on; all that is needed beside its files and rows to make a store of it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The newest batch of the copy.
    pub sequence: Sequence,
    /// Up to which batch the rows are folded.
    pub folded: Sequence,
    /// Leaves of the log at `sequence`, and its tree head.
    pub leaves: u64,
    /// The tree head.
    pub root: Hash,
    /// Bytes of keys and values by namespace, at `folded`.
    pub usage: BTreeMap<u32, u64>,
}

/// A store at one moment, to be copied.
pub struct Backup {
    moment: Moment,
    files: Vec<BackupFile>,
    base: Arc<Base>,
}

/// A file of a copy.
#[derive(Debug)]
pub struct BackupFile {
    /// Its place in the store's folder, with `/`.
    pub name: String,
    /// How many of its bytes belong to the copy.
    pub bytes: u64,
    file: File,
}

impl BackupFile {
    /// Its bytes, from the first one.
    pub fn read(&self) -> io::Result<impl Read + '_> {
        (&self.file).seek(SeekFrom::Start(0))?;
        Ok((&self.file).take(self.bytes))
    }
}

impl Backup {
    pub(crate) fn begin(shared: &Shared, proofs: &Proofs) -> Result<Self, StoreError> {
        // In this order: nothing is folded that is not in the journal, and the log follows the journal.
        let (mut base, mut usage) = shared.folded_moment()?;
        let mut journal = shared.reader.files()?;
        // Batches that were folded in between may have been dropped in between: then the rows are older than the
        // journal's beginning, and are taken anew. A fold takes longer than this, so it ends.
        while journal.oldest > base.folded + 1 {
            (base, usage) = shared.folded_moment()?;
            journal = shared.reader.files()?;
        }
        let sequence = journal.head;
        let log = proofs.files(sequence)?;
        let tree = proofs.tree_at(sequence)?;
        let journal = journal.files.into_iter().map(|(name, file, bytes)| BackupFile {
            name: format!("{JOURNAL_FOLDER}/{name}"),
            bytes,
            file,
        });
        let log = log.into_iter().map(|(name, file, bytes)| BackupFile {
            name: format!("{PROOFS_FOLDER}/{name}"),
            bytes,
            file,
        });
        let usage = usage.into_iter().map(|(namespace, bytes)| (namespace.0, bytes)).collect();
        let (leaves, root) = (tree.size, tree.root);
        let moment = Moment { sequence, folded: base.folded, leaves, root, usage };
        Ok(Self { moment, files: journal.chain(log).collect(), base })
    }

    /// Where it stands.
    pub fn moment(&self) -> &Moment {
        &self.moment
    }

    /// Its files.
    pub fn files(&self) -> &[BackupFile] {
        &self.files
    }

    /// Calls `each` with every block of rows, in order. Reads the whole state once.
    pub fn rows<E: From<StoreError>>(&self, mut each: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut block = Vec::with_capacity(BLOCK_BYTES + 128 * 1024);
        self.base.each(|key, value| -> Result<(), E> {
            for part in [key, value] {
                // Both are far below 4 GiB, by the bounds of keys and values.
                block.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
                block.extend_from_slice(part);
            }
            if block.len() >= BLOCK_BYTES {
                each(&block)?;
                block.clear();
            }
            Ok(())
        })?;
        if block.is_empty() { Ok(()) } else { each(&block) }
    }
}

/// Makes a store of a copy, in an empty folder. Until [`Self::finish`] the folder is no store, and opening it is
/// refused.
pub struct Restore {
    dir: PathBuf,
    state: State,
    _lock: DiskLock,
}

impl Restore {
    /// Begins in a folder that is not there or empty.
    ///
    /// # Errors
    /// [`StoreError::BadCopy`] when something lies in it; I/O.
    pub fn begin(dir: &Path) -> Result<Self, StoreError> {
        let failed = || StoreError::io(format!("making {}", dir.display()));
        fs::create_dir_all(dir).map_err(failed())?;
        if fs::read_dir(dir).map_err(failed())?.next().is_some() {
            return Err(StoreError::BadCopy(format!("{} is not empty", dir.display())));
        }
        let lock = lock(dir)?;
        for folder in [JOURNAL_FOLDER, PROOFS_FOLDER] {
            fs::create_dir(dir.join(folder)).map_err(failed())?;
        }
        let state = State::open(&LocalDisk, &dir.join(STATE_FILE), 64 * 1024 * 1024)?;
        Ok(Self { dir: dir.to_owned(), state, _lock: lock })
    }

    /// Takes a file of the copy.
    ///
    /// # Errors
    /// [`StoreError::BadCopy`] for a name that no store has; I/O.
    pub fn file(&self, name: &str, from: &mut dyn Read) -> Result<(), StoreError> {
        if !is_name(name) {
            return Err(StoreError::BadCopy(format!("`{name}` is no file of a store")));
        }
        let path = self.dir.join(name);
        let failed = || StoreError::io(format!("writing {}", path.display()));
        let mut file = File::create_new(&path).map_err(failed())?;
        io::copy(from, &mut file).map_err(failed())?;
        file.sync_all().map_err(failed())
    }

    /// Takes a block of rows. One durable commit.
    ///
    /// # Errors
    /// [`StoreError::BadCopy`] when it is not laid out as one; I/O.
    pub fn rows(&self, block: &[u8]) -> Result<(), StoreError> {
        let mut rest = block;
        let mut rows = Vec::new();
        while !rest.is_empty() {
            let (key, value) = (part(&mut rest)?, part(&mut rest)?);
            // The hash is for the overlay, through which these rows do not go.
            rows.push(LayerRow::new(0, key.into(), Some(Value::from(value))));
        }
        self.state.fold(0, &Usage::new(), &rows)
    }

    /// Makes it a store. Whether its parts fit each other is found by opening or verifying it.
    pub fn finish(self, moment: &Moment) -> Result<(), StoreError> {
        let usage = moment.usage.iter().map(|(namespace, bytes)| (Namespace(*namespace), *bytes)).collect();
        self.state.fold(moment.folded, &usage, &[])?;
        let failed = || StoreError::io(format!("flushing {}", self.dir.display()));
        for folder in [JOURNAL_FOLDER, PROOFS_FOLDER] {
            File::open(self.dir.join(folder)).and_then(|folder| folder.sync_all()).map_err(failed())?;
        }
        write_format(&LocalDisk, &self.dir, &self.dir.join(FORMAT_FILE)).map_err(failed())
    }
}

fn part<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], StoreError> {
    let cut = || StoreError::BadCopy("a block of rows is cut off".to_owned());
    let (length, after) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
    let (part, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or_else(cut)?;
    *rest = after;
    Ok(part)
}

/// Whether a copy may have a file of this name: nothing that leads out of the folder, nothing that is made anew.
fn is_name(name: &str) -> bool {
    match name.split_once('/') {
        Some((JOURNAL_FOLDER, segment)) => segment
            .strip_suffix(".seg")
            .is_some_and(|number| number.len() == 20 && number.bytes().all(|digit| digit.is_ascii_digit())),
        Some((PROOFS_FOLDER, file)) => ["leaves", "nodes", "batches"].contains(&file),
        _ => false,
    }
}
