//! JSON to values.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use wasmtime::component::Val;

use super::JsonError;
use super::error::{Failure, expected, got, quoted};
use crate::id::Id;
use crate::types::{Case, Field, Function, Label, Named, Shape, Type};

/// The most values, inner ones and left-out options included, that one reading makes; each byte of a
/// `list<u8>` counts a quarter. Without it a body of empty objects could stand for records of a thousand
/// options each.
pub const MAX_VALUES: usize = 1 << 20;
/// Bytes of a `list<u8>` that count as one value.
const BYTES_PER_VALUE: usize = 4;
/// The largest integer up to which every integer is a 64-bit float.
const MAX_FLOAT_INTEGER: f64 = 9_007_199_254_740_992.0;

/// JSON as a value of this type (C4).
///
/// Cost: some 100 ns a field.
pub fn to_val(ty: &Type, value: &Value) -> Result<Val, JsonError> {
    Ok(Reader { left: MAX_VALUES }.value(ty, value)?)
}

/// An object of named parameters as a function's arguments in order (C4). Parameters whose type is an
/// option may be left out.
pub fn arguments(function: &Function, value: &Value) -> Result<Vec<Val>, JsonError> {
    Ok(Reader { left: MAX_VALUES }.arguments(function, value)?)
}

/// A value, or what is wrong with it.
pub(super) type Read<T = Val> = Result<T, Box<Failure>>;

struct Reader {
    /// How many values may still be made.
    left: usize,
}

impl Reader {
    fn arguments(&mut self, function: &Function, value: &Value) -> Read<Vec<Val>> {
        let names = || function.params.iter().map(|param| &*param.name);
        let Value::Object(object) = value else {
            let expected = match function.params.len() {
                0 => "an empty object".to_owned(),
                _ => format!("an object with {}", names().collect::<Vec<_>>().join(", ")),
            };
            return Err(Failure::mismatch(expected, got(value)));
        };
        let mut lookup = Lookup::new(object);
        let mut values = Vec::with_capacity(function.params.len());
        for param in &function.params {
            let value = self.member(&param.ty, lookup.take(&param.name));
            values.push(value.map_err(|failure| failure.within(&param.name))?);
        }
        lookup.finish(names)?;
        Ok(values)
    }

    fn value(&mut self, ty: &Type, value: &Value) -> Read {
        self.spend(1)?;
        let read = match (ty, value) {
            (Type::Bool, Value::Bool(value)) => Some(Val::Bool(*value)),
            (Type::String, Value::String(text)) => Some(Val::String(text.clone())),
            (Type::Char, Value::String(text)) => single_char(text).map(Val::Char),
            (Type::Id, Value::String(text)) => text.parse().ok().map(Id::to_val),
            (Type::Bytes, Value::String(text)) => {
                self.spend(text.len() / BYTES_PER_VALUE)?;
                bytes(text)
            }
            (Type::U64 | Type::S64, Value::String(text)) => {
                decimal(text).and_then(|integer| integer_val(ty, integer))
            }
            (Type::F64, Value::Number(number)) => number.as_f64().map(Val::Float64),
            (Type::F32, Value::Number(number)) => number.as_f64().and_then(float32),
            (
                Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::S8 | Type::S16 | Type::S32 | Type::S64,
                Value::Number(number),
            ) => integer(number).and_then(|integer| integer_val(ty, integer)),
            (Type::Option(_), Value::Null) => Some(Val::Option(None)),
            (Type::Option(inner), value) => {
                return Ok(Val::Option(Some(Box::new(self.value(inner, value)?))));
            }
            (Type::List(item), Value::Array(items)) => {
                let mut values = Vec::with_capacity(items.len());
                for (index, value) in items.iter().enumerate() {
                    values.push(self.value(item, value).map_err(|failure| failure.at(index))?);
                }
                return Ok(Val::List(values));
            }
            (Type::Tuple(types), Value::Array(items)) if types.len() == items.len() => {
                let mut values = Vec::with_capacity(items.len());
                for (index, (ty, value)) in types.iter().zip(items).enumerate() {
                    values.push(self.value(ty, value).map_err(|failure| failure.at(index))?);
                }
                return Ok(Val::Tuple(values));
            }
            (Type::Result { ok, err }, Value::Object(object)) => match single(object) {
                Some(("ok", value)) => {
                    let payload = self.payload(ok.as_deref(), value);
                    return Ok(Val::Result(Ok(payload.map_err(|f| f.within("ok"))?)));
                }
                Some(("err", value)) => {
                    let payload = self.payload(err.as_deref(), value);
                    return Ok(Val::Result(Err(payload.map_err(|f| f.within("err"))?)));
                }
                _ => None,
            },
            (Type::Named(named), value) => return self.named(ty, named, value),
            _ => None,
        };
        read.ok_or_else(|| Failure::mismatch(expected(ty), got(value)))
    }

