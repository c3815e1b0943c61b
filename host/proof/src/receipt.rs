//! Receipts and consistency proofs as JSON documents: what a member keeps, and what anybody can check
//! offline with the community's public key. Binary things are standard base64, numbers are decimal.
//!
//! ```json
//! { "format": "hamlet-receipt 1",
//!   "checkpoint": "village.example/log\n8\nXcmn…\n\n— village.example/log Az3g…\n",
//!   "number": 5,                                   leaf number in the log, from 0
//!   "leaf": { "sequence": 3, "index": 1, "time": 1700000000000000, "caller": "…", "plugin": "shop",
//!             "version": "0.1.0", "function": "stall.sell", "items": 4, "root": "…" },
//!   "path": ["…", …],                              from the leaf's hash to the checkpoint's tree head
//!   "items": [ { "number": 2, "salt": "…", "kind": "set", "namespace": 7, "key": "…", "value": "…",
//!                "path": ["…", …] } ] }            from the item's hash to the leaf's root
//!
//! { "format": "hamlet-consistency 1", "old": "…a checkpoint…", "new": "…a checkpoint…", "path": ["…", …] }
//! ```
//!
//! Kinds are `arguments` and `result` (with `digest`), `set` and `deleted` (a row; the latter has no value).
//! Members that are not named here are refused: a reader must not be shown what nobody proved.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{
    hash::Hash,
    leaf::{ARGUMENTS, Item, Leaf, RESULT, Salt},
    note::{Checkpoint, NoteError},
    signer::Verifier,
    tree::{self, ProofError},
};

const RECEIPT: &str = "hamlet-receipt 1";
const CONSISTENCY: &str = "hamlet-consistency 1";
/// The longest document, in bytes: a row of 16 MiB in base64, and some.
pub const DOCUMENT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Why a receipt or a consistency proof does not hold.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// The text is not such a document.
    #[error("this is not a {wanted} document: {why}")]
    Form {
        /// The format that was expected.
        wanted: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The checkpoint is not believed.
    #[error(transparent)]
    Checkpoint(#[from] NoteError),
    /// The command is not in the log.
    #[error("the command is not in the log: {0}")]
    Leaf(#[source] ProofError),
    /// An item is not under the command's root.
    #[error("item {number} does not belong to the command: {source}")]
    Item {
        /// Which.
        number: u32,
        /// Why not.
        #[source]
        source: ProofError,
    },
    /// An item's kind does not fit its number: the first two are arguments and result, the rest rows.
    #[error("item {0} is not of the kind that stands at its place")]
    Kind(u32),
    /// The new checkpoint does not continue the old one.
    #[error("the later checkpoint does not continue the earlier one: {0}")]
    Past(#[source] ProofError),
}

/// Proof that a command, and those of its items that are shown, are in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// A signed note over a tree that has the leaf.
    pub checkpoint: String,
    /// The leaf's number.
    pub number: u64,
    /// The command.
    pub leaf: Leaf,
    /// From the leaf to the tree head.
    pub path: Vec<Hash>,
    /// What is shown of it; the rest stays hidden.
    pub items: Vec<ReceiptItem>,
}

/// One item that is shown, with what hid it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptItem {
    /// Its place under the root.
    pub number: u32,
    /// What hid it.
    pub salt: Salt,
    /// What it is.
    pub shown: Shown,
    /// From the item to the root.
    pub path: Vec<Hash>,
}

/// An item with its content in hand; see [`Item`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The digest of the canonical arguments.
    Arguments([u8; 32]),
    /// The digest of the result.
    Result([u8; 32]),
    /// A written row; no value when it was deleted.
    Row {
        /// Its namespace.
        namespace: u32,
        /// Its key, without the namespace.
        key: Vec<u8>,
        /// Its new value.
        value: Option<Vec<u8>>,
    },
}

impl Shown {
    fn item(&self) -> Item<'_> {
        match self {
            Self::Arguments(digest) => Item::Arguments(*digest),
            Self::Result(digest) => Item::Result(*digest),
            Self::Row { namespace, key, value: Some(value) } => {
                Item::Set { namespace: *namespace, key, value }
            }
            Self::Row { namespace, key, value: None } => Item::Deleted { namespace: *namespace, key },
        }
    }

    fn fits(&self, number: u32) -> bool {
        match self {
            Self::Arguments(_) => number == ARGUMENTS,
            Self::Result(_) => number == RESULT,
            Self::Row { .. } => number > RESULT,
        }
    }
}

impl Receipt {
    /// Checks row → root → leaf → tree head → signature, and gives the checkpoint that it stands on.
    ///
    /// It says that the community *then* had this in its log. That it still has is for
    /// [`Consistency`] with a newer checkpoint.
    pub fn verify(&self, verifier: &Verifier) -> Result<Checkpoint, ReceiptError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, verifier)?;
        tree::verify_inclusion(self.leaf.hash(), self.number, checkpoint.size, &self.path, checkpoint.root)
            .map_err(ReceiptError::Leaf)?;
        for item in &self.items {
            let number = item.number;
            if !item.shown.fits(number) {
                return Err(ReceiptError::Kind(number));
            }
            let (hash, of) = (item.shown.item().hash(&item.salt), u64::from(self.leaf.items));
            tree::verify_inclusion(hash, u64::from(number), of, &item.path, self.leaf.root)
                .map_err(|source| ReceiptError::Item { number, source })?;
        }
        Ok(checkpoint)
    }

    /// Reads a document. Nothing in it is proved yet.
    pub fn from_json(text: &str) -> Result<Self, ReceiptError> {
        parse::<ReceiptDocument>(text, RECEIPT)?.read().map_err(|why| form(RECEIPT, why))
    }

    /// The document.
    pub fn to_json(&self) -> String {
        to_text(&ReceiptDocument::of(self))
    }
}

