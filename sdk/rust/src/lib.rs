//! Write Hamlet plugins in Rust.
//!
//! A plugin is a pure core and a thin adapter. The core holds the rules and works on anything that
//! is a [`Storage`]; it is tested natively with [`Memory`]. The adapter, compiled only for the
//! component, implements the plugin's WIT exports with the bindings of [`plugin!`] and calls the core
//! with [`HostStorage`](host::HostStorage).
//!
//! ```
//! use hamlet_sdk::{Error, Id, Index, Memory, Row, Storage, Table};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, Debug, PartialEq)]
//! struct Tool { name: String, borrower: Option<Id> }
//! impl Row for Tool {}
//!
//! // The numbers are part of what is stored: never reuse or change one.
//! const TOOLS: Table<u64, Tool> = Table::new(1).indexed(&[&BY_BORROWER]);
//! const BY_BORROWER: Index<Id, u64, Tool> = Index::new(2, |_, tool, add| {
//!     if let Some(borrower) = tool.borrower { add(borrower) }
//! });
//!
//! fn lend(db: &impl Storage, tool: u64, to: Id) -> Result<bool, Error> {
//!     let lent = TOOLS.update(db, &tool, |tool| {
//!         let free = tool.borrower.is_none();
//!         if free { tool.borrower = Some(to) }
//!         free
//!     })?;
//!     Ok(lent == Some(true))
//! }
//!
//! let db = Memory::new();
//! TOOLS.put(&db, &7, &Tool { name: "saw".into(), borrower: None })?;
//! assert!(lend(&db, 7, Id::from(42))?);
//! assert!(!lend(&db, 7, Id::from(43))?);
//! let mine = TOOLS.by(&BY_BORROWER).prefix(&Id::from(42)).page(&db, 10)?;
//! assert_eq!(mine.rows[0].1.name, "saw");
//! # Ok::<(), Error>(())
//! ```
//!
//! # Rows and other plugins (T5)
//!
//! Between reading a row and writing it back, do not call another plugin: it could call back into
//! the host, and if a function of yours is `reentrant`, change the very row that you hold. Tables
//! make the right way the short one: [`Table::update`] reads, changes and writes in one step, and
//! nothing that a table gives borrows from it, so a row that you keep is plainly a copy of the past.
//!
//! # Pages
//!
//! [`Html`] writes the pages of a plugin: literals are markup, everything else is escaped. With the feature `words`,
//! `Words` says them in the viewer's language.
//!
//! # Memory
//!
//! In the component this crate brings the global allocator (fast for the few dozen small things of a call). A plugin that
//! uses it cannot define a `#[global_allocator]` of its own: Rust allows one in a program and refuses to link a second.
//!
//! What this is not: it opens no transaction (the host did, T1), and it hides no error of yours:
//! return an `err` and everything that the call wrote is undone.

mod counter;
mod html;
mod id;
mod index;
mod key;
mod memory;
mod row;
mod scan;
mod storage;
mod table;
pub mod types;
#[cfg(feature = "words")]
pub mod words;

#[cfg(target_family = "wasm")]
mod alloc;
#[cfg(target_family = "wasm")]
pub mod host;

pub use counter::Counter;
pub use html::Html;
pub use id::{Id, IdError};
pub use index::Index;
pub use key::{Key, PrefixOf};
pub use memory::Memory;
pub use row::Row;
pub use scan::{Iter, Page, Scan};
pub use storage::{Direction, Entry, Error, OrTrap, RawPage, Storage};
pub use table::Table;
#[cfg(feature = "words")]
pub use words::Words;

#[cfg(target_family = "wasm")]
pub use wit_bindgen;

include!(concat!(env!("OUT_DIR"), "/plugin_macro.rs"));
