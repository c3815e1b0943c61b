//! What people say to a post: replies, mentions, reactions, who follows; and a topic's being pinned.
//!
//! Whoever may see a post may see and write what is said to it, and nobody else: everything here begins with
//! [`post::read`].

use hamlet_sdk::types::{Id, Instant};
use hamlet_sdk::{Index, Row, Table};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::market::TEXT_BYTES_MAX;
use crate::post::{self, Details, Number, POSTS, Seen};
use crate::world::{Notice, World};
use crate::{markup, moderated, rights};

/// Replies to a post.
const REPLIES_MAX: u32 = 1_000;
/// Replies of a person that are shown to her at once.
const OWN_MAX: u32 = 200;
/// People that follow a post.
const FOLLOWERS_MAX: u32 = 200;
/// People that one text tells because it mentions them.
const MENTIONS_MAX: usize = 20;
/// Somebody who follows a post is told of replies at most once in this time: 6 hours.
const TOLD_AGAIN: Instant = 6 * 3_600 * 1_000_000;
/// The topic of notices about replies.
pub(crate) const REPLIED: &str = "replies";
/// The topic of notices about mentions.
pub(crate) const MENTIONED: &str = "mentions";

/// A reply as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reply {
    by: Id,
    at: Instant,
    changed: Option<Instant>,
    /// The text, sealed for whoever wrote it; none: withdrawn.
    sealed: Option<Vec<u8>>,
}

impl Row for Reply {}

/// A person's reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reacted(Reaction);

impl Row for Reacted {}

/// Somebody who is told of replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Follower {
    /// When she was told last.
    told: Option<Instant>,
}

impl Row for Follower {}

/// By post and number.
const REPLIES: Table<(Number, u64), Reply> = Table::new(50).indexed(&[&BY_WRITER]);
/// By who wrote it.
const BY_WRITER: Index<Id, (Number, u64), Reply> = Index::new(53, |_, reply, add| {
    if reply.sealed.is_some() {
        add(reply.by);
    }
});
/// By post, reply (0: the post itself) and person.
const REACTIONS: Table<(Number, u64, Id), Reacted> = Table::new(51);
/// By post and person.
const FOLLOWERS: Table<(Number, Id), Follower> = Table::new(52);

/// What somebody thinks of a text, without words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reaction {
    /// Thank you.
    Thanks,
    /// I agree.
    Agree,
    /// I would come, help, join in.
    Count,
}

impl Reaction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Thanks, Self::Agree, Self::Count];
}

/// How often a text got a reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Which.
    pub reaction: Reaction,
    /// From how many people.
    pub people: u32,
    /// Whether the viewer is among them.
    pub own: bool,
}

/// A reply for whoever may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its number below the post, from 1.
    pub number: u64,
    /// Who wrote it.
    pub by: Id,
    /// When.
    pub at: Instant,
    /// When it was changed last.
    pub changed: Option<Instant>,
    /// The text; none: it was withdrawn, its author erased herself, or stewards hid it.
    pub text: Option<String>,
    /// Stewards hid it.
    pub hidden: bool,
}

/// What is said to a post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Talk {
    /// In the order in which it was said.
    pub replies: Vec<Said>,
    /// Reactions by reply; 0: to the post itself.
    pub reactions: Vec<(u64, Count)>,
    /// Whether the viewer is told of new replies.
    pub follows: bool,
}

/// Answers a post; the number of the reply. Whoever answers follows it from then on.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Closed`]; [`Error::Text`]; [`Error::TooMany`] past 1,000.
pub fn reply(world: &impl World, number: Number, text: &str) -> Result<u64, Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    let seen = post::read(world, number)?;
    if seen.post.closed.is_some() {
        return Err(Error::Closed);
    }
    let sealed = Some(seal(world, person, text)?);
    world.admit()?;
    let last = REPLIES.scan().prefix(&number).reverse().first(world.db())?;
    let reply = last.map_or(1, |((_, reply), _)| reply.saturating_add(1));
    if reply > u64::from(REPLIES_MAX) {
        return Err(Error::TooMany(REPLIES_MAX));
    }
    REPLIES.put(
        world.db(),
        &(number, reply),
        &Reply { by: person, at: world.now(), changed: None, sealed },
    )?;
    let told = mention(world, &seen, text);
    tell_followers(world, &seen, person, &told, text)?;
    set_follows(world, number, person, true)?;
    Ok(reply)
}

