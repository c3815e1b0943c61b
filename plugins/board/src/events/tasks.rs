//! What there is to do at an event, who does it, and the hours that are credited for it.

use hamlet_sdk::types::{Id, Instant};
use hamlet_sdk::{Row, Table};
use serde::{Deserialize, Serialize};

use super::{ahead, at};
use crate::error::Error;
use crate::market::LINE_BYTES_MAX;
use crate::post::{self, Details, Number, Price};
use crate::world::{Payment, World};
use crate::{price, rights};

/// Tasks of an event.
const TASKS_MAX: u32 = 50;
/// People that one task takes at most.
const PLACES_MAX: u32 = 200;

/// A task as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// What is to be done, sealed for the event's author.
    sealed: Vec<u8>,
    places: u32,
    /// What is credited for it, of a currency that counts hours.
    credit: Option<Price>,
}

impl Row for Kept {}

/// That a party does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Help {
    said: Instant,
    /// When it was confirmed that they did.
    confirmed: Option<Instant>,
    /// The payment of the hours.
    paid: Option<Id>,
}

impl Row for Help {}

/// By event and number.
const TASKS: Table<(Number, u32), Kept> = Table::new(23);
/// By event, beginning, task and party.
const HELPERS: Table<(Number, Instant, u32, Id), Help> = Table::new(24);

/// A task of one time of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its number, from 1.
    pub number: u32,
    /// What is to be done.
    pub title: String,
    /// How many are needed.
    pub places: u32,
    /// What is credited for it.
    pub credit: Option<Price>,
    /// Who does it, in the order in which they said so.
    pub helpers: Vec<Helper>,
}

/// Somebody who does a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Helper {
    /// Who.
    pub party: Id,
    /// Whether the organiser confirmed it.
    pub confirmed: bool,
}

/// Adds a task; `hours` is what is credited for it, a decimal number in the community's currency of hours. Its number.
///
/// # Errors
/// [`Error::NotYours`], [`Error::Title`], [`Error::TooMany`]; [`Error::Price`] where there is no such currency.
pub fn add_task(
    world: &impl World,
    number: Number,
    title: &str,
    places: u32,
    hours: Option<&str>,
) -> Result<u32, Error> {
    let own = rights::own(world, number)?;
    if !matches!(own.post.details, Details::Event(_)) {
        return Err(Error::NotFound);
    }
    let title = title.trim();
    if title.is_empty() || title.len() > LINE_BYTES_MAX {
        return Err(Error::Title);
    }
    if !(1..=PLACES_MAX).contains(&places) {
        return Err(Error::TooMany(PLACES_MAX));
    }
    let credit = match hours {
        None => None,
        Some(hours) => {
            let unit = world.units().into_iter().find(|unit| unit.is_hours).ok_or(Error::Price)?;
            let credit = price::read(hours, &unit.symbol)?;
            price::check(world, &credit)?;
            Some(credit)
        }
    };
    let last = TASKS.scan().prefix(&number).reverse().first(world.db())?.map_or(0, |((_, task), _)| task);
    if last >= TASKS_MAX {
        return Err(Error::TooMany(TASKS_MAX));
    }
    let sealed = world.seal(own.post.author, title.as_bytes()).ok_or(Error::NotFound)?;
    TASKS.put(world.db(), &(number, last + 1), &Kept { sealed, places, credit })?;
    Ok(last + 1)
}

/// Takes a task away. Who did it keeps what was credited.
///
/// # Errors
/// [`Error::NotFound`] and [`Error::NotYours`].
pub fn remove_task(world: &impl World, number: Number, task: u32) -> Result<(), Error> {
    rights::own(world, number)?;
    TASKS.remove(world.db(), &(number, task))?.map(|_| ()).ok_or(Error::NotFound)
}

