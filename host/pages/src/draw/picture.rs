//! `<h-picture name="picture" value="HASH">`: a field of a form by which a picture is sent, and `<img src="blob/HASH">`,
//! which shows one.
//!
//! The host takes the file, leaves out what a camera hides in it, and keeps it; what the form's function is given under
//! `name` is its hash. `value`: the one that is there already, in base64url.

use super::Viewer;
use crate::PREFIX;
use crate::tree::{Element, Node};

/// Before the name of a field whose picture is to be taken away: a field of the host's.
pub const DROP: &str = "drop:";
/// What browsers are told that a picture may be.
const ACCEPT: &str = "image/jpeg,image/png";

/// The field: a file to choose; where there is a picture, itself and a way to take it away.
pub(super) fn field(element: &Element, viewer: &Viewer<'_>) -> Option<Vec<Node>> {
    let name = element.get("name")?;
    let say = viewer.say;
    let mut file = Element::new("input").with("type", "file").with("name", name).with("accept", ACCEPT);
    file.set("data-picture", "");
    file.set("id", element.get("id").map_or_else(|| format!("{PREFIX}file-{name}"), str::to_owned));
    for about in ["aria-invalid", "aria-describedby"] {
        if let Some(value) = element.get(about) {
            file.set(about, value);
        }
    }
    let mut nodes = vec![file.into()];
    if let Some(value) = element.get("value").filter(|value| !value.is_empty()) {
        let kept = Element::new("input").with("type", "hidden").with("name", name).with("value", value);
        let drop = Element::new("input").with("type", "checkbox").with("name", format!("{DROP}{name}"));
        let label = Element::new("label").with("class", "row").child(drop.with("value", "yes"));
        nodes.push(kept.into());
        nodes.push(label.text(" ").text(say.t("picture-drop")).into());
    }
    Some(nodes)
}

/// A picture, at an address that is good for who looks alone.
pub(super) fn shown(element: &Element, viewer: &Viewer<'_>) -> Option<Vec<Node>> {
    let src = (viewer.picture)(element.get("src")?);
    Some(vec![element.clone().with("src", src).with("loading", "lazy").into()])
}
