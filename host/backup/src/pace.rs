//! How much of the box a backup may take: it has all night, and members are waiting.

use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

/// A bound on a backup's speed. In a running host it is made on a thread of the lowest priority as well.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Bytes a second; 0: no bound.
    pub bytes_per_second: u64,
}

impl Default for Pace {
    /// 16 MiB/s: a gigabyte in a minute, a tenth of one slow core.
    fn default() -> Self {
        Self { bytes_per_second: 16 << 20 }
    }
}

/// Work that is saved up before it is slept off: sleeping for less than some milliseconds costs more than it gives.
const SLEEP_MIN: Duration = Duration::from_millis(5);

/// What a backup that was held up may make good at once: more would be the burst that the pace is to prevent.
const BEHIND_MAX: Duration = Duration::from_millis(100);

/// Writes on, at a pace, and hashes and counts what went through.
pub(crate) struct Paced<W: Write> {
    to: W,
    hasher: Sha256,
    bytes: u64,
    pace: Pace,
    /// When what was written so far should have been.
    due: Instant,
}

impl<W: Write> Paced<W> {
    pub fn new(to: W, pace: Pace) -> Self {
        Self { to, hasher: Sha256::new(), bytes: 0, pace, due: Instant::now() }
    }

    /// What it was written to, the SHA-256 and the number of bytes.
    pub fn finish(self) -> (W, [u8; 32], u64) {
        (self.to, self.hasher.finalize().into(), self.bytes)
    }

    fn wait(&mut self, written: u64) {
        if self.pace.bytes_per_second == 0 {
            return;
        }
        let nanos = u128::from(written) * 1_000_000_000 / u128::from(self.pace.bytes_per_second);
        let now = Instant::now();
        let earliest = now.checked_sub(BEHIND_MAX).unwrap_or(now);
        self.due = self.due.max(earliest) + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        let ahead = self.due.saturating_duration_since(now);
        if ahead > SLEEP_MIN {
            thread::sleep(ahead);
        }
    }
}

impl<W: Write> Write for Paced<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        self.wait(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Gives this thread the lowest priority for good, and every thread that it starts. On Linux that is one thread's
/// alone; elsewhere nothing is done. For threads that do nothing but make backups.
pub fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, 19) {
        tracing::debug!(%error, "a backup runs at the priority of the host");
    }
}
