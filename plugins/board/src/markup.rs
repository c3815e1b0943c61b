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
            Self::List => "<ul class=\"list\">",
            Self::Steps => "<ol class=\"list\">",
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
        let (kind, words) = classify(line);
        if kind == block {
            // Within a paragraph a line break is what the writer meant by it.
            if matches!(kind, Block::Paragraph | Block::Quotation) {
                html.markup("<br>");
            }
        } else {
            html.markup(block.closing()).markup(kind.opening());
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

fn classify(line: &str) -> (Block, &str) {
    if line.is_empty() {
        return (Block::Nothing, line);
    }
    if let Some(words) = line.strip_prefix("- ") {
        return (Block::List, words);
    }
    if let Some(words) = line.strip_prefix('>') {
        return (Block::Quotation, words.trim_start());
    }
    let digits = line.len() - line.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    match line.get(digits..).and_then(|rest| rest.strip_prefix(". ")) {
        Some(words) if (1..=3).contains(&digits) => (Block::Steps, words),
        _ => (Block::Paragraph, line),
    }
}

/// Writes one line. Each step takes something off the front, and looks no further than to the next mark of the same kind,
/// so the time is linear in the length.
fn inline(html: &mut Html, line: &str) {
    let mut rest = line;
    let mut before = ' ';
    while let Some(at) = rest.find(['*', '_', '`', '@', 'h']) {
        let (plain, from) = rest.split_at(at);
        html.text(plain);
        before = plain.chars().next_back().unwrap_or(before);
        let taken = if before.is_alphanumeric() { None } else { special(html, from) };
        let length = taken.unwrap_or_else(|| {
            let first = from.chars().next().map_or(0, char::len_utf8);
            html.text(from.get(..first).unwrap_or_default());
            first
        });
        let (done, after) = from.split_at(length);
        before = done.chars().next_back().unwrap_or(before);
        rest = after;
    }
    html.text(rest);
}

/// Writes what begins here, if something does: how many bytes it was.
fn special(html: &mut Html, from: &str) -> Option<usize> {
    match from.as_bytes().first()? {
        b'*' => marked(html, from, "*", "<strong>", "</strong>"),
        b'_' => marked(html, from, "_", "<em>", "</em>"),
        b'`' => marked(html, from, "`", "<code>", "</code>"),
        b'@' => {
            let handle = handle(from)?;
            html.markup("<strong>").text(handle).markup("</strong>");
            Some(handle.len())
        }
        _ => {
            let link = link(from)?;
            html.markup("<a").attribute("href", link).markup(">").text(link).markup("</a>");
            Some(link.len())
        }
    }
}

fn marked(
    html: &mut Html,
    from: &str,
    mark: &'static str,
    opening: &'static str,
    closing: &'static str,
) -> Option<usize> {
    let (inside, _) = from.strip_prefix(mark)?.split_once(mark)?;
    let good = !inside.is_empty() && inside.trim() == inside;
    good.then(|| {
        html.markup(opening).text(inside).markup(closing);
        inside.len() + 2 * mark.len()
    })
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

/// The handles that a text mentions, each once, without the `@`.
#[must_use]
pub fn mentions(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        if letter == '@' && !before.is_alphanumeric() {
            let name = text.get(at..).and_then(handle).and_then(|handle| handle.strip_prefix('@'));
            if let Some(name) = name.filter(|name| !found.iter().any(|known| known == name)) {
                found.push(name.to_owned());
            }
        }
        before = letter;
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
                "<p>Bring:</p><ul class=\"list\"><li>a <strong>bowl</strong></li><li><em>salt</em></li></ul>",
            ),
            ("1. knead\n2. bake", "<ol class=\"list\"><li>knead</li><li>bake</li></ol>"),
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
        ] {
            assert_eq!(html(text), shown, "{text}");
        }
    }

    #[test]
    fn people_are_mentioned_once() {
        assert_eq!(mentions("@ana and @pau-2, @ana; x@omar @- @a @ana-"), ["ana", "pau-2"]);
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

    const KNOWN: [&str; 9] =
        ["p", "ul class=\"list\"", "ol class=\"list\"", "li", "blockquote", "strong", "em", "code", "br"];

    fn is_safe(text: &str) {
        let shown = html(text);
        for tag in well_nested(&shown) {
            let link = tag
                .strip_prefix("a href=\"https://")
                .is_some_and(|rest| !rest.trim_end_matches('"').contains('"'));
            assert!(link || KNOWN.contains(&tag.as_str()), "{tag} of {text}");
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
            // Every letter but the marks is there, in order.
            let shown = html(&text);
            let mut words = String::new();
            let mut in_tag = false;
            for letter in shown.chars() {
                match letter {
                    '<' => in_tag = true,
                    '>' => in_tag = false,
                    _ if in_tag => {}
                    _ => words.push(letter),
                }
            }
            let words = words.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
            let mut left = text.chars();
            for letter in words.chars() {
                prop_assert!(left.any(|known| known == letter), "{letter:?} of {text:?} in {shown:?}");
            }
            let _ = (mentions(&text), plain(&text, 10));
        }
    }
}
