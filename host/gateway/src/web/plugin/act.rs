//! A form was sent: its fields become the arguments of a function, called as whoever is signed in.
//!
//! Errors are shown at the fields, on the page that the form stood on, with what was typed. An idempotency key goes
//! with each form (X1), so sending it twice does it once. What needs somebody's will is confirmed on a page of the
//! host's (W2). Afterwards the browser is sent to the page that the form named, so that reloading sends nothing.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Path, Request};
use axum::response::{IntoResponse as _, Response};
use hamlet_bundle::Kind;
use hamlet_kernel::{CallError, Callable};
use hamlet_pages::forms::{self, Field, FieldError, MORE};
use hamlet_pages::sanitize::inside;
use hamlet_reflect::{Id, json};
use uuid::Uuid;
use wasmtime::component::Val;

use super::super::guard::{CSRF, check_origin, check_token};
use super::super::visit::{Visit, redirect};
use super::render::{self, Again};
use super::viewer::Sight;
use super::{callable, confirm, files, function, limit, refused};
use crate::problem::Problem;
use crate::refusal;

/// How long the next page says that something was done, in seconds.
const DONE_SECONDS: u32 = 60;
/// Longest code of a confirmation.
const CODE_LENGTH_MAX: usize = 200;

/// A form as it was sent.
pub(super) struct Sent {
    pub callable: Arc<Callable>,
    /// The plugin's own fields.
    pub typed: Vec<Field>,
    /// The host's.
    pub host: HashMap<String, String>,
}

impl Sent {
    /// A field of the host's; empty when it was not sent.
    pub fn host(&self, name: &str) -> &str {
        self.host.get(name).map_or("", String::as_str)
    }

    pub fn plugin(&self) -> &str {
        &self.callable.plugin
    }

    /// The page that the form stood on, inside the plugin.
    pub fn page(&self) -> String {
        inside(self.plugin(), self.host("page")).unwrap_or_else(|| format!("/p/{}/", self.plugin()))
    }
}

pub(super) async fn act(
    Path((plugin, interface, name)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    taken(&plugin, &interface, &name, request).await.unwrap_or_else(|response| response)
}

async fn taken(plugin: &str, interface: &str, name: &str, request: Request) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let problem = |problem: Problem| problem.into_response();
    check_origin(&parts.headers).map_err(problem)?;
    let visit = Visit::from_request_parts(&mut parts, &()).await?;
    limit(&visit)?;
    let form = files::read(&parts.headers, body).await.map_err(problem)?;
    check_token(&visit, form.host.get(CSRF).map_or("", String::as_str)).map_err(problem)?;
    let catalogue = visit.here.state.kernel.catalogue();
    let callable = callable(&catalogue, plugin, interface, name)?;
    // Nothing is kept of a file before it is known that a page of hers sent it.
    let (typed, errors) = files::kept(&visit, form.typed, form.files).await?;
    let sent = Sent { callable, typed, host: form.host };
    if !errors.is_empty() {
        return again(&visit, &sent, &errors).await;
    }
    if sent.typed.iter().any(|(name, _)| name == MORE) {
        return Ok(function::again(&visit, &sent.callable, &sent.typed, &[]).await);
    }
    call(&visit, &sent).await
}

async fn call(visit: &Visit, sent: &Sent) -> Result<Response, Response> {
    let sight = Sight::new(visit);
    let key = Uuid::try_parse(sent.host("key")).ok();
    let callable = &sent.callable;
    let new = key.map(|key| Id(key.as_u128()));
    let read = forms::from_fields(&callable.function, &sent.typed, sight.say, &sight.zone, new);
    let given = match read {
        Ok(given) => given,
        Err(errors) => return again(visit, sent, &errors).await,
    };
    let arguments = match json::arguments(&callable.function, &given) {
        Ok(arguments) => arguments,
        Err(error) => return whole(visit, sent, error.to_string()).await,
    };
    let kernel = &visit.here.state.kernel;
    let mut call = visit.call(&callable.plugin, &callable.interface.id, &callable.function.name, arguments);
    if callable.rule.kind == Kind::Command {
        call.idempotency = key;
        call.confirmation = Some(sent.host("code"))
            .filter(|code| (1..=CODE_LENGTH_MAX).contains(&code.len()))
            .map(str::to_owned);
    }
    match kernel.call(call).await {
        Ok(answer) => match answer.result {
            Ok(answered) => match inside(sent.plugin(), sent.host("return")) {
                Some(page) if !sent.host("return").is_empty() => {
                    let mut response = redirect(&page);
                    // A function that answers `false` has not done what it was asked for: the page says what, not the host.
                    let is_quiet = answered == Some(Val::Bool(false));
                    render::set_done(
                        &mut response,
                        &render::done_mark(answer.sequence, is_quiet),
                        DONE_SECONDS,
                    );
                    Ok(response)
                }
                _ => Ok(function::result(visit, callable, answered.as_ref(), &given).await),
            },
            Err(error) => {
                let said = refused::said(visit, callable, error.as_ref(), &sent.typed).await;
                whole(visit, sent, said).await
            }
        },
        Err(CallError::ConfirmationNeeded { needs, code }) if !code.is_empty() => {
            Ok(confirm::page(visit, sent, &needs, &code).await)
        }
        Err(error) => {
            let problem = refusal::from_call_error(&error, visit.browser.is_some());
            whole(visit, sent, problem.detail.clone()).await
        }
    }
}

/// What is wrong with the form as a whole.
async fn whole(visit: &Visit, sent: &Sent, message: String) -> Result<Response, Response> {
    let message = message.replace('`', "");
    again(visit, sent, &[FieldError { path: String::new(), message }]).await
}

/// The page that the form stood on, with what was typed and what is wrong.
async fn again(visit: &Visit, sent: &Sent, errors: &[FieldError]) -> Result<Response, Response> {
    let page = sent.page();
    let (path, query) = page.split_once('?').unwrap_or((&page, ""));
    let path = path.strip_prefix(&format!("/p/{}/", sent.plugin())).unwrap_or_default();
    if function::named(path).is_some() {
        return Ok(function::again(visit, &sent.callable, &sent.typed, errors).await);
    }
    let again = Again {
        form: sent.host("form").parse().unwrap_or_default(),
        function: Some(&sent.callable),
        typed: &sent.typed,
        errors,
    };
    let path = percent_decoded(path);
    match render::shown(visit, sent.plugin(), &path, query, Some(again)).await {
        // The page is gone: the host's own form has what was typed.
        Err(_) => Ok(function::again(visit, &sent.callable, &sent.typed, errors).await),
        shown => shown,
    }
}

/// A path as a browser would have asked for it.
fn percent_decoded(path: &str) -> String {
    percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned()
}
