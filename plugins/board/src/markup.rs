//! The board's small markup: plain text as people type it in a letter.
//!
//! A blank line parts paragraphs; `- ` and `1. ` begin items, `> ` a quotation; `*bold*`, `_italic_` and `` `code` ``;
//! `https://` links and `@handles` as they are. Nothing nests, so one pass over the text is enough, whatever is in it.
//! It is written through [`Html`], which escapes: no text can become markup that is not in this list.

use hamlet_sdk::Html;

/// What a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Nothing,
    Paragraph,
    List,
    Steps,
    Quotation,
}

impl Block {
    const fn opening(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Paragraph => "<p>",
            Self::List => "<ul>",
            Self::Steps => "<ol>",
            Self::Quotation => "<blockquote><p>",
        }
    }

    const fn closing(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Paragraph => "</p>",
            Self::List => "</ul>",
            Self::Steps => "</ol>",
            Self::Quotation => "</p></blockquote>",
        }
    }
}

/// Writes a text.
pub fn write(html: &mut Html, text: &str) {
    let mut block = Block::Nothing;
    for line in text.lines().map(str::trim) {
        let Line { block: kind, number, words } = classify(line);
        if kind == block {
            // Within a paragraph a line break is what the writer meant by it.
            if matches!(kind, Block::Paragraph | Block::Quotation) {
                html.markup("<br>");
            }
        } else {
            html.markup(block.closing());
            if number > 1 {
                html.markup("<ol").attribute("start", number).markup(">");
            } else {
                html.markup(kind.opening());
            }
            block = kind;
        }
        match kind {
            Block::Nothing => {}
            Block::Paragraph | Block::Quotation => inline(html, words),
            Block::List | Block::Steps => {
                html.markup("<li>");
                inline(html, words);
                html.markup("</li>");
            }
        }
    }
    html.markup(block.closing());
}

/// A line, taken apart.
struct Line<'a> {
    block: Block,
    /// Of a step, its number; else 0.
    number: u32,
    words: &'a str,
}

