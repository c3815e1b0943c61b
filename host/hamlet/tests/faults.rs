//! Bad days through the real binary: a full disk, a read-only one, damaged files, two hosts on one folder. Each is
//! told in a sentence, `hamlet doctor` says what to do, and after doing it everything is there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

const HAMLET: &str = env!("CARGO_BIN_EXE_hamlet");

/// A community in a folder.
struct Village {
    folder: TempDir,
    home: PathBuf,
}

impl Village {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        Self { folder, home }
    }

    /// With a steward and some members, each in a batch of her own.
    fn founded() -> Self {
        let village = Self::new();
        village.found();
        for name in ["grace", "edith", "mary"] {
            village.done(&["member", "add", name, name]);
        }
        village
    }

    fn found(&self) {
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        self.done(&["init", "--name", "Oak Street", "--steward", "ada", "Ada", "--listen", &listen]);
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(HAMLET);
        command.args(words).env("HAMLET_HOME", &self.home).env_remove("HAMLET_LOG").stdin(Stdio::null());
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    fn done(&self, words: &[&str]) -> String {
        let ended = self.run(words);
        assert!(ended.status.success(), "{words:?}: {ended:?}");
        String::from_utf8(ended.stdout).unwrap()
    }

    /// It fails in a sentence with these parts.
    fn fails(&self, words: &[&str], parts: &[&str]) {
        let ended = self.run(words);
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success(), "{words:?}: {ended:?}");
        for part in parts {
            assert!(said.contains(part), "`{part}` is not in: {said}");
        }
        assert!(!said.contains("panicked") && !said.contains("RUST_BACKTRACE"), "{said}");
    }

    /// The doctor finds something wrong and says these things.
    fn doctor_says(&self, parts: &[&str]) {
        let ended = self.run(&["doctor"]);
        let said = String::from_utf8_lossy(&ended.stdout);
        assert_eq!(ended.status.code(), Some(2), "{ended:?}");
        for part in parts {
            assert!(said.contains(part), "`{part}` is not in: {said}");
        }
    }

    fn all_there(&self) {
        let list = self.done(&["member", "list"]);
        for name in ["ada", "grace", "edith", "mary"] {
            assert!(list.contains(name), "{name}: {list}");
        }
        assert!(self.done(&["doctor"]).contains("the journal reads"));
    }

    fn host(&self) -> Host {
        let mut child = self.command(&["run"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = lines.any(|line| line.is_ok_and(|line| line.starts_with("listening at ")));
        let host = Host(child);
        assert!(listening, "the host did not start");
        host
    }

    fn segment(&self) -> PathBuf {
        self.home.join("data/journal/00000000000000000001.seg")
    }
}

struct Host(Child);

impl Drop for Host {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A small disk of its own in memory, which only root can make: it can be filled and made read-only.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    fn new(place: &'a Path, mebibytes: u32) -> Option<Self> {
        fs::create_dir_all(place).unwrap();
        let size = format!("size={mebibytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(place).output();
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
            Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(self.0).output().unwrap();
        assert!(ended.status.success(), "{ended:?}");
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).output();
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
    let village = Village::founded();
    let good = fs::read(village.segment()).unwrap();
    let places = records(&good);
    assert!(places.len() > 4, "{places:?}");
    let mut bad = good.clone();
    bad[places[places.len() - 3] + 12] ^= 0x40;
    fs::write(village.segment(), &bad).unwrap();
    let place = format!("byte {}", places[places.len() - 3]);
    village.fails(&["run"], &["the journal is damaged", &place, "nothing was changed"]);
    village.doctor_says(&["the journal is damaged", "Copy `", "restore the newest backup"]);
    assert!(fs::read(village.segment()).unwrap() == bad, "nothing is repaired silently");
    fs::write(village.segment(), &good).unwrap();
    village.all_there();
}

#[test]
fn a_damaged_state_is_made_anew_from_the_journal_as_the_doctor_says() {
    let village = Village::founded();
    let state = village.home.join("data/state.redb");
    let mut bytes = fs::read(&state).unwrap();
    let length = bytes.len();
    for byte in &mut bytes[..length / 2] {
        *byte ^= 0x5a;
    }
    fs::write(&state, &bytes).unwrap();
    village.fails(&["run"], &["cannot be opened"]);
    village.doctor_says(&["the whole journal is there", "state.redb.damaged"]);
    fs::rename(&state, village.home.join("state.redb.damaged")).unwrap();
    village.all_there();
}

#[test]
fn j6_a_damaged_cache_of_compiled_code_costs_time_and_nothing_else() {
    let village = Village::founded();
    let cache = village.home.join("cache");
    fs::create_dir_all(&cache).unwrap();
    for entry in fs::read_dir(&cache).unwrap() {
        fs::write(entry.unwrap().path(), b"not code").unwrap();
    }
    fs::write(cache.join("stray.cwasm"), b"not code").unwrap();
    village.all_there();
}

#[test]
fn two_hosts_on_one_folder_are_one_too_many_and_the_first_goes_on() {
    let village = Village::founded();
    let _host = village.host();
    village.fails(&["run"], &["in use by another process; stop that one first"]);
    village.all_there_while_it_runs();
}

impl Village {
    fn all_there_while_it_runs(&self) {
        for name in ["ada", "grace", "edith", "mary"] {
            self.done(&["call", "host", "members.find", "--handle", name]);
        }
        assert!(self.done(&["doctor"]).contains("the host answers"));
    }
}

#[test]
fn an_older_host_refuses_a_newer_store_and_changes_nothing() {
    let village = Village::founded();
    let format = village.home.join("data/format");
    let good = fs::read(&format).unwrap();
    fs::write(&format, "hamlet-store 99\n").unwrap();
    village.fails(&["run"], &["newer Hamlet"]);
    village.doctor_says(&["Install the newer Hamlet again"]);
    fs::write(&format, good).unwrap();
    village.all_there();
}

#[test]
fn a_full_disk_is_named_and_costs_nothing_that_was_there() {
    let village = Village::new();
    let Some(disk) = Mounted::new(&village.home, 120) else { return };
    village.found();
    for name in ["grace", "edith", "mary"] {
        village.done(&["member", "add", name, name]);
    }
    // All that is left of the disk is taken by something else.
    let filler = village.home.join("filler");
    let zeros = vec![0; 1 << 20];
    let mut file = fs::File::create(&filler).unwrap();
    while std::io::Write::write_all(&mut file, &zeros).is_ok() {}
    drop(file);
    village.doctor_says(&["only 0 MiB are free", "Make room"]);
    // The journal took its room before: who is there can still be read, and is.
    let ended = village.run(&["member", "list"]);
    let said =
        format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(said.contains("mary") || said.contains("space") || said.contains("full"), "{said}");
    fs::remove_file(&filler).unwrap();
    let list = village.done(&["member", "list"]);
    for name in ["ada", "grace", "edith", "mary"] {
        assert!(list.contains(name), "{name}: {list}");
    }
    village.done(&["member", "add", "late", "Late"]);
    drop(disk);
    assert!(village.folder.path().exists());
}

#[test]
fn a_founding_without_room_is_refused_and_leaves_nothing() {
    let village = Village::new();
    let Some(_disk) = Mounted::new(&village.home, 10) else { return };
    let ended = village.run(&["init", "--name", "Oak Street", "--steward", "ada", "Ada"]);
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && said.contains("was not founded"), "{said}");
    assert!(said.contains("disk is full") || said.contains("No space"), "{said}");
    assert_eq!(fs::read_dir(&village.home).unwrap().count(), 0, "nothing is left");
}

#[test]
fn a_read_only_disk_is_named_and_the_doctor_knows_why_that_may_be() {
    let village = Village::new();
    let Some(disk) = Mounted::new(&village.home, 120) else { return };
    village.found();
    for name in ["grace", "edith", "mary"] {
        village.done(&["member", "add", name, name]);
    }
    disk.remount("ro");
    village.fails(&["run"], &["ead-only"]);
    village.doctor_says(&["The disk lets nobody write", "dmesg"]);
    disk.remount("rw");
    village.done(&["member", "list"]);
}
