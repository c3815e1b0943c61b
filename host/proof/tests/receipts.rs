//! Leaves, notes, keys and receipts; and that the independent verifier in Python agrees, both ways.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, missing_docs)]

use std::{fs, path::Path, process::Command};

use hamlet_proof::{
    Checkpoint, Consistency, Hash, Item, KeyError, Leaf, NoteError, Receipt, ReceiptError, ReceiptItem,
    Secret, Signer, Verifier, receipt::Shown, tree,
};
use proptest::prelude::*;

const ORIGIN: &str = "village.example/log";

fn signer() -> Signer {
    Signer::from_seed(ORIGIN, &[7; 32]).unwrap()
}

/// What a command wrote, with its number in a log of commands like it.
struct Written {
    leaf: Leaf,
    items: Vec<(Shown, Hash)>,
}

const SECRET: Secret = Secret([9; 32]);

fn command(number: u32) -> Written {
    let row = |key: &str, value: Option<&[u8]>| Shown::Row {
        namespace: 7,
        key: format!("{key}{number}").into_bytes(),
        value: value.map(<[u8]>::to_vec),
    };
    let shown = [
        Shown::Arguments([1; 32]),
        Shown::Result([2; 32]),
        row("balance", Some(b"12 hours")),
        row("gone", None),
        row("empty", Some(b"")),
    ];
    let items: Vec<(Shown, Hash)> = shown
        .into_iter()
        .zip(0..)
        .map(|(shown, at)| {
            let salt = SECRET.salt(number, at);
            let hash = match &shown {
                Shown::Arguments(digest) => Item::Arguments(*digest),
                Shown::Result(digest) => Item::Result(*digest),
                Shown::Row { namespace, key, value: Some(value) } => {
                    Item::Set { namespace: *namespace, key, value }
                }
                Shown::Row { namespace, key, value: None } => Item::Deleted { namespace: *namespace, key },
            }
            .hash(&salt);
            (shown, hash)
        })
        .collect();
    let hashes: Vec<Hash> = items.iter().map(|(_, hash)| *hash).collect();
    let leaf = Leaf {
        sequence: 3,
        index: number,
        time: 1_700_000_000_000_000,
        caller: vec![5; 16],
        plugin: "shop".into(),
        version: "0.1.0".into(),
        function: "stall.sell – heute".into(),
        items: 5,
        root: tree::head(&hashes),
    };
    Written { leaf, items }
}

fn leaves(count: u32) -> Vec<Hash> {
    (0..count).map(|number| command(number).leaf.hash()).collect()
}

fn checkpoint(size: u32) -> String {
    let leaves = leaves(size);
    Checkpoint::new(ORIGIN, u64::from(size), tree::head(&leaves)).sign(&signer()).unwrap()
}

fn receipt(number: u32, size: u32) -> Receipt {
    let command = command(number);
    let hashes: Vec<Hash> = command.items.iter().map(|(_, hash)| *hash).collect();
    let items = command.items.into_iter().zip(0..).map(|((shown, _), at)| ReceiptItem {
        number: at,
        salt: SECRET.salt(number, at),
        shown,
        path: tree::inclusion_proof(&hashes[..], u64::from(at), 5).unwrap(),
    });
    Receipt {
        checkpoint: checkpoint(size),
        number: u64::from(number),
        leaf: command.leaf,
        path: tree::inclusion_proof(&leaves(size)[..], u64::from(number), u64::from(size)).unwrap(),
        items: items.collect(),
    }
}

fn consistency(old: u32, new: u32) -> Consistency {
    let path = tree::consistency_proof(&leaves(new)[..], u64::from(old), u64::from(new)).unwrap();
    Consistency { old: checkpoint(old), new: checkpoint(new), path }
}

/// Exit code and output of the verifier in Python.
fn python(dir: &Path, files: &[(&str, &str)]) -> (i32, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("verify/hamlet-verify.py");
    let mut run = Command::new("python3");
    run.arg(script).arg("--key").arg(signer().verifier().to_string());
    for (name, text) in files {
        fs::write(dir.join(name), text).unwrap();
        run.arg(dir.join(name));
    }
    let output = run.output().expect("python3, which the independent verifier needs");
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), text)
}

#[test]
fn j3_a_receipt_holds_after_a_round_trip_through_its_document() {
    for size in [1, 2, 5, 8] {
        for number in 0..size {
            let receipt = receipt(number, size);
            let read = Receipt::from_json(&receipt.to_json()).unwrap();
            assert_eq!(read, receipt);
            assert_eq!(read.verify(&signer().verifier()).unwrap().size, u64::from(size));
        }
    }
}

#[test]
fn j3_the_independent_verifier_agrees_on_what_rust_made() {
    let dir = tempfile::tempdir().unwrap();
    let (receipts, growth) = (receipt(4, 7).to_json(), consistency(5, 8).to_json());
    let (zero, one) = (consistency(0, 3).to_json(), consistency(4, 8).to_json());
    let files = [
        ("receipt", &*receipts),
        ("growth", &*growth),
        ("zero", &*zero),
        ("one", &*one),
        ("checkpoint", &*checkpoint(7)),
    ];
    let (code, said) = python(dir.path(), &files);
    assert_eq!(code, 0, "{said}");
    assert_eq!(said.matches("ok:").count(), 5, "{said}");
}

