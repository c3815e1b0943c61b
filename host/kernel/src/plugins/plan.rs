//! Whether a staged plugin fits what is installed, and whom each of its imports is bound to (C2).
//!
//! Pure: no rows, no clock. Every refusal is a sentence for the steward who installs.

use std::sync::Arc;

use hamlet_bundle::Manifest;
use hamlet_reflect::{Interface, compatible};
use semver::Version;
use wasmtime::component::Val;

use super::{Installed, NativeInterfaces};
use crate::catalogue::HOST;
use crate::package::Staged;
use crate::shape;

/// What the host gives to every service itself; these imports are bound to nobody.
const CAPABILITIES: [&str; 9] = [
    "hamlet:host/storage@0.1.0",
    "hamlet:host/sealed@0.1.0",
    "hamlet:host/identity@0.1.0",
    "hamlet:host/consent@0.1.0",
    "hamlet:host/clock@0.1.0",
    "hamlet:host/random@0.1.0",
    "hamlet:host/log@0.1.0",
    "hamlet:host/schedule@0.1.0",
    "hamlet:host/blobs@0.1.0",
];

/// Another installed plugin.
pub struct Member {
    /// Its row.
    pub row: Installed,
    /// What is staged of it.
    pub staged: Arc<Staged>,
}

/// Why nothing was changed: cases of `hamlet:host/plugins.error`, with their sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// An import has no provider, or its types differ.
    ImportUnmet(String),
    /// An interface that others are bound to would be dropped or changed.
    ExportBound(String),
    /// Another plugin exports this interface already; which one and what.
    ExportTaken(String),
    /// The version does not rise.
    VersionNotHigher,
    /// Something is asked for and not granted.
    NotGranted(String),
    /// Something is granted that is not asked for; its key.
    NotAskedFor(String),
    /// Somebody else published what is installed.
    OtherPublisher(String),
    /// This host is too old.
    HostTooOld(String),
    /// Nobody said what becomes of the data.
    DataUnread(String),
    /// Rows of a removed plugin are there, and are not for this one.
    RowsKept(String),
    /// Both generations together are more than the quota (J4).
    TooLittleRoom(String),
    /// A migration is under way.
    Moving,
    /// The last one is not confirmed.
    NotConfirmed,
}

impl Refusal {
    pub(super) fn to_val(&self) -> Val {
        let (case, why) = match self {
            Self::ImportUnmet(why) => ("import-unmet", why),
            Self::ExportBound(why) => ("export-bound", why),
            Self::ExportTaken(why) => ("export-taken", why),
            Self::NotGranted(why) => ("not-granted", why),
            Self::NotAskedFor(why) => ("not-asked-for", why),
            Self::OtherPublisher(why) => ("other-publisher", why),
            Self::HostTooOld(why) => ("host-too-old", why),
            Self::DataUnread(why) => ("data-unread", why),
            Self::RowsKept(why) => ("rows-kept", why),
            Self::TooLittleRoom(why) => ("too-little-room", why),
            Self::VersionNotHigher => return shape::refused("version-not-higher"),
            Self::Moving => return shape::refused("moving"),
            Self::NotConfirmed => return shape::refused("not-confirmed"),
        };
        shape::refused_because(case, why.clone())
    }
}

/// Checks everything; gives the bindings of the plugin's imports, in their order.
///
/// Cost: linear in the functions of the interfaces involved.
///
/// # Errors
/// The first thing that does not fit: version, exports, imports, then what others are bound to.
pub fn plan(
    staged: &Staged,
    before: Option<&Installed>,
    others: &[Member],
    natives: &NativeInterfaces,
) -> Result<Vec<(String, String)>, Refusal> {
    check_version(&staged.manifest, before)?;
    check_not_taken(&staged.manifest, others)?;
    let bindings = bind_imports(staged, others, natives)?;
    check_bound(staged, others)?;
    check_events(staged, before, others)?;
    Ok(bindings)
}

fn check_version(manifest: &Manifest, before: Option<&Installed>) -> Result<(), Refusal> {
    // A row's version was a version when it was written.
    let old = before.and_then(|before| Version::parse(&before.version).ok());
    if old.is_some_and(|old| manifest.version <= old) { Err(Refusal::VersionNotHigher) } else { Ok(()) }
}

/// Callable interfaces and event interfaces have one provider each. The host's own (`scheduled`,
/// `grantable`) are exported by many.
fn check_not_taken(manifest: &Manifest, others: &[Member]) -> Result<(), Refusal> {
    for export in manifest.exports.iter().filter(|export| !export.interface.starts_with("hamlet:host/")) {
        if let Some(other) = others.iter().find(|other| exports(&other.staged.manifest, &export.interface)) {
            let (interface, name) = (&export.interface, &other.row.name);
            return Err(Refusal::ExportTaken(format!("`{name}` exports `{interface}` already")));
        }
    }
    for emit in &manifest.emits {
        if let Some(other) = others.iter().find(|other| emits(&other.staged.manifest, &emit.interface)) {
            let (interface, name) = (&emit.interface, &other.row.name);
            return Err(Refusal::ExportTaken(format!("`{name}` emits the events `{interface}` already")));
        }
    }
    Ok(())
}

