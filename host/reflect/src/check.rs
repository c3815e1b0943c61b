//! Whether a description tells the truth about the component beside it (C3).
//!
//! Names and docs come from the description, so a false one would show a member one function and call
//! another. What is exported must be described exactly. What is described as imported may be more than
//! what the component asks for, because tools leave out what is not used; what a component is *granted*
//! goes by what it really imports, never by this.

use wasmtime::Engine;
use wasmtime::component::types::{self, ComponentFunc, ComponentItem, Type as Seen};

use crate::compatible::{Mismatch, count, in_words, names};
use crate::types::{Function, Interface, Named, Shape, Type, World};

/// Compares a description with the component's own types: exports exactly, imports as at least what
/// the component asks for. The error names the path to the first difference.
///
/// Cost: in proportion to the types' size, which the engine limits. Once an install.
pub fn check_describes(world: &World, component: &types::Component, engine: &Engine) -> Result<(), Mismatch> {
    for (name, import) in component.imports(engine) {
        item(world.import(name), &import.ty, engine, Exactly::No)
            .map_err(|mismatch| mismatch.within(|| format!("import {name}")))?;
    }
    // A description names no bare function and no bare interface, so a component may have none either.
    for (name, export) in
        component.exports(engine).filter(|(name, export)| !left_behind(name, &export.ty, engine))
    {
        item(world.export(name), &export.ty, engine, Exactly::Yes)
            .map_err(|mismatch| mismatch.within(|| format!("export {name}")))?;
    }
    for interface in &world.exports {
        if component.get_export(engine, &interface.id).is_none() {
            return Err(Mismatch::missing().within(|| format!("export {}", interface.id)));
        }
    }
    Ok(())
}

/// What componentize-py leaves in each component: the interface by which it starts the interpreter while
/// it builds. It cannot be described, so it can be neither declared nor called. Anything more under that
/// name is not this, and is refused like any other export that nobody describes.
fn left_behind(name: &str, export: &ComponentItem, engine: &Engine) -> bool {
    match export {
        ComponentItem::ComponentInstance(instance) => {
            name == "exports"
                && instance.exports(engine).all(|(name, export)| match export.ty {
                    ComponentItem::Type(_) => true,
                    ComponentItem::ComponentFunc(_) => name == "init",
                    _ => false,
                })
        }
        _ => false,
    }
}

/// Whether the component must have all functions that are described.
#[derive(Clone, Copy, PartialEq)]
enum Exactly {
    Yes,
    No,
}

fn item(
    described: Option<&std::sync::Arc<Interface>>,
    seen: &ComponentItem,
    engine: &Engine,
    exactly: Exactly,
) -> Result<(), Mismatch> {
    let ComponentItem::ComponentInstance(instance) = seen else {
        return Err(Mismatch::undescribed());
    };
    let interface = described.ok_or_else(Mismatch::undescribed)?;
    for (name, export) in instance.exports(engine) {
        let result = match &export.ty {
            // A type by itself does nothing; where it is used it is compared.
            ComponentItem::Type(_) => Ok(()),
            ComponentItem::ComponentFunc(seen) => match interface.function(name) {
                Some(described) => function(described, seen),
                None => Err(Mismatch::undescribed()),
            },
            _ => Err(Mismatch::undescribed()),
        };
        result.map_err(|mismatch| mismatch.within(|| format!("function {name}")))?;
    }
    if exactly == Exactly::Yes {
        for function in &interface.functions {
            if instance.get_export(engine, &function.name).is_none() {
                return Err(Mismatch::missing().within(|| format!("function {}", function.name)));
            }
        }
    }
    Ok(())
}

fn function(described: &Function, seen: &ComponentFunc) -> Result<(), Mismatch> {
    if seen.async_() {
        return Err(Mismatch::differs("a function", "an async function"));
    }
    if described.params.len() != seen.params().len() {
        return Err(Mismatch::differs(
            count(described.params.len(), "parameter"),
            count(seen.params().len(), "parameter"),
        ));
    }
    for (described, (name, seen)) in described.params.iter().zip(seen.params()) {
        if described.name != name {
            return Err(Mismatch::differs(
                format!("parameter {}", described.name),
                format!("parameter {name}"),
            ));
        }
        compare(&described.ty, &seen).map_err(|mismatch| mismatch.within(|| format!("parameter {name}")))?;
    }
    let mut results = seen.results();
    optional(described.result.as_ref(), results.next().as_ref())
        .map_err(|mismatch| mismatch.within(|| "result".to_owned()))
}

fn optional(described: Option<&Type>, seen: Option<&Seen>) -> Result<(), Mismatch> {
    match (described, seen) {
        (None, None) => Ok(()),
        (Some(described), Some(seen)) => compare(described, seen),
        (described, seen) => Err(Mismatch::differs(
            described.map_or_else(|| "nothing".to_owned(), in_words),
            seen.map_or("nothing", word),
        )),
    }
}

