//! Drafts of notices: what somebody began to write, for her own eyes.

use hamlet_sdk::types::Id;
use hamlet_sdk::{Row, Table};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::market::TEXT_BYTES_MAX;
use crate::post::Words;
use crate::world::World;

/// Drafts of a person.
const DRAFTS_MAX: u32 = 10;

/// [`Words`], sealed for whoever writes.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept(Vec<u8>);

impl Row for Kept {}

const DRAFTS: Table<(Id, u64), Kept> = Table::new(54);

/// Keeps a draft, in place of an older one where that is given. Its number.
///
/// # Errors
/// [`Error::TooMany`] past 10; [`Error::Text`] for more than 4,000 bytes; [`Error::NotFound`] for an older one that is not
/// there.
pub fn keep(world: &impl World, words: &Words, older: Option<u64>) -> Result<u64, Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    if words.title.len() + words.text.len() > TEXT_BYTES_MAX {
        return Err(Error::Text);
    }
    let number = match older {
        Some(older) if DRAFTS.contains(world.db(), &(person, older))? => older,
        Some(_) => return Err(Error::NotFound),
        None => {
            let kept = DRAFTS.scan().prefix(&person).page(world.db(), DRAFTS_MAX)?.rows;
            if kept.len() >= usize::try_from(DRAFTS_MAX).unwrap_or(usize::MAX) {
                return Err(Error::TooMany(DRAFTS_MAX));
            }
            kept.last().map_or(1, |((_, number), _)| number.saturating_add(1))
        }
    };
    let sealed = world.seal(person, &words.to_bytes()?).ok_or(Error::NotFound)?;
    DRAFTS.put(world.db(), &(person, number), &Kept(sealed))?;
    Ok(number)
}

/// Forgets a draft; nothing where it is not there.
///
/// # Errors
/// [`Error::MembersOnly`].
pub fn forget(world: &impl World, number: u64) -> Result<(), Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    DRAFTS.remove(world.db(), &(person, number))?;
    Ok(())
}

/// Hers, each with its number.
///
/// # Errors
/// [`Error::MembersOnly`].
pub fn list(world: &impl World) -> Result<Vec<(u64, Words)>, Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    let kept = DRAFTS.scan().prefix(&person).page(world.db(), DRAFTS_MAX)?.rows.into_iter();
    let words = |((_, number), Kept(sealed)): ((Id, u64), Kept)| {
        Some((number, Words::from_bytes(&world.open(person, &sealed)?)?))
    };
    Ok(kept.filter_map(words).collect())
}
