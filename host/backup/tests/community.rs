//! A whole community: backed up while commands run, restored elsewhere, drilled; and what is erased stays erased.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use hamlet_backup::age::{Identity as Key, Reader};
use hamlet_backup::{BackupError, Plan, PlanFile, drill, known_erasures, read_keys, restore};
use hamlet_kernel::blobs::BlobError;
use hamlet_kernel::{Actor, Kernel};
use hamlet_reflect::Id;
use serde_json::{Value, json};

const SEGMENT_BYTES: u64 = 256 * 1024;
const MARKER: &str = "lives-behind-the-mill-with-two-goats";

/// Small segments, because the tests look at every byte.
fn open(home: &Path) -> Kernel {
    support::open(home, |config| config.store.segment_bytes = SEGMENT_BYTES)
}

struct Village {
    folder: tempfile::TempDir,
    kernel: Kernel,
    key: Key,
    plan: Plan,
}

impl Village {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let kernel = support::founded(&home, |config| config.store.segment_bytes = SEGMENT_BYTES);
        let key = Key::generate().unwrap();
        let file = PlanFile {
            folder: Some("../backups".into()),
            recipients: vec![key.recipient().to_string()],
            keep: 2,
            ..PlanFile::default()
        };
        let mut plan = Plan::new(&home, "village.example", &file).unwrap();
        plan.pace.bytes_per_second = 0;
        Self { folder, kernel, key, plan }
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn backup(&self, name: &str) -> PathBuf {
        self.plan.write(&self.kernel, &self.path(name)).unwrap().file
    }

    fn keys(&self) -> hamlet_backup::Keys {
        read_keys(&self.path("village.example.keys.age"), &self.key).unwrap()
    }

    fn add(&self, handle: &str, name: &str) -> Id {
        let added = call(
            &self.kernel,
            "members",
            "add",
            &json!({ "kind": "person", "handle": handle, "name": name }),
        );
        added.as_str().unwrap().parse().unwrap()
    }
}

fn call(kernel: &Kernel, interface: &str, function: &str, arguments: &Value) -> Value {
    kernel.call_json(Actor::Console, "host", interface, function, arguments).unwrap().unwrap()
}

fn name_of(kernel: &Kernel, party: Id) -> String {
    call(kernel, "members", "get", &json!({ "party": party.to_string() }))["name"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The files below a folder that hold these bytes.
fn holding(folder: &Path, needle: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, needle));
        } else if fs::read(&path).unwrap().windows(needle.len()).any(|window| window == needle) {
            found.push(path);
        }
    }
    found
}

/// All that a backup holds once it is decrypted, as one row of bytes.
fn opened(file: &Path, key: &Key) -> Vec<u8> {
    let mut bytes = Vec::new();
    Reader::new(fs::File::open(file).unwrap(), key).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_backup_that_is_made_while_commands_run_is_whole_and_stands_at_one_batch() {
    let village = Village::new();
    let ana = village.add("ana", "Ana");
    let (goat, _) = village.kernel.put_blob(&mut &b"a picture of a goat"[..]).unwrap();
    let stop = AtomicBool::new(false);
    let outcome = std::thread::scope(|scope| {
        let (kernel, stop) = (&village.kernel, &stop);
        let renaming = scope.spawn(move || {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                call(
                    kernel,
                    "members",
                    "rename",
                    &json!({ "party": ana.to_string(), "name": format!("Ana {number}") }),
                );
            }
            number
        });
        let begun = village.kernel.head();
        while village.kernel.head() < begun + 20 {
            std::thread::yield_now();
        }
        let outcome = village.plan.write(&village.kernel, &village.path("one.age")).unwrap();
        let behind = village.kernel.head();
        while village.kernel.head() < behind + 5 {
            std::thread::yield_now();
        }
        stop.store(true, Ordering::Relaxed);
        assert!(renaming.join().unwrap() > 0);
        outcome
    });
    let manifest = &outcome.made.manifest;
    assert!(manifest.sequence > 20 && manifest.sequence < village.kernel.head());
    let hash = fs::read_to_string(village.path("one.age.sha256")).unwrap();
    assert_eq!(hash, format!("{}  one.age\n", outcome.made.hex()));

    let to = village.path("restored");
    let restored = restore(&outcome.file, &village.key, Some(village.keys()), &[], &to).unwrap();
    assert_eq!(restored.verified.findings, []);
    assert_eq!(restored.verified.batches.1, manifest.sequence);
    let kernel = open(&to);
    assert!(name_of(&kernel, ana).starts_with("Ana "), "sealed values open with the keys");
    let mut goat_again = Vec::new();
    kernel.export_blob(&goat, &mut goat_again).unwrap();
    assert_eq!(goat_again, b"a picture of a goat");
    assert_eq!(kernel.log_verifier(), village.kernel.log_verifier());
    // Whoever has a checkpoint from before the backup sees that the restored log continues it.
    kernel.consistency_since(&manifest.checkpoint).unwrap().verify(&kernel.log_verifier()).unwrap();
    kernel.shutdown();
    assert_eq!(fs::read_to_string(to.join("community.toml")).unwrap(), "host = \"village.example\"\n");
    assert!(!to.join("cache").exists() || fs::read_dir(to.join("cache")).unwrap().next().is_none(), "J6");
}

