//! A folder in which the binary is run, and hosts that end with their test.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Where Cargo put the binary.
pub const HAMLET: &str = env!("CARGO_BIN_EXE_hamlet");

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// It did what it was asked; what it said.
    pub fn done(self) -> String {
        assert_eq!(self.status, 0, "{self:?}");
        self.out
    }

    /// It failed, with sentences that have all these parts and nothing of Rust.
    pub fn failed_saying(&self, parts: &[&str]) {
        assert_ne!(self.status, 0, "{self:?}");
        self.said(parts);
        for inside in ["RUST_BACKTRACE", "os error", "Err(", "Some("] {
            assert!(!self.err.contains(inside), "{}", self.err);
        }
    }

    /// It ended with this status, and all these parts are in what it said; all of that.
    pub fn with(self, status: i32, parts: &[&str]) -> String {
        assert_eq!(self.status, status, "{self:?}");
        self.said(parts);
        self.out + &self.err
    }

    /// All these parts are in what it said, and it did not panic.
    pub fn said(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.err.contains(part) || self.out.contains(part), "`{part}` is not in: {self:?}");
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
    }
}

/// A folder of a test; the community is in `home` in it.
pub struct Place(TempDir);

impl Place {
    /// Without a community.
    pub fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With a community whose first steward is Ada; its host will listen where nobody does.
    pub fn founded() -> Self {
        let place = Self::empty();
        place.found(&free_address());
        place
    }

    pub fn found(&self, listen: &str) {
        let init = ["init", "--name", "Oak Street", "--steward", "ada", "Ada Lovelace", "--listen", listen];
        assert!(self.hamlet(&init).done().contains("Oak Street is founded"));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn command(&self, home: &str, words: &[&str]) -> Command {
        let mut command = Command::new(HAMLET);
        command.args(words).current_dir(self.0.path()).env("HAMLET_HOME", self.path(home));
        command.env_remove("HAMLET_LOG").stdin(Stdio::null());
        command
    }

    pub fn in_home(&self, home: &str, words: &[&str]) -> Ended {
        let ended = self.command(home, words).output().unwrap();
        Ended {
            status: ended.status.code().expect("it was not killed"),
            out: String::from_utf8(ended.stdout).unwrap(),
            err: String::from_utf8(ended.stderr).unwrap(),
        }
    }

    pub fn hamlet(&self, words: &[&str]) -> Ended {
        self.in_home("home", words)
    }

    /// Keeps what a command says in a file.
    pub fn keep(&self, name: &str, words: &[&str]) {
        fs::write(self.path(name), self.hamlet(words).done()).unwrap();
    }

    pub fn host(&self) -> Host {
        Host::start(self.command("home", &["run"]).stderr(Stdio::null()))
    }
}

/// A running host; it ends with the test.
pub struct Host {
    child: Child,
    /// Where it listens.
    pub url: String,
}

impl Host {
    /// Starts it and waits until it listens.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let listening = said.find_map(|line| line.strip_prefix("listening at ").map(str::to_owned));
        let url = listening.expect("the host did not start");
        Self { child, url }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address at which nobody listens.
pub fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}