/// Proof that a later log is an earlier one grown on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consistency {
    /// The earlier checkpoint, a signed note.
    pub old: String,
    /// The later one.
    pub new: String,
    /// From one to the other.
    pub path: Vec<Hash>,
}

impl Consistency {
    /// Checks both signatures and that all that the old checkpoint stands for is in the new one, unchanged.
    pub fn verify(&self, verifier: &Verifier) -> Result<(Checkpoint, Checkpoint), ReceiptError> {
        let old = Checkpoint::open(&self.old, verifier)?;
        let new = Checkpoint::open(&self.new, verifier)?;
        tree::verify_consistency(old.size, old.root, new.size, new.root, &self.path)
            .map_err(ReceiptError::Past)?;
        Ok((old, new))
    }

    /// Reads a document. Nothing in it is proved yet.
    pub fn from_json(text: &str) -> Result<Self, ReceiptError> {
        let ConsistencyDocument { format, old, new, path } = parse(text, CONSISTENCY)?;
        if format != CONSISTENCY {
            return Err(form(CONSISTENCY, "its format is another one"));
        }
        Ok(Self { old, new, path })
    }

    /// The document.
    pub fn to_json(&self) -> String {
        let Self { old, new, path } = self.clone();
        to_text(&ConsistencyDocument { format: CONSISTENCY.to_owned(), old, new, path })
    }
}

fn form(wanted: &'static str, why: impl Into<String>) -> ReceiptError {
    ReceiptError::Form { wanted, why: why.into() }
}

fn parse<T: for<'de> Deserialize<'de>>(text: &str, wanted: &'static str) -> Result<T, ReceiptError> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(form(wanted, "it is longer than 32 MiB"));
    }
    serde_json::from_str(text).map_err(|error| form(wanted, error.to_string()))
}

/// Serialising structures of strings and numbers cannot fail.
fn to_text(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

/// Bytes as base64.
#[derive(Clone)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(|_| D::Error::custom("bytes are standard base64"))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsistencyDocument {
    format: String,
    old: String,
    new: String,
    path: Vec<Hash>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiptDocument {
    format: String,
    checkpoint: String,
    number: u64,
    leaf: LeafDocument,
    path: Vec<Hash>,
    items: Vec<ItemDocument>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeafDocument {
    sequence: u64,
    index: u32,
    time: u64,
    caller: Bytes,
    plugin: String,
    version: String,
    function: String,
    items: u32,
    root: Hash,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemDocument {
    number: u32,
    salt: Salt,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<Hash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Bytes>,
    path: Vec<Hash>,
}

impl ReceiptDocument {
    fn of(receipt: &Receipt) -> Self {
        let Leaf { sequence, index, time, caller, plugin, version, function, items, root } =
            receipt.leaf.clone();
        let caller = Bytes(caller);
        let [plugin, version, function] = [plugin, version, function].map(|name| name.to_string());
        Self {
            format: RECEIPT.to_owned(),
            checkpoint: receipt.checkpoint.clone(),
            number: receipt.number,
            leaf: LeafDocument { sequence, index, time, caller, plugin, version, function, items, root },
            path: receipt.path.clone(),
            items: receipt.items.iter().map(ItemDocument::of).collect(),
        }
    }

    fn read(self) -> Result<Receipt, &'static str> {
        if self.format != RECEIPT {
            return Err("its format is another one");
        }
        let LeafDocument { sequence, index, time, caller, plugin, version, function, items, root } =
            self.leaf;
        let caller = caller.0;
        let [plugin, version, function] = [plugin, version, function].map(Arc::from);
        Ok(Receipt {
            checkpoint: self.checkpoint,
            number: self.number,
            leaf: Leaf { sequence, index, time, caller, plugin, version, function, items, root },
            path: self.path,
            items: self.items.into_iter().map(ItemDocument::read).collect::<Result<_, _>>()?,
        })
    }
}

impl ItemDocument {
    fn of(item: &ReceiptItem) -> Self {
        let (kind, digest, row) = match &item.shown {
            Shown::Arguments(digest) => ("arguments", Some(Hash(*digest)), None),
            Shown::Result(digest) => ("result", Some(Hash(*digest)), None),
            Shown::Row { namespace, key, value } => {
                let kind = if value.is_some() { "set" } else { "deleted" };
                (kind, None, Some((*namespace, Bytes(key.clone()), value.clone().map(Bytes))))
            }
        };
        let (namespace, key, value) =
            row.map_or((None, None, None), |(namespace, key, value)| (Some(namespace), Some(key), value));
        let (number, salt, path) = (item.number, item.salt, item.path.clone());
        Self { number, salt, kind: kind.to_owned(), digest, namespace, key, value, path }
    }

    fn read(self) -> Result<ReceiptItem, &'static str> {
        let row = self.namespace.zip(self.key);
        let shown = match (self.kind.as_str(), self.digest, row, self.value) {
            ("arguments", Some(Hash(digest)), None, None) => Shown::Arguments(digest),
            ("result", Some(Hash(digest)), None, None) => Shown::Result(digest),
            ("set", None, Some((namespace, key)), Some(value)) => {
                Shown::Row { namespace, key: key.0, value: Some(value.0) }
            }
            ("deleted", None, Some((namespace, key)), None) => {
                Shown::Row { namespace, key: key.0, value: None }
            }
            _ => return Err("an item has not the members of its kind"),
        };
        Ok(ReceiptItem { number: self.number, salt: self.salt, shown, path: self.path })
    }
}
