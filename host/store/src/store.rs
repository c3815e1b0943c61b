//! A store: opening a folder, handing out snapshots, reading the journal, closing.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
};

use hashbrown::DefaultHashBuilder;
use parking_lot::Mutex;

use crate::{
    backup::Backup,
    config::{Config, Stats},
    error::StoreError,
    journal::{Journal, MemoryJournal, SegmentJournal, SegmentOptions},
    key::{Namespace, Sequence},
    overlay::{
        base::{State, Usage},
        view::View,
    },
    proof::Proofs,
    record::{Record, decode},
    replay::replay,
    shared::Shared,
    snapshot::Snapshot,
    writer::{batch::Batch, beside::Beside},
};

/// The format that this host writes, and the newest that it reads.
pub const FORMAT: u32 = 2;

pub(crate) const FORMAT_FILE: &str = "format";
pub(crate) const FORMAT_WORDS: &str = "hamlet-store ";
/// The format before the log of proofs. Its records stay as they are and have no leaves.
const FORMAT_BEFORE_PROOFS: u32 = 1;
const LOCK_FILE: &str = "lock";
pub(crate) const STATE_FILE: &str = "state.redb";
pub(crate) const JOURNAL_FOLDER: &str = "journal";
pub(crate) const PROOFS_FOLDER: &str = "proofs";

/// A store, for any number of threads. Clones are the same store; it closes with the last clone
/// and its [`Batch`].
#[derive(Clone)]
pub struct Store {
    handle: Arc<Handle>,
}

/// What keeps a store open: the threads and the folder's lock.
pub(crate) struct Handle {
    pub shared: Arc<Shared>,
    /// None only while it is measured what they cost.
    proofs: Option<Arc<Proofs>>,
    state_path: Option<PathBuf>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Last, so that it is given back after everything else is closed.
    _lock: Option<File>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.stop();
        if let Some(proofs) = &self.proofs {
            proofs.stop();
        }
        for thread in self.threads.get_mut().drain(..) {
            // A thread that panicked has said so; closing goes on.
            let _ = thread.join();
        }
    }
}

impl Store {
    /// Opens or makes a store in a folder, for this process alone. What was committed and not yet
    /// folded is replayed from the journal, so the time grows with that, not with the store.
    pub fn open(dir: &Path, config: Config) -> Result<(Self, Batch), StoreError> {
        fs::create_dir_all(dir).map_err(StoreError::io(format!("making {}", dir.display())))?;
        let lock = lock(dir)?;
        let format = check_format(dir)?;
        let state_path = dir.join(STATE_FILE);
        let state = State::open(&state_path, config.state_cache_bytes)?;
        let folded = state.base()?.folded;
        let options = SegmentOptions {
            segment_bytes: config.segment_bytes,
            known: Proofs::known(&dir.join(PROOFS_FOLDER)),
            fault: config.disk_fault.clone(),
        };
        let journal = SegmentJournal::open(&dir.join(JOURNAL_FOLDER), folded, options)?;
        if journal.head() < folded {
            let oldest = journal.reader().oldest();
            return Err(StoreError::Mismatch { oldest, head: journal.head(), folded });
        }
        let proofs = dir.join(PROOFS_FOLDER);
        let begin_here = format == FORMAT_BEFORE_PROOFS;
        let proofs = config.proofs.then(|| Proofs::open(Some(&proofs), journal.reader(), begin_here));
        let proofs = proofs.transpose()?;
        if format < FORMAT {
            let failed = || StoreError::io(format!("writing the format into {}", dir.display()));
            write_format(dir, &dir.join(FORMAT_FILE)).map_err(failed())?;
        }
        Self::start(config, state, Box::new(journal), proofs, Some((lock, state_path)))
    }

