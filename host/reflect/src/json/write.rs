//! Values to JSON.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Number, Value};
use wasmtime::component::Val;

use super::JsonError;
use super::error::{Failure, expected};
use super::read::Read;
use crate::id::Id;
use crate::types::{Named, Shape, Type};

/// A value as JSON (C4). What is not of the type, and NaN and infinities, become `null`, so that one
/// odd number does not cost a member the whole answer; [`render`] refuses them instead.
pub fn from_val(ty: &Type, value: &Val) -> Value {
    Writer { strict: false }.value(ty, value).unwrap_or(Value::Null)
}

/// A value as JSON (C4), refusing what is not of the type, and NaN and infinities.
pub fn render(ty: &Type, value: &Val) -> Result<Value, JsonError> {
    Ok(Writer { strict: true }.value(ty, value)?)
}

struct Writer {
    /// Whether what cannot be shown is refused, or shown as `null`.
    strict: bool,
}

impl Writer {
    fn value(&self, ty: &Type, value: &Val) -> Read<Value> {
        let written = match (ty, value) {
            (Type::Bool, Val::Bool(value)) => Some(Value::Bool(*value)),
            (Type::U8, Val::U8(n)) => Some((*n).into()),
            (Type::U16, Val::U16(n)) => Some((*n).into()),
            (Type::U32, Val::U32(n)) => Some((*n).into()),
            (Type::S8, Val::S8(n)) => Some((*n).into()),
            (Type::S16, Val::S16(n)) => Some((*n).into()),
            (Type::S32, Val::S32(n)) => Some((*n).into()),
            (Type::U64, Val::U64(n)) => Some(n.to_string().into()),
            (Type::S64, Val::S64(n)) => Some(n.to_string().into()),
            (Type::F32, Val::Float32(n)) => Number::from_f64(widened(*n)).map(Value::Number),
            (Type::F64, Val::Float64(n)) => Number::from_f64(*n).map(Value::Number),
            (Type::Char, Val::Char(c)) => Some(c.to_string().into()),
            (Type::String, Val::String(text)) => Some(text.clone().into()),
            (Type::Id, value) => Id::from_val(value).map(|id| id.to_string().into()),
            (Type::Bytes, Val::List(items)) => bytes(items),
            (Type::Option(_), Val::Option(None)) => Some(Value::Null),
            (Type::Option(ty), Val::Option(Some(inner))) => return self.value(ty, inner),
            (Type::List(ty), Val::List(items)) => {
                return self.items(std::iter::repeat(&**ty).zip(items), items.len());
            }
            (Type::Tuple(types), Val::Tuple(items)) if types.len() == items.len() => {
                return self.items(types.iter().zip(items), items.len());
            }
            (Type::Result { ok, .. }, Val::Result(Ok(payload))) => {
                return self.wrapped("ok", ok.as_deref(), payload.as_deref());
            }
            (Type::Result { err, .. }, Val::Result(Err(payload))) => {
                return self.wrapped("err", err.as_deref(), payload.as_deref());
            }
            (Type::Named(named), value) => return self.named(ty, named, value),
            _ => None,
        };
        match written {
            Some(written) => Ok(written),
            None => self.not(ty, value),
        }
    }

