//! `<h-party id="HEX">`: a member chip. The name is looked up by the host, so a plugin cannot put another one there.

use super::{Named, Viewer};
use crate::tree::{Element, Node};

/// `linked`: a link to her page may stand here.
pub(super) fn draw(element: &Element, viewer: &Viewer<'_>, linked: bool) -> Option<Vec<Node>> {
    let id = element.get("id")?.parse().ok()?;
    let Named { name, page } = (viewer.party)(id).filter(|party| !party.name.trim().is_empty())?;
    let initials: String = name
        .split_whitespace()
        .filter_map(|word| word.chars().next())
        .filter(|letter| letter.is_alphanumeric())
        .take(2)
        .flat_map(char::to_uppercase)
        .collect();
    let face = Element::new("span").with("class", "h-face").with("aria-hidden", "true").text(initials);
    let name = match page.filter(|_| linked) {
        Some(page) => Element::new("bdi").child(Element::new("a").with("href", page).text(name)),
        None => Element::new("bdi").text(name),
    };
    Some(vec![Element::new("span").with("class", "h-party").child(face).child(name).into()])
}
