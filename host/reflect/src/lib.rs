//! What the functions of a component are: their types, their documentation, and their values as JSON.
//!
//! WIT is the API (design.md, idea 2). This crate reads the documented WIT package that travels beside
//! a component (C3), compares it with what the engine sees, and turns values to and from JSON (C4, C5),
//! JSON Schema and a compact binary form that is hashed and stored.
//!
//! It knows types, values, JSON and docs. It knows no storage, no transaction, no HTTP, and it never
//! runs a component. If it is wrong, a member's JSON means something else to the plugin than she wrote,
//! or a plugin is bound to an interface of another shape.
//!
//! ```
//! use hamlet_reflect::{json, parse_texts};
//!
//! let interfaces = parse_texts(&[("counter.wit", "
//!     package example:counter@0.1.0;
//!     /// Counts things.
//!     interface counting {
//!         /// Adds `by` to the counter `name`; the new value.
//!         add: func(name: string, by: option<u64>) -> u64;
//!     }
//! ")])?;
//! let add = interfaces[0].function("add").ok_or("no such function")?;
//! let arguments = json::arguments(add, &serde_json::json!({ "name": "bees", "by": "3" }))?;
//! assert_eq!(arguments.len(), 2);
//!
//! let error = json::arguments(add, &serde_json::json!({ "name": "bees", "by": "3.5" })).unwrap_err();
//! assert_eq!(error.to_string(), "by: expected an integer from 0 to 18446744073709551615, got \"3.5\"");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
mod compatible;
mod decode;
mod id;
mod lower;
mod package;
mod types;

pub mod abi;
pub mod binary;
pub mod json;

pub use check::check_describes;
pub use compatible::{Mismatch, compatible};
pub use decode::{DecodeError, MAX_PACKAGE_BYTES, decode};
pub use id::{Id, IdError};
pub use lower::MAX_TYPE_DEPTH;
pub use package::{PackageError, Sources, encode_package, parse_texts};
pub use types::{Case, Field, Function, Interface, Label, Named, Param, Shape, Type, World};

/// The parser whose `Resolve` [`encode_package`] and [`Sources::resolve`] speak of.
pub use wit_parser;
