//! The languages that are in the binary, for tests.

use std::sync::LazyLock;

use hamlet_pages::words::{Say, Words};

static ENGLISH: LazyLock<Say> = LazyLock::new(|| Words::new(&[], None).say(Some("en"), None, ""));
static SPANISH: LazyLock<Say> = LazyLock::new(|| Words::new(&[], None).say(Some("es"), None, ""));

/// Speaks English, or Spanish.
pub fn speak(tag: &str) -> &'static Say {
    if tag == "es" { &SPANISH } else { &ENGLISH }
}
