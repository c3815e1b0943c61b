//! A plugin's refusal in the plugin's own words (`hamlet:host/refusals`), in the language of whoever was refused. Where it
//! has none, the host says what the contract says (`sentence`).

use hamlet_kernel::Callable;
use hamlet_pages::forms::Field;
use hamlet_reflect::{Shape, Type};
use serde_json::{Value, json};
use wasmtime::component::Val;

use super::super::ask::{Order, ask_plugin, error_to_json};
use super::super::visit::Visit;
use crate::sentence;

/// The interface by which a plugin says its refusals.
const REFUSALS: &str = "hamlet:host/refusals@0.1.0";
/// Most fields of what was sent that the plugin is given, and the most bytes of each.
const SENT_MAX: usize = 100;
const VALUE_BYTES_MAX: usize = 1_000;
/// The longest that a plugin may say, in characters.
const SAID_MAX: usize = 600;
/// Cases within cases.
const DEPTH_MAX: usize = 8;

/// What a function refused, for people: what it gave as its error, and what was sent.
pub(super) async fn said(visit: &Visit, callable: &Callable, error: Option<&Val>, typed: &[Field]) -> String {
    let error = error_to_json(callable, error);
    match of_plugin(visit, callable, &error, typed).await {
        Some(said) => said.chars().take(SAID_MAX).collect(),
        None => sentence::refusal(&callable.function, &error).sentence,
    }
}

/// In the plugin's words; none where it has none, or fails itself.
async fn of_plugin(visit: &Visit, callable: &Callable, error: &Value, typed: &[Field]) -> Option<String> {
    visit.here.state.kernel.function(&callable.plugin, REFUSALS, "said")?;
    let (cases, carried) = taken_apart(callable.function.result.as_ref().and_then(Type::error)?, error);
    if cases.is_empty() {
        return None;
    }
    let field = |(name, value): (&str, &str)| json!({ "name": name, "value": value });
    let sent = typed.iter().filter(|(_, value)| value.len() <= VALUE_BYTES_MAX).take(SENT_MAX);
    let refusal = json!({
        "interface": callable.interface.short,
        "function": callable.function.name,
        "cases": cases,
        "carried": carried.iter().map(|(name, value)| field((name, value))).collect::<Vec<_>>(),
        "sent": sent.map(|(name, value)| field((name, value))).collect::<Vec<_>>(),
        "locale": visit.say.tag(),
    });
    let arguments = json!({ "refusal": refusal });
    let order = Order { plugin: &callable.plugin, interface: REFUSALS, function: "said", arguments };
    match ask_plugin(visit, order).await.ok()? {
        Value::String(said) => Some(said),
        _ => None,
    }
}

/// The case of an error and the cases within it, outermost first, and what the innermost carries.
fn taken_apart(ty: &Type, error: &Value) -> (Vec<String>, Vec<(String, String)>) {
    let mut cases = Vec::new();
    let (mut ty, mut value) = (Some(ty), error);
    while let Some(Type::Named(named)) = ty
        && cases.len() < DEPTH_MAX
    {
        let (case, inner) = match (&named.shape, value) {
            (Shape::Enum(_) | Shape::Variant(_), Value::String(case)) => (case, &Value::Null),
            (Shape::Variant(_), Value::Object(fields)) if let Some((case, inner)) = fields.iter().next() => {
                (case, inner)
            }
            _ => break,
        };
        ty = match &named.shape {
            Shape::Variant(all) => {
                all.iter().find(|known| known.name == *case).and_then(|known| known.ty.as_ref())
            }
            _ => None,
        };
        cases.push(case.clone());
        value = inner;
    }
    (cases, carried(value))
}

fn carried(value: &Value) -> Vec<(String, String)> {
    let plain = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match value {
        Value::Object(fields) => {
            fields.iter().filter_map(|(name, value)| Some((name.clone(), plain(value)?))).collect()
        }
        Value::Array(values) => {
            let numbered = values.iter().zip(1..);
            numbered
                .filter_map(|(value, number): (_, u32)| Some((number.to_string(), plain(value)?)))
                .collect()
        }
        value => plain(value).into_iter().map(|value| (String::new(), value)).collect(),
    }
}
