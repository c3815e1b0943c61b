//! Events: when they are, who comes, who waits, and what there is to do.

mod calendar;
mod feed;
mod guests;
mod ical;
mod tasks;

use hamlet_sdk::types::{Id, Instant};
use serde::{Deserialize, Serialize};

pub use calendar::{Frequency, Occurrence, Recurrence, Times, instant, local};
pub use feed::{address, feed, make_feed, revoke_feed};
pub use guests::{Guest, attend, attended, cancel, guests, remind};
pub use tasks::{Helper, Task, add_task, confirm, help, remove_task, tasks};

use crate::audience::Audience;
use crate::error::Error;
use crate::market::{self, Draft};
use crate::post::{self, BY_KIND, Details, Kind, Number, POSTS, Post, Seen, Words};
use crate::rights;
use crate::world::World;

/// Open events that a look at the calendar reads at most.
pub(crate) const OPEN_MAX: u32 = 1_000;
/// Most places.
const CAPACITY_MAX: u32 = 10_000;

/// What an event has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gathering {
    /// When.
    pub times: Times,
    /// How many can come; none: as many as like.
    pub capacity: Option<u32>,
}

/// What somebody plans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it says.
    pub words: Words,
    /// Who may see it.
    pub audience: Audience,
    /// Whose it is; none: whoever plans it.
    pub party: Option<Id>,
    /// What an event has.
    pub gathering: Gathering,
}

impl Plan {
    fn draft(self, world: &impl World) -> Result<Draft, Error> {
        self.gathering.times.check(&world.zone())?;
        if self.gathering.capacity.is_some_and(|most| !(1..=CAPACITY_MAX).contains(&most)) {
            return Err(Error::TooMany(CAPACITY_MAX));
        }
        let Self { words, audience, party, gathering } = self;
        let until = gathering.times.end(&world.zone())?;
        Ok(Draft {
            words,
            audience,
            party,
            category: None,
            until,
            details: Details::Event(gathering),
            picture: None,
        })
    }
}

/// Puts an event up; its number.
///
/// # Errors
/// As [`market::put_up`]; [`Error::Time`].
pub fn plan(world: &impl World, plan: Plan) -> Result<Number, Error> {
    let draft = plan.draft(world)?;
    let number = market::put_up(world, draft)?;
    world.remind_hourly();
    Ok(number)
}

/// Changes it. Who comes to a time that it no longer has is not told by this: say it in a reply.
///
/// # Errors
/// As [`plan`]; [`Error::NotFound`] and [`Error::NotYours`].
pub fn change(world: &impl World, number: Number, plan: Plan) -> Result<(), Error> {
    let draft = plan.draft(world)?;
    market::change(world, number, draft)
}

/// Leaves a day out of what comes again.
///
/// # Errors
/// [`Error::NotFound`] and [`Error::NotYours`]; [`Error::Occurrence`] where it is not on that day; [`Error::TooMany`].
pub fn skip(world: &impl World, number: Number, day: &str) -> Result<(), Error> {
    let own = rights::own(world, number)?;
    let Details::Event(mut gathering) = own.post.details.clone() else { return Err(Error::NotFound) };
    let from = calendar::instant(&format!("{day}T00:00"), &world.zone())?;
    let there = gathering.times.occurrences(&world.zone(), from, 2)?;
    let Some(recurrence) = gathering.times.repeats.as_mut() else { return Err(Error::Occurrence) };
    if !there.iter().any(|one| one.day.to_string() == day) {
        return Err(Error::Occurrence);
    }
    recurrence.except.push(day.to_owned());
    gathering.times.check(&world.zone())?;
    let now = world.now();
    POSTS.update(world.db(), &number, |post| {
        post.details = Details::Event(gathering);
        post.changed = now;
    })?;
    Ok(())
}

/// The events that are next, each with when that is, the soonest first.
///
/// # Errors
/// When the rows cannot be read.
pub fn coming(world: &impl World, limit: u32) -> Result<Vec<(Occurrence, Seen)>, Error> {
    let mut coming = Vec::new();
    for seen in open(world)? {
        if let Some(next) = occurrences(world, &seen, world.now(), 1)?.pop() {
            coming.push((next, seen));
        }
    }
    coming.sort_by_key(|(next, seen)| (*next, seen.number));
    coming.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(coming)
}

/// The open events that whoever acts may see.
fn open(world: &impl World) -> Result<Vec<Seen>, Error> {
    let rows = open_rows(world)?.into_iter();
    Ok(rows.filter_map(|(number, post)| post::visible(world, number, post)).collect())
}

/// The open events, whoever may see them.
fn open_rows(world: &impl World) -> Result<Vec<(Number, Post)>, Error> {
    let rows = POSTS.by(&BY_KIND).prefix(&Kind::Event.number()).reverse().page(world.db(), OPEN_MAX)?.rows;
    Ok(rows.into_iter().filter(|(_, post)| post.is_open(world.now())).collect())
}

/// When an event takes place, from those that have not ended at `from`; nothing of what is no event.
///
/// # Errors
/// When its times cannot be read.
pub fn occurrences(
    world: &impl World,
    seen: &Seen,
    from: Instant,
    limit: usize,
) -> Result<Vec<Occurrence>, Error> {
    match &seen.post.details {
        Details::Event(gathering) => gathering.times.occurrences(&world.zone(), from, limit),
        _ => Ok(Vec::new()),
    }
}

/// An event that she may see and one of its times, by its beginning.
fn at(world: &impl World, number: Number, start: Instant) -> Result<(Seen, Occurrence), Error> {
    let seen = post::read(world, number)?;
    let from = start.saturating_sub(1);
    let found = occurrences(world, &seen, from, 3)?.into_iter().find(|one| one.start == start);
    found.map(|one| (seen, one)).ok_or(Error::Occurrence)
}

/// The same of an event that is not over.
fn ahead(world: &impl World, number: Number, start: Instant) -> Result<(Seen, Occurrence), Error> {
    let (seen, one) = at(world, number, start)?;
    if seen.post.closed.is_some() || one.end <= world.now() { Err(Error::Closed) } else { Ok((seen, one)) }
}
