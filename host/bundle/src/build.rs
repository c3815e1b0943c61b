//! Building a plugin: from its folder to a component with its documented contract beside it (B1, C3).
//!
//! A plugin in Rust is compiled for `wasm32-unknown-unknown` with a profile and a target folder of its
//! own and made a component; one in another language runs the command of its manifest, which leaves a
//! component. Then both go the same way: the contract is read and written in binary form, and
//! contract, component and manifest are checked against one another.
//!
//! The result is the same bytes for the same sources, compiler and folder: no path of this machine
//! and no time is in it.

mod cargo;
mod command;
mod toolchain;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, io};

use crate::contract::{Contract, ContractError, check_docs};
use crate::manifest::Manifest;
use crate::package::{self, COMPONENT_BYTES_MAX, LoadError, Package};
use crate::statics::{STATIC_FOLDER, StaticError, read_static};

pub use toolchain::Toolchain;

/// What of a build can be chosen.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// Where the three files go. Default: `target/plugins/NAME` of the plugin's Cargo workspace, or of
    /// the checkout in which it lies, or of the plugin itself.
    pub out: Option<PathBuf>,
    /// Which compiler; none: `HAMLET_WASM_TOOLCHAIN` (`rustup` or `debian`), else what is there.
    pub toolchain: Option<Toolchain>,
    /// Nothing is downloaded.
    pub offline: bool,
}

/// What a build is doing, for a progress bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Reads manifest and contract.
    Reading,
    /// Installs what compiles to WebAssembly; what exactly.
    Installing(String),
    /// A crate, or a line of the plugin's own build command, is done.
    Compiled(String),
    /// Makes a component of the core module.
    Componentizing,
    /// Compares component, contract and manifest.
    Checking,
}

/// A finished build.
#[derive(Clone, Debug)]
pub struct Built {
    /// Where the three files are.
    pub dir: PathBuf,
    /// What is in them.
    pub package: Package,
    /// Exports without a doc comment; `plugin check` refuses them (C3).
    pub undocumented: Vec<String>,
    /// Interfaces that the manifest asks for and the component does not use.
    pub asked_in_vain: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The plugin's folder.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The contract, or what does not fit it.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// The static files.
    #[error(transparent)]
    Static(#[from] StaticError),
    /// There is nothing to build.
    #[error(
        "{} has no Cargo.toml, and plugin.toml no [build] command: nothing says how to build it",
        dir.display()
    )]
    NothingToBuild {
        /// The plugin's folder.
        dir: PathBuf,
    },
    /// A program cannot be started.
    #[error("{program} cannot be started: {source}")]
    Start {
        /// Its name.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// A program failed.
    #[error("{program} failed:\n{output}")]
    Failed {
        /// Its name.
        program: String,
        /// The end of what it wrote.
        output: String,
    },
    /// A program wrote something else than expected.
    #[error("{program} answered something that cannot be understood: {why}")]
    Answer {
        /// Its name.
        program: String,
        /// What was missing.
        why: String,
    },
    /// The crate makes no library that can become a component.
    #[error("the crate {name} has no cdylib; say crate-type = [\"cdylib\", \"rlib\"] under [lib]")]
    NoCdylib {
        /// Its name.
        name: String,
    },
    /// Nothing here compiles to WebAssembly.
    #[error(
        "there is no Rust compiler for WebAssembly here: {why}. Run `rustup target add \
         wasm32-unknown-unknown`, or on Debian, as root, `apt-get install rustc-web cargo-web \
         rust-web-src lld-22`"
    )]
    NoToolchain {
        /// What was tried.
        why: String,
    },
    /// `HAMLET_WASM_TOOLCHAIN` has another value than it can have.
    #[error("HAMLET_WASM_TOOLCHAIN is {value:?}; it can be \"rustup\" or \"debian\"")]
    ToolchainUnknown {
        /// Its value.
        value: String,
    },
    /// The core module cannot become a component.
    #[error("the compiled module cannot be made a component: {0}")]
    Componentize(String),
    /// A file cannot be written.
    #[error("{} cannot be written: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Builds the plugin in `plugin_dir`; `progress` hears of each step.
///
/// Cost: a Rust plugin some seconds, its first build on a machine a minute or two.
pub fn build(
    plugin_dir: &Path,
    options: &BuildOptions,
    progress: &mut dyn FnMut(Step),
) -> Result<Built, BuildError> {
    let begun = Instant::now();
    progress(Step::Reading);
    let (manifest, manifest_text) = package::read_manifest(plugin_dir)?;
    // The contract comes first: its mistakes are found in milliseconds, the compiler's in seconds.
    let contract = Contract::read(plugin_dir, &manifest.build)?;
    let wit = contract.encode()?;
    let static_source = manifest.static_files.as_ref().map(|rules| plugin_dir.join(&rules.folder));
    let files = match (&manifest.static_files, &static_source) {
        (Some(rules), Some(source)) => read_static(source, rules)?,
        _ => Vec::new(),
    };
    let (wasm, default_out) = compile(plugin_dir, &manifest, options, progress)?;
    let component = componentize(wasm, progress)?;
    progress(Step::Checking);
    contract.check(&manifest, &component)?;
    let undocumented = check_docs(&wit);
    let asked_in_vain = contract.asked_in_vain(&manifest, &component);
    let package = Package { manifest, manifest_text, component, wit, files };
    let dir = options.out.clone().unwrap_or(default_out);
    if let Some(source) = &static_source {
        clear_static(&dir, source, &package.manifest.name)?;
    }
    package::save(&dir, &package)
        .map_err(|error| BuildError::Write { path: error.path, source: error.source })?;
    Ok(Built { dir, package, undocumented, asked_in_vain, took: begun.elapsed() })
}

/// The compiled bytes, module or component, and where the result goes unless told otherwise.
fn compile(
    plugin_dir: &Path,
    manifest: &Manifest,
    options: &BuildOptions,
    progress: &mut dyn FnMut(Step),
) -> Result<(Vec<u8>, PathBuf), BuildError> {
    let (artifact, target) = if manifest.build.command.is_empty() {
        if !plugin_dir.join("Cargo.toml").is_file() {
            return Err(BuildError::NothingToBuild { dir: plugin_dir.to_owned() });
        }
        cargo::compile(plugin_dir, options, progress)?
    } else {
        command::run(plugin_dir, manifest, progress)?
    };
    let wasm = package::read_at_most(artifact, COMPONENT_BYTES_MAX)?;
    Ok((wasm, target.join("plugins").join(&manifest.name)))
}

/// Makes a component of a core module; a component stays as it is.
fn componentize(wasm: Vec<u8>, progress: &mut dyn FnMut(Step)) -> Result<Vec<u8>, BuildError> {
    if wasmparser::Parser::is_component(&wasm) {
        return Ok(wasm);
    }
    progress(Step::Componentizing);
    let encoded = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&wasm)
        .and_then(|mut encoder| encoder.encode());
    encoded.map_err(|error| BuildError::Componentize(format!("{error:#}")))
}

/// The files of an earlier build that this one would not write again must not end in a bundle.
fn clear_static(dir: &Path, source: &Path, name: &str) -> Result<(), BuildError> {
    let folder = dir.join(STATIC_FOLDER);
    let earlier_build = dir.join(package::component_name(name)).is_file() && folder.is_dir();
    // Who builds into the plugin's own folder has her sources there.
    let own_sources = fs::canonicalize(&folder).ok() == fs::canonicalize(source).ok();
    if earlier_build && !own_sources {
        fs::remove_dir_all(&folder).map_err(|source| BuildError::Write { path: folder, source })?;
    }
    Ok(())
}
