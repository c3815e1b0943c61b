//! The component: the contracts of `wit/board`, answered by the core of this crate.
//!
//! Nothing is decided here. Each function turns words of the contract into words of the model, calls the one function
//! that knows, and turns the answer back.

mod convert;
mod directory;
mod events;
mod house;
mod market;
mod moderated;
mod pages;
mod topics;

use hamlet_sdk::OrTrap as _;

use exports::hamlet::board as contract;
use exports::hamlet::host::{about, scheduled};
use hamlet::board::types;
use house::House;

hamlet_sdk::plugin!("hamlet:board/board" in house);

struct Component;

export!(Component);

impl scheduled::Guest for Component {
    /// There is one schedule: reminders.
    fn run(_name: String, _due: u64, _payload: Vec<u8>) -> Result<(), String> {
        crate::events::remind(&House::new()).or_trap();
        Ok(())
    }
}

impl about::Guest for Component {
    fn held(party: about::PartyId, cursor: Option<String>) -> about::Page {
        // Whoever may not act for the party gets nothing.
        let (items, next) = crate::about::held(&House::new(), party, cursor).unwrap_or_default();
        let item = |crate::about::Item { what, at, text }| about::Item { what, at, text };
        about::Page { items: items.into_iter().map(item).collect(), next }
    }
}
