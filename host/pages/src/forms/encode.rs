//! A value as fields: what a form that holds it would send.

use hamlet_reflect::{Shape, Type};
use serde_json::Value;

use super::Field;

/// The fields of a value, given as JSON by C4, under a name. Nothing is left out, so reading them gives the same.
pub fn to_fields(ty: &Type, value: &Value, path: &str, fields: &mut Vec<Field>) {
    let mut put = |name: &str, value: String| fields.push((name.to_owned(), value));
    match (ty, value) {
        (Type::Option(_), Value::Null) => put(&format!("{path}~"), "none".to_owned()),
        (Type::Option(inner), value) => {
            put(&format!("{path}~"), "some".to_owned());
            to_fields(inner, value, path, fields);
        }
        (Type::List(item), Value::Array(items)) => {
            put(&format!("{path}.~"), items.len().to_string());
            for (index, value) in items.iter().enumerate() {
                to_fields(item, value, &format!("{path}.{index}"), fields);
            }
        }
        (Type::Tuple(types), Value::Array(items)) => {
            for (index, (ty, value)) in types.iter().zip(items).enumerate() {
                to_fields(ty, value, &format!("{path}.{index}"), fields);
            }
        }
        (Type::Result { ok, err }, Value::Object(object)) => {
            let Some((case, value)) = object.iter().next() else { return };
            put(path, case.clone());
            if let Some(ty) = if case == "ok" { ok } else { err } {
                to_fields(ty, value, &format!("{path}.{case}"), fields);
            }
        }
        (Type::Named(named), value) => match (&named.shape, value) {
            (Shape::Record(members), Value::Object(object)) => {
                for member in members {
                    let value = object.get(&member.name).unwrap_or(&Value::Null);
                    to_fields(&member.ty, value, &format!("{path}.{}", member.name), fields);
                }
            }
            (Shape::Variant(cases), Value::Object(object)) => {
                let Some((name, value)) = object.iter().next() else { return };
                put(path, name.clone());
                let case = cases.iter().find(|case| case.name == *name);
                if let Some(ty) = case.and_then(|case| case.ty.as_ref()) {
                    to_fields(ty, value, &format!("{path}.{name}"), fields);
                }
            }
            (Shape::Flags(_), Value::Array(items)) => {
                items.iter().filter_map(Value::as_str).for_each(|label| put(path, label.to_owned()));
            }
            (_, value) => put(path, text(value)),
        },
        (_, value) => put(path, text(value)),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
