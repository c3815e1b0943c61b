//! What a manifest says of data about people: each kind of it, and who sees it (`[[about-people]]`).
//!
//! It is a promise of the author's that people read before they install and as long as it runs; the host cannot check
//! it, and says so where it shows it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{ManifestError, Translations, raw, words};

/// Most kinds of data that a manifest names.
const KINDS_MAX: usize = 20;

/// One kind of data about people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeopleData {
    /// What it is, in words for members: `What you paid and got, with its notes`.
    pub what: String,
    /// The same in other languages (`what-in`).
    pub what_in: Translations,
    /// Who sees it, at least one.
    pub seen_by: Vec<Reader>,
}

impl PeopleData {
    /// What it is in a language, by its BCP 47 tag; as its author wrote it where there is none.
    pub fn what_in(&self, tag: &str) -> &str {
        self.what_in.choose(tag, &self.what)
    }
}

/// Somebody who sees data about people.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reader {
    /// She whom it is about.
    Myself,
    /// All who act for the party that it is about: a household's members.
    Party,
    /// Whoever is on the other side of it: who was paid, who is a neighbour in the queue.
    Counterparties,
    /// The members of a group.
    Group(String),
    /// Every member.
    Members,
    /// Anybody, signed in or not.
    Public,
}

impl Reader {
    /// From the word in a manifest: `self`, `party`, `counterparties`, `members`, `public`, `group:NAME`.
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "self" => Self::Myself,
            "party" => Self::Party,
            "counterparties" => Self::Counterparties,
            "members" => Self::Members,
            "public" => Self::Public,
            _ => Self::Group(
                word.strip_prefix("group:").filter(|name| words::is_plugin_name(name))?.to_owned(),
            ),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawPeopleData {
    what: String,
    #[serde(default)]
    what_in: BTreeMap<String, String>,
    seen_by: Vec<String>,
}

pub(super) fn read(raw: Vec<RawPeopleData>) -> Result<Vec<PeopleData>, ManifestError> {
    if raw.len() > KINDS_MAX {
        return Err(ManifestError::TooManyKinds { most: KINDS_MAX });
    }
    raw.into_iter().map(entry).collect()
}

fn entry(raw: RawPeopleData) -> Result<PeopleData, ManifestError> {
    let what = raw::human_text("what of about-people", &raw.what)?;
    let what_in = Translations::read("what-in of about-people", raw.what_in)?;
    let mut seen_by = Vec::with_capacity(raw.seen_by.len());
    for word in raw.seen_by {
        let reader = Reader::parse(&word).ok_or_else(|| ManifestError::Reader { word: word.clone() })?;
        if seen_by.contains(&reader) {
            return Err(ManifestError::Twice { at: "seen-by", name: word });
        }
        seen_by.push(reader);
    }
    if seen_by.is_empty() {
        return Err(ManifestError::NobodySees { what });
    }
    Ok(PeopleData { what, what_in, seen_by })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::manifest::Manifest;

    fn manifest(about: &str) -> Result<Manifest, ManifestError> {
        Manifest::parse(&format!("name = \"shop\"\nversion = \"0.1.0\"\ntitle = \"A shop\"\n{about}"))
    }

    #[test]
    fn each_kind_of_data_is_read_with_those_who_see_it() {
        let text = "[[about-people]]\nwhat = \"What you bought\"\n\
            seen-by = [\"self\", \"party\", \"counterparties\", \"group:bakers\", \"members\", \"public\"]";
        let read = manifest(text).unwrap().about_people;
        let expected = [
            Reader::Myself,
            Reader::Party,
            Reader::Counterparties,
            Reader::Group("bakers".into()),
            Reader::Members,
            Reader::Public,
        ];
        assert_eq!(
            read,
            [PeopleData {
                what: "What you bought".into(),
                what_in: Translations::default(),
                seen_by: expected.into()
            }]
        );
        assert!(manifest("").unwrap().about_people.is_empty());
    }

    #[test]
    fn a_reader_that_does_not_exist_is_refused_with_what_to_write_instead() {
        for (seen_by, wanted) in [
            ("[\"everybody\"]", "self, party, counterparties, members, public or group:NAME"),
            ("[\"group:\"]", "group:NAME"),
            ("[]", "nobody sees it"),
            ("[\"self\", \"self\"]", "self"),
        ] {
            let text = format!("[[about-people]]\nwhat = \"x\"\nseen-by = {seen_by}");
            let error = manifest(&text).unwrap_err().to_string();
            assert!(error.contains(wanted), "{seen_by}: {error}");
        }
        let many = "[[about-people]]\nwhat = \"x\"\nseen-by = [\"self\"]\n".repeat(21);
        assert!(manifest(&many).is_err());
        assert!(manifest("[[about-people]]\nwhat = \" \"\nseen-by = [\"self\"]").is_err());
    }
}
