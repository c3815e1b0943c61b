//! From the raw tree to the one that is shown.
//!
//! Every element is judged by where it would stand in the *new* tree. One that does not fit is taken apart, so its
//! children are judged by the same place. The rules of fitting are the parser's: for each, what it would do with
//! the tree if it read it back.

use html5ever::{Attribute, ns};

use super::allow::{self, Allowed, GONE};
use super::parse::{Data, Raw};
use super::rule::clean;
use crate::tree::{Element, Fragment, Node};

/// Deepest recursion. Reading stops before; adoption of formatting elements may add some.
const RECURSION_MAX: usize = 500;

/// Where a node would stand in the new tree.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each says whether one kind of element is open around")]
struct Around {
    parent: &'static str,
    grandparent: &'static str,
    /// No paragraph, heading or button is open around.
    blocks: bool,
    link: bool,
    button: bool,
    form: bool,
    depth: usize,
}

pub(super) fn rebuild(raw: &Raw, plugin: &str) -> Fragment {
    let top = Around {
        parent: "",
        grandparent: "",
        blocks: true,
        link: false,
        button: false,
        form: false,
        depth: 0,
    };
    let mut nodes = Vec::new();
    Builder { raw, plugin }.children(raw.root, top, &mut nodes);
    Fragment { nodes }
}

struct Builder<'a> {
    raw: &'a Raw,
    plugin: &'a str,
}

impl Builder<'_> {
    fn children(&self, of: usize, around: Around, into: &mut Vec<Node>) {
        if around.depth > RECURSION_MAX {
            return;
        }
        let around = Around { depth: around.depth + 1, ..around };
        let Some(node) = self.raw.nodes.get(of) else { return };
        for child in &node.children {
            match self.raw.nodes.get(*child).map(|child| &child.data) {
                Some(Data::Text(text)) => add_text(text, around, into),
                Some(Data::Element { name, attributes }) if name.ns == ns!(html) => {
                    self.element(*child, &name.local, attributes, around, into);
                }
                // Other namespaces go with all that is in them: that is where trees are read in two ways.
                _ => {}
            }
        }
    }

    fn element(
        &self,
        index: usize,
        name: &str,
        attributes: &[Attribute],
        around: Around,
        into: &mut Vec<Node>,
    ) {
        if GONE.contains(&name) {
            return;
        }
        let known = allow::allowed(name).filter(|allowed| fits(allowed, around));
        let Some(allowed) = known else { return self.taken_apart(index, name, around, into) };
        let mut element = Element::new(allowed.name);
        for attribute in attributes {
            let Some((name, rule)) = allow::rule(allowed, &attribute.name.local) else { continue };
            if let Some(value) = rule.check(self.plugin, &attribute.value) {
                element.set(name, value);
            }
        }
        if !complete(&mut element, attributes) {
            if element.tag == "img" {
                add_text(element.get("alt").unwrap_or_default(), around, into);
            }
            return self.taken_apart(index, name, around, into);
        }
        if !element.is_void() {
            let inside = Around {
                parent: allowed.name,
                grandparent: around.parent,
                blocks: around.blocks && !PHRASING.contains(&allowed.name),
                link: around.link || allowed.name == "a",
                button: around.button || allowed.name == "button",
                form: around.form || allowed.name == "form",
                depth: around.depth,
            };
            self.children(index, inside, &mut element.children);
        }
        into.push(Node::Element(element));
    }

    /// What is inside stays, at this place. Of a list to choose from nothing is left without its field.
    fn taken_apart(&self, index: usize, name: &str, around: Around, into: &mut Vec<Node>) {
        if !matches!(name, "select" | "datalist" | "textarea") {
            self.children(index, around, into);
        }
    }
}

/// Elements in which no block may be: a parser ends a paragraph for it, and the others by what they are.
const PHRASING: [&str; 9] = ["p", "h2", "h3", "h4", "h5", "h6", "button", "caption", "legend"];

