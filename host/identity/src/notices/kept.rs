//! How notices lie in rows: keys, and values sealed under the key of whom they are about.

use hamlet_kernel::{CallError, NativeContext};
use hamlet_reflect::Id;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use crate::values;

/// A notice. Of the host, `title` names a message and `text` holds its values.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Notice {
    pub at: u64,
    pub source: String,
    pub topic: String,
    pub title: String,
    pub text: String,
    pub path: String,
}

impl Notice {
    pub fn to_val(&self, id: Id, read: bool) -> Val {
        let text = |text: &str| Val::String(text.to_owned());
        values::record([
            ("id", id.to_val()),
            ("at", Val::U64(self.at)),
            ("source", text(&self.source)),
            ("topic", text(&self.topic)),
            ("title", text(&self.title)),
            ("text", text(&self.text)),
            ("path", text(&self.path)),
            ("read", Val::Bool(read)),
        ])
    }
}

fn of_person(kind: &[u8], person: Id) -> Vec<u8> {
    [kind, &person.0.to_be_bytes()].concat()
}

/// All notices of a person begin with this; their ids grow with time.
pub(super) fn inbox(person: Id) -> Vec<u8> {
    of_person(b"Ni", person)
}

pub(super) fn notice_key(person: Id, notice: Id) -> Vec<u8> {
    of_person(&inbox(person), notice)
}

pub(super) fn unread_key(person: Id) -> Vec<u8> {
    of_person(b"Nu", person)
}

pub(super) fn choices_key(person: Id) -> Vec<u8> {
    of_person(b"Nc", person)
}

pub(super) fn times_key(person: Id) -> Vec<u8> {
    of_person(b"Nt", person)
}

/// The letter into which is gathered what she is told.
pub(super) fn digest_key(person: Id) -> Vec<u8> {
    of_person(b"Nd", person)
}

pub(super) fn address_key(person: Id) -> Vec<u8> {
    of_person(b"Na", person)
}

pub(super) fn link_key(hash: &[u8; 32]) -> Vec<u8> {
    [b"NA".as_slice(), hash].concat()
}

/// All e-mails that wait begin with this; their ids grow with time.
pub(super) const LETTERS: &[u8] = b"Nq";

pub(super) fn letter_key(letter: Id) -> Vec<u8> {
    of_person(LETTERS, letter)
}

pub(super) fn rate_key(person: Id, source: &str) -> Vec<u8> {
    [&of_person(b"Nr", person), source.as_bytes()].concat()
}

/// The day and the number of a row of rates.
pub(super) fn rate(row: &[u8]) -> Option<(u64, u32)> {
    let (day, number) = row.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*day), u32::from_be_bytes(number.try_into().ok()?)))
}

pub(super) const SERVER_KEY: &[u8] = b"Nm";
pub(super) const STATUS_KEY: &[u8] = b"Ns";

/// As JSON, encrypted under her key; none: her key was destroyed.
pub(super) fn seal(
    cx: &mut dyn NativeContext,
    person: Id,
    what: &impl Serialize,
) -> Result<Option<Vec<u8>>, CallError> {
    Ok(cx.seal(person, &encoded(what)?)?.ok())
}

/// Reads what [`seal`] made; none: her key was destroyed, or it is no such value.
pub(super) fn open<T: DeserializeOwned>(
    cx: &mut dyn NativeContext,
    person: Id,
    sealed: &[u8],
) -> Result<Option<T>, CallError> {
    let opened = cx.open(person, sealed)?.ok();
    Ok(opened.and_then(|plain| serde_json::from_slice(&plain).ok()))
}

pub(super) fn encoded(what: &impl Serialize) -> Result<Vec<u8>, CallError> {
    serde_json::to_vec(what).map_err(|error| CallError::internal(error.to_string()))
}
