//! The binary form of values, as kept in rows and journal, and binary WIT packages.
#![no_main]

use hamlet_reflect::binary;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(values) = binary::decode(bytes) {
        let encoded = binary::encode(&values);
        let again = binary::decode(&encoded).expect("what was encoded can be decoded");
        assert_eq!(binary::encode(&again), encoded);
    }
    let _ = hamlet_reflect::decode(bytes);
});
