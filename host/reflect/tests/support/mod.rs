//! What the tests of this crate share: arbitrary types, values of them, and packages from text.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    dead_code
)]

use std::sync::Arc;

use hamlet_reflect::{Case, Field, Function, Id, Interface, Label, Named, Shape, Type, parse_texts};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::subsequence;
use wasmtime::component::Val;

/// The only interface of a package given as text.
pub fn interface(body: &str) -> Arc<Interface> {
    let text = format!("package example:counter@0.1.0; interface counting {{ {body} }}");
    parse_texts(&[("counter.wit", &text)]).unwrap().remove(0)
}

/// The only function of an interface given as text.
pub fn function(body: &str) -> Arc<Function> {
    interface(body).functions[0].clone()
}

/// The type of the parameter of a function `f`, after some definitions.
pub fn type_of(definitions: &str, ty: &str) -> Type {
    function(&format!("{definitions} f: func(p: {ty});")).params[0].ty.clone()
}

pub fn any_type() -> BoxedStrategy<Type> {
    let leaf = prop_oneof![
        Just(Type::Bool),
        Just(Type::U8),
        Just(Type::U16),
        Just(Type::U32),
        Just(Type::U64),
        Just(Type::S8),
        Just(Type::S16),
        Just(Type::S32),
        Just(Type::S64),
        Just(Type::F32),
        Just(Type::F64),
        Just(Type::Char),
        Just(Type::String),
        Just(Type::Id),
        Just(Type::Bytes),
        names().prop_flat_map(|names| named(Shape::Enum(labels(names)))),
        names().prop_flat_map(|names| named(Shape::Flags(labels(names)))),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let maybe = proptest::option::of(inner.clone());
        prop_oneof![
            inner.clone().prop_map(|ty| match ty {
                Type::U8 => Type::Bytes,
                ty => Type::List(Arc::new(ty)),
            }),
            inner.clone().prop_map(|ty| match ty {
                Type::Option(_) => ty,
                ty => Type::Option(Arc::new(ty)),
            }),
            (maybe.clone(), maybe.clone())
                .prop_map(|(ok, err)| Type::Result { ok: ok.map(Arc::new), err: err.map(Arc::new) }),
            vec(inner.clone(), 1..4).prop_map(|types| Type::Tuple(types.into())),
            (names(), vec(inner, 8)).prop_flat_map(|(names, types)| {
                let fields = names
                    .into_iter()
                    .zip(types)
                    .map(|(name, ty)| Field { name, docs: String::new(), ty })
                    .collect();
                named(Shape::Record(fields))
            }),
            (names(), vec(maybe, 8)).prop_flat_map(|(names, types)| {
                let cases = names
                    .into_iter()
                    .zip(types)
                    .map(|(name, ty)| Case { name, docs: String::new(), ty })
                    .collect();
                named(Shape::Variant(cases))
            }),
        ]
    })
    .boxed()
}

fn names() -> impl Strategy<Value = Vec<String>> {
    btree_set("[a-z]{1,3}(-[a-z]{1,3})?", 1..6).prop_map(|names| names.into_iter().collect())
}

fn labels(names: Vec<String>) -> Vec<Label> {
    names.into_iter().map(|name| Label { name, docs: String::new() }).collect()
}

fn named(shape: Shape) -> impl Strategy<Value = Type> {
    any::<u64>().prop_map(move |number| {
        let name = format!("t{number}");
        Type::Named(Arc::new(Named {
            qualified: format!("example:x/types@0.1.0#{name}"),
            name,
            docs: String::new(),
            shape: shape.clone(),
        }))
    })
}

