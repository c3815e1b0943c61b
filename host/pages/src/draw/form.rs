//! Forms: where they post to, and the hidden fields that the host puts in.
//!
//! A form that names a function becomes a `POST` to the gateway with a CSRF token, an idempotency key (X1), the page
//! that it stands on and the page to go to afterwards. One that names a page of the plugin becomes a `GET` of it: a
//! filter, a search. The host's own fields have no prefix and a plugin's all have, so none can be forged.

use super::Pen;
use crate::tree::{self, Element, Fragment, Node};

/// Where forms post to, and with what.
pub struct Posting<'a> {
    /// The session's CSRF token.
    pub csrf: &'a str,
    /// A new idempotency key: a UUIDv7 for each form.
    pub key: &'a dyn Fn() -> String,
    /// The page that is drawn: path and query, to be shown again when a field is wrong.
    pub here: &'a str,
    /// Where a function is posted to; none when the plugin has no such function.
    pub function: &'a dyn Fn(&str) -> Option<String>,
}

impl Pen<'_> {
    pub(super) fn form(&mut self, html: &mut String, element: &Element) {
        let Some(posting) = &self.drawing.posting else { return };
        let action = element.get("action").unwrap_or_default();
        let mut form = Element { children: Vec::new(), ..element.clone() };
        form.unset("return");
        if action.contains('/') {
            form.set("method", "get");
            tree::open(html, &form);
            self.nodes(html, &element.children);
            return tree::close(html, "form");
        }
        let number = self.forms;
        self.forms += 1;
        let Some(address) = (posting.function)(action) else {
            let words = self.drawing.viewer.say.t("form-unknown-function");
            return tree::write_node(html, &Element::new("p").with("class", "warn").text(words).into());
        };
        form.set("action", address);
        form.set("method", "post");
        let mut sends_file = false;
        tree::each(&element.children, &mut |inner| sends_file |= inner.tag == "h-picture");
        if sends_file {
            form.set("enctype", "multipart/form-data");
        }
        let key = (posting.key)();
        let number = number.to_string();
        let mut hidden = vec![
            ("csrf", posting.csrf),
            ("key", key.as_str()),
            ("page", posting.here),
            ("form", number.as_str()),
        ];
        if let Some(page) = element.get("return") {
            hidden.push(("return", page));
        }
        tree::open(html, &form);
        for (name, value) in hidden {
            let field = Element::new("input").with("type", "hidden").with("name", name).with("value", value);
            tree::write_node(html, &field.into());
        }
        self.nodes(html, &element.children);
        tree::close(html, "form");
    }
}

/// How many forms among nodes post.
pub(super) fn posting(nodes: &[Node]) -> usize {
    let mut number = 0;
    tree::each(nodes, &mut |element| number += usize::from(element.tag == "form" && is_posting(element)));
    number
}

fn is_posting(form: &Element) -> bool {
    !form.get("action").is_some_and(|action| action.contains('/'))
}

/// The forms of a page that post, in the order of their numbers.
pub fn post_forms(page: &mut Fragment) -> Vec<&mut Element> {
    let mut forms = Vec::new();
    collect(&mut page.nodes, &mut forms);
    forms
}

fn collect<'a>(nodes: &'a mut [Node], forms: &mut Vec<&'a mut Element>) {
    for node in nodes {
        let Node::Element(element) = node else { continue };
        if element.tag == "form" {
            if is_posting(element) {
                forms.push(element);
            }
        } else {
            collect(&mut element.children, forms);
        }
    }
}
