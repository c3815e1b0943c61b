//! A bundle: a plugin in one signed file, `NAME-VERSION.hamlet`.
//!
//! ```text
//! line 1      hamlet bundle 1
//! lines 2–5   the payload's signature, as minisign writes it:
//!               untrusted comment: signature of a Hamlet plugin
//!               RU…
//!               trusted comment: hamlet bundle 1 NAME VERSION PUBLISHER
//!               …
//! the rest    the payload, a tar: plugin.toml, NAME.wasm, NAME.wit.wasm, static/…
//! ```
//!
//! The publisher's whole key stands in the signed comment, so one file says whose it is, and neither
//! its key id nor the name and version that people see can be changed. What is unpacked is a built
//! plugin's folder. Without this program a bundle is checked and opened by
//!
//! ```text
//! sed -n 2,5p stall-0.1.0.hamlet > payload.tar.minisig
//! tail -n +6 stall-0.1.0.hamlet > payload.tar
//! minisign -V -P RW… -m payload.tar && tar xf payload.tar
//! ```
//!
//! Packing is reproducible: the same folder and key give the same bytes (see [`crate::container`];
//! Ed25519 has no randomness). Compiled code is never part of a bundle (J6): only components are.
//!
//! What this is not: a decision to trust the publisher, or to grant what the plugin asks for.
//!
//! What breaks if it is wrong: see [`crate::sign`].

use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::container::{self, ContainerError};
use crate::hex::hex;
use crate::manifest::{Manifest, ManifestError};
use crate::package::{
    COMPONENT_BYTES_MAX, LoadError, MANIFEST_FILE, Package, WIT_BYTES_MAX, component_name, read_at_most,
    wit_name,
};
use crate::sign::{Publisher, SIGNATURE_BYTES_MAX, SecretKey, SignError, Signature, sign};
use crate::statics::{STATIC_BYTES_MAX, STATIC_FOLDER, StaticError, StaticFile, check_static, content_type};

/// Largest bundle, in bytes: its parts at their largest, and a header for each.
pub const BUNDLE_BYTES_MAX: u64 = COMPONENT_BYTES_MAX + WIT_BYTES_MAX + STATIC_BYTES_MAX + (4 << 20);
/// How a bundle's file name ends.
pub const BUNDLE_ENDING: &str = "hamlet";

const MAGIC: &str = "hamlet bundle 1\n";
const UNTRUSTED_COMMENT: &str = "signature of a Hamlet plugin";

/// A bundle whose signature is good and whose parts are well-formed.
///
/// It says who published this, not that it may be installed. The component has not been compared
/// with its WIT package: the host does so when it stages (C3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Who signed it.
    pub publisher: Publisher,
    /// Manifest, component, WIT package and static files.
    pub package: Package,
    /// SHA-256 of the whole file, in hex, as `sha256sum` prints it.
    pub sha256: String,
}

impl Verified {
    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.package.manifest
    }
}

/// Why a bundle is refused, or cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The file.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It is something else.
    #[error("this is not a plugin's bundle (its first line is not `{}`)", MAGIC.trim_end())]
    NoBundle,
    /// Made for a newer host.
    #[error("this bundle has a form that this host does not know; it needs a newer Hamlet")]
    Newer,
    /// It has more bytes than any bundle.
    #[error("a bundle has at most {BUNDLE_BYTES_MAX} bytes")]
    TooLarge,
    /// The signature.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The signature is good, and not a bundle's.
    #[error("the signature's comments are not those of a bundle; pack it with `hamlet plugin pack`")]
    Comment,
    /// The container.
    #[error("the bundle is refused: {0}")]
    Container(#[from] ContainerError),
    /// A part is not there.
    #[error("the bundle has no {name}")]
    Missing {
        /// Which.
        name: String,
    },
    /// A part that no bundle has.
    #[error("the bundle has a file {name:?} that does not belong into it")]
    Unexpected {
        /// Which.
        name: String,
    },
    /// A part is too large.
    #[error("{name} has more than {bytes_max} bytes")]
    PartTooLarge {
        /// Which.
        name: String,
        /// The limit.
        bytes_max: u64,
    },
    /// The manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The manifest is not text.
    #[error("plugin.toml is not UTF-8 text")]
    NotText,
    /// Manifest and signature speak of different plugins.
    #[error("plugin.toml says {manifest}, the signature says {signature}")]
    OtherPlugin {
        /// Name and version of the manifest.
        manifest: String,
        /// Name and version of the signature.
        signature: String,
    },
    /// The manifest names another publisher.
    #[error("plugin.toml says that {named} publishes it, but the key is {signed}")]
    OtherPublisher {
        /// Whom the manifest names.
        named: Publisher,
        /// Who signed, or would sign.
        signed: Publisher,
    },
    /// The component is none.
    #[error(
        "{name} is not a WebAssembly component; a bundle never holds compiled code: build the plugin \
         with `hamlet plugin build`"
    )]
    NoComponent {
        /// Its name.
        name: String,
    },
    /// The WIT package is none.
    #[error("{name} is not a WIT package with its world: {why}")]
    NoWit {
        /// Its name.
        name: String,
        /// What the parser says.
        why: String,
    },
    /// The static files.
    #[error(transparent)]
    Static(#[from] StaticError),
}

