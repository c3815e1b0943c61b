//! The first guest, in a version that keeps its rows under other keys and takes the old ones over.
wit_bindgen::generate!({ world: "test:kit/moved-world", path: ["../../../../../wit/host", "../wit"], generate_all });
use exports::hamlet::host::migration::Change;
use exports::test::kit::first as me;

fn call_peer(_: &str, _: &str, _: &str) -> Result<String, String> {
    Err("calls nobody".into())
}
fn emit(_: &str, _: Vec<types::Id>) {}
fn native(_: &str, _: u64) -> Result<String, String> {
    Err("calls nobody".into())
}

impl exports::hamlet::host::migration::Guest for Plugin {
    fn migrate(version: String, changes: Vec<Change>) -> Result<(), String> {
        for Change { key, value } in changes {
            let new = [b"new/", key.as_slice()].concat();
            match value.as_deref() {
                None => drop(storage::delete(&new).map_err(storage_error)?),
                Some(b"poison") => return Err("it does not like poison".into()),
                Some(b"trap") => core::arch::wasm32::unreachable(),
                Some(b"schedule") => drop(schedule::cancel("x")),
                Some(value) => {
                    let value = [value, b" of ", version.as_bytes()].concat();
                    storage::set(&new, &value).map_err(storage_error)?;
                }
            }
        }
        Ok(())
    }
}

include!("../../script.rs");
