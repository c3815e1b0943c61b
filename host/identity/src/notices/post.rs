//! E-mail: where it goes, and what waits (`server` is by what it leaves). The gateway carries it.
//!
//! An address gets nothing but the one link that confirms it, until somebody opened that link. What is about the safety
//! of an account leaves at once, everything else outside of its receiver's quiet hours. Notices that she wants gathered
//! are added to one letter until it is due: from then on it may be under way, and the next begins another.

use hamlet_kernel::catalogue::HOST;
use hamlet_kernel::{CallError, NativeContext};
use hamlet_reflect::Id;
use hamlet_store::Value;
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use super::kept::{self, Notice};
use super::server::{Status, server, status};
use super::times::{self, Times};
use super::{NoticesError, Outcome, SECURITY};
use crate::read;
use crate::rows;
use crate::values::{self, Arguments, refuse};

/// Longest address, as RFC 5321 has it (4.5.3.1.3).
const EMAIL_BYTES_MAX: usize = 254;
const WHY_BYTES_MAX: usize = 500;
/// E-mails that wait; further ones are only in the inbox.
const LETTERS_MAX: usize = 2_000;
/// Notices that are gathered in one e-mail; further ones are only in the inbox.
const DIGEST_MAX: usize = 100;
/// E-mails of one answer.
const DUE_MAX: usize = 20;
/// How long a link confirms, and how often one person asks for one on a day.
const LINK_MICROS: u64 = 7 * 24 * 3_600 * 1_000_000;
const LINKS_A_DAY_MAX: u32 = 5;
/// The topic of a confirmation.
const CONFIRM: &str = "confirm";
/// Waits after a failure, in minutes; after the last it is given up.
const WAITS_MINUTES: [u64; 7] = [1, 5, 30, 120, 360, 720, 1_440];
const MINUTE_MICROS: u64 = 60 * 1_000_000;

#[derive(Debug, Serialize, Deserialize)]
struct Address {
    email: String,
    confirmed: Option<u64>,
    /// Of the link that is under way.
    hash: [u8; 32],
    asked: u64,
}

/// What an e-mail tells.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Content {
    One(Box<Notice>),
    Gathered(Vec<Notice>),
}

impl Content {
    fn notices(&self) -> &[Notice] {
        match self {
            Self::One(notice) => std::slice::from_ref(notice),
            Self::Gathered(notices) => notices,
        }
    }

    /// Something of it is about the safety of an account, or was asked for a moment ago.
    fn is_urgent(&self) -> bool {
        self.notices()
            .iter()
            .any(|notice| notice.source == HOST && [SECURITY, CONFIRM].contains(&notice.topic.as_str()))
    }
}

/// An e-mail that waits: in the clear whose it is, how often it failed and when it is tried next.
struct Letter<'a> {
    person: Id,
    failures: u32,
    not_before: u64,
    sealed: &'a [u8],
}

impl<'a> Letter<'a> {
    fn encode(&self) -> Vec<u8> {
        let (person, failures) = (self.person.0.to_be_bytes(), self.failures.to_be_bytes());
        [&person[..], &failures, &self.not_before.to_be_bytes(), self.sealed].concat()
    }

    fn decode(row: &'a [u8]) -> Option<Self> {
        let (person, row) = row.split_first_chunk()?;
        let (failures, row) = row.split_first_chunk()?;
        let (not_before, sealed) = row.split_first_chunk()?;
        Some(Self {
            person: Id(u128::from_be_bytes(*person)),
            failures: u32::from_be_bytes(*failures),
            not_before: u64::from_be_bytes(*not_before),
            sealed,
        })
    }
}

fn read_address(cx: &mut dyn NativeContext, person: Id) -> Result<Option<Address>, CallError> {
    match cx.get(&kept::address_key(person))? {
        Some(sealed) => kept::open(cx, person, &sealed),
        None => Ok(None),
    }
}

fn write_address(cx: &mut dyn NativeContext, person: Id, address: &Address) -> Result<(), CallError> {
    match kept::seal(cx, person, address)? {
        Some(sealed) => cx.set(&kept::address_key(person), &sealed),
        None => Ok(()),
    }
}

/// How many e-mails wait.
pub(super) fn waiting(cx: &mut dyn NativeContext) -> Result<usize, CallError> {
    Ok(read::prefixed(cx, kept::LETTERS, None, LETTERS_MAX)?.len())
}

/// Queues a notice as e-mail, where there is a server and her address is confirmed. `gathered`: into that which comes
/// once a day.
pub(super) fn queue(
    cx: &mut dyn NativeContext,
    person: Id,
    id: Id,
    notice: &Notice,
    gathered: bool,
) -> Result<(), CallError> {
    let confirmed = read_address(cx, person)?.is_some_and(|address| address.confirmed.is_some());
    if !confirmed || server(cx)?.is_none() {
        return Ok(());
    }
    if gathered {
        return gather(cx, person, id, notice);
    }
    let content = Content::One(Box::new(notice.clone()));
    let now = cx.now();
    let at = leaves(cx, person, &content, now)?;
    put(cx, person, id, &content, at)
}