#[test]
fn c6_what_was_erased_is_in_no_file_no_fresh_backup_and_no_restored_older_one() {
    let village = Village::new();
    let ana = village.add("ana", MARKER);
    let (blob, _) = village.kernel.put_blob_for(ana, &mut MARKER.repeat(4_000).as_bytes()).unwrap();
    let receipt_of = village.kernel.head();
    let old = village.backup("old.age");
    let old_keys = village.keys();
    let checkpoint = village.kernel.checkpoint().unwrap();
    let receipt = village.kernel.receipt(receipt_of, 0, hamlet_kernel::ReceiptFor::Holder).unwrap();
    assert_eq!(name_of(&village.kernel, ana), MARKER, "until then it is there to be read");

    call(&village.kernel, "members", "remove", &json!({ "party": ana.to_string() }));
    call(&village.kernel, "members", "erase", &json!({ "party": ana.to_string() }));
    assert_eq!(name_of(&village.kernel, ana), "");
    let read = village.kernel.export_blob(&blob, &mut Vec::new());
    assert!(matches!(read, Err(BlobError::Erased)), "{read:?}");
    // No proof breaks.
    receipt.verify(&village.kernel.log_verifier()).unwrap();
    village.kernel.consistency_since(&checkpoint).unwrap().verify(&village.kernel.log_verifier()).unwrap();

    let fresh = village.backup("fresh.age");
    for (name, file) in [("fresh", &fresh), ("older", &old)] {
        let to = village.path(name);
        let restored = restore(file, &village.key, Some(village.keys()), &[], &to).unwrap();
        let kernel = open(&to);
        assert_eq!(name_of(&kernel, ana), "", "{name}");
        let read = kernel.export_blob(&blob, &mut Vec::new());
        assert!(matches!(read, Err(BlobError::Erased)), "{name}");
        assert_eq!(restored.given_up.is_some(), name == "older");
        kernel.shutdown();
        let in_the_open = opened(file, &village.key);
        assert!(!in_the_open.windows(MARKER.len()).any(|window| window == MARKER.as_bytes()), "{name}");
    }
    // With keys from before, of a copy that somebody kept: what the replaced folder knows is applied.
    village.kernel.shutdown();
    let home = village.home();
    drop(village.kernel);
    let known = known_erasures(&home).unwrap();
    assert_eq!(known, [ana.to_string()]);
    let to = village.folder.path().join("kept");
    let restored = restore(&old, &village.key, Some(old_keys), &known, &to).unwrap();
    assert_eq!(restored.erased_now, 1);
    let kernel = open(&to);
    assert_eq!(name_of(&kernel, ana), "");
    kernel.shutdown();
    drop(kernel);
    let nowhere = holding(village.folder.path(), MARKER.as_bytes());
    assert_eq!(nowhere, Vec::<PathBuf>::new());
    // The test looks in the right place: what is not sealed is found.
    fs::write(village.folder.path().join("note"), MARKER).unwrap();
    assert_eq!(holding(village.folder.path(), MARKER.as_bytes()).len(), 1);
}

#[test]
fn c6_a_crash_between_an_erasure_and_its_key_is_made_good_when_the_folder_is_opened() {
    let village = Village::new();
    let ana = village.add("ana", MARKER);
    let keys = village.home().join("keys/parties.redb");
    call(&village.kernel, "members", "remove", &json!({ "party": ana.to_string() }));
    village.kernel.shutdown();
    let home = village.home();
    drop(village.kernel);
    let before = fs::read(&keys).unwrap();
    let kernel = open(&home);
    call(&kernel, "members", "erase", &json!({ "party": ana.to_string() }));
    kernel.shutdown();
    drop(kernel);
    // As if the host had died before it destroyed the key.
    fs::write(&keys, before).unwrap();
    drop(open(&home));
    assert_eq!(known_erasures(&home).unwrap(), [ana.to_string()]);
}

