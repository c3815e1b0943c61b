//! The content of a journal record: one committed batch, and how it is laid out as bytes.
//!
//! ```text
//! payload  := version:u8  time:u64le  entries:u32le  usage_at:u32le  secret:[u8;32]  entry*  usage
//! entry    := time:varint  caller:bytes  plugin:name  version:name  function:name
//!             flags:u8 (1 = idempotency key follows)  [key:16]  arguments:32  result:32
//!             rows:varint  row*
//! name     := index:varint (of the names met so far in this record; one past them: bytes follow)
//! row      := namespace:varint  key:bytes  (0:varint | length + 1:varint value)      0 = deleted
//! usage    := count:varint  (namespace:varint  change:zigzag varint)*
//! bytes    := length:varint  byte*
//! ```
//!
//! `usage` holds by how many bytes each namespace grew, so that reopening need not read old values
//! to keep quotas exact. `secret` is random; the salts that hide arguments, results and rows in the log's
//! leaves come from it (J3, `hamlet_proof::leaf`). Version 1 had none, and its records have no leaves.
//! Checksums and sequence are the journal's business, not the payload's.
//! If this is wrong, a community's history cannot be read: the version byte is there to change it.

use std::sync::Arc;

use hamlet_proof::Secret;

use crate::{
    config::Entropy,
    error::StoreError,
    key::{Namespace, Sequence, Value},
    wire::{Input, bytes, unzigzag, varint, zigzag},
};

const VERSION: u8 = 2;
/// The version without secrets.
const VERSION_BEFORE_PROOFS: u8 = 1;
/// version, time, entries, usage offset, secret.
const HEAD_BYTES: usize = 1 + 8 + 4 + 4 + 32;
const HAS_IDEMPOTENCY_KEY: u8 = 1;

/// Who called what: the part of a journal entry that the store does not interpret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryHeader {
    /// The transaction's time, in microseconds since 1970.
    pub time: u64,
    /// A pseudonym of the caller, never a name (J3).
    pub caller: Vec<u8>,
    /// The plugin that was called.
    pub plugin: Arc<str>,
    /// Its version.
    pub version: Arc<str>,
    /// The function, with its interface.
    pub function: Arc<str>,
    /// The idempotency key, a UUIDv7 (X2).
    pub idempotency: Option<[u8; 16]>,
    /// Hash of the canonical arguments.
    pub arguments: [u8; 32],
    /// Hash of the result.
    pub result: [u8; 32],
}

/// One row that a transaction wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub namespace: Namespace,
    /// The key, without its namespace.
    pub key: Box<[u8]>,
    /// The new value; none when the row was deleted.
    pub value: Option<Value>,
}

/// One committed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who called what.
    pub header: EntryHeader,
    /// The write-set: each row once, with its last value.
    pub writes: Vec<Write>,
}

/// One committed batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub sequence: Sequence,
    /// The term of the writer that appended it (J2).
    pub term: u64,
    /// When it was committed, in microseconds since 1970.
    pub time: u64,
    /// Its transactions, in their serial order.
    pub entries: Vec<Entry>,
}

/// Builds a payload, an entry at a time. Kept between batches for its memory.
pub(crate) struct PayloadWriter {
    buffer: Vec<u8>,
    names: Vec<Arc<str>>,
    entries: u32,
}

impl PayloadWriter {
    pub fn new() -> Self {
        let mut new = Self { buffer: Vec::new(), names: Vec::new(), entries: 0 };
        new.clear();
        new
    }

    /// Back to an empty batch.
    pub fn clear(&mut self) {
        const KEPT_BYTES: usize = 16 * 1024 * 1024;
        self.buffer.clear();
        self.buffer.shrink_to(KEPT_BYTES);
        self.buffer.resize(HEAD_BYTES, 0);
        self.names.clear();
        self.entries = 0;
    }

    pub fn entries(&self) -> usize {
        self.entries as usize
    }

    pub fn bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Begins an entry; exactly `rows` calls of [`Self::row`] follow.
    pub fn entry(&mut self, header: &EntryHeader, rows: usize) {
        self.entries += 1;
        varint(&mut self.buffer, header.time);
        bytes(&mut self.buffer, &header.caller);
        self.name(&header.plugin);
        self.name(&header.version);
        self.name(&header.function);
        match header.idempotency {
            Some(key) => {
                self.buffer.push(HAS_IDEMPOTENCY_KEY);
                self.buffer.extend_from_slice(&key);
            }
            None => self.buffer.push(0),
        }
        self.buffer.extend_from_slice(&header.arguments);
        self.buffer.extend_from_slice(&header.result);
        varint(&mut self.buffer, rows as u64);
    }

