//! Sentences for people, made from doc comments and what a case carries.
//!
//! A case of an error type is documented as a sentence, such as ``Past the credit limit; what is
//! available.`` What the case carries is put at its end: ``Past the credit limit; what is available:
//! 9475.`` This is the only place that does so; problems, `hamlet call` and the demo show the same.

use std::fmt::Write as _;

use hamlet_reflect::{Function, Shape, Type};
use serde_json::Value;

/// Longest payload inside a sentence, in characters. A problem's `value` always has all of it.
const PAYLOAD_CHARACTERS_MAX: usize = 300;

/// An `err` of a function, in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The name of the case; `error` where the error type has no cases.
    pub case: String,
    /// What happened, as one sentence for people.
    pub sentence: String,
    /// What the case carries, as JSON (C4).
    pub value: Option<Value>,
}

/// The `err` of `function`, given as JSON (C4), in words.
pub fn refusal(function: &Function, error: &Value) -> Refusal {
    let ty = function.result.as_ref().and_then(Type::error);
    let (case, value) = match (ty.is_some_and(has_cases), error) {
        (true, Value::String(case)) => (case.as_str(), None),
        (true, Value::Object(fields)) => {
            fields.iter().next().map_or(("error", None), |(case, value)| (case.as_str(), Some(value)))
        }
        (_, Value::Null) => ("error", None),
        (_, value) => ("error", Some(value)),
    };
    let (docs, payload_type) = ty.map_or(("", None), |ty| case_of(ty, case));
    let docs = match sentence(docs) {
        none if none.is_empty() && case == "error" => format!("`{}` refused this.", function.name),
        none if none.is_empty() => format!("`{}` refused this: `{case}`.", function.name),
        docs => docs,
    };
    let sentence = match (value, payload_type) {
        (Some(value), Some(ty)) => with_payload(&docs, ty, value),
        _ => docs,
    };
    Refusal { case: case.to_owned(), sentence, value: value.cloned() }
}

fn has_cases(ty: &Type) -> bool {
    matches!(ty, Type::Named(named) if matches!(named.shape, Shape::Variant(_) | Shape::Enum(_)))
}

/// The cases of an error type: name, docs, type of the payload.
pub(crate) fn cases(ty: &Type) -> Vec<(&str, &str, Option<&Type>)> {
    let Type::Named(named) = ty else { return vec![("error", "", Some(ty))] };
    match &named.shape {
        Shape::Variant(cases) => {
            cases.iter().map(|case| (case.name.as_str(), case.docs.as_str(), case.ty.as_ref())).collect()
        }
        Shape::Enum(labels) => {
            labels.iter().map(|label| (label.name.as_str(), label.docs.as_str(), None)).collect()
        }
        Shape::Record(_) | Shape::Flags(_) => vec![("error", named.docs.as_str(), Some(ty))],
    }
}

fn case_of<'a>(ty: &'a Type, case: &str) -> (&'a str, Option<&'a Type>) {
    let found = cases(ty).into_iter().find(|(name, ..)| *name == case);
    found.map_or(("", None), |(_, docs, payload)| (docs, payload))
}

/// The first paragraph of a doc comment, on one line.
pub(crate) fn sentence(docs: &str) -> String {
    let paragraph = docs.split("\n\n").next().unwrap_or_default();
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A sentence with what the case carries at its end.
fn with_payload(docs: &str, ty: &Type, value: &Value) -> String {
    let shown = payload(ty, value);
    let shown = shown.trim();
    let shown = shortened(shown.strip_suffix('.').unwrap_or(shown));
    let docs = docs.trim_end_matches(['.', ':', ';', ' ']);
    if shown.is_empty() { format!("{docs}.") } else { format!("{docs}: {shown}.") }
}

/// What a case carries, compactly. An inner case is its own sentence with its name, because that is
/// what happened; everything else is shown by [`plain`].
fn payload(ty: &Type, value: &Value) -> String {
    let Type::Named(named) = ty else { return plain(value) };
    let Shape::Variant(cases) = &named.shape else { return plain(value) };
    let (name, inner) = match value {
        Value::String(name) => (name.as_str(), None),
        Value::Object(fields) => match fields.iter().next() {
            Some((name, inner)) => (name.as_str(), Some(inner)),
            None => return String::new(),
        },
        other => return plain(other),
    };
    let Some(case) = cases.iter().find(|case| case.name == name) else { return plain(value) };
    let said = match (sentence(&case.docs), inner.zip(case.ty.as_ref())) {
        (docs, _) if docs.is_empty() => return plain(value),
        (docs, Some((inner, ty))) => with_payload(&docs, ty, inner),
        (docs, None) => docs,
    };
    format!("{} ({name})", said.trim_end_matches('.'))
}

/// A value without braces and quotes: a record is `name value, name value`.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => one_line(text),
        Value::Array(items) if items.is_empty() => "nothing".to_owned(),
        Value::Array(items) => joined(items.iter().map(within)),
        Value::Object(fields) => {
            joined(fields.iter().map(|(name, value)| format!("{name} {}", within(value))))
        }
        other => other.to_string(),
    }
}

/// A value inside another: what has commas of its own is in parentheses.
fn within(value: &Value) -> String {
    let parts = match value {
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        _ => 1,
    };
    if parts > 1 { format!("({})", plain(value)) } else { plain(value) }
}

/// The parts with commas between them, as long as a sentence has room for more.
fn joined(parts: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for part in parts {
        if text.len() > PAYLOAD_CHARACTERS_MAX * 4 {
            break;
        }
        let comma = if text.is_empty() { "" } else { ", " };
        // Writing into a `String` cannot fail.
        let _ = write!(text, "{comma}{part}");
    }
    text
}

