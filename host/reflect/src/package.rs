//! Making the binary WIT package of a world from WIT texts: what `plugin build` writes beside a
//! component (C3), and how the host reads its own contracts.
//!
//! # The format
//! The package is what `wit-component` encodes for the world's own package (so `wasm-tools component
//! wit` prints it), whose docs are in a custom section `package-docs`. That section tells only of the
//! package itself, and a world speaks mostly of interfaces of other packages. Their docs are in a
//! custom section `hamlet-docs` at the end, which other tools skip: for each such package the length
//! (u32, little endian) and text of its name, then the length and content of what would be its own
//! `package-docs`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wit_parser::{PackageId, PackageMetadata, Resolve, SourceMap, UnresolvedPackageGroup, WorldId};

use crate::decode::{self, DecodeError};
use crate::lower::Lowering;
use crate::types::Interface;

/// Name of the custom section with the docs of other packages.
const DOCS_SECTION: &str = "hamlet-docs";
/// Length of the magic number and version that every WebAssembly binary begins with.
const PREAMBLE_BYTES: usize = 8;
/// The id of a custom section.
const CUSTOM_SECTION: u8 = 0;

/// Why WIT texts do not make a package.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// A folder or file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no WIT in the folder, or no text was given.
    #[error("there is no .wit file in {0}")]
    Empty(String),
    /// The text is not WIT, or names what is not there. The message shows the place.
    #[error("{0}")]
    Wit(String),
    /// There is no such world, or several to choose from.
    #[error("{0}")]
    World(String),
    /// It is WIT, and it cannot be described.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// WIT texts of a package and those that it depends on, parsed and resolved.
#[derive(Debug, Clone)]
pub struct Sources {
    resolve: Resolve,
    main: PackageId,
}

impl Sources {
    /// Reads folders: the first is the package, the others are packages that it may use.
    ///
    /// A `deps` folder in any of them may hold more, a file or a folder each. A package that is met
    /// twice is taken from where it was met first, the given folders before any `deps`: so the host's
    /// own contracts win over a plugin's copy of them.
    pub fn from_dirs(dirs: &[&Path]) -> Result<Self, PackageError> {
        let mut groups = Vec::new();
        let mut dependencies = Vec::new();
        for dir in dirs {
            groups.push(wit_files(dir)?);
            let deps = dir.join("deps");
            if deps.is_dir() {
                dependencies.append(&mut dependency_files(&deps)?);
            }
        }
        groups.append(&mut dependencies);
        Self::from_groups(groups)
    }

    /// The same from memory: texts as `(path, text)`, for messages and to tell packages apart.
    ///
    /// Texts of one folder are one package, except within a folder `deps`, where each is its own. The
    /// first text is of the main package.
    pub fn from_texts(texts: &[(&str, &str)]) -> Result<Self, PackageError> {
        let mut groups: Vec<(PathBuf, Vec<File>)> = Vec::new();
        for (name, text) in texts {
            let path = PathBuf::from(name);
            let parent = path.parent().unwrap_or(Path::new(""));
            let folder = if parent.file_name() == Some(OsStr::new("deps")) { &path } else { parent };
            let file = (path.clone(), (*text).to_owned());
            match groups.iter_mut().find(|(known, _)| known == folder) {
                Some((_, files)) => files.push(file),
                None => groups.push((folder.to_owned(), vec![file])),
            }
        }
        Self::from_groups(groups.into_iter().map(|(_, files)| files).collect())
    }

    fn from_groups(groups: Vec<Vec<File>>) -> Result<Self, PackageError> {
        let mut parsed: Vec<UnresolvedPackageGroup> = Vec::new();
        for files in groups {
            let group = parse_group(files)?;
            if !parsed.iter().any(|known| known.main.name == group.main.name) {
                parsed.push(group);
            }
        }
        let mut parsed = parsed.into_iter();
        let Some(main) = parsed.next() else {
            return Err(PackageError::Empty("what was given".into()));
        };
        let mut resolve = Resolve::default();
        match resolve.push_groups(main, parsed.collect()) {
            Ok(main) => Ok(Self { resolve, main }),
            Err(error) => Err(PackageError::Wit(resolve.render_error(&error.into()))),
        }
    }

