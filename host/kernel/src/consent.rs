//! Acting with somebody's will (`hamlet:host/consent`, W2).
//!
//! A provider asks ([`Session::require`]) before it moves value, casts a ballot or gives a right. The
//! answer comes from
//! 1. the actor herself, when she called the provider's function directly and has a mandate for the
//!    owner of the thing;
//! 2. else a grant of the owner to the plugin that called the provider ([`crate::grants`]);
//! 3. else a confirmation by a person who is present and has a mandate for the owner.
//!
//! How a confirmation comes about:
//! - The command runs in a [`Session::plain`]. A need without confirmation is answered
//!   `confirmation-needed`, and the session remembers it: whatever the plugins make of it, the command
//!   does not commit ([`Session::verdict`]).
//! - The command runs again in a [`Session::collecting`], where needs are noted and granted, so that
//!   those at every depth are met, and is rolled back. The kernel keeps them under a one-time code
//!   ([`Confirmations::issue`]), and the person is shown them.
//! - The same call with the code runs in a [`Session::confirmed`]. It must meet exactly the needs that
//!   she saw, each once: another is answered `differs-from-confirmed`, and neither more nor fewer
//!   commit.
//!
//! A need that was undone with its savepoint (T2) counts as not met, and its confirmation can be used
//! again: what is compared is what the command does, not what it tried.
//!
//! If this is wrong, a plugin acts with a member's will without her.

use std::sync::Arc;

use crate::call::{CallError, Need};
use crate::grants::{self, GrantUse};
use crate::rows::OwnRows;

mod codes;

pub use codes::{Binding, CODE_LIFETIME_MICROS, Confirmations};

/// Most needs of one command; past it the transaction is doomed.
pub const NEEDS_MAX: usize = 256;
/// Longest text of a need, in bytes.
pub const NEED_TEXT_BYTES_MAX: usize = 1_024;

/// Why consent was not to be had: `hamlet:host/consent.refusal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody is there who could confirm, or she has not yet.
    ConfirmationNeeded,
    /// A confirmation was given, but not for this.
    DiffersFromConfirmed,
    /// The grant's ceiling for this month does not allow it; what is left.
    Ceiling(u64),
    /// The actor has no mandate for the owner.
    NoMandate,
}

/// Who stands behind one `require`. Minted by the host (W4).
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// The plugin that called the provider; none: the actor did, directly.
    pub caller: Option<&'a str>,
    /// Whether the call began with a person, who could confirm.
    pub person: bool,
    /// Whether the actor has a mandate for the owner of the thing now.
    pub mandate: bool,
}

/// The month and time by which grants are counted.
#[derive(Clone, Copy, Debug)]
pub struct When {
    /// The transaction's time, in microseconds.
    pub now: u64,
    /// The community's calendar month ([`crate::settings::month`]).
    pub month: u32,
}

/// The consents of one command, at all depths.
#[derive(Clone, Debug)]
pub struct Session {
    mode: Mode,
    /// What was confirmed before, with whether it was used.
    confirmed: Vec<(Need, bool)>,
    /// Places in `confirmed`, in the order of their use.
    uses: Vec<usize>,
    /// What a collecting session met.
    met: Vec<Need>,
    /// What a plain session could not answer. Never undone.
    unmet: Vec<Need>,
    /// Whether somebody was there who could have confirmed `unmet`.
    could_confirm: bool,
    /// A confirmed session met something else.
    differs: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Plain,
    Collecting,
    Confirmed,
}

/// A savepoint of a [`Session`].
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    uses: usize,
    met: usize,
}

/// What the consents of a command that has ended mean for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing stands against its result.
    Fine,
    /// A person must confirm. Of a plain session: run it again, collecting, to learn all needs; these
    /// are only the first. Of a collecting session: these are all.
    Confirm(Vec<Need>),
    /// It failed for want of consent, and nobody is there to give it.
    NobodyThere(Vec<Need>),
    /// It did not do what was confirmed.
    Differs,
}

impl Session {
    /// The session of a command that came without a confirmation.
    pub fn plain() -> Self {
        Self::new(Mode::Plain, Vec::new())
    }

    /// The session of a run that will be rolled back, to learn its needs.
    pub fn collecting() -> Self {
        Self::new(Mode::Collecting, Vec::new())
    }

    /// The session of a command whose person confirmed these needs ([`Confirmations::take`]).
    pub fn confirmed(needs: Vec<Need>) -> Self {
        Self::new(Mode::Confirmed, needs)
    }