/// A value of a type.
pub fn value_of(ty: &Type) -> BoxedStrategy<Val> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Val::Bool).boxed(),
        Type::U8 => any::<u8>().prop_map(Val::U8).boxed(),
        Type::U16 => any::<u16>().prop_map(Val::U16).boxed(),
        Type::U32 => any::<u32>().prop_map(Val::U32).boxed(),
        Type::U64 => any::<u64>().prop_map(Val::U64).boxed(),
        Type::S8 => any::<i8>().prop_map(Val::S8).boxed(),
        Type::S16 => any::<i16>().prop_map(Val::S16).boxed(),
        Type::S32 => any::<i32>().prop_map(Val::S32).boxed(),
        Type::S64 => any::<i64>().prop_map(Val::S64).boxed(),
        Type::F32 => any::<u32>()
            .prop_map(f32::from_bits)
            .prop_filter("finite", |n| n.is_finite())
            .prop_map(Val::Float32)
            .boxed(),
        Type::F64 => any::<u64>()
            .prop_map(f64::from_bits)
            .prop_filter("finite", |n| n.is_finite())
            .prop_map(Val::Float64)
            .boxed(),
        Type::Char => any::<char>().prop_map(Val::Char).boxed(),
        Type::String => any::<String>().prop_map(Val::String).boxed(),
        Type::Id => any::<u128>().prop_map(|id| Id(id).to_val()).boxed(),
        Type::Bytes => vec(any::<u8>().prop_map(Val::U8), 0..20).prop_map(Val::List).boxed(),
        Type::List(item) => vec(value_of(item), 0..4).prop_map(Val::List).boxed(),
        Type::Option(inner) => {
            proptest::option::of(value_of(inner)).prop_map(|value| Val::Option(value.map(Box::new))).boxed()
        }
        Type::Result { ok, err } => prop_oneof![
            payload(ok.as_deref()).prop_map(|value| Val::Result(Ok(value))),
            payload(err.as_deref()).prop_map(|value| Val::Result(Err(value))),
        ]
        .boxed(),
        Type::Tuple(types) => types.iter().map(value_of).collect::<Vec<_>>().prop_map(Val::Tuple).boxed(),
        Type::Named(named) => match &named.shape {
            Shape::Record(fields) => {
                let keys: Vec<String> = fields.iter().map(|f| f.name.clone()).collect();
                let values: Vec<_> = fields.iter().map(|f| value_of(&f.ty)).collect();
                values.prop_map(move |values| Val::Record(keys.iter().cloned().zip(values).collect())).boxed()
            }
            Shape::Variant(cases) => {
                let cases: Vec<_> = cases
                    .iter()
                    .map(|case| {
                        let name = case.name.clone();
                        payload(case.ty.as_ref()).prop_map(move |value| Val::Variant(name.clone(), value))
                    })
                    .collect();
                proptest::strategy::Union::new(cases).boxed()
            }
            Shape::Enum(labels) => {
                let keys: Vec<String> = labels.iter().map(|label| label.name.clone()).collect();
                proptest::sample::select(keys).prop_map(Val::Enum).boxed()
            }
            Shape::Flags(labels) => {
                let keys: Vec<String> = labels.iter().map(|label| label.name.clone()).collect();
                let count = keys.len();
                subsequence(keys, 0..=count).prop_map(Val::Flags).boxed()
            }
        },
    }
}

fn payload(ty: Option<&Type>) -> BoxedStrategy<Option<Box<Val>>> {
    match ty {
        Some(ty) => value_of(ty).prop_map(|value| Some(Box::new(value))).boxed(),
        None => Just(None).boxed(),
    }
}

/// A type and a value of it.
pub fn typed_value() -> impl Strategy<Value = (Type, Val)> {
    any_type().prop_flat_map(|ty| {
        let value = value_of(&ty);
        (Just(ty), value)
    })
}

/// Any JSON tree, with names and texts that types like.
pub fn any_json() -> BoxedStrategy<serde_json::Value> {
    use serde_json::{Value, json};
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|n| json!(n)),
        any::<String>().prop_map(Value::from),
        "[a-z]{1,3}|[0-9a-f]{32}|-?[0-9]{1,22}|[A-Za-z0-9_-]{0,9}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map("ok|err|[a-z]{1,3}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
    .boxed()
}
