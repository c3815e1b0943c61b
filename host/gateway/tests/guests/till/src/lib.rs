//! A guest that takes from people's boxes, with their consent.
wit_bindgen::generate!({ world: "test:speaker/keeper", path: ["../../../../../wit/host", "../wit"], generate_all });

use exports::test::speaker::till::{Guest, PartyId};
use hamlet::host::consent;

struct Plugin;

impl Guest for Plugin {
    fn take(owner: PartyId, amount: u64) -> Result<(), String> {
        let need = consent::Need {
            kind: "spend".into(),
            thing: "box".into(),
            owner,
            amount: Some(amount),
            sentence: format!("take <b>{amount}</b> from your box"),
        };
        consent::require(&need).map_err(|refusal| format!("{refusal:?}"))
    }
}

export!(Plugin);
