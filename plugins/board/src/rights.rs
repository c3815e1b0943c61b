//! Who may do what to a post, beside seeing it ([`post::may_see`]).

use crate::error::Error;
use crate::post::{self, Number, Seen};
use crate::world::World;

/// The group that keeps order on the board.
pub(crate) const STEWARDS: &str = "stewards";

/// A post of a party for which she may act.
pub(crate) fn own(world: &impl World, number: Number) -> Result<Seen, Error> {
    let seen = post::read(world, number)?;
    if world.acts_for(seen.post.author) { Ok(seen) } else { Err(Error::NotYours) }
}

/// Whether she is a steward.
pub(crate) fn is_steward(world: &impl World) -> bool {
    world.person().is_some_and(|person| world.is_in(person, STEWARDS))
}

/// Only stewards come further.
pub(crate) fn stewards_only(world: &impl World) -> Result<(), Error> {
    if is_steward(world) { Ok(()) } else { Err(Error::StewardsOnly) }
}