    /// The resolved packages, for tools that make bindings or components.
    pub fn resolve(&self) -> &Resolve {
        &self.resolve
    }

    /// A world of the main package by its name; none: its only one.
    pub fn world(&self, name: Option<&str>) -> Result<WorldId, PackageError> {
        self.resolve
            .select_world(&[self.main], name)
            .map_err(|error| PackageError::World(format!("{error:#}")))
    }

    /// The binary WIT package that describes this world, with all docs (C3).
    pub fn encode(&self, world: Option<&str>) -> Result<Vec<u8>, PackageError> {
        encode_package(&self.resolve, self.world(world)?)
    }

    /// Every interface of the main package, not only those in a world.
    pub fn interfaces(&self) -> Result<Vec<Arc<Interface>>, PackageError> {
        let mut interfaces = Vec::new();
        if let Some(package) = self.resolve.packages.get(self.main) {
            for id in package.interfaces.values() {
                // One a time, so that a path in an error begins with its own interface.
                interfaces.push(Lowering::new(&self.resolve).interface(*id)?);
            }
        }
        Ok(interfaces)
    }
}

/// Every interface of the package of the first text; see [`Sources::from_texts`].
pub fn parse_texts(texts: &[(&str, &str)]) -> Result<Vec<Arc<Interface>>, PackageError> {
    Sources::from_texts(texts)?.interfaces()
}

/// The binary WIT package that describes one world, with the docs of all packages (C3).
///
/// What it gives is read back before it is returned, so it can be decoded.
pub fn encode_package(resolve: &Resolve, world: WorldId) -> Result<Vec<u8>, PackageError> {
    let mut resolve = resolve.clone();
    let package = resolve.worlds.get(world).and_then(|world| world.package);
    let Some(main) = package else {
        return Err(PackageError::World("the world belongs to no package".into()));
    };
    if let Some(package) = resolve.packages.get_mut(main) {
        package.worlds.retain(|_, id| *id == world);
    }
    let mut bytes =
        wit_component::encode(&resolve, main).map_err(|error| PackageError::Wit(format!("{error:#}")))?;

    let mut section = Vec::new();
    let (decoded, _) = decode::resolve(&bytes)?;
    for (name, id) in &decoded.package_names {
        let Some(source) = resolve.package_names.get(name).copied().filter(|id| *id != main) else {
            continue;
        };
        keep_only(&mut resolve, source, &decoded, *id);
        let metadata = PackageMetadata::extract(&resolve, source)
            .encode()
            .map_err(|error| PackageError::Wit(format!("{error:#}")))?;
        push_field(&mut section, name.to_string().as_bytes())?;
        push_field(&mut section, &metadata)?;
    }
    append_custom_section(&mut bytes, &section);
    decode::decode(&bytes)?;
    Ok(bytes)
}

/// Reduces a package to what survived the encoding, since docs of anything else would not fit.
fn keep_only(resolve: &mut Resolve, id: PackageId, decoded: &Resolve, decoded_id: PackageId) {
    let Some(package) = resolve.packages.get_mut(id) else { return };
    let Some(kept) = decoded.packages.get(decoded_id) else { return };
    package.worlds.clear();
    package.interfaces.retain(|name, _| kept.interfaces.contains_key(name));
    let ids: Vec<_> = package.interfaces.iter().map(|(name, id)| (name.clone(), *id)).collect();
    for (name, id) in ids {
        let kept = kept.interfaces.get(&name).and_then(|id| decoded.interfaces.get(*id));
        if let (Some(interface), Some(kept)) = (resolve.interfaces.get_mut(id), kept) {
            interface.functions.retain(|name, _| kept.functions.contains_key(name));
            interface.types.retain(|name, _| kept.types.contains_key(name));
        }
    }
}

