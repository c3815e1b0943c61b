//! Keys: the order of bytes is the order of values, and nothing is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::cmp::Ordering;

use hamlet_sdk::{Id, Key, PrefixOf};
use proptest::prelude::*;

fn bytes<K: Key>(key: &K) -> Vec<u8> {
    let mut bytes = Vec::new();
    key.write(&mut bytes);
    bytes
}

/// Order, round trip, and that nothing is left over or missing.
fn check<K: Key + Ord + std::fmt::Debug>(a: &K, b: &K) {
    let (left, right) = (bytes(a), bytes(b));
    assert_eq!(left.cmp(&right), a.cmp(b), "{a:?} against {b:?}");
    if a != b {
        assert!(!left.starts_with(&right) && !right.starts_with(&left), "{a:?} against {b:?}");
    }
    let mut rest = left.as_slice();
    assert_eq!(K::read(&mut rest).unwrap().cmp(a), Ordering::Equal);
    assert!(rest.is_empty());
    assert!(K::read(&mut &left[..left.len() - 1]).is_none(), "{a:?} was read from too few bytes");
}

/// Texts full of what could confuse: zero bytes and what follows them.
fn awkward_text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop_oneof![Just('\0'), Just('\u{1}'), Just('a'), Just('é'), any::<char>()], 0..6)
        .prop_map(|characters| characters.into_iter().collect())
}

fn awkward_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(0xFF), any::<u8>()], 0..6)
}

proptest! {
    #[test]
    fn numbers_keep_their_order(a: (u64, i64), b: (u64, i64)) {
        check(&a, &b);
    }

    #[test]
    fn small_numbers_keep_their_order(a: (u8, i8, bool), b: (u8, i8, bool)) {
        check(&a, &b);
    }

    #[test]
    fn wide_numbers_and_ids_keep_their_order(a: (u128, i128), b: (u128, i128)) {
        check(&a, &b);
        check(&Id::from(a.0), &Id::from(b.0));
    }

    #[test]
    fn texts_keep_their_order_whatever_follows(
        a in (awkward_text(), any::<u8>()),
        b in (awkward_text(), any::<u8>()),
    ) {
        check(&a, &b);
    }

    #[test]
    fn bytes_keep_their_order_whatever_follows(
        a in (awkward_bytes(), awkward_bytes(), any::<Option<i16>>()),
        b in (awkward_bytes(), awkward_bytes(), any::<Option<i16>>()),
    ) {
        check(&a, &b);
    }

    #[test]
    fn a_prefix_is_the_beginning_of_its_keys_and_of_no_others(
        a in (awkward_text(), any::<u32>(), any::<Option<bool>>()),
        b in (awkward_text(), any::<u32>(), any::<Option<bool>>()),
    ) {
        let mut one = Vec::new();
        PrefixOf::<(String, u32, Option<bool>)>::write_prefix(&a.0, &mut one);
        let mut two = Vec::new();
        PrefixOf::<(String, u32, Option<bool>)>::write_prefix(&(a.0.clone(), a.1), &mut two);
        prop_assert!(bytes(&a).starts_with(&one) && bytes(&a).starts_with(&two));
        prop_assert_eq!(bytes(&b).starts_with(&one), a.0 == b.0);
        prop_assert_eq!(bytes(&b).starts_with(&two), a.0 == b.0 && a.1 == b.1);
    }

    #[test]
    fn arbitrary_bytes_never_panic(input: Vec<u8>) {
        let _ = <(String, Option<Id>)>::read(&mut input.as_slice());
        let _ = <(Vec<u8>, bool, i64)>::read(&mut input.as_slice());
        let _ = <[u8; 7]>::read(&mut input.as_slice());
    }

    #[test]
    fn an_id_survives_its_text(number: u128) {
        let id = Id::from(number);
        prop_assert_eq!(id.to_string().parse::<Id>().unwrap(), id);
        prop_assert_eq!(id.to_string().len(), 32);
        prop_assert_eq!(id.to_u128(), number);
    }
}

#[test]
fn a_text_that_is_no_id_is_refused() {
    for text in ["", "1", "+0000000000000000000000000000001", "g0000000000000000000000000000000"] {
        assert!(text.parse::<Id>().is_err(), "{text}");
    }
}
