//! Any value as a page: records as definition lists, lists of records as tables, the rest as text.

use hamlet_reflect::{Function, Shape, Type};
use serde_json::Value;

use super::hints::{is_instant, is_party, sentence, words};
use super::units::MONEY;
use crate::tree::{Element, Node};
use crate::words::Say;

/// Longest text of one value, in characters; the API gives the rest.
const TEXT_MAX: usize = 4_000;
/// Most rows that are shown.
const ROWS_MAX: usize = 500;
/// Characters of a text within a table.
const CELL_MAX: usize = 300;

/// What a function gave with success, given as JSON (C4).
pub fn result(function: &Function, value: &Value, say: &Say) -> Vec<Node> {
    let ty = match &function.result {
        Some(Type::Result { ok, .. }) => ok.as_deref(),
        other => other.as_ref(),
    };
    match ty {
        Some(ty) => view(ty, value, &function.name, say),
        None => vec![Element::new("p").text(say.t("value-done")).into()],
    }
}

/// A value, given as JSON (C4). `name`: what it is called, for instants and parties.
pub fn view(ty: &Type, value: &Value, name: &str, say: &Say) -> Vec<Node> {
    match (ty, value) {
        (Type::Option(_), Value::Null) => vec![none(say)],
        (Type::Option(inner), value) => view(inner, value, name, say),
        (Type::List(_), Value::Array(items)) if items.is_empty() => vec![none(say)],
        (Type::List(item), Value::Array(items)) => {
            if let Some(members) = columns(item) {
                return vec![table(members, items, say)];
            }
            let entries = items.iter().take(ROWS_MAX);
            let entries =
                entries.map(|value| Element::new("li").children(view(item, value, name, say)).into());
            vec![Element::new("ul").children(entries).into()]
        }
        (Type::Tuple(types), Value::Array(items)) => {
            let entries = types.iter().zip(items);
            let entries =
                entries.map(|(ty, value)| Element::new("li").children(view(ty, value, name, say)).into());
            vec![Element::new("ol").children(entries).into()]
        }
        (Type::Result { ok, err }, Value::Object(object)) => {
            let Some((case, value)) = object.iter().next() else { return vec![none(say)] };
            let ty = if case == "ok" { ok } else { err };
            case_view(case, "", ty.as_deref(), value, say)
        }
        (Type::Named(named), value) => match (&named.shape, value) {
            (Shape::Record(members), Value::Object(object)) => {
                let entries = members.iter().filter_map(|member| {
                    let value = object.get(&member.name)?;
                    let about =
                        Element::new("dt").with("title", sentence(&member.docs)).text(words(&member.name));
                    let shown = Element::new("dd").children(view(&member.ty, value, &member.name, say));
                    Some([about.into(), shown.into()])
                });
                vec![Element::new("dl").children(entries.flatten()).into()]
            }
            (Shape::Variant(cases), value) => {
                let (name, carried) = match value {
                    Value::String(name) => (name.as_str(), &Value::Null),
                    Value::Object(object) => match object.iter().next() {
                        Some((name, carried)) => (name.as_str(), carried),
                        None => return vec![none(say)],
                    },
                    _ => return vec![none(say)],
                };
                let case = cases.iter().find(|case| case.name == name);
                let (docs, ty) = case.map_or(("", None), |case| (case.docs.as_str(), case.ty.as_ref()));
                case_view(name, docs, ty, carried, say)
            }
            (Shape::Enum(labels), Value::String(name)) => {
                let docs = labels.iter().find(|label| label.name == *name).map_or("", |label| &label.docs);
                vec![Element::new("span").with("title", sentence(docs)).text(words(name)).into()]
            }
            (_, value) => vec![Node::Text(plain(value, TEXT_MAX, say))],
        },
        (ty, value) => vec![scalar(ty, value, name, TEXT_MAX, say)],
    }
}

fn case_view(name: &str, docs: &str, ty: Option<&Type>, value: &Value, say: &Say) -> Vec<Node> {
    let title = Element::new("span").with("class", "tag").with("title", sentence(docs)).text(words(name));
    let mut shown: Vec<Node> = vec![title.into()];
    if let Some(ty) = ty {
        shown.push(" ".into());
        shown.extend(view(ty, value, name, say));
    }
    shown
}

