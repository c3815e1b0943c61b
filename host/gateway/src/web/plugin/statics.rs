//! `/p/{plugin}/static/…`: the files that travel with a plugin, and what its frame may ask (`/p/{plugin}/frame/…`).
//!
//! A frame has an opaque origin (`sandbox` without `allow-same-origin`, in the element *and* in the policy that comes with
//! each file, so that opening a file by itself gives no more), no network (`connect-src 'none'`, and what it loads comes
//! from its own static files alone), and nowhere to go: the page around it says which addresses a frame may show. Files
//! are public: they are a program, without anything of anybody, and requests of an opaque origin carry no cookies.
//!
//! What a frame asks comes from the host's script in the page around it, with her session and the page's token: queries
//! are answered, with her own rights; of a command only the address of the host's form is given, filled in (W2).
//!
//! If this is wrong, a plugin's script acts as whoever looks at it.

use axum::extract::{Path, Request};
use axum::response::{IntoResponse as _, Response};
use hamlet_bundle::Kind;
use hamlet_kernel::answer_to_json;
use hamlet_kernel::catalogue::HOST;
use hamlet_pages::forms;
use hamlet_reflect::{Function, json};
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use super::super::care::beside;
use super::super::guard::{check_origin, check_token, read};
use super::super::visit::{Visit, escaped};
use super::{CALL, callable, limit, missing};
use crate::call::json_response;
use crate::problem::Problem;
use crate::{front, refusal};

/// The token of the page around the frame.
const TOKEN: HeaderName = HeaderName::from_static("x-hamlet-csrf");
/// Takes the one way out that no policy closes in today's browsers (peer connections) from a
/// document before anything of the plugin's runs. A frame can make no other realm: its policy lets it show no frame.
const CLOSE: &str = "for(const n of['RTCPeerConnection','webkitRTCPeerConnection','RTCDataChannel','RTCIceTransport'])delete window[n]";
/// SHA-256 of [`CLOSE`] for the policy; the browser refuses the script if it is not.
const CLOSE_HASH: &str = "'sha256-TlaQUsCXAanNRjJOevxiF8Y2E4IbmjXR9ZgtOKfynrA='";
/// Fields of a command that are filled in, at most.
const FIELDS_MAX: usize = 60;

/// What a plugin's static files lie below, with the origin: the only place that a frame of its may show or load from.
pub(in crate::web) fn place(visit: &Visit, plugin: &str) -> String {
    format!("{}/p/{plugin}/static/", visit.site().origin)
}