fn compare(described: &Type, seen: &Seen) -> Result<(), Mismatch> {
    match (described, seen) {
        (Type::Bool, Seen::Bool)
        | (Type::U8, Seen::U8)
        | (Type::U16, Seen::U16)
        | (Type::U32, Seen::U32)
        | (Type::U64, Seen::U64)
        | (Type::S8, Seen::S8)
        | (Type::S16, Seen::S16)
        | (Type::S32, Seen::S32)
        | (Type::S64, Seen::S64)
        | (Type::F32, Seen::Float32)
        | (Type::F64, Seen::Float64)
        | (Type::Char, Seen::Char)
        | (Type::String, Seen::String) => Ok(()),
        (Type::Bytes, Seen::List(list)) => {
            compare(&Type::U8, &list.ty()).map_err(|m| m.within(|| "item".to_owned()))
        }
        (Type::List(described), Seen::List(list)) => {
            compare(described, &list.ty()).map_err(|m| m.within(|| "item".to_owned()))
        }
        (Type::Option(described), Seen::Option(option)) => compare(described, &option.ty()),
        (Type::Result { ok, err }, Seen::Result(result)) => {
            optional(ok.as_deref(), result.ok().as_ref()).map_err(|m| m.within(|| "ok".to_owned()))?;
            optional(err.as_deref(), result.err().as_ref()).map_err(|m| m.within(|| "err".to_owned()))
        }
        (Type::Tuple(described), Seen::Tuple(tuple)) => {
            if described.len() != tuple.types().len() {
                return Err(Mismatch::differs(
                    format!("a tuple of {}", described.len()),
                    format!("a tuple of {}", tuple.types().len()),
                ));
            }
            for (index, (described, seen)) in described.iter().zip(tuple.types()).enumerate() {
                compare(described, &seen).map_err(|m| m.within(|| format!("item {index}")))?;
            }
            Ok(())
        }
        (Type::Id, Seen::Record(record)) => id(record),
        (Type::Named(named), seen) => compare_named(named, seen),
        (described, seen) => Err(Mismatch::differs(in_words(described), word(seen))),
    }
}

fn id(record: &types::Record) -> Result<(), Mismatch> {
    names("fields", ["high", "low"].into_iter(), record.fields().map(|field| field.name))?;
    for field in record.fields() {
        compare(&Type::U64, &field.ty).map_err(|m| m.within(|| format!("field {}", field.name)))?;
    }
    Ok(())
}

fn compare_named(named: &Named, seen: &Seen) -> Result<(), Mismatch> {
    match (&named.shape, seen) {
        (Shape::Record(fields), Seen::Record(record)) => {
            names(
                "fields",
                fields.iter().map(|field| &*field.name),
                record.fields().map(|field| field.name),
            )?;
            for (described, seen) in fields.iter().zip(record.fields()) {
                compare(&described.ty, &seen.ty)
                    .map_err(|m| m.within(|| format!("field {}", described.name)))?;
            }
            Ok(())
        }
        (Shape::Variant(cases), Seen::Variant(variant)) => {
            names("cases", cases.iter().map(|case| &*case.name), variant.cases().map(|case| case.name))?;
            for (described, seen) in cases.iter().zip(variant.cases()) {
                optional(described.ty.as_ref(), seen.ty.as_ref())
                    .map_err(|m| m.within(|| format!("case {}", described.name)))?;
            }
            Ok(())
        }
        (Shape::Enum(labels), Seen::Enum(seen)) => {
            names("cases", labels.iter().map(|label| &*label.name), seen.names())
        }
        (Shape::Flags(labels), Seen::Flags(seen)) => {
            names("flags", labels.iter().map(|label| &*label.name), seen.names())
        }
        (shape, seen) => Err(Mismatch::differs(format!("{} {}", shape.word(), named.name), word(seen))),
    }
}

/// What the engine sees, in a word: its types have no names.
fn word(seen: &Seen) -> &'static str {
    match seen {
        Seen::Bool => "bool",
        Seen::U8 => "u8",
        Seen::U16 => "u16",
        Seen::U32 => "u32",
        Seen::U64 => "u64",
        Seen::S8 => "s8",
        Seen::S16 => "s16",
        Seen::S32 => "s32",
        Seen::S64 => "s64",
        Seen::Float32 => "f32",
        Seen::Float64 => "f64",
        Seen::Char => "char",
        Seen::String => "string",
        Seen::List(_) => "list",
        Seen::Map(_) => "map",
        Seen::Record(_) => "record",
        Seen::Tuple(_) => "tuple",
        Seen::Variant(_) => "variant",
        Seen::Enum(_) => "enum",
        Seen::Option(_) => "option",
        Seen::Result(_) => "result",
        Seen::Flags(_) => "flags",
        Seen::Own(_) | Seen::Borrow(_) => "resource",
        Seen::Future(_) => "future",
        Seen::Stream(_) => "stream",
        Seen::ErrorContext => "error-context",
        Seen::FixedLengthList(_) => "list of fixed length",
    }
}
