//! Proofs: how anybody with a receipt can show that history was kept, or that it was not
//! (semantics.md J3; design.md, idea 4).
//!
//! Pure: no clock, no store, no network; the one file that is touched is a signing key. The store makes
//! proofs with it, the gateway hands them out, `hamlet verify` and a member's own machine check them, and
//! `verify/hamlet-verify.py` does the same in another language with nothing of this code. If it is wrong,
//! a rewritten past passes as the true one: that is what a community trusts it for.
//!
//! # What is hashed
//!
//! ```text
//! checkpoint   signed note: origin, number of leaves, tree head                    [`note`]
//!   tree head  RFC 6962 tree over one leaf per committed command, in order         [`tree`]
//!     leaf     sequence, index, time, pseudonym, plugin, version, function, items, root   [`leaf`]
//!       root   RFC 6962 tree over the command's items: arguments, result, each written row
//!         item SHA-256(0x00 ‖ salt ‖ kind ‖ content), its salt known to whoever may know the content
//! ```
//!
//! - A leaf says who (by pseudonym) called what and when; what was said and written is behind the salts.
//!   Without its salt an item's hash tells nothing, even of a content that can be guessed.
//! - Salts come from one secret per journal record ([`Secret`]), kept with the write-set: who is shown one
//!   row's salt learns nothing of its neighbours'. When the write-set is dropped, the leaf stays and every
//!   receipt stays valid, since a [`Receipt`] carries row and salt.
//! - Every hash is SHA-256: 0x00 in front of leaves, 0x01 in front of nodes, 0x02 in front of secrets.
//!
//! ```
//! use hamlet_proof::{Checkpoint, Frontier, Hash, Signer, tree};
//!
//! let leaves: Vec<Hash> = [b"a", b"b", b"c"].iter().map(|leaf| Hash::of_leaf(*leaf)).collect();
//! let mut frontier = Frontier::default();
//! leaves.iter().for_each(|leaf| frontier.push(*leaf, |_| {}));
//! let signer = Signer::generate("village.example/log")?;
//! let note = Checkpoint::new("village.example/log", 3, frontier.root()).sign(&signer)?;
//! let checkpoint = Checkpoint::open(&note, &signer.verifier())?;
//! let path = tree::inclusion_proof(&leaves[..], 1, 3)?;
//! tree::verify_inclusion(leaves[1], 1, 3, &path, checkpoint.root)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod hash;
pub mod leaf;
pub mod note;
pub mod receipt;
pub mod signer;
pub mod tree;

pub use hash::Hash;
pub use leaf::{Item, Leaf, LeafError, Salt, Secret};
pub use note::{Checkpoint, NoteError};
pub use receipt::{Consistency, Receipt, ReceiptError, ReceiptItem};
pub use signer::{KeyError, Signer, Verifier};
pub use tree::{Frontier, Nodes, ProofError};