    /// A store that is gone with its last clone: for tests and throw-away communities.
    ///
    /// # Panics
    /// When the system gives no memory or no threads.
    pub fn in_memory(config: Config) -> (Self, Batch) {
        let started = State::in_memory().and_then(|state| {
            let journal = Box::<MemoryJournal>::default();
            let proofs = config.proofs.then(|| Proofs::open(None, journal.reader(), false)).transpose()?;
            Self::start(config, state, journal, proofs, None)
        });
        #[expect(
            clippy::expect_used,
            reason = "nothing here does I/O; what is left is no memory or no threads"
        )]
        started.expect("a store in memory")
    }

    fn start(
        config: Config,
        state: State,
        journal: Box<dyn Journal>,
        proofs: Option<Proofs>,
        files: Option<(File, PathBuf)>,
    ) -> Result<(Self, Batch), StoreError> {
        let hasher = DefaultHashBuilder::default();
        let reader = journal.reader();
        let base = state.base()?;
        let usage = Arc::new(state.usage()?);
        let folded = View { sequence: base.folded, usage, base, layers: Vec::new() };
        let view = replay(folded, &*reader, &hasher)?;
        let shared = Arc::new(Shared::new(config, hasher, reader, state, view));
        let (lock, state_path) = files.unzip();
        let handle = Arc::new(Handle {
            shared: Arc::clone(&shared),
            proofs: proofs.map(Arc::new),
            state_path,
            threads: Mutex::default(),
            _lock: lock,
        });
        let folding = Arc::clone(&shared);
        handle.spawn("hamlet-fold", move || folding.fold_loop())?;
        handle.spawn("hamlet-merge", move || shared.merge_loop())?;
        if let Some(proofs) = &handle.proofs {
            let proofs = Arc::clone(proofs);
            handle.spawn("hamlet-proofs", move || proofs.follow_loop())?;
        }
        let batch = Batch::new(Arc::clone(&handle), journal);
        Ok((Self { handle }, batch))
    }

    fn shared(&self) -> &Shared {
        &self.handle.shared
    }

    /// The newest durable batch.
    pub fn head(&self) -> Sequence {
        self.shared().view().sequence
    }

    /// Everything that is committed now. Costs one atomic addition; while it lives it keeps old
    /// versions in memory and old pages on disk, so it should not live long (T6).
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.shared().view(), self.shared().hasher.clone())
    }

    /// Everything that is committed now, to run a transaction on beside the writer (T7). It should not
    /// live longer than a snapshot.
    pub fn beside(&self) -> Beside {
        Beside::new(&self.handle)
    }

    /// Bytes of keys (without namespace) and values in a namespace, exactly, at the head.
    pub fn usage(&self, ns: Namespace) -> u64 {
        self.shared().view().usage.get(&ns).copied().unwrap_or(0)
    }

    /// Committed batches from `from` (0 and 1 both mean the first) to the head of this moment.
    ///
    /// # Errors
    /// [`StoreError::Dropped`] if older ones were dropped. Damage is met while iterating, which
    /// then ends.
    pub fn journal(
        &self,
        from: Sequence,
    ) -> Result<impl Iterator<Item = Result<Record, StoreError>> + Send + use<>, StoreError> {
        let records = self.shared().reader.read(from)?;
        Ok(records.map(|raw| raw.and_then(|raw| decode(raw.sequence, raw.term, &raw.payload))))
    }

    /// Waits until everything committed by now is folded, so that the next opening replays
    /// nothing. For a clean shutdown and before a backup.
    pub fn fold_all(&self) -> Result<(), StoreError> {
        self.shared().fold_all()
    }

    /// Drops journal segments whose batches are all older than `sequence`, folded, and durable in the log of
    /// proofs (J3). Returns the oldest batch that is left. Nothing is ever dropped without this call.
    pub fn drop_before(&self, sequence: Sequence) -> Result<Sequence, StoreError> {
        let folded = self.shared().counts().folded;
        let proved = match &self.handle.proofs {
            Some(proofs) => proofs.save_all()?,
            None => folded,
        };
        self.shared().reader.drop_before(sequence.min(folded + 1).min(proved + 1))
    }

    /// Everything that is committed now, to be copied while commands run. Costs the wait for the log of proofs to
    /// be on disk; while it lives it keeps old pages of the state on disk, like a snapshot (T6).
    ///
    /// # Errors
    /// [`StoreError::NoFiles`] in memory, [`StoreError::NoProofs`], I/O.
    pub fn backup(&self) -> Result<Backup, StoreError> {
        Backup::begin(self.shared(), self.proofs()?)
    }

    /// The log of leaves: receipts, checkpoints, and whether history only grew (J3).
    ///
    /// # Errors
    /// [`StoreError::NoProofs`] if [`Config::proofs`] is off.
    pub fn proofs(&self) -> Result<&Proofs, StoreError> {
        let proofs = self.handle.proofs.as_deref();
        proofs.ok_or_else(|| StoreError::NoProofs("this store keeps none".to_owned()))
    }

    /// Numbers for metrics.
    pub fn stats(&self) -> Stats {
        let counts = self.shared().counts();
        let journal = self.shared().reader.size();
        let state = self.handle.state_path.as_ref().and_then(|path| fs::metadata(path).ok());
        Stats {
            head: counts.head,
            folded: counts.folded,
            unfolded_batches: counts.head - counts.folded,
            unfolded_rows: counts.rows,
            unfolded_bytes: counts.bytes,
            layers: counts.layers,
            folds: counts.folds,
            merges: counts.merges,
            journal_oldest: self.shared().reader.oldest(),
            segments: journal.segments,
            journal_bytes: journal.bytes,
            journal_used_bytes: journal.used,
            state_bytes: state.map_or(0, |metadata| metadata.len()),
        }
    }

    /// Usage as the folded state has it, which lags behind [`Self::usage`]: for audits.
    pub fn folded_usage(&self) -> Result<Vec<(Namespace, u64)>, StoreError> {
        let usage: Usage = self.shared().state_usage()?;
        Ok(usage.into_iter().collect())
    }
}