/// Documents that differ from a true one in one place each.
fn altered_receipts() -> Vec<(&'static str, Receipt)> {
    let alter = |name, change: fn(&mut Receipt)| {
        let mut receipt = receipt(4, 7);
        change(&mut receipt);
        (name, receipt)
    };
    vec![
        alter("time", |r| r.leaf.time += 1),
        alter("caller", |r| r.leaf.caller[0] ^= 1),
        alter("function", |r| r.leaf.function = "stall.buy".into()),
        alter("number", |r| r.number = 3),
        alter("path", |r| r.path[0].0[0] ^= 1),
        alter("short", |r| r.path.truncate(2)),
        alter("long", |r| r.path.push(Hash([0; 32]))),
        alter("salt", |r| r.items[2].salt.0[31] ^= 1),
        alter("value", |r| {
            r.items[2].shown =
                Shown::Row { namespace: 7, key: b"balance4".to_vec(), value: Some(b"13 hours".to_vec()) };
        }),
        alter("deleted", |r| {
            r.items[4].shown = Shown::Row { namespace: 7, key: b"empty4".to_vec(), value: None };
        }),
        alter("kind", |r| r.items[0].number = 2),
        alter("item", |r| r.items[3].number = 2),
        alter("items", |r| r.leaf.items = 6),
        alter("size", |r| r.checkpoint = r.checkpoint.replacen("\n7\n", "\n8\n", 1)),
        alter("origin", |r| r.checkpoint = r.checkpoint.replace(ORIGIN, "town.example/log")),
        alter("unsigned", |r| {
            r.checkpoint = r.checkpoint.split_once("\n\n").unwrap().0.to_owned() + "\n\n";
        }),
        alter("stranger", |r| {
            let stranger = Signer::from_seed(ORIGIN, &[8; 32]).unwrap();
            let checkpoint = Checkpoint::open(&r.checkpoint, &signer().verifier()).unwrap();
            r.checkpoint = checkpoint.sign(&stranger).unwrap();
        }),
    ]
}

#[test]
fn j3_every_altered_receipt_is_refused_by_rust_and_by_the_independent_verifier() {
    let dir = tempfile::tempdir().unwrap();
    for (name, receipt) in altered_receipts() {
        assert!(receipt.verify(&signer().verifier()).is_err(), "{name}");
        let (code, said) = python(dir.path(), &[(name, &receipt.to_json())]);
        assert_eq!(code, 1, "{name}: {said}");
        assert!(said.starts_with("WRONG"), "{name}: {said}");
    }
}

#[test]
fn j3_a_rewritten_past_is_exposed_by_rust_and_by_the_independent_verifier() {
    let dir = tempfile::tempdir().unwrap();
    let mut forged = leaves(8);
    forged[2] = Hash::of_leaf(b"another transfer");
    let new = Checkpoint::new(ORIGIN, 8, tree::head(&forged)).sign(&signer()).unwrap();
    for old in 3..=8 {
        let path = tree::consistency_proof(&forged[..], u64::from(old), 8).unwrap();
        let proof = Consistency { old: checkpoint(old), new: new.clone(), path };
        let refused = proof.verify(&signer().verifier()).unwrap_err();
        assert!(matches!(refused, ReceiptError::Past(_)), "{refused}");
        let (code, said) = python(dir.path(), &[("forged", &proof.to_json())]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("history was rewritten"), "{said}");
    }
    // Two checkpoints of one size expose a fork without any proof.
    let (code, said) = python(dir.path(), &[("mine", &checkpoint(8)), ("yours", &new)]);
    assert!(code == 1 && said.contains("forked"), "{said}");
}

