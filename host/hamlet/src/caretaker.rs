//! Who keeps the box of one community: its disk, its certificate, its copies. The gateway's pages ask here; so do the
//! keeper's thread and `hamlet backup`.
//!
//! The plan of copies is what stewards set (`hamlet:host/backups`), over what stands in `[backup]` of community.toml.
//! Where copies are put is said there alone, by whoever holds the box: a page must not make the host write wherever it
//! says. Without a word there it is the folder `backups` of the community.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, Result};
use hamlet_backup::age::{Identity, Recipient};
use hamlet_backup::{Plan, PlanFile, read_keys};
use hamlet_gateway::{BoxState, Caretaker, Copies, Copy, NewKey};
use hamlet_kernel::{Actor, Kernel};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::certificate::Certificate;
use crate::client::Reply;
use crate::community::CommunityFile;
use crate::{backup, door, keeper};

/// Where copies lie when nobody said where.
pub const FOLDER: &str = "backups";
/// Longest sentence that is noted, in bytes.
const SAID_BYTES_MAX: usize = 2_000;

/// The caretaker of one community.
pub struct BoxKeeper {
    home: PathBuf,
    kernel: Kernel,
    /// What browsers are shown; empty: there is no HTTPS.
    certificate: OnceLock<Arc<Certificate>>,
    /// One copy is made or tried at a time.
    busy: Mutex<()>,
}

impl BoxKeeper {
    /// Of the community in `home`, whose kernel is open.
    pub fn new(home: &Path, kernel: &Kernel) -> Self {
        Self {
            home: home.to_owned(),
            kernel: kernel.clone(),
            certificate: OnceLock::new(),
            busy: Mutex::new(()),
        }
    }

    /// Which certificate browsers are shown; said once.
    pub fn shows(&self, certificate: &Arc<Certificate>) {
        // Said twice it is the same one.
        let _ = self.certificate.set(Arc::clone(certificate));
    }

    /// The plan as it is now.
    ///
    /// # Errors
    /// The settings file cannot be read, or names a recipient that is none.
    pub fn plan(&self) -> Result<Plan> {
        let (file, plan) = self.settings()?;
        Ok(Plan::new(&self.home, &file.host, &plan)?)
    }

    fn settings(&self) -> Result<(CommunityFile, PlanFile)> {
        let file = CommunityFile::load(&self.home)?;
        let mut plan = file.backup.clone();
        let state = self.ask("current", &json!({})).unwrap_or_default();
        if let Some(set) = state.get("plan").filter(|set| !set.is_null()) {
            let number =
                |name: &str| set.get(name).and_then(Value::as_u64).and_then(|it| u32::try_from(it).ok());
            plan.every_hours = number("every-hours").unwrap_or(plan.every_hours);
            plan.keep = number("keep").unwrap_or(plan.keep);
        }
        let keys = state.get("keys").and_then(Value::as_array).into_iter().flatten();
        for key in keys.filter_map(|key| key.get("recipient")?.as_str()) {
            // One that somebody mistyped over the API must not keep the others from having a copy.
            if key.parse::<Recipient>().is_ok() && !plan.recipients.iter().any(|known| known == key) {
                plan.recipients.push(key.to_owned());
            }
        }
        plan.folder.get_or_insert_with(|| PathBuf::from(FOLDER));
        Ok((file, plan))
    }

    /// Makes a copy in this file, or by the plan, and notes how it went.
    ///
    /// # Errors
    /// Why none was made.
    pub fn make(&self, to: Option<&Path>) -> Result<String> {
        let _alone = self.busy.lock();
        let made = self.plan().and_then(|plan| keeper::make(&plan, &self.kernel, to));
        match &made {
            Ok(said) => self.note("made", "", said),
            Err(error) => self.note("failed", "", &format!("{error:#}")),
        }
        made
    }

    /// Tells stewards that no copy could be made.
    pub fn tell(&self, why: &str) {
        let commons = json!({ "filter": { "kind": "commons" }, "limit": 1 });
        let found = self.host("members", "list", &commons).unwrap_or_default();
        let Some(commons) = found.pointer("/parties/0/id") else { return };
        let notice = json!({
            "to": commons, "topic": hamlet_identity::CARE, "title": "notice-backup",
            "text": json!({ "why": shortened(why, 1_000) }).to_string(), "path": "/stewards/backups",
        });
        drop(self.host("notices", "send", &notice));
    }