impl Handle {
    /// Tells the log of proofs that a batch was committed.
    pub fn wake_proofs(&self) {
        if let Some(proofs) = &self.proofs {
            proofs.wake();
        }
    }

    fn spawn(&self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
        let builder = std::thread::Builder::new().name(name.to_owned());
        let thread = builder.spawn(run).map_err(StoreError::io("starting a thread"))?;
        self.threads.lock().push(thread);
        Ok(())
    }
}

pub(crate) fn lock(dir: &Path) -> Result<File, StoreError> {
    let failed = || StoreError::io(format!("locking {}", dir.display()));
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(dir.join(LOCK_FILE))
        .map_err(failed())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed()(error)),
    }
}

/// Reads the format file, or writes it into a folder that has none yet.
fn check_format(dir: &Path) -> Result<u32, StoreError> {
    let path = dir.join(FORMAT_FILE);
    let not_a_store = |why: &str| StoreError::NotAStore { path: path.clone(), why: why.to_owned() };
    match fs::read_to_string(&path) {
        Ok(text) => {
            let number = text.strip_prefix(FORMAT_WORDS).and_then(|n| n.trim_end().parse().ok());
            match number {
                None => Err(not_a_store("the format file says something else")),
                Some(found) if found > FORMAT => Err(StoreError::FormatTooNew { found, known: FORMAT }),
                Some(found) => Ok(found),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if dir.join(STATE_FILE).exists() || dir.join(JOURNAL_FOLDER).exists() {
                return Err(not_a_store("the format file is missing beside a state or a journal"));
            }
            write_format(dir, &path).map_err(StoreError::io(format!("writing {}", path.display())))?;
            Ok(FORMAT)
        }
        Err(error) => Err(StoreError::io(format!("reading {}", path.display()))(error)),
    }
}

pub(crate) fn write_format(dir: &Path, path: &Path) -> io::Result<()> {
    let temporary = dir.join("format.tmp");
    let mut file = File::create(&temporary)?;
    writeln!(file, "{FORMAT_WORDS}{FORMAT}")?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    File::open(dir)?.sync_all()
}
