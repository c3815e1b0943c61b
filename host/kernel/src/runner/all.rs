//! Several calls in one transaction: all or none.

use std::sync::Arc;

use hamlet_reflect::binary;
use hamlet_store::EntryHeader;

use super::command::binding;
use super::{Done, Runner};
use crate::beside::Asked;
use crate::call::{BatchError, BatchFailure, CallError};
use crate::catalogue::{Callable, HOST};
use crate::consent::{Binding, Session, Verdict};
use crate::idempotency::{Found, Key};
use crate::metrics::Metrics;
use crate::value::Given;

impl Runner {
    /// Several calls in one transaction: the first that does not answer `ok` undoes all.
    pub(crate) fn all(&mut self, calls: &[(Asked, Arc<Callable>)]) -> Result<Vec<Done>, BatchError> {
        let result = self.all_in(calls);
        if result.is_err() {
            self.abandon();
        }
        result
    }

    fn all_in(&mut self, calls: &[(Asked, Arc<Callable>)]) -> Result<Vec<Done>, BatchError> {
        let at =
            |index: usize| move |error: CallError| BatchError { index, error: BatchFailure::Call(error) };
        let Some((Asked { call: first, .. }, _)) = calls.first() else { return Ok(Vec::new()) };
        let binding = || binding(calls.iter().map(|(asked, callable)| (&**callable, &asked.digest)));
        let now = self.begin(&first.actor, &first.request_id).map_err(at(0))?;
        if let Some(code) = calls.iter().find_map(|(asked, _)| asked.call.confirmation.as_ref()) {
            let needs = self.take_confirmed(code, &first.actor, binding(), now).map_err(at(0))?;
            self.set_session(Session::confirmed(needs));
        }
        let (done, journalled) = match self.each(calls) {
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
                    return Err(self.collect_all(calls, binding(), error));
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
        let (arguments, result) = batch_hashes(calls, &done);
        let header = EntryHeader {
            time: now,
            caller: self.pseudonym(&first.actor),
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
    fn each(&mut self, calls: &[(Asked, Arc<Callable>)]) -> Result<(Vec<Done>, bool), BatchError> {
        let mut all = Vec::with_capacity(calls.len());
        let mut journalled = false;
        for (index, (asked, callable)) in calls.iter().enumerate() {
            let done = self
                .one_of_all(asked, callable)
                .map_err(|error| BatchError { index, error: BatchFailure::Call(error) })?;
            Metrics::count(&self.shared.metrics.commands);
            journalled |= !done.replayed;
            if done.given.is_err() {
                let error = match done.given.outcome() {
                    Ok(outcome) => BatchFailure::Err(outcome.err().flatten()),
                    Err(error) => BatchFailure::Call(error),
                };
                return Err(BatchError { index, error });
            }
            all.push(done);
        }
        Ok((all, journalled))
    }

    fn one_of_all(&mut self, asked: &Asked, callable: &Arc<Callable>) -> Result<Done, CallError> {
        let Asked { call, digest, .. } = asked;
        let callee = self.resolve(call, callable)?;
        let key = match call.idempotency {
            Some(uuid) => Some(Key::new(uuid, &call.actor, callable, digest, self.now())?),
            None => None,
        };
        if let Some(key) = &key
            && let Found::Result(value) = key.find(self.draft()?)?
        {
            return Ok(Done { given: Given::Value(value), replayed: true });
        }
        if let Some(running) = &mut self.running {
            running.actor = call.actor.clone();
            running.request_id = Arc::clone(&call.request_id);
            running.reason.clone_from(&call.reason);
            running.mandate = None;
        }
        let given = self.enter_with(&callee, asked.passed())?;
        if let Some(key) = &key
            && !given.is_err()
        {
            key.keep(self.draft()?, given.is_some(), &given.encoded())?;
        }
        Ok(Done { given, replayed: false })
    }

    /// W2 for a batch: the needs of all its calls, or why it would fail even with consent.
    fn collect_all(
        &mut self,
        calls: &[(Asked, Arc<Callable>)],
        binding: Binding,
        first_error: BatchError,
    ) -> BatchError {
        let index = first_error.index;
        let fail = |error: CallError| BatchError { index, error: BatchFailure::Call(error) };
        let Some((Asked { call: first, .. }, _)) = calls.first() else { return first_error };
        let now = match self.begin(&first.actor, &first.request_id) {
            Ok(now) => now,
            Err(error) => return fail(error),
        };
        self.set_session(Session::collecting());
        let collected = self.each(calls);
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
fn batch_hashes(calls: &[(Asked, Arc<Callable>)], done: &[Done]) -> ([u8; 32], [u8; 32]) {
    let mut arguments = blake3::Hasher::new();
    for (asked, callable) in calls {
        for part in [&*callable.plugin, &callable.interface.id, &callable.function.name] {
            arguments.update(&(part.len() as u64).to_be_bytes());
            arguments.update(part.as_bytes());
        }
        arguments.update(&asked.digest);
    }
    let mut results = blake3::Hasher::new();
    for one in done {
        let encoded = one.given.encoded();
        results.update(&[u8::from(!one.given.is_err())]);
        results.update(blake3::hash(binary::payload(&encoded)).as_bytes());
    }
    (*arguments.finalize().as_bytes(), *results.finalize().as_bytes())
}
