//! Keys on their way into a backup and out of one, and the erasures that go with them (C6, design.md 4).
//!
//! A backup of keys replaces the one before it, so that a destroyed key is in none of them. What was destroyed
//! travels along as a row without a key: a restore destroys it again, however old its other parts are.

use std::path::Path;

use hamlet_reflect::Id;

use super::file::KeyFile;
use super::{KeysError, Known, PartyKeys, Secret, State, Stored};

/// One party's key, or that it was destroyed.
#[derive(Clone)]
pub struct Carried {
    /// Whose.
    pub party: Id,
    /// None: destroyed for good.
    pub key: Option<Secret>,
}

impl PartyKeys {
    /// Every key that is on disk, and every one that was destroyed, in order of parties.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn carry(&self) -> Result<Vec<Carried>, KeysError> {
        self.flush_new_keys()?;
        let state = self.state.lock();
        let Some(file) = &state.file else { return Ok(Vec::new()) };
        let each = |(party, stored)| Carried {
            party: Id(party),
            key: match stored {
                Stored::Key(key) => Some(key),
                Stored::Destroyed => None,
            },
        };
        Ok(file.all()?.into_iter().map(each).collect())
    }

    /// Destroys the keys of several parties as [`Self::destroy`] does, with one new file for all. Gives how many were
    /// not destroyed before; none of them costs nothing.
    ///
    /// # Errors
    /// As [`Self::destroy`].
    pub fn destroy_all(&self, parties: &[Id]) -> Result<usize, KeysError> {
        let mut state = self.state.lock();
        let State { known, new, file } = &mut *state;
        let mut left = Vec::new();
        for party in parties {
            let gone = match file {
                Some(file) => matches!(file.get(party.0)?, Some(Stored::Destroyed)),
                None => matches!(known.get(&party.0), Some(Known::Destroyed)),
            };
            known.insert(party.0, Known::Destroyed);
            new.remove(&party.0);
            if !gone {
                left.push(party.0);
            }
        }
        if let Some(file) = file
            && !left.is_empty()
        {
            file.destroy(&left)?;
        }
        Ok(left.len())
    }

    /// Makes the key file of a community that is being restored, in `dir/keys`, where there is none yet.
    ///
    /// # Errors
    /// There is one already, or it cannot be written.
    pub fn restore(dir: &Path, carried: &[Carried]) -> Result<(), KeysError> {
        let folder = dir.join("keys");
        if folder.join("parties.redb").exists() {
            return Err(std::io::Error::from(std::io::ErrorKind::AlreadyExists).into());
        }
        let mut file = KeyFile::open(&folder)?;
        let keys = carried.iter().filter_map(|one| Some((one.party.0, one.key.clone()?))).collect();
        file.insert(&keys)?;
        let destroyed: Vec<u128> =
            carried.iter().filter(|one| one.key.is_none()).map(|one| one.party.0).collect();
        if destroyed.is_empty() { Ok(()) } else { file.destroy(&destroyed) }
    }
}
