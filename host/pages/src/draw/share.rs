//! `<h-share href="PAGE" text="…">`: a text and the address of a page, to be passed on.
//!
//! With a script, by the phone's own sheet or to the clipboard (`share.js`); without one, it is there to be copied or
//! scanned. It holds what the plugin says of the page and its address: whoever opens that sees what is for her eyes.

use super::{Viewer, qr};
use crate::tree::{Element, Node};

pub(super) fn draw(element: &Element, viewer: &Viewer<'_>) -> Option<Vec<Node>> {
    let href = element.get("href")?;
    let say = viewer.say;
    let text = format!("{} {}{href}", element.get("text").unwrap_or_default(), viewer.origin);
    let area = Element::new("textarea").with("readonly", "").with("rows", "3").text(text.trim());
    let label = Element::new("label").text(say.t("share-text")).child(area);
    let button = |what: &str, words: &str| {
        let button = Element::new("button").with("type", "button").with("class", "quiet").with("hidden", "");
        button.with("data-share-by", what).text(say.t(words))
    };
    let copy = button("copy", "share-copy").with("data-done", say.t("share-copied"));
    let buttons = Element::new("p").with("class", "actions").child(button("sheet", "share-send")).child(copy);
    let code = Element::new("h-qr").with("href", href).with("label", say.t("share-scan"));
    let mut share =
        Element::new("div").with("class", "h-share").with("data-share", "").child(label).child(buttons);
    share.children.extend(qr::draw(&code, viewer.origin).unwrap_or_default());
    Some(vec![share.into()])
}
