//! Rows of what people meet at a desk: what is decided about a ledger, cards, and who stands at the counter.

use super::codec::{Damaged, Read, Reader, Writer};
use super::values::{Record, read_limits, write_limits};
use crate::model::{Card, Desk, Id, PinHash, Settings, Visibility};

impl Record for Settings {
    fn encode(&self) -> Vec<u8> {
        let mut row = Writer::new(32);
        row.u8(match self.visibility {
            Visibility::Owner => 0,
            Visibility::Members => 1,
            Visibility::Public => 2,
        });
        row.u8(self.joining.is_some().into());
        write_limits(&mut row, self.joining.unwrap_or_default());
        row.u8(self.counter.is_some().into());
        row.u64(self.counter.unwrap_or_default());
        row.finish()
    }

    fn decode(_: Id, bytes: &[u8]) -> Read<Self> {
        let mut row = Reader::new(bytes)?;
        let visibility = match row.u8()? {
            0 => Visibility::Owner,
            1 => Visibility::Members,
            2 => Visibility::Public,
            _ => return Err(Damaged),
        };
        let joins = row.u8()? != 0;
        let limits = read_limits(&mut row)?;
        let counts = row.u8()? != 0;
        let ceiling = row.u64()?;
        row.finish()?;
        Ok(Self { joining: joins.then_some(limits), visibility, counter: counts.then_some(ceiling) })
    }
}

impl Record for Card {
    fn encode(&self) -> Vec<u8> {
        let mut row = Writer::new(64);
        row.u128(self.party.0);
        row.u128(self.issued_by.0);
        row.u64(self.issued);
        row.u8(self.is_blocked.into());
        row.u8(self.wrong);
        row.u8(self.pin.is_some().into());
        let sealed = self.pin.as_ref().map_or(&[][..], |pin| &pin.0);
        for byte in u16::try_from(sealed.len()).unwrap_or(0).to_le_bytes().iter().chain(sealed) {
            row.u8(*byte);
        }
        row.finish()
    }

    fn decode(_: Id, bytes: &[u8]) -> Read<Self> {
        let mut row = Reader::new(bytes)?;
        let (party, issued_by, issued) = (Id(row.u128()?), Id(row.u128()?), row.u64()?);
        let (is_blocked, wrong) = (row.u8()? != 0, row.u8()?);
        let has_pin = row.u8()? != 0;
        let length = row.u16()?;
        let mut sealed = Vec::with_capacity(length.into());
        for _ in 0..length {
            sealed.push(row.u8()?);
        }
        row.finish()?;
        Ok(Self { party, issued_by, issued, is_blocked, wrong, pin: has_pin.then_some(PinHash(sealed)) })
    }
}

impl Record for Desk {
    fn encode(&self) -> Vec<u8> {
        let mut row = Writer::new(48);
        row.u32(self.card);
        row.u64(self.until);
        row.u8(self.wrong_left.map_or(u8::MAX, |left| left.min(u8::MAX - 1)));
        row.u128(self.last.map_or(0, |id| id.0));
        row.finish()
    }

    fn decode(_: Id, bytes: &[u8]) -> Read<Self> {
        let mut row = Reader::new(bytes)?;
        let (card, until, left) = (row.u32()?, row.u64()?, row.u8()?);
        let last = Some(Id(row.u128()?)).filter(|id| id.0 != 0);
        row.finish()?;
        Ok(Self { card, until, wrong_left: (left != u8::MAX).then_some(left), last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Limits;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_row_of_the_desk_reads_back_when_it_was_written(
            (party, by, issued, blocked, wrong) in any::<(u128, u128, u64, bool, u8)>(),
            pin in prop::option::of(prop::collection::vec(any::<u8>(), 0..200)),
            (card, until) in any::<(u32, u64)>(),
            left in prop::option::of(0..u8::MAX - 1),
            limits in prop::option::of((prop::option::of(0..u64::MAX), prop::option::of(0..u64::MAX))),
            counter in prop::option::of(any::<u64>()),
        ) {
            let card_row = Card {
                party: Id(party), issued_by: Id(by), issued, is_blocked: blocked, wrong, pin: pin.map(PinHash),
            };
            prop_assert_eq!(Card::decode(Id(1), &card_row.encode()), Ok(card_row));
            let desk = Desk { card, until, wrong_left: left, last: left.map(|left| Id(1 + u128::from(left))) };
            prop_assert_eq!(Desk::decode(Id(1), &desk.encode()), Ok(desk));
            let joining = limits.map(|(credit, upper)| Limits { credit, upper });
            let settings = Settings { joining, visibility: Visibility::Members, counter };
            prop_assert_eq!(Settings::decode(Id(1), &settings.encode()), Ok(settings));
        }

        #[test]
        fn arbitrary_bytes_are_a_row_or_damaged(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            // Whatever reads is written back as itself: nothing is invented.
            if let Ok(card) = Card::decode(Id(1), &bytes) {
                prop_assert_eq!(Card::decode(Id(1), &card.encode()), Ok(card));
            }
            if let Ok(settings) = Settings::decode(Id(1), &bytes) {
                prop_assert_eq!(Settings::decode(Id(1), &settings.encode()), Ok(settings));
            }
            if let Ok(desk) = Desk::decode(Id(1), &bytes) {
                prop_assert_eq!(Desk::decode(Id(1), &desk.encode()), Ok(desk));
            }
        }
    }
}
