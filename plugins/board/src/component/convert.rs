//! Words of the contract to words of the model, and back.

use hamlet_sdk::{OrTrap as _, Page};

use super::House;
use super::types;
use crate::error::Error;
use crate::post::{Kind, Price, Seen};
use crate::price;
use crate::world::World as _;

impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::NotFound,
            Error::MembersOnly => Self::MembersOnly,
            Error::NotYours => Self::NotYours,
            Error::StewardsOnly => Self::StewardsOnly,
            Error::Title => Self::TitleInvalid,
            Error::Text => Self::TextInvalid,
            Error::Place => Self::PlaceInvalid,
            Error::Days => Self::DaysInvalid,
            Error::Price => Self::PriceInvalid,
            Error::Picture => Self::PictureInvalid,
            Error::Category => Self::CategoryInvalid,
            Error::Audience => Self::AudienceInvalid,
            Error::TooMany(most) => Self::TooMany(most),
            Error::Closed => Self::Closed,
            Error::Time => Self::TimeInvalid,
            Error::Occurrence => Self::OccurrenceInvalid,
            Error::NoWords => Self::NoWords,
            Error::NothingToPay => Self::NothingToPay,
            Error::NoAccount => Self::NoAccount,
            Error::PastLimit => Self::PastLimit,
            Error::Unpaid(why) => Self::Unpaid(why),
            Error::ConfirmationNeeded => Self::ConfirmationNeeded,
            Error::Muted => Self::Muted,
            Error::Newcomer(a_day) => Self::Newcomer(a_day),
            Error::Line(line, why) => Self::Line((line, why)),
            Error::Cursor => Self::CursorInvalid,
            // The contract has no case for rows that cannot be read: the call ends (T3).
            Error::Storage(error) => Err(error).or_trap(),
        }
    }
}

impl From<types::Kind> for Kind {
    fn from(kind: types::Kind) -> Self {
        match kind {
            types::Kind::Offer => Self::Offer,
            types::Kind::Want => Self::Want,
            types::Kind::Topic => Self::Topic,
            types::Kind::Event => Self::Event,
        }
    }
}

impl From<Kind> for types::Kind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Offer => Self::Offer,
            Kind::Want => Self::Want,
            Kind::Topic => Self::Topic,
            Kind::Event => Self::Event,
        }
    }
}

impl From<&Price> for types::Price {
    fn from(price: &Price) -> Self {
        match price {
            Price::Agreement => Self::Agreement,
            Price::Gift => Self::Gift,
            Price::Amount { amount, scale, unit } => {
                Self::Amount(types::Money { amount: price::written(*amount, *scale), unit: unit.clone() })
            }
        }
    }
}

/// A post as the contract gives it.
pub fn post(house: &House, seen: Seen) -> types::Post {
    types::Post {
        number: seen.number,
        kind: seen.kind().into(),
        author: seen.post.author,
        category: seen.post.category,
        picture: seen.post.picture.clone(),
        price: seen.post.details.price().map(Into::into),
        audience: seen.post.audience.to_string(),
        created: seen.post.created,
        changed: seen.post.changed,
        until: seen.post.until,
        open: seen.post.is_open(house.now()),
        title: seen.words.title,
        text: seen.words.text,
        place: seen.words.place,
    }
}

pub fn posts(house: &House, page: Page<Seen>) -> types::PostPage {
    types::PostPage { posts: page.rows.into_iter().map(|seen| post(house, seen)).collect(), next: page.next }
}
