//! Who comes: a row for each party and time. Who has a place and who waits is counted from the rows, in the order in which
//! people said that they come; so whoever cancels makes room for the next by that alone.

use hamlet_sdk::types::{Id, Instant};
use hamlet_sdk::{Counter, Index, Row, Table};
use serde::{Deserialize, Serialize};

use super::{Occurrence, ahead, at, occurrences, open_rows};
use crate::error::Error;
use crate::market::DAY;
use crate::post::{self, Details, Number, POSTS, Seen};
use crate::world::{Notice, World};

/// Parties that come to one time, waiting ones too.
const GUESTS_MAX: u32 = 1_000;
/// People that one party brings at most.
const PEOPLE_MAX: u32 = 50;
/// Her events that are shown.
const ATTENDED_MAX: u32 = 50;
/// The topic of reminders.
const REMINDER: &str = "reminders";
/// The topic of what changes for a guest.
const PLACE: &str = "places";

/// That a party comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Attendance {
    /// Their turn: the order of the waiting list. A number and no time, as two may come at once.
    turn: u64,
    /// How many of them.
    people: u32,
}

impl Row for Attendance {}

/// How far reminders were sent: for what begins before this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reminded {
    through: Instant,
}

impl Row for Reminded {}

/// By event, beginning and party.
const GUESTS: Table<(Number, Instant, Id), Attendance> = Table::new(20).indexed(&[&BY_PARTY]);
/// By party and beginning.
const BY_PARTY: Index<(Id, Instant), (Number, Instant, Id), Attendance> =
    Index::new(21, |(_, start, party), _, add| add((*party, *start)));
const REMINDED: Table<(), Reminded> = Table::new(22);
/// The last turn that was given.
const TURNS: Counter<()> = Counter::new(27);

/// A party that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guest {
    /// Who.
    pub party: Id,
    /// How many of them.
    pub people: u32,
    /// There was no room for all of them; they come when there is.
    pub waits: bool,
}

/// Says that a party comes, with how many people; or changes how many. Whether there is room, or they wait.
///
/// Who asks for more than before goes to the end of the line; who asks for fewer keeps the place.
///
/// # Errors
/// [`Error::NotFound`], [`Error::NotYours`], [`Error::Occurrence`], [`Error::Closed`], [`Error::TooMany`].
pub fn attend(
    world: &impl World,
    number: Number,
    start: Instant,
    party: Option<Id>,
    people: u32,
) -> Result<bool, Error> {
    let party = acting_for(world, party)?;
    let (seen, _) = ahead(world, number, start)?;
    if !(1..=PEOPLE_MAX).contains(&people) {
        return Err(Error::TooMany(PEOPLE_MAX));
    }
    let key = (number, start, party);
    let before = GUESTS.get(world.db(), &key)?;
    let line = line(world, &seen, start)?;
    if before.is_none() && line.len() >= usize::try_from(GUESTS_MAX).unwrap_or(usize::MAX) {
        return Err(Error::TooMany(GUESTS_MAX));
    }
    let turn = match before {
        Some(before) if people <= before.people => before.turn,
        _ => TURNS.add(world.db(), &(), 1)?.unsigned_abs(),
    };
    GUESTS.put(world.db(), &key, &Attendance { turn, people })?;
    tell_moved_up(world, &seen, start, &line)?;
    let now = self::line(world, &seen, start)?;
    Ok(now.iter().any(|guest| guest.party == party && !guest.waits))
}

/// Says that a party does not come; whoever waited longest is told of the room.
///
/// # Errors
/// As [`attend`]; [`Error::NotFound`] where it was not said that they come.
pub fn cancel(world: &impl World, number: Number, start: Instant, party: Option<Id>) -> Result<(), Error> {
    let party = acting_for(world, party)?;
    let (seen, _) = ahead(world, number, start)?;
    let line = line(world, &seen, start)?;
    GUESTS.remove(world.db(), &(number, start, party))?.ok_or(Error::NotFound)?;
    tell_moved_up(world, &seen, start, &line)
}

