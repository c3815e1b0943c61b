//! One command: its key, its run, its consent, its entry in the journal (T1, X1, W2); and a dry run of it.

use std::sync::Arc;

use hamlet_reflect::binary;
use hamlet_store::EntryHeader;
use wasmtime::component::Val;

use super::{Done, Runner};
use crate::call::{Call, CallError, DryRun, Need};
use crate::catalogue::Callable;
use crate::consent::{Binding, Session, Verdict};
use crate::idempotency::{Found, Key};
use crate::metrics::Metrics;
use crate::run::Callee;
use crate::value::{is_err, outcome};

impl Runner {
    /// One command (T1, X1, W2).
    pub(crate) fn command(&mut self, call: &Call, callable: &Arc<Callable>) -> Result<Done, CallError> {
        let span = tracing::debug_span!(
            "command",
            plugin = &*callable.plugin,
            function = callable.function.name,
            request = &*call.request_id
        );
        let _entered = span.enter();
        Metrics::count(&self.shared.metrics.commands);
        let result = self.command_in(call, callable);
        if result.is_err() {
            self.abandon();
        }
        result
    }

    pub(crate) fn command_in(&mut self, call: &Call, callable: &Arc<Callable>) -> Result<Done, CallError> {
        let callee = self.resolve(call, callable)?;
        let arguments = binary::digest(&call.arguments);
        let now = self.begin(&call.actor, &call.request_id)?;
        let key = match call.idempotency {
            Some(uuid) => Some(Key::new(uuid, &call.actor, callable, &arguments, now)?),
            None => None,
        };
        if let Some(key) = &key
            && let Found::Result(value) = key.find(self.draft()?)?
        {
            self.abandon();
            Metrics::count(&self.shared.metrics.replays);
            return Ok(Done { result: outcome(value), replayed: true });
        }
        let binding = || binding([(&**callable, &arguments)]);
        if let Some(code) = &call.confirmation {
            let needs = self.take_confirmed(code, &call.actor, binding(), now)?;
            self.set_session(Session::confirmed(needs));
        }
        let (value, verdict) = self.enter_judged(&callee, &call.arguments)?;
        match verdict {
            Verdict::Fine => {}
            Verdict::Differs => return Err(CallError::ConfirmationDiffers),
            Verdict::NobodyThere(needs) => {
                return Err(CallError::ConfirmationNeeded { needs, code: String::new() });
            }
            Verdict::Confirm(first) => {
                self.abandon();
                return self.collect(call, &callee, binding(), first);
            }
        }
        if is_err(value.as_ref()) {
            Metrics::count(&self.shared.metrics.errs);
        }
        self.keep(call, callable, &callee, arguments, key.as_ref(), value.as_ref())?;
        Ok(Done { result: outcome(value), replayed: false })
    }

    /// Calls within the open transaction, with what the consents that were asked for mean for it.
    ///
    /// A guest may fall over when it is refused consent: many languages make an exception of every `err`. Then the
    /// refusal is what the caller must hear of, not the trap; else nobody could ever confirm. Any other failure stands
    /// for itself, and so does a trap where no consent was refused.
    fn enter_judged(
        &mut self,
        callee: &Callee,
        arguments: &[Val],
    ) -> Result<(Option<Val>, Verdict), CallError> {
        match self.enter(callee, arguments) {
            Ok(value) => {
                let verdict = self.verdict(!is_err(value.as_ref()));
                Ok((value, verdict))
            }
            Err(trap @ CallError::Trapped { .. }) => match self.verdict(false) {
                Verdict::Fine => Err(trap),
                refused => Ok((None, refused)),
            },
            Err(error) => Err(error),
        }
    }

    /// Puts the result beside the writes, and the transaction into the batch. Of an `err` without a key nothing is kept.
    pub(crate) fn keep(
        &mut self,
        call: &Call,
        callable: &Callable,
        callee: &Callee,
        arguments: [u8; 32],
        key: Option<&Key>,
        value: Option<&Val>,
    ) -> Result<(), CallError> {
        if is_err(value) && key.is_none() {
            self.abandon();
            return Ok(());
        }
        let encoded = binary::encode(value.map_or(&[], std::slice::from_ref));
        if let Some(key) = key {
            key.keep(self.draft()?, value.is_some(), &encoded)?;
        }
        let header = EntryHeader {
            time: self.now(),
            caller: self.shared.pseudonym(&call.actor),
            plugin: Arc::clone(&callable.plugin),
            version: callee.version().map_or_else(|| Arc::clone(&self.shared.version), Arc::clone),
            function: Arc::clone(&callable.name),
            idempotency: call.idempotency.map(uuid::Uuid::into_bytes),
            arguments,
            result: *blake3::hash(&encoded).as_bytes(),
        };
        self.finish(header)
    }

    /// W2: runs a command again to learn its needs at every depth, and rolls it back. `first` are those that the first
    /// run was refused.
    pub(crate) fn collect(
        &mut self,
        call: &Call,
        callee: &Callee,
        binding: Binding,
        first: Vec<Need>,
    ) -> Result<Done, CallError> {
        let now = self.begin(&call.actor, &call.request_id)?;
        self.set_session(Session::collecting());
        let (value, verdict) = self.enter_judged(callee, &call.arguments)?;
        self.abandon();
        let needs = match verdict {
            Verdict::Confirm(needs) => needs,
            Verdict::NobodyThere(needs) => {
                return Err(CallError::ConfirmationNeeded { needs, code: String::new() });
            }
            Verdict::Differs => return Err(CallError::ConfirmationDiffers),
            // With consent it would still have failed: for a reason that she can read now.
            Verdict::Fine if is_err(value.as_ref()) => {
                return Ok(Done { result: outcome(value), replayed: false });
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
    pub(crate) fn dry_run(&mut self, call: &Call, callable: &Arc<Callable>) -> Result<DryRun, CallError> {
        let result = self.dry_run_in(call, callable);
        self.abandon();
        result
    }

    pub(crate) fn dry_run_in(&mut self, call: &Call, callable: &Arc<Callable>) -> Result<DryRun, CallError> {
        let callee = self.resolve(call, callable)?;
        self.begin(&call.actor, &call.request_id)?;
        self.set_session(Session::collecting());
        if let Some(running) = &mut self.running {
            running.notes_wanted = true;
            // Nothing of it will be applied: its events can have their numbers now.
            running.defers_events = false;
        }
        let (value, verdict) = self.enter_judged(&callee, &call.arguments)?;
        if let Verdict::NobodyThere(needs) = verdict {
            return Err(CallError::ConfirmationNeeded { needs, code: String::new() });
        }
        let Some(running) = &mut self.running else { return Err(CallError::internal("no state")) };
        running.installed_changed = false;
        running.destroyed_keys.clear();
        let events = std::mem::take(&mut running.events);
        Ok(DryRun { result: outcome(value), events, needs: running.consent.met().to_vec() })
    }
}

pub(crate) fn binding<'a>(calls: impl IntoIterator<Item = (&'a Callable, &'a [u8; 32])>) -> Binding {
    Binding::of(calls.into_iter().map(|(callable, arguments)| {
        (&*callable.plugin, &*callable.interface.id, &*callable.function.name, arguments)
    }))
}
