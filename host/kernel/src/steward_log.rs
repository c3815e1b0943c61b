//! The steward log (`hamlet:host/steward-log`, W6): what was done with the power of a steward, by whom and why, for
//! every member to read.
//!
//! [`note`] is asked after every command that was not refused, at any depth, and writes its line into the same
//! transaction: an act that is undone leaves none, and none is done without its line. What is noted is decided by what a
//! function *admits*, not by a list that somebody has to keep: a command for stewards that is not for every member is a
//! steward's act, a plugin's as well as a native's. A native says more by `NativeProvider::noted` and
//! `NativeContext::note`. Nothing here changes or deletes a line; it is no journal (that is the store's) and it holds
//! no arguments.
//!
//! A reason is sealed under the key of the party that the act is about, so that it goes with her erasure, and under the
//! commons' where there is none: it is in the journal and in backups encrypted, but while nobody is erased it is as
//! public as the log. Names are kept as ids.
//!
//! If this is wrong, somebody uses power that nobody sees.
//!
//! Rows (namespace `STEWARD_LOG`): `l` id (16 bytes, grows with time) → the line as JSON.

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_reflect::Id;
use hamlet_store::{Direction, Namespace, Scan};
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use crate::call::{Actor, CallError};
use crate::catalogue::HOST;
use crate::native::{NativeContext, NativeProvider};
use crate::rows::{from_json, to_json};
use crate::run::{Callee, Running};
use crate::value::Given;
use crate::{namespaces, shape};

/// The interface.
pub const STEWARD_LOG: &str = "hamlet:host/steward-log@0.1.0";
/// Its room.
pub(crate) const ROOM: (&str, Namespace) = ("hamlet:host/steward-log", namespaces::STEWARD_LOG);
/// The group whose power is noted.
const STEWARDS: &str = "stewards";

/// Longest reason in bytes; the rest is cut off.
pub const REASON_BYTES_MAX: usize = 500;
/// Longest name of a thing in bytes; the rest is cut off.
const THING_BYTES_MAX: usize = 200;
/// Most lines of a page.
const LIMIT_MAX: usize = 200;
/// Most lines that one page looks at.
const LOOKED_AT_MAX: usize = 2_000;
const PREFIX: &[u8] = b"l";

/// What a provider says of an act for the log: nothing, or what it was about; or why the act fails with it.
pub type Noting = Result<Option<Noted>, CallError>;

/// What an act was about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// A plugin's, a group's, a setting's name: nothing personal. Empty: nothing that has a name.
    pub thing: String,
    /// Whom it was about.
    pub party: Option<Id>,
    /// What the function's name does not say: `paused`, the key of what was granted. Nothing personal.
    pub detail: String,
}

impl Noted {
    /// About a thing that an argument names; about nothing where it is no text.
    pub fn of(argument: Option<&Val>) -> Self {
        match argument {
            Some(Val::String(name)) => Self { thing: name.clone(), ..Self::default() },
            _ => Self::default(),
        }
    }

    /// About a party.
    pub fn about(party: Id) -> Self {
        Self { party: Some(party), ..Self::default() }
    }
}

