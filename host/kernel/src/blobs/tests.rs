//! J5: durable before it is named, read by ranges, kept while held and swept a day later.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use super::*;
use crate::namespaces::BLOBS;
use crate::rows::fake::{Memory, Own};

fn opened() -> (tempfile::TempDir, Blobs) {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path(), keys()).unwrap();
    (folder, blobs)
}

fn keys() -> Arc<PartyKeys> {
    Arc::new(PartyKeys::in_memory())
}

fn put(blobs: &Blobs, bytes: &[u8]) -> Hash {
    blobs.put(&mut &*bytes).unwrap().0
}

fn later(days: u64) -> SystemTime {
    SystemTime::now() + Duration::from_secs(days * 24 * 3_600 + 60)
}

#[test]
fn j5_a_blob_is_named_by_its_hash_and_read_by_ranges_after_reopening() {
    let (folder, blobs) = opened();
    let bytes: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    let hash = put(&blobs, &bytes);
    assert_eq!(hash, *blake3::hash(&bytes).as_bytes());
    assert_eq!(hash, put(&blobs, &bytes), "the same again is the same blob");
    drop(blobs);
    let blobs = Blobs::open(folder.path(), keys()).unwrap();
    assert_eq!(blobs.describe(&hash).unwrap(), 300_000);
    assert_eq!(blobs.read(&hash, 299_990, 100).unwrap(), bytes[299_990..]);
    assert_eq!(blobs.read(&hash, 7, u32::MAX).unwrap(), bytes[7..7 + 65_536]);
    assert_eq!(blobs.read(&hash, 300_000, 5).unwrap(), b"");
    assert!(matches!(blobs.read(&hash, 300_001, 5), Err(BlobError::PastTheEnd(300_000))));
    assert!(matches!(blobs.describe(&[0; 32]), Err(BlobError::NoSuchBlob)));
    blobs.verify(&hash).unwrap();
}

#[test]
fn j5_a_changed_file_is_damaged() {
    let (folder, blobs) = opened();
    let hash = put(&blobs, b"a picture of a goat");
    let path = folder.path().join("blobs").join(names(&hash).1);
    std::fs::write(path, b"a picture of a boat").unwrap();
    assert!(matches!(blobs.verify(&hash), Err(BlobError::Damaged)));
}

#[test]
fn j5_what_was_not_finished_is_removed_at_the_next_opening_and_after_a_failure() {
    struct Torn;
    impl Read for Torn {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the line broke"))
        }
    }
    let (folder, blobs) = opened();
    assert!(matches!(blobs.put(&mut b"half".chain(Torn)), Err(BlobError::Io(_))));
    let new = folder.path().join("blobs/new");
    assert_eq!(std::fs::read_dir(&new).unwrap().count(), 0);
    std::fs::write(new.join("7"), b"half").unwrap();
    drop(blobs);
    Blobs::open(folder.path(), keys()).unwrap();
    assert_eq!(std::fs::read_dir(&new).unwrap().count(), 0);
}

#[test]
fn j5_what_nobody_holds_is_swept_after_a_day_and_what_is_held_stays() {
    let (_folder, blobs) = opened();
    let (kept, lost) = (put(&blobs, b"kept"), put(&blobs, b"lost"));
    let mut memory = Memory::default();
    let rows = &mut Own(&mut memory, BLOBS);
    hold(rows, "shop", &kept, 4).unwrap();
    assert_eq!(blobs.sweep(rows, SystemTime::now()).unwrap(), 0, "a day to name it");
    assert_eq!(blobs.sweep(rows, later(1)).unwrap(), 1);
    assert!(blobs.describe(&lost).is_err());
    assert_eq!(blobs.read(&kept, 0, 9).unwrap(), b"kept");
    release(rows, "shop", &kept).unwrap();
    assert_eq!(blobs.sweep(rows, later(1)).unwrap(), 1);
}

