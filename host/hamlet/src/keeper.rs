//! The keeper: a thread of a running host that makes backups when they are due, or when somebody who can write into
//! the community's folder asks for one.
//!
//! ```text
//! backup.request    { "id": …, "to": path or null }     put there by `hamlet backup`
//! backup.answer     { "id": …, "ok": sentence } or { "id": …, "error": sentence }
//! ```
//!
//! Over files and not over HTTP: a steward's token must not make the host write wherever it says.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use hamlet_backup::Plan;
use hamlet_kernel::Kernel;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::caretaker::BoxKeeper;

const REQUEST: &str = "backup.request";
const ANSWER: &str = "backup.answer";
/// How often the keeper looks.
const LOOK: Duration = Duration::from_millis(250);
/// How often it looks whether a backup is due.
const DUE: Duration = Duration::from_mins(1);
/// How long a failed backup is left alone: a full disk is not emptier a minute later.
const RETRY: Duration = Duration::from_mins(30);
/// How long one who asks waits for the host to take the request.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Serialize, Deserialize)]
struct Request {
    id: String,
    to: Option<PathBuf>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    id: String,
    ok: Option<String>,
    error: Option<String>,
}

/// The keeper of one community.
pub struct Keeper {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Starts it.
    pub fn start(kernel: &Kernel, home: &Path, keeper: &Arc<BoxKeeper>) -> Result<Self> {
        keeper.plan().context("`[backup]` of community.toml cannot be used")?;
        let stop = Arc::new(AtomicBool::new(false));
        let (kernel, home, stopped) = (kernel.clone(), home.to_owned(), Arc::clone(&stop));
        let keeper = Arc::clone(keeper);
        let thread = thread::Builder::new()
            .name("hamlet-keeper".to_owned())
            .spawn(move || keep(&kernel, &home, &keeper, &stopped))?;
        Ok(Self { stop, thread })
    }

    /// Ends it, after the backup that it may be making.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        // A thread that panicked has said so.
        let _ = self.thread.join();
    }
}

fn keep(kernel: &Kernel, home: &Path, keeper: &BoxKeeper, stop: &AtomicBool) {
    hamlet_backup::step_back();
    let mut next = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        if let Some(request) = taken(home) {
            answer(home, keeper, &request);
        }
        if Instant::now() >= next {
            next = Instant::now() + DUE;
            // Read anew each time: stewards change it on a page.
            let due = keeper.plan().is_ok_and(|plan| plan.due(kernel.now()));
            if due {
                match keeper.make(None) {
                    Ok(said) => tracing::info!("{said}"),
                    Err(error) => {
                        tracing::error!("no backup could be made: {error:#}");
                        keeper.tell(&format!("{error:#}"));
                        next = Instant::now() + RETRY;
                    }
                }
            }
        }
        thread::sleep(LOOK);
    }
}

fn taken(home: &Path) -> Option<Request> {
    let path = home.join(REQUEST);
    let text = fs::read(&path).ok()?;
    let _ = fs::remove_file(&path);
    serde_json::from_slice(&text).ok()
}

fn answer(home: &Path, keeper: &BoxKeeper, request: &Request) {
    let (ok, error) = match keeper.make(request.to.as_deref()) {
        Ok(said) => (Some(said), None),
        Err(error) => (None, Some(format!("{error:#}"))),
    };
    if let Err(error) = put(home, ANSWER, &Answer { id: request.id.clone(), ok, error }) {
        tracing::error!("whoever asked for a backup cannot be answered: {error:#}");
    }
}

/// Makes a backup, in this file or by the plan, and says so.
pub fn make(plan: &Plan, kernel: &Kernel, to: Option<&Path>) -> Result<String> {
    if plan.recipients.is_empty() {
        bail!(
            "backups are encrypted, and there is no key yet: make one with `hamlet backup key FILE`, or on the page \
             “Copies”"
        );
    }
    let outcome = match to {
        Some(to) => plan.write(kernel, to)?,
        None => plan.run(kernel)?,
    };
    let manifest = &outcome.made.manifest;
    let removed = match outcome.removed.len() {
        0 => String::new(),
        1 => " One older backup was deleted, as community.toml says.".to_owned(),
        more => format!(" {more} older backups were deleted, as community.toml says."),
    };
    Ok(format!(
        "The backup is `{}`: {:.1} MB, everything up to batch {} with {} commands, SHA-256 {}. The keys are in `{}`, \
         which replaces the one before: carry both away, and keep no older file of keys.{removed}",
        outcome.file.display(),
        f64::from(u32::try_from(outcome.made.bytes / 1024).unwrap_or(u32::MAX)) / 1024.0,
        manifest.sequence,
        manifest.leaves,
        outcome.made.hex(),
        outcome.keys.display()
    ))
}

/// Asks the running host for a backup, and waits for it however long it takes.
pub fn ask(home: &Path, to: Option<&Path>) -> Result<String> {
    let id = Uuid::now_v7().simple().to_string();
    put(home, REQUEST, &Request { id: id.clone(), to: to.map(Path::to_owned) })?;
    let asked = Instant::now();
    loop {
        let answer = fs::read(home.join(ANSWER)).ok();
        let answer: Option<Answer> = answer.and_then(|text| serde_json::from_slice(&text).ok());
        if let Some(answer) = answer.filter(|answer| answer.id == id) {
            let _ = fs::remove_file(home.join(ANSWER));
            return answer.ok.ok_or_else(|| anyhow!("{}", answer.error.unwrap_or_default()));
        }
        if asked.elapsed() > PATIENCE && home.join(REQUEST).exists() {
            let _ = fs::remove_file(home.join(REQUEST));
            bail!(
                "the host that runs did not take the request. Is `{}` the folder of the host that answers at the \
                 address in its `cli.toml`?",
                home.display()
            );
        }
        thread::sleep(LOOK);
    }
}

fn put(home: &Path, name: &str, what: &impl Serialize) -> Result<()> {
    let beside = home.join(format!("{name}.new"));
    fs::write(&beside, serde_json::to_vec(what)?)
        .and_then(|()| fs::rename(&beside, home.join(name)))
        .with_context(|| format!("`{}` cannot be written", home.join(name).display()))
}
