//! Which compiler makes WebAssembly: the one of rustup with the wasm target, or Debian's.
//!
//! rustup's is taken when its target is installed or can be added. Where that fails (no rustup, no
//! way to its server), Debian's `rustc-web` is: it comes without a compiled standard library for the
//! target, so cargo builds that from `rust-web-src`, with LLVM's own linker.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::command::lines_of;
use super::{BuildError, BuildOptions, Step};

/// The compilation target of every plugin in Rust.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-22"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_STD_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/std";
const DEBIAN_LINKER: &str = "/usr/bin/wasm-ld-22";

/// A compiler for WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The `cargo` of the path, with the target's standard library beside its compiler.
    Rustup,
    /// Debian's packages; the standard library is built with the plugin.
    Debian,
}

impl Toolchain {
    /// Finds the compiler to use, installing what is missing where that is possible.
    pub(super) fn find(
        plugin_dir: &Path,
        options: &BuildOptions,
        progress: &mut dyn FnMut(Step),
    ) -> Result<Toolchain, BuildError> {
        match options.toolchain.map_or_else(wished, |wish| Ok(Some(wish)))? {
            Some(Toolchain::Rustup) => rustup(plugin_dir, options, progress),
            Some(Toolchain::Debian) => debian(options, progress),
            None => rustup(plugin_dir, options, progress).or_else(|first| {
                // The first failure says more about what people usually have.
                debian(options, progress)
                    .map_err(|second| BuildError::NoToolchain { why: format!("{first}; {second}") })
            }),
        }
    }

    /// `cargo build` with this compiler, without a target folder.
    pub(super) fn cargo_build(self) -> Command {
        match self {
            Toolchain::Rustup => {
                let mut command = Command::new("cargo");
                command.args(["build", "--target", TARGET]);
                command
            }
            Toolchain::Debian => {
                let mut command = Command::new(DEBIAN_CARGO);
                command
                    .args(["build", "--target", TARGET, "-Zbuild-std=std,panic_abort"])
                    .env("RUSTC", DEBIAN_RUSTC)
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER);
                command
            }
        }
    }

    /// The folder of compiled crates, below `target/`: the two compilers would only throw away each
    /// other's work.
    pub(super) fn build_folder(self) -> &'static str {
        match self {
            Toolchain::Rustup => "plugins-build",
            Toolchain::Debian => "plugins-build-debian",
        }
    }

    /// Where the compiler and its sources are, so that their paths can be left out of components.
    pub(super) fn sysroot(self, plugin_dir: &Path) -> Option<PathBuf> {
        match self {
            Toolchain::Rustup => sysroot(plugin_dir),
            Toolchain::Debian => Some(PathBuf::from("/usr")),
        }
    }
}

fn wished() -> Result<Option<Toolchain>, BuildError> {
    match std::env::var("HAMLET_WASM_TOOLCHAIN") {
        Ok(value) if value == "rustup" => Ok(Some(Toolchain::Rustup)),
        Ok(value) if value == "debian" => Ok(Some(Toolchain::Debian)),
        Ok(value) if !value.is_empty() => Err(BuildError::ToolchainUnknown { value }),
        _ => Ok(None),
    }
}

/// The sysroot of the compiler that cargo would use in the plugin's folder, which may pin one.
fn sysroot(plugin_dir: &Path) -> Option<PathBuf> {
    let mut sysroot = None;
    let mut command = Command::new("rustc");
    command.args(["--print", "sysroot"]).current_dir(plugin_dir);
    lines_of(&mut command, "rustc", |line| sysroot = Some(PathBuf::from(line))).ok()?;
    sysroot
}

fn has_target(plugin_dir: &Path) -> bool {
    sysroot(plugin_dir).is_some_and(|root| root.join("lib/rustlib").join(TARGET).join("lib").is_dir())
}

fn rustup(
    plugin_dir: &Path,
    options: &BuildOptions,
    progress: &mut dyn FnMut(Step),
) -> Result<Toolchain, BuildError> {
    if has_target(plugin_dir) {
        return Ok(Toolchain::Rustup);
    }
    if options.offline {
        return Err(missing("the target wasm32-unknown-unknown is not installed"));
    }
    progress(Step::Installing(format!("rustup target {TARGET}")));
    let mut command = Command::new("rustup");
    command.args(["target", "add", TARGET]).current_dir(plugin_dir);
    lines_of(&mut command, "rustup", |_| {})?;
    if has_target(plugin_dir) {
        return Ok(Toolchain::Rustup);
    }
    Err(missing("rustup added the target to another compiler than the one in use"))
}

fn debian(options: &BuildOptions, progress: &mut dyn FnMut(Step)) -> Result<Toolchain, BuildError> {
    let complete = || {
        let needed = [DEBIAN_RUSTC, DEBIAN_CARGO, DEBIAN_STD_SOURCE, DEBIAN_LINKER];
        needed.into_iter().find(|path| !Path::new(path).exists())
    };
    let Some(absent) = complete() else { return Ok(Toolchain::Debian) };
    if options.offline || !Path::new("/usr/bin/apt-get").exists() {
        return Err(missing(&format!("{absent} does not exist")));
    }
    progress(Step::Installing(DEBIAN_PACKAGES.join(" ")));
    let mut command = Command::new("/usr/bin/apt-get");
    command
        .args(["install", "--yes", "--no-install-recommends"])
        .args(DEBIAN_PACKAGES)
        .env("DEBIAN_FRONTEND", "noninteractive");
    lines_of(&mut command, "apt-get", |_| {})?;
    match complete() {
        None => Ok(Toolchain::Debian),
        Some(absent) => Err(missing(&format!("{absent} does not exist even after apt-get"))),
    }
}

fn missing(why: &str) -> BuildError {
    BuildError::NoToolchain { why: why.to_owned() }
}
