//! A form with a file, posted from a page of this origin: guarded exactly as `visit::Posted` is.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, Limited};

use super::guard::{CSRF, check_origin, check_token};
use super::multipart;
use super::visit::Member;
use crate::problem::Problem;

/// Largest form with a file, in bytes.
const UPLOAD_BYTES_MAX: usize = 9 << 20;

/// A form with a file, of somebody who is signed in.
pub(crate) struct Uploaded {
    pub visit: Member,
    parts: Vec<multipart::Part>,
}

impl Uploaded {
    /// What was typed in a field; empty where there is none or it is no text.
    pub fn text(&self, name: &str) -> &str {
        let part = self.parts.iter().find(|part| part.name == name && !part.file);
        part.and_then(|part| std::str::from_utf8(&part.body).ok()).unwrap_or_default().trim()
    }

    /// The file of a field; none where none was chosen.
    pub fn file(&self, name: &str) -> Option<&Bytes> {
        let part = self.parts.iter().find(|part| part.name == name && part.file);
        part.map(|part| &part.body).filter(|body| !body.is_empty())
    }
}

impl FromRequest<()> for Uploaded {
    type Rejection = Response;
    async fn from_request(request: Request, (): &()) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        check_origin(&parts.headers).map_err(axum::response::IntoResponse::into_response)?;
        let visit = Member::from_request_parts(&mut parts, &()).await?;
        let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let parts = read_parts(kind, body).await.map_err(axum::response::IntoResponse::into_response)?;
        let uploaded = Self { visit, parts };
        check_token(&uploaded.visit.visit, uploaded.text(CSRF))
            .map_err(axum::response::IntoResponse::into_response)?;
        Ok(uploaded)
    }
}

/// Whether a form has a file in it, by its content type.
pub(super) fn has_file(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| multipart::boundary(kind).is_some())
}

/// The parts of a form with a file.
pub(super) async fn read_parts(kind: &str, body: Body) -> Result<Vec<multipart::Part>, Problem> {
    let body = Limited::new(body, UPLOAD_BYTES_MAX).collect().await.map_err(|_| too_large())?;
    let read = multipart::boundary(kind).and_then(|boundary| multipart::parse(boundary, &body.to_bytes()));
    let detail = "The form did not arrive whole. Go back and send it once more.";
    read.ok_or_else(|| Problem::bad_request("form-broken", detail))
}

fn too_large() -> Problem {
    let detail = format!("A file has at most {} MiB.", UPLOAD_BYTES_MAX >> 20);
    Problem::host(StatusCode::PAYLOAD_TOO_LARGE, "form-too-large", "Too large", detail)
}
