//! A plugin as a folder: what it says of itself, how it is built, and what the build leaves.
//!
//! A plugin folder holds a manifest (`plugin.toml`), its contract (`wit/`) and its sources. [`build`]
//! turns it into three files, a [`Package`]: the component, its WIT package in binary form with all
//! doc comments (C3), and the manifest. [`Template`] writes a new plugin folder.
//!
//! What this is not: it runs no plugin, knows no storage and no HTTP, and decides nothing about
//! grants; it only reads what is asked for. The host trusts nothing that it finds in a package
//! because it was built here: it compares component and contract again when it stages them.
//!
//! What breaks if it is wrong: a contract that does not describe its component makes the host read
//! arguments as something that they are not; a manifest read too kindly opens a function to people
//! for whom it was not meant.

mod build;
mod contract;
mod manifest;
mod package;
mod template;

pub use build::{BuildError, BuildOptions, Built, Step, Toolchain, build};
pub use contract::{Contract, ContractError, check_docs, house_wit, merge_wit, wit_dirs};
pub use manifest::{
    Access, BuildRecipe, EmitEntry, ExportEntry, FunctionRule, GrantKind, ImportEntry, Kind, Manifest,
    ManifestError,
};
pub use package::{COMPONENT_BYTES_MAX, LoadError, Package, load};
pub use semver::Version;
pub use template::{Template, TemplateError};
