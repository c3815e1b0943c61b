//! What a kernel is opened with, and every limit it keeps (T7, T10, C7).
//!
//! Constants are limits that other constants were checked against; [`Limits`] are those that a test or a larger box
//! may change.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::native::{Directory, NativeProvider, NoDirectory};

/// Plugins on one call stack, the first included (T10).
pub const CALL_DEPTH_MAX: usize = 16;
/// Stack that one guest may use (T10).
pub const GUEST_STACK_BYTES: usize = 256 * 1024;
/// Stack that the host may use between two guests (T10).
pub const HOST_STACK_BYTES: usize = 128 * 1024;
/// Stack of each thread that runs guests (T10). Address space; only what is touched becomes memory.
pub const THREAD_STACK_BYTES: usize = 16 * 1024 * 1024;

// T10: a nested store gets its own guest stack on the same thread.
const _: () =
    assert!(CALL_DEPTH_MAX * (GUEST_STACK_BYTES + HOST_STACK_BYTES) + 1024 * 1024 <= THREAD_STACK_BYTES);

/// Longest key of a plugin's storage (C7).
pub const KEY_BYTES_MAX: usize = 1_024;
/// Longest value of a plugin's storage (C7).
pub const VALUE_BYTES_MAX: usize = 65_536;
/// Most that one command may write, new keys and values counted once (C7).
pub const WRITE_SET_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The same of a command that was granted `bulk` (C7).
pub const BULK_WRITE_SET_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most that is remembered of what one command read beside the sequencer (T7): some million keys, or any number of
/// rows that were scanned in order.
pub const READ_SET_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Rows that a command may write for each MiB that it may write, beside the sequencer (T7): the sequencer applies them
/// at some half microsecond each, and that too must stay within 50 ms. On the sequencer its time is the bound.
pub const WRITE_ROWS_PER_MIB_MAX: usize = 12_500;
/// Conflicts after which a command that ran beside the sequencer is answered `contended` (T7).
pub const CONFLICTS_MAX: u8 = 3;
/// How far ahead of the newest batch a sequence may be that a query waits for (T6), in batches: more than a host that
/// lags behind another can have to catch up while the query waits, at two thousand flushes a second for two seconds.
/// What is further ahead was in nobody's answer, or in one from before a restore.
pub const SEQUENCE_AHEAD_MAX: u64 = 10_000;
/// Most keys of one `get-many`.
pub const GET_MANY_KEYS_MAX: usize = 1_024;
/// Most entries of one page of a scan.
pub const SCAN_ENTRIES_MAX: usize = 1_024;
/// Most bytes of one page of a scan.
pub const SCAN_BYTES_MAX: usize = 1024 * 1024;
/// Log lines of one call, the rest is counted and dropped.
pub const LOG_LINES_MAX: u32 = 64;
/// Bytes of one log line.
pub const LOG_LINE_BYTES_MAX: usize = 1_024;

/// Limits that may differ from box to box and in tests.
#[derive(Clone, Debug)]
pub struct Limits {
    /// A command's time on the sequencer (T7).
    pub command_time: Duration,
    /// A command's time beside it, on a snapshot (T6, T7).
    pub beside_time: Duration,
    /// Commands that may wait to run beside: of all, in the background, and of one principal or plugin (T8).
    pub beside_queue: crate::fair::Bounds,
    /// Threads that run commands beside the sequencer; 0: one where there are two cores, else two.
    pub beside_threads: usize,
    /// A query's time; a snapshot lives no longer (T6).
    pub query_time: Duration,
    /// How long a query waits for the sequence that it names (T6).
    pub sequence_wait: Duration,
    /// Memory of all guests of one call together.
    pub memory_bytes: usize,
    /// Commands in one batch.
    pub batch_commands: usize,
    /// How long a batch is filled before it is committed.
    pub batch_time: Duration,
    /// Bytes of write-sets in one batch.
    pub batch_bytes: usize,
    /// Commands that may wait, in all and of one principal (T8).
    pub queue: crate::fair::Bounds,
    /// Queries that may wait.
    pub query_queue: usize,
    /// Threads that run queries; 0: as many as there are cores, at least 2, at most 8.
    pub query_threads: usize,
    /// Calls after which a stateless plugin's instance is dropped.
    pub instance_calls: u32,
    /// Whether schedules and event deliveries run by themselves. Tests may turn it off.
    pub background: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            command_time: Duration::from_millis(50),
            beside_time: Duration::from_secs(5),
            beside_queue: crate::fair::Bounds { people: 256, background: 64, per_principal: 32 },
            beside_threads: 0,
            query_time: Duration::from_secs(5),
            sequence_wait: Duration::from_secs(2),
            memory_bytes: 256 * 1024 * 1024,
            batch_commands: 4_096,
            batch_time: Duration::from_millis(10),
            batch_bytes: 8 * 1024 * 1024,
            queue: crate::fair::Bounds::default(),
            query_queue: 4_096,
            query_threads: 0,
            instance_calls: 100_000,
            background: true,
        }
    }
}

/// Where the time comes from. The kernel never lets it go back (T9).
pub trait Clock: Send + Sync {
    /// Microseconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> u64;
}

/// The box's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }
}

/// Where randomness comes from.
pub trait Entropy: Send + Sync {
    /// Fills with random bytes fit for keys.
    fn fill(&self, out: &mut [u8]);
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, out: &mut [u8]) {
        if getrandom::fill(out).is_err() {
            // Without randomness ids repeat and keys can be guessed: nothing that follows could be right.
            std::process::abort();
        }
    }
}

/// What a kernel is opened with.
#[derive(Clone)]
pub struct KernelConfig {
    /// The community's folder; none keeps everything in memory.
    pub dir: Option<PathBuf>,
    /// Where compiled code is kept (J6); none: `cache` in `dir`, or nowhere.
    pub cache_dir: Option<PathBuf>,
    /// How the log of proofs is called when its key is made (J3): a URL without scheme, such as
    /// `oakfield.example/log`. A key that is there already keeps its name.
    pub log_name: String,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Native providers beside the kernel's own (W6).
    pub natives: Vec<Arc<dyn NativeProvider>>,
    /// Who may act for whom.
    pub directory: Arc<dyn Directory>,
    /// The limits.
    pub limits: Limits,
    /// The store's settings.
    pub store: hamlet_store::Config,
}

impl KernelConfig {
    /// A kernel in memory with the system's clock and nobody in it.
    pub fn in_memory() -> Self {
        Self {
            dir: None,
            cache_dir: None,
            log_name: "localhost/log".to_owned(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            natives: Vec::new(),
            directory: Arc::new(NoDirectory),
            limits: Limits::default(),
            store: hamlet_store::Config::default(),
        }
    }

    /// A kernel in a folder.
    pub fn in_dir(dir: impl Into<PathBuf>) -> Self {
        Self { dir: Some(dir.into()), ..Self::in_memory() }
    }
}
