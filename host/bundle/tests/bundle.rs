//! Bundles: what is packed is verified, whatever else is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::LazyLock;

use common::{MANIFEST, bundle, file, key, package};
use hamlet_bundle::{
    BundleError, ContainerError, Manifest, Package, Publisher, SecretKey, SignError, StaticError, StaticFile,
    bundle_file_name, load, pack, read_static, save, sign, split, verify, verify_file,
};
use proptest::prelude::*;

static KEY: LazyLock<SecretKey> = LazyLock::new(key);
static BUNDLE: LazyLock<Vec<u8>> = LazyLock::new(|| bundle(&KEY));

/// A bundle whose payload is a tar made by other hands, and signed well.
fn signed(entries: &[(&str, &[u8])], comment: Option<&str>) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in entries {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(tar::EntryType::Regular);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    wrap(&builder.into_inner().unwrap(), comment)
}

fn wrap(payload: &[u8], comment: Option<&str>) -> Vec<u8> {
    let own = format!("hamlet bundle 1 stall 0.2.0 {}", KEY.publisher());
    let signature = sign(payload, &KEY, comment.unwrap_or(&own), "signature of a Hamlet plugin").unwrap();
    [b"hamlet bundle 1\n", signature.to_text().as_bytes(), payload].concat()
}

fn refusal(bundle: &[u8]) -> String {
    verify(bundle).expect_err("it must be refused").to_string()
}

#[test]
fn what_was_packed_is_verified_with_its_publisher() {
    let verified = verify(&BUNDLE).unwrap();
    assert_eq!(verified.publisher, KEY.publisher());
    assert_eq!(verified.package, package(MANIFEST));
    assert_eq!(bundle_file_name(verified.manifest()), "stall-0.2.0.hamlet");
    assert_eq!(verified.sha256.len(), 64);
}

#[test]
fn packing_twice_gives_the_same_bytes_in_whatever_order_the_files_come() {
    let mut reversed = package(MANIFEST);
    reversed.files.reverse();
    assert_eq!(pack(&reversed, &KEY).unwrap(), *BUNDLE);
    // Another machine: the key comes from its file.
    let again = SecretKey::parse(&KEY.to_file(None).unwrap(), None).unwrap();
    assert_eq!(bundle(&again), *BUNDLE);
}

/// Every byte, with a low bit, a high bit and all bits flipped.
#[test]
fn every_single_changed_byte_is_refused() {
    let mut changed = BUNDLE.clone();
    for at in 0..changed.len() {
        for mask in [0x01, 0x20, 0x80, 0xff] {
            changed[at] ^= mask;
            assert!(verify(&changed).is_err(), "byte {at} with {mask:#x}");
            changed[at] ^= mask;
        }
    }
    assert!(verify(&changed).is_ok());
}

#[test]
fn every_truncated_bundle_and_every_longer_one_is_refused() {
    for length in 0..BUNDLE.len() {
        assert!(verify(&BUNDLE[..length]).is_err(), "{length} bytes");
    }
    for more in [&b"\0"[..], b"\n", &[0; 512], &BUNDLE] {
        assert!(matches!(verify(&[&BUNDLE[..], more].concat()), Err(BundleError::Sign(SignError::Bad))));
    }
}

#[test]
fn a_signature_of_another_key_or_of_another_bundle_is_refused() {
    let other = key();
    let (_, payload) = split(&BUNDLE).unwrap();
    // Somebody signs the same payload and says that it is the publisher's.
    let comment = format!("hamlet bundle 1 stall 0.2.0 {}", KEY.publisher());
    let forged = sign(payload, &other, &comment, "signature of a Hamlet plugin").unwrap();
    let forged = [b"hamlet bundle 1\n", forged.to_text().as_bytes(), payload].concat();
    assert!(matches!(verify(&forged), Err(BundleError::Sign(SignError::OtherKey { .. }))));
    // The same, with the publisher's key id on the signature.
    let (own, _) = split(&BUNDLE).unwrap();
    let second = |text: &str| text.lines().nth(1).unwrap().to_owned();
    let id_of = second(own)[..12].to_owned();
    let text = forged_text(&forged);
    let stolen_id = text.replacen(&second(&text)[..12], &id_of, 1);
    let forged = [b"hamlet bundle 1\n", stolen_id.as_bytes(), payload].concat();
    assert!(verify(&forged).is_err());
    // An older version's payload under the newer one's signature.
    let older = pack(&package(&MANIFEST.replace("0.2.0", "0.1.0")), &KEY).unwrap();
    let mixed = [b"hamlet bundle 1\n", own.as_bytes(), split(&older).unwrap().1].concat();
    assert!(matches!(verify(&mixed), Err(BundleError::Sign(SignError::Bad))));
}

fn forged_text(bundle: &[u8]) -> String {
    split(bundle).unwrap().0.to_owned()
}

