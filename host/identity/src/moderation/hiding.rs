//! Hiding, showing again, and the one appeal.

use hamlet_kernel::{CallError, NativeContext};
use hamlet_reflect::Id;
use wasmtime::component::Val;

use super::kept::{Appeal, Hiding};
use super::{
    Content, ModerationError, Outcome, content, is_content, kept, reason, reports, tell, tell_stewards,
};
use crate::members::{Authority, authority};
use crate::read;
use crate::rows::{self, STEWARDS};
use crate::values::{self, Arguments, Stop, refuse};

/// Things of a plugin that are hidden.
const HIDDEN_MAX: usize = 10_000;
/// Names that are asked about at once, and hidings that a list gives.
const NAMES_MAX: usize = 500;
const LISTED_MAX: usize = 200;

/// Stewards and decisions.
pub(super) fn hide(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let content = content(cx, arguments)?;
    let author = values::option(arguments.value(2)?, values::id)?;
    let hash = values::hash(arguments.value(3)?, ModerationError::NoSuchContent)?.to_vec();
    let why = reason(arguments, 4)?;
    if cx.get(&kept::hiding_key(content))?.is_some() {
        return refuse(ModerationError::HiddenAlready);
    }
    if kept::hidden_names(cx, content.plugin)?.len() >= HIDDEN_MAX {
        return refuse(ModerationError::TooMany);
    }
    let author = match author {
        Some(author) if read::party(cx, author)?.is_none() => return refuse(ModerationError::NoSuchPerson),
        author => author,
    };
    let by = authority(cx)?.person().map(|person| person.0);
    let sealed = kept::seal(cx, author, why)?;
    let hiding = Hiding {
        at: cx.now(),
        by,
        author: author.map(|author| author.0),
        reason: sealed,
        hash,
        erased: false,
        appeal: None,
    };
    kept::write(cx, &kept::hiding_key(content), &hiding)?;
    cx.set(&kept::name_key(content), &[])?;
    reports::close(cx, content)?;
    tell_author(cx, content, &hiding, "notice-hidden", why)?;
    Ok(None)
}

/// Stewards and decisions.
pub(super) fn show(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let (content, hiding) = hidden_one(cx, arguments)?;
    let why = reason(arguments, 2)?;
    cx.delete(&kept::hiding_key(content))?;
    cx.delete(&kept::name_key(content))?;
    tell_author(cx, content, &hiding, "notice-shown", why)?;
    Ok(None)
}

/// Its author, once.
pub(super) fn appeal(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let (content, mut hiding) = hidden_one(cx, arguments)?;
    let why = reason(arguments, 2)?;
    let author = hiding.author.map(Id);
    if !is_mine(cx, author)? {
        // As of what is not hidden: a name that somebody guessed tells her nothing.
        return refuse(ModerationError::NotHidden);
    }
    if hiding.appeal.is_some() {
        return refuse(ModerationError::NoAppeal);
    }
    hiding.appeal = Some(Appeal { at: cx.now(), reason: kept::seal(cx, author, why)?, refused: false });
    kept::write(cx, &kept::hiding_key(content), &hiding)?;
    tell_stewards(cx, "notice-appeal", hiding.by.map(Id))?;
    Ok(None)
}

/// Another steward than who hid it, where there is one.
pub(super) fn uphold(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let (content, mut hiding) = hidden_one(cx, arguments)?;
    let why = reason(arguments, 2)?;
    let Some(appeal) = hiding.appeal.as_mut().filter(|appeal| !appeal.refused) else {
        return refuse(ModerationError::NoAppeal);
    };
    appeal.refused = true;
    if let Authority::Steward(person) = authority(cx)?
        && hiding.by == Some(person.0)
        && read::prefixed(cx, &rows::members_of(STEWARDS), None, 2)?.len() > 1
    {
        return refuse(ModerationError::AnotherStewardNeeded);
    }
    kept::write(cx, &kept::hiding_key(content), &hiding)?;
    tell_author(cx, content, &hiding, "notice-upheld", why)?;
    Ok(None)
}

/// Stewards and decisions.
pub(super) fn note_erased(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let (content, mut hiding) = hidden_one(cx, arguments)?;
    let why = reason(arguments, 2)?;
    hiding.erased = true;
    kept::write(cx, &kept::hiding_key(content), &hiding)?;
    tell_author(cx, content, &hiding, "notice-content-erased", why)?;
    Ok(None)
}

