//! How often somebody may ask: a token bucket a key, as GCRA (one time stamp a key, no timers).
//!
//! Not a defence against floods that fill the wire; that is the network's. If it is wrong, one
//! member's runaway script starves the street, or guessing tokens becomes cheap.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Locks are split so that callers seldom meet.
const SHARDS: usize = 16;

/// Most keys kept a shard; past that, whoever is new waits.
const KEYS_PER_SHARD_MAX: usize = 8_192;

/// How long a new key waits when the shard is full of busy ones.
const FULL_WAIT: Duration = Duration::from_secs(1);

/// A rate: so many a second over time, so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second over time; at least 1.
    pub per_second: u32,
    /// Requests at once after a rest; at least 1.
    pub burst: u32,
}

/// The buckets of one kind of key.
pub(crate) struct Rates<K> {
    rate: Option<Rate>,
    start: Instant,
    hasher: RandomState,
    /// Per key, the nanosecond since `start` at which its bucket is full again.
    shards: Vec<Mutex<HashMap<K, u64>>>,
}

impl<K: Hash + Eq> Rates<K> {
    /// Buckets of `rate`; none: no limit.
    pub fn new(rate: Option<Rate>) -> Self {
        Self {
            rate,
            start: Instant::now(),
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Takes `count` from the bucket of `key`, or says how long to wait before trying again.
    pub fn take(&self, key: K, count: u32) -> Result<(), Duration> {
        if self.rate.is_none() {
            return Ok(());
        }
        let now = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.take_at(key, count, now)
    }

    fn take_at(&self, key: K, count: u32, now: u64) -> Result<(), Duration> {
        let Some(rate) = self.rate else { return Ok(()) };
        let step = 1_000_000_000 / u64::from(rate.per_second.max(1));
        let room = step * u64::from(rate.burst.max(1));
        // Whoever asks for more than fits pays a whole bucket, or she would never be let in.
        let cost = step * u64::from(count.min(rate.burst.max(1)));
        let shard = usize::try_from(self.hasher.hash_one(&key) % SHARDS as u64).unwrap_or(0);
        let Some(shard) = self.shards.get(shard) else { return Ok(()) };
        let mut full_at = shard.lock();
        if full_at.len() >= KEYS_PER_SHARD_MAX && !full_at.contains_key(&key) {
            full_at.retain(|_, at| *at > now);
            if full_at.len() >= KEYS_PER_SHARD_MAX {
                return Err(FULL_WAIT);
            }
        }
        let at = full_at.entry(key).or_insert(now);
        let next = (*at).max(now).saturating_add(cost);
        let over = next.saturating_sub(now).saturating_sub(room);
        if over > 0 {
            return Err(Duration::from_nanos(over));
        }
        *at = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn rates() -> Rates<u32> {
        Rates::new(Some(Rate { per_second: 10, burst: 3 }))
    }

    #[test]
    fn a_burst_is_let_in_and_the_next_waits_when_the_bucket_is_empty() {
        let rates = rates();
        for _ in 0..3 {
            assert_eq!(rates.take_at(1, 1, 0), Ok(()));
        }
        assert_eq!(rates.take_at(1, 1, 0), Err(Duration::from_millis(100)));
        assert_eq!(rates.take_at(1, 1, SECOND / 10), Ok(()));
        assert!(rates.take_at(1, 1, SECOND / 10).is_err());
    }

    #[test]
    fn a_key_is_let_in_when_another_has_used_up_hers() {
        let rates = rates();
        assert_eq!(rates.take_at(1, 3, 0), Ok(()));
        assert!(rates.take_at(1, 1, 0).is_err());
        assert_eq!(rates.take_at(2, 1, 0), Ok(()));
    }

    #[test]
    fn a_request_larger_than_the_bucket_costs_all_of_it_when_it_is_full() {
        let rates = rates();
        assert_eq!(rates.take_at(1, 1_000, 0), Ok(()));
        assert!(rates.take_at(1, 1, 0).is_err());
    }

    #[test]
    fn memory_stays_bounded_when_keys_never_end() {
        let rates = rates();
        for key in 0..400_000 {
            let _ = rates.take_at(key, 3, 0);
        }
        let kept: usize = rates.shards.iter().map(|shard| shard.lock().len()).sum();
        assert!(kept <= SHARDS * KEYS_PER_SHARD_MAX, "{kept}");
        assert_eq!(rates.take_at(999_999, 1, 10 * SECOND), Ok(()), "old keys make room");
    }

    #[test]
    fn everybody_is_let_in_when_there_is_no_rate() {
        let rates = Rates::new(None);
        for _ in 0..100_000 {
            assert_eq!(rates.take(1, 1), Ok(()));
        }
    }
}
