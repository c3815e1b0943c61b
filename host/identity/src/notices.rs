//! The native provider `hamlet:host/notices`: messages to members, in their inbox and by e-mail.
//!
//! Here is who may send what to whom, and the inbox; `choices` is what each member wants, `times` when, `post` the
//! e-mails that wait, `server` by what they leave, `kept` how all of it lies in rows. It opens no connection: the gateway
//! asks for what is due and says how it went. If it is wrong, a plugin floods people, or reads who wants what.
//!
//! Rows (identity's room, so that the host's own providers tell in the same transaction; ids 16 bytes):
//!
//! | key | value |
//! |---|---|
//! | `Ni` person notice | read (1 byte), a notice, sealed |
//! | `Nu` person | how many are unread (u32) |
//! | `Nc` person | her choices, sealed |
//! | `Nt` person | when e-mail comes to her, sealed |
//! | `Na` person | her address, sealed |
//! | `NA` hash of a link's secret | person |
//! | `Nq` letter | person, failures, not before, an e-mail that waits, sealed |
//! | `Nd` person | the letter into which is gathered what she is told |
//! | `Nr` person source | day and number of notices; person 0: of all |
//! | `Nm` | the mail server, its password sealed under the commons' key |
//! | `Ns` | how the last e-mail went |

mod choices;
mod kept;
mod post;
mod server;
mod times;

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_kernel::catalogue::HOST;
use hamlet_kernel::{CallError, Kernel, Mandate, NativeContext, NativeProvider, PartyKind};
use hamlet_reflect::Id;
use hamlet_store::Rows as _;
use wasmtime::component::Val;

use crate::members::no_such_function;
use crate::read;
use crate::rows::{self, STEWARDS};
use crate::values::{self, Arguments, Stop, cases, refuse, settle};
use kept::Notice;

/// The interface that it provides.
pub const NOTICES: &str = "hamlet:host/notices@0.1.0";
/// The host's topic that cannot be turned off: what concerns the safety of an account.
pub const SECURITY: &str = "security";
/// The host's topic for stewards: what the box needs.
pub const CARE: &str = "care";
/// The topic of notices about what members put up: that it was reported, hidden, shown again.
pub const MODERATION_TOPIC: &str = "moderation";

const TITLE_BYTES_MAX: usize = 120;
const TEXT_BYTES_MAX: usize = 2_000;
const PATH_BYTES_MAX: usize = 200;
/// Notices in one inbox.
const INBOX_MAX: usize = 200;
/// Persons behind one party.
const PERSONS_MAX: usize = 20;
/// Notices of one plugin to one person on one day, and to all together.
const A_DAY_MAX: u32 = 20;
const A_DAY_TO_ALL_MAX: u32 = 5_000;
const DAY_MICROS: u64 = 24 * 3_600 * 1_000_000;

/// The provider of `hamlet:host/notices@0.1.0`.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoticesProvider;

type Outcome = Result<Option<Val>, Stop<NoticesError>>;

impl NativeProvider for NoticesProvider {
    fn interface(&self) -> &'static str {
        NOTICES
    }

    fn room(&self) -> &'static str {
        crate::ROOM
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let stewards = || vec![Access::Group(STEWARDS.into()), Access::Decision, Access::Console];
        let (kind, access) = match function {
            "send" => (Kind::Command, vec![Access::Plugin, Access::Console]),
            "list" | "unread" | "choices" | "times" | "address" => (Kind::Query, vec![Access::Member]),
            "mark-read" | "forget" | "choose" | "set-times" | "forget-address" => {
                (Kind::Command, vec![Access::Member, Access::Ward])
            }
            "mail" => (Kind::Query, stewards()),
            "set-mail" => (Kind::Command, stewards()),
            "password" | "due" => (Kind::Query, vec![Access::Console]),
            "ask-address" | "confirm-address" | "sent" | "not-sent" => (Kind::Command, vec![Access::Console]),
            _ => return None,
        };
        Some(FunctionRule::new(kind, access))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let arguments = Arguments(arguments);
        settle(match function {
            "list" => return list(cx),
            "unread" => return unread(cx),
            "choices" => return choices::choices(cx),
            "times" => return times::times(cx),
            "address" => return post::address(cx),
            "mail" => return server::mail(cx),
            "password" => return server::password(cx),
            "due" => return post::due(cx),
            "send" => send(cx, arguments),
            "mark-read" => mark_read(cx, arguments),
            "forget" => forget(cx, arguments),
            "choose" => choices::choose(cx, arguments),
            "set-times" => times::set_times(cx, arguments),
            "forget-address" => post::forget_address(cx),
            "ask-address" => post::ask_address(cx, arguments),
            "confirm-address" => post::confirm_address(cx, arguments),
            "set-mail" => server::set_mail(cx, arguments),
            "sent" => post::sent(cx, arguments),
            "not-sent" => post::not_sent(cx, arguments),
            _ => return Err(no_such_function(function)),
        })
    }
}

