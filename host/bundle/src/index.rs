//! An index: a signed list of bundles that a publisher, or somebody who chose among them, offers.
//!
//! Two files beside each other: `index.json` and its signature, `index.json.minisig`, made by
//! minisign or by [`sign_index`]. The signature's comment is `hamlet index 1 SEQUENCE`, so that no
//! other signed JSON passes for an index; who follows an index remembers the highest sequence and
//! refuses an older one, so that nobody can hide an upgrade for ever by serving an old list.
//!
//! ```json
//! {
//!   "hamlet-index": 1,
//!   "sequence": 7,
//!   "plugins": [
//!     {
//!       "name": "stall", "version": "0.2.0", "publisher": "RW…", "title": "The market stall",
//!       "url": "https://plugins.example/stall-0.2.0.hamlet",
//!       "sha256": "…64 hex digits…", "size": 181760, "minimum-host": "0.1.0"
//!     }
//!   ]
//! }
//! ```
//!
//! What this is not: it fetches nothing, and an entry is only a hint where to look. The bundle that is
//! fetched must have the entry's hash and size, and its own signature by the entry's publisher.
//!
//! What breaks if it is wrong: stewards are offered old or foreign versions, which then fail the
//! checks of [`crate::verify`] and [`crate::plan_upgrade`].

use std::collections::BTreeSet;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::bundle::{BUNDLE_BYTES_MAX, Verified, sha256_hex};
use crate::manifest::{TEXT_BYTES_MAX, is_plugin_name};
use crate::sign::{Publisher, SecretKey, SignError, Signature, sign};

/// Longest index that is read, in bytes.
pub const INDEX_BYTES_MAX: usize = 4 << 20;
/// Most entries of an index.
pub const INDEX_ENTRIES_MAX: usize = 10_000;
/// Longest URL, in bytes.
const URL_BYTES_MAX: usize = 1_000;
const FORM: u32 = 1;
const UNTRUSTED_COMMENT: &str = "signature of a Hamlet index";

/// A list of bundles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Rises with every change of the list.
    pub sequence: u64,
    /// The bundles.
    pub entries: Vec<IndexEntry>,
}

/// A bundle on offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// The plugin's name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// Who signed the bundle.
    pub publisher: Publisher,
    /// How people know the plugin.
    pub title: String,
    /// Where the bundle is, `https://…`.
    pub url: String,
    /// SHA-256 of the bundle's file, in hex.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
    /// The oldest host that runs it.
    pub minimum_host: Option<Version>,
}

