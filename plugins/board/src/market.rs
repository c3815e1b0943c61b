//! Putting up, changing, renewing, closing; what is on the board; paying for an offer.

use hamlet_sdk::types::{Id, Instant};
use hamlet_sdk::{Page, Row, Table};
use serde::{Deserialize, Serialize};

use crate::audience::Audience;
use crate::error::Error;
use crate::post::{
    self, BY_AUTHOR, BY_CATEGORY, BY_END, BY_KIND, Details, Kind, LAST, Number, POSTS, Post, Price, Seen,
    Words,
};
use crate::world::{Payment, World};
use crate::{categories, price, rights, search, searches, topics};

/// A day in microseconds.
pub(crate) const DAY: Instant = 24 * 3_600 * 1_000_000;
/// Longest title and place, in bytes.
pub(crate) const LINE_BYTES_MAX: usize = 120;
/// Longest text, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 4_000;
/// Longest time that something is shown before somebody renews it.
const DAYS_MAX: u16 = 400;
/// For how long a renewal holds.
const RENEWED_DAYS: u16 = 30;
/// Posts that a party may have open.
const OPEN_MAX: u32 = 200;
/// Ended posts that each new one takes off the board.
const SWEPT: u32 = 20;
/// Rows that a page looks at, at most: where much is not for the viewer, the page ends early with a cursor.
const LOOKED_AT_MAX: u32 = 500;
/// Posts on one page of a list.
const LIMIT_MAX: u32 = 100;

/// What was paid for a post, and for which payment of the ledger.
const PAID: Table<(Number, Id), Paid> = Table::new(11);

/// A payment for a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// Who paid.
    pub payer: Id,
    /// When.
    pub at: Instant,
}

impl Row for Paid {}

/// What somebody wants to put up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What it says.
    pub words: Words,
    /// Who may see it.
    pub audience: Audience,
    /// For which party; none: for whoever writes.
    pub party: Option<Id>,
    /// Which category.
    pub category: Option<u32>,
    /// Until when it is shown; none: until it is closed.
    pub until: Option<Instant>,
    /// What its kind has.
    pub details: Details,
    /// The hash of a picture.
    pub picture: Option<Vec<u8>>,
}

/// Puts something up, and tells those whose saved searches it answers. Its number.
///
/// # Errors
/// What cannot be read or is too long, by its name; [`Error::TooMany`] with more than 200 open posts of a party.
pub fn put_up(world: &impl World, draft: Draft) -> Result<Number, Error> {
    let by = world.person().ok_or(Error::MembersOnly)?;
    let author = draft.party.unwrap_or(by);
    if !world.acts_for(author) {
        return Err(Error::NotYours);
    }
    check(world, &draft)?;
    world.admit()?;
    search::make_key(world)?;
    sweep(world)?;
    if count_open(world, author)? >= OPEN_MAX {
        return Err(Error::TooMany(OPEN_MAX));
    }
    let now = world.now();
    let post = Post {
        author,
        by,
        audience: draft.audience,
        created: now,
        changed: now,
        until: draft.until,
        closed: None,
        category: draft.category,
        sealed: seal(world, author, &draft.words)?,
        details: draft.details,
        picture: draft.picture,
    };
    hold(world, None, post.picture.as_deref())?;
    let number = LAST.add(world.db(), &(), 1)?.unsigned_abs();
    POSTS.put(world.db(), &number, &post)?;
    let seen = Seen { number, post, words: draft.words };
    index(world, &seen)?;
    topics::begin(world, &seen)?;
    searches::tell(world, &seen)?;
    Ok(number)
}

/// Changes what is up, in all but its kind.
///
/// # Errors
/// As [`put_up`]; [`Error::NotFound`] and [`Error::NotYours`].
pub fn change(world: &impl World, number: Number, draft: Draft) -> Result<(), Error> {
    let old = rights::own(world, number)?;
    check(world, &draft)?;
    if draft.details.kind() != old.kind() {
        return Err(Error::NotFound);
    }
    world.admit()?;
    let now = world.now();
    let sealed = seal(world, old.post.author, &draft.words)?;
    let post = Post {
        audience: draft.audience,
        changed: now,
        until: draft.until,
        category: draft.category,
        sealed,
        details: draft.details,
        picture: draft.picture,
        ..old.post.clone()
    };
    hold(world, old.post.picture.as_deref(), post.picture.as_deref())?;
    POSTS.put(world.db(), &number, &post)?;
    index(world, &Seen { number, post, words: draft.words })
}

/// Shows it for another 30 days, also when its time was over or it was closed; an event until it is over.
///
/// # Errors
/// [`Error::NotFound`] and [`Error::NotYours`].
pub fn renew(world: &impl World, number: Number) -> Result<(), Error> {
    let own = rights::own(world, number)?;
    if let Details::Event(gathering) = &own.post.details {
        // An event ends when it is over.
        let end = gathering.times.end(&world.zone())?;
        if end.is_some_and(|end| end <= world.now()) {
            return Err(Error::Closed);
        }
        POSTS.update(world.db(), &number, |post| post.closed = None)?;
    } else {
        let until = days_from_now(world, RENEWED_DAYS)?;
        POSTS.update(world.db(), &number, |post| {
            post.until = post.until.map(|_| until);
            post.closed = None;
        })?;
    }
    index(world, &own)
}

