//! Proofs, backup, restore and export as a steward does them: with the real binary, in folders.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::Place;

fn newest_segment(home: &Path) -> PathBuf {
    fs::read_dir(home.join("data/journal")).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn j3_a_steward_verifies_all_and_a_changed_byte_is_found_and_located() {
    let place = Place::founded();
    place.keep("old.checkpoint", &["checkpoint"]);
    place.keep("key", &["checkpoint", "--key"]);
    place.hamlet(&["member", "add", "ben", "Ben", "--kind", "household"]).done();
    assert!(place.hamlet(&["verify"]).done().contains("All is as it must be"));
    let grown = place.hamlet(&["verify", "--against", "old.checkpoint"]).done();
    assert!(grown.contains("History only grew since the checkpoint that was kept"), "{grown}");
    place.keep("receipt.json", &["receipt", "2/0"]);
    let elsewhere =
        place.in_home("nowhere", &["verify", "receipt.json", "old.checkpoint", "--key", "key"]).done();
    assert!(elsewhere.contains("The receipt holds"), "{elsewhere}");
    place.in_home("nowhere", &["verify", "receipt.json"]).failed_saying(&["--key"]);

    let path = newest_segment(&place.path("home"));
    let whole = fs::read(&path).unwrap();
    let at = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.write_all_at(&[whole[at] ^ 1], at as u64).unwrap();
    let found = place.hamlet(&["verify"]);
    found.failed_saying(&["WRONG", "journal", "at byte", "batch"]);
}

#[test]
fn j3_another_community_of_the_same_name_does_not_pass_for_this_one() {
    let (place, other) = (Place::founded(), Place::founded());
    place.keep("old.checkpoint", &["checkpoint"]);
    other.keep("key", &["checkpoint", "--key"]);
    let old = place.path("old.checkpoint");
    other.hamlet(&["verify", "--against", old.to_str().unwrap()]).failed_saying(&["WRONG", "old.checkpoint"]);
}

#[test]
fn a_backup_is_made_drilled_restored_and_the_restore_is_admitted() {
    let place = Place::founded();
    place.hamlet(&["backup", "one.age"]).failed_saying(&["hamlet backup key"]);
    place.hamlet(&["backup", "key", "stick.key"]).done();
    place.hamlet(&["member", "add", "ben", "Ben Nevis", "--kind", "household"]).done();
    let made = place.hamlet(&["backup", "one.age"]).done();
    assert!(made.contains("SHA-256"), "{made}");
    let sum = Command::new("sha256sum")
        .args(["-c", "one.age.sha256"])
        .current_dir(place.path(""))
        .output()
        .unwrap();
    assert!(sum.status.success(), "{sum:?}");
    let drilled = place.hamlet(&["backup", "drill", "one.age", "--identity", "stick.key"]).done();
    assert!(
        drilled.contains("The backup is good. Its hash fits.") && drilled.contains("3 members"),
        "{drilled}"
    );

    // What comes later is given up by restoring, and that is said.
    place.hamlet(&["member", "add", "cleo", "Cleo", "--kind", "household"]).done();
    place.hamlet(&["backup", "two.age"]).done();
    let restored = place.hamlet(&["restore", "one.age", "again", "--identity", "stick.key"]).done();
    assert!(restored.contains("every byte verified") && restored.contains("are lost"), "{restored}");
    let list = place.in_home("again", &["member", "list"]).done();
    assert!(list.contains("Ben Nevis") && !list.contains("Cleo"), "{list}");
    let admitted = place.in_home("again", &["export", "out"]).done();
    assert!(admitted.contains("README.md"), "{admitted}");
    let rooms = fs::read_dir(place.path("out/rooms")).unwrap().map(|entry| entry.unwrap().path());
    let history = rooms.into_iter().find(|path| path.to_string_lossy().contains("history")).unwrap();
    assert!(fs::read_to_string(history).unwrap().contains("given_up"));
    let members = fs::read_to_string(place.path("out/members.jsonl")).unwrap();
    assert!(members.contains("Ben Nevis"), "{members}");
    assert!(place.in_home("again", &["verify"]).done().contains("All is as it must be"));
    place
        .hamlet(&["restore", "one.age", "again", "--identity", "stick.key"])
        .failed_saying(&["is not empty"]);
}

#[test]
fn a_running_host_makes_the_backup_and_shows_that_history_only_grew() {
    let place = Place::founded();
    place.hamlet(&["backup", "key", "stick.key"]).done();
    place.keep("old.checkpoint", &["checkpoint"]);
    let host = place.host();
    place.hamlet(&["member", "add", "ben", "Ben", "--kind", "household"]).done();
    let made = place.hamlet(&["backup", "one.age"]).done();
    assert!(made.contains("SHA-256"), "{made}");
    let grown = place.hamlet(&["verify", "--against", "old.checkpoint"]).done();
    assert!(grown.contains("History only grew"), "{grown}");
    place.hamlet(&["verify"]).failed_saying(&["the host is running"]);
    place.hamlet(&["backup", "one.age"]).failed_saying(&["is there already"]);
    drop(host);
    let drilled = place.hamlet(&["backup", "drill", "one.age", "--identity", "stick.key"]).done();
    assert!(drilled.contains("The backup is good"), "{drilled}");
}
