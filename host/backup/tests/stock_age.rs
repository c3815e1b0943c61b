//! Our backups and the stock `age` program (Debian's package `age`): whoever has the key needs no Hamlet to get at a
//! community's data, and what that program encrypts opens here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hamlet_backup::age::{Identity as Key, Reader, Writer};
use hamlet_backup::{Pace, make};

/// Runs a program on some input.
fn run(program: &str, words: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        command.spawn().unwrap_or_else(|error| panic!("{program}: {error}; `host/test setup` installs it"));
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // It may refuse before it has read all.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    })
}

fn key_file(dir: &Path, key: &Key) -> PathBuf {
    let path = dir.join("key.txt");
    fs::write(&path, format!("# the village's\n{}\n", key.reveal().as_str())).unwrap();
    path
}

fn stock_decrypts(file: &[u8], key: &Path) -> Output {
    run("age", &["-d", "-i", key.to_str().unwrap()], file)
}

#[test]
fn the_stock_program_opens_what_we_encrypt_at_every_length_about_a_chunk() {
    let dir = tempfile::tempdir().unwrap();
    let (key, other) = (Key::generate().unwrap(), Key::generate().unwrap());
    let path = key_file(dir.path(), &key);
    for length in [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000] {
        let plain: Vec<u8> = (0..=250_u8).cycle().take(length).collect();
        let mut writer = Writer::new(Vec::new(), &[other.recipient(), key.recipient()]).unwrap();
        writer.write_all(&plain).unwrap();
        let mut file = writer.finish().unwrap();
        let opened = stock_decrypts(&file, &path);
        assert!(opened.status.success() && opened.stdout == plain, "{length}: {:?}", opened.status);
        // And it agrees with us on what is no such file.
        let last = file.len() - 1;
        file[last] ^= 1;
        assert!(!stock_decrypts(&file, &path).status.success(), "{length}");
    }
}

#[test]
fn what_the_stock_program_encrypts_opens_here() {
    let key = Key::generate().unwrap();
    for length in [0_usize, 1, 65_536, 200_000] {
        let plain: Vec<u8> = (0..=250_u8).cycle().take(length).collect();
        let file = run("age", &["-r", &key.recipient().to_string()], &plain);
        assert!(file.status.success(), "{file:?}");
        let mut opened = Vec::new();
        Reader::new(&file.stdout[..], &key).unwrap().read_to_end(&mut opened).unwrap();
        assert!(opened == plain, "{length}");
    }
}

#[test]
fn a_whole_backup_opens_with_the_stock_programs_age_and_tar() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let kernel = support::founded(&home, |_| {});
    let key = Key::generate().unwrap();
    let pace = Pace { bytes_per_second: 0 };
    let (file, made, _) = make(&kernel, &home, &[key.recipient()], pace, Vec::new()).unwrap();
    assert_eq!(file.len() as u64, made.bytes);

    let opened = stock_decrypts(&file, &key_file(dir.path(), &key));
    assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
    let out = dir.path().join("out");
    fs::create_dir(&out).unwrap();
    let unpacked = run("tar", &["-x", "-C", out.to_str().unwrap()], &opened.stdout);
    assert!(unpacked.status.success(), "{unpacked:?}");
    assert_eq!(fs::read_to_string(out.join("community.toml")).unwrap(), "host = \"village.example\"\n");
    let segment = fs::read(out.join("data/journal/00000000000000000001.seg")).unwrap();
    let live = fs::read(home.join("data/journal/00000000000000000001.seg")).unwrap();
    assert!(segment.len() > 1000 && live.starts_with(&segment), "the journal, as it is");
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["sequence"], made.manifest.sequence);
}
