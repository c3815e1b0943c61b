//! `GET /p/{plugin}/file/{interface}/{function}?parameter=value`: what a query gives, saved as a file.
//!
//! For statements, lists and journals: a plugin's page links to one of its queries whose answer is
//! `hamlet:host/types.file`. Queries only, since a link must change nothing (RFC 9110, safe methods), and with the rights
//! of whoever is signed in. What comes is never shown in this origin: it is an attachment of one of three plain types,
//! and a browser may neither guess another nor run it. If that were wrong, a plugin's text would be a page of the host's.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use hamlet_bundle::{Access, Kind};
use hamlet_pages::forms;
use hamlet_reflect::{Type, json};
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use wasmtime::component::Val;

use super::super::visit::{Visit, escaped, redirect};
use super::viewer::Sight;
use super::{callable, limit, missing, queried, refused};
use crate::problem::Problem;
use crate::refusal;

/// What a file may be. Nothing of it can hold a script.
const MEDIA: [&str; 4] = ["text/csv", "text/plain", "text/calendar", "application/json"];
/// Longest name of a file, in characters.
const NAME_MAX: usize = 80;

pub(super) async fn save(
    Path((plugin, interface, function)): Path<(String, String, String)>,
    visit: Visit,
) -> Response {
    saved(&visit, &plugin, &interface, &function).await.unwrap_or_else(|response| response)
}

async fn saved(visit: &Visit, plugin: &str, interface: &str, function: &str) -> Result<Response, Response> {
    limit(visit)?;
    let catalogue = visit.here.state.kernel.catalogue();
    let callable = callable(&catalogue, plugin, interface, function)?;
    if callable.rule.kind != Kind::Query || !gives_a_file(callable.function.result.as_ref()) {
        return Err(missing());
    }
    if visit.browser.is_none() && !callable.rule.access.contains(&Access::Public) {
        return Err(redirect(&format!("/sign-in?to={}", escaped(&visit.path))));
    }
    let typed = queried(visit);
    let sight = Sight::new(visit);
    let read = forms::from_fields(&callable.function, &typed, sight.say, &sight.zone, None);
    let wrong = |why: String| Problem::bad_request("file-not-made", why).into_response();
    let arguments = read.map_err(|errors| {
        let said: Vec<String> =
            errors.into_iter().map(|error| format!("{}: {}", error.path, error.message)).collect();
        wrong(said.join(" "))
    })?;
    let arguments =
        json::arguments(&callable.function, &arguments).map_err(|error| wrong(error.to_string()))?;
    let call = visit.call(&callable.plugin, &callable.interface.id, &callable.function.name, arguments);
    let answer = visit.here.state.kernel.call(call).await;
    let answer =
        answer.map_err(|error| refusal::from_call_error(&error, visit.browser.is_some()).into_response())?;
    match answer.result {
        Ok(given) => given.as_ref().and_then(attachment).ok_or_else(missing),
        Err(error) => {
            let said = refused::said(visit, &callable, error.as_ref(), &typed).await;
            Err(wrong(said.replace('`', "")))
        }
    }
}

/// Whether a function's answer is `hamlet:host/types.file`.
fn gives_a_file(result: Option<&Type>) -> bool {
    let ty = match result {
        Some(Type::Result { ok, .. }) => ok.as_deref(),
        other => other,
    };
    matches!(ty, Some(Type::Named(named)) if named.name == "file" && named.qualified.starts_with("hamlet:host/types@"))
}

/// The answer as what a browser saves.
fn attachment(given: &Val) -> Option<Response> {
    let Val::Record(fields) = given else { return None };
    let text = |wanted: &str| {
        fields.iter().find_map(|(name, value)| match value {
            Val::String(text) if name == wanted => Some(text.clone()),
            _ => None,
        })
    };
    let (name, media, body) = (text("name")?, text("media-type")?, text("text")?);
    let media = MEDIA.iter().find(|known| **known == media).unwrap_or(&"text/plain");
    let headers: [(HeaderName, HeaderValue); 5] = [
        (CONTENT_TYPE, HeaderValue::from_str(&format!("{media}; charset=utf-8")).ok()?),
        (
            CONTENT_DISPOSITION,
            HeaderValue::from_str(&format!("attachment; filename=\"{}\"", safe_name(&name))).ok()?,
        ),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Some((StatusCode::OK, headers, body).into_response())
}

/// A name that is one on every system.
fn safe_name(name: &str) -> String {
    let known = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let shown: String =
        name.chars().map(|letter| if known(letter) { letter } else { '-' }).take(NAME_MAX).collect();
    let bare = shown.trim_matches(['.', '-']);
    if bare.is_empty() { "file.txt".to_owned() } else { bare.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn file(name: &str, media: &str, text: &str) -> Val {
        let field = |name: &str, value: &str| (name.to_owned(), Val::String(value.to_owned()));
        Val::Record(vec![field("name", name), field("media-type", media), field("text", text)])
    }

    #[test]
    fn p1_a_file_is_saved_and_never_shown_as_a_page() {
        let rows = [
            ("books.csv", "text/csv", "text/csv; charset=utf-8", "books.csv"),
            ("a.html", "text/html", "text/plain; charset=utf-8", "a.html"),
            ("../../x\"\r\ny: z.csv", "image/svg+xml", "text/plain; charset=utf-8", "x---y--z.csv"),
            ("", "text/plain", "text/plain; charset=utf-8", "file.txt"),
        ];
        for (name, media, shown, saved) in rows {
            let response = attachment(&file(name, media, "<script>")).unwrap();
            let header =
                |name: HeaderName| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
            assert_eq!(header(CONTENT_TYPE), shown);
            assert_eq!(header(CONTENT_DISPOSITION), format!("attachment; filename=\"{saved}\""));
            assert_eq!(header(X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert!(header(CONTENT_SECURITY_POLICY).starts_with("sandbox"));
        }
        assert!(attachment(&Val::Bool(true)).is_none());
        assert!(attachment(&Val::Record(Vec::new())).is_none());
    }
}
