//! A whole host in memory, with people in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, anyhow, bail};
use hamlet_bundle::{BuildOptions, Package};
use hamlet_identity::{Founding, Identity, Secret};
use hamlet_kernel::{Actor, Call, CallError, Kernel, KernelConfig, Need, answer_to_json};
use hamlet_reflect::{Id, json as reflect_json};
use serde_json::{Value, json};

use crate::clock::TestClock;

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

/// A community in memory. Its first party besides the commons is the person `steward`.
pub struct Community {
    kernel: Kernel,
    clock: Arc<TestClock>,
    parties: Mutex<BTreeMap<String, Id>>,
}

impl Community {
    /// A new one.
    pub fn new() -> Result<Self> {
        Self::open(KernelConfig::in_memory())
    }

    /// A new one in a folder, for tests that look at what is on disk.
    pub fn in_dir(dir: &Path) -> Result<Self> {
        Self::open(KernelConfig::in_dir(dir))
    }

    fn open(mut config: KernelConfig) -> Result<Self> {
        let clock = Arc::new(TestClock::default());
        config.clock = clock.clone();
        Identity::new().register(&mut config);
        let kernel = Kernel::open(config)?;
        let secret = Secret::new().map_err(|error| anyhow!("no randomness: {error}"))?;
        let founded = hamlet_identity::found(
            &kernel,
            &Founding {
                commons_handle: "commons".to_owned(),
                commons_name: "The commons".to_owned(),
                handle: STEWARD.to_owned(),
                name: "The first steward".to_owned(),
                token: secret.hash(),
                label: "test".to_owned(),
            },
        )?;
        let parties =
            BTreeMap::from([("commons".to_owned(), founded.commons), (STEWARD.to_owned(), founded.steward)]);
        Ok(Self { kernel, clock, parties: Mutex::new(parties) })
    }

    /// The kernel itself, for what JSON cannot say.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// Builds the plugin in `folder` and installs it. With `HAMLET_PREBUILT` set to a folder, what
    /// was built into `FOLDER/NAME` is taken as it is.
    pub fn install(&self, folder: impl AsRef<Path>) -> Result<()> {
        let folder = folder.as_ref();
        let package = match std::env::var_os("HAMLET_PREBUILT") {
            Some(prebuilt) => {
                let manifest = std::fs::read_to_string(folder.join("plugin.toml"))
                    .with_context(|| format!("`{}` has no plugin.toml", folder.display()))?;
                let name = hamlet_bundle::Manifest::parse(&manifest)?.name;
                hamlet_bundle::load(&PathBuf::from(prebuilt).join(name))?
            }
            None => hamlet_bundle::build(folder, &BuildOptions::default(), &mut |_| {})?.package,
        };
        self.install_package(package)
    }

    /// Installs a package that was built before.
    pub fn install_package(&self, package: Package) -> Result<()> {
        let hash = self.kernel.stage(package)?;
        match self.kernel.call_json(
            Actor::Console,
            "host",
            "plugins",
            "activate",
            &json!({ "component": hash }),
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
        self.attempt(who, plugin, function, &arguments, None)
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
        match self.attempt(who, plugin, function, &arguments, None) {
            Err(Refusal::Host(CallError::ConfirmationNeeded { needs, code })) => {
                let answer = self.attempt(who, plugin, function, &arguments, Some(code))?;
                Ok((answer, needs))
            }
            other => Ok((other?, Vec::new())),
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
        self.attempt(who, plugin, function, arguments, Some(code.to_owned()))
    }

    fn attempt(
        &self,
        who: &str,
        plugin: &str,
        function: &str,
        arguments: &Value,
        confirmation: Option<String>,
    ) -> Result<Value, Refusal> {
        let person = self.id(who).map_err(|error| Refusal::Host(CallError::internal(error.to_string())))?;
        let (interface, name) = function.split_once('.').unwrap_or(("", function));
        let catalogue = self.kernel.catalogue();
        let callable = catalogue.find(plugin, interface, name).map_err(Refusal::Host)?;
        let values = reflect_json::arguments(&callable.function, arguments)
            .map_err(|error| Refusal::Host(CallError::arguments(error.to_string())))?;
        let call = Call {
            confirmation,
            ..Call::new(Actor::Person(person), plugin, &callable.interface.id, name, values)
        };
        let answer = self.kernel.call_blocking(call).map_err(Refusal::Host)?;
        answer_to_json(callable, &answer).map_err(|error| match error {
            Value::Object(fields) => {
                let (case, value) = fields.into_iter().next().unwrap_or_default();
                Refusal::Case { case, value }
            }
            Value::String(case) => Refusal::Case { case, value: Value::Null },
            value => Refusal::Case { case: "err".to_owned(), value },
        })
    }

    /// Moves the clock forward.
    pub fn advance_seconds(&self, seconds: u64) {
        self.clock.advance_seconds(seconds);
    }

    /// Moves the clock forward by days.
    pub fn advance_days(&self, days: u64) {
        self.clock.advance_seconds(days * 86_400);
    }
}

impl Drop for Community {
    fn drop(&mut self) {
        self.kernel.shutdown();
    }
}
