//! JSON from the outside to values and back, by the types of a function that has one of everything (C4).
#![no_main]

use std::sync::{Arc, LazyLock};

use hamlet_reflect::{Function, binary, json, parse_texts};
use libfuzzer_sys::fuzz_target;

static FUNCTION: LazyLock<Arc<Function>> = LazyLock::new(|| {
    let text = "package fuzz:all@0.1.0;
        interface all {
            enum colour { red, green, dark-blue }
            flags rights { read, write, grant-more }
            record point { x: s64, y: option<f64>, name: string }
            variant shape { nothing, dot(point), many(list<point>), pair(tuple<u8, char>) }
            go: func(
                flag: bool, small: u8, signed: s8, large: u64, ratio: f32, letter: char, text: string,
                bytes: list<u8>, numbers: list<u32>, colour: colour, rights: rights, shape: shape,
                maybe: option<string>, outcome: result<point, colour>, nested: list<list<option<shape>>>,
            );
        }";
    let interfaces = parse_texts(&[("all.wit", text)]).expect("the package is right");
    Arc::clone(interfaces[0].function("go").expect("it is there"))
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = json::parse(bytes) else { return };
    // The canonical form is a fixed point.
    let canonical = json::canonical(&value);
    let again = json::parse(canonical.as_bytes()).expect("what is canonical can be read");
    assert_eq!(json::canonical(&again), canonical);
    let Ok(values) = json::arguments(&FUNCTION, &value) else { return };
    // What was understood is written and understood alike.
    for (param, value) in FUNCTION.params.iter().zip(&values) {
        let written = json::from_val(&param.ty, value);
        let read = json::to_val(&param.ty, &written).expect("what was written can be read");
        assert_eq!(json::from_val(&param.ty, &read), written);
    }
    let encoded = binary::encode(&values);
    let decoded = binary::decode(&encoded).expect("what was encoded can be decoded");
    assert_eq!(binary::encode(&decoded), encoded);
});
