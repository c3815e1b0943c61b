//! A folded state that cannot be used is made anew from the journal, or refused by name.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::{fs, path::Path, sync::Arc, time::Duration};

use common::{SHOP, all, put, small};
use hamlet_store::{
    Background, Batch, Config, STATE_REFUSED_FILE, Store, StoreError, Work, disk::simulated::SimulatedDisk,
    proof::verify, refused_state,
};

const BATCHES: u64 = 60;

/// A closed store of sixty batches, all of them folded.
fn written(dir: &Path) {
    let (store, mut batch) = Store::open(dir, small()).unwrap();
    fill(&mut batch);
    store.fold_all().unwrap();
    store.work(Work::SaveProofs).unwrap();
}

fn fill(batch: &mut Batch) {
    for number in 0..BATCHES {
        put(batch, &format!("key {}", number % 40), &format!("value {number}").repeat(9));
    }
}

/// The rows that a store has which nothing happened to.
fn expected() -> Vec<(Vec<u8>, hamlet_store::Value)> {
    let (store, mut batch) = Store::in_memory(small());
    fill(&mut batch);
    all(&mut store.snapshot(), SHOP)
}

/// What may have happened to a file.
type Damage = fn(&[u8]) -> Vec<u8>;

fn damages() -> Vec<(&'static str, Damage)> {
    vec![
        ("not a database", |whole| vec![b'x'; whole.len()]),
        ("its first half is noise", |whole| {
            let half = whole.len() / 2;
            whole.iter().enumerate().map(|(at, byte)| if at < half { byte ^ 0x5a } else { *byte }).collect()
        }),
        ("the header's slots are noise", |whole| {
            whole.iter().enumerate().map(|(at, byte)| byte ^ u8::from((64..320).contains(&at))).collect()
        }),
        ("every page but the header is zeros", |whole| {
            whole.iter().enumerate().map(|(at, byte)| if at < 4096 { *byte } else { 0 }).collect()
        }),
        ("cut behind the header", |whole| whole[..4096].to_vec()),
        ("cut within the header", |whole| whole[..100].to_vec()),
        ("its end is missing", |whole| whole[..whole.len() - 5000].to_vec()),
        ("something was put behind it", |whole| [whole, &[0; 100]].concat()),
    ]
}

#[test]
fn j1_a_state_that_cannot_be_used_is_made_anew_when_the_journal_is_whole() {
    for (name, damage) in damages() {
        let dir = tempfile::tempdir().unwrap();
        written(dir.path());
        assert_eq!(refused_state(dir.path()), None);
        let path = dir.path().join("state.redb");
        let damaged = damage(&fs::read(&path).unwrap());
        fs::write(&path, &damaged).unwrap();
        {
            let (store, mut batch) =
                Store::open(dir.path(), small()).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(store.head(), BATCHES, "{name}");
            assert_eq!(all(&mut store.snapshot(), SHOP), expected(), "{name}");
            put(&mut batch, "and it goes on", "1");
            store.fold_all().unwrap();
            store.work(Work::SaveProofs).unwrap();
        }
        let kept = refused_state(dir.path()).unwrap_or_else(|| panic!("{name}: nothing was kept"));
        assert!(fs::read(kept).unwrap() == damaged, "{name}: the refused file is not kept as it was");
        let seen = verify(dir.path(), &[]).unwrap();
        assert_eq!(seen.findings, [], "{name}");
        assert!(seen.notes.iter().any(|note| note.contains(STATE_REFUSED_FILE)), "{name}: {:?}", seen.notes);
    }
}

#[test]
fn j1_a_state_that_cannot_be_used_is_refused_and_nothing_is_changed_when_the_journal_was_cut() {
    let empty: (&str, Damage) = ("empty", |_| Vec::new());
    for (name, damage) in damages().into_iter().chain([empty]) {
        let dir = tempfile::tempdir().unwrap();
        written(dir.path());
        let oldest = {
            let (store, _batch) = Store::open(dir.path(), small()).unwrap();
            store.drop_before(BATCHES).unwrap()
        };
        assert!(oldest > 1);
        let path = dir.path().join("state.redb");
        let whole = fs::read(&path).unwrap();
        let damaged = damage(&whole);
        fs::write(&path, &damaged).unwrap();
        let refused = Store::open(dir.path(), small()).map(drop).unwrap_err();
        assert!(
            matches!(refused, StoreError::StateLost { oldest: o, .. } if o == oldest),
            "{name}: {refused}"
        );
        assert!(refused.to_string().contains("restore the newest backup"), "{refused}");
        assert!(path.exists() && refused_state(dir.path()).is_none(), "{name}");
        fs::write(&path, &whole).unwrap();
        assert_eq!(Store::open(dir.path(), small()).unwrap().0.head(), BATCHES);

        fs::remove_file(&path).unwrap();
        let refused = Store::open(dir.path(), small()).map(drop).unwrap_err();
        assert!(matches!(refused, StoreError::StateLost { .. }), "{refused}");
        assert!(!path.exists(), "a state was made of nothing");
    }
}

/// Years of history do not fit into memory.
#[test]
fn a_long_replay_is_folded_on_the_way() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path());
    fs::remove_file(dir.path().join("state.redb")).unwrap();
    let config = Config {
        overlay_bytes_max: 2000,
        fold_bytes: usize::MAX,
        fold_interval: Duration::from_hours(1),
        ..small()
    };
    let (store, _batch) = Store::open(dir.path(), config).unwrap();
    assert!(store.stats().folded > BATCHES / 2, "{:?}", store.stats());
    assert_eq!(all(&mut store.snapshot(), SHOP), expected());
    assert_eq!(store.folded_usage().unwrap().len(), 1);
}

#[test]
fn a_state_is_made_anew_in_the_end_when_the_disk_was_too_full_for_it_at_first() {
    let dir = Path::new("/village/data");
    let disk = Arc::new(SimulatedDisk::new(3));
    let config = || Config {
        disk: disk.clone(),
        background: Background::ByHand,
        overlay_bytes_max: 2000,
        fold_bytes: usize::MAX,
        ..small()
    };
    {
        let (store, mut batch) = Store::open(dir, config()).unwrap();
        fill(&mut batch);
        store.fold_all().unwrap();
        store.work(Work::SaveProofs).unwrap();
    }
    {
        use hamlet_store::disk::{Disk as _, Open};
        let state = disk.open(&dir.join("state.redb"), Open::Write).unwrap();
        state.write_at([&[b'x'; 4096], &[]], 0).unwrap();
    }
    let mut refusals = 0;
    for room in (0..).map(|step| step * 6000) {
        disk.set_room(disk.used() + room);
        match Store::open(dir, config()) {
            Err(StoreError::Io { source, .. }) => {
                assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
                refusals += 1;
            }
            Err(error) => panic!("{error}"),
            Ok((store, _batch)) => {
                assert_eq!(all(&mut store.snapshot(), SHOP), expected());
                break;
            }
        }
    }
    assert!(refusals > 0);
}
