//! Running programs: a plugin's own build command, and what it and `cargo` have in common.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use super::{BuildError, Step};
use crate::contract::{merge_wit, wit_dirs};
use crate::manifest::Manifest;

/// How much of a failed program's words are shown, in bytes.
const OUTPUT_BYTES_MAX: usize = 16 * 1024;

/// Runs the manifest's build command in the plugin's folder. It finds the contract with all packages
/// that it uses in the folder that the variable `HAMLET_WIT` names. Gives the component's path and
/// the folder for results.
pub(super) fn run(
    plugin_dir: &Path,
    manifest: &Manifest,
    progress: &mut dyn FnMut(Step),
) -> Result<(PathBuf, PathBuf), BuildError> {
    let recipe = &manifest.build;
    let target = target_dir(plugin_dir, manifest);
    let wit = target.join("plugins-build/wit").join(&manifest.name);
    merge_wit(plugin_dir, recipe, &wit)?;
    let Some((program, arguments)) = recipe.command.split_first() else {
        return Err(BuildError::NothingToBuild { dir: plugin_dir.to_owned() });
    };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(plugin_dir).env("HAMLET_WIT", &wit);
    lines_of(&mut command, program, |line| progress(Step::Compiled(line.to_owned())))?;
    let artifact = recipe.artifact.as_deref().unwrap_or_default();
    Ok((plugin_dir.join(artifact), target))
}

/// `target/` of the checkout in which the plugin lies, else of the plugin.
fn target_dir(plugin_dir: &Path, manifest: &Manifest) -> PathBuf {
    let absolute = std::path::absolute(plugin_dir).unwrap_or_else(|_| plugin_dir.to_owned());
    let own = plugin_dir.join(&manifest.build.wit);
    let house = wit_dirs(plugin_dir, &manifest.build)
        .into_iter()
        .filter(|dir| !dir.starts_with(&own) && dir.ends_with("wit/host"))
        .find_map(|dir| Some(dir.parent()?.parent()?.join("target")));
    house.unwrap_or_else(|| absolute.join("target"))
}

/// Runs a program to its end, with each line of its standard output given to `heard`. When it fails,
/// the error holds the end of what it wrote to its standard error, or else to its output.
pub(super) fn lines_of(
    command: &mut Command,
    program: &str,
    mut heard: impl FnMut(&str),
) -> Result<(), BuildError> {
    let start = |source| BuildError::Start { program: program.to_owned(), source };
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(start)?;
    // Both pipes are emptied at once: a program that fills one while we read the other would hang.
    let complaints = child.stderr.take().map(|pipe| thread::spawn(move || tail(pipe)));
    let mut said = String::new();
    if let Some(pipe) = child.stdout.take() {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            heard(line.trim_end());
            said.push_str(&line);
            said.push('\n');
            keep_end(&mut said);
        }
    }
    let complained = complaints.and_then(|thread| thread.join().ok()).unwrap_or_default();
    let status = child.wait().map_err(start)?;
    if status.success() {
        return Ok(());
    }
    let output = if complained.trim().is_empty() { said } else { complained };
    Err(BuildError::Failed { program: program.to_owned(), output: output.trim_end().to_owned() })
}

fn tail(pipe: impl Read) -> String {
    let mut kept = String::new();
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        kept.push_str(&String::from_utf8_lossy(&line));
        kept.push('\n');
        keep_end(&mut kept);
    }
    kept
}

/// Forgets the beginning of a text that grew past twice what is shown.
fn keep_end(text: &mut String) {
    if text.len() > 2 * OUTPUT_BYTES_MAX {
        let cut = text.len() - OUTPUT_BYTES_MAX;
        let cut = (cut..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        text.drain(..cut);
    }
}