/// Adds a notice to the letter that is not due yet, or begins one.
fn gather(cx: &mut dyn NativeContext, person: Id, id: Id, notice: &Notice) -> Result<(), CallError> {
    let now = cx.now();
    if let Some((key, row)) = gathering(cx, person)?
        && let Some(letter) = Letter::decode(&row)
        && letter.failures == 0
        && letter.not_before > now
        && let Some(Content::Gathered(mut notices)) = kept::open(cx, person, letter.sealed)?
    {
        if notices.len() >= DIGEST_MAX {
            return Ok(());
        }
        notices.push(notice.clone());
        let Some(sealed) = kept::seal(cx, person, &Content::Gathered(notices))? else { return Ok(()) };
        return cx.set(&key, &Letter { sealed: &sealed, ..letter }.encode());
    }
    let at = Times::of(cx, person)?.gathered(&times::zone(cx)?, now);
    put(cx, person, id, &Content::Gathered(vec![notice.clone()]), at)?;
    cx.set(&kept::digest_key(person), &id.0.to_be_bytes())
}

/// The letter into which is gathered what a person is told, with its key, if it still waits.
fn gathering(cx: &mut dyn NativeContext, person: Id) -> Result<Option<(Vec<u8>, Value)>, CallError> {
    let letter = cx.get(&kept::digest_key(person))?.and_then(|row| rows::id_at_end(&row));
    let Some(key) = letter.map(kept::letter_key) else { return Ok(None) };
    Ok(cx.get(&key)?.map(|row| (key, row)))
}

/// When it may leave, from `at` on.
fn leaves(cx: &mut dyn NativeContext, person: Id, content: &Content, at: u64) -> Result<u64, CallError> {
    if content.is_urgent() {
        return Ok(at);
    }
    Ok(Times::of(cx, person)?.not_quiet(&times::zone(cx)?, at))
}

fn put(
    cx: &mut dyn NativeContext,
    person: Id,
    id: Id,
    content: &Content,
    not_before: u64,
) -> Result<(), CallError> {
    if waiting(cx)? >= LETTERS_MAX {
        return Ok(());
    }
    let Some(sealed) = kept::seal(cx, person, content)? else { return Ok(()) };
    let letter = Letter { person, failures: 0, not_before, sealed: &sealed };
    cx.set(&kept::letter_key(id), &letter.encode())
}

/// Herself.
pub(super) fn address(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let Some(person) = cx.actor().person() else { return Ok(values::some(None)) };
    let address = read_address(cx, person)?.map(|address| {
        values::record([
            ("email", Val::String(address.email)),
            ("confirmed", values::some(address.confirmed.map(Val::U64))),
        ])
    });
    Ok(values::some(address))
}

/// Herself.
pub(super) fn forget_address(cx: &mut dyn NativeContext) -> Outcome {
    let Some(person) = cx.actor().person() else { return refuse(NoticesError::NoSuchParty) };
    if let Some(address) = read_address(cx, person)? {
        cx.delete(&kept::link_key(&address.hash))?;
    }
    cx.delete(&kept::address_key(person))?;
    Ok(None)
}

/// The host itself, for whoever is signed in.
pub(super) fn ask_address(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let person = arguments.id(0)?;
    let (email, link) = (arguments.text(1)?.trim().to_owned(), arguments.text(2)?.to_owned());
    let hash = values::hash(arguments.value(3)?, NoticesError::Invalid)?;
    if read::person(cx, person)?.is_none() {
        return refuse(NoticesError::NoSuchParty);
    }
    if !is_email(&email) || link.len() > 1_000 {
        return refuse(NoticesError::Invalid);
    }
    // Nobody makes this box send to strangers all day.
    super::count(cx, person, CONFIRM, LINKS_A_DAY_MAX, 1)?;
    if let Some(old) = read_address(cx, person)? {
        cx.delete(&kept::link_key(&old.hash))?;
    }
    let now = cx.now();
    write_address(cx, person, &Address { email, confirmed: None, hash, asked: now })?;
    cx.set(&kept::link_key(&hash), &person.0.to_be_bytes())?;
    let notice = Notice {
        at: now,
        source: HOST.to_owned(),
        topic: CONFIRM.to_owned(),
        title: "notice-confirm".to_owned(),
        text: "{}".to_owned(),
        path: link,
    };
    let id = cx.new_id();
    put(cx, person, id, &Content::One(Box::new(notice)), now)?;
    Ok(None)
}

