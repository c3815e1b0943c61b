//! The native provider `hamlet:host/devices`: tokens with which a driver, a tablet or a meter calls (W6).
//!
//! A device's token is looked up beside people's (`lookup`) and gives the actor `device(id)`: it is in no group, has no
//! mandate, and reaches only functions that admit `device` and that its scope names. If it is wrong, a tablet on a wall
//! acts with a person's rights.

use std::sync::Arc;

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_kernel::{CallError, NativeContext, NativeProvider, Noted, Noting};
use hamlet_reflect::Id;
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use crate::lookup::LastUse;
use crate::members::{authority, no_such_function};
use crate::read;
use crate::rows::{self, STEWARDS};
use crate::scope::{self, Scope};
use crate::values::{self, Arguments, Stop, cases, refuse, settle};

/// The interface that it provides.
pub const DEVICES: &str = "hamlet:host/devices@0.1.0";

/// Longest name in bytes.
const NAME_BYTES_MAX: usize = 100;
/// Most devices.
const DEVICES_MAX: usize = 500;

/// The provider of `hamlet:host/devices@0.1.0`.
#[derive(Debug, Clone)]
pub struct DevicesProvider {
    pub(crate) last_use: Arc<LastUse>,
}

type Outcome = Result<Option<Val>, Stop<DevicesError>>;

/// A device as it is stored under its token's hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Device {
    pub id: u128,
    pub name: String,
    pub functions: Vec<String>,
    pub by: Option<u128>,
    pub since: u64,
    pub expires: Option<u64>,
}

impl Device {
    /// From its row.
    pub fn decode(row: &[u8]) -> Option<Self> {
        serde_json::from_slice(row).ok()
    }

    /// What it may call. Never everything: an empty list of patterns would mean that.
    pub fn scope(&self) -> Option<Scope> {
        (!self.functions.is_empty()).then(|| Scope {
            functions: self.functions.clone(),
            read_only: false,
            bulk: false,
        })
    }
}

impl NativeProvider for DevicesProvider {
    fn interface(&self) -> &'static str {
        DEVICES
    }

    fn room(&self) -> &'static str {
        crate::ROOM
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let access = vec![Access::Group(STEWARDS.into()), Access::Decision, Access::Console];
        let kind = match function {
            "create" | "revoke" => Kind::Command,
            "list" => Kind::Query,
            _ => return None,
        };
        Some(FunctionRule::new(kind, access))
    }

    fn noted(&self, function: &str, arguments: &[Val], _: Option<&Val>) -> Noting {
        Ok(match function {
            "create" => Some(Noted::of(values::field(Arguments(arguments).value(0)?, "name").ok())),
            "revoke" => Some(Noted::default()),
            _ => None,
        })
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let arguments = Arguments(arguments);
        settle(match function {
            "create" => create(cx, arguments),
            "revoke" => revoke(cx, arguments),
            "list" => return self.list(cx),
            _ => return Err(no_such_function(function)),
        })
    }
}

fn create(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let order = arguments.value(0)?;
    let Ok(hash) = <[u8; 32]>::try_from(values::bytes(values::field(order, "hash")?)?) else {
        return refuse(DevicesError::HashInvalid);
    };
    let name = values::text(values::field(order, "name")?)?.trim();
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return refuse(DevicesError::NameInvalid);
    }
    let functions = patterns(values::field(order, "functions")?)?;
    let expires = values::option(values::field(order, "expires")?, values::u64)?;
    if expires.is_some_and(|expires| expires <= cx.now()) {
        return refuse(DevicesError::Expired);
    }
    if cx.get(&rows::device_key(&hash))?.is_some() || cx.get(&rows::token_key(&hash))?.is_some() {
        return refuse(DevicesError::HashTaken);
    }
    if read::prefixed(cx, rows::DEVICE_IDS, None, DEVICES_MAX)?.len() >= DEVICES_MAX {
        return refuse(DevicesError::TooMany);
    }
    let id = cx.new_id();
    let by = authority(cx)?.person().map(|person| person.0);
    let device = Device { id: id.0, name: name.to_owned(), functions, by, since: cx.now(), expires };
    let row = serde_json::to_vec(&device)
        .map_err(|error| CallError::internal(format!("a device cannot be written: {error}")))?;
    cx.set(&rows::device_key(&hash), &row)?;
    cx.set(&rows::device_id_key(id), &hash)?;
    Ok(Some(id.to_val()))
}

fn patterns(value: &Val) -> Result<Vec<String>, Stop<DevicesError>> {
    let patterns = values::list(value)?;
    if patterns.is_empty() || patterns.len() > scope::PATTERNS_MAX {
        return refuse(DevicesError::PatternInvalid(format!("{} patterns", patterns.len())));
    }
    let mut functions = Vec::with_capacity(patterns.len());
    for pattern in patterns {
        let pattern = values::text(pattern)?;
        if !scope::is_pattern(pattern) || pattern == "*/*/*" {
            let shown = pattern.chars().take(scope::PATTERN_LENGTH_MAX).collect();
            return refuse(DevicesError::PatternInvalid(shown));
        }
        functions.push(pattern.to_owned());
    }
    Ok(functions)
}

fn revoke(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let key = rows::device_id_key(arguments.id(0)?);
    let hash = cx.get(&key)?.and_then(|hash| <[u8; 32]>::try_from(hash.as_ref()).ok());
    let Some(hash) = hash else { return refuse(DevicesError::NoSuchDevice) };
    cx.delete(&rows::device_key(&hash))?;
    cx.delete(&key)?;
    Ok(None)
}

impl DevicesProvider {
    fn list(&self, cx: &mut dyn NativeContext) -> Result<Val, CallError> {
        let mut devices = Vec::new();
        for (_, hash) in read::prefixed(cx, rows::DEVICE_IDS, None, DEVICES_MAX)? {
            let Ok(hash) = <[u8; 32]>::try_from(hash.as_ref()) else { continue };
            let row = cx.get(&rows::device_key(&hash))?;
            let Some(device) = row.and_then(|row| Device::decode(&row)) else { continue };
            let functions = device.functions.into_iter().map(Val::String).collect();
            devices.push(values::record([
                ("id", Id(device.id).to_val()),
                ("name", Val::String(device.name)),
                ("functions", Val::List(functions)),
                ("by", values::some(device.by.map(|by| Id(by).to_val()))),
                ("since", Val::U64(device.since)),
                ("expires", values::some(device.expires.map(Val::U64))),
                ("last-used", values::some(self.last_use.of(Id(device.id)).map(Val::U64))),
            ]));
        }
        devices.reverse();
        Ok(Val::List(devices))
    }
}

cases! {
    /// `hamlet:host/devices.error`. The WIT documents each case.
    enum DevicesError {
        HashInvalid = "hash-invalid",
        HashTaken = "hash-taken",
        NameInvalid = "name-invalid",
        PatternInvalid(pattern: String) = "pattern-invalid",
        Expired = "expired",
        NoSuchDevice = "no-such-device",
        TooMany = "too-many",
    }
}
