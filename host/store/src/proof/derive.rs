//! From a journal record to its leaves (J3), and how these are kept.
//!
//! ```text
//! leaves := leaf*                                             of one batch, in order; its number is known
//! leaf   := time:zigzag varint (less the leaf's before)  caller:name  plugin:name  version:name
//!           function:name  items:varint  root:[u8;32]
//! name   := index:varint (of the names met so far in this batch; one past them: bytes follow)
//! ```
//!
//! What is hashed is not this but the canonical leaf of `hamlet_proof::leaf`, into which it is expanded.

use std::{collections::HashMap, sync::Arc};

use hamlet_proof::{Frontier, Hash, Item, Leaf, Secret, leaf};

use crate::{
    error::StoreError,
    key::Sequence,
    record::{EntryHeader, PayloadReader},
    wire::{Input, bytes, unzigzag, varint, zigzag},
};

/// Turns records into leaves, keeping its buffers.
#[derive(Default)]
pub(crate) struct Deriver {
    hashes: Vec<Hash>,
    tree: Frontier,
}

/// The items of one command with their salts, and their hashes.
pub(crate) struct Opened {
    pub header: EntryHeader,
    pub rows: Vec<(crate::Namespace, Vec<u8>, Option<crate::Value>)>,
    pub hashes: Vec<Hash>,
    pub secret: Secret,
}

impl Deriver {
    /// Calls `each` with every leaf of a record. None of a record of the layout before proofs.
    pub fn leaves(
        &mut self,
        sequence: Sequence,
        payload: &[u8],
        mut each: impl FnMut(Leaf),
    ) -> Result<(), StoreError> {
        let mut reader = PayloadReader::new(sequence, payload)?;
        let Some(secret) = reader.secret else { return Ok(()) };
        let mut index = 0;
        while let Some((header, rows)) = reader.entry()? {
            self.hashes.clear();
            head_items(&secret, index, &header, &mut self.hashes);
            for number in 0..rows {
                let (namespace, key, value) = reader.row()?;
                let salt = secret.salt(index, row_number(sequence, number)?);
                self.hashes.push(row(namespace, key, value).hash(&salt));
            }
            self.tree.clear();
            self.hashes.iter().for_each(|hash| self.tree.push(*hash, |_| {}));
            let items = row_number(sequence, rows)?;
            each(leaf_of(sequence, index, header, items, self.tree.root()));
            index += 1;
        }
        Ok(())
    }
}

/// Everything about one command of a record; none when it has no such command, or no secret.
pub(crate) fn open(sequence: Sequence, payload: &[u8], wanted: u32) -> Result<Option<Opened>, StoreError> {
    let mut reader = PayloadReader::new(sequence, payload)?;
    let Some(secret) = reader.secret else { return Ok(None) };
    let mut index = 0;
    while let Some((header, count)) = reader.entry()? {
        let mut rows = Vec::new();
        for _ in 0..count {
            let (namespace, key, value) = reader.row()?;
            if index == wanted {
                rows.push((namespace, key.to_vec(), value.map(crate::Value::from)));
            }
        }
        if index == wanted {
            let mut hashes = Vec::new();
            head_items(&secret, index, &header, &mut hashes);
            for (number, (namespace, key, value)) in (0..).zip(&rows) {
                let salt = secret.salt(index, row_number(sequence, number)?);
                hashes.push(row(*namespace, key, value.as_deref()).hash(&salt));
            }
            return Ok(Some(Opened { header, rows, hashes, secret }));
        }
        index += 1;
    }
    Ok(None)
}

fn head_items(secret: &Secret, index: u32, header: &EntryHeader, hashes: &mut Vec<Hash>) {
    hashes.push(Item::Arguments(header.arguments).hash(&secret.salt(index, leaf::ARGUMENTS)));
    hashes.push(Item::Result(header.result).hash(&secret.salt(index, leaf::RESULT)));
}

fn row<'a>(namespace: crate::Namespace, key: &'a [u8], value: Option<&'a [u8]>) -> Item<'a> {
    match value {
        Some(value) => Item::Set { namespace: namespace.0, key, value },
        None => Item::Deleted { namespace: namespace.0, key },
    }
}

/// A row's number among the items.
fn row_number(sequence: Sequence, row: u64) -> Result<u32, StoreError> {
    let number = u32::try_from(row).ok().and_then(|row| row.checked_add(leaf::FIRST_ROW));
    number.ok_or(StoreError::Undecodable { sequence, why: "a command has too many rows" })
}

fn leaf_of(sequence: Sequence, index: u32, header: EntryHeader, items: u32, root: Hash) -> Leaf {
    let EntryHeader { time, caller, plugin, version, function, .. } = header;
    Leaf { sequence, index, time, caller, plugin, version, function, items, root }
}

/// Writes a batch's leaves as they are kept.
#[derive(Default)]
pub(super) struct LeafWriter {
    names: HashMap<Box<[u8]>, u64>,
    time: u64,
}

impl LeafWriter {
    pub fn write(&mut self, leaf: &Leaf, out: &mut Vec<u8>) {
        varint(out, zigzag(leaf.time.wrapping_sub(self.time).cast_signed()));
        self.time = leaf.time;
        for name in [&leaf.caller, leaf.plugin.as_bytes(), leaf.version.as_bytes(), leaf.function.as_bytes()]
        {
            let next = self.names.len() as u64;
            if let Some(known) = self.names.get(name) {
                varint(out, *known);
            } else {
                self.names.insert(name.into(), next);
                varint(out, next);
                bytes(out, name);
            }
        }
        varint(out, u64::from(leaf.items));
        out.extend_from_slice(&leaf.root.0);
    }
}

/// Reads a batch's leaves as they are kept.
pub(super) fn read_leaves(sequence: Sequence, kept: &[u8]) -> Result<Vec<Leaf>, StoreError> {
    let mut input = Input { bytes: kept, sequence };
    let mut names: Vec<&[u8]> = Vec::new();
    let (mut leaves, mut time) = (Vec::new(), 0u64);
    while !input.bytes.is_empty() {
        time = time.wrapping_add(unzigzag(input.varint()?).cast_unsigned());
        let mut name = || -> Result<&[u8], StoreError> {
            let index = usize::try_from(input.varint()?).unwrap_or(usize::MAX);
            if let Some(name) = names.get(index) {
                return Ok(name);
            }
            if index != names.len() {
                return Err(input.bad("a leaf refers to a name before it is met"));
            }
            let name = input.slice()?;
            names.push(name);
            Ok(name)
        };
        let caller = name()?.to_vec();
        let [plugin, version, function] = [name()?, name()?, name()?];
        let text = |name| {
            let text = std::str::from_utf8(name).map(Arc::from);
            text.map_err(|_| StoreError::Undecodable { sequence, why: "a leaf's name is not UTF-8" })
        };
        let [plugin, version, function] = [text(plugin)?, text(version)?, text(function)?];
        let items = input.varint()?;
        let items = u32::try_from(items).map_err(|_| input.bad("a leaf has too many items"))?;
        let root = Hash(input.array()?);
        let index = u32::try_from(leaves.len()).map_err(|_| input.bad("a batch has too many leaves"))?;
        leaves.push(Leaf { sequence, index, time, caller, plugin, version, function, items, root });
    }
    Ok(leaves)
}
