//! Carries e-mail from the community's queue to its mail server, on a thread of its own.
//!
//! The queue is rows of `hamlet:host/notices`: it survives a restart, and an e-mail leaves it only after the server took
//! it. Should the host die in between, it is sent twice, never not at all. Text goes out as text and as HTML that is
//! escaped; nothing of a notice ever becomes a header but its title, which is encoded.

use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use hamlet_kernel::{Actor, settings};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, Message, SmtpTransport, Transport as _};
use maud::{DOCTYPE, Markup, html};
use serde_json::{Value, json};

use super::super::ask::{items, number, text};
use super::super::home::OrNull as _;
use super::super::words::Say;
use super::inbox::{leads, said};
use crate::community::State;

/// How often the queue is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How long the server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// The topic of a mail that asks for a confirmation: its path is a whole link.
const CONFIRM: &str = "confirm";

/// Starts the thread of a community. It ends when the community does.
pub(crate) fn carry(state: &Arc<State>) {
    let weak = Arc::downgrade(state);
    let started = thread::Builder::new().name("hamlet-post".to_owned()).spawn(move || run(&weak));
    if let Err(error) = started {
        tracing::error!(%error, "e-mail cannot be carried");
    }
}

fn run(state: &Weak<State>) {
    let (mut seen, mut waiting) = (None, true);
    loop {
        thread::sleep(LOOK);
        let Some(state) = state.upgrade() else { return };
        let head = state.kernel.head();
        // While nothing changed and nothing waits for its next try there is nothing to look for.
        if seen == Some(head) && !waiting {
            continue;
        }
        seen = Some(head);
        waiting = pass(&state);
    }
}

/// Sends what is due; whether anything still waits.
fn pass(state: &State) -> bool {
    let Some(mail) = asked(state, "mail", &json!({})) else { return false };
    let waits = number(&mail, "waiting").unwrap_or(0) > 0;
    let server = mail.get("server").unwrap_or_default_ref();
    if !waits || server.is_null() {
        return false;
    }
    let due = asked(state, "due", &json!({})).unwrap_or_default();
    if items(&due).is_empty() {
        return true;
    }
    let password = asked(state, "password", &json!({})).unwrap_or_default();
    let Some(server) = Server::of(server, &password) else { return true };
    let community = state.kernel.read(|snapshot| settings::community(snapshot)).unwrap_or_default();
    let say = state.words.say(None, None, &community.language);
    let transport = match server.transport() {
        Ok(transport) => transport,
        Err(why) => {
            for letter in items(&due) {
                not_sent(state, letter, &why, false);
            }
            return true;
        }
    };
    for letter in items(&due) {
        match server.message(&say, &community.name, letter) {
            // No address any more: nobody is to be told of that.
            Err(why) => not_sent(state, letter, &why, true),
            Ok(message) => match transport.send(&message) {
                Ok(_) => drop(asked(state, "sent", &json!({ "letter": text(letter, "id") }))),
                Err(error) => {
                    // 55x is about this letter: its receiver, or what is in it. All else may pass.
                    let for_good = error.status().is_some_and(|code| code.to_string().starts_with("55"));
                    not_sent(state, letter, &words_of(&error), for_good);
                }
            },
        }
    }
    true
}

fn not_sent(state: &State, letter: &Value, why: &str, for_good: bool) {
    let order = json!({ "letter": text(letter, "id"), "why": why, "for-good": for_good });
    drop(asked(state, "not-sent", &order));
}

/// Calls a function of notices as the host itself; none: it failed, and the log says so.
fn asked(state: &State, function: &str, arguments: &Value) -> Option<Value> {
    match state.kernel.call_json(Actor::Console, "host", "notices", function, arguments) {
        Ok(Ok(value)) => Some(value),
        Ok(Err(error)) => {
            tracing::warn!(?error, function, "the queue of e-mail refused");
            None
        }
        Err(error) => {
            tracing::debug!(%error, function, "the queue of e-mail cannot be asked");
            None
        }
    }
}

/// An error with what is behind it, in one line.
fn words_of(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !said.contains(&more) {
            said = format!("{said}: {more}");
        }
        source = error.source();
    }
    said
}

/// A mail server with its account.
#[derive(Clone)]
pub(super) struct Server {
    name: String,
    port: u16,
    security: String,
    account: String,
    password: String,
    sender: String,
    pages: String,
}

