//! Staging a package (W6): verify, compile, keep on disk. No transaction; `activate` is a small command after it.
//!
//! A package is trusted in nothing: its WIT must describe its component exactly (C3), its manifest must ask for all that
//! the component imports and declare nothing that it does not export, and what it imports must be something that this
//! host gives. Every refusal is a sentence for the steward who installs.
//!
//! On disk: `plugins/HASH/` with `component.wasm`, `wit.wasm`, `plugin.toml`, `component.blake3` and, where it has static
//! files, what [`crate::statics`] keeps. HASH is over all
//! of them ([`hash_of`]): what was activated under it cannot be replaced by another manifest. Compiled code is kept
//! under the component's own hash.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hamlet_bundle::{Manifest, Package, Publisher, StaticFile};
use hamlet_reflect::{Interface, World, check_describes, decode};
use parking_lot::RwLock;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use crate::capability::PROVIDED;
use crate::engine::{CodeCache, make_private_dir};
use crate::plugins::{MIGRATE, MIGRATION};
use crate::statics::{LIST_FILE, Statics};
use crate::table::SCHEDULED;

/// The name under which a package is staged and installed: BLAKE3 in hex, over component, WIT and manifest.
pub type ComponentHash = String;

/// What keeps a package's hash apart from all others.
const HASH_DOMAIN: &str = "hamlet 2026 staged package";
/// Holds the component's own hash, so that it need not be read to know it.
const COMPONENT_HASH_FILE: &str = "component.blake3";
const COMPONENT_FILE: &str = "component.wasm";
const WIT_FILE: &str = "wit.wasm";
const MANIFEST_FILE: &str = "plugin.toml";

/// Why a package was not staged. The text is for the steward who installs it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// The component, its WIT or its manifest contradict each other, or ask for what is not given.
    #[error("{0}")]
    Refused(String),
    /// The component does not compile.
    #[error("the component is not valid: {0}")]
    Invalid(String),
    /// It could not be kept on disk.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

/// Who vouches for a package: the signature of its bundle was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Who signed it.
    pub publisher: Publisher,
    /// SHA-256 of the bundle, in hex.
    pub bundle: String,
}

/// A verified and compiled package, ready to be activated.
pub struct Staged {
    /// Its name while staged and installed.
    pub hash: ComponentHash,
    /// Who signed it. None: nobody, it came from a folder; or it was loaded again after a restart, and the row of
    /// what is installed says it.
    pub origin: Option<Origin>,
    /// Its manifest.
    pub manifest: Arc<Manifest>,
    /// Its WIT with docs; describes the component exactly (C3).
    pub world: World,
    /// The same as its binary package, for tools.
    pub wit: Arc<[u8]>,
    /// What it really imports that has functions, other plugins' interfaces, natives and events included, as the
    /// importer sees their types (C2).
    pub imports: Vec<Arc<Interface>>,
    /// What it exports.
    pub exports: Vec<Arc<Interface>>,
    /// Its static files.
    pub statics: Arc<Statics>,
    /// The compiled component.
    pub(crate) component: Component,
}

/// The staged packages by hash, shared by `stage` and the `plugins` provider.
#[derive(Default)]
pub struct Staging {
    packages: RwLock<HashMap<ComponentHash, Arc<Staged>>>,
}

impl Staging {
    /// A staged package.
    pub fn get(&self, hash: &str) -> Option<Arc<Staged>> {
        self.packages.read().get(hash).cloned()
    }

    /// Adds a staged package.
    pub(crate) fn put(&self, staged: Arc<Staged>) {
        self.packages.write().insert(staged.hash.clone(), staged);
    }
}

/// Where and with what packages are staged.
pub(crate) struct Stager {
    pub(crate) engine: wasmtime::Engine,
    pub(crate) cache: CodeCache,
    /// None: in memory only.
    pub(crate) dir: Option<PathBuf>,
}

impl Stager {
    /// Verifies, compiles and keeps a package.
    pub(crate) fn stage(&self, package: &Package, origin: Option<Origin>) -> Result<Staged, StageError> {
        let files = package.files.as_slice();
        let component_hash = blake3::hash(&package.component).to_hex().to_string();
        let list = Statics::of(files, None).list();
        let hash = hash_of(&component_hash, &package.wit, &package.manifest_text, &list);
        let bytes = || Ok(package.component.clone());
        let component = self
            .cache
            .load_or_compile(&self.engine, &component_hash, &bytes)
            .map_err(|error| StageError::Invalid(format!("{error:#}")))?;
        let staged = self.verify(hash, package.manifest.clone(), &package.wit, component)?;
        if let Some(dir) = &self.dir {
            keep(dir, &staged.hash, package, (files, &list), &component_hash)?;
        }
        let dir = self.dir.as_ref().map(|dir| dir.join(&staged.hash));
        Ok(Staged { origin, statics: Arc::new(Statics::of(files, dir)), ..staged })
    }

