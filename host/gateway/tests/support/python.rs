//! Programs that are not ours, from PyPI, for looking at what we answer.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python of a virtual environment under `target/` that has `module`, made once from `package`.
pub fn with(module: &str, package: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{module}"));
    let python = folder.join("bin/python");
    // Two tests of two processes may want it at once.
    let lock = std::fs::File::create(folder.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let import = format!("import {module}");
    let has = || python.exists() && Command::new(&python).args(["-c", &import]).status().unwrap().success();
    if !has() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).output().expect("python3");
        assert!(made.status.success(), "python3 -m venv: {}", String::from_utf8_lossy(&made.stderr));
        let install = ["-m", "pip", "install", "--quiet", package];
        let installed = Command::new(&python).args(install).output().unwrap();
        assert!(installed.status.success(), "pip: {}", String::from_utf8_lossy(&installed.stderr));
        assert!(has(), "`{package}` has no `{module}`");
    }
    python
}

/// Whether a program accepts a file, and what it said.
pub fn looks(python: &Path, arguments: &[&str], file: &Path) -> (bool, String) {
    let looked = Command::new(python).args(arguments).arg(file).output().unwrap();
    let said = [looked.stdout, looked.stderr].concat();
    (looked.status.success(), String::from_utf8_lossy(&said).into_owned())
}
