//! `/p/{plugin}/blob/{hash}`: pictures on plugins' pages.
//!
//! Only what this plugin holds, only pictures by their first bytes, and only to whom it may be shown: to whoever was just
//! shown a page of the plugin with it (the address has the host's mark, made for her alone); and by its bare address a
//! picture about nobody to members, one that was sealed for a party to whoever acts for it. SVG is no picture here: it is
//! a program.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use hamlet_kernel::blobs::Hash;
use hamlet_kernel::catalogue::HOST;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, VARY};

use super::super::guard::picture_mark;
use super::super::visit::Visit;
use super::beside;
use crate::front;

/// Largest picture.
const PICTURE_BYTES_MAX: u64 = 16 << 20;
/// Nothing in it does anything, should a browser take it for a document.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");
/// What a hash names never changes. Her browser's alone, and there (`Vary`) hers alone: the next person who signs in at
/// it may not be one of those who may see it.
const KEEP: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

pub(super) async fn picture(Path((plugin, hash)): Path<(String, String)>, visit: Visit) -> Response {
    match shown(&plugin, &hash, &visit).await {
        Some((kind, bytes)) => {
            let tag =
                HeaderValue::from_str(&format!("\"{hash}\"")).unwrap_or(HeaderValue::from_static("\"\""));
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static(kind)),
                (CONTENT_SECURITY_POLICY, POLICY),
                (CACHE_CONTROL, KEEP),
                (ETAG, tag),
                (VARY, HeaderValue::from_static("Cookie")),
            ];
            (headers, bytes).into_response()
        }
        // Which of all reasons it is, is not told.
        None => front::not_found().await.into_response(),
    }
}

async fn shown(plugin: &str, hash: &str, visit: &Visit) -> Option<(&'static str, Vec<u8>)> {
    let state = &visit.here.state;
    let was_shown = has_mark(visit);
    let hash: Hash = *blake3::Hash::from_hex(hash).ok()?.as_bytes();
    let catalogue = state.kernel.catalogue();
    catalogue.plugins.get(plugin).filter(|info| info.active && plugin != HOST)?;
    let (kernel, name) = (state.kernel.clone(), plugin.to_owned());
    let held = beside(move || kernel.held_blob(&name, &hash)).await?.ok()??;
    if held.length > PICTURE_BYTES_MAX {
        return None;
    }
    if !was_shown {
        let person = visit.browser.as_ref()?.person;
        if let Some(party) = held.about {
            state.identity.acts_for_any(&state.kernel, person, &[party]).ok().filter(|may| *may)?;
        }
    }
    let kernel = state.kernel.clone();
    let bytes = beside(move || kernel.whole_blob(&hash)).await?.ok()?;
    Some((kind(&bytes)?, bytes))
}

/// Whether the address has the mark of a page that was drawn for whoever asks.
fn has_mark(visit: &Visit) -> bool {
    let Some((path, given)) = visit.path.split_once("?for=") else { return false };
    let viewer = visit.browser.as_ref().map(|browser| browser.person);
    let made = visit.here.state.picture_key.map(|key| picture_mark(&key, viewer, path));
    // Equality of BLAKE3 hashes takes constant time.
    blake3::Hash::from_hex(given).ok().is_some_and(|given| Some(given) == made)
}

/// The type of a picture by its first bytes; none: it is none that is shown.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    let begins = |with: &[u8]| bytes.starts_with(with);
    let at = |from: usize, with: &[u8]| bytes.get(from..).is_some_and(|rest| rest.starts_with(with));
    if begins(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if begins(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if begins(b"GIF87a") || begins(b"GIF89a") {
        Some("image/gif")
    } else if begins(b"RIFF") && at(8, b"WEBP") {
        Some("image/webp")
    } else if at(4, b"ftypavif") {
        Some("image/avif")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn a_picture_is_known_by_its_first_bytes_and_a_program_is_none() {
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(kind(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(kind(b"GIF89a"), Some("image/gif"));
        assert_eq!(kind(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        assert_eq!(kind(b"\0\0\0\x20ftypavif"), Some("image/avif"));
        for not in [
            &b""[..],
            b"<svg xmlns=\"http://www.w3.org/2000/svg\">",
            b"<html>",
            b"%PDF-1.7",
            b"RIFF\0\0\0\0WAVE",
            b"GIF8",
        ] {
            assert_eq!(kind(not), None, "{not:?}");
        }
    }
}
