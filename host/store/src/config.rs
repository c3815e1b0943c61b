//! The few settings of a store, and the numbers that it reports.

use std::{fmt, io, sync::Arc, time::Duration};

use crate::{
    disk::{Disk, LocalDisk},
    journal::DiskFault,
    key::Sequence,
};

/// How a store behaves. The defaults suit a box with a few gigabytes of memory.
#[derive(Clone, Debug)]
pub struct Config {
    /// Size of a journal segment, in bytes, taken on disk at once.
    pub segment_bytes: u64,
    /// A fold begins when so many bytes of memory hold unfolded rows …
    pub fold_bytes: usize,
    /// … or when the oldest unfolded batch is so old.
    pub fold_interval: Duration,
    /// With so many unfolded bytes a commit waits for a fold to end.
    pub overlay_bytes_max: usize,
    /// Bytes of rows of committed batches that are kept while a transaction runs beside the writer (T7).
    /// Past it the oldest go, and the transaction has to be run again.
    pub beside_bytes_max: usize,
    /// Bytes of rows that the writer keeps at hand.
    pub writer_cache_bytes: usize,
    /// Bytes of the folded state that are kept in memory.
    pub state_cache_bytes: usize,
    /// The term of this writer's lease (J2). On one box it never changes.
    pub term: u64,
    /// Whether the log of leaves is kept (J3). Off only to measure what it costs; a store that was without
    /// it catches up from its journal.
    pub proofs: bool,
    /// Where each batch's secret comes from.
    pub entropy: Entropy,
    /// Faults for tests; none in production.
    pub disk_fault: Option<DiskFault>,
    /// The disk: the operating system's, or a simulated one.
    pub disk: Arc<dyn Disk>,
    /// Who does what need not be done before an answer.
    pub background: Background,
}

/// Who folds, merges and follows the journal with proofs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Background {
    /// Threads of the store.
    #[default]
    Threads,
    /// Whoever calls [`Store::work`](crate::Store::work), and whoever has to wait for it. For a simulator, in which
    /// everything happens in an order that a seed decides.
    ByHand,
}

/// A piece of work for [`Store::work`](crate::Store::work).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Fold what is committed into the state.
    Fold,
    /// Merge layers, if there are some to be merged.
    Merge,
    /// Derive the leaves of what is committed.
    Prove,
    /// … and make them durable.
    SaveProofs,
}

/// A source of randomness: the system's, or a simulator's.
#[derive(Clone)]
pub struct Entropy(pub Arc<Fill>);

/// Fills bytes with randomness.
pub type Fill = dyn Fn(&mut [u8]) -> io::Result<()> + Send + Sync;

impl Entropy {
    pub(crate) fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        (self.0)(bytes)
    }
}

impl Default for Entropy {
    /// The system's.
    fn default() -> Self {
        Self(Arc::new(|bytes| getrandom::fill(bytes).map_err(|error| io::Error::other(error.to_string()))))
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Entropy")
    }
}

impl Default for Config {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            segment_bytes: 64 * MIB as u64,
            fold_bytes: 32 * MIB,
            fold_interval: Duration::from_secs(5),
            overlay_bytes_max: 256 * MIB,
            beside_bytes_max: 128 * MIB,
            writer_cache_bytes: 128 * MIB,
            state_cache_bytes: 256 * MIB,
            term: 1,
            proofs: true,
            entropy: Entropy::default(),
            disk_fault: None,
            disk: Arc::new(LocalDisk),
            background: Background::default(),
        }
    }
}

/// Numbers about a store, for metrics and `hamlet doctor`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    /// The newest durable batch.
    pub head: Sequence,
    /// The newest folded one.
    pub folded: Sequence,
    /// Batches that are not folded.
    pub unfolded_batches: u64,
    /// Their rows in memory.
    pub unfolded_rows: usize,
    /// About the memory that these take, in bytes.
    pub unfolded_bytes: usize,
    /// Overlay layers that a read may have to look at.
    pub layers: usize,
    /// Folds since the store was opened.
    pub folds: u64,
    /// Merges of layers since then.
    pub merges: u64,
    /// The oldest batch in the journal.
    pub journal_oldest: Sequence,
    /// Segment files.
    pub segments: usize,
    /// Bytes that they take, preallocated room included.
    pub journal_bytes: u64,
    /// Bytes up to the end of the newest record.
    pub journal_used_bytes: u64,
    /// Bytes of the folded state's file; 0 in memory.
    pub state_bytes: u64,
}
