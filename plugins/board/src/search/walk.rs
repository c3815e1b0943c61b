//! Walking the posts that have a word, in one of its forms, from the newest downwards.

use std::collections::VecDeque;

use hamlet_sdk::{Error, Storage};

use super::ENTRIES;
use crate::post::Number;

/// Rows that the first look at a list reads. Each later one reads twice as many, or again so few where most of the last
/// were leapt over: then the other words are rarer, and reading far ahead is for nothing.
const FIRST: u32 = 32;
/// Rows that one look reads at most.
const MOST: u32 = 512;

/// The posts of one word: the union of the lists of its forms.
pub(super) struct Walk(Vec<List>);

/// The posts of one form, as far as they were read.
struct List {
    form: u64,
    ahead: VecDeque<Number>,
    /// How much the next look reads.
    size: u32,
    /// How many of the last look's rows were where somebody wanted to be.
    met: usize,
    /// Nothing is left below what is ahead.
    is_read: bool,
    rows_read: usize,
}

impl Walk {
    pub fn new(forms: &[u64]) -> Self {
        let list = |form: &u64| List {
            form: *form,
            ahead: VecDeque::new(),
            size: FIRST,
            met: 0,
            is_read: false,
            rows_read: 0,
        };
        Self(forms.iter().map(list).collect())
    }

    pub fn rows_read(&self) -> usize {
        self.0.iter().map(|list| list.rows_read).sum()
    }

    /// The newest post at `most` or below that has the word.
    pub fn seek(&mut self, db: &impl Storage, most: Number) -> Result<Option<Number>, Error> {
        let mut reached = None;
        for list in &mut self.0 {
            reached = reached.max(list.seek(db, most)?);
        }
        Ok(reached)
    }
}

impl List {
    fn seek(&mut self, db: &impl Storage, most: Number) -> Result<Option<Number>, Error> {
        loop {
            while let Some(next) = self.ahead.front() {
                if *next <= most {
                    self.met += 1;
                    return Ok(Some(*next));
                }
                self.ahead.pop_front();
            }
            if self.is_read {
                return Ok(None);
            }
            self.read(db, most)?;
        }
    }

    fn read(&mut self, db: &impl Storage, most: Number) -> Result<(), Error> {
        if self.rows_read > 0 {
            let was_dense = self.met * 4 > usize::try_from(self.size).unwrap_or(usize::MAX);
            self.size = if was_dense { (self.size * 2).min(MOST) } else { FIRST };
            self.met = 0;
        }
        let range = (self.form, 0)..=(self.form, most);
        let page = ENTRIES.scan().range(range).reverse().page(db, self.size)?;
        self.rows_read += page.rows.len().max(1);
        self.ahead.extend(page.rows.into_iter().map(|((_, number), _)| number));
        self.is_read = page.next.is_none();
        Ok(())
    }
}
