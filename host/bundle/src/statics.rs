//! Static files: what travels with a plugin and is served as it is, in a sandboxed frame.
//!
//! They lie in the folder that the manifest's `[static]` names, and as `static/…` in a build's result
//! and in a bundle. Names are of a narrow grammar and content types come from a table, so that what a
//! browser is told about a file never depends on the file.
//!
//! What this is not: it serves nothing and reads no file's meaning.
//!
//! What breaks if it is wrong: a bundle writes outside its folder, or a picture is run as a script.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::manifest::StaticRules;
use crate::package::{LoadError, read_at_most};

/// Most static files of a plugin.
pub const STATIC_FILES_MAX: usize = 2_000;
/// Largest static file, in bytes.
pub const STATIC_FILE_BYTES_MAX: u64 = 16 << 20;
/// Bytes of all static files of a plugin that does not say how many.
pub const STATIC_BYTES_DEFAULT: u64 = 8 << 20;
/// Most bytes of all static files of a plugin.
pub const STATIC_BYTES_MAX: u64 = 64 << 20;
/// Longest path of a static file, in bytes: with `static/` before it, a tar header holds it whole.
pub const STATIC_PATH_BYTES_MAX: usize = 92;
/// The folder of static files in a build's result and in a bundle.
pub(crate) const STATIC_FOLDER: &str = "static";

/// Endings that need no word in a manifest, with what browsers are told.
const TYPES: [(&str, &str); 25] = [
    ("avif", "image/avif"),
    ("css", "text/css; charset=utf-8"),
    ("csv", "text/csv; charset=utf-8"),
    ("gif", "image/gif"),
    ("glb", "model/gltf-binary"),
    ("html", "text/html; charset=utf-8"),
    ("ico", "image/vnd.microsoft.icon"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("md", "text/markdown; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("ogg", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain; charset=utf-8"),
    ("wasm", "application/wasm"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("woff2", "font/woff2"),
];

/// One static file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticFile {
    /// Relative to the folder of static files, with `/`, for example `viewer/app.js`.
    pub path: String,
    /// What browsers are told, for example `text/css; charset=utf-8`.
    pub content_type: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Why static files are refused.
#[derive(Debug, thiserror::Error)]
pub enum StaticError {
    /// A file cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The folder cannot be listed.
    #[error("{} cannot be listed: {source}. plugin.toml names it under [static]", path.display())]
    List {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A link or another thing that is neither file nor folder.
    #[error("{} is neither a file nor a folder; put a copy of what it links to in its place", path.display())]
    NoFile {
        /// Which.
        path: PathBuf,
    },
    /// A name that other systems read in another way.
    #[error(
        "the static file {path:?} cannot be named so: at most {STATIC_PATH_BYTES_MAX} bytes of letters, \
         digits, `.`, `-`, `_` and `/`, no part beginning with a dot"
    )]
    Path {
        /// Which.
        path: String,
    },
    /// Two names that differ only in case, or a file that is also a folder.
    #[error("the static files {one:?} and {other:?} would be one file on some systems; rename one")]
    Clash {
        /// One.
        one: String,
        /// The other.
        other: String,
    },
    /// The host does not know what it is.
    #[error(
        "the static file {path:?} has an ending that the host does not know; say what it is in plugin.toml \
         under [static.types], like stl = \"model/stl\", or leave the file out"
    )]
    Type {
        /// Which.
        path: String,
    },
    /// One is too large.
    #[error("the static file {path:?} has more than {} MiB", STATIC_FILE_BYTES_MAX >> 20)]
    TooLarge {
        /// Which.
        path: String,
    },
    /// They are too many.
    #[error("there are more than {STATIC_FILES_MAX} static files")]
    TooMany,
    /// They are too large together.
    #[error("the static files have {bytes} bytes together; plugin.toml allows {bytes_max} ([static] size)")]
    TooLargeTogether {
        /// Their size.
        bytes: u64,
        /// What the manifest allows.
        bytes_max: u64,
    },
    /// There are some and the manifest does not say so.
    #[error("there are static files, and plugin.toml has no [static]")]
    Undeclared,
}

