//! `hamlet plugin install` and `upgrade`: say what a plugin is and asks for, and install it when somebody agrees.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use hamlet_bundle::{LoadError, read_bundle};
use serde_json::{Value, json};

use super::spinner;
use crate::call::Outcome;
use crate::client::{Problem, Reply};
use crate::door::Door;
use crate::{community, output};

/// Installs or upgrades.
#[derive(Debug, Args)]
pub struct InstallArgs {
    /// A signed bundle (NAME-VERSION.hamlet), or the folder that `hamlet plugin build` made, which is unsigned.
    plugin: PathBuf,
    /// Grant all that it asks for, after printing it.
    #[arg(long)]
    grant: bool,
    /// Only say what it would mean, and change nothing.
    #[arg(long)]
    plan: bool,
}

/// How often the end of a migration is tried while people go on writing.
const SWITCHES_MAX: usize = 1_000;

/// Runs `hamlet plugin install`.
pub fn install(home: &Path, args: &InstallArgs) -> Result<Outcome> {
    run(home, args, false)
}

/// Runs `hamlet plugin upgrade`.
pub fn upgrade(home: &Path, args: &InstallArgs) -> Result<Outcome> {
    run(home, args, true)
}

fn run(home: &Path, args: &InstallArgs, must_be_there: bool) -> Result<Outcome> {
    // Read before the community is opened: most mistakes are in the path.
    let offered = Offered::read(&args.plugin)?;
    let door = Door::open(home)?;
    let done = with(&door, home, &offered, args, must_be_there);
    if let Door::Console(kernel) = door {
        kernel.shutdown();
    }
    done
}

fn with(
    door: &Door,
    home: &Path,
    offered: &Offered,
    args: &InstallArgs,
    must_be_there: bool,
) -> Result<Outcome> {
    let bar = spinner()?;
    bar.set_message("verifying and compiling");
    let component = offered.stage(door, home)?;
    bar.finish_and_clear();
    let plan = door.must("plugins", "plan", &json!({ "component": component }))?;
    if must_be_there && plan.get("from").is_none_or(Value::is_null) {
        bail!("`{}` is not installed; install it with `hamlet plugin install`", text(&plan, "name"));
    }
    for sentence in plan.get("sentences").and_then(Value::as_array).into_iter().flatten() {
        output::say(&output::plain(sentence.as_str().unwrap_or_default()));
    }
    if args.plan {
        output::say("Nothing was changed.");
        return Ok(Outcome::Done);
    }
    let asks: Vec<&Value> = plan.get("asks").and_then(Value::as_array).into_iter().flatten().collect();
    if !asks.is_empty() && !agreed(args.grant)? {
        eprintln!(
            "Nothing was installed: a plugin gets what it asks for only when somebody grants it. If you agree with \
             all of the above, give the command again with `--grant`."
        );
        return Ok(Outcome::Refused);
    }
    let keys: Vec<&Value> = asks.iter().filter_map(|ask| ask.get("key")).collect();
    let order = json!({ "component": component, "granting": { "these": keys } });
    let mut installed = door.must("plugins", "activate", &order)?;
    if plan.get("migrates") == Some(&Value::Bool(true)) {
        installed = migrate(door, &text(&plan, "name"), &text(&plan, "from"))?;
    }
    let (name, version) = (text(&installed, "name"), text(&installed, "version"));
    output::say(&match text(&plan, "from").as_str() {
        "" => format!("{name} {version} is installed."),
        from => format!(
            "{name} {version} is installed in place of {from}. Going back: hamlet plugin rollback {name}; when all is \
             well: hamlet plugin confirm {name}"
        ),
    });
    Ok(Outcome::Done)
}

