//! `GET /p/{plugin}/live`: tells a page that is open, as server-sent events, that something of its plugin happened which
//! concerns whoever looks (E1).
//!
//! Nothing of what happened is in it: the page asks for itself again (`live.js`), by the same rights as before. That her
//! session still stands, and for whom she acts, is looked at for every event. Streams count to the community's.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::Path;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use hamlet_kernel::EventNote;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::super::visit::{Member, Visit};
use super::missing;
use crate::events::{KEEP_ALIVE, busy};

/// What an event says; one without a word is none to a browser.
const CHANGED: &str = "changed";

/// One open page.
struct Watch {
    visit: Visit,
    plugin: String,
    events: Receiver<EventNote>,
    _slot: OwnedSemaphorePermit,
}

pub(super) async fn listen(Path(plugin): Path<String>, member: Member) -> Response {
    let visit = member.visit;
    let state = &visit.here.state;
    if !state.kernel.catalogue().plugins.get(plugin.as_str()).is_some_and(|info| info.active) {
        return missing();
    }
    let Ok(slot) = Arc::clone(&state.streams).try_acquire_owned() else { return busy().into_response() };
    let events = state.kernel.subscribe_events();
    let watch = Watch { visit, plugin, events, _slot: slot };
    let changes = stream::unfold(watch, |mut watch| async move {
        watch.changed().await?;
        Some((Ok::<_, Infallible>(Event::default().event("changed").data(CHANGED)), watch))
    });
    Sse::new(changes).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

impl Watch {
    /// Waits until something happened that is hers; none: the stream ends.
    async fn changed(&mut self) -> Option<()> {
        loop {
            let note = match self.events.recv().await {
                Ok(note) => note,
                // Something was missed: the page says what is so now.
                Err(RecvError::Lagged(_)) => return self.visit.still_signed_in().await.map(drop),
                Err(RecvError::Closed) => return None,
            };
            if *note.emitter != *self.plugin {
                continue;
            }
            let browser = self.visit.still_signed_in().await?;
            let state = &self.visit.here.state;
            let audience = note.audience.as_deref().unwrap_or_default();
            if state.identity.acts_for_any(&state.kernel, browser.person, audience).unwrap_or(false) {
                return Some(());
            }
        }
    }
}
