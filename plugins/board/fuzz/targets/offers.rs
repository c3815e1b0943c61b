//! Any file of comma-separated values is brought in or refused by a line; what was brought in can be searched and taken out.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/board/double.rs"]
#[allow(dead_code)]
mod double;

fuzz_target!(|text: &str| {
    let village = double::Village::new();
    if let Ok(count) = board::exchange::import(village.with(double::ANA), text, None) {
        let out = board::exchange::export(&village).expect("what is there can be written");
        let other = double::Village::new();
        assert_eq!(board::exchange::import(other.with(double::ANA), &out, None), Ok(count), "{out}");
    }
    let _ = board::market::find(&village, text, 10, None);
    let _ = board::price::read(text, "LEAF");
});
