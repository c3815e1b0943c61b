//! What the board holds about a party, for her to read and take along (`hamlet:host/about`).

use hamlet_sdk::types::{Id, Instant};

use crate::error::Error;
use crate::market;
use crate::world::World;
use crate::{directory, drafts, events, favourites, searches, topics};

/// Posts on a page.
const LIMIT: u32 = 100;

/// One thing that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub what: String,
    /// When it was written down.
    pub at: Option<Instant>,
    /// All of it.
    pub text: String,
}

/// A page of what is held. Whoever may not act for the party gets nothing.
///
/// # Errors
/// [`Error::NotYours`]; [`Error::Cursor`].
pub fn held(
    world: &impl World,
    party: Id,
    cursor: Option<String>,
) -> Result<(Vec<Item>, Option<String>), Error> {
    if !world.acts_for(party) {
        return Err(Error::NotYours);
    }
    let is_first = cursor.is_none();
    let page = market::of(world, party, LIMIT, cursor)?;
    let mut items: Vec<Item> = page
        .rows
        .into_iter()
        .map(|seen| {
            let text =
                [&seen.words.title, &seen.words.text, &seen.words.place].map(String::as_str).join("\n");
            Item {
                what: format!("Post {} on the board", seen.number),
                at: Some(seen.post.created),
                text: text.trim_end().to_owned(),
            }
        })
        .collect();
    if is_first {
        let skills = directory::skills(world, party)?;
        if !skills.is_empty() {
            items.push(Item { what: "What you can do".to_owned(), at: None, text: skills });
        }
    }
    if is_first && world.person() == Some(party) {
        for search in searches::list(world)? {
            items.push(Item { what: "Saved search".to_owned(), at: None, text: search.words });
        }
        for (_, words) in drafts::list(world)? {
            items.push(Item {
                what: "Draft".to_owned(),
                at: None,
                text: format!("{}\n{}", words.title, words.text),
            });
        }
        for seen in favourites::list(world)? {
            items.push(Item { what: "Marked post".to_owned(), at: None, text: seen.words.title });
        }
        for seen in events::attended(world)? {
            items.push(Item { what: "Event that you come to".to_owned(), at: None, text: seen.words.title });
        }
        for (number, at, text) in topics::said_by(world, party)? {
            items.push(Item { what: format!("Reply to post {number}"), at: Some(at), text });
        }
    }
    Ok((items, page.next))
}
