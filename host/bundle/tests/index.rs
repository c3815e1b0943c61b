//! Indexes: what is read, what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{bundle, key};
use hamlet_bundle::{Index, IndexEntry, IndexError, Publisher, SignError, Version, sign, sign_index, verify};
use proptest::prelude::*;

const PUBLISHER: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

fn entry(version: &str) -> String {
    format!(
        r#"{{"name": "stall", "version": "{version}", "publisher": "{PUBLISHER}", "title": "The stall",
        "url": "https://plugins.example/stall-{version}.hamlet", "sha256": "{}", "size": 181760,
        "minimum-host": "0.1.0"}}"#,
        "0f".repeat(32)
    )
}

fn index(sequence: u64, entries: &[String]) -> String {
    format!(r#"{{"hamlet-index": 1, "sequence": {sequence}, "plugins": [{}]}}"#, entries.join(","))
}

#[test]
fn an_index_is_read_written_and_found_in() {
    let json = index(7, &[entry("0.1.0"), entry("0.2.0"), entry("0.3.0-beta")]);
    let read = Index::parse(&json).unwrap();
    assert_eq!(Index::parse(&read.to_json().unwrap()).unwrap(), read);
    let publisher = Publisher::parse(PUBLISHER).unwrap();
    let newest = |host: &str| {
        let found = read.newest(&publisher, "stall", &Version::parse(host).unwrap());
        found.map(|entry| entry.version.to_string())
    };
    assert_eq!(newest("0.1.0").as_deref(), Some("0.2.0"));
    assert_eq!(newest("0.0.9"), None);
    assert!(read.newest(&key().publisher(), "stall", &Version::new(0, 1, 0)).is_none());
}

#[test]
fn only_a_curators_newest_index_is_believed() {
    let (curator, other) = (key(), key());
    let json = index(7, &[entry("0.1.0")]);
    let signature = sign_index(&json, &curator).unwrap();
    let read = |json: &str, signature: &str, seen| Index::verify(json, signature, &curator.publisher(), seen);
    assert_eq!(read(&json, &signature, 7).unwrap().sequence, 7);
    assert!(matches!(read(&json, &signature, 8), Err(IndexError::Older { found: 7, seen: 8 })));
    let foreign = sign_index(&json, &other).unwrap();
    assert!(matches!(read(&json, &foreign, 0), Err(IndexError::Sign(SignError::OtherKey { .. }))));
    let changed = json.replace("0.1.0.hamlet", "0.1.1.hamlet");
    assert!(matches!(read(&changed, &signature, 0), Err(IndexError::Sign(SignError::Bad))));
    // Signed by the right key, but as something else.
    let stray = sign(json.as_bytes(), &curator, "timestamp:1", "").unwrap().to_text();
    assert!(matches!(read(&json, &stray, 0), Err(IndexError::Comment)));
}

#[test]
fn an_entry_and_its_bundle_must_agree() {
    let key = key();
    let bytes = bundle(&key);
    let verified = verify(&bytes).unwrap();
    let entry = IndexEntry {
        name: "stall".into(),
        version: Version::new(0, 2, 0),
        publisher: key.publisher(),
        title: "The stall".into(),
        url: "https://plugins.example/stall.hamlet".into(),
        sha256: verified.sha256.clone(),
        size: bytes.len() as u64,
        minimum_host: None,
    };
    assert!(entry.check_bytes(&bytes).is_ok() && entry.check(&verified).is_ok());
    assert!(entry.check_bytes(&bytes[1..]).unwrap_err().to_string().contains("instead of"));
    let mut changed = bytes;
    changed[100] ^= 1;
    assert!(entry.check_bytes(&changed).unwrap_err().to_string().contains("SHA-256"));
    for other in [
        IndexEntry { name: "shop".into(), ..entry.clone() },
        IndexEntry { version: Version::new(0, 1, 0), ..entry.clone() },
        IndexEntry { publisher: common::key().publisher(), ..entry.clone() },
        IndexEntry { sha256: "00".repeat(32), ..entry.clone() },
    ] {
        assert!(matches!(other.check(&verified), Err(IndexError::OtherBundle { .. })), "{other:?}");
    }
}

/// What is changed in an index, and what the refusal must say.
#[test]
fn every_mistake_in_an_index_is_refused_by_name() {
    let good = index(7, &[entry("0.1.0")]);
    assert!(Index::parse(&good).is_ok());
    let rows = [
        ("\"sequence\": 7", "\"sequence\": -7", "cannot be read"),
        ("\"sequence\": 7", "\"sequence\": 7, \"sequence\": 8", "duplicate field"),
        ("\"sequence\": 7", "\"sequence\": 7, \"extra\": 1", "unknown field `extra`"),
        ("\"hamlet-index\": 1", "\"hamlet-index\": 2", "has form 2"),
        ("\"size\": 181760", "\"size\": 0", "size must be"),
        ("\"size\": 181760", "\"size\": 999999999999", "size must be"),
        ("\"stall\"", "\"Stall\"", "\"Stall\" is not a plugin's name"),
        ("\"version\": \"0.1.0\"", "\"version\": \"0.1\"", "\"0.1\" is not a version"),
        ("\"minimum-host\": \"0.1.0\"", "\"minimum-host\": \"new\"", "\"new\" is not a version"),
        ("\"RWQf6", "\"RWQf7=", "not a public key"),
        ("\"RWQf6", "\" RWQf6", "not a public key"),
        ("\"The stall\"", "\"\"", "title must be"),
        ("https://", "http://", "is not an https:// address"),
        ("https://plugins", "https://user@plugins", "is not an https:// address"),
        ("https://plugins.example/", "https:///", "is not an https:// address"),
        ("0f0f", "0F0f", "sha256 is not 64 digits"),
        ("0f0f", "0f", "sha256 is not 64 digits"),
    ];
    for (from, to, expected) in rows {
        assert!(good.contains(from), "{from}");
        let error = Index::parse(&good.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(error.contains(expected), "{to}: {error}");
    }
    let twice = Index::parse(&index(7, &[entry("0.1.0"), entry("0.1.0")])).unwrap_err().to_string();
    assert!(twice.contains("entry 1: this version is listed twice"), "{twice}");
    let long = format!("{good}{}", " ".repeat(4 << 20));
    assert!(matches!(Index::parse(&long), Err(IndexError::TooLong)));
}

proptest! {
    #[test]
    fn arbitrary_texts_never_panic(text in "\\PC{0,300}") {
        let _ = Index::parse(&text);
    }

    #[test]
    fn an_index_with_any_one_place_overwritten_never_panics(
        at in any::<prop::sample::Index>(), length in 0_usize..20, with in "\\PC{0,10}",
    ) {
        let good = index(7, &[entry("0.1.0")]);
        let at = at.index(good.len());
        let end = (at + length).min(good.len());
        let text = format!("{}{with}{}", &good[..at], &good[end..]);
        if let Ok(read) = Index::parse(&text) {
            prop_assert_eq!(Index::parse(&read.to_json().unwrap()).unwrap(), read);
        }
    }
}
