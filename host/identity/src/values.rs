//! Between the kernel's dynamic values and Rust: arguments in, results out.
//!
//! The kernel has checked arguments against the WIT types before a provider sees them; a mismatch
//! here is a mistake of this crate, and is answered as one instead of a panic.

use hamlet_kernel::CallError;
use hamlet_reflect::Id;
use wasmtime::component::Val;

/// Why a function of a provider stops: a refusal that its WIT names, or the end of the transaction.
#[derive(Debug)]
pub(crate) enum Stop<E> {
    /// An `err` of the function (T2).
    Refused(E),
    /// Dooms the transaction (T3).
    Doomed(CallError),
}

impl<E> From<CallError> for Stop<E> {
    fn from(error: CallError) -> Self {
        Self::Doomed(error)
    }
}

/// A function's error variant.
pub(crate) trait Case {
    /// The case with its payload.
    fn to_val(&self) -> Val;
}

/// An enum of errors, with the names that the WIT gives its cases. A case holds nothing, or one text.
macro_rules! cases {
    ($(#[$about:meta])* $vis:vis enum $name:ident {
        $($case:ident $(($text:ident: $type:ty))? = $label:literal,)+
    }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        $vis enum $name { $($case $(($type))?),+ }

        impl $crate::values::Case for $name {
            fn to_val(&self) -> ::wasmtime::component::Val {
                use ::wasmtime::component::Val;
                let (case, text): (&str, Option<&String>) = match self {
                    $(Self::$case $(($text))? => ($label, None $(.or(Some($text)))?)),+
                };
                Val::Variant(case.to_owned(), text.map(|text| Box::new(Val::String(text.clone()))))
            }
        }
    };
}
pub(crate) use cases;

/// Refuses with a case.
pub(crate) fn refuse<T, E>(error: E) -> Result<T, Stop<E>> {
    Err(Stop::Refused(error))
}

/// Turns what a function came to into its `result<T, error>`.
pub(crate) fn settle<E: Case>(outcome: Result<Option<Val>, Stop<E>>) -> Result<Val, CallError> {
    match outcome {
        Ok(value) => Ok(Val::Result(Ok(value.map(Box::new)))),
        Err(Stop::Refused(error)) => Ok(Val::Result(Err(Some(Box::new(error.to_val()))))),
        Err(Stop::Doomed(error)) => Err(error),
    }
}

/// The arguments of one call.
#[derive(Clone, Copy)]
pub(crate) struct Arguments<'a>(pub &'a [Val]);

impl<'a> Arguments<'a> {
    /// The argument at `index`.
    pub fn value(self, index: usize) -> Result<&'a Val, CallError> {
        self.0.get(index).ok_or_else(|| CallError::arguments(format!("argument {index} is missing")))
    }

    pub fn id(self, index: usize) -> Result<Id, CallError> {
        id(self.value(index)?)
    }

    pub fn text(self, index: usize) -> Result<&'a str, CallError> {
        text(self.value(index)?)
    }
}

pub(crate) fn id(value: &Val) -> Result<Id, CallError> {
    Id::from_val(value).ok_or_else(|| wrong("an id"))
}

pub(crate) fn text(value: &Val) -> Result<&str, CallError> {
    match value {
        Val::String(text) => Ok(text),
        Val::Enum(label) => Ok(label),
        _ => Err(wrong("a text")),
    }
}

pub(crate) fn flag(value: &Val) -> Result<bool, CallError> {
    match value {
        Val::Bool(flag) => Ok(*flag),
        _ => Err(wrong("a bool")),
    }
}

pub(crate) fn u32(value: &Val) -> Result<u32, CallError> {
    match value {
        Val::U32(number) => Ok(*number),
        _ => Err(wrong("a u32")),
    }
}

pub(crate) fn u64(value: &Val) -> Result<u64, CallError> {
    match value {
        Val::U64(number) => Ok(*number),
        _ => Err(wrong("a u64")),
    }
}

pub(crate) fn list(value: &Val) -> Result<&[Val], CallError> {
    match value {
        Val::List(items) => Ok(items),
        _ => Err(wrong("a list")),
    }
}

pub(crate) fn bytes(value: &Val) -> Result<Vec<u8>, CallError> {
    list(value)?
        .iter()
        .map(|item| match item {
            Val::U8(byte) => Ok(*byte),
            _ => Err(wrong("bytes")),
        })
        .collect()
}

/// A hash of 32 bytes, or a refusal where it has another length.
pub(crate) fn hash<E>(value: &Val, otherwise: E) -> Result<[u8; 32], Stop<E>> {
    <[u8; 32]>::try_from(bytes(value)?).or(refuse(otherwise))
}

/// An option, read by `read` where there is something.
pub(crate) fn option<'a, T>(
    value: &'a Val,
    read: impl FnOnce(&'a Val) -> Result<T, CallError>,
) -> Result<Option<T>, CallError> {
    match value {
        Val::Option(inner) => inner.as_deref().map(read).transpose(),
        _ => Err(wrong("an option")),
    }
}

/// A field of a record.
pub(crate) fn field<'a>(value: &'a Val, name: &str) -> Result<&'a Val, CallError> {
    let Val::Record(fields) = value else { return Err(wrong("a record")) };
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value).ok_or_else(|| wrong(name))
}

pub(crate) fn record<const N: usize>(fields: [(&str, Val); N]) -> Val {
    Val::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

pub(crate) fn some(value: Option<Val>) -> Val {
    Val::Option(value.map(Box::new))
}

fn wrong(expected: &str) -> CallError {
    CallError::arguments(format!("expected {expected}"))
}
