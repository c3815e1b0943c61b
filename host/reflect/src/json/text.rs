//! Values from plain texts: query strings and command-line flags.
//!
//! A scalar is written bare (`--name bees`, `?by=3`), so that nobody quotes quotes; everything else is
//! JSON. A list parameter may be repeated (`tag=a&tag=b`) instead.

use serde_json::Value;
use wasmtime::component::Val;

use super::error::{Failure, expected, quoted};
use super::read::{Read, bytes, decimal, integer_val, single_char};
use super::{JsonError, parse, to_val};
use crate::id::Id;
use crate::types::{Function, Shape, Type};

/// A text as a value of this type.
///
/// Strings, chars, numbers, `true` and `false`, ids, base64url, enum labels and cases without payload
/// are bare; records, lists, tuples, flags, results and cases with payload are JSON. An option is what
/// is in it, or `null` for none (unless it is an option of a string, which is then the string `null`:
/// leave the parameter out instead).
pub fn from_text(ty: &Type, text: &str) -> Result<Val, JsonError> {
    match bare(ty, text) {
        Some(read) => Ok(read?),
        None => to_val(ty, &parse(text.as_bytes())?),
    }
}

/// Pairs of names and texts as a function's arguments in order. Options may be left out. A parameter
/// that is a list may come several times, an item each, or once as a JSON list.
pub fn arguments_from_text<N: AsRef<str>, T: AsRef<str>>(
    function: &Function,
    pairs: &[(N, T)],
) -> Result<Vec<Val>, JsonError> {
    let known = |name: &str| function.params.iter().any(|param| param.name == name);
    if let Some((stranger, _)) = pairs.iter().find(|(name, _)| !known(name.as_ref())) {
        let names = function.params.iter().map(|param| &*param.name);
        return Err(Failure::unknown(names).within(stranger.as_ref()).into());
    }
    let mut values = Vec::with_capacity(function.params.len());
    for param in &function.params {
        let texts: Vec<&str> = pairs
            .iter()
            .filter(|(name, _)| name.as_ref() == param.name)
            .map(|(_, text)| text.as_ref())
            .collect();
        values.push(argument(&param.ty, &texts).map_err(|error| error.within(&param.name))?);
    }
    Ok(values)
}

fn argument(ty: &Type, texts: &[&str]) -> Result<Val, JsonError> {
    match (ty, texts) {
        (Type::Option(_), []) => Ok(Val::Option(None)),
        (ty, []) => Err(Failure::missing(ty).into()),
        (Type::List(_), [text]) if text.trim_start().starts_with('[') => from_text(ty, text),
        (Type::List(item), texts) => {
            let items: Result<Vec<Val>, JsonError> = texts.iter().map(|text| from_text(item, text)).collect();
            Ok(Val::List(items?))
        }
        (ty, [text]) => from_text(ty, text),
        (_, [_, second, ..]) => Err(Failure::repeated(&quoted(second)).into()),
    }
}

/// The value, if this type is written bare.
fn bare(ty: &Type, text: &str) -> Option<Read> {
    let value = match ty {
        Type::String => Some(Val::String(text.to_owned())),
        Type::Bool => match text {
            "true" => Some(Val::Bool(true)),
            "false" => Some(Val::Bool(false)),
            _ => None,
        },
        Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::S8 | Type::S16 | Type::S32 | Type::S64 => {
            decimal(text).and_then(|integer| integer_val(ty, integer))
        }
        Type::F32 | Type::F64 => number(text).and_then(|number| to_val(ty, &number).ok()),
        Type::Char => single_char(text).map(Val::Char),
        Type::Id => text.parse().ok().map(Id::to_val),
        Type::Bytes => bytes(text),
        Type::Option(inner) => {
            if text == "null" && **inner != Type::String {
                return Some(Ok(Val::Option(None)));
            }
            let read = bare(inner, text)?;
            return Some(read.map(|value| Val::Option(Some(Box::new(value)))));
        }
        Type::Named(named) => match &named.shape {
            Shape::Enum(labels) => {
                labels.iter().find(|label| label.name == text).map(|label| Val::Enum(label.name.clone()))
            }
            Shape::Variant(_) if text.starts_with(['{', '"']) => return None,
            Shape::Variant(cases) => cases
                .iter()
                .find(|case| case.name == text && case.ty.is_none())
                .map(|case| Val::Variant(case.name.clone(), None)),
            Shape::Record(_) | Shape::Flags(_) => return None,
        },
        Type::List(_) | Type::Result { .. } | Type::Tuple(_) => return None,
    };
    Some(value.ok_or_else(|| Failure::mismatch(expected(ty), quoted(text))))
}

/// A JSON number, and nothing around it.
fn number(text: &str) -> Option<Value> {
    let ends = |c: char| c.is_ascii_digit();
    let plain = text.starts_with(|c| c == '-' || ends(c)) && text.ends_with(ends);
    if plain { parse(text.as_bytes()).ok() } else { None }
}