/// Why an index, or a bundle fetched for one of its entries, is refused.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The signature.
    #[error("the index is refused: {0}")]
    Sign(#[from] SignError),
    /// The signature is good, and not an index's.
    #[error(
        "the signature is not one of an index, or of another state of it; fetch index.json and index.json.minisig again"
    )]
    Comment,
    /// It has more bytes than are read.
    #[error("the index has more than {INDEX_BYTES_MAX} bytes")]
    TooLong,
    /// It has another form.
    #[error("the index cannot be read: {0}")]
    Syntax(String),
    /// Made for a newer host.
    #[error("the index has form {found}, and this host knows form {FORM}; update the host")]
    Newer {
        /// Its form.
        found: u32,
    },
    /// An entry.
    #[error("the index's entry {index}: {why}")]
    Entry {
        /// Which, from 0.
        index: usize,
        /// What is wrong.
        why: String,
    },
    /// An older list than was seen before.
    #[error(
        "the index is older (sequence {found}) than one seen before ({seen}); somebody may be hiding upgrades"
    )]
    Older {
        /// Its sequence.
        found: u64,
        /// The highest one seen.
        seen: u64,
    },
    /// The bundle is not the one that the index describes.
    #[error("the file is not the bundle that the index describes: {why}")]
    OtherBundle {
        /// What differs.
        why: String,
    },
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawIndex {
    hamlet_index: u32,
    sequence: u64,
    plugins: Vec<RawEntry>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawEntry {
    name: String,
    version: String,
    publisher: String,
    title: String,
    url: String,
    sha256: String,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_host: Option<String>,
}

impl Index {
    /// Reads an index whose signature by `curator` is good and whose sequence is at least `seen`.
    ///
    /// Cost: linear in its length.
    ///
    /// # Errors
    /// Signature, form, an entry, or age; see [`IndexError`].
    pub fn verify(json: &str, signature: &str, curator: &Publisher, seen: u64) -> Result<Index, IndexError> {
        if json.len() > INDEX_BYTES_MAX {
            return Err(IndexError::TooLong);
        }
        let signature = Signature::parse(signature)?;
        let comment = signature.verify(curator, json.as_bytes())?;
        let index = Index::parse(json)?;
        if comment != trusted_comment(index.sequence) {
            return Err(IndexError::Comment);
        }
        if index.sequence < seen {
            return Err(IndexError::Older { found: index.sequence, seen });
        }
        Ok(index)
    }

    /// Reads an index without its signature; for those who are about to sign it.
    ///
    /// # Errors
    /// Unknown or missing keys, values out of range, an entry that comes twice.
    pub fn parse(json: &str) -> Result<Index, IndexError> {
        if json.len() > INDEX_BYTES_MAX {
            return Err(IndexError::TooLong);
        }
        let syntax = |error: serde_json::Error| IndexError::Syntax(error.to_string());
        let raw: RawIndex = serde_json::from_str(json).map_err(syntax)?;
        if raw.hamlet_index != FORM {
            return Err(IndexError::Newer { found: raw.hamlet_index });
        }
        if raw.plugins.len() > INDEX_ENTRIES_MAX {
            return Err(IndexError::Syntax(format!("it has more than {INDEX_ENTRIES_MAX} entries")));
        }
        let mut seen = BTreeSet::new();
        let mut entries = Vec::with_capacity(raw.plugins.len());
        for (index, raw) in raw.plugins.into_iter().enumerate() {
            let entry = entry(raw).map_err(|why| IndexError::Entry { index, why })?;
            if !seen.insert((entry.publisher.clone(), entry.name.clone(), entry.version.clone())) {
                return Err(IndexError::Entry { index, why: "this version is listed twice".to_owned() });
            }
            entries.push(entry);
        }
        Ok(Index { sequence: raw.sequence, entries })
    }

    /// The JSON text, in the entries' order.
    ///
    /// # Errors
    /// None in practice: numbers and texts always have a JSON form.
    pub fn to_json(&self) -> Result<String, IndexError> {
        let plugins = self.entries.iter().map(|entry| RawEntry {
            name: entry.name.clone(),
            version: entry.version.to_string(),
            publisher: entry.publisher.to_string(),
            title: entry.title.clone(),
            url: entry.url.clone(),
            sha256: entry.sha256.clone(),
            size: entry.size,
            minimum_host: entry.minimum_host.as_ref().map(Version::to_string),
        });
        let raw = RawIndex { hamlet_index: FORM, sequence: self.sequence, plugins: plugins.collect() };
        serde_json::to_string_pretty(&raw)
            .map(|text| text + "\n")
            .map_err(|error| IndexError::Syntax(error.to_string()))
    }

    /// The newest version of a publisher's plugin that a host can run; pre-releases only if there is
    /// nothing else.
    pub fn newest(&self, publisher: &Publisher, name: &str, host: &Version) -> Option<&IndexEntry> {
        let fits = |entry: &&IndexEntry| {
            entry.name == name
                && entry.publisher == *publisher
                && entry.minimum_host.as_ref().is_none_or(|needs| host.cmp_precedence(needs).is_ge())
        };
        let rank = |entry: &&IndexEntry| (entry.version.pre.is_empty(), entry.version.clone());
        self.entries.iter().filter(fits).max_by_key(rank)
    }
}

impl IndexEntry {
    /// Checks fetched bytes against the entry, before anything reads them.
    ///
    /// # Errors
    /// Size or hash differ.
    pub fn check_bytes(&self, bundle: &[u8]) -> Result<(), IndexError> {
        let other = |why: String| Err(IndexError::OtherBundle { why });
        if bundle.len() as u64 != self.size {
            return other(format!("it has {} bytes instead of {}", bundle.len(), self.size));
        }
        if sha256_hex(bundle) != self.sha256 {
            return other("its SHA-256 differs".to_owned());
        }
        Ok(())
    }

    /// Checks that a verified bundle is the one on offer.
    ///
    /// # Errors
    /// Name, version, publisher or hash differ.
    pub fn check(&self, verified: &Verified) -> Result<(), IndexError> {
        let other = |why: String| Err(IndexError::OtherBundle { why });
        let manifest = verified.manifest();
        if manifest.name != self.name || manifest.version != self.version {
            return other(format!("it is {} {}", manifest.name, manifest.version));
        }
        if verified.publisher != self.publisher {
            return other(format!("it is published by {}", verified.publisher.groups()));
        }
        if verified.sha256 != self.sha256 {
            return other("its SHA-256 differs".to_owned());
        }
        Ok(())
    }
}

/// Signs an index's text; gives the text of `index.json.minisig`.
///
/// # Errors
/// The text is not an index.
pub fn sign_index(json: &str, key: &SecretKey) -> Result<String, IndexError> {
    let index = Index::parse(json)?;
    let comment = trusted_comment(index.sequence);
    Ok(sign(json.as_bytes(), key, &comment, UNTRUSTED_COMMENT)?.to_text())
}

fn trusted_comment(sequence: u64) -> String {
    format!("hamlet index {FORM} {sequence}")
}

fn entry(raw: RawEntry) -> Result<IndexEntry, String> {
    let RawEntry { name, version, publisher, title, url, sha256, size, minimum_host } = raw;
    if !is_plugin_name(&name) {
        return Err(format!("{name:?} is not a plugin's name"));
    }
    let version_of = |text: &str| {
        Version::parse(text).map_err(|error| format!("{text:?} is not a version like 0.1.0: {error}"))
    };
    let version = version_of(&version)?;
    let minimum_host = minimum_host.as_deref().map(version_of).transpose()?;
    let parsed = Publisher::parse(&publisher).map_err(|error| error.to_string())?;
    if parsed.to_string() != publisher {
        return Err("publisher is not a key's one line RW…".to_owned());
    }
    if title.trim().is_empty() || title.len() > TEXT_BYTES_MAX || title.chars().any(char::is_control) {
        return Err(format!("title must be a text of 1 to {TEXT_BYTES_MAX} bytes"));
    }
    if !is_url(&url) {
        return Err(format!("{url:?} is not an https:// address of at most {URL_BYTES_MAX} bytes"));
    }
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if sha256.len() != 64 || !sha256.bytes().all(is_hex) {
        return Err("sha256 is not 64 digits of 0-9 and a-f".to_owned());
    }
    if size == 0 || size > BUNDLE_BYTES_MAX {
        return Err(format!("size must be 1 to {BUNDLE_BYTES_MAX} bytes"));
    }
    Ok(IndexEntry { name, version, publisher: parsed, title, url, sha256, size, minimum_host })
}

/// An address without a user's name, for https only. Whoever fetches checks the address that the
/// name leads to: this is a list from outside.
fn is_url(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    text.len() <= URL_BYTES_MAX
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !host.is_empty()
        && !host.contains('@')
}