/// A command that stewards may call and not every member, nor every plugin.
pub fn is_for_stewards(rule: &FunctionRule) -> bool {
    let admits = |wanted: &dyn Fn(&Access) -> bool| rule.access.iter().any(wanted);
    rule.kind == Kind::Command
        && admits(&|access| matches!(access, Access::Group(group) if group == STEWARDS))
        && !admits(&|access| matches!(access, Access::Member | Access::Public | Access::Plugin))
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Line {
    at: u64,
    /// The label of `identity.actor`, its id in hex or its name.
    actor: (String, String),
    plugin: String,
    interface: String,
    function: String,
    party: Option<String>,
    thing: String,
    #[serde(default)]
    detail: String,
    /// Under whose key, and the sealed reason in hex.
    reason: Option<(String, String)>,
}

/// Writes the line of a command that was done, where it is an act of a steward.
pub(crate) fn note(
    running: &mut Running,
    callee: &Callee,
    (interface, function, rule): (&str, &str, &FunctionRule),
    arguments: &[Val],
    given: &Given,
) -> Result<(), CallError> {
    if rule.kind != Kind::Command || !running.tx.is_command() {
        return Ok(());
    }
    let noted = match callee {
        Callee::Plugin(..) => is_for_stewards(rule).then(Noted::default),
        Callee::Native(provider, _) => {
            let result = match given {
                Given::Value(value) => value.as_ref(),
                Given::Encoded(_) => None,
            };
            provider.native.noted(function, arguments, result)?
        }
    };
    noted.map_or(Ok(()), |noted| write(running, interface, &noted))
}

/// Writes a line about the command that runs.
pub(crate) fn write(running: &mut Running, interface: &str, noted: &Noted) -> Result<(), CallError> {
    let frame = running.frame()?;
    let (plugin, function) = (frame.name.to_string(), frame.function.to_string());
    let reason = match running.reason.clone() {
        Some(reason) => seal(running, noted.party, cut(reason.trim(), REASON_BYTES_MAX))?,
        None => None,
    };
    let line = Line {
        at: running.now,
        actor: actor_row(&running.actor),
        plugin,
        interface: interface.to_owned(),
        function,
        party: noted.party.map(|party| party.to_string()),
        thing: cut(&noted.thing, THING_BYTES_MAX).to_owned(),
        detail: cut(&noted.detail, THING_BYTES_MAX).to_owned(),
        reason,
    };
    let id = running.random.new_id(running.now);
    let key = [PREFIX, &id.0.to_be_bytes()].concat();
    Ok(running.tx.writable()?.set(namespaces::STEWARD_LOG, &key, &to_json("the steward log", &line)?)?)
}

/// A reason under the key of whom it is about, else of all together. None: nobody has a key for it.
fn seal(
    running: &mut Running,
    party: Option<Id>,
    reason: &str,
) -> Result<Option<(String, String)>, CallError> {
    let owner = match party {
        Some(party) => Some(party),
        None => running.commons()?,
    };
    let Some(owner) = owner.filter(|_| !reason.is_empty()) else { return Ok(None) };
    let sealed = running.shared.keys.seal(HOST, owner, reason.as_bytes())?;
    Ok(sealed.ok().map(|sealed| (owner.to_string(), hex(&sealed))))
}

fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

fn actor_row(actor: &Actor) -> (String, String) {
    let (label, about) = match actor {
        Actor::Person(id) => ("person", id.to_string()),
        Actor::Device(id) => ("device", id.to_string()),
        Actor::Plugin(name) => ("plugin", name.to_string()),
        Actor::Decision(id) => ("decision", id.to_string()),
        Actor::Neighbour(name) => ("neighbour", name.to_string()),
        Actor::Console => ("console", String::new()),
        Actor::Anyone => ("anyone", String::new()),
    };
    (label.to_owned(), about)
}

fn actor_val((label, about): &(String, String)) -> Val {
    let payload = match label.as_str() {
        "person" | "device" | "decision" => about.parse::<Id>().ok().map(Id::to_val),
        "plugin" | "neighbour" => Some(shape::string(about)),
        _ => None,
    };
    Val::Variant(label.clone(), payload.map(Box::new))
}

/// The native provider: reading only.
#[derive(Clone, Copy, Debug, Default)]
pub struct StewardLog;

impl NativeProvider for StewardLog {
    fn interface(&self) -> &'static str {
        STEWARD_LOG
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let access = vec![Access::Member, Access::Console];
        (function == "list").then_some(FunctionRule {
            kind: Kind::Query,
            access,
            reentrant: false,
            long: false,
        })
    }

    fn call(&self, cx: &mut dyn NativeContext, _: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let filter = Filter::from_val(shape::argument(arguments, 0)?)?;
        let limit = match shape::argument(arguments, 1)? {
            Val::U32(0) => LIMIT_MAX,
            Val::U32(limit) => LIMIT_MAX.min(usize::try_from(*limit).unwrap_or(LIMIT_MAX)),
            _ => return Err(CallError::arguments("`limit` is no u32")),
        };
        let before = shape::option(shape::argument(arguments, 2)?, shape::id)?;
        list(cx, &filter, limit, before)
    }
}

