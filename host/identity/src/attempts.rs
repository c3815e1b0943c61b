//! How often somebody may try to sign in, so that guessing is slow and nobody is locked out.
//!
//! A browser in which a person was signed in before holds a mark, and has a line of tries of its own for her. All
//! others share lines by address and by account: who floods an account from many addresses fills the account's line,
//! and she still gets in from the phone that she always uses. Passkeys and recovery codes have their own lines.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use hamlet_reflect::Id;
use parking_lot::Mutex;

/// Tries at once, and how long until the next, by line.
const KNOWN_BROWSER: (u32, Duration) = (10, Duration::from_secs(30));
const ADDRESS: (u32, Duration) = (20, Duration::from_secs(10));
const ACCOUNT: (u32, Duration) = (20, Duration::from_mins(1));
/// Most lines that are remembered, of each kind.
const LINES_MAX: usize = 20_000;

/// Tries are counted in a bucket that empties one by one.
#[derive(Debug)]
struct Lines<K> {
    burst: u32,
    every: Duration,
    /// When the bucket will be empty.
    until: HashMap<K, Instant>,
}

impl<K: Hash + Eq> Lines<K> {
    fn new((burst, every): (u32, Duration)) -> Self {
        Self { burst, every, until: HashMap::new() }
    }

    /// How long to wait before a try of this line; none: not at all.
    fn wait(&self, key: &K, now: Instant) -> Option<Duration> {
        let until = *self.until.get(key)?;
        let full = self.every.saturating_mul(self.burst.saturating_sub(1));
        until.checked_duration_since(now)?.checked_sub(full).filter(|wait| !wait.is_zero())
    }

    fn count(&mut self, key: K, now: Instant) {
        if self.until.len() >= LINES_MAX {
            self.until.retain(|_, until| *until > now);
        }
        let until = self.until.entry(key).or_insert(now);
        *until = (*until).max(now) + self.every;
    }
}

/// The lines of one community.
#[derive(Debug)]
pub(crate) struct Attempts(Mutex<Three>);

#[derive(Debug)]
struct Three {
    browsers: Lines<(Id, Id)>,
    addresses: Lines<IpAddr>,
    accounts: Lines<String>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self(Mutex::new(Three {
            browsers: Lines::new(KNOWN_BROWSER),
            addresses: Lines::new(ADDRESS),
            accounts: Lines::new(ACCOUNT),
        }))
    }
}

impl Attempts {
    /// Counts a try for an account; how long to wait where there were too many, and then nothing is tried. `browser`:
    /// the mark of the browser and the person that it is of.
    pub fn take(&self, account: &str, address: IpAddr, browser: Option<(Id, Id)>) -> Result<(), Duration> {
        let now = Instant::now();
        let mut lines = self.0.lock();
        if let Some(browser) = browser {
            if let Some(wait) = lines.browsers.wait(&browser, now) {
                return Err(wait);
            }
            lines.browsers.count(browser, now);
            return Ok(());
        }
        let account = account.to_owned();
        let waits = [lines.addresses.wait(&address, now), lines.accounts.wait(&account, now)];
        if let Some(wait) = waits.into_iter().flatten().max() {
            return Err(wait);
        }
        lines.addresses.count(address, now);
        lines.accounts.count(account, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn guessing_is_slow_and_the_browser_that_she_always_uses_still_gets_in() {
        let attempts = Attempts::default();
        let address = |last: u8| IpAddr::from([192, 0, 2, last]);
        for number in 0..ACCOUNT.0 {
            attempts.take("ada", address(u8::try_from(number).unwrap()), None).unwrap();
        }
        let wait = attempts.take("ada", address(200), None).unwrap_err();
        assert!(wait > Duration::from_secs(50) && wait <= ACCOUNT.1, "{wait:?}");
        attempts.take("ada", address(200), Some((Id(1), Id(7)))).unwrap();
        attempts.take("ben", address(200), None).unwrap();
        // One address cannot try many accounts either.
        for number in 1..ADDRESS.0 {
            attempts.take(&format!("c{number}"), address(200), None).unwrap();
        }
        assert!(attempts.take("dora", address(200), None).is_err());
        for _ in 1..KNOWN_BROWSER.0 {
            attempts.take("ada", address(200), Some((Id(1), Id(7)))).unwrap();
        }
        assert!(attempts.take("ada", address(200), Some((Id(1), Id(7)))).is_err());
    }
}
