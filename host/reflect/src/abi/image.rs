//! Arguments as a guest's memory will hold them, but for the addresses, which only the guest can give.
//!
//! Made on the caller's thread. Whatever is not of the function's types has no image: it is handed over as values, and
//! the engine says what is wrong with it.

use std::sync::Arc;

use wasmtime::component::Val;

use super::layout::{FLAT_PARAMS_MAX, Kind, Layout, Payload};
use crate::types::Function;

/// How a function takes its arguments.
#[derive(Debug)]
pub struct Signature {
    pub(super) params: Vec<(usize, Layout)>,
    /// Bytes and alignment of all together.
    pub(super) size: usize,
    pub(super) align: usize,
    pub(super) flat: usize,
}

impl Signature {
    /// Of a function. Cost: some 100 ns for each field; once an install.
    pub fn of(function: &Function) -> Self {
        let (whole, params) =
            Layout::in_order(function.params.iter().map(|param| Layout::of(&param.ty)).collect());
        Self { params, size: whole.size, align: whole.align, flat: whole.flat }
    }

    fn is_flat(&self) -> bool {
        self.flat <= FLAT_PARAMS_MAX
    }

    /// The image of arguments; none where they do not fit, or are more than a 32-bit memory holds.
    ///
    /// Cost: some 10 ns a field.
    pub fn image(self: &Arc<Self>, arguments: &[Val]) -> Option<Image> {
        if arguments.len() != self.params.len() {
            return None;
        }
        let mut image = Image {
            signature: Arc::clone(self),
            slots: [0; FLAT_PARAMS_MAX],
            bytes: Vec::new(),
            texts: String::new(),
            pieces: Vec::new(),
        };
        if self.is_flat() {
            let mut slot = 0;
            for (value, (_, layout)) in arguments.iter().zip(&self.params) {
                image.flatten(layout, value, slot)?;
                slot += layout.flat;
            }
        } else {
            let block = image.block(Parent::Slot(0), self.align, self.size, 1)?;
            for (value, (at, layout)) in arguments.iter().zip(&self.params) {
                image.store(layout, value, Place { at: block.at + at, ..block })?;
            }
        }
        u32::try_from(image.bytes.len().max(image.texts.len()).max(image.pieces.len())).ok()?;
        Some(image)
    }
}

/// Arguments, ready to be copied into a guest.
#[derive(Debug)]
pub struct Image {
    pub(super) signature: Arc<Signature>,
    pub(super) slots: [u64; FLAT_PARAMS_MAX],
    /// All blocks, one after another.
    pub(super) bytes: Vec<u8>,
    pub(super) texts: String,
    /// In the order in which the guest is asked for memory.
    pub(super) pieces: Vec<Piece>,
}

/// What lies in memory of its own: the arguments themselves where they are many, a list, a text.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) parent: Parent,
    pub(super) what: What,
    /// A part of `bytes` or `texts`.
    pub(super) from: usize,
    pub(super) length: usize,
}

#[derive(Debug)]
pub(super) enum What {
    Text,
    /// Items of a list, with what they are aligned to; 1 for the arguments themselves.
    Block {
        align: usize,
        count: usize,
    },
}

/// Where the address of a piece is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Parent {
    /// A flat parameter.
    Slot(usize),
    /// In another piece, so many bytes after its beginning.
    Piece(usize, usize),
}

/// A place in `bytes`.
#[derive(Clone, Copy)]
struct Place {
    /// The piece that it is in, and where in `bytes` that begins.
    piece: usize,
    begin: usize,
    at: usize,
}

impl Place {
    fn parent(self) -> Parent {
        Parent::Piece(self.piece, self.at - self.begin)
    }

    fn plus(self, bytes: usize) -> Self {
        Self { at: self.at + bytes, ..self }
    }
}

impl Image {
    /// Whether it was made for this signature, and not for that of another version.
    pub fn is_of(&self, signature: &Arc<Signature>) -> bool {
        Arc::ptr_eq(&self.signature, signature)
    }

    /// Memory of its own, zeroed.
    fn block(&mut self, parent: Parent, align: usize, size: usize, count: usize) -> Option<Place> {
        let (piece, from) = (self.pieces.len(), self.bytes.len());
        let length = size.checked_mul(count)?;
        u32::try_from(from.checked_add(length)?).ok()?;
        self.bytes.resize(from + length, 0);
        self.pieces.push(Piece { parent, what: What::Block { align, count }, from, length });
        Some(Place { piece, begin: from, at: from })
    }

    fn text(&mut self, parent: Parent, text: &str) {
        let from = self.texts.len();
        self.texts.push_str(text);
        self.pieces.push(Piece { parent, what: What::Text, from, length: text.len() });
    }