#[test]
fn what_no_packer_makes_is_refused_by_name_even_when_it_is_signed() {
    let manifest = MANIFEST.as_bytes();
    let wit = common::wit();
    let (component, html) = (&common::COMPONENT[..], &b"<p>"[..]);
    let good = [("plugin.toml", manifest), ("stall.wasm", component), ("stall.wit.wasm", &wit)];
    assert!(verify(&signed(&good, None)).is_ok());
    let with = |at: usize, name: &'static str, bytes: &'static [u8]| {
        let mut entries: Vec<(&str, &[u8])> = good.to_vec();
        entries.insert(at, (name, bytes));
        signed(&entries, None)
    };
    let rows = [
        (signed(&good[1..], None), "the bundle has no plugin.toml"),
        (signed(&good[..2], None), "the bundle has no stall.wit.wasm"),
        (with(0, "Makefile", b"x"), "\"Makefile\" that does not belong"),
        (with(3, "stall.cwasm", b"x"), "out of order"),
        (with(1, "stall.cwasm", b"x"), "\"stall.cwasm\" that does not belong"),
        (with(1, "plugin.toml", b"x"), "\"plugin.toml\" comes twice"),
        (with(0, "../plugin.toml", b"x"), "not in the one form"),
        (with(0, "/etc/passwd", b"x"), "not in the one form"),
        (with(0, "./plugin.toml", b"x"), "not in the one form"),
        (with(3, "static/../x.txt", b"x"), "not in the one form"),
        (with(3, "static/.hidden.txt", b"x"), "cannot be named so"),
        (with(3, "static/a.exe", b"x"), "an ending that the host does not know"),
        (with(3, "static/", b""), "not in the one form"),
        (
            signed(&[good[0], ("stall.wasm", b"\x7fELF\x02\x01\x01\0"), good[2]], None),
            "stall.wasm is not a WebAssembly component",
        ),
        (
            signed(&[good[0], good[1], ("stall.wit.wasm", component)], None),
            "stall.wit.wasm is not a WIT package",
        ),
        (signed(&[("plugin.toml", b"\xff"), good[1], good[2]], None), "plugin.toml is not UTF-8"),
        (signed(&[("plugin.toml", b"name = 1"), good[1], good[2]], None), "plugin.toml cannot be read"),
        (signed(&good, Some("hamlet index 1 7")), "not those of a bundle"),
        (
            signed(&good, Some(&format!("hamlet bundle 1 stall 0.3.0 {}", KEY.publisher()))),
            "plugin.toml says stall 0.2.0, the signature says stall 0.3.0",
        ),
        (wrap(&[], None), "the middle of a header"),
        (b"PK\x03\x04".to_vec(), "not a plugin's bundle"),
        (
            BUNDLE.iter().map(|byte| if *byte == b'1' { b'2' } else { *byte }).collect(),
            "needs a newer Hamlet",
        ),
    ];
    for (bundle, expected) in rows {
        let found = refusal(&bundle);
        assert!(found.contains(expected), "{expected}: {found}");
    }
    let clash = signed(&[good[0], good[1], good[2], ("static/A.txt", html), ("static/a.txt", html)], None);
    assert!(matches!(verify(&clash), Err(BundleError::Static(StaticError::Clash { .. }))));
    let folder =
        signed(&[good[0], good[1], good[2], ("static/a.js", html), ("static/a.js/b.js", html)], None);
    assert!(matches!(verify(&folder), Err(BundleError::Static(StaticError::Clash { .. }))));
}

fn holding(files: Vec<StaticFile>) -> Package {
    Package { files, ..package(MANIFEST) }
}

#[test]
fn limits_hold_for_each_part_and_together() {
    let too_large = vec![file("a.txt", "text/plain; charset=utf-8", &[b'x'; 5000])];
    let error = pack(&holding(too_large), &KEY).unwrap_err().to_string();
    assert!(error.contains("5000 bytes together; plugin.toml allows 4096"), "{error}");
    let undeclared = package("name = \"stall\"\nversion = \"0.2.0\"\ntitle = \"x\"");
    assert!(matches!(pack(&undeclared, &KEY), Err(BundleError::Static(StaticError::Undeclared))));
    let many: Vec<StaticFile> =
        (0..2_001).map(|n| file(&format!("{n}.txt"), "text/plain; charset=utf-8", b"")).collect();
    assert!(matches!(pack(&holding(many), &KEY), Err(BundleError::Static(StaticError::TooMany))));
    let lies = vec![file("a.txt", "text/html; charset=utf-8", b"<script>")];
    assert!(matches!(pack(&holding(lies), &KEY), Err(BundleError::Static(StaticError::Type { .. }))));
}

