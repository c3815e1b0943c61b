//! A whole host in memory, with people in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use hamlet_bundle::Package;
use hamlet_identity::{Founding, Identity, Secret};
use hamlet_kernel::{
    Actor, BatchError, BatchFailure, Call, CallError, Callable, Kernel, Need, answer_to_json,
};
use hamlet_reflect::{Id, Type, json as reflect_json};
use serde_json::{Value, json};
use uuid::{NoContext, Timestamp, Uuid};

use crate::built::built;
use crate::clock::TestClock;
use crate::setup::{Folder, Setup, lock};

/// The handle of the steward who is there from the beginning.
const STEWARD: &str = "steward";

/// Why a call gave no `ok`.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// The plugin answered `err`: the name of the case and what came with it.
    #[error("{case}: {value}")]
    Case {
        /// The case.
        case: String,
        /// Its payload; null when it has none.
        value: Value,
    },
    /// The host refused or undid the call.
    #[error("{0}")]
    Host(CallError),
}

impl Refusal {
    /// The name of the case, or the host's name for what happened.
    pub fn case(&self) -> &str {
        match self {
            Self::Case { case, .. } => case,
            Self::Host(error) => error.code(),
        }
    }
}

/// What comes with a call beside its arguments.
#[derive(Debug, Clone, Default)]
pub struct Extra {
    /// Its idempotency key; see [`Community::new_key`].
    pub key: Option<Uuid>,
    /// The code of a confirmation.
    pub code: Option<String>,
}

/// The `ok` of a call.
#[derive(Debug, Clone)]
pub struct Done {
    /// Its payload; null when it has none.
    pub value: Value,
    /// It was kept from an earlier run with the same key.
    pub replayed: bool,
}

/// How long [`Community::eventually`] waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// A whole community. Its first party besides the commons is the person `steward`.
pub struct Community {
    kernel: Kernel,
    identity: Identity,
    clock: Arc<TestClock>,
    parties: Mutex<BTreeMap<String, Id>>,
    code_cache: Option<PathBuf>,
    // Removed when the kernel has gone.
    _folder: Option<Folder>,
}

impl Community {
    /// A new one in memory.
    pub fn new() -> Result<Self> {
        Self::with(Setup::default())
    }

    /// A new one in a folder, for tests that look at what is on disk.
    pub fn in_dir(dir: &Path) -> Result<Self> {
        Self::with(Setup { dir: Some(dir.to_owned()), ..Setup::default() })
    }

    /// A new one as the test chooses.
    pub fn with(setup: Setup) -> Result<Self> {
        let code_cache = setup.code_cache.clone();
        let (mut config, folder) = setup.prepare()?;
        let clock = Arc::new(TestClock::default());
        config.clock = clock.clone();
        let identity = Identity::new();
        identity.register(&mut config);
        let kernel = Kernel::open(config)?;
        let secret = Secret::new().map_err(|error| anyhow!("no randomness: {error}"))?;
        let founded = hamlet_identity::found(
            &kernel,
            &Founding {
                commons_handle: "commons".to_owned(),
                commons_name: "The commons".to_owned(),
                handle: STEWARD.to_owned(),
                name: "The first steward".to_owned(),
                token: Some((secret.hash(), "test".to_owned())),
            },
        )?;
        let parties =
            BTreeMap::from([("commons".to_owned(), founded.commons), (STEWARD.to_owned(), founded.steward)]);
        let parties = Mutex::new(parties);
        Ok(Self { kernel, identity, clock, parties, code_cache, _folder: folder })
    }

    /// The kernel itself, for what JSON cannot say.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// Its people and their tokens, for a gateway before it.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Builds the plugin in `folder`, as [`built`] does, and installs it.
    pub fn install(&self, folder: impl AsRef<Path>) -> Result<()> {
        self.install_package(&built(folder, &[])?)
    }

