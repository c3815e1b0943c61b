//! Migrations (J4): the rows of a new generation are made while the old version answers, and one small
//! command switches.
//!
//! ```text
//! activate ──▶ a row `m`, a new namespace          the old version answers
//! migrate  ──▶ chunk after chunk of a snapshot     "
//! migrate  ──▶ what changed since, by the journal  "
//! switch-over ▶ the last of it and the new row, in one command that has its batch for itself
//! ```
//!
//! Each `migrate` is a transaction beside the sequencer (T7) that hands some old rows to the new version's
//! `hamlet:host/migration.migrate`, whose storage is the new namespace, and keeps in row `m` how far it came:
//! so it goes on after a failure or a restart, and whoever drives it need not be the same each time. Old rows
//! are read from snapshots, not through the transaction: a payment meanwhile is no conflict, because
//! whatever changed after the first snapshot is in the journal and is handed over again.
//!
//! A failure anywhere leaves the old version's rows as they are: nothing ever writes to them but itself.
//!
//! If this is wrong, a row is lost in the move, or two versions write to one generation.
//!
//! Rows: `m name`, JSON ([`Moving`]); see `installed.rs`.

mod chunk;
mod steps;

use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use super::installed::{every, next_namespace, row_key};
use super::{Installed, remove};
use crate::call::CallError;
use crate::catalogue::HOST;
use crate::native::NativeContext;
use crate::package::Staged;
use crate::rows::{OfProvider, OwnRows, from_json, to_json};
use crate::shape;

pub(crate) use steps::run;

/// What a plugin exports that takes over data.
pub(crate) const MIGRATION: &str = "hamlet:host/migration@0.1.0";
/// Its function; and that of `plugins` that calls it.
pub(crate) const MIGRATE: &str = "migrate";
const SWITCH_OVER: &str = "switch-over";
const ROLL_BACK_PLAN: &str = "roll-back-plan";

/// Functions of `plugins` that the kernel runs itself ([`run`]).
pub(crate) fn is_of_the_kernel(function: &str) -> bool {
    matches!(function, MIGRATE | SWITCH_OVER | ROLL_BACK_PLAN)
}

/// Whether this is the command before which the batch has to be committed: it reads the journal, and all that
/// was done before it has to be in there.
pub(crate) fn is_switch(plugin: &str, function: &str) -> bool {
    plugin == HOST && function == SWITCH_OVER
}

/// A migration under way, as its row says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moving {
    /// What will be installed.
    pub to: Installed,
    /// The version that answers meanwhile.
    pub from_version: String,
    /// The namespace whose rows are moved.
    pub from_namespace: u32,
    /// Rows handed over so far.
    pub moved: u64,
    /// How far it is.
    pub(super) place: Place,
}

/// How far a migration is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Place {
    /// Nothing was handed over.
    Begun,
    /// Rows up to this key were; what was committed after `since` has to come again.
    Filling { since: u64, after: Vec<u8> },
    /// All rows were; of the journal, all up to batch `done`, and of the next one `skip` rows.
    Following { done: u64, skip: u64 },
}

/// Begins a migration from what is installed now.
pub(super) fn begin(
    cx: &mut dyn NativeContext,
    staged: &Staged,
    before: &Installed,
    bindings: Vec<(String, String)>,
) -> Result<(), CallError> {
    let namespace = next_namespace(&mut OfProvider(cx))?;
    let generation = before.generation.saturating_add(1);
    let moving = Moving {
        to: super::of_staged(cx, staged, namespace, generation, bindings),
        from_version: before.version.clone(),
        from_namespace: before.namespace,
        moved: 0,
        place: Place::Begun,
    };
    put(&mut OfProvider(cx), &moving)
}

/// Gives a migration up; what was made of the rows is deleted in the background.
pub(super) fn cancel(cx: &mut dyn NativeContext, name: &str) -> Result<Val, CallError> {
    let Some(moving) = moving_of(&mut OfProvider(cx), name)? else { return Ok(shape::refused("not-moving")) };
    let rows = &mut OfProvider(cx);
    rows.delete(&row_key(b'm', name))?;
    remove::destroy(rows, moving.to.namespace)?;
    cx.installed_changed();
    Ok(shape::done())
}

pub(super) fn moving_of(rows: &mut dyn OwnRows, name: &str) -> Result<Option<Moving>, CallError> {
    rows.get(&row_key(b'm', name))?.map(|row| from_json("plugins", &row)).transpose()
}

pub(super) fn all_moving(rows: &mut dyn OwnRows) -> Result<Vec<Moving>, CallError> {
    every(rows, b"m")?.iter().map(|(_, row)| from_json("plugins", row)).collect()
}

fn put(rows: &mut dyn OwnRows, moving: &Moving) -> Result<(), CallError> {
    rows.set(&row_key(b'm', &moving.to.name), &to_json("plugins", moving)?)
}
