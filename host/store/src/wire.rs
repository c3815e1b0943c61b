//! Numbers and byte strings as records and the log of leaves write them: LEB128 varints, zigzag for
//! signed ones, lengths in front of bytes.

use crate::{
    error::StoreError,
    key::{Namespace, Sequence},
};

/// Bytes that are being read.
pub(crate) struct Input<'a> {
    pub bytes: &'a [u8],
    pub sequence: Sequence,
}

impl<'a> Input<'a> {
    pub fn bad(&self, why: &'static str) -> StoreError {
        StoreError::Undecodable { sequence: self.sequence, why }
    }

    pub fn take(&mut self, length: u64) -> Result<&'a [u8], StoreError> {
        let split = usize::try_from(length).ok().and_then(|n| self.bytes.split_at_checked(n));
        let Some((taken, rest)) = split else { return Err(self.bad("it ends too early")) };
        self.bytes = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let Some((taken, rest)) = self.bytes.split_first_chunk::<N>() else {
            return Err(self.bad("it ends too early"));
        };
        self.bytes = rest;
        Ok(*taken)
    }

    pub fn byte(&mut self) -> Result<u8, StoreError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub fn varint(&mut self) -> Result<u64, StoreError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if part << shift >> shift != part {
                break;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.bad("a number is too large"))
    }

    pub fn slice(&mut self) -> Result<&'a [u8], StoreError> {
        let length = self.varint()?;
        self.take(length)
    }

    pub fn namespace(&mut self) -> Result<Namespace, StoreError> {
        let number = self.varint()?;
        u32::try_from(number).map(Namespace).map_err(|_| self.bad("a namespace is too large"))
    }
}

pub(crate) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

pub(crate) fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_largest_numbers_survive_when_encoded() {
        for value in [i64::MIN, -1, 0, 1, i64::MAX] {
            assert_eq!(unzigzag(zigzag(value)), value);
        }
        for value in [0, 127, 128, u64::MAX] {
            let mut out = Vec::new();
            varint(&mut out, value);
            assert_eq!(Input { bytes: &out, sequence: 0 }.varint().unwrap(), value);
        }
    }
}
