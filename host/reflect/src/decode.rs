//! Reading the documented WIT package that travels beside a component (C3).
//!
//! The bytes come from a bundle, so they are checked like any input: they are validated by the
//! WebAssembly parser, limited in size, and a parser that panics is a damaged package, not a crash.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wit_parser::decoding::DecodedWasm;
use wit_parser::{PackageId, PackageMetadata, Resolve};

use crate::lower::Lowering;
use crate::package::foreign_docs;
use crate::types::World;

/// The longest package that is read, in bytes.
pub const MAX_PACKAGE_BYTES: usize = 8 << 20;

/// Why a package cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It is longer than [`MAX_PACKAGE_BYTES`]; its length.
    #[error("the WIT package has {0} bytes; at most {MAX_PACKAGE_BYTES} are read")]
    TooLarge(usize),
    /// It is no binary WIT package.
    #[error("this is not a binary WIT package: {0}")]
    Damaged(String),
    /// It is a component itself.
    #[error("this is a component, not the WIT package that describes one")]
    Component,
    /// A description has exactly one world; those that this package has.
    #[error("a description has one world, this package has {}: {}", .0.len(), .0.join(", "))]
    Worlds(Vec<String>),
    /// Something that cannot cross the boundary.
    #[error("{path}: {what}")]
    Unsupported {
        /// Where it is: `export hamlet:x/y@0.1.0, function f, parameter p`.
        path: String,
        /// What it is and why not.
        what: String,
    },
}

/// Reads a binary WIT package with its docs (C3): all that its one world imports and exports.
///
/// Cost: about a millisecond for a package of twenty interfaces. Once an install, not once a call.
pub fn decode(package: &[u8]) -> Result<World, DecodeError> {
    let (resolve, id) = resolve(package)?;
    let worlds = resolve.packages.get(id).map(|package| &package.worlds);
    let worlds: Vec<_> = worlds.into_iter().flatten().collect();
    match worlds.as_slice() {
        [(_, world)] => Lowering::new(&resolve).world(**world),
        _ => Err(DecodeError::Worlds(worlds.iter().map(|(name, _)| (*name).clone()).collect())),
    }
}

/// The parser's view of a package, the docs of the packages that it depends on put back in.
pub(crate) fn resolve(package: &[u8]) -> Result<(Resolve, PackageId), DecodeError> {
    if package.len() > MAX_PACKAGE_BYTES {
        return Err(DecodeError::TooLarge(package.len()));
    }
    // The parser asserts in places what its validator should have refused before.
    let decoded = catch_unwind(|| wit_parser::decoding::decode(package))
        .map_err(|_| DecodeError::Damaged("the parser gave up on it".into()))?
        .map_err(|error| DecodeError::Damaged(format!("{error:#}")))?;
    let (mut resolve, id) = match decoded {
        DecodedWasm::WitPackage(resolve, id) => (resolve, id),
        DecodedWasm::Component(..) => return Err(DecodeError::Component),
    };
    for (name, metadata) in foreign_docs(package)? {
        let metadata = PackageMetadata::decode(metadata)
            .map_err(|error| DecodeError::Damaged(format!("docs of {name}: {error:#}")))?;
        let Some((_, id)) = resolve.package_names.iter().find(|(known, _)| known.to_string() == name) else {
            return Err(DecodeError::Damaged(format!("docs of {name}, which it does not use")));
        };
        let id = *id;
        catch_unwind(AssertUnwindSafe(|| metadata.inject(&mut resolve, id)))
            .map_err(|_| DecodeError::Damaged(format!("docs of {name} do not fit")))?
            .map_err(|error| DecodeError::Damaged(format!("docs of {name}: {error:#}")))?;
    }
    Ok((resolve, id))
}
