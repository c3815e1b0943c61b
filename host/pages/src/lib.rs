//! Pages that plugins speak, made safe and drawn (design.md 5, P1). Pure: text in, text out.
//!
//! | module | what |
//! |---|---|
//! | [`sanitize`](mod@sanitize) | a plugin's HTML to a tree of allowed elements, and nothing else |
//! | [`tree`] | that tree, and the one writer of markup |
//! | [`draw`] | the tree as a member sees it: money, times, people, QR codes, charts, forms that post |
//! | [`forms`] | a function's types as a form, a form's fields as the JSON that the API takes, a value as a page |
//! | [`words`] | the few words that the host itself says in all of these, by language |
//!
//! It knows no HTTP, no kernel, no session and no plugin. Who looks, in what language and time zone, and what a
//! member is called, is handed in.
//!
//! If it is wrong, a plugin runs script in the host's origin with the rights of whoever looks, or draws what only
//! the host may draw. So what leaves is written from names that are constants of this crate ([`tree::Element`]
//! holds `&'static str`), never from what a plugin wrote; text and values are escaped by the one writer; and
//! every shape that a browser would read back as another tree is taken apart before.

pub mod draw;
pub mod forms;
pub mod sanitize;
pub mod tree;
pub mod words;

pub use sanitize::{PageError, sanitize};
pub use tree::{Element, Fragment, Node};

/// What the host puts before each `id` and `name` of a plugin, so that they meet none of the host's own and none
/// that a browser gives a meaning to. No parameter in WIT has an underscore, so it is never part of a name.
pub const PREFIX: &str = "p_";

/// A name without the host's prefix.
pub fn bare(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}
