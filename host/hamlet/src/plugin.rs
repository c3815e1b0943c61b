//! `hamlet plugin`: write, build, sign, install and list plugins.

pub mod publish;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Subcommand;
use hamlet_bundle::{BuildOptions, LoadError, Step, Template};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::call::Outcome;
use crate::door::Door;
use crate::{community, output};

/// What to do with plugins.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// Write a new plugin's folder, with a test.
    New {
        /// Its name: 2 to 32 of a-z, 0-9 and hyphen.
        name: String,
        /// Where; its name in the current folder when left out.
        #[arg(long)]
        folder: Option<PathBuf>,
    },
    /// Build a plugin's folder to a component with its documented WIT package beside it.
    Build {
        /// The plugin's folder.
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// Where to put the result; `target/plugins/NAME` when left out.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Make a publisher's key pair, which signs bundles.
    Keygen(publish::KeygenArgs),
    /// Pack a built plugin into one signed file, NAME-VERSION.hamlet.
    Pack(publish::PackArgs),
    /// Check a bundle's signature and say what it would ask for.
    Check(publish::CheckArgs),
    /// Check a bundle and open it into a folder.
    Unpack(publish::UnpackArgs),
    /// Install a built plugin, or a newer version of it.
    Install {
        /// The folder that `hamlet plugin build` made.
        folder: PathBuf,
    },
    /// List the installed plugins.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs `hamlet plugin`.
pub fn run(home: &Path, command: &PluginCommand) -> Result<Outcome> {
    match command {
        PluginCommand::New { name, folder } => {
            let folder = folder.clone().unwrap_or_else(|| PathBuf::from(name));
            for file in Template::rust(name)?.write(&folder)? {
                output::say(&format!("wrote {}", file.display()));
            }
            output::say(&format!("Next: cd {} && cargo test --release", folder.display()));
        }
        PluginCommand::Build { folder, out } => {
            let built = build(folder, out.as_deref())?;
            output::say(&built.display().to_string());
        }
        PluginCommand::Keygen(args) => publish::keygen(args)?,
        PluginCommand::Pack(args) => publish::pack_folder(args)?,
        PluginCommand::Check(args) => publish::check(args)?,
        PluginCommand::Unpack(args) => publish::unpack(args)?,
        PluginCommand::Install { folder } => output::say(&output::render(&install(home, folder)?)),
        PluginCommand::List { json } => {
            let all = Door::open(home)?.must("plugins", "list", &json!({}))?;
            output::say(&if *json { serde_json::to_string_pretty(&all)? } else { output::render(&all) });
        }
    }
    Ok(Outcome::Done)
}

/// Builds a plugin's folder and gives the folder of the result.
pub fn build(folder: &Path, out: Option<&Path>) -> Result<PathBuf> {
    if !folder.join("plugin.toml").is_file() {
        bail!(
            "`{}` is not a plugin's folder: there is no plugin.toml in it. Make one with `hamlet plugin new NAME`",
            folder.display()
        );
    }
    let bar = spinner()?;
    let options = BuildOptions { out: out.map(Path::to_path_buf), ..BuildOptions::default() };
    let begun = Instant::now();
    let built = hamlet_bundle::build(folder, &options, &mut |step| bar.set_message(words(&step)))
        .with_context(|| format!("`{}` was not built", folder.display()))?;
    bar.finish_and_clear();
    eprintln!(
        "built {} {} in {:.1} s: {} bytes of component",
        built.package.manifest.name,
        built.package.manifest.version,
        begun.elapsed().as_secs_f32(),
        built.package.component.len()
    );
    Ok(built.dir)
}

/// A sign that something is under way; invisible where nobody watches.
fn spinner() -> Result<ProgressBar> {
    let bar =
        ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{spinner} {msg} {elapsed}")?);
    bar.enable_steady_tick(Duration::from_millis(120));
    Ok(bar)
}

fn words(step: &Step) -> String {
    match step {
        Step::Reading => "reading".to_owned(),
        Step::Installing(what) => format!("installing {what}"),
        Step::Compiled(what) => format!("compiled {what}"),
        Step::Componentizing => "making the component".to_owned(),
        Step::Checking => "checking".to_owned(),
    }
}

/// Stages a built plugin and activates it.
fn install(home: &Path, folder: &Path) -> Result<Value> {
    let built = |error: LoadError| -> anyhow::Error {
        match error {
            LoadError::Read { path, source } if source.kind() == ErrorKind::NotFound => anyhow!(
                "`{}` is not a built plugin: there is no {}. Build one with `hamlet plugin build FOLDER`, which \
                 prints the folder to install",
                folder.display(),
                path.file_name().unwrap_or_default().display()
            ),
            other => other.into(),
        }
    };
    let package = hamlet_bundle::load(folder).map_err(built)?;
    let door = Door::open(home)?;
    let bar = spinner()?;
    bar.set_message(format!(
        "verifying and compiling {} {}",
        package.manifest.name, package.manifest.version
    ));
    let hash = match &door {
        // The running host takes the files from the community's folder, then verifies and compiles them.
        Door::Http(client) => client.stage(&community::hand_over(home, folder)?)?,
        Door::Console(kernel) => Value::String(kernel.stage(package)?),
    };
    bar.set_message("installing");
    let installed = door.must("plugins", "activate", &json!({ "component": hash }))?;
    bar.finish_and_clear();
    if let Door::Console(kernel) = door {
        kernel.shutdown();
    }
    if installed.is_null() {
        bail!("the host said nothing of the plugin");
    }
    Ok(installed)
}
