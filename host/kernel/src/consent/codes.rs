//! One-time codes: what a person was shown, kept until she confirms it.
//!
//! In memory only: after a restart she is asked again. Bounded, so that asking without confirming
//! costs the others nothing.

use std::collections::HashMap;

use hamlet_reflect::Id;
use parking_lot::Mutex;

use crate::call::{Actor, CallError, Need};
use crate::config::Entropy;

/// How long a code is good, in microseconds of transaction time: ten minutes.
pub const CODE_LIFETIME_MICROS: u64 = 10 * 60 * 1_000_000;
/// Codes of one actor; the oldest gives way.
const CODES_PER_ACTOR_MAX: usize = 16;
/// Codes of all; the oldest gives way.
const CODES_MAX: usize = 4_096;

/// What a confirmation is for, besides its actor: the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding([u8; 32]);

impl Binding {
    /// Of a call, or of the calls of one transaction in their order: each as plugin, interface,
    /// function and the hash of its arguments.
    pub fn of<'a>(calls: impl IntoIterator<Item = (&'a str, &'a str, &'a str, &'a [u8; 32])>) -> Self {
        let mut hash = blake3::Hasher::new();
        for (plugin, interface, function, arguments) in calls {
            for part in [plugin, interface, function] {
                hash.update(&(part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
            hash.update(arguments);
        }
        Self(hash.finalize().into())
    }
}

/// The codes of one kernel that were given out and not yet used.
#[derive(Debug, Default)]
pub struct Confirmations {
    pending: Mutex<HashMap<String, Pending>>,
}

#[derive(Debug)]
struct Pending {
    actor: Actor,
    binding: Binding,
    needs: Vec<Need>,
    issued: u64,
    /// Tells the oldest of those that were issued at the same time.
    number: u64,
}

impl Confirmations {
    /// Keeps what `actor` is to be shown, and gives the code that confirms it: 32 hex digits.
    ///
    /// `now` is the time of the transaction that met the needs.
    pub fn issue(
        &self,
        entropy: &dyn Entropy,
        actor: &Actor,
        binding: Binding,
        needs: Vec<Need>,
        now: u64,
    ) -> String {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        let code = Id(u128::from_be_bytes(bytes)).to_string();
        let mut pending = self.pending.lock();
        make_room(&mut pending, actor, now);
        let number = pending.values().map(|one| one.number + 1).max().unwrap_or(0);
        pending.insert(code.clone(), Pending { actor: actor.clone(), binding, needs, issued: now, number });
        code
    }

    /// The needs that a code confirms; the code is used up.
    ///
    /// # Errors
    /// `confirmation-unknown` if it never was this actor's, was used or is too old;
    /// `confirmation-differs`, and used up, if it is for another call.
    pub fn take(
        &self,
        code: &str,
        actor: &Actor,
        binding: Binding,
        now: u64,
    ) -> Result<Vec<Need>, CallError> {
        let mut pending = self.pending.lock();
        match pending.get(code) {
            Some(found) if found.actor == *actor => {}
            _ => return Err(CallError::ConfirmationUnknown),
        }
        let Some(found) = pending.remove(code) else { return Err(CallError::ConfirmationUnknown) };
        if is_old(&found, now) {
            return Err(CallError::ConfirmationUnknown);
        }
        if found.binding != binding {
            return Err(CallError::ConfirmationDiffers);
        }
        Ok(found.needs)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.pending.lock().len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn is_old(pending: &Pending, now: u64) -> bool {
    now.saturating_sub(pending.issued) > CODE_LIFETIME_MICROS
}

fn make_room(pending: &mut HashMap<String, Pending>, actor: &Actor, now: u64) {
    if pending.len() >= CODES_MAX {
        pending.retain(|_, one| !is_old(one, now));
    }
    if pending.values().filter(|one| one.actor == *actor).count() >= CODES_PER_ACTOR_MAX {
        remove_oldest(pending, |one| one.actor == *actor);
    }
    if pending.len() >= CODES_MAX {
        remove_oldest(pending, |_| true);
    }
}

fn remove_oldest(pending: &mut HashMap<String, Pending>, of: impl Fn(&Pending) -> bool) {
    let oldest = pending.iter().filter(|(_, one)| of(one)).min_by_key(|(_, one)| (one.issued, one.number));
    if let Some(code) = oldest.map(|(code, _)| code.clone()) {
        pending.remove(&code);
    }
}
