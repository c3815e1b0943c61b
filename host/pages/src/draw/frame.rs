//! `<h-frame src="static/…" title="…" height="…">`: a plugin's own files in a frame that has an opaque origin and nothing
//! else. What it may ask is the host's script's to decide (`frame.js`), and the host's pages' to allow; here is only that
//! no attribute of it is the plugin's word but the address inside its own static files, a title and a height.

use crate::tree::{Element, Node};
use crate::words::Say;

/// Height of a frame that does not say, in CSS pixels.
const HEIGHT: &str = "360";

pub(super) fn draw(element: &Element, say: &Say) -> Option<Vec<Node>> {
    let src = element.get("src")?;
    // `/p/NAME/static/…`: the sanitiser has seen to it.
    let place = src.find("/static/").and_then(|end| src.get(..end))?;
    let frame = Element::new("iframe")
        .with("sandbox", "allow-scripts")
        .with("referrerpolicy", "no-referrer")
        .with("src", src)
        .with("title", element.get("title")?)
        .with("height", element.get("height").unwrap_or(HEIGHT));
    let said = Element::new("p").with("role", "status").with("hidden", "");
    let all = Element::new("div")
        .with("class", "h-frame")
        .with("data-frame", format!("{place}/frame"))
        .with("data-asks", say.t("frame-asks"))
        .with("data-look", say.t("frame-look"))
        .child(frame)
        .child(said);
    Some(vec![all.into()])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_frame_has_nothing_but_scripts_and_an_address_of_its_plugin() {
        let say = crate::words::Words::new(&[], None).say(Some("en"), None, "");
        let asked =
            Element::new("h-frame").with("src", "/p/beds/static/garden.html").with("title", "A picture");
        let html = crate::Fragment { nodes: draw(&asked, &say).unwrap() }.to_html();
        assert!(html.contains("sandbox=\"allow-scripts\""), "{html}");
        assert!(html.contains("data-frame=\"/p/beds/frame\""), "{html}");
        assert!(draw(&Element::new("h-frame").with("title", "x"), &say).is_none());
    }
}
