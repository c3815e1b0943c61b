//! CSV files of accounts and transfers, as somebody exports them from another program: read, written, read again.
#![no_main]

use ledger::exchange::csv;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for scale in [0, 2, 6] {
        if let Ok(rows) = csv::read_accounts(text, scale) {
            let written = csv::write_accounts(&rows, scale);
            let again = csv::read_accounts(&written, scale).expect("what was written can be read");
            assert_eq!(csv::write_accounts(&again, scale), written);
        }
        if let Ok(rows) = csv::read_transfers(text, 1, scale) {
            let written = csv::write_transfers(&rows, scale);
            let again = csv::read_transfers(&written, 1, scale).expect("what was written can be read");
            assert_eq!(csv::write_transfers(&again, scale), written);
        }
    }
});