    fn list(&mut self, parent: Parent, item: &Layout, items: &[Val]) -> Option<()> {
        let block = self.block(parent, item.align, item.size, items.len())?;
        for (index, value) in items.iter().enumerate() {
            self.store(item, value, block.plus(index * item.size))?;
        }
        Some(())
    }

    fn octets(&mut self, parent: Parent, items: &[Val]) -> Option<()> {
        let block = self.block(parent, 1, 1, items.len())?;
        for (to, value) in self.bytes.get_mut(block.at..)?.iter_mut().zip(items) {
            let Val::U8(byte) = value else { return None };
            *to = *byte;
        }
        Some(())
    }

    fn write<const N: usize>(&mut self, place: Place, bytes: [u8; N]) -> Option<()> {
        *self.bytes.get_mut(place.at..)?.first_chunk_mut::<N>()? = bytes;
        Some(())
    }

    fn tag(&mut self, place: Place, payload: Payload, tag: usize) -> Option<()> {
        let bytes = u32::try_from(tag).ok()?.to_le_bytes();
        let to = self.bytes.get_mut(place.at..place.at + payload.tag)?;
        to.copy_from_slice(bytes.get(..payload.tag)?);
        Some(())
    }

    /// Writes a value to its place; none where it is of another type.
    fn store(&mut self, layout: &Layout, value: &Val, place: Place) -> Option<()> {
        match (&layout.kind, value) {
            (Kind::Text, Val::String(text)) => self.text(place.parent(), text),
            (Kind::Bytes, Val::List(items)) => self.octets(place.parent(), items)?,
            (Kind::List(item), Val::List(items)) => self.list(place.parent(), item, items)?,
            (Kind::Record(fields), Val::Record(values)) if fields.len() == values.len() => {
                for ((name, at, layout), (given, value)) in fields.iter().zip(values) {
                    if name != given {
                        return None;
                    }
                    self.store(layout, value, place.plus(*at))?;
                }
            }
            (Kind::Tuple(parts), Val::Tuple(values)) if parts.len() == values.len() => {
                for ((at, layout), value) in parts.iter().zip(values) {
                    self.store(layout, value, place.plus(*at))?;
                }
            }
            (Kind::Flags(names), Val::Flags(given)) => {
                for (word, bits) in bits_of(names, given)?.into_iter().enumerate() {
                    let size = layout.size.min(4);
                    let to = self.bytes.get_mut(place.at + word * 4..)?.get_mut(..size)?;
                    to.copy_from_slice(bits.to_le_bytes().get(..size)?);
                }
            }
            _ => match case_of(&layout.kind, value) {
                Some((payload, tag, carried)) => {
                    self.tag(place, payload, tag)?;
                    if let Some((layout, value)) = carried {
                        self.store(layout, value, place.plus(payload.at))?;
                    }
                }
                None => self.store_number(&layout.kind, value, place)?,
            },
        }
        Some(())
    }

    fn store_number(&mut self, kind: &Kind, value: &Val, place: Place) -> Option<()> {
        match (kind, value) {
            (Kind::Bool, Val::Bool(b)) => self.write(place, [u8::from(*b)]),
            (Kind::U8, Val::U8(n)) => self.write(place, [*n]),
            (Kind::S8, Val::S8(n)) => self.write(place, n.to_le_bytes()),
            (Kind::U16, Val::U16(n)) => self.write(place, n.to_le_bytes()),
            (Kind::S16, Val::S16(n)) => self.write(place, n.to_le_bytes()),
            (Kind::U32, Val::U32(n)) => self.write(place, n.to_le_bytes()),
            (Kind::S32, Val::S32(n)) => self.write(place, n.to_le_bytes()),
            (Kind::U64, Val::U64(n)) => self.write(place, n.to_le_bytes()),
            (Kind::S64, Val::S64(n)) => self.write(place, n.to_le_bytes()),
            (Kind::F32, Val::Float32(n)) => self.write(place, n.to_bits().to_le_bytes()),
            (Kind::F64, Val::Float64(n)) => self.write(place, n.to_bits().to_le_bytes()),
            (Kind::Char, Val::Char(c)) => self.write(place, u32::from(*c).to_le_bytes()),
            _ => None,
        }
    }

