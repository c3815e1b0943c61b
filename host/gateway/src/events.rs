//! `GET /api/events`: what happens, as server-sent events, to whom it concerns (E1).
//!
//! An event goes to a person who is in its audience or acts for a party that is, and whose token
//! admits its function; to nobody else. Both are looked at for every event, so a stream ends when
//! its token does, and says nothing of a household from the moment that a mandate is withdrawn.
//!
//! Live only: nothing is repeated. A `gap` event says that something may have been missed, and that
//! queries tell what is so now: with the number of events for a client that was too slow, with
//! `unknown` as the first event for one that reconnects (a browser then sends `Last-Event-ID`).
//! An event's id is `{time}-{n}`: the microsecond of its transaction, and which of that microsecond it
//! is on this stream, from 0. Ids of a stream only grow. A `gap` has none.
//!
//! `?topic={plugin}/{interface}@{version}/{function}`, also repeated, narrows.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::Request;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use hamlet_bundle::Kind;
use hamlet_identity::Session;
use hamlet_kernel::{EventNote, Kernel};
use hamlet_reflect::json;
use http::{HeaderName, StatusCode};
use serde_json::{Map, Value};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::caller::{Caller, bearer};
use crate::front::Here;
use crate::problem::Problem;
use crate::refusal;

/// Streams of one community at once.
pub(crate) const STREAMS_MAX: usize = 1_000;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// A comment keeps connections open that proxies would close.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// One open stream.
struct Stream {
    here: Here,
    token: String,
    topics: Vec<String>,
    events: Receiver<EventNote>,
    /// She was here before, and is told first that she may have missed something.
    returning: bool,
    /// The id of the newest event, hers or not.
    newest: (u64, u64),
    _slot: OwnedSemaphorePermit,
}

pub(crate) async fn events(Extension(here): Extension<Here>, request: Request) -> Response {
    match open(here, &request) {
        Ok(stream) => {
            let stream = stream::unfold(stream, |mut stream| async move {
                let event = stream.next().await?;
                Some((Ok::<_, Infallible>(event), stream))
            });
            Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

fn open(here: Here, request: &Request) -> Result<Stream, Problem> {
    let caller = Caller::find(&here, request.headers(), 1)?;
    let token = bearer(request.headers())?.unwrap_or_default().to_owned();
    if caller.session.is_none() {
        let denied = hamlet_kernel::CallError::denied("events are for members");
        return Err(refusal::from_call_error(&denied, false));
    }
    let query = request.uri().query().unwrap_or_default();
    let topics = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "topic");
    let topics = topics.map(|(_, topic)| topic.into_owned()).collect();
    let slot = Arc::clone(&here.state.streams).try_acquire_owned().map_err(|_| busy())?;
    let events = here.state.kernel.subscribe_events();
    let returning = request.headers().contains_key(LAST_EVENT_ID);
    Ok(Stream { here, token, topics, events, returning, newest: (0, 0), _slot: slot })
}

/// There are [`STREAMS_MAX`] streams.
pub(crate) fn busy() -> Problem {
    let detail = "Too many are listening here. Try again a little later.";
    Problem::host(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy", detail).retry_after(KEEP_ALIVE)
}

impl Stream {
    /// The next event that is hers; none ends the stream.
    async fn next(&mut self) -> Option<Event> {
        if std::mem::take(&mut self.returning) {
            return Some(gap("unknown"));
        }
        loop {
            let note = match self.events.recv().await {
                Ok(note) => note,
                Err(RecvError::Lagged(missed)) => {
                    return Some(gap(&missed.to_string()));
                }
                Err(RecvError::Closed) => return None,
            };
            // The emitter's own number is of no use here: it counts what other plugins subscribed to.
            self.newest = match self.newest {
                (time, count) if time == note.time => (time, count + 1),
                _ => (note.time, 0),
            };
            let topic = topic(&note);
            if !self.topics.is_empty() && !self.topics.contains(&topic) {
                continue;
            }
            let state = &self.here.state;
            let session = state.identity.session(&state.kernel, &self.token).ok()?;
            if !self.concerns(&session, &note) {
                continue;
            }
            let data = shown(&state.kernel, &note).to_string();
            let id = format!("{}-{}", self.newest.0, self.newest.1);
            return Some(Event::default().id(id).event(topic).data(data));
        }
    }

    fn concerns(&self, session: &Session, note: &EventNote) -> bool {
        let interface = short(&note.interface).split('@').next().unwrap_or_default();
        let Some(person) = session.actor.person() else { return false };
        let Some(audience) = &note.audience else { return false };
        let state = &self.here.state;
        session.scope.admits(&note.emitter, interface, &note.function, Kind::Query)
            && state.identity.acts_for_any(&state.kernel, person, audience).unwrap_or(false)
    }
}

fn gap(missed: &str) -> Event {
    Event::default().event("gap").data(missed)
}

/// `{plugin}/{interface}@{version}/{function}`
fn topic(note: &EventNote) -> String {
    format!("{}/{}/{}", note.emitter, short(&note.interface), note.function)
}

/// An interface without its package: `events@0.1.0`.
fn short(interface: &str) -> &str {
    interface.rsplit_once('/').map_or(interface, |(_, short)| short)
}

/// An event as JSON, its arguments by the types that its emitter imports (C4).
fn shown(kernel: &Kernel, note: &EventNote) -> Value {
    let catalogue = kernel.catalogue();
    let staged = catalogue.plugins.get(&note.emitter).and_then(|info| kernel.staged(&info.component));
    let function = staged.as_ref().and_then(|staged| {
        let interface = staged.imports.iter().find(|interface| *interface.id == *note.interface)?;
        interface.function(&note.function)
    });
    let mut arguments = Map::new();
    for (param, value) in function.iter().flat_map(|function| &function.params).zip(note.arguments.iter()) {
        arguments.insert(param.name.clone(), json::from_val(&param.ty, value));
    }
    serde_json::json!({
        "emitter": note.emitter.as_ref(),
        "interface": note.interface.as_ref(),
        "function": note.function.as_ref(),
        "arguments": arguments,
        "time": note.time.to_string(),
    })
}