/// Takes it off the board; it can be renewed.
///
/// # Errors
/// [`Error::NotFound`] and [`Error::NotYours`].
pub fn close(world: &impl World, number: Number) -> Result<(), Error> {
    rights::own(world, number)?;
    take_off(world, number)
}

fn take_off(world: &impl World, number: Number) -> Result<(), Error> {
    let now = world.now();
    POSTS.update(world.db(), &number, |post| post.closed = Some(now))?;
    Ok(search::remove(world.db(), number)?)
}

/// Keeps a new picture and lets the old one go.
fn hold(world: &impl World, old: Option<&[u8]>, new: Option<&[u8]>) -> Result<(), Error> {
    if old == new {
        return Ok(());
    }
    if new.is_some_and(|new| !world.hold(new)) {
        return Err(Error::Picture);
    }
    if let Some(old) = old {
        world.release(old);
    }
    Ok(())
}

/// Takes its words out of its row and the search, and takes it off the board. What erasing asks for was asked before.
pub(crate) fn erase(world: &impl World, number: Number) -> Result<(), Error> {
    let post = POSTS.get(world.db(), &number)?.ok_or(Error::NotFound)?;
    let sealed = seal(world, post.author, &Words::default())?;
    hold(world, post.picture.as_deref(), None)?;
    POSTS.update(world.db(), &number, |post| {
        post.sealed = sealed;
        post.picture = None;
    })?;
    take_off(world, number)
}

/// Takes off what has ended: a little with each new post, so that lists stay short without a schedule.
fn sweep(world: &impl World) -> Result<(), Error> {
    let ended = POSTS.by(&BY_END).range(..=world.now()).page(world.db(), SWEPT)?;
    ended.rows.into_iter().try_for_each(|(number, _)| take_off(world, number))
}

fn count_open(world: &impl World, author: Id) -> Result<u32, Error> {
    let mut count = 0;
    for row in POSTS.by(&BY_AUTHOR).prefix(&author).reverse().iter(world.db()) {
        count += u32::from(row?.1.is_open(world.now()));
        if count >= OPEN_MAX {
            break;
        }
    }
    Ok(count)
}

fn check(world: &impl World, draft: &Draft) -> Result<(), Error> {
    let Words { title, text, place } = &draft.words;
    if title.trim().is_empty() || title.len() > LINE_BYTES_MAX {
        return Err(Error::Title);
    }
    if text.len() > TEXT_BYTES_MAX {
        return Err(Error::Text);
    }
    if place.len() > LINE_BYTES_MAX {
        return Err(Error::Place);
    }
    if let Some(category) = draft.category {
        categories::get(world, category)?.ok_or(Error::Category)?;
    }
    if let Audience::Group(group) = &draft.audience {
        // Who is not in a group cannot write to it.
        if !world.person().is_some_and(|person| world.is_in(person, group)) {
            return Err(Error::Audience);
        }
    }
    if let Some(price) = draft.details.price() {
        price::check(world, price)?;
    }
    Ok(())
}

/// The end of so many days from now.
///
/// # Errors
/// [`Error::Days`] for 0 and for more than 400.
pub fn days_from_now(world: &impl World, days: u16) -> Result<Instant, Error> {
    let good = (1..=DAYS_MAX).contains(&days);
    if good { Ok(world.now().saturating_add(Instant::from(days) * DAY)) } else { Err(Error::Days) }
}

fn seal(world: &impl World, author: Id, words: &Words) -> Result<Vec<u8>, Error> {
    world.seal(author, &words.to_bytes()?).ok_or(Error::NotFound)
}

/// What the search knows a post by.
pub(crate) fn terms(world: &impl World, seen: &Seen) -> Result<search::Terms, Error> {
    let Words { title, text, place } = &seen.words;
    let category = seen.post.category.and_then(|category| categories::get(world, category).ok().flatten());
    let names = category.map(|category| category.names.join(" ")).unwrap_or_default();
    Ok(search::terms(&search::key(world)?, [title.as_str(), text, place, &names]))
}

fn index(world: &impl World, seen: &Seen) -> Result<(), Error> {
    Ok(search::set(world.db(), seen.number, &terms(world, seen)?)?)
}

/// Which posts a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Of this kind.
    pub kind: Kind,
    /// Only of this category and those below it.
    pub category: Option<u32>,
}

/// What is on the board, newest first, at most `limit` (1 to 100).
///
/// # Errors
/// [`Error::Cursor`].
pub fn browse(
    world: &impl World,
    filter: Filter,
    limit: u32,
    cursor: Option<String>,
) -> Result<Page<Seen>, Error> {
    let kind = filter.kind.number();
    gather(world, limit, cursor, |cursor, limit| match filter.category {
        None => POSTS.by(&BY_KIND).prefix(&kind).reverse().after(cursor).page(world.db(), limit),
        Some(category) => {
            POSTS.by(&BY_CATEGORY).prefix(&(category, kind)).reverse().after(cursor).page(world.db(), limit)
        }
    })
}

