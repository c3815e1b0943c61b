//! The manifest, `plugin.toml`: what a plugin is called, what it offers, what it asks for.
//!
//! Reading it is parsing at the boundary: a [`Manifest`] that exists has a sound name and version,
//! well-formed interface names, known words for kinds and access, and a reason for each import. It
//! has not been compared with a component; [`crate::Contract::check`] does that.
//!
//! A plugin's identity is its publisher's key and its name. The key is in the bundle's signature;
//! a manifest may repeat it (`publisher`), and then no other key can sign it.
//!
//! Unknown keys are refused, so that a misspelt `acess` cannot silently mean "nobody asked".

mod error;
mod extra;
mod people;
mod raw;
mod translated;
mod words;

use std::collections::BTreeMap;

use semver::{Version, VersionReq};

use crate::sign::Publisher;

pub use error::ManifestError;
pub use people::{PeopleData, Reader};
pub use translated::{Translations, in_language};
pub(crate) use words::{is_plugin_name, is_template_name};

/// Largest manifest that is read, in bytes.
pub const MANIFEST_BYTES_MAX: usize = 256 * 1024;
/// Longest plugin name, in bytes.
pub const NAME_BYTES_MAX: usize = 40;
/// Longest title or reason, in bytes.
pub const TEXT_BYTES_MAX: usize = 400;
/// Storage of a plugin that does not say how much it needs, in bytes.
pub const STORAGE_BYTES_DEFAULT: u64 = 16 << 20;
/// Most storage that a manifest may ask for, in bytes: 1 TiB.
pub const STORAGE_BYTES_MAX: u64 = 1 << 40;

/// What a plugin says of itself. Made only by [`Manifest::parse`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Lower-case letters, digits and hyphens; unique in a community; part of every URL.
    pub name: String,
    /// Its version; an upgrade must raise it.
    pub version: Version,
    /// How people know it.
    pub title: String,
    /// The title in other languages (`[titles]`).
    pub titles: Translations,
    /// Its instances may be reused for several calls of a batch: it keeps nothing outside storage.
    pub stateless: bool,
    /// It asks for write-sets of up to 16 MiB a command instead of 4 MiB (C7).
    pub bulk: bool,
    /// It asks for times to be called at (E4).
    pub schedules: bool,
    /// Bytes of keys and values that it may store.
    pub storage: u64,
    /// The interfaces whose functions can be called from outside. What is not here is not callable.
    pub exports: Vec<ExportEntry>,
    /// The interfaces that it asks for, each with a reason that people can read.
    pub imports: Vec<ImportEntry>,
    /// The event interfaces that it imports and thereby emits (E1).
    pub emits: Vec<EmitEntry>,
    /// The event interfaces that it exports and that the host calls.
    pub subscribes: Vec<String>,
    /// The kinds of acts on its things that their owners can grant to other plugins (W3).
    pub grantable: Vec<GrantKind>,
    /// What it keeps about people, and who sees it (`[[about-people]]`). Empty: it does not say.
    pub about_people: Vec<PeopleData>,
    /// What it sends members notices about (`hamlet:host/notices`), so that each can choose.
    pub notices: Vec<NoticeTopic>,
    /// The only key that may sign its bundle; none: any, and the first one that a community accepts
    /// is the plugin's from then on.
    pub publisher: Option<Publisher>,
    /// The oldest host that runs it (`minimum-host`).
    pub minimum_host: Option<Version>,
    /// The files that travel with it and that the host serves as they are; none: it has none.
    pub static_files: Option<StaticRules>,
    /// How it takes over what an older version stored (J4); none: it reads the older rows as they are.
    pub migration: Option<Migration>,
    /// How it is built.
    pub build: BuildRecipe,
}

/// The static files of a plugin (`[static]`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticRules {
    /// Where they lie, relative to the plugin's folder. Default `static`.
    pub folder: String,
    /// Most bytes of all of them together. Default 8 MiB, at most 64 MiB.
    pub size: u64,
    /// Content types of endings that the host does not know by itself, such as `stl`.
    pub types: BTreeMap<String, String>,
}

/// How data of older versions becomes this version's (`[migration]`, J4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// From these versions the data is moved to a new generation.
    pub migrates_from: VersionReq,
    /// From these versions the rows are used as they are. A version in neither range cannot be
    /// upgraded from: nobody said what happens to its data.
    pub reads_as_is: Option<VersionReq>,
    /// The exported interface with the function that migrates.
    pub interface: String,
    /// The function; the host alone calls it, so no `[[export]]` lists it.
    pub function: String,
}

