//! Values as bytes: deterministic, and readable without knowing the types.
//!
//! The kernel hashes a call's arguments with this to compare bodies (X1) and keeps results in it, so
//! that a repeat is answered even after the plugin was upgraded. Equal values give equal bytes, and
//! different values of one type give different bytes. It is stored: the tags below never change
//! meaning; a new kind of value gets a new tag.
//!
//! # The format
//! A sequence of values, one after another, to the end. A value is a tag byte and what the tag says.
//! Lengths and counts are LEB128 in the fewest bytes. Numbers are little endian in their natural width
//! (integers of 16 bits and more as LEB128, signed ones zigzagged). A NaN is always the same NaN.
//!
//! | tag | then |
//! |---|---|
//! | 0 false, 1 true, 2 none | nothing |
//! | 3 some | value |
//! | 4 u8, 5 s8 | one byte |
//! | 6 u16, 7 u32, 8 u64, 9 char | LEB128 |
//! | 10 s16, 11 s32, 12 s64 | zigzag LEB128 |
//! | 13 f32, 14 f64 | 4 or 8 bytes |
//! | 15 string, 16 enum, 17 bytes | length, that many bytes |
//! | 18 list, 19 tuple | count, values |
//! | 20 record | count, then length and bytes of each name followed by its value |
//! | 21 variant, 22 variant without payload | length and bytes of the case (, value) |
//! | 23 ok, 24 err | value |
//! | 25 ok, 26 err without payload | nothing |
//! | 27 flags | count, then length and bytes of each name |
//! | 255 | nothing: something that cannot be kept (a resource, stream, …), which decoding refuses |

use wasmtime::component::Val;

/// How deep values may nest. More than any type that [`crate::decode`] lets through.
pub const MAX_DEPTH: usize = 64;
/// How many values, inner ones included, one decoding gives at most. A list of bytes counts each.
pub const MAX_VALUES: usize = 4 << 20;

/// Why bytes are not values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BinaryError {
    /// The bytes end within a value.
    #[error("the bytes end within a value")]
    CutShort,
    /// No value begins with this tag.
    #[error("no value begins with the tag {0}")]
    Tag(u8),
    /// A number is out of its range or not in its shortest form.
    #[error("a number is out of range or not in its shortest form")]
    Number,
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    Utf8,
    /// Values nest deeper than [`MAX_DEPTH`].
    #[error("values nest deeper than {MAX_DEPTH}")]
    TooDeep,
    /// There are more values than [`MAX_VALUES`].
    #[error("there are more than {MAX_VALUES} values")]
    TooMany,
}

pub(crate) mod tag {
    pub(crate) const FALSE: u8 = 0;
    pub(crate) const TRUE: u8 = 1;
    pub(crate) const NONE: u8 = 2;
    pub(crate) const SOME: u8 = 3;
    pub(crate) const U8: u8 = 4;
    pub(crate) const S8: u8 = 5;
    pub(crate) const U16: u8 = 6;
    pub(crate) const U32: u8 = 7;
    pub(crate) const U64: u8 = 8;
    pub(crate) const CHAR: u8 = 9;
    pub(crate) const S16: u8 = 10;
    pub(crate) const S32: u8 = 11;
    pub(crate) const S64: u8 = 12;
    pub(crate) const F32: u8 = 13;
    pub(crate) const F64: u8 = 14;
    pub(crate) const STRING: u8 = 15;
    pub(crate) const ENUM: u8 = 16;
    pub(crate) const BYTES: u8 = 17;
    pub(crate) const LIST: u8 = 18;
    pub(crate) const TUPLE: u8 = 19;
    pub(crate) const RECORD: u8 = 20;
    pub(crate) const CASE: u8 = 21;
    pub(crate) const BARE_CASE: u8 = 22;
    pub(crate) const OK: u8 = 23;
    pub(crate) const ERR: u8 = 24;
    pub(crate) const BARE_OK: u8 = 25;
    pub(crate) const BARE_ERR: u8 = 26;
    pub(crate) const FLAGS: u8 = 27;
    pub(crate) const UNKEEPABLE: u8 = 255;
}

/// Values as bytes. Never fails; what cannot be kept becomes a mark that [`decode`] refuses.
///
/// Cost: some 20 ns a field and one allocation.
pub fn encode(values: &[Val]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    encode_into(values, &mut bytes);
    bytes
}

/// As [`encode`], appended to a buffer that the caller keeps for the next time.
pub fn encode_into(values: &[Val], bytes: &mut Vec<u8>) {
    for value in values {
        push(bytes, value);
    }
}

/// BLAKE3 of [`encode`]: what a call's arguments are compared by (X1).
pub fn digest(values: &[Val]) -> [u8; 32] {
    *blake3::hash(&encode(values)).as_bytes()
}

/// Whether one encoded value is an `err`.
pub fn is_err(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(&(tag::ERR | tag::BARE_ERR)))
}