/// What a party put up, closed things too, newest first. For whoever acts for it.
///
/// # Errors
/// [`Error::NotYours`] and [`Error::Cursor`].
pub fn of(world: &impl World, party: Id, limit: u32, cursor: Option<String>) -> Result<Page<Seen>, Error> {
    if !world.acts_for(party) {
        return Err(Error::NotYours);
    }
    let scan =
        |cursor, limit| POSTS.by(&BY_AUTHOR).prefix(&party).reverse().after(cursor).page(world.db(), limit);
    let mut page = Page { rows: Vec::new(), next: cursor };
    let rows = scan(page.next.take(), limit.clamp(1, LIMIT_MAX))?;
    page.rows =
        rows.rows.into_iter().filter_map(|(number, post)| post::visible(world, number, post)).collect();
    page.next = rows.next;
    Ok(page)
}

/// Fills a page with what is open and for the viewer's eyes. It asks for no more rows than still fit, so that the cursor
/// behind them is the page's.
fn gather(
    world: &impl World,
    limit: u32,
    mut cursor: Option<String>,
    rows: impl Fn(Option<String>, u32) -> Result<Page<(Number, Post)>, hamlet_sdk::Error>,
) -> Result<Page<Seen>, Error> {
    let limit = limit.clamp(1, LIMIT_MAX);
    let (mut found, mut looked_at) = (Vec::new(), 0);
    loop {
        let left = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(limit));
        let page = rows(cursor.take(), left)?;
        looked_at += left;
        let open = page.rows.into_iter().filter(|(_, post)| post.is_open(world.now()));
        found.extend(open.filter_map(|(number, post)| post::visible(world, number, post)));
        cursor = page.next;
        let is_full = found.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
        if cursor.is_none() || is_full || looked_at >= LOOKED_AT_MAX {
            return Ok(Page { rows: found, next: cursor });
        }
    }
}

/// What has all these words, newest first, at most `limit` (1 to 100).
///
/// # Errors
/// [`Error::NoWords`] and [`Error::Cursor`].
pub fn find(world: &impl World, words: &str, limit: u32, cursor: Option<&str>) -> Result<Page<Seen>, Error> {
    let query = search::query(&search::key(world)?, words).ok_or(Error::NoWords)?;
    let found = search::page(world.db(), &query, limit.clamp(1, LIMIT_MAX), cursor)?;
    let posts = POSTS.get_many(world.db(), &found.rows)?;
    let open = found.rows.into_iter().zip(posts).filter_map(|(number, post)| Some((number, post?)));
    let open = open.filter(|(_, post)| post.is_open(world.now()));
    let rows = open.filter_map(|(number, post)| post::visible(world, number, post)).collect();
    Ok(Page { rows, next: found.next })
}

/// Pays the author of an offer: its price, or what the two agreed on.
///
/// The ledger asks for consent, shows what for, and keeps the note; the board keeps which payment it was.
///
/// # Errors
/// [`Error::NothingToPay`] for what is no offer or has neither price nor `amount`; what the ledger says.
pub fn pay(
    world: &impl World,
    number: Number,
    payer: Option<Id>,
    agreed: Option<Price>,
) -> Result<Id, Error> {
    let person = world.person().ok_or(Error::MembersOnly)?;
    let payer = payer.unwrap_or(person);
    let seen = post::read(world, number)?;
    let Details::Offer(asked) = &seen.post.details else { return Err(Error::NothingToPay) };
    let price = match (asked, agreed) {
        (price @ Price::Amount { .. }, None) => price.clone(),
        (_, Some(price @ Price::Amount { .. })) => price,
        _ => return Err(Error::NothingToPay),
    };
    let Price::Amount { amount, scale, unit } = &price else { return Err(Error::NothingToPay) };
    if payer == seen.post.author || *amount == 0 {
        return Err(Error::NothingToPay);
    }
    price::check(world, &price)?;
    let written = price::written(*amount, *scale);
    let memo = format!("{} (#{number})", seen.words.title);
    let payment = Payment { payer, payee: seen.post.author, unit, amount: &written, memo: &memo };
    let id = world.pay(&payment)?;
    PAID.put(world.db(), &(number, id), &Paid { payer, at: world.now() })?;
    Ok(id)
}

/// What was paid for a post: to its author all of it, to others what they paid themselves.
///
/// # Errors
/// [`Error::NotFound`].
pub fn payments(world: &impl World, number: Number) -> Result<Vec<Paid>, Error> {
    let seen = post::read(world, number)?;
    let paid = PAID.scan().prefix(&number).reverse().page(world.db(), LIMIT_MAX)?.rows;
    let is_author = world.acts_for(seen.post.author);
    Ok(paid
        .into_iter()
        .map(|(_, paid)| paid)
        .filter(|paid| is_author || world.acts_for(paid.payer))
        .collect())
}
