//! Keys and signatures by themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::os::unix::fs::PermissionsExt as _;

use common::key;
use hamlet_bundle::{Publisher, SecretKey, SignError, Signature, sign, write_key_pair};
use proptest::prelude::*;

#[test]
fn a_key_file_under_a_password_opens_with_it_alone() {
    let key = key();
    let text = key.to_file(Some("secret")).unwrap();
    assert_eq!(SecretKey::parse(&text, Some("secret")).unwrap().publisher(), key.publisher());
    assert!(matches!(SecretKey::parse(&text, Some("Secret")), Err(SignError::Password)));
    assert!(matches!(SecretKey::parse(&text, None), Err(SignError::PasswordNeeded)));
}

#[test]
fn a_secret_key_is_its_owners_and_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let (secret, public) = (dir.path().join("a.key"), dir.path().join("a.pub"));
    let key = key();
    write_key_pair(&key, None, &secret, &public).unwrap();
    assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(write_key_pair(&common::key(), None, &secret, &public), Err(SignError::Write { .. })));
    let kept = SecretKey::parse(&std::fs::read_to_string(&secret).unwrap(), None).unwrap();
    assert_eq!(kept.publisher(), key.publisher());
    assert!(!format!("{key:?}").contains(std::fs::read_to_string(&secret).unwrap().lines().nth(1).unwrap()));
}

#[test]
fn a_publisher_is_shown_in_two_forms_that_stay() {
    let publisher = Publisher::parse("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3").unwrap();
    assert_eq!(publisher.to_string(), "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3");
    let groups = publisher.groups();
    assert!(groups.split(' ').count() == 5 && groups.len() == 24, "{groups}");
    assert_eq!(groups, PINNED_GROUPS);
}

/// What people have written down must not change with a new host. (By Python: the first 10 bytes of
/// `hashlib.blake2b(b"hamlet publisher\0" + base64.b64decode(text))`.)
const PINNED_GROUPS: &str = "f749 ff3e 86d1 e39d a16c";

#[test]
fn keys_that_no_pair_has_are_refused() {
    use base64::Engine as _;
    let text = |key: [u8; 32]| {
        base64::engine::general_purpose::STANDARD.encode([&b"Ed"[..], &[7; 8], &key].concat())
    };
    // The neutral element, and a point of order 2: both of small order.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut order_two = [0xff; 32];
    (order_two[0], order_two[31]) = (0xec, 0x7f);
    for weak in [neutral, order_two, [0; 32]] {
        assert!(matches!(Publisher::parse(&text(weak)), Err(SignError::Weak)), "{weak:?}");
    }
}

#[test]
fn a_signature_has_one_text() {
    let key = key();
    let text = sign(b"hello", &key, "trusted", "untrusted").unwrap().to_text();
    assert_eq!(Signature::parse(&text).unwrap().to_text(), text);
    let line = text.lines().nth(1).unwrap();
    for changed in [
        text.trim_end().to_owned(),
        text.replace('\n', "\r\n"),
        format!("{text}\n"),
        format!("\n{text}"),
        text.replace(line, line.trim_end_matches('=')),
        text.replace(line, &format!("{line} ")),
        text.replacen("untrusted", "Untrusted", 1),
    ] {
        assert!(Signature::parse(&changed).is_err(), "{changed:?}");
    }
    assert!(matches!(sign(b"", &key, "two\nlines", ""), Err(SignError::Comment)));
    assert!(matches!(sign(b"", &key, "", &"x".repeat(1025)), Err(SignError::Comment)));
}

proptest! {
    #[test]
    fn only_the_signed_message_and_comment_verify(
        message in proptest::collection::vec(any::<u8>(), 0..200), comment in "[a-z ]{0,20}", at: prop::sample::Index,
    ) {
        let key = key();
        let signature = sign(&message, &key, &comment, "").unwrap();
        prop_assert_eq!(signature.verify(&key.publisher(), &message).unwrap(), comment.as_str());
        let longer = [&message[..], b"!"].concat();
        prop_assert!(signature.verify(&key.publisher(), &longer).is_err());
        let text = signature.to_text();
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1;
        // The first line is covered by nothing; all others are.
        let covered = at >= text.find('\n').unwrap();
        if let Some(changed) = String::from_utf8(bytes).ok().and_then(|text| Signature::parse(&text).ok()) {
            prop_assert_eq!(changed.verify(&key.publisher(), &message).is_err(), covered);
        }
    }

    #[test]
    fn arbitrary_texts_never_panic(text in "\\PC{0,200}", lines in proptest::collection::vec("[A-Za-z0-9+/=]{0,120}", 0..5)) {
        let _ = Signature::parse(&text);
        let _ = Publisher::parse(&text);
        let _ = SecretKey::parse(&text, None);
        let text = format!("untrusted comment: x\n{}\n", lines.join("\n"));
        let _ = Signature::parse(&text);
        let _ = Publisher::parse(&text);
        let _ = SecretKey::parse(&text, None);
    }
}