    /// What a result carries; `null` for nothing.
    fn payload(&mut self, ty: Option<&Type>, value: &Value) -> Read<Option<Box<Val>>> {
        match (ty, value) {
            (Some(ty), value) => Ok(Some(Box::new(self.value(ty, value)?))),
            (None, Value::Null) => Ok(None),
            (None, value) => Err(Failure::mismatch("null", got(value))),
        }
    }

    fn named(&mut self, ty: &Type, named: &Named, value: &Value) -> Read {
        match (&named.shape, value) {
            (Shape::Record(fields), Value::Object(object)) => self.record(fields, object),
            (Shape::Variant(cases), value) => self.variant(ty, cases, value),
            (Shape::Enum(labels), Value::String(text)) => labels
                .iter()
                .find(|label| label.name == *text)
                .map(|label| Val::Enum(label.name.clone()))
                .ok_or_else(|| Failure::mismatch(expected(ty), got(value))),
            (Shape::Flags(labels), Value::Array(items)) => self.flags(labels, items),
            _ => Err(Failure::mismatch(expected(ty), got(value))),
        }
    }

    fn record(&mut self, fields: &[Field], object: &Map<String, Value>) -> Read {
        let mut lookup = Lookup::new(object);
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            let value = self.member(&field.ty, lookup.take(&field.name));
            let value = value.map_err(|failure| failure.within(&field.name))?;
            values.push((field.name.clone(), value));
        }
        lookup.finish(|| fields.iter().map(|field| &*field.name))?;
        Ok(Val::Record(values))
    }

    /// A field or parameter, which may be left out if it is an option.
    fn member(&mut self, ty: &Type, value: Option<&Value>) -> Read {
        match value {
            Some(value) => self.value(ty, value),
            None if ty.is_option() => {
                self.spend(1)?;
                Ok(Val::Option(None))
            }
            None => Err(Failure::missing(ty)),
        }
    }

    fn variant(&mut self, ty: &Type, cases: &[Case], value: &Value) -> Read {
        let (name, payload) = match value {
            Value::String(name) => (name.as_str(), None),
            Value::Object(object) => match single(object) {
                Some((name, payload)) => (name, Some(payload)),
                None => return Err(Failure::mismatch(expected(ty), got(value))),
            },
            _ => return Err(Failure::mismatch(expected(ty), got(value))),
        };
        let Some(case) = cases.iter().find(|case| case.name == name) else {
            return Err(Failure::mismatch(expected(ty), got(value)));
        };
        match (&case.ty, payload) {
            (None, None) => Ok(Val::Variant(case.name.clone(), None)),
            (Some(ty), Some(payload)) => {
                let payload = self.value(ty, payload).map_err(|failure| failure.within(name))?;
                Ok(Val::Variant(case.name.clone(), Some(Box::new(payload))))
            }
            (Some(ty), None) => {
                Err(Failure::mismatch(format!("{{\"{name}\": value}} with {}", expected(ty)), got(value)))
            }
            (None, Some(_)) => {
                Err(Failure::mismatch(format!("\"{name}\", which carries nothing"), got(value)))
            }
        }
    }

    fn flags(&mut self, labels: &[Label], items: &[Value]) -> Read {
        let mut set = vec![false; labels.len()];
        for (index, item) in items.iter().enumerate() {
            self.spend(1)?;
            let found = item
                .as_str()
                .and_then(|name| labels.iter().zip(set.iter_mut()).find(|(label, _)| label.name == name));
            let Some((label, set)) = found else {
                let names: Vec<&str> = labels.iter().map(|label| &*label.name).collect();
                let expected = format!("one of {}", names.join(", "));
                return Err(Failure::mismatch(expected, got(item)).at(index));
            };
            if std::mem::replace(set, true) {
                return Err(Failure::repeated(&quoted(&label.name)).at(index));
            }
        }
        let names = labels.iter().zip(set).filter(|(_, set)| *set);
        Ok(Val::Flags(names.map(|(label, _)| label.name.clone()).collect()))
    }

    fn spend(&mut self, values: usize) -> Read<()> {
        self.left = self.left.checked_sub(values).ok_or_else(Failure::too_many)?;
        Ok(())
    }
}

