//! A post: everything that somebody puts on the board, with who may see it.
//!
//! All that is given to anybody goes through [`Seen`], which only [`read`] and [`visible`] make: so there is one place
//! that decides who sees what, and nothing reaches a list, a search, a feed or a notice by another way.

use hamlet_sdk::types::{Id, Instant};
use hamlet_sdk::{Counter, Index, Row, Table};
use serde::{Deserialize, Serialize};

use crate::audience::Audience;
use crate::categories;
use crate::error::Error;
use crate::events::Gathering;
use crate::world::World;
use crate::{moderated, rights};

/// A post's number: the board counts them from 1, so that addresses are short and newer ones are larger.
pub type Number = u64;

/// What a post is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Somebody gives, lends or sells something.
    Offer,
    /// Somebody needs something.
    Want,
    /// Something to know, or to talk about.
    Topic,
    /// Something to come to.
    Event,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Offer, Self::Want, Self::Topic, Self::Event];

    /// As it is stored in keys and written in addresses.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Offer => 1,
            Self::Want => 2,
            Self::Topic => 3,
            Self::Event => 4,
        }
    }

    /// As it is written in addresses and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Want => "want",
            Self::Topic => "topic",
            Self::Event => "event",
        }
    }
}

/// What something costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Price {
    /// The two agree on it.
    Agreement,
    /// Nothing.
    Gift,
    /// So much.
    Amount {
        /// In minor units.
        amount: u64,
        /// Decimal places of `amount`.
        scale: u8,
        /// Which currency.
        unit: String,
    },
}

/// What only some kinds of posts have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Details {
    /// An offer.
    Offer(Price),
    /// A want.
    Want(Price),
    /// A topic; whether it stays on top.
    Topic {
        /// Stewards pinned it.
        pinned: bool,
    },
    /// An event.
    Event(Gathering),
}

impl Details {
    /// Which kind of post has these.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Offer(_) => Kind::Offer,
            Self::Want(_) => Kind::Want,
            Self::Topic { .. } => Kind::Topic,
            Self::Event(_) => Kind::Event,
        }
    }

    /// The price, of what has one.
    #[must_use]
    pub const fn price(&self) -> Option<&Price> {
        match self {
            Self::Offer(price) | Self::Want(price) => Some(price),
            Self::Topic { .. } | Self::Event(_) => None,
        }
    }
}

/// What people wrote: sealed under the author's key, in no row in the clear (C6).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// One line.
    pub title: String,
    /// The rest, in the board's small markup.
    pub text: String,
    /// Where it is; empty: nowhere in particular.
    pub place: String,
}

impl Row for Words {}

/// A post as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Whose it is: a person, a household, an organisation.
    pub author: Id,
    /// Who wrote it.
    pub by: Id,
    /// Who may see it.
    pub audience: Audience,
    /// When it was put up.
    pub created: Instant,
    /// When it was changed last.
    pub changed: Instant,
    /// Until when it is shown; none: as long as it is open.
    pub until: Option<Instant>,
    /// When it was closed; none: it is open.
    pub closed: Option<Instant>,
    /// Which category.
    pub category: Option<u32>,
    /// [`Words`], sealed.
    pub sealed: Vec<u8>,
    /// What its kind has.
    pub details: Details,
    /// The hash of a picture that the board holds.
    pub picture: Option<Vec<u8>>,
}

impl Row for Post {}

impl Post {
    /// Whether it is on the board: neither closed nor past its time.
    #[must_use]
    pub fn is_open(&self, now: Instant) -> bool {
        self.closed.is_none() && self.until.is_none_or(|until| now < until)
    }
}

// Numbers of tables are part of what is stored. 1 to 9 here; the other modules say theirs.
/// The posts.
pub(crate) const POSTS: Table<Number, Post> =
    Table::new(1).indexed(&[&BY_KIND, &BY_CATEGORY, &BY_AUTHOR, &BY_END]);
/// Open posts of a kind.
pub(crate) const BY_KIND: Index<u8, Number, Post> = Index::new(2, |_, post, add| {
    if post.closed.is_none() {
        add(post.details.kind().number());
    }
});
/// Open posts of a category, and of the one above it, and kind.
pub(crate) const BY_CATEGORY: Index<(u32, u8), Number, Post> = Index::new(3, |_, post, add| {
    if let (None, Some(category)) = (post.closed, post.category) {
        let kind = post.details.kind().number();
        for category in [Some(category), categories::above(category)].into_iter().flatten() {
            add((category, kind));
        }
    }
});
/// All posts of a party, closed ones too.
pub(crate) const BY_AUTHOR: Index<Id, Number, Post> = Index::new(4, |_, post, add| add(post.author));
/// Open posts by when they end.
pub(crate) const BY_END: Index<Instant, Number, Post> = Index::new(5, |_, post, add| {
    if let (None, Some(until)) = (post.closed, post.until) {
        add(until);
    }
});
/// The last number that was given.
pub(crate) const LAST: Counter<()> = Counter::new(6);

/// A post that somebody may see, with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its number.
    pub number: Number,
    /// What is kept.
    pub post: Post,
    /// What it says; none: its author erased herself.
    pub words: Words,
}

impl Seen {
    /// What kind it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.post.details.kind()
    }

    /// The page about it.
    #[must_use]
    pub fn path(&self) -> String {
        format!("post/{}", self.number)
    }

    /// Whether somebody else may see it too: before she is told of it.
    pub(crate) fn is_for(&self, world: &impl World, person: Id) -> bool {
        may_see(world, Some(person), self.number, &self.post)
    }
}

/// The post of a number, if whoever acts may see it; closed and ended ones too.
///
/// # Errors
/// [`Error::NotFound`] for one that is not there, one that is not for her, and one whose words were erased: nobody
/// learns which.
pub fn read(world: &impl World, number: Number) -> Result<Seen, Error> {
    let post = POSTS.get(world.db(), &number)?.ok_or(Error::NotFound)?;
    visible(world, number, post).ok_or(Error::NotFound)
}

/// A post with its words, if whoever acts may see it.
pub(crate) fn visible(world: &impl World, number: Number, post: Post) -> Option<Seen> {
    if !may_see(world, world.person(), number, &post) {
        return None;
    }
    unsealed(world, number, post)
}

/// Whether a person may see a post. None: somebody who is not signed in.
pub(crate) fn may_see(world: &impl World, person: Option<Id>, number: Number, post: &Post) -> bool {
    let is_hidden = world.is_hidden(&moderated::post_name(number));
    let Some(person) = person else { return post.audience == Audience::Public && !is_hidden };
    let sees_hidden = || world.is_in(person, rights::STEWARDS);
    (post.audience.admits(world, person) && (!is_hidden || sees_hidden())) || is_hers(world, person, post)
}

/// Whether a post is for whoever acts, hidden or not.
pub(crate) fn is_meant(world: &impl World, post: &Post) -> bool {
    match world.person() {
        Some(person) => post.audience.admits(world, person) || is_hers(world, person, post),
        None => post.audience == Audience::Public,
    }
}

fn is_hers(world: &impl World, person: Id, post: &Post) -> bool {
    let is_author = person == post.by || person == post.author;
    // Asking for a mandate goes to the host; for most posts it is not needed.
    is_author || (world.person() == Some(person) && world.acts_for(post.author))
}

/// A post with its words, for the board's own use.
pub(crate) fn unsealed(world: &impl World, number: Number, post: Post) -> Option<Seen> {
    let words = world.open(post.author, &post.sealed).and_then(|plain| Words::from_bytes(&plain))?;
    Some(Seen { number, post, words })
}
