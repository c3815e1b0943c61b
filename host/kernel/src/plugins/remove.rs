//! Taking a plugin away, and deleting rows that are nobody's any more.
//!
//! Whoever removes a plugin says what becomes of its rows. Kept rows wait under its name for the same
//! publisher's plugin in the same version. Destroyed ones are first made nobody's (their namespace is never
//! given out again) and then deleted in the background, some hundreds at a time, so that no command waits
//! for a million rows. What the plugin was granted, by stewards and by owners, ends with it in either case:
//! another plugin of the same name must not inherit it.
//!
//! If this is wrong, a stranger's plugin finds another's rows, or rows that were to be gone stay.
//!
//! Rows: `k name`, JSON ([`Kept`]); `x namespace` (u32, big end first) and `y name`: what is to be deleted. As long
//! as there is a `y name`, no plugin of this name is installed.

use hamlet_store::Namespace;
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use super::given::{given_to, take_back};
use super::installed::{all, next_namespace, one, row_key};
use super::moving::moving_of;
use super::plan::Refusal;
use crate::call::CallError;
use crate::native::NativeContext;
use crate::package::Staged;
use crate::rows::{OfProvider, OwnRows, from_json, to_json, with_prefix};
use crate::shape;

/// Of a row `y`: schedules and holds go too.
const ALL: &[u8] = b"all";

/// Where the rows of a removed plugin are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    version: String,
    publisher: Option<String>,
    namespace: u32,
    generation: u32,
}

/// Something that is to be deleted in the background.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Leftover {
    /// All rows of a namespace.
    Rows(Namespace),
    /// What owners granted a removed plugin; and with `all`, its schedules and holds of blobs.
    Of {
        /// Its name.
        name: String,
        /// Its rows are destroyed too.
        all: bool,
    },
}

impl Leftover {
    /// The row that says so; to be deleted when nothing is left.
    pub(crate) fn key(&self) -> Vec<u8> {
        match self {
            Self::Rows(namespace) => rows_key(namespace.0),
            Self::Of { name, .. } => row_key(b'y', name),
        }
    }
}

/// What is to be deleted next.
///
/// # Errors
/// The store failed.
pub(crate) fn next_leftover(rows: &mut dyn OwnRows) -> Result<Option<Leftover>, CallError> {
    if let Some((key, _)) = with_prefix(rows, b"x", &[], 1)?.first() {
        let number = key.get(1..).and_then(|number| <[u8; 4]>::try_from(number).ok());
        let number = number.ok_or_else(|| CallError::internal("a damaged row of plugins"))?;
        return Ok(Some(Leftover::Rows(Namespace(u32::from_be_bytes(number)))));
    }
    let of = with_prefix(rows, b"y", &[], 1)?;
    Ok(of.first().map(|(key, how)| Leftover::Of {
        name: String::from_utf8_lossy(key.get(1..).unwrap_or_default()).into_owned(),
        all: **how == *ALL,
    }))
}

/// Lets all rows of a namespace be deleted.
pub(super) fn destroy(rows: &mut dyn OwnRows, namespace: u32) -> Result<(), CallError> {
    rows.set(&rows_key(namespace), &[])
}

fn rows_key(namespace: u32) -> Vec<u8> {
    [b"x".as_slice(), &namespace.to_be_bytes()].concat()
}

/// Takes a plugin away; of one that was taken away before, destroys the rows that were kept.
pub(super) fn remove(cx: &mut dyn NativeContext, name: &str, keep: bool) -> Result<Val, CallError> {
    let Some(plugin) = one(&mut OfProvider(cx), name)? else { return remove_kept(cx, name, keep) };
    if moving_of(&mut OfProvider(cx), name)?.is_some() {
        return Ok(Refusal::Moving.to_val());
    }
    let is_bound = |bindings: &[(String, String)]| bindings.iter().any(|(_, provider)| provider == name);
    let users: Vec<String> = all(&mut OfProvider(cx))?
        .into_iter()
        .filter(|other| other.name != name && is_bound(&other.bindings))
        .map(|other| format!("`{}`", other.name))
        .collect();
    if !users.is_empty() {
        return Ok(shape::refused_because("still-used", users.join(", ")));
    }
    let rows = &mut OfProvider(cx);
    rows.delete(&row_key(b'p', name))?;
    for key in given_to(rows, name)?.into_keys() {
        take_back(rows, name, &key)?;
    }
    if let Some(left) = plugin.left_behind() {
        destroy(rows, left)?;
    }
    rows.set(&row_key(b'y', name), if keep { &[] } else { ALL })?;
    if keep {
        let (namespace, generation) = (plugin.namespace, plugin.generation);
        let kept = Kept { version: plugin.version, publisher: plugin.publisher, namespace, generation };
        rows.set(&row_key(b'k', name), &to_json("plugins", &kept)?)?;
    } else {
        destroy(rows, plugin.namespace)?;
    }
    cx.installed_changed();
    tracing::info!(plugin = name, keep, "removed");
    Ok(shape::done())
}

fn remove_kept(cx: &mut dyn NativeContext, name: &str, keep: bool) -> Result<Val, CallError> {
    let rows = &mut OfProvider(cx);
    let Some(kept) = kept(rows, name)? else { return Ok(shape::refused("no-such-plugin")) };
    if !keep {
        rows.delete(&row_key(b'k', name))?;
        destroy(rows, kept.namespace)?;
        rows.set(&row_key(b'y', name), ALL)?;
    }
    Ok(shape::done())
}

fn kept(rows: &mut dyn OwnRows, name: &str) -> Result<Option<Kept>, CallError> {
    rows.get(&row_key(b'k', name))?.map(|row| from_json("plugins", &row)).transpose()
}

/// Namespace and generation of a plugin that is installed: those of rows that were kept, or new ones.
pub(super) fn room_for(
    cx: &mut dyn NativeContext,
    staged: &Staged,
) -> Result<Result<(u32, u32), Refusal>, CallError> {
    let manifest = &staged.manifest;
    let name = &manifest.name;
    let rows = &mut OfProvider(cx);
    if rows.get(&row_key(b'y', name))?.is_some() {
        let why = "they are still being deleted; try again in a moment";
        return Ok(Err(Refusal::RowsKept(why.to_owned())));
    }
    let Some(kept) = kept(rows, name)? else { return Ok(Ok((next_namespace(rows)?, 1))) };
    let publisher = staged.origin.as_ref().map(|origin| origin.publisher.to_string());
    if kept.publisher != publisher || kept.version != manifest.version.to_string() {
        let whose = if kept.publisher == publisher { "" } else { " of another publisher" };
        let why = format!(
            "those of version {}{whose}. Install that version again, then upgrade; or destroy them first with \
             `hamlet plugin remove {name} --rows destroy`",
            kept.version
        );
        return Ok(Err(Refusal::RowsKept(why)));
    }
    rows.delete(&row_key(b'k', name))?;
    Ok(Ok((kept.namespace, kept.generation)))
}