/// Moves the data of a plugin whose upgrade was begun, and switches over. When anything fails, the upgrade is
/// given up: the present version was never disturbed.
fn migrate(door: &Door, name: &str, from: &str) -> Result<Value> {
    let bar = spinner()?;
    let order = json!({ "name": name });
    for _ in 0..SWITCHES_MAX {
        loop {
            let step = match door.host("plugins", "migrate", &order)? {
                Reply::Done(step) => step,
                Reply::Problem(problem) => return Err(given_up(door, name, from, &problem)),
            };
            bar.set_message(format!("{} rows moved", text(&step, "moved")));
            if step.get("caught-up") == Some(&Value::Bool(true)) {
                break;
            }
        }
        match door.host("plugins", "switch-over", &order)? {
            Reply::Done(installed) => {
                bar.finish_and_clear();
                return Ok(installed);
            }
            Reply::Problem(problem) if problem.case() == "not-caught-up" => {}
            Reply::Problem(problem) => return Err(given_up(door, name, from, &problem)),
        }
    }
    Err(anyhow!(
        "so much is written to `{name}` that the upgrade does not catch up. {from} goes on answering; try `hamlet \
         plugin upgrade` again when less is going on, after `hamlet plugin cancel {name}`"
    ))
}

fn given_up(door: &Door, name: &str, from: &str, problem: &Problem) -> anyhow::Error {
    let why = problem.sentence();
    match door.must("plugins", "cancel-migration", &json!({ "name": name })) {
        Ok(_) => anyhow!(
            "{why}\nThe upgrade of `{name}` was given up. {from} answers as before, with all its data."
        ),
        Err(error) => anyhow!(
            "{why}\n{from} answers as before, but the upgrade could not be given up ({error:#}). Do it with `hamlet \
             plugin cancel {name}`"
        ),
    }
}

/// Whether somebody agrees to what was printed.
fn agreed(already: bool) -> Result<bool> {
    if already {
        return Ok(true);
    }
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    eprint!("Grant all of this and install it? [y/N] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// What is offered for installing, read.
pub enum Offered {
    /// A signed bundle: where it lies, and its bytes.
    Bundle(PathBuf, Vec<u8>),
    /// A built folder, unsigned.
    Folder(PathBuf, Box<hamlet_bundle::Package>),
}

impl Offered {
    /// Reads a bundle or a folder.
    ///
    /// # Errors
    /// In a sentence that says what to do.
    pub fn read(path: &Path) -> Result<Self> {
        if path.is_file() {
            return Ok(Self::Bundle(path.to_owned(), read_bundle(path)?));
        }
        let built = |error: LoadError| -> anyhow::Error {
            match error {
                LoadError::Read { path: file, source } if source.kind() == ErrorKind::NotFound => anyhow!(
                    "`{}` is not a built plugin: there is no {}. Build one with `hamlet plugin build FOLDER`, which \
                     prints the folder to install; or give a bundle, NAME-VERSION.hamlet",
                    path.display(),
                    file.file_name().unwrap_or_default().display()
                ),
                other => other.into(),
            }
        };
        let package = hamlet_bundle::load(path).map_err(built)?;
        Ok(Self::Folder(path.to_owned(), Box::new(package)))
    }

    /// Has the host verify, compile and keep it; gives the name under which it is staged.
    fn stage(&self, door: &Door, home: &Path) -> Result<Value> {
        let (Self::Bundle(path, _) | Self::Folder(path, _)) = self;
        match (door, self) {
            // The running host takes the files from the community's folder, then verifies and compiles them.
            (Door::Http(client), _) => client.stage(&community::hand_over(home, path)?),
            (Door::Console(kernel), offered) => Ok(Value::String(offered.stage_in(kernel)?)),
        }
        .with_context(|| format!("`{}` was not taken in", path.display()))
    }

    /// The same, in a kernel of one's own.
    pub fn stage_in(&self, kernel: &hamlet_kernel::Kernel) -> Result<String> {
        Ok(match self {
            Self::Bundle(_, bytes) => kernel.stage_bundle(bytes)?,
            Self::Folder(_, package) => kernel.stage(package)?,
        })
    }
}

/// A text or a number of an answer; empty where there is none.
pub fn text(value: &Value, field: &str) -> String {
    match value.get(field) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