/// Changes what she said.
///
/// # Errors
/// As [`reply`]; [`Error::NotYours`].
pub fn correct(world: &impl World, number: Number, reply: u64, text: &str) -> Result<(), Error> {
    let person = own(world, number, reply)?;
    let (now, sealed) = (world.now(), seal(world, person, text)?);
    world.admit()?;
    REPLIES.update(world.db(), &(number, reply), |said| {
        said.sealed = Some(sealed);
        said.changed = Some(now);
    })?;
    Ok(())
}

/// Takes back what she said; that something was said stays.
///
/// # Errors
/// [`Error::NotFound`] and [`Error::NotYours`].
pub fn withdraw(world: &impl World, number: Number, reply: u64) -> Result<(), Error> {
    own(world, number, reply)?;
    REPLIES.update(world.db(), &(number, reply), |said| said.sealed = None)?;
    Ok(())
}

/// Reacts to a post (`reply` 0) or to a reply; none takes the reaction away.
///
/// # Errors
/// [`Error::NotFound`].
pub fn react(
    world: &impl World,
    number: Number,
    reply: u64,
    reaction: Option<Reaction>,
) -> Result<(), Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    post::read(world, number)?;
    if reply > 0 && !REPLIES.contains(world.db(), &(number, reply))? {
        return Err(Error::NotFound);
    }
    let key = (number, reply, person);
    match reaction {
        Some(reaction) => REACTIONS.put(world.db(), &key, &Reacted(reaction))?,
        None => {
            REACTIONS.remove(world.db(), &key)?;
        }
    }
    Ok(())
}

/// Is told of replies from now on, or no longer.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::TooMany`] past 200 people.
pub fn follow(world: &impl World, number: Number, on: bool) -> Result<(), Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    post::read(world, number)?;
    set_follows(world, number, person, on)
}

/// Keeps a topic on top, or lets it go. Stewards.
///
/// # Errors
/// [`Error::StewardsOnly`]; [`Error::NotFound`] for what is no topic.
pub fn pin(world: &impl World, number: Number, on: bool) -> Result<(), Error> {
    rights::stewards_only(world)?;
    post::read(world, number)?;
    let done = POSTS.update(world.db(), &number, |post| match &mut post.details {
        Details::Topic { pinned } => {
            *pinned = on;
            true
        }
        _ => false,
    })?;
    if done == Some(true) { Ok(()) } else { Err(Error::NotFound) }
}

/// What is said to a post.
///
/// # Errors
/// [`Error::NotFound`].
pub fn talk(world: &impl World, number: Number) -> Result<Talk, Error> {
    post::read(world, number)?;
    let said = |((_, reply_number), reply): ((Number, u64), Reply)| {
        let hidden = world.is_hidden(&moderated::reply_name(number, reply_number));
        let sealed = reply.sealed.filter(|_| !hidden || may_read_hidden(world, reply.by));
        Said {
            number: reply_number,
            by: reply.by,
            at: reply.at,
            changed: reply.changed,
            text: sealed.and_then(|sealed| open(world, reply.by, &sealed)),
            hidden,
        }
    };
    let replies = REPLIES.scan().prefix(&number).page(world.db(), REPLIES_MAX)?.rows;
    let follows = match world.person() {
        Some(person) => FOLLOWERS.contains(world.db(), &(number, person))?,
        None => false,
    };
    Ok(Talk {
        replies: replies.into_iter().map(said).collect(),
        reactions: reactions(world, number)?,
        follows,
    })
}

fn reactions(world: &impl World, number: Number) -> Result<Vec<(u64, Count)>, Error> {
    let mut counts: Vec<(u64, Count)> = Vec::new();
    for row in REACTIONS.scan().prefix(&number).iter(world.db()) {
        let ((_, reply, person), Reacted(reaction)) = row?;
        let own = world.person() == Some(person);
        match counts.iter_mut().find(|(of, count)| (*of, count.reaction) == (reply, reaction)) {
            Some((_, count)) => {
                count.people += 1;
                count.own |= own;
            }
            None => counts.push((reply, Count { reaction, people: 1, own })),
        }
    }
    Ok(counts)
}

/// The newest 200 replies that a person wrote: the post, when, and the text.
///
/// # Errors
/// [`Error::NotYours`].
pub fn said_by(world: &impl World, person: Id) -> Result<Vec<(Number, Instant, String)>, Error> {
    if !world.acts_for(person) {
        return Err(Error::NotYours);
    }
    let replies = REPLIES.by(&BY_WRITER).prefix(&person).reverse().page(world.db(), OWN_MAX)?.rows;
    let said = |((number, _), reply): ((Number, u64), Reply)| {
        Some((number, reply.at, open(world, reply.by, &reply.sealed?)?))
    };
    Ok(replies.into_iter().filter_map(said).collect())
}