struct Filter {
    by: Option<Id>,
    about: Option<Id>,
    interfaces: Vec<String>,
}

impl Filter {
    fn from_val(value: &Val) -> Result<Self, CallError> {
        let Val::List(interfaces) = shape::field(value, "interfaces")? else {
            return Err(CallError::arguments("`interfaces` is no list"));
        };
        let interfaces = interfaces.iter().map(|name| shape::text(name).map(str::to_owned));
        Ok(Self {
            by: shape::option(shape::field(value, "by")?, shape::id)?,
            about: shape::option(shape::field(value, "about")?, shape::id)?,
            interfaces: interfaces.collect::<Result<_, _>>()?,
        })
    }

    fn admits(&self, line: &Line) -> bool {
        let is = |wanted: Option<Id>, known: Option<&str>| {
            wanted.is_none_or(|wanted| known.is_some_and(|known| known == wanted.to_string()))
        };
        let by = (line.actor.0 == "person").then_some(line.actor.1.as_str());
        let short = line.interface.rsplit('/').next().unwrap_or_default();
        let short = short.split('@').next().unwrap_or_default();
        is(self.by, by)
            && is(self.about, line.party.as_deref())
            && (self.interfaces.is_empty() || self.interfaces.iter().any(|interface| interface == short))
    }
}

fn list(
    cx: &mut dyn NativeContext,
    filter: &Filter,
    limit: usize,
    before: Option<Id>,
) -> Result<Val, CallError> {
    let end = before
        .map_or_else(|| crate::rows::after_prefix(PREFIX), |id| Some([PREFIX, &id.0.to_be_bytes()].concat()));
    let scan = Scan {
        start: PREFIX,
        end: end.as_deref(),
        direction: Direction::Reverse,
        limit: LOOKED_AT_MAX,
        max_bytes: usize::MAX,
    };
    let rows = cx.scan(scan)?;
    let mut next = None;
    let mut entries = Vec::new();
    let all_seen = rows.len() < LOOKED_AT_MAX;
    let last = rows.len().saturating_sub(1);
    for (index, (key, row)) in rows.iter().enumerate() {
        let Some(id) = key.last_chunk().map(|id| Id(u128::from_be_bytes(*id))) else { continue };
        let line: Line = from_json("the steward log", row)?;
        if filter.admits(&line) {
            entries.push(shown(cx, id, &line)?);
        }
        if (entries.len() == limit && index < last) || (index == last && !all_seen) {
            next = Some(id.to_val());
            break;
        }
    }
    Ok(shape::record([("entries", Val::List(entries)), ("next", shape::maybe(next))]))
}

fn shown(cx: &mut dyn NativeContext, id: Id, line: &Line) -> Result<Val, CallError> {
    let mut reason = String::new();
    if let Some((owner, sealed)) = &line.reason
        && let (Ok(owner), Some(sealed)) = (owner.parse::<Id>(), unhex(sealed))
        && let Ok(plain) = cx.open(owner, &sealed)?
    {
        reason = String::from_utf8(plain).unwrap_or_default();
    }
    Ok(shape::record([
        ("id", id.to_val()),
        ("at", Val::U64(line.at)),
        ("actor", actor_val(&line.actor)),
        ("plugin", shape::string(&line.plugin)),
        ("interface", shape::string(&line.interface)),
        ("function", shape::string(&line.function)),
        ("party", shape::maybe(line.party.as_ref().and_then(|id| id.parse::<Id>().ok()).map(Id::to_val))),
        ("thing", shape::string(&line.thing)),
        ("detail", shape::string(&line.detail)),
        ("reason", shape::string(&reason)),
    ]))
}

#[cfg(test)]
mod tests;
