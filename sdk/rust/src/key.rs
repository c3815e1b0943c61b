//! Keys: written so that the order of bytes is the order of values.
//!
//! Every encoding is *prefix-free*: none is the beginning of another of the same type. So a tuple is
//! simply its parts one after the other, and a scan over a prefix meets whole parts.
//!
//! What breaks if it is wrong: scans miss rows or meet foreign ones, silently.

use crate::Id;

/// Something that can be (part of) a key.
pub trait Key: Sized {
    /// Appends the encoding.
    fn write(&self, to: &mut Vec<u8>);
    /// Takes the encoding off the front. None: the bytes are none.
    fn read(from: &mut &[u8]) -> Option<Self>;
}

/// Something that keys of type `K` can begin with: the first parts of a tuple, or all of it.
pub trait PrefixOf<K> {
    /// Appends the encoding.
    fn write_prefix(&self, to: &mut Vec<u8>);
}

impl<K: Key> PrefixOf<K> for K {
    fn write_prefix(&self, to: &mut Vec<u8>) {
        self.write(to);
    }
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = from.split_first_chunk::<N>()?;
    *from = rest;
    Some(*head)
}

macro_rules! unsigned {
    ($($number:ty),*) => {$(
        /// Big-endian.
        impl Key for $number {
            fn write(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_be_bytes());
            }
            fn read(from: &mut &[u8]) -> Option<Self> {
                take(from).map(<$number>::from_be_bytes)
            }
        }
    )*};
}
unsigned!(u8, u16, u32, u64, u128);

macro_rules! signed {
    ($($number:ty),*) => {$(
        /// Big-endian with the sign bit flipped, so that negative numbers come first.
        impl Key for $number {
            fn write(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&(self ^ <$number>::MIN).to_be_bytes());
            }
            fn read(from: &mut &[u8]) -> Option<Self> {
                take(from).map(|bytes| <$number>::from_be_bytes(bytes) ^ <$number>::MIN)
            }
        }
    )*};
}
signed!(i8, i16, i32, i64, i128);

/// Nothing: for a table of one row.
impl Key for () {
    fn write(&self, _to: &mut Vec<u8>) {}
    fn read(_from: &mut &[u8]) -> Option<Self> {
        Some(())
    }
}

impl Key for bool {
    fn write(&self, to: &mut Vec<u8>) {
        to.push(u8::from(*self));
    }
    fn read(from: &mut &[u8]) -> Option<Self> {
        match take(from)? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

impl Key for Id {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.to_bytes());
    }
    fn read(from: &mut &[u8]) -> Option<Self> {
        take(from).map(Id::from)
    }
}

impl<const N: usize> Key for [u8; N] {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(self);
    }
    fn read(from: &mut &[u8]) -> Option<Self> {
        take(from)
    }
}

/// None comes before everything.
impl<K: Key> Key for Option<K> {
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            None => to.push(0),
            Some(key) => {
                to.push(1);
                key.write(to);
            }
        }
    }
    fn read(from: &mut &[u8]) -> Option<Self> {
        match take(from)? {
            [0] => Some(None),
            [1] => K::read(from).map(Some),
            _ => None,
        }
    }
}

/// A zero byte inside is written `00 FF`, the end `00 01`: so "a" comes before "a\0" and before "ab",
/// whatever part follows.
impl Key for Vec<u8> {
    fn write(&self, to: &mut Vec<u8>) {
        for &byte in self {
            to.push(byte);
            if byte == 0 {
                to.push(0xFF);
            }
        }
        to.extend_from_slice(&[0, 1]);
    }
    fn read(from: &mut &[u8]) -> Option<Self> {
        let mut bytes = Vec::new();
        loop {
            match take(from)? {
                [0] => match take(from)? {
                    [0xFF] => bytes.push(0),
                    [1] => return Some(bytes),
                    _ => return None,
                },
                [byte] => bytes.push(byte),
            }
        }
    }
}

/// Like bytes: the order of code points.
impl Key for String {
    fn write(&self, to: &mut Vec<u8>) {
        for byte in self.bytes() {
            to.push(byte);
            if byte == 0 {
                to.push(0xFF);
            }
        }
        to.extend_from_slice(&[0, 1]);
    }
    fn read(from: &mut &[u8]) -> Option<Self> {
        String::from_utf8(Vec::read(from)?).ok()
    }
}

macro_rules! tuple {
    ($($part:ident $field:tt),*) => {
        impl<$($part: Key),*> Key for ($($part,)*) {
            fn write(&self, to: &mut Vec<u8>) {
                $(self.$field.write(to);)*
            }
            fn read(from: &mut &[u8]) -> Option<Self> {
                Some(($($part::read(from)?,)*))
            }
        }
    };
}
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);

macro_rules! prefix {
    (($($have:ident),*) of ($($all:ident),*)) => {
        impl<$($all: Key),*> PrefixOf<($($all,)*)> for ($($have,)*) {
            fn write_prefix(&self, to: &mut Vec<u8>) {
                #[allow(non_snake_case, reason = "a part's value is named like its type")]
                let ($($have,)*) = self;
                $($have.write(to);)*
            }
        }
    };
    ($first:ident of ($($all:ident),*)) => {
        impl<$($all: Key),*> PrefixOf<($($all,)*)> for $first {
            fn write_prefix(&self, to: &mut Vec<u8>) {
                self.write(to);
            }
        }
    };
}
prefix!(A of (A, B));
prefix!(A of (A, B, C));
prefix!(A of (A, B, C, D));
prefix!((A, B) of (A, B, C));
prefix!((A, B) of (A, B, C, D));
prefix!((A, B, C) of (A, B, C, D));