/// Follows a new post, and tells whom it mentions. The author's part of putting something up.
pub(crate) fn begin(world: &impl World, seen: &Seen) -> Result<(), Error> {
    set_follows(world, seen.number, seen.post.by, true)?;
    mention(world, seen, &seen.words.text);
    Ok(())
}

fn set_follows(world: &impl World, number: Number, person: Id, on: bool) -> Result<(), Error> {
    let key = (number, person);
    if !on {
        FOLLOWERS.remove(world.db(), &key)?;
        return Ok(());
    }
    if FOLLOWERS.contains(world.db(), &key)? {
        return Ok(());
    }
    let most = usize::try_from(FOLLOWERS_MAX).unwrap_or(usize::MAX);
    if FOLLOWERS.scan().prefix(&number).page(world.db(), FOLLOWERS_MAX)?.rows.len() >= most {
        return Err(Error::TooMany(FOLLOWERS_MAX));
    }
    Ok(FOLLOWERS.put(world.db(), &key, &Follower { told: None })?)
}

/// Tells people whom a text mentions, as far as they may see the post. Whom it told.
fn mention(world: &impl World, seen: &Seen, text: &str) -> Vec<Id> {
    let mut told = Vec::new();
    for handle in markup::mentions(text).into_iter().take(MENTIONS_MAX) {
        let Some(party) = world.find(&handle).filter(|party| party.is_active) else { continue };
        let is_new = world.person() != Some(party.id) && !told.contains(&party.id);
        if is_new && seen.is_for(world, party.id) {
            notify(world, party.id, MENTIONED, seen, text);
            told.push(party.id);
        }
    }
    told
}

fn tell_followers(world: &impl World, seen: &Seen, by: Id, told: &[Id], text: &str) -> Result<(), Error> {
    let now = world.now();
    for ((number, person), follower) in
        FOLLOWERS.scan().prefix(&seen.number).page(world.db(), FOLLOWERS_MAX)?.rows
    {
        let waits = follower.told.is_some_and(|told| now < told.saturating_add(TOLD_AGAIN));
        if person == by || waits || told.contains(&person) || !seen.is_for(world, person) {
            continue;
        }
        notify(world, person, REPLIED, seen, text);
        FOLLOWERS.put(world.db(), &(number, person), &Follower { told: Some(now) })?;
    }
    Ok(())
}

fn notify(world: &impl World, to: Id, topic: &'static str, seen: &Seen, text: &str) {
    let text = markup::plain(text, 300);
    world.tell(to, &Notice { topic, title: &seen.words.title, text: &text, path: &seen.path() });
}

/// Who wrote a hidden reply and stewards read it still.
fn may_read_hidden(world: &impl World, by: Id) -> bool {
    world.person() == Some(by) || rights::is_steward(world)
}

/// A reply that was not taken back: who wrote it, and its text, where that is not hidden from whoever acts.
pub(crate) fn said(
    world: &impl World,
    number: Number,
    reply: u64,
) -> Result<Option<(Id, Option<String>)>, Error> {
    let row = REPLIES.get(world.db(), &(number, reply))?;
    let said = row.and_then(|row| Some((row.by, open(world, row.by, &row.sealed?)?)));
    let is_hidden = world.is_hidden(&moderated::reply_name(number, reply));
    Ok(said.map(|(by, text)| (by, Some(text).filter(|_| !is_hidden || may_read_hidden(world, by)))))
}

/// Takes the text of a reply out of its row. Whether there was one.
pub(crate) fn erase(world: &impl World, number: Number, reply: u64) -> Result<bool, Error> {
    let erased = REPLIES.update(world.db(), &(number, reply), |said| said.sealed.take().is_some())?;
    Ok(erased == Some(true))
}

/// Who wrote a reply, if it is she who acts and it may still be changed.
fn own(world: &impl World, number: Number, reply: u64) -> Result<Id, Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    post::read(world, number)?;
    let said = REPLIES
        .get(world.db(), &(number, reply))?
        .filter(|said| said.sealed.is_some())
        .ok_or(Error::NotFound)?;
    if said.by == person { Ok(person) } else { Err(Error::NotYours) }
}

fn seal(world: &impl World, person: Id, text: &str) -> Result<Vec<u8>, Error> {
    if text.trim().is_empty() || text.len() > TEXT_BYTES_MAX {
        return Err(Error::Text);
    }
    world.seal(person, text.as_bytes()).ok_or(Error::NotFound)
}

fn open(world: &impl World, person: Id, sealed: &[u8]) -> Option<String> {
    String::from_utf8(world.open(person, sealed)?).ok()
}
