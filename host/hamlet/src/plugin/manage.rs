//! `hamlet plugin list`, `grants`, `pause`, `resume`, `rollback`, `confirm`, `cancel`, `remove`.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::Result;
use clap::{Args, ValueEnum};
use hamlet_bundle::Publisher;
use serde_json::{Value, json};

use super::install::text;
use crate::call::Outcome;
use crate::client::Reply;
use crate::door::Door;
use crate::output;

/// An installed plugin.
#[derive(Debug, Args)]
pub struct NameArgs {
    /// The plugin, as `hamlet plugin list` names it.
    name: String,
}

/// Goes back.
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// The plugin.
    name: String,
    /// Do it, after printing what would be lost.
    #[arg(long)]
    yes: bool,
    /// Only print what would be lost.
    #[arg(long)]
    plan: bool,
}

/// Takes a plugin away.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The plugin.
    name: String,
    /// What becomes of its data: kept for the day on which the same publisher's plugin is installed again, or
    /// destroyed for good.
    #[arg(long, value_enum)]
    rows: Option<Rows>,
}

/// What becomes of a removed plugin's data.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Rows {
    /// It stays.
    Keep,
    /// It is deleted.
    Destroy,
}

/// Shows and changes what a plugin may do.
#[derive(Debug, Args)]
pub struct GrantsArgs {
    /// The plugin.
    name: String,
    /// Grant this, by its key.
    #[arg(long, value_name = "KEY", conflicts_with = "revoke")]
    give: Option<String>,
    /// Take this back, by its key, at once.
    #[arg(long, value_name = "KEY")]
    revoke: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Calls one function of `host/plugins`.
fn call(home: &Path, function: &str, arguments: &Value) -> Result<Value> {
    closing(Door::open(home)?, |door| door.must("plugins", function, arguments))
}

/// Does something through a door, and closes it: a folder that was opened is left as it should be.
fn closing<T>(door: Door, what: impl FnOnce(&Door) -> Result<T>) -> Result<T> {
    let done = what(&door);
    if let Door::Console(kernel) = door {
        kernel.shutdown();
    }
    done
}

/// Runs `hamlet plugin list`.
pub fn list(home: &Path, as_json: bool) -> Result<()> {
    let all = call(home, "list", &json!({}))?;
    if as_json {
        output::say(&serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    let rows: Vec<Value> = all.as_array().into_iter().flatten().map(shown).collect();
    output::say(&output::render(&Value::Array(rows)));
    Ok(())
}

/// A plugin in a table for people.
fn shown(plugin: &Value) -> Value {
    let field = |name: &str| plugin.get(name).cloned().unwrap_or_default();
    let signed = match Publisher::parse(&text(plugin, "publisher")) {
        Ok(publisher) => format!("signed by {}", publisher.groups()),
        Err(_) => "unsigned, from a folder".to_owned(),
    };
    json!({
        "name": field("name"), "version": field("version"), "status": field("status"), "from": signed,
        "stored": field("stored"), "quota": field("quota"), "moving-to": field("moving-to"),
        "previous": field("previous"),
    })
}

/// Runs `hamlet plugin pause` and `resume`.
pub fn set_status(home: &Path, args: &NameArgs, status: &str) -> Result<()> {
    call(home, "set-status", &json!({ "name": args.name, "status": status }))?;
    output::say(&match status {
        "paused" => format!("{} is paused: nobody can call it, and its data stays.", args.name),
        _ => format!("{} answers again.", args.name),
    });
    Ok(())
}

/// Runs `hamlet plugin confirm`.
pub fn confirm(home: &Path, args: &NameArgs) -> Result<()> {
    call(home, "confirm", &json!({ "name": args.name }))?;
    output::say(&format!(
        "The upgrade of {} is confirmed; what it needed for going back is deleted.",
        args.name
    ));
    Ok(())
}

/// Runs `hamlet plugin cancel`.
pub fn cancel(home: &Path, args: &NameArgs) -> Result<()> {
    call(home, "cancel-migration", &json!({ "name": args.name }))?;
    output::say(&format!(
        "The upgrade of {} is given up. It answers as before, with all its data.",
        args.name
    ));
    Ok(())
}

/// Runs `hamlet plugin rollback`.
pub fn roll_back(home: &Path, args: &RollbackArgs) -> Result<Outcome> {
    let order = json!({ "name": args.name });
    closing(Door::open(home)?, |door| {
        let plan = door.must("plugins", "roll-back-plan", &order)?;
        for sentence in plan.as_array().into_iter().flatten() {
            output::say(&output::plain(sentence.as_str().unwrap_or_default()));
        }
        if args.plan {
            return Ok(Outcome::Done);
        }
        if !args.yes && !asked("Go back? [y/N] ")? {
            eprintln!("Nothing was changed. Do it with `--yes`.");
            return Ok(Outcome::Refused);
        }
        let back = door.must("plugins", "roll-back", &order)?;
        output::say(&format!("{} {} answers again.", args.name, text(&back, "version")));
        Ok(Outcome::Done)
    })
}

/// Runs `hamlet plugin remove`.
pub fn remove(home: &Path, args: &RemoveArgs) -> Result<Outcome> {
    let rows = match args.rows {
        Some(rows) => rows,
        None if asked_to_keep(&args.name)? => Rows::Keep,
        None => {
            eprintln!(
                "Nothing was removed. Say what becomes of its data: `--rows keep` keeps it for the day on which the \
                 plugin is installed again, `--rows destroy` deletes it for good."
            );
            return Ok(Outcome::Refused);
        }
    };
    let (word, said) = match rows {
        Rows::Keep => ("keep", "its data is kept"),
        Rows::Destroy => ("destroy", "its data is being deleted"),
    };
    call(home, "uninstall", &json!({ "name": args.name, "rows": word }))?;
    output::say(&format!("{} is removed; {said}.", args.name));
    Ok(Outcome::Done)
}

fn asked_to_keep(name: &str) -> Result<bool> {
    asked(&format!("Remove {name} and keep its data? [y/N] "))
}

fn asked(question: &str) -> Result<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    eprint!("{question}");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Runs `hamlet plugin grants`.
pub fn grants(home: &Path, args: &GrantsArgs) -> Result<()> {
    let name = &args.name;
    closing(Door::open(home)?, |door| {
        let change = |function: &str, key: &str| {
            door.must("plugins", function, &json!({ "name": name, "key": key })).map(drop)
        };
        if let Some(key) = &args.give {
            change("grant", key)?;
        }
        if let Some(key) = &args.revoke {
            change("revoke", key)?;
        }
        let requests = door.must("plugins", "requests", &json!({ "name": name }))?;
        if args.json {
            output::say(&serde_json::to_string_pretty(&requests)?);
            return Ok(());
        }
        for request in requests.as_array().into_iter().flatten() {
            output::say(&line(door, request));
        }
        Ok(())
    })
}

/// A request with who granted it, in two lines.
fn line(door: &Door, request: &Value) -> String {
    let given = match request.get("given").filter(|given| !given.is_null()) {
        None => "NOT GRANTED: using it is refused".to_owned(),
        Some(given) => {
            let ends = match given.get("ends").filter(|ends| !ends.is_null()) {
                Some(ends) => format!(", ends {} if it is not used", day(ends)),
                None => String::new(),
            };
            let at = given.get("at").map(day).unwrap_or_default();
            format!("granted by {} on {at}{ends}", giver(door, given.get("by")))
        }
    };
    let kept = if request.get("revocable") == Some(&Value::Bool(false)) {
        ", as long as it is installed"
    } else {
        ""
    };
    format!("{}\n  {given}{kept}\n  {}", output::plain(&text(request, "sentence")), text(request, "key"))
}

/// Who granted it: a person by her name, if it can be seen.
fn giver(door: &Door, by: Option<&Value>) -> String {
    let id = |kind: &str| by.and_then(|by| by.get(kind));
    if let Some(person) = id("person") {
        return match door.host("members", "get", &json!({ "party": person })) {
            Ok(Reply::Done(party)) => output::plain(&text(&party, "name")),
            _ => format!("person {}", person.as_str().unwrap_or_default()),
        };
    }
    match id("decision") {
        Some(effect) => format!("decision {}", effect.as_str().unwrap_or_default()),
        None => "whoever held the box".to_owned(),
    }
}

/// The day of a time in microseconds, UTC.
fn day(micros: &Value) -> String {
    let micros = micros.as_str().and_then(|text| text.parse().ok());
    let stamp = micros.and_then(|micros| jiff::Timestamp::from_microsecond(micros).ok());
    stamp.map_or_else(|| "an unknown day".to_owned(), |stamp| stamp.strftime("%Y-%m-%d").to_string())
}
