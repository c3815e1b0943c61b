//! The thread that follows the journal, and the handle through which proofs are asked for.

use std::{
    fs::File,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use hamlet_proof::{Checkpoint, Consistency, Hash, Leaf, Signer, tree};
use parking_lot::{Condvar, Mutex};

use super::log::{Addition, Found, Log, TreeHead};
use crate::{config::Background, disk::Disk, error::StoreError, journal::JournalRead, key::Sequence};

/// A cycle that makes the log durable begins when so many bytes wait for it …
const SAVE_BYTES: u64 = 16 * 1024 * 1024;
/// … or when the oldest of them waits for so long.
const SAVE_INTERVAL: Duration = Duration::from_secs(5);
/// How long a failure is left alone before it is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How long one who asks is kept waiting for the log to catch up with the journal.
const PATIENCE: Duration = Duration::from_secs(10);

/// A store's proofs, for any number of threads.
pub struct Proofs {
    pub(super) log: Log,
    pub(super) journal: Arc<dyn JournalRead>,
    background: Background,
    progress: Mutex<Progress>,
    /// For the following thread.
    work: Condvar,
    /// For those who wait for a batch.
    followed: Condvar,
}

#[derive(Default)]
struct Progress {
    /// Something was committed, or somebody wants a cycle, since the thread last looked.
    awake: bool,
    /// A cycle is wanted now.
    save: bool,
    stop: bool,
    /// Cycles that ended, well or badly.
    cycles: u64,
    error: Option<String>,
}

impl Proofs {
    /// Opens or makes the log in `dir`, or in memory. `begin_here`: a store from before proofs, whose log
    /// begins with the oldest batch that its journal has.
    pub(crate) fn open(
        dir: Option<(&dyn Disk, &Path)>,
        journal: Arc<dyn JournalRead>,
        begin_here: bool,
        background: Background,
    ) -> Result<Self, StoreError> {
        let log = match dir {
            None => Log::in_memory(journal.oldest())?,
            Some((disk, dir)) => open_or_rebuild(disk, dir, &*journal, begin_here)?,
        };
        check_same_history(&log, &*journal)?;
        let (progress, work, followed) = (Mutex::default(), Condvar::new(), Condvar::new());
        Ok(Self { log, journal, background, progress, work, followed })
    }

    /// The newest batch whose leaves a folder has; 0 when that cannot be said.
    ///
    /// # Errors
    /// A disk that cannot be read now: what it knows must not be taken for nothing.
    pub(crate) fn known(disk: &dyn Disk, dir: &Path) -> Result<Sequence, StoreError> {
        match Log::open(disk, dir) {
            Ok(Found::Log(log)) => Ok(log.head().sequence),
            Err(error @ StoreError::Io { .. }) => Err(error),
            _ => Ok(0),
        }
    }

    /// Tells the thread that something was committed. Costs an uncontended lock; a system call only if the
    /// thread sleeps.
    pub(crate) fn wake(&self) {
        let mut progress = self.progress.lock();
        if !progress.awake {
            progress.awake = true;
            self.work.notify_one();
        }
    }

    pub(crate) fn stop(&self) {
        self.progress.lock().stop = true;
        self.work.notify_all();
        self.followed.notify_all();
    }

    /// The following thread: until [`Self::stop`], derives what was committed and saves it now and then.
    pub(crate) fn follow_loop(&self) {
        let mut room = Addition::default();
        let mut last_save = Instant::now();
        loop {
            let followed = self.catch_up(&mut room);
            let mut progress = self.progress.lock();
            let stopped = progress.stop;
            let wanted = std::mem::take(&mut progress.save);
            drop(progress);
            let unflushed = self.log.unflushed();
            let due = unflushed > 0 && (unflushed >= SAVE_BYTES || last_save.elapsed() >= SAVE_INTERVAL);
            let saved = if due || wanted || stopped { self.log.save() } else { Ok(()) };
            if due || wanted {
                last_save = Instant::now();
            }
            let error = followed.and(saved).err();
            if let Some(error) = &error {
                tracing::error!(%error, "the log of proofs cannot follow the journal; it will be tried again");
            }
            let mut progress = self.progress.lock();
            progress.cycles += u64::from(due || wanted || stopped);
            progress.error = error.map(|error| error.to_string());
            self.followed.notify_all();
            if progress.stop {
                return;
            }
            if progress.error.is_some() {
                self.work.wait_for(&mut progress, RETRY);
            } else if self.log.unflushed() == 0 {
                while !progress.awake && !progress.save && !progress.stop {
                    self.work.wait(&mut progress);
                }
            } else if !progress.awake && !progress.save {
                let left = SAVE_INTERVAL.saturating_sub(last_save.elapsed());
                self.work.wait_for(&mut progress, left.max(Duration::from_millis(1)));
            }
            if progress.awake && self.log.unflushed() == 0 {
                // Idle until now: the interval counts from what comes.
                last_save = Instant::now();
            }
        }
    }

    /// Appends what the journal has and the log has not. Ends early when the store closes or much is
    /// waiting to be saved.
    fn catch_up(&self, room: &mut Addition) -> Result<(), StoreError> {
        loop {
            self.progress.lock().awake = false;
            let done = self.log.head().sequence;
            if self.journal.head() <= done {
                return Ok(());
            }
            for record in self.journal.read(done + 1)? {
                self.log.append(&record?, room)?;
                let progress = self.progress.lock();
                self.followed.notify_all();
                if progress.stop || progress.save || self.log.unflushed() >= SAVE_BYTES {
                    // What is left is found at the next turn.
                    drop(progress);
                    self.progress.lock().awake = true;
                    return Ok(());
                }
            }
        }
    }

    /// Derives everything committed by now on this thread, for a store without a following thread.
    pub(crate) fn prove_now(&self) -> Result<(), StoreError> {
        let mut room = Addition::default();
        while self.log.head().sequence < self.journal.head() {
            self.catch_up(&mut room)?;
        }
        Ok(())
    }

    /// The log's tree as far as it has followed the journal.
    pub fn head(&self) -> TreeHead {
        self.log.head()
    }

    /// The first batch that has leaves: 1, unless the store is older than its proofs.
    pub fn first(&self) -> Sequence {
        self.log.first()
    }

    /// The newest batch whose leaves are on disk.
    pub fn durable(&self) -> Sequence {
        self.log.durable()
    }

    /// Waits until the log holds a committed batch, mostly below a millisecond.
    ///
    /// # Errors
    /// [`StoreError::NoLeaf`] when no such batch was committed, [`StoreError::NoProofs`] when the log cannot
    /// follow.
    pub fn wait_for(&self, sequence: Sequence) -> Result<TreeHead, StoreError> {
        if sequence > self.journal.head() {
            return Err(StoreError::NoLeaf { sequence, index: 0 });
        }
        if self.background == Background::ByHand {
            self.prove_now()?;
        }
        let until = Instant::now() + PATIENCE;
        let mut progress = self.progress.lock();
        loop {
            let head = self.log.head();
            if head.sequence >= sequence {
                return Ok(head);
            }
            if let Some(error) = &progress.error {
                return Err(StoreError::NoProofs(error.clone()));
            }
            if progress.stop || self.followed.wait_until(&mut progress, until).timed_out() {
                return Err(StoreError::NoProofs(format!("the log is at batch {}", head.sequence)));
            }
        }
    }

    /// Makes everything committed by now durable in the log as well: for a backup, and before the journal's
    /// oldest batches are dropped.
    pub fn save_all(&self) -> Result<Sequence, StoreError> {
        self.wait_for(self.journal.head())?;
        let wanted = self.log.head().sequence;
        if self.background == Background::ByHand {
            self.log.save()?;
        }
        while self.log.durable() < wanted {
            let mut progress = self.progress.lock();
            let cycles = progress.cycles;
            (progress.save, progress.error) = (true, None);
            self.work.notify_one();
            while progress.cycles == cycles && !progress.stop {
                self.followed.wait(&mut progress);
            }
            if let Some(error) = &progress.error {
                return Err(StoreError::NoProofs(error.clone()));
            }
            if progress.stop && self.log.durable() < wanted {
                return Err(StoreError::NoProofs("the store is being closed".to_owned()));
            }
        }
        Ok(self.log.durable())
    }

    /// A signed checkpoint over everything that is committed now. Only what is durable is signed.
    pub fn checkpoint(&self, signer: &Signer) -> Result<String, StoreError> {
        let head = self.wait_for(self.journal.head())?;
        sign(signer, head)
    }

    /// The tree after a batch: its size and head.
    pub fn tree_at(&self, sequence: Sequence) -> Result<TreeHead, StoreError> {
        self.wait_for(sequence)?;
        self.log.tree_at(sequence)
    }

    /// A command's leaf and its number in the log. O(commands of its batch).
    pub fn leaf(&self, sequence: Sequence, index: u32) -> Result<(u64, Leaf), StoreError> {
        self.wait_for(sequence)?;
        let (first, leaves) = self.log.leaves_of(sequence)?;
        let leaf = usize::try_from(index).ok().and_then(|at| leaves.into_iter().nth(at));
        let leaf = leaf.ok_or(StoreError::NoLeaf { sequence, index })?;
        Ok((first + u64::from(index), leaf))
    }

    /// A batch's leaves in order, none for a batch without commands, and the number of the first in the log.
    /// O(leaves of the batch).
    ///
    /// # Errors
    /// [`StoreError::NoLeaf`] when the log has no such batch.
    pub fn leaves_of(&self, sequence: Sequence) -> Result<(u64, Vec<Leaf>), StoreError> {
        self.wait_for(sequence)?;
        self.log.leaves_of(sequence)
    }

    /// The audit path of a leaf in the tree of `size` leaves. O(log size) reads. It is checked before it is
    /// given out, so that damage is met here and not at a member's kitchen table.
    pub fn inclusion(&self, number: u64, leaf: Hash, size: u64) -> Result<Vec<Hash>, StoreError> {
        self.check_size(size)?;
        let path = tree::inclusion_proof(&self.log, number, size)?;
        tree::verify_inclusion(leaf, number, size, &path, tree::head_at(&self.log, size)?)?;
        Ok(path)
    }

    /// The proof that the log of `new` leaves grew out of that of `old`. O(log new) reads.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, StoreError> {
        self.check_size(new)?;
        tree::consistency_proof(&self.log, old, new)
    }

    /// A document that shows whoever has the old checkpoint (a signed note of this community) that history
    /// only grew since.
    ///
    /// # Errors
    /// [`StoreError::Checkpoint`] if this community did not sign it; [`StoreError::Proof`] if it did, and the
    /// log is not that one grown on: then history was rewritten.
    pub fn consistency_since(&self, old: &str, signer: &Signer) -> Result<Consistency, StoreError> {
        let checkpoint = Checkpoint::open(old, &signer.verifier())?;
        let head = self.wait_for(self.journal.head())?;
        self.check(&checkpoint)?;
        let path = self.consistency(checkpoint.size, head.size)?;
        Ok(Consistency { old: old.to_owned(), new: sign(signer, head)?, path })
    }

    /// Whether the log is the one of this checkpoint, grown on. O(log size).
    ///
    /// # Errors
    /// [`StoreError::Proof`] says that it is not: history was rewritten, or cut.
    pub fn check(&self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let head = self.wait_for(self.journal.head())?;
        if checkpoint.size > head.size {
            return Err(hamlet_proof::ProofError::Shrunk { old: checkpoint.size, new: head.size }.into());
        }
        let (computed, expected) = (tree::head_at(&self.log, checkpoint.size)?, checkpoint.root);
        if computed == expected {
            Ok(())
        } else {
            Err(hamlet_proof::ProofError::OtherPast { computed, expected }.into())
        }
    }

    /// The log's files up to a batch, which is made durable in it first: for a backup. Name, file, bytes that count.
    pub(crate) fn files(&self, sequence: Sequence) -> Result<Vec<(&'static str, File, u64)>, StoreError> {
        self.wait_for(sequence)?;
        self.save_all()?;
        self.log.files(sequence)
    }

    fn check_size(&self, size: u64) -> Result<(), StoreError> {
        let head = self.log.head();
        if size > head.size {
            return Err(hamlet_proof::ProofError::OutOfTree { index: size - 1, size: head.size }.into());
        }
        Ok(())
    }
}

