//! `hamlet run --background`: starts the host as a process of its own and returns when it answers,
//! so that the next command finds it. The shell's `&` returns at once: what is typed then may open
//! the folder before the host does, which takes it away from it.

use std::collections::BTreeMap;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use anyhow::{Context as _, Result, bail};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::call::Outcome;
use crate::client::Client;
use crate::community::CommunityFile;
use crate::serve::RunArgs;
use crate::session::Session;

/// Where the host's log lines go, in the first community's folder.
const LOG: &str = "host.log";
/// How long the host may take to answer: it may have much to read back after a crash.
const START_TIMEOUT: Duration = Duration::from_mins(1);
/// Its process id, in the same folder, for as long as it runs.
const PID: &str = "host.pid";
/// How long it may take to end: it writes what it holds, and finishes what it was asked.
const STOP_TIMEOUT: Duration = Duration::from_mins(1);
/// How long to wait before asking again.
const POLL: Duration = Duration::from_millis(20);

/// Starts a host with the arguments of this process, and waits for it.
pub fn start(home: &Path, args: &RunArgs) -> Result<Outcome> {
    let folder = args.folders.first().map_or(home, PathBuf::as_path);
    let file = CommunityFile::load(folder)?;
    let url = format!("http://{}", args.listen.unwrap_or(file.listen));
    let client = Client::new(
        &Session { url: url.clone(), host: file.host, default: None, tokens: BTreeMap::new() },
        None,
    )?;
    if client.healthy() {
        bail!("a host answers at {url} already");
    }
    let path = folder.join(LOG);
    let log = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
    let log = log.with_context(|| format!("`{}` cannot be written", path.display()))?;
    let mut host = Command::new(env::current_exe()?)
        .args(env::args_os().skip(1).filter(|argument| argument != "--background"))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        // Ctrl-C in this terminal is not meant for it.
        .process_group(0)
        .spawn()
        .context("the host does not start")?;
    let begun = Instant::now();
    while !client.healthy() {
        if let Some(status) = host.try_wait()? {
            bail!("the host ended by itself ({status}). Why is in `{}`", path.display());
        }
        if begun.elapsed() > START_TIMEOUT {
            host.kill()?;
            bail!("the host did not answer within {} s", START_TIMEOUT.as_secs());
        }
        thread::sleep(POLL);
    }
    fs::write(folder.join(PID), host.id().to_string())?;
    println!("listening at {url}; log lines go to `{}`; stop it with `hamlet stop`", path.display());
    Ok(Outcome::Done)
}

/// Runs `hamlet stop`.
pub fn stop(home: &Path) -> Result<Outcome> {
    let Some(pid) = running(home) else {
        bail!("no host runs in the background for `{}`", home.display());
    };
    end(pid)?;
    let _ = fs::remove_file(home.join(PID));
    println!("stopped");
    Ok(Outcome::Done)
}

/// The process of the host that `start` left running; none: it ended, or its number is another program's by now.
pub fn running(home: &Path) -> Option<Pid> {
    let number: i32 = fs::read_to_string(home.join(PID)).ok()?.trim().parse().ok()?;
    let program = fs::read(format!("/proc/{number}/cmdline")).ok()?;
    let first = program.split(|byte| *byte == 0).next()?;
    first.ends_with(b"hamlet").then(|| Pid::from_raw(number)).flatten()
}

/// Asks a process to end, and waits for it.
fn end(pid: Pid) -> Result<()> {
    kill_process(pid, Signal::TERM).context("the host cannot be stopped")?;
    let begun = Instant::now();
    // A child of this process that ended stays until it is waited for.
    while test_kill_process(pid).is_ok() && !is_zombie(pid) {
        if begun.elapsed() > STOP_TIMEOUT {
            bail!("the host did not end within {} s", STOP_TIMEOUT.as_secs());
        }
        thread::sleep(POLL);
    }
    Ok(())
}

fn is_zombie(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z'))
}
