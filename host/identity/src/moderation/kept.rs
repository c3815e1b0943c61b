//! The rows of moderation, all under `z`.
//!
//! | key | value |
//! |---|---|
//! | `zh` plugin `00` name | a [`Hiding`] |
//! | `zn` plugin `00` name | nothing: the names alone, which plugins ask for at each look |
//! | `zr` plugin `00` name `00` reporter | a [`Report`] |
//! | `zm` person | a [`Mute`] |
//! | `zd` person | a day and a number: what a newcomer put up on it |
//! | `zt` person | a day and a number: what she reported on it |
//! | `zl` | [`Limits`] |

use hamlet_kernel::native::ScannedRows;
use hamlet_kernel::{CallError, NativeContext};
use hamlet_reflect::Id;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Content;
use crate::read;

/// Stewards who are told of something.
pub(super) const STEWARDS_TOLD_MAX: usize = 20;
/// A day in microseconds.
pub(super) const DAY_MICROS: u64 = 24 * 3_600 * 1_000_000;

/// Something that is hidden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hiding {
    pub at: u64,
    pub by: Option<u128>,
    pub author: Option<u128>,
    /// Why, sealed for [`Hiding::about`].
    pub reason: Vec<u8>,
    pub hash: Vec<u8>,
    pub erased: bool,
    pub appeal: Option<Appeal>,
}

/// An appeal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Appeal {
    pub at: u64,
    /// Sealed for the author.
    pub reason: Vec<u8>,
    pub refused: bool,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Report {
    pub at: u64,
    /// Sealed for who reports.
    pub reason: Vec<u8>,
}

/// That somebody puts up nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mute {
    pub until: u64,
    /// Sealed for her.
    pub reason: Vec<u8>,
}

/// What newcomers may put up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Limits {
    pub days: u32,
    pub a_day: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { days: 14, a_day: 10 }
    }
}

/// All hidings.
pub(super) const HIDINGS: &[u8] = b"zh";
/// All names of what is hidden.
const NAMES: &[u8] = b"zn";
/// All reports.
pub(super) const REPORTS: &[u8] = b"zr";
/// The limits.
pub(super) const LIMITS_KEY: &[u8] = b"zl";

pub(super) fn hiding_key(content: Content<'_>) -> Vec<u8> {
    [HIDINGS, content.plugin.as_bytes(), &[0], content.name.as_bytes()].concat()
}

/// That a thing is hidden.
pub(super) fn name_key(content: Content<'_>) -> Vec<u8> {
    [NAMES, content.plugin.as_bytes(), &[0], content.name.as_bytes()].concat()
}

/// The names of all that is hidden of a plugin. Cost: in proportion to their number.
pub(super) fn hidden_names(cx: &mut dyn NativeContext, plugin: &str) -> Result<Vec<String>, CallError> {
    let rows = all(cx, &[NAMES, plugin.as_bytes(), &[0]].concat())?;
    let names = rows.iter().filter_map(|(key, _)| names(key, NAMES));
    Ok(names.map(|(_, name)| name.to_owned()).collect())
}

/// All rows below a prefix, however many: they are read page by page.
pub(super) fn all(cx: &mut dyn NativeContext, prefix: &[u8]) -> Result<ScannedRows, CallError> {
    let mut found = ScannedRows::new();
    loop {
        let start = found.last().map(|(key, _)| [key, [0].as_slice()].concat());
        let page = read::prefixed(cx, prefix, start.as_deref(), read::PAGE)?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
}

/// The reports of a thing.
pub(super) fn reports_of(content: Content<'_>) -> Vec<u8> {
    [REPORTS, content.plugin.as_bytes(), &[0], content.name.as_bytes(), &[0]].concat()
}

pub(super) fn report_key(content: Content<'_>, by: Id) -> Vec<u8> {
    [reports_of(content).as_slice(), &by.0.to_be_bytes()].concat()
}

pub(super) fn mute_key(person: Id) -> Vec<u8> {
    [b"zm", person.0.to_be_bytes().as_slice()].concat()
}

/// What a newcomer put up on a day.
pub(super) fn put_up_key(person: Id) -> Vec<u8> {
    [b"zd", person.0.to_be_bytes().as_slice()].concat()
}

/// What somebody reported on a day.
pub(super) fn reported_key(person: Id) -> Vec<u8> {
    [b"zt", person.0.to_be_bytes().as_slice()].concat()
}

/// Plugin and name of a key below `prefix`, without what follows them (a reporter).
pub(super) fn names<'a>(key: &'a [u8], prefix: &[u8]) -> Option<(&'a str, &'a str)> {
    let rest = key.strip_prefix(prefix)?;
    let (plugin, rest) = rest.split_at(rest.iter().position(|byte| *byte == 0)?);
    let rest = rest.get(1..)?;
    let name = rest.split(|byte| *byte == 0).next()?;
    Some((std::str::from_utf8(plugin).ok()?, std::str::from_utf8(name).ok()?))
}

pub(super) fn row<T: DeserializeOwned>(row: &[u8]) -> Option<T> {
    serde_json::from_slice(row).ok()
}

pub(super) fn get<T: DeserializeOwned>(
    cx: &mut dyn NativeContext,
    key: &[u8],
) -> Result<Option<T>, CallError> {
    Ok(cx.get(key)?.and_then(|bytes| row(&bytes)))
}

pub(super) fn write<T: Serialize>(
    cx: &mut dyn NativeContext,
    key: &[u8],
    value: &T,
) -> Result<(), CallError> {
    let bytes = serde_json::to_vec(value)
        .map_err(|error| CallError::internal(format!("moderation cannot be written: {error}")))?;
    cx.set(key, &bytes)
}

/// Seals a reason; of somebody whose key is destroyed nothing is kept.
pub(super) fn seal(cx: &mut dyn NativeContext, about: Option<Id>, text: &str) -> Result<Vec<u8>, CallError> {
    let Some(about) = under(cx, about)? else { return Ok(Vec::new()) };
    Ok(cx.seal(about, text.as_bytes())?.unwrap_or_default())
}

/// Opens it; empty: it is gone.
pub(super) fn open(
    cx: &mut dyn NativeContext,
    about: Option<Id>,
    sealed: &[u8],
) -> Result<String, CallError> {
    let Some(about) = under(cx, about)?.filter(|_| !sealed.is_empty()) else { return Ok(String::new()) };
    let plain = cx.open(about, sealed)?.ok();
    Ok(plain.and_then(|plain| String::from_utf8(plain).ok()).unwrap_or_default())
}

/// Whose key: the party's, or the commons' for what is nobody's.
fn under(cx: &mut dyn NativeContext, about: Option<Id>) -> Result<Option<Id>, CallError> {
    match about {
        Some(about) => Ok(Some(about)),
        None => read::commons(cx),
    }
}

/// Counts one more of a person's day under a key; how many that makes.
pub(super) fn count(cx: &mut dyn NativeContext, key: &[u8]) -> Result<u32, CallError> {
    let today = cx.now() / DAY_MICROS;
    let so_far = cx.get(key)?.and_then(|row| {
        let (day, number) = row.split_first_chunk::<8>()?;
        Some((u64::from_be_bytes(*day), u32::from_be_bytes(number.try_into().ok()?)))
    });
    let number = so_far.filter(|(day, _)| *day == today).map_or(0, |(_, number)| number).saturating_add(1);
    cx.set(key, &[today.to_be_bytes().as_slice(), &number.to_be_bytes()].concat())?;
    Ok(number)
}
