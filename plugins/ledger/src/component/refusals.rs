//! `hamlet:host/refusals`, answered by [`crate::pages::said`].

use super::Component;
use super::exports::hamlet::host::refusals as contract;
use super::house::House;
use crate::pages;

impl contract::Guest for Component {
    fn said(refusal: contract::Refusal) -> Option<String> {
        let pairs = |fields: Vec<contract::Field>| {
            fields.into_iter().map(|contract::Field { name, value }| (name, value)).collect()
        };
        let refusal = pages::Refusal {
            interface: refusal.interface,
            cases: refusal.cases,
            carried: pairs(refusal.carried),
            sent: pairs(refusal.sent),
            locale: refusal.locale,
        };
        pages::said(&mut House::new(), &refusal)
    }
}