/// Reads all static files below a folder, sorted by path.
///
/// # Errors
/// The folder or a file cannot be read, or one is refused; nothing is left out silently.
pub fn read_static(folder: &Path, rules: &StaticRules) -> Result<Vec<StaticFile>, StaticError> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((dir, prefix)) = folders.pop() {
        let list = |source| StaticError::List { path: dir.clone(), source };
        for entry in fs::read_dir(&dir).map_err(list)? {
            let entry = entry.map_err(list)?;
            let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
            // Before anything is read or walked: a folder may be deeper than any path can say.
            check_path(&path)?;
            // This does not follow links.
            let kind = entry.file_type().map_err(list)?;
            if kind.is_dir() {
                folders.push((entry.path(), format!("{path}/")));
            } else if kind.is_file() {
                found.push((path, entry.path()));
            } else {
                return Err(StaticError::NoFile { path: entry.path() });
            }
            if found.len() > STATIC_FILES_MAX || folders.len() > STATIC_FILES_MAX {
                return Err(StaticError::TooMany);
            }
        }
    }
    found.sort();
    let mut files = Vec::with_capacity(found.len());
    let mut bytes_sum = 0;
    for (path, place) in found {
        let content_type = content_type(&path, rules)?;
        let bytes = match read_at_most(place, STATIC_FILE_BYTES_MAX) {
            Err(LoadError::TooLarge { .. }) => return Err(StaticError::TooLarge { path }),
            other => other?,
        };
        bytes_sum += bytes.len() as u64;
        if bytes_sum > rules.size {
            return Err(StaticError::TooLargeTogether { bytes: bytes_sum, bytes_max: rules.size });
        }
        files.push(StaticFile { path, content_type, bytes });
    }
    check_static(&files, Some(rules))?;
    Ok(files)
}

/// Checks static files, wherever they come from, against what the manifest says of them.
pub(crate) fn check_static(files: &[StaticFile], rules: Option<&StaticRules>) -> Result<(), StaticError> {
    let Some(rules) = rules else {
        return if files.is_empty() { Ok(()) } else { Err(StaticError::Undeclared) };
    };
    if files.len() > STATIC_FILES_MAX {
        return Err(StaticError::TooMany);
    }
    let mut bytes_sum = 0;
    for file in files {
        check_path(&file.path)?;
        if file.content_type != content_type(&file.path, rules)? {
            return Err(StaticError::Type { path: file.path.clone() });
        }
        let bytes = file.bytes.len() as u64;
        if bytes > STATIC_FILE_BYTES_MAX {
            return Err(StaticError::TooLarge { path: file.path.clone() });
        }
        bytes_sum += bytes;
    }
    if bytes_sum > rules.size {
        return Err(StaticError::TooLargeTogether { bytes: bytes_sum, bytes_max: rules.size });
    }
    check_clashes(files)
}

/// What browsers are told of a file, by its ending.
pub(crate) fn content_type(path: &str, rules: &StaticRules) -> Result<String, StaticError> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    let found = built_in_type(&ending).or_else(|| rules.types.get(&ending).map(String::as_str));
    found.map(str::to_owned).ok_or_else(|| StaticError::Type { path: path.to_owned() })
}

pub(crate) fn built_in_type(ending: &str) -> Option<&'static str> {
    TYPES.iter().find(|(known, _)| *known == ending).map(|(_, content_type)| *content_type)
}

fn check_path(path: &str) -> Result<(), StaticError> {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.ends_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    if path.len() <= STATIC_PATH_BYTES_MAX && path.split('/').all(is_part) {
        Ok(())
    } else {
        Err(StaticError::Path { path: path.to_owned() })
    }
}

/// No two files are one where case does not count, and no file is another one's folder.
fn check_clashes(files: &[StaticFile]) -> Result<(), StaticError> {
    let mut names: Vec<(String, &str)> =
        files.iter().map(|file| (file.path.to_ascii_lowercase(), file.path.as_str())).collect();
    names.sort();
    let clash = |one: &str, other: &str| StaticError::Clash { one: one.to_owned(), other: other.to_owned() };
    for pair in names.windows(2) {
        if let [(one, one_path), (other, other_path)] = pair
            && one == other
        {
            return Err(clash(one_path, other_path));
        }
    }
    let all: BTreeSet<&str> = names.iter().map(|(lower, _)| lower.as_str()).collect();
    for (lower, path) in &names {
        let parents = lower.match_indices('/').filter_map(|(at, _)| lower.get(..at));
        if let Some(parent) = parents.into_iter().find(|parent| all.contains(parent)) {
            return Err(clash(parent, path));
        }
    }
    Ok(())
}
