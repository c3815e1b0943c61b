//! Lays the house's contracts out as one folder that `wit-bindgen` reads, and writes the macro that
//! knows where it is. It builds no plugin (B1).
//!
//! `/wit` has a folder for each package, and `wit/host` brings the WASI packages of drivers; the
//! tools want one folder with all others below its `deps/`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let wit = here.join("../../wit");
    println!("cargo:rerun-if-changed={}", wit.display());
    println!("cargo:rerun-if-changed=build.rs");
    let house = out.join("house");
    if house.exists() {
        fs::remove_dir_all(&house)?;
    }
    fs::create_dir_all(house.join("deps"))?;
    fs::write(house.join("house.wit"), "package hamlet:house;\n")?;
    for package in folders(&wit)? {
        let name = package.file_name().unwrap_or_default();
        copy_wit(&package, &house.join("deps").join(name))?;
        copy_wit(&package.join("deps"), &house.join("deps"))?;
    }
    write_macro(&out, &house)
}

fn folders(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn copy_wit(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wit") {
            fs::copy(&path, to.join(path.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

/// A macro of rules can pass paths on only as literals, so the literal is written here.
fn write_macro(out: &Path, house: &Path) -> io::Result<()> {
    let template = include_str!("src/plugin_macro.in");
    let house = format!("{:?}", house.display().to_string());
    fs::write(out.join("plugin_macro.rs"), template.replace("\"@HOUSE@\"", &house))
}
