//! Small helpers over component values.

use std::borrow::Cow;

use hamlet_reflect::abi::{Encoded, Image};
use hamlet_reflect::{Id, Shape, Type, binary};
use wasmtime::component::Val;

use crate::call::CallError;

/// What a function gave, as `Answer` shows it: `result<T, E>` taken apart.
pub(crate) type Outcome = Result<Option<Val>, Option<Val>>;

/// The arguments of a call: as values, and where they were made for the very function that is called, as the image of
/// what its memory will hold.
#[derive(Clone, Copy)]
pub(crate) struct Passed<'a> {
    pub(crate) values: &'a [Val],
    pub(crate) image: Option<&'a Image>,
}

impl<'a> From<&'a [Val]> for Passed<'a> {
    fn from(values: &'a [Val]) -> Self {
        Self { values, image: None }
    }
}

/// The whole result value of a function; as values where somebody in the host looks at it, else in binary until it is on
/// its caller's thread.
#[derive(Debug)]
pub(crate) enum Given {
    Value(Option<Val>),
    /// Empty where the function has no result.
    Encoded(Encoded),
}

impl Given {
    /// Whether it is an `err`: its writes are undone (T2).
    pub(crate) fn is_err(&self) -> bool {
        match self {
            Self::Value(value) => is_err(value.as_ref()),
            Self::Encoded(encoded) => binary::is_err(&encoded.0),
        }
    }

    /// Whether there is a result at all.
    pub(crate) fn is_some(&self) -> bool {
        match self {
            Self::Value(value) => value.is_some(),
            Self::Encoded(encoded) => !encoded.0.is_empty(),
        }
    }

    /// In binary; nothing where there is no result.
    pub(crate) fn encoded(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Value(value) => Cow::Owned(binary::encode(value.as_slice())),
            Self::Encoded(encoded) => Cow::Borrowed(&encoded.0),
        }
    }

    /// As a value.
    pub(crate) fn value(self) -> Result<Option<Val>, CallError> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Encoded(encoded) => binary::decode(&encoded.0)
                .map(|values| values.into_iter().next())
                .map_err(|why| CallError::internal(format!("a result cannot be read: {why}"))),
        }
    }

    /// Taken apart, as `Answer` shows it.
    pub(crate) fn outcome(self) -> Result<Outcome, CallError> {
        self.value().map(outcome)
    }
}

/// Takes the whole result value of a function apart.
pub(crate) fn outcome(value: Option<Val>) -> Outcome {
    match value {
        Some(Val::Result(Ok(payload))) => Ok(payload.map(|boxed| *boxed)),
        Some(Val::Result(Err(payload))) => Err(payload.map(|boxed| *boxed)),
        other => Ok(other),
    }
}

/// Whether a whole result value is an `err`: its writes are undone (T2).
pub(crate) fn is_err(value: Option<&Val>) -> bool {
    matches!(value, Some(Val::Result(Err(_))))
}

/// Whether a value is of a type. For values that did not come out of a guest, which the engine checks itself.
pub(crate) fn fits(ty: &Type, value: &Val) -> bool {
    match (ty, value) {
        (Type::Bool, Val::Bool(_))
        | (Type::U8, Val::U8(_))
        | (Type::U16, Val::U16(_))
        | (Type::U32, Val::U32(_))
        | (Type::U64, Val::U64(_))
        | (Type::S8, Val::S8(_))
        | (Type::S16, Val::S16(_))
        | (Type::S32, Val::S32(_))
        | (Type::S64, Val::S64(_))
        | (Type::F32, Val::Float32(_))
        | (Type::F64, Val::Float64(_))
        | (Type::Char, Val::Char(_))
        | (Type::String, Val::String(_))
        | (Type::Option(_), Val::Option(None)) => true,
        (Type::Id, value) => Id::from_val(value).is_some(),
        (Type::Bytes, Val::List(items)) => items.iter().all(|item| matches!(item, Val::U8(_))),
        (Type::List(item), Val::List(items)) => items.iter().all(|value| fits(item, value)),
        (Type::Option(inner), Val::Option(Some(value))) => fits(inner, value),
        (Type::Result { ok, .. }, Val::Result(Ok(value))) => payload_fits(ok.as_deref(), value.as_deref()),
        (Type::Result { err, .. }, Val::Result(Err(value))) => payload_fits(err.as_deref(), value.as_deref()),
        (Type::Tuple(types), Val::Tuple(values)) => {
            types.len() == values.len() && types.iter().zip(values).all(|(ty, value)| fits(ty, value))
        }
        (Type::Named(named), value) => shape_fits(&named.shape, value),
        _ => false,
    }
}

fn payload_fits(ty: Option<&Type>, value: Option<&Val>) -> bool {
    match (ty, value) {
        (None, None) => true,
        (Some(ty), Some(value)) => fits(ty, value),
        _ => false,
    }
}

fn shape_fits(shape: &Shape, value: &Val) -> bool {
    match (shape, value) {
        (Shape::Record(fields), Val::Record(values)) => {
            fields.len() == values.len()
                && fields
                    .iter()
                    .zip(values)
                    .all(|(field, (name, value))| field.name == *name && fits(&field.ty, value))
        }
        (Shape::Variant(cases), Val::Variant(name, value)) => {
            cases.iter().any(|case| case.name == *name && payload_fits(case.ty.as_ref(), value.as_deref()))
        }
        (Shape::Enum(labels), Val::Enum(name)) => labels.iter().any(|label| label.name == *name),
        (Shape::Flags(labels), Val::Flags(names)) => {
            names.iter().all(|name| labels.iter().any(|label| label.name == *name))
        }
        _ => false,
    }
}
