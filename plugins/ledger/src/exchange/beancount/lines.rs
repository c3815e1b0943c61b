//! Lines and the quoted texts in them, which can go over several lines.

use super::super::Problem;
use super::super::words::syntax;
use std::borrow::Cow;

/// A quoted text without its quotes and escapes, and what follows it.
pub(super) fn string(text: &str) -> Result<(Cow<'_, str>, &str), Problem> {
    let body = text.strip_prefix('"').ok_or_else(|| syntax(text))?;
    let end = closing_quote(body).ok_or_else(|| syntax(text))?;
    let (inside, rest) = body.split_at(end);
    let rest = rest.strip_prefix('"').unwrap_or(rest);
    if !inside.contains('\\') {
        return Ok((Cow::Borrowed(inside), rest));
    }
    let mut plain = String::with_capacity(inside.len());
    let mut characters = inside.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some('r') => plain.push('\r'),
                Some(other) => plain.push(other),
                None => plain.push('\\'),
            },
            _ => plain.push(c),
        }
    }
    Ok((Cow::Owned(plain), rest))
}

/// Where the quote stands that ends a text which has begun.
fn closing_quote(body: &str) -> Option<usize> {
    let mut escaped = false;
    body.bytes().position(|c| {
        let closes = c == b'"' && !escaped;
        escaped = c == b'\\' && !escaped;
        closes
    })
}

/// Lines with their numbers; a line whose text goes on in the next one is one line with it.
pub(super) fn logical_lines(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let (mut rest, mut number) = (text, 1u32);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let first = number;
        let mut length = 0;
        let mut in_string = false;
        loop {
            let line = rest.get(length..).unwrap_or_default();
            let end = line.find('\n').map_or(line.len(), |n| n + 1);
            in_string = ends_in_string(line.get(..end).unwrap_or_default(), in_string);
            length += end;
            number = number.saturating_add(1);
            if !in_string || length >= rest.len() {
                break;
            }
        }
        let (line, after) = rest.split_at(length);
        rest = after;
        Some((first, line))
    })
}

/// Whether a text is open at a line's end. A comment opens none, nor does a line that is passed over.
fn ends_in_string(line: &str, mut in_string: bool) -> bool {
    if !in_string && line.starts_with(['*', ':', '#', '!', '&', '?', '%', '-']) || !line.contains('"') {
        return in_string;
    }
    let mut escaped = false;
    for c in line.bytes() {
        match c {
            b'"' if !escaped => in_string = !in_string,
            b';' if !in_string => return false,
            _ => {}
        }
        escaped = in_string && c == b'\\' && !escaped;
    }
    in_string
}