fn acting_for(world: &impl World, party: Option<Id>) -> Result<Id, Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    let party = party.unwrap_or(person);
    if world.acts_for(party) { Ok(party) } else { Err(Error::NotYours) }
}

/// Tells those who waited before and have room now.
fn tell_moved_up(world: &impl World, seen: &Seen, start: Instant, before: &[Guest]) -> Result<(), Error> {
    for guest in line(world, seen, start)? {
        let waited = before.iter().any(|old| old.party == guest.party && old.waits);
        if waited && !guest.waits {
            world.tell(
                guest.party,
                &Notice { topic: PLACE, title: &seen.words.title, text: "", path: &seen.path() },
            );
        }
    }
    Ok(())
}

/// Who comes to one time of an event, in the order in which they said so. For whoever may see the event and is signed in.
///
/// # Errors
/// [`Error::NotFound`] and [`Error::Occurrence`].
pub fn guests(world: &impl World, number: Number, start: Instant) -> Result<Vec<Guest>, Error> {
    world.person().ok_or(Error::MembersOnly)?;
    let (seen, _) = at(world, number, start)?;
    line(world, &seen, start)
}

fn line(world: &impl World, seen: &Seen, start: Instant) -> Result<Vec<Guest>, Error> {
    let Details::Event(gathering) = &seen.post.details else { return Ok(Vec::new()) };
    let mut rows = GUESTS.scan().prefix(&(seen.number, start)).page(world.db(), GUESTS_MAX)?.rows;
    rows.sort_by_key(|(_, guest)| guest.turn);
    let mut left = gathering.capacity;
    let mut is_full = false;
    let guest = |((.., party), guest): ((Number, Instant, Id), Attendance)| {
        // Nobody overtakes: behind the first that does not fit all wait.
        is_full |= left.is_some_and(|left| guest.people > left);
        if !is_full {
            left = left.map(|left| left - guest.people);
        }
        Guest { party, people: guest.people, waits: is_full }
    };
    Ok(rows.into_iter().map(guest).collect())
}

/// The events that the parties for which she acts said to come to, from now on.
///
/// # Errors
/// When the rows cannot be read.
pub fn attended(world: &impl World) -> Result<Vec<Seen>, Error> {
    let mut numbers: Vec<Number> = Vec::new();
    for party in world.parties() {
        let from = world.now().saturating_sub(DAY);
        let rows = GUESTS
            .by(&BY_PARTY)
            .range((party, from)..=(party, Instant::MAX))
            .page(world.db(), ATTENDED_MAX)?
            .rows;
        numbers.extend(rows.into_iter().map(|((number, ..), _)| number));
    }
    numbers.sort_unstable();
    numbers.dedup();
    let posts = POSTS.get_many(world.db(), &numbers)?;
    let there = numbers.into_iter().zip(posts).filter_map(|(number, post)| Some((number, post?)));
    Ok(there.filter_map(|(number, post)| post::visible(world, number, post)).collect())
}

/// Reminds whoever comes to what begins within a day and was not reminded of. As the board itself, on schedule.
///
/// # Errors
/// When the rows cannot be read or written.
pub fn remind(world: &impl World) -> Result<(), Error> {
    let through = world.now().saturating_add(DAY);
    let before = REMINDED.get(world.db(), &())?.map_or(world.now(), |reminded| reminded.through);
    for (number, post) in open_rows(world)? {
        let Some(seen) = post::unsealed(world, number, post) else { continue };
        for one in occurrences(world, &seen, world.now(), 30)? {
            if one.start >= before && one.start < through {
                remind_of(world, &seen, one)?;
            }
        }
    }
    Ok(REMINDED.put(world.db(), &(), &Reminded { through })?)
}

fn remind_of(world: &impl World, seen: &Seen, one: Occurrence) -> Result<(), Error> {
    for guest in line(world, seen, one.start)? {
        // Who lost sight of it since, by leaving a group, is not told.
        if !guest.waits && seen.is_for(world, guest.party) {
            world.tell(
                guest.party,
                &Notice {
                    topic: REMINDER,
                    title: &seen.words.title,
                    text: &seen.words.place,
                    path: &seen.path(),
                },
            );
        }
    }
    Ok(())
}