fn bind_imports(
    staged: &Staged,
    others: &[Member],
    natives: &NativeInterfaces,
) -> Result<Vec<(String, String)>, Refusal> {
    let mut bindings = Vec::new();
    for import in &staged.imports {
        let capability = CAPABILITIES.contains(&import.id.as_str());
        if import.functions.is_empty() || emits(&staged.manifest, &import.id) {
            continue;
        }
        if !staged.manifest.asks_for(&import.id) {
            let (id, name) = (&import.id, &staged.manifest.name);
            return Err(Refusal::ImportUnmet(format!(
                "`{name}` uses `{id}` without asking for it in its manifest"
            )));
        }
        if !capability {
            bindings.push((import.id.clone(), provider_of(import, &staged.manifest.name, others, natives)?));
        }
    }
    Ok(bindings)
}

fn provider_of(
    import: &Interface,
    importer: &str,
    others: &[Member],
    natives: &NativeInterfaces,
) -> Result<String, Refusal> {
    let id = &import.id;
    let (provider, offered) = if let Some(native) = natives.get(id) {
        (HOST, &**native)
    } else {
        let providers = others.iter().filter(|other| exports(&other.staged.manifest, id));
        let found: Vec<_> =
            providers.filter_map(|other| Some((&*other.row.name, export(&other.staged, id)?))).collect();
        match found.as_slice() {
            [one] => *one,
            [] => {
                let why = format!(
                    "`{importer}` needs `{id}`, which no installed plugin provides: install one first"
                );
                return Err(Refusal::ImportUnmet(why));
            }
            _ => return Err(Refusal::ImportUnmet(format!("more than one plugin provides `{id}`"))),
        }
    };
    match compatible(import, offered) {
        Ok(()) => Ok(provider.to_owned()),
        Err(mismatch) => Err(Refusal::ImportUnmet(format!(
            "`{importer}` was built for another shape of `{id}` than `{provider}` has: {mismatch}"
        ))),
    }
}

/// What others are bound to is still there, in a shape that they understand.
pub(super) fn check_bound(staged: &Staged, others: &[Member]) -> Result<(), Refusal> {
    let name = &staged.manifest.name;
    for other in others {
        for (id, _) in other.row.bindings.iter().filter(|(_, provider)| provider == name) {
            let user = &other.row.name;
            let provided = export(staged, id).filter(|_| exports(&staged.manifest, id));
            let Some(provided) = provided else {
                return Err(Refusal::ExportBound(format!(
                    "`{user}` uses `{id}`, which this version no longer has"
                )));
            };
            let Some(import) = other.staged.imports.iter().find(|import| import.id == *id) else { continue };
            if let Err(mismatch) = compatible(import, provided) {
                return Err(Refusal::ExportBound(format!(
                    "`{user}` uses `{id}`, which this version changes: {mismatch}"
                )));
            }
        }
    }
    Ok(())
}

/// Emitters and subscribers mean the same by an event (E1). A subscriber may come before its emitter.
fn check_events(staged: &Staged, before: Option<&Installed>, others: &[Member]) -> Result<(), Refusal> {
    for id in &staged.manifest.subscribes {
        let Some(handler) = export(staged, id) else {
            return Err(Refusal::ImportUnmet(format!("it subscribes to `{id}` and does not export it")));
        };
        for emitter in others.iter().filter(|other| emits(&other.staged.manifest, id)) {
            let event = emitter.staged.imports.iter().find(|import| import.id == *id);
            if let Some(Err(mismatch)) = event.map(|event| compatible(event, handler)) {
                let name = &emitter.row.name;
                return Err(Refusal::ImportUnmet(format!(
                    "`{name}` emits another shape of `{id}`: {mismatch}"
                )));
            }
        }
    }
    for id in staged.manifest.emits.iter().map(|emit| &emit.interface) {
        let event = staged.imports.iter().find(|import| import.id == *id);
        for subscriber in others.iter().filter(|other| other.staged.manifest.subscribes.contains(id)) {
            let Some((event, handler)) = event.zip(export(&subscriber.staged, id)) else { continue };
            if let Err(mismatch) = compatible(event, handler) {
                let name = &subscriber.row.name;
                let why = format!("`{name}` listens to `{id}` in another shape: {mismatch}");
                // For an upgrade this is a change of what is bound; for a first install, a partner that does not fit.
                return Err(if before.is_some() {
                    Refusal::ExportBound(why)
                } else {
                    Refusal::ImportUnmet(why)
                });
            }
        }
    }
    Ok(())
}

fn exports(manifest: &Manifest, id: &str) -> bool {
    manifest.exports.iter().any(|export| export.interface == id)
}

fn emits(manifest: &Manifest, id: &str) -> bool {
    manifest.emits.iter().any(|emit| emit.interface == id)
}

fn export<'a>(staged: &'a Staged, id: &str) -> Option<&'a Interface> {
    staged.exports.iter().find(|export| export.id == id).map(|export| &**export)
}
