//! The canonical form of JSON (RFC 8785): one text for equal trees, for signing and for comparing.
//!
//! Members in the order of their names' UTF-16 code units, numbers as JavaScript prints them, strings
//! with the fewest escapes, no spaces. Integers beyond 2^53 lose digits as the RFC's numbers do, which
//! is why 64-bit integers are strings (C4).

use serde_json::{Number, Value};

/// Integers up to here are printed as they are, and as floats print the same.
const MAX_EXACT: u64 = 1 << 53;

/// The tree in canonical form (RFC 8785). Recursion follows the tree, which [`super::parse`] keeps to
/// 128 levels.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (index, (name, value)) in fields.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(out, name);
                out.push(':');
                write(out, value);
            }
            out.push('}');
        }
    }
}

fn write_number(out: &mut String, number: &Number) {
    let exact = number.as_u64().is_some_and(|n| n <= MAX_EXACT)
        || number.as_i64().is_some_and(|n| n.unsigned_abs() <= MAX_EXACT);
    match number.as_f64() {
        Some(float) if !exact => out.push_str(ryu_js::Buffer::new().format(float)),
        _ => out.push_str(&number.to_string()),
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => push_escaped(out, c),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// `\u00xx`, for a control character.
fn push_escaped(out: &mut String, c: char) {
    out.push_str("\\u");
    for shift in [12, 8, 4, 0] {
        let digit = (u32::from(c) >> shift) & 0xf;
        out.extend(char::from_digit(digit, 16));
    }
}
