//! The archive of a release: written so that the same content gives the same bytes, read strictly.
//!
//! It is read only after its signature was checked. Still nothing outside the folder it is opened into can be written:
//! names are looked up in a short list of forms, and links are no files.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use hamlet_bundle::Publisher;
use tar::{Builder, EntryType, Header};

use super::ReleaseFile;

/// Largest archive, in bytes.
pub const BYTES_MAX: u64 = 1 << 30;
/// The program's name within.
pub const PROGRAM: &str = "hamlet";
/// The public key's name within.
pub const KEY: &str = "release.pub";
/// What to type on the box.
const INSTALL: &str = include_str!("INSTALL.md");
const LICENSE: &str = include_str!("../../../../LICENSE");

/// An archive that was read.
#[derive(Debug)]
pub struct Archive {
    /// What it says of itself.
    pub release: ReleaseFile,
    /// Its files, by their names within its folder.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// The archive's bytes.
pub fn build(
    release: &ReleaseFile,
    program: &Path,
    publisher: &Publisher,
    bundles: &[PathBuf],
) -> Result<Vec<u8>> {
    let read = |path: &Path| fs::read(path).with_context(|| path.display().to_string());
    let mut files = BTreeMap::from([
        (PROGRAM.to_owned(), read(program)?),
        (ReleaseFile::NAME.to_owned(), toml::to_string(release)?.into_bytes()),
        (KEY.to_owned(), publisher.to_file().into_bytes()),
        ("INSTALL.md".to_owned(), INSTALL.as_bytes().to_vec()),
        ("LICENSE".to_owned(), LICENSE.as_bytes().to_vec()),
    ]);
    for bundle in bundles {
        let Some(name) = bundle.file_name().and_then(|name| name.to_str()) else {
            bail!("`{}` has no name for an archive", bundle.display())
        };
        if files.insert(format!("plugins/{name}"), read(bundle)?).is_some() {
            bail!("two plugins are called `{name}`");
        }
    }
    let mut builder = Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(if name == PROGRAM { 0o755 } else { 0o644 });
        header.set_mtime(0);
        builder.append_data(&mut header, format!("{}/{name}", release.folder()), bytes.as_slice())?;
    }
    Ok(builder.into_inner()?)
}

/// Reads an archive.
///
/// # Errors
/// It is cut, holds what no release holds, or is for another processor.
pub fn parse(bytes: &[u8]) -> Result<Archive> {
    let mut files = BTreeMap::new();
    let mut folder = None;
    for entry in tar::Archive::new(Cursor::new(bytes)).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        if entry.header().entry_type() != EntryType::Regular {
            bail!("`{path}` is no plain file");
        }
        let Some((top, name)) = path.split_once('/') else { bail!("`{path}` lies in no folder") };
        if *folder.get_or_insert_with(|| top.to_owned()) != top {
            bail!("it has two folders");
        }
        if !is_known(name) {
            bail!("`{path}` belongs to no release");
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        if files.insert(name.to_owned(), content).is_some() {
            bail!("`{path}` is in it twice");
        }
    }
    let text = files.get(ReleaseFile::NAME).context("it has no release.toml")?;
    let release: ReleaseFile = toml::from_str(std::str::from_utf8(text)?)?;
    if folder.as_deref() != Some(&release.folder()) {
        bail!("its folder is not called as its release.toml says");
    }
    release.version()?;
    if release.arch != std::env::consts::ARCH {
        bail!("it is for {} and this box is {}", release.arch, std::env::consts::ARCH);
    }
    for name in [PROGRAM, KEY] {
        if !files.contains_key(name) {
            bail!("it has no `{name}`");
        }
    }
    Ok(Archive { release, files })
}

/// Files of a release: some names, and bundles.
fn is_known(name: &str) -> bool {
    let plain = |text: &str| {
        !text.is_empty()
            && !text.starts_with('.')
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte))
    };
    match name.split_once('/') {
        Some(("plugins", name)) => plain(name) && name.ends_with(".hamlet"),
        Some(_) => false,
        None => plain(name),
    }
}

impl Archive {
    /// Writes its files into a new folder. All or nothing: a folder of that name is a whole release.
    ///
    /// # Errors
    /// It exists already, or the disk refuses.
    pub fn unpack(&self, to: &Path) -> Result<()> {
        if to.exists() {
            bail!("`{}` exists already", to.display());
        }
        let beside = to.with_added_extension("part");
        if beside.exists() {
            fs::remove_dir_all(&beside)?;
        }
        fs::create_dir_all(beside.join("plugins"))?;
        for (name, bytes) in &self.files {
            let path = beside.join(name);
            let mode = if name == PROGRAM { 0o755 } else { 0o644 };
            let file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&path);
            let mut file = file.with_context(|| path.display().to_string())?;
            file.write_all(bytes)?;
            file.sync_all()?;
        }
        fs::File::open(&beside)?.sync_all()?;
        fs::rename(&beside, to)?;
        if let Some(parent) = to.parent() {
            fs::File::open(parent)?.sync_all()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use hamlet_bundle::SecretKey;

    use super::*;

    fn sample(dir: &Path) -> (ReleaseFile, Vec<u8>) {
        let program = dir.join("program");
        fs::write(&program, b"\x7fELF").unwrap();
        let release = ReleaseFile::own();
        let publisher = SecretKey::generate().unwrap().publisher();
        let bytes = build(&release, &program, &publisher, &[]).unwrap();
        (release, bytes)
    }

    #[test]
    fn what_was_packed_is_read_and_unpacked_whole() {
        let dir = tempfile::tempdir().unwrap();
        let (release, bytes) = sample(dir.path());
        let archive = parse(&bytes).unwrap();
        assert_eq!(archive.release, release);
        let to = dir.path().join("out");
        archive.unpack(&to).unwrap();
        assert_eq!(fs::read(to.join("hamlet")).unwrap(), b"\x7fELF");
        assert!(archive.unpack(&to).is_err(), "a release is never written over");
    }

    #[test]
    fn an_archive_is_refused_when_it_reaches_out_of_its_folder() {
        for name in ["../evil", "plugins/../../evil", "a/b", ".hidden", "plugins/x.sh", ""] {
            assert!(!is_known(name), "{name}");
        }
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Symlink);
        header.set_size(0);
        let mut builder = Builder::new(Vec::new());
        builder.append_link(&mut header, "hamlet-1/hamlet", "/etc/passwd").unwrap();
        let error = parse(&builder.into_inner().unwrap()).unwrap_err();
        assert!(error.to_string().contains("no plain file"), "{error}");
    }

    #[test]
    fn no_cut_archive_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let (_, bytes) = sample(dir.path());
        // The last kilobyte is tar's mark of the end, which readers do without.
        for length in (0..bytes.len() - 1_024).step_by(97) {
            let cut = bytes.get(..length).unwrap();
            let whole = parse(cut).is_ok_and(|archive| archive.files.len() == 5);
            assert!(!whole, "{length} of {} bytes", bytes.len());
        }
    }
}