    fn items<'v>(&self, pairs: impl Iterator<Item = (&'v Type, &'v Val)>, count: usize) -> Read<Value> {
        let mut items = Vec::with_capacity(count);
        for (index, (ty, value)) in pairs.enumerate() {
            items.push(self.value(ty, value).map_err(|failure| failure.at(index))?);
        }
        Ok(Value::Array(items))
    }

    /// `{"name": payload}`, with `null` for nothing.
    fn wrapped(&self, name: &str, ty: Option<&Type>, payload: Option<&Val>) -> Read<Value> {
        let payload = match (ty, payload) {
            (Some(ty), Some(payload)) => self.value(ty, payload).map_err(|failure| failure.within(name))?,
            (Some(ty), None) if self.strict => {
                return Err(Failure::mismatch(expected(ty), "nothing").within(name));
            }
            (None, Some(payload)) if self.strict => {
                return Err(Failure::mismatch("nothing", kind(payload)).within(name));
            }
            _ => Value::Null,
        };
        let mut object = Map::with_capacity(1);
        object.insert(name.to_owned(), payload);
        Ok(Value::Object(object))
    }

    fn named(&self, ty: &Type, named: &Named, value: &Val) -> Read<Value> {
        match (&named.shape, value) {
            (Shape::Record(fields), Val::Record(values)) if fields.len() == values.len() => {
                let mut object = Map::with_capacity(fields.len());
                for (field, (name, inner)) in fields.iter().zip(values) {
                    if field.name != *name {
                        return self.not(ty, value);
                    }
                    if matches!(inner, Val::Option(None)) && field.ty.is_option() {
                        continue;
                    }
                    let written = self.value(&field.ty, inner).map_err(|f| f.within(name))?;
                    object.insert(name.clone(), written);
                }
                Ok(Value::Object(object))
            }
            (Shape::Variant(cases), Val::Variant(name, payload)) => {
                let Some(case) = cases.iter().find(|case| case.name == *name) else {
                    return self.not(ty, value);
                };
                match (&case.ty, payload) {
                    (None, None) => Ok(Value::String(name.clone())),
                    (ty, payload) => self.wrapped(name, ty.as_ref(), payload.as_deref()),
                }
            }
            (Shape::Enum(labels), Val::Enum(name)) if labels.iter().any(|label| label.name == *name) => {
                Ok(Value::String(name.clone()))
            }
            (Shape::Flags(labels), Val::Flags(set))
                if set.iter().all(|name| labels.iter().any(|label| label.name == *name)) =>
            {
                let shown = labels.iter().filter(|label| set.contains(&label.name));
                Ok(Value::Array(shown.map(|label| label.name.clone().into()).collect()))
            }
            _ => self.not(ty, value),
        }
    }

    fn not(&self, ty: &Type, value: &Val) -> Read<Value> {
        if self.strict { Err(Failure::mismatch(expected(ty), kind(value))) } else { Ok(Value::Null) }
    }
}

fn bytes(items: &[Val]) -> Option<Value> {
    let mut bytes = Vec::with_capacity(items.len());
    for item in items {
        let Val::U8(byte) = item else { return None };
        bytes.push(*byte);
    }
    Some(URL_SAFE_NO_PAD.encode(bytes).into())
}

/// A 32-bit float as the 64-bit float with the same shortest decimal, so that 0.1 is shown as 0.1 and
/// not as 0.10000000149011612. Where that one would not be read back as the same, the exact value.
fn widened(number: f32) -> f64 {
    let exact = f64::from(number);
    let shown = number.to_string().parse().unwrap_or(exact);
    #[expect(clippy::cast_possible_truncation, reason = "this is how it will be read back")]
    let back = shown as f32;
    if back.to_bits() == number.to_bits() { shown } else { exact }
}

/// What a value is, in words, for errors: not what it says, which may be personal.
fn kind(value: &Val) -> &'static str {
    match value {
        Val::Float32(n) if !n.is_finite() => "a number that is not finite",
        Val::Float64(n) if !n.is_finite() => "a number that is not finite",
        Val::Bool(_) => "a bool",
        Val::S8(_) | Val::S16(_) | Val::S32(_) | Val::S64(_) => "a signed integer",
        Val::U8(_) | Val::U16(_) | Val::U32(_) | Val::U64(_) => "an unsigned integer",
        Val::Float32(_) | Val::Float64(_) => "a float",
        Val::Char(_) => "a char",
        Val::String(_) => "a string",
        Val::List(_) => "a list",
        Val::Map(_) => "a map",
        Val::Record(_) => "another record",
        Val::Tuple(_) => "another tuple",
        Val::Variant(..) => "another variant",
        Val::Enum(_) => "another enum",
        Val::Option(_) => "an option",
        Val::Result(_) => "a result",
        Val::Flags(_) => "other flags",
        Val::Resource(_) => "a resource",
        Val::Future(_) => "a future",
        Val::Stream(_) => "a stream",
        Val::ErrorContext(_) => "an error-context",
        Val::FixedLengthList(_) => "a list of fixed length",
    }
}
