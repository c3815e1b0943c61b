//! Values as JSON, by the rules C4 and C5.
//!
//! | WIT | JSON |
//! |---|---|
//! | `bool`, `string`, `char` | `true`, `"text"`, `"x"` |
//! | integers to 32 bits, `f32`, `f64` | a number; NaN and infinities are refused |
//! | `u64`, `s64` | a string in answers; string or number is accepted |
//! | `hamlet:host/types.id` | 32 hex digits in a string |
//! | `list<u8>` | base64url without padding |
//! | `list`, `tuple` | a list |
//! | `record` | an object; every field that is no option must be there, no other may |
//! | `option` | absent or `null` when there is none; `null` where it cannot be absent |
//! | `variant` | `{"case": value}`, or `"case"` when it carries nothing |
//! | `enum` | `"label"` |
//! | `flags` | a list of labels, each at most once; in the type's order in answers |
//! | `result` | `{"ok": value}` or `{"err": value}`, with `null` for nothing |
//!
//! Names stay kebab-case. What comes in is checked against the type strictly; errors say where, what was
//! expected and what was met. Recursion is bounded by the type's depth ([`crate::MAX_TYPE_DEPTH`]), not
//! by the JSON's.

mod canonical;
mod error;
mod parse;
mod read;
mod schema;
mod text;
mod write;

pub use canonical::canonical;
pub use error::JsonError;
pub use parse::parse;
pub use read::{MAX_VALUES, arguments, to_val};
pub use schema::Schemas;
pub use text::{arguments_from_text, from_text};
pub use write::{from_val, render};
