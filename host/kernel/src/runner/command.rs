//! One command: its key, its run, its consent, its entry in the journal (T1, X1, W2); and a dry run of it.

use std::sync::Arc;

use hamlet_store::EntryHeader;

use super::{Done, Runner};
use crate::beside::Asked;
use crate::call::{CallError, DryRun, Need};
use crate::catalogue::Callable;
use crate::consent::{Binding, Session, Verdict};
use crate::idempotency::{Found, Key};
use crate::metrics::Metrics;
use crate::run::Callee;
use crate::value::{Given, Passed};

impl Runner {
    /// One command (T1, X1, W2).
    pub(crate) fn command(&mut self, asked: &Asked, callable: &Arc<Callable>) -> Result<Done, CallError> {
        let span = tracing::debug_span!(
            "command",
            plugin = &*callable.plugin,
            function = callable.function.name,
            request = &*asked.call.request_id
        );
        let _entered = span.enter();
        Metrics::count(&self.shared.metrics.commands);
        let result = self.command_in(asked, callable);
        if result.is_err() {
            self.abandon();
        }
        result
    }

    fn command_in(&mut self, asked: &Asked, callable: &Arc<Callable>) -> Result<Done, CallError> {
        let Asked { call, digest: arguments, .. } = asked;
        let callee = self.resolve(call, callable)?;
        let now = self.begin(&call.actor, &call.request_id)?;
        if let Some(running) = &mut self.running {
            running.reason.clone_from(&call.reason);
        }
        let key = match call.idempotency {
            Some(uuid) => Some(Key::new(uuid, &call.actor, callable, arguments, now)?),
            None => None,
        };
        if let Some(key) = &key
            && let Found::Result(value) = key.find(self.draft()?)?
        {
            self.abandon();
            Metrics::count(&self.shared.metrics.replays);
            return Ok(Done { given: Given::Value(value), replayed: true });
        }
        let binding = || binding([(&**callable, arguments)]);
        if let Some(code) = &call.confirmation {
            let needs = self.take_confirmed(code, &call.actor, binding(), now)?;
            self.set_session(Session::confirmed(needs));
        }
        let (given, verdict) = self.enter_judged(&callee, asked.passed())?;
        match verdict {
            Verdict::Fine => {}
            Verdict::Differs => return Err(CallError::ConfirmationDiffers),
            Verdict::NobodyThere(needs) => {
                return Err(CallError::ConfirmationNeeded { needs, code: String::new() });
            }
            Verdict::Confirm(first) => {
                self.abandon();
                return self.collect(asked, &callee, binding(), first);
            }
        }
        if given.is_err() {
            Metrics::count(&self.shared.metrics.errs);
        }
        self.keep(asked, callable, &callee, key.as_ref(), &given)?;
        Ok(Done { given, replayed: false })
    }

    /// Calls within the open transaction, with what the consents that were asked for mean for it.
    ///
    /// A guest may fall over when it is refused consent: many languages make an exception of every `err`. Then the
    /// refusal is what the caller must hear of, not the trap; else nobody could ever confirm. Any other failure stands
    /// for itself, and so does a trap where no consent was refused.
    fn enter_judged(&mut self, callee: &Callee, passed: Passed<'_>) -> Result<(Given, Verdict), CallError> {
        match self.enter_with(callee, passed) {
            Ok(given) => {
                let verdict = self.verdict(!given.is_err());
                Ok((given, verdict))
            }
            Err(trap @ CallError::Trapped { .. }) => match self.verdict(false) {
                Verdict::Fine => Err(trap),
                refused => Ok((Given::Value(None), refused)),
            },
            Err(error) => Err(error),
        }
    }

    /// Puts the result beside the writes, and the transaction into the batch. Of an `err` without a key nothing is kept.
    fn keep(
        &mut self,
        asked: &Asked,
        callable: &Callable,
        callee: &Callee,
        key: Option<&Key>,
        given: &Given,
    ) -> Result<(), CallError> {
        if given.is_err() && key.is_none() {
            self.abandon();
            return Ok(());
        }
        let encoded = given.encoded();
        if let Some(key) = key {
            key.keep(self.draft()?, given.is_some(), &encoded)?;
        }
        let header = EntryHeader {
            time: self.now(),
            caller: self.pseudonym(&asked.call.actor),
            plugin: Arc::clone(&callable.plugin),
            version: callee.version().map_or_else(|| Arc::clone(&self.shared.version), Arc::clone),
            function: Arc::clone(&callable.name),
            idempotency: asked.call.idempotency.map(uuid::Uuid::into_bytes),
            arguments: asked.digest,
            result: *blake3::hash(&encoded).as_bytes(),
        };
        self.finish(header)
    }

    /// W2: runs a command again to learn its needs at every depth, and rolls it back. `first` are those that the first
    /// run was refused.
    fn collect(
        &mut self,
        asked: &Asked,
        callee: &Callee,
        binding: Binding,
        first: Vec<Need>,
    ) -> Result<Done, CallError> {
        let call = &asked.call;
        let now = self.begin(&call.actor, &call.request_id)?;
        self.set_session(Session::collecting());
        let (given, verdict) = self.enter_judged(callee, asked.passed())?;
        self.abandon();
        let needs = match verdict {
            Verdict::Confirm(needs) => needs,
            Verdict::NobodyThere(needs) => {
                return Err(CallError::ConfirmationNeeded { needs, code: String::new() });
            }
            Verdict::Differs => return Err(CallError::ConfirmationDiffers),
            // With consent it would still have failed: for a reason that she can read now.
            Verdict::Fine if given.is_err() => {
                return Ok(Done { given, replayed: false });
            }
            // It would answer `ok` although what needs her will fails even with it. Nothing of that is kept, so it is not
            // her answer: she may confirm what it tried, and then it must do just that.
            Verdict::Fine => first,
        };
        let entropy = &*self.shared.entropy;
        let code = self.shared.confirmations.issue(entropy, &call.actor, binding, needs.clone(), now);
        Err(CallError::ConfirmationNeeded { needs, code })
    }

    /// What a command would do; nothing is kept.
    pub(crate) fn dry_run(&mut self, asked: &Asked, callable: &Arc<Callable>) -> Result<DryRun, CallError> {
        let result = self.dry_run_in(asked, callable);
        self.abandon();
        result
    }

    fn dry_run_in(&mut self, asked: &Asked, callable: &Arc<Callable>) -> Result<DryRun, CallError> {
        let call = &asked.call;
        let callee = self.resolve(call, callable)?;
        self.begin(&call.actor, &call.request_id)?;
        self.set_session(Session::collecting());
        if let Some(running) = &mut self.running {
            running.notes_wanted = true;
            // Nothing of it will be applied: its events can have their numbers now.
            running.defers_events = false;
        }
        let (given, verdict) = self.enter_judged(&callee, asked.passed())?;
        if let Verdict::NobodyThere(needs) = verdict {
            return Err(CallError::ConfirmationNeeded { needs, code: String::new() });
        }
        let Some(running) = &mut self.running else { return Err(CallError::internal("no state")) };
        running.installed_changed = false;
        running.destroyed_keys.clear();
        let events = std::mem::take(&mut running.events);
        Ok(DryRun { result: given.outcome()?, events, needs: running.consent.met().to_vec() })
    }
}

pub(crate) fn binding<'a>(calls: impl IntoIterator<Item = (&'a Callable, &'a [u8; 32])>) -> Binding {
    Binding::of(calls.into_iter().map(|(callable, arguments)| {
        (&*callable.plugin, &*callable.interface.id, &*callable.function.name, arguments)
    }))
}
