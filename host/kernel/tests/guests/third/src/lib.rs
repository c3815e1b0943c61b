//! The third guest: hears events.
wit_bindgen::generate!({ world: "test:kit/third-world", path: ["../../../../../wit/host", "../wit"], generate_all });
use exports::test::kit::third as me;

fn call_peer(_: &str, _: &str, _: &str) -> Result<String, String> {
    Err("calls nobody".into())
}
fn emit(_: &str, _: Vec<types::Id>) {}
fn native(_: &str, _: u64) -> Result<String, String> {
    Err("calls nobody".into())
}

impl exports::test::kit::noticed::Guest for Plugin {
    fn happened(text: String, _: Vec<types::Id>) {
        let heard = shown(storage::get(b"heard").unwrap_or(None));
        // It takes its time, to be run beside (T7).
        for _ in 0..number_at("slow") {
            std::hint::black_box(storage::get(b"slow").unwrap_or(None));
        }
        assert!(text != "poison" || number_at("immune") == 1, "poisoned");
        storage::set(b"heard", format!("{heard} {text}").as_bytes()).unwrap();
    }
}

impl exports::hamlet::host::gaps::Guest for Plugin {
    fn gap(emitter: String, number: u64, interface: String, function: String) {
        assert!(number_at("deaf") != 1, "it does not want to know");
        for _ in 0..number_at("slow-gap") {
            std::hint::black_box(storage::get(b"slow-gap").unwrap_or(None));
        }
        let heard = shown(storage::get(b"heard").unwrap_or(None));
        let gap = format!("{heard} gap:{emitter}/{number}/{interface}/{function}");
        storage::set(b"heard", gap.as_bytes()).unwrap();
    }
}

impl exports::hamlet::host::scheduled::Guest for Plugin {
    fn run(name: String, due: u64, payload: Vec<u8>) -> Result<(), String> {
        storage::set(format!("ran {name}").as_bytes(), due.to_string().as_bytes()).map_err(storage_error)?;
        begin(&String::from_utf8_lossy(&payload)).map(|_| ())
    }
}

include!("../../script.rs");