fn classify(line: &str) -> Line<'_> {
    let plain = |block, words| Line { block, number: 0, words };
    if line.is_empty() {
        return plain(Block::Nothing, line);
    }
    if let Some(words) = line.strip_prefix("- ") {
        return plain(Block::List, words);
    }
    if let Some(words) = line.strip_prefix('>') {
        return plain(Block::Quotation, words.trim_start());
    }
    let step = line.split_once(". ").filter(|(digits, _)| {
        (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    match step.and_then(|(digits, words)| Some((digits.parse().ok()?, words))) {
        Some((number, words)) => Line { block: Block::Steps, number, words },
        None => plain(Block::Paragraph, line),
    }
}

/// A part of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    Strong(&'a str),
    Emphasis(&'a str),
    Code(&'a str),
    /// `@handle`.
    Mention(&'a str),
    Link(&'a str),
}

/// The parts of a line, from its front. Each step takes something off the front, and looks no further than to the next mark of the same
/// kind, so the time is linear in the length.
struct Reader<'a> {
    rest: &'a str,
    before: char,
}

impl<'a> Reader<'a> {
    const fn of(line: &'a str) -> Self {
        Self { rest: line, before: ' ' }
    }

    /// The first so many bytes.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        self.before = taken.chars().next_back().unwrap_or(self.before);
        taken
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let first = self.rest.chars().next()?;
        if let Some((part, length)) = special(self.rest).filter(|_| !self.before.is_alphanumeric()) {
            self.take(length);
            return Some(part);
        }
        let after = self.rest.get(first.len_utf8()..).unwrap_or_default();
        let plain = after.find(['*', '_', '`', '@', 'h']).unwrap_or(after.len());
        Some(Part::Text(self.take(first.len_utf8() + plain)))
    }
}

/// What begins here, if something does, and how many bytes it takes.
fn special(from: &str) -> Option<(Part<'_>, usize)> {
    match from.as_bytes().first()? {
        b'*' => marked(from, '*').map(|inside| (Part::Strong(inside), inside.len() + 2)),
        b'_' => marked(from, '_').map(|inside| (Part::Emphasis(inside), inside.len() + 2)),
        b'`' => marked(from, '`').map(|inside| (Part::Code(inside), inside.len() + 2)),
        b'@' => handle(from).map(|handle| (Part::Mention(handle), handle.len())),
        b'h' => link(from).map(|link| (Part::Link(link), link.len())),
        _ => None,
    }
}

/// What stands between two marks.
fn marked(from: &str, mark: char) -> Option<&str> {
    let (inside, _) = from.strip_prefix(mark)?.split_once(mark)?;
    (!inside.is_empty() && inside.trim() == inside).then_some(inside)
}

/// Writes one line.
fn inline(html: &mut Html, line: &str) {
    for piece in Reader::of(line) {
        match piece {
            Part::Text(words) => html.text(words),
            Part::Strong(words) | Part::Mention(words) => {
                html.markup("<strong>").text(words).markup("</strong>")
            }
            Part::Emphasis(words) => html.markup("<em>").text(words).markup("</em>"),
            Part::Code(words) => html.markup("<code>").text(words).markup("</code>"),
            Part::Link(address) => {
                html.markup("<a").attribute("href", address).markup(">").text(address).markup("</a>")
            }
        };
    }
}

/// `@handle` at the front, as the host has handles: 2 to 32 of a-z, 0-9 and hyphen, none at an end.
fn handle(from: &str) -> Option<&str> {
    let name = from.strip_prefix('@')?;
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let length = name.bytes().take(33).take_while(|byte| known(*byte)).count();
    let name = name.get(..length)?.trim_end_matches('-');
    let good = (2..=32).contains(&name.len()) && !name.starts_with('-');
    if good { from.get(..=name.len()) } else { None }
}

/// A link at the front, without the punctuation that ends the sentence around it.
fn link(from: &str) -> Option<&str> {
    const SCHEME: &str = "https://";
    if !from.starts_with(SCHEME) {
        return None;
    }
    let end =
        from.find(|letter: char| letter.is_whitespace() || "<>\"'`".contains(letter)).unwrap_or(from.len());
    let link = from.get(..end)?.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '*', '_']);
    (link.len() > SCHEME.len()).then_some(link)
}

/// The handles that a text mentions, each once, without the `@`: those that are shown as mentions.
#[must_use]
pub fn mentions(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in text.lines().flat_map(|line| Reader::of(classify(line.trim()).words)) {
        let Part::Mention(handle) = part else { continue };
        let name = handle.trim_start_matches('@');
        if !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}

/// The text in one line of at most `most` letters, cut at a word: for notices.
#[must_use]
pub fn plain(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((cut, _)) = line.char_indices().nth(most) else { return line };
    let short = line.get(..cut).unwrap_or_default();
    let short = short.rsplit_once(' ').map_or(short, |(words, _)| words);
    format!("{short}…")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn html(text: &str) -> String {
        let mut html = Html::new();
        write(&mut html, text);
        html.finish()
    }

    #[test]
    fn letters_are_shown_as_they_were_meant() {
        for (text, shown) in [
            ("", ""),
            ("Bread", "<p>Bread</p>"),
            ("Bread\nand salt\n\n\nNow", "<p>Bread<br>and salt</p><p>Now</p>"),
            (
                "Bring:\n- a *bowl*\n- _salt_",
                "<p>Bring:</p><ul><li>a <strong>bowl</strong></li><li><em>salt</em></li></ul>",
            ),
            ("1. knead\n2. bake", "<ol><li>knead</li><li>bake</li></ol>"),
            ("> said\n> twice\nno", "<blockquote><p>said<br>twice</p></blockquote><p>no</p>"),
            ("ask @ana-b, not me@ana", "<p>ask <strong>@ana-b</strong>, not me@ana</p>"),
            (
                "see https://a.example/b_c_d.",
                "<p>see <a href=\"https://a.example/b_c_d\">https://a.example/b_c_d</a>.</p>",
            ),
            ("`<b>`", "<p><code>&lt;b&gt;</code></p>"),
            ("2*3*4 a_b_c * x *", "<p>2*3*4 a_b_c * x *</p>"),
            ("**", "<p>**</p>"),
            ("2026. was a year", "<p>2026. was a year</p>"),
            ("5. knead\n6. bake", "<ol start=\"5\"><li>knead</li><li>bake</li></ol>"),
        ] {
            assert_eq!(html(text), shown, "{text}");
        }
    }

    #[test]
    fn people_are_mentioned_once() {
        assert_eq!(mentions("@ana and @pau-2, @ana; x@omar @- @a @ana-"), ["ana", "pau-2"]);
        // What is shown as a link or as code is no mention.
        assert!(mentions("https://a.example/@ana `@pau` *@lena*").is_empty());
        assert_eq!(plain("one  two\nthree", 8), "one two…");
        assert_eq!(plain("één", 3), "één");
    }

    /// Elements in the order of their opening; panics where one is closed that is not open.
    fn well_nested(mut html: &str) -> Vec<String> {
        let (mut open, mut seen) = (Vec::<String>::new(), Vec::new());
        while let Some((_, rest)) = html.split_once('<') {
            let (tag, rest) = rest.split_once('>').unwrap();
            let name = tag.split(' ').next().unwrap();
            match name.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop().as_deref(), Some(name)),
                None if name == "br" => {}
                None => {
                    open.push(name.to_owned());
                    seen.push(tag.to_owned());
                }
            }
            html = rest;
        }
        assert!(open.is_empty());
        seen
    }

    const KNOWN: [&str; 9] = ["p", "ul", "ol", "li", "blockquote", "strong", "em", "code", "br"];

    fn is_safe(text: &str) {
        let shown = html(text);
        for tag in well_nested(&shown) {
            let link = tag
                .strip_prefix("a href=\"https://")
                .is_some_and(|rest| !rest.trim_end_matches('"').contains('"'));
            let start = tag
                .strip_prefix("ol start=\"")
                .is_some_and(|rest| rest.trim_end_matches('"').parse::<u32>().is_ok());
            assert!(link || start || KNOWN.contains(&tag.as_str()), "{tag} of {text}");
        }
    }

    #[test]
    fn hostile_texts_stay_texts() {
        for text in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "*<svg/onload=alert(1)>*",
            "https://a\"onmouseover=alert(1)//",
            "https://a.example/'onclick='x",
            "https://<script>",
            "[x](javascript:alert(1))",
            "javascript:alert(1)",
            "`</code><script>`",
            "> <iframe src=//e>",
            "@<b>x</b>",
            "&lt;script&gt;&#x3c;",
            "<!--\n-->\n<![CDATA[",
            "- *_`@https://\u{0}\u{202e}",
        ] {
            is_safe(text);
        }
    }

    #[test]
    fn long_rows_of_marks_take_no_time() {
        for mark in ["*", "_", "`", "@", "h", "> ", "- ", "*_", "@a", "https://", "*a *"] {
            is_safe(&mark.repeat(65_536 / mark.len()));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_shown_whole_and_safe(text in "[-a-c1.*_`@>h \n<&é]{0,80}|.{0,40}") {
            is_safe(&text);
            // Every letter is there, in order, and no other.
            let shown = html(&text);
            let (mut words, mut in_tag) = (String::new(), false);
            for letter in shown.chars() {
                match letter {
                    '<' => in_tag = true,
                    '>' => in_tag = false,
                    _ if in_tag => {}
                    _ => words.push(letter),
                }
            }
            for (written, read) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
                words = words.replace(written, read);
            }
            let letters = |text: &str| text.chars().filter(|letter| letter.is_alphabetic()).collect::<String>();
            prop_assert_eq!(letters(&words), letters(&text));
            let _ = (mentions(&text), plain(&text, 10));
        }
    }
}
