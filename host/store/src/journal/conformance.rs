//! What every journal engine must do, written against the trait (J2). An engine's own tests call
//! [`check`] with a way to open it; a failure says which rule was broken.

use super::{Appended, Journal, Records};
use crate::{error::StoreError, key::Sequence};

/// An engine under test.
pub trait Subject {
    /// Opens the journal, empty the first time, later with all that was durable. The journal that
    /// was opened before is gone by then.
    fn open(&mut self) -> Box<dyn Journal>;
}

/// One rule, run against a subject.
type Rule<S> = fn(&mut S) -> Result<(), String>;

/// Runs the whole suite; each rule gets a fresh subject.
///
/// # Errors
/// The rule that was broken, and what was seen.
pub fn check<S: Subject>(mut fresh: impl FnMut() -> S) -> Result<(), String> {
    let rules: [(&str, Rule<S>); 8] = [
        ("a new journal is empty", empty),
        ("records are numbered from one and read back in order", numbered),
        ("an append after the wrong record is stale and leaves nothing", stale_sequence),
        ("an append under an older term is stale and leaves nothing", stale_term),
        ("everything is there when the journal is opened again", reopened),
        ("a reader ends at the head that it knew", reader_ends),
        ("payloads of any size and content come back unchanged", payloads),
        ("dropping keeps the newest and says what is left", dropped),
    ];
    for (rule, run) in rules {
        run(&mut fresh()).map_err(|seen| format!("{rule}: {seen}"))?;
    }
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, seen: &T, expected: &T) -> Result<(), String> {
    if seen == expected { Ok(()) } else { Err(format!("{what} is {seen:?}, not {expected:?}")) }
}

fn append(journal: &mut dyn Journal, term: u64, payload: &[u8]) -> Result<Sequence, String> {
    let expected = journal.head();
    match journal.append(expected, term, payload) {
        Ok(Appended::Appended(sequence)) => {
            same("the number", &sequence, &(expected + 1))?;
            same("the head", &journal.head(), &sequence)?;
            Ok(sequence)
        }
        other => Err(format!("append gave {other:?}")),
    }
}

type Seen = Vec<(Sequence, u64, Vec<u8>)>;

