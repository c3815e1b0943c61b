//! How a value of a type lies in a guest's memory and in a function's flat parameters.
//!
//! Canonical ABI, "Alignment", "Element Size" and "Flattening" (component-model, `CanonicalABI.md`), for 32-bit memories.

use crate::types::{Shape, Type};

/// How many flat parameters a function has at most; with more, they lie in memory (`MAX_FLAT_PARAMS`).
pub const FLAT_PARAMS_MAX: usize = 16;

/// Where a value's parts are.
#[derive(Debug)]
pub(super) struct Layout {
    /// Bytes in memory.
    pub(super) size: usize,
    /// A power of two.
    pub(super) align: usize,
    /// Flat values.
    pub(super) flat: usize,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Bool,
    U8,
    U16,
    U32,
    U64,
    S8,
    S16,
    S32,
    S64,
    F32,
    F64,
    Char,
    Text,
    Bytes,
    List(Box<Layout>),
    /// Name, place in memory, type.
    Record(Vec<(String, usize, Layout)>),
    Tuple(Vec<(usize, Layout)>),
    Option(Box<Layout>, Payload),
    Result([Option<Box<Layout>>; 2], Payload),
    Variant(Vec<(String, Option<Layout>)>, Payload),
    Enum(Vec<String>, Payload),
    Flags(Vec<String>),
}

/// A variant's discriminant and where what it carries begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Payload {
    /// Bytes of the discriminant.
    pub(super) tag: usize,
    pub(super) at: usize,
}

impl Layout {
    pub(super) fn of(ty: &Type) -> Self {
        let scalar = |kind, size| Self { size, align: size, flat: 1, kind };
        match ty {
            Type::Bool => scalar(Kind::Bool, 1),
            Type::U8 => scalar(Kind::U8, 1),
            Type::S8 => scalar(Kind::S8, 1),
            Type::U16 => scalar(Kind::U16, 2),
            Type::S16 => scalar(Kind::S16, 2),
            Type::U32 => scalar(Kind::U32, 4),
            Type::S32 => scalar(Kind::S32, 4),
            Type::U64 => scalar(Kind::U64, 8),
            Type::S64 => scalar(Kind::S64, 8),
            Type::F32 => scalar(Kind::F32, 4),
            Type::F64 => scalar(Kind::F64, 8),
            Type::Char => scalar(Kind::Char, 4),
            Type::String => Self::pair(Kind::Text),
            Type::Bytes => Self::pair(Kind::Bytes),
            Type::List(item) => Self::pair(Kind::List(Box::new(Self::of(item)))),
            Type::Id => {
                Self::record(["high", "low"].into_iter().map(|name| (name.to_owned(), scalar(Kind::U64, 8))))
            }
            Type::Tuple(types) => {
                let (whole, places) = Self::in_order(types.iter().map(Self::of).collect());
                Self { kind: Kind::Tuple(places), ..whole }
            }
            Type::Option(inner) => {
                let inner = Self::of(inner);
                let (whole, payload) = Self::either(2, [Some(&inner)].into_iter());
                Self { kind: Kind::Option(Box::new(inner), payload), ..whole }
            }
            Type::Result { ok, err } => {
                let sides = [ok, err].map(|side| side.as_deref().map(|ty| Box::new(Self::of(ty))));
                let (whole, payload) = Self::either(2, sides.iter().map(Option::as_deref));
                Self { kind: Kind::Result(sides, payload), ..whole }
            }
            Type::Named(named) => match &named.shape {
                Shape::Record(fields) => {
                    Self::record(fields.iter().map(|field| (field.name.clone(), Self::of(&field.ty))))
                }
                Shape::Variant(cases) => {
                    let cases: Vec<_> = cases
                        .iter()
                        .map(|case| (case.name.clone(), case.ty.as_ref().map(Self::of)))
                        .collect();
                    let (whole, payload) =
                        Self::either(cases.len(), cases.iter().map(|(_, layout)| layout.as_ref()));
                    Self { kind: Kind::Variant(cases, payload), ..whole }
                }
                Shape::Enum(labels) => {
                    let cases: Vec<_> = labels.iter().map(|label| label.name.clone()).collect();
                    let (whole, payload) = Self::either(cases.len(), std::iter::empty());
                    Self { kind: Kind::Enum(cases, payload), ..whole }
                }
                Shape::Flags(labels) => Self::flags(labels.iter().map(|label| label.name.clone()).collect()),
            },
        }
    }

    /// A pointer and a length.
    fn pair(kind: Kind) -> Self {
        Self { size: 8, align: 4, flat: 2, kind }
    }

    fn record(fields: impl Iterator<Item = (String, Self)>) -> Self {
        let (names, layouts): (Vec<_>, Vec<_>) = fields.unzip();
        let (whole, places) = Self::in_order(layouts);
        let fields = names.into_iter().zip(places).map(|(name, (at, layout))| (name, at, layout)).collect();
        Self { kind: Kind::Record(fields), ..whole }
    }

    /// Values one after another: the whole, and each one's place.
    pub(super) fn in_order(layouts: Vec<Self>) -> (Self, Vec<(usize, Self)>) {
        let (mut end, mut align, mut flat) = (0_usize, 1, 0);
        let mut places = Vec::with_capacity(layouts.len());
        for layout in layouts {
            let at = end.next_multiple_of(layout.align);
            end = at + layout.size;
            align = align.max(layout.align);
            flat += layout.flat;
            places.push((at, layout));
        }
        (Self { size: end.next_multiple_of(align), align, flat, kind: Kind::Bool }, places)
    }

    /// One of so many cases.
    fn either<'a>(count: usize, payloads: impl Iterator<Item = Option<&'a Self>>) -> (Self, Payload) {
        let tag: usize = match count {
            0..=0x100 => 1,
            0x101..=0x1_0000 => 2,
            _ => 4,
        };
        let (mut size, mut align, mut flat) = (0, 1, 0);
        for layout in payloads.flatten() {
            size = size.max(layout.size);
            align = align.max(layout.align);
            flat = flat.max(layout.flat);
        }
        let at = tag.next_multiple_of(align);
        let align = align.max(tag);
        let whole =
            Self { size: (at + size).next_multiple_of(align), align, flat: 1 + flat, kind: Kind::Bool };
        (whole, Payload { tag, at })
    }

    fn flags(names: Vec<String>) -> Self {
        let (size, align, flat) = match names.len() {
            0 => (0, 1, 0),
            1..=8 => (1, 1, 1),
            9..=16 => (2, 2, 1),
            count => (count.div_ceil(32) * 4, 4, count.div_ceil(32)),
        };
        Self { size, align, flat, kind: Kind::Flags(names) }
    }
}
