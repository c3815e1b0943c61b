//! The first entry of a backup: what it is, where it stands, and how to check that.

use std::collections::BTreeMap;

use hamlet_proof::{Checkpoint, Hash, Verifier};
use hamlet_store::backup::Moment;
use serde::{Deserialize, Serialize};

use crate::error::BackupError;

/// The format that this host writes and the newest that it reads.
const FORMAT: u32 = 1;

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The layout's version.
    pub hamlet_backup: u32,
    /// The host that made it.
    pub made_by: String,
    /// When, in microseconds since 1970.
    pub made: u64,
    /// The newest batch in it.
    pub sequence: u64,
    /// Up to which batch the rows are folded.
    pub folded: u64,
    /// Commands in the log of proofs.
    pub leaves: u64,
    /// The log's tree head.
    pub root: Hash,
    /// Bytes by namespace at `folded`.
    pub usage: BTreeMap<u32, u64>,
    /// The log's public key.
    pub key: String,
    /// A checkpoint of exactly these leaves, signed by that key.
    pub checkpoint: String,
    /// Ids of parties whose keys were destroyed by then, as 32 hex digits.
    pub erased: Vec<String>,
}

impl Manifest {
    /// As it stands at a moment.
    pub(crate) fn new(
        made: u64,
        moment: &Moment,
        key: &Verifier,
        checkpoint: String,
        erased: Vec<String>,
    ) -> Self {
        Self {
            hamlet_backup: FORMAT,
            made_by: env!("CARGO_PKG_VERSION").to_owned(),
            made,
            sequence: moment.sequence,
            folded: moment.folded,
            leaves: moment.leaves,
            root: moment.root,
            usage: moment.usage.clone(),
            key: key.to_string(),
            checkpoint,
            erased,
        }
    }

    /// Reads it. Its checkpoint is checked against its own key, which proves only that both are whole: whose key it
    /// is, the community's printed one tells.
    pub fn read(bytes: &[u8]) -> Result<(Self, Checkpoint), BackupError> {
        #[derive(Deserialize)]
        struct Version {
            hamlet_backup: u32,
            made_by: String,
        }
        let form =
            |error: serde_json::Error| BackupError::Form(format!("its manifest cannot be read: {error}"));
        let version: Version = serde_json::from_slice(bytes).map_err(form)?;
        if version.hamlet_backup > FORMAT {
            return Err(BackupError::Newer(version.made_by));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(form)?;
        let wrong = |why: String| BackupError::Form(format!("its manifest is not right: {why}"));
        let key: Verifier =
            manifest.key.parse().map_err(|error: hamlet_proof::KeyError| wrong(error.to_string()))?;
        let checkpoint =
            Checkpoint::open(&manifest.checkpoint, &key).map_err(|error| wrong(error.to_string()))?;
        if (checkpoint.size, checkpoint.root) != (manifest.leaves, manifest.root) {
            return Err(wrong("its checkpoint is of another moment".to_owned()));
        }
        Ok((manifest, checkpoint))
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment {
            sequence: self.sequence,
            folded: self.folded,
            leaves: self.leaves,
            root: self.root,
            usage: self.usage.clone(),
        }
    }
}
