//! What the pages say: Fluent files, English and Spanish.

use crate::model::{Ledger, written_amount};

const ENGLISH: &str = include_str!("../../words/en.ftl");
const SPANISH: &str = include_str!("../../words/es.ftl");
/// What the books, the counter and the prints say: read only where it is needed.
const ENGLISH_DESK: &str = include_str!("../../words/desk.en.ftl");
const SPANISH_DESK: &str = include_str!("../../words/desk.es.ftl");
/// What is refused, read only then.
const ENGLISH_REFUSED: &str = include_str!("../../words/refused.en.ftl");
const SPANISH_REFUSED: &str = include_str!("../../words/refused.es.ftl");

/// The words of one language.
pub(super) struct Words(hamlet_sdk::Words);

impl Words {
    /// Those of a locale such as `es-MX`; English where there are none.
    ///
    /// Cost: reading some hundred lines.
    pub fn of(locale: &str) -> Self {
        Self(hamlet_sdk::Words::of(locale, &[("en", &[ENGLISH]), ("es", &[SPANISH])]))
    }

    /// Those of a locale, with what the books, the counter and the prints say.
    pub fn all(locale: &str) -> Self {
        let languages: &[(&str, &[&str])] =
            &[("en", &[ENGLISH, ENGLISH_DESK]), ("es", &[SPANISH, SPANISH_DESK])];
        Self(hamlet_sdk::Words::of(locale, languages))
    }

    /// What people are told of refusals, in a locale.
    pub fn refused(locale: &str) -> Self {
        Self(hamlet_sdk::Words::of(locale, &[("en", &[ENGLISH_REFUSED]), ("es", &[SPANISH_REFUSED])]))
    }

    /// Whether there is such a message.
    pub fn has(&self, id: &str) -> bool {
        self.0.has(id)
    }

    /// A message.
    pub fn say(&self, id: &str) -> String {
        self.0.say(id)
    }

    /// A message with what it speaks of.
    pub fn with(&self, id: &str, variables: &[(&str, &str)]) -> String {
        self.0.with(id, variables)
    }

    /// An amount within a sentence.
    pub fn amount(&self, amount: u64, ledger: &Ledger) -> String {
        let written = written_amount(amount, ledger.scale).replace('.', &self.decimal().to_string());
        format!("{written} {}", ledger.unit)
    }

    /// What is between whole and fraction.
    pub fn decimal(&self) -> char {
        self.0.decimal()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::*;

    /// Messages with the variables that they name.
    fn messages(text: &str) -> BTreeMap<String, Vec<String>> {
        hamlet_sdk::words::messages(text).unwrap().into_iter().collect()
    }

    #[test]
    fn spanish_says_all_that_english_says_with_the_same_variables() {
        assert_eq!(messages(ENGLISH), messages(SPANISH));
        assert_eq!(messages(ENGLISH_DESK), messages(SPANISH_DESK));
        assert_eq!(messages(ENGLISH_REFUSED), messages(SPANISH_REFUSED));
    }

    #[test]
    fn every_message_that_a_page_says_is_there_and_no_other() {
        let sources = concat!(
            include_str!("mod.rs"),
            include_str!("balances.rs"),
            include_str!("books/account.rs"),
            include_str!("books/accounts.rs"),
            include_str!("books/exchange.rs"),
            include_str!("books/found.rs"),
            include_str!("books/ledger.rs"),
            include_str!("books/mod.rs"),
            include_str!("circulation.rs"),
            include_str!("counter.rs"),
            include_str!("join.rs"),
            include_str!("moving.rs"),
            include_str!("prints.rs"),
            include_str!("receipt.rs"),
            include_str!("sheet.rs"),
            include_str!("account.rs"),
            include_str!("ask.rs"),
            include_str!("overview.rs"),
            include_str!("parts.rs"),
            include_str!("pay.rs"),
            include_str!("pending.rs"),
            include_str!("statement.rs")
        );
        for id in messages(ENGLISH).keys().chain(messages(ENGLISH_DESK).keys()) {
            assert!(sources.contains(&format!("\"{id}\"")), "{id} is never said");
        }
        let said = sources.split("say(\"").skip(1).chain(sources.split("with(\"").skip(1));
        let mut known = messages(ENGLISH);
        known.extend(messages(ENGLISH_DESK));
        for id in said.map(|rest| rest.split('"').next().unwrap()) {
            assert!(known.contains_key(id), "{id} has no words");
        }
    }

    #[test]
    fn a_sentence_is_in_the_language_of_the_locale() {
        assert_eq!(Words::of("es-MX").say("nav-pay"), "Pagar");
        assert_eq!(
            Words::of("qps").with("credit-zero", &[("credit", "5.00 LEAF")]).split(": ").nth(1),
            Some("up to 5.00 LEAF.")
        );
    }
}