impl Server {
    /// From what `notices.mail` and `notices.password` say; none: there is no server.
    pub fn of(server: &Value, password: &Value) -> Option<Self> {
        let of = |name: &str| text(server, name).to_owned();
        Some(Self {
            name: Some(of("name")).filter(|name| !name.is_empty())?,
            port: u16::try_from(number(server, "port")?).ok()?,
            security: of("security"),
            account: of("account"),
            password: password.as_str().unwrap_or_default().to_owned(),
            sender: of("sender"),
            pages: of("pages"),
        })
    }

    fn transport(&self) -> Result<SmtpTransport, String> {
        let parameters = || TlsParameters::new(self.name.clone()).map_err(|error| words_of(&error));
        let tls = match self.security.as_str() {
            "tls" => Tls::Wrapper(parameters()?),
            "starttls" => Tls::Required(parameters()?),
            _ => Tls::None,
        };
        let mut builder =
            SmtpTransport::builder_dangerous(&self.name).port(self.port).tls(tls).timeout(Some(PATIENCE));
        if !self.account.is_empty() {
            builder = builder.credentials(Credentials::new(self.account.clone(), self.password.clone()));
        }
        Ok(builder.build())
    }

    /// Greets the server, with the account, and goes away again.
    pub fn greet(&self) -> Result<(), String> {
        match self.transport()?.test_connection() {
            Ok(true) => Ok(()),
            Ok(false) => Err("the server did not answer".to_owned()),
            Err(error) => Err(words_of(&error)),
        }
    }

    /// A letter as it goes out.
    fn message(&self, say: &Say, community: &str, letter: &Value) -> Result<Message, String> {
        let told: Vec<Told> = items(letter.get("notices").unwrap_or_default_ref())
            .iter()
            .map(|notice| self.told(say, notice))
            .collect();
        let to: Address = text(letter, "email").parse().map_err(|_| String::new())?;
        let sender: Address = self.sender.parse().map_err(|_| "the sender is no address".to_owned())?;
        let title = match &*told {
            [] => return Err(String::new()),
            [one] => one.title.clone(),
            more => {
                let number = more.len().to_string();
                say.with("mail-gathered", &[("number", &number), ("community", community)])
            }
        };
        let why = say.with("mail-why", &[("community", community)]);
        let (plain, rich) = (plain(&title, &told, &why), rich(say, &title, &told, &why));
        let domain = self.sender.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        // The same letter sent twice has the same id, so that a receiver can tell.
        let id = format!("<{}@{domain}>", text(letter, "id"));
        Message::builder()
            .from(Mailbox::new(Some(community.to_owned()), sender))
            .to(Mailbox::new(None, to))
            .subject(title.replace(['\r', '\n'], " "))
            .message_id(Some(id))
            .header(ByProgram)
            .multipart(MultiPart::alternative_plain_html(plain, rich.into_string()))
            .map_err(|error| error.to_string())
    }

    /// A notice in the words of a language.
    fn told(&self, say: &Say, notice: &Value) -> Told {
        let (title, body) = said(say, notice);
        let link = if text(notice, "topic") == CONFIRM {
            Some(text(notice, "path").to_owned())
        } else {
            leads(notice).map(|path| format!("{}{path}", self.pages))
        };
        Told { title, body, link: link.filter(|link| link.starts_with("http")).unwrap_or_default() }
    }
}

/// What a letter says of one notice; what is empty is left out.
struct Told {
    title: String,
    body: String,
    link: String,
}

/// A letter as text. The title of a single notice is that of the letter.
fn plain(title: &str, told: &[Told], why: &str) -> String {
    let mut parts = vec![title];
    for one in told {
        if one.title != title {
            parts.push(&one.title);
        }
        parts.extend([one.body.as_str(), &one.link]);
    }
    parts.extend(["-- ", why]);
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// The same as HTML, all of it escaped.
fn rich(say: &Say, title: &str, told: &[Told], why: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(say.tag()) dir=(say.direction()) {
            head { meta charset="utf-8"; title { (title) } }
            body style="font-family: sans-serif; max-width: 34em; line-height: 1.5" {
                h1 style="font-size: 1.3em" { (title) }
                @for one in told {
                    @if one.title != title { h2 style="font-size: 1.1em" { (one.title) } }
                    @for part in one.body.split("\n\n").filter(|part| !part.is_empty()) { p { (part) } }
                    @if !one.link.is_empty() { p { a href=(one.link) { (one.link) } } }
                }
                p style="color: #555" { small { (why) } }
            }
        }
    }
}

/// `Auto-Submitted` (RFC 3834): answers of absence are not to be sent back.
#[derive(Clone, Copy)]
struct ByProgram;

impl Header for ByProgram {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
