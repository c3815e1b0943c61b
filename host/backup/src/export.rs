//! Rows in open form, for leaving: one file of JSON lines a room or plugin.
//!
//! ```json
//! { "key": "…", "value": … }
//! ```
//!
//! Text is text, JSON is JSON, and what is neither is `{ "base64": "…" }`. What is sealed stays sealed here; people
//! and their names come by the queries of the host, and blobs are opened while their keys are there.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hamlet_kernel::Kernel;
use hamlet_store::{Direction, Namespace, Rows as _, Scan};
use serde_json::{Value, json};

use crate::error::BackupError;

const PAGE_ROWS: usize = 4_096;
const PAGE_BYTES: usize = 8 << 20;

/// One exported room.
#[derive(Clone, Debug)]
pub struct ExportedRoom {
    /// Its number in the store.
    pub namespace: u32,
    /// Its file's name.
    pub file: String,
    /// Its rows.
    pub rows: u64,
}

/// Writes the rows of each of these rooms (number, name) into `to`, as of one moment. An empty one gets no file.
///
/// # Errors
/// The store, or the disk.
pub fn export_rooms(
    kernel: &Kernel,
    rooms: &[(u32, String)],
    to: &Path,
) -> Result<Vec<ExportedRoom>, BackupError> {
    std::fs::create_dir_all(to).map_err(BackupError::file(to))?;
    let mut exported = Vec::new();
    let mut snapshot = kernel.store().snapshot();
    for (namespace, name) in rooms {
        let file = format!("{namespace:05}-{}.jsonl", plain(name));
        let path = to.join(&file);
        let failed = || BackupError::file(&path);
        let mut out = None;
        let (mut start, mut rows) = (Vec::new(), 0);
        loop {
            let scan = Scan {
                start: &start,
                end: None,
                direction: Direction::Forward,
                limit: PAGE_ROWS,
                max_bytes: PAGE_BYTES,
            };
            let page = snapshot.scan(Namespace(*namespace), scan)?;
            let Some((last, _)) = page.last() else { break };
            start = [&last[..], &[0]].concat();
            let out = match &mut out {
                Some(out) => out,
                none => none.insert(BufWriter::new(File::create(&path).map_err(failed())?)),
            };
            for (key, value) in &page {
                let line = json!({ "key": readable(key), "value": readable(value) });
                writeln!(out, "{line}").map_err(failed())?;
                rows += 1;
            }
        }
        if let Some(mut out) = out {
            out.flush().map_err(failed())?;
            exported.push(ExportedRoom { namespace: *namespace, file, rows });
        }
    }
    Ok(exported)
}

fn plain(name: &str) -> String {
    let letters = name.chars();
    letters
        .map(|letter| if letter.is_ascii_alphanumeric() || ".-".contains(letter) { letter } else { '-' })
        .collect()
}

fn readable(bytes: &[u8]) -> Value {
    let Ok(text) = std::str::from_utf8(bytes) else { return json!({ "base64": BASE64.encode(bytes) }) };
    if text.starts_with(['{', '['])
        && let Ok(value) = serde_json::from_str(text)
    {
        return value;
    }
    if text.chars().all(|letter| !letter.is_control() || letter == '\n') {
        return Value::from(text);
    }
    json!({ "base64": BASE64.encode(bytes) })
}