    /// Writes a value as flat parameters from this slot on; none where it is of another type.
    ///
    /// A case's parameters are joined with those of the other cases to the widest of them. What is narrower stands in
    /// its low bits, and the rest is zero: so nothing but the number of slots depends on the other cases.
    fn flatten(&mut self, layout: &Layout, value: &Val, slot: usize) -> Option<()> {
        match (&layout.kind, value) {
            (Kind::Text, Val::String(text)) => self.text(Parent::Slot(slot), text),
            (Kind::Bytes, Val::List(items)) => self.octets(Parent::Slot(slot), items)?,
            (Kind::List(item), Val::List(items)) => self.list(Parent::Slot(slot), item, items)?,
            (Kind::Record(fields), Val::Record(values)) if fields.len() == values.len() => {
                let mut slot = slot;
                for ((name, _, layout), (given, value)) in fields.iter().zip(values) {
                    if name != given {
                        return None;
                    }
                    self.flatten(layout, value, slot)?;
                    slot += layout.flat;
                }
            }
            (Kind::Tuple(parts), Val::Tuple(values)) if parts.len() == values.len() => {
                let mut slot = slot;
                for ((_, layout), value) in parts.iter().zip(values) {
                    self.flatten(layout, value, slot)?;
                    slot += layout.flat;
                }
            }
            (Kind::Flags(names), Val::Flags(given)) => {
                for (word, bits) in bits_of(names, given)?.into_iter().enumerate() {
                    *self.slots.get_mut(slot + word)? = u64::from(bits);
                }
            }
            _ => match case_of(&layout.kind, value) {
                Some((_, tag, carried)) => {
                    *self.slots.get_mut(slot)? = u64::try_from(tag).ok()?;
                    if let Some((layout, value)) = carried {
                        self.flatten(layout, value, slot + 1)?;
                    }
                }
                None => *self.slots.get_mut(slot)? = flat_number(&layout.kind, value)?,
            },
        }
        Some(())
    }
}

/// The number of a variant's case, and what it carries; none where the value is none of this variant.
#[expect(clippy::type_complexity, reason = "three parts, used in two places")]
fn case_of<'a>(kind: &'a Kind, value: &'a Val) -> Option<(Payload, usize, Option<(&'a Layout, &'a Val)>)> {
    let carried = |layout: Option<&'a Layout>, value: Option<&'a Val>| match (layout, value) {
        (None, None) => Some(None),
        (Some(layout), Some(value)) => Some(Some((layout, value))),
        _ => None,
    };
    match (kind, value) {
        (Kind::Option(_, payload), Val::Option(None)) => Some((*payload, 0, None)),
        (Kind::Option(inner, payload), Val::Option(Some(value))) => {
            Some((*payload, 1, Some((&**inner, &**value))))
        }
        (Kind::Result([ok, _], payload), Val::Result(Ok(value))) => {
            Some((*payload, 0, carried(ok.as_deref(), value.as_deref())?))
        }
        (Kind::Result([_, err], payload), Val::Result(Err(value))) => {
            Some((*payload, 1, carried(err.as_deref(), value.as_deref())?))
        }
        (Kind::Variant(cases, payload), Val::Variant(name, value)) => {
            let tag = cases.iter().position(|(case, _)| case == name)?;
            let (_, layout) = cases.get(tag)?;
            Some((*payload, tag, carried(layout.as_ref(), value.as_deref())?))
        }
        (Kind::Enum(names, payload), Val::Enum(name)) => {
            Some((*payload, names.iter().position(|label| label == name)?, None))
        }
        _ => None,
    }
}

/// Flags as words of 32 bits; none where one has no such name.
fn bits_of(names: &[String], given: &[String]) -> Option<Vec<u32>> {
    let mut words = vec![0; names.len().div_ceil(32)];
    for name in given {
        let at = names.iter().position(|label| label == name)?;
        *words.get_mut(at / 32)? |= 1 << (at % 32);
    }
    Some(words)
}

/// Integers of fewer than 32 bits are extended to 32, those and all others to 64 with zeros.
fn flat_number(kind: &Kind, value: &Val) -> Option<u64> {
    let signed = |n: i32| u64::from(n.cast_unsigned());
    Some(match (kind, value) {
        (Kind::Bool, Val::Bool(b)) => u64::from(*b),
        (Kind::U8, Val::U8(n)) => u64::from(*n),
        (Kind::U16, Val::U16(n)) => u64::from(*n),
        (Kind::U32, Val::U32(n)) => u64::from(*n),
        (Kind::U64, Val::U64(n)) => *n,
        (Kind::S8, Val::S8(n)) => signed(i32::from(*n)),
        (Kind::S16, Val::S16(n)) => signed(i32::from(*n)),
        (Kind::S32, Val::S32(n)) => signed(*n),
        (Kind::S64, Val::S64(n)) => n.cast_unsigned(),
        (Kind::F32, Val::Float32(n)) => u64::from(n.to_bits()),
        (Kind::F64, Val::Float64(n)) => n.to_bits(),
        (Kind::Char, Val::Char(c)) => u64::from(u32::from(*c)),
        _ => return None,
    })
}
