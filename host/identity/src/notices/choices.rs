//! What each member wants to be told, and how.

use std::collections::BTreeMap;

use hamlet_kernel::catalogue::HOST;
use hamlet_kernel::{CallError, NativeContext};
use hamlet_reflect::Id;
use wasmtime::component::Val;

use super::{CARE, MODERATION_TOPIC, NoticesError, Outcome, SECURITY, kept};
use crate::values::{self, Arguments, refuse};

/// Choices of one person.
const CHOICES_MAX: usize = 500;

/// How a notice reaches somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Inbox,
    Email,
    Digest,
    None,
}

impl Way {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Inbox, "inbox"), (Self::Email, "email"), (Self::Digest, "digest"), (Self::None, "none")];

    fn label(self) -> &'static str {
        Self::ALL.iter().find(|(way, _)| *way == self).map_or("inbox", |(_, label)| label)
    }

    fn of(label: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == label).map(|(way, _)| *way)
    }
}

/// Chosen ways by source and topic, with a slash between.
type Chosen = BTreeMap<String, String>;

fn place(source: &str, topic: &str) -> String {
    format!("{source}/{topic}")
}

fn read(cx: &mut dyn NativeContext, person: Id) -> Result<Chosen, CallError> {
    match cx.get(&kept::choices_key(person))? {
        Some(sealed) => Ok(kept::open(cx, person, &sealed)?.unwrap_or_default()),
        None => Ok(Chosen::new()),
    }
}

/// What holds where nothing was chosen: about the safety of her account by e-mail too, the rest into the inbox.
fn of(chosen: &Chosen, source: &str, topic: &str) -> Way {
    let security = source == HOST && topic == SECURITY;
    match chosen.get(&place(source, topic)).and_then(|label| Way::of(label)) {
        // Whoever takes an account over must not be able to silence its owner's inbox first.
        Some(Way::None) if security => Way::Inbox,
        Some(Way::Digest) if security => Way::Email,
        Some(way) => way,
        None if source == HOST => Way::Email,
        None => Way::Inbox,
    }
}

/// How notices of a topic reach her.
pub(super) fn way(
    cx: &mut dyn NativeContext,
    person: Id,
    source: &str,
    topic: &str,
) -> Result<Way, CallError> {
    Ok(of(&read(cx, person)?, source, topic))
}

/// What a plugin's manifest calls a topic; none: it declares no such topic.
pub(super) fn declared(cx: &mut dyn NativeContext, source: &str, topic: &str) -> Option<String> {
    let catalogue = cx.catalogue()?;
    let manifest = catalogue.plugins.get(source)?.manifest.clone()?;
    manifest.notices.iter().find(|declared| declared.topic == topic).map(|declared| declared.title.clone())
}

/// Herself.
pub(super) fn choices(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let Some(person) = cx.actor().person() else { return Ok(Val::List(Vec::new())) };
    let chosen = read(cx, person)?;
    let choice = |source: &str, topic: &str, title: &str| {
        values::record([
            ("source", Val::String(source.to_owned())),
            ("topic", Val::String(topic.to_owned())),
            ("title", Val::String(title.to_owned())),
            ("way", Val::Enum(of(&chosen, source, topic).label().to_owned())),
            ("fixed", Val::Bool(source == HOST && topic == SECURITY)),
        ])
    };
    let mut all = vec![choice(HOST, SECURITY, ""), choice(HOST, MODERATION_TOPIC, "")];
    if cx.in_group(person, crate::rows::STEWARDS)? {
        all.push(choice(HOST, CARE, ""));
    }
    if let Some(catalogue) = cx.catalogue() {
        for plugin in catalogue.plugins.values() {
            let topics = plugin.manifest.as_ref().map_or(&[][..], |manifest| &manifest.notices);
            all.extend(topics.iter().map(|topic| choice(&plugin.name, &topic.topic, &topic.title)));
        }
    }
    Ok(Val::List(all))
}

/// Herself.
pub(super) fn choose(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let Some(person) = cx.actor().person() else { return refuse(NoticesError::NoSuchTopic) };
    let (source, topic, way) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
    let of_host = source == HOST && [SECURITY, CARE, MODERATION_TOPIC].contains(&topic);
    if !of_host && declared(cx, source, topic).is_none() {
        return refuse(NoticesError::NoSuchTopic);
    }
    let late = [Way::None, Way::Digest].into_iter().any(|unfit| unfit.label() == way);
    if source == HOST && topic == SECURITY && late {
        return refuse(NoticesError::Invalid);
    }
    let mut chosen = read(cx, person)?;
    if chosen.len() >= CHOICES_MAX {
        return refuse(NoticesError::TooMany);
    }
    chosen.insert(place(source, topic), way.to_owned());
    if let Some(sealed) = kept::seal(cx, person, &chosen)? {
        cx.set(&kept::choices_key(person), &sealed)?;
    }
    Ok(None)
}
