//! The first guest, in a version that calls nobody.
wit_bindgen::generate!({ world: "test:kit/first-alone", path: ["../../../../../wit/host", "../wit"], generate_all });
use exports::test::kit::first as me;

fn call_peer(_: &str, _: &str, _: &str) -> Result<String, String> {
    Err("calls nobody".into())
}
fn emit(_: &str, _: Vec<types::Id>) {}
fn native(_: &str, _: u64) -> Result<String, String> {
    Err("calls nobody".into())
}

include!("../../script.rs");
