//! The rows of installed plugins: what is installed, what it was before, and where its rows are (J4).
//!
//! Rows (namespace `PLUGINS`; the other keepers of this namespace are named beside each):
//!
//! ```text
//! p name            the plugin, JSON ([`Installed`])
//! n                 the next namespace to give out (u32, big end first)
//! r name 0 key      a request that was granted (`given.rs`)
//! m name            a migration under way (`moving.rs`)
//! k name            where the rows of a removed plugin are (`remove.rs`)
//! x namespace       rows that are to be deleted (`remove.rs`)
//! ```

use hamlet_store::{Row, Rows};
use serde::{Deserialize, Serialize};

use crate::call::CallError;
use crate::namespaces::{FIRST_PLUGIN, PLUGINS};
use crate::rows::{OwnRows, ReadOnly, from_json, to_json, with_prefix};

/// Rows of one page of an inner scan.
const PAGE: usize = 256;

/// An installed plugin, as its row says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// Its name, unique in the community.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The hash under which it is staged ([`crate::Staged::hash`]).
    pub component: String,
    /// Whether it answers; false: paused.
    pub active: bool,
    /// When this version was activated, in microseconds.
    pub since: u64,
    /// The namespace of its rows (J4).
    pub namespace: u32,
    /// Which generation of its rows that is, from 1 (J4).
    pub generation: u32,
    /// Bytes that it may store.
    pub quota: u64,
    /// The callable interfaces that it exports, with versions.
    pub exports: Vec<String>,
    /// The other plugins' and natives' interfaces that it imports, with the provider of each.
    pub bindings: Vec<(String, String)>,
    /// Who signed it, as minisign writes the key; none: unsigned, from a folder.
    #[serde(default)]
    pub publisher: Option<String>,
    /// SHA-256 of its bundle in hex; none: unsigned.
    #[serde(default)]
    pub bundle: Option<String>,
    /// The version before, until this one is confirmed.
    #[serde(default)]
    pub previous: Option<Previous>,
}

/// The version before, to which a rollback goes back. Fields as in [`Installed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in `Installed`")]
pub struct Previous {
    pub version: String,
    pub component: String,
    pub since: u64,
    pub namespace: u32,
    pub generation: u32,
    pub quota: u64,
    pub exports: Vec<String>,
    pub bindings: Vec<(String, String)>,
    pub publisher: Option<String>,
    pub bundle: Option<String>,
    /// The newest batch when its data was left behind; 0: its data was not moved.
    pub left_at: u64,
}

impl Installed {
    /// This version as the one before another.
    pub(super) fn as_previous(&self, left_at: u64) -> Previous {
        Previous {
            version: self.version.clone(),
            component: self.component.clone(),
            since: self.since,
            namespace: self.namespace,
            generation: self.generation,
            quota: self.quota,
            exports: self.exports.clone(),
            bindings: self.bindings.clone(),
            publisher: self.publisher.clone(),
            bundle: self.bundle.clone(),
            left_at,
        }
    }

    /// What it was before, as the installed version again. None: there is no way back.
    pub(super) fn gone_back(&self, now: u64) -> Option<Installed> {
        let before = self.previous.clone()?;
        Some(Installed {
            name: self.name.clone(),
            version: before.version,
            component: before.component,
            active: self.active,
            since: now,
            namespace: before.namespace,
            generation: before.generation,
            quota: before.quota,
            exports: before.exports,
            bindings: before.bindings,
            publisher: before.publisher,
            bundle: before.bundle,
            previous: None,
        })
    }

    /// The namespace of the data that was left behind and still counts against the quota (J4).
    pub fn left_behind(&self) -> Option<u32> {
        let before = self.previous.as_ref()?;
        (before.namespace != self.namespace).then_some(before.namespace)
    }
}

/// All installed plugins in order of their names, from a snapshot or the running transaction.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn installed(rows: &mut dyn Rows) -> Result<Vec<Installed>, CallError> {
    all(&mut ReadOnly { rows, namespace: PLUGINS })
}

/// One installed plugin.
///
/// # Errors
/// As [`installed`].
pub fn installed_one(rows: &mut dyn Rows, name: &str) -> Result<Option<Installed>, CallError> {
    one(&mut ReadOnly { rows, namespace: PLUGINS }, name)
}

pub(super) fn all(rows: &mut dyn OwnRows) -> Result<Vec<Installed>, CallError> {
    every(rows, b"p")?.iter().map(|(_, row)| from_json("plugins", row)).collect()
}

pub(super) fn one(rows: &mut dyn OwnRows, name: &str) -> Result<Option<Installed>, CallError> {
    rows.get(&row_key(b'p', name))?.map(|row| from_json("plugins", &row)).transpose()
}

pub(super) fn put(rows: &mut dyn OwnRows, plugin: &Installed) -> Result<(), CallError> {
    rows.set(&row_key(b'p', &plugin.name), &to_json("plugins", plugin)?)
}

pub(super) fn row_key(tag: u8, name: &str) -> Vec<u8> {
    [&[tag], name.as_bytes()].concat()
}

/// All rows whose keys begin with `prefix`, however many bytes they have.
pub(super) fn every(rows: &mut dyn OwnRows, prefix: &[u8]) -> Result<Vec<Row>, CallError> {
    let mut found = Vec::new();
    let mut from = prefix.to_vec();
    loop {
        let page = with_prefix(rows, prefix, &from, PAGE)?;
        match page.last() {
            None => return Ok(found),
            // A page ends at a number of rows or of bytes: only an empty one is the end.
            Some((last, _)) => from = [last, [0].as_slice()].concat(),
        }
        found.extend(page);
    }
}

/// Namespaces are never given out twice: what an old plugin left must not become a new one's (J4).
pub(super) fn next_namespace(rows: &mut dyn OwnRows) -> Result<u32, CallError> {
    let next = match rows.get(b"n")? {
        None => FIRST_PLUGIN,
        Some(row) => match <[u8; 4]>::try_from(&*row) {
            Ok(bytes) => u32::from_be_bytes(bytes),
            Err(_) => return Err(CallError::internal("a damaged row of plugins")),
        },
    };
    let after = next.checked_add(1).ok_or_else(|| CallError::internal("no namespace is left"))?;
    rows.set(b"n", &after.to_be_bytes())?;
    Ok(next)
}
