//! The plugins that lie on this box and can be installed: signed bundles, and built folders of developers. Reading them
//! verifies signatures; nothing of them runs.

use std::fs;
use std::path::{Path, PathBuf};

use hamlet_kernel::Kernel;

/// Most entries of a catalogue.
const ENTRIES_MAX: usize = 200;

/// A plugin that can be installed.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// Its place among the offers: a hash of its path, which says nothing of this box.
    pub key: String,
    pub path: PathBuf,
    pub name: String,
    pub version: String,
    pub title: String,
    /// The key of who signed it; none: nobody.
    pub publisher: Option<String>,
    /// How large its component is: about how long compiling takes.
    pub bytes: usize,
}

/// All of the folders, by title. What cannot be read is left out and logged.
pub(crate) fn offers(folders: &[PathBuf]) -> Vec<Offer> {
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let mut found: Vec<Offer> = entries.take(ENTRIES_MAX).filter_map(|entry| offer(&entry.path())).collect();
    found.sort_by(|one, other| one.title.cmp(&other.title).then(other.version.cmp(&one.version)));
    found
}

fn offer(path: &Path) -> Option<Offer> {
    let key = blake3::hash(path.as_os_str().as_encoded_bytes()).to_hex().get(..16)?.to_owned();
    let (package, publisher) = if path.extension().is_some_and(|end| end == "hamlet") {
        let read = hamlet_bundle::read_bundle(path).map_err(|error| error.to_string());
        let verified =
            read.and_then(|bytes| hamlet_bundle::verify(&bytes).map_err(|error| error.to_string()));
        match verified {
            Ok(verified) => (verified.package, Some(verified.publisher.to_string())),
            Err(error) => {
                tracing::warn!(path = %path.display(), error, "a bundle of the catalogue is left out");
                return None;
            }
        }
    } else {
        (hamlet_bundle::load(path).ok()?, None)
    };
    let manifest = package.manifest;
    Some(Offer {
        key,
        path: path.to_owned(),
        name: manifest.name.clone(),
        version: manifest.version.to_string(),
        title: manifest.title.clone(),
        publisher,
        bytes: package.component.len(),
    })
}

/// Verifies, compiles and keeps one of them; the name under which it is staged. Takes as long as compiling does.
///
/// The error is a sentence for stewards.
pub(crate) fn stage(kernel: &Kernel, offer: &Offer) -> Result<String, String> {
    if offer.publisher.is_some() {
        let bytes = hamlet_bundle::read_bundle(&offer.path).map_err(|error| error.to_string())?;
        return kernel.stage_bundle(&bytes).map_err(|error| error.to_string());
    }
    let package = hamlet_bundle::load(&offer.path).map_err(|error| error.to_string())?;
    let files =
        hamlet_bundle::load_static(&offer.path, &package.manifest).map_err(|error| error.to_string())?;
    kernel.stage_with(&package, &files).map_err(|error| error.to_string())
}
