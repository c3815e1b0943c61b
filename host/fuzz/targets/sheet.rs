//! A list of people as a steward sends it: CSV, a spreadsheet, or whatever calls itself one.
#![no_main]

// The gateway's own file: to build all of the gateway for it would take a quarter of an hour.
#[allow(dead_code)]
#[path = "../../gateway/src/web/sheet/mod.rs"]
mod sheet;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for wanted in [None, Some("Notes")] {
        if let Ok(found) = sheet::read_file(bytes, wanted) {
            let columns = found.sheet.heading.len();
            assert!(found.sheet.rows.iter().all(|row| row.len() == columns), "every row is as long as the heading");
            let _ = sheet::guess(&found.sheet.heading);
        }
    }
});
