//! T7 in the store: a transaction beside the writer is applied exactly when nothing that it depends on
//! has changed, checked against a naive comparison; and what is kept for that is given back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{SHOP, get, header, put, small, unfolded};
use hamlet_store::{
    ApplyError, Batch, Beside, Config, Direction, Draft, Namespace, Proposal, Rows, Scan, Store,
};
use proptest::prelude::*;

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// What a transaction does. Keys are of one namespace.
#[derive(Clone, Debug)]
enum Act {
    Get(Vec<u8>),
    Set(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
    Scan {
        start: Vec<u8>,
        end: Option<Vec<u8>>,
        reverse: bool,
        limit: usize,
        bytes: usize,
    },
    /// Does these and undoes them.
    Undone(Vec<Act>),
}

/// What it saw: all that could decide what it does next.
type Seen = Vec<Vec<(Vec<u8>, Vec<u8>)>>;

fn act(draft: &mut Draft, act: &Act, seen: &mut Seen) {
    match act {
        Act::Get(key) => {
            let value = draft.get(SHOP, key).unwrap();
            seen.push(value.map(|value| (key.clone(), value.to_vec())).into_iter().collect());
        }
        Act::Set(key, value) => draft.set(SHOP, key, value).unwrap(),
        Act::Delete(key) => {
            let there = draft.delete(SHOP, key).unwrap();
            seen.push(there.then(|| (key.clone(), vec![])).into_iter().collect());
        }
        Act::Scan { start, end, reverse, limit, bytes } => {
            let direction = if *reverse { Direction::Reverse } else { Direction::Forward };
            let scan = Scan { start, end: end.as_deref(), direction, limit: *limit, max_bytes: *bytes };
            let rows = draft.scan(SHOP, scan).unwrap();
            seen.push(rows.into_iter().map(|(key, value)| (key.into_vec(), value.to_vec())).collect());
        }
        Act::Undone(acts) => {
            let savepoint = draft.savepoint();
            for one in acts {
                self::act(draft, one, seen);
            }
            draft.rollback_to(savepoint);
        }
    }
}

/// The rows that a transaction depends on, by going through its acts on a plain map.
#[derive(Default)]
struct Naive {
    rows: Map,
    own: BTreeSet<Vec<u8>>,
    keys: BTreeSet<Vec<u8>>,
    /// Both ends included; none is the end of everything.
    ranges: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    excluded: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Naive {
    fn act(&mut self, act: &Act) {
        match act {
            Act::Get(key) => self.read(key),
            Act::Set(key, value) => {
                self.own.insert(key.clone());
                self.rows.insert(key.clone(), value.clone());
            }
            Act::Delete(key) => {
                self.read(key);
                if self.rows.remove(key).is_some() {
                    self.own.insert(key.clone());
                }
            }
            Act::Scan { start, end, reverse, limit, bytes } => {
                self.scan(start, end.as_deref(), *reverse, *limit, *bytes);
            }
            Act::Undone(acts) => {
                let (rows, own) = (self.rows.clone(), self.own.clone());
                for one in acts {
                    self.act(one);
                }
                (self.rows, self.own) = (rows, own);
            }
        }
    }

    fn read(&mut self, key: &[u8]) {
        if !self.own.contains(key) {
            self.keys.insert(key.to_vec());
        }
    }

    fn scan(&mut self, start: &[u8], end: Option<&[u8]>, reverse: bool, limit: usize, bytes: usize) {
        let inside = |key: &[u8]| *key >= *start && end.is_none_or(|end| *key < *end);
        let mut keys: Vec<_> = self.rows.iter().filter(|(key, _)| inside(key)).collect();
        if reverse {
            keys.reverse();
        }
        // The row at which it stopped, if it did not come to the end.
        let (mut sum, mut stopped) = (0, None);
        for (number, (key, value)) in keys.iter().enumerate() {
            sum += key.len() + value.len();
            if (sum > bytes && number > 0) || number + 1 == limit {
                stopped = Some((*key).clone());
                break;
            }
        }
        match (stopped, reverse) {
            (Some(last), false) => self.ranges.push((start.to_vec(), Some(last))),
            (Some(last), true) => self.until(last, end),
            (None, _) => self.until(start.to_vec(), end),
        }
    }

    fn until(&mut self, from: Vec<u8>, end: Option<&[u8]>) {
        match end {
            Some(end) => self.excluded.push((from, end.to_vec())),
            None => self.ranges.push((from, None)),
        }
    }

    fn depends_on(&self, key: &[u8]) -> bool {
        self.keys.contains(key)
            || self.own.contains(key)
            || self
                .ranges
                .iter()
                .any(|(from, to)| **from <= *key && to.as_ref().is_none_or(|to| *key <= **to))
            || self.excluded.iter().any(|(from, end)| **from <= *key && *key < **end)
    }
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![Just(b'a'), Just(b'b'), Just(b'c')], 1..4)
}

fn acts(depth: u32) -> BoxedStrategy<Vec<Act>> {
    let value = prop::collection::vec(any::<u8>(), 0..8);
    let scan = (key(), prop::option::of(key()), any::<bool>(), 1usize..6, 1usize..40)
        .prop_map(|(start, end, reverse, limit, bytes)| Act::Scan { start, end, reverse, limit, bytes });
    let leaf = prop_oneof![
        3 => key().prop_map(Act::Get),
        2 => (key(), value).prop_map(|(key, value)| Act::Set(key, value)),
        1 => key().prop_map(Act::Delete),
        2 => scan,
    ];
    if depth == 0 {
        return prop::collection::vec(leaf, 0..4).boxed();
    }
    let one = prop_oneof![6 => leaf, 1 => acts(depth - 1).prop_map(Act::Undone)];
    prop::collection::vec(one, 0..5).boxed()
}

/// A key, and its new value or none.
type Written = (Vec<u8>, Option<Vec<u8>>);

/// Rows that others write, batch by batch; the last batch is not committed.
fn others() -> impl Strategy<Value = Vec<Vec<Written>>> {
    let write = (key(), prop::option::of(prop::collection::vec(any::<u8>(), 0..8)));
    prop::collection::vec(prop::collection::vec(write, 0..3), 1..4)
}

fn write(batch: &mut Batch, writes: &[Written]) {
    batch.begin();
    for (key, value) in writes {
        match value {
            Some(value) => batch.set(SHOP, key, value).unwrap(),
            None => drop(batch.delete(SHOP, key).unwrap()),
        }
    }
    batch.finish(header("others"));
}

fn all(rows: &mut impl Rows) -> Map {
    common::all(rows, SHOP).into_iter().map(|(key, value)| (key, value.to_vec())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn t7_it_is_applied_exactly_when_nothing_it_depends_on_was_written(
        before in prop::collection::btree_map(key(), prop::collection::vec(any::<u8>(), 0..8), 0..20),
        acts in acts(2),
        others in others(),
        checks_early in any::<bool>(),
        folds in any::<bool>(),
    ) {
        let (store, mut batch) = Store::in_memory(small());
        let rows: Vec<_> = before.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
        write(&mut batch, &rows);
        batch.commit(1).unwrap();
        if folds {
            store.fold_all().unwrap();
        }

        let mut beside = store.beside();
        beside.begin();
        let mut naive = Naive { rows: before.clone(), ..Naive::default() };
        let mut seen = Seen::new();
        let (open, committed) = others.split_last().unwrap();
        for (number, one) in acts.iter().enumerate() {
            // Commits of others fall between its acts, and do not show.
            if let Some(writes) = committed.get(number) {
                write(&mut batch, writes);
                batch.commit(1).unwrap();
            }
            act(&mut beside, one, &mut seen);
            naive.act(one);
        }
        let mut proposal = beside.finish(header("beside"));
        for writes in committed.get(acts.len()..).unwrap_or_default() {
            write(&mut batch, writes);
            batch.commit(1).unwrap();
        }
        let early = if checks_early { proposal.check().is_err() } else { false };
        write(&mut batch, open);

        // A write that changes nothing (the same value, or nothing deleted) is a write all the same where
        // the journal has it; a deletion of nothing is in no journal.
        let mut now = before.clone();
        let mut conflicts = false;
        for (key, value) in others.iter().flatten() {
            match value {
                Some(value) => drop(now.insert(key.clone(), value.clone())),
                None if now.remove(key).is_none() => continue,
                None => {}
            }
            conflicts |= naive.depends_on(key);
        }
        batch.begin();
        let applied = batch.apply(&mut proposal);
        prop_assert_eq!(applied.is_err() || early, conflicts, "{:?}", applied);
        if applied.is_err() {
            prop_assert!(matches!(applied, Err(ApplyError::Conflict(_))));
            batch.abandon();
            prop_assert_eq!(all(&mut batch), now, "a conflict changes nothing");
            return Ok(());
        }
        let after = all(&mut batch);
        batch.abandon();
        prop_assert_eq!(all(&mut batch), now);
        // Serializable: run only now, it sees and does the same.
        batch.begin();
        let mut again = Seen::new();
        for one in &acts {
            act(&mut batch, one, &mut again);
        }
        prop_assert_eq!(seen, again);
        prop_assert_eq!(all(&mut batch), after);
    }
}

fn beside(store: &Store, run: impl FnOnce(&mut Beside)) -> Proposal {
    let mut beside = store.beside();
    beside.begin();
    run(&mut beside);
    beside.finish(header("beside"))
}

#[test]
fn t7_a_proposal_becomes_an_entry_with_its_writes_when_it_is_applied() {
    let (store, mut batch) = Store::in_memory(unfolded());
    put(&mut batch, "a", "1");
    let mut proposal = beside(&store, |beside| {
        beside.set(SHOP, b"b", b"22").unwrap();
        beside.delete(SHOP, b"a").unwrap();
        assert_eq!((beside.usage(SHOP), beside.written_bytes()), (3, 4));
    });
    assert_eq!(store.usage(SHOP), 2, "nothing shows before");
    batch.begin();
    batch.apply(&mut proposal).unwrap();
    batch.finish(proposal.header().clone());
    let sequence = batch.commit(1).unwrap();
    assert_eq!((get(&mut store.snapshot(), "a"), get(&mut store.snapshot(), "b")), (None, Some("22".into())));
    assert_eq!(store.usage(SHOP), 3);
    let record = store.journal(sequence).unwrap().next().unwrap().unwrap();
    assert_eq!(record.entries[0].header, header("beside"));
    let keys: BTreeSet<_> = record.entries[0].writes.iter().map(|write| write.key.to_vec()).collect();
    assert_eq!(keys, BTreeSet::from([b"a".to_vec(), b"b".to_vec()]));
}

#[test]
fn t7_two_that_read_what_the_other_writes_do_not_both_commit() {
    // Write skew: each takes the other's absence as its permission.
    let (store, mut batch) = Store::in_memory(unfolded());
    let skew = |read: &'static [u8], written: &'static [u8]| {
        beside(&store, |beside| {
            assert_eq!(beside.get(SHOP, read).unwrap(), None);
            beside.set(SHOP, written, b"mine").unwrap();
        })
    };
    let (mut first, mut second) = (skew(b"x", b"y"), skew(b"y", b"x"));
    batch.begin();
    batch.apply(&mut first).unwrap();
    batch.finish(header("first"));
    batch.begin();
    let refused = batch.apply(&mut second).unwrap_err();
    assert!(matches!(&refused, ApplyError::Conflict(conflict) if conflict.namespace == Some(SHOP)));
}

#[test]
fn t7_one_whose_reads_are_forgotten_stands_at_its_snapshot() {
    let (store, mut batch) = Store::in_memory(unfolded());
    let mut counted = beside(&store, |beside| {
        common::all(beside, SHOP);
        beside.set(Namespace(9), b"answer", b"0").unwrap();
    });
    put(&mut batch, "a", "1");
    counted.forget_reads();
    counted.check().unwrap();
    let mut answered_twice = beside(&store, |beside| beside.set(Namespace(9), b"answer", b"1").unwrap());
    answered_twice.forget_reads();
    batch.begin();
    batch.apply(&mut counted).unwrap();
    batch.finish(header("counted"));
    batch.begin();
    assert!(batch.apply(&mut answered_twice).is_err(), "what it writes is still checked");
}

#[test]
fn t7_usage_that_was_read_is_a_dependency() {
    let (store, mut batch) = Store::in_memory(unfolded());
    let mut proposal = beside(&store, |beside| {
        assert_eq!(beside.read_usage(SHOP), 0);
    });
    put(&mut batch, "a", "1");
    assert!(proposal.check().is_err());
}

#[test]
fn t7_a_million_rows_read_by_the_page_are_one_range() {
    let (store, mut batch) = Store::in_memory(unfolded());
    batch.begin();
    for number in 0..20_000u32 {
        batch.set(SHOP, &number.to_be_bytes(), b"row").unwrap();
    }
    batch.finish(header("fill"));
    batch.commit(1).unwrap();
    for direction in [Direction::Forward, Direction::Reverse] {
        let mut beside = store.beside();
        beside.begin();
        let (mut start, mut end, mut rows) = (vec![], None::<Vec<u8>>, 0);
        loop {
            let scan =
                Scan { start: &start, end: end.as_deref(), direction, limit: 100, max_bytes: usize::MAX };
            let page = beside.scan(SHOP, scan).unwrap();
            rows += page.len();
            let Some((last, _)) = page.last() else { break };
            match direction {
                Direction::Forward => start = [last, [0].as_slice()].concat(),
                Direction::Reverse => end = Some(last.to_vec()),
            }
        }
        assert_eq!((rows, beside.reads().len()), (20_000, (0, 1)));
        assert!(beside.reads().bytes() < 200);
    }
}

#[test]
fn t7_what_could_not_be_kept_counts_as_a_conflict() {
    let (store, mut batch) = Store::in_memory(Config { beside_bytes_max: 10_000, ..unfolded() });
    let elsewhere = |store: &Store| beside(store, |beside| drop(beside.get(SHOP, b"elsewhere").unwrap()));
    let mut early = elsewhere(&store);
    for number in 0..200 {
        put(&mut batch, &format!("{number}"), "x");
    }
    let refused = early.check().unwrap_err();
    assert_eq!(refused.namespace, None);
    let mut late = elsewhere(&store);
    put(&mut batch, "more", "x");
    late.check().unwrap();
}

#[test]
fn t7_a_check_goes_on_where_the_last_one_ended() {
    let (store, mut batch) = Store::in_memory(unfolded());
    let mut proposal = beside(&store, |beside| drop(beside.get(SHOP, b"mine").unwrap()));
    for round in 0..5 {
        put(&mut batch, &format!("other {round}"), "x");
        proposal.check().unwrap();
    }
    put(&mut batch, "mine", "x");
    proposal.check().unwrap_err();
}
