//! `hamlet:host/about`, answered by [`crate::about`].

use super::Component;
use super::exports::hamlet::host::about as contract;
use super::house::House;
use crate::about;

impl contract::Guest for Component {
    fn held(party: contract::PartyId, cursor: Option<String>) -> contract::Page {
        let about::Held { items, next } = about::held(&mut House::new(), party.into(), cursor.as_deref());
        let item = |about::Item { what, at, text }| contract::Item { what, at, text };
        contract::Page { items: items.into_iter().map(item).collect(), next }
    }
}
