//! One call: `POST /api/{plugin}/{interface}@{version}/{function}`, and `GET` for queries.
//!
//! Headers that are understood: `Idempotency-Key` (X1), `Hamlet-Confirm` (W2), `Hamlet-Sequence`
//! (T6; an answer has it too), `Hamlet-Dry-Run`.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hamlet_bundle::Kind;
use hamlet_kernel::{Answer, Call, CallError, Callable, DryRun, Kernel};
use hamlet_reflect::{Type, json};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::{Map, Value};
use uuid::Uuid;
use wasmtime::component::Val;

use crate::caller::Caller;
use crate::front::Here;
use crate::package;
use crate::problem::Problem;
use crate::proofs;
use crate::refusal;

pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub(crate) const HAMLET_CONFIRM: HeaderName = HeaderName::from_static("hamlet-confirm");
pub(crate) const HAMLET_SEQUENCE: HeaderName = HeaderName::from_static("hamlet-sequence");
pub(crate) const HAMLET_DRY_RUN: HeaderName = HeaderName::from_static("hamlet-dry-run");
/// Says that the answer is that of an earlier run with the same key.
pub(crate) const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Bodies from this size on are read into values beside the threads that serve connections.
const LARGE_BODY_BYTES: usize = 64 * 1024;

/// Longest confirmation code that is looked at.
const CONFIRMATION_LENGTH_MAX: usize = 200;

pub(crate) async fn call(Extension(here): Extension<Here>, request: Request) -> Response {
    answer(&here, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(here: &Here, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = Caller::find(here, &parts.headers, 1)?;
    if let Some((plugin, package::FILE)) = path_after_api(&parts.uri).split_once('/')
        && parts.method == Method::GET
    {
        return package::package(here, plugin);
    }
    let callable = function(here, path_after_api(&parts.uri), caller.session.is_some())?;
    caller.admit(&callable)?;
    let arguments = match parts.method {
        Method::POST => {
            expect_json(&parts.headers)?;
            let body = read_body(here, body, caller.body_bytes_max(here)).await?;
            arguments(Arc::clone(&callable), body).await?
        }
        Method::GET | Method::HEAD if callable.rule.kind == Kind::Query => {
            from_query_string(&callable, parts.uri.query().unwrap_or_default())?
        }
        _ => return Err(wrong_method(&callable)),
    };
    let mut call = Call::new(
        caller.actor.clone(),
        &callable.plugin,
        &callable.interface.id,
        &callable.function.name,
        arguments,
    );
    call.request_id = Arc::clone(&here.request_id);
    call.reason = reason(&parts.headers);
    call.idempotency = idempotency(&parts.headers)?;
    call.confirmation = confirmation(&parts.headers)?;
    call.at_least = at_least(&parts.headers)?;
    let signed_in = caller.session.is_some();
    let refused = |error: CallError| refusal::from_call_error(&error, signed_in);
    if parts.headers.get(HAMLET_DRY_RUN).is_some_and(|value| value == "1") {
        let tried = here.state.kernel.dry_run(call).await.map_err(refused)?;
        return Ok(json_response(&dry_run(&callable, &caller, &tried)));
    }
    let answer = here.state.kernel.call(call).await.map_err(refused)?;
    let mut response = match value(&callable, &answer) {
        Ok(value) => json_response(&value),
        Err(problem) => problem.into_response(),
    };
    mark(&mut response, &here.state.kernel, &answer);
    Ok(response)
}

fn path_after_api(uri: &Uri) -> &str {
    uri.path().strip_prefix("/api/").unwrap_or_default()
}

/// The function that a path names.
fn function(here: &Here, path: &str, signed_in: bool) -> Result<Arc<Callable>, Problem> {
    let mut parts = path.split('/');
    let (plugin, interface, function) = (parts.next(), parts.next(), parts.next());
    let (Some(plugin), Some(interface), Some(function), None) = (plugin, interface, function, parts.next())
    else {
        return Err(Problem::host(
            StatusCode::NOT_FOUND,
            "not-found",
            "Nothing is here",
            "A function is called at `/api/{plugin}/{interface}@{version}/{function}`.",
        ));
    };
    find(here, plugin, interface, function, signed_in)
}

/// The function of this name, its interface with version.
pub(crate) fn find(
    here: &Here,
    plugin: &str,
    interface: &str,
    function: &str,
    signed_in: bool,
) -> Result<Arc<Callable>, Problem> {
    if !interface.contains('@') {
        let problem = Problem::host(
            StatusCode::NOT_FOUND,
            "no-such-function",
            "No such function",
            "An interface is named with its version: `{interface}@{version}`.",
        );
        return Err(problem);
    }
    let catalogue = here.state.kernel.catalogue();
    let found = catalogue.find(plugin, interface, function);
    found.cloned().map_err(|error| refusal::from_call_error(&error, signed_in))
}

fn wrong_method(callable: &Callable) -> Problem {
    let (allow, detail) = match callable.rule.kind {
        Kind::Query => ("GET, HEAD, POST", "A query is called with `GET` or `POST`."),
        Kind::Command => ("POST", "A command changes something and is called with `POST`."),
    };
    let mut problem =
        Problem::host(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Another method", detail);
    problem.allow = Some(allow);
    problem
}

pub(crate) fn expect_json(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(given) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let given = given.to_str().unwrap_or_default();
    let media = given.split(';').next().unwrap_or_default().trim();
    if media.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::host(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "not-json",
        "Not JSON",
        "The body is sent as `application/json`.",
    ))
}

/// The whole body, within the limits of size and time.
pub(crate) async fn read_body(here: &Here, body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let read = Limited::new(body, bytes_max).collect();
    let Ok(read) = tokio::time::timeout(here.state.config.body_timeout, read).await else {
        let seconds = here.state.config.body_timeout.as_secs();
        return Err(Problem::host(
            StatusCode::REQUEST_TIMEOUT,
            "body-timeout",
            "Too slow",
            format!("The body did not come within {seconds} s."),
        ));
    };
    read.map(http_body_util::Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            Problem::host(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body-too-large",
                "Too large",
                format!("The body is larger than {bytes_max} bytes."),
            )
        } else {
            Problem::bad_request("body-broken", "The body ended early.")
        }
    })
}