    pub fn row(&mut self, namespace: Namespace, key: &[u8], value: Option<&[u8]>) {
        varint(&mut self.buffer, u64::from(namespace.0));
        bytes(&mut self.buffer, key);
        match value {
            None => self.buffer.push(0),
            Some(value) => {
                varint(&mut self.buffer, value.len() as u64 + 1);
                self.buffer.extend_from_slice(value);
            }
        }
    }

    /// Ends the payload, with a fresh secret. It stays valid until [`Self::clear`].
    pub fn finish(
        &mut self,
        time: u64,
        usage: &[(Namespace, i64)],
        entropy: &Entropy,
    ) -> Result<&[u8], StoreError> {
        let mut secret = [0; 32];
        entropy.fill(&mut secret).map_err(StoreError::io("drawing a batch's secret"))?;
        let usage_at = u32::try_from(self.buffer.len()).unwrap_or(u32::MAX);
        varint(&mut self.buffer, usage.len() as u64);
        for (namespace, change) in usage {
            varint(&mut self.buffer, u64::from(namespace.0));
            varint(&mut self.buffer, zigzag(*change));
        }
        let mut head = Vec::with_capacity(HEAD_BYTES);
        head.push(VERSION);
        head.extend_from_slice(&time.to_le_bytes());
        head.extend_from_slice(&self.entries.to_le_bytes());
        head.extend_from_slice(&usage_at.to_le_bytes());
        head.extend_from_slice(&secret);
        for (to, from) in self.buffer.iter_mut().zip(head) {
            *to = from;
        }
        Ok(&self.buffer)
    }

    fn name(&mut self, name: &Arc<str>) {
        // A batch calls few functions, and mostly the same `Arc`: comparing pointers first makes
        // this a handful of nanoseconds.
        let known = self
            .names
            .iter()
            .position(|known| Arc::ptr_eq(known, name))
            .or_else(|| self.names.iter().position(|known| known == name));
        if let Some(index) = known {
            varint(&mut self.buffer, index as u64);
        } else {
            varint(&mut self.buffer, self.names.len() as u64);
            bytes(&mut self.buffer, name.as_bytes());
            self.names.push(Arc::clone(name));
        }
    }
}

/// A payload that is being read.
pub(crate) struct PayloadReader<'a> {
    input: Input<'a>,
    names: Vec<Arc<str>>,
    left: u32,
    usage: Input<'a>,
    /// When the batch was committed.
    pub time: u64,
    /// Where the salts come from; none in a record of the layout before proofs.
    pub secret: Option<Secret>,
}

impl<'a> PayloadReader<'a> {
    pub fn new(sequence: Sequence, payload: &'a [u8]) -> Result<Self, StoreError> {
        let mut input = Input { bytes: payload, sequence };
        let version = input.byte()?;
        if version != VERSION && version != VERSION_BEFORE_PROOFS {
            return Err(input.bad("its layout has an unknown version"));
        }
        let time = u64::from_le_bytes(input.array()?);
        let left = u32::from_le_bytes(input.array()?);
        let usage_at = u32::from_le_bytes(input.array()?) as usize;
        let secret = if version == VERSION { Some(Secret(input.array()?)) } else { None };
        let Some(usage) = payload.get(usage_at..) else {
            return Err(input.bad("the usage lies outside"));
        };
        Ok(Self { input, names: Vec::new(), left, usage: Input { bytes: usage, sequence }, time, secret })
    }

    /// The next entry's header, with the number of its rows, which must all be read by [`Self::row`].
    pub fn entry(&mut self) -> Result<Option<(EntryHeader, u64)>, StoreError> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let time = self.input.varint()?;
        let caller = self.input.slice()?.to_vec();
        let plugin = self.name()?;
        let version = self.name()?;
        let function = self.name()?;
        let idempotency = match self.input.byte()? {
            0 => None,
            HAS_IDEMPOTENCY_KEY => Some(self.input.array()?),
            _ => return Err(self.input.bad("an entry has unknown flags")),
        };
        let arguments = self.input.array()?;
        let result = self.input.array()?;
        let rows = self.input.varint()?;
        let header = EntryHeader { time, caller, plugin, version, function, idempotency, arguments, result };
        Ok(Some((header, rows)))
    }

    /// The next row of the entry: namespace, key, value or none when deleted.
    #[expect(clippy::type_complexity, reason = "three borrowed parts, used in two places")]
    pub fn row(&mut self) -> Result<(Namespace, &'a [u8], Option<&'a [u8]>), StoreError> {
        let namespace = self.input.namespace()?;
        let key = self.input.slice()?;
        let value = match self.input.varint()?.checked_sub(1) {
            None => None,
            Some(length) => Some(self.input.take(length)?),
        };
        Ok((namespace, key, value))
    }

    /// By how many bytes each namespace grew.
    pub fn usage(mut self) -> Result<Vec<(Namespace, i64)>, StoreError> {
        let count = self.usage.varint()?;
        let mut changes = Vec::new();
        for _ in 0..count {
            let namespace = self.usage.namespace()?;
            changes.push((namespace, unzigzag(self.usage.varint()?)));
        }
        Ok(changes)
    }

    fn name(&mut self) -> Result<Arc<str>, StoreError> {
        let index = usize::try_from(self.input.varint()?).unwrap_or(usize::MAX);
        if let Some(name) = self.names.get(index) {
            return Ok(Arc::clone(name));
        }
        if index != self.names.len() {
            return Err(self.input.bad("a name is referred to before it is met"));
        }
        let text =
            std::str::from_utf8(self.input.slice()?).map_err(|_| self.input.bad("a name is not UTF-8"))?;
        let name: Arc<str> = Arc::from(text);
        self.names.push(Arc::clone(&name));
        Ok(name)
    }
}

