//! From a token's text to who acts: read on a snapshot, remembered until the next commit.
//!
//! What is remembered is good for exactly the sequence at which it was read: after any commit it
//! is read again (three look-ups), so a token that was revoked, or whose owner left, is nobody's
//! from the answer to that command on. If it is wrong, a thief keeps acting.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hamlet_kernel::{Actor, Kernel};
use hamlet_reflect::Id;
use hamlet_store::{Sequence, StoreError};
use parking_lot::RwLock;

use crate::devices::Device;
use crate::read::{self, Read as _, Room};
use crate::rows::{self, STEWARDS};
use crate::scope::Scope;
use crate::secret::{self, TEXT_LENGTH_MAX, TOKEN_PREFIX};
use crate::token_row::TokenRow;

/// Most tokens that are remembered; past that all are forgotten and read again.
const REMEMBERED_MAX: usize = 16_384;

/// Who shows a token, and what it lets her do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The token's id, for logs and rate limits.
    pub token: Id,
    /// Who acts.
    pub actor: Actor,
    /// What the token may do.
    pub scope: Scope,
    /// Whether she is in the group `stewards`.
    pub steward: bool,
    /// When it ends by itself, in microseconds since 1970.
    pub expires: Option<u64>,
}

/// Why a token's text names nobody.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TokenError {
    /// It is no token of this community, or is one no more.
    #[error("this token is not known here: it was revoked, or belongs to another community")]
    Unknown,
    /// Its time is over.
    #[error("this token has expired")]
    Expired,
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(Arc<StoreError>),
}

/// When tokens were last shown. In memory only: a write for every request would cost more than it
/// tells.
#[derive(Debug, Default)]
pub(crate) struct LastUse {
    times: RwLock<HashMap<Id, Arc<AtomicU64>>>,
}

impl LastUse {
    pub fn of(&self, token: Id) -> Option<u64> {
        self.times.read().get(&token).map(|time| time.load(Ordering::Relaxed))
    }

    fn clock_of(&self, token: Id) -> Arc<AtomicU64> {
        Arc::clone(self.times.write().entry(token).or_default())
    }
}

#[derive(Debug)]
struct Remembered {
    sequence: Sequence,
    session: Arc<Session>,
    last_use: Arc<AtomicU64>,
}

/// The tokens that were shown lately.
#[derive(Debug)]
pub(crate) struct Lookup {
    remembered: RwLock<HashMap<[u8; 32], Remembered>>,
    last_use: Arc<LastUse>,
}

impl Lookup {
    pub fn new(last_use: Arc<LastUse>) -> Self {
        Self { remembered: RwLock::default(), last_use }
    }

    /// Who shows `text`. Cost: a hash, and some look-ups after a commit.
    pub fn session(&self, kernel: &Kernel, text: &str) -> Result<Arc<Session>, TokenError> {
        if text.len() > TEXT_LENGTH_MAX || !text.starts_with(TOKEN_PREFIX) {
            return Err(TokenError::Unknown);
        }
        let hash = secret::hash(text);
        let now = kernel.now();
        let head = kernel.head();
        if let Some(known) = self.remembered.read().get(&hash)
            && known.sequence == head
        {
            known.last_use.store(now, Ordering::Relaxed);
            return unexpired(kernel, &known.session, now);
        }
        let (sequence, session) =
            read_session(kernel, &hash).map_err(|error| TokenError::Store(Arc::new(error)))?;
        let Some(session) = session.map(Arc::new) else {
            self.remembered.write().remove(&hash);
            return Err(TokenError::Unknown);
        };
        let last_use = self.last_use.clock_of(session.token);
        last_use.store(now, Ordering::Relaxed);
        let mut remembered = self.remembered.write();
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(hash, Remembered { sequence, session: Arc::clone(&session), last_use });
        drop(remembered);
        unexpired(kernel, &session, now)
    }
}

/// Expiries rest while the clock is in doubt (T9): else a wrong clock would lock everybody out.
fn unexpired(kernel: &Kernel, session: &Arc<Session>, now: u64) -> Result<Arc<Session>, TokenError> {
    if session.expires.is_some_and(|expires| expires <= now) && !kernel.clock_suspect() {
        return Err(TokenError::Expired);
    }
    Ok(Arc::clone(session))
}

fn read_session(kernel: &Kernel, hash: &[u8; 32]) -> Result<(Sequence, Option<Session>), StoreError> {
    let namespace = kernel.room(crate::ROOM);
    kernel.read(|snapshot| {
        let sequence = snapshot.sequence();
        let Some(namespace) = namespace else { return Ok((sequence, None)) };
        let mut room = Room { rows: snapshot, namespace };
        let row = room.get(&rows::token_key(hash))?.and_then(|row| TokenRow::decode(&row));
        let Some(row) = row else { return Ok((sequence, device(&mut room, hash)?)) };
        if read::person(&mut room, row.owner)?.is_none() {
            return Ok((sequence, None));
        }
        let steward = read::in_group(&mut room, row.owner, STEWARDS)?;
        let session = Session {
            token: row.id,
            actor: Actor::Person(row.owner),
            scope: row.scope,
            steward,
            expires: row.expires,
        };
        Ok((sequence, Some(session)))
    })
}

/// The session of a device's token: nobody's but its own.
fn device(room: &mut Room<'_>, hash: &[u8; 32]) -> Result<Option<Session>, StoreError> {
    let row = room.get(&rows::device_key(hash))?;
    Ok(row.and_then(|row| Device::decode(&row)).and_then(|device| {
        Some(Session {
            token: Id(device.id),
            actor: Actor::Device(Id(device.id)),
            scope: device.scope()?,
            steward: false,
            expires: device.expires,
        })
    }))
}

/// Whether the person is one of the parties or acts for one of them.
pub(crate) fn acts_for_any(kernel: &Kernel, person: Id, parties: &[Id]) -> Result<bool, StoreError> {
    let Some(namespace) = kernel.room(crate::ROOM) else { return Ok(false) };
    kernel.read(|snapshot| {
        let mut room = Room { rows: snapshot, namespace };
        for party in parties {
            if read::mandate(&mut room, person, *party)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    })
}
