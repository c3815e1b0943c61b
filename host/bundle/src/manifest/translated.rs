//! A text of a manifest in several languages: what its author wrote, and the same in languages by their BCP 47 tags.
//!
//! The plain text is the one that is always there; nothing here guesses a language. If it is wrong, people read a title
//! in a language that they did not choose, and nothing worse.

use std::collections::BTreeMap;

use super::{ManifestError, raw};

/// Most languages of one text.
const LANGUAGES_MAX: usize = 40;
/// Longest tag, in bytes.
const TAG_BYTES_MAX: usize = 35;

/// The same text in other languages, by tag in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Translations(BTreeMap<String, String>);

impl Translations {
    /// The text for a tag such as `es-MX`: that language as it is spoken there, else that language, else `plain`.
    pub fn choose<'a>(&'a self, tag: &str, plain: &'a str) -> &'a str {
        in_language(&self.0, tag).unwrap_or(plain)
    }

    pub(super) fn read(at: &str, given: BTreeMap<String, String>) -> Result<Self, ManifestError> {
        let is_tag = |tag: &str| {
            (2..=TAG_BYTES_MAX).contains(&tag.len())
                && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if given.len() > LANGUAGES_MAX {
            return Err(ManifestError::Language {
                at: at.to_owned(),
                tag: format!("({} languages)", given.len()),
            });
        }
        let mut texts = BTreeMap::new();
        for (tag, text) in given {
            if !is_tag(&tag) {
                return Err(ManifestError::Language { at: at.to_owned(), tag });
            }
            texts.insert(tag.to_ascii_lowercase(), raw::human_text(&format!("{at} in {tag}"), &text)?);
        }
        Ok(Self(texts))
    }
}

/// The text of some, by their tags in lower case, for a tag such as `es-MX`: that language as it is spoken there, else
/// that language.
pub fn in_language<'a>(texts: &'a BTreeMap<String, String>, tag: &str) -> Option<&'a str> {
    let tag = tag.to_ascii_lowercase();
    let language = tag.split('-').next().unwrap_or_default();
    texts.get(&tag).or_else(|| texts.get(language)).map(String::as_str)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::{Manifest, ManifestError};

    fn manifest(text: &str) -> Result<Manifest, ManifestError> {
        Manifest::parse(&format!("name = \"shop\"\nversion = \"0.1.0\"\ntitle = \"The shop\"\n{text}"))
    }

    #[test]
    fn a_title_is_in_her_language_when_its_author_gave_it() {
        let read = manifest("[titles]\nes = \"La tienda\"\npt-BR = \"A loja\"\n").unwrap();
        for (tag, title) in [
            ("es", "La tienda"),
            ("es-MX", "La tienda"),
            ("pt-br", "A loja"),
            ("pt-PT", "The shop"),
            ("en", "The shop"),
            ("", "The shop"),
        ] {
            assert_eq!(read.title_in(tag), title, "{tag}");
        }
        assert_eq!(manifest("").unwrap().title_in("es"), "The shop");
    }

    #[test]
    fn a_tag_that_is_none_and_a_text_that_is_empty_are_refused_by_name() {
        for wrong in ["[titles]\n\"../es\" = \"x\"\n", "[titles]\nx = \"y\"\n"] {
            assert!(matches!(manifest(wrong), Err(ManifestError::Language { .. })), "{wrong}");
        }
        assert!(manifest("[titles]\nes = \"\"\n").is_err());
        let about = "[[about-people]]\nwhat = \"Bread\"\nwhat-in = { es = \"Pan\" }\nseen-by = [\"self\"]\n";
        assert_eq!(manifest(about).unwrap().about_people.first().unwrap().what_in("es-ES"), "Pan");
    }
}
