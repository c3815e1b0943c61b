//! An installed plugin as `plugins.plugin`.

use hamlet_store::Namespace;
use wasmtime::component::Val;

use super::Installed;
use super::moving::moving_of;
use crate::call::CallError;
use crate::native::NativeContext;
use crate::rows::OfProvider;
use crate::shape;

/// For whoever lists plugins: what it stores counts both generations until the upgrade is confirmed (J4).
pub(super) fn plugin(cx: &mut dyn NativeContext, plugin: &Installed) -> Result<Val, CallError> {
    let moving = moving_of(&mut OfProvider(cx), &plugin.name)?;
    let others = [plugin.left_behind(), moving.as_ref().map(|moving| moving.to.namespace)];
    let stored = others.into_iter().flatten().fold(cx.usage(Namespace(plugin.namespace)), |sum, other| {
        sum.saturating_add(cx.usage(Namespace(other)))
    });
    let text = |value: Option<&String>| shape::maybe(value.map(|text| shape::string(text)));
    let binding = |(interface, provider): &(String, String)| {
        Val::Tuple(vec![shape::string(interface), shape::string(provider)])
    };
    Ok(shape::record([
        ("name", shape::string(&plugin.name)),
        ("version", shape::string(&plugin.version)),
        ("component", shape::string(&plugin.component)),
        ("status", Val::Enum(if plugin.active { "active" } else { "paused" }.to_owned())),
        ("since", Val::U64(plugin.since)),
        ("stored", Val::U64(stored)),
        ("quota", Val::U64(plugin.quota)),
        ("exports", Val::List(plugin.exports.iter().map(|export| shape::string(export)).collect())),
        ("bindings", Val::List(plugin.bindings.iter().map(binding).collect())),
        ("publisher", text(plugin.publisher.as_ref())),
        ("bundle", text(plugin.bundle.as_ref())),
        ("previous", text(plugin.previous.as_ref().map(|previous| &previous.version))),
        ("moving-to", text(moving.as_ref().map(|moving| &moving.to.version))),
    ]))
}