#[test]
fn a_restore_needs_the_right_key_the_right_keys_and_an_empty_place() {
    let village = Village::new();
    let file = village.backup("one.age");
    let to = village.path("to");
    let stranger = Key::generate().unwrap();
    let refused = restore(&file, &stranger, None, &[], &to).unwrap_err();
    assert!(refused.to_string().contains("encrypted for other keys"), "{refused}");
    let other = Village::new();
    other.backup("one.age");
    let refused = restore(&file, &village.key, Some(other.keys()), &[], &to).unwrap_err();
    assert!(matches!(refused, BackupError::OtherKeys { .. }), "{refused}");
    assert!(!to.join("community.toml").exists(), "no host takes it for a community");
    let refused = restore(&file, &village.key, Some(village.keys()), &[], &to).unwrap_err();
    assert!(
        matches!(refused, BackupError::NotEmpty(_)),
        "what a failed restore left is not built on: {refused}"
    );
    let refused = village.plan.write(&village.kernel, &file).unwrap_err();
    assert!(matches!(refused, BackupError::Exists(_)), "a backup is never written over: {refused}");
}

#[test]
fn a_backup_with_a_changed_byte_is_never_restored() {
    let village = Village::new();
    let file = village.backup("one.age");
    let whole = fs::read(&file).unwrap();
    let step = whole.len() / 23;
    for at in (0..whole.len()).step_by(step.max(1)) {
        let mut changed = whole.clone();
        changed[at] ^= 0x40;
        fs::write(&file, changed).unwrap();
        let to = village.path(&format!("to-{at}"));
        let restored = restore(&file, &village.key, Some(village.keys()), &[], &to);
        assert!(restored.is_err(), "byte {at}");
        assert!(!to.join("community.toml").exists(), "byte {at}");
    }
    fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    restore(&file, &village.key, Some(village.keys()), &[], &village.path("cut")).unwrap_err();
}

#[test]
fn a_drill_says_what_a_restore_would_find_and_leaves_nothing() {
    let village = Village::new();
    village.add("ana", "Ana");
    let file = village.backup("one.age");
    let look = |copy: &Path| {
        let kernel = open(copy);
        let found = call(&kernel, "members", "find", &json!({ "handle": "ana" }));
        kernel.shutdown();
        Ok(found["name"].as_str().unwrap().to_owned())
    };
    let before = fs::read_dir(village.folder.path()).unwrap().count();
    let drilled = drill(&file, &village.key, Some(village.keys()), village.folder.path(), look).unwrap();
    assert_eq!((drilled.looked.as_str(), drilled.hash_fits), ("Ana", Some(true)));
    assert_eq!(drilled.restored.verified.findings, []);
    let failed = drill(&file, &village.key, None, village.folder.path(), |_| Err("no".to_owned()));
    assert!(matches!(failed, Err(BackupError::NotWhole(_))));
    fs::write(village.path("one.age.sha256"), "00  one.age\n").unwrap();
    let failed = drill(&file, &village.key, Some(village.keys()), village.folder.path(), look);
    assert!(matches!(failed, Err(BackupError::NotWhole(_))));
    assert_eq!(fs::read_dir(village.folder.path()).unwrap().count(), before);
}

#[test]
fn a_plan_makes_what_is_due_keeps_so_many_and_replaces_the_keys() {
    let village = Village::new();
    let now = village.kernel.now();
    assert!(village.plan.due(now), "there is none yet");
    let first = village.plan.run(&village.kernel).unwrap();
    assert!(!village.plan.due(now) && village.plan.due(now + 25 * 3_600 * 1_000_000));
    let folder = first.file.parent().unwrap().to_owned();
    // Older ones, as of days before.
    for day in ["20200101T000000Z", "20200102T000000Z"] {
        fs::write(folder.join(format!("village.example-{day}.age")), "old").unwrap();
        fs::write(folder.join(format!("village.example-{day}.age.sha256")), "old").unwrap();
    }
    fs::write(folder.join("village.example-notes.age"), "not ours").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let second = village.plan.run(&village.kernel).unwrap();
    assert_eq!(second.removed.len(), 2);
    assert_eq!(village.plan.backups(), [first.file, second.file]);
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with("village.example-2")).collect();
    names.sort();
    assert_eq!(names, ["village.example-notes.age", "village.example.keys.age"]);
}
