//! In what a plugin's numbers count: asked of the plugin itself (`hamlet:host/units`), as whoever looks.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use hamlet_pages::forms::{Unit, ids};
use serde_json::Value;
use wasmtime::component::Val;

use super::super::visit::Visit;

/// The interface by which a plugin says what its numbers count in.
const UNITS: &str = "hamlet:host/units@0.1.0";
/// Most ids of one value that are asked for.
const ASKED_MAX: usize = 60;

/// The unit of a plugin's thing; none when the plugin does not say.
pub(super) async fn unit_of(visit: &Visit, plugin: &str, thing: &str) -> Option<Unit> {
    let catalogue = visit.here.state.kernel.catalogue();
    let info = catalogue.plugins.get(plugin).filter(|info| info.active)?;
    info.interfaces.iter().find(|interface| interface.id == UNITS)?;
    let thing = vec![Val::String(thing.to_owned())];
    let call = visit.call(plugin, UNITS, "unit-of", thing);
    let given = visit.here.state.kernel.call(call).await.ok()?.result.ok()??;
    let Val::Option(Some(unit)) = given else { return None };
    let Val::Record(fields) = *unit else { return None };
    let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
    match (field("symbol")?, field("scale")?, field("fields")?) {
        (Val::String(symbol), Val::U8(scale), Val::List(names)) => {
            let names = names.iter().filter_map(|name| match name {
                Val::String(name) => Some(name.clone()),
                _ => None,
            });
            Unit::new(symbol, *scale, names.collect())
        }
        _ => None,
    }
}

/// The units of all things that values of a plugin name.
pub(super) async fn units_in(visit: &Visit, plugin: &str, values: &[&Value]) -> BTreeMap<String, Unit> {
    let named = values.iter().flat_map(|value| ids(value, ASKED_MAX));
    let asked = named.map(|id| async move {
        let unit = unit_of(visit, plugin, &id).await?;
        Some((id, unit))
    });
    join_all(asked).await.into_iter().flatten().collect()
}
