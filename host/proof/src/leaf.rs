//! What a leaf of the log is, to the byte (J3), and what stands under its root.
//!
//! ```text
//! leaf    := 0x01  sequence:u64be  index:u32be  time:u64be  caller:bytes  plugin:bytes  version:bytes
//!            function:bytes  items:u32be  root:[u8;32]
//! bytes   := length:u32be  byte*
//!
//! root    := head of the RFC 6962 tree over `items` items
//! item    := salt:[u8;32]  kind:u8  content                        (hashed as a leaf: SHA-256(0x00 ‖ item))
//! kind 1  := arguments: digest:[u8;32]            always item 0
//! kind 2  := result: digest:[u8;32]               always item 1
//! kind 3  := row set: namespace:u32be  key:bytes  value
//! kind 4  := row deleted: namespace:u32be  key:bytes
//!
//! salt    := SHA-256(0x02 ‖ secret:[u8;32] ‖ index:u32be ‖ number of the item:u32be)
//! ```
//!
//! The secret is random and belongs to one journal record. Every salt is hashed from input of one fixed
//! length (41 bytes, a single block of SHA-256), so one salt tells nothing of another, and SHA-256's
//! length extension leads nowhere. Both digests are those of the journal's entry.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};

use crate::hash::{HASH_BYTES, Hash};

const VERSION: u8 = 1;
const SECRETS: u8 = 2;

/// The number of the item that holds the arguments' digest.
pub const ARGUMENTS: u32 = 0;
/// The number of the item that holds the result's digest.
pub const RESULT: u32 = 1;
/// The number of the item with a command's first written row.
pub const FIRST_ROW: u32 = 2;

/// One committed command, as the log keeps it for ever. No personal data: the caller is a pseudonym, and
/// what was said and written is behind `root`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Leaf {
    /// The journal's batch, from 1.
    pub sequence: u64,
    /// The command's place in it, from 0.
    pub index: u32,
    /// The transaction's time, in microseconds since 1970.
    pub time: u64,
    /// The caller's pseudonym.
    pub caller: Vec<u8>,
    /// The plugin that was called.
    pub plugin: Arc<str>,
    /// Its version.
    pub version: Arc<str>,
    /// The function, with its interface.
    pub function: Arc<str>,
    /// How many items stand under `root`: two, and one for each written row.
    pub items: u32,
    /// The head of the tree over the items.
    pub root: Hash,
}

/// Bytes that are no leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a leaf of a community's log: {0}")]
pub struct LeafError(&'static str);

impl Leaf {
    /// The canonical bytes. About 110.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160);
        out.push(VERSION);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.index.to_be_bytes());
        out.extend_from_slice(&self.time.to_be_bytes());
        for text in [&self.caller, self.plugin.as_bytes(), self.version.as_bytes(), self.function.as_bytes()]
        {
            out.extend_from_slice(&length(text));
            out.extend_from_slice(text);
        }
        out.extend_from_slice(&self.items.to_be_bytes());
        out.extend_from_slice(&self.root.0);
        out
    }

    /// Reads canonical bytes; anything else is refused, so that a leaf has one encoding only.
    pub fn decode(bytes: &[u8]) -> Result<Self, LeafError> {
        let mut input = Input(bytes);
        let [version] = input.array()?;
        if version != VERSION {
            return Err(LeafError("its layout has an unknown version"));
        }
        let leaf = Self {
            sequence: u64::from_be_bytes(input.array()?),
            index: u32::from_be_bytes(input.array()?),
            time: u64::from_be_bytes(input.array()?),
            caller: input.bytes()?.to_vec(),
            plugin: input.text()?,
            version: input.text()?,
            function: input.text()?,
            items: u32::from_be_bytes(input.array()?),
            root: Hash(input.array()?),
        };
        if input.0.is_empty() { Ok(leaf) } else { Err(LeafError("something follows it")) }
    }

    /// Its hash in the log's tree.
    pub fn hash(&self) -> Hash {
        Hash::of_leaf(&self.encode())
    }
}

/// The secret of one journal record, from which its items' salts come. Whoever has it can read nothing,
/// but can confirm guesses about every row of the record: it stays with the write-sets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret(pub [u8; HASH_BYTES]);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl Secret {
    /// The salt of an item of the record's command number `index`.
    pub fn salt(&self, index: u32, item: u32) -> Salt {
        let mut hasher = Sha256::new_with_prefix([SECRETS]);
        hasher.update(self.0);
        hasher.update(index.to_be_bytes());
        hasher.update(item.to_be_bytes());
        Salt(hasher.finalize().into())
    }
}

/// What hides one item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Salt(pub [u8; HASH_BYTES]);

impl Serialize for Salt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Hash(bytes) =
            Hash::deserialize(deserializer).map_err(|_| D::Error::custom("a salt is 32 bytes"))?;
        Ok(Self(bytes))
    }
}

/// One thing under a leaf's root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// The digest of the canonical arguments.
    Arguments([u8; HASH_BYTES]),
    /// The digest of the result.
    Result([u8; HASH_BYTES]),
    /// A row that was set.
    Set {
        /// Its namespace.
        namespace: u32,
        /// Its key, without the namespace.
        key: &'a [u8],
        /// Its new value.
        value: &'a [u8],
    },
    /// A row that was deleted.
    Deleted {
        /// Its namespace.
        namespace: u32,
        /// Its key, without the namespace.
        key: &'a [u8],
    },
}

impl Item<'_> {
    /// Its hash under the root. Linear in its bytes.
    pub fn hash(&self, salt: &Salt) -> Hash {
        let salt = &salt.0[..];
        match self {
            Self::Arguments(digest) => Hash::of_leaf_parts(&[salt, &[1], digest]),
            Self::Result(digest) => Hash::of_leaf_parts(&[salt, &[2], digest]),
            Self::Set { namespace, key, value } => {
                Hash::of_leaf_parts(&[salt, &row_head(3, *namespace, key), key, value])
            }
            Self::Deleted { namespace, key } => {
                Hash::of_leaf_parts(&[salt, &row_head(4, *namespace, key), key])
            }
        }
    }
}

/// Kind, namespace and the key's length in one piece: fewer pieces hash faster.
fn row_head(kind: u8, namespace: u32, key: &[u8]) -> [u8; 9] {
    let number = (u128::from(kind) << 64)
        | (u128::from(namespace) << 32)
        | u128::from(u32::from_be_bytes(length(key)));
    number.to_be_bytes().last_chunk().copied().unwrap_or_default()
}

/// Lengths are bounded far below `u32::MAX` by the store; a longer one could not be encoded.
fn length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes()
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], LeafError> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(LeafError("it ends too early"))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn bytes(&mut self) -> Result<&'a [u8], LeafError> {
        let length = u32::from_be_bytes(self.array()?) as usize;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(LeafError("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn text(&mut self) -> Result<Arc<str>, LeafError> {
        std::str::from_utf8(self.bytes()?).map(Arc::from).map_err(|_| LeafError("a name is not UTF-8"))
    }
}