fn push_field(section: &mut Vec<u8>, bytes: &[u8]) -> Result<(), PackageError> {
    let length = u32::try_from(bytes.len()).map_err(|_| DecodeError::TooLarge(bytes.len()))?;
    section.extend_from_slice(&length.to_le_bytes());
    section.extend_from_slice(bytes);
    Ok(())
}

fn append_custom_section(bytes: &mut Vec<u8>, content: &[u8]) {
    let mut name = Vec::new();
    push_leb128(&mut name, DOCS_SECTION.len());
    name.extend_from_slice(DOCS_SECTION.as_bytes());
    bytes.push(CUSTOM_SECTION);
    push_leb128(bytes, name.len() + content.len());
    bytes.extend_from_slice(&name);
    bytes.extend_from_slice(content);
}

fn push_leb128(bytes: &mut Vec<u8>, mut value: usize) {
    loop {
        #[expect(clippy::cast_possible_truncation, reason = "seven bits remain")]
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

/// The docs of other packages in a binary package: name and content of each.
///
/// The binary has been validated before, so a section that does not parse here is our own.
pub(crate) fn foreign_docs(package: &[u8]) -> Result<Vec<(String, &[u8])>, DecodeError> {
    let damaged = || DecodeError::Damaged("its section with docs is cut short".into());
    let mut found = Vec::new();
    let mut rest = package.get(PREAMBLE_BYTES..).unwrap_or_default();
    while let Some((id, after)) = rest.split_first() {
        let (length, after) = leb128(after).ok_or_else(damaged)?;
        let (section, after) = after.split_at_checked(length).ok_or_else(damaged)?;
        rest = after;
        if *id != CUSTOM_SECTION {
            continue;
        }
        let (length, section) = leb128(section).ok_or_else(damaged)?;
        let (name, mut content) = section.split_at_checked(length).ok_or_else(damaged)?;
        if name != DOCS_SECTION.as_bytes() {
            continue;
        }
        while !content.is_empty() {
            let name = take_field(&mut content).ok_or_else(damaged)?;
            let metadata = take_field(&mut content).ok_or_else(damaged)?;
            found.push((String::from_utf8_lossy(name).into_owned(), metadata));
        }
    }
    Ok(found)
}

fn take_field<'a>(content: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = content.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (field, rest) = rest.split_at_checked(length)?;
    *content = rest;
    Some(field)
}

fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0usize;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}

/// A WIT file: where it is and what it says.
type File = (PathBuf, String);

fn parse_group(files: Vec<File>) -> Result<UnresolvedPackageGroup, PackageError> {
    let mut map = SourceMap::new();
    for (path, text) in files {
        map.push(&path, text);
    }
    map.parse()
        .map_err(|(map, error)| PackageError::Wit(wit_parser::render_anyhow_error(&error.into(), &map)))
}

/// The WIT files of one folder, in order of their names.
fn wit_files(dir: &Path) -> Result<Vec<File>, PackageError> {
    let mut files = Vec::new();
    for path in entries(dir)? {
        if is_wit(&path) {
            files.push(read(path)?);
        }
    }
    if files.is_empty() {
        return Err(PackageError::Empty(dir.display().to_string()));
    }
    Ok(files)
}

/// The packages of a `deps` folder.
fn dependency_files(deps: &Path) -> Result<Vec<Vec<File>>, PackageError> {
    let mut groups = Vec::new();
    for path in entries(deps)? {
        if path.is_dir() {
            groups.push(wit_files(&path)?);
        } else if is_wit(&path) {
            groups.push(vec![read(path)?]);
        }
    }
    Ok(groups)
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, PackageError> {
    let failed = |source| PackageError::Read { path: dir.to_owned(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn is_wit(path: &Path) -> bool {
    path.is_file() && path.extension() == Some(OsStr::new("wit"))
}

fn read(path: PathBuf) -> Result<File, PackageError> {
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok((path, text)),
        Err(source) => Err(PackageError::Read { path, source }),
    }
}
