//! `hamlet backup`: the key, a backup now, a drill. What a backup is, is `hamlet_backup`'s.
//!
//! While the host runs, it alone has the folder open, so it is asked to make the backup (`keeper`).

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Subcommand;
use hamlet_backup::age::Identity;
use hamlet_backup::{Keys, Plan, read_keys};
use hamlet_kernel::Actor;
use serde_json::{Value, json};

use crate::call::Outcome;
use crate::caretaker::BoxKeeper;
use crate::client::{Client, Reply};
use crate::community::{self, CommunityFile};
use crate::keeper;
use crate::session::Session;
use crate::{caretaker, door, output};

/// What `hamlet backup` was asked to do.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct BackupArgs {
    #[command(subcommand)]
    command: Option<BackupCommand>,
    /// The file to make, for example /media/stick/village.age; without it, the next one in the folder that
    /// community.toml names.
    to: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum BackupCommand {
    /// Make the key that opens backups. It is written to a file that you carry away from this box.
    Key {
        /// Where to write it: a stick, not this box's disk.
        to: PathBuf,
    },
    /// Try a backup out: restore it beside, verify all of it, look into it, delete it again, and say how it went.
    Drill {
        /// The backup; the newest of the folder in community.toml when left out.
        file: Option<PathBuf>,
        /// The file with the key.
        #[arg(long, value_name = "FILE")]
        identity: PathBuf,
        /// Where there is room for the trial; where the backup lies when left out.
        #[arg(long, value_name = "FOLDER")]
        beside: Option<PathBuf>,
    },
}

/// Runs `hamlet backup`.
pub fn run(home: &Path, args: &BackupArgs) -> Result<Outcome> {
    match &args.command {
        Some(BackupCommand::Key { to }) => key(home, to),
        Some(BackupCommand::Drill { file, identity, beside }) => {
            drill(home, file.as_deref(), identity, beside.as_deref())
        }
        None => now(home, args.to.as_deref()),
    }
}

/// The plan of a community's settings file.
pub fn plan(home: &Path, file: &CommunityFile) -> Result<Plan> {
    Ok(Plan::new(home, &file.host, &file.backup)?)
}

/// The plan without looking into the community: with the folder that holds where none is named.
fn planned(home: &Path) -> Result<Plan> {
    let mut file = CommunityFile::load(home)?;
    file.backup.folder.get_or_insert_with(|| PathBuf::from(caretaker::FOLDER));
    plan(home, &file)
}

fn key(home: &Path, to: &Path) -> Result<Outcome> {
    let mut file = CommunityFile::load(home)?;
    let identity = Identity::generate()?;
    let recipient = identity.recipient().to_string();
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .with_context(|| format!("`{}` cannot be made", to.display()))?;
    writeln!(out, "# opens the backups of {}; public key: {recipient}", file.host)?;
    writeln!(out, "{}", &*identity.reveal())?;
    out.sync_all()?;
    file.backup.recipients.push(recipient.clone());
    file.save(home)?;
    output::say(&format!(
        "The key is in `{}`. Carry it away from this box, best twice, one of them on paper: whoever has it reads \
         every backup, and without it nobody does, you included.\nBackups are encrypted for {recipient} from now on; \
         a running host is to be started again.",
        to.display()
    ));
    Ok(Outcome::Done)
}

fn now(home: &Path, to: Option<&Path>) -> Result<Outcome> {
    plan(home, &CommunityFile::load(home)?)?;
    let to = to.map(std::path::absolute).transpose()?;
    let said = if Client::new(&Session::load(home)?, None)?.healthy() {
        keeper::ask(home, to.as_deref())?
    } else {
        let kernel = community::open(home)?.kernel;
        let done = BoxKeeper::new(home, &kernel).make(to.as_deref());
        kernel.shutdown();
        done?
    };
    output::say(&said);
    Ok(Outcome::Done)
}

/// The identity in a key file.
pub fn identity(path: &Path) -> Result<Identity> {
    let text = fs::read_to_string(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    Identity::from_file_text(&text).with_context(|| format!("`{}`", path.display()))
}

/// The file of keys beside a backup.
pub fn keys_beside(backup: &Path) -> Result<PathBuf> {
    let folder = backup.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("`{}` cannot be read", folder.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".keys.age") {
            found.push(path);
        }
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => bail!(
            "there is no file of keys (`….keys.age`) beside `{}`. It lies where the newest backup lies; say where \
             with `--keys`",
            backup.display()
        ),
        _ => bail!("there are several files of keys beside `{}`: say which with `--keys`", backup.display()),
    }
}

fn drill(home: &Path, file: Option<&Path>, key: &Path, beside: Option<&Path>) -> Result<Outcome> {
    let identity = identity(key)?;
    let file = match file {
        Some(file) => file.to_owned(),
        None => planned(home)?
            .backups()
            .pop()
            .ok_or_else(|| anyhow!("there is no backup yet: make one with `hamlet backup`"))?,
    };
    let keys: Keys = read_keys(&keys_beside(&file)?, &identity)?;
    output::say(&tried(&file, &identity, keys, beside)?);
    Ok(Outcome::Done)
}

/// Tries a backup out, beside it or in a folder of the caller's; how it went, in sentences.
pub fn tried(file: &Path, identity: &Identity, keys: Keys, beside: Option<&Path>) -> Result<String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let drilled = hamlet_backup::drill(file, identity, Some(keys), beside.unwrap_or(folder), |copy| {
        look(copy).map_err(|error| format!("{error:#}"))
    })?;
    let seen = &drilled.restored.verified;
    let hash = if drilled.hash_fits == Some(true) { " Its hash fits." } else { "" };
    Ok(format!(
        "The backup is good.{hash} It stands at batch {} with {} commands; all {} leaves and {} rows were verified, \
         and {}. A restore takes {:.1} s here.",
        drilled.restored.manifest.sequence,
        seen.leaves,
        seen.leaves,
        seen.rows,
        drilled.looked,
        drilled.took.as_secs_f64()
    ))
}

/// Opens a restored community as a host would, and looks for its people.
fn look(copy: &Path) -> Result<String> {
    let kernel = community::open(copy)?.kernel;
    let arguments = json!({ "filter": {}, "limit": 200 });
    let reply = door::call(&kernel, Actor::Console, "host", "members", "list", &arguments);
    kernel.shutdown();
    match reply {
        Reply::Done(page) => {
            let parties = page.get("parties").and_then(Value::as_array).map_or(0, Vec::len);
            let more = if page.get("next").is_some_and(|next| !next.is_null()) { "more than " } else { "" };
            Ok(format!("it opened as a community with {more}{parties} members"))
        }
        Reply::Problem(problem) => bail!("{}", problem.sentence()),
    }
}
