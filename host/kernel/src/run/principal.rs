//! Another principal within a call: for as long as a decision's effect runs (W5).
//!
//! The frames of whoever dispatched it stay on the stack, so that depth and re-entry are counted over all (T4, T10). But
//! the effect is called by the decision alone: access, consent and the immediate caller look no further down than
//! [`Running::root`]. It has a slice of the time, and what is asked of it does not touch what a person confirmed.

use super::Running;
use crate::call::Actor;
use crate::consent::Session;
use crate::engine::GRACE_TICKS;

/// Who acted before, to be put back.
pub(crate) struct Principal {
    actor: Actor,
    by_host: bool,
    root: usize,
    consent: Session,
    deadline: u64,
    grace_given: bool,
}

impl Running {
    /// Lets `actor` act from here on, with half of the time that is left; its ticks.
    pub(crate) fn act_as(&mut self, actor: Actor) -> (Principal, u64) {
        let now = self.shared.engine.now();
        let grace = if self.grace_given { 0 } else { GRACE_TICKS };
        let slice = ((self.deadline + grace).saturating_sub(now) / 2).max(1);
        let before = Principal {
            actor: std::mem::replace(&mut self.actor, actor),
            by_host: std::mem::replace(&mut self.by_host, false),
            root: std::mem::replace(&mut self.root, self.frames.len()),
            consent: std::mem::replace(&mut self.consent, Session::plain()),
            deadline: self.deadline,
            grace_given: self.grace_given,
        };
        // The last part of the slice is its grace, where there is enough of it.
        self.grace_given = slice <= GRACE_TICKS;
        self.deadline = now + if self.grace_given { slice } else { slice - GRACE_TICKS };
        self.mandate = None;
        (before, slice)
    }

    /// Puts back who acted before. The time that passed has passed.
    pub(crate) fn act_again_as(&mut self, before: Principal) {
        self.actor = before.actor;
        self.by_host = before.by_host;
        self.root = before.root;
        self.consent = before.consent;
        self.deadline = before.deadline;
        self.grace_given = before.grace_given;
        self.mandate = None;
    }
}
