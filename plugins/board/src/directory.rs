//! The directory: who is here, and what they can do.
//!
//! How to reach somebody is the host's own (`profiles`): it tells members, each what she may see, and no plugin. What
//! somebody can do is kept here, for members.

use hamlet_sdk::types::Id;
use hamlet_sdk::{Page, Row, Table};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::search;
use crate::world::{Party, World};

/// Longest line of skills, in bytes.
const SKILLS_BYTES_MAX: usize = 300;

/// What somebody can do, sealed for her.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Skills(Vec<u8>);

impl Row for Skills {}

const SKILLS: Table<Id, Skills> = Table::new(60);

/// Somebody in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who.
    pub party: Party,
    /// What they can do; empty: they do not say.
    pub skills: String,
}

/// Says what a party can do; empty: nothing any more.
///
/// # Errors
/// [`Error::NotYours`]; [`Error::Text`] for more than 300 bytes.
pub fn set_skills(world: &impl World, party: Option<Id>, skills: &str) -> Result<(), Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    let party = party.unwrap_or(person);
    if !world.acts_for(party) {
        return Err(Error::NotYours);
    }
    let skills = skills.trim();
    if skills.len() > SKILLS_BYTES_MAX {
        return Err(Error::Text);
    }
    if skills.is_empty() {
        SKILLS.remove(world.db(), &party)?;
        return Ok(());
    }
    let sealed = world.seal(party, skills.as_bytes()).ok_or(Error::NotFound)?;
    Ok(SKILLS.put(world.db(), &party, &Skills(sealed))?)
}

/// What a party can do, for members.
///
/// # Errors
/// [`Error::MembersOnly`].
pub fn skills(world: &impl World, party: Id) -> Result<String, Error> {
    world.person().ok_or(Error::MembersOnly)?;
    let sealed = SKILLS.get(world.db(), &party)?;
    let plain = sealed.and_then(|Skills(sealed)| world.open(party, &sealed));
    Ok(plain.and_then(|plain| String::from_utf8(plain).ok()).unwrap_or_default())
}

/// Who is here, in order of their short names; with words only those whose name or skills have all of them, in whatever
/// form of the word. A page may be shorter than others, or empty, while there is a next one.
///
/// # Errors
/// [`Error::MembersOnly`]; [`Error::NoWords`]; [`Error::Cursor`].
pub fn people(world: &impl World, words: Option<&str>, cursor: Option<&str>) -> Result<Page<Entry>, Error> {
    world.person().ok_or(Error::MembersOnly)?;
    let key = search::key(world)?;
    let query = words.map(|words| search::query(&key, words).ok_or(Error::NoWords)).transpose()?;
    let (parties, next) = world.members(cursor).ok_or(Error::Cursor)?;
    let mut rows = Vec::new();
    for party in parties.into_iter().filter(|party| party.is_active) {
        let skills = skills(world, party.id)?;
        let answers = query.as_ref().is_none_or(|query| {
            search::terms(&key, [party.name.as_str(), &party.handle, &skills]).answer(query)
        });
        if answers {
            rows.push(Entry { party, skills });
        }
    }
    Ok(Page { rows, next })
}
