//! When backups are made, where they go, for whom they are encrypted, and how many are kept.

use std::fs::{self, File};
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use hamlet_kernel::Kernel;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::age::{RECIPIENTS_MAX, Recipient};
use crate::error::BackupError;
use crate::make::{Made, make};
use crate::pace::Pace;

const ENDING: &str = "age";
/// As in `village.example-20260314T021500Z.age`: names in order are backups in order.
const STAMP: &str = "%Y%m%dT%H%M%SZ";
const MICROS_PER_HOUR: u64 = 3_600 * 1_000_000;

/// `[backup]` in `community.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// Where backups go: better another disk, best one that is carried away.
    #[serde(default)]
    pub folder: Option<PathBuf>,
    /// For whom they are encrypted: age recipients.
    #[serde(default)]
    pub recipients: Vec<String>,
    /// One is made when the newest is so old; 0: none by itself.
    #[serde(default = "day")]
    pub every_hours: u32,
    /// So many are kept; 0: all.
    #[serde(default = "fortnight")]
    pub keep: u32,
}

impl Default for PlanFile {
    fn default() -> Self {
        Self { folder: None, recipients: Vec::new(), every_hours: day(), keep: fortnight() }
    }
}

fn day() -> u32 {
    24
}

fn fortnight() -> u32 {
    14
}

/// A plan that can be carried out.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The community's folder.
    pub home: PathBuf,
    /// What the files are called, such as the community's host name.
    pub name: String,
    /// For whom.
    pub recipients: Vec<Recipient>,
    /// How fast.
    pub pace: Pace,
    folder: Option<PathBuf>,
    every_hours: u32,
    keep: usize,
}

/// What was done.
#[derive(Debug)]
pub struct Outcome {
    /// The backup.
    pub file: PathBuf,
    /// The file of keys, replaced.
    pub keys: PathBuf,
    /// What is in it.
    pub made: Made,
    /// Older backups that were deleted.
    pub removed: Vec<PathBuf>,
}

impl Plan {
    /// Reads a plan. `name` keeps letters, digits, dots and hyphens.
    ///
    /// # Errors
    /// A recipient cannot be read.
    pub fn new(home: &Path, name: &str, file: &PlanFile) -> Result<Self, BackupError> {
        let recipients: Vec<Recipient> =
            file.recipients.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
        if recipients.len() > RECIPIENTS_MAX {
            return Err(crate::age::AgeError::NoRecipients.into());
        }
        let plain =
            |letter: char| if letter.is_ascii_alphanumeric() || ".-".contains(letter) { letter } else { '-' };
        Ok(Self {
            home: home.to_owned(),
            name: name.chars().map(plain).collect(),
            recipients,
            pace: Pace::default(),
            folder: file.folder.as_ref().map(|folder| home.join(folder)),
            every_hours: file.every_hours,
            keep: usize::try_from(file.keep).unwrap_or(usize::MAX),
        })
    }

    /// Whether a backup is due now, in microseconds since 1970.
    pub fn due(&self, now: u64) -> bool {
        if self.folder.is_none() || self.recipients.is_empty() || self.every_hours == 0 {
            return false;
        }
        let newest = self.backups().last().and_then(|path| self.time_of(path));
        newest.is_none_or(|newest| {
            // A backup from the future is of a clock that was wrong: it must not keep others from being made.
            newest > now || now - newest >= u64::from(self.every_hours) * MICROS_PER_HOUR
        })
    }

    /// Makes the backup that is due, and deletes what is too many.
    ///
    /// # Errors
    /// The plan names no folder, or as [`Self::write`]. Then nothing was deleted.
    pub fn run(&self, kernel: &Kernel) -> Result<Outcome, BackupError> {
        let Some(folder) = &self.folder else {
            let why = "no folder for backups is named: put `folder` into `[backup]` of community.toml, or say where \
                       with `hamlet backup FILE`";
            return Err(BackupError::Plan(why.to_owned()));
        };
        fs::create_dir_all(folder).map_err(BackupError::file(folder))?;
        let stamp = stamp(kernel.now());
        let mut outcome = self.write(kernel, &folder.join(format!("{}-{stamp}.{ENDING}", self.name)))?;
        outcome.removed = self.thin()?;
        Ok(outcome)
    }

