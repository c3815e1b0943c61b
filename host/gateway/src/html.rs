//! Writing HTML without a way to forget escaping: text goes in by [`Html::text`] only.

/// A document that is being written.
#[derive(Default)]
pub(crate) struct Html(String);

impl Html {
    /// Markup of this program. Only literals: what came from anywhere else is [`Html::text`].
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
                '\'' => self.0.push_str("&#39;"),
                letter => self.0.push(letter),
            }
        }
        self
    }

    /// Doc comments: paragraphs, with `code` where the comment has backticks.
    pub fn docs(&mut self, docs: &str) -> &mut Self {
        for paragraph in docs.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
            self.markup("<p>").inline(paragraph).markup("</p>\n");
        }
        self
    }

    /// One line of a doc comment.
    pub fn inline(&mut self, docs: &str) -> &mut Self {
        let mut code = false;
        for (index, part) in docs.split('`').enumerate() {
            if index > 0 {
                code = !code;
                self.markup(if code { "<code>" } else { "</code>" });
            }
            self.text(part);
        }
        if code {
            self.markup("</code>");
        }
        self
    }

    pub fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Html;

    #[test]
    fn markup_in_a_text_is_shown_and_not_run() {
        let mut html = Html::default();
        html.docs("<script>alert('x')</script> `a<b`\n\nodd ` tick & \"quote\"");
        let out = html.finish();
        assert!(!out.contains("<script") && out.contains("&lt;script&gt;"), "{out}");
        assert!(out.contains("<code>a&lt;b</code>") && out.contains("&amp; &quot;quote&quot;"), "{out}");
        assert_eq!(out.matches("<code>").count(), out.matches("</code>").count(), "{out}");
    }
}
