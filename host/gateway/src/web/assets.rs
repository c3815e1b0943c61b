//! Files of the pages: one style sheet, one script, the manifest by which a phone installs the community.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::json;

use super::visit::Visit;
use crate::front;

const STYLE: &str = include_str!("pages.css");
/// Of what plugins show: their few classes, and the host's elements.
const PLUGIN: &str = include_str!("plugin/plugin.css");
const SCRIPT: &str = include_str!("pages.js");
/// What a plugin's frame asks.
const FRAME: &str = include_str!("plugin/frame.js");
/// A code before the camera.
const SCAN: &str = include_str!("scan.js");
/// Passing a page on.
const SHARE: &str = include_str!("share.js");
/// A photograph before it is sent.
const PICTURE: &str = include_str!("picture.js");
/// What renews itself on a plugin's page.
const LIVE: &str = include_str!("plugin/live.js");
/// Checkpoints and pages that a browser keeps.
const CARE: &str = include_str!("care/care.js");

pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    let (kind, text): (_, &[u8]) = match name.as_str() {
        "pages.css" => ("text/css; charset=utf-8", STYLE.as_bytes()),
        "plugin.css" => ("text/css; charset=utf-8", PLUGIN.as_bytes()),
        "pages.js" => ("text/javascript; charset=utf-8", SCRIPT.as_bytes()),
        "frame.js" => ("text/javascript; charset=utf-8", FRAME.as_bytes()),
        "share.js" => ("text/javascript; charset=utf-8", SHARE.as_bytes()),
        "picture.js" => ("text/javascript; charset=utf-8", PICTURE.as_bytes()),
        "live.js" => ("text/javascript; charset=utf-8", LIVE.as_bytes()),
        "scan.js" => ("text/javascript; charset=utf-8", SCAN.as_bytes()),
        "care.js" => ("text/javascript; charset=utf-8", CARE.as_bytes()),
        "icon-192.png" => ("image/png", include_bytes!("../../icons/icon-192.png")),
        "icon-512.png" => ("image/png", include_bytes!("../../icons/icon-512.png")),
        "maskable-512.png" => ("image/png", include_bytes!("../../icons/maskable-512.png")),
        "touch-180.png" => ("image/png", include_bytes!("../../icons/touch-180.png")),
        _ => return front::not_found().await.into_response(),
    };
    let kind = (CONTENT_TYPE, HeaderValue::from_static(kind));
    let keep = (CACHE_CONTROL, HeaderValue::from_static("public, max-age=600"));
    ([kind, keep], text).into_response()
}

pub(crate) async fn manifest(visit: Visit) -> Response {
    let name = &visit.community.name;
    let manifest = json!({
        "name": name, "short_name": name.chars().take(12).collect::<String>(), "id": "/", "start_url": "/", "scope": "/",
        "display": "standalone", "lang": visit.say.tag(), "dir": visit.say.direction(),
        "background_color": "#fbfaf6", "theme_color": "#2f6b3a",
        "icons": [
            { "src": "/icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any" },
            { "src": "/assets/icon-192.png", "sizes": "192x192", "type": "image/png", "purpose": "any" },
            { "src": "/assets/icon-512.png", "sizes": "512x512", "type": "image/png", "purpose": "any" },
            { "src": "/assets/maskable-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable" },
        ],
    });
    let kind = (CONTENT_TYPE, HeaderValue::from_static("application/manifest+json"));
    ([kind], manifest.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_and_the_style_fetch_nothing_from_elsewhere_and_evaluate_nothing() {
        for never in ["http:", "https:", "url(", "@import", "eval(", "innerHTML", "Function("] {
            assert!(
                [STYLE, PLUGIN, SCRIPT, SCAN, FRAME, LIVE, SHARE, PICTURE, CARE]
                    .iter()
                    .all(|text| !text.contains(never)),
                "{never}"
            );
        }
        assert!(STYLE.len() + PLUGIN.len() + SCRIPT.len() + SCAN.len() + LIVE.len() < 40_000);
        // All scripts together stay below 30 kB as they are, so below it when packed too.
        assert!(
            SCRIPT.len() + SCAN.len() + FRAME.len() + LIVE.len() + SHARE.len() + PICTURE.len() + CARE.len()
                < 30_000
        );
    }
}
