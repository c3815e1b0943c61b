//! A plugin's HTML to a tree of what is allowed (P1).
//!
//! 1. [`parse`] reads the text by the HTML standard's own algorithm, with limits, into a raw tree.
//! 2. [`rebuild`] makes a new tree of it: element by element from an allow-list (`allow`), attribute by attribute,
//!    address by address (`links`). What is not known is taken apart: its text stays. What holds code, another
//!    language or another document goes with all that is in it.
//! 3. The new tree is well nested by the parser's own rules (no block in a paragraph, no link in a link, rows only
//!    in tables …), so a browser that reads it back sees this tree and no other. That is what mutation attacks live
//!    from, and a property test parses everything again.
//!
//! **Why not `ammonia`**, which is good and uses the same parser: it cleans the tree that it was given and keeps its
//! shape. Here a form names a function, a link belongs to a plugin, a chart is a table with data, ids are prefixed
//! and their references with them, depth and nodes are limited while reading, and what comes out must be drawn
//! further. With all that as filters on `ammonia`'s tree, what is allowed would be said in two places.
//!
//! It is no check of what a page *says*: a plugin can write any sentence. What it cannot do is look like the host:
//! its region is inside the shell, and nothing here can position, style or overlay.

mod allow;
mod links;
mod parse;
mod rebuild;
mod rule;

pub use allow::{CLASSES, ELEMENTS};
pub use links::{Target, inside};

use crate::tree::Fragment;

/// Largest HTML of a page, in bytes.
pub const PAGE_BYTES_MAX: usize = 256 * 1024;
/// Most nodes that reading a page makes: elements, texts, comments.
pub const NODES_MAX: usize = 20_000;
/// Deepest nesting that is read.
pub const DEPTH_MAX: usize = 200;
/// Longest single tag, in bytes. Reading one takes the square of its attributes.
pub const TAG_BYTES_MAX: usize = 16 * 1024;

/// Why a page is not shown at all. All else is mended silently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Too long.
    #[error("the page has {0} bytes; {PAGE_BYTES_MAX} is the most, so show less of it at once")]
    TooLong(usize),
    /// Too many nodes.
    #[error("the page has more than {NODES_MAX} elements and texts; show less of it at once")]
    TooMany,
    /// Nested too deeply.
    #[error("the page nests more than {DEPTH_MAX} elements; close those that were opened")]
    TooDeep,
    /// A tag that does not end.
    #[error("a tag of the page is longer than {TAG_BYTES_MAX} bytes; end it, or shorten its values")]
    TagTooLong,
}

/// What a plugin's page may show, as a tree.
///
/// `plugin` is the plugin's name, for its links. Cost: linear, some 10 ms for the largest page.
pub fn sanitize(html: &str, plugin: &str) -> Result<Fragment, PageError> {
    let raw = parse::parse(html)?;
    Ok(rebuild::rebuild(&raw, plugin))
}
