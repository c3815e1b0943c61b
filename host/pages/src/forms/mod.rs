//! Forms and values: a function's types as a form, a form's fields as the JSON that the API takes, a value as a page.
//!
//! # Names of fields
//! | type | field |
//! |---|---|
//! | a scalar | `path`; in a record `path.field`, in a tuple or list `path.0` |
//! | `bool` | `path` = `true`; absent: false |
//! | `option` | absent or empty: none; `path~` = `some` or `none` where a value itself may be empty |
//! | `list` | `path` repeated, or `path.0`, `path.1` …: rows left empty do not count; `path.~` = how many, all counted |
//! | `enum` | `path` = label |
//! | `flags` | `path` = label, repeated |
//! | `variant`, `result` | `path` = case, what it carries at `path.case` |
//!
//! [`to_fields`] writes all of it, [`from_fields`] reads all of it and what people's forms leave out, and a property
//! test goes around. What is read is checked once more by the reader of JSON (`hamlet_reflect::json`), so a form can
//! never say what JSON could not.

mod decode;
mod encode;
mod fields;
mod fill;
mod generate;
mod hints;
mod units;
mod view;

pub use decode::from_fields;
pub use encode::to_fields;
pub use fields::{FIELDS_MAX, Field, parse_body};
pub use fill::fill;
pub use generate::{MORE, form};
pub use hints::{names_instant, names_party, words};
pub use units::{Unit, counted, ids};
pub use view::{result, view};

/// What is wrong with a field, for the person who filled it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, without prefix; empty: the form as a whole.
    pub path: String,
    /// A sentence that says what to do.
    pub message: String,
}