/// The arguments in a JSON object. An empty body is an object without members.
async fn arguments(callable: Arc<Callable>, body: Bytes) -> Result<Vec<Val>, Problem> {
    large(body.len(), move || {
        let object = if body.is_empty() { Ok(Value::Object(Map::new())) } else { json::parse(&body) };
        let object = object.map_err(|error| json_invalid(&error))?;
        json::arguments(&callable.function, &object).map_err(|error| arguments_invalid(&error))
    })
    .await
}

/// Does work that grows with `bytes`, beside the threads of connections if it is much.
pub(crate) async fn large<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    if bytes < LARGE_BODY_BYTES {
        return work();
    }
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(refusal::from_call_error(&CallError::internal(error.to_string()), true)))
}

/// The body is no JSON, or an object in it names something twice: which one a reader keeps, and so
/// what was ordered, would depend on the reader.
pub(crate) fn json_invalid(error: &json::JsonError) -> Problem {
    let problem = Problem::bad_request("json-invalid", format!("The body cannot be read: {error}."));
    match error {
        json::JsonError::Syntax(_) => problem,
        error => problem.with("path", error.path().into()),
    }
}

pub(crate) fn arguments_invalid(error: &json::JsonError) -> Problem {
    refusal::from_call_error(&CallError::arguments(error.to_string()), true)
}

fn from_query_string(callable: &Callable, query: &str) -> Result<Vec<Val>, Problem> {
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    json::arguments_from_text(&callable.function, &pairs).map_err(|error| arguments_invalid(&error))
}

