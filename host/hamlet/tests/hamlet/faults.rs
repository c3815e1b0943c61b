//! Bad days through the real binary: a full disk, a read-only one, damaged files, two hosts on one folder. Each is
//! told in a sentence, `hamlet doctor` says what to do, and after doing it everything is there.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::common::{Place, free_address};

/// With some members, each in a batch of her own.
fn founded() -> Place {
    let place = Place::founded();
    add_members(&place);
    place
}

fn add_members(place: &Place) {
    for name in ["grace", "edith", "mary"] {
        place.hamlet(&["member", "add", name, name]).done();
    }
}

impl Place {
    /// The doctor finds something wrong and says these things.
    fn doctor_says(&self, parts: &[&str]) {
        self.hamlet(&["doctor"]).with(2, parts);
    }

    fn all_there(&self) {
        self.hamlet(&["member", "list"]).with(0, &["ada", "grace", "edith", "mary"]);
        self.hamlet(&["doctor"]).with(0, &["the journal reads"]);
    }

    fn segment(&self) -> PathBuf {
        self.path("home/data/journal/00000000000000000001.seg")
    }
}

/// A small disk of its own in memory, which only root can make: it can be filled and made read-only.
struct Mounted(PathBuf);

impl Mounted {
    fn new(place: PathBuf, mebibytes: u32) -> Option<Self> {
        fs::create_dir_all(&place).unwrap();
        let size = format!("size={mebibytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&place).output();
        match mounted {
            Ok(ended) if ended.status.success() => Some(Self(place)),
            other => {
                println!("NOT RUN: no disk of its own could be mounted here: {other:?}");
                None
            }
        }
    }

    fn remount(&self, how: &str) {
        let ended =
            Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(&self.0).output().unwrap();
        assert!(ended.status.success(), "{ended:?}");
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

/// Where the records of a segment begin.
fn records(bytes: &[u8]) -> Vec<usize> {
    let mut places = Vec::new();
    let mut at = 64;
    while bytes[at..at + 8].iter().any(|byte| *byte != 0) {
        places.push(at);
        at += 40 + u32::from_le_bytes(bytes[at + 24..at + 28].try_into().unwrap()) as usize;
    }
    places
}

#[test]
fn a_damaged_journal_is_named_and_left_as_it_is() {
    let place = founded();
    let good = fs::read(place.segment()).unwrap();
    let places = records(&good);
    assert!(places.len() > 4, "{places:?}");
    let mut bad = good.clone();
    bad[places[places.len() - 3] + 12] ^= 0x40;
    fs::write(place.segment(), &bad).unwrap();
    let named = format!("byte {}", places[places.len() - 3]);
    place.hamlet(&["run"]).failed_saying(&["the journal is damaged", &named, "nothing was changed"]);
    place.doctor_says(&["the journal is damaged", "Copy `", "restore the newest backup"]);
    assert!(fs::read(place.segment()).unwrap() == bad, "nothing is repaired silently");
    fs::write(place.segment(), &good).unwrap();
    place.all_there();
}

#[test]
fn a_damaged_state_is_made_anew_from_the_journal_as_the_doctor_says() {
    let place = founded();
    let state = place.path("home/data/state.redb");
    let mut bytes = fs::read(&state).unwrap();
    let length = bytes.len();
    for byte in &mut bytes[..length / 2] {
        *byte ^= 0x5a;
    }
    fs::write(&state, &bytes).unwrap();
    // It is mended by whoever opens it first; what happened is told until a steward has looked.
    place.hamlet(&["member", "list"]).with(0, &["ada", "grace", "edith", "mary"]);
    let refused = place.path("home/data/state.redb.refused");
    assert!(fs::read(&refused).unwrap() == bytes, "the damaged file is kept");
    place.doctor_says(&["was made anew from the journal", "nothing is lost", "rm ", "state.redb.refused"]);
    place.hamlet(&["verify"]).with(0, &["state.redb.refused"]);
    fs::remove_file(refused).unwrap();
    place.all_there();
}

#[test]
fn j6_a_damaged_cache_of_compiled_code_costs_time_and_nothing_else() {
    let place = founded();
    let cache = place.path("home/cache");
    fs::create_dir_all(&cache).unwrap();
    for entry in fs::read_dir(&cache).unwrap() {
        fs::write(entry.unwrap().path(), b"not code").unwrap();
    }
    fs::write(cache.join("stray.cwasm"), b"not code").unwrap();
    place.all_there();
}

#[test]
fn two_hosts_on_one_folder_are_one_too_many_and_the_first_goes_on() {
    let place = founded();
    let _host = place.host();
    place.hamlet(&["run"]).failed_saying(&["in use by another process; stop that one first"]);
    place.all_there_while_it_runs();
}

impl Place {
    fn all_there_while_it_runs(&self) {
        for name in ["ada", "grace", "edith", "mary"] {
            self.hamlet(&["call", "host", "members.find", "--handle", name]).done();
        }
        self.hamlet(&["doctor"]).with(0, &["the host answers"]);
    }
}

#[test]
fn an_older_host_refuses_a_newer_store_and_changes_nothing() {
    let place = founded();
    let format = place.path("home/data/format");
    let good = fs::read(&format).unwrap();
    fs::write(&format, "hamlet-store 99\n").unwrap();
    place.hamlet(&["run"]).failed_saying(&["newer Hamlet"]);
    place.doctor_says(&["Install the newer Hamlet again"]);
    fs::write(&format, good).unwrap();
    place.all_there();
}

#[test]
fn a_full_disk_is_named_and_costs_nothing_that_was_there() {
    let place = Place::empty();
    let Some(disk) = Mounted::new(place.path("home"), 120) else { return };
    place.found(&free_address());
    add_members(&place);
    // All that is left of the disk is taken by something else.
    let filler = place.path("home/filler");
    let zeros = vec![0; 1 << 20];
    let mut file = fs::File::create(&filler).unwrap();
    while std::io::Write::write_all(&mut file, &zeros).is_ok() {}
    drop(file);
    place.doctor_says(&["only 0 MiB are free", "Make room"]);
    // The journal took its room before: who is there can still be read, and is.
    let ended = place.hamlet(&["member", "list"]);
    let said = ended.out + &ended.err;
    assert!(said.contains("mary") || said.contains("space") || said.contains("full"), "{said}");
    fs::remove_file(&filler).unwrap();
    let list = place.hamlet(&["member", "list"]).done();
    for name in ["ada", "grace", "edith", "mary"] {
        assert!(list.contains(name), "{name}: {list}");
    }
    place.hamlet(&["member", "add", "late", "Late"]).done();
    drop(disk);
}

#[test]
fn a_founding_without_room_is_refused_and_leaves_nothing() {
    let place = Place::empty();
    let Some(_disk) = Mounted::new(place.path("home"), 10) else { return };
    let ended = place.hamlet(&["init", "--name", "Oak Street", "--steward", "ada", "Ada"]);
    ended.failed_saying(&["was not founded"]);
    assert!(ended.err.contains("disk is full") || ended.err.contains("No space"), "{ended:?}");
    assert_eq!(fs::read_dir(place.path("home")).unwrap().count(), 0, "nothing is left");
}

#[test]
fn a_read_only_disk_is_named_and_the_doctor_knows_why_that_may_be() {
    let place = Place::empty();
    let Some(disk) = Mounted::new(place.path("home"), 120) else { return };
    place.found(&free_address());
    add_members(&place);
    disk.remount("ro");
    place.hamlet(&["run"]).failed_saying(&["ead-only"]);
    place.doctor_says(&["The disk lets nobody write", "dmesg"]);
    disk.remount("rw");
    place.hamlet(&["member", "list"]).done();
}