/// A plugin, about its own topics; the host.
fn send(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let to = arguments.id(0)?;
    let [topic, title, text, path] =
        [arguments.text(1)?, arguments.text(2)?, arguments.text(3)?, arguments.text(4)?];
    let source = cx.caller().unwrap_or(HOST).to_owned();
    if title.trim().is_empty()
        || title.len() > TITLE_BYTES_MAX
        || text.len() > TEXT_BYTES_MAX
        || path.len() > PATH_BYTES_MAX
    {
        return refuse(NoticesError::TooLong);
    }
    if source != HOST && choices::declared(cx, &source, topic).is_none() {
        return refuse(NoticesError::NoSuchTopic);
    }
    let persons = persons(cx, to)?;
    if persons.is_empty() {
        return refuse(NoticesError::NoSuchParty);
    }
    if source != HOST {
        // All or nobody: counted first, written with the rest of the transaction.
        count(cx, Id(0), &source, A_DAY_TO_ALL_MAX, persons.len())?;
        for person in &persons {
            count(cx, *person, &source, A_DAY_MAX, 1)?;
        }
    }
    let mut told: u32 = 0;
    for person in persons {
        let notice = Notice {
            at: cx.now(),
            source: source.clone(),
            topic: topic.to_owned(),
            // One line: it becomes the subject of an e-mail.
            title: title.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect(),
            text: text.to_owned(),
            path: path.to_owned(),
        };
        told += u32::from(put(cx, person, &notice)?);
    }
    Ok(Some(Val::U32(told)))
}

/// Tells a person something as the host, in the transaction that it is about. `message` is a name of the pages' words,
/// `values` what is put into it.
///
/// Whoever has left, or whose key is destroyed, is not told, and nothing fails.
pub(crate) fn tell(
    cx: &mut dyn NativeContext,
    person: Id,
    message: &str,
    values: &[(&str, &str)],
    path: &str,
) -> Result<(), CallError> {
    if read::person(cx, person)?.is_none() {
        return Ok(());
    }
    tell_about(cx, person, SECURITY, message, values, path)
}

/// The same about another topic of the host's, to the persons behind a party.
pub(crate) fn tell_about(
    cx: &mut dyn NativeContext,
    party: Id,
    topic: &str,
    message: &str,
    values: &[(&str, &str)],
    path: &str,
) -> Result<(), CallError> {
    let values: serde_json::Map<String, serde_json::Value> =
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let notice = Notice {
        at: cx.now(),
        source: HOST.to_owned(),
        topic: topic.to_owned(),
        title: message.to_owned(),
        text: serde_json::Value::Object(values).to_string(),
        path: path.to_owned(),
    };
    for person in persons(cx, party)? {
        put(cx, person, &notice)?;
    }
    Ok(())
}

/// Puts it into her inbox, and into the post where she wants that. False: she does not want it.
fn put(cx: &mut dyn NativeContext, person: Id, notice: &Notice) -> Result<bool, CallError> {
    let way = choices::way(cx, person, &notice.source, &notice.topic)?;
    if way == choices::Way::None {
        return Ok(false);
    }
    let Some(sealed) = kept::seal(cx, person, notice)? else { return Ok(false) };
    let id = cx.new_id();
    let row = [&[0], sealed.as_slice()].concat();
    let known = read::prefixed(cx, &kept::inbox(person), None, INBOX_MAX + 1)?;
    for (key, row) in known.iter().take((known.len() + 1).saturating_sub(INBOX_MAX)) {
        take_out(cx, person, key, row)?;
    }
    cx.set(&kept::notice_key(person, id), &row)?;
    add_unread(cx, person, 1)?;
    match way {
        choices::Way::Email => post::queue(cx, person, id, notice, false)?,
        choices::Way::Digest => post::queue(cx, person, id, notice, true)?,
        choices::Way::Inbox | choices::Way::None => {}
    }
    Ok(true)
}

/// The persons whom something to a party reaches.
fn persons(cx: &mut dyn NativeContext, to: Id) -> Result<Vec<Id>, CallError> {
    let Some(party) = read::party(cx, to)?.filter(|party| party.active) else { return Ok(Vec::new()) };
    if party.kind == PartyKind::Person {
        return Ok(vec![to]);
    }
    let mut persons = Vec::new();
    for (key, row) in read::prefixed(cx, &rows::mandates_for(to), None, PERSONS_MAX)? {
        let (Some(person), Some((mandate, _))) = (rows::id_at_end(&key), rows::decode_mandate(&row)) else {
            continue;
        };
        let active = read::party(cx, person)?.is_some_and(|party| party.active);
        if active && mandate != Mandate::Clerk {
            persons.push(person);
        }
    }
    if persons.is_empty() && read::commons(cx)? == Some(to) {
        let stewards = read::prefixed(cx, &rows::members_of(STEWARDS), None, PERSONS_MAX)?;
        persons.extend(stewards.iter().filter_map(|(key, _)| rows::id_at_end(key)));
    }
    Ok(persons)
}