#[test]
fn a_note_is_byte_for_byte_what_c2sp_says() {
    let note = Checkpoint::new(ORIGIN, 12, Hash([1; 32])).sign(&signer()).unwrap();
    let lines: Vec<&str> = note.split('\n').collect();
    assert_eq!(lines[..4], [ORIGIN, "12", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", ""]);
    assert!(lines[4].starts_with("\u{2014} village.example/log "), "{note}");
    assert_eq!((lines.len(), lines[5]), (6, ""));
    let key = signer().verifier().to_string();
    assert_eq!(key.parse::<Verifier>().unwrap(), signer().verifier());
}

#[test]
fn the_example_of_the_specification_is_read() {
    // golang.org/x/mod/sumdb/note's documented key and note (PeterNeumann), in public use as a vector.
    let key: Verifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse().unwrap();
    let text = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n\n\
                — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    // Signed by that key over this text, which is no checkpoint: so far it gets, and no further.
    let refused = Checkpoint::open(text, &key).unwrap_err();
    assert!(matches!(refused, NoteError::Form("a line is missing")), "{refused}");
    let forged = text.replace("cryptography", "Cryptography");
    assert!(matches!(Checkpoint::open(&forged, &key), Err(NoteError::Forged(_))));
}

#[test]
fn further_signatures_and_extensions_are_kept_and_passed_over() {
    let mut checkpoint = Checkpoint::new(ORIGIN, 1, Hash([3; 32]));
    checkpoint.extensions.push("restored from batch 12".to_owned());
    let note = checkpoint.sign(&signer()).unwrap();
    let witness = Signer::from_seed("town.example/w", &[1; 32]).unwrap();
    let seen = Checkpoint { origin: "town.example/w".into(), ..checkpoint.clone() }.sign(&witness).unwrap();
    let both = note.clone() + seen.rsplit_once("\n\n").unwrap().1;
    assert_eq!(Checkpoint::open(&both, &signer().verifier()).unwrap(), checkpoint);
    // The neighbour's line is over another text, and this key does not vouch for it.
    assert!(matches!(Checkpoint::open(&both, &witness.verifier()), Err(NoteError::Forged(_))));
    assert!(matches!(Checkpoint::open(&note, &witness.verifier()), Err(NoteError::Unsigned(_))));
    checkpoint.extensions.push("a\nb".to_owned());
    assert!(checkpoint.sign(&signer()).is_err());
}

#[test]
fn the_key_is_made_once_and_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys/checkpoints.key");
    let first = Signer::load_or_create(&path, ORIGIN).unwrap().verifier();
    assert_eq!(Signer::load_or_create(&path, ORIGIN).unwrap().verifier(), first);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
    let refused = Signer::load_or_create(&path, "town.example/log").unwrap_err();
    assert!(matches!(refused, KeyError::OtherName { .. }), "{refused}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = Signer::load_or_create(&path, ORIGIN).unwrap_err();
    assert!(matches!(refused, KeyError::Open { mode: 0o640, .. }), "{refused}");
    for name in ["", "two words", "a+b", "line\n", &"x".repeat(256)] {
        assert!(matches!(Signer::from_seed(name, &[0; 32]), Err(KeyError::Name(_))), "{name:?}");
    }
}

#[test]
fn a_salt_is_another_one_for_every_item_command_and_record() {
    let mut salts: Vec<[u8; 32]> = (0..50)
        .flat_map(|index| (0..50).map(move |item| SECRET.salt(index, item).0))
        .chain([Secret([8; 32]).salt(0, 0).0])
        .collect();
    salts.sort_unstable();
    salts.dedup();
    assert_eq!(salts.len(), 2501);
    assert_eq!(format!("{SECRET:?}"), "Secret(…)");
}

proptest! {
    #[test]
    fn a_leaf_has_one_encoding(
        sequence in any::<u64>(), index in any::<u32>(), time in any::<u64>(), items in any::<u32>(),
        caller in prop::collection::vec(any::<u8>(), 0..40), names in [".{0,20}", ".{0,8}", ".{0,30}"],
        root in any::<[u8; 32]>(), flip in any::<prop::sample::Index>(),
    ) {
        let [plugin, version, function] = names.map(Into::into);
        let leaf = Leaf { sequence, index, time, caller, plugin, version, function, items, root: Hash(root) };
        let bytes = leaf.encode();
        prop_assert_eq!(Leaf::decode(&bytes), Ok(leaf.clone()));
        prop_assert!(Leaf::decode(&bytes[..flip.index(bytes.len())]).is_err());
        let mut longer = bytes.clone();
        longer.push(0);
        prop_assert!(Leaf::decode(&longer).is_err());
        let mut other = bytes.clone();
        let at = flip.index(other.len() * 8);
        other[at / 8] ^= 1 << (at % 8);
        if let Ok(read) = Leaf::decode(&other) {
            prop_assert!(read != leaf && read.encode() == other);
        }
    }

    #[test]
    fn arbitrary_bytes_never_pass_for_anything(text in "\\PC{0,400}", bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let verifier = signer().verifier();
        prop_assert!(Checkpoint::open(&text, &verifier).is_err());
        prop_assert!(Receipt::from_json(&text).is_err());
        prop_assert!(Consistency::from_json(&text).is_err());
        prop_assert!(text.parse::<Verifier>().is_err());
        if let Ok(leaf) = Leaf::decode(&bytes) {
            prop_assert_eq!(leaf.encode(), bytes);
        }
    }

    #[test]
    fn a_note_with_one_altered_byte_is_refused(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut bytes = checkpoint(5).into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(text) = String::from_utf8(bytes) {
            prop_assert!(Checkpoint::open(&text, &signer().verifier()).is_err());
        }
    }

    #[test]
    fn a_document_with_one_altered_byte_proves_nothing_else(at in any::<prop::sample::Index>(), bit in 0u8..7) {
        let honest = receipt(2, 5);
        let mut bytes = honest.to_json().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
        if let Ok(read) = Receipt::from_json(&text)
            && read.verify(&signer().verifier()).is_ok()
        {
            // White space between members, say: what is proved is the same.
            prop_assert_eq!(read, honest);
        }
    }
}