pub(super) fn sign(signer: &Signer, head: TreeHead) -> Result<String, StoreError> {
    Ok(Checkpoint::new(signer.name(), head.size, head.root).sign(signer)?)
}

fn open_or_rebuild(
    disk: &dyn Disk,
    dir: &Path,
    journal: &dyn JournalRead,
    begin_here: bool,
) -> Result<Log, StoreError> {
    let oldest = journal.oldest();
    let whole = oldest <= 1 || begin_here;
    match Log::open(disk, dir) {
        Ok(Found::Log(log)) if log.head().sequence + 1 >= oldest => Ok(*log),
        Ok(Found::Log(log)) if !whole => Err(StoreError::LeavesLost { proved: log.head().sequence, oldest }),
        Ok(Found::Nothing) if !whole => Err(StoreError::LeavesLost { proved: 0, oldest }),
        Ok(_) => Log::create(disk, dir, oldest),
        Err(error @ StoreError::Damaged { .. }) if whole => {
            tracing::warn!(%error, "the log of proofs is damaged; it is derived anew from the journal");
            Log::create(disk, dir, oldest)
        }
        Err(error) => Err(error),
    }
}

/// The newest batch of the log must be what the journal has, or one of the two was exchanged.
fn check_same_history(log: &Log, journal: &dyn JournalRead) -> Result<(), StoreError> {
    let (proved, head) = (log.head().sequence, journal.head());
    if proved > head {
        return Err(StoreError::OtherHistory { proved, head });
    }
    if proved >= journal.oldest().max(log.first()) {
        let Some(record) = journal.read(proved)?.next() else { return Ok(()) };
        if !log.agrees(&record?)? {
            return Err(StoreError::OtherHistory { proved, head });
        }
    }
    Ok(())
}