/// Says that a party does a task at one time of an event, or no longer.
///
/// # Errors
/// [`Error::NotFound`], [`Error::NotYours`], [`Error::Occurrence`], [`Error::Closed`]; [`Error::TooMany`] where enough do it.
pub fn help(
    world: &impl World,
    number: Number,
    start: Instant,
    task: u32,
    party: Option<Id>,
    on: bool,
) -> Result<(), Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    let party = party.unwrap_or(person);
    if !world.acts_for(party) {
        return Err(Error::NotYours);
    }
    ahead(world, number, start)?;
    let kept = TASKS.get(world.db(), &(number, task))?.ok_or(Error::NotFound)?;
    let key = (number, start, task, party);
    let help = HELPERS.get(world.db(), &key)?;
    if help.is_some_and(|help| help.confirmed.is_some()) {
        return Err(Error::Closed);
    }
    if !on {
        HELPERS.remove(world.db(), &key)?;
        return Ok(());
    }
    let helpers = HELPERS.scan().prefix(&(number, start, task)).page(world.db(), PLACES_MAX)?.rows.len();
    if help.is_none() && helpers >= usize::try_from(kept.places).unwrap_or(usize::MAX) {
        return Err(Error::TooMany(kept.places));
    }
    let said = help.map_or(world.now(), |help| help.said);
    Ok(HELPERS.put(world.db(), &key, &Help { said, confirmed: None, paid: None })?)
}

/// Confirms that a party did it, and credits the hours: the organiser pays them, with her consent. Once it has begun.
///
/// # Errors
/// [`Error::NotYours`], [`Error::NotFound`]; [`Error::Closed`] where it was confirmed before; [`Error::Occurrence`] before
/// it begins; what the ledger says.
pub fn confirm(
    world: &impl World,
    number: Number,
    start: Instant,
    task: u32,
    party: Id,
) -> Result<(), Error> {
    let own = rights::own(world, number)?;
    let (_, one) = at(world, number, start)?;
    if one.start > world.now() {
        return Err(Error::Occurrence);
    }
    let kept = TASKS.get(world.db(), &(number, task))?.ok_or(Error::NotFound)?;
    let key = (number, start, task, party);
    let mut help = HELPERS.get(world.db(), &key)?.ok_or(Error::NotFound)?;
    if help.confirmed.is_some() {
        return Err(Error::Closed);
    }
    if let (Some(Price::Amount { amount, scale, unit }), true) = (&kept.credit, party != own.post.author) {
        let written = price::written(*amount, *scale);
        let memo = format!("{} (#{number})", own.words.title);
        let payment = Payment { payer: own.post.author, payee: party, unit, amount: &written, memo: &memo };
        help.paid = Some(world.pay(&payment)?);
    }
    help.confirmed = Some(world.now());
    Ok(HELPERS.put(world.db(), &key, &help)?)
}

/// What there is to do at one time of an event, and who does it. Who helps is for members.
///
/// # Errors
/// [`Error::NotFound`].
pub fn tasks(world: &impl World, number: Number, start: Instant) -> Result<Vec<Task>, Error> {
    let seen = post::read(world, number)?;
    let mut tasks = Vec::new();
    for ((_, task), kept) in TASKS.scan().prefix(&number).page(world.db(), TASKS_MAX)?.rows {
        let title =
            world.open(seen.post.author, &kept.sealed).and_then(|plain| String::from_utf8(plain).ok());
        let mut helpers = Vec::new();
        if world.person().is_some() {
            helpers = HELPERS.scan().prefix(&(number, start, task)).page(world.db(), PLACES_MAX)?.rows;
        }
        helpers.sort_by_key(|((.., party), help)| (help.said, *party));
        let helpers = helpers
            .into_iter()
            .map(|((.., party), help)| Helper { party, confirmed: help.confirmed.is_some() });
        let title = title.unwrap_or_default();
        tasks.push(Task {
            number: task,
            title,
            places: kept.places,
            credit: kept.credit,
            helpers: helpers.collect(),
        });
    }
    Ok(tasks)
}
