//! JSON Schema (2020-12) of types, so that the gateway can write OpenAPI 3.1 with the WIT's own words.
//!
//! A schema describes what the host answers, the stricter of the two: 64-bit integers are strings. The
//! host also takes them as numbers, and ids in upper case, which a generated client need not know.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::compatible::same_shape;
use crate::types::{Case, Field, Function, Label, Named, Shape, Type};

/// The name of the component for ids.
const ID_COMPONENT: &str = "id";

/// Schemas of types that refer to shared components by `$ref`.
#[derive(Debug, Clone)]
pub struct Schemas {
    /// What a reference begins with.
    prefix: String,
    named: BTreeMap<String, (Arc<Named>, Value)>,
    uses_id: bool,
}

impl Schemas {
    /// `prefix` is where the components will be: `#/components/schemas/` in OpenAPI, `#/$defs/` in a
    /// schema of its own.
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), named: BTreeMap::new(), uses_id: false }
    }

    /// The schema of a type.
    pub fn of(&mut self, ty: &Type) -> Value {
        match ty {
            Type::Bool => json!({ "type": "boolean" }),
            Type::U8 => integer("uint8", 0, u8::MAX.into()),
            Type::U16 => integer("uint16", 0, u16::MAX.into()),
            Type::U32 => integer("uint32", 0, u32::MAX.into()),
            Type::S8 => integer("int8", i8::MIN.into(), i8::MAX.into()),
            Type::S16 => integer("int16", i16::MIN.into(), i16::MAX.into()),
            Type::S32 => integer("int32", i32::MIN.into(), i32::MAX.into()),
            Type::U64 => {
                json!({ "type": "string", "format": "uint64", "pattern": "^(0|[1-9][0-9]{0,19})$" })
            }
            Type::S64 => {
                json!({ "type": "string", "format": "int64", "pattern": "^(0|-?[1-9][0-9]{0,18})$" })
            }
            Type::F32 => json!({ "type": "number", "format": "float" }),
            Type::F64 => json!({ "type": "number", "format": "double" }),
            Type::Char => json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
            Type::String => json!({ "type": "string" }),
            Type::Id => {
                self.uses_id = true;
                self.reference(ID_COMPONENT)
            }
            Type::Bytes => json!({
                "type": "string", "contentEncoding": "base64url", "pattern": "^[A-Za-z0-9_-]*$",
            }),
            Type::List(item) => json!({ "type": "array", "items": self.of(item) }),
            Type::Option(inner) => json!({ "anyOf": [self.of(inner), { "type": "null" }] }),
            Type::Result { ok, err } => json!({ "oneOf": [
                self.wrapped("ok", ok.as_deref()),
                self.wrapped("err", err.as_deref()),
            ] }),
            Type::Tuple(types) => {
                let items: Vec<Value> = types.iter().map(|ty| self.of(ty)).collect();
                let count = items.len();
                json!({
                    "type": "array", "prefixItems": items, "items": false,
                    "minItems": count, "maxItems": count,
                })
            }
            Type::Named(named) => self.named(named),
        }
    }

    /// The schema of the object of a function's parameters. With `Value::Bool(false)` in
    /// `additionalProperties`: unknown ones are refused.
    pub fn arguments(&mut self, function: &Function) -> Value {
        let mut members = Members::default();
        for param in &function.params {
            let schema = self.of(&param.ty);
            members.add(&param.name, schema, !param.ty.is_option());
        }
        members.into_schema()
    }

    /// All that was referred to, by component name.
    pub fn into_components(self) -> Map<String, Value> {
        let mut components = Map::new();
        if self.uses_id {
            let schema = json!({
                "type": "string", "pattern": "^[0-9a-f]{32}$",
                "description": "A 128-bit identifier in 32 hex digits.",
            });
            components.insert(ID_COMPONENT.to_owned(), schema);
        }
        components.extend(self.named.into_iter().map(|(key, (_, schema))| (key, schema)));
        components
    }

    fn reference(&self, key: &str) -> Value {
        json!({ "$ref": format!("{}{key}", self.prefix) })
    }

    /// A reference to a named type, which becomes a component once. Two plugins may carry different
    /// types under one qualified name, so the second one gets a number.
    fn named(&mut self, named: &Arc<Named>) -> Value {
        let base = component_name(&named.qualified);
        let mut key = base.clone();
        let mut number = 1;
        while let Some((known, _)) = self.named.get(&key) {
            if Arc::ptr_eq(known, named) || same_shape(known, named) {
                return self.reference(&key);
            }
            number += 1;
            key = format!("{base}_{number}");
        }
        let reference = self.reference(&key);
        // Taken first, so that nothing within takes the same key.
        self.named.insert(key.clone(), (Arc::clone(named), Value::Null));
        let schema = described(self.shape(&named.shape), &named.docs);
        self.named.insert(key, (Arc::clone(named), schema));
        reference
    }

    fn shape(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Record(fields) => self.record(fields),
            Shape::Variant(cases) => {
                let cases: Vec<Value> = cases.iter().map(|case| self.case(case)).collect();
                json!({ "oneOf": cases })
            }
            Shape::Enum(labels) => json!({ "oneOf": constants(labels) }),
            Shape::Flags(labels) => {
                json!({ "type": "array", "uniqueItems": true, "items": { "oneOf": constants(labels) } })
            }
        }
    }

    fn record(&mut self, fields: &[Field]) -> Value {
        let mut members = Members::default();
        for field in fields {
            let schema = described(self.of(&field.ty), &field.docs);
            members.add(&field.name, schema, !field.ty.is_option());
        }
        members.into_schema()
    }

    fn case(&mut self, case: &Case) -> Value {
        match &case.ty {
            None => constant(&case.name, &case.docs),
            Some(ty) => described(self.wrapped(&case.name, Some(ty)), &case.docs),
        }
    }

    /// `{"name": payload}`.
    fn wrapped(&mut self, name: &str, ty: Option<&Type>) -> Value {
        let payload = match ty {
            Some(ty) => self.of(ty),
            None => json!({ "type": "null" }),
        };
        let mut members = Members::default();
        members.add(name, payload, true);
        members.into_schema()
    }
}