    /// Installs a package that was built before, or upgrades to it.
    pub fn install_package(&self, package: &Package) -> Result<()> {
        // Of several processes with one cache the first compiles, and the others load what it made.
        let held = self.code_cache.as_deref().map(lock).transpose()?;
        let hash = self.kernel.stage(package)?;
        drop(held);
        match self.kernel.call_json(
            Actor::Console,
            "host",
            "plugins",
            "activate",
            &json!({ "component": hash, "granting": "all" }),
        )? {
            Ok(_) => Ok(()),
            Err(error) => bail!("the plugin was not activated: {error}"),
        }
    }

    /// Adds a person.
    pub fn person(&self, handle: &str) -> Result<Id> {
        self.party("person", handle, &[])
    }

    /// Adds a household or an organisation for which these persons may act.
    pub fn party(&self, kind: &str, handle: &str, acting: &[&str]) -> Result<Id> {
        let added =
            self.host("members", "add", &json!({ "kind": kind, "handle": handle, "name": handle }))?;
        let id: Id = added.as_str().context("a party without an id")?.parse()?;
        for person in acting {
            let person = self.id(person)?.to_string();
            let mandate = json!({ "person": person, "party": id.to_string(), "mandate": "representative" });
            self.host("members", "give-mandate", &mandate)?;
        }
        self.parties.lock().unwrap_or_else(PoisonError::into_inner).insert(handle.to_owned(), id);
        Ok(id)
    }

    /// The id of a party that was added here.
    pub fn id(&self, handle: &str) -> Result<Id> {
        let parties = self.parties.lock().unwrap_or_else(PoisonError::into_inner);
        parties.get(handle).copied().with_context(|| format!("nobody is called `{handle}`"))
    }

    /// Calls one of the host's own functions as the holder of the box.
    pub fn host(&self, interface: &str, function: &str, arguments: &Value) -> Result<Value> {
        match self.kernel.call_json(Actor::Console, "host", interface, function, arguments)? {
            Ok(value) => Ok(value),
            Err(error) => bail!("{interface}.{function}: {error}"),
        }
    }

    /// Calls a function as the person `who`, without confirming anything.
    #[expect(clippy::needless_pass_by_value, reason = "tests write `json!` in place")]
    pub fn call(&self, who: &str, plugin: &str, function: &str, arguments: Value) -> Result<Value, Refusal> {
        Ok(self.call_with(who, plugin, function, &arguments, Extra::default())?.value)
    }

    /// Calls a function as the person `who` and confirms whatever it needs her consent for.
    /// Gives the needs that were confirmed beside the answer.
    #[expect(clippy::needless_pass_by_value, reason = "tests write `json!` in place")]
    pub fn call_confirmed(
        &self,
        who: &str,
        plugin: &str,
        function: &str,
        arguments: Value,
    ) -> Result<(Value, Vec<Need>), Refusal> {
        match self.call_with(who, plugin, function, &arguments, Extra::default()) {
            Err(Refusal::Host(CallError::ConfirmationNeeded { needs, code })) => {
                Ok((self.call_with_code(who, plugin, function, &arguments, &code)?, needs))
            }
            other => Ok((other?.value, Vec::new())),
        }
    }

    /// Calls a function with the code of a confirmation.
    pub fn call_with_code(
        &self,
        who: &str,
        plugin: &str,
        function: &str,
        arguments: &Value,
        code: &str,
    ) -> Result<Value, Refusal> {
        let extra = Extra { code: Some(code.to_owned()), ..Extra::default() };
        Ok(self.call_with(who, plugin, function, arguments, extra)?.value)
    }

    /// Calls a function with a key, a code or both.
    pub fn call_with(
        &self,
        who: &str,
        plugin: &str,
        function: &str,
        arguments: &Value,
        extra: Extra,
    ) -> Result<Done, Refusal> {
        let (call, callable) = self.prepare(who, plugin, function, arguments)?;
        let call = Call { confirmation: extra.code, idempotency: extra.key, ..call };
        let answer = self.kernel.call_blocking(call).map_err(Refusal::Host)?;
        let value = answer_to_json(&callable, &answer).map_err(refusal)?;
        Ok(Done { value, replayed: answer.replayed })
    }