/// The members of an object, looked up in the order of the type. Most clients write them in that order,
/// so the next one is tried before the map is asked.
struct Lookup<'a> {
    object: &'a Map<String, Value>,
    next: serde_json::map::Iter<'a>,
    head: Option<(&'a String, &'a Value)>,
    taken: usize,
}

impl<'a> Lookup<'a> {
    fn new(object: &'a Map<String, Value>) -> Self {
        let mut next = object.iter();
        let head = next.next();
        Self { object, next, head, taken: 0 }
    }

    fn take(&mut self, name: &str) -> Option<&'a Value> {
        let found = match self.head {
            Some((key, value)) if key == name => {
                self.head = self.next.next();
                Some(value)
            }
            _ => self.object.get(name),
        };
        self.taken += usize::from(found.is_some());
        found
    }

    /// Refuses what was not asked for.
    fn finish<'n, I: Iterator<Item = &'n str>>(&self, names: impl Fn() -> I) -> Read<()> {
        if self.taken == self.object.len() {
            return Ok(());
        }
        let stranger = self.object.keys().find(|key| names().all(|name| name != *key));
        match stranger {
            Some(stranger) => Err(Failure::unknown(names()).within(stranger)),
            None => Ok(()),
        }
    }
}

/// The only member of an object.
fn single(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut members = object.iter();
    let (name, value) = members.next()?;
    members.next().is_none().then_some((name.as_str(), value))
}

pub(super) fn single_char(text: &str) -> Option<char> {
    let mut chars = text.chars();
    let first = chars.next()?;
    chars.next().is_none().then_some(first)
}

pub(super) fn bytes(text: &str) -> Option<Val> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    Some(Val::List(bytes.into_iter().map(Val::U8).collect()))
}

fn float32(number: f64) -> Option<Val> {
    #[expect(clippy::cast_possible_truncation, reason = "an f32 is what the type asks for")]
    let number = number as f32;
    number.is_finite().then_some(Val::Float32(number))
}

/// A JSON number as an integer, if it is one: `12.0` and `1e3` are, as in JSON Schema.
fn integer(number: &serde_json::Number) -> Option<i128> {
    if let Some(integer) = number.as_u64() {
        return Some(integer.into());
    }
    if let Some(integer) = number.as_i64() {
        return Some(integer.into());
    }
    let float = number.as_f64()?;
    let whole = float.fract() == 0.0 && float.abs() <= MAX_FLOAT_INTEGER;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and below 2^53")]
    whole.then_some(float as i128)
}

/// An integer in decimal: no plus sign, no leading zeros, no `-0`, at most 20 digits.
pub(super) fn decimal(text: &str) -> Option<i128> {
    const MAX_DIGITS: usize = 20;
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty()
        && digits.len() <= MAX_DIGITS
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (!digits.starts_with('0') || text == "0");
    if plain { text.parse().ok() } else { None }
}

/// An integer as a value of an integer type, if it is within its range.
pub(super) fn integer_val(ty: &Type, integer: i128) -> Option<Val> {
    match ty {
        Type::U8 => integer.try_into().ok().map(Val::U8),
        Type::U16 => integer.try_into().ok().map(Val::U16),
        Type::U32 => integer.try_into().ok().map(Val::U32),
        Type::U64 => integer.try_into().ok().map(Val::U64),
        Type::S8 => integer.try_into().ok().map(Val::S8),
        Type::S16 => integer.try_into().ok().map(Val::S16),
        Type::S32 => integer.try_into().ok().map(Val::S32),
        Type::S64 => integer.try_into().ok().map(Val::S64),
        _ => None,
    }
}
