//! What the writer, the readers and the two threads behind share: the current view, and who waits
//! for what.
//!
//! The mutex is held for the exchange of a view and for counting, never for I/O, sorting or
//! merging, so neither a commit nor a fold makes a reader wait longer than some copied pointers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hashbrown::DefaultHashBuilder;
use parking_lot::{Condvar, Mutex};

use crate::{
    config::{Background, Config},
    error::{CommitError, StoreError},
    journal::JournalRead,
    key::Sequence,
    overlay::{
        base::{State, Usage},
        layer::{Layer, choose_merge},
        view::View,
    },
    writer::recent::Recent,
};

/// The writer merges its own small layers at once up to so many rows (about 0.1 ms); the rest is
/// left to the merging thread.
const WRITER_MERGE_ROWS_MAX: usize = 1024;
/// How long a failed fold waits before it is tried again.
const FOLD_RETRY: Duration = Duration::from_secs(1);
/// How often layers are looked at that only old snapshots still hold.
const SWEEP: Duration = Duration::from_secs(1);

pub(crate) struct Shared {
    pub config: Config,
    pub hasher: DefaultHashBuilder,
    pub reader: Arc<dyn JournalRead>,
    state: State,
    current: Mutex<Current>,
    /// For the folding thread.
    fold_work: Condvar,
    /// For the merging thread.
    merge_work: Condvar,
    /// For whoever waits for a fold to end.
    folded: Condvar,
}

struct Current {
    view: Arc<View>,
    /// The last batch of the fold that is running, or ran last: layers on its two sides are not merged.
    boundary: Sequence,
    unfolded_rows: usize,
    unfolded_bytes: usize,
    /// When the oldest batch that is not folded was committed.
    unfolded_since: Option<Instant>,
    /// Somebody waits for everything up to here.
    wanted: Sequence,
    /// Why the last fold failed.
    error: Option<String>,
    /// Layers that no current view holds. Kept until no snapshot does either, so that never a
    /// reader, always one of the threads frees them: a large one takes milliseconds.
    retired: Vec<Arc<Layer>>,
    /// For transactions beside the writer.
    recent: Recent,
    folds: u64,
    merges: u64,
    stop: bool,
}

impl Current {
    /// Leaves layers to the threads to free, if nobody else has them.
    fn retire(&mut self, layers: Vec<Arc<Layer>>) {
        // One that is in a view is retired when it leaves it, and must not be here twice: it would never
        // be the last of its kind.
        self.retired.extend(layers.into_iter().filter(|layer| Arc::strong_count(layer) == 1));
    }
}

/// Numbers about the overlay.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub head: Sequence,
    pub folded: Sequence,
    pub rows: usize,
    pub bytes: usize,
    pub layers: usize,
    pub folds: u64,
    pub merges: u64,
}

impl Shared {
    pub fn new(
        config: Config,
        hasher: DefaultHashBuilder,
        reader: Arc<dyn JournalRead>,
        state: State,
        view: View,
    ) -> Self {
        let (unfolded_rows, unfolded_bytes) = view.unfolded();
        let unfolded = view.sequence > view.base.folded;
        let current = Mutex::new(Current {
            boundary: view.base.folded,
            view: Arc::new(view),
            unfolded_rows,
            unfolded_bytes,
            unfolded_since: unfolded.then(Instant::now),
            wanted: 0,
            error: None,
            retired: Vec::new(),
            recent: Recent::default(),
            folds: 0,
            merges: 0,
            stop: false,
        });
        Self {
            config,
            hasher,
            reader,
            state,
            current,
            fold_work: Condvar::new(),
            merge_work: Condvar::new(),
            folded: Condvar::new(),
        }
    }