/// The members of an object's schema.
#[derive(Default)]
struct Members {
    properties: Map<String, Value>,
    required: Vec<Value>,
}

impl Members {
    fn add(&mut self, name: &str, schema: Value, required: bool) {
        if required {
            self.required.push(name.into());
        }
        self.properties.insert(name.to_owned(), schema);
    }

    fn into_schema(self) -> Value {
        let mut schema = json!({
            "type": "object", "properties": self.properties, "additionalProperties": false,
        });
        if let (Value::Object(schema), false) = (&mut schema, self.required.is_empty()) {
            schema.insert("required".to_owned(), self.required.into());
        }
        schema
    }
}

fn integer(format: &str, minimum: i64, maximum: i64) -> Value {
    json!({ "type": "integer", "format": format, "minimum": minimum, "maximum": maximum })
}

fn constants(labels: &[Label]) -> Vec<Value> {
    labels.iter().map(|label| constant(&label.name, &label.docs)).collect()
}

fn constant(name: &str, docs: &str) -> Value {
    described(json!({ "const": name }), docs)
}

/// Adds a comment; beside a `$ref` too, which 2020-12 allows.
fn described(mut schema: Value, docs: &str) -> Value {
    if let (Value::Object(schema), false) = (&mut schema, docs.is_empty()) {
        schema.insert("description".to_owned(), docs.into());
    }
    schema
}

/// `hamlet:x/types@0.1.0#transfer` as OpenAPI allows a component to be named:
/// `hamlet.x.types_0.1.0.transfer`.
fn component_name(qualified: &str) -> String {
    let allowed = |c: char| match c {
        ':' | '/' | '#' => '.',
        c if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') => c,
        _ => '_',
    };
    qualified.chars().map(allowed).collect()
}
