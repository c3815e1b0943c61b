//! Keys of the ledger's rows: one letter for the kind of row, then what it is found by.
//! Numbers are big-endian, so that rows sort as people count. No key holds personal data (C6).
//!
//! | letter | then | row |
//! |---|---|---|
//! | `L` | ledger | the ledger |
//! | `U` | unit | its id |
//! | `s` | ledger | what is decided about it |
//! | `a` | account | the account |
//! | `k` | ledger, code | its id |
//! | `o` | owner, account | nothing |
//! | `l` | account, time, number | a change of its limits |
//! | `c` | account, milestone | a checkpoint of its chain |
//! | `e` | account, effective day, transfer | money of an odd day |
//! | `t` | transfer | the transfer |
//! | `m` | transfer | its memo, sealed for each side |
//! | `p` | transfer | where a reservation stands |
//! | `d` | deadline, transfer | nothing: the reservations in the order in which they lapse |
//! | `r` | transfer | what of it was paid back |
//! | `C` | number | a card |
//! | `h` | party | the number of her card |
//! | `x` | person | whom she has before her at the counter |
//! | `n` | ledger, number | the transfer that a paper slip became |
//! | `y` | person, ledger, day | what she paid out at the counter |
//! | `v` | move, ledger | what was brought in with it |
//! | `w` | | when the schedule of expiry is set for |

use crate::model::{Day, Id, Instant};

/// A key under construction.
struct Key(Vec<u8>);

impl Key {
    fn new(letter: u8, capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(1 + capacity);
        bytes.push(letter);
        Self(bytes)
    }

    fn with(mut self, part: &[u8]) -> Self {
        self.0.extend_from_slice(part);
        self
    }

    fn id(self, id: Id) -> Self {
        self.with(&id.0.to_be_bytes())
    }
}

/// The key that is one letter and an id: the hot path reads and writes only these.
fn of_id(letter: u8, id: Id) -> Vec<u8> {
    Key::new(letter, 16).id(id).0
}

pub fn ledger(id: Id) -> Vec<u8> {
    of_id(b'L', id)
}

/// Whether a key is that of a ledger. For the component alone, which guesses the next one.
#[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
pub fn is_ledger(key: &[u8]) -> bool {
    key.first() == Some(&b'L')
}

pub fn settings(ledger: Id) -> Vec<u8> {
    of_id(b's', ledger)
}

pub fn unit(unit: &str) -> Vec<u8> {
    Key::new(b'U', 12).with(unit.as_bytes()).0
}

pub fn units() -> Vec<u8> {
    vec![b'U']
}

pub fn account(id: Id) -> Vec<u8> {
    of_id(b'a', id)
}

pub fn accounts() -> Vec<u8> {
    vec![b'a']
}

pub fn code(ledger: Id, code: &str) -> Vec<u8> {
    Key::new(b'k', 16 + code.len()).id(ledger).with(code.as_bytes()).0
}

pub fn codes(ledger: Id) -> Vec<u8> {
    of_id(b'k', ledger)
}

pub fn owned(owner: Id, account: Id) -> Vec<u8> {
    Key::new(b'o', 32).id(owner).id(account).0
}

pub fn owned_by(owner: Id) -> Vec<u8> {
    of_id(b'o', owner)
}

pub fn limit_change(account: Id, at: Instant, number: u32) -> Vec<u8> {
    Key::new(b'l', 28).id(account).with(&at.to_be_bytes()).with(&number.to_be_bytes()).0
}

pub fn limit_changes(account: Id) -> Vec<u8> {
    of_id(b'l', account)
}

pub fn checkpoint(account: Id, milestone: u64) -> Vec<u8> {
    Key::new(b'c', 24).id(account).with(&milestone.to_be_bytes()).0
}

pub fn odd_day(account: Id, effective: Day, transfer: Id) -> Vec<u8> {
    Key::new(b'e', 36).id(account).with(&effective.0.to_be_bytes()).id(transfer).0
}

pub fn odd_days(account: Id) -> Vec<u8> {
    of_id(b'e', account)
}

pub fn transfer(id: Id) -> Vec<u8> {
    of_id(b't', id)
}

pub fn transfers() -> Vec<u8> {
    vec![b't']
}

pub fn memo(transfer: Id) -> Vec<u8> {
    of_id(b'm', transfer)
}

pub fn pending(transfer: Id) -> Vec<u8> {
    of_id(b'p', transfer)
}

pub fn deadline(at: Instant, transfer: Id) -> Vec<u8> {
    Key::new(b'd', 24).with(&at.to_be_bytes()).id(transfer).0
}

pub fn deadlines() -> Vec<u8> {
    vec![b'd']
}

/// The key after all deadlines up to and with `at`.
pub fn deadlines_after(at: Instant) -> Vec<u8> {
    Key::new(b'd', 8).with(&at.saturating_add(1).to_be_bytes()).0
}

pub fn refunded(original: Id) -> Vec<u8> {
    of_id(b'r', original)
}

pub fn wake() -> Vec<u8> {
    vec![b'w']
}

pub fn card(number: u32) -> Vec<u8> {
    Key::new(b'C', 4).with(&number.to_be_bytes()).0
}

pub fn cards() -> Vec<u8> {
    vec![b'C']
}

pub fn card_number(key: &[u8]) -> Option<u32> {
    key.last_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes))
}

pub fn holder(party: Id) -> Vec<u8> {
    of_id(b'h', party)
}

pub fn desk(person: Id) -> Vec<u8> {
    of_id(b'x', person)
}

pub fn slip(ledger: Id, number: u32) -> Vec<u8> {
    Key::new(b'n', 20).id(ledger).with(&number.to_be_bytes()).0
}

pub fn counter_day(person: Id, ledger: Id, day: Day) -> Vec<u8> {
    Key::new(b'y', 36).id(person).id(ledger).with(&day.0.to_be_bytes()).0
}

pub fn moved(moved: Id, ledger: Id) -> Vec<u8> {
    Key::new(b'v', 32).id(moved).id(ledger).0
}

pub fn moved_all(moved: Id) -> Vec<u8> {
    of_id(b'v', moved)
}

/// The key after all keys that begin with `prefix`.
pub fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    end
}

/// What stands behind a prefix, as text: the code of a `k` row, the unit of a `U` row.
pub fn text_behind(key: &[u8], prefix: usize) -> Option<&str> {
    std::str::from_utf8(key.get(prefix..)?).ok()
}

/// The id at the end of a key.
pub fn id_at_end(key: &[u8]) -> Option<Id> {
    key.last_chunk::<16>().map(|bytes| Id(u128::from_be_bytes(*bytes)))
}

/// Deadline and transfer of a `d` key.
pub fn deadline_of(key: &[u8]) -> Option<(Instant, Id)> {
    let at = key.get(1..)?.first_chunk::<8>()?;
    Some((Instant::from_be_bytes(*at), id_at_end(key)?))
}

/// The number at the end of an `l` key, and the time before it.
pub fn limit_change_of(key: &[u8]) -> Option<(Instant, u32)> {
    let (rest, number) = key.split_last_chunk::<4>()?;
    let (_, at) = rest.split_last_chunk::<8>()?;
    Some((Instant::from_be_bytes(*at), u32::from_be_bytes(*number)))
}

/// The effective day of an `e` key.
pub fn odd_day_of(key: &[u8]) -> Option<Day> {
    let day = key.get(17..)?.first_chunk::<4>()?;
    Some(Day(u32::from_be_bytes(*day)))
}
