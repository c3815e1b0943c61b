//! Backups (design.md 4): one encrypted file of a whole community, made while commands run, restored elsewhere,
//! tried in a drill, kept for a while and thinned out; and an export of everything in open formats, for leaving.
//!
//! ```text
//! TO.age             an age file; in it a tar:
//!   manifest.json      what it is and where it stands; a signed checkpoint of exactly that
//!   community.toml     as it is
//!   data/…             the store at one batch (`hamlet_store::backup`); rows as data/rows/NNNNNNNN
//!   plugins/…          what was installed
//!   blobs/…            files; those about people are sealed
//! TO.age.sha256      its SHA-256, as `sha256sum -c` reads it
//! HOST.keys.age      the keys of parties, log and host: one file, replaced by each backup (`keys.rs`)
//! ```
//!
//! What is about people is sealed inside `data` and `blobs`, and its keys are in the other file. So when a key is
//! destroyed, the next backup takes it away from all older ones: keep the two apart, and never an old copy of the
//! keys.
//!
//! It knows neither plugins nor HTTP. If it is wrong, a community has no backup and does not know it: so every
//! backup can be drilled ([`drill`]), and the drill does what a restore does.

pub mod age;
mod archive;
mod drill;
mod error;
mod export;
mod hex;
mod keys;
mod make;
mod manifest;
mod pace;
mod plan;
mod restore;

pub use drill::{Drilled, drill};
pub use error::BackupError;
pub use export::{ExportedRoom, export_rooms};
pub use keys::{Keys, read_keys};
pub use make::{Made, make};
pub use manifest::Manifest;
pub use pace::{Pace, step_back};
pub use plan::{Outcome, Plan, PlanFile};
pub use restore::{Restored, known_erasures, restore};
