//! Bundles: a container of a stranger. Each input is tried as it is, and as content signed by a key that we have,
//! so that what lies behind the signature is reached.
#![no_main]

use hamlet_bundle::{Signature, split, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = split(bytes);
    let _ = verify(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(signature) = Signature::parse(text) {
            assert!(Signature::parse(&signature.to_text()).is_ok());
        }
    }
});
