//! The folder of blobs as a whole, for who verifies or exports it.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{Hash, NEW, parse};

/// Every blob in the community's folder `dir`, in order of hashes. A file of another name is no blob.
///
/// # Errors
/// The folder cannot be read. None at all is fine.
pub fn all(dir: &Path) -> io::Result<Vec<Hash>> {
    let mut hashes: Vec<Hash> = files(dir)?.into_iter().filter_map(|(_, hash)| hash).collect();
    hashes.sort_unstable();
    Ok(hashes)
}

/// The files that are not what their names say. Reads all of them.
///
/// # Errors
/// The folder cannot be read. None at all is fine.
pub fn damaged(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for (path, hash) in files(dir)? {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(File::open(&path)?)?;
        if hash != Some(hasher.finalize().into()) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Every file, with the hash in its name.
fn files(dir: &Path) -> io::Result<Vec<(PathBuf, Option<Hash>)>> {
    let mut found = Vec::new();
    let drawers = match std::fs::read_dir(dir.join("blobs")) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
        drawers => drawers?,
    };
    for drawer in drawers {
        let drawer = drawer?;
        let first = drawer.file_name();
        if first.to_str().is_none_or(|name| name == NEW) {
            continue;
        }
        for entry in std::fs::read_dir(drawer.path())? {
            let entry = entry?;
            let hash =
                first.to_str().zip(entry.file_name().to_str()).and_then(|(first, rest)| parse(first, rest));
            found.push((entry.path(), hash));
        }
    }
    Ok(found)
}
