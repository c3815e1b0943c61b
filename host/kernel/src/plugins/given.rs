//! What a plugin was granted of what it asks for: requested ∧ given (C2, W6).
//!
//! A request has a stable key ([`hamlet_bundle::Request::key`]); a row here says that it was granted, by
//! whom, when, and for an import of another's interface, from which provider: another provider is another
//! grant. What has no row is refused where it is used (`gate.rs`): the table of plugins is made anew with
//! every change, before anybody is answered.
//!
//! A grant to use another's interface ends when it was not used for [`UNUSED_DAYS`]: what nobody needs any
//! more should not stay open for ever. It is more than a year, so that what happens once a year goes on.
//!
//! If this is wrong, a plugin uses what nobody gave it, or loses what it needs.

use std::collections::{BTreeMap, BTreeSet};

use hamlet_bundle::Manifest;
use hamlet_reflect::Id;
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use super::installed::every;
use crate::call::{Actor, CallError};
use crate::rows::{OwnRows, from_json, to_json};
use crate::shape;

/// A grant that was not used for so many days has ended.
pub const UNUSED_DAYS: u64 = 400;
/// The same in microseconds.
pub(crate) const UNUSED_MICROS: u64 = UNUSED_DAYS * DAY_MICROS;
/// How exactly the last use is kept: a row is written at most once in this time.
pub(crate) const DAY_MICROS: u64 = 24 * 3_600 * 1_000_000;

/// Who granted something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Giver {
    /// A person, by her id in hex.
    Person(String),
    /// A decision, by its effect's id in hex.
    Decision(String),
    /// Whoever held the box.
    Console,
}

impl Giver {
    /// Who acts, if such may grant.
    pub(super) fn of(actor: &Actor) -> Result<Self, CallError> {
        match actor {
            Actor::Person(id) => Ok(Self::Person(id.to_string())),
            Actor::Decision(id) => Ok(Self::Decision(id.to_string())),
            Actor::Console => Ok(Self::Console),
            _ => Err(CallError::denied("only a steward, a decision or the console grants")),
        }
    }

    fn to_val(&self) -> Val {
        let id = |text: &String| text.parse::<Id>().ok().map(|id| Box::new(id.to_val()));
        match self {
            Self::Person(person) => Val::Variant("person".into(), id(person)),
            Self::Decision(effect) => Val::Variant("decision".into(), id(effect)),
            Self::Console => Val::Variant("console".into(), None),
        }
    }
}

/// That a request was granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Of an import: the plugin whose interface it is, or `host`.
    pub provider: Option<String>,
    /// Who gave it.
    pub by: Giver,
    /// When, in microseconds.
    pub at: u64,
    /// When it was used last, within a day; at first: when it was given.
    pub used: u64,
}

impl Given {
    /// When it ends if it is not used; none: never, since it is a capability of the host.
    pub fn ends(&self) -> Option<u64> {
        self.provider.as_ref().map(|_| self.used.saturating_add(UNUSED_MICROS))
    }

    pub(super) fn to_val(&self) -> Val {
        shape::record([
            ("by", self.by.to_val()),
            ("at", Val::U64(self.at)),
            ("used", Val::U64(self.used)),
            ("ends", shape::maybe(self.ends().map(Val::U64))),
        ])
    }
}

/// What one plugin was granted, by the requests' keys.
pub type GivenKeys = BTreeMap<String, Given>;

/// What each plugin was granted, by name.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn all_given(rows: &mut dyn OwnRows) -> Result<BTreeMap<String, GivenKeys>, CallError> {
    let mut all: BTreeMap<String, GivenKeys> = BTreeMap::new();
    for (key, row) in every(rows, b"r")? {
        let text = std::str::from_utf8(key.get(1..).unwrap_or_default());
        let Some((name, request)) = text.ok().and_then(|text| text.split_once('\0')) else {
            return Err(CallError::internal("a damaged row of plugins"));
        };
        all.entry(name.to_owned()).or_default().insert(request.to_owned(), from_json("plugins", &row)?);
    }
    Ok(all)
}

pub(super) fn given_to(rows: &mut dyn OwnRows, name: &str) -> Result<GivenKeys, CallError> {
    let prefix = key(name, "");
    every(rows, &prefix)?
        .iter()
        .map(|(key, row)| {
            let request = key.get(prefix.len()..).map(String::from_utf8_lossy).unwrap_or_default();
            Ok((request.into_owned(), from_json("plugins", row)?))
        })
        .collect()
}

pub(super) fn give(
    rows: &mut dyn OwnRows,
    name: &str,
    request: &str,
    given: &Given,
) -> Result<(), CallError> {
    rows.set(&key(name, request), &to_json("plugins", given)?)
}

/// True when it had been granted.
pub(super) fn take_back(rows: &mut dyn OwnRows, name: &str, request: &str) -> Result<bool, CallError> {
    rows.delete(&key(name, request))
}

/// Keeps when grants were used last. One that was taken back meanwhile stays so.
///
/// # Errors
/// The store failed, or a row is damaged.
pub(crate) fn keep_use(
    rows: &mut dyn OwnRows,
    name: &str,
    request: &str,
    used: u64,
) -> Result<(), CallError> {
    let Some(row) = rows.get(&key(name, request))? else { return Ok(()) };
    let given = Given { used, ..from_json("plugins", &row)? };
    give(rows, name, request, &given)
}

/// Drops grants of what no manifest of these asks for any more.
pub(super) fn drop_unasked(
    rows: &mut dyn OwnRows,
    name: &str,
    manifests: &[&Manifest],
) -> Result<(), CallError> {
    let asked: BTreeSet<String> = manifests.iter().flat_map(|manifest| keys(manifest)).collect();
    for request in given_to(rows, name)?.into_keys().filter(|key| is_revocable(key) && !asked.contains(key)) {
        take_back(rows, name, &request)?;
    }
    Ok(())
}

/// The keys that are looked at where something is used: these can be taken back one by one. All others
/// (who may call it, how much it stores) hold as long as the plugin is there.
pub(crate) fn is_revocable(key: &str) -> bool {
    ["import ", "emit ", "subscribe "].iter().any(|word| key.starts_with(word))
        || matches!(key, "schedules" | "bulk")
}

/// The revocable keys of all that a manifest asks for.
pub(crate) fn keys(manifest: &Manifest) -> Vec<String> {
    let imports = manifest.imports.iter().map(|import| format!("import {}", import.interface));
    let emits = manifest.emits.iter().map(|emit| format!("emit {}", emit.interface));
    let subscribes = manifest.subscribes.iter().map(|id| format!("subscribe {id}"));
    let switches = [(manifest.schedules, "schedules"), (manifest.bulk, "bulk")];
    let switches = switches.into_iter().filter(|(on, _)| *on).map(|(_, key)| key.to_owned());
    imports.chain(emits).chain(subscribes).chain(switches).collect()
}

fn key(name: &str, request: &str) -> Vec<u8> {
    [b"r", name.as_bytes(), &[0], request.as_bytes()].concat()
}
