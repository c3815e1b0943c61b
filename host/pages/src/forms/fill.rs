//! What was typed, put back into a form, with what is wrong beside each field.

use std::collections::HashMap;

use super::{Field, FieldError};
use crate::tree::{Element, Node};
use crate::{PREFIX, bare};

/// Puts what was typed into the fields of a form, and each error after its field; those without one are said at the
/// top. Passwords cannot be here: a plugin has none.
pub fn fill(form: &mut Element, typed: &[Field], errors: &[FieldError]) {
    let mut filler =
        Filler { typed: HashMap::new(), met: HashMap::new(), errors, shown: vec![false; errors.len()] };
    for (name, value) in typed {
        filler.typed.entry(name).or_default().push(value);
    }
    filler.children(&mut form.children);
    let rest = errors.iter().zip(&filler.shown).filter(|(_, shown)| !**shown);
    let rest: Vec<Node> = rest.map(|(error, _)| Element::new("p").text(said(error)).into()).collect();
    if !rest.is_empty() {
        let top = Element::new("div").with("class", "h-error").with("role", "alert").children(rest);
        form.children.insert(0, top.into());
    }
}

/// An error away from its field says which one is meant.
fn said(error: &FieldError) -> String {
    if error.path.is_empty() { error.message.clone() } else { format!("{}: {}", error.path, error.message) }
}

struct Filler<'a> {
    typed: HashMap<&'a str, Vec<&'a str>>,
    /// How often a name was met: the second field of a name takes the second value.
    met: HashMap<String, usize>,
    errors: &'a [FieldError],
    shown: Vec<bool>,
}

impl Filler<'_> {
    fn children(&mut self, nodes: &mut Vec<Node>) {
        let mut at = 0;
        while at < nodes.len() {
            let mut after = None;
            if let Some(Node::Element(element)) = nodes.get_mut(at) {
                after = self.control(element);
                self.children(&mut element.children);
            }
            at += 1;
            if let Some(note) = after {
                nodes.insert(at, note);
                at += 1;
            }
        }
    }

    /// Fills a control in; what is wrong with it, to be put after it.
    fn control(&mut self, element: &mut Element) -> Option<Node> {
        if !matches!(element.tag, "input" | "select" | "textarea" | "h-picture") {
            return None;
        }
        let name = bare(element.get("name")?).to_owned();
        let kind = if element.tag == "input" { element.get("type").unwrap_or("text") } else { element.tag };
        let kind = kind.to_owned();
        if matches!(kind.as_str(), "hidden" | "submit") {
            return None;
        }
        let met = self.met.entry(name.clone()).or_default();
        let values = self.typed.get(name.as_str()).cloned().unwrap_or_default();
        let value = values.get(*met).or(values.last()).copied().unwrap_or_default();
        let first = *met == 0;
        *met += 1;
        match kind.as_str() {
            "checkbox" | "radio" => {
                let own = element.get("value").unwrap_or("on");
                if values.contains(&own) {
                    element.set("checked", "");
                } else {
                    element.unset("checked");
                }
            }
            "textarea" => element.children = vec![Node::Text(value.to_owned())],
            "select" => choose(&mut element.children, &values),
            _ => element.set("value", value),
        }
        let error = self.errors.iter().position(|error| error.path == name).filter(|_| first)?;
        *self.shown.get_mut(error)? = true;
        let id = format!("{PREFIX}error-{}", name.replace('~', "_"));
        element.set("aria-invalid", "true");
        element.set("aria-describedby", id.as_str());
        let note = Element::new("span").with("class", "h-error").with("id", id);
        Some(note.text(self.errors.get(error)?.message.as_str()).into())
    }
}

fn choose(options: &mut [Node], values: &[&str]) {
    for option in options {
        let Node::Element(option) = option else { continue };
        if option.tag == "optgroup" {
            choose(&mut option.children, values);
            continue;
        }
        let mut text = String::new();
        option.children.iter().for_each(|child| child.append_text(&mut text));
        let value = option.get("value").unwrap_or(text.trim());
        if values.contains(&value) {
            option.set("selected", "");
        } else {
            option.unset("selected");
        }
    }
}
