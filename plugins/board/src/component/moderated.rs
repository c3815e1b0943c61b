//! `hamlet:host/moderated`.

use hamlet_sdk::OrTrap as _;

use super::exports::hamlet::host::moderated as wit;
use super::{Component, House};
use crate::error::Error;
use crate::moderated;

impl wit::Guest for Component {
    fn content(name: String) -> Option<wit::Thing> {
        let content = moderated::content(&House::new(), &name).or_trap()?;
        Some(wit::Thing { author: content.author, text: content.text, path: content.path })
    }

    fn erase(name: String) -> Result<(), ()> {
        match moderated::erase(&House::new(), &name) {
            // The contract has no case for rows that cannot be read: the call ends (T3).
            Err(Error::Storage(error)) => Err(error).or_trap(),
            done => done.map_err(drop),
        }
    }
}