/// The host itself, for whoever has the link.
pub(super) fn confirm_address(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let hash = values::hash(arguments.value(0)?, NoticesError::Invalid)?;
    let key = kept::link_key(&hash);
    let person = cx.get(&key)?.and_then(|row| row.as_ref().try_into().ok());
    let Some(person) = person.map(|row| Id(u128::from_be_bytes(row))) else {
        return refuse(NoticesError::Invalid);
    };
    cx.delete(&key)?;
    match read_address(cx, person)? {
        Some(mut address)
            if address.hash == hash && cx.now() <= address.asked.saturating_add(LINK_MICROS) =>
        {
            address.confirmed = Some(cx.now());
            write_address(cx, person, &address)?;
            Ok(None)
        }
        _ => refuse(NoticesError::Invalid),
    }
}

/// The host itself. What cannot be sent any more (she left, or took her address away) is given as it is taken out by
/// `not-sent`.
pub(super) fn due(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let now = cx.now();
    let mut due = Vec::new();
    for (key, row) in read::prefixed(cx, kept::LETTERS, None, LETTERS_MAX)? {
        let (Some(id), Some(letter)) = (rows::id_at_end(&key), Letter::decode(&row)) else { continue };
        if letter.not_before > now || due.len() >= DUE_MAX {
            continue;
        }
        let address = read_address(cx, letter.person)?;
        let content = kept::open::<Content>(cx, letter.person, letter.sealed)?;
        let notices = content.as_ref().map_or(&[][..], Content::notices);
        let confirms = notices.iter().all(|notice| notice.topic == CONFIRM);
        let address = address.filter(|address| address.confirmed.is_some() || confirms);
        due.push(values::record([
            ("id", id.to_val()),
            ("email", Val::String(address.map_or_else(String::new, |address| address.email))),
            ("notices", Val::List(notices.iter().map(|notice| notice.to_val(id, false)).collect())),
            ("failures", Val::U32(letter.failures)),
        ]));
    }
    Ok(Val::List(due))
}

/// The host itself.
pub(super) fn sent(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    cx.delete(&kept::letter_key(arguments.id(0)?))?;
    let status = Status { sent: Some(cx.now()), failed: None };
    cx.set(kept::STATUS_KEY, &kept::encoded(&status)?)?;
    Ok(None)
}

/// The host itself.
pub(super) fn not_sent(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let key = kept::letter_key(arguments.id(0)?);
    let why: String = arguments.text(1)?.chars().take(WHY_BYTES_MAX).collect();
    let for_good = values::flag(arguments.value(2)?)?;
    let row = cx.get(&key)?;
    let Some(mut letter) = row.as_ref().and_then(|row| Letter::decode(row)) else {
        return refuse(NoticesError::NoSuchNotice);
    };
    let wait = usize::try_from(letter.failures).ok().and_then(|failures| WAITS_MINUTES.get(failures));
    match wait.filter(|_| !for_good) {
        Some(minutes) => {
            letter.failures += 1;
            letter.not_before = cx.now().saturating_add(minutes * MINUTE_MICROS);
            if let Some(content) = kept::open::<Content>(cx, letter.person, letter.sealed)? {
                letter.not_before = leaves(cx, letter.person, &content, letter.not_before)?;
            }
            cx.set(&key, &letter.encode())?;
        }
        None => drop(cx.delete(&key)?),
    }
    if !why.is_empty() {
        let status = Status { failed: Some(why), ..status(cx)? };
        cx.set(kept::STATUS_KEY, &kept::encoded(&status)?)?;
    }
    Ok(None)
}

/// One `@` with something on both sides, no space, no control, no list: what a mail server makes of the rest is its own.
pub(super) fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    let plain = |part: &str| {
        !part.is_empty()
            && part.chars().all(|letter| {
                !letter.is_control() && !letter.is_whitespace() && !"@<>()[],;:\\\"".contains(letter)
            })
    };
    text.len() <= EMAIL_BYTES_MAX && parts.is_some_and(|(local, domain)| plain(local) && plain(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_address_and_nothing_that_a_header_could_be_split_with() {
        for good in ["ada@oak.example", "a.b+c@localhost", "ñandú@correo.example"] {
            assert!(is_email(good), "{good}");
        }
        for bad in
            ["", "@", "a@", "@b", "a b@c", "a@b@c", "a@b,c@d", "a@b\r\nBcc: x@y", "<a@b>", "a@b;c", "\"a\"@b"]
        {
            assert!(!is_email(bad), "{bad:?}");
        }
        assert!(!is_email(&format!("{}@b", "a".repeat(254))));
    }

    #[test]
    fn a_letters_row_is_read_as_it_was_written() {
        let letter = Letter { person: Id(7), failures: 3, not_before: 9, sealed: b"x" };
        let row = letter.encode();
        let again = Letter::decode(&row);
        assert!(again.is_some_and(|again| (again.person, again.failures, again.not_before, again.sealed)
            == (Id(7), 3, 9, b"x".as_slice())));
        for length in 0..28 {
            assert!(Letter::decode(row.get(..length).unwrap_or_default()).is_none());
        }
    }
}
