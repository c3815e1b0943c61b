//! A segment file of any bytes: opening a journal over it ends in a typed error or in a journal that reads whole.
#![no_main]

use std::{path::Path, sync::Arc};

use hamlet_store::{
    disk::{Disk as _, Open, simulated::SimulatedDisk},
    journal::{Journal as _, SegmentJournal, SegmentOptions},
};
use libfuzzer_sys::fuzz_target;

const SALT: [u8; 16] = *b"a salt of 16 byt";

fuzz_target!(|bytes: &[u8]| {
    let disk = SimulatedDisk::new(1);
    let folder = Path::new("/journal");
    disk.make_dir(folder).expect("a folder");
    let file = disk.open(&folder.join("00000000000000000001.seg"), Open::Create).expect("a file");
    // The first byte says whether the header and the records' checksums are made right.
    let Some((mode, content)) = bytes.split_first() else { return };
    let content = if mode % 2 == 0 { content.to_vec() } else { checked(content) };
    file.write_at([&content, &[]], 0).expect("room");
    let options = SegmentOptions { segment_bytes: 4096, disk: Arc::new(disk), ..SegmentOptions::default() };
    let Ok(mut journal) = SegmentJournal::open(folder, 0, options) else { return };
    let head = journal.head();
    let reader = journal.reader();
    let read = reader.read(1).expect("the oldest is there").map(|record| record.expect("it was read before"));
    assert_eq!(read.count() as u64, head);
    // It goes on where it ended.
    assert!(journal.append(head, u64::MAX, b"one more").is_ok());
    assert_eq!(reader.read(head + 1).expect("there").count(), 1);
});

/// A header, and records with right checksums whose lengths and numbers come from the input.
fn checked(content: &[u8]) -> Vec<u8> {
    let crc = |bytes: &[u8]| crc(&SALT[8..], bytes);
    let mut out = b"HAMLETSG".to_vec();
    out.extend_from_slice(&1_u32.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&1_u64.to_le_bytes());
    out.extend_from_slice(&SALT);
    out.extend_from_slice(&[0; 20]);
    out.extend_from_slice(&self::crc(&[], &out).to_le_bytes());
    let mut sequence = 1_u64;
    let mut rest = content;
    while let Some((kind, after)) = rest.split_first() {
        let length = usize::from(*kind) % 40;
        let (payload, after) = after.split_at(length.min(after.len()));
        let mut head = SALT[..8].to_vec();
        head.extend_from_slice(&sequence.to_le_bytes());
        head.extend_from_slice(&u64::from(kind % 3).to_le_bytes());
        head.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        head.extend_from_slice(&crc(payload).to_le_bytes());
        head.extend_from_slice(&[0; 4]);
        let sum = crc(&head);
        head.extend_from_slice(&sum.to_le_bytes());
        if kind % 17 == 16 {
            head.truncate(usize::from(*kind) % 41);
        }
        out.extend_from_slice(&head);
        out.extend_from_slice(payload);
        sequence += u64::from(kind % 13 != 12);
        rest = after;
    }
    out
}

/// CRC32C (Castagnoli), bit by bit.
fn crc(seed: &[u8], bytes: &[u8]) -> u32 {
    let step = |mut sum: u32, byte: &u8| {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0x82f6_3b78 } else { sum >> 1 };
        }
        sum
    };
    !seed.iter().chain(bytes).fold(u32::MAX, step)
}