/// Elements that hold no text of their own.
const NO_TEXT: [&str; 9] =
    ["table", "thead", "tbody", "tfoot", "tr", "colgroup", "select", "optgroup", "datalist"];

fn add_text(text: &str, around: Around, into: &mut Vec<Node>) {
    if NO_TEXT.contains(&around.parent) || text.is_empty() {
        return;
    }
    let text = clean(text);
    if let Some(Node::Text(before)) = into.last_mut() {
        before.push_str(&text);
    } else {
        into.push(Node::Text(text));
    }
}

/// Whether an element may stand here.
fn fits(allowed: &Allowed, around: Around) -> bool {
    let Around { parent, grandparent, .. } = around;
    // What the parent takes.
    let taken = match parent {
        "table" => matches!(allowed.name, "caption" | "colgroup" | "thead" | "tbody" | "tfoot"),
        "thead" | "tbody" | "tfoot" => allowed.name == "tr",
        "tr" => matches!(allowed.name, "td" | "th"),
        "colgroup" => allowed.name == "col",
        "select" => matches!(allowed.name, "option" | "optgroup"),
        "optgroup" | "datalist" => allowed.name == "option",
        "option" | "textarea" | "h-money" | "h-time" | "h-party" | "h-qr" | "h-progress" => false,
        _ => true,
    };
    // Where the element may be.
    let placed = match allowed.name {
        "caption" | "colgroup" | "thead" | "tbody" | "tfoot" => parent == "table",
        "tr" => matches!(parent, "thead" | "tbody" | "tfoot"),
        "td" | "th" => parent == "tr",
        "col" => parent == "colgroup",
        "li" => matches!(parent, "ul" | "ol"),
        "dt" | "dd" => parent == "dl" || (parent == "div" && grandparent == "dl"),
        "optgroup" => parent == "select",
        "option" => matches!(parent, "select" | "optgroup" | "datalist"),
        "summary" => parent == "details",
        "legend" => parent == "fieldset",
        "figcaption" => parent == "figure",
        "a" => !around.link && !around.button,
        "form" => !around.form,
        "button" => around.form && !around.button && !around.link,
        "input" | "select" | "textarea" | "datalist" | "label" | "fieldset" => {
            around.form && !around.button && !around.link
        }
        _ => true,
    };
    taken && placed && (around.blocks || !allowed.block)
}

/// Adds what the host adds, and says whether the element has what it needs.
fn complete(element: &mut Element, attributes: &[Attribute]) -> bool {
    // An attribute that was there and is not right is not the same as none.
    let given = |name: &str| attributes.iter().any(|attribute| &*attribute.name.local == name);
    match element.tag {
        "a" => {
            if element.get("href").is_some_and(|href| href.starts_with("https:")) {
                element.set("rel", "noopener noreferrer");
            }
            element.get("href").is_some()
        }
        "img" => {
            if element.get("alt").is_none() {
                element.set("alt", "");
            }
            element.set("loading", "lazy");
            element.get("src").is_some()
        }
        "form" => element.get("action").is_some(),
        "button" => {
            element.set("type", "submit");
            true
        }
        // A type that is not allowed is no field at all: a password must not be typed in clear.
        "input" => {
            given("type") == element.get("type").is_some()
                && (element.get("name").is_some() || is_submit(element))
        }
        "select" | "textarea" => element.get("name").is_some(),
        "h-money" => element.get("amount").is_some() && given("scale") == element.get("scale").is_some(),
        "h-time" => element.get("value").is_some(),
        "h-party" => element.get("id").is_some(),
        "h-qr" => element.get("href").is_some() || element.get("text").is_some_and(|text| !text.is_empty()),
        "h-chart" => element.get("kind").is_some() && given("scale") == element.get("scale").is_some(),
        "h-progress" => element.get("value").is_some() && element.get("max").is_some(),
        _ => true,
    }
}

fn is_submit(element: &Element) -> bool {
    element.get("type") == Some("submit")
}
