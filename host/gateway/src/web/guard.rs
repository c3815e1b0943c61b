//! The guard of what is posted: a post is taken only from a page of this very origin, by the browser's own word
//! (`Sec-Fetch-Site`, else `Origin`), and for whoever is signed in also with a token that only a page of hers holds.
//! If it is wrong, another site's page acts with her rights.

use axum::body::Body;
use bytes::Bytes;
use hamlet_reflect::Id;
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, Limited};

use super::fields::FORM_BYTES_MAX;
use super::visit::Visit;
use crate::problem::Problem;

/// The field of a form that shows that it is a page of hers.
pub(crate) const CSRF: &str = "csrf";

/// What the forms of a session carry.
pub(crate) fn csrf(hash: &[u8; 32]) -> String {
    let token = blake3::derive_key("hamlet 2026 forms of a session", hash);
    blake3::Hash::from_bytes(token).to_hex().to_string()
}

/// That a page which the host drew for this viewer showed her this picture: put behind its address. `key`: this host's own,
/// new with each start, so that nobody can make one for herself.
pub(crate) fn picture_mark(key: &[u8; 32], viewer: Option<Id>, path: &str) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(&viewer.map_or(0, |viewer| viewer.0).to_be_bytes());
    hasher.update(path.as_bytes());
    hasher.finalize()
}

/// What was posted, of at most [`FORM_BYTES_MAX`] bytes.
pub(crate) async fn read(body: Body) -> Result<Bytes, Problem> {
    let read = Limited::new(body, FORM_BYTES_MAX).collect().await;
    read.map(http_body_util::Collected::to_bytes).map_err(|_| {
        let detail = format!("A form has at most {FORM_BYTES_MAX} bytes.");
        Problem::host(StatusCode::PAYLOAD_TOO_LARGE, "form-too-large", "Too large", detail)
    })
}

/// Whether the browser says that a post comes from this origin. Tools that say nothing have no cookies of a browser.
pub(crate) fn check_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let own = match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            let host = origin.split_once("://").map_or("", |(_, host)| host);
            text(HOST.as_str()).is_some_and(|here| here.eq_ignore_ascii_case(host))
        }
        (None, None) => true,
    };
    if own { Ok(()) } else { Err(foreign()) }
}

/// Whether who is signed in sent this from a page of hers.
pub(crate) fn check_token(visit: &Visit, token: &str) -> Result<(), Problem> {
    let Some(browser) = &visit.browser else { return Ok(()) };
    let expected = blake3::Hash::from_hex(csrf(&browser.hash)).ok();
    let given = blake3::Hash::from_hex(token).ok();
    // Equality of BLAKE3 hashes takes constant time.
    if given.is_some() && given == expected { Ok(()) } else { Err(foreign()) }
}

fn foreign() -> Problem {
    let detail = "This was not sent from a page of this community, or you signed in anew in between. Go back, load \
        the page again, and send it once more.";
    Problem::host(StatusCode::FORBIDDEN, "other-origin", "Sent from elsewhere", detail)
}

#[cfg(test)]
pub(super) mod tests {
    use http::HeaderValue;

    use super::*;

    pub(in crate::web) fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_post_is_taken_from_this_origin_alone() {
        for good in [
            &[("sec-fetch-site", "same-origin"), ("host", "oak.example")][..],
            &[("origin", "https://oak.example"), ("host", "oak.example")],
            &[("origin", "https://OAK.example:8443"), ("host", "oak.example:8443")],
            &[("host", "oak.example")],
        ] {
            assert!(check_origin(&headers(good)).is_ok(), "{good:?}");
        }
        for bad in [
            &[("sec-fetch-site", "cross-site"), ("host", "oak.example")][..],
            &[("sec-fetch-site", "same-site"), ("origin", "https://oak.example"), ("host", "oak.example")],
            &[("sec-fetch-site", "none"), ("host", "oak.example")],
            &[("origin", "https://oak.example.evil.example"), ("host", "oak.example")],
            &[("origin", "https://oak.example:1"), ("host", "oak.example")],
            &[("origin", "null"), ("host", "oak.example")],
        ] {
            assert!(check_origin(&headers(bad)).is_err(), "{bad:?}");
        }
    }
}
