//! A guest that tells some people numbers as events, and remembers them.
wit_bindgen::generate!({ world: "test:speaker/crier", path: ["../../../../../wit/host", "../wit"], generate_all });

use exports::test::speaker::crying::{Guest, PartyId};
use hamlet::host::storage;
use test::speaker::news;

struct Plugin;

const CRIED: &[u8] = b"cried";

impl Guest for Plugin {
    fn cry(audience: Vec<PartyId>, numbers: Vec<u64>, words: String) -> Result<(), String> {
        let mut cried = kept()?;
        for number in numbers {
            news::cried(number, &words, &audience);
            cried.extend_from_slice(&number.to_be_bytes());
        }
        storage::set(CRIED, &cried).map_err(|error| format!("{error:?}"))
    }

    fn all() -> Result<Vec<u64>, String> {
        let cried = kept()?;
        let (numbers, _) = cried.as_chunks();
        Ok(numbers.iter().map(|number| u64::from_be_bytes(*number)).collect())
    }
}

fn kept() -> Result<Vec<u8>, String> {
    storage::get(CRIED).map(Option::unwrap_or_default).map_err(|error| format!("{error:?}"))
}

export!(Plugin);
