//! Frozen effects as people see them, and the one plugin that may freeze them (`hamlet:host/effects`; W5, W6).

use std::fmt::Write as _;

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_reflect::{Id, json};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use wasmtime::component::Val;

use super::{Frozen, How, dispatcher, open_arguments, read};
use crate::call::CallError;
use crate::native::{NativeContext, NativeProvider};
use crate::rows::{OfProvider, OwnRows as _};
use crate::{settings, shape};

/// Longest name of a plugin, in bytes, as manifests have it.
const NAME_BYTES_MAX: usize = 40;

/// The native provider.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Effects;

impl NativeProvider for Effects {
    fn interface(&self) -> &'static str {
        "hamlet:host/effects@0.1.0"
    }

    fn room(&self) -> &'static str {
        super::ROOM
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let (kind, access) = match function {
            "show" | "dispatcher" => (Kind::Query, vec![Access::Member, Access::Plugin, Access::Console]),
            "set-dispatcher" => {
                (Kind::Command, vec![Access::Group("stewards".into()), Access::Decision, Access::Console])
            }
            _ => return None,
        };
        Some(FunctionRule::new(kind, access))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        match function {
            "show" => show(cx, shape::id(shape::argument(arguments, 0)?)?),
            "dispatcher" => {
                Ok(shape::maybe(dispatcher(&mut OfProvider(cx))?.map(|name| shape::string(&name))))
            }
            "set-dispatcher" => set(cx, shape::option(shape::argument(arguments, 0)?, shape::text)?),
            _ => Err(CallError::internal("no such function of effects")),
        }
    }
}

fn set(cx: &mut dyn NativeContext, plugin: Option<&str>) -> Result<Val, CallError> {
    let rows = &mut OfProvider(cx);
    match plugin {
        Some(name) if name.is_empty() || name.len() > NAME_BYTES_MAX => {
            return Ok(shape::refused("name-invalid"));
        }
        Some(name) => rows.set(b"d", name.as_bytes())?,
        None => {
            rows.delete(b"d")?;
        }
    }
    tracing::info!(plugin, "who may carry out decisions was set");
    Ok(shape::done())
}

fn show(cx: &mut dyn NativeContext, id: Id) -> Result<Val, CallError> {
    let Some(frozen) = read(&mut OfProvider(cx), id)? else { return Ok(shape::refused("no-such-effect")) };
    let catalogue = cx.catalogue().ok_or_else(|| CallError::internal("no catalogue"))?;
    let callable = frozen.callable(&catalogue);
    let text = open_arguments(cx, id)?;
    let object = json::parse(text.as_bytes())
        .map_err(|error| CallError::internal(format!("an effect's arguments are damaged: {error}")))?;
    let order: Vec<&str> = callable
        .map(|callable| callable.function.params.iter().map(|param| &*param.name).collect())
        .unwrap_or_default();
    let arguments = named(&object, &order);
    let status = Status::of(&frozen, callable.is_some());
    let zone = settings::zone(cx.rows())?;
    let text = page(&frozen, &arguments, status, &zone);
    let listed = arguments
        .iter()
        .map(|(name, value)| shape::record([("name", shape::string(name)), ("value", shape::string(value))]));
    Ok(shape::ok(shape::record([
        ("id", id.to_val()),
        ("frozen-by", shape::string(&frozen.by)),
        (
            "target",
            shape::record([
                ("plugin", shape::string(&frozen.plugin)),
                ("interface", shape::string(&frozen.interface)),
                ("function", shape::string(&frozen.function)),
            ]),
        ),
        ("docs", shape::string(&frozen.docs)),
        ("arguments", Val::List(listed.collect())),
        ("frozen-at", Val::U64(frozen.since)),
        ("earliest", Val::U64(frozen.earliest)),
        ("status", status.to_val()),
        ("text", shape::string(&text)),
    ])))
}

/// Names and values in the order of the parameters; where that is no longer known, in the order of the names.
fn named(object: &Value, order: &[&str]) -> Vec<(String, String)> {
    let Some(object) = object.as_object() else { return Vec::new() };
    let place = |name: &str| order.iter().position(|known| *known == name).unwrap_or(usize::MAX);
    let mut named: Vec<(&String, &Value)> = object.iter().collect();
    named.sort_by_key(|(name, _)| (place(name), *name));
    let text = |value: &Value| value.as_str().map_or_else(|| json::canonical(value), str::to_owned);
    named.into_iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

#[derive(Clone, Copy)]
enum Status {
    Waiting,
    Lapsed,
    Ran(How, u64),
}

impl Status {
    fn of(frozen: &Frozen, bound: bool) -> Self {
        match frozen.ran {
            Some(ran) => Self::Ran(ran.how, ran.at),
            None if bound => Self::Waiting,
            None => Self::Lapsed,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Lapsed => "lapsed",
            Self::Ran(How::Done, _) => "done",
            Self::Ran(How::Refused, _) => "refused",
            Self::Ran(How::Failed, _) => "failed",
        }
    }

    fn to_val(self) -> Val {
        let at = match self {
            Self::Ran(_, at) => Some(Box::new(Val::U64(at))),
            Self::Waiting | Self::Lapsed => None,
        };
        Val::Variant(self.word().to_owned(), at)
    }
}

/// The effect as plain text. Values are indented, so that none can pass for a line of ours.
fn page(frozen: &Frozen, arguments: &[(String, String)], status: Status, zone: &TimeZone) -> String {
    let when = |micros: u64| {
        let time = i64::try_from(micros).ok().and_then(|micros| Timestamp::from_microsecond(micros).ok());
        time.map_or_else(
            || "the end of time".to_owned(),
            |time| time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string(),
        )
    };
    let mut text = format!("{} of {} ({})\n", frozen.function, frozen.plugin, frozen.interface);
    // Writing to a string does not fail.
    for line in frozen.docs.lines() {
        let _ = writeln!(text, "{line}");
    }
    for (name, value) in arguments {
        let _ = writeln!(text, "  {name}: {}", value.replace('\n', "\n    "));
    }
    let _ = writeln!(text, "Frozen by {} at {}.", frozen.by, when(frozen.since));
    let _ = writeln!(text, "Not before {}.", when(frozen.earliest));
    let _ = match status {
        Status::Waiting => writeln!(text, "It waits."),
        Status::Lapsed => {
            writeln!(text, "It lapsed: the interface's version or types are not what they were.")
        }
        Status::Ran(how, at) => {
            let how = match how {
                How::Done => "was done",
                How::Refused => "was refused, and changed nothing",
                How::Failed => "failed, and changed nothing",
            };
            writeln!(text, "It {how} at {}.", when(at))
        }
    };
    text
}
