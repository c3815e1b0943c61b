//! Saved searches: whoever waits for something is told when it is put up.
//!
//! A saved search is found by one of its words, so that a new post looks only at the searches that could be meant and
//! not at all of them. The words themselves are sealed, as they tell of a person (C6).

use hamlet_sdk::types::{Id, Instant};
use hamlet_sdk::{Index, Row, Table};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::post::{Kind, Seen};
use crate::search::{self, Query};
use crate::world::{Notice, World};

/// Searches that a person may save.
const SAVED_MAX: u32 = 20;
/// People that one post tells, at most: a word that everybody waits for is no secret.
const TOLD_MAX: usize = 100;
/// Longest search, in bytes.
const WORDS_BYTES_MAX: usize = 120;
/// The topic of the notices.
pub(crate) const TOPIC: &str = "found";

/// A search that somebody saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Saved {
    /// When.
    at: Instant,
    /// Only posts of this kind.
    kind: Option<Kind>,
    /// The words, hashed; the first one stands in the index.
    query: Query,
    /// The words, sealed for her.
    sealed: Vec<u8>,
}

impl Row for Saved {}

/// By person and number.
const SAVED: Table<(Id, u64), Saved> = Table::new(13).indexed(&[&BY_TERM]);
/// By the forms of the first word.
const BY_TERM: Index<u64, (Id, u64), Saved> = Index::new(14, |_, saved, add| {
    saved.query.first().iter().for_each(|form| add(*form));
});

/// A saved search as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Its number among hers.
    pub number: u64,
    /// What she looks for.
    pub words: String,
    /// Only posts of this kind.
    pub kind: Option<Kind>,
}

/// Saves a search; its number.
///
/// # Errors
/// [`Error::NoWords`], and [`Error::TooMany`] past 20.
pub fn save(world: &impl World, words: &str, kind: Option<Kind>) -> Result<u64, Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    let words = words.trim();
    let query = search::query(&search::make_key(world)?, words).filter(|_| words.len() <= WORDS_BYTES_MAX);
    let query = query.ok_or(Error::NoWords)?;
    let saved = SAVED.scan().prefix(&person).page(world.db(), SAVED_MAX)?.rows;
    if saved.len() >= usize::try_from(SAVED_MAX).unwrap_or(usize::MAX) {
        return Err(Error::TooMany(SAVED_MAX));
    }
    let number = saved.last().map_or(1, |((_, number), _)| number.saturating_add(1));
    let sealed = world.seal(person, words.as_bytes()).ok_or(Error::NotFound)?;
    SAVED.put(world.db(), &(person, number), &Saved { at: world.now(), kind, query, sealed })?;
    Ok(number)
}

/// Forgets one.
///
/// # Errors
/// [`Error::NotFound`].
pub fn forget(world: &impl World, number: u64) -> Result<(), Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    SAVED.remove(world.db(), &(person, number))?.map(|_| ()).ok_or(Error::NotFound)
}

/// Hers.
///
/// # Errors
/// [`Error::MembersOnly`].
pub fn list(world: &impl World) -> Result<Vec<Search>, Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    let saved = SAVED.scan().prefix(&person).page(world.db(), SAVED_MAX)?.rows;
    let search = |((_, number), saved): ((Id, u64), Saved)| {
        let words = String::from_utf8(world.open(person, &saved.sealed)?).ok()?;
        Some(Search { number, words, kind: saved.kind })
    };
    Ok(saved.into_iter().filter_map(search).collect())
}

/// Tells whoever waits for what was just put up, and may see it.
pub(crate) fn tell(world: &impl World, seen: &Seen) -> Result<(), Error> {
    let terms = crate::market::terms(world, seen)?;
    let mut told = Vec::new();
    for term in terms.iter() {
        for row in SAVED.by(&BY_TERM).prefix(&term).iter(world.db()) {
            let ((person, _), saved) = row?;
            let meant = saved.kind.is_none_or(|kind| kind == seen.kind()) && terms.answer(&saved.query);
            let others = person != seen.post.by && person != seen.post.author && !told.contains(&person);
            if meant && others && seen.is_for(world, person) {
                world.tell(
                    person,
                    &Notice { topic: TOPIC, title: &seen.words.title, text: "", path: &seen.path() },
                );
                told.push(person);
            }
            if told.len() >= TOLD_MAX {
                return Ok(());
            }
        }
    }
    Ok(())
}
