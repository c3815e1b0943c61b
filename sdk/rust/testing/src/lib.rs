//! Runs the real component in the real kernel, in a test, with a clock that the test sets.
//!
//! A [`Community`] is a whole host in memory: store, sequencer, sandbox, people. Nothing is faked
//! but the clock and the disk. Calls go in and out as JSON, as a member's tools would make them.
//!
//! ```no_run
//! use hamlet_testing::{Community, json};
//!
//! let village = Community::new().unwrap();
//! village.install(".").unwrap(); // builds the plugin in this folder
//! village.person("ada").unwrap();
//! let tool = village.call("ada", "tools", "lend", json!({ "tool": "saw" })).unwrap();
//! village.advance_days(14);
//! assert!(village.call("ada", "tools", "overdue", json!({})).unwrap()[0]["tool"] == "saw");
//! ```

mod built;
mod clock;
mod community;
mod setup;

pub use built::built;
pub use clock::TestClock;
pub use community::{Community, Done, Extra, Refusal};
pub use hamlet_bundle::Package;
pub use hamlet_kernel::{CallError, Kernel, Need};
pub use hamlet_reflect::Id;
pub use serde_json::{Value, json};
pub use setup::{Instances, Setup};
pub use uuid::Uuid;
