//! The command line as a newcomer meets it: help, first steps, and what she is told when something is
//! wrong. With the real binary; over HTTP where a host is needed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use tempfile::TempDir;

const HAMLET: &str = env!("CARGO_BIN_EXE_hamlet");

/// How a command ended.
#[derive(Debug)]
struct Ended {
    status: i32,
    out: String,
    err: String,
}

impl Ended {
    /// It failed, with a sentence that has all these parts and nothing of Rust.
    fn failed_saying(&self, parts: &[&str]) {
        assert_ne!(self.status, 0, "{self:?}");
        for part in parts {
            assert!(self.err.contains(part), "`{part}` is not in: {}", self.err);
        }
        for inside in ["panicked", "RUST_BACKTRACE", "os error", "Err(", "Some("] {
            assert!(!self.err.contains(inside), "{}", self.err);
        }
    }

    fn done(self) -> String {
        assert_eq!(self.status, 0, "{self:?}");
        self.out
    }
}

/// Runs a command in `folder`, whose community is in `folder/home`.
fn hamlet(folder: &Path, arguments: &[&str]) -> Ended {
    let ended = Command::new(HAMLET)
        .args(arguments)
        .current_dir(folder)
        .env("HAMLET_HOME", folder.join("home"))
        .env_remove("HAMLET_LOG")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ended {
        status: ended.status.code().expect("it was not killed"),
        out: String::from_utf8(ended.stdout).unwrap(),
        err: String::from_utf8(ended.stderr).unwrap(),
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// An address at which nobody listens.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn found(folder: &Path, listen: &str) {
    let ended =
        hamlet(folder, &["init", "--name", "Oak Street", "--steward", "ada", "Ada", "--listen", listen]);
    assert!(ended.done().contains("Oak Street is founded"));
}

/// A running host; it ends with the test.
struct Host(Child);

impl Host {
    fn run(folder: &Path) -> Self {
        let mut child = Command::new(HAMLET)
            .arg("run")
            .env("HAMLET_HOME", folder.join("home"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = lines.map(Result::unwrap).any(|line| line.starts_with("listening at "));
        assert!(listening, "the host did not start");
        Self(child)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn a_newcomer_is_told_where_to_begin_and_every_command_explains_itself() {
    let folder = folder();
    let help = hamlet(folder.path(), &["--help"]).done();
    for part in ["An operating system for a community", "hamlet demo", "hamlet init --name"] {
        assert!(help.contains(part), "{part}: {help}");
    }
    let commands = [
        "demo",
        "init",
        "run",
        "plugin",
        "plugin new",
        "plugin build",
        "plugin install",
        "plugin list",
        "member",
        "member add",
        "member list",
        "member remove",
        "token",
        "token create",
        "token show",
        "token list",
        "token revoke",
        "call",
        "doctor",
        "stop",
        "service install",
        "service show",
        "release pack",
        "release check",
        "update",
        "completions",
    ];
    for command in commands {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = hamlet(folder.path(), &words).done();
        assert!(help.contains(&format!("Usage: hamlet {command}")), "{command}: {help}");
        let about = help.lines().next().unwrap();
        assert!(about.len() > 10 && !about.starts_with("Usage"), "{command}: {help}");
    }
    hamlet(folder.path(), &["cal"]).failed_saying(&["a similar subcommand exists: 'call'"]);
    assert!(!folder.path().join("home").exists(), "help makes nothing");
}

#[test]
fn every_command_says_what_to_do_when_there_is_no_community() {
    let folder = folder();
    for command in
        ["run", "member list", "member add ada Ada", "token show ada", "plugin list", "call ledger"]
    {
        let words: Vec<&str> = command.split(' ').collect();
        hamlet(folder.path(), &words).failed_saying(&[
            "there is no community in `",
            "hamlet init",
            "hamlet demo",
            "--home",
        ]);
    }
    let doctor = hamlet(folder.path(), &["doctor"]);
    assert!(doctor.status == 2 && doctor.out.contains("holds no community"), "{doctor:?}");
}

#[test]
fn a_founding_that_was_refused_leaves_nothing_and_can_be_repeated() {
    let folder = folder();
    let init = |rest: &[&str]| hamlet(folder.path(), &[&["init", "--name", "Oak Street"], rest].concat());
    init(&[]).failed_saying(&["--steward <HANDLE> <NAME>"]);
    init(&["--steward", "a", "Ada"]).failed_saying(&["`a` cannot be the first steward", "handle-invalid"]);
    assert!(!folder.path().join("home").exists());
    // What was in the folder before stays.
    fs::create_dir(folder.path().join("home")).unwrap();
    fs::write(folder.path().join("home/mine"), "x").unwrap();
    init(&["--steward", "ada", "Ada", "--zone", "Mars/Olympus"]).failed_saying(&["zone"]);
    let left: Vec<_> =
        fs::read_dir(folder.path().join("home")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["mine"]);
    let said = init(&["--steward", "ada", "Ada"]).done();
    assert!(said.contains("Oak Street is founded") && said.contains("hamlet --home"), "{said}");
    init(&["--steward", "ada", "Ada"]).failed_saying(&["already", "--home"]);
}

#[test]
fn a_host_in_the_background_answers_at_once_and_is_stopped_by_name() {
    let folder = folder();
    found(folder.path(), &free_address());
    hamlet(folder.path(), &["stop"]).failed_saying(&["no host runs in the background"]);
    let told = hamlet(folder.path(), &["run", "--background"]).done();
    assert!(told.contains("stop it with `hamlet stop`"), "{told}");
    hamlet(folder.path(), &["run", "--background"]).failed_saying(&["a host answers at"]);
    hamlet(folder.path(), &["member", "list"]).done();
    assert_eq!(hamlet(folder.path(), &["stop"]).done(), "stopped\n");
    hamlet(folder.path(), &["stop"]).failed_saying(&["no host runs in the background"]);
}

#[test]
fn an_update_is_refused_where_nothing_is_installed_or_the_archive_is_not_signed() {
    let folder = folder();
    found(folder.path(), &free_address());
    let prefix = folder.path().join("opt");
    let prefix = prefix.to_str().unwrap();
    let archive = folder.path().join("new.tar");
    let update = ["update", archive.to_str().unwrap(), "--prefix", prefix];
    hamlet(folder.path(), &update).failed_saying(&["no release is installed in", "hamlet service install"]);
    let unit = hamlet(folder.path(), &["service", "show", "--prefix", prefix]).done();
    assert!(unit.contains(&format!("ExecStart={prefix}/current/hamlet --home")), "{unit}");
}

#[test]
fn people_are_managed_without_a_host_and_refusals_are_sentences() {
    let folder = folder();
    found(folder.path(), &free_address());
    let run = |words: &[&str]| hamlet(folder.path(), words);
    assert!(run(&["member", "add", "grace", "Grace"]).done().contains("hamlet call --as grace"));
    run(&["member", "add", "grace", "Grace"]).failed_saying(&["(handle-taken)"]);
    run(&["member", "add", "G", "Grace"]).failed_saying(&["(handle-invalid)"]);
    run(&["member", "remove", "nobody"]).failed_saying(&["There is no such party. (no-such-party)"]);
    let list = run(&["member", "list"]).done();
    assert!(list.contains("grace") && list.contains("ada"), "{list}");
    run(&["token", "show", "bob"]).failed_saying(&[
        "no token of `bob` is kept here",
        "ada, grace",
        "token create bob",
    ]);
    run(&["token", "revoke", "xyz"]).failed_saying(&["token: expected an id of 32 hex digits"]);
    run(&["token", "create", "ada", "--scope", "a b"])
        .failed_saying(&["too many; which: a b. (pattern-invalid)"]);
    assert!(run(&["doctor"]).done().contains("the journal reads"));
}

#[test]
fn what_is_typed_wrong_is_named_with_what_to_do_next() {
    let folder = folder();
    found(folder.path(), &free_address());
    let stopped = hamlet(folder.path(), &["call", "host", "find", "--handle", "ada"]);
    stopped.failed_saying(&["nobody answers at http://127.0.0.1:", "hamlet run"]);
    let _host = Host::run(folder.path());
    let run = |words: &[&str]| hamlet(folder.path(), words);
    assert!(run(&["call", "host", "find", "--handle", "ada"]).done().contains("ada"));
    let list = run(&["call", "host"]).done();
    assert!(list.contains("give-mandate") && list.contains("hamlet call host FUNCTION --help"), "{list}");
    let help = run(&["call", "host", "members.add", "--help"]).done();
    assert!(help.contains("--handle <TEXT>") && help.contains("person|household|organisation"), "{help}");
    run(&["call", "shop", "sell"]).failed_saying(&["o plugin `shop` is installed", "hamlet plugin list"]);
    run(&["call", "host", "fly"]).failed_saying(&["`host` has no function `fly`", "hamlet call host"]);
    run(&["call", "host", "list"]).failed_saying(&["say which", "members.list", "tokens.list"]);
    run(&["call", "host", "find"]).failed_saying(&["--handle <TEXT>"]);
    run(&["call", "host", "find", "--handel", "ada"]).failed_saying(&["--handel", "--handle"]);
    run(&["call", "host", "members.get", "--party", "ada"])
        .failed_saying(&["--party: expected an id", "\"ada\""]);
    run(&["call", "--as", "bob", "host", "find", "--handle", "ada"]).failed_saying(&["no token of `bob`"]);
    let refused = run(&["call", "host", "find", "--handle", "nobody"]);
    refused.failed_saying(&["There is no such party. (no-such-party)"]);
    assert_eq!(refused.status, 2, "refused, not failed");
    // A second host on the folder, or on the address.
    let second = run(&["run"]);
    second.failed_saying(&["cannot be served", "in use by another process; stop that one first"]);
    assert_eq!(second.err.matches("in use").count(), 1, "said once: {}", second.err);

    let cli = folder.path().join("home/cli.toml");
    let kept = fs::read_to_string(&cli).unwrap();
    fs::write(&cli, kept.replace("hamlet_", "hamlet_0")).unwrap();
    run(&["call", "host", "find", "--handle", "ada"])
        .failed_saying(&["(token-unknown)", "hamlet token create"]);
    fs::write(&cli, kept.replace("host = \"localhost\"", "host = \"elsewhere.example\"")).unwrap();
    run(&["call", "host", "find", "--handle", "ada"]).failed_saying(&["(unknown-host)", "cli.toml"]);
}

#[test]
fn an_answer_of_another_program_is_not_mistaken_for_a_hosts() {
    let folder = folder();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    found(folder.path(), &listener.local_addr().unwrap().to_string());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 13\r\n\r\n<html></html>").unwrap();
    });
    hamlet(folder.path(), &["call", "host"]).failed_saying(&["is not a Hamlet host", "cli.toml"]);
    server.join().unwrap();
}

#[test]
fn a_folder_that_is_no_plugin_is_refused_before_anything_is_done() {
    let folder = folder();
    let run = |words: &[&str]| hamlet(folder.path(), words);
    run(&["plugin", "build", "."])
        .failed_saying(&["there is no plugin.toml in it", "hamlet plugin new NAME"]);
    run(&["plugin", "install", "."])
        .failed_saying(&["there is no plugin.toml", "hamlet plugin build FOLDER"]);
    run(&["plugin", "new", "Tool Library"]).failed_saying(&["tool-library"]);
    let wrote = run(&["plugin", "new", "tool-library"]).done();
    assert!(wrote.contains("Next: cd tool-library && cargo test --release"), "{wrote}");
    run(&["plugin", "new", "tool-library"]).failed_saying(&["tool-library"]);
}

#[test]
fn completions_are_scripts_that_a_shell_reads_and_a_closed_pipe_is_no_failure() {
    let folder = folder();
    let script = folder.path().join("bash");
    fs::write(&script, hamlet(folder.path(), &["completions", "bash"]).done()).unwrap();
    let asked = "source \"$1\"; COMP_WORDS=(hamlet pl); COMP_CWORD=1; _hamlet hamlet pl hamlet; echo \"${COMPREPLY[@]}\"";
    let read = Command::new("bash").args(["-c", asked, "bash"]).arg(&script).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), "plugin", "{read:?}");
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(hamlet(folder.path(), &["completions", shell]).done().len() > 1_000, "{shell}");
    }
    hamlet(folder.path(), &["completions", "klingon"]).failed_saying(&["bash", "fish", "zsh"]);

    let mut child = Command::new(HAMLET)
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
}

/// `HAMLET` is where Cargo put it; a demo outside of a checkout says what it lacks.
#[test]
fn a_demo_says_what_it_lacks_when_its_village_is_not_there() {
    let folder = folder();
    let ended = hamlet(folder.path(), &["demo", "--village", "no/such/village"]);
    ended.failed_saying(&["`no/such/village` holds no village.toml"]);
    let home: PathBuf = folder.path().join("home");
    fs::create_dir(&home).unwrap();
    fs::write(home.join("mine"), "x").unwrap();
    hamlet(folder.path(), &["demo"]).failed_saying(&["holds something that is not a demo", "--home"]);
    assert!(home.join("mine").exists());
}