/// The author and stewards; the host, for pages on which the plugin names the thing to whoever looks.
pub(super) fn about(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Result<Val, CallError> {
    let plugin = arguments.text(0)?.to_owned();
    let names = values::list(arguments.value(1)?)?;
    let mut shown = Vec::with_capacity(names.len().min(NAMES_MAX));
    for name in names.iter().take(NAMES_MAX) {
        let name = values::text(name)?;
        let content = Content { plugin: &plugin, name };
        let found = if is_content(name) { kept::get(cx, &kept::hiding_key(content))? } else { None };
        shown.push(match found {
            Some(hiding) if knows(cx, &hiding)? => values::some(Some(to_val(cx, content, &hiding)?)),
            _ => Val::Option(None),
        });
    }
    Ok(Val::List(shown))
}

/// Stewards see all, a member her own.
pub(super) fn list(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let mut found: Vec<(u64, Val)> = Vec::new();
    for (key, row) in kept::all(cx, kept::HIDINGS)? {
        let Some(hiding) = kept::row::<Hiding>(&row) else { continue };
        let Some((plugin, name)) = kept::names(&key, kept::HIDINGS) else { continue };
        if knows(cx, &hiding)? {
            found.push((hiding.at, to_val(cx, Content { plugin, name }, &hiding)?));
        }
    }
    found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    Ok(Val::List(found.into_iter().take(LISTED_MAX).map(|(_, hiding)| hiding).collect()))
}

/// The plugin that calls, of its own things.
pub(super) fn hidden(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let Some(plugin) = cx.caller().map(str::to_owned) else { return Ok(Val::List(Vec::new())) };
    let names = kept::hidden_names(cx, &plugin)?;
    Ok(Val::List(names.into_iter().map(Val::String).collect()))
}

/// Whether who asks is told of a hiding: its author, stewards, decisions and the host. To others a name that they guessed
/// says nothing: it may be of something that was never for them.
fn knows(cx: &mut dyn NativeContext, hiding: &Hiding) -> Result<bool, CallError> {
    Ok(authority(cx)?.runs_the_community() || is_mine(cx, hiding.author.map(Id))?)
}

/// The thing that the first two arguments name, if it is hidden and not erased.
fn hidden_one<'a>(
    cx: &mut dyn NativeContext,
    arguments: Arguments<'a>,
) -> Result<(Content<'a>, Hiding), Stop<ModerationError>> {
    let content = content(cx, arguments)?;
    match kept::get::<Hiding>(cx, &kept::hiding_key(content))?.filter(|hiding| !hiding.erased) {
        Some(hiding) => Ok((content, hiding)),
        None => refuse(ModerationError::NotHidden),
    }
}

/// Whether who acts is the author, or decides for her.
fn is_mine(cx: &mut dyn NativeContext, author: Option<Id>) -> Result<bool, CallError> {
    let who = authority(cx)?;
    match author {
        Some(author) if who != Authority::Whole => who.decides_for(cx, author),
        _ => Ok(false),
    }
}

fn tell_author(
    cx: &mut dyn NativeContext,
    content: Content<'_>,
    hiding: &Hiding,
    message: &str,
    why: &str,
) -> Result<(), CallError> {
    let Some(author) = hiding.author.map(Id) else { return Ok(()) };
    let path = match message {
        "notice-hidden" => format!("/moderation/{}/{}", content.plugin, content.name),
        _ => format!("/p/{}/", content.plugin),
    };
    tell(cx, author, message, &[("plugin", content.plugin), ("reason", why)], &path)
}

fn to_val(cx: &mut dyn NativeContext, content: Content<'_>, hiding: &Hiding) -> Result<Val, CallError> {
    let author = hiding.author.map(Id);
    let appeal = match &hiding.appeal {
        Some(appeal) => Some(values::record([
            ("at", Val::U64(appeal.at)),
            ("reason", Val::String(kept::open(cx, author, &appeal.reason)?)),
            ("refused", Val::Bool(appeal.refused)),
        ])),
        None => None,
    };
    Ok(values::record([
        ("plugin", Val::String(content.plugin.to_owned())),
        ("name", Val::String(content.name.to_owned())),
        ("at", Val::U64(hiding.at)),
        ("by", values::some(hiding.by.map(|by| Id(by).to_val()))),
        ("author", values::some(author.map(Id::to_val))),
        ("reason", Val::String(kept::open(cx, author, &hiding.reason)?)),
        ("hash", Val::List(hiding.hash.iter().map(|byte| Val::U8(*byte)).collect())),
        ("erased", Val::Bool(hiding.erased)),
        ("appeal", values::some(appeal)),
        ("mine", Val::Bool(is_mine(cx, author)?)),
    ]))
}