    /// Loads what was staged before, verified again.
    pub(crate) fn load(&self, hash: &str) -> Result<Staged, StageError> {
        let Some(dir) = &self.dir else {
            return Err(StageError::Refused("nothing is kept on disk".into()));
        };
        let dir = dir.join(hash);
        let text = String::from_utf8_lossy(&read(&dir.join(MANIFEST_FILE))?).into_owned();
        let manifest = Manifest::parse(&text).map_err(|error| StageError::Refused(error.to_string()))?;
        let wit = read(&dir.join(WIT_FILE))?;
        let component_hash =
            String::from_utf8_lossy(&read(&dir.join(COMPONENT_HASH_FILE))?).trim().to_owned();
        let list = match std::fs::read_to_string(dir.join(LIST_FILE)) {
            Ok(list) => list,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(StageError::File { path: dir.join(LIST_FILE), error }),
        };
        let statics = Statics::read(&list, dir.clone());
        if hash_of(&component_hash, &wit, &text, &list) != hash || statics.is_none() {
            let name = &manifest.name;
            return Err(StageError::Refused(format!(
                "the files of `{name}` were changed since it was installed: install it again"
            )));
        }
        let path = dir.join(COMPONENT_FILE);
        let bytes = || {
            let component = std::fs::read(&path)?;
            let found = blake3::hash(&component).to_hex();
            if found.as_str() == component_hash {
                return Ok(component);
            }
            Err(std::io::Error::other(format!("{} does not have the hash that it should", path.display())))
        };
        let component = self
            .cache
            .load_or_compile(&self.engine, &component_hash, &bytes)
            .map_err(|error| StageError::Invalid(format!("{error:#}")))?;
        let staged = self.verify(hash.to_owned(), manifest, &wit, component)?;
        Ok(Staged { statics: Arc::new(statics.unwrap_or_default()), ..staged })
    }

    fn verify(
        &self,
        hash: ComponentHash,
        manifest: Manifest,
        wit: &[u8],
        component: Component,
    ) -> Result<Staged, StageError> {
        let name = &manifest.name;
        let refuse = |why: String| StageError::Refused(format!("`{name}` cannot be installed: {why}"));
        let world = decode(wit).map_err(|error| refuse(format!("its WIT package is not right: {error}")))?;
        check_imports_exist(&component, &self.engine).map_err(refuse)?;
        check_describes(&world, &component.component_type(), &self.engine)
            .map_err(|error| refuse(format!("its WIT package does not describe it: {error}")))?;
        let imports = real_imports(&world, &component, &self.engine);
        check_asked_for(&manifest, &imports).map_err(refuse)?;
        check_exports(&manifest, &world).map_err(refuse)?;
        let exports = world.exports.clone();
        Ok(Staged {
            hash,
            origin: None,
            manifest: Arc::new(manifest),
            world,
            wit: Arc::from(wit),
            imports,
            exports,
            statics: Arc::default(),
            component,
        })
    }
}

/// Over all that a package is. The parts are hashed one by one, so that none runs into the next.
fn hash_of(component_hash: &str, wit: &[u8], manifest: &str, static_list: &str) -> ComponentHash {
    let mut hash = blake3::Hasher::new_derive_key(HASH_DOMAIN);
    hash.update(blake3::hash(component_hash.as_bytes()).as_bytes());
    hash.update(blake3::hash(wit).as_bytes());
    hash.update(blake3::hash(manifest.as_bytes()).as_bytes());
    if !static_list.is_empty() {
        hash.update(blake3::hash(static_list.as_bytes()).as_bytes());
    }
    hash.finalize().to_hex().to_string()
}

/// The interfaces of which the component imports at least one function.
fn real_imports(world: &World, component: &Component, engine: &wasmtime::Engine) -> Vec<Arc<Interface>> {
    let ty = component.component_type();
    let used = |id: &str| {
        ty.imports(engine).any(|(name, item)| match item.ty {
            ComponentItem::ComponentInstance(instance) => {
                name == id
                    && instance
                        .exports(engine)
                        .any(|(_, export)| matches!(export.ty, ComponentItem::ComponentFunc(_)))
            }
            _ => false,
        })
    };
    world.imports.iter().filter(|interface| used(&interface.id)).cloned().collect()
}

