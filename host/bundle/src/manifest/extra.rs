//! What a manifest says for its bundle: the publisher, static files, migration.

use std::collections::BTreeMap;

use semver::{Version, VersionReq};
use serde::Deserialize;

use super::{ExportEntry, ManifestError, Migration, StaticRules, words};
use crate::sign::Publisher;
use crate::statics::{STATIC_BYTES_DEFAULT, STATIC_BYTES_MAX, built_in_type};

/// Most content types that a manifest adds.
const TYPES_MAX: usize = 64;
/// Longest content type, in bytes.
const TYPE_BYTES_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStatic {
    folder: Option<String>,
    size: Option<String>,
    #[serde(default)]
    types: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawMigration {
    migrates_from: String,
    reads_as_is: Option<String>,
    interface: String,
    function: String,
}

pub(super) fn publisher(text: &str) -> Result<Publisher, ManifestError> {
    Publisher::parse(text).map_err(|error| ManifestError::Publisher { why: error.to_string() })
}

pub(super) fn minimum_host(text: String) -> Result<Version, ManifestError> {
    Version::parse(&text).map_err(|error| ManifestError::Version { version: text, why: error.to_string() })
}

pub(super) fn statics(raw: RawStatic) -> Result<StaticRules, ManifestError> {
    let folder = raw.folder.unwrap_or_else(|| "static".to_owned());
    // It may lie beside the plugin's folder, but not at an absolute place.
    if folder.is_empty() || folder.starts_with('/') || folder.contains(['\\', '\0']) {
        return Err(ManifestError::StaticFolder { path: folder });
    }
    let size = match raw.size {
        None => STATIC_BYTES_DEFAULT,
        Some(text) => words::size(&text)
            .filter(|bytes| *bytes <= STATIC_BYTES_MAX)
            .ok_or(ManifestError::StaticSize { text })?,
    };
    if raw.types.len() > TYPES_MAX {
        return Err(ManifestError::StaticType { ending: format!("({} endings)", raw.types.len()) });
    }
    for (ending, content_type) in &raw.types {
        // The usual endings keep their meaning: what looks like a picture is one.
        if !is_ending(ending) || built_in_type(ending).is_some() || !is_content_type(content_type) {
            return Err(ManifestError::StaticType { ending: ending.clone() });
        }
    }
    Ok(StaticRules { folder, size, types: raw.types })
}

pub(super) fn migration(
    raw: RawMigration,
    version: &Version,
    exports: &[ExportEntry],
) -> Result<Migration, ManifestError> {
    let RawMigration { migrates_from, reads_as_is, interface, function } = raw;
    if !words::is_interface(&interface) {
        return Err(ManifestError::Interface { at: "migration", text: interface });
    }
    if !words::is_word(&function) {
        return Err(ManifestError::Word { at: "migration".to_owned(), text: function });
    }
    // The host alone calls it, once for an upgrade: in anybody else's hands it overwrites the data.
    let callable =
        exports.iter().any(|entry| entry.interface == interface && entry.functions.contains_key(&function));
    if callable {
        return Err(ManifestError::MigrationCallable { interface, function });
    }
    let migrates_from = range("migrates-from", &migrates_from)?;
    if migrates_from.matches(version) {
        return Err(ManifestError::MigrationFromItself { version: version.to_string() });
    }
    let reads_as_is = reads_as_is.map(|text| range("reads-as-is", &text)).transpose()?;
    Ok(Migration { migrates_from, reads_as_is, interface, function })
}

fn range(key: &'static str, text: &str) -> Result<VersionReq, ManifestError> {
    let why = |why: String| ManifestError::Range { key, text: text.to_owned(), why };
    // An empty range would admit every version; `*` says so where it is meant.
    if text.trim().is_empty() {
        return Err(why("it is empty".to_owned()));
    }
    VersionReq::parse(text).map_err(|error| why(error.to_string()))
}

/// What stands after the last dot of a file's name, lower case.
fn is_ending(text: &str) -> bool {
    (1..=12).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// `type/subtype` without parameters (RFC 9110, 8.3.1), lower case.
fn is_content_type(text: &str) -> bool {
    let is_token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$&^_.+-".contains(&byte)
            })
    };
    text.len() <= TYPE_BYTES_MAX
        && text.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}
