//! Several calls in one transaction: all or none.

use std::sync::Arc;

use hamlet_reflect::binary;
use hamlet_store::EntryHeader;

use super::command::binding;
use super::{Done, Runner};
use crate::call::{BatchError, BatchFailure, Call, CallError};
use crate::catalogue::{Callable, HOST};
use crate::consent::{Binding, Session, Verdict};
use crate::idempotency::{Found, Key};
use crate::metrics::Metrics;
use crate::value::{is_err, outcome};

impl Runner {
    /// Several calls in one transaction: the first that does not answer `ok` undoes all.
    pub(crate) fn all(&mut self, calls: &[(Call, Arc<Callable>)]) -> Result<Vec<Done>, BatchError> {
        let result = self.all_in(calls);
        if result.is_err() {
            self.abandon();
        }
        result
    }

    pub(crate) fn all_in(&mut self, calls: &[(Call, Arc<Callable>)]) -> Result<Vec<Done>, BatchError> {
        let at =
            |index: usize| move |error: CallError| BatchError { index, error: BatchFailure::Call(error) };
        let Some((first, _)) = calls.first() else { return Ok(Vec::new()) };
        let digests: Vec<[u8; 32]> = calls.iter().map(|(call, _)| binary::digest(&call.arguments)).collect();
        let binding =
            || binding(calls.iter().zip(&digests).map(|((_, callable), digest)| (&**callable, digest)));
        let now = self.begin(&first.actor, &first.request_id).map_err(at(0))?;
        if let Some(code) = calls.iter().find_map(|(call, _)| call.confirmation.as_ref()) {
            let needs = self.take_confirmed(code, &first.actor, binding(), now).map_err(at(0))?;
            self.set_session(Session::confirmed(needs));
        }
        let (done, journalled) = match self.each(calls, &digests) {
            Ok(done) => done,
            Err(error) => match self.refused(&error) {
                Verdict::Fine => return Err(error),
                Verdict::Differs => return Err(at(error.index)(CallError::ConfirmationDiffers)),
                Verdict::NobodyThere(needs) => {
                    return Err(at(error.index)(CallError::ConfirmationNeeded {
                        needs,
                        code: String::new(),
                    }));
                }
                Verdict::Confirm(_) => {
                    self.abandon();
                    return Err(self.collect_all(calls, &digests, binding(), error));
                }
            },
        };
        let last = calls.len() - 1;
        match self.verdict(true) {
            Verdict::Fine => {}
            Verdict::Differs => return Err(at(last)(CallError::ConfirmationDiffers)),
            Verdict::Confirm(needs) | Verdict::NobodyThere(needs) => {
                return Err(at(last)(CallError::ConfirmationNeeded { needs, code: String::new() }));
            }
        }
        if !journalled {
            self.abandon();
            return Ok(done);
        }
        let (arguments, result) = batch_hashes(calls, &digests, &done);
        let header = EntryHeader {
            time: now,
            caller: self.shared.pseudonym(&first.actor),
            plugin: Arc::from(HOST),
            version: Arc::clone(&self.shared.version),
            function: Arc::from("all"),
            idempotency: None,
            arguments,
            result,
        };
        self.finish(header).map_err(at(last))?;
        Ok(done)
    }

    /// What the consents that were asked for mean for a failure. As for a single command, a guest that fell over after a
    /// refusal was refused; any other failure stands for itself.
    fn refused(&self, error: &BatchError) -> Verdict {
        match error.error {
            BatchFailure::Err(_) | BatchFailure::Call(CallError::Trapped { .. }) => self.verdict(false),
            BatchFailure::Call(_) => Verdict::Fine,
        }
    }

    /// Runs each call in the open transaction; gives whether any of them really ran.
    pub(crate) fn each(
        &mut self,
        calls: &[(Call, Arc<Callable>)],
        digests: &[[u8; 32]],
    ) -> Result<(Vec<Done>, bool), BatchError> {
        let mut all = Vec::with_capacity(calls.len());
        let mut journalled = false;
        for (index, ((call, callable), digest)) in calls.iter().zip(digests).enumerate() {
            let done = self
                .one_of_all(call, callable, digest)
                .map_err(|error| BatchError { index, error: BatchFailure::Call(error) })?;
            Metrics::count(&self.shared.metrics.commands);
            journalled |= !done.replayed;
            if let Err(payload) = done.result {
                return Err(BatchError { index, error: BatchFailure::Err(payload) });
            }
            all.push(done);
        }
        Ok((all, journalled))
    }

    pub(crate) fn one_of_all(
        &mut self,
        call: &Call,
        callable: &Arc<Callable>,
        digest: &[u8; 32],
    ) -> Result<Done, CallError> {
        let callee = self.resolve(call, callable)?;
        let key = match call.idempotency {
            Some(uuid) => Some(Key::new(uuid, &call.actor, callable, digest, self.now())?),
            None => None,
        };
        if let Some(key) = &key
            && let Found::Result(value) = key.find(self.draft()?)?
        {
            return Ok(Done { result: outcome(value), replayed: true });
        }
        if let Some(running) = &mut self.running {
            running.actor = call.actor.clone();
            running.request_id = Arc::clone(&call.request_id);
            running.mandate = None;
        }
        let value = self.enter(&callee, &call.arguments)?;
        if let Some(key) = &key
            && !is_err(value.as_ref())
        {
            let encoded = binary::encode(value.as_slice());
            key.keep(self.draft()?, value.is_some(), &encoded)?;
        }
        Ok(Done { result: outcome(value), replayed: false })
    }

    /// W2 for a batch: the needs of all its calls, or why it would fail even with consent.
    pub(crate) fn collect_all(
        &mut self,
        calls: &[(Call, Arc<Callable>)],
        digests: &[[u8; 32]],
        binding: Binding,
        first_error: BatchError,
    ) -> BatchError {
        let index = first_error.index;
        let fail = |error: CallError| BatchError { index, error: BatchFailure::Call(error) };
        let Some((first, _)) = calls.first() else { return first_error };
        let now = match self.begin(&first.actor, &first.request_id) {
            Ok(now) => now,
            Err(error) => return fail(error),
        };
        self.set_session(Session::collecting());
        let collected = self.each(calls, digests);
        let verdict = self.verdict(collected.is_ok());
        self.abandon();
        match (collected, verdict) {
            (Err(error), _) => error,
            (Ok(_), Verdict::Confirm(needs)) => {
                let entropy = &*self.shared.entropy;
                let code =
                    self.shared.confirmations.issue(entropy, &first.actor, binding, needs.clone(), now);
                fail(CallError::ConfirmationNeeded { needs, code })
            }
            (Ok(_), _) => first_error,
        }
    }
}

/// The hashes of a batch's entry: over each call with its arguments, and over each result.
fn batch_hashes(
    calls: &[(Call, Arc<Callable>)],
    digests: &[[u8; 32]],
    done: &[Done],
) -> ([u8; 32], [u8; 32]) {
    let mut arguments = blake3::Hasher::new();
    for ((_, callable), digest) in calls.iter().zip(digests) {
        for part in [&*callable.plugin, &callable.interface.id, &callable.function.name] {
            arguments.update(&(part.len() as u64).to_be_bytes());
            arguments.update(part.as_bytes());
        }
        arguments.update(digest);
    }
    let mut results = blake3::Hasher::new();
    for one in done {
        let (tag, value) = match &one.result {
            Ok(value) => (1, value),
            Err(value) => (0, value),
        };
        results.update(&[tag]);
        results.update(&binary::digest(value.as_slice()));
    }
    (*arguments.finalize().as_bytes(), *results.finalize().as_bytes())
}
