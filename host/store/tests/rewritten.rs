//! A steward with root and the signing key rewrites history: every earlier receipt exposes it (J3).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs;

use common::{files, put, rewrite_journal, signer, unfolded, written_log};
use hamlet_proof::{Checkpoint, ProofError, tree};
use hamlet_store::{Config, Store, StoreError};

fn one_segment() -> Config {
    Config { segment_bytes: 1 << 20, ..unfolded() }
}

fn replace(from: &[u8], to: &[u8]) -> impl Fn(&mut Vec<u8>) {
    move |payload| {
        let at = payload.windows(from.len()).position(|window| window == from).expect("the old transfer");
        payload[at..at + to.len()].copy_from_slice(to);
    }
}

#[test]
fn j3_every_earlier_receipt_exposes_a_steward_who_rewrites_a_transfer_and_signs_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (receipts, notes) = {
        let (store, mut batch) = Store::open(dir.path(), one_segment()).unwrap();
        let (mut receipts, mut notes) = (Vec::new(), Vec::new());
        for number in 1..=12 {
            put(&mut batch, &format!("transfer{number:02}"), "Agnes pays Bruno 10 hours");
            let proofs = store.proofs().unwrap();
            receipts.push(proofs.receipt(number, 0, &signer(), |_| true).unwrap());
            notes.push(proofs.checkpoint(&signer()).unwrap());
        }
        (receipts, notes)
    };
    rewrite_journal(dir.path(), 5, replace(b"Bruno 10", b"Me    90"));
    // The log as it stands does not fit the journal that it was derived from; so it goes, and so does the state.
    fs::remove_dir_all(dir.path().join("proofs")).unwrap();
    fs::remove_file(dir.path().join("state.redb")).unwrap();
    let (store, mut batch) = Store::open(dir.path(), one_segment()).unwrap();
    assert_eq!(common::get(&mut store.snapshot(), "transfer05").unwrap(), "Agnes pays Me    90 hours");
    put(&mut batch, "transfer13", "life goes on");
    let proofs = store.proofs().unwrap();
    let forged = proofs.checkpoint(&signer()).unwrap();
    let forged = Checkpoint::open(&forged, &signer().verifier()).unwrap();
    assert_eq!(forged.size, 13, "the new log is signed by the right key and looks as good as the old one");
    for (receipt, note) in receipts.iter().zip(&notes) {
        let kept = receipt.verify(&signer().verifier()).unwrap();
        let exposed = proofs.consistency_since(note, &signer());
        if kept.size < 5 {
            // What these stand for was not changed: nothing is claimed falsely.
            exposed.unwrap().verify(&signer().verifier()).unwrap();
            continue;
        }
        let exposed = exposed.unwrap_err();
        assert!(matches!(exposed, StoreError::Proof(ProofError::OtherPast { .. })), "{exposed}");
        // Whatever proof the steward hands out instead, no member's check accepts it.
        let path = proofs.consistency(kept.size, forged.size).unwrap();
        tree::verify_consistency(kept.size, kept.root, forged.size, forged.root, &path).unwrap_err();
    }
    // The receipt for the transfer itself still proves what the community once signed.
    let shown = receipts[4].to_json();
    assert!(shown.contains(&base64("Agnes pays Bruno 10 hours")), "{shown}");
}

/// Enough for texts whose length is a multiple of three, plus one.
fn base64(text: &str) -> String {
    use std::fmt::Write as _;
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks_exact(3) {
        let number = u32::from_be_bytes([0, chunk[0], chunk[1], chunk[2]]);
        for shift in [18, 12, 6, 0] {
            write!(out, "{}", LETTERS[(number >> shift & 63) as usize] as char).unwrap();
        }
    }
    out
}

#[test]
fn j3_a_journal_that_was_exchanged_is_refused_when_the_log_stays() {
    let dir = tempfile::tempdir().unwrap();
    written_log(dir.path(), one_segment());
    let head = 20;
    rewrite_journal(dir.path(), head, |payload| payload[60] ^= 1);
    let refused = Store::open(dir.path(), one_segment()).map(drop);
    assert!(refused.is_err());
    let shorter = tempfile::tempdir().unwrap();
    {
        let (_store, mut batch) = Store::open(shorter.path(), one_segment()).unwrap();
        put(&mut batch, "a", "1");
    }
    fs::remove_dir_all(shorter.path().join("proofs")).unwrap();
    fs::create_dir(shorter.path().join("proofs")).unwrap();
    for (name, bytes) in ["leaves", "nodes", "batches"].iter().zip(files(dir.path())) {
        fs::write(shorter.path().join("proofs").join(name), bytes).unwrap();
    }
    let refused = Store::open(shorter.path(), one_segment()).map(drop).unwrap_err();
    assert!(matches!(refused, StoreError::OtherHistory { proved: 20, head: 1 }), "{refused}");
}

#[test]
fn j3_batches_from_before_proofs_have_no_leaves_and_later_ones_do() {
    let dir = tempfile::tempdir().unwrap();
    {
        let config = Config { proofs: false, ..one_segment() };
        let (store, mut batch) = Store::open(dir.path(), config).unwrap();
        put(&mut batch, "old", "1");
        assert!(matches!(store.proofs().map(drop), Err(StoreError::NoProofs(_))));
    }
    // As version 1 wrote it: no secret. The payload is as long, so that the record can stay where it is.
    rewrite_journal(dir.path(), 1, |payload| {
        let usage_at = u32::from_le_bytes(payload[13..17].try_into().unwrap()) - 32;
        payload[0] = 1;
        payload[13..17].copy_from_slice(&usage_at.to_le_bytes());
        payload.drain(17..49);
        payload.extend_from_slice(&[0; 32]);
    });
    fs::write(dir.path().join("format"), "hamlet-store 1\n").unwrap();
    let (store, mut batch) = Store::open(dir.path(), one_segment()).unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("format")).unwrap(), "hamlet-store 2\n");
    assert_eq!(common::get(&mut store.snapshot(), "old").unwrap(), "1");
    let proofs = store.proofs().unwrap();
    assert_eq!(proofs.tree_at(1).unwrap().size, 0);
    put(&mut batch, "new", "2");
    assert_eq!(proofs.tree_at(2).unwrap().size, 1);
    assert!(matches!(proofs.bare_receipt(1, 0, &signer()), Err(StoreError::NoLeaf { .. })));
    proofs.bare_receipt(2, 0, &signer()).unwrap().verify(&signer().verifier()).unwrap();
}