/// A bundle's file name, for example `stall-0.1.0.hamlet`.
pub fn bundle_file_name(manifest: &Manifest) -> String {
    format!("{}-{}.{BUNDLE_ENDING}", manifest.name, manifest.version)
}

/// Packs a built plugin and signs it. The same input gives the same bytes.
///
/// Cost: two copies in memory; linear.
///
/// # Errors
/// Whatever [`verify`] would refuse.
pub fn pack(package: &Package, key: &SecretKey) -> Result<Vec<u8>, BundleError> {
    let manifest = &package.manifest;
    let publisher = key.publisher();
    check_parts(package, &publisher)?;
    let mut entries = vec![
        (MANIFEST_FILE.to_owned(), package.manifest_text.as_bytes()),
        (component_name(&manifest.name), package.component.as_slice()),
        (wit_name(&manifest.name), package.wit.as_slice()),
    ];
    entries.extend(
        package.files.iter().map(|file| (format!("{STATIC_FOLDER}/{}", file.path), file.bytes.as_slice())),
    );
    let payload = container::write(entries)?;
    let comment = trusted_comment(manifest, &publisher);
    let signature = sign(&payload, key, &comment, UNTRUSTED_COMMENT)?;
    let bundle = [MAGIC.as_bytes(), signature.to_text().as_bytes(), &payload].concat();
    if bundle.len() as u64 > BUNDLE_BYTES_MAX { Err(BundleError::TooLarge) } else { Ok(bundle) }
}

/// Reads a bundle's file and verifies it.
///
/// # Errors
/// As [`verify`], or the file cannot be read.
pub fn verify_file(path: &Path) -> Result<Verified, BundleError> {
    verify(&read_bundle(path)?)
}

/// Reads a bundle's file, at most [`BUNDLE_BYTES_MAX`] bytes of it. Nothing is verified.
///
/// # Errors
/// The file cannot be read, or is larger.
pub fn read_bundle(path: &Path) -> Result<Vec<u8>, LoadError> {
    read_at_most(path.to_owned(), BUNDLE_BYTES_MAX)
}

/// Verifies a bundle: the signature first, then each part. Never panics, whatever the bytes.
///
/// Cost: linear; BLAKE2b and SHA-256 over the file, and one copy of each part.
///
/// # Errors
/// The first thing that is not as [`pack`] makes it. A change of any single byte is refused.
pub fn verify(bundle: &[u8]) -> Result<Verified, BundleError> {
    if bundle.len() as u64 > BUNDLE_BYTES_MAX {
        return Err(BundleError::TooLarge);
    }
    let (text, payload) = split(bundle)?;
    let signature = Signature::parse(text)?;
    let comment = signature.trusted_comment_unchecked();
    let Some(["hamlet", "bundle", "1", name, version, publisher]) =
        comment.split(' ').collect::<Vec<_>>().as_array().copied()
    else {
        return Err(BundleError::Comment);
    };
    let publisher = Publisher::parse(publisher)?;
    signature.verify(&publisher, payload)?;
    // From here on the publisher said so. What she said may still be wrong.
    let package = parts(payload)?;
    let manifest = &package.manifest;
    if trusted_comment(manifest, &publisher) != comment {
        return Err(BundleError::OtherPlugin {
            manifest: format!("{} {}", manifest.name, manifest.version),
            signature: format!("{name} {version}"),
        });
    }
    // The comment that nothing covers has one text, so that no byte of a bundle is free.
    if signature.untrusted_comment() != UNTRUSTED_COMMENT {
        return Err(BundleError::Comment);
    }
    check_parts(&package, &publisher)?;
    Ok(Verified { publisher, package, sha256: sha256_hex(bundle) })
}

