//! `hamlet plugin`: write, build, sign, install and list plugins.

mod install;
mod manage;
pub mod publish;
mod trial;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use hamlet_bundle::{BuildOptions, Step, Template};
use indicatif::{ProgressBar, ProgressStyle};

use crate::call::Outcome;
use crate::output;

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
    /// Install a signed bundle or a built folder, after saying what it asks for.
    Install(install::InstallArgs),
    /// Upgrade an installed plugin to a newer version, with its data.
    Upgrade(install::InstallArgs),
    /// Go back to the version before, with its data; says first what would be lost.
    Rollback(manage::RollbackArgs),
    /// Say that an upgrade is good: the old data goes, and with it the way back.
    Confirm(manage::NameArgs),
    /// Give up an upgrade that did not end: the present version was never disturbed.
    Cancel(manage::NameArgs),
    /// Stop a plugin from answering. Its data stays.
    Pause(manage::NameArgs),
    /// Let a paused plugin answer again.
    Resume(manage::NameArgs),
    /// Take a plugin away; say what becomes of its data.
    Remove(manage::RemoveArgs),
    /// Show what a plugin asks for and who granted it; grant it or take it back.
    Grants(manage::GrantsArgs),
    /// Try a bundle or a built folder in a community of its own, which is thrown away.
    Test(trial::TestArgs),
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
        PluginCommand::Install(args) => return install::install(home, args),
        PluginCommand::Upgrade(args) => return install::upgrade(home, args),
        PluginCommand::Rollback(args) => return manage::roll_back(home, args),
        PluginCommand::Confirm(args) => manage::confirm(home, args)?,
        PluginCommand::Cancel(args) => manage::cancel(home, args)?,
        PluginCommand::Pause(args) => manage::set_status(home, args, "paused")?,
        PluginCommand::Resume(args) => manage::set_status(home, args, "active")?,
        PluginCommand::Remove(args) => return manage::remove(home, args),
        PluginCommand::Grants(args) => manage::grants(home, args)?,
        PluginCommand::Test(args) => return trial::test(args),
        PluginCommand::List { json } => manage::list(home, *json)?,
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