#[test]
fn a_manifest_that_names_its_publisher_is_packed_by_no_other_key() {
    let text = |publisher: &Publisher| format!("publisher = \"{publisher}\"\n{MANIFEST}");
    let own = package(&text(&KEY.publisher()));
    assert!(verify(&pack(&own, &KEY).unwrap()).is_ok());
    let foreign = package(&text(&key().publisher()));
    assert!(matches!(pack(&foreign, &KEY), Err(BundleError::OtherPublisher { .. })));
}

#[test]
fn a_bundle_unpacks_to_the_folder_from_which_it_was_packed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stall.hamlet");
    std::fs::write(&path, &*BUNDLE).unwrap();
    let verified = verify_file(&path).unwrap();
    let out = dir.path().join("out");
    save(&out, &verified.package).unwrap();
    let package = load(&out).unwrap();
    assert_eq!(pack(&package, &KEY).unwrap(), *BUNDLE);
}

/// A name, and how something that is no static file comes to have it.
type Spoiler = (&'static str, fn(&std::path::Path));

#[test]
fn static_folders_are_read_whole_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = Manifest::parse(MANIFEST).unwrap();
    let rules = manifest.static_files.unwrap();
    let read = || read_static(dir.path(), &rules);
    assert_eq!(read().unwrap(), []);
    std::fs::create_dir(dir.path().join("deep")).unwrap();
    std::fs::write(dir.path().join("deep/b.css"), "b").unwrap();
    std::fs::write(dir.path().join("a.PNG"), "a").unwrap();
    let paths: Vec<_> = read().unwrap().into_iter().map(|file| (file.path, file.content_type)).collect();
    let expected = [("a.PNG", "image/png"), ("deep/b.css", "text/css; charset=utf-8")];
    assert_eq!(paths, expected.map(|(path, kind)| (path.to_owned(), kind.to_owned())));
    let rows: [Spoiler; 4] = [
        (".DS_Store", |path| std::fs::write(path, "x").unwrap()),
        ("with space.txt", |path| std::fs::write(path, "x").unwrap()),
        ("a.sh", |path| std::fs::write(path, "x").unwrap()),
        ("link.txt", |path| std::os::unix::fs::symlink("/etc/passwd", path).unwrap()),
    ];
    for (name, make) in rows {
        let path = dir.path().join(name);
        make(&path);
        assert!(read().is_err(), "{name}");
        std::fs::remove_file(path).unwrap();
    }
    assert!(read().is_ok());
    assert!(matches!(read_static(&dir.path().join("none"), &rules), Err(StaticError::List { .. })));
}

#[test]
fn refusals_of_the_container_are_typed() {
    assert!(matches!(verify(&wrap(&[0; 1536], None)), Err(BundleError::Container(ContainerError::Trailing))));
    assert!(matches!(verify(&wrap(&[0; 512], None)), Err(BundleError::Container(ContainerError::Cut(_)))));
}

/// Bytes that once were worth a look; each is refused, none panics.
#[test]
fn the_corpus_is_refused() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/bundle");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert!(verify_file(&path).is_err(), "{}", path.display());
        count += 1;
    }
    assert!(count >= 5, "{count}");
}

/// Re-signs a changed payload, so that noise reaches the parsers behind the signature.
fn resigned(change: impl FnOnce(&mut Vec<u8>)) -> Result<Package, BundleError> {
    let mut payload = split(&BUNDLE).unwrap().1.to_vec();
    change(&mut payload);
    verify(&wrap(&payload, None)).map(|verified| verified.package)
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_and_are_no_bundle(bytes in proptest::collection::vec(any::<u8>(), 0..4096)) {
        prop_assert!(verify(&bytes).is_err());
        prop_assert!(verify(&[b"hamlet bundle 1\n", &bytes[..]].concat()).is_err());
        prop_assert!(verify(&wrap(&bytes, None)).is_err());
    }

    #[test]
    fn changed_headers_in_a_signed_payload_never_panic(
        at in any::<prop::sample::Index>(),
        with in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        // Names, sizes and checksums stand in the first bytes of each block of 512.
        let _ = resigned(|payload| {
            let blocks = payload.len() / 512;
            let start = at.index(blocks) * 512 + with.len() % 160;
            for (place, byte) in payload[start..].iter_mut().zip(&with) { *place = *byte; }
        });
    }

    #[test]
    fn several_changed_bytes_are_refused(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 1_u8..=255), 1..6),
    ) {
        let mut changed = BUNDLE.clone();
        for (at, mask) in &changes {
            let at = at.index(changed.len());
            changed[at] ^= mask;
        }
        prop_assume!(changed != *BUNDLE);
        prop_assert!(verify(&changed).is_err());
    }

    #[test]
    fn any_texts_in_the_signatures_place_never_panic(text in "\\PC{0,300}", lines in 0_usize..6) {
        let text = format!("hamlet bundle 1\n{}", format!("{text}\n").repeat(lines));
        prop_assert!(verify(text.as_bytes()).is_err());
    }
}
