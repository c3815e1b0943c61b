//! What a call pays for its arguments: JSON to values and back, and the bytes that are hashed.
//! Run with `cargo bench -p hamlet-reflect`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::hint::black_box;
use std::time::Instant;

use hamlet_reflect::{binary, json, parse_texts};

const ROUNDS: u32 = 200_000;
const RUNS: usize = 7;

fn main() {
    let interfaces = parse_texts(&[(
        "shop.wit",
        "package example:shop@0.1.0; interface stall {
            enum size { small, large }
            variant paid { cash, card(string) }
            record sale {
                number: u64, buyer: string, what: string, count: u32, price: u64, size: size, paid: paid,
                note: option<string>, gift: bool, weight: f64, seen: u64, place: option<u32>,
            }
            sell: func(sale: sale);
        }",
    )])
    .unwrap();
    let sell = &interfaces[0].functions[0];
    let ty = &sell.params[0].ty;
    let value = serde_json::json!({ "sale": {
        "number": "1234567890", "buyer": "rosa", "what": "two loaves of bread", "count": 2, "price": "650",
        "size": "small", "paid": { "card": "1234" }, "note": "for Sunday", "gift": false, "weight": 1.25,
        "seen": "1700000000000000",
    } });
    let text = value.to_string();
    let arguments = json::arguments(sell, &value).unwrap();
    let bytes = binary::encode(&arguments);
    println!("a record of 12 fields; {} bytes of JSON, {} bytes encoded", text.len(), bytes.len());

    time("serde_json::from_str", || serde_json::from_str::<serde_json::Value>(&text).unwrap());
    time("json::parse", || json::parse(text.as_bytes()).unwrap());
    time("json::arguments", || json::arguments(sell, &value).unwrap());
    time("json::from_val", || json::from_val(ty, &arguments[0]));
    time("json::canonical", || json::canonical(&value));
    time("binary::encode", || binary::encode(&arguments));
    time("binary::digest", || binary::digest(&arguments));
    time("binary::decode", || binary::decode(&bytes).unwrap());
}

/// Prints the median of several runs.
fn time<T>(name: &str, f: impl Fn() -> T) {
    let mut runs: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..ROUNDS {
                black_box(f());
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS)
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    println!("{name:<24} {:>8.0} ns", runs[RUNS / 2]);
}
