//! What owners let plugins do with their things (`hamlet:host/grants`; W2, W3, W6).
//!
//! A grant says: this plugin may do this kind of act with this thing of this owner, up to so much a
//! calendar month. Only somebody with a mandate for the owner gives, takes back and lists it; what is
//! the commons' is given by those who have a mandate for the commons. [`use_up`] is how the consent of
//! a running command is answered from a grant: it counts inside the transaction, so what is rolled
//! back was never used.
//!
//! The thing's owner in a grant is what the giver said. That is safe because [`use_up`] compares it
//! with what the *provider* of the thing says when it asks: a grant on another's thing never matches.
//!
//! A grant ends by its date, and when nobody used it for more than [`UNUSED_MONTHS`]: it is over a year, so
//! that what happens once a year goes on.
//!
//! If this is wrong, a plugin spends what nobody allowed it to spend.
//!
//! Rows (namespace `GRANTS`; ids 16 bytes, big end first):
//!
//! ```text
//! g id                   the grant, JSON
//! m match-hash id        empty; the hash covers plugin, provider, kind, thing and owner
//! o owner id             empty
//! u id                   month (u32) and what was used in it (u64)
//! ```

use std::sync::Arc;

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_reflect::Id;
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use crate::call::{Actor, CallError, Need};
use crate::native::{NativeContext, NativeProvider, Noted};
use crate::package::Staging;
use crate::plugins;
use crate::rows::{OfProvider, OwnRows, from_json, to_json, with_prefix};
use crate::settings;
use crate::shape;

mod usage;

pub use usage::UNUSED_MONTHS;
use usage::{ended_unused, set_used, usage, usage_key, used_in};

/// Most grants of one owner.
pub const GRANTS_PER_OWNER_MAX: usize = 1_000;
/// Most grants that can match one need: the same thing given again with other ceilings.
const MATCHES_MAX: usize = 64;
/// Longest name of a thing, in bytes.
const THING_BYTES_MAX: usize = 1_024;

/// A right that was given to a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Grant {
    #[serde(with = "hex_id")]
    id: Id,
    plugin: String,
    provider: String,
    kind: String,
    thing: String,
    #[serde(with = "hex_id")]
    owner: Id,
    monthly_ceiling: Option<u64>,
    #[serde(with = "hex_id")]
    given_by: Id,
    given_at: u64,
    expires: Option<u64>,
}

/// Whether a grant covers a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantUse {
    /// It does, and is used up by it.
    Covered,
    /// There is one, but this month's ceiling does not allow it; the most that is left.
    Ceiling(u64),
    /// There is none.
    None,
}

/// Answers a need of `plugin` from a grant, and counts it.
///
/// `month` is the community's calendar month ([`settings::month`]) of `now`. `rows` are those of the
/// running transaction. Cost: a scan and three look-ups.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn use_up(
    rows: &mut dyn OwnRows,
    plugin: &str,
    need: &Need,
    now: u64,
    month: u32,
) -> Result<GrantUse, CallError> {
    let prefix = match_prefix(plugin, &need.provider, &need.kind, &need.thing, need.owner);
    let mut most_left: Option<u64> = None;
    for (key, _) in with_prefix(rows, &prefix, &[], MATCHES_MAX)? {
        let Some(grant) = key.get(prefix.len()..).map(|id| read(rows, id)).transpose()?.flatten() else {
            continue;
        };
        if grant.expires.is_some_and(|end| end <= now) {
            continue;
        }
        let usage = usage(rows, grant.id)?;
        if ended_unused(&grant, usage, now, month) {
            continue;
        }
        let used = used_in(usage, month);
        let amount = need.amount.unwrap_or(0);
        let left = grant.monthly_ceiling.map_or(u64::MAX, |ceiling| ceiling.saturating_sub(used));
        // A ceiling on what has no quantity allows nothing: nobody could have meant it as a limit.
        let countable = need.amount.is_some() || grant.monthly_ceiling.is_none();
        if countable && amount <= left {
            set_used(rows, grant.id, month, used.saturating_add(amount))?;
            return Ok(GrantUse::Covered);
        }
        most_left = most_left.max(Some(if countable { left } else { 0 }));
    }
    Ok(most_left.map_or(GrantUse::None, GrantUse::Ceiling))
}

/// The native provider.
pub struct Grants {
    staging: Arc<Staging>,
}

impl Grants {
    /// The provider; `staging` holds the manifests of what is installed.
    pub fn new(staging: Arc<Staging>) -> Self {
        Self { staging }
    }
}

