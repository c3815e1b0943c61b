//! `hamlet restore`: a community from a backup, verified before it serves, and admitted in its own history.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use hamlet_backup::{known_erasures, read_keys};
use hamlet_kernel::Actor;
use serde_json::json;

use crate::call::Outcome;
use crate::client::Reply;
use crate::{backup, community, door, output};

/// What `hamlet restore` was asked to do.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// The backup.
    pub file: PathBuf,
    /// The new folder.
    pub to: PathBuf,
    /// The file with the key that `hamlet backup key` made.
    #[arg(long, value_name = "FILE")]
    pub identity: PathBuf,
    /// The newest file of keys; the one beside the backup when left out.
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,
    /// The folder of the community that this replaces, where it is still there: erasures that only it knows are
    /// applied as well. That of `--home` when left out.
    #[arg(long, value_name = "FOLDER")]
    pub replacing: Option<PathBuf>,
}

/// Runs `hamlet restore`.
pub fn run(home: &Path, args: &RestoreArgs) -> Result<Outcome> {
    let identity = backup::identity(&args.identity)?;
    let keys = match &args.keys {
        Some(keys) => keys.clone(),
        None => backup::keys_beside(&args.file)?,
    };
    let keys = read_keys(&keys, &identity).with_context(|| format!("`{}`", keys.display()))?;
    let replaced = args.replacing.as_deref().unwrap_or(home);
    let known = known_erasures(replaced).with_context(|| {
        format!(
            "what was erased in `{}` cannot be read. Stop its host first; a folder that is broken is left out with \
             `--replacing /none`",
            replaced.display()
        )
    })?;
    let restored = hamlet_backup::restore(&args.file, &identity, Some(keys), &known, &args.to)?;
    let given_up = restored.given_up.as_deref().unwrap_or_default();
    let kernel = community::open(&args.to)?.kernel;
    let arguments = json!({
        "made": restored.manifest.made.to_string(),
        "sequence": restored.manifest.sequence.to_string(),
        "checkpoint": restored.manifest.checkpoint,
        "given-up": given_up,
    });
    let reply = door::call(&kernel, Actor::Console, "host", "history", "restored", &arguments);
    let checkpoint = kernel.checkpoint();
    kernel.shutdown();
    if let Reply::Problem(problem) = reply {
        bail!("the restore could not be recorded: {}", problem.sentence());
    }
    let lost = if given_up.is_empty() {
        "Nothing is known to be lost."
    } else {
        "Commands after it are lost: the file of keys has a later checkpoint, which is named in the record."
    };
    let erased = match restored.erased_now {
        0 => String::new(),
        one_or_more => format!(" {one_or_more} erasures that the keys did not know were applied."),
    };
    output::say(&format!(
        "Restored to `{}`: batch {}, {} commands, every byte verified. {lost}{erased}\nThat it was restored is \
         recorded in its history for everybody to read (`hamlet call host history restores`), and signed:\n\n{}",
        args.to.display(),
        restored.manifest.sequence,
        restored.manifest.leaves,
        checkpoint?.trim_end()
    ));
    Ok(Outcome::Done)
}
