//! Values out of a guest, straight into their binary form ([`crate::binary`]).
//!
//! Driven by the engine's own types, which it checked when it compiled the component, so there is nothing to disagree
//! with. Bytes for bytes what `binary::encode` gives for the values that the engine would have made; and the same bound
//! on how much the host makes of what it is handed (the engine's fuel for host calls), counted as those values would be.

use wasmtime::component::__internal::{InterfaceType, LiftContext};
use wasmtime::component::{Lift as _, Val};
use wasmtime::{Result, ValRaw, bail};

use crate::binary::{push_bytes, push_leb128, push_text, tag, zigzag};

/// The flat values that are left.
pub(super) type Flat<'a> = std::slice::Iter<'a, ValRaw>;

/// Appends the value at this address.
pub(super) fn load(cx: &mut LiftContext<'_>, ty: InterfaceType, at: usize, out: &mut Vec<u8>) -> Result<()> {
    let types = cx.types;
    match ty {
        InterfaceType::String => {
            let Some(pair) = cx.memory().get(at..).and_then(|rest| rest.get(..8)) else { return outside() };
            let text = String::linear_lift_from_memory(cx, ty, pair)?;
            push_text(out, tag::STRING, &text);
        }
        InterfaceType::List(list) => {
            let (pointer, length) = (word(cx, at)?, word(cx, at + 4)?);
            items(cx, types[list].element, pointer, length, out)?;
        }
        InterfaceType::Record(record) => {
            let fields = &types[record].fields;
            cx.consume_fuel_array(fields.len(), size_of::<Val>())?;
            out.push(tag::RECORD);
            push_leb128(out, fields.len() as u64);
            let mut end = 0;
            for field in fields {
                cx.consume_fuel(field.name.len())?;
                let place = types.canonical_abi(&field.ty).next_field32(&mut end);
                push_bytes(out, field.name.as_bytes());
                load(cx, field.ty, at + place as usize, out)?;
            }
        }
        InterfaceType::Tuple(tuple) => {
            let parts = &types[tuple].types;
            cx.consume_fuel_array(parts.len(), size_of::<Val>())?;
            out.push(tag::TUPLE);
            push_leb128(out, parts.len() as u64);
            let mut end = 0;
            for ty in parts {
                let place = types.canonical_abi(ty).next_field32(&mut end);
                load(cx, *ty, at + place as usize, out)?;
            }
        }
        InterfaceType::Flags(flags) => {
            let count = types[flags].names.len();
            let mut words = Vec::with_capacity(1);
            match count {
                0 => {}
                1..=8 => words.push(u32::from(array::<1>(cx, at)?[0])),
                9..=16 => words.push(u32::from(u16::from_le_bytes(array(cx, at)?))),
                _ => {
                    for index in 0..count.div_ceil(32) {
                        words.push(u32::from_le_bytes(array(cx, at + index * 4)?));
                    }
                }
            }
            push_flags(cx, ty, &words, out)?;
        }
        InterfaceType::Variant(_)
        | InterfaceType::Enum(_)
        | InterfaceType::Option(_)
        | InterfaceType::Result(_) => {
            let (count, payload_at) = cases(cx, ty);
            let case = match count {
                0..=0x100 => u32::from(array::<1>(cx, at)?[0]),
                0x101..=0x1_0000 => u32::from(u16::from_le_bytes(array(cx, at)?)),
                _ => u32::from_le_bytes(array(cx, at)?),
            };
            if let Some(carried) = push_case(cx, ty, case, count, out)? {
                load(cx, carried, at + payload_at, out)?;
            }
        }
        InterfaceType::Bool | InterfaceType::U8 | InterfaceType::S8 => {
            number(ty, u64::from(array::<1>(cx, at)?[0]), out)?;
        }
        InterfaceType::U16 | InterfaceType::S16 => {
            number(ty, u64::from(u16::from_le_bytes(array(cx, at)?)), out)?;
        }
        InterfaceType::U32 | InterfaceType::S32 | InterfaceType::Float32 | InterfaceType::Char => {
            number(ty, u64::from(u32::from_le_bytes(array(cx, at)?)), out)?;
        }
        InterfaceType::U64 | InterfaceType::S64 | InterfaceType::Float64 => {
            number(ty, u64::from_le_bytes(array(cx, at)?), out)?;
        }
        _ => bail!("a value of a kind that cannot cross the boundary"),
    }
    Ok(())
}