/// A plugin's text on one line, and nothing that a terminal would obey.
fn one_line(text: &str) -> String {
    let shown = text.chars().take(PAYLOAD_CHARACTERS_MAX + 1);
    shown.map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(PAYLOAD_CHARACTERS_MAX) {
        Some((end, _)) => format!("{} …", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use serde_json::json;

    use super::*;

    const WIT: &str = "
package example:shop@0.1.0;

/// Sells.
interface stall {
    /// How much of what.
    record part {
        /// What.
        name: string,
        /// How much.
        count: u32,
    }

    /// Why it was not paid.
    variant reason {
        /// Past the credit limit; what is available.
        exceeds-credit-limit(u64),
        /// There is no such
        /// account.
        no-account,
        bare(u32),
    }

    /// Where it stands.
    enum state {
        /// Not any more.
        closed,
    }

    /// Why it was not sold.
    variant error {
        /// The shop is closed.
        ///
        /// It opens on Monday.
        closed,
        /// Not so many; what there is.
        too-few(part),
        /// These are missing.
        missing(list<part>),
        /// Nothing was sold, because the payment was refused.
        refused(reason),
        /// It cannot be sold now:
        state-wrong(state),
        /// Why it cannot be read.
        unreadable(string),
        /// A line and what is wrong with it
        line(tuple<u32, string>),
        /// Later, if at all.
        later(option<u64>),
        undocumented,
        undocumented-too(bool),
    }

    /// Sells.
    sell: func() -> result<_, error>;
    /// Gives.
    give: func() -> result<u32, string>;
    /// Keeps.
    keep: func() -> result<u32>;
    /// Tells.
    tell: func() -> result<u32, part>;
}
";

    fn said(function: &str, error: &Value) -> Refusal {
        let interfaces = hamlet_reflect::parse_texts(&[("shop.wit", WIT)]).unwrap();
        refusal(interfaces[0].function(function).unwrap(), error)
    }

    #[test]
    fn a_case_is_a_sentence_with_what_it_carries_when_it_is_refused() {
        let rows = [
            (json!("closed"), "The shop is closed."),
            (
                json!({"too-few": {"name": "cake", "count": 3}}),
                "Not so many; what there is: name cake, count 3.",
            ),
            (
                json!({"missing": [{"name": "cake", "count": 3}, {"name": "tea", "count": 1}]}),
                "These are missing: (name cake, count 3), (name tea, count 1).",
            ),
            (json!({"missing": []}), "These are missing: nothing."),
            (
                json!({"refused": {"exceeds-credit-limit": "9475"}}),
                "Nothing was sold, because the payment was refused: Past the credit limit; what is available: \
                 9475 (exceeds-credit-limit).",
            ),
            (
                json!({"refused": "no-account"}),
                "Nothing was sold, because the payment was refused: There is no such account (no-account).",
            ),
            (json!({"refused": {"bare": 7}}), "Nothing was sold, because the payment was refused: bare 7."),
            (json!({"state-wrong": "closed"}), "It cannot be sold now: closed."),
            (json!({"unreadable": "Not a number."}), "Why it cannot be read: Not a number."),
            (json!({"unreadable": ""}), "Why it cannot be read."),
            (json!({"line": [3, "no comma"]}), "A line and what is wrong with it: 3, no comma."),
            (json!({"later": "12"}), "Later, if at all: 12."),
            (json!({"later": null}), "Later, if at all: none."),
            (json!("undocumented"), "`sell` refused this: `undocumented`."),
            (json!({"undocumented-too": true}), "`sell` refused this: `undocumented-too`: true."),
        ];
        for (error, sentence) in rows {
            let refusal = said("sell", &error);
            assert_eq!(refusal.sentence, sentence, "{error}");
            let case = error.as_str().or_else(|| Some(error.as_object()?.keys().next()?.as_str()));
            assert_eq!(Some(refusal.case.as_str()), case);
            assert_eq!(refusal.value.as_ref(), error.as_object().and_then(|fields| fields.values().next()));
        }
    }

    #[test]
    fn an_error_without_cases_is_a_sentence_too() {
        let rows = [
            ("give", json!("no flour left"), "`give` refused this: no flour left."),
            ("keep", Value::Null, "`keep` refused this."),
            ("tell", json!({"name": "tea", "count": 1}), "How much of what: name tea, count 1."),
        ];
        for (function, error, sentence) in rows {
            let refusal = said(function, &error);
            assert_eq!((refusal.case.as_str(), refusal.sentence.as_str()), ("error", sentence));
        }
    }

    #[test]
    fn a_sentence_stays_short_and_plain_when_a_plugin_carries_much() {
        let long = said("sell", &json!({"unreadable": "x".repeat(100_000)})).sentence;
        assert!(long.ends_with("x …."), "{long}");
        assert!(long.chars().count() < PAYLOAD_CHARACTERS_MAX + 40, "{long}");
        let many = vec![json!({"name": "x".repeat(100), "count": 1}); 10_000];
        let many = said("sell", &json!({"missing": many}));
        assert!(many.sentence.chars().count() < PAYLOAD_CHARACTERS_MAX + 40);
        assert_eq!(many.value.unwrap().as_array().unwrap().len(), 10_000, "the value is whole");
        let escape = said("sell", &json!({"unreadable": "a\u{1b}[2Jb\nc"})).sentence;
        assert_eq!(escape, "Why it cannot be read: a [2Jb c.");
    }
}