/// Reads a whole record.
pub(crate) fn decode(sequence: Sequence, term: u64, payload: &[u8]) -> Result<Record, StoreError> {
    let mut reader = PayloadReader::new(sequence, payload)?;
    let mut entries = Vec::new();
    while let Some((header, rows)) = reader.entry()? {
        let mut writes = Vec::new();
        for _ in 0..rows {
            let (namespace, key, value) = reader.row()?;
            writes.push(Write { namespace, key: key.into(), value: value.map(Value::from) });
        }
        entries.push(Entry { header, writes });
    }
    Ok(Record { sequence, term, time: reader.time, entries })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;

    fn header(function: &str) -> EntryHeader {
        EntryHeader {
            time: 1_700_000_000_000_000,
            caller: vec![1, 2, 3],
            plugin: "shop".into(),
            version: "0.1.0".into(),
            function: function.into(),
            idempotency: (function == "sell").then_some([7; 16]),
            arguments: [1; 32],
            result: [2; 32],
        }
    }

    fn payload() -> Vec<u8> {
        let mut writer = PayloadWriter::new();
        writer.entry(&header("sell"), 2);
        writer.row(Namespace(1), b"a", Some(b"value"));
        writer.row(Namespace(u32::MAX), b"", None);
        writer.entry(&header("buy"), 1);
        writer.row(Namespace(1), &[0xff; 300], Some(b""));
        let usage = [(Namespace(1), 306), (Namespace(9), -12)];
        writer.finish(5, &usage, &Entropy::default()).unwrap().to_vec()
    }

    #[test]
    fn j3_a_record_has_a_secret_of_its_own_and_one_from_before_proofs_has_none() {
        let (one, other) = (payload(), payload());
        let secret = |payload: &[u8]| PayloadReader::new(1, payload).unwrap().secret;
        assert_ne!(secret(&one), secret(&other));
        let mut old = one[..17].to_vec();
        old[0] = VERSION_BEFORE_PROOFS;
        old.extend_from_slice(&one[HEAD_BYTES..]);
        let usage_at = u32::from_le_bytes(one[13..17].try_into().unwrap()) - 32;
        old[13..17].copy_from_slice(&usage_at.to_le_bytes());
        assert_eq!(secret(&old), None);
        assert_eq!(decode(3, 4, &old).unwrap(), decode(3, 4, &one).unwrap());
        assert_eq!(PayloadReader::new(3, &old).unwrap().usage().unwrap().len(), 2);
    }

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let record = decode(3, 4, &payload()).unwrap();
        assert_eq!((record.sequence, record.term, record.time), (3, 4, 5));
        assert_eq!(record.entries[0].header, header("sell"));
        assert_eq!(record.entries[1].header, header("buy"));
        assert_eq!(record.entries[0].writes[0].value.as_deref(), Some(&b"value"[..]));
        assert_eq!(record.entries[0].writes[1].value, None);
        assert_eq!(record.entries[1].writes[0].value.as_deref(), Some(&b""[..]));
        let usage = PayloadReader::new(3, &payload()).unwrap().usage().unwrap();
        assert_eq!(usage, [(Namespace(1), 306), (Namespace(9), -12)]);
    }

    #[test]
    fn an_error_is_named_when_a_payload_is_cut_or_changed_anywhere() {
        let whole = payload();
        for cut in 0..whole.len() {
            let short = &whole[..cut];
            let read = decode(1, 1, short).and_then(|_| PayloadReader::new(1, short)?.usage());
            assert!(read.is_err(), "cut at {cut}");
        }
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                // Checksums find changes; decoding only has to end without a panic.
                let _ = decode(1, 1, &changed);
            }
        }
    }
}