/// Appends the value that stands in flat values, and takes them.
pub(super) fn lift(
    cx: &mut LiftContext<'_>,
    ty: InterfaceType,
    flat: &mut Flat<'_>,
    out: &mut Vec<u8>,
) -> Result<()> {
    let types = cx.types;
    match ty {
        InterfaceType::String => {
            let pair = [take(flat)?, take(flat)?];
            let text = String::linear_lift_from_flat(cx, ty, &pair)?;
            push_text(out, tag::STRING, &text);
        }
        InterfaceType::List(list) => {
            let (pointer, length) = (take(flat)?.get_u32() as usize, take(flat)?.get_u32() as usize);
            items(cx, types[list].element, pointer, length, out)?;
        }
        InterfaceType::Record(record) => {
            let fields = &types[record].fields;
            cx.consume_fuel_array(fields.len(), size_of::<Val>())?;
            out.push(tag::RECORD);
            push_leb128(out, fields.len() as u64);
            for field in fields {
                cx.consume_fuel(field.name.len())?;
                push_bytes(out, field.name.as_bytes());
                lift(cx, field.ty, flat, out)?;
            }
        }
        InterfaceType::Tuple(tuple) => {
            let parts = &types[tuple].types;
            cx.consume_fuel_array(parts.len(), size_of::<Val>())?;
            out.push(tag::TUPLE);
            push_leb128(out, parts.len() as u64);
            for ty in parts {
                lift(cx, *ty, flat, out)?;
            }
        }
        InterfaceType::Flags(flags) => {
            let words = types[flags].names.len().div_ceil(32);
            let words = (0..words).map(|_| Ok(take(flat)?.get_u32())).collect::<Result<Vec<_>>>()?;
            push_flags(cx, ty, &words, out)?;
        }
        InterfaceType::Variant(_)
        | InterfaceType::Enum(_)
        | InterfaceType::Option(_)
        | InterfaceType::Result(_) => {
            let (count, _) = cases(cx, ty);
            let case = take(flat)?.get_u32();
            // The other cases' values beyond those of this one mean nothing.
            let more = types.canonical_abi(&ty).flat_count(usize::MAX).unwrap_or(1).saturating_sub(1);
            let (mine, rest) = flat.as_slice().split_at_checked(more).unwrap_or((flat.as_slice(), &[]));
            *flat = rest.iter();
            if let Some(carried) = push_case(cx, ty, case, count, out)? {
                lift(cx, carried, &mut mine.iter(), out)?;
            }
        }
        InterfaceType::Bool
        | InterfaceType::U8
        | InterfaceType::S8
        | InterfaceType::U16
        | InterfaceType::S16
        | InterfaceType::U32
        | InterfaceType::S32
        | InterfaceType::Float32
        | InterfaceType::Char => number(ty, u64::from(take(flat)?.get_u32()), out)?,
        InterfaceType::U64 | InterfaceType::S64 | InterfaceType::Float64 => {
            number(ty, take(flat)?.get_u64(), out)?;
        }
        _ => bail!("a value of a kind that cannot cross the boundary"),
    }
    Ok(())
}

/// Appends a number of which the low bits are given.
#[expect(clippy::cast_possible_truncation, reason = "the bits above are not part of the number")]
fn number(ty: InterfaceType, bits: u64, out: &mut Vec<u8>) -> Result<()> {
    let leb = |out: &mut Vec<u8>, tag, value| {
        out.push(tag);
        push_leb128(out, value);
    };
    match ty {
        InterfaceType::Bool => out.push(if bits as u32 == 0 { tag::FALSE } else { tag::TRUE }),
        InterfaceType::U8 => out.extend_from_slice(&[tag::U8, bits as u8]),
        InterfaceType::S8 => out.extend_from_slice(&[tag::S8, bits as u8]),
        InterfaceType::U16 => leb(out, tag::U16, u64::from(bits as u16)),
        InterfaceType::S16 => leb(out, tag::S16, zigzag(i64::from((bits as u16).cast_signed()))),
        InterfaceType::U32 => leb(out, tag::U32, u64::from(bits as u32)),
        InterfaceType::S32 => leb(out, tag::S32, zigzag(i64::from((bits as u32).cast_signed()))),
        InterfaceType::U64 => leb(out, tag::U64, bits),
        InterfaceType::S64 => leb(out, tag::S64, zigzag(bits.cast_signed())),
        InterfaceType::Char => match char::from_u32(bits as u32) {
            Some(char) => leb(out, tag::CHAR, u64::from(u32::from(char))),
            None => bail!("{} is no character", bits as u32),
        },
        InterfaceType::Float32 => {
            let number = f32::from_bits(bits as u32);
            let bits = if number.is_nan() { f32::NAN.to_bits() } else { number.to_bits() };
            out.push(tag::F32);
            out.extend_from_slice(&bits.to_le_bytes());
        }
        InterfaceType::Float64 => {
            let number = f64::from_bits(bits);
            let bits = if number.is_nan() { f64::NAN.to_bits() } else { number.to_bits() };
            out.push(tag::F64);
            out.extend_from_slice(&bits.to_le_bytes());
        }
        _ => bail!("a value of a kind that cannot cross the boundary"),
    }
    Ok(())
}