    /// The newest committed view.
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.current.lock().view)
    }

    pub fn counts(&self) -> Counts {
        let current = self.current.lock();
        Counts {
            head: current.view.sequence,
            folded: current.view.base.folded,
            rows: current.unfolded_rows,
            bytes: current.unfolded_bytes,
            layers: current.view.layers.len(),
            folds: current.folds,
            merges: current.merges,
        }
    }

    /// Waits while the overlay is over its bound. An error if folding fails, since then it would
    /// wait for ever.
    pub fn wait_for_room(&self) -> Result<(), CommitError> {
        let mut current = self.current.lock();
        while current.unfolded_bytes > self.config.overlay_bytes_max {
            if self.config.background == Background::ByHand {
                drop(current);
                return self.fold_now().map_err(|error| CommitError::Folding(error.to_string()));
            }
            if let Some(error) = &current.error {
                return Err(CommitError::Folding(error.clone()));
            }
            self.fold_work.notify_one();
            self.folded.wait(&mut current);
        }
        Ok(())
    }

    /// Makes a durable batch visible. `layer` is none when it wrote no row.
    pub fn publish(&self, sequence: Sequence, layer: Option<Arc<Layer>>, usage: Arc<Usage>) {
        let before = self.view();
        let merged = layer.map(|layer| merge_small(&before.layers, layer));
        let mut current = self.current.lock();
        if let Some(merged) = &merged {
            let free = current.recent.add(&merged.new, self.config.beside_bytes_max);
            current.retire(free);
        }
        let mut view = (*current.view).clone();
        view.sequence = sequence;
        view.usage = usage;
        if let Some(merged) = merged {
            merged.put(&mut view.layers, current.boundary, &mut current.retired);
        }
        (current.unfolded_rows, current.unfolded_bytes) = view.unfolded();
        let due = current.unfolded_bytes >= self.config.fold_bytes;
        let crowded = choose_merge(&view.layers, current.boundary).is_some();
        let first = current.unfolded_since.is_none();
        current.unfolded_since.get_or_insert_with(Instant::now);
        current.view = Arc::new(view);
        drop(current);
        if due || first {
            self.fold_work.notify_one();
        }
        if crowded {
            self.merge_work.notify_one();
        }
    }

    /// The newest committed view; until [`Self::unpin`], every batch after it is kept.
    pub fn pin(&self) -> Arc<View> {
        let mut current = self.current.lock();
        let view = Arc::clone(&current.view);
        current.recent.pin(view.sequence);
        view
    }

    /// The end of a [`Self::pin`].
    pub fn unpin(&self, sequence: Sequence) {
        let mut current = self.current.lock();
        let free = current.recent.unpin(sequence);
        let some = !free.is_empty();
        current.retire(free);
        drop(current);
        if some {
            self.fold_work.notify_one();
        }
    }

    /// The newest batch, and the rows of each batch after `sequence`, which is pinned; none when they
    /// were too many to be kept.
    pub fn recent_after(&self, sequence: Sequence) -> Option<(Sequence, Vec<Arc<Layer>>)> {
        let current = self.current.lock();
        Some((current.view.sequence, current.recent.after(sequence)?))
    }

    /// Waits until everything committed by now is folded.
    pub fn fold_all(&self) -> Result<(), StoreError> {
        if self.config.background == Background::ByHand {
            return self.fold_now();
        }
        let mut current = self.current.lock();
        let wanted = current.view.sequence;
        current.wanted = current.wanted.max(wanted);
        current.error = None;
        while current.view.base.folded < wanted {
            if let Some(error) = &current.error {
                return Err(StoreError::State(error.clone()));
            }
            self.fold_work.notify_one();
            self.folded.wait(&mut current);
        }
        Ok(())
    }

    /// Tells both threads to end.
    pub fn stop(&self) {
        self.current.lock().stop = true;
        self.fold_work.notify_all();
        self.merge_work.notify_all();
        self.folded.notify_all();
    }

    /// The folding thread: until [`Self::stop`], folds what is due.
    pub fn fold_loop(&self) {
        while let Some(view) = self.next_fold() {
            let folded = self.fold(&view);
            self.finish_fold(&view, folded);
            drop(view);
            self.sweep();
        }
    }

    /// Waits for a fold to be due and fixes how far it goes; none at the end.
    fn next_fold(&self) -> Option<Arc<View>> {
        let mut current = self.current.lock();
        loop {
            if current.stop {
                return None;
            }
            let waited = current.unfolded_since.map(|since| since.elapsed());
            let interval = self.config.fold_interval;
            let due = current.wanted > current.view.base.folded
                || current.unfolded_bytes >= self.config.fold_bytes
                || waited.is_some_and(|waited| waited >= interval);
            let retry = current.error.is_some() && waited.is_some_and(|waited| waited < FOLD_RETRY);
            if due && !retry && current.view.sequence > current.view.base.folded {
                current.boundary = current.view.sequence;
                return Some(Arc::clone(&current.view));
            }
            let left = waited.map(|waited| interval.saturating_sub(waited));
            let retry = current.error.is_some().then_some(FOLD_RETRY);
            let sweep = (!current.retired.is_empty()).then_some(SWEEP);
            match [left, retry, sweep].into_iter().flatten().min() {
                Some(timeout) => {
                    let timeout = timeout.max(Duration::from_millis(1));
                    let ended = self.fold_work.wait_for(&mut current, timeout);
                    if ended.timed_out() && !current.retired.is_empty() {
                        drop(current);
                        self.sweep();
                        current = self.current.lock();
                    }
                }
                None => self.fold_work.wait(&mut current),
            }
        }
    }

    /// Folds everything committed by now on this thread, for a store without a folding thread.
    pub fn fold_now(&self) -> Result<(), StoreError> {
        let mut current = self.current.lock();
        if current.view.sequence == current.view.base.folded {
            return Ok(());
        }
        current.boundary = current.view.sequence;
        let view = Arc::clone(&current.view);
        drop(current);
        let folded = self.fold(&view);
        self.finish_fold(&view, folded);
        drop(view);
        self.sweep();
        let error = self.current.lock().error.clone();
        error.map_or(Ok(()), |error| Err(StoreError::State(error)))
    }

    fn fold(&self, view: &View) -> Result<Arc<crate::overlay::base::Base>, StoreError> {
        let merged = Layer::merge(&view.layers);
        self.state.fold(view.sequence, &view.usage, merged.rows())?;
        self.state.base()
    }

    /// Exchanges the base, drops the layers that it now holds, and wakes who waited.
    fn finish_fold(&self, folded: &View, base: Result<Arc<crate::overlay::base::Base>, StoreError>) {
        let mut current = self.current.lock();
        match base {
            Ok(base) => {
                let mut view = (*current.view).clone();
                let keep = view.layers.partition_point(|layer| layer.last <= base.folded);
                current.retired.extend(view.layers.drain(..keep));
                view.base = base;
                (current.unfolded_rows, current.unfolded_bytes) = view.unfolded();
                current.unfolded_since = (view.sequence > folded.sequence).then(Instant::now);
                current.view = Arc::new(view);
                current.error = None;
                current.folds += 1;
            }
            Err(error) => {
                tracing::error!(%error, batch = folded.sequence, "folding failed; it will be tried again");
                current.error = Some(error.to_string());
                current.unfolded_since = Some(Instant::now());
            }
        }
        drop(current);
        self.folded.notify_all();
    }

    /// The merging thread: until [`Self::stop`], keeps the number of layers small.
    pub fn merge_loop(&self) {
        loop {
            let chosen = {
                let mut current = self.current.lock();
                loop {
                    if current.stop {
                        return;
                    }
                    let layers = &current.view.layers;
                    if let Some(range) = choose_merge(layers, current.boundary) {
                        break layers.get(range).unwrap_or_default().to_vec();
                    }
                    self.merge_work.wait(&mut current);
                }
            };
            self.merge(chosen);
        }
    }

    /// Merges once on this thread, if there is something to merge, for a store without a merging thread.
    pub fn merge_now(&self) {
        let current = self.current.lock();
        let layers = &current.view.layers;
        let chosen = choose_merge(layers, current.boundary);
        let chosen = chosen.and_then(|range| Some(layers.get(range)?.to_vec()));
        drop(current);
        if let Some(chosen) = chosen {
            self.merge(chosen);
        }
    }

    fn merge(&self, chosen: Vec<Arc<Layer>>) {
        let merged = Arc::new(Layer::merge(&chosen));
        {
            let mut current = self.current.lock();
            let mut view = (*current.view).clone();
            if let Some(at) = position_of(&view.layers, &chosen) {
                view.layers.splice(at..at + chosen.len(), [merged]);
                (current.unfolded_rows, current.unfolded_bytes) = view.unfolded();
                current.view = Arc::new(view);
                current.merges += 1;
                current.retired.extend(chosen);
            }
        }
        self.sweep();
    }

    /// Frees retired layers that no snapshot holds any more.
    fn sweep(&self) {
        let mut current = self.current.lock();
        let free: Vec<_> = current.retired.extract_if(.., |layer| Arc::strong_count(layer) == 1).collect();
        drop(current);
        drop(free);
    }

    /// The folded state at one moment, with its usage.
    pub fn folded_moment(&self) -> Result<(Arc<crate::overlay::base::Base>, Usage), StoreError> {
        self.state.moment()
    }

    /// The journal is at this batch, the state at that: for tests and doctors.
    pub fn state_usage(&self) -> Result<Usage, StoreError> {
        self.state.usage()
    }
}

