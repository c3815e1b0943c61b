//! Talking to a gateway: one request, one answer, problems as sentences.

use std::io::ErrorKind;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use hamlet_reflect::World;
use serde_json::Value;

use crate::output;
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

    /// What happened, in a sentence for a person, with the name of the case; and what to do next
    /// where that is known.
    pub fn sentence(&self) -> String {
        let sentence = match self.text("detail") {
            "" => self.text("title"),
            detail => detail,
        };
        let sentence = format!("{} ({})", output::plain(sentence), self.case());
        match self.next_step() {
            Some(next) => format!("{sentence}\n  {next}"),
            None => sentence,
        }
    }

    /// What helps against a refusal of the host itself, on a command line.
    fn next_step(&self) -> Option<&'static str> {
        match self.text("type").strip_prefix("/problems/")? {
            "token-unknown" | "token-expired" | "token-invalid" => Some(
                "Make a new token as the holder of the box: stop the host, then `hamlet token create HANDLE --save`.",
            ),
            "denied" => Some("Act as somebody who may with `--as HANDLE`."),
            "scope" => Some("Its owner makes a wider one with `hamlet token create HANDLE --save`."),
            "no-such-plugin" => Some("See what is installed with `hamlet plugin list`."),
            "unknown-host" => {
                Some("Look at `host` in `cli.toml`: another community answers at this address.")
            }
            _ => None,
        }
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
        let path = format!("/api/{plugin}/package.wasm");
        let mut answer = self.get(&path).call().map_err(|error| self.no_answer(error))?;
        if !answer.status().is_success() {
            let document = self.document(&answer.body_mut().read_to_string()?)?;
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
        let sent = request.send(serde_json::to_vec(arguments)?);
        let mut answer = sent.map_err(|error| self.no_answer(error))?;
        let done = answer.status().is_success();
        let document = self.document(&answer.body_mut().read_to_string()?)?;
        Ok(if done { Reply::Done(document) } else { Reply::Problem(Problem { document }) })
    }

    /// What is answered there, as text.
    pub fn get_text(&self, path: &str) -> Result<std::result::Result<String, Problem>> {
        let answer = self.get(path).call().map_err(|error| self.no_answer(error))?;
        self.text_of(answer)
    }

    /// What is answered to a text that is sent there.
    pub fn post_text(&self, path: &str, text: &str) -> Result<std::result::Result<String, Problem>> {
        let request = self
            .agent
            .post(format!("{}{path}", self.url))
            .header("Host", &self.host)
            .header("Content-Type", "text/plain; charset=utf-8");
        let request = match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        };
        let answer = request.send(text).map_err(|error| self.no_answer(error))?;
        self.text_of(answer)
    }

    fn text_of(
        &self,
        mut answer: ureq::http::Response<ureq::Body>,
    ) -> Result<std::result::Result<String, Problem>> {
        let text = answer.body_mut().read_to_string()?;
        if answer.status().is_success() {
            return Ok(Ok(text));
        }
        Ok(Err(Problem { document: self.document(&text)? }))
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

    fn document(&self, text: &str) -> Result<Value> {
        let url = &self.url;
        serde_json::from_str(text).map_err(|_| {
            anyhow!(
                "what answers at {url} is not a Hamlet host. Is another program using the address? `url` in \
                 the community's `cli.toml` says where its host should be"
            )
        })
    }

    fn no_answer(&self, error: ureq::Error) -> anyhow::Error {
        let url = &self.url;
        match error {
            ureq::Error::Timeout(_) => anyhow!(
                "the host at {url} did not answer within {} s. A command that was sent may still be done: look \
                 before you send it again",
                TIMEOUT.as_secs()
            ),
            error => {
                let refused =
                    matches!(&error, ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused);
                let why = if refused { String::new() } else { format!(" ({error})") };
                anyhow!(
                    "nobody answers at {url}{why}. Start the host with `hamlet run`; if it runs elsewhere, say \
                     where with `url` in the community's `cli.toml`"
                )
            }
        }
    }
}