fn idempotency(headers: &HeaderMap) -> Result<Option<Uuid>, Problem> {
    let Some(given) = one(headers, &IDEMPOTENCY_KEY)? else { return Ok(None) };
    idempotency_key(given).map(Some)
}

/// A key as the header or a batch writes it; the IETF draft puts it into quotes.
pub(crate) fn idempotency_key(text: &str) -> Result<Uuid, Problem> {
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    Uuid::try_parse(bare).map_err(|_| refusal::from_call_error(&CallError::KeyInvalid, true))
}

/// `Hamlet-Reason`: why she does it, for the steward log. What is no plain text is none.
fn reason(headers: &HeaderMap) -> Option<Arc<str>> {
    let said = headers.get("hamlet-reason")?.to_str().ok()?.trim();
    (!said.is_empty()).then(|| Arc::from(said))
}

fn confirmation(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let given = one(headers, &HAMLET_CONFIRM)?;
    Ok(given.filter(|code| code.len() <= CONFIRMATION_LENGTH_MAX).map(str::to_owned))
}

fn at_least(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(given) = one(headers, &HAMLET_SEQUENCE)? else { return Ok(None) };
    let sequence = given.parse().map_err(|_| {
        Problem::bad_request("header-invalid", "`Hamlet-Sequence` is the number from an earlier answer.")
    })?;
    Ok(Some(sequence))
}

/// The only value of a header.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(first) = values.next() else { return Ok(None) };
    match (first.to_str(), values.next()) {
        (Ok(text), None) => Ok(Some(text.trim())),
        _ => Err(Problem::bad_request("header-invalid", format!("`{name}` is given once, in ASCII."))),
    }
}

/// What the function gave as JSON, `null` where it gives nothing; its `err` as a problem.
pub(crate) fn value(callable: &Callable, answer: &Answer) -> Result<Value, Problem> {
    match &answer.result {
        Ok(given) => Ok(ok_value(callable, given.as_ref())),
        Err(error) => Err(refusal::from_err(callable, error.as_ref())),
    }
}

fn ok_value(callable: &Callable, given: Option<&Val>) -> Value {
    let ty = match &callable.function.result {
        Some(Type::Result { ok, .. }) => ok.as_deref(),
        other => other.as_ref(),
    };
    match (ty, given) {
        (Some(ty), Some(given)) => json::from_val(ty, given),
        _ => Value::Null,
    }
}

/// What a command would do. Of an event that concerns others only its name is shown.
fn dry_run(callable: &Callable, caller: &Caller, tried: &DryRun) -> Value {
    let mut shown = Map::new();
    match &tried.result {
        Ok(given) => shown.insert("ok".into(), ok_value(callable, given.as_ref())),
        Err(error) => shown.insert("problem".into(), refusal::from_err(callable, error.as_ref()).document()),
    };
    let events = tried.events.iter().map(|event| {
        let person = caller.actor.person();
        let concerns =
            event.audience.as_ref().map(|parties| person.is_some_and(|person| parties.contains(&person)));
        serde_json::json!({
            "emitter": event.emitter.as_ref(),
            "interface": event.interface.as_ref(),
            "function": event.function.as_ref(),
            "concerns-you": concerns,
        })
    });
    shown.insert("events".into(), events.collect());
    shown.insert("needs".into(), tried.needs.iter().map(refusal::need).collect());
    Value::Object(shown)
}

pub(crate) fn json_response(value: &Value) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => ([(CONTENT_TYPE, JSON)], body).into_response(),
        Err(error) => refusal::from_call_error(&CallError::internal(error.to_string()), true).into_response(),
    }
}

/// The answer's sequence, for reading one's own write, and whether it is a repeat.
pub(crate) fn mark(response: &mut Response, kernel: &Kernel, answer: &Answer) {
    let headers = response.headers_mut();
    proofs::mark(headers, kernel, answer);
    headers.insert(HAMLET_SEQUENCE, HeaderValue::from(answer.sequence));
    if answer.replayed {
        headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
}
