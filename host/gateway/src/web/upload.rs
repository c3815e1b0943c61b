//! A form with a file, posted from a page of this origin: guarded exactly as `visit::Posted` is.

use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt as _, Limited};

use super::guard::{CSRF, check_origin, check_token};
use super::multipart;
use super::visit::Member;
use crate::problem::Problem;

/// Largest form with a file, in bytes.
const UPLOAD_BYTES_MAX: usize = 4 << 20;

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
        let body =
            Limited::new(body, UPLOAD_BYTES_MAX).collect().await.map_err(|_| too_large().into_response())?;
        let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let read =
            multipart::boundary(kind).and_then(|boundary| multipart::parse(boundary, &body.to_bytes()));
        let Some(parts) = read else {
            let detail = "The form did not arrive whole. Go back and send it once more.";
            return Err(Problem::bad_request("form-broken", detail).into_response());
        };
        let uploaded = Self { visit, parts };
        check_token(&uploaded.visit.visit, uploaded.text(CSRF))
            .map_err(axum::response::IntoResponse::into_response)?;
        Ok(uploaded)
    }
}

fn too_large() -> Problem {
    let detail = format!("A file has at most {} MiB.", UPLOAD_BYTES_MAX >> 20);
    Problem::host(StatusCode::PAYLOAD_TOO_LARGE, "form-too-large", "Too large", detail)
}
