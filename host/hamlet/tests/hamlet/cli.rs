//! The command line as a newcomer meets it: help, first steps, and what she is told when something is
//! wrong. With the real binary; over HTTP where a host is needed.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;

use crate::common::{HAMLET, Place};

#[test]
fn a_newcomer_is_told_where_to_begin_and_every_command_explains_itself() {
    let place = Place::empty();
    let help = place.hamlet(&["--help"]).done();
    for part in ["An operating system for a community", "hamlet demo", "hamlet init --name"] {
        assert!(help.contains(part), "{part}: {help}");
    }
    let commands = [
        "demo",
        "setup",
        "init",
        "run",
        "plugin",
        "plugin new",
        "plugin build",
        "plugin install",
        "plugin list",
        "member",
        "member add",
        "member invite",
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
        let help = place.hamlet(&words).done();
        assert!(help.contains(&format!("Usage: hamlet {command}")), "{command}: {help}");
        let about = help.lines().next().unwrap();
        assert!(about.len() > 10 && !about.starts_with("Usage"), "{command}: {help}");
    }
    place.hamlet(&["cal"]).failed_saying(&["a similar subcommand exists: 'call'"]);
    assert!(!place.path("home").exists(), "help makes nothing");
}

#[test]
fn every_command_says_what_to_do_when_there_is_no_community() {
    let place = Place::empty();
    for command in
        ["run", "member list", "member add ada Ada", "token show ada", "plugin list", "call ledger"]
    {
        let words: Vec<&str> = command.split(' ').collect();
        place.hamlet(&words).failed_saying(&[
            "there is no community in `",
            "hamlet init",
            "hamlet demo",
            "--home",
        ]);
    }
    let doctor = place.hamlet(&["doctor"]);
    assert!(doctor.status == 2 && doctor.out.contains("holds no community"), "{doctor:?}");
}

#[test]
fn a_founding_that_was_refused_leaves_nothing_and_can_be_repeated() {
    let place = Place::empty();
    let init = |rest: &[&str]| place.hamlet(&[&["init", "--name", "Oak Street"], rest].concat());
    init(&[]).failed_saying(&["--steward <HANDLE> <NAME>"]);
    init(&["--steward", "a", "Ada"]).failed_saying(&["`a` cannot be the first steward", "handle-invalid"]);
    assert!(!place.path("home").exists());
    // What was in the folder before stays.
    fs::create_dir(place.path("home")).unwrap();
    fs::write(place.path("home/mine"), "x").unwrap();
    init(&["--steward", "ada", "Ada", "--zone", "Mars/Olympus"]).failed_saying(&["zone"]);
    let left: Vec<_> =
        fs::read_dir(place.path("home")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["mine"]);
    let said = init(&["--steward", "ada", "Ada"]).done();
    assert!(said.contains("Oak Street is founded") && said.contains("hamlet --home"), "{said}");
    init(&["--steward", "ada", "Ada"]).failed_saying(&["already", "--home"]);
}

#[test]
fn a_host_in_the_background_answers_at_once_and_is_stopped_by_name() {
    let place = Place::founded();
    place.hamlet(&["stop"]).failed_saying(&["no host runs in the background"]);
    let told = place.hamlet(&["run", "--background"]).done();
    assert!(told.contains("stop it with `hamlet stop`"), "{told}");
    place.hamlet(&["run", "--background"]).failed_saying(&["a host answers at"]);
    place.hamlet(&["member", "list"]).done();
    assert_eq!(place.hamlet(&["stop"]).done(), "stopped\n");
    place.hamlet(&["stop"]).failed_saying(&["no host runs in the background"]);
}

#[test]
fn an_update_is_refused_where_nothing_is_installed_or_the_archive_is_not_signed() {
    let place = Place::founded();
    let prefix = place.path("opt");
    let prefix = prefix.to_str().unwrap();
    let archive = place.path("new.tar");
    let update = ["update", archive.to_str().unwrap(), "--prefix", prefix];
    place.hamlet(&update).failed_saying(&["no release is installed in", "hamlet service install"]);
    let unit = place.hamlet(&["service", "show", "--prefix", prefix]).done();
    assert!(unit.contains(&format!("ExecStart={prefix}/current/hamlet --home")), "{unit}");
}

#[test]
fn people_are_managed_without_a_host_and_refusals_are_sentences() {
    let place = Place::founded();
    let run = |words: &[&str]| place.hamlet(words);
    assert!(run(&["member", "add", "grace", "Grace"]).done().contains("hamlet call --as grace"));
    run(&["member", "add", "grace", "Grace"]).failed_saying(&["(handle-taken)"]);
    run(&["member", "add", "G", "Grace"]).failed_saying(&["(handle-invalid)"]);
    let link = run(&["member", "invite", "grace"]).done();
    assert!(link.contains("/join/") && link.contains("start it with `hamlet run`"), "{link}");
    run(&["member", "invite", "nobody"]).failed_saying(&["(no-such-party)"]);
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
    let place = Place::founded();
    let stopped = place.hamlet(&["call", "host", "find", "--handle", "ada"]);
    stopped.failed_saying(&["nobody answers at http://127.0.0.1:", "hamlet run"]);
    let _host = place.host();
    let run = |words: &[&str]| place.hamlet(words);
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

    let cli = place.path("home/cli.toml");
    let kept = fs::read_to_string(&cli).unwrap();
    fs::write(&cli, kept.replace("hamlet_", "hamlet_0")).unwrap();
    run(&["call", "host", "find", "--handle", "ada"])
        .failed_saying(&["(token-unknown)", "hamlet token create"]);
    fs::write(&cli, kept.replace("host = \"localhost\"", "host = \"elsewhere.example\"")).unwrap();
    run(&["call", "host", "find", "--handle", "ada"]).failed_saying(&["(unknown-host)", "cli.toml"]);
}

#[test]
fn an_answer_of_another_program_is_not_mistaken_for_a_hosts() {
    let place = Place::empty();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    place.found(&listener.local_addr().unwrap().to_string());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 13\r\n\r\n<html></html>").unwrap();
    });
    place.hamlet(&["call", "host"]).failed_saying(&["is not a Hamlet host", "cli.toml"]);
    server.join().unwrap();
}

#[test]
fn a_folder_that_is_no_plugin_is_refused_before_anything_is_done() {
    let place = Place::empty();
    let run = |words: &[&str]| place.hamlet(words);
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
    let place = Place::empty();
    let script = place.path("bash");
    fs::write(&script, place.hamlet(&["completions", "bash"]).done()).unwrap();
    let asked = "source \"$1\"; COMP_WORDS=(hamlet pl); COMP_CWORD=1; _hamlet hamlet pl hamlet; echo \"${COMPREPLY[@]}\"";
    let read = Command::new("bash").args(["-c", asked, "bash"]).arg(&script).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), "plugin", "{read:?}");
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(place.hamlet(&["completions", shell]).done().len() > 1_000, "{shell}");
    }
    place.hamlet(&["completions", "klingon"]).failed_saying(&["bash", "fish", "zsh"]);

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
    let place = Place::empty();
    let ended = place.hamlet(&["demo", "--village", "no/such/village"]);
    ended.failed_saying(&["`no/such/village` holds no village.toml"]);
    let home = place.path("home");
    fs::create_dir(&home).unwrap();
    fs::write(home.join("mine"), "x").unwrap();
    place.hamlet(&["demo"]).failed_saying(&["holds something that is not a demo", "--home"]);
    assert!(home.join("mine").exists());
}