/// What this host never gives is refused first, by name, with what to do about it.
fn check_imports_exist(component: &Component, engine: &wasmtime::Engine) -> Result<(), String> {
    for (id, item) in component.component_type().imports(engine) {
        let why = match id {
            _ if id.starts_with("wasi:") => format!(
                "it imports `{id}`, and a service has no files, no network and no clock of the box. Build it without \
                 WASI, or have its language's imports stubbed"
            ),
            _ if id.starts_with("hamlet:host/secrets@") || id.starts_with("hamlet:host/job@") => {
                format!("it imports `{id}`, which only drivers may, and this host does not run drivers yet")
            }
            _ if !id.contains('/') => {
                format!("it imports `{id}`, which is no interface: only interfaces of a package can be given")
            }
            _ => {
                let instance = matches!(item.ty, ComponentItem::ComponentInstance(_));
                if instance {
                    continue;
                }
                format!("it imports `{id}`, which is no interface with functions")
            }
        };
        return Err(why);
    }
    Ok(())
}

fn check_asked_for(manifest: &Manifest, imports: &[Arc<Interface>]) -> Result<(), String> {
    for import in imports {
        let id = &import.id;
        if !manifest.asks_for(id) {
            return Err(format!(
                "it uses `{id}` without asking for it. Its plugin.toml needs an [[import]] of `{id}` with a reason"
            ));
        }
        if manifest.emits.iter().any(|emit| emit.interface == *id)
            && let Some(function) = import.functions.iter().find(|function| function.result.is_some())
        {
            return Err(format!(
                "it emits `{id}`, whose function `{}` gives a result: an event has none",
                function.name
            ));
        }
    }
    Ok(())
}

fn check_exports(manifest: &Manifest, world: &World) -> Result<(), String> {
    for entry in &manifest.exports {
        let id = &entry.interface;
        if PROVIDED.contains(&id.as_str()) {
            return Err(format!("it would provide `{id}`, which only the host does"));
        }
        let interface = world
            .export(id)
            .ok_or_else(|| format!("its plugin.toml declares `{id}`, which it does not export"))?;
        if let Some(function) = entry.functions.keys().find(|name| interface.function(name).is_none()) {
            return Err(format!(
                "its plugin.toml declares `{function}` of `{id}`, which has no such function"
            ));
        }
    }
    for id in &manifest.subscribes {
        let interface =
            world.export(id).ok_or_else(|| format!("it subscribes to `{id}`, which it does not export"))?;
        if let Some(function) = interface.functions.iter().find(|function| function.result.is_some()) {
            return Err(format!(
                "it subscribes to `{id}`, whose function `{}` gives a result",
                function.name
            ));
        }
    }
    if let Some(migration) = &manifest.migration {
        if migration.interface != MIGRATION || migration.function != MIGRATE {
            return Err(format!("its plugin.toml must name `{MIGRATE}` of `{MIGRATION}` for migrating"));
        }
        if world.export(MIGRATION).is_none_or(|interface| interface.function(MIGRATE).is_none()) {
            return Err(format!("it migrates data and does not export `{MIGRATION}`"));
        }
    }
    if manifest.schedules && world.export(SCHEDULED).is_none() {
        return Err(format!("it asks for schedules and does not export `{SCHEDULED}`"));
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, StageError> {
    std::fs::read(path).map_err(|error| StageError::File { path: path.to_owned(), error })
}

/// Keeps the package under its hash, whole or not at all. One that is there already is written again: with the same
/// bytes, or with those that it should have had.
fn keep(
    dir: &Path,
    hash: &str,
    package: &Package,
    (statics, list): (&[StaticFile], &str),
    component_hash: &str,
) -> Result<(), StageError> {
    let target = dir.join(hash);
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |error| StageError::File { path, error }
    };
    make_private_dir(&target).map_err(fail(&target))?;
    for file in statics {
        let path = target.join(Statics::file_name(&file.bytes));
        write_synced(&path, &file.bytes).map_err(fail(&path))?;
    }
    if !list.is_empty() {
        let path = target.join(LIST_FILE);
        write_synced(&path, list.as_bytes()).map_err(fail(&path))?;
    }
    let files: [(&str, &[u8]); 4] = [
        (COMPONENT_HASH_FILE, component_hash.as_bytes()),
        (WIT_FILE, &package.wit),
        (MANIFEST_FILE, package.manifest_text.as_bytes()),
        (COMPONENT_FILE, &package.component),
    ];
    for (name, bytes) in files {
        let path = target.join(name);
        write_synced(&path, bytes).map_err(fail(&path))?;
    }
    for folder in [&target, dir] {
        std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(fail(folder))?;
    }
    Ok(())
}

fn write_synced(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let beside = path.with_extension("new");
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}
