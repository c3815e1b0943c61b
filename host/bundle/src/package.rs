//! What a build leaves in a folder: three files that belong together, and static files beside them.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::manifest::{MANIFEST_BYTES_MAX, Manifest, ManifestError};
use crate::statics::{STATIC_FOLDER, StaticError, StaticFile, read_static};

/// Largest component that is read, in bytes. (An interpreter with its standard library is some
/// 35 MiB.)
pub const COMPONENT_BYTES_MAX: u64 = 128 << 20;
/// Largest binary WIT package that is read, in bytes.
pub(crate) const WIT_BYTES_MAX: u64 = 8 << 20;
/// The manifest's file name.
pub(crate) const MANIFEST_FILE: &str = "plugin.toml";

/// A built plugin. Nothing says yet that the three parts fit one another: the host checks when it
/// stages it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The same, as written.
    pub manifest_text: String,
    /// The component.
    pub component: Vec<u8>,
    /// Its WIT package in binary form, with doc comments; one world (C3).
    pub wit: Vec<u8>,
    /// The files that the host serves as they are, sorted by path.
    pub files: Vec<StaticFile>,
}

/// Why a folder is not a built plugin.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("{} cannot be read: {source}. Was the plugin built (hamlet plugin build)?", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is larger than a plugin's can be.
    #[error("{} has more than {bytes_max} bytes", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// The limit.
        bytes_max: u64,
    },
    /// The manifest is not text.
    #[error("{} is not UTF-8 text", path.display())]
    NotText {
        /// Which file.
        path: PathBuf,
    },
    /// The manifest is refused.
    #[error("{}: {source}", path.display())]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: ManifestError,
    },
    /// A static file is refused.
    #[error(transparent)]
    Static(Box<StaticError>),
}

impl From<StaticError> for LoadError {
    fn from(error: StaticError) -> Self {
        match error {
            StaticError::Load(error) => error,
            error => Self::Static(Box::new(error)),
        }
    }
}

/// Reads a built plugin's folder: `plugin.toml`, `NAME.wasm`, `NAME.wit.wasm`, and its static files.
pub fn load(dir: &Path) -> Result<Package, LoadError> {
    let (manifest, manifest_text) = read_manifest(dir)?;
    let component = read_at_most(component_path(dir, &manifest.name), COMPONENT_BYTES_MAX)?;
    let wit = read_at_most(wit_path(dir, &manifest.name), WIT_BYTES_MAX)?;
    let files = match &manifest.static_files {
        None => Vec::new(),
        Some(rules) => read_static(&dir.join(STATIC_FOLDER), rules)?,
    };
    Ok(Package { manifest, manifest_text, component, wit, files })
}

/// Writes a plugin into a folder as a build does: each file whole or not at all, the manifest last,
/// so who finds a manifest finds the rest.
///
/// # Errors
/// The path of the file that cannot be written, and why.
pub fn save(dir: &Path, package: &Package) -> Result<(), SaveError> {
    let put = |path: PathBuf, bytes: &[u8]| {
        let beside = path.with_added_extension(format!("{}.part", std::process::id()));
        let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, &path));
        written.map_err(|source| SaveError { path, source })
    };
    let make =
        |path: &Path| fs::create_dir_all(path).map_err(|source| SaveError { path: path.to_owned(), source });
    let name = &package.manifest.name;
    make(dir)?;
    put(component_path(dir, name), &package.component)?;
    put(wit_path(dir, name), &package.wit)?;
    let folder = dir.join(STATIC_FOLDER);
    if package.manifest.static_files.is_some() {
        make(&folder)?;
    }
    for file in &package.files {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            make(parent)?;
        }
        put(path, &file.bytes)?;
    }
    put(dir.join(MANIFEST_FILE), package.manifest_text.as_bytes())
}

/// A file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be written: {source}", path.display())]
pub struct SaveError {
    /// Which.
    pub path: PathBuf,
    /// What the system says.
    pub source: std::io::Error,
}

pub(crate) fn component_name(name: &str) -> String {
    format!("{name}.wasm")
}

pub(crate) fn wit_name(name: &str) -> String {
    format!("{name}.wit.wasm")
}

fn component_path(dir: &Path, name: &str) -> PathBuf {
    dir.join(component_name(name))
}

fn wit_path(dir: &Path, name: &str) -> PathBuf {
    dir.join(wit_name(name))
}

/// The manifest of a plugin's folder, built or not.
pub(crate) fn read_manifest(dir: &Path) -> Result<(Manifest, String), LoadError> {
    let path = dir.join(MANIFEST_FILE);
    let bytes = read_at_most(path.clone(), MANIFEST_BYTES_MAX as u64)?;
    let Ok(text) = String::from_utf8(bytes) else {
        return Err(LoadError::NotText { path });
    };
    match Manifest::parse(&text) {
        Ok(manifest) => Ok((manifest, text)),
        Err(source) => Err(LoadError::Manifest { path, source }),
    }
}

/// Reads a file, but not a giant one: the length is checked while reading, since a file can grow.
pub(crate) fn read_at_most(path: PathBuf, bytes_max: u64) -> Result<Vec<u8>, LoadError> {
    let mut bytes = Vec::new();
    let result =
        fs::File::open(&path).and_then(|file| file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes));
    match result {
        Err(source) => Err(LoadError::Read { path, source }),
        Ok(_) if bytes.len() as u64 > bytes_max => Err(LoadError::TooLarge { path, bytes_max }),
        Ok(_) => Ok(bytes),
    }
}
