//! `POST /api/blobs`: takes in a large value, and answers with the hash that names it (J5).
//!
//! The body is the value itself, of any content type. It streams to the disk and is never in memory as a whole; when
//! this answers, it is durable, and the hash can be given to a function that holds it. What nobody holds within a day
//! is swept. With `?party=ID` it is about that party and is kept encrypted under its key (C6).
//!
//! Who may: whoever shows a token that admits `host/blobs/put`. Sending is bounded in size, in how many send at a time,
//! and in how long a sender may be silent, so that a slow one holds a place and nothing else.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use bytes::{Buf as _, Bytes};
use hamlet_bundle::Kind;
use hamlet_kernel::CallError;
use hamlet_kernel::blobs::{BLOB_BYTES_MAX, BlobError, Hash};
use hamlet_reflect::{Id, Type, json};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode, Uri};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use wasmtime::component::Val;

use crate::call::json_response;
use crate::caller::Caller;
use crate::front::Here;
use crate::problem::Problem;
use crate::refusal;

/// Blobs of one community that are taken in at the same time.
pub(crate) const UPLOADS_MAX: usize = 4;
/// Pieces of a body on their way to the disk.
const PIECES_MAX: usize = 4;

pub(crate) async fn put(Extension(here): Extension<Here>, request: Request) -> Response {
    match taken_in(&here, request).await {
        Ok((hash, length)) => {
            // As a function's JSON takes a `list<u8>` (C4), so that it can be handed on as it is.
            let bytes = Val::List(hash.iter().copied().map(Val::U8).collect());
            let hash = json::from_val(&Type::Bytes, &bytes);
            json_response(&json!({ "hash": hash, "length": length.to_string() }))
        }
        Err(problem) => problem.into_response(),
    }
}

async fn taken_in(here: &Here, request: Request) -> Result<(Hash, u64), Problem> {
    let (parts, body) = request.into_parts();
    let caller = Caller::find(here, &parts.headers, 1)?;
    let Some(session) = &caller.session else {
        let denied = CallError::denied("blobs are taken in from whoever shows a token");
        return Err(refusal::from_call_error(&denied, false));
    };
    if !session.scope.admits("host", "blobs", "put", Kind::Command) {
        return Err(Problem::host(
            StatusCode::FORBIDDEN,
            "scope",
            "Not in the token's scope",
            "This token may not put blobs (`host/blobs/put`). A wider one would do.",
        ));
    }
    if said_length(&parts.headers).is_some_and(|length| length > BLOB_BYTES_MAX) {
        return Err(refused(&BlobError::TooLarge));
    }
    let Ok(_place) = Arc::clone(&here.state.uploads).try_acquire_owned() else {
        let problem = Problem::host(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "Busy",
            format!("{UPLOADS_MAX} blobs are being taken in already. Try again in a moment."),
        );
        return Err(problem.retry_after(Duration::from_secs(5)));
    };
    let owner = about(&parts.uri)?;
    if let Some(owner) = owner {
        may_seal_for(here, &caller, owner)?;
    }
    let (pieces, received) = mpsc::channel(PIECES_MAX);
    let kernel = here.state.kernel.clone();
    let kept = tokio::task::spawn_blocking(move || {
        let mut pieces = Pieces::new(received);
        match owner {
            Some(owner) => kernel.put_blob_for(owner, &mut pieces),
            None => kernel.put_blob(&mut pieces),
        }
    });
    let sent = send(body, pieces, here.state.config.body_timeout).await;
    match kept.await {
        // What the sender did wrong explains it better than what the disk made of it.
        Ok(kept) => sent.and_then(|()| kept.map_err(|error| refused(&error))),
        Err(error) => Err(refusal::from_call_error(&CallError::internal(error.to_string()), true)),
    }
}

