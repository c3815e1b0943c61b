//! A batch on its way to the disk, while the writer fills the next one on top of it.
//!
//! ```text
//! Batch::seal ─▶ Sealed ──flush──▶ Flushed ─▶ Batch::settle
//! (the writer)   (any thread)                 (the writer)
//! ```
//!
//! [`Sealed::flush`] does what takes time: checksums, one write, one `fdatasync`, sorting the rows into a layer. It
//! publishes the batch itself, so that whoever is answered at once finds it. There is one sealed batch at a time: it
//! carries the journal's writing end with it.
//!
//! It knows nothing of what comes after it. That what was run on top of a batch that failed is discarded too is
//! [`super::batch::Batch::settle`]'s, and that nobody is told of it before its own flush is the caller's.

use std::sync::Arc;

use crate::{
    error::CommitError,
    journal::{AppendError, Appended, Journal},
    key::{Namespace, Sequence},
    overlay::{
        base::Usage,
        layer::{Layer, LayerRow},
    },
    record::PayloadWriter,
    store::Handle,
};

/// A batch that takes no more and is not durable yet. Dropped, it takes the journal's writing end with it: the store
/// takes no more writes until it is opened again.
#[must_use = "until it is flushed and settled, the store takes no other batch"]
pub struct Sealed {
    pub(super) handle: Arc<Handle>,
    pub(super) journal: Box<dyn Journal>,
    pub(super) time: u64,
    pub(super) payload: PayloadWriter,
    pub(super) usage_changes: Vec<(Namespace, i64)>,
    pub(super) usage: Arc<Usage>,
    /// In any order, each key once.
    pub(super) rows: Vec<LayerRow>,
}

/// What became of a sealed batch, for [`crate::Batch::settle`].
#[must_use = "until it is settled, the store takes no other batch"]
pub struct Flushed {
    pub(super) journal: Box<dyn Journal>,
    pub(super) payload: PayloadWriter,
    /// What was published.
    pub(super) layer: Option<Arc<Layer>>,
    pub(super) result: Result<Sequence, CommitError>,
}

impl Sealed {
    /// Bytes of the batch as it will be written.
    pub fn bytes(&self) -> usize {
        self.payload.bytes()
    }

    /// Makes the batch durable and then visible: every later snapshot has it. On an error no snapshot ever has a part
    /// of it.
    ///
    /// May wait for a fold when the overlay is full.
    pub fn flush(mut self) -> Flushed {
        let result = self.append();
        let layer = match result {
            Ok(sequence) => self.publish(sequence),
            Err(_) => None,
        };
        Flushed { journal: self.journal, payload: self.payload, layer, result }
    }

    fn append(&mut self) -> Result<Sequence, CommitError> {
        let shared = &self.handle.shared;
        shared.wait_for_room()?;
        let payload = self.payload.finish(self.time, &self.usage_changes, &shared.config.entropy)?;
        match self.journal.append(self.journal.head(), shared.config.term, payload) {
            Ok(Appended::Appended(sequence)) => Ok(sequence),
            Ok(Appended::Stale(head)) => Err(CommitError::Stale { head }),
            Ok(Appended::Unknown(why)) => Err(CommitError::Unknown(why)),
            Err(AppendError::NoSpace(error)) => Err(CommitError::NoSpace(error)),
            Err(AppendError::Write(error)) => Err(CommitError::Write(error)),
            Err(AppendError::TooLarge(bytes)) => Err(CommitError::TooLarge(bytes)),
            Err(AppendError::Poisoned) => Err(CommitError::Poisoned),
        }
    }

    fn publish(&mut self, sequence: Sequence) -> Option<Arc<Layer>> {
        let rows = std::mem::take(&mut self.rows);
        let layer = (!rows.is_empty()).then(|| Arc::new(Layer::new(sequence, sequence, rows)));
        self.handle.shared.publish(sequence, layer.clone(), Arc::clone(&self.usage));
        self.handle.wake_proofs();
        layer
    }
}

impl Flushed {
    /// The batch's number, or why it is discarded.
    ///
    /// # Errors
    /// As of [`crate::Batch::commit`].
    pub fn result(&self) -> Result<Sequence, &CommitError> {
        self.result.as_ref().copied()
    }
}
