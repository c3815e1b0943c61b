//! `/api/proofs/…`: the log's key, checkpoints, consistency and receipts (J3). What they mean and who may have
//! which receipt is `hamlet_kernel::proofs`; here they are only handed over.
//!
//! | path | who | what |
//! |---|---|---|
//! | `GET key` | anybody | the public key, one line |
//! | `GET checkpoint` | anybody | a signed note over everything that is committed now |
//! | `POST consistency` | anybody | an old checkpoint goes in, the proof that history only grew since comes out |
//! | `GET receipt?sequence=N&command=I` | whoever gave the command, and stewards | the receipt |
//!
//! Every answer to a command carries `Hamlet-Receipt: N/I` and `Hamlet-Checkpoint`, the newest note in base64:
//! a client that keeps it can expose a rewritten past later, without having asked for anything.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hamlet_bundle::Kind;
use hamlet_kernel::{Answer, CallError, Kernel, ReceiptError, ReceiptFor};
use hamlet_proof::{Consistency, Receipt};
use hamlet_store::StoreError;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use serde_json::{Map, Value, json};

use crate::call::read_body;
use crate::caller::Caller;
use crate::front::Here;
use crate::problem::Problem;
use crate::refusal;

pub(crate) const HAMLET_RECEIPT: HeaderName = HeaderName::from_static("hamlet-receipt");
pub(crate) const HAMLET_CHECKPOINT: HeaderName = HeaderName::from_static("hamlet-checkpoint");

/// The longest checkpoint that is taken in, in bytes.
const NOTE_BYTES_MAX: usize = 64 * 1024;
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What an answer to a command carries, for whoever keeps it.
pub(crate) fn mark(headers: &mut HeaderMap, kernel: &Kernel, answer: &Answer) {
    let Some(command) = answer.command else { return };
    if let Ok(receipt) = HeaderValue::from_str(&format!("{}/{command}", answer.sequence)) {
        headers.insert(HAMLET_RECEIPT, receipt);
    }
    mark_checkpoint(headers, kernel);
}

/// The newest checkpoint alone: of an answer to many commands.
pub(crate) fn mark_checkpoint(headers: &mut HeaderMap, kernel: &Kernel) {
    let note = kernel.recent_checkpoint().and_then(|note| HeaderValue::from_str(&BASE64.encode(&*note)).ok());
    if let Some(note) = note {
        headers.insert(HAMLET_CHECKPOINT, note);
    }
}

pub(crate) async fn key(Extension(here): Extension<Here>, headers: HeaderMap) -> Response {
    // Public, and counted like everything that is asked without a token.
    match Caller::find(&here, &headers, 1) {
        Ok(_) => text(format!("{}\n", here.state.kernel.log_verifier())),
        Err(problem) => problem.into_response(),
    }
}

pub(crate) async fn checkpoint(Extension(here): Extension<Here>, headers: HeaderMap) -> Response {
    if let Err(problem) = Caller::find(&here, &headers, 1) {
        return problem.into_response();
    }
    let made = beside(&here, |kernel| kernel.checkpoint().map_err(|error| refused(&error))).await;
    made.map_or_else(IntoResponse::into_response, text)
}

pub(crate) async fn consistency(Extension(here): Extension<Here>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match grown_since(&here, &parts.headers, body).await {
        Ok(proof) => document(proof.to_json()),
        Err(problem) => problem.into_response(),
    }
}

async fn grown_since(here: &Here, headers: &HeaderMap, body: Body) -> Result<Consistency, Problem> {
    Caller::find(here, headers, 1)?;
    let body = read_body(here, body, NOTE_BYTES_MAX).await?;
    let old = String::from_utf8(body.to_vec())
        .map_err(|_| Problem::bad_request("checkpoint-invalid", "A checkpoint is text, in UTF-8."))?;
    beside(here, move |kernel| kernel.consistency_since(&old).map_err(|error| refused(&error))).await
}

pub(crate) async fn receipt(Extension(here): Extension<Here>, uri: Uri, headers: HeaderMap) -> Response {
    match receipt_of(&here, &uri, &headers).await {
        Ok(receipt) => document(receipt.to_json()),
        Err(problem) => problem.into_response(),
    }
}

async fn receipt_of(here: &Here, uri: &Uri, headers: &HeaderMap) -> Result<Receipt, Problem> {
    let caller = Caller::find(here, headers, 1)?;
    let Some(session) = &caller.session else {
        let denied = CallError::denied("a receipt is for whoever gave the command, and for stewards");
        return Err(refusal::from_call_error(&denied, false));
    };
    if !session.scope.admits("host", "proofs", "receipt", Kind::Query) {
        return Err(Problem::host(
            StatusCode::FORBIDDEN,
            "scope",
            "Not in the token's scope",
            "This token may not ask for receipts (`host/proofs/receipt`). A wider one would do.",
        ));
    }
    let (sequence, command) = place(uri.query().unwrap_or_default())?;
    let (actor, steward) = (caller.actor.clone(), caller.is_steward());
    let made = beside(here, move |kernel| {
        match kernel.receipt(sequence, command, ReceiptFor::Caller(&actor)) {
            Err(ReceiptError::NotYours { .. }) if steward => {
                kernel.receipt(sequence, command, ReceiptFor::Steward)
            }
            own => own,
        }
        .map_err(|error| no_receipt(&error))
    });
    made.await
}

