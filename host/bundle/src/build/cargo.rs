//! Compiling a plugin in Rust to a core module.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::command::lines_of;
use super::toolchain::Toolchain;
use super::{BuildError, BuildOptions, Step};

/// The profile of plugins (B1), given on the command line so that it is the same in the house and in
/// a folder of its own. No unwinding, since a trap dooms the transaction anyway (T3).
const PROFILE: [&str; 8] = [
    "profile.plugin.inherits=\"release\"",
    "profile.plugin.opt-level=3",
    "profile.plugin.lto=true",
    "profile.plugin.codegen-units=1",
    "profile.plugin.panic=\"abort\"",
    "profile.plugin.strip=true",
    "profile.plugin.debug=false",
    "profile.plugin.incremental=false",
];

/// What `cargo metadata` says.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<CargoPackage>,
    target_directory: PathBuf,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct CargoPackage {
    name: String,
    id: String,
    manifest_path: PathBuf,
    targets: Vec<CargoTarget>,
}

#[derive(Deserialize)]
struct CargoTarget {
    crate_types: Vec<String>,
}

/// What `cargo build` says, as far as it matters here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    package_id: Option<String>,
    target: Option<NamedTarget>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct NamedTarget {
    name: String,
}

/// Gives the core module's path and the workspace's target folder.
pub(super) fn compile(
    plugin_dir: &Path,
    options: &BuildOptions,
    progress: &mut dyn FnMut(Step),
) -> Result<(PathBuf, PathBuf), BuildError> {
    let toolchain = Toolchain::find(plugin_dir, options, progress)?;
    let metadata = metadata(plugin_dir, options)?;
    let package = package_in(&metadata, plugin_dir)?;
    let is_cdylib = |target: &CargoTarget| target.crate_types.iter().any(|kind| kind == "cdylib");
    if !package.targets.iter().any(is_cdylib) {
        return Err(BuildError::NoCdylib { name: package.name.clone() });
    }
    let mut command = toolchain.cargo_build();
    command
        .args(["--lib", "--profile", "plugin", "--message-format", "json-render-diagnostics"])
        .arg("--manifest-path")
        .arg(&package.manifest_path)
        .arg("--target-dir")
        .arg(metadata.target_directory.join(toolchain.build_folder()))
        .args(PROFILE.iter().flat_map(|setting| ["--config", setting]))
        .args(options.offline.then_some("--offline"))
        .current_dir(plugin_dir)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(&metadata, toolchain, plugin_dir));
    let mut artifact = None;
    lines_of(&mut command, "cargo", |line| {
        let Ok(message) = serde_json::from_str::<Message>(line) else { return };
        if message.reason != "compiler-artifact" {
            return;
        }
        if message.package_id.as_deref() == Some(package.id.as_str()) {
            let wasm = |path: &PathBuf| path.extension().is_some_and(|found| found == "wasm");
            artifact = message.filenames.into_iter().find(wasm).or(artifact.take());
        }
        if let Some(target) = message.target {
            progress(Step::Compiled(target.name));
        }
    })?;
    let artifact = artifact.ok_or_else(|| BuildError::Answer {
        program: "cargo".to_owned(),
        why: format!("it built no WebAssembly of {}", package.name),
    })?;
    Ok((artifact, metadata.target_directory))
}

fn metadata(plugin_dir: &Path, options: &BuildOptions) -> Result<Metadata, BuildError> {
    let mut command = Command::new("cargo");
    command
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .args(options.offline.then_some("--offline"))
        .current_dir(plugin_dir);
    let mut answer = String::new();
    lines_of(&mut command, "cargo metadata", |line| answer.push_str(line))?;
    serde_json::from_str(&answer)
        .map_err(|error| BuildError::Answer { program: "cargo metadata".to_owned(), why: error.to_string() })
}

fn package_in<'a>(metadata: &'a Metadata, plugin_dir: &Path) -> Result<&'a CargoPackage, BuildError> {
    let manifest = std::fs::canonicalize(plugin_dir.join("Cargo.toml")).ok();
    let ours = |package: &&CargoPackage| {
        std::fs::canonicalize(&package.manifest_path).ok().is_some_and(|path| Some(path) == manifest)
    };
    metadata.packages.iter().find(ours).ok_or_else(|| BuildError::Answer {
        program: "cargo metadata".to_owned(),
        why: format!("{} is not a package", plugin_dir.display()),
    })
}

/// Compiler flags that keep this machine's paths out of the component: panic messages name source
/// files, and a home folder is nobody's business.
fn flags(metadata: &Metadata, toolchain: Toolchain, plugin_dir: &Path) -> OsString {
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let renamed = [
        (Some(metadata.workspace_root.clone()), "/plugin"),
        (cargo_home, "/cargo"),
        (toolchain.sysroot(plugin_dir), "/rust"),
    ];
    let mut flags = OsString::new();
    for (path, name) in renamed {
        let Some(path) = path else { continue };
        if !flags.is_empty() {
            // The separator that cargo wants, because paths may hold blanks.
            flags.push("\u{1f}");
        }
        flags.push("--remap-path-prefix=");
        flags.push(path);
        flags.push("=");
        flags.push(name);
    }
    flags
}