/// `GET /p/{plugin}/static/{path}`.
pub(super) async fn file(Path((plugin, path)): Path<(String, String)>, visit: Visit) -> Response {
    if let Err(refused) = limit(&visit) {
        return refused;
    }
    let kernel = visit.here.state.kernel.clone();
    let component = kernel
        .catalogue()
        .plugins
        .get(plugin.as_str())
        .and_then(|info| (info.active && plugin != HOST).then(|| info.component.clone()));
    let Some(staged) = component.and_then(|component| kernel.staged(&component)) else {
        return front::not_found().await.into_response();
    };
    let found = beside(move || staged.statics.get(&path)).await.flatten();
    let Some(found) = found else { return front::not_found().await.into_response() };
    let place = place(&visit, &plugin);
    // Only HTML is a document that runs anything: what else a frame may show (an SVG, say) is a picture.
    let is_page = found.content_type.starts_with("text/html");
    let scripts =
        if is_page { format!("{CLOSE_HASH} {place} 'wasm-unsafe-eval'") } else { "'none'".to_owned() };
    let policy = format!(
        "sandbox allow-scripts; default-src 'none'; script-src {scripts}; style-src {place} 'unsafe-inline'; \
         img-src {place} data: blob:; font-src {place} data:; media-src {place} blob:; connect-src 'none'; \
         frame-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    );
    let mut bytes = Vec::new();
    if is_page {
        bytes.extend_from_slice(format!("<!doctype html><script>{CLOSE}</script>").as_bytes());
    }
    bytes.extend_from_slice(&found.bytes);
    let values = [
        (CONTENT_TYPE, found.content_type),
        (CONTENT_SECURITY_POLICY, policy),
        (ETAG, format!("\"{}\"", found.hash)),
    ];
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    for (name, value) in values {
        let Ok(value) = HeaderValue::from_str(&value) else { return missing() };
        headers.insert(name, value);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("x-dns-prefetch-control"), HeaderValue::from_static("off"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    // A frame of the version before must not run beside the pages of this one.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// `POST /p/{plugin}/frame/{interface}/{function}`: what a frame asks, by the page around it.
pub(super) async fn asked(
    Path((plugin, interface, function)): Path<(String, String, String)>,
    visit: Visit,
    request: Request,
) -> Response {
    answered(&visit, &plugin, &interface, &function, request).await.unwrap_or_else(|problem| problem)
}

async fn answered(
    visit: &Visit,
    plugin: &str,
    interface: &str,
    function: &str,
    request: Request,
) -> Result<Response, Response> {
    let problem = |problem: Problem| problem.into_response();
    let (parts, body) = request.into_parts();
    check_origin(&parts.headers).map_err(problem)?;
    limit(visit)?;
    let token = parts.headers.get(TOKEN).and_then(|token| token.to_str().ok()).unwrap_or_default();
    check_token(visit, token).map_err(problem)?;
    let body = read(body).await.map_err(problem)?;
    let wrong = |why: String| Problem::bad_request("not-asked-well", why).into_response();
    let given: Value = serde_json::from_slice(&body).map_err(|error| wrong(error.to_string()))?;
    let catalogue = visit.here.state.kernel.catalogue();
    let callable = callable(&catalogue, plugin, interface, function)?;
    if callable.rule.kind == Kind::Command {
        let Some(fields) = fields(&callable.function, &given) else {
            return Err(wrong(format!("A frame fills in at most {FIELDS_MAX} fields of a record.")));
        };
        let query: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
        let (name, short) = (&callable.function.name, &callable.interface.short);
        let page = format!("/p/{plugin}/{CALL}/{short}/{name}?{}", query.join("&"));
        return Ok(json_response(&serde_json::json!({ "page": page })));
    }
    let arguments = json::arguments(&callable.function, &given).map_err(|error| wrong(error.to_string()))?;
    let call = visit.call(&callable.plugin, &callable.interface.id, &callable.function.name, arguments);
    let answer = visit.here.state.kernel.call(call).await;
    let answer =
        answer.map_err(|error| refusal::from_call_error(&error, visit.browser.is_some()).into_response())?;
    let said = match answer_to_json(&callable, &answer) {
        Ok(value) => serde_json::json!({ "ok": value }),
        Err(error) => serde_json::json!({ "refused": error }),
    };
    Ok((StatusCode::OK, json_response(&said)).into_response())
}

/// What a frame fills in of a function's form, as the form's fields. What it leaves out stays empty, what the function does
/// not take is not there. None: it is no record, or too much.
fn fields(function: &Function, given: &Value) -> Option<Vec<forms::Field>> {
    let given = given.as_object()?;
    let mut all = Vec::new();
    for param in &function.params {
        if let Some(value) = given.get(&param.name).filter(|value| !value.is_null()) {
            forms::to_fields(&param.ty, value, &param.name, &mut all);
        }
    }
    (all.len() <= FIELDS_MAX).then_some(all)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_frame_fills_in_is_in_the_fields_of_the_form_and_nothing_else() {
        let wit = "package a:b@0.1.0; interface i { record line { text: string, loud: bool, note: option<string> } \
                   f: func(number: u8, line: line, tags: list<string>); }";
        let interfaces = hamlet_reflect::parse_texts(&[("i.wit", wit)]).unwrap();
        let function = interfaces.first().unwrap().function("f").unwrap();
        let filled = |given: Value| fields(function, &given);
        let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let given =
            json!({ "number": 3, "line": { "text": "a&b", "loud": true }, "tags": ["x", "y"], "other": 1 });
        let expected = [
            ("number", "3"),
            ("line.text", "a&b"),
            ("line.loud", "true"),
            ("line.note~", "none"),
            ("tags.~", "2"),
            ("tags.0", "x"),
            ("tags.1", "y"),
        ];
        assert_eq!(filled(given).unwrap(), expected.map(pair));
        assert_eq!(filled(json!({ "tags": null })).unwrap(), [], "it may leave out what it likes");
        for wrong in [json!([]), json!("x"), json!(null), json!({ "tags": vec!["x"; 100] })] {
            assert_eq!(filled(wrong.clone()), None, "{wrong}");
        }
    }
}
