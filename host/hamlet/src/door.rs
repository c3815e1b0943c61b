//! Two ways into a community: through its running host over HTTP, or, when that is not running,
//! straight into its folder as whoever holds the box.

use std::path::Path;

use anyhow::{Result, bail};
use hamlet_kernel::{Actor, Kernel};
use serde_json::{Value, json};

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
    let error = match kernel.call_json(actor, plugin, interface, function, arguments) {
        Ok(Ok(value)) => return Reply::Done(value),
        Ok(Err(error)) => error,
        Err(error) => {
            let document =
                json!({ "type": format!("/problems/{}", error.code()), "detail": format!("{error}.") });
            return Reply::Problem(Problem { document });
        }
    };
    let catalogue = kernel.catalogue();
    let (case, sentence, value) = match catalogue.find(plugin, interface, function) {
        Ok(callable) => {
            let refusal = hamlet_gateway::refusal(&callable.function, &error);
            (refusal.case, refusal.sentence, refusal.value)
        }
        // It was there a moment ago; what it said is all that is known.
        Err(_) => ("error".to_owned(), error.to_string(), None),
    };
    let kind = format!("/problems/{plugin}/{function}/{case}");
    Reply::Problem(Problem { document: json!({ "type": kind, "detail": sentence, "value": value }) })
}
