//! Full-text search, with the languages' word forms.
//!
//! An inverted index over the plugin's rows: a row for each word of a post, under a keyed hash of the word and the post's
//! number. Keys hold no personal data (C6), so a word itself is in none: whoever has the rows and not the key cannot tell
//! what is written, though she can tell that two posts share a word.
//!
//! A query walks the words' rows from the newest post downwards and leaps: where one word goes on at post 17, the others
//! need not be read above it (Zobel and Moffat, "Inverted files for text search engines", 2006, section 6). It reads at
//! most [`ROWS_MAX`] rows a page; a page that ends early has a cursor.

mod walk;
mod words;

use std::collections::BTreeSet;

use hamlet_sdk::{Error, Page, Row, Storage, Table};
use serde::{Deserialize, Serialize};

use crate::post::Number;
use crate::world::World;
use walk::Walk;

/// Rows that a page reads at most; some milliseconds.
pub const ROWS_MAX: usize = 20_000;
/// Words of a search that count; the rest are not looked at.
const WORDS_MAX: usize = 8;

/// The secret of the hashes.
#[derive(Clone, Serialize, Deserialize)]
pub struct Key([u8; 32]);

impl Row for Key {}

/// That a post has a word.
#[derive(Serialize, Deserialize)]
pub(crate) struct Here;

impl Row for Here {}

const KEY: Table<(), Key> = Table::new(40);
/// By word and post.
pub(crate) const ENTRIES: Table<(u64, Number), Here> = Table::new(41);

/// The secret of this community's board; made at its first post.
///
/// # Errors
/// When the rows cannot be read or written.
pub fn make_key(world: &impl World) -> Result<Key, Error> {
    if let Some(key) = KEY.get(world.db(), &())? {
        return Ok(key);
    }
    let key = Key(world.random());
    KEY.put(world.db(), &(), &key)?;
    Ok(key)
}

/// The secret, for a query: before the first post there is none, and nothing to find either.
///
/// # Errors
/// When the rows cannot be read.
pub fn key(world: &impl World) -> Result<Key, Error> {
    Ok(KEY.get(world.db(), &())?.unwrap_or(Key([0; 32])))
}

/// What each post is found by, so that it can be taken out.
const FOUND_BY: Table<Number, Terms> = Table::new(42);

/// The words of a post, hashed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms(BTreeSet<u64>);

impl Row for Terms {}

impl Terms {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        self.0.iter().copied()
    }

    /// Whether all words of a query are among them.
    #[must_use]
    pub fn answer(&self, query: &Query) -> bool {
        query.0.iter().all(|forms| forms.iter().any(|form| self.0.contains(form)))
    }
}

/// What is looked for: words, each of which may be there in one of several forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query(Vec<Vec<u64>>);

impl Query {
    /// The forms of the first word: what answers has one of them.
    #[must_use]
    pub fn first(&self) -> &[u64] {
        self.0.first().map_or(&[], Vec::as_slice)
    }
}

/// The words of texts.
#[must_use]
pub fn terms<'a>(key: &Key, texts: impl IntoIterator<Item = &'a str>) -> Terms {
    let words = texts.into_iter().flat_map(words::of);
    Terms(words.flat_map(|word| words::forms(&word)).map(|form| hash(key, &form)).collect())
}

/// What somebody looks for; none: no word in it counts.
#[must_use]
pub fn query(key: &Key, text: &str) -> Option<Query> {
    let mut words: Vec<Vec<u64>> = Vec::new();
    for word in words::of(text).take(WORDS_MAX) {
        let forms: BTreeSet<u64> = words::forms(&word).iter().map(|form| hash(key, form)).collect();
        words.push(forms.into_iter().collect());
    }
    words.sort();
    words.dedup();
    (!words.is_empty()).then_some(Query(words))
}

fn hash(key: &Key, word: &str) -> u64 {
    let hash = blake3::keyed_hash(&key.0, word.as_bytes());
    hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// Has a post found by these words, and by no others that it was found by before.
///
/// # Errors
/// When they cannot be written.
pub fn set(db: &impl Storage, number: Number, terms: &Terms) -> Result<(), Error> {
    remove(db, number)?;
    terms.iter().try_for_each(|term| ENTRIES.put(db, &(term, number), &Here))?;
    FOUND_BY.put(db, &number, terms)
}

/// Has it found no longer. It needs no look at the words, which may be erased by then.
///
/// # Errors
/// When the rows cannot be changed.
pub fn remove(db: &impl Storage, number: Number) -> Result<(), Error> {
    let Some(terms) = FOUND_BY.remove(db, &number)? else { return Ok(()) };
    terms.iter().try_for_each(|term| ENTRIES.remove(db, &(term, number)).map(|_| ()))
}

/// The posts that answer, newest first, at most `limit`. The cursor is the number below which it goes on.
///
/// # Errors
/// [`Error::Cursor`].
pub fn page(
    db: &impl Storage,
    query: &Query,
    limit: u32,
    cursor: Option<&str>,
) -> Result<Page<Number>, Error> {
    let below: Number = cursor.map_or(Ok(Number::MAX), str::parse).map_err(|_| Error::Cursor)?;
    let mut walks: Vec<Walk> = query.0.iter().map(|forms| Walk::new(forms)).collect();
    let (mut found, mut target) = (Vec::new(), below.checked_sub(1));
    while let Some(wanted) = target {
        if found.len() >= usize::try_from(limit).unwrap_or(usize::MAX)
            || walks.iter().map(Walk::rows_read).sum::<usize>() > ROWS_MAX
        {
            return Ok(Page { rows: found, next: Some(wanted.saturating_add(1).to_string()) });
        }
        let Some(reached) = leap(db, &mut walks, wanted)? else { break };
        if reached == wanted || walks.len() == 1 {
            found.push(reached);
            target = reached.checked_sub(1);
        } else {
            target = Some(reached);
        }
    }
    Ok(Page { rows: found, next: None })
}

/// Brings every walk to `wanted` or below: the lowest place that one of them reached; none: one has no more. All stand at
/// `wanted` exactly when that is what it gives.
fn leap(db: &impl Storage, walks: &mut [Walk], wanted: Number) -> Result<Option<Number>, Error> {
    let mut lowest = wanted;
    for walk in walks {
        match walk.seek(db, lowest)? {
            None => return Ok(None),
            Some(reached) => lowest = lowest.min(reached),
        }
    }
    Ok(Some(lowest))
}

#[cfg(test)]
mod tests;
