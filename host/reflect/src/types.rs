//! The types, functions and interfaces of WIT as the host sees them: names and docs kept, aliases
//! followed, and nothing that cannot be a value (no resources, streams or futures).
//!
//! These are the host's own, not the engine's, whose types carry no names (C3). They are built by
//! [`crate::decode`] and [`crate::parse_texts`] and never change afterwards, so they are shared by `Arc`.

use std::fmt;
use std::sync::Arc;

/// A type of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// `bool`
    Bool,
    /// `u8`
    U8,
    /// `u16`
    U16,
    /// `u32`
    U32,
    /// `u64`; a string in JSON answers (C4)
    U64,
    /// `s8`
    S8,
    /// `s16`
    S16,
    /// `s32`
    S32,
    /// `s64`; a string in JSON answers (C4)
    S64,
    /// `f32`; NaN and infinities are refused in JSON
    F32,
    /// `f64`; NaN and infinities are refused in JSON
    F64,
    /// `char`
    Char,
    /// `string`
    String,
    /// `hamlet:host/types.id`, through whatever aliases (C5)
    Id,
    /// `list<u8>`
    Bytes,
    /// `list<T>` of anything but `u8`
    List(Arc<Type>),
    /// `option<T>`, where `T` is no option
    Option(Arc<Type>),
    /// `result<T, E>`
    Result {
        /// What comes with success, if anything.
        ok: Option<Arc<Type>>,
        /// What comes with failure, if anything.
        err: Option<Arc<Type>>,
    },
    /// `tuple<…>`
    Tuple(Arc<[Type]>),
    /// A record, variant, enum or flags, under its own name.
    Named(Arc<Named>),
}

/// A type that somebody gave a name and, with luck, a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Where it was defined: `hamlet:x/types@0.1.0#transfer`.
    pub qualified: String,
    /// Its name there: `transfer`.
    pub name: String,
    /// Its doc comment; empty when there is none.
    pub docs: String,
    /// What it is.
    pub shape: Shape,
}

/// What a named type is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// All of these fields.
    Record(Vec<Field>),
    /// One of these cases, some with a value.
    Variant(Vec<Case>),
    /// One of these names.
    Enum(Vec<Label>),
    /// Any of these names.
    Flags(Vec<Label>),
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Kebab-case, unique in the record.
    pub name: String,
    /// Its doc comment; empty when there is none.
    pub docs: String,
    /// Its type.
    pub ty: Type,
}

/// A case of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Kebab-case, unique in the variant.
    pub name: String,
    /// Its doc comment; empty when there is none.
    pub docs: String,
    /// The type of what it carries, if it carries anything.
    pub ty: Option<Type>,
}

/// A name of an enum or of flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Kebab-case, unique in the type.
    pub name: String,
    /// Its doc comment; empty when there is none.
    pub docs: String,
}

/// A parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Kebab-case, unique in the function.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// A function of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Kebab-case, unique in the interface.
    pub name: String,
    /// Its doc comment; empty when there is none.
    pub docs: String,
    /// In order.
    pub params: Vec<Param>,
    /// What it gives, if anything. Event functions give nothing (E1).
    pub result: Option<Type>,
}

/// An interface: functions and the types that they speak of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its full name: `hamlet:x/transfers@0.1.0`.
    pub id: String,
    /// Its name in its package: `transfers`.
    pub short: String,
    /// Its package's version: `0.1.0`. Never empty.
    pub version: String,
    /// Its doc comment; empty when there is none.
    pub docs: String,
    /// In the order of the package.
    pub functions: Vec<Arc<Function>>,
    /// The records, variants, enums and flags that this interface itself defines.
    pub types: Vec<Arc<Named>>,
}

/// All that a component asks for and gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// Its full name: `example:shop/shop@0.1.0`.
    pub id: String,
    /// Its doc comment; empty when there is none.
    pub docs: String,
    /// What it may import. Interfaces that only define types are here too, without functions.
    pub imports: Vec<Arc<Interface>>,
    /// What it exports.
    pub exports: Vec<Arc<Interface>>,
}

impl Interface {
    /// The function of this name.
    pub fn function(&self, name: &str) -> Option<&Arc<Function>> {
        self.functions.iter().find(|function| function.name == name)
    }
}

impl World {
    /// The imported interface with this full name.
    pub fn import(&self, id: &str) -> Option<&Arc<Interface>> {
        self.imports.iter().find(|interface| interface.id == id)
    }

    /// The exported interface with this full name.
    pub fn export(&self, id: &str) -> Option<&Arc<Interface>> {
        self.exports.iter().find(|interface| interface.id == id)
    }
}

impl Type {
    /// Whether a value may be left out of a record or of a call's arguments.
    pub fn is_option(&self) -> bool {
        matches!(self, Self::Option(_))
    }

    /// The cases by which a function of this result type can fail: the error type of a `result`.
    pub fn error(&self) -> Option<&Type> {
        match self {
            Self::Result { err, .. } => err.as_deref(),
            _ => None,
        }
    }
}

impl Shape {
    /// `record`, `variant`, `enum` or `flags`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Record(_) => "record",
            Self::Variant(_) => "variant",
            Self::Enum(_) => "enum",
            Self::Flags(_) => "flags",
        }
    }
}

impl fmt::Display for Type {
    /// As WIT writes it, named types by their short name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::U8 => f.write_str("u8"),
            Self::U16 => f.write_str("u16"),
            Self::U32 => f.write_str("u32"),
            Self::U64 => f.write_str("u64"),
            Self::S8 => f.write_str("s8"),
            Self::S16 => f.write_str("s16"),
            Self::S32 => f.write_str("s32"),
            Self::S64 => f.write_str("s64"),
            Self::F32 => f.write_str("f32"),
            Self::F64 => f.write_str("f64"),
            Self::Char => f.write_str("char"),
            Self::String => f.write_str("string"),
            Self::Id => f.write_str("id"),
            Self::Bytes => f.write_str("list<u8>"),
            Self::List(item) => write!(f, "list<{item}>"),
            Self::Option(inner) => write!(f, "option<{inner}>"),
            Self::Result { ok: None, err: None } => f.write_str("result"),
            Self::Result { ok: Some(ok), err: None } => write!(f, "result<{ok}>"),
            Self::Result { ok: None, err: Some(err) } => write!(f, "result<_, {err}>"),
            Self::Result { ok: Some(ok), err: Some(err) } => write!(f, "result<{ok}, {err}>"),
            Self::Tuple(types) => {
                f.write_str("tuple<")?;
                for (index, ty) in types.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{ty}")?;
                }
                f.write_str(">")
            }
            Self::Named(named) => f.write_str(&named.name),
        }
    }
}
