//! A member's own calendar feed: an address with a secret in it, as calendars of phones cannot sign in.

use hamlet_sdk::types::Id;
use hamlet_sdk::{Row, Table};
use serde::{Deserialize, Serialize};

use super::ical::{self, Entry};
use super::{occurrences, open};
use crate::error::Error;
use crate::market::DAY;
use crate::markup;
use crate::world::{As, World};

/// How far back and ahead a feed goes.
const PAST: u64 = 30 * DAY;
const AHEAD: u64 = 400 * DAY;
/// Times of one event in a feed.
const TIMES_MAX: usize = 120;
/// Times in a feed.
const ENTRIES_MAX: usize = 2_000;

/// Whose feed a secret opens; the key is its hash, so that the rows do not tell it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Owner(Id);

impl Row for Owner {}

/// A member's secret, sealed for her.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Secret(Vec<u8>);

impl Row for Secret {}

const OWNERS: Table<[u8; 32], Owner> = Table::new(25);
const SECRETS: Table<Id, Secret> = Table::new(26);

/// Makes her feed, or another secret for it: the old address then shows nothing.
///
/// # Errors
/// [`Error::MembersOnly`].
pub fn make_feed(world: &impl World) -> Result<(), Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    revoke_feed(world)?;
    let secret = hex(&world.random());
    let sealed = world.seal(person, secret.as_bytes()).ok_or(Error::NotFound)?;
    OWNERS.put(world.db(), blake3::hash(secret.as_bytes()).as_bytes(), &Owner(person))?;
    Ok(SECRETS.put(world.db(), &person, &Secret(sealed))?)
}

/// Ends her feed.
///
/// # Errors
/// [`Error::MembersOnly`].
pub fn revoke_feed(world: &impl World) -> Result<(), Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    if let Some(secret) = address(world)? {
        OWNERS.remove(world.db(), blake3::hash(secret.as_bytes()).as_bytes())?;
    }
    SECRETS.remove(world.db(), &person)?;
    Ok(())
}

/// The secret of her feed; none: she has none.
///
/// # Errors
/// [`Error::MembersOnly`].
pub fn address(world: &impl World) -> Result<Option<String>, Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    let Some(Secret(sealed)) = SECRETS.get(world.db(), &person)? else { return Ok(None) };
    Ok(world.open(person, &sealed).and_then(|plain| String::from_utf8(plain).ok()))
}

/// The events that whoever has this secret may see, as iCalendar. `name` is what the calendar is called.
///
/// # Errors
/// [`Error::NotFound`] for a secret of nobody who is a member.
pub fn feed(world: &impl World, secret: &str, name: &str) -> Result<String, Error> {
    let Owner(person) =
        OWNERS.get(world.db(), blake3::hash(secret.as_bytes()).as_bytes())?.ok_or(Error::NotFound)?;
    if !world.party(person).is_some_and(|party| party.is_active) {
        return Err(Error::NotFound);
    }
    // From here on it is she who looks, whoever asked.
    let hers = As { world, person };
    let now = world.now();
    let mut entries = Vec::new();
    for seen in open(&hers)? {
        for at in occurrences(&hers, &seen, now.saturating_sub(PAST), TIMES_MAX)? {
            if at.start > now.saturating_add(AHEAD) || entries.len() >= ENTRIES_MAX {
                break;
            }
            let (title, place) = (seen.words.title.clone(), seen.words.place.clone());
            let text = markup::plain(&seen.words.text, 500);
            entries.push(Entry { number: seen.number, at, changed: seen.post.changed, title, text, place });
        }
    }
    entries.sort_by_key(|entry| (entry.at, entry.number));
    Ok(ical::feed(name, "board.hamlet.invalid", &entries))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
