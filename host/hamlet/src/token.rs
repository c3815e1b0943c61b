//! `hamlet token`: API tokens. The secret is made here and shown once; the host keeps only its hash.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use clap::Subcommand;
use hamlet_identity::Secret;
use hamlet_reflect::{Type, json as reflect_json};
use serde_json::{Value, json};
use wasmtime::component::Val;

use crate::call::Outcome;
use crate::door::Door;
use crate::session::Session;
use crate::{member, output};

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and show its secret, once.
    Create {
        /// Whose: a member's short name.
        handle: String,
        /// What it is for, in your own words.
        #[arg(long, default_value = "command line")]
        label: String,
        /// What it may call, `PLUGIN/INTERFACE/FUNCTION` with `*` for any part; several may be given.
        #[arg(long = "scope", value_name = "PATTERN")]
        functions: Vec<String>,
        /// Queries only.
        #[arg(long)]
        read_only: bool,
        /// Large bodies, for imports.
        #[arg(long)]
        bulk: bool,
        /// Also keep it in the community's folder, for `--as`.
        #[arg(long)]
        save: bool,
    },
    /// Print a token that is kept in the community's folder.
    Show {
        /// Whose.
        handle: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List a member's tokens, without their secrets.
    List {
        /// Whose.
        handle: String,
    },
    /// End a token at once.
    Revoke {
        /// Its id, from `hamlet token list`.
        token: String,
    },
}

/// What a token should be able to do.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What its owner calls it.
    pub label: String,
    /// Patterns; empty is all.
    pub functions: Vec<String>,
    /// Queries only.
    pub read_only: bool,
    /// Large bodies.
    pub bulk: bool,
}

impl Wish {
    /// All that its owner may do.
    pub fn everything(label: &str) -> Self {
        Self { label: label.to_owned(), functions: Vec::new(), read_only: false, bulk: true }
    }
}

/// Runs `hamlet token`.
pub fn run(home: &Path, command: &TokenCommand) -> Result<Outcome> {
    match command {
        TokenCommand::Create { handle, label, functions, read_only, bulk, save } => {
            let wish = Wish {
                label: label.clone(),
                functions: functions.clone(),
                read_only: *read_only,
                bulk: *bulk,
            };
            let secret = create(home, &Door::open(home)?, handle, &wish, *save)?;
            output::say(&secret);
        }
        TokenCommand::Show { handle, json } => {
            let session = Session::load(home)?;
            let token = session.token(Some(handle))?.unwrap_or_default();
            if *json {
                output::say(&json!({ "url": session.url, "host": session.host, "token": token }).to_string());
            } else {
                output::say(token);
            }
        }
        TokenCommand::List { handle } => {
            let door = Door::open(home)?;
            let owner = member::find(&door, handle)?;
            output::say(&output::render(&door.must("tokens", "list", &json!({ "owner": owner }))?));
        }
        TokenCommand::Revoke { token } => {
            Door::open(home)?.must("tokens", "revoke", &json!({ "token": token }))?;
            output::say("revoked");
        }
    }
    Ok(Outcome::Done)
}

/// Makes a token for `handle`; keeps it in the folder when asked; gives the secret.
pub fn create(home: &Path, door: &Door, handle: &str, wish: &Wish, save: bool) -> Result<String> {
    let owner: Value = member::find(door, handle)?;
    let secret = Secret::new().map_err(|error| anyhow!("no randomness: {error}"))?;
    let order = json!({
        "owner": owner,
        "hash": hash_as_json(secret.hash()),
        "label": wish.label,
        "scope": { "functions": wish.functions, "read-only": wish.read_only, "bulk": wish.bulk },
    });
    door.must("tokens", "create", &json!({ "order": order }))?;
    if save {
        let mut session = Session::load(home).context("the token was made, but cannot be kept")?;
        session.tokens.insert(handle.to_owned(), secret.reveal().to_owned());
        session.save(home)?;
    }
    Ok(secret.reveal().to_owned())
}

/// A hash as the contracts' JSON has bytes (C4).
pub fn hash_as_json(hash: [u8; 32]) -> Value {
    reflect_json::from_val(&Type::Bytes, &Val::List(hash.into_iter().map(Val::U8).collect()))
}
