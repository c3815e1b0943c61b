//! What to do about a folder that does not open, for somebody who runs a village's box and is no programmer.
//!
//! It only says. Nothing is repaired silently: a wrong repair loses what a restore could still bring back.

use std::io::ErrorKind;
use std::path::Path;

use hamlet_kernel::OpenError;
use hamlet_store::StoreError;

/// The newest folder of segments says whether the whole history is there.
const FIRST_SEGMENT: &str = "data/journal/00000000000000000001.seg";

/// What to do about this error of opening the community in `home`.
pub fn remedy(error: &anyhow::Error, home: &Path) -> String {
    let store = error.chain().find_map(|cause| match cause.downcast_ref::<OpenError>() {
        Some(OpenError::Store(store)) => Some(store),
        _ => cause.downcast_ref::<StoreError>(),
    });
    if let Some(store) = store.and_then(|store| of_store(store, home)) {
        return store;
    }
    let kind = error.chain().find_map(|cause| match cause.downcast_ref::<OpenError>() {
        Some(OpenError::File { error, .. }) => Some(error.kind()),
        _ => cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind),
    });
    kind.and_then(|kind| of_system(kind, home)).unwrap_or_else(|| {
        "Keep the folder as it is, and ask whoever looks after this box. Nothing was changed.".to_owned()
    })
}

fn of_store(error: &StoreError, home: &Path) -> Option<String> {
    let shown = home.display();
    Some(match error {
        StoreError::Locked(_) => {
            "A host runs on this folder, or another command looks into it at this moment. Stop that host first; two \
             at once would write two histories, so the second is always turned away."
                .to_owned()
        }
        StoreError::FormatTooNew { .. } => {
            "Install the newer Hamlet again. If it is to be the older one: restore the backup that was made before \
             the upgrade."
                .to_owned()
        }
        StoreError::Damaged { segment, .. } => format!(
            "Copy `{shown}` to another disk before anything else and keep `{}` as it is: what is behind the damage \
             can still be read. Then restore the newest backup into a new folder. If this disk has damaged one file \
             it will damage others: replace it.",
            segment.display()
        ),
        // A table that does not open is made anew without being asked; this one failed later.
        StoreError::State(_) if home.join(FIRST_SEGMENT).exists() => format!(
            "Only the table that is made from the journal is damaged, and the whole journal is there. Stop the host, \
             then run: mv {shown}/data/state.redb {shown}/state.redb.damaged   and start the host again. It makes the \
             table anew from the journal; with years of history that takes some minutes. If the journal is damaged \
             as well, it says so and nothing more is changed."
        ),
        StoreError::State(_) | StoreError::StateLost { .. } => {
            "The table of the newest state is damaged, and the oldest part of the journal was dropped, so it cannot \
             be made anew from it. Keep the folder as it is and restore the newest backup into a new folder."
                .to_owned()
        }
        StoreError::Mismatch { .. } | StoreError::OtherHistory { .. } => {
            "Files of two different copies were put together, or one of them was changed. Keep the folder as it is \
             and restore one whole backup into a new folder; do not mix files of several."
                .to_owned()
        }
        StoreError::LeavesLost { .. } => format!(
            "Bring `{shown}/data/proofs` back from a backup. Without it, old receipts could not be checked any more."
        ),
        StoreError::NotAStore { .. } => format!(
            "Look into `{shown}/data`: something else was put there, or a copy was not finished. Restore it from a \
             backup."
        ),
        StoreError::Io { source, .. } => of_system(source.kind(), home).unwrap_or_else(|| {
            format!(
                "The disk did not do what it was asked to. Look for its errors with `dmesg`. Keep the folder as it is, \
                 and if the disk fails, copy `{shown}` to another one and start the host there."
            )
        }),
        _ => return None,
    })
}

fn of_system(kind: ErrorKind, home: &Path) -> Option<String> {
    let home = home.display();
    Some(match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "Make room on the disk: delete or move what does not belong to the community. Nothing is lost by a full \
             disk; nothing new is taken until there is room."
                .to_owned()
        }
        ErrorKind::ReadOnlyFilesystem => format!(
            "The disk lets nobody write. Linux does that to protect a disk that fails: look for its errors with \
             `dmesg`, and copy `{home}` to another disk. If it was mounted so on purpose, run: mount -o remount,rw …"
        ),
        ErrorKind::PermissionDenied => {
            format!("Run this as the user who owns `{home}` (see `ls -ld {home}`), or as root.")
        }
        ErrorKind::NotFound => format!("A file is missing. Is the disk of `{home}` mounted?"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(error: StoreError, home: &Path) -> String {
        remedy(&anyhow::Error::new(OpenError::Store(error)).context("it cannot be opened"), home)
    }

    #[test]
    fn each_way_to_fail_has_something_to_do() {
        let home = tempfile::tempdir().unwrap();
        let io = |kind: ErrorKind| StoreError::Io { what: "writing".into(), source: kind.into() };
        let damaged = StoreError::Damaged { segment: "seg".into(), offset: 1, why: "x".into() };
        let cases = [
            (StoreError::Locked(home.path().to_owned()), "Stop that host first"),
            (damaged, "Copy `"),
            (StoreError::FormatTooNew { found: 3, known: 2 }, "newer Hamlet"),
            (StoreError::Mismatch { oldest: 1, head: 2, folded: 3 }, "one whole backup"),
            (StoreError::LeavesLost { proved: 1, oldest: 3 }, "data/proofs"),
            (StoreError::StateLost { why: "x".into(), oldest: 3 }, "restore the newest backup"),
            (io(ErrorKind::StorageFull), "Make room"),
            (io(ErrorKind::ReadOnlyFilesystem), "remount,rw"),
            (io(ErrorKind::PermissionDenied), "who owns"),
            (io(ErrorKind::Other), "Keep the folder"),
        ];
        for (error, word) in cases {
            let told = told(error, home.path());
            assert!(told.contains(word), "{word}: {told}");
        }
    }

    #[test]
    fn a_damaged_state_is_made_anew_only_where_the_whole_journal_is_there() {
        let home = tempfile::tempdir().unwrap();
        assert!(told(StoreError::State("corrupt".into()), home.path()).contains("restore the newest backup"));
        let segment = home.path().join(FIRST_SEGMENT);
        std::fs::create_dir_all(segment.parent().unwrap()).unwrap();
        std::fs::write(segment, "x").unwrap();
        assert!(told(StoreError::State("corrupt".into()), home.path()).contains("state.redb.damaged"));
    }
}
