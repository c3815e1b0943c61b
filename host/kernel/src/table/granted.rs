//! What of a plugin depends on what it was granted, and the new version of one whose data is being moved.

use std::borrow::Cow;
use std::sync::Arc;

use hamlet_bundle::Manifest;
use hamlet_store::Namespace;

use super::{Parts, Plugin, by_host, draft, export};
use crate::gate::Gates;
use crate::linking::link;
use crate::package::Staged;
use crate::plugins::{MIGRATE, MIGRATION, Moving};

/// What a plugin may use.
pub(super) fn gates<'a>(parts: &'a Parts<'_>, name: &'a str, staged: &'a Staged, moving: bool) -> Gates<'a> {
    Gates::new(name, staged, parts.state.given.get(name), parts.uses, moving)
}

/// The manifest with the subscriptions that were granted: only those are heard.
pub(super) fn hears<'a>(staged: &'a Staged, parts: &Parts<'_>) -> Cow<'a, Manifest> {
    let manifest = &*staged.manifest;
    let gates = gates(parts, &manifest.name, staged, false);
    let granted = |id: &String| gates.has(&format!("subscribe {id}"));
    if manifest.subscribes.iter().all(granted) {
        return Cow::Borrowed(manifest);
    }
    let mut heard = manifest.clone();
    heard.subscribes.retain(granted);
    Cow::Owned(heard)
}

/// The new version of a plugin while its data is moved: it has its namespace and one function.
pub(super) fn being_moved(index: usize, moving: &Moving, parts: &Parts<'_>, plugins: &[Plugin]) -> Plugin {
    let row = &moving.to;
    let mut plugin = draft(index, row, parts);
    let left = (parts.stored)(Namespace(moving.from_namespace));
    plugin.quota = row.quota.saturating_sub(left);
    plugin.gates = Vec::new();
    let Some(staged) = plugin.staged.clone() else { return plugin };
    plugin.exports = staged
        .world
        .export(MIGRATION)
        .and_then(|interface| {
            Some(vec![export(&staged.component, interface, interface.function(MIGRATE)?, by_host())])
        })
        .unwrap_or_default();
    match link(parts.base, &staged, row, plugins, parts.natives, &gates(parts, &row.name, &staged, true)) {
        Ok(pre) => plugin.pre = Some(pre),
        Err(why) => {
            tracing::error!(plugin = &*plugin.name, why, "the new version of a plugin cannot be linked");
            plugin.unavailable.get_or_insert(Arc::from(why));
        }
    }
    plugin
}