    /// Makes a backup in this very file, its hash and the community's keys beside it.
    ///
    /// # Errors
    /// No recipients, the file is there already, or as [`make`]. Then there is no such file.
    pub fn write(&self, kernel: &Kernel, path: &Path) -> Result<Outcome, BackupError> {
        let failed = || BackupError::file(path);
        if path.exists() {
            return Err(BackupError::Exists(path.to_owned()));
        }
        let part = path.with_extension("part");
        let mut options = File::options();
        let file =
            options.write(true).create(true).truncate(true).mode(0o600).open(&part).map_err(failed())?;
        let written = make(kernel, &self.home, &self.recipients, self.pace, BufWriter::new(file)).and_then(
            |(to, made, keys)| {
                let file = to.into_inner().map_err(|error| BackupError::Io(error.into_error()))?;
                file.sync_all().map_err(failed())?;
                Ok((made, keys))
            },
        );
        let (made, keys) = written.inspect_err(|_| {
            // Best effort: half a backup opens as what it is.
            let _ = fs::remove_file(&part);
        })?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let keys_path = folder.join(format!("{}.keys.{ENDING}", self.name));
        keys.write(&keys_path, &self.recipients)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let hash = hash_path(path);
        fs::write(&hash, format!("{}  {name}\n", made.hex())).map_err(BackupError::file(&hash))?;
        fs::rename(&part, path).map_err(failed())?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed())?;
        Ok(Outcome { file: path.to_owned(), keys: keys_path, made, removed: Vec::new() })
    }

    /// The plan's backups that are there, oldest first.
    pub fn backups(&self) -> Vec<PathBuf> {
        let entries = self.folder.as_ref().and_then(|folder| fs::read_dir(folder).ok());
        let paths = entries.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
        let mut backups: Vec<PathBuf> = paths.filter(|path| self.time_of(path).is_some()).collect();
        backups.sort();
        backups
    }

    /// The plan's backups that are there with the time at which each was made, in microseconds since 1970; oldest
    /// first.
    pub fn copies(&self) -> Vec<(PathBuf, u64)> {
        self.backups().into_iter().filter_map(|path| Some((path.clone(), self.time_of(&path)?))).collect()
    }

    /// When a file of the plan's naming was made.
    fn time_of(&self, path: &Path) -> Option<u64> {
        let name = path.file_name()?.to_str()?;
        let stamp =
            name.strip_prefix(&self.name)?.strip_prefix('-')?.strip_suffix(ENDING)?.strip_suffix('.')?;
        let time = DateTime::strptime(STAMP, stamp).ok()?.to_zoned(TimeZone::UTC).ok()?;
        u64::try_from(time.timestamp().as_microsecond()).ok()
    }

    fn thin(&self) -> Result<Vec<PathBuf>, BackupError> {
        let backups = self.backups();
        if self.keep == 0 || backups.len() <= self.keep {
            return Ok(Vec::new());
        }
        let too_many: Vec<PathBuf> = backups.iter().take(backups.len() - self.keep).cloned().collect();
        for path in &too_many {
            fs::remove_file(path).map_err(BackupError::file(path))?;
            // It may have been carried away alone.
            let _ = fs::remove_file(hash_path(path));
        }
        Ok(too_many)
    }
}

/// Where the hash of a backup lies.
pub(crate) fn hash_path(backup: &Path) -> PathBuf {
    let mut name = backup.as_os_str().to_owned();
    name.push(".sha256");
    PathBuf::from(name)
}

fn stamp(micros: u64) -> String {
    let micros = i64::try_from(micros).unwrap_or(i64::MAX);
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX).strftime(STAMP).to_string()
}
