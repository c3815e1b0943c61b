//! Counters of one kernel, and so of one community. Plain atomics; nothing here is exact to the last call.

use std::sync::atomic::{AtomicU64, Ordering};

/// Upper bounds of the batch-size histogram; the last bucket has none.
pub const BATCH_SIZE_BOUNDS: [u64; 8] = [1, 4, 16, 64, 256, 1_024, 2_048, 4_096];
/// Upper bounds of the commit-latency histogram in microseconds; the last bucket has none.
pub const COMMIT_MICROS_BOUNDS: [u64; 8] = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000];

/// A histogram with fixed bounds.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; 9],
    sum: AtomicU64,
}

impl Histogram {
    pub(crate) fn observe(&self, bounds: &[u64; 8], value: u64) {
        let at = bounds.partition_point(|bound| *bound < value);
        if let Some(bucket) = self.buckets.get(at) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// Counts per bucket (not cumulative) and the sum of all values.
    pub fn read(&self) -> ([u64; 9], u64) {
        (
            std::array::from_fn(|i| self.buckets.get(i).map_or(0, |b| b.load(Ordering::Relaxed))),
            self.sum.load(Ordering::Relaxed),
        )
    }
}

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident),+ $(,)?) => {
        /// The counters, live.
        #[derive(Debug, Default)]
        pub struct Metrics {
            $($(#[doc = $doc])+ pub $name: AtomicU64,)+
            /// Commands per batch.
            pub batch_size: Histogram,
            /// Time of a commit, in microseconds.
            pub commit_micros: Histogram,
        }

        /// The counters at one moment.
        #[derive(Clone, Debug, Default)]
        pub struct MetricsSnapshot {
            $($(#[doc = $doc])+ pub $name: u64,)+
            /// Commands per batch: counts per bucket of [`BATCH_SIZE_BOUNDS`], and the sum.
            pub batch_size: ([u64; 9], u64),
            /// Commit time: counts per bucket of [`COMMIT_MICROS_BOUNDS`], and the sum in microseconds.
            pub commit_micros: ([u64; 9], u64),
        }

        impl Metrics {
            /// Reads all counters.
            pub fn snapshot(&self) -> MetricsSnapshot {
                MetricsSnapshot {
                    $($name: self.$name.load(Ordering::Relaxed),)+
                    batch_size: self.batch_size.read(),
                    commit_micros: self.commit_micros.read(),
                }
            }
        }
    };
}

counters! {
    /// Commands that were run.
    commands,
    /// Queries that were run.
    queries,
    /// Nested calls.
    nested,
    /// Commands that answered `err`.
    errs,
    /// Answers from idempotency rows.
    replays,
    /// Traps of guests.
    traps,
    /// Calls that ran out of time.
    deadlines,
    /// Commands that were run beside the sequencer, repeated runs included.
    beside,
    /// Runs beside that were in vain, because others changed what they had read.
    conflicts,
    /// Commands that were given up after that.
    contended,
    /// Calls refused because the queue was full.
    busy,
    /// Faults of the host itself.
    internal,
    /// Commits.
    batches,
    /// Commits that failed.
    commit_failures,
    /// Instances made.
    instances,
    /// Calls that reused an instance.
    instance_reuses,
}

impl Metrics {
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
