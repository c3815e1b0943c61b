//! Manifests and indexes: text of a stranger that says what a plugin is.
#![no_main]

use hamlet_bundle::{Index, Manifest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(manifest) = Manifest::parse(text) {
        assert!(!manifest.name.is_empty() && manifest.name.len() <= 64, "{}", manifest.name);
    }
    if let Ok(index) = Index::parse(text) {
        let written = index.to_json().expect("what was read can be written");
        assert_eq!(Index::parse(&written).expect("and read again"), index);
    }
});