/// A new layer, merged with the small ones before it.
struct Merged {
    new: Arc<Layer>,
    /// The layers that were merged and the result.
    merged: Option<(Vec<Arc<Layer>>, Arc<Layer>)>,
}

/// Merges as a binary counter does: a layer takes in those before it that are not much larger.
fn merge_small(layers: &[Arc<Layer>], new: Arc<Layer>) -> Merged {
    let mut rows = new.rows().len();
    let mut start = layers.len();
    while let Some(before) = start.checked_sub(1).and_then(|at| layers.get(at)) {
        let more = before.rows().len();
        if more > rows * 2 || rows + more > WRITER_MERGE_ROWS_MAX {
            break;
        }
        rows += more;
        start -= 1;
    }
    let taken = layers.get(start..).unwrap_or_default().to_vec();
    if taken.is_empty() {
        return Merged { new, merged: None };
    }
    let mut all = taken.clone();
    all.push(Arc::clone(&new));
    Merged { merged: Some((taken, Arc::new(Layer::merge(&all)))), new }
}

impl Merged {
    /// Adds the result to a view's layers; only the new layer if, meanwhile, a fold began between
    /// the merged ones or another thread merged them.
    fn put(self, layers: &mut Vec<Arc<Layer>>, boundary: Sequence, retired: &mut Vec<Arc<Layer>>) {
        if let Some((taken, merged)) = self.merged
            && merged.first > boundary
            && let Some(at) = position_of(layers, &taken)
            && at + taken.len() == layers.len()
        {
            layers.truncate(at);
            layers.push(merged);
            retired.extend(taken);
        } else {
            layers.push(self.new);
        }
    }
}

/// Where these very layers stand together in a list.
fn position_of(layers: &[Arc<Layer>], wanted: &[Arc<Layer>]) -> Option<usize> {
    let first = wanted.first()?;
    let at = layers.iter().position(|layer| Arc::ptr_eq(layer, first))?;
    let found = layers.get(at..at + wanted.len())?;
    found.iter().zip(wanted).all(|(a, b)| Arc::ptr_eq(a, b)).then_some(at)
}