    fn note(&self, outcome: &str, file: &str, said: &str) {
        let note = json!({ "outcome": outcome, "file": file, "said": shortened(said, SAID_BYTES_MAX) });
        drop(self.ask("noted", &note));
    }

    fn ask(&self, function: &str, arguments: &Value) -> Option<Value> {
        self.host("backups", function, arguments)
    }

    fn host(&self, interface: &str, function: &str, arguments: &Value) -> Option<Value> {
        match door::call(&self.kernel, Actor::Console, "host", interface, function, arguments) {
            Reply::Done(value) => Some(value),
            Reply::Problem(problem) => {
                tracing::warn!(interface, function, "{}", problem.sentence());
                None
            }
        }
    }

    fn folder(&self) -> Option<(PathBuf, PlanFile)> {
        let (_, plan) = self.settings().ok()?;
        Some((self.home.join(plan.folder.as_ref()?), plan))
    }

    /// A file of the folder of copies that may be sent away; none: it is none of them.
    fn known(&self, file: &str) -> Option<PathBuf> {
        let (folder, _) = self.folder()?;
        let name = |path: &Path| path.file_name().is_some_and(|name| name == file);
        let copies = self.plan().ok()?.backups();
        copies.into_iter().find(|path| name(path)).or_else(|| keys_file(&folder).filter(|path| name(path)))
    }

    fn try_out(&self, file: &str, secret: &str) -> Result<String> {
        let _alone = self.busy.lock();
        let path =
            self.plan()?.backups().into_iter().find(|path| path.file_name().is_some_and(|name| name == file));
        let path = path.context("There is no such copy")?;
        let identity = Identity::from_file_text(secret)
            .context("This is not a key for copies. It begins with AGE-SECRET-KEY-1")?;
        let keys = read_keys(&backup::keys_beside(&path)?, &identity)
            .context("This key does not open the file of keys")?;
        backup::tried(&path, &identity, keys, None)
    }
}

/// The file of keys among copies.
fn keys_file(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    entries.into_iter().find(|path| path.to_string_lossy().ends_with(".keys.age"))
}

fn shortened(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl Caretaker for BoxKeeper {
    fn look(&self) -> BoxState {
        let disk = rustix::fs::statvfs(&self.home).ok().map(|disk| {
            (disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize))
        });
        let about = self.certificate.get().and_then(|certificate| certificate.about());
        let ends = about.and_then(|about| u64::try_from(about.ends).ok()?.checked_mul(1_000_000));
        BoxState { disk, certificate_ends: ends }
    }

    fn copies(&self) -> Copies {
        let Some((folder, plan)) = self.folder() else { return Copies::default() };
        let there = self.plan().map(|plan| plan.copies()).unwrap_or_default();
        let device =
            |path: &Path| path.ancestors().find_map(|path| fs::metadata(path).ok()).map(|about| about.dev());
        Copies {
            same_disk: device(&folder) == device(&self.home),
            folder: folder.display().to_string(),
            every_hours: plan.every_hours,
            keep: plan.keep,
            recipients: plan.recipients.len(),
            there: there
                .iter()
                .map(|(path, made)| Copy {
                    file: file_name(path),
                    made: *made,
                    bytes: fs::metadata(path).map_or(0, |about| about.len()),
                })
                .collect(),
            keys: keys_file(&folder).map(|path| file_name(&path)),
        }
    }

    fn make_copy(&self) -> Result<String, String> {
        self.make(None).map_err(|error| format!("{error:#}"))
    }

    fn open_copy(&self, file: &str) -> Option<File> {
        File::open(self.known(file)?).ok()
    }

    fn try_copy(&self, file: &str, secret: &str) -> Result<String, String> {
        let tried = self.try_out(file, secret).map_err(|error| format!("{error:#}"));
        match &tried {
            Ok(said) => self.note("tried", file, said),
            Err(why) => self.note("unfit", shortened(file, 200), why),
        }
        tried
    }

    fn new_key(&self) -> Result<NewKey, String> {
        let identity = Identity::generate().map_err(|error| error.to_string())?;
        let recipient = identity.recipient().to_string();
        Ok(NewKey { recipient, secret: identity.reveal().to_string() })
    }
}