impl NativeProvider for Grants {
    fn interface(&self) -> &'static str {
        "hamlet:host/grants@0.1.0"
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let kind = match function {
            "give" | "revoke" => Kind::Command,
            "list" => Kind::Query,
            _ => return None,
        };
        Some(FunctionRule::new(kind, vec![Access::Member]))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let Actor::Person(person) = *cx.actor() else {
            return Err(CallError::denied("only a person gives, takes back and lists grants"));
        };
        match function {
            "give" => self.give(cx, person, &Offer::from_val(shape::argument(arguments, 0)?)?),
            "revoke" => revoke(cx, person, shape::id(shape::argument(arguments, 0)?)?),
            "list" => list(cx, person, shape::option(shape::argument(arguments, 0)?, shape::id)?),
            _ => Err(CallError::internal("no such function of grants")),
        }
    }
}

struct Offer<'a> {
    plugin: &'a str,
    provider: &'a str,
    kind: &'a str,
    thing: &'a str,
    owner: Id,
    monthly_ceiling: Option<u64>,
    expires: Option<u64>,
}

impl<'a> Offer<'a> {
    fn from_val(value: &'a Val) -> Result<Self, CallError> {
        let text = |name: &str| shape::field(value, name).and_then(shape::text);
        Ok(Self {
            plugin: text("plugin")?,
            provider: text("provider")?,
            kind: text("kind")?,
            thing: text("thing")?,
            owner: shape::id(shape::field(value, "owner")?)?,
            monthly_ceiling: shape::option(shape::field(value, "monthly-ceiling")?, shape::number)?,
            expires: shape::option(shape::field(value, "expires")?, shape::number)?,
        })
    }
}

impl Grants {
    fn give(&self, cx: &mut dyn NativeContext, person: Id, offer: &Offer<'_>) -> Result<Val, CallError> {
        if plugins::installed_one(cx.rows(), offer.plugin)?.is_none() {
            return Ok(shape::refused("no-such-plugin"));
        }
        let Some(provider) = plugins::installed_one(cx.rows(), offer.provider)? else {
            return Ok(shape::refused("no-such-plugin"));
        };
        let declared = self.staging.get(&provider.component).is_some_and(|staged| {
            staged.manifest.grantable.iter().any(|grantable| grantable.kind == offer.kind)
        });
        if !declared {
            return Ok(shape::refused("no-such-kind"));
        }
        if cx.mandate(person, offer.owner)?.is_none() {
            return Ok(shape::refused("no-mandate"));
        }
        if offer.expires.is_some_and(|end| end <= cx.now()) {
            return Ok(shape::refused("expired"));
        }
        if offer.thing.len() > THING_BYTES_MAX {
            return Err(CallError::arguments(format!("`thing` has more than {THING_BYTES_MAX} bytes")));
        }
        let grant = Grant {
            id: cx.new_id(),
            plugin: offer.plugin.to_owned(),
            provider: offer.provider.to_owned(),
            kind: offer.kind.to_owned(),
            thing: offer.thing.to_owned(),
            owner: offer.owner,
            monthly_ceiling: offer.monthly_ceiling,
            given_by: person,
            given_at: cx.now(),
            expires: offer.expires,
        };
        insert(&mut OfProvider(cx), &grant)?;
        note(cx, &grant)?;
        Ok(shape::ok(grant.to_val(0, false)))
    }
}

fn revoke(cx: &mut dyn NativeContext, person: Id, id: Id) -> Result<Val, CallError> {
    let grant = read(&mut OfProvider(cx), &id.0.to_be_bytes())?;
    // Somebody else's grant is as good as none: its existence is not her business.
    match grant {
        Some(grant) if cx.mandate(person, grant.owner)?.is_some() => {
            remove(&mut OfProvider(cx), &grant)?;
            note(cx, &grant)?;
            Ok(shape::done())
        }
        _ => Ok(shape::refused("no-such-grant")),
    }
}

/// What is given of the commons' things concerns all; what a member gives of her own is her business.
fn note(cx: &mut dyn NativeContext, grant: &Grant) -> Result<(), CallError> {
    if cx.commons()? == Some(grant.owner) {
        cx.note(Noted { thing: grant.plugin.clone(), party: None, ..Noted::default() })?;
    }
    Ok(())
}

fn list(cx: &mut dyn NativeContext, person: Id, owner: Option<Id>) -> Result<Val, CallError> {
    let owner = owner.unwrap_or(person);
    if cx.mandate(person, owner)?.is_none() {
        return Ok(shape::refused("no-mandate"));
    }
    let zone = settings::zone(cx.rows())?;
    let now = cx.now();
    let month = settings::month(&zone, now);
    let rows = &mut OfProvider(cx);
    let prefix = owner_prefix(owner);
    let mut grants = Vec::new();
    for (key, _) in with_prefix(rows, &prefix, &[], GRANTS_PER_OWNER_MAX)? {
        if let Some(grant) = key.get(prefix.len()..).map(|id| read(rows, id)).transpose()?.flatten() {
            let usage = usage(rows, grant.id)?;
            let ended =
                grant.expires.is_some_and(|end| end <= now) || ended_unused(&grant, usage, now, month);
            grants.push(grant.to_val(used_in(usage, month), ended));
        }
    }
    Ok(shape::ok(Val::List(grants)))
}

