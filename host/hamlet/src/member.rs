//! `hamlet member`: parties from the command line. They are calls of `host/members` like any other.

use std::path::Path;

use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::call::Outcome;
use crate::door::Door;
use crate::{invite, output, token};

/// What to do with members.
#[derive(Debug, Subcommand)]
pub enum MemberCommand {
    /// Add a party and, for a person, make her first token and keep it here.
    Add {
        /// Short name: 2 to 32 of a-z, 0-9 and hyphen.
        handle: String,
        /// How people call it.
        name: String,
        /// What it is.
        #[arg(long, value_enum, default_value = "person")]
        kind: Kind,
        /// Groups to join.
        #[arg(long = "group", value_name = "GROUP")]
        groups: Vec<String>,
        /// Handles of the persons who may act for it.
        #[arg(long = "acting", value_name = "HANDLE")]
        acting: Vec<String>,
    },
    /// Print a link by which a member signs in with a browser for the first time.
    Invite {
        /// Her short name.
        handle: String,
    },
    /// List parties.
    List {
        /// Only the members of this group.
        #[arg(long)]
        group: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// End a party's part. What it owns stays.
    Remove {
        /// Its short name.
        handle: String,
    },
    /// Erase what is about a party, for good and in every backup: its name and all that was sealed for it. Who
    /// is still here erases herself; stewards erase who has left.
    Erase {
        /// Its short name.
        handle: String,
    },
}

/// What a party is.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Kind {
    /// One human being.
    Person,
    /// People who keep house together.
    Household,
    /// A club, a firm, a co-operative.
    Organisation,
}

/// Runs `hamlet member`.
pub fn run(home: &Path, command: &MemberCommand) -> Result<Outcome> {
    let door = Door::open(home)?;
    match command {
        MemberCommand::Invite { handle } => invite::run(home, door, handle)?,
        MemberCommand::Add { handle, name, kind, groups, acting } => {
            let kind_word =
                kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
            let id =
                door.must("members", "add", &json!({ "kind": kind_word, "handle": handle, "name": name }))?;
            for group in groups {
                door.must("members", "join-group", &json!({ "party": id, "group": group }))?;
            }
            for person in acting {
                let person = find(&door, person)?;
                door.must(
                    "members",
                    "give-mandate",
                    &json!({ "person": person, "party": id, "mandate": "representative" }),
                )?;
            }
            output::say(&format!("{handle} takes part as {}", output::render(&id)));
            if matches!(kind, Kind::Person) {
                token::create(home, &door, handle, &token::Wish::everything("first"), true)?;
                output::say(&format!("Her token is kept here: try `hamlet call --as {handle} host`."));
            }
        }
        MemberCommand::List { group, json } => {
            let mut all = Vec::new();
            let mut cursor = Value::Null;
            loop {
                let page = door.must(
                    "members",
                    "list",
                    &json!({ "filter": { "group": group }, "limit": 200, "cursor": cursor }),
                )?;
                all.extend(page.get("parties").and_then(Value::as_array).cloned().unwrap_or_default());
                cursor = page.get("next").cloned().unwrap_or_default();
                if cursor.is_null() {
                    break;
                }
            }
            let all = Value::Array(all);
            output::say(&if *json { serde_json::to_string_pretty(&all)? } else { output::render(&all) });
        }
        MemberCommand::Remove { handle } => {
            let id = find(&door, handle)?;
            door.must("members", "remove", &json!({ "party": id }))?;
            output::say(&format!("{handle} no longer takes part; what it owns stays on the books"));
        }
        MemberCommand::Erase { handle } => {
            let id = find(&door, handle)?;
            door.must("members", "erase", &json!({ "party": id }))?;
            output::say(&format!(
                "{handle} is erased: the name and all that was sealed for it can be read by nobody any more, in \
                 no copy and no backup. Make a backup now, so that the backup of the keys is replaced too."
            ));
        }
    }
    Ok(Outcome::Done)
}

/// The id of the party with this handle.
pub fn find(door: &Door, handle: &str) -> Result<Value> {
    Ok(door.must("members", "find", &json!({ "handle": handle }))?.get("id").cloned().unwrap_or_default())
}