/// `sequence` and `command`, each once, as plain numbers.
fn place(query: &str) -> Result<(u64, u32), Problem> {
    let (mut sequence, mut command) = (None, None);
    let mut wrong = false;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "sequence" if sequence.is_none() => sequence = value.parse().ok(),
            "command" if command.is_none() => command = value.parse().ok(),
            _ => wrong = true,
        }
    }
    sequence.zip(command).filter(|_| !wrong).ok_or_else(|| {
        Problem::bad_request(
            "arguments-invalid",
            "A receipt is asked for with `sequence` and `command`: the two numbers in `Hamlet-Receipt`.",
        )
    })
}

/// Making a proof reads files and may wait for the log: not on the threads of connections.
async fn beside<T: Send + 'static>(
    here: &Here,
    make: impl FnOnce(&Kernel) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let kernel = here.state.kernel.clone();
    let proof = tokio::task::spawn_blocking(move || make(&kernel)).await;
    proof.unwrap_or_else(|error| Err(refusal::from_call_error(&CallError::internal(error.to_string()), true)))
}

fn no_receipt(error: &ReceiptError) -> Problem {
    match error {
        ReceiptError::NotYours { .. } => no_command(&error.to_string()),
        ReceiptError::Store(error) => refused(error),
    }
}

fn no_command(detail: &str) -> Problem {
    Problem::host(StatusCode::NOT_FOUND, "no-such-command", "No such command", format!("{detail}."))
}

fn refused(error: &StoreError) -> Problem {
    match error {
        StoreError::NoLeaf { .. } => no_command(&error.to_string()),
        StoreError::Checkpoint(error) => Problem::bad_request("checkpoint-invalid", format!("{error}.")),
        StoreError::Proof(error) => Problem::host(
            StatusCode::CONFLICT,
            "history-differs",
            "History differs",
            format!(
                "This community signed that checkpoint, and its log does not continue it: {error}. Keep the \
                 checkpoint, and show it to others."
            ),
        ),
        error => refusal::from_call_error(
            &CallError::Store(Arc::new(StoreError::NoProofs(error.to_string()))),
            true,
        ),
    }
}

fn text(text: String) -> Response {
    ([(CONTENT_TYPE, TEXT)], text).into_response()
}

fn document(text: String) -> Response {
    ([(CONTENT_TYPE, JSON)], text).into_response()
}

/// The paths, for OpenAPI.
pub(crate) fn paths() -> Map<String, Value> {
    let text = |description: &str| {
        json!({ "200": { "description": description, "content": { "text/plain": { "schema": { "type": "string" } } } },
                "default": { "$ref": "#/components/responses/problem" } })
    };
    let object = |description: &str| {
        json!({ "200": { "description": description,
                         "content": { "application/json": { "schema": { "type": "object" } } } },
                "default": { "$ref": "#/components/responses/problem" } })
    };
    let number = |name: &str, description: &str| {
        json!({ "name": name, "in": "query", "required": true, "description": description,
                "schema": { "type": "integer", "minimum": 0 } })
    };
    let note = json!({ "schema": { "type": "string", "maxLength": NOTE_BYTES_MAX } });
    let paths = json!({
        "/api/proofs/key": { "get": {
            "operationId": "get:proofs/key",
            "summary": "The public key of this community's log.",
            "description": "One line, `NAME+ID+BASE64` (C2SP signed-note). Print it, keep it: receipts and checkpoints are checked with it.",
            "security": [{}], "responses": text("The key."),
        } },
        "/api/proofs/checkpoint": { "get": {
            "operationId": "get:proofs/checkpoint",
            "summary": "A signed checkpoint of everything that is committed now.",
            "description": "A C2SP tlog-checkpoint: origin, number of leaves, tree head, signature. Whoever keeps one can show later that the past was rewritten.",
            "security": [{}], "responses": text("The signed note."),
        } },
        "/api/proofs/consistency": { "post": {
            "operationId": "post:proofs/consistency",
            "summary": "The proof that the log only grew since an old checkpoint.",
            "description": "The body is the old checkpoint as it was kept. `history-differs` means that this community signed it and holds another history now.",
            "security": [{}],
            "requestBody": { "required": true, "content": { "text/plain": note } },
            "responses": object("A `hamlet-consistency 1` document, for `hamlet verify` or `hamlet-verify.py`."),
        } },
        "/api/proofs/receipt": { "get": {
            "operationId": "get:proofs/receipt",
            "summary": "The receipt of a command.",
            "description": "For whoever gave the command: the leaf, the digests of arguments and result, and with an idempotency key the row that holds the result. For stewards: the leaf. Both numbers are in `Hamlet-Receipt` of the command's answer, with a slash between.",
            "parameters": [
                number("sequence", "The batch: the first number in `Hamlet-Receipt`."),
                number("command", "The command's place in it: the second."),
            ],
            "responses": object("A `hamlet-receipt 1` document, for `hamlet verify` or `hamlet-verify.py`."),
        } },
    });
    match paths {
        Value::Object(paths) => paths,
        _ => Map::new(),
    }
}
