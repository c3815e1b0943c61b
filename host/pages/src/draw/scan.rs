//! `<h-scan>`: opens a code of this community with the camera, where the browser reads codes; beside it, in words, the way
//! without. The button is hidden until the host's script has seen that there is a camera and a reader, so that nobody
//! presses what does nothing. What is read is opened only when it is a page of this very origin (`scan.js`).

use crate::tree::{Element, Node};
use crate::words::Say;

pub(super) fn draw(say: &Say) -> Vec<Node> {
    let button = Element::new("button")
        .with("type", "button")
        .with("class", "quiet")
        .with("data-scan", "")
        .with("data-stop", say.t("scan-stop"))
        .with("data-strange", say.t("scan-strange"))
        .with("data-refused", say.t("scan-refused"))
        .with("hidden", "")
        .text(say.t("scan"));
    let picture = Element::new("video").with("muted", "").with("playsinline", "").with("hidden", "");
    let said = Element::new("p").with("role", "status");
    let other = Element::new("p").with("class", "soft").text(say.t("scan-other"));
    let all =
        Element::new("div").with("class", "h-scan").child(button).child(picture).child(said).child(other);
    vec![all.into()]
}