/// What a whole result carries: of an encoded `ok` or `err` the encoded payload, which may be nothing; of anything else
/// itself.
pub fn payload(bytes: &[u8]) -> &[u8] {
    match bytes {
        [tag::OK | tag::ERR | tag::BARE_OK | tag::BARE_ERR, payload @ ..] => payload,
        whole => whole,
    }
}

/// The values that [`encode`] made bytes of.
pub fn decode(bytes: &[u8]) -> Result<Vec<Val>, BinaryError> {
    let mut reader = Reader { rest: bytes, left: MAX_VALUES };
    let mut values = Vec::new();
    while !reader.rest.is_empty() {
        values.push(reader.value(MAX_DEPTH)?);
    }
    Ok(values)
}

fn push(out: &mut Vec<u8>, value: &Val) {
    match value {
        Val::Bool(false) => out.push(tag::FALSE),
        Val::Bool(true) => out.push(tag::TRUE),
        Val::U8(n) => out.extend_from_slice(&[tag::U8, *n]),
        Val::S8(n) => out.extend_from_slice(&[tag::S8, n.to_le_bytes()[0]]),
        Val::U16(n) => push_number(out, tag::U16, u64::from(*n)),
        Val::U32(n) => push_number(out, tag::U32, u64::from(*n)),
        Val::U64(n) => push_number(out, tag::U64, *n),
        Val::Char(c) => push_number(out, tag::CHAR, u64::from(u32::from(*c))),
        Val::S16(n) => push_number(out, tag::S16, zigzag(i64::from(*n))),
        Val::S32(n) => push_number(out, tag::S32, zigzag(i64::from(*n))),
        Val::S64(n) => push_number(out, tag::S64, zigzag(*n)),
        Val::Float32(n) => {
            out.push(tag::F32);
            let bits = if n.is_nan() { f32::NAN.to_bits() } else { n.to_bits() };
            out.extend_from_slice(&bits.to_le_bytes());
        }
        Val::Float64(n) => {
            out.push(tag::F64);
            let bits = if n.is_nan() { f64::NAN.to_bits() } else { n.to_bits() };
            out.extend_from_slice(&bits.to_le_bytes());
        }
        Val::String(text) => push_text(out, tag::STRING, text),
        Val::Enum(name) => push_text(out, tag::ENUM, name),
        Val::List(items) => push_list(out, items),
        Val::Tuple(items) => push_all(out, tag::TUPLE, items),
        Val::Record(fields) => {
            push_length(out, tag::RECORD, fields.len());
            for (name, value) in fields {
                push_bytes(out, name.as_bytes());
                push(out, value);
            }
        }
        Val::Variant(case, Some(payload)) => {
            push_text(out, tag::CASE, case);
            push(out, payload);
        }
        Val::Variant(case, None) => push_text(out, tag::BARE_CASE, case),
        Val::Option(None) => out.push(tag::NONE),
        Val::Option(Some(inner)) => push_tagged(out, tag::SOME, inner),
        Val::Result(Ok(Some(inner))) => push_tagged(out, tag::OK, inner),
        Val::Result(Err(Some(inner))) => push_tagged(out, tag::ERR, inner),
        Val::Result(Ok(None)) => out.push(tag::BARE_OK),
        Val::Result(Err(None)) => out.push(tag::BARE_ERR),
        Val::Flags(names) => {
            push_length(out, tag::FLAGS, names.len());
            for name in names {
                push_bytes(out, name.as_bytes());
            }
        }
        Val::Map(_)
        | Val::Resource(_)
        | Val::Future(_)
        | Val::Stream(_)
        | Val::ErrorContext(_)
        | Val::FixedLengthList(_) => out.push(tag::UNKEEPABLE),
    }
}

fn push_tagged(out: &mut Vec<u8>, tag: u8, value: &Val) {
    out.push(tag);
    push(out, value);
}

/// A list, in the short form if all its items are `u8`. Items of one list are of one type, so the form
/// follows from the value, except for the empty list, which has only the long one.
fn push_list(out: &mut Vec<u8>, items: &[Val]) {
    if items.is_empty() || !items.iter().all(|item| matches!(item, Val::U8(_))) {
        push_all(out, tag::LIST, items);
        return;
    }
    push_length(out, tag::BYTES, items.len());
    out.extend(items.iter().filter_map(|item| match item {
        Val::U8(byte) => Some(*byte),
        _ => None,
    }));
}

fn push_all(out: &mut Vec<u8>, tag: u8, items: &[Val]) {
    push_length(out, tag, items.len());
    for item in items {
        push(out, item);
    }
}

pub(crate) fn push_text(out: &mut Vec<u8>, tag: u8, text: &str) {
    out.push(tag);
    push_bytes(out, text.as_bytes());
}

pub(crate) fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    push_leb128(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn push_length(out: &mut Vec<u8>, tag: u8, length: usize) {
    push_number(out, tag, length as u64);
}

fn push_number(out: &mut Vec<u8>, tag: u8, value: u64) {
    out.push(tag);
    push_leb128(out, value);
}

pub(crate) fn push_leb128(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        #[expect(clippy::cast_possible_truncation, reason = "the low seven bits are what is asked for")]
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "seven bits remain")]
    out.push(value as u8);
}

