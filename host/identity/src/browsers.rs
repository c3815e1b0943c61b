//! From a cookie to who is signed in: read on a snapshot, remembered until the next commit, as `lookup` does for
//! tokens. A session ends by itself at its absolute limit, and after [`IDLE`] without use.
//!
//! If it is wrong, a thief stays signed in.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hamlet_kernel::{Actor, Kernel};
use hamlet_reflect::Id;
use hamlet_store::{Sequence, StoreError};
use parking_lot::RwLock;

use crate::read::{self, Read as _, Room};
use crate::rows::{self, STEWARDS};
use crate::secret;
use crate::session_row::SessionRow;

/// A session ends after so long without use.
pub const IDLE: Duration = Duration::from_hours(24 * 14);
/// A session ends so long after signing in, used or not.
pub const ABSOLUTE: Duration = Duration::from_hours(24 * 90);
/// For so long after she proved that it is she, a person may do what asks for a fresh proof.
pub const FRESH: Duration = Duration::from_mins(10);
/// Use is written down once in so long.
const NOTED_EVERY: Duration = Duration::from_hours(24);
/// Most sessions that are remembered; past that all are forgotten and read again.
const REMEMBERED_MAX: usize = 16_384;

/// Somebody's browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browser {
    /// The session's id.
    pub session: Id,
    /// What is kept of its cookie.
    pub hash: [u8; 32],
    /// Who is signed in.
    pub person: Id,
    /// Her handle.
    pub handle: String,
    /// Whether she is in the group `stewards`.
    pub steward: bool,
    /// Whether the session can be laid aside on a phone that several people use.
    pub has_pin: bool,
    /// When she last proved that it is she, in microseconds since 1970.
    pub proved: u64,
    expires: u64,
}

impl Browser {
    /// As whom she calls.
    pub fn actor(&self) -> Actor {
        Actor::Person(self.person)
    }

    /// Whether she proved lately that it is she: what is dangerous asks for it.
    pub fn is_fresh(&self, now: u64) -> bool {
        now < self.proved.saturating_add(micros(FRESH))
    }
}

#[derive(Debug)]
struct Remembered {
    sequence: Sequence,
    browser: Arc<Browser>,
    used: Arc<AtomicU64>,
    /// Until when its last use is written down.
    noted: u64,
}

/// The sessions that were used lately.
#[derive(Debug, Default)]
pub(crate) struct Browsers {
    remembered: RwLock<HashMap<[u8; 32], Remembered>>,
}

/// What came of a cookie.
#[derive(Debug)]
pub(crate) enum Found {
    /// Its session, and whether its use is to be written down.
    Browser(Arc<Browser>, bool),
    /// None: unknown, ended, or too old.
    Nobody,
}

impl Browsers {
    pub fn find(&self, kernel: &Kernel, cookie: &str) -> Result<Found, StoreError> {
        if cookie.len() > secret::TEXT_LENGTH_MAX {
            return Ok(Found::Nobody);
        }
        let hash = secret::hash(cookie);
        let now = kernel.now();
        let head = kernel.head();
        if let Some(known) = self.remembered.read().get(&hash)
            && known.sequence == head
        {
            return Ok(settle(kernel, known, now));
        }
        let before = self.remembered.read().get(&hash).map(|known| Arc::clone(&known.used));
        let Some((sequence, row, browser)) = read_browser(kernel, hash)? else {
            self.remembered.write().remove(&hash);
            return Ok(Found::Nobody);
        };
        let used = before.unwrap_or_else(|| Arc::new(AtomicU64::new(row.used)));
        let known = Remembered { sequence, browser: Arc::new(browser), used, noted: row.used };
        let found = settle(kernel, &known, now);
        let mut remembered = self.remembered.write();
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(hash, known);
        Ok(found)
    }
}

/// Expiries rest while the clock is in doubt (T9): else a wrong clock would sign everybody out.
fn settle(kernel: &Kernel, known: &Remembered, now: u64) -> Found {
    let idle = known.used.load(Ordering::Relaxed).saturating_add(micros(IDLE));
    if (known.browser.expires <= now || idle <= now) && !kernel.clock_suspect() {
        return Found::Nobody;
    }
    let before = known.used.fetch_max(now, Ordering::Relaxed);
    let due = known.noted.saturating_add(micros(NOTED_EVERY));
    // Only the first use after that time says so.
    Found::Browser(Arc::clone(&known.browser), now >= due && before < due)
}

fn read_browser(
    kernel: &Kernel,
    hash: [u8; 32],
) -> Result<Option<(Sequence, SessionRow, Browser)>, StoreError> {
    let Some(namespace) = kernel.room(crate::ROOM) else { return Ok(None) };
    kernel.read(|snapshot| {
        let sequence = snapshot.sequence();
        let mut room = Room { rows: snapshot, namespace };
        let row = room.get(&rows::session_key(&hash))?.and_then(|row| SessionRow::decode(&row));
        // One that rests opens nothing, whoever shows its cookie.
        let Some(row) = row.filter(|row| !row.rests) else { return Ok(None) };
        let Some(person) = read::person(&mut room, row.person)? else { return Ok(None) };
        let browser = Browser {
            session: row.id,
            hash,
            person: row.person,
            handle: person.handle,
            steward: read::in_group(&mut room, row.person, STEWARDS)?,
            has_pin: !row.pin.is_empty(),
            proved: row.proved,
            expires: row.expires,
        };
        Ok(Some((sequence, row, browser)))
    })
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
