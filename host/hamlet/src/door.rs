//! Two ways into a community: through its running host over HTTP, or, when that is not running,
//! straight into its folder as whoever holds the box.

use std::path::Path;

use anyhow::{Result, bail};
use hamlet_kernel::{Actor, Kernel};
use serde_json::Value;

use crate::client::{Client, Extra, Problem, Reply};
use crate::community;
use crate::session::Session;

/// A way into a community.
pub enum Door {
    /// The host is running; the call is made as the default person of the session.
    Http(Client),
    /// It is not; the folder was opened.
    Console(Kernel),
}

impl Door {
    /// Takes the way that is open.
    pub fn open(home: &Path) -> Result<Self> {
        let session = Session::load(home)?;
        let client = Client::new(&session, None)?;
        if client.healthy() {
            return Ok(Self::Http(client));
        }
        Ok(Self::Console(community::open(home)?.kernel))
    }

    /// Calls a function of the host itself.
    pub fn host(&self, interface: &str, function: &str, arguments: &Value) -> Result<Reply> {
        match self {
            Self::Http(client) => {
                client.call(&format!("/api/host/{interface}@0.1.0/{function}"), arguments, &Extra::default())
            }
            Self::Console(kernel) => Ok(call(kernel, Actor::Console, "host", interface, function, arguments)),
        }
    }

    /// As [`Door::host`], with a refusal as an error.
    pub fn must(&self, interface: &str, function: &str, arguments: &Value) -> Result<Value> {
        match self.host(interface, function, arguments)? {
            Reply::Done(value) => Ok(value),
            Reply::Problem(problem) => bail!("{}", problem.sentence()),
        }
    }
}

/// A call straight into a kernel, answered like one over HTTP.
pub fn call(
    kernel: &Kernel,
    actor: Actor,
    plugin: &str,
    interface: &str,
    function: &str,
    arguments: &Value,
) -> Reply {
    match kernel.call_json(actor, plugin, interface, function, arguments) {
        Ok(Ok(value)) => Reply::Done(value),
        Ok(Err(error)) => {
            let (case, value) = match &error {
                Value::Object(fields) => match fields.iter().next() {
                    Some((case, value)) => (case.clone(), value.clone()),
                    None => ("refused".to_owned(), Value::Null),
                },
                Value::String(case) => (case.clone(), Value::Null),
                other => ("refused".to_owned(), other.clone()),
            };
            Reply::Problem(Problem {
                document: serde_json::json!({ "type": format!("/problems/{plugin}/{function}/{case}"), "title": case, "value": value }),
            })
        }
        Err(error) => Reply::Problem(Problem {
            document: serde_json::json!({ "type": format!("/problems/{}", error.code()), "title": error.to_string() }),
        }),
    }
}
