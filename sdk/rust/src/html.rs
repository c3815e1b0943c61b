//! Writing the HTML of a page (`hamlet:host/pages`).
//!
//! [`Html`] has no way to forget escaping: markup is a literal of the program (`&'static str`), and everything that came
//! from anywhere else goes in by [`text`](Html::text), [`attribute`](Html::attribute) or [`query`](Html::query), which
//! escape it. The host takes the page apart again and keeps what is on its list (P1), so a mistake here is no hole; it
//! would be a page on which a member's `<` or `&` is missing.
//!
//! What this is not: a templating language. A page is written from top to bottom, as it is read.
//!
//! ```
//! use hamlet_sdk::Html;
//!
//! let (name, handle) = ("Bread & <b>butter</b>", "rosa b");
//! let mut html = Html::new();
//! html.markup("<p>").text(name).markup("</p><a href=\"pay?to=").query(handle).markup("\">Pay</a>");
//! assert_eq!(
//!     html.finish(),
//!     "<p>Bread &amp; &lt;b&gt;butter&lt;/b&gt;</p><a href=\"pay?to=rosa%20b\">Pay</a>"
//! );
//! ```

use std::fmt::{Display, Write as _};

use crate::Id;

/// A page, or a part of one, that is being written. All methods give it back, so that calls can be chained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Html(String);

/// Writes to an [`Html`] escaped.
struct Escaped<'a>(&'a mut String);

impl std::fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            let (plain, special) = rest.split_at(at);
            self.0.push_str(plain);
            let mut letters = special.chars();
            self.0.push_str(match letters.next() {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('"') => "&quot;",
                _ => "&#39;",
            });
            rest = letters.as_str();
        }
        self.0.push_str(rest);
        Ok(())
    }
}

impl Html {
    /// An empty page.
    pub fn new() -> Self {
        Self::default()
    }

    /// Markup of this program: only literals fit.
    pub fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text between elements, or within the quotes of an attribute: escaped. Anything that can be displayed: words,
    /// numbers, ids.
    pub fn text(&mut self, text: impl Display) -> &mut Self {
        // Writing to a string does not fail; a `Display` that does has nothing to show.
        let _ = write!(Escaped(&mut self.0), "{text}");
        self
    }

    /// A whole attribute with a blank before it: ` value="…"`.
    pub fn attribute(&mut self, name: &'static str, value: impl Display) -> &mut Self {
        self.markup(" ").markup(name).markup("=\"").text(value).markup("\"")
    }

    /// A part of a link's query, within the quotes of an attribute: percent-encoded (RFC 3986).
    pub fn query(&mut self, text: &str) -> &mut Self {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                self.0.push(char::from(byte));
            } else {
                self.0.push('%');
                for digit in [byte >> 4, byte & 15] {
                    self.0.push(HEX.get(usize::from(digit)).map_or('0', |digit| char::from(*digit)));
                }
            }
        }
        self
    }

    /// A hidden field of a form.
    pub fn hidden(&mut self, name: &'static str, value: impl Display) -> &mut Self {
        self.markup("<input type=\"hidden\"").attribute("name", name).attribute("value", value).markup(">")
    }

    /// A member, by name; what is shown where nobody may know her.
    pub fn party(&mut self, party: Id, else_shown: &str) -> &mut Self {
        self.markup("<h-party").attribute("id", party).markup(">").text(else_shown).markup("</h-party>")
    }

    /// A time, in microseconds since 1970, as the viewer's language writes it: `date`, `time`, `datetime` or `relative`.
    pub fn time(&mut self, instant: u64, format: &'static str) -> &mut Self {
        self.markup("<h-time").attribute("format", format).attribute("value", instant).markup("></h-time>")
    }

    /// An amount in minor units, as the viewer's language writes it; what is shown where it cannot be drawn.
    pub fn money(&mut self, amount: i128, scale: u8, unit: &str, else_shown: &str) -> &mut Self {
        self.markup("<h-money").attribute("amount", amount).attribute("scale", scale).attribute("unit", unit);
        self.markup(">").text(else_shown).markup("</h-money>")
    }

    /// A picture that the plugin holds, by its hash; `alt`: what is on it, for who cannot see it.
    pub fn picture(&mut self, hash: &[u8], alt: &str) -> &mut Self {
        self.markup("<img src=\"blob/");
        for byte in hash {
            self.text(format_args!("{byte:02x}"));
        }
        self.markup("\"").attribute("alt", alt).markup(">")
    }

    /// The beginning of a thing that a member put up, by its name in this plugin (`hamlet:host/moderated`): it can be
    /// reported, and is drawn as hidden when stewards hid it. [`Self::content_end`] ends it.
    pub fn content(&mut self, name: &str) -> &mut Self {
        self.markup("<h-content").attribute("name", name).markup(">")
    }

    /// The end of such a thing.
    pub fn content_end(&mut self) -> &mut Self {
        self.markup("</h-content>")
    }

    /// Another part, as it was written.
    pub fn part(&mut self, part: &Html) -> &mut Self {
        self.0.push_str(&part.0);
        self
    }

    /// Bytes so far; a page has at most 256 KiB.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is written yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The page as text; what is left is empty.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Html;
    use proptest::prelude::*;

    #[test]
    fn what_somebody_wrote_is_shown_and_not_run() {
        let mut html = Html::new();
        html.markup("<p").attribute("title", "a\"b'c").markup(">").text("<b>&").text(-7).markup("</p>");
        assert_eq!(html.finish(), "<p title=\"a&quot;b&#39;c\">&lt;b&gt;&amp;-7</p>");
        assert_eq!(Html::new().query("a b&c=é").finish(), "a%20b%26c%3D%C3%A9");
        assert!(html.is_empty());
    }

    #[test]
    fn the_elements_of_the_host_hold_what_they_are_given() {
        let mut html = Html::new();
        html.hidden("to", "\"a\"").party(1.into(), "?").time(7, "date").money(
            -1250,
            2,
            "LEAF",
            "-12.50 LEAF",
        );
        assert_eq!(
            html.finish(),
            "<input type=\"hidden\" name=\"to\" value=\"&quot;a&quot;\">\
             <h-party id=\"00000000000000000000000000000001\">?</h-party>\
             <h-time format=\"date\" value=\"7\"></h-time>\
             <h-money amount=\"-1250\" scale=\"2\" unit=\"LEAF\">-12.50 LEAF</h-money>"
        );
    }

    #[test]
    fn a_part_is_put_in_as_it_was_written() {
        let mut part = Html::new();
        part.markup("<b>").text("&").markup("</b>");
        let mut whole = Html::new();
        whole.markup("<p>").part(&part).markup("</p>");
        assert_eq!((whole.len(), whole.finish().as_str()), (19, "<p><b>&amp;</b></p>"));
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_place(text in ".*") {
            let shown = Html::new().text(&text).finish();
            prop_assert!(!shown.contains(['<', '>', '"', '\'']));
            let read = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
            prop_assert_eq!(read.replace("&amp;", "&"), text.clone());
            let query = Html::new().query(&text).finish();
            prop_assert!(query.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte)));
        }
    }
}