pub(crate) fn zigzag(value: i64) -> u64 {
    (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

struct Reader<'a> {
    rest: &'a [u8],
    /// How many values may still be made.
    left: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Val, BinaryError> {
        let depth = depth.checked_sub(1).ok_or(BinaryError::TooDeep)?;
        self.spend(1)?;
        Ok(match self.byte()? {
            tag::FALSE => Val::Bool(false),
            tag::TRUE => Val::Bool(true),
            tag::NONE => Val::Option(None),
            tag::SOME => Val::Option(Some(self.boxed(depth)?)),
            tag::U8 => Val::U8(self.byte()?),
            tag::S8 => Val::S8(self.byte()?.cast_signed()),
            tag::U16 => Val::U16(narrow(self.number()?)?),
            tag::U32 => Val::U32(narrow(self.number()?)?),
            tag::U64 => Val::U64(self.number()?),
            tag::CHAR => Val::Char(char::from_u32(narrow(self.number()?)?).ok_or(BinaryError::Number)?),
            tag::S16 => Val::S16(narrow(unzigzag(self.number()?))?),
            tag::S32 => Val::S32(narrow(unzigzag(self.number()?))?),
            tag::S64 => Val::S64(unzigzag(self.number()?)),
            tag::F32 => Val::Float32(f32::from_bits(u32::from_le_bytes(self.array()?))),
            tag::F64 => Val::Float64(f64::from_bits(u64::from_le_bytes(self.array()?))),
            tag::STRING => Val::String(self.text()?),
            tag::ENUM => Val::Enum(self.text()?),
            tag::BYTES => {
                let length = self.length()?;
                self.spend(length)?;
                Val::List(self.take(length)?.iter().map(|byte| Val::U8(*byte)).collect())
            }
            tag::LIST => Val::List(self.values(depth)?),
            tag::TUPLE => Val::Tuple(self.values(depth)?),
            tag::RECORD => {
                let count = self.length()?;
                let mut fields = self.room(count);
                for _ in 0..count {
                    let name = self.text()?;
                    fields.push((name, self.value(depth)?));
                }
                Val::Record(fields)
            }
            tag::CASE => {
                let case = self.text()?;
                Val::Variant(case, Some(self.boxed(depth)?))
            }
            tag::BARE_CASE => Val::Variant(self.text()?, None),
            tag::OK => Val::Result(Ok(Some(self.boxed(depth)?))),
            tag::ERR => Val::Result(Err(Some(self.boxed(depth)?))),
            tag::BARE_OK => Val::Result(Ok(None)),
            tag::BARE_ERR => Val::Result(Err(None)),
            tag::FLAGS => {
                let count = self.length()?;
                let mut names = self.room(count);
                for _ in 0..count {
                    self.spend(1)?;
                    names.push(self.text()?);
                }
                Val::Flags(names)
            }
            unknown => return Err(BinaryError::Tag(unknown)),
        })
    }

    fn boxed(&mut self, depth: usize) -> Result<Box<Val>, BinaryError> {
        self.value(depth).map(Box::new)
    }

    fn values(&mut self, depth: usize) -> Result<Vec<Val>, BinaryError> {
        let count = self.length()?;
        let mut values = self.room(count);
        for _ in 0..count {
            values.push(self.value(depth)?);
        }
        Ok(values)
    }

    /// A vector with room for so many, but never for more than the bytes that are left could hold, and
    /// little at first: a false count must not reserve memory at every depth.
    fn room<T>(&self, count: usize) -> Vec<T> {
        const AT_FIRST: usize = 1024;
        Vec::with_capacity(count.min(self.rest.len()).min(AT_FIRST))
    }

    fn spend(&mut self, values: usize) -> Result<(), BinaryError> {
        self.left = self.left.checked_sub(values).ok_or(BinaryError::TooMany)?;
        Ok(())
    }

    fn text(&mut self) -> Result<String, BinaryError> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| BinaryError::Utf8)
    }

    fn length(&mut self) -> Result<usize, BinaryError> {
        narrow(self.number()?)
    }

    fn number(&mut self) -> Result<u64, BinaryError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7f);
            if shift == 63 && low > 1 {
                return Err(BinaryError::Number);
            }
            value |= low << shift;
            if byte & 0x80 == 0 {
                // A last byte of nothing makes a second form of the same number.
                return if byte == 0 && shift > 0 { Err(BinaryError::Number) } else { Ok(value) };
            }
        }
        Err(BinaryError::Number)
    }

    fn byte(&mut self) -> Result<u8, BinaryError> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BinaryError> {
        let (array, rest) = self.rest.split_first_chunk::<N>().ok_or(BinaryError::CutShort)?;
        self.rest = rest;
        Ok(*array)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], BinaryError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(BinaryError::CutShort)?;
        self.rest = rest;
        Ok(taken)
    }
}

fn narrow<T, U: TryFrom<T>>(value: T) -> Result<U, BinaryError> {
    U::try_from(value).map_err(|_| BinaryError::Number)
}
