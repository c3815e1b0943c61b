//! A guest that carries out decisions: without anybody having voted.
wit_bindgen::generate!({ world: "test:chair/chair-world", path: ["../../../../../wit/host", "wit"], generate_all });

use exports::test::chair::chair::{Guest, Id};
use hamlet::host::{dispatch, identity, storage};

struct Plugin;

impl Guest for Plugin {
    fn freeze(
        plugin: String,
        interface: String,
        function: String,
        arguments: String,
        earliest: u64,
    ) -> Result<Id, String> {
        let target = dispatch::Target { plugin, interface, function };
        dispatch::freeze(&target, &arguments, earliest).map_err(|error| match error {
            dispatch::FreezeError::NoSuchFunction => "no-such-function".into(),
            dispatch::FreezeError::NotForDecisions => "not-for-decisions".into(),
            dispatch::FreezeError::ArgumentsInvalid(why) => format!("arguments-invalid: {why}"),
        })
    }

    fn run(effect: Id, after: String) -> Result<String, String> {
        note("before");
        let first = run_one(effect)?;
        note("after");
        match &*after {
            "fail" => Err("no".into()),
            "trap" => core::arch::wasm32::unreachable(),
            "twice" => Ok(format!("{first}; {}", run_one(effect).unwrap_or_else(|error| error))),
            "who" => Ok(format!("{first}; {:?} {:?}", identity::get_actor(), identity::get_caller())),
            _ => Ok(first),
        }
    }

    fn discard(effect: Id) -> bool {
        dispatch::discard(effect)
    }

    fn notes() -> String {
        let notes = storage::get(b"notes").unwrap_or(None).unwrap_or_default();
        String::from_utf8_lossy(&notes).into_owned()
    }

    fn quorum(percent: u8) -> Result<(), String> {
        note(&format!("quorum {percent}"));
        Ok(())
    }
}

fn run_one(effect: Id) -> Result<String, String> {
    match dispatch::run(effect) {
        Ok(dispatch::Outcome::Done(value)) => Ok(format!("done {value}")),
        Ok(dispatch::Outcome::Refused(value)) => Ok(format!("refused {value}")),
        Ok(dispatch::Outcome::Failed(why)) => Ok(format!("failed {why}")),
        Err(dispatch::RunError::NoSuchEffect) => Err("no-such-effect".into()),
        Err(dispatch::RunError::AlreadyRun) => Err("already-run".into()),
        Err(dispatch::RunError::TooEarly(when)) => Err(format!("too-early {when}")),
        Err(dispatch::RunError::Lapsed) => Err("lapsed".into()),
    }
}

fn note(text: &str) {
    let mut notes = Plugin::notes();
    notes.push_str(text);
    notes.push(' ');
    storage::set(b"notes", notes.as_bytes()).unwrap();
}

export!(Plugin);
