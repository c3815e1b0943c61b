//! Built plugins, shared by the processes of a test run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use hamlet_bundle::{BuildOptions, Manifest, Package};

use crate::setup::lock;

/// The package of the plugin in `folder`.
///
/// With `HAMLET_PREBUILT` set to a folder, what was built into `FOLDER/NAME` is taken as it is. Otherwise
/// a plugin in Rust is built, which costs a second when nothing changed. One with a build command of its
/// own is built again only when a file of its folder, or of one of `also`, changed since the last time:
/// such commands rarely know.
pub fn built(folder: impl AsRef<Path>, also: &[&Path]) -> Result<Package> {
    let folder = folder.as_ref();
    let text = fs::read_to_string(folder.join("plugin.toml"))
        .with_context(|| format!("`{}` has no plugin.toml", folder.display()))?;
    let manifest = Manifest::parse(&text)?;
    if let Some(prebuilt) = std::env::var_os("HAMLET_PREBUILT") {
        return Ok(hamlet_bundle::load(&PathBuf::from(prebuilt).join(&manifest.name))?);
    }
    if manifest.build.command.is_empty() {
        return build(folder, None);
    }
    let out = folder.join("build/tested");
    let _held = lock(&out)?;
    let sources = fingerprint(folder, also)?;
    let stamp = out.join("sources");
    if fs::read_to_string(&stamp).ok().as_ref() == Some(&sources)
        && let Ok(package) = hamlet_bundle::load(&out)
    {
        return Ok(package);
    }
    let package = build(folder, Some(out))?;
    fs::write(&stamp, sources)?;
    Ok(package)
}

fn build(folder: &Path, out: Option<PathBuf>) -> Result<Package> {
    let options = BuildOptions { out, ..BuildOptions::default() };
    let built = hamlet_bundle::build(folder, &options, &mut |_| {});
    Ok(built.with_context(|| format!("`{}` does not build", folder.display()))?.package)
}

/// Of all files in these folders but those that builds leave there.
fn fingerprint(folder: &Path, also: &[&Path]) -> Result<String> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = [folder].iter().chain(also).map(|folder| folder.to_path_buf()).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("`{}`", folder.display()))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default();
            if !path.is_dir() {
                files.push(path);
            } else if !["build", "target", "__pycache__"].iter().any(|left| name == *left) {
                folders.push(path);
            }
        }
    }
    files.sort();
    let mut hash = blake3::Hasher::new();
    for file in files {
        let bytes = fs::read(&file)?;
        let name = file.as_os_str().as_encoded_bytes();
        hash.update(&(name.len() as u64).to_be_bytes()).update(name);
        hash.update(&(bytes.len() as u64).to_be_bytes()).update(&bytes);
    }
    Ok(hash.finalize().to_hex().to_string())
}
