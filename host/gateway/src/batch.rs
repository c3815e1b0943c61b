//! Many calls in one request: `POST /api/batch`.
//!
//! `{"mode": "each" | "all", "calls": [{"plugin", "interface", "function", "arguments",
//! "idempotency-key"}]}`, at most 1,000 calls.
//!
//! - `each`: every call is a transaction of its own and is answered for itself. Commands are handed
//!   to the kernel in their order; a query sees what the commands before it did and not what those
//!   behind it do.
//! - `all`: one transaction, in order. The first that does not answer `ok` undoes all, and the
//!   answer is its problem with its `index`. Queries among them see the writes before them.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{FuturesOrdered, StreamExt as _};
use hamlet_bundle::Kind;
use hamlet_kernel::{Answer, BatchFailure, Call, Callable};
use hamlet_reflect::json;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::call::{self, arguments_invalid, expect_json, find, json_response, read_body};
use crate::caller::Caller;
use crate::front::Here;
use crate::problem::Problem;
use crate::proofs;
use crate::refusal;

/// Most calls in one request.
pub(crate) const CALLS_MAX: usize = 1_000;

/// Calls of mode `each` that are under way at once.
const UNDER_WAY_MAX: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    mode: Mode,
    calls: Vec<Value>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    Each,
    All,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Item {
    plugin: String,
    /// With version: `stall@0.1.0`.
    interface: String,
    function: String,
    #[serde(default)]
    arguments: Option<Value>,
    #[serde(default)]
    idempotency_key: Option<String>,
}

/// A call that is ready to be made.
struct Ready {
    callable: Arc<Callable>,
    call: Call,
}

