//! Fields as a browser sends them, and as a tree by their dotted names.

use std::collections::BTreeMap;

use crate::bare;

/// A name without the host's prefix, and what was typed.
pub type Field = (String, String);

/// Most fields of a form that are read.
pub const FIELDS_MAX: usize = 2_000;
/// Deepest dotted name that is read; the types of a function are less deep.
const SEGMENTS_MAX: usize = 100;

/// The fields of a plugin in an `application/x-www-form-urlencoded` body, prefixes taken off; the host's own, which
/// have none, are apart. Line breaks are as JSON would have them (a browser sends two characters). None when there
/// are more than [`FIELDS_MAX`].
pub fn parse_body(body: &[u8]) -> Option<(Vec<Field>, Vec<Field>)> {
    let (mut own, mut host) = (Vec::new(), Vec::new());
    for (name, value) in form_urlencoded::parse(body) {
        if own.len() + host.len() >= FIELDS_MAX {
            return None;
        }
        let value = value.replace("\r\n", "\n");
        match bare(&name) {
            bare if bare.len() < name.len() => own.push((bare.to_owned(), value)),
            _ => host.push((name.into_owned(), value)),
        }
    }
    Some((own, host))
}

/// What was given under a name, and under the names that begin with it.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// What was given under this very name, in order.
    pub values: Vec<String>,
    /// What was given under the name with `~`.
    pub control: Option<String>,
    pub children: BTreeMap<String, Entry>,
}

impl Entry {
    pub fn tree(fields: &[Field]) -> Self {
        let mut root = Self::default();
        for (name, value) in fields.iter().take(FIELDS_MAX) {
            let (path, control) = match name.strip_suffix('~') {
                // `path.~` is a field of its own: how many a list has.
                Some(path) if !path.ends_with('.') && !path.is_empty() => (path, true),
                _ => (name.as_str(), false),
            };
            if path.split('.').count() > SEGMENTS_MAX {
                continue;
            }
            let mut entry = &mut root;
            for segment in path.split('.') {
                entry = entry.children.entry(segment.to_owned()).or_default();
            }
            if control {
                // A box that is not ticked sends nothing, so a hidden field before it says what that means.
                entry.control = Some(value.clone());
            } else {
                entry.values.push(value.clone());
            }
        }
        root
    }

    /// What was given last under this very name.
    pub fn value(&self) -> Option<&str> {
        self.values.last().map(String::as_str)
    }

    /// Whether nothing at all was filled in here.
    pub fn is_blank(&self) -> bool {
        self.values.iter().all(|value| value.trim().is_empty())
            && self.control.as_deref().is_none_or(|control| control != "some")
            && self.children.values().all(Self::is_blank)
    }
}
