//! What stewards hid (`hamlet:host/moderated`): the names of things, what they say, and erasing that.
//!
//! That something is hidden is the host's to know; the board asks in the two places where it shows anything:
//! [`post::may_see`] and [`topics::talk`].

use hamlet_sdk::types::Id;

use crate::error::Error;
use crate::market;
use crate::post::{self, Number, POSTS, Words};
use crate::world::World;
use crate::{rights, topics};

/// A thing that can be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    Post(Number),
    Reply(Number, u64),
}

/// What a thing says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Whose it is.
    pub author: Id,
    /// All of its text; empty: hidden from whoever acts.
    pub text: String,
    /// The page where it stands.
    pub path: String,
}

/// The name of a post.
#[must_use]
pub fn post_name(number: Number) -> String {
    format!("post/{number}")
}

/// The name of a reply to a post.
#[must_use]
pub fn reply_name(number: Number, reply: u64) -> String {
    format!("reply/{number}/{reply}")
}

fn named(name: &str) -> Option<Thing> {
    let (kind, rest) = name.split_once('/')?;
    match kind {
        "post" => Some(Thing::Post(rest.parse().ok()?)),
        "reply" => {
            let (number, reply) = rest.split_once('/')?;
            Some(Thing::Reply(number.parse().ok()?, reply.parse().ok()?))
        }
        _ => None,
    }
}

/// What has this name, as whoever acts may see it; to stewards also what was reported or hidden, whomever it is for. To
/// whom it is hidden, though it was for her, without its text.
///
/// # Errors
/// When the rows cannot be read.
pub fn content(world: &impl World, name: &str) -> Result<Option<Content>, Error> {
    let Some(thing) = named(name) else { return Ok(None) };
    let looks = rights::is_steward(world) && (world.is_reported(name) || world.is_hidden(name));
    let number = match thing {
        Thing::Post(number) | Thing::Reply(number, _) => number,
    };
    let Some(row) = POSTS.get(world.db(), &number)? else { return Ok(None) };
    let reads = looks || post::may_see(world, world.person(), number, &row);
    let is_meant = looks || post::is_meant(world, &row);
    let Some(seen) = post::unsealed(world, number, row) else { return Ok(None) };
    let path = seen.path();
    Ok(match thing {
        Thing::Post(_) if is_meant => {
            let Words { title, text, place } = seen.words;
            let said: Vec<String> =
                [title, text, place].into_iter().filter(|line| !line.is_empty()).collect();
            let text = if reads { said.join("\n") } else { String::new() };
            Some(Content { author: seen.post.author, text, path })
        }
        Thing::Reply(_, reply) if reads => topics::said(world, number, reply)?
            .map(|(author, text)| Content { author, text: text.unwrap_or_default(), path }),
        _ => None,
    })
}

/// Takes the text of something hidden out of the rows, and out of the search.
///
/// # Errors
/// [`Error::StewardsOnly`]; [`Error::NotFound`] for what is not there or not hidden.
pub fn erase(world: &impl World, name: &str) -> Result<(), Error> {
    rights::stewards_only(world)?;
    let thing = named(name).filter(|_| world.is_hidden(name)).ok_or(Error::NotFound)?;
    match thing {
        Thing::Post(number) => market::erase(world, number),
        Thing::Reply(number, reply) => {
            if topics::erase(world, number, reply)? {
                Ok(())
            } else {
                Err(Error::NotFound)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        assert_eq!(named(&post_name(12)), Some(Thing::Post(12)));
        assert_eq!(named(&reply_name(12, 3)), Some(Thing::Reply(12, 3)));
        for bad in ["", "post", "post/", "post/x", "reply/1", "reply/1/", "reply/1/2/3", "event/1"] {
            assert_eq!(named(bad), None, "{bad}");
        }
    }
}