/// Appends a list.
fn items(
    cx: &mut LiftContext<'_>,
    item: InterfaceType,
    pointer: usize,
    length: usize,
    out: &mut Vec<u8>,
) -> Result<()> {
    let abi = cx.types.canonical_abi(&item);
    let (size, align) = (abi.size32 as usize, abi.align32 as usize);
    let Some(bytes) = length.checked_mul(size) else { return outside() };
    let Some(whole) = cx.memory().get(pointer..).and_then(|rest| rest.get(..bytes)) else { return outside() };
    if !pointer.is_multiple_of(align) {
        bail!("list pointer is not aligned");
    }
    cx.consume_fuel_array(length, size_of::<Val>())?;
    if length > 0 && matches!(item, InterfaceType::U8) {
        out.push(tag::BYTES);
        push_bytes(out, whole);
        return Ok(());
    }
    out.push(tag::LIST);
    push_leb128(out, length as u64);
    for index in 0..length {
        load(cx, item, pointer + index * size, out)?;
    }
    Ok(())
}

/// How many cases a variant has, and where in memory what they carry begins.
fn cases(cx: &LiftContext<'_>, ty: InterfaceType) -> (usize, usize) {
    let types = cx.types;
    let (count, info) = match ty {
        InterfaceType::Variant(index) => (types[index].cases.len(), &types[index].info),
        InterfaceType::Enum(index) => (types[index].names.len(), &types[index].info),
        InterfaceType::Option(index) => (2, &types[index].info),
        InterfaceType::Result(index) => (2, &types[index].info),
        _ => return (0, 0),
    };
    (count, info.payload_offset32 as usize)
}

/// Appends a case but for what it carries; gives the type of that.
fn push_case(
    cx: &mut LiftContext<'_>,
    ty: InterfaceType,
    case: u32,
    count: usize,
    out: &mut Vec<u8>,
) -> Result<Option<InterfaceType>> {
    let types = cx.types;
    if case as usize >= count {
        bail!("discriminant {case} out of range [0..{count})");
    }
    let carried = match ty {
        InterfaceType::Variant(index) => match types[index].cases.get_index(case as usize) {
            Some((name, carried)) => {
                cx.consume_fuel(name.len())?;
                push_text(out, if carried.is_some() { tag::CASE } else { tag::BARE_CASE }, name);
                *carried
            }
            None => None,
        },
        InterfaceType::Enum(index) => {
            if let Some(name) = types[index].names.iter().nth(case as usize) {
                cx.consume_fuel(name.len())?;
                push_text(out, tag::ENUM, name);
            }
            None
        }
        InterfaceType::Option(index) => {
            let carried = (case == 1).then(|| types[index].ty);
            out.push(if carried.is_some() { tag::SOME } else { tag::NONE });
            carried
        }
        InterfaceType::Result(index) => {
            let (carried, whole, bare) = match case {
                0 => (types[index].ok, tag::OK, tag::BARE_OK),
                _ => (types[index].err, tag::ERR, tag::BARE_ERR),
            };
            out.push(if carried.is_some() { whole } else { bare });
            carried
        }
        _ => None,
    };
    if carried.is_some() {
        cx.consume_fuel(size_of::<Val>())?;
    }
    Ok(carried)
}

fn push_flags(cx: &mut LiftContext<'_>, ty: InterfaceType, words: &[u32], out: &mut Vec<u8>) -> Result<()> {
    let InterfaceType::Flags(index) = ty else { return Ok(()) };
    let types = cx.types;
    let is_set = |at: usize| words.get(at / 32).is_some_and(|word| word >> (at % 32) & 1 == 1);
    let set = || types[index].names.iter().enumerate().filter(|(at, _)| is_set(*at)).map(|(_, name)| name);
    out.push(tag::FLAGS);
    push_leb128(out, set().count() as u64);
    for name in set() {
        cx.consume_fuel(name.len())?;
        push_bytes(out, name.as_bytes());
    }
    Ok(())
}

fn take(flat: &mut Flat<'_>) -> Result<ValRaw> {
    match flat.next() {
        Some(value) => Ok(*value),
        None => bail!("a function gave fewer values than its type has"),
    }
}

fn word(cx: &LiftContext<'_>, at: usize) -> Result<usize> {
    Ok(u32::from_le_bytes(array(cx, at)?) as usize)
}

fn array<const N: usize>(cx: &LiftContext<'_>, at: usize) -> Result<[u8; N]> {
    match cx.memory().get(at..).and_then(|rest| rest.first_chunk::<N>()) {
        Some(bytes) => Ok(*bytes),
        None => outside(),
    }
}

fn outside<T>() -> Result<T> {
    bail!("a pointer is out of bounds of memory")
}