/// A bundle's signature, as a `.minisig` file holds it, and its payload, a tar. Nothing is checked
/// but the first line: this is for looking inside with other programs.
///
/// # Errors
/// The bytes do not begin like a bundle.
pub fn split(bundle: &[u8]) -> Result<(&str, &[u8]), BundleError> {
    let Some(rest) = bundle.strip_prefix(MAGIC.as_bytes()) else {
        let newer = bundle.strip_prefix(b"hamlet bundle ").is_some_and(|rest| {
            rest.first().is_some_and(u8::is_ascii_digit) && rest.get(1).is_some_and(|byte| *byte != b'0')
        });
        return Err(if newer { BundleError::Newer } else { BundleError::NoBundle });
    };
    let head = rest.get(..SIGNATURE_BYTES_MAX.min(rest.len())).unwrap_or(rest);
    let ends = head.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let (signature, payload) =
        ends.take(4).nth(3).and_then(|end| rest.split_at_checked(end)).ok_or(BundleError::Comment)?;
    Ok((std::str::from_utf8(signature).map_err(|_| BundleError::Comment)?, payload))
}

fn trusted_comment(manifest: &Manifest, publisher: &Publisher) -> String {
    format!("hamlet bundle 1 {} {} {publisher}", manifest.name, manifest.version)
}

/// The parts of a payload; each is there once, and nothing else is.
fn parts(payload: &[u8]) -> Result<Package, BundleError> {
    let entries = container::read(payload)?;
    let find = |name: &str, bytes_max: u64| match entries.iter().find(|(found, _)| *found == name) {
        None => Err(BundleError::Missing { name: name.to_owned() }),
        Some((_, bytes)) if bytes.len() as u64 > bytes_max => {
            Err(BundleError::PartTooLarge { name: name.to_owned(), bytes_max })
        }
        Some((_, bytes)) => Ok(bytes.to_vec()),
    };
    let manifest_text = String::from_utf8(find(MANIFEST_FILE, crate::manifest::MANIFEST_BYTES_MAX as u64)?)
        .map_err(|_| BundleError::NotText)?;
    let manifest = Manifest::parse(&manifest_text)?;
    let (component_name, wit_name) = (component_name(&manifest.name), wit_name(&manifest.name));
    let component = find(&component_name, COMPONENT_BYTES_MAX)?;
    let wit = find(&wit_name, WIT_BYTES_MAX)?;
    let mut files = Vec::new();
    for (name, bytes) in &entries {
        if [MANIFEST_FILE, &component_name, &wit_name].contains(name) {
            continue;
        }
        let Some(path) = name.strip_prefix(STATIC_FOLDER).and_then(|rest| rest.strip_prefix('/')) else {
            return Err(BundleError::Unexpected { name: (*name).to_owned() });
        };
        let rules = manifest.static_files.as_ref().ok_or(StaticError::Undeclared)?;
        let content_type = content_type(path, rules)?;
        files.push(StaticFile { path: path.to_owned(), content_type, bytes: bytes.to_vec() });
    }
    Ok(Package { manifest, manifest_text, component, wit, files })
}

fn check_parts(package: &Package, publisher: &Publisher) -> Result<(), BundleError> {
    let manifest = &package.manifest;
    if let Some(named) = manifest.publisher.as_ref().filter(|named| *named != publisher) {
        return Err(BundleError::OtherPublisher { named: named.clone(), signed: publisher.clone() });
    }
    let limits = [
        (component_name(&manifest.name), package.component.len(), COMPONENT_BYTES_MAX),
        (wit_name(&manifest.name), package.wit.len(), WIT_BYTES_MAX),
    ];
    for (name, bytes, bytes_max) in limits {
        if bytes as u64 > bytes_max {
            return Err(BundleError::PartTooLarge { name, bytes_max });
        }
    }
    if !wasmparser::Parser::is_component(&package.component) {
        return Err(BundleError::NoComponent { name: component_name(&manifest.name) });
    }
    if let Err(error) = hamlet_reflect::decode(&package.wit) {
        return Err(BundleError::NoWit { name: wit_name(&manifest.name), why: error.to_string() });
    }
    Ok(check_static(&package.files, manifest.static_files.as_ref())?)
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
