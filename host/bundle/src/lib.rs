//! A plugin as a folder and as one signed file: what it says of itself, how it is built, what the
//! build leaves, who vouches for it, and what taking it would mean.
//!
//! A plugin folder holds a manifest (`plugin.toml`), its contract (`wit/`) and its sources. [`build`]
//! turns it into three files, a [`Package`]: the component, its WIT package in binary form with all
//! doc comments (C3), and the manifest; static files may lie beside them. [`pack`] makes one signed
//! file of these, a bundle, and [`verify`] reads one. [`plan_install`], [`plan_upgrade`] and
//! [`plan_rollback`] say in plain sentences what a version asks for and changes. [`Index`] lists
//! bundles on offer. [`Template`] writes a new plugin folder.
//!
//! What this is not: it runs no plugin, knows no storage and no HTTP, and decides nothing about
//! grants; it only reads what is asked for. The host trusts nothing that it finds in a package
//! because it was built here: it compares component and contract again when it stages them.
//!
//! What breaks if it is wrong: a contract that does not describe its component makes the host read
//! arguments as something that they are not; a manifest read too kindly opens a function to people
//! for whom it was not meant; a signature read too kindly lets a stranger speak for a publisher.

mod build;
mod bundle;
mod container;
mod contract;
mod hex;
mod index;
mod manifest;
mod package;
mod sign;
mod statics;
mod template;
mod upgrade;

pub use build::{BuildError, BuildOptions, Built, Step, Toolchain, build};
pub use bundle::{
    BUNDLE_BYTES_MAX, BUNDLE_ENDING, BundleError, Verified, bundle_file_name, pack, read_bundle, split,
    verify, verify_file,
};
pub use container::ContainerError;
pub use contract::{Contract, ContractError, check_docs, house_wit, merge_wit, wit_dirs};
pub use index::{INDEX_BYTES_MAX, INDEX_ENTRIES_MAX, Index, IndexEntry, IndexError, sign_index};
pub use manifest::{
    Access, BuildRecipe, EmitEntry, ExportEntry, FunctionRule, GrantKind, ImportEntry, Kind, Manifest,
    ManifestError, Migration, NoticeTopic, PeopleData, Reader, StaticRules, Translations, in_language,
};
pub use package::{COMPONENT_BYTES_MAX, LoadError, Package, SaveError, load, save};
pub use semver::{Version, VersionReq};
pub use sign::{Publisher, SecretKey, SignError, Signature, sign, write_key_pair};
pub use statics::{
    STATIC_BYTES_MAX, STATIC_FILE_BYTES_MAX, STATIC_FILES_MAX, StaticError, StaticFile, read_static,
};
pub use template::{Template, TemplateError};
pub use upgrade::{
    Change, DataMove, Facts, PlanRefusal, Release, Request, RollbackNumbers, RollbackPlan, UpgradePlan,
    plan_install, plan_rollback, plan_upgrade,
};
