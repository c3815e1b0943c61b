//! A guest that takes from people's boxes, with their consent.
wit_bindgen::generate!({ world: "test:speaker/keeper", path: ["../../../../../wit/host", "../wit"], generate_all });

use exports::hamlet::host::units;
use exports::test::speaker::till::{Guest, PartyId};
use hamlet::host::consent;

struct Plugin;

impl Guest for Plugin {
    fn take(owner: PartyId, amount: u64) -> Result<(), String> {
        let need = consent::Need {
            kind: "spend".into(),
            // Of what is in the box the unit is known, of what is in the chest not.
            thing: if amount < 5_000 { "box".into() } else { "chest".into() },
            owner,
            amount: Some(amount),
            sentence: format!("take <b>{amount}</b> from your box"),
        };
        consent::require(&need).map_err(|refusal| format!("{refusal:?}"))
    }
}

impl units::Guest for Plugin {
    fn unit_of(thing: String) -> Option<units::Unit> {
        (thing == "box").then(|| units::Unit { symbol: "OAK".into(), scale: 2, fields: Vec::new() })
    }
}

export!(Plugin);
