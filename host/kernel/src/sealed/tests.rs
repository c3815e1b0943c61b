//! C6: what is sealed opens for its party and plugin only, and never after its key is destroyed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;

use super::*;

const ANNA: Id = Id(0xA11A);
const BORIS: Id = Id(0xB0B);
const MARKER: &[u8] = b"lives behind the mill with two goats";

fn opened(keys: &PartyKeys, plugin: &str, party: Id, sealed: &[u8]) -> Result<Vec<u8>, SealRefusal> {
    keys.open_sealed(plugin, party, sealed).unwrap()
}

fn contains(folder: &Path, needle: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            contains(&path, needle)
        } else {
            fs::read(path).unwrap().windows(needle.len()).any(|w| w == needle)
        }
    })
}

#[test]
fn c6_a_value_opens_and_is_41_bytes_longer_when_party_and_plugin_are_right() {
    let keys = PartyKeys::in_memory();
    let sealed = keys.seal("shop", ANNA, MARKER).unwrap().unwrap();
    assert_eq!(sealed.len(), MARKER.len() + SEALED_OVERHEAD);
    assert_eq!(SEALED_OVERHEAD, 41);
    assert_eq!(opened(&keys, "shop", ANNA, &sealed).unwrap(), MARKER);
    assert_ne!(sealed, keys.seal("shop", ANNA, MARKER).unwrap().unwrap(), "the nonce is fresh");
}

#[test]
fn c6_a_value_does_not_open_when_moved_to_another_party_or_plugin_or_changed() {
    let keys = PartyKeys::in_memory();
    let sealed = keys.seal("shop", ANNA, MARKER).unwrap().unwrap();
    keys.seal("shop", BORIS, MARKER).unwrap().unwrap();
    assert_eq!(opened(&keys, "shop", BORIS, &sealed), Err(SealRefusal::Damaged));
    assert_eq!(opened(&keys, "counter", ANNA, &sealed), Err(SealRefusal::Damaged));
    assert_eq!(opened(&keys, "shop", Id(77), &sealed), Err(SealRefusal::Damaged));
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert_eq!(opened(&keys, "shop", ANNA, &changed), Err(SealRefusal::Damaged), "byte {at}");
        assert_eq!(opened(&keys, "shop", ANNA, &sealed[..at]), Err(SealRefusal::Damaged), "cut at {at}");
    }
}

#[test]
fn c6_too_long_a_value_is_refused_with_its_length() {
    let keys = PartyKeys::in_memory();
    let longest = vec![7; PLAIN_BYTES_MAX];
    let sealed = keys.seal("shop", ANNA, &longest).unwrap().unwrap();
    assert_eq!(opened(&keys, "shop", ANNA, &sealed).unwrap(), longest);
    assert_eq!(
        keys.seal("shop", ANNA, &vec![7; PLAIN_BYTES_MAX + 1]).unwrap(),
        Err(SealRefusal::TooLong(65_001))
    );
}

#[test]
fn c6_flushed_keys_open_after_reopening_and_unflushed_ones_were_never_used() {
    let folder = tempfile::tempdir().unwrap();
    let sealed = {
        let keys = PartyKeys::open(folder.path()).unwrap();
        let sealed = keys.seal("shop", ANNA, MARKER).unwrap().unwrap();
        assert_eq!(keys.flush_new_keys().unwrap(), 1);
        assert_eq!(keys.flush_new_keys().unwrap(), 0);
        keys.seal("shop", BORIS, MARKER).unwrap().unwrap();
        sealed
    };
    let keys = PartyKeys::open(folder.path()).unwrap();
    assert_eq!(opened(&keys, "shop", ANNA, &sealed).unwrap(), MARKER);
    assert!(!contains(folder.path(), MARKER));
}

