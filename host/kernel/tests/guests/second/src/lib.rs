//! The second guest: calls the first and the native.
wit_bindgen::generate!({ world: "test:kit/second-world", path: ["../../../../../wit/host", "../wit"], generate_all });
use exports::test::kit::second as me;

fn call_peer(peer: &str, function: &str, script: &str) -> Result<String, String> {
    assert_eq!(peer, "first");
    match function {
        "run" => test::kit::first::run(script),
        "look" => test::kit::first::look(script),
        "again" => test::kit::first::again(script),
        "tell" => Ok(test::kit::first::tell(script)),
        "direct" => test::kit::first::direct(script),
        "hidden" => test::kit::first::hidden(script),
        "peek" => test::kit::first::peek(1).map(|number| number.to_string()),
        other => Err(format!("no such function: {other}")),
    }
}
fn native(function: &str, by: u64) -> Result<String, String> {
    match function {
        "add" => test::kit::tally::add(by).map(|sum| sum.to_string()),
        "get" => Ok(test::kit::tally::get().to_string()),
        _ => {
            test::kit::tally::panic();
            Ok("survived".into())
        }
    }
}
fn emit(_: &str, _: Vec<types::Id>) {}

include!("../../script.rs");