    /// Calls functions as the person `who` in one transaction: plugin, function, arguments. All of them or none; what is
    /// refused comes with its place.
    pub fn call_all(&self, who: &str, calls: &[(&str, &str, Value)]) -> Result<(), (usize, Refusal)> {
        let mut prepared = Vec::with_capacity(calls.len());
        let mut callables = Vec::with_capacity(calls.len());
        for (at, (plugin, function, arguments)) in calls.iter().enumerate() {
            let (call, callable) =
                self.prepare(who, plugin, function, arguments).map_err(|error| (at, error))?;
            prepared.push(call);
            callables.push(callable);
        }
        let done = wait_for(self.kernel.call_all(prepared));
        done.map(drop).map_err(|BatchError { index, error }| {
            let why =
                match (error, callables.get(index).and_then(|callable| callable.function.result.as_ref())) {
                    (BatchFailure::Call(error), _) => Refusal::Host(error),
                    (BatchFailure::Err(Some(value)), Some(Type::Result { err: Some(ty), .. })) => {
                        refusal(reflect_json::from_val(ty, &value))
                    }
                    (BatchFailure::Err(_), _) => refusal(Value::Null),
                };
            (index, why)
        })
    }

    fn prepare(
        &self,
        who: &str,
        plugin: &str,
        function: &str,
        arguments: &Value,
    ) -> Result<(Call, Arc<Callable>), Refusal> {
        let person = self.id(who).map_err(|error| Refusal::Host(CallError::internal(error.to_string())))?;
        let (interface, name) = function.split_once('.').unwrap_or(("", function));
        let catalogue = self.kernel.catalogue();
        let callable = catalogue.find(plugin, interface, name).map_err(Refusal::Host)?;
        let values = reflect_json::arguments(&callable.function, arguments)
            .map_err(|error| Refusal::Host(CallError::arguments(error.to_string())))?;
        let call = Call::new(Actor::Person(person), plugin, &callable.interface.id, name, values);
        Ok((call, Arc::clone(callable)))
    }

    /// An idempotency key of now (X2).
    pub fn new_key(&self) -> Uuid {
        let micros = self.kernel.now();
        let nanos = u32::try_from(micros % 1_000_000 * 1_000).unwrap_or(0);
        Uuid::new_v7(Timestamp::from_unix(NoContext, micros / 1_000_000, nanos))
    }

    /// Moves the clock forward, and confirms it as a steward would (T9): schedules run on.
    pub fn advance_seconds(&self, seconds: u64) {
        self.clock.advance_seconds(seconds);
        self.kernel.confirm_clock();
    }

    /// Moves the clock forward by days.
    pub fn advance_days(&self, days: u64) {
        self.advance_seconds(days * 86_400);
    }

    /// Waits until something is so: schedules and events run by themselves, when nobody else waits.
    pub fn eventually(&self, what: &str, so: impl Fn(&Self) -> bool) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while !so(self) {
            if Instant::now() > until {
                bail!("{what} did not happen within {} s", PATIENCE.as_secs());
            }
            // The host may have looked at the clock while it was being moved.
            if self.kernel.clock_suspect() {
                self.kernel.confirm_clock();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn wait_for<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// An `err` as JSON: its case, and what came with it.
fn refusal(error: Value) -> Refusal {
    match error {
        Value::Object(fields) => {
            let (case, value) = fields.into_iter().next().unwrap_or_default();
            Refusal::Case { case, value }
        }
        Value::String(case) => Refusal::Case { case, value: Value::Null },
        value => Refusal::Case { case: "err".to_owned(), value },
    }
}

impl Drop for Community {
    fn drop(&mut self) {
        self.kernel.shutdown();
    }
}