/// One exported interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportEntry {
    /// For example `example:shop/stall@0.1.0`.
    pub interface: String,
    /// The functions that can be called, with who may.
    pub functions: BTreeMap<String, FunctionRule>,
}

/// How and by whom a function may be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionRule {
    /// Reads or changes.
    pub kind: Kind,
    /// The immediate callers that it admits (W1); any one of them suffices.
    pub access: Vec<Access>,
    /// It may be entered again while its plugin is on the call stack (T4).
    pub reentrant: bool,
    /// A command that needs more time than the sequencer gives: it runs beside it, on a snapshot, and is
    /// run again when others changed meanwhile what it had read (T7). Of a query it says nothing.
    pub long: bool,
}

impl FunctionRule {
    /// A function of `kind` for those of `access`, neither entered again nor long.
    pub fn new(kind: Kind, access: Vec<Access>) -> Self {
        Self { kind, access, reentrant: false, long: false }
    }
}

/// Whether a function may change anything (T1, T6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Reads one snapshot.
    Query,
    /// One transaction.
    Command,
}

/// An immediate caller that a function admits (W1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Anyone, signed in or not.
    Public,
    /// A person of the community, directly.
    Member,
    /// A person under age, by herself: all that she may change alone. Queries admit her as any member.
    Ward,
    /// A person in this group, directly.
    Group(String),
    /// Another plugin.
    Plugin,
    /// A device's driver.
    Device,
    /// A decision of a body.
    Decision,
    /// Another community.
    Neighbour,
    /// Whoever holds the box.
    Console,
    /// The plugin's own schedules and event handlers. No manifest can say it: the host gives it to
    /// the functions that it alone calls.
    Schedule,
}

/// One imported interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportEntry {
    /// For example `hamlet:host/storage@0.1.0`.
    pub interface: String,
    /// Why, in words for a steward.
    pub reason: String,
}

/// One emitted event interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmitEntry {
    /// For example `example:shop/events@0.1.0`.
    pub interface: String,
    /// For each of its functions, the parameter that lists who may see the event. A function that is
    /// absent is seen by nobody's live stream.
    pub audience: BTreeMap<String, String>,
}

/// A kind of act that owners can grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantKind {
    /// The word that the plugin gives to `consent.require`, for example `spend`.
    pub kind: String,
    /// What it means, for people.
    pub title: String,
}

/// Something that a plugin sends notices about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeTopic {
    /// The word that the plugin gives to `notices.send`, for example `payment`.
    pub topic: String,
    /// What it means, for people.
    pub title: String,
}

/// How a plugin is built; all of it has defaults for a plugin in Rust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildRecipe {
    /// The program and its arguments that leave a component at `artifact`; empty: `cargo`.
    pub command: Vec<String>,
    /// Where the command leaves the component, relative to the plugin's folder.
    pub artifact: Option<String>,
    /// Folder of the plugin's own WIT package, relative to the plugin's folder. Default `wit`.
    pub wit: String,
    /// The world that the component implements; none: the package has just one.
    pub world: Option<String>,
}

impl Manifest {
    /// Reads and checks a `plugin.toml`. Never panics, whatever the text; linear in its length.
    pub fn parse(toml: &str) -> Result<Manifest, ManifestError> {
        if toml.len() > MANIFEST_BYTES_MAX {
            return Err(ManifestError::TooLong { bytes: toml.len() });
        }
        raw::read(toml)
    }

    /// Its title in a language, by its BCP 47 tag; as its author wrote it where there is none.
    pub fn title_in(&self, tag: &str) -> &str {
        self.titles.choose(tag, &self.title)
    }

    /// The rule of an exported function, by the interface's full name. None: it is not callable.
    pub fn rule(&self, interface: &str, function: &str) -> Option<&FunctionRule> {
        let export = self.exports.iter().find(|entry| entry.interface == interface)?;
        export.functions.get(function)
    }

    /// Whether it asks for this interface: as an import, or as events that it emits.
    pub fn asks_for(&self, interface: &str) -> bool {
        self.imports.iter().any(|entry| entry.interface == interface)
            || self.emits.iter().any(|entry| entry.interface == interface)
    }
}
