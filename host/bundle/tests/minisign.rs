//! The real `minisign` reads what we write, and we read what it writes.
//!
//! Needs the program `minisign` (Debian: `apt-get install minisign`). Where it is absent these tests
//! say so and fail: a silent skip would be a test that cannot fail. `HAMLET_WITHOUT_MINISIGN=1` skips
//! them by choice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use common::{bundle, key};
use hamlet_bundle::{Publisher, SecretKey, SignError, Signature, sign, split, verify, write_key_pair};

/// Runs minisign in a folder, with a text for its standard input.
fn minisign(dir: &Path, arguments: &[&str], input: &str) -> Option<Output> {
    if std::env::var_os("HAMLET_WITHOUT_MINISIGN").is_some() {
        eprintln!("skipped: HAMLET_WITHOUT_MINISIGN is set");
        return None;
    }
    let mut command = Command::new("minisign");
    command.current_dir(dir).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| {
        panic!(
            "minisign cannot be started ({error}); apt-get install minisign, or set HAMLET_WITHOUT_MINISIGN=1"
        )
    });
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Some(child.wait_with_output().unwrap())
}

#[track_caller]
fn assert_done(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn minisign_verifies_our_bundles_with_sed_and_tail_alone() {
    let dir = tempfile::tempdir().unwrap();
    let key = key();
    fs::write(dir.path().join("stall.hamlet"), bundle(&key)).unwrap();
    let shell = "sed -n 2,5p stall.hamlet > p.tar.minisig && tail -n +6 stall.hamlet > p.tar";
    assert_done(&Command::new("sh").current_dir(dir.path()).args(["-c", shell]).output().unwrap());
    let publisher = key.publisher().to_string();
    let Some(good) = minisign(dir.path(), &["-V", "-P", &publisher, "-m", "p.tar"], "") else { return };
    assert_done(&good);
    let said = String::from_utf8_lossy(&good.stdout).into_owned();
    assert!(said.contains(&format!("Trusted comment: hamlet bundle 1 stall 0.2.0 {publisher}")), "{said}");
    // And the payload is a tar that any system opens, without a word of complaint.
    let tar = Command::new("tar").current_dir(dir.path()).args(["tf", "p.tar"]).output().unwrap();
    assert_done(&tar);
    assert_eq!(
        String::from_utf8_lossy(&tar.stdout),
        "plugin.toml\nstall.wasm\nstall.wit.wasm\nstatic/index.html\nstatic/models/jar.stl\n"
    );
    assert!(tar.stderr.is_empty(), "{}", String::from_utf8_lossy(&tar.stderr));
    let other = common::key().publisher().to_string();
    let bad = minisign(dir.path(), &["-V", "-P", &other, "-m", "p.tar"], "").unwrap();
    assert!(!bad.status.success());
}

#[test]
fn we_verify_what_minisign_signed_with_a_key_that_it_made() {
    let dir = tempfile::tempdir().unwrap();
    let Some(made) = minisign(dir.path(), &["-G", "-W", "-p", "a.pub", "-s", "a.key"], "") else { return };
    assert_done(&made);
    let publisher = Publisher::parse(&fs::read_to_string(dir.path().join("a.pub")).unwrap()).unwrap();
    assert_eq!(publisher.to_file(), fs::read_to_string(dir.path().join("a.pub")).unwrap());
    // A whole bundle whose signature minisign made.
    let ours = bundle(&key());
    let payload = split(&ours).unwrap().1;
    fs::write(dir.path().join("p.tar"), payload).unwrap();
    let comment = format!("hamlet bundle 1 stall 0.2.0 {publisher}");
    let untrusted = "signature of a Hamlet plugin";
    let arguments = ["-S", "-s", "a.key", "-m", "p.tar", "-t", &comment, "-c", untrusted];
    assert_done(&minisign(dir.path(), &arguments, "").unwrap());
    let signature = fs::read_to_string(dir.path().join("p.tar.minisig")).unwrap();
    let theirs = [b"hamlet bundle 1\n", signature.as_bytes(), payload].concat();
    assert_eq!(verify(&theirs).unwrap().publisher, publisher);
    // The key that minisign made signs here too, and to the same bytes: Ed25519 has no randomness.
    let key = SecretKey::parse(&fs::read_to_string(dir.path().join("a.key")).unwrap(), None).unwrap();
    assert_eq!(key.publisher(), publisher);
    assert_eq!(sign(payload, &key, &comment, untrusted).unwrap().to_text(), signature);
    assert_eq!(bundle(&key), theirs);
}

#[test]
fn the_old_form_of_minisign_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let Some(made) = minisign(dir.path(), &["-G", "-W", "-p", "a.pub", "-s", "a.key"], "") else { return };
    assert_done(&made);
    fs::write(dir.path().join("m"), "hello").unwrap();
    assert_done(&minisign(dir.path(), &["-S", "-l", "-s", "a.key", "-m", "m"], "").unwrap());
    let text = fs::read_to_string(dir.path().join("m.minisig")).unwrap();
    assert!(matches!(Signature::parse(&text), Err(SignError::Legacy)));
}

#[test]
fn minisign_signs_with_our_keys_in_the_clear_and_under_a_password() {
    for password in [None, Some("correct horse")] {
        let dir = tempfile::tempdir().unwrap();
        let key = key();
        write_key_pair(&key, password, &dir.path().join("b.key"), &dir.path().join("b.pub")).unwrap();
        fs::write(dir.path().join("m"), "hello").unwrap();
        let input = password.map(|password| format!("{password}\n")).unwrap_or_default();
        let arguments = ["-S", "-s", "b.key", "-m", "m", "-t", "ours"];
        let Some(signed) = minisign(dir.path(), &arguments, &input) else { return };
        assert_done(&signed);
        let signature = Signature::parse(&fs::read_to_string(dir.path().join("m.minisig")).unwrap()).unwrap();
        assert_eq!(signature.verify(&key.publisher(), b"hello").unwrap(), "ours");
        assert_done(&minisign(dir.path(), &["-V", "-p", "b.pub", "-m", "m"], "").unwrap());
        // And with the comment that it makes itself.
        assert_done(&minisign(dir.path(), &["-S", "-s", "b.key", "-m", "m"], &input).unwrap());
        let signature = Signature::parse(&fs::read_to_string(dir.path().join("m.minisig")).unwrap()).unwrap();
        assert!(signature.verify(&key.publisher(), b"hello").unwrap().contains("file:m"));
    }
}

#[test]
fn we_read_a_key_that_minisign_encrypted() {
    let dir = tempfile::tempdir().unwrap();
    let Some(made) = minisign(dir.path(), &["-G", "-p", "c.pub", "-s", "c.key"], "pw\npw\n") else { return };
    assert_done(&made);
    let text = fs::read_to_string(dir.path().join("c.key")).unwrap();
    let publisher = Publisher::parse(&fs::read_to_string(dir.path().join("c.pub")).unwrap()).unwrap();
    assert_eq!(SecretKey::parse(&text, Some("pw")).unwrap().publisher(), publisher);
    assert!(matches!(SecretKey::parse(&text, None), Err(SignError::PasswordNeeded)));
}