impl Grant {
    fn to_val(&self, used: u64, ended: bool) -> Val {
        shape::record([
            ("id", self.id.to_val()),
            ("plugin", shape::string(&self.plugin)),
            ("provider", shape::string(&self.provider)),
            ("kind", shape::string(&self.kind)),
            ("thing", shape::string(&self.thing)),
            ("owner", self.owner.to_val()),
            ("monthly-ceiling", shape::maybe(self.monthly_ceiling.map(Val::U64))),
            ("used", Val::U64(used)),
            ("given-by", self.given_by.to_val()),
            ("given-at", Val::U64(self.given_at)),
            ("expires", shape::maybe(self.expires.map(Val::U64))),
            ("ended", Val::Bool(ended)),
        ])
    }
}

fn insert(rows: &mut dyn OwnRows, grant: &Grant) -> Result<(), CallError> {
    let owned = with_prefix(rows, &owner_prefix(grant.owner), &[], GRANTS_PER_OWNER_MAX)?.len();
    let matching = with_prefix(rows, &grant.match_prefix(), &[], MATCHES_MAX)?.len();
    if owned >= GRANTS_PER_OWNER_MAX || matching >= MATCHES_MAX {
        let what = format!("{GRANTS_PER_OWNER_MAX} grants of one owner, {MATCHES_MAX} of them alike");
        return Err(CallError::Quota { plugin: Arc::from(crate::catalogue::HOST), what });
    }
    rows.set(&grant_key(&grant.id.0.to_be_bytes()), &to_json("grants", grant)?)?;
    for index in grant.index_keys() {
        rows.set(&index, &[])?;
    }
    Ok(())
}

fn remove(rows: &mut dyn OwnRows, grant: &Grant) -> Result<(), CallError> {
    rows.delete(&grant_key(&grant.id.0.to_be_bytes()))?;
    for index in grant.index_keys() {
        rows.delete(&index)?;
    }
    rows.delete(&usage_key(grant.id))?;
    Ok(())
}

fn read(rows: &mut dyn OwnRows, id: &[u8]) -> Result<Option<Grant>, CallError> {
    rows.get(&grant_key(id))?.map(|row| from_json("grants", &row)).transpose()
}

/// Removes what owners granted to a plugin, or for its things, at most `limit` at a time; true: there was some.
///
/// Cost: reads all grants.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn forget_plugin(rows: &mut dyn OwnRows, name: &str, limit: usize) -> Result<bool, CallError> {
    let mut found: Vec<Grant> = Vec::new();
    let mut from = b"g".to_vec();
    while found.len() < limit {
        let page = with_prefix(rows, b"g", &from, GRANTS_PER_OWNER_MAX)?;
        let Some((last, _)) = page.last() else { break };
        from = [last, [0].as_slice()].concat();
        for (_, row) in &page {
            let grant: Grant = from_json("grants", row)?;
            if grant.plugin == name || grant.provider == name {
                found.push(grant);
            }
        }
    }
    found.truncate(limit);
    for grant in &found {
        remove(rows, grant)?;
    }
    Ok(!found.is_empty())
}

impl Grant {
    fn match_prefix(&self) -> Vec<u8> {
        match_prefix(&self.plugin, &self.provider, &self.kind, &self.thing, self.owner)
    }

    fn index_keys(&self) -> [Vec<u8>; 2] {
        [self.match_prefix(), owner_prefix(self.owner)].map(|mut key| {
            key.extend_from_slice(&self.id.0.to_be_bytes());
            key
        })
    }
}

fn grant_key(id: &[u8]) -> Vec<u8> {
    [b"g".as_slice(), id].concat()
}

fn owner_prefix(owner: Id) -> Vec<u8> {
    [b"o".as_slice(), &owner.0.to_be_bytes()].concat()
}

/// Hashed, because a thing's name may be long; each part with its length, so that none runs into the next.
fn match_prefix(plugin: &str, provider: &str, kind: &str, thing: &str, owner: Id) -> Vec<u8> {
    let mut hash = blake3::Hasher::new();
    for part in [plugin, provider, kind, thing] {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.update(&owner.0.to_be_bytes());
    [b"m".as_slice(), hash.finalize().as_bytes()].concat()
}

/// Ids in rows of JSON: 32 hex digits.
mod hex_id {
    use hamlet_reflect::Id;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(id: &Id, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Id, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
