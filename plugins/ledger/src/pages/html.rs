//! Writing HTML. Markup is literal; whatever is not goes through [`Html::text`], which escapes it.

/// A page that is being written.
#[derive(Default)]
pub(super) struct Html(String);

impl Html {
    /// Markup of this program.
    pub fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text, or the value of a quoted attribute.
    pub fn text(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                letter => self.0.push(letter),
            }
        }
        self
    }

    /// A part of a query in a quoted attribute: percent-encoded.
    pub fn query(&mut self, text: &str) -> &mut Self {
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                self.0.push(char::from(byte));
            } else {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                self.0.push('%');
                for digit in [byte >> 4, byte & 15] {
                    self.0.push(HEX.get(usize::from(digit)).map_or('0', |digit| char::from(*digit)));
                }
            }
        }
        self
    }

    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_wrote_is_shown_and_not_run() {
        let mut html = Html::default();
        html.markup("<p title=\"").text("a\"b").markup("\">").text("<b>&").markup("</p>");
        assert_eq!(html.finish(), "<p title=\"a&quot;b\">&lt;b&gt;&amp;</p>");
        assert_eq!(Html::default().query("a b&c=é").finish(), "a%20b%26c%3D%C3%A9");
    }
}