/// The fields of a record whose values each fit a cell.
fn columns(item: &Type) -> Option<&[hamlet_reflect::Field]> {
    let Type::Named(named) = item else { return None };
    let Shape::Record(members) = &named.shape else { return None };
    let fits = members.iter().all(|member| !is_deep(&member.ty));
    (fits && members.len() <= 12).then_some(members.as_slice())
}

fn is_deep(ty: &Type) -> bool {
    match ty {
        Type::Option(inner) => is_deep(inner),
        Type::List(_) | Type::Tuple(_) | Type::Result { .. } => true,
        Type::Named(named) => matches!(named.shape, Shape::Record(_)),
        _ => false,
    }
}

fn table(members: &[hamlet_reflect::Field], items: &[Value], say: &Say) -> Node {
    // Columns in which nothing stands are left out.
    let used: Vec<_> = members
        .iter()
        .filter(|member| {
            items.iter().any(|item| item.get(&member.name).is_some_and(|value| !value.is_null()))
        })
        .collect();
    let head = used.iter().map(|member| {
        Element::new("th")
            .with("scope", "col")
            .with("title", sentence(&member.docs))
            .text(words(&member.name))
            .into()
    });
    let rows = items.iter().take(ROWS_MAX).map(|item| {
        let cells = used.iter().map(|member| {
            let cell = Element::new("td");
            let Some(value) = item.get(&member.name) else { return cell.into() };
            let ty = match &member.ty {
                Type::Option(inner) => inner,
                ty => ty,
            };
            let shown = match ty {
                Type::Named(_) => view(ty, value, &member.name, say),
                ty => vec![scalar(ty, value, &member.name, CELL_MAX, say)],
            };
            let number = matches!(ty, Type::U64 | Type::S64) && !is_instant(&member.name, ty);
            let cell = if number { cell.with("class", "num") } else { cell };
            cell.children(shown).into()
        });
        Element::new("tr").children(cells).into()
    });
    let head = Element::new("thead").child(Element::new("tr").children(head));
    let body = Element::new("tbody").children(rows);
    let mut shown = Element::new("table").child(head).child(body);
    if items.len() > ROWS_MAX {
        let words = say.t("value-first-rows");
        shown.children.insert(0, Element::new("caption").text(words).into());
    }
    shown.into()
}

fn scalar(ty: &Type, value: &Value, name: &str, most: usize, say: &Say) -> Node {
    match (ty, value) {
        (Type::U64 | Type::S64, Value::Object(counted)) => money(counted).unwrap_or_else(|| none(say)),
        (Type::U64, Value::String(micros)) if is_instant(name, ty) => {
            Element::new("h-time").with("value", micros.as_str()).text(micros.as_str()).into()
        }
        (Type::Id, Value::String(id)) if is_party(name, ty) => {
            Element::new("h-party").with("id", id.as_str()).text(id.as_str()).into()
        }
        (Type::Id | Type::Bytes, value) => Element::new("code").text(plain(value, most, say)).into(),
        (Type::Bool, Value::Bool(true)) => Node::Text(say.t("value-yes")),
        (Type::Bool, Value::Bool(false)) => Node::Text(say.t("value-no")),
        (_, value) => Node::Text(plain(value, most, say)),
    }
}

/// A number with its unit, as [`super::units`] wrote it.
fn money(counted: &serde_json::Map<String, Value>) -> Option<Node> {
    let parts: Vec<&str> = counted.get(MONEY)?.as_array()?.iter().filter_map(Value::as_str).collect();
    let [amount, scale, unit] = parts.as_slice() else { return None };
    let money = Element::new("h-money").with("amount", *amount).with("scale", *scale).with("unit", *unit);
    Some(money.text(format!("{amount} {unit}")).into())
}

fn plain(value: &Value, most: usize, say: &Say) -> String {
    let text = match value {
        Value::Null => return say.t("value-none"),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(|item| plain(item, most, say)).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{} …", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn none(say: &Say) -> Node {
    Element::new("span").with("class", "soft").text(say.t("value-none")).into()
}
