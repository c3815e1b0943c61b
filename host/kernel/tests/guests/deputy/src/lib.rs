//! An honest plugin whom another one would use against its owner: it asks for consent before it acts with her will.
wit_bindgen::generate!({ world: "test:hostile/deputy-world", path: ["../../../../../wit/host", "wit"], generate_all });

use exports::test::hostile::deputy::Guest;
use hamlet::host::{consent, identity, storage, types};

struct Plugin;

impl Guest for Plugin {
    fn spend(owner: types::Id, amount: u64) -> Result<String, String> {
        let need = consent::Need {
            kind: "spend".into(),
            thing: "purse".into(),
            owner,
            amount: Some(amount),
            sentence: "spend from the purse".into(),
        };
        consent::require(&need).map_err(|refusal| format!("{refusal:?}"))?;
        storage::set(b"spent", &amount.to_be_bytes()).map_err(|error| format!("{error:?}"))?;
        Ok("spent".into())
    }

    fn vote() -> Result<String, String> {
        storage::set(b"vote", b"yes").map_err(|error| format!("{error:?}"))?;
        Ok("voted".into())
    }

    fn secret() -> Result<String, String> {
        Self::vote()
    }

    fn caller() -> String {
        format!("{:?} by {:?} through {:?}", identity::get_actor(), identity::get_caller(), identity::get_chain())
    }

    fn sum(numbers: Vec<u64>) -> u64 {
        numbers.iter().sum()
    }
}

export!(Plugin);