/// Counts what a plugin sends on a day.
fn count(
    cx: &mut dyn NativeContext,
    person: Id,
    source: &str,
    most: u32,
    more: usize,
) -> Result<(), Stop<NoticesError>> {
    let key = kept::rate_key(person, source);
    let day = cx.now() / DAY_MICROS;
    let so_far = cx.get(&key)?.and_then(|row| kept::rate(&row)).filter(|(of, _)| *of == day);
    let number = so_far.map_or(0, |(_, number)| number).saturating_add(u32::try_from(more).unwrap_or(most));
    if number > most {
        return refuse(NoticesError::TooMany);
    }
    cx.set(&key, &[day.to_be_bytes().as_slice(), &number.to_be_bytes()].concat())?;
    Ok(())
}

fn list(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let Some(person) = cx.actor().person() else { return Ok(Val::List(Vec::new())) };
    let mut notices = Vec::new();
    for (key, row) in read::prefixed(cx, &kept::inbox(person), None, INBOX_MAX)? {
        let (Some(id), Some((read, sealed))) = (rows::id_at_end(&key), row.split_first()) else { continue };
        if let Some(notice) = kept::open::<Notice>(cx, person, sealed)? {
            notices.push(notice.to_val(id, *read != 0));
        }
    }
    notices.reverse();
    Ok(Val::List(notices))
}

/// How many notices a person has not read, at the newest state. For pages, which say it each time: one look-up.
pub fn unread_notices(kernel: &Kernel, person: Id) -> u32 {
    let Some(room) = kernel.room(crate::ROOM) else { return 0 };
    let row = kernel.read(|snapshot| snapshot.get(room, &kept::unread_key(person))).ok().flatten();
    row.and_then(|row| row.as_ref().try_into().ok()).map_or(0, u32::from_be_bytes)
}

fn unread(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let Some(person) = cx.actor().person() else { return Ok(Val::U32(0)) };
    number_unread(cx, person).map(Val::U32)
}

fn number_unread(cx: &mut dyn NativeContext, person: Id) -> Result<u32, CallError> {
    let row = cx.get(&kept::unread_key(person))?;
    Ok(row.and_then(|row| row.as_ref().try_into().ok()).map_or(0, u32::from_be_bytes))
}

fn add_unread(cx: &mut dyn NativeContext, person: Id, more: u32) -> Result<(), CallError> {
    let number = number_unread(cx, person)?.saturating_add(more);
    cx.set(&kept::unread_key(person), &number.to_be_bytes())
}

fn read_one(cx: &mut dyn NativeContext, person: Id) -> Result<(), CallError> {
    let number = number_unread(cx, person)?.saturating_sub(1);
    cx.set(&kept::unread_key(person), &number.to_be_bytes())
}

fn take_out(cx: &mut dyn NativeContext, person: Id, key: &[u8], row: &[u8]) -> Result<(), CallError> {
    if row.first() == Some(&0) {
        read_one(cx, person)?;
    }
    cx.delete(key).map(drop)
}

/// Her own.
fn mark_read(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let Some(person) = cx.actor().person() else { return refuse(NoticesError::NoSuchNotice) };
    let one = values::option(arguments.value(0)?, values::id)?;
    let mut found = false;
    for (key, row) in read::prefixed(cx, &kept::inbox(person), None, INBOX_MAX)? {
        if one.is_some() && rows::id_at_end(&key) != one {
            continue;
        }
        found = true;
        if let Some((0, sealed)) = row.split_first() {
            cx.set(&key, &[&[1], sealed].concat())?;
            read_one(cx, person)?;
        }
    }
    if one.is_some() && !found { refuse(NoticesError::NoSuchNotice) } else { Ok(None) }
}

/// Her own.
fn forget(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let Some(person) = cx.actor().person() else { return refuse(NoticesError::NoSuchNotice) };
    let key = kept::notice_key(person, arguments.id(0)?);
    let Some(row) = cx.get(&key)? else { return refuse(NoticesError::NoSuchNotice) };
    take_out(cx, person, &key, &row)?;
    Ok(None)
}

cases! {
    /// `hamlet:host/notices.error`. The WIT documents each case.
    enum NoticesError {
        NoSuchParty = "no-such-party",
        NoSuchTopic = "no-such-topic",
        TooLong = "too-long",
        TooMany = "too-many",
        NoSuchNotice = "no-such-notice",
        Invalid = "invalid",
    }
}
