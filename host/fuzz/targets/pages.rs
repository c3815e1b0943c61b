//! A plugin's page and a form's body: bytes of a stranger in the host's own origin.
#![no_main]

use hamlet_pages::{forms, sanitize};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = forms::parse_body(bytes);
    let Ok(html) = std::str::from_utf8(bytes) else { return };
    if let Ok(page) = sanitize(html, "x") {
        let out = page.to_html();
        // What is safe is what a browser reads back as the same tree.
        let again = sanitize(&out, "x").expect("what came out can be read");
        assert_eq!(again.to_html(), out);
    }
});
