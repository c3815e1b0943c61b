//! A page as somebody sees it: the host's elements drawn, forms given a place to post to.
//!
//! What comes in is a sanitised tree. What is added here is the host's: SVG, `nav` of nothing, hidden fields. Each
//! of the host's elements has a text that is shown where it cannot be drawn: its own content.

mod chart;
mod content;
mod form;
mod frame;
mod money;
mod party;
mod picture;
mod progress;
mod qr;
mod scan;
mod share;
mod time;

pub use content::{Hidden, Moderation, contents};
pub use form::{Posting, post_forms};
pub use money::written as written_money;
pub use picture::DROP;
pub use time::{instant_from_local, written as written_time};

use std::collections::BTreeSet;

use hamlet_reflect::Id;
use jiff::tz::TimeZone;

use crate::tree::{self, Element, Fragment, Node};
use crate::words::Say;

/// Who looks.
pub struct Viewer<'a> {
    /// Says the host's own words in her language.
    pub say: &'a Say,
    /// Where her clock stands.
    pub zone: TimeZone,
    /// Now, in microseconds since 1970.
    pub now: i64,
    /// Scheme and host by which she reaches the community: `https://oakfield.example`.
    pub origin: &'a str,
    /// What a party is called, to her; none when she may not know or there is no such party.
    pub party: &'a dyn Fn(Id) -> Option<Named>,
    /// The address of a picture of the plugin's (`/p/PLUGIN/blob/HASH`), for the viewer.
    pub picture: &'a dyn Fn(&str) -> String,
    /// What was reported and hidden.
    pub moderation: Moderation<'a>,
}

/// A party as the viewer knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// How it is called.
    pub name: String,
    /// The page about it; none: not for the viewer.
    pub page: Option<String>,
}

/// All that drawing needs beside the page.
pub struct Drawing<'a> {
    /// Who looks.
    pub viewer: Viewer<'a>,
    /// Where forms post to; none: forms are not shown (a printed page, a mail).
    pub posting: Option<Posting<'a>>,
}

impl Fragment {
    /// The page as markup for a browser.
    pub fn draw(&self, drawing: &Drawing<'_>) -> String {
        let mut html = String::new();
        Pen { drawing, forms: 0, inside_link: 0 }.nodes(&mut html, &self.nodes);
        html
    }
}

/// The parties whose names a page shows.
pub fn parties(page: &Fragment) -> BTreeSet<Id> {
    let mut found = BTreeSet::new();
    tree::each(&page.nodes, &mut |element| {
        let id = element.get("id").filter(|_| element.tag == "h-party");
        found.extend(id.and_then(|id| id.parse::<Id>().ok()));
    });
    found
}

/// Elements that do something when they are pressed.
const PRESSED: [&str; 4] = ["a", "button", "label", "summary"];

struct Pen<'a> {
    drawing: &'a Drawing<'a>,
    /// Forms that post so far; each knows its number.
    forms: usize,
    /// In how many elements it is that do something when they are pressed: no link belongs in there.
    inside_link: usize,
}

impl Pen<'_> {
    fn nodes(&mut self, html: &mut String, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Text(text) => tree::write_text(html, text),
                Node::Element(element) => self.element(html, element),
            }
        }
    }

    fn element(&mut self, html: &mut String, element: &Element) {
        let viewer = &self.drawing.viewer;
        let drawn = match element.tag {
            "h-money" => money::draw(element, viewer.say),
            "h-time" => time::draw(element, viewer),
            "h-party" => party::draw(element, viewer, self.inside_link == 0),
            "h-qr" => qr::draw(element, viewer.origin),
            "h-picture" => picture::field(element, viewer),
            "img" => picture::shown(element, viewer),
            "h-share" => share::draw(element, viewer),
            "h-content" => return self.content(html, element),
            "h-scan" => Some(scan::draw(viewer.say)),
            "h-frame" => frame::draw(element, viewer.say),
            "h-chart" => chart::draw(element, viewer.say),
            "h-progress" => progress::draw(element, viewer.say),
            "form" => return self.form(html, element),
            "h-live" => {
                // `live.js` puts what the page says later in its place; a screen reader says it when nobody speaks.
                html.push_str("<div class=\"h-live\" data-live=\"\" aria-live=\"polite\">");
                self.nodes(html, &element.children);
                html.push_str("</div>");
                return;
            }
            "table" => {
                // A wide table scrolls by itself, by touch and by keyboard, and never the page.
                html.push_str("<div class=\"h-scroll\" tabindex=\"0\">");
                self.whole(html, element);
                html.push_str("</div>");
                return;
            }
            _ => return self.whole(html, element),
        };
        match drawn {
            Some(drawn) => tree::write_nodes(html, &drawn),
            None => self.nodes(html, &element.children),
        }
    }

    fn whole(&mut self, html: &mut String, element: &Element) {
        tree::open(html, element);
        if !element.is_void() {
            let pressed = usize::from(PRESSED.contains(&element.tag));
            self.inside_link += pressed;
            self.nodes(html, &element.children);
            self.inside_link -= pressed;
            tree::close(html, element.tag);
        }
    }
}
