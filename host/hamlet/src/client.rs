//! Talking to a gateway: one request, one answer, problems as sentences.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use hamlet_reflect::World;
use serde_json::Value;

use crate::session::Session;

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A gateway as one person sees it.
pub struct Client {
    agent: ureq::Agent,
    url: String,
    host: String,
    token: Option<String>,
}

/// What to send beside the arguments.
#[derive(Debug, Default, Clone)]
pub struct Extra {
    /// The idempotency key.
    pub key: Option<String>,
    /// The code of a confirmation that was given.
    pub confirmation: Option<String>,
    /// Only try it.
    pub dry_run: bool,
}

/// What came back.
pub enum Reply {
    /// Done; the answer's JSON.
    Done(Value),
    /// Refused, as a problem document (RFC 9457).
    Problem(Problem),
}

/// A refusal.
pub struct Problem {
    /// The whole document.
    pub document: Value,
}

impl Problem {
    fn text(&self, field: &str) -> &str {
        self.document.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// The last part of the type: the name of the case.
    pub fn case(&self) -> &str {
        self.text("type").rsplit('/').next().unwrap_or_default()
    }

    /// What happened, for a person: title, detail and the value that came with the case.
    pub fn sentence(&self) -> String {
        let mut sentence = match self.text("detail") {
            "" => self.text("title").to_owned(),
            detail => detail.to_owned(),
        };
        if let Some(value) = self.document.get("value").filter(|value| !value.is_null()) {
            sentence = format!("{sentence} ({value})");
        }
        format!("{}: {sentence}", self.case())
    }
}

impl Client {
    /// A client for the community of `session`, acting as `handle` or as the default person.
    pub fn new(session: &Session, handle: Option<&str>) -> Result<Self> {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .build()
            .new_agent();
        Ok(Self {
            agent,
            url: session.url.trim_end_matches('/').to_owned(),
            host: session.host.clone(),
            token: session.token(handle)?.map(str::to_owned),
        })
    }

    /// The types and docs of what a plugin exports (`host` for the host's own functions).
    pub fn world(&self, plugin: &str) -> Result<std::result::Result<World, Problem>> {
        let mut answer =
            self.get(&format!("/api/{plugin}/package.wasm")).call().with_context(|| self.unreachable())?;
        if !answer.status().is_success() {
            let text = answer.body_mut().read_to_string()?;
            let document = serde_json::from_str(&text).unwrap_or(Value::String(text));
            return Ok(Err(Problem { document }));
        }
        let bytes = answer.body_mut().read_to_vec()?;
        Ok(Ok(hamlet_reflect::decode(&bytes).context("the gateway's description cannot be read")?))
    }

    /// Calls a function with named arguments.
    pub fn call(&self, path: &str, arguments: &Value, extra: &Extra) -> Result<Reply> {
        let mut request = self
            .agent
            .post(format!("{}{path}", self.url))
            .header("Host", &self.host)
            .header("Content-Type", "application/json");
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if let Some(key) = &extra.key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(code) = &extra.confirmation {
            request = request.header("Hamlet-Confirm", code);
        }
        if extra.dry_run {
            request = request.header("Hamlet-Dry-Run", "1");
        }
        let mut answer = request.send(serde_json::to_vec(arguments)?).with_context(|| self.unreachable())?;
        let done = answer.status().is_success();
        let text = answer.body_mut().read_to_string()?;
        let document = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).with_context(|| format!("this is not JSON: {text}"))?
        };
        Ok(if done { Reply::Done(document) } else { Reply::Problem(Problem { document }) })
    }

    /// Tells the running host to take in a package that was put into its folder; gives its hash.
    pub fn stage(&self, name: &str) -> Result<Value> {
        match self.call(&format!("/api/stage/{name}"), &Value::Null, &Extra::default())? {
            Reply::Done(answer) => Ok(answer.get("component").cloned().unwrap_or_default()),
            Reply::Problem(problem) => bail!("{}", problem.sentence()),
        }
    }

    /// Whether the gateway answers and is well.
    pub fn healthy(&self) -> bool {
        self.get("/healthz").call().is_ok_and(|answer| answer.status().is_success())
    }

    fn get(&self, path: &str) -> ureq::RequestBuilder<ureq::typestate::WithoutBody> {
        let request = self.agent.get(format!("{}{path}", self.url)).header("Host", &self.host);
        match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    fn unreachable(&self) -> String {
        format!("nobody answers at {}. Is the host running? Start it with `hamlet run`", self.url)
    }
}
