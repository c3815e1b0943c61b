//! The index against a search that reads every text.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use hamlet_sdk::Memory;
use proptest::prelude::*;

use super::*;

const VOCABULARY: [&str; 12] = [
    "bread", "breads", "pan", "panes", "saw", "sawing", "honey", "miel", "garden", "jardín", "jardin",
    "gardens",
];

fn secret() -> Key {
    Key([7; 32])
}

/// All pages, one after the other; and that no number comes twice.
fn all(db: &Memory, query: &Query, limit: u32) -> Vec<Number> {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = page(db, query, limit, cursor.as_deref()).unwrap();
        assert!(page.rows.len() <= usize::try_from(limit).unwrap());
        found.extend(page.rows);
        match page.next {
            None => return found,
            next => cursor = next,
        }
    }
}

proptest! {
    #[test]
    fn it_finds_what_reading_everything_finds(
        steps in prop::collection::vec((1_u64..40, prop::collection::vec(0..VOCABULARY.len(), 0..5)), 1..80),
        wanted in prop::collection::vec(0..VOCABULARY.len(), 1..4),
        limit in 1_u32..8,
    ) {
        let (db, key) = (Memory::new(), secret());
        let mut texts: BTreeMap<Number, String> = BTreeMap::new();
        for (number, words) in steps {
            texts.remove(&number);
            let text = words.iter().map(|at| VOCABULARY[*at]).collect::<Vec<_>>().join(" ");
            if text.is_empty() {
                remove(&db, number).unwrap();
            } else {
                set(&db, number, &terms(&key, [text.as_str()])).unwrap();
                texts.insert(number, text);
            }
        }
        let search = wanted.iter().map(|at| VOCABULARY[*at]).collect::<Vec<_>>().join(" ");
        let looked_for = query(&key, &search).unwrap();
        let has = |text: &String, word: &str| {
            let forms = words::forms(word);
            words::of(text).any(|known| words::forms(&known).iter().any(|form| forms.contains(form)))
        };
        let naive = texts.iter().rev().filter(|(_, text)| words::of(&search).all(|word| has(text, &word)));
        let naive: Vec<Number> = naive.map(|(number, _)| *number).collect();
        prop_assert_eq!(all(&db, &looked_for, limit), naive);
        for (_, text) in texts {
            let terms = terms(&key, [text.as_str()]);
            prop_assert_eq!(terms.answer(&looked_for), words::of(&search).all(|word| has(&text, &word)));
        }
    }

    #[test]
    fn no_text_breaks_it(text in ".*") {
        let key = secret();
        let _ = query(&key, &text);
        let db = Memory::new();
        set(&db, 1, &terms(&key, [text.as_str()])).unwrap();
        remove(&db, 1).unwrap();
        prop_assert!(ENTRIES.scan().first(&db).unwrap().is_none());
    }
}

#[test]
fn a_rare_word_beside_a_common_one_reads_little() {
    let (db, key) = (Memory::new(), secret());
    for number in 1..=50_000_u64 {
        let text = if number % 100 == 0 { "bread honey" } else { "bread" };
        set(&db, number, &terms(&key, [text])).unwrap();
    }
    // Were it to read hundreds of rows at each leap, a page would end long before.
    let page = page(&db, &query(&key, "bread honey").unwrap(), 100, None).unwrap();
    assert_eq!(page.rows.len(), 100);
}

#[test]
fn a_page_that_reads_much_ends_early_and_goes_on() {
    let (db, key) = (Memory::new(), secret());
    // Two words that are everywhere and together nowhere but at the very end.
    for number in 1..=60_000_u64 {
        let text = if number == 1 {
            "bread honey"
        } else if number % 2 == 0 {
            "bread"
        } else {
            "honey"
        };
        set(&db, number, &terms(&key, [text])).unwrap();
    }
    let query = query(&key, "bread honey").unwrap();
    let first = page(&db, &query, 10, None).unwrap();
    assert!(first.rows.is_empty() && first.next.is_some());
    assert_eq!(all(&db, &query, 10), [1]);
    assert_eq!(page(&db, &query, 10, Some("x")).unwrap_err(), Error::Cursor);
}
