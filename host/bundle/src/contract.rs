//! A plugin's contract: the WIT world that its component implements, with every doc comment (C3).
//!
//! A component carries no doc comments and the engine's types carry no names, so the contract
//! travels beside it as one binary WIT package holding one world; `hamlet_reflect` knows its form.
//!
//! What breaks if it is wrong: see [`crate`]. [`Contract::check`] compares it with the component by
//! subtyping, and the host compares again when it stages.

mod check;
mod docs;
mod sources;

use std::path::{Path, PathBuf};

use wit_parser::{PackageId, Resolve, WorldId};

use crate::manifest::BuildRecipe;

pub use docs::check_docs;
pub use sources::{house_wit, merge_wit, wit_dirs};

/// A world and all that it uses.
pub struct Contract {
    resolve: Resolve,
    package: PackageId,
    world: WorldId,
}

/// What is wrong with a contract, or between it, the component and the manifest.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// A WIT file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// Which file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no WIT at all.
    #[error("{} holds no .wit file; a plugin's contract stands there", path.display())]
    NoWit {
        /// The folder.
        path: PathBuf,
    },
    /// The WIT text is wrong; with file, line and the place in it.
    #[error("the contract cannot be understood: {0}")]
    Syntax(String),
    /// It refers to a package that is nowhere.
    #[error(
        "the contract uses the package {package}, which is neither in {} nor among the host's own",
        deps.display()
    )]
    NoSuchPackage {
        /// The missing one.
        package: String,
        /// Where it could be put.
        deps: PathBuf,
    },
    /// There is no world of this name.
    #[error("the package {package} has no world {world}; it has: {worlds}")]
    NoSuchWorld {
        /// The package.
        package: String,
        /// What was asked for.
        world: String,
        /// What there is.
        worlds: String,
    },
    /// There are several worlds, or none.
    #[error("the package {package} has {count} worlds; say which one is meant by [build] world = \"…\"")]
    WorldUnclear {
        /// The package.
        package: String,
        /// How many.
        count: usize,
    },
    /// It cannot be written in, or read from, binary form.
    #[error("the contract's binary form: {0}")]
    Binary(String),
    /// The bytes are no component.
    #[error("the build did not leave a WebAssembly component: {0}")]
    NoComponent(String),
    /// The component asks for WASI.
    #[error(
        "the component imports {interface}: a plugin has no files, no clock and no network of its \
         own. In Rust use hamlet_sdk instead of std::fs, std::time or std::net; in other languages \
         build with the option that stubs WASI"
    )]
    Wasi {
        /// The import.
        interface: String,
    },
    /// The component imports or exports something that is not a named interface.
    #[error("the component has the bare function {name}; only functions in interfaces can be called")]
    Bare {
        /// Its name.
        name: String,
    },
    /// The component is not what the contract says.
    #[error("the component does not implement the contract's world {world}: {why}")]
    Differs {
        /// The world.
        world: String,
        /// The path and the difference.
        why: String,
    },
    /// The component imports an interface that the manifest does not ask for.
    #[error(
        "the component imports {interface}, but plugin.toml does not ask for it; add an [[import]] \
         with a reason, or stop using it"
    )]
    NotAskedFor {
        /// The interface.
        interface: String,
    },
    /// The manifest names an interface that the contract does not have.
    #[error("plugin.toml: {at} names {interface}, which is not among the contract's {whose}")]
    NoSuchInterface {
        /// In which list.
        at: &'static str,
        /// The interface.
        interface: String,
        /// Exports or imports.
        whose: &'static str,
    },
    /// The manifest names a function or a parameter that the contract does not have.
    #[error("plugin.toml: {interface} has no {what}")]
    NoSuchItem {
        /// The interface.
        interface: String,
        /// What is missing.
        what: String,
    },
    /// Doc comments are missing (C3).
    #[error("these have no doc comment (///), and without one nobody knows how to call them: {}", .0.join("; "))]
    Undocumented(Vec<String>),
}

impl Contract {
    /// Reads the contract of a plugin's folder with all packages that it uses.
    ///
    /// A package is looked for in `deps/` of the plugin's own WIT folder, then in the `wit/` of the
    /// checkout in which the plugin lies, then among the host's own that this crate carries.
    pub fn read(plugin_dir: &Path, recipe: &BuildRecipe) -> Result<Contract, ContractError> {
        let (resolve, package) = sources::resolve(plugin_dir, recipe)?;
        let world = select_world(&resolve, package, recipe.world.as_deref())?;
        Ok(Contract { resolve, package, world })
    }

    /// The binary WIT package with all doc comments. Deterministic.
    pub fn encode(&self) -> Result<Vec<u8>, ContractError> {
        hamlet_reflect::encode_package(&self.resolve, self.world)
            .map_err(|error| ContractError::Binary(error.to_string()))
    }

    /// The world's full name, for example `example:shop/plugin@0.1.0`.
    pub fn world_name(&self) -> String {
        let world = self.resolve.worlds.get(self.world);
        let name = world.map_or("?", |world| world.name.as_str());
        let package = self.resolve.packages.get(self.package);
        package.map_or_else(|| name.to_owned(), |package| package.name.interface_id(name))
    }
}

fn select_world(
    resolve: &Resolve,
    package: PackageId,
    wanted: Option<&str>,
) -> Result<WorldId, ContractError> {
    let unreadable = || ContractError::Binary("the package vanished".to_owned());
    let found = resolve.packages.get(package).ok_or_else(unreadable)?;
    let name = found.name.to_string();
    match wanted {
        Some(wanted) => found.worlds.get(wanted).copied().ok_or_else(|| ContractError::NoSuchWorld {
            package: name,
            world: wanted.to_owned(),
            worlds: found.worlds.keys().cloned().collect::<Vec<_>>().join(", "),
        }),
        None => match found.worlds.values().collect::<Vec<_>>().as_slice() {
            [only] => Ok(**only),
            several => Err(ContractError::WorldUnclear { package: name, count: several.len() }),
        },
    }
}