pub(crate) async fn batch(Extension(here): Extension<Here>, request: Request) -> Response {
    answer(&here, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(here: &Here, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    // The request itself costs one call; the rest is taken when their number is known.
    let caller = Caller::find(here, &parts.headers, 1)?;
    expect_json(&parts.headers)?;
    let body = read_body(here, body, caller.body_bytes_max(here)).await?;
    let order = call::large(body.len(), move || read_order(&body)).await?;
    if order.calls.len() > CALLS_MAX {
        let detail = format!("A batch has at most {CALLS_MAX} calls; this has {}.", order.calls.len());
        return Err(Problem::bad_request("too-many-calls", detail));
    }
    let more = u32::try_from(order.calls.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let caller = if more == 0 { caller } else { Caller::find(here, &parts.headers, more)? };
    // All are read before any is made: a batch that is not well made is refused as a whole.
    let items = order.calls.into_iter().enumerate().map(|(index, item)| read_item(index, item));
    let items = items.collect::<Result<Vec<_>, _>>()?;
    let ready = items.into_iter().map(|item| prepare(here, &caller, item));
    match order.mode {
        Mode::Each => Ok(each(here, &caller, ready.collect()).await),
        Mode::All => {
            let ready = ready.enumerate().map(|(index, ready)| ready.map_err(|problem| at(index, problem)));
            all(here, &caller, ready.collect::<Result<_, _>>()?).await
        }
    }
}

fn read_order(body: &Bytes) -> Result<Order, Problem> {
    let value = json::parse(body).map_err(|error| call::json_invalid(&error))?;
    serde_json::from_value(value).map_err(|error| not_a_batch("", &error))
}

/// A call of the batch, named by its place when it is none.
fn read_item(index: usize, item: Value) -> Result<Item, Problem> {
    serde_json::from_value(item).map_err(|error| not_a_batch(&format!("calls[{index}]"), &error))
}

fn not_a_batch(path: &str, error: &serde_json::Error) -> Problem {
    let colon = if path.is_empty() { "" } else { ": " };
    Problem::bad_request("json-invalid", format!("This is not a batch: {path}{colon}{error}."))
        .with("path", path.into())
}

fn prepare(here: &Here, caller: &Caller, item: Item) -> Result<Ready, Problem> {
    let signed_in = caller.session.is_some();
    let callable = find(here, &item.plugin, &item.interface, &item.function, signed_in)?;
    caller.admit(&callable)?;
    let object = item.arguments.unwrap_or_else(|| Value::Object(Map::new()));
    let arguments =
        json::arguments(&callable.function, &object).map_err(|error| arguments_invalid(&error))?;
    let mut call = Call::new(
        caller.actor.clone(),
        &callable.plugin,
        &callable.interface.id,
        &callable.function.name,
        arguments,
    );
    call.request_id = Arc::clone(&here.request_id);
    call.idempotency = item.idempotency_key.as_deref().map(call::idempotency_key).transpose()?;
    Ok(Ready { callable, call })
}

/// Every call for itself. The document is a list of answers in the order of the calls.
async fn each(here: &Here, caller: &Caller, ready: Vec<Result<Ready, Problem>>) -> Response {
    let signed_in = caller.session.is_some();
    let mut answers = Vec::with_capacity(ready.len());
    let mut under_way = FuturesOrdered::new();
    let mut newest = None;
    // Queries run beside commands in the kernel, so the two kinds take turns here.
    let mut after_query = false;
    for item in ready {
        let is_query = item.as_ref().is_ok_and(|ready| ready.callable.rule.kind == Kind::Query);
        let turns = is_query != after_query;
        while under_way.len() >= UNDER_WAY_MAX || (turns && !under_way.is_empty()) {
            let Some(answer) = under_way.next().await else { break };
            take(&mut answers, &mut newest, answer);
        }
        after_query = is_query;
        let at_least = newest;
        under_way.push_back(async move {
            let mut ready = item?;
            if is_query {
                ready.call.at_least = at_least;
            }
            let answer = here.state.kernel.call(ready.call).await;
            let answer = answer.map_err(|error| refusal::from_call_error(&error, signed_in))?;
            Ok((call::value(&ready.callable, &answer), answer.sequence))
        });
    }
    while let Some(answer) = under_way.next().await {
        take(&mut answers, &mut newest, answer);
    }
    let mut document = Map::new();
    document.insert("answers".into(), Value::Array(answers));
    let mut response = json_response(&Value::Object(document));
    if let Some(sequence) = newest {
        let kernel = &here.state.kernel;
        let answer = Answer { sequence, command: None, result: Ok(None), replayed: false };
        call::mark(&mut response, kernel, &answer);
        proofs::mark_checkpoint(response.headers_mut(), kernel);
    }
    response
}

type Each = Result<(Result<Value, Problem>, u64), Problem>;

fn take(answers: &mut Vec<Value>, newest: &mut Option<u64>, answer: Each) {
    let shown = match answer {
        Ok((value, sequence)) => {
            *newest = (*newest).max(Some(sequence));
            value
        }
        Err(problem) => Err(problem),
    };
    answers.push(shown_answer(shown));
}

fn shown_answer(answer: Result<Value, Problem>) -> Value {
    let mut shown = Map::new();
    match answer {
        Ok(value) => shown.insert("ok".into(), value),
        Err(problem) => shown.insert("problem".into(), problem.document()),
    };
    Value::Object(shown)
}

/// All in one transaction.
async fn all(here: &Here, caller: &Caller, ready: Vec<Ready>) -> Result<Response, Problem> {
    let (callables, calls): (Vec<_>, Vec<_>) =
        ready.into_iter().map(|ready| (ready.callable, ready.call)).unzip();
    let signed_in = caller.session.is_some();
    let made = here.state.kernel.call_all(calls).await.map_err(|failed| {
        let problem = match (&failed.error, callables.get(failed.index)) {
            (BatchFailure::Err(error), Some(callable)) => refusal::from_err(callable, error.as_ref()),
            (BatchFailure::Call(error), _) => refusal::from_call_error(error, signed_in),
            (BatchFailure::Err(_), None) => refusal::from_call_error(
                &hamlet_kernel::CallError::internal("a batch failed at a call that it does not have"),
                signed_in,
            ),
        };
        at(failed.index, problem)
    })?;
    let answers =
        callables.iter().zip(&made).map(|(callable, answer)| shown_answer(call::value(callable, answer)));
    let mut document = Map::new();
    document.insert("answers".into(), answers.collect());
    let mut response = json_response(&Value::Object(document));
    if let Some(last) = made.last() {
        call::mark(&mut response, &here.state.kernel, last);
    }
    Ok(response)
}

/// A problem that undid a whole batch says whose it is.
fn at(index: usize, problem: Problem) -> Problem {
    problem.with("index", index.into())
}
