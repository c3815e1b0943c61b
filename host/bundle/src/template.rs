//! `plugin new`: a small plugin that works, to be changed into another one.
//!
//! The files stand in `templates/rust/` and are filled in here; a test of this crate builds what
//! comes out. Inside a checkout, or with a binary built from one, the new plugin depends on the SDK
//! there and shares what was compiled there, so that its first test takes seconds and not minutes.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::manifest::is_template_name;

/// The checkout from which this crate was compiled.
const CHECKOUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// The SDK's version, for a binary that has left its checkout.
const SDK_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where each file goes, and its text with `{{…}}` to fill in.
const FILES: [(&str, &str); 9] = [
    ("Cargo.toml", include_str!("../templates/rust/Cargo.toml.in")),
    (".gitignore", include_str!("../templates/rust/gitignore.in")),
    ("plugin.toml", include_str!("../templates/rust/plugin.toml.in")),
    ("wit/world.wit", include_str!("../templates/rust/world.wit.in")),
    ("src/lib.rs", include_str!("../templates/rust/lib.rs.in")),
    ("src/library.rs", include_str!("../templates/rust/library.rs.in")),
    ("src/library/tests.rs", include_str!("../templates/rust/tests.rs.in")),
    ("src/adapter.rs", include_str!("../templates/rust/adapter.rs.in")),
    ("tests/village.rs", include_str!("../templates/rust/village.rs.in")),
];
/// Written only where there is a checkout to share with.
const CARGO_CONFIG: &str = include_str!("../templates/rust/config.toml.in");

/// A plugin to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    name: String,
}

/// Why no plugin was written.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The name cannot be one of a plugin, of a WIT package and of a crate at once.
    #[error(
        "{name:?} cannot be the name of a new plugin: take lower-case words joined by hyphens, like \
         tool-library, no word of the Rust or WIT language"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// Something is there already.
    #[error("{} is not empty; choose another folder", dir.display())]
    NotEmpty {
        /// The folder.
        dir: PathBuf,
    },
    /// A file cannot be written.
    #[error("{} cannot be written: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Template {
    /// A plugin in Rust of this name.
    pub fn rust(name: &str) -> Result<Template, TemplateError> {
        if !is_template_name(name) {
            return Err(TemplateError::Name { name: name.to_owned() });
        }
        Ok(Template { name: name.to_owned() })
    }

    /// Writes the plugin into `dir`, which is made and must be empty. Gives the files' paths.
    pub fn write(&self, dir: &Path) -> Result<Vec<PathBuf>, TemplateError> {
        if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(TemplateError::NotEmpty { dir: dir.to_owned() });
        }
        let checkout = checkout();
        let mut written = Vec::new();
        for (path, text) in FILES {
            put(&dir.join(path), self.fill(text, checkout.as_deref()).as_bytes(), &mut written)?;
        }
        if let Some(checkout) = checkout {
            let config = self.fill(CARGO_CONFIG, Some(&checkout));
            put(&dir.join(".cargo/config.toml"), config.as_bytes(), &mut written)?;
            // The same versions of everything; cargo drops the lines that this plugin does not need.
            if let Ok(lock) = fs::read(checkout.join("Cargo.lock")) {
                put(&dir.join("Cargo.lock"), &lock, &mut written)?;
            }
        }
        Ok(written)
    }

    fn fill(&self, text: &str, checkout: Option<&Path>) -> String {
        let quoted = |path: PathBuf| toml::Value::from(path.display().to_string()).to_string();
        let from = |folder: &str| match checkout {
            Some(checkout) => format!("{{ path = {} }}", quoted(checkout.join(folder))),
            None => format!("\"{SDK_VERSION}\""),
        };
        text.replace("{{name}}", &self.name)
            .replace("{{module}}", &self.name.replace('-', "_"))
            .replace("{{sdk}}", &from("sdk/rust"))
            .replace("{{testing}}", &from("sdk/rust/testing"))
            .replace("{{target}}", &quoted(checkout.unwrap_or(Path::new("")).join("target")))
    }
}

/// The checkout of this binary, if it still is where it was compiled.
fn checkout() -> Option<PathBuf> {
    let found = fs::canonicalize(CHECKOUT).ok()?;
    found.join("sdk/rust/Cargo.toml").is_file().then_some(found)
}

fn put(path: &Path, bytes: &[u8], written: &mut Vec<PathBuf>) -> Result<(), TemplateError> {
    let failed = |source| TemplateError::Write { path: path.to_owned(), source };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    fs::write(path, bytes).map_err(failed)?;
    written.push(path.to_owned());
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The release profile in a manifest, but for what concerns the house's own crates.
    fn profile(manifest: &str) -> toml::Table {
        let manifest: toml::Table = toml::from_str(manifest).unwrap();
        let mut profile = manifest["profile"]["release"].as_table().unwrap().clone();
        profile["package"].as_table_mut().unwrap().retain(|package, _| package == "*");
        profile
    }

    #[test]
    fn a_new_plugin_compiles_what_it_shares_with_the_host_as_the_host_does() {
        // Another profile would compile the engine once more: ten minutes instead of one.
        let house = fs::read_to_string(Path::new(CHECKOUT).join("Cargo.toml")).unwrap();
        let template = Template::rust("tool-library").unwrap().fill(FILES[0].1, checkout().as_deref());
        assert_eq!(profile(&template), profile(&house));
    }
}
