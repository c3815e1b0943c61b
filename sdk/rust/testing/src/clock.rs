//! A clock that stands still until a test moves it.

use std::sync::atomic::{AtomicU64, Ordering};

use hamlet_kernel::Clock;

/// 2026-09-01T09:00:00Z, when tests begin.
const BEGIN_MICROSECONDS: u64 = 1_788_253_200_000_000;

/// A clock that is set.
#[derive(Debug)]
pub struct TestClock(AtomicU64);

impl Default for TestClock {
    fn default() -> Self {
        Self(AtomicU64::new(BEGIN_MICROSECONDS))
    }
}

impl TestClock {
    /// Moves it forward.
    pub fn advance_seconds(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::AcqRel);
    }
}

impl Clock for TestClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}