fn collect(records: Result<Records, StoreError>) -> Result<Seen, String> {
    records
        .map_err(|error| error.to_string())?
        .map(|record| record.map(|r| (r.sequence, r.term, r.payload.to_vec())))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

fn contents(journal: &dyn Journal, from: Sequence) -> Result<Seen, String> {
    collect(journal.reader().read(from))
}

fn empty(subject: &mut impl Subject) -> Result<(), String> {
    let journal = subject.open();
    same("the head", &journal.head(), &0)?;
    same("the oldest", &journal.reader().oldest(), &1)?;
    same("the content", &contents(&*journal, 0)?, &vec![])
}

fn numbered(subject: &mut impl Subject) -> Result<(), String> {
    let mut journal = subject.open();
    let mut expected = Vec::new();
    for n in 1..=100u64 {
        let payload = n.to_string().into_bytes();
        append(&mut *journal, n / 10, &payload)?;
        expected.push((n, n / 10, payload));
    }
    for from in [0, 1, 2, 50, 100, 101, 1000] {
        let rest: Seen = expected.iter().filter(|(n, ..)| *n >= from).cloned().collect();
        same(&format!("the content from {from}"), &contents(&*journal, from)?, &rest)?;
    }
    Ok(())
}

fn stale_sequence(subject: &mut impl Subject) -> Result<(), String> {
    let mut journal = subject.open();
    append(&mut *journal, 1, b"first")?;
    append(&mut *journal, 1, b"second")?;
    for expected in [0, 1, 3] {
        let seen = journal.append(expected, 1, b"late").map_err(|error| error.to_string())?;
        same("the outcome", &seen, &Appended::Stale(2))?;
    }
    append(&mut *journal, 1, b"third")?;
    same("the number of records", &contents(&*journal, 1)?.len(), &3)
}

fn stale_term(subject: &mut impl Subject) -> Result<(), String> {
    let mut journal = subject.open();
    append(&mut *journal, 5, b"mine")?;
    let seen = journal.append(1, 4, b"from before").map_err(|error| error.to_string())?;
    same("the outcome", &seen, &Appended::Stale(1))?;
    drop(journal);
    let mut journal = subject.open();
    let seen = journal.append(1, 4, b"from before").map_err(|error| error.to_string())?;
    same("the outcome after reopening", &seen, &Appended::Stale(1))?;
    append(&mut *journal, 5, b"still mine")?;
    append(&mut *journal, 6, b"somebody else's")?;
    same("the number of records", &contents(&*journal, 1)?.len(), &3)
}

fn reopened(subject: &mut impl Subject) -> Result<(), String> {
    let mut expected = Vec::new();
    for round in 0..5u64 {
        let mut journal = subject.open();
        same("the head", &journal.head(), &(expected.len() as u64))?;
        same("the content", &contents(&*journal, 0)?, &expected)?;
        for n in 0..7u8 {
            let payload = vec![n; usize::from(n) * 1000];
            let sequence = append(&mut *journal, round, &payload)?;
            expected.push((sequence, round, payload));
        }
    }
    Ok(())
}

fn reader_ends(subject: &mut impl Subject) -> Result<(), String> {
    let mut journal = subject.open();
    append(&mut *journal, 1, b"before")?;
    let reader = journal.reader();
    let records = reader.read(1);
    append(&mut *journal, 1, b"after")?;
    same("what it saw", &collect(records)?.len(), &1)?;
    same("the head that readers know", &reader.head(), &2)
}

fn payloads(subject: &mut impl Subject) -> Result<(), String> {
    let mut journal = subject.open();
    let sizes = [0, 1, 39, 40, 41, 4095, 4096, 65_536, 3_000_000];
    for (n, size) in sizes.iter().enumerate() {
        let payload: Vec<u8> = (0..*size).map(|at: usize| pattern(at, n)).collect();
        append(&mut *journal, 1, &payload)?;
    }
    // A record inside a record must not be taken for one.
    let inner: Vec<u8> = contents(&*journal, 1)?.concat_payloads();
    append(&mut *journal, 1, &inner)?;
    drop(journal);
    let journal = subject.open();
    let seen = contents(&*journal, 1)?;
    same("the number of records", &seen.len(), &(sizes.len() + 1))?;
    for ((n, size), (_, _, payload)) in sizes.iter().enumerate().zip(&seen) {
        let intact =
            payload.len() == *size && payload.iter().enumerate().all(|(at, byte)| *byte == pattern(at, n));
        same(&format!("a payload of {size} bytes intact"), &intact, &true)?;
    }
    same("the nested payload intact", &seen.last().is_some_and(|(.., p)| *p == inner), &true)
}

/// The byte at a place of the so-many-th payload.
fn pattern(at: usize, n: usize) -> u8 {
    ((at * 31 + n) % 251).to_le_bytes().first().copied().unwrap_or_default()
}

trait ConcatPayloads {
    fn concat_payloads(&self) -> Vec<u8>;
}

impl ConcatPayloads for Seen {
    fn concat_payloads(&self) -> Vec<u8> {
        self.iter().flat_map(|(_, _, payload)| payload.iter().copied()).collect()
    }
}

fn dropped(subject: &mut impl Subject) -> Result<(), String> {
    let mut journal = subject.open();
    for _ in 0..20 {
        append(&mut *journal, 1, &vec![1; 500_000])?;
    }
    let reader = journal.reader();
    let oldest = reader.drop_before(15).map_err(|error| error.to_string())?;
    same("the oldest", &reader.oldest(), &oldest)?;
    same("only older ones went", &(oldest <= 15), &true)?;
    let left = contents(&*journal, oldest)?;
    same("what is left", &(left.len() as u64), &(20 - oldest + 1))?;
    if oldest > 1 {
        let gone = matches!(reader.read(1), Err(StoreError::Dropped { oldest: o }) if o == oldest);
        same("a dropped record is named", &gone, &true)?;
    }
    let oldest = reader.drop_before(Sequence::MAX).map_err(|error| error.to_string())?;
    same("the newest stays", &(oldest <= 20), &true)?;
    append(&mut *journal, 1, b"goes on")?;
    same("the head", &reader.head(), &21)
}
