//! A guest that sends people notices, as often as it is asked to.
wit_bindgen::generate!({ world: "test:speaker/bell", path: ["../../../../../wit/host", "../wit"], generate_all });

use exports::test::speaker::ringing::{Guest, PartyId};
use hamlet::host::notices;

struct Plugin;

impl Guest for Plugin {
    fn ring(to: PartyId, topic: String, title: String, path: String) -> Result<u32, String> {
        notices::send(to, &topic, &title, "Somebody is at the door.", &path).map_err(|error| format!("{error:?}"))
    }
}

export!(Plugin);
