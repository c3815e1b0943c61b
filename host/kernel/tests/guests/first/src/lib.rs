//! The first guest: calls the second and the native, emits events.
wit_bindgen::generate!({ world: "test:kit/first-world", path: ["../../../../../wit/host", "../wit"], generate_all });
use exports::test::kit::first as me;

fn call_peer(peer: &str, function: &str, script: &str) -> Result<String, String> {
    assert_eq!(peer, "second");
    match function {
        "run" => test::kit::second::run(script),
        "look" => test::kit::second::look(script),
        "again" => test::kit::second::again(script),
        "tell" => Ok(test::kit::second::tell(script)),
        "direct" => test::kit::second::direct(script),
        "hidden" => test::kit::second::hidden(script),
        "peek" => test::kit::second::peek(1).map(|number| number.to_string()),
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
fn emit(text: &str, who: Vec<types::Id>) {
    test::kit::noticed::happened(text, &who);
}

impl exports::hamlet::host::scheduled::Guest for Plugin {
    fn run(name: String, due: u64, payload: Vec<u8>) -> Result<(), String> {
        storage::set(format!("ran {name}").as_bytes(), due.to_string().as_bytes()).map_err(storage_error)?;
        begin(&String::from_utf8_lossy(&payload)).map(|_| ())
    }
}

include!("../../script.rs");
