//! The server by which e-mail leaves, how sending went last, and what stewards see of both.
//!
//! Its password is sealed under the commons' key, told to the host alone, and never carried over to another server.

use hamlet_kernel::{CallError, NativeContext};
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use super::kept;
use super::post::{is_email, waiting};
use super::{NoticesError, Outcome};
use crate::read;
use crate::values::{self, Arguments, refuse};

const NAME_BYTES_MAX: usize = 200;
const PASSWORD_BYTES_MAX: usize = 1_000;

const SECURITIES: [&str; 3] = ["tls", "starttls", "plain"];

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Server {
    name: String,
    port: u16,
    security: String,
    account: String,
    sender: String,
    pages: String,
    /// Under the commons' key.
    sealed_password: Option<Vec<u8>>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Status {
    pub sent: Option<u64>,
    pub failed: Option<String>,
}

pub(super) fn server(cx: &mut dyn NativeContext) -> Result<Option<Server>, CallError> {
    Ok(cx.get(kept::SERVER_KEY)?.and_then(|row| serde_json::from_slice(&row).ok()))
}

pub(super) fn status(cx: &mut dyn NativeContext) -> Result<Status, CallError> {
    Ok(cx.get(kept::STATUS_KEY)?.and_then(|row| serde_json::from_slice(&row).ok()).unwrap_or_default())
}

/// Stewards, decisions and the host.
pub(super) fn mail(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let (server, status) = (server(cx)?, status(cx)?);
    let waiting = waiting(cx)?;
    let has_password = server.as_ref().is_some_and(|server| server.sealed_password.is_some());
    let shown = server.map(|server| {
        values::record([
            ("name", Val::String(server.name)),
            ("port", Val::U16(server.port)),
            ("security", Val::Enum(server.security)),
            ("account", Val::String(server.account)),
            ("sender", Val::String(server.sender)),
            ("pages", Val::String(server.pages)),
        ])
    });
    Ok(values::record([
        ("server", values::some(shown)),
        ("has-password", Val::Bool(has_password)),
        ("waiting", Val::U32(u32::try_from(waiting).unwrap_or(u32::MAX))),
        ("sent", values::some(status.sent.map(Val::U64))),
        ("failed", values::some(status.failed.map(Val::String))),
    ]))
}

/// Stewards, decisions and the host.
pub(super) fn set_mail(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let order = values::option(arguments.value(0)?, Ok)?;
    let password = values::option(arguments.value(1)?, values::text)?;
    let Some(order) = order else {
        cx.delete(kept::SERVER_KEY)?;
        return Ok(None);
    };
    let text = |name: &str| Ok::<_, CallError>(values::text(values::field(order, name)?)?.trim().to_owned());
    let Val::U16(port) = values::field(order, "port")? else {
        return Err(CallError::arguments("expected a port").into());
    };
    let mut new = Server {
        name: text("name")?,
        port: *port,
        security: text("security")?,
        account: text("account")?,
        sender: text("sender")?,
        pages: text("pages")?,
        sealed_password: None,
    };
    let plain = |text: &str| text.len() <= NAME_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
    let here = ["localhost", "127.0.0.1", "::1"].contains(&new.name.as_str());
    let safe = new.security != "plain" || here;
    let pages = plain(&new.pages) && (new.pages.starts_with("https://") || new.pages.starts_with("http://"));
    let good = pages
        && plain(&new.name)
        && !new.name.is_empty()
        && new.port != 0
        && new.account.len() <= NAME_BYTES_MAX;
    let long = password.is_some_and(|password| password.len() > PASSWORD_BYTES_MAX);
    if !good || !safe || long || !SECURITIES.contains(&new.security.as_str()) || !is_email(&new.sender) {
        return refuse(NoticesError::Invalid);
    }
    new.sealed_password = match password {
        Some("") => None,
        Some(password) => {
            let Some(commons) = read::commons(cx)? else { return refuse(NoticesError::Invalid) };
            kept::seal(cx, commons, &password)?
        }
        // To another server it is not sent: a steward's token must not be able to read it there.
        None => server(cx)?
            .filter(|old| (&old.name, &old.account) == (&new.name, &new.account))
            .and_then(|old| old.sealed_password),
    };
    cx.set(kept::SERVER_KEY, &kept::encoded(&new)?)?;
    Ok(None)
}

/// The host itself.
pub(super) fn password(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let sealed = server(cx)?.and_then(|server| server.sealed_password);
    let password = match (sealed, read::commons(cx)?) {
        (Some(sealed), Some(commons)) => kept::open(cx, commons, &sealed)?,
        _ => None,
    };
    Ok(Val::String(password.unwrap_or_default()))
}
