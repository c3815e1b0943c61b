//! `hamlet:board/market`.

use hamlet_sdk::OrTrap as _;
use hamlet_sdk::types::{File, Id};

use super::contract::market::{self as wit, Pricing};
use super::{Component, House, convert, types};
use crate::error::Error;
use crate::market::{self, Draft, Filter};
use crate::post::{self, Details, Price, Words};
use crate::{categories, exchange, favourites, price, searches};

/// What people say about a price.
struct Asked {
    pricing: Pricing,
    amount: Option<String>,
    unit: Option<String>,
}

impl Asked {
    fn price(&self) -> Result<Price, Error> {
        match self.pricing {
            Pricing::Agreement => Ok(Price::Agreement),
            Pricing::Gift => Ok(Price::Gift),
            Pricing::Amount => amount(self.amount.as_deref(), self.unit.as_deref())?.ok_or(Error::Price),
        }
    }
}

fn amount(amount: Option<&str>, unit: Option<&str>) -> Result<Option<Price>, Error> {
    amount.map(|amount| price::read(amount, unit.unwrap_or_default())).transpose()
}

impl wit::Guest for Component {
    fn put_up(
        kind: types::Kind,
        title: String,
        text: String,
        place: String,
        category: Option<u32>,
        pricing: Pricing,
        amount: Option<String>,
        unit: Option<String>,
        days: u16,
        audience: String,
        party: Option<Id>,
        picture: Option<Vec<u8>>,
    ) -> Result<u64, types::Error> {
        let house = House::new();
        let price = Asked { pricing, amount, unit }.price()?;
        let details = match kind {
            types::Kind::Offer => Details::Offer(price),
            types::Kind::Want => Details::Want(price),
            types::Kind::Topic | types::Kind::Event => return Err(types::Error::NotFound),
        };
        let until = Some(market::days_from_now(&house, days)?);
        let words = Words { title, text, place };
        let draft = Draft { words, audience: audience.parse()?, party, category, until, details, picture };
        Ok(market::put_up(&house, draft)?)
    }

    fn change(
        number: u64,
        title: String,
        text: String,
        place: String,
        category: Option<u32>,
        pricing: Pricing,
        amount: Option<String>,
        unit: Option<String>,
        days: u16,
        audience: String,
        picture: Option<Vec<u8>>,
    ) -> Result<(), types::Error> {
        let house = House::new();
        let price = Asked { pricing, amount, unit }.price()?;
        let details = match post::read(&house, number)?.post.details {
            Details::Offer(_) => Details::Offer(price),
            Details::Want(_) => Details::Want(price),
            Details::Topic { .. } | Details::Event(_) => return Err(types::Error::NotFound),
        };
        let until = Some(market::days_from_now(&house, days)?);
        let words = Words { title, text, place };
        let draft =
            Draft { words, audience: audience.parse()?, party: None, category, until, details, picture };
        Ok(market::change(&house, number, draft)?)
    }

    fn renew(number: u64) -> Result<(), types::Error> {
        Ok(market::renew(&House::new(), number)?)
    }

    fn close(number: u64) -> Result<(), types::Error> {
        Ok(market::close(&House::new(), number)?)
    }

    fn pay(
        number: u64,
        payer: Option<Id>,
        amount: Option<String>,
        unit: Option<String>,
    ) -> Result<Id, types::Error> {
        let agreed = self::amount(amount.as_deref(), unit.as_deref())?;
        Ok(market::pay(&House::new(), number, payer, agreed)?)
    }

    fn get(number: u64) -> Result<types::Post, types::Error> {
        let house = House::new();
        Ok(convert::post(&house, post::read(&house, number)?))
    }

    fn browse(
        kind: types::Kind,
        category: Option<u32>,
        limit: u32,
        cursor: Option<String>,
    ) -> Result<types::PostPage, types::Error> {
        let house = House::new();
        let filter = Filter { kind: kind.into(), category };
        Ok(convert::posts(&house, market::browse(&house, filter, limit, cursor)?))
    }

    fn find(words: String, limit: u32, cursor: Option<String>) -> Result<types::PostPage, types::Error> {
        let house = House::new();
        Ok(convert::posts(&house, market::find(&house, &words, limit, cursor.as_deref())?))
    }

    fn favour(number: u64, on: bool) -> Result<(), types::Error> {
        Ok(favourites::set(&House::new(), number, on)?)
    }

    fn favourites() -> Result<Vec<types::Post>, types::Error> {
        let house = House::new();
        let marked = favourites::list(&house)?.into_iter();
        Ok(marked.map(|seen| convert::post(&house, seen)).collect())
    }

    fn save_search(words: String, kind: Option<types::Kind>) -> Result<u64, types::Error> {
        Ok(searches::save(&House::new(), &words, kind.map(Into::into))?)
    }

    fn forget_search(number: u64) -> Result<(), types::Error> {
        Ok(searches::forget(&House::new(), number)?)
    }

    fn searches() -> Result<Vec<wit::Search>, types::Error> {
        let saved = searches::list(&House::new())?.into_iter();
        let search = |search: searches::Search| wit::Search {
            number: search.number,
            words: search.words,
            kind: search.kind.map(Into::into),
        };
        Ok(saved.map(search).collect())
    }

    fn categories() -> Vec<wit::Category> {
        let all = categories::all(&House::new()).or_trap().into_iter();
        let category = |(number, category): (u32, categories::Category)| {
            let [name_en, name_es] = ["en", "es"].map(|language| category.name(language).to_owned());
            wit::Category { number, name_en, name_es, retired: category.retired }
        };
        all.map(category).collect()
    }

    fn set_category(
        number: u32,
        name_en: String,
        name_es: String,
        retired: bool,
    ) -> Result<(), types::Error> {
        Ok(categories::set(&House::new(), number, vec![name_en, name_es], retired)?)
    }

    fn import_offers(csv: String, party: Option<Id>) -> Result<u32, types::Error> {
        Ok(exchange::import(&House::new(), &csv, party)?)
    }

    fn export() -> Result<File, types::Error> {
        let text = exchange::export(&House::new())?;
        Ok(File { name: "board.csv".to_owned(), media_type: "text/csv".to_owned(), text })
    }
}
