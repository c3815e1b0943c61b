//! A store: opening a folder, handing out snapshots, reading the journal, closing.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
};

use hashbrown::DefaultHashBuilder;
use parking_lot::Mutex;

use crate::{
    backup::Backup,
    config::{Background, Config, Stats, Work},
    disk::{Disk, DiskLock, LocalDisk, Open},
    error::StoreError,
    journal::{Journal, MemoryJournal, SegmentJournal, SegmentOptions},
    key::{Namespace, Sequence},
    overlay::base::{State, Usage},
    priority::{BEHIND, step_back},
    proof::Proofs,
    rebuild::open_state,
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
    _lock: Option<DiskLock>,
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
    /// folded is replayed from the journal, so the time grows with that, not with the store; a state that is
    /// damaged or missing is made anew from the whole journal.
    pub fn open(dir: &Path, config: Config) -> Result<(Self, Batch), StoreError> {
        let disk = Arc::clone(&config.disk);
        let disk = &*disk;
        make_dir(disk, dir)?;
        let lock = lock_on(disk, dir)?;
        let format = check_format(disk, dir)?;
        let state_path = dir.join(STATE_FILE);
        let known = Proofs::known(disk, &dir.join(PROOFS_FOLDER))?;
        let state = open_state(disk, dir, config.state_cache_bytes, known)?;
        let folded = state.base()?.folded;
        let options = SegmentOptions {
            segment_bytes: config.segment_bytes,
            known,
            fault: config.disk_fault.clone(),
            disk: Arc::clone(&config.disk),
            entropy: config.entropy.clone(),
        };
        let journal = SegmentJournal::open(&dir.join(JOURNAL_FOLDER), folded, options)?;
        if journal.head() < folded {
            let oldest = journal.reader().oldest();
            return Err(StoreError::Mismatch { oldest, head: journal.head(), folded });
        }
        let proofs = dir.join(PROOFS_FOLDER);
        let begin_here = format == FORMAT_BEFORE_PROOFS;
        let proofs = config
            .proofs
            .then(|| Proofs::open(Some((disk, &*proofs)), journal.reader(), begin_here, config.background));
        let proofs = proofs.transpose()?;
        if format < FORMAT {
            let failed = || StoreError::io(format!("writing the format into {}", dir.display()));
            write_format(disk, dir, &dir.join(FORMAT_FILE)).map_err(failed())?;
        }
        // What is flushed into a file is lost with the name of the file or of its folder: those made above are
        // durable before anything is acknowledged.
        disk.sync_dir(dir).map_err(StoreError::io(format!("flushing {}", dir.display())))?;
        Self::start(config, state, Box::new(journal), proofs, Some((lock, state_path)))
    }

    /// A store that is gone with its last clone: for tests and throw-away communities.
    ///
    /// # Panics
    /// When the system gives no memory or no threads.
    pub fn in_memory(config: Config) -> (Self, Batch) {
        let started = State::in_memory().and_then(|state| {
            let journal = Box::<MemoryJournal>::default();
            let proofs =
                config.proofs.then(|| Proofs::open(None, journal.reader(), false, config.background));
            let proofs = proofs.transpose()?;
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
        files: Option<(DiskLock, PathBuf)>,
    ) -> Result<(Self, Batch), StoreError> {
        let hasher = DefaultHashBuilder::default();
        let reader = journal.reader();
        let view = replay(&state, &*reader, &hasher, config.overlay_bytes_max.saturating_mul(2))?;
        let background = config.background;
        let shared = Arc::new(Shared::new(config, hasher, reader, state, view));
        let (lock, state_path) = files.unzip();
        let handle = Arc::new(Handle {
            shared: Arc::clone(&shared),
            proofs: proofs.map(Arc::new),
            state_path,
            threads: Mutex::default(),
            _lock: lock,
        });
        if background == Background::Threads {
            let folding = Arc::clone(&shared);
            handle.spawn("hamlet-fold", move || folding.fold_loop())?;
            handle.spawn("hamlet-merge", move || shared.merge_loop())?;
            if let Some(proofs) = &handle.proofs {
                let proofs = Arc::clone(proofs);
                handle.spawn("hamlet-proofs", move || proofs.follow_loop())?;
            }
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

    /// Does a piece of what the threads behind do, on the caller's thread. With [`Background::ByHand`] nobody else
    /// does it.
    pub fn work(&self, work: Work) -> Result<(), StoreError> {
        match (work, &self.handle.proofs) {
            (Work::Fold, _) => self.fold_all()?,
            (Work::Merge, _) => self.shared().merge_now(),
            (Work::Prove, Some(proofs)) => drop(proofs.wait_for(self.head())?),
            (Work::SaveProofs, Some(proofs)) => drop(proofs.save_all()?),
            (Work::Prove | Work::SaveProofs, None) => {}
        }
        Ok(())
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
        let behind = move || {
            step_back(BEHIND);
            run();
        };
        let thread = builder.spawn(behind).map_err(StoreError::io("starting a thread"))?;
        self.threads.lock().push(thread);
        Ok(())
    }
}

/// Makes the store's folder, and its name durable.
fn make_dir(disk: &dyn Disk, dir: &Path) -> Result<(), StoreError> {
    if disk.exists(dir) {
        return Ok(());
    }
    let failed = || StoreError::io(format!("making {}", dir.display()));
    disk.make_dir(dir).map_err(failed())?;
    match dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => disk.sync_dir(parent).map_err(failed()),
        None => Ok(()),
    }
}

/// Takes the lock of a folder of the operating system.
pub(crate) fn lock(dir: &Path) -> Result<DiskLock, StoreError> {
    lock_on(&LocalDisk, dir)
}

fn lock_on(disk: &dyn Disk, dir: &Path) -> Result<DiskLock, StoreError> {
    let locked = disk.try_lock(&dir.join(LOCK_FILE));
    let locked = locked.map_err(StoreError::io(format!("locking {}", dir.display())))?;
    locked.ok_or_else(|| StoreError::Locked(dir.to_owned()))
}

/// Reads the format file, or writes it into a folder that has none yet.
fn check_format(disk: &dyn Disk, dir: &Path) -> Result<u32, StoreError> {
    let path = dir.join(FORMAT_FILE);
    let not_a_store = |why: &str| StoreError::NotAStore { path: path.clone(), why: why.to_owned() };
    match read_short(disk, &path) {
        Ok(text) => {
            let number = text.strip_prefix(FORMAT_WORDS).and_then(|n| n.trim_end().parse().ok());
            match number {
                None => Err(not_a_store("the format file says something else")),
                Some(found) if found > FORMAT => Err(StoreError::FormatTooNew { found, known: FORMAT }),
                Some(found) => Ok(found),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if disk.exists(&dir.join(STATE_FILE)) || disk.exists(&dir.join(JOURNAL_FOLDER)) {
                return Err(not_a_store("the format file is missing beside a state or a journal"));
            }
            let failed = StoreError::io(format!("writing {}", path.display()));
            write_format(disk, dir, &path).map_err(failed)?;
            Ok(FORMAT)
        }
        Err(error) => Err(StoreError::io(format!("reading {}", path.display()))(error)),
    }
}

/// The text of a file of which only the first bytes matter.
fn read_short(disk: &dyn Disk, path: &Path) -> io::Result<String> {
    const BYTES_MAX: u64 = 64;
    let file = disk.open(path, Open::Read)?;
    let length = usize::try_from(file.length()?.min(BYTES_MAX)).unwrap_or_default();
    let mut bytes = vec![0; length];
    file.read_at(&mut bytes, 0)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

pub(crate) fn write_format(disk: &dyn Disk, dir: &Path, path: &Path) -> io::Result<()> {
    let temporary = dir.join("format.tmp");
    let file = disk.open(&temporary, Open::Replace)?;
    file.write_at([format!("{FORMAT_WORDS}{FORMAT}\n").as_bytes(), &[]], 0)?;
    file.sync_data()?;
    disk.rename(&temporary, path)?;
    disk.sync_dir(dir)
}
