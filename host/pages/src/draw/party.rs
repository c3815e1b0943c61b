//! `<h-party id="HEX">`: a member chip. The name is looked up by the host, so a plugin cannot put another one there.

use super::Viewer;
use crate::tree::{Element, Node};

pub(super) fn draw(element: &Element, viewer: &Viewer<'_>) -> Option<Vec<Node>> {
    let id = element.get("id")?.parse().ok()?;
    let name = (viewer.party)(id).filter(|name| !name.trim().is_empty())?;
    let initials: String = name
        .split_whitespace()
        .filter_map(|word| word.chars().next())
        .filter(|letter| letter.is_alphanumeric())
        .take(2)
        .flat_map(char::to_uppercase)
        .collect();
    let face = Element::new("span").with("class", "h-face").with("aria-hidden", "true").text(initials);
    let name = Element::new("bdi").text(name);
    Some(vec![Element::new("span").with("class", "h-party").child(face).child(name).into()])
}
