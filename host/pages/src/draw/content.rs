//! `<h-content name="post/12">`: what a member put up. Whoever looks can report it; what stewards hid is drawn as hidden,
//! whatever the plugin gives, and shown behind that to its author and to stewards alone (`hamlet:host/moderation`).

use super::{Pen, form};
use crate::tree::{self, Element};

/// What the host knows of the things on a page.
pub struct Moderation<'a> {
    /// Where a thing is reported, or its hiding looked at; none: not by who looks.
    pub place: &'a dyn Fn(&str) -> Option<String>,
    /// Why a thing is hidden; none: it is not.
    pub hidden: &'a dyn Fn(&str) -> Option<Hidden>,
}

/// That a thing is hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// In one sentence, in the viewer's language.
    pub said: String,
    /// Whether the viewer sees it all the same.
    pub shown: bool,
}

/// The names of the things on a page, in order.
pub fn contents(page: &crate::Fragment) -> Vec<String> {
    let mut found = Vec::new();
    tree::each(&page.nodes, &mut |element| {
        if let Some(name) = element.get("name").filter(|_| element.tag == "h-content") {
            found.push(name.to_owned());
        }
    });
    found
}

impl Pen<'_> {
    pub(super) fn content(&mut self, html: &mut String, element: &Element) {
        let viewer = &self.drawing.viewer;
        let name = element.get("name").unwrap_or_default();
        let hidden = (viewer.moderation.hidden)(name);
        let place = (viewer.moderation.place)(name);
        let words = if hidden.is_some() { "content-more" } else { "content-report" };
        let link = place.map(|place| {
            let link = Element::new("a").with("href", place).text(viewer.say.t(words));
            Element::new("p").with("class", "h-act").child(link).into()
        });
        html.push_str("<div class=\"h-content\">");
        match hidden {
            None => self.nodes(html, &element.children),
            Some(hidden) => {
                tree::write_node(html, &Element::new("p").with("class", "h-hidden").text(hidden.said).into());
                if hidden.shown {
                    html.push_str("<details><summary>");
                    tree::write_text(html, &viewer.say.t("content-look"));
                    html.push_str("</summary>");
                    self.nodes(html, &element.children);
                    html.push_str("</details>");
                } else {
                    self.forms += form::posting(&element.children);
                }
            }
        }
        if let Some(link) = link {
            tree::write_node(html, &link);
        }
        html.push_str("</div>");
    }
}
