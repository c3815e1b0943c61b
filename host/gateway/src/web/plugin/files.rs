//! Forms as they are sent, some of them with a picture: what was typed, and in place of each picture its hash.
//!
//! A picture is taken from whoever is signed in alone. It is cleaned of what a camera hides in it, sealed under her key, and
//! kept as a blob, which is swept after a day if the plugin does not hold it.

use std::collections::HashMap;
use std::io::Cursor;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use hamlet_pages::bare;
use hamlet_pages::draw::DROP;
use hamlet_pages::forms::{self, Field, FieldError};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use super::super::guard;
use super::super::join::base64url;
use super::super::picture::{PICTURE_BYTES_MAX, cleaned};
use super::super::upload;
use super::super::visit::Visit;
use crate::problem::Problem;

/// A form as it arrived.
#[derive(Default)]
pub(super) struct Form {
    /// The plugin's own fields.
    pub typed: Vec<Field>,
    /// The host's.
    pub host: HashMap<String, String>,
    /// Files by the plugin's name for the field.
    pub files: Vec<(String, Bytes)>,
}

/// Reads a form of either kind.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Form, Problem> {
    if !upload::has_file(headers) {
        let body = guard::read(body).await?;
        let (typed, host) = forms::parse_body(&body).ok_or_else(too_many)?;
        return Ok(Form { typed, host: host.into_iter().collect(), files: Vec::new() });
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let mut form = Form::default();
    for part in upload::read_parts(kind, body).await? {
        let own = Some(bare(&part.name)).filter(|own| own.len() < part.name.len()).map(str::to_owned);
        let text = || String::from_utf8_lossy(&part.body).replace("\r\n", "\n");
        match own {
            // A field for a file where none was chosen is an empty file.
            Some(own) if part.file => {
                if !part.body.is_empty() {
                    form.files.push((own, part.body));
                }
            }
            Some(own) => form.typed.push((own, text())),
            None => drop(form.host.insert(part.name.clone(), text())),
        }
    }
    form.drop_pictures();
    Ok(form)
}

fn too_many() -> Problem {
    let detail = format!("A form has at most {} fields.", forms::FIELDS_MAX);
    Problem::bad_request("too-many-fields", detail)
}

impl Form {
    /// Takes away the pictures that are to go.
    fn drop_pictures(&mut self) {
        let host = &self.host;
        self.typed.retain(|(name, _)| !host.contains_key(&format!("{DROP}{}{name}", hamlet_pages::PREFIX)));
    }
}

/// What was typed with the hashes of the pictures, and what is wrong with those.
pub(super) async fn kept(
    visit: &Visit,
    mut typed: Vec<Field>,
    files: Vec<(String, Bytes)>,
) -> Result<(Vec<Field>, Vec<FieldError>), Response> {
    let mut errors = Vec::new();
    for (name, bytes) in files {
        let Some(browser) = &visit.browser else { continue };
        let Some((_, clean)) = cleaned(&bytes) else {
            let megabytes = (PICTURE_BYTES_MAX >> 20).to_string();
            let message = visit.say.with("picture-refused", &[("megabytes", &megabytes)]);
            errors.push(FieldError { path: name, message });
            continue;
        };
        let (kernel, person) = (visit.here.state.kernel.clone(), browser.person);
        let put =
            tokio::task::spawn_blocking(move || kernel.put_blob_for(person, &mut Cursor::new(clean))).await;
        let Ok(Ok((hash, _))) = put else {
            let (status, detail) = (StatusCode::INTERNAL_SERVER_ERROR, visit.say.t("host-failed"));
            return Err(Problem::host(status, "internal", "Something went wrong", detail).into_response());
        };
        typed.retain(|(known, _)| *known != name);
        typed.push((name, base64url(&hash)));
    }
    Ok((typed, errors))
}
