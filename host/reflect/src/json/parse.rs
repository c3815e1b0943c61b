//! JSON text to a tree, refusing what a tree cannot show: an object that names a field twice.
//!
//! Parsers differ in which of the two they keep, so a proxy and the host could read one body as two
//! different orders.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::JsonError;
use super::error::{Failure, quoted};

/// Parses a JSON text. Names must not repeat within an object ([`JsonError::Repeated`] says where one
/// does); lists and objects nest at most 128 deep; numbers must be finite as 64-bit floats.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let repeated = Repeated::default();
    let read = Tree(&repeated).deserialize(&mut deserializer);
    // The parser's own error can only carry text, and knows no path.
    if let Some(failure) = repeated.0.into_inner() {
        return Err(failure.into());
    }
    read.and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| JsonError::Syntax(error.to_string()))
}

/// The name that came twice, on its way out of the tree.
#[derive(Default)]
struct Repeated(RefCell<Option<Box<Failure>>>);

impl Repeated {
    /// Adds a step to the path of the failure, if it is one of a repeated name.
    fn on_its_way(&self, step: impl FnOnce(Box<Failure>) -> Box<Failure>) {
        let failure = self.0.take();
        self.0.replace(failure.map(step));
    }
}

#[derive(Clone, Copy)]
struct Tree<'r>(&'r Repeated);

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            let item = access.next_element_seed(self);
            match item.inspect_err(|_| self.0.on_its_way(|failure| failure.at(items.len())))? {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if fields.contains_key(&name) {
                self.0.0.replace(Some(Failure::repeated(&quoted(&name))));
                return Err(A::Error::custom("a name comes twice"));
            }
            let value = access.next_value_seed(self);
            let value = value.inspect_err(|_| self.0.on_its_way(|failure| failure.within(&name)))?;
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}
