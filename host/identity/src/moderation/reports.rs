//! Reports: a member says that something should be looked at, stewards close it or hide the thing.

use hamlet_kernel::{CallError, NativeContext};
use wasmtime::component::Val;

use super::{Content, ModerationError, Outcome, content, is_content, kept, reason, tell_stewards};
use crate::members::authority;
use crate::read;
use crate::rows;
use crate::values::{self, Arguments, refuse};

/// What one person reports a day.
const REPORTS_A_DAY_MAX: u32 = 20;
/// Things that a list gives, and reports of each.
const LISTED_MAX: usize = 200;
const REPORTS_SHOWN_MAX: usize = 20;

/// A member. Reporting the same again changes what she said.
pub(super) fn report(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let content = content(cx, arguments)?;
    let reason = reason(arguments, 2)?;
    let Some(person) = authority(cx)?.person() else { return refuse(ModerationError::NoSuchPerson) };
    if kept::count(cx, &kept::reported_key(person))? > REPORTS_A_DAY_MAX {
        return refuse(ModerationError::TooMany);
    }
    if cx.get(&kept::hiding_key(content))?.is_some() {
        // It was looked at. Nothing is said of it: she may have guessed the name.
        return Ok(None);
    }
    let is_first = read::prefixed(cx, &kept::reports_of(content), None, 1)?.is_empty();
    let report = kept::Report { at: cx.now(), reason: kept::seal(cx, Some(person), reason)? };
    kept::write(cx, &kept::report_key(content, person), &report)?;
    if is_first {
        tell_stewards(cx, "notice-reported", Some(person))?;
    }
    Ok(None)
}

/// Stewards and decisions.
pub(super) fn dismiss(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let content = content(cx, arguments)?;
    reason(arguments, 2)?;
    close(cx, content)?;
    Ok(None)
}

/// Forgets all reports of a thing: it was decided.
pub(super) fn close(cx: &mut dyn NativeContext, content: Content<'_>) -> Result<(), CallError> {
    loop {
        let rows = read::prefixed(cx, &kept::reports_of(content), None, read::PAGE)?;
        if rows.is_empty() {
            return Ok(());
        }
        for (key, _) in rows {
            cx.delete(&key)?;
        }
    }
}

/// Stewards.
pub(super) fn reports(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let mut listed: Vec<(String, String, Vec<Val>)> = Vec::new();
    for (key, row) in read::prefixed(cx, kept::REPORTS, None, LISTED_MAX * REPORTS_SHOWN_MAX)? {
        let (Some((plugin, name)), Some(by)) = (kept::names(&key, kept::REPORTS), rows::id_at_end(&key))
        else {
            continue;
        };
        let Some(report) = kept::row::<kept::Report>(&row) else { continue };
        let is_new =
            listed.last().is_none_or(|(of, known, _)| (of.as_str(), known.as_str()) != (plugin, name));
        if is_new {
            if listed.len() == LISTED_MAX {
                break;
            }
            listed.push((plugin.to_owned(), name.to_owned(), Vec::new()));
        }
        let Some((.., reports)) = listed.last_mut().filter(|(.., reports)| reports.len() < REPORTS_SHOWN_MAX)
        else {
            continue;
        };
        reports.push(values::record([
            ("by", by.to_val()),
            ("at", Val::U64(report.at)),
            ("reason", Val::String(kept::open(cx, Some(by), &report.reason)?)),
        ]));
    }
    let shown = |(plugin, name, reports)| {
        values::record([
            ("plugin", Val::String(plugin)),
            ("name", Val::String(name)),
            ("reports", Val::List(reports)),
        ])
    };
    Ok(Val::List(listed.into_iter().map(shown).collect()))
}

/// The plugin that calls, of its own things.
pub(super) fn is_reported(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Result<Val, CallError> {
    let name = arguments.text(0)?;
    let Some(plugin) = cx.caller().map(str::to_owned).filter(|_| is_content(name)) else {
        return Ok(Val::Bool(false));
    };
    let content = Content { plugin: &plugin, name };
    Ok(Val::Bool(!read::prefixed(cx, &kept::reports_of(content), None, 1)?.is_empty()))
}
