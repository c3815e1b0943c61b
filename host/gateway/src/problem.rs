//! Problem documents (RFC 9457): what every refusal looks like on the wire.
//!
//! Which refusal has which status and type is `refusal`'s. The `type` is a path on the same host;
//! its last part is the name of the case, stable for programs. `detail` is a sentence for people.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value};

/// A refusal, ready to be sent. Boxed, because it is the rare half of many results.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<Details>);

/// What a problem says.
#[derive(Debug, Clone)]
pub(crate) struct Details {
    pub status: StatusCode,
    /// The path that is its type.
    pub kind: String,
    pub title: String,
    pub detail: String,
    /// More members of the document.
    pub members: Map<String, Value>,
    /// When trying again makes sense.
    pub retry_after: Option<Duration>,
    /// The methods that would do.
    pub allow: Option<&'static str>,
    /// A token would help.
    pub challenge: Option<&'static str>,
}

/// The media type of a problem document.
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

impl Deref for Problem {
    type Target = Details;
    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl Problem {
    /// A refusal of a plugin's function: its type, and the members beside the usual ones.
    pub fn plugin(
        status: StatusCode,
        kind: String,
        title: String,
        detail: String,
        members: Map<String, Value>,
    ) -> Self {
        let details =
            Details { status, kind, title, detail, members, retry_after: None, allow: None, challenge: None };
        Self(Box::new(details))
    }

    /// A refusal of the host itself; `code` is its case.
    pub fn host(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let kind = format!("/problems/{code}");
        Self::plugin(status, kind, title.to_owned(), detail.into(), Map::new())
    }

    /// A request that is not well made.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::host(StatusCode::BAD_REQUEST, code, "The request is not well made", detail)
    }

    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The document.
    pub fn document(&self) -> Value {
        let mut document = Map::new();
        document.insert("type".into(), Value::from(self.kind.as_str()));
        document.insert("title".into(), Value::from(self.title.as_str()));
        document.insert("status".into(), Value::from(self.status.as_u16()));
        document.insert("detail".into(), Value::from(self.detail.as_str()));
        document.extend(self.members.iter().map(|(name, value)| (name.clone(), value.clone())));
        Value::Object(document)
    }
}

/// What of a problem a page shows; travels with the response, so that a browser gets a page instead of a document.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub status: StatusCode,
    pub title: String,
    pub detail: String,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.document()).unwrap_or_default();
        let mut response = (self.status, [(CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        let shown = Shown { status: self.status, title: self.title.clone(), detail: self.detail.clone() };
        response.extensions_mut().insert(shown);
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after {
            // Whole seconds, and never earlier than it helps.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(challenge) = self.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}
