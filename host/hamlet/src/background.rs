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

use crate::call::Outcome;
use crate::client::Client;
use crate::community::CommunityFile;
use crate::serve::RunArgs;
use crate::session::Session;

/// Where the host's log lines go, in the first community's folder.
const LOG: &str = "host.log";
/// How long the host may take to answer: it may have much to read back after a crash.
const START_TIMEOUT: Duration = Duration::from_mins(1);
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
    println!("listening at {url}; log lines go to `{}`; stop it with: kill {}", path.display(), host.id());
    Ok(Outcome::Done)
}
