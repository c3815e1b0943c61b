//! Proofs for people (J3): checkpoints, receipts and consistency proofs of one community, and who may have which.
//!
//! The store keeps the log and makes the proofs (`hamlet_store::proof`); here is the key that signs its
//! checkpoints, and the rule of what a receipt shows to whom. If the rule is wrong, a receipt tells a member what
//! somebody else's command wrote.
//!
//! | who asks | for which commands | what is shown beside the leaf |
//! |---|---|---|
//! | whoever gave it | her own | the digests of arguments and result; with an idempotency key its row, which holds the result |
//! | a steward | all | nothing |
//! | whoever holds the box | all | everything, every written row |
//!
//! A command writes rows of others too (the payee's balance), and the host knows not which: so rows of plugins
//! are shown to nobody over HTTP. They stand under the leaf's root all the same, and the leaf is what exposes a
//! change.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hamlet_proof::receipt::Shown;
use hamlet_proof::{Consistency, Receipt, Signer, Verifier};
use hamlet_store::proof::TreeHead;
use hamlet_store::{Sequence, StoreError};
use parking_lot::Mutex;

use crate::call::Actor;
use crate::kernel::Kernel;
use crate::namespaces::IDEMPOTENCY;

/// The key's file in the community's `keys`.
pub const LOG_KEY_FILE: &str = "log.key";
/// How old a checkpoint may be that goes out with every answer: signing takes 50 µs.
const RECENT: Duration = Duration::from_secs(1);

/// The log's key, and the newest checkpoint that it signed.
pub(crate) struct LogKey {
    signer: Signer,
    recent: Mutex<Option<Signed>>,
}

struct Signed {
    head: TreeHead,
    note: Arc<str>,
    looked: Instant,
}

impl LogKey {
    pub(crate) fn new(signer: Signer) -> Self {
        Self { signer, recent: Mutex::new(None) }
    }
}

/// For whom a receipt is, which says what it shows.
#[derive(Clone, Copy, Debug)]
pub enum ReceiptFor<'a> {
    /// Whoever called, of commands of hers.
    Caller(&'a Actor),
    /// A steward: any command, nothing of its content.
    Steward,
    /// Whoever holds the box and could read the journal as well: everything.
    Holder,
}

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// There is no such command, or it is another's: which of both is not told.
    #[error(
        "there is no command {command} of yours in batch {sequence}; the answer to a command names both, in \
         `Hamlet-Receipt`"
    )]
    NotYours {
        /// The batch.
        sequence: Sequence,
        /// The command's place in it.
        command: u32,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Kernel {
    /// The public key with which everybody checks this community's checkpoints and receipts.
    pub fn log_verifier(&self) -> Verifier {
        self.shared().log_key.signer.verifier()
    }

    /// A signed checkpoint over everything that is committed now. Waits for the log to follow, mostly below 1 ms.
    pub fn checkpoint(&self) -> Result<String, StoreError> {
        self.store().proofs()?.checkpoint(&self.shared().log_key.signer)
    }

    /// A signed checkpoint at most some seconds old, without waiting: to go out with every answer. None where no
    /// proofs are kept.
    pub fn recent_checkpoint(&self) -> Option<Arc<str>> {
        let proofs = self.store().proofs().ok()?;
        let key = &self.shared().log_key;
        let mut recent = key.recent.lock();
        if let Some(signed) = recent.as_ref().filter(|signed| signed.looked.elapsed() < RECENT) {
            return Some(Arc::clone(&signed.note));
        }
        let head = proofs.head();
        let looked = Instant::now();
        if let Some(signed) = recent.as_mut().filter(|signed| signed.head == head) {
            signed.looked = looked;
            return Some(Arc::clone(&signed.note));
        }
        let checkpoint = hamlet_proof::Checkpoint::new(key.signer.name(), head.size, head.root);
        let note: Arc<str> = checkpoint.sign(&key.signer).ok()?.into();
        *recent = Some(Signed { head, note: Arc::clone(&note), looked });
        Some(note)
    }

    /// Shows whoever has an old checkpoint of this community that history only grew since.
    ///
    /// # Errors
    /// [`StoreError::Checkpoint`] where this community did not sign it; [`StoreError::Proof`] where it did and the
    /// log is another one now: history was rewritten.
    pub fn consistency_since(&self, old: &str) -> Result<Consistency, StoreError> {
        self.store().proofs()?.consistency_since(old, &self.shared().log_key.signer)
    }

    /// A receipt of a command, by batch and place in it ([`crate::Answer`] names both). Waits for the log to follow.
    pub fn receipt(
        &self,
        sequence: Sequence,
        command: u32,
        whose: ReceiptFor<'_>,
    ) -> Result<Receipt, ReceiptError> {
        let signer = &self.shared().log_key.signer;
        let proofs = self.store().proofs()?;
        let show_all = match whose {
            ReceiptFor::Steward => return Ok(proofs.bare_receipt(sequence, command, signer)?),
            ReceiptFor::Holder => true,
            ReceiptFor::Caller(actor) => {
                let not_yours = || ReceiptError::NotYours { sequence, command };
                let (_, leaf) = proofs.leaf(sequence, command).map_err(|error| match error {
                    StoreError::NoLeaf { .. } => not_yours(),
                    error => error.into(),
                })?;
                if leaf.caller != self.shared().pseudonym(actor) {
                    return Err(not_yours());
                }
                false
            }
        };
        let hers = |shown: &Shown| match shown {
            Shown::Arguments(_) | Shown::Result(_) => true,
            Shown::Row { namespace, .. } => show_all || *namespace == IDEMPOTENCY.0,
        };
        match proofs.receipt(sequence, command, signer, hers) {
            // Behind the horizon only the leaf is left, and that is proof enough of when and what was called.
            Err(StoreError::Dropped { .. }) => Ok(proofs.bare_receipt(sequence, command, signer)?),
            made => Ok(made?),
        }
    }
}
