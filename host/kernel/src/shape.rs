//! Taking apart the arguments of native providers, and putting together their results.
//!
//! The kernel checks arguments against the WIT before a provider sees them, so a wrong shape here is
//! a fault of the host: it dooms the call as `internal` instead of panicking.

use hamlet_reflect::Id;
use wasmtime::component::Val;

use crate::call::CallError;

fn wrong(expected: &str) -> CallError {
    CallError::internal(format!("an argument of a native function is not {expected}"))
}

/// The argument at a place.
pub fn argument(arguments: &[Val], at: usize) -> Result<&Val, CallError> {
    arguments.get(at).ok_or_else(|| wrong("there"))
}

/// A field of a record.
pub fn field<'a>(record: &'a Val, name: &str) -> Result<&'a Val, CallError> {
    let Val::Record(fields) = record else { return Err(wrong("a record")) };
    fields.iter().find(|(of, _)| of == name).map(|(_, value)| value).ok_or_else(|| wrong("complete"))
}

/// A string.
pub fn text(value: &Val) -> Result<&str, CallError> {
    match value {
        Val::String(text) => Ok(text),
        _ => Err(wrong("a string")),
    }
}

/// The label of an enum.
pub fn label(value: &Val) -> Result<&str, CallError> {
    match value {
        Val::Enum(label) => Ok(label),
        _ => Err(wrong("an enum")),
    }
}

/// A u64.
pub fn number(value: &Val) -> Result<u64, CallError> {
    match value {
        Val::U64(number) => Ok(*number),
        _ => Err(wrong("a u64")),
    }
}

/// An id.
pub fn id(value: &Val) -> Result<Id, CallError> {
    Id::from_val(value).ok_or_else(|| wrong("an id"))
}

/// An option, taken apart further by `inner`.
pub fn option<'a, T>(
    value: &'a Val,
    inner: impl FnOnce(&'a Val) -> Result<T, CallError>,
) -> Result<Option<T>, CallError> {
    match value {
        Val::Option(None) => Ok(None),
        Val::Option(Some(value)) => inner(value).map(Some),
        _ => Err(wrong("an option")),
    }
}

/// A record of these fields.
pub fn record<const N: usize>(fields: [(&str, Val); N]) -> Val {
    Val::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A string.
pub fn string(text: &str) -> Val {
    Val::String(text.to_owned())
}

/// `some` or `none`.
pub fn maybe(value: Option<Val>) -> Val {
    Val::Option(value.map(Box::new))
}

/// `ok` with a payload.
pub fn ok(value: Val) -> Val {
    Val::Result(Ok(Some(Box::new(value))))
}

/// `ok` without a payload.
pub fn done() -> Val {
    Val::Result(Ok(None))
}

/// `err` with a variant's case that has no payload.
pub fn refused(case: &str) -> Val {
    Val::Result(Err(Some(Box::new(Val::Variant(case.to_owned(), None)))))
}

/// `err` with a variant's case that says more in a sentence.
pub fn refused_because(case: &str, sentence: String) -> Val {
    Val::Result(Err(Some(Box::new(Val::Variant(case.to_owned(), Some(Box::new(Val::String(sentence))))))))
}
