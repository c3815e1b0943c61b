//! `<h-progress value="3" max="8" label="…">`: how far something has come, with the numbers beside the bar.

use super::money;
use crate::tree::{Element, Node};
use crate::words::Say;

pub(super) fn draw(element: &Element, say: &Say) -> Option<Vec<Node>> {
    let value: i128 = element.get("value")?.parse().ok()?;
    let max: i128 = element.get("max")?.parse().ok()?;
    if max <= 0 || value < 0 {
        return None;
    }
    let shown =
        format!("{} {} {}", money::written(value, 0, say), say.t("element-of"), money::written(max, 0, say));
    let label = element.get("label").unwrap_or_default();
    let mut bar =
        Element::new("progress").with("max", max.to_string()).with("value", value.min(max).to_string());
    bar.set("aria-label", if label.is_empty() { shown.as_str() } else { label });
    let mut drawn = Element::new("div").with("class", "h-progress");
    if !label.is_empty() {
        drawn = drawn.child(Element::new("span").text(label));
    }
    drawn = drawn.child(bar).child(Element::new("span").with("class", "h-soft").text(shown));
    Some(vec![drawn.into()])
}
