//! Values as bytes: the same when read back, refused when damaged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use hamlet_reflect::binary::{self, BinaryError};
use proptest::prelude::*;
use support::typed_value;
use wasmtime::component::Val;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_values_come_back_the_same_when_encoded((_, a) in typed_value(), (_, b) in typed_value()) {
        let bytes = binary::encode(&[a.clone(), b.clone()]);
        prop_assert_eq!(binary::decode(&bytes).unwrap(), vec![a, b]);
    }

    /// X1: one value has one encoding, so what decodes encodes to the same bytes again.
    #[test]
    fn arbitrary_bytes_are_one_value_or_refused(bytes in proptest::collection::vec(prop_oneof![0u8..30, any::<u8>()], 0..60)) {
        if let Ok(values) = binary::decode(&bytes) {
            let again = binary::encode(&values);
            prop_assert_eq!(binary::decode(&again).unwrap(), values);
        }
    }

    #[test]
    fn a_value_cut_short_is_refused((_, value) in typed_value(), cut in any::<prop::sample::Index>()) {
        let bytes = binary::encode(std::slice::from_ref(&value));
        let cut = cut.index(bytes.len());
        // The empty rest is no value at all; every other is an error.
        prop_assert!(cut == 0 || binary::decode(&bytes[..cut]).is_err());
    }

    /// X1: another body has another hash.
    #[test]
    fn different_values_have_different_digests((_, a) in typed_value(), (_, b) in typed_value()) {
        let differs = binary::digest(std::slice::from_ref(&a)) != binary::digest(std::slice::from_ref(&b));
        let empty = |value: &Val| matches!(value, Val::List(items) if items.is_empty());
        prop_assert_eq!(differs, a != b && !(empty(&a) && empty(&b)));
    }
}

/// The format is stored: these bytes may not change.
#[test]
fn the_encoding_is_what_it_was_when_first_stored() {
    let values = [
        Val::Bool(true),
        Val::U8(7),
        Val::S8(-1),
        Val::U64(300),
        Val::S64(-2),
        Val::Char('a'),
        Val::Float32(1.0),
        Val::Float64(-0.0),
        Val::String("hi".into()),
        Val::List(vec![Val::U8(1), Val::U8(2)]),
        Val::List(vec![]),
        Val::Tuple(vec![Val::U16(1)]),
        Val::Record(vec![("a".into(), Val::U32(1))]),
        Val::Variant("b".into(), None),
        Val::Variant("c".into(), Some(Box::new(Val::S16(1)))),
        Val::Enum("d".into()),
        Val::Option(None),
        Val::Option(Some(Box::new(Val::S32(-1)))),
        Val::Result(Ok(None)),
        Val::Result(Err(Some(Box::new(Val::Bool(false))))),
        Val::Flags(vec!["e".into()]),
    ];
    let expected: &[u8] = &[
        1, // true
        4, 7, 5, 255, 8, 172, 2, 12, 3, 9, 97, // u8, s8, u64, s64, char
        13, 0, 0, 128, 63, 14, 0, 0, 0, 0, 0, 0, 0, 128, // floats
        15, 2, b'h', b'i', 17, 2, 1, 2, 18, 0, // string, bytes, empty list
        19, 1, 6, 1, 20, 1, 1, b'a', 7, 1, // tuple, record
        22, 1, b'b', 21, 1, b'c', 10, 2, 16, 1, b'd', // variants, enum
        2, 3, 11, 1, 25, 24, 0, 27, 1, 1, b'e', // options, results, flags
    ];
    assert_eq!(binary::encode(&values), expected);
    assert_eq!(binary::decode(expected).unwrap(), values);
}

#[test]
fn damaged_bytes_are_refused_by_name() {
    let deep = [vec![3u8; 100], vec![2]].concat();
    let rows: &[(&[u8], BinaryError)] = &[
        (&[8], BinaryError::CutShort),
        (&[15, 5, b'a'], BinaryError::CutShort),
        (&[99], BinaryError::Tag(99)),
        (&[255], BinaryError::Tag(255)),
        (&[8, 128, 0], BinaryError::Number),
        (&[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2], BinaryError::Number),
        (&[6, 255, 255, 4], BinaryError::Number),
        (&[9, 128, 176, 3], BinaryError::Number),
        (&[15, 1, 255], BinaryError::Utf8),
        (&[18, 255, 255, 255, 255, 15, 0], BinaryError::CutShort),
        (&[17, 255, 255, 255, 255, 15], BinaryError::TooMany),
        (&deep, BinaryError::TooDeep),
    ];
    for (bytes, expected) in rows {
        assert_eq!(binary::decode(bytes), Err(*expected), "{bytes:?}");
    }
}

#[test]
fn every_nan_is_the_same() {
    let other = f64::from_bits(0x7ff8_0000_0000_0001);
    assert_eq!(binary::digest(&[Val::Float64(f64::NAN)]), binary::digest(&[Val::Float64(other)]));
}

#[test]
fn equal_texts_cut_differently_have_different_digests() {
    let texts = |a: &str, b: &str| [Val::String(a.into()), Val::String(b.into())];
    assert_ne!(binary::digest(&texts("ab", "c")), binary::digest(&texts("a", "bc")));
}
