//! `hamlet export`: everything in open formats, for leaving, or for looking with other tools.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use hamlet_kernel::blobs::BlobError;
use hamlet_kernel::{Actor, Kernel, namespaces, plugins};
use serde_json::{Value, json};

use crate::call::Outcome;
use crate::client::{Client, Reply};
use crate::session::Session;
use crate::{community, door, output};

const README: &str = "\
# A community, written out

Made by `hamlet export`. Everything is text or a plain file; nothing here needs Hamlet.

- `community.json`: its settings. `members.jsonl`: its parties, one JSON object a line, as `hamlet:host/members`
  shows them. Whoever was erased has no name.
- `rooms/NNNNN-NAME.jsonl`: every row of every plugin and of the host's own keepers, one `{ \"key\", \"value\" }` a
  line. Text is text, JSON is JSON, anything else is `{ \"base64\" }`, laid out as the plugin's own documentation
  says. Values that are about people are sealed and stay so here.
- `journal.jsonl`: every command: batch, place, time in microseconds since 1970, caller's pseudonym, plugin, version,
  function.
- `blobs/`: files, named by the hash under which rows refer to them; those about people are opened. `blobs.jsonl`
  says which could not be.
- `log.key`, `checkpoint`: the public key of its log and a signed checkpoint of the moment of the export. Receipts
  that members keep are checked against these with `hamlet verify` or `hamlet-verify.py`.
";

/// Runs `hamlet export`.
pub fn run(home: &Path, to: &Path) -> Result<Outcome> {
    if Client::new(&Session::load(home)?, None).is_ok_and(|client| client.healthy()) {
        bail!(
            "the host is running and has the folder. Stop it, then export; or restore a backup and export that"
        );
    }
    if to.exists() {
        bail!("`{}` is there already: name a new folder", to.display());
    }
    let kernel = community::open(home)?.kernel;
    let written = write(&kernel, home, to);
    kernel.shutdown();
    output::say(&written?);
    Ok(Outcome::Done)
}

fn write(kernel: &Kernel, home: &Path, to: &Path) -> Result<String> {
    let failed = || format!("`{}` cannot be written", to.display());
    fs::create_dir_all(to).with_context(failed)?;
    fs::write(to.join("README.md"), README).with_context(failed)?;
    let settings = ask(kernel, "settings", "get", &json!({}))?;
    fs::write(to.join("community.json"), serde_json::to_vec_pretty(&settings)?).with_context(failed)?;
    let members = members(kernel, &to.join("members.jsonl"))?;
    let rooms = hamlet_backup::export_rooms(kernel, &rooms(kernel)?, &to.join("rooms"))?;
    let commands = journal(kernel, &to.join("journal.jsonl"))?;
    let (blobs, closed) = blobs(kernel, home, to)?;
    fs::write(to.join("log.key"), format!("{}\n", kernel.log_verifier())).with_context(failed)?;
    fs::write(to.join("checkpoint"), kernel.checkpoint()?).with_context(failed)?;
    let rows: u64 = rooms.iter().map(|room| room.rows).sum();
    let closed = if closed == 0 { String::new() } else { format!(" ({closed} of them cannot be opened)") };
    Ok(format!(
        "Everything is in `{}`: {members} members, {rows} rows of {} rooms, {commands} commands, {blobs} \
         files{closed}. Begin with its README.md.",
        to.display(),
        rooms.len()
    ))
}

fn ask(kernel: &Kernel, interface: &str, function: &str, arguments: &Value) -> Result<Value> {
    match door::call(kernel, Actor::Console, "host", interface, function, arguments) {
        Reply::Done(value) => Ok(value),
        Reply::Problem(problem) => bail!("{}", problem.sentence()),
    }
}

fn members(kernel: &Kernel, to: &Path) -> Result<usize> {
    let mut out = BufWriter::new(File::create(to)?);
    let (mut count, mut cursor) = (0, Value::Null);
    loop {
        let page = ask(kernel, "members", "list", &json!({ "filter": {}, "limit": 200, "cursor": cursor }))?;
        for party in page.get("parties").and_then(Value::as_array).into_iter().flatten() {
            writeln!(out, "{party}")?;
            count += 1;
        }
        cursor = page.get("next").cloned().unwrap_or_default();
        if cursor.is_null() {
            out.flush()?;
            return Ok(count);
        }
    }
}

/// Every namespace with a name: the host's own, the rooms of natives, the plugins.
fn rooms(kernel: &Kernel) -> Result<Vec<(u32, String)>> {
    let own = [
        (namespaces::PLUGINS, "plugins"),
        (namespaces::GRANTS, "grants"),
        (namespaces::SETTINGS, "settings"),
        (namespaces::EVENTS, "events"),
        (namespaces::SCHEDULES, "schedules"),
        (namespaces::BLOBS, "blobs"),
        (namespaces::DISPATCH, "effects"),
        (namespaces::HISTORY, "history"),
        (namespaces::STEWARD_LOG, "steward-log"),
    ];
    let mut rooms: Vec<(u32, String)> = own.map(|(namespace, name)| (namespace.0, name.to_owned())).into();
    rooms.extend(kernel.room(hamlet_identity::ROOM).map(|namespace| (namespace.0, "members".to_owned())));
    let installed = kernel.read(|rows| plugins::installed(rows)).map_err(|error| anyhow!("{error}"))?;
    rooms.extend(installed.into_iter().map(|plugin| (plugin.namespace, plugin.name)));
    Ok(rooms)
}

fn journal(kernel: &Kernel, to: &Path) -> Result<u64> {
    let mut out = BufWriter::new(File::create(to)?);
    let mut count = 0;
    for record in kernel.store().journal(kernel.store_stats().journal_oldest)? {
        let record = record?;
        for (place, entry) in record.entries.iter().enumerate() {
            let header = &entry.header;
            let caller = hex(&header.caller);
            let line = json!({
                "batch": record.sequence, "command": place, "time": header.time, "caller": caller,
                "plugin": &*header.plugin, "version": &*header.version, "function": &*header.function,
            });
            writeln!(out, "{line}")?;
            count += 1;
        }
    }
    out.flush()?;
    Ok(count)
}

/// Writes out every blob; how many, and how many of them cannot be opened.
fn blobs(kernel: &Kernel, home: &Path, to: &Path) -> Result<(usize, usize)> {
    let mut list = BufWriter::new(File::create(to.join("blobs.jsonl"))?);
    fs::create_dir_all(to.join("blobs"))?;
    let (mut count, mut closed) = (0, 0);
    for hash in hamlet_kernel::blobs::all(home)? {
        let name = hex(&hash);
        let path = to.join("blobs").join(&name);
        let mut out = BufWriter::new(File::create(&path)?);
        let state = match kernel.export_blob(&hash, &mut out) {
            Ok(_) => {
                out.flush()?;
                "whole"
            }
            Err(BlobError::Erased) => "erased",
            Err(BlobError::Damaged) => "damaged",
            Err(error) => return Err(error.into()),
        };
        if state != "whole" {
            drop(out);
            fs::remove_file(&path)?;
            closed += 1;
        }
        writeln!(list, "{}", json!({ "hash": name, "state": state }))?;
        count += 1;
    }
    list.flush()?;
    Ok((count, closed))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
