//! Receipts, consistency proofs, checkpoints, leaves and keys: what a member or a neighbour hands over to be checked.
#![no_main]

use std::sync::LazyLock;

use hamlet_proof::{Checkpoint, Consistency, Leaf, Receipt, Signer, Verifier};
use libfuzzer_sys::fuzz_target;

static SIGNER: LazyLock<Signer> =
    LazyLock::new(|| Signer::from_seed("village.example/log", &[7; 32]).expect("a key"));

fuzz_target!(|bytes: &[u8]| {
    if let Ok(leaf) = Leaf::decode(bytes) {
        assert_eq!(leaf.encode(), bytes, "a leaf has one form");
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let verifier: Verifier = SIGNER.verifier();
    // Nobody here has signed anything: nothing may pass.
    assert!(Checkpoint::open(text, &verifier).is_err());
    if let Ok(receipt) = Receipt::from_json(text) {
        assert!(receipt.verify(&verifier).is_err());
        assert!(Receipt::from_json(&receipt.to_json()).is_ok());
    }
    if let Ok(consistency) = Consistency::from_json(text) {
        assert!(consistency.verify(&verifier).is_err());
        assert!(Consistency::from_json(&consistency.to_json()).is_ok());
    }
    let _ = Signer::from_text(text);
});
