//! The content of a journal record, whole and with right checksums, but of any bytes: opening a store over it ends in
//! a typed error, or in rows that are those of the record.
#![no_main]

use std::{path::Path, sync::Arc};

use hamlet_store::{
    Background, Config, Store, StoreError,
    disk::simulated::SimulatedDisk,
    journal::{Journal as _, SegmentJournal, SegmentOptions},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let disk = Arc::new(SimulatedDisk::new(1));
    let config = || Config {
        segment_bytes: 4096,
        disk: disk.clone(),
        background: Background::ByHand,
        state_cache_bytes: 1 << 16,
        ..Config::default()
    };
    let folder = Path::new("/data");
    drop(Store::open(folder, config()).expect("an empty store"));
    let options = SegmentOptions { segment_bytes: 4096, disk: disk.clone(), ..SegmentOptions::default() };
    let mut journal = SegmentJournal::open(&folder.join("journal"), 0, options).expect("an empty journal");
    journal.append(0, 1, bytes).expect("room");
    drop(journal);
    match Store::open(folder, config()) {
        Err(StoreError::Undecodable { sequence, .. }) => assert_eq!(sequence, 1),
        Err(error) => panic!("{error}"),
        Ok((store, _batch)) => {
            let record = store.journal(1).expect("kept").next().expect("one").expect("it was understood");
            for write in record.entries.iter().flat_map(|entry| &entry.writes) {
                assert!(write.key.len() <= 4096 + bytes.len());
            }
            store.fold_all().expect("room");
            let _ = store.proofs().expect("kept").wait_for(1);
        }
    }
});
