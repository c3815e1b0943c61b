//! Favourites: what a person marked, to find it again.

use hamlet_sdk::types::{Id, Instant};
use hamlet_sdk::{Row, Table};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::post::{self, Number, POSTS, Seen};
use crate::world::World;

/// Favourites of a person.
const FAVOURITES_MAX: u32 = 200;

/// When a post was marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Favourite {
    at: Instant,
}

impl Row for Favourite {}

/// By person and post.
const FAVOURITES: Table<(Id, Number), Favourite> = Table::new(10);

/// Marks a post to find it again, or takes the mark away.
///
/// # Errors
/// [`Error::NotFound`], and [`Error::TooMany`] past 200.
pub fn set(world: &impl World, number: Number, on: bool) -> Result<(), Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    if !on {
        FAVOURITES.remove(world.db(), &(person, number))?;
        return Ok(());
    }
    post::read(world, number)?;
    let marked = FAVOURITES.scan().prefix(&person).page(world.db(), FAVOURITES_MAX)?.rows.len();
    if marked >= usize::try_from(FAVOURITES_MAX).unwrap_or(usize::MAX) {
        return Err(Error::TooMany(FAVOURITES_MAX));
    }
    Ok(FAVOURITES.put(world.db(), &(person, number), &Favourite { at: world.now() })?)
}

/// Whether she marked a post.
///
/// # Errors
/// When the rows cannot be read.
pub fn is_one(world: &impl World, number: Number) -> Result<bool, Error> {
    let Some(person) = world.person() else { return Ok(false) };
    Ok(FAVOURITES.contains(world.db(), &(person, number))?)
}

/// What she marked and may still see, the newest posts first.
///
/// # Errors
/// When the rows cannot be read.
pub fn list(world: &impl World) -> Result<Vec<Seen>, Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    let marked = FAVOURITES.scan().prefix(&person).reverse().page(world.db(), FAVOURITES_MAX)?;
    let numbers: Vec<Number> = marked.rows.into_iter().map(|((_, number), _)| number).collect();
    let posts = POSTS.get_many(world.db(), &numbers)?;
    let there = numbers.into_iter().zip(posts).filter_map(|(number, post)| Some((number, post?)));
    Ok(there.filter_map(|(number, post)| post::visible(world, number, post)).collect())
}
