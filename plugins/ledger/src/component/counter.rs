//! `hamlet:ledger/counter`, answered by [`crate::counter`].

use hamlet_sdk::Id as WitId;

use super::Component;
use super::contract::counter as contract;
use super::contract::transfers::Receipt;
use super::house::House;
use crate::counter;
use crate::errors::CounterError;

impl contract::Guest for Component {
    fn issue_card(owner: String) -> Result<u32, contract::Error> {
        Ok(counter::issue(&mut House::new(), &owner)?)
    }

    fn set_pin(card: u32, pin: String) -> Result<(), contract::Error> {
        Ok(counter::set_pin(&mut House::new(), card, &pin)?)
    }

    fn block_card(card: u32) -> Result<(), contract::Error> {
        Ok(counter::block(&mut House::new(), card)?)
    }

    fn identify(card: u32, pin: String) -> Result<bool, contract::Error> {
        Ok(counter::identify(&mut House::new(), card, &pin)?)
    }

    fn leave() -> Result<(), contract::Error> {
        Ok(counter::leave(&mut House::new())?)
    }

    fn pay_slip(
        id: WitId,
        slip: u32,
        unit: String,
        payee: String,
        amount: String,
        memo: Option<String>,
    ) -> Result<Receipt, contract::Error> {
        let payment = counter::SlipPayment { id: id.into(), slip, unit, payee, amount, memo };
        Ok(counter::pay(&mut House::new(), payment)?.into())
    }

    fn cards() -> Result<Vec<contract::Card>, contract::Error> {
        let cards = counter::cards(&mut House::new())?.into_iter();
        let shown = |(number, card): (u32, crate::model::Card)| contract::Card {
            number,
            party: card.party.into(),
            issued_by: card.issued_by.into(),
            issued: card.issued,
            has_pin: card.pin.is_some(),
        };
        Ok(cards.map(shown).collect())
    }
}

impl From<CounterError> for contract::Error {
    fn from(error: CounterError) -> Self {
        use CounterError as E;
        match error {
            E::PartyNotFound => Self::PartyNotFound,
            E::NoMandate => Self::NoMandate,
            E::CardNotFound => Self::CardNotFound,
            E::CardBlocked => Self::CardBlocked,
            E::CardWithoutPin => Self::CardWithoutPin,
            E::PinInvalid => Self::PinInvalid,
            E::FourEyes => Self::FourEyes,
            E::CounterClosed => Self::CounterClosed,
            E::NobodyHere => Self::NobodyHere,
            E::OwnParty => Self::OwnParty,
            E::SlipInvalid => Self::SlipInvalid,
            E::SlipTaken => Self::SlipTaken,
            E::OverCeiling(left) => Self::OverCeiling(left),
            E::Refused(refused) => Self::Refused(refused.into()),
        }
    }
}
