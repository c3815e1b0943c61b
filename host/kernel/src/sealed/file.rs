//! The file of party keys: one redb table, `party id (u128) → key (32 bytes) | empty (destroyed)`.
//!
//! redb never overwrites in place, so a deleted row stays readable in freed pages. Therefore a key
//! is destroyed by writing all the others into a new file, which takes the old one's name, and
//! then overwriting the old one. Three names can be met:
//!
//! - `parties.redb`: the keys;
//! - `parties.new`: a copy that was not finished: scrubbed at the next opening;
//! - `parties.old`: the file before a destruction. At the next opening it takes its name back if
//!   there is no `parties.redb` (the destruction was not finished), else it is scrubbed.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::{KEY_LENGTH, KeysError, Secret, Stored};

const KEYS: TableDefinition<'static, u128, &'static [u8]> = TableDefinition::new("party-keys");
/// A destroyed key's row.
const DESTROYED: &[u8] = &[];
/// The keys in use are cached above redb; this is for its inner pages.
const PAGE_CACHE_BYTES: usize = 1 << 20;

pub(super) struct KeyFile {
    folder: PathBuf,
    /// None only while it is being replaced, or after that failed half-way.
    database: Option<Database>,
}

impl KeyFile {
    pub(super) fn open(folder: &Path) -> Result<Self, KeysError> {
        make_private_folder(folder)?;
        let database = recover(folder)?;
        Ok(Self { folder: folder.into(), database: Some(database) })
    }

    pub(super) fn get(&self, party: u128) -> Result<Option<Stored>, KeysError> {
        let table = self.database()?.begin_read()?.open_table(KEYS)?;
        table.get(party)?.map(|row| stored(row.value())).transpose()
    }

    pub(super) fn insert(&mut self, keys: &HashMap<u128, Secret>) -> Result<(), KeysError> {
        let write = begin_write(self.database()?)?;
        {
            let mut table = write.open_table(KEYS)?;
            for (party, key) in keys {
                table.insert(*party, key.as_slice())?;
            }
        }
        write.commit()?;
        Ok(())
    }

    /// Every row, in order of parties.
    pub(super) fn all(&self) -> Result<Vec<(u128, Stored)>, KeysError> {
        let table = self.database()?.begin_read()?.open_table(KEYS)?;
        let rows = table.iter()?.map(|row| {
            let (party, row) = row?;
            Ok((party.value(), stored(row.value())?))
        });
        rows.collect()
    }

    /// Replaces the file by one without the keys of these parties, and overwrites the old one.
    pub(super) fn destroy(&mut self, parties: &[u128]) -> Result<(), KeysError> {
        let [current, new, old] = names(&self.folder);
        scrub(&new)?;
        copy_without(self.database()?, &new, parties)?;
        self.database = None;
        let swapped = swap(&self.folder, &current, &new, &old);
        self.database = Some(recover(&self.folder)?);
        swapped
    }

    fn database(&self) -> Result<&Database, KeysError> {
        self.database.as_ref().ok_or_else(|| std::io::Error::other("the file of party keys was lost").into())
    }
}

fn names(folder: &Path) -> [PathBuf; 3] {
    ["redb", "new", "old"].map(|end| folder.join("parties").with_extension(end))
}

/// `current` becomes `old`, and `new` becomes `current`; [`recover`] understands every state between.
fn swap(folder: &Path, current: &Path, new: &Path, old: &Path) -> Result<(), KeysError> {
    fs::rename(current, old)?;
    sync_folder(folder)?;
    fs::rename(new, current)?;
    sync_folder(folder)?;
    Ok(())
}

/// Ends or undoes a destruction that was interrupted, and opens the keys.
fn recover(folder: &Path) -> Result<Database, KeysError> {
    let [current, new, old] = names(folder);
    if old.exists() && !current.exists() {
        fs::rename(&old, &current)?;
    }
    scrub(&new)?;
    scrub(&old)?;
    let database = database(&current)?;
    sync_folder(folder)?;
    Ok(database)
}

fn copy_without(from: &Database, to: &Path, parties: &[u128]) -> Result<(), KeysError> {
    let source = from.begin_read()?.open_table(KEYS)?;
    let target = database(to)?;
    let write = begin_write(&target)?;
    {
        let mut table = write.open_table(KEYS)?;
        for row in source.iter()? {
            let (id, key) = row?;
            if !parties.contains(&id.value()) {
                table.insert(id.value(), key.value())?;
            }
        }
        for party in parties {
            table.insert(*party, DESTROYED)?;
        }
    }
    write.commit()?;
    Ok(())
}

fn stored(row: &[u8]) -> Result<Stored, KeysError> {
    if row.is_empty() {
        return Ok(Stored::Destroyed);
    }
    let mut key = Secret::default();
    if row.len() != KEY_LENGTH {
        return Err(KeysError::RowInvalid { length: row.len() });
    }
    key.copy_from_slice(row);
    Ok(Stored::Key(key))
}

fn database(path: &Path) -> Result<Database, KeysError> {
    let file = private(OpenOptions::new().read(true).write(true).create(true).truncate(false)).open(path)?;
    let database =
        Database::builder().set_cache_size(PAGE_CACHE_BYTES).create_with_backend(FileBackend::new(file)?)?;
    let write = begin_write(&database)?;
    write.open_table(KEYS)?;
    write.commit()?;
    Ok(database)
}

fn begin_write(database: &Database) -> Result<redb::WriteTransaction, KeysError> {
    let mut write = database.begin_write()?;
    write.set_two_phase_commit(true);
    write.set_quick_repair(true);
    Ok(write)
}

/// Overwrites a file with zeros, makes that durable and removes it. Fine if there is none.
///
/// On flash or on a copying file system old blocks may survive below the file; there only disk
/// encryption helps, as everywhere.
fn scrub(path: &Path) -> Result<(), KeysError> {
    let mut file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(0))?;
    std::io::copy(&mut std::io::Read::take(std::io::repeat(0), length), &mut file)?;
    file.flush()?;
    file.sync_all()?;
    fs::remove_file(path)?;
    Ok(())
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}