    fn new(mode: Mode, needs: Vec<Need>) -> Self {
        Self {
            mode,
            confirmed: needs.into_iter().map(|need| (need, false)).collect(),
            uses: Vec::new(),
            met: Vec::new(),
            unmet: Vec::new(),
            could_confirm: false,
            differs: false,
        }
    }

    /// Answers one need. `grants` are the rows of grants in the running transaction.
    ///
    /// # Errors
    /// The outer error dooms the command: the store failed, or there are too many needs.
    pub fn require(
        &mut self,
        need: Need,
        asker: Asker<'_>,
        when: When,
        grants: &mut dyn OwnRows,
    ) -> Result<Result<(), Refusal>, CallError> {
        check_size(&need, self.met.len().max(self.unmet.len()))?;
        let mut ceiling = None;
        match asker.caller {
            None if asker.mandate => return Ok(Ok(())),
            None => {}
            Some(plugin) => match grants::use_up(grants, plugin, &need, when.now, when.month)? {
                GrantUse::Covered => return Ok(Ok(())),
                GrantUse::Ceiling(left) => ceiling = Some(left),
                GrantUse::None => {}
            },
        }
        if asker.person && asker.mandate {
            return Ok(self.confirm(need));
        }
        if let Some(left) = ceiling {
            return Ok(Err(Refusal::Ceiling(left)));
        }
        if asker.person {
            return Ok(Err(Refusal::NoMandate));
        }
        self.unmet.push(need);
        Ok(Err(Refusal::ConfirmationNeeded))
    }

    fn confirm(&mut self, need: Need) -> Result<(), Refusal> {
        match self.mode {
            Mode::Plain => {
                self.could_confirm = true;
                self.unmet.push(need);
                Err(Refusal::ConfirmationNeeded)
            }
            Mode::Collecting => {
                self.met.push(need);
                Ok(())
            }
            Mode::Confirmed => {
                let unused = |(confirmed, used): &(Need, bool)| !used && *confirmed == need;
                let Some(place) = self.confirmed.iter().position(unused) else {
                    self.differs = true;
                    return Err(Refusal::DiffersFromConfirmed);
                };
                self.set_used(place, true);
                self.uses.push(place);
                Ok(())
            }
        }
    }

    /// To be taken with each savepoint of the batch (T2).
    pub fn mark(&self) -> Mark {
        Mark { uses: self.uses.len(), met: self.met.len() }
    }

    /// Undoes what was used and met since the mark, when the batch is rolled back to its savepoint.
    pub fn roll_back(&mut self, mark: Mark) {
        self.met.truncate(mark.met);
        while self.uses.len() > mark.uses {
            if let Some(place) = self.uses.pop() {
                self.set_used(place, false);
            }
        }
    }

    fn set_used(&mut self, place: usize, used: bool) {
        if let Some(confirmed) = self.confirmed.get_mut(place) {
            confirmed.1 = used;
        }
    }

    /// What becomes of the command, which ended with `ok` or `err`. If it ended otherwise, it did not happen anyway.
    ///
    /// Of a collecting session, to be asked before its last rollback.
    pub fn verdict(&self, ok: bool) -> Verdict {
        match self.mode {
            Mode::Confirmed if self.differs => Verdict::Differs,
            Mode::Confirmed if ok && self.uses.len() != self.confirmed.len() => Verdict::Differs,
            Mode::Collecting if ok && !self.met.is_empty() => Verdict::Confirm(self.met.clone()),
            Mode::Plain if self.could_confirm => Verdict::Confirm(self.unmet.clone()),
            _ if !ok && !self.unmet.is_empty() => Verdict::NobodyThere(self.unmet.clone()),
            _ => Verdict::Fine,
        }
    }

    /// What a collecting session met and did not undo, for a dry run.
    pub fn met(&self) -> &[Need] {
        &self.met
    }
}

fn check_size(need: &Need, so_far: usize) -> Result<(), CallError> {
    let texts = [&need.kind, &need.thing, &need.sentence];
    if so_far < NEEDS_MAX && texts.iter().all(|text| text.len() <= NEED_TEXT_BYTES_MAX) {
        return Ok(());
    }
    let what = format!("{NEEDS_MAX} consents a command, each of texts up to {NEED_TEXT_BYTES_MAX} bytes");
    Err(CallError::Quota { plugin: Arc::clone(&need.provider), what })
}

#[cfg(test)]
mod tests;
