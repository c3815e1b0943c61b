//! Opening the folded state, and making it anew from the journal where redb refuses it (J1).
//!
//! The state is a fold of the journal, so a state that cannot be opened costs time and nothing else, as long as the
//! journal begins at batch 1. The refused file is kept beside it under [`STATE_REFUSED_FILE`], for whoever wants to
//! know why; nothing is ever deleted here but an older such file. Where the oldest part of the journal was dropped,
//! opening is refused with [`StoreError::StateLost`], and nothing is changed.
//!
//! It does not look for damage that redb does not meet while it opens: that is `proof/verify.rs`. If it is wrong, a
//! community whose disk had a bad day does not start, or starts with rows that its journal does not lead to.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use crate::{
    disk::{Disk, Open},
    error::StoreError,
    key::Sequence,
    overlay::base::State,
    store::{JOURNAL_FOLDER, STATE_FILE},
};

/// What a state that redb refused is called from then on, in the store's folder.
pub const STATE_REFUSED_FILE: &str = "state.redb.refused";

/// redb's header, which says where everything else is, lies within so many bytes.
const HEADER_BYTES: usize = 512;

/// Opens or makes the state of the store in `dir`. One that redb refuses is set aside and begun anew, empty: the
/// caller replays the journal from its first batch. `known` is a batch that is known to have been durable.
///
/// # Errors
/// [`StoreError::StateLost`] when it is refused and the journal cannot replace it; I/O.
pub(crate) fn open_state(
    disk: &dyn Disk,
    dir: &Path,
    cache_bytes: usize,
    known: Sequence,
) -> Result<State, StoreError> {
    let path = dir.join(STATE_FILE);
    // Without a segment there never was a batch, unless the log of proofs knows of one.
    let oldest = oldest_batch(disk, &dir.join(JOURNAL_FOLDER))?.unwrap_or(known + 1);
    if !disk.exists(&path) {
        return match oldest {
            1 => State::open(disk, &path, cache_bytes),
            _ => Err(StoreError::StateLost { why: format!("{} is not there", path.display()), oldest }),
        };
    }
    let why = match try_open(disk, &path, cache_bytes) {
        Err(StoreError::State(why)) => why,
        // redb takes an empty file for a new database.
        Ok(state) if oldest > 1 && state.base()?.folded == 0 => "it is empty".to_owned(),
        other => return other,
    };
    if oldest != 1 {
        return Err(StoreError::StateLost { why, oldest });
    }
    let aside = dir.join(STATE_REFUSED_FILE);
    let failed = || StoreError::io(format!("setting {} aside as {}", path.display(), aside.display()));
    disk.rename(&path, &aside).map_err(failed())?;
    disk.sync_dir(dir).map_err(failed())?;
    tracing::error!(
        %why,
        kept = %aside.display(),
        "the folded state is damaged; it is made anew from the journal, which is whole. Nothing is lost, but look \
         after the disk"
    );
    State::open(disk, &path, cache_bytes)
}

fn try_open(disk: &dyn Disk, path: &Path, cache_bytes: usize) -> Result<State, StoreError> {
    renew_header(disk, path)?;
    let opened = guarded(|| {
        let state = State::open(disk, path, cache_bytes)?;
        // What is read first, whenever a store is opened.
        state.base()?;
        state.usage()?;
        Ok(state)
    });
    opened.unwrap_or_else(|| Err(StoreError::State("redb gave up over it".to_owned())))
}

/// Writes the header and the length once more, as they are, and flushes them. After a flush that failed, Linux shows
/// what it did not write, and later flushes succeed without it: redb would take pages for free that the header on the
/// disk still needs. The header lies in one sector, so it is there as a whole or as it was.
fn renew_header(disk: &dyn Disk, path: &Path) -> Result<(), StoreError> {
    if !disk.exists(path) {
        return Ok(());
    }
    let failed = || StoreError::io(format!("reading {}", path.display()));
    let file = disk.open(path, Open::Write).map_err(failed())?;
    let length = file.length().map_err(failed())?;
    let mut header = [0; HEADER_BYTES];
    match file.read_at(&mut header, 0) {
        // Too short for a header: redb says what it thinks of it.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
        read => read.map_err(failed())?,
    }
    let renewed = file.set_length(length).and_then(|()| file.write_at([&header, &[]], 0));
    let renewed = renewed.and_then(|()| file.sync_data());
    renewed.map_err(StoreError::io(format!("flushing {}", path.display())))
}

/// The first batch of the oldest segment; none where there is no segment.
fn oldest_batch(disk: &dyn Disk, journal: &Path) -> Result<Option<Sequence>, StoreError> {
    match disk.list(journal) {
        Ok(files) => Ok(files.iter().filter_map(|(name, _)| name.strip_suffix(".seg")?.parse().ok()).min()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io(format!("reading {}", journal.display()))(error)),
    }
}

/// Where the refused state of the store in `dir` is kept, if there is one: something happened to the disk once.
pub fn refused_state(dir: &Path) -> Option<PathBuf> {
    Some(dir.join(STATE_REFUSED_FILE)).filter(|path| path.exists())
}

/// A damaged database may end in one of redb's assertions: none then, not the end of this process.
pub(crate) fn guarded<T>(run: impl FnOnce() -> Result<T, StoreError>) -> Option<Result<T, StoreError>> {
    catch_unwind(AssertUnwindSafe(run)).ok()
}