/// Whom the blob is about, where `?party=ID` says so (C6).
fn about(uri: &Uri) -> Result<Option<Id>, Problem> {
    let query = uri.query().unwrap_or_default();
    let mut given = form_urlencoded::parse(query.as_bytes());
    let wrong = || {
        let detail = "All that may be said of a blob is `party`, once: the 32 hex digits of the id of whom it is about.";
        Problem::bad_request("arguments-invalid", detail)
    };
    match (given.next(), given.next()) {
        (None, _) => Ok(None),
        (Some((name, id)), None) if name == "party" => id.parse().map(Some).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

/// For herself, for whom she acts, and stewards for all: a key is made where there is none.
fn may_seal_for(here: &Here, caller: &Caller, party: Id) -> Result<(), Problem> {
    let state = &here.state;
    let person = caller.actor.person();
    let acts = person
        .is_some_and(|person| state.identity.acts_for_any(&state.kernel, person, &[party]).unwrap_or(false));
    if acts || caller.is_steward() {
        return Ok(());
    }
    let denied = CallError::denied("a blob is sealed for a party by whoever acts for it, and by stewards");
    Err(refusal::from_call_error(&denied, true))
}

fn said_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Hands the body over, piece by piece. Ends without a word when nobody takes it any more: whoever does says why.
async fn send(
    mut body: Body,
    pieces: mpsc::Sender<io::Result<Bytes>>,
    silence_max: Duration,
) -> Result<(), Problem> {
    loop {
        let failed = match tokio::time::timeout(silence_max, body.frame()).await {
            Ok(None) => return Ok(()),
            Ok(Some(Ok(frame))) => {
                let Ok(piece) = frame.into_data() else { continue };
                if pieces.send(Ok(piece)).await.is_err() {
                    return Ok(());
                }
                continue;
            }
            Ok(Some(Err(_))) => Problem::bad_request("body-broken", "The body ended early."),
            Err(_) => Problem::host(
                StatusCode::REQUEST_TIMEOUT,
                "body-timeout",
                "Too slow",
                format!("Nothing more of the body came within {} s.", silence_max.as_secs()),
            ),
        };
        // Without this the disk would take what came for the whole.
        let _ = pieces.send(Err(io::Error::from(io::ErrorKind::UnexpectedEof))).await;
        return Err(failed);
    }
}

/// The path, for OpenAPI.
pub(crate) fn path() -> Value {
    json!({ "post": {
        "operationId": "post:blobs",
        "summary": "Put a large value; its hash names it.",
        "description": "The body is the value itself, at most 1 GiB. A function that holds the hash keeps it; what nobody holds is swept after a day. With `party`, it is kept encrypted under that party's key and goes when the party is erased.",
        "parameters": [{
            "name": "party", "in": "query", "required": false,
            "description": "Whom it is about: the id of a party for which you act.",
            "schema": { "type": "string", "pattern": "^[0-9a-f]{32}$" },
        }],
        "requestBody": { "required": true, "content": { "application/octet-stream": {} } },
        "responses": {
            "200": { "description": "It is on disk.", "content": { "application/json": { "schema": {
                "type": "object", "required": ["hash", "length"],
                "properties": {
                    "hash": { "type": "string", "description": "BLAKE3, base64url, as functions take it." },
                    "length": { "type": "string", "pattern": "^[0-9]+$" },
                },
            } } } },
            "default": { "$ref": "#/components/responses/problem" },
        },
    } })
}

fn refused(error: &BlobError) -> Problem {
    match error {
        BlobError::TooLarge => Problem::host(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-too-large",
            "Too large",
            format!("A blob has at most {BLOB_BYTES_MAX} bytes."),
        ),
        BlobError::NoSuchParty => {
            Problem::host(StatusCode::NOT_FOUND, "no-such-party", "No such party", "There is no such party.")
        }
        BlobError::Erased => Problem::host(
            StatusCode::CONFLICT,
            "erased",
            "Erased",
            "What is about this party was erased, and nothing more can be sealed for it.",
        ),
        error => refusal::from_call_error(&CallError::internal(error.to_string()), true),
    }
}

/// The pieces of a body, read on a thread that may wait.
struct Pieces {
    received: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl Pieces {
    fn new(received: mpsc::Receiver<io::Result<Bytes>>) -> Self {
        Self { received, piece: Bytes::new() }
    }
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.received.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let length = self.piece.len().min(out.len());
        let (Some(from), Some(to)) = (self.piece.get(..length), out.get_mut(..length)) else { return Ok(0) };
        to.copy_from_slice(from);
        self.piece.advance(length);
        Ok(length)
    }
}