#[test]
fn c6_an_erased_partys_values_never_open_again_and_its_key_is_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let keys = PartyKeys::open(folder.path()).unwrap();
    let of_anna = keys.seal("shop", ANNA, MARKER).unwrap().unwrap();
    let of_boris = keys.seal("shop", BORIS, MARKER).unwrap().unwrap();
    let key = keys.state.lock().new[&ANNA.0].clone();
    keys.flush_new_keys().unwrap();
    assert!(contains(folder.path(), key.as_slice()), "the test looks in the right place");

    keys.destroy(ANNA).unwrap();
    assert!(!contains(folder.path(), key.as_slice()), "the key is overwritten");
    assert_eq!(opened(&keys, "shop", ANNA, &of_anna), Err(SealRefusal::Erased));
    drop(keys);

    let keys = PartyKeys::open(folder.path()).unwrap();
    assert_eq!(opened(&keys, "shop", ANNA, &of_anna), Err(SealRefusal::Erased));
    assert_eq!(keys.seal("shop", ANNA, MARKER).unwrap(), Err(SealRefusal::Erased), "no second key");
    assert_eq!(opened(&keys, "shop", BORIS, &of_boris).unwrap(), MARKER);
    keys.destroy(ANNA).unwrap();
    assert_eq!(opened(&keys, "shop", BORIS, &of_boris).unwrap(), MARKER);
}

#[test]
fn c6_a_key_that_was_never_flushed_is_destroyed_too() {
    let folder = tempfile::tempdir().unwrap();
    let keys = PartyKeys::open(folder.path()).unwrap();
    let sealed = keys.seal("shop", ANNA, MARKER).unwrap().unwrap();
    keys.destroy(ANNA).unwrap();
    keys.flush_new_keys().unwrap();
    drop(keys);
    let keys = PartyKeys::open(folder.path()).unwrap();
    assert_eq!(opened(&keys, "shop", ANNA, &sealed), Err(SealRefusal::Erased));
}

#[test]
fn c6_what_an_interrupted_destruction_left_is_scrubbed_at_the_next_opening() {
    let folder = tempfile::tempdir().unwrap();
    let sealed = {
        let keys = PartyKeys::open(folder.path()).unwrap();
        let sealed = keys.seal("shop", ANNA, MARKER).unwrap().unwrap();
        keys.flush_new_keys().unwrap();
        sealed
    };
    let at = |name: &str| folder.path().join("keys").join(name);
    // Interrupted after the new file took the name: the old one is scrubbed.
    fs::copy(at("parties.redb"), at("parties.new")).unwrap();
    fs::copy(at("parties.redb"), at("parties.old")).unwrap();
    let keys = PartyKeys::open(folder.path()).unwrap();
    assert!(!at("parties.new").exists() && !at("parties.old").exists());
    assert_eq!(opened(&keys, "shop", ANNA, &sealed).unwrap(), MARKER);
    drop(keys);
    // Interrupted between the two renames: the old one takes its name back.
    fs::rename(at("parties.redb"), at("parties.old")).unwrap();
    fs::write(at("parties.new"), b"half a file").unwrap();
    let keys = PartyKeys::open(folder.path()).unwrap();
    assert!(!at("parties.new").exists() && !at("parties.old").exists());
    assert_eq!(opened(&keys, "shop", ANNA, &sealed).unwrap(), MARKER);
}

#[cfg(unix)]
#[test]
fn c6_the_key_file_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let keys = PartyKeys::open(folder.path()).unwrap();
    keys.seal("shop", ANNA, MARKER).unwrap().unwrap();
    keys.flush_new_keys().unwrap();
    keys.destroy(ANNA).unwrap();
    let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("keys"), 0o700);
    assert_eq!(mode("keys/parties.redb"), 0o600);
}

#[test]
fn c6_the_cache_of_keys_stays_bounded_and_forgets_no_new_key() {
    let folder = tempfile::tempdir().unwrap();
    let keys = PartyKeys::open(folder.path()).unwrap();
    let sealed: Vec<_> =
        (0..CACHED_KEYS_MAX as u128 + 10).map(|n| keys.seal("shop", Id(n), b"x").unwrap().unwrap()).collect();
    keys.flush_new_keys().unwrap();
    for n in 0..20_u128 {
        keys.seal("shop", Id(1 << 64 | n), b"y").unwrap().unwrap();
    }
    assert!(keys.state.lock().known.len() <= CACHED_KEYS_MAX + 10);
    for (n, sealed) in sealed.iter().enumerate() {
        assert_eq!(opened(&keys, "shop", Id(n as u128), sealed).unwrap(), b"x");
    }
}
