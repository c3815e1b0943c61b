//! `hamlet doctor`: looks at a community's folder and says in sentences what is wrong and what to do.

mod remedy;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Result;
use hamlet_kernel::events::letters;
use hamlet_kernel::rows::ReadOnly;
use hamlet_kernel::{Kernel, namespaces, schedule};
use serde_json::Value;

use crate::call::Outcome;
use crate::client::{Client, Extra, Reply};
use crate::community;
use crate::session::Session;

/// Prints findings, and tells whether all is well.
struct Report {
    well: bool,
}

impl Report {
    fn good(what: &str) {
        println!("ok      {what}");
    }

    fn bad(&mut self, what: &str, remedy: &str) {
        self.well = false;
        println!("WRONG   {what}\n        {remedy}");
    }
}

/// Runs `hamlet doctor`. Refused when something is wrong.
pub fn run(home: &Path) -> Result<Outcome> {
    let mut report = Report { well: true };
    let Ok(session) = Session::load(home) else {
        report.bad(
            &format!("`{}` holds no community", home.display()),
            "Make one with `hamlet init`, or name its folder with `--home`.",
        );
        return Ok(Outcome::Refused);
    };
    secrets(home, &mut report);
    let client = Client::new(&session, None)?;
    if client.healthy() {
        Report::good(&format!("the host answers at {}", session.url));
        letters_of_host(&client, &mut report);
    } else {
        println!("note    the host does not run; looking into the folder itself");
        folder(home, &mut report);
    }
    refused_state(home, &mut report);
    space(home, &mut report);
    Ok(if report.well { Outcome::Done } else { Outcome::Refused })
}

/// Whether files that hold secrets are readable by others.
fn secrets(home: &Path, report: &mut Report) {
    for name in ["cli.toml", "keys"] {
        let path = home.join(name);
        let Ok(data) = fs::metadata(&path) else { continue };
        let mode = data.permissions().mode() & 0o777;
        let others = mode & 0o077;
        if others == 0 {
            Report::good(&format!("`{}` is for its owner alone", path.display()));
        } else {
            report.bad(
                &format!("others on this box can read `{}` (mode {mode:o})", path.display()),
                &format!("Run: chmod -R go= {}", path.display()),
            );
        }
    }
}

/// Opens the folder as the host would: replays the journal, loads every plugin.
fn folder(home: &Path, report: &mut Report) {
    match community::open(home) {
        Ok(community) => {
            let stats = community.kernel.store_stats();
            Report::good(&format!(
                "the journal reads to batch {} in {} segment(s), {} bytes; the state to batch {}, {} bytes",
                stats.head, stats.segments, stats.journal_bytes, stats.folded, stats.state_bytes
            ));
            for (name, plugin) in &community.kernel.catalogue().plugins {
                if plugin.active {
                    Report::good(&format!("plugin {name} {} loads", plugin.version));
                } else {
                    report.bad(&format!("plugin {name} does not answer"), "See `hamlet plugin list`.");
                }
            }
            letters_of_folder(&community.kernel, report);
            given_up(&community.kernel, report);
            if community.kernel.clock_suspect() {
                report.bad(
                    "the clock jumped by more than an hour; schedules are paused",
                    "Set the clock right, then start the host with `hamlet run --confirm-clock`.",
                );
            }
            community.kernel.shutdown();
        }
        Err(error) => report.bad(
            &format!("the folder cannot be opened: {}", crate::told(&error)),
            &remedy::remedy(&error, home),
        ),
    }
}

/// Events that a plugin could not take, asked of the running host. Whoever may not see them sees nothing.
fn letters_of_host(client: &Client, report: &mut Report) {
    let asked = client.call("/api/host/events@0.1.0/list", &serde_json::json!({}), &Extra::default());
    let Ok(Reply::Done(Value::Array(letters))) = asked else { return };
    for letter in letters {
        let text = |name: &str| letter.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
        let told = letter.get("told").and_then(Value::as_bool).unwrap_or(false);
        dead_letter(&text("emitter"), &text("subscriber"), &text("number"), told, report);
    }
}

/// The same, from the rows.
fn letters_of_folder(kernel: &Kernel, report: &mut Report) {
    let letters = kernel
        .read(|rows| letters::list(&mut ReadOnly { rows, namespace: namespaces::EVENTS }, letters::LIST_MAX));
    match letters {
        Ok(letters) => {
            for letter in letters {
                let number = letter.number.to_string();
                dead_letter(&letter.emitter, &letter.subscriber, &number, letter.told, report);
            }
        }
        Err(error) => report.bad(&format!("the dead letters cannot be read: {error}"), "Keep the folder."),
    }
}

fn dead_letter(emitter: &str, subscriber: &str, number: &str, told: bool, report: &mut Report) {
    let knows = if told { "and knows of it" } else { "and was not told of the gap" };
    report.bad(
        &format!("plugin {subscriber} could not take event {number} of {emitter}, {knows}"),
        "See `hamlet call host events.list`; then `hamlet call host send-again` or `hamlet call host drop`.",
    );
}

/// Times of schedules whose last try failed.
fn given_up(kernel: &Kernel, report: &mut Report) {
    const SHOWN_MAX: usize = 100;
    let given_up = kernel.read(|rows| {
        schedule::set_aside(&mut ReadOnly { rows, namespace: namespaces::SCHEDULES }, SHOWN_MAX)
    });
    match given_up {
        Ok(given_up) => {
            for one in given_up {
                let then = if one.next.is_some() { "it goes on" } else { "it is set aside" };
                report.bad(
                    &format!("schedule {} of plugin {} failed for a time; {then}", one.name, one.plugin),
                    "The host's log says how. The plugin has to do that work, or set the schedule anew.",
                );
            }
        }
        Err(error) => report.bad(&format!("the schedules cannot be read: {error}"), "Keep the folder."),
    }
}

/// Whether the table of the newest state was damaged once. It was mended; that the disk did this is worth knowing.
fn refused_state(home: &Path, report: &mut Report) {
    if let Some(path) = hamlet_store::refused_state(&home.join("data")) {
        report.bad(
            "the table of the newest state was damaged, and was made anew from the journal; nothing is lost",
            &format!(
                "See `dmesg` whether the disk fails, and take a backup. The damaged file is kept as `{shown}`; when \
                 you have looked, delete it with: rm {shown}",
                shown = path.display()
            ),
        );
    }
}

/// Whether the disk has room for the journal to grow.
fn space(home: &Path, report: &mut Report) {
    const BYTES_MIN: u64 = 1 << 30;
    match rustix::fs::statvfs(home) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            if free >= BYTES_MIN {
                Report::good(&format!("{} MiB are free on the disk", free >> 20));
            } else {
                report.bad(
                    &format!("only {} MiB are free on the disk", free >> 20),
                    "Make room: when the disk is full no command is accepted (nothing is lost by that).",
                );
            }
        }
        Err(error) => {
            report.bad(&format!("the disk cannot be asked for its room: {error}"), "Is it mounted?");
        }
    }
}
