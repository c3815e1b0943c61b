//! The plugins that lie on this box and can be installed: signed bundles, and built folders of developers. Reading them
//! verifies signatures; nothing of them runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hamlet_bundle::Manifest;
use hamlet_kernel::Kernel;
use parking_lot::Mutex;

use super::visit::Visit;

/// Most entries of a catalogue.
const ENTRIES_MAX: usize = 200;

/// A plugin that can be installed.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// Its place among the offers: a hash of its path, which says nothing of this box.
    pub key: String,
    pub path: PathBuf,
    /// What it says of itself.
    pub manifest: Manifest,
    /// The key of who signed it; none: nobody.
    pub publisher: Option<String>,
    /// How large its component is: about how long compiling takes.
    pub bytes: usize,
}

impl Offer {
    /// What it is called in the language of whoever looks.
    pub fn title(&self, visit: &Visit) -> &str {
        visit.in_words(&self.manifest)
    }
}

/// All of the folders, by title. What cannot be read is left out and logged.
pub(crate) fn offers(folders: &[PathBuf]) -> Vec<Offer> {
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let mut found: Vec<Offer> = entries.take(ENTRIES_MAX).filter_map(|entry| offer(&entry.path())).collect();
    found.sort_by(|one, other| {
        let (one, other) = (&one.manifest, &other.manifest);
        one.title.cmp(&other.title).then(other.version.cmp(&one.version))
    });
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
    let bytes = package.component.len();
    Some(Offer { key, path: path.to_owned(), manifest: package.manifest, publisher, bytes })
}

/// Verifies, compiles and keeps one of them; the name under which it is staged. Takes as long as compiling does. Two that
/// ask for the same one share the work: the second waits for the first, and for no other.
///
/// The error is a sentence for stewards.
pub(crate) fn stage(kernel: &Kernel, offer: &Offer) -> Result<String, String> {
    static GOING_ON: Mutex<BTreeMap<String, Arc<Mutex<()>>>> = Mutex::new(BTreeMap::new());
    let this = Arc::clone(GOING_ON.lock().entry(offer.key.clone()).or_default());
    let _one = this.lock();
    if offer.publisher.is_some() {
        let bytes = hamlet_bundle::read_bundle(&offer.path).map_err(|error| error.to_string())?;
        return kernel.stage_bundle(&bytes).map_err(|error| error.to_string());
    }
    let package = hamlet_bundle::load(&offer.path).map_err(|error| error.to_string())?;
    kernel.stage(&package).map_err(|error| error.to_string())
}