#[test]
fn j5_holds_are_counted_per_plugin_and_bytes_once() {
    let mut memory = Memory::default();
    let rows = &mut Own(&mut memory, BLOBS);
    let (goat, boat) = ([1; 32], [2; 32]);
    assert_eq!(hold(rows, "shop", &goat, 100).unwrap(), 100);
    assert_eq!(hold(rows, "shop", &goat, 100).unwrap(), 100);
    assert_eq!(hold(rows, "shop", &boat, 7).unwrap(), 107);
    assert_eq!(hold(rows, "counter", &goat, 100).unwrap(), 100);
    assert!(release(rows, "shop", &goat).unwrap());
    assert_eq!(held_bytes(rows, "shop").unwrap(), 107);
    assert!(release(rows, "shop", &goat).unwrap());
    assert_eq!(held_bytes(rows, "shop").unwrap(), 7);
    assert!(!release(rows, "shop", &goat).unwrap());
    assert_eq!(held_bytes(rows, "counter").unwrap(), 100);
}

#[test]
fn c6_a_sealed_blob_reads_by_ranges_is_nowhere_in_the_clear_and_goes_with_its_key() {
    const ANNA: Id = Id(0xA11A);
    let folder = tempfile::tempdir().unwrap();
    let keys = keys();
    let blobs = Blobs::open(folder.path(), Arc::clone(&keys)).unwrap();
    for length in [0_usize, 1, 65_535, 65_536, 65_537, 131_072, 200_000] {
        let bytes: Vec<u8> = (0..=250_u8).cycle().take(length).collect();
        let (hash, found) = blobs.put_sealed(ANNA, &mut &*bytes).unwrap();
        assert_eq!((found, blobs.describe(&hash).unwrap()), (length as u64, length as u64));
        assert_ne!(hash, blobs.put_sealed(ANNA, &mut &*bytes).unwrap().0, "the name tells nothing");
        blobs.verify(&hash).unwrap();
        for (offset, wanted) in
            [(0, u32::MAX), (length / 2, 70_000), (length.saturating_sub(3), 9), (length, 1)]
        {
            let end = (offset + (wanted as usize).min(65_536)).min(length);
            assert_eq!(
                blobs.read(&hash, offset as u64, wanted).unwrap(),
                bytes[offset..end],
                "{length} {offset}"
            );
        }
        assert!(matches!(blobs.read(&hash, length as u64 + 1, 1), Err(BlobError::PastTheEnd(_))));
        let stored =
            std::fs::read(folder.path().join("blobs").join(format!("{}.sealed", names(&hash).1))).unwrap();
        assert!(length < 64 || !stored.windows(32).any(|window| window == &bytes[..32]));
    }
    assert_eq!(damaged(folder.path()).unwrap(), Vec::<std::path::PathBuf>::new());
    let (hash, _) = blobs.put_sealed(ANNA, &mut &b"lives behind the mill"[..]).unwrap();
    keys.destroy(ANNA).unwrap();
    assert!(matches!(blobs.read(&hash, 0, 9), Err(BlobError::Erased)));
    assert!(matches!(blobs.put_sealed(ANNA, &mut &b"again"[..]), Err(BlobError::Erased)));
    let mut memory = Memory::default();
    assert!(blobs.sweep(&mut Own(&mut memory, BLOBS), later(1)).unwrap() > 0, "sealed ones are swept too");
    assert!(matches!(blobs.describe(&hash), Err(BlobError::NoSuchBlob)));
}

#[test]
fn c6_a_changed_or_cut_sealed_blob_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path(), keys()).unwrap();
    let bytes = vec![7; 70_000];
    let (hash, _) = blobs.put_sealed(Id(9), &mut &*bytes).unwrap();
    let path = folder.path().join("blobs").join(format!("{}.sealed", names(&hash).1));
    let whole = std::fs::read(&path).unwrap();
    for at in [0, 8, 9, 30, 40, 100, 65_591, 65_592, 70_000, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        let read = (blobs.read(&hash, 0, 10), blobs.read(&hash, 69_990, 10));
        assert!(read.0.is_err() || read.1.is_err(), "byte {at}");
        assert!(matches!(blobs.verify(&hash), Err(BlobError::Damaged)));
    }
    for length in [0, 39, 40, 50, 56, 65_592, 65_600, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let read = (blobs.describe(&hash), blobs.read(&hash, 0, u32::MAX));
        // What lies before the cut, in a chunk that is whole, may still be read.
        let end = blobs.read(&hash, 69_990, 10);
        assert!(read.0.is_err() || read.1.is_err() || end.is_err(), "cut at {length}");
    }
}
