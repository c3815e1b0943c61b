//! Entries of the tar in a backup: regular files with plain relative names, and nothing else.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};

use tar::{Builder, EntryType, Header};

use crate::error::BackupError;

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const COMMUNITY: &str = "community.toml";
pub(crate) const DATA: &str = "data";
pub(crate) const ROWS: &str = "data/rows";
/// Folders that are carried as they are.
pub(crate) const FOLDERS: [&str; 2] = ["plugins", "blobs"];

/// Writes entries.
pub(crate) struct Pack<W: Write> {
    builder: Builder<W>,
    /// Seconds since 1970, for all entries.
    time: u64,
}

impl<W: Write> Pack<W> {
    pub fn new(to: W, time: u64) -> Self {
        Self { builder: Builder::new(to), time }
    }

    pub fn bytes(&mut self, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
        self.entry(name, bytes.len() as u64, bytes)
    }

    /// An entry of exactly so many bytes; a source that has fewer is an error.
    pub fn entry(&mut self, name: &str, bytes: u64, from: impl Read) -> Result<(), BackupError> {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(bytes);
        header.set_mode(0o600);
        header.set_mtime(self.time);
        let mut from = Exactly { from: from.take(bytes), left: bytes };
        Ok(self.builder.append_data(&mut header, name, &mut from)?)
    }

    /// All files below a folder, in order. One that is not there is no folder of this community.
    pub fn folder(&mut self, root: &Path, name: &str) -> Result<(), BackupError> {
        let folder = root.join(name);
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(BackupError::file(&folder))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(BackupError::file(&folder))?;
            let kind = entry.file_type().map_err(BackupError::file(&entry.path()))?;
            if let Ok(inner) = entry.file_name().into_string() {
                names.push((inner, kind));
            }
        }
        names.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (inner, kind) in names {
            let name = format!("{name}/{inner}");
            // What is still being written is nobody's yet.
            if kind.is_dir() && name != "blobs/new" {
                self.folder(root, &name)?;
            } else if kind.is_file() {
                let path = root.join(&name);
                let file = File::open(&path).map_err(BackupError::file(&path))?;
                let bytes = file.metadata().map_err(BackupError::file(&path))?.len();
                self.entry(&name, bytes, file)?;
            }
        }
        Ok(())
    }

    pub fn finish(self) -> Result<W, BackupError> {
        Ok(self.builder.into_inner()?)
    }
}

/// A file that is cut while it is copied must not become an entry that is padded with the next one.
struct Exactly<R> {
    from: R,
    left: u64,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(out)?;
        self.left -= read as u64;
        if read == 0 && self.left > 0 && !out.is_empty() {
            let why = "a file became shorter while it was copied";
            return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, why));
        }
        Ok(read)
    }
}

/// Calls `each` with every entry, and reads the archive to its very end, so that a cut is met.
pub(crate) fn unpack(
    mut from: impl Read,
    mut each: impl FnMut(&str, &mut dyn Read) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    {
        let mut archive = tar::Archive::new(&mut from);
        for entry in archive.entries()? {
            let mut entry = entry?;
            let path = entry.path()?.into_owned();
            let name = path.to_str().filter(|name| is_plain(name));
            let name =
                name.ok_or_else(|| BackupError::Form(format!("an entry is called {}", path.display())))?;
            if entry.header().entry_type() != EntryType::Regular {
                return Err(BackupError::Form(format!("`{name}` is no regular file")));
            }
            each(name, &mut entry)?;
        }
    }
    std::io::copy(&mut from, &mut std::io::sink())?;
    Ok(())
}

/// A relative name of ordinary parts.
fn is_plain(name: &str) -> bool {
    let path = Path::new(name);
    !name.is_empty()
        && !name.contains('\\')
        && path.components().all(|part| matches!(part, Component::Normal(_)))
        && path.components().collect::<PathBuf>().to_str() == Some(name)
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn a_name_that_leads_anywhere_else_is_refused() {
        for bad in ["", "/etc/passwd", "..", "a/../b", "./a", "a//b", "a/", "a\\b", "a/."] {
            assert!(!is_plain(bad), "{bad}");
        }
        for good in ["manifest.json", "blobs/ab/cdef.sealed", "plugins/x/plugin.toml"] {
            assert!(is_plain(good), "{good}");
        }
    }
}
