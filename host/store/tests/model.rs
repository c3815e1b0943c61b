//! The store against a naive model: random transactions, savepoints, scans, snapshots kept open,
//! failing appends and reopening, on a folder and in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use common::{header, small};
use hamlet_store::{
    Batch, CommitError, Config, Direction, Namespace, Rows, Savepoint, Scan, Snapshot, Store,
    journal::{DiskFault, DiskOperation},
};
use proptest::prelude::*;

type Map = BTreeMap<(u32, Vec<u8>), Vec<u8>>;

#[derive(Clone, Debug)]
enum Step {
    Set(u32, Vec<u8>, Vec<u8>),
    Delete(u32, Vec<u8>),
    Get(u32, Vec<u8>),
    Scan(u32, Vec<u8>, Option<Vec<u8>>, bool, usize, usize),
    Savepoint,
    Rollback(usize),
    Finish,
    Abandon,
    Commit,
    FailedCommit,
    Snapshot,
    CheckSnapshots,
    Fold,
    Reopen,
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(b'a'), Just(255)], 0..4),
        1 => (0u8..40).prop_map(|n| vec![b'g', n]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let ns = prop_oneof![Just(0u32), Just(1), Just(u32::MAX)];
    let value = prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        12 => (ns.clone(), key(), value).prop_map(|(n, k, v)| Step::Set(n, k, v)),
        5 => (ns.clone(), key()).prop_map(|(n, k)| Step::Delete(n, k)),
        6 => (ns.clone(), key()).prop_map(|(n, k)| Step::Get(n, k)),
        4 => (ns, key(), prop::option::of(key()), any::<bool>(), 0usize..12, 1usize..200)
            .prop_map(|(n, s, e, r, l, b)| Step::Scan(n, s, e, r, l, b)),
        3 => Just(Step::Savepoint),
        3 => (0usize..4).prop_map(Step::Rollback),
        6 => Just(Step::Finish),
        2 => Just(Step::Abandon),
        4 => Just(Step::Commit),
        1 => Just(Step::FailedCommit),
        1 => Just(Step::Snapshot),
        1 => Just(Step::CheckSnapshots),
        1 => Just(Step::Fold),
        1 => Just(Step::Reopen),
    ]
}

/// The model: the committed map, the batch's, the transaction's, and its savepoints.
#[derive(Default)]
struct Model {
    committed: Map,
    batch: Map,
    transaction: Map,
    open: bool,
    savepoints: Vec<(Savepoint, Map)>,
    head: u64,
    entries: usize,
    history: Vec<Map>,
}

fn scan(
    map: &Map,
    ns: u32,
    start: &[u8],
    end: Option<&[u8]>,
    reverse: bool,
    limit: usize,
    max_bytes: usize,
) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut rows: Vec<_> = map
        .iter()
        .filter(|((n, k), _)| *n == ns && **k >= *start && end.is_none_or(|end| **k < *end))
        .map(|((_, k), v)| (k.clone(), v.clone()))
        .collect();
    if reverse {
        rows.reverse();
    }
    let mut bytes = 0;
    let mut taken = 0;
    for (k, v) in rows.iter().take(limit) {
        bytes += k.len() + v.len();
        if bytes > max_bytes && taken > 0 {
            break;
        }
        taken += 1;
    }
    rows.truncate(taken);
    rows
}

fn usage(map: &Map, ns: u32) -> u64 {
    map.iter().filter(|((n, _), _)| *n == ns).map(|((_, k), v)| (k.len() + v.len()) as u64).sum()
}

fn dump(rows: &mut impl Rows) -> Map {
    let mut map = Map::new();
    for ns in [0, 1, u32::MAX] {
        for (k, v) in common::all(rows, Namespace(ns)) {
            map.insert((ns, k), v.to_vec());
        }
    }
    map
}

struct Run {
    dir: Option<tempfile::TempDir>,
    store: Option<(Store, Batch)>,
    fail: Arc<AtomicBool>,
    model: Model,
    snapshots: Vec<(Snapshot, Map)>,
}

impl Run {
    fn new(on_disk: bool) -> Self {
        let dir = on_disk.then(|| tempfile::tempdir().unwrap());
        let fail = Arc::default();
        let mut run = Self { dir, store: None, fail, model: Model::default(), snapshots: vec![] };
        run.open();
        run
    }

    fn open(&mut self) {
        let fail = Arc::clone(&self.fail);
        let fault = DiskFault(Arc::new(move |operation| {
            (operation == DiskOperation::Write && fail.load(Ordering::Relaxed))
                .then(|| io::Error::from(io::ErrorKind::StorageFull))
        }));
        let config = Config { disk_fault: Some(fault), ..small() };
        self.store = Some(match &self.dir {
            Some(dir) => Store::open(dir.path(), config).unwrap(),
            None => Store::in_memory(config),
        });
    }

    fn ensure_open(&mut self) {
        let (_, batch) = self.store.as_mut().unwrap();
        if !self.model.open {
            batch.begin();
            self.model.open = true;
            self.model.transaction = self.model.batch.clone();
            self.model.savepoints.clear();
        }
    }

    fn close(&mut self, keep: bool) {
        if keep {
            self.model.batch = self.model.transaction.clone();
            self.model.entries += 1;
        } else {
            self.model.transaction = self.model.batch.clone();
        }
        self.model.open = false;
        self.model.savepoints.clear();
    }

    fn step(&mut self, step: &Step) {
        if matches!(step, Step::Set(..) | Step::Delete(..) | Step::Savepoint | Step::Finish) {
            self.ensure_open();
        }
        let (store, batch) = self.store.as_mut().unwrap();
        let model = &mut self.model;
        match step {
            Step::Set(ns, k, v) => {
                batch.set(Namespace(*ns), k, v).unwrap();
                model.transaction.insert((*ns, k.clone()), v.clone());
            }
            Step::Delete(ns, k) => {
                let there = model.transaction.remove(&(*ns, k.clone())).is_some();
                assert_eq!(batch.delete(Namespace(*ns), k).unwrap(), there);
            }
            Step::Get(ns, k) => {
                let seen = batch.get(Namespace(*ns), k).unwrap();
                assert_eq!(seen.as_deref(), model.transaction.get(&(*ns, k.clone())).map(|v| &**v));
                let seen = store.snapshot().get(Namespace(*ns), k).unwrap();
                assert_eq!(seen.as_deref(), model.committed.get(&(*ns, k.clone())).map(|v| &**v));
            }
            Step::Scan(ns, start, end, reverse, limit, max_bytes) => {
                let direction = if *reverse { Direction::Reverse } else { Direction::Forward };
                let end = end.as_deref();
                let scan_of = |rows: &mut dyn Rows| -> Vec<(Vec<u8>, Vec<u8>)> {
                    let scan = Scan { start, end, direction, limit: *limit, max_bytes: *max_bytes };
                    let rows = rows.scan(Namespace(*ns), scan).unwrap();
                    rows.into_iter().map(|(k, v)| (k.into_vec(), v.to_vec())).collect()
                };
                let expected = scan(&model.transaction, *ns, start, end, *reverse, *limit, *max_bytes);
                assert_eq!(scan_of(batch), expected);
                let expected = scan(&model.committed, *ns, start, end, *reverse, *limit, *max_bytes);
                assert_eq!(scan_of(&mut store.snapshot()), expected);
            }
            Step::Savepoint => model.savepoints.push((batch.savepoint(), model.transaction.clone())),
            Step::Rollback(n) => {
                if let Some((savepoint, map)) = model.savepoints.get(*n).cloned() {
                    batch.rollback_to(savepoint);
                    model.transaction = map;
                    model.savepoints.truncate(n + 1);
                }
            }
            Step::Finish => {
                batch.finish(header("f"));
                self.close(true);
            }
            Step::Abandon => {
                batch.abandon();
                self.close(false);
            }
            Step::Commit => {
                let before = model.head;
                let sequence = batch.commit(1).unwrap();
                assert_eq!(sequence, before + u64::from(model.entries > 0));
                model.head = sequence;
                model.committed = model.batch.clone();
                if model.entries > 0 {
                    model.history.push(model.committed.clone());
                }
                model.entries = 0;
                self.close(false);
            }
            Step::FailedCommit => {
                self.fail.store(true, Ordering::Relaxed);
                let failed = batch.commit(1);
                self.fail.store(false, Ordering::Relaxed);
                if self.dir.is_some() && model.entries > 0 {
                    assert!(matches!(failed, Err(CommitError::NoSpace(_))), "{failed:?}");
                    model.batch = model.committed.clone();
                } else {
                    model.head = failed.unwrap();
                    model.committed = model.batch.clone();
                    if model.entries > 0 {
                        model.history.push(model.committed.clone());
                    }
                }
                model.entries = 0;
                self.close(false);
            }
            Step::Snapshot => {
                let snapshot = store.snapshot();
                assert_eq!(snapshot.sequence(), model.head);
                self.snapshots.push((snapshot, model.committed.clone()));
            }
            Step::CheckSnapshots => {
                for (snapshot, map) in &mut self.snapshots {
                    assert_eq!(dump(snapshot), *map);
                }
            }
            Step::Fold => store.fold_all().unwrap(),
            Step::Reopen => {
                if self.dir.is_some() {
                    self.snapshots.clear();
                    self.store = None;
                    model.batch = model.committed.clone();
                    model.entries = 0;
                    self.close(false);
                    self.open();
                }
            }
        }
        self.check();
    }

    fn check(&mut self) {
        let (store, batch) = self.store.as_mut().unwrap();
        let model = &self.model;
        for ns in [0, 1, u32::MAX] {
            assert_eq!(batch.usage(Namespace(ns)), usage(&model.transaction, ns));
            assert_eq!(store.usage(Namespace(ns)), usage(&model.committed, ns));
        }
        assert_eq!(store.head(), model.head);
        assert_eq!(batch.entries(), model.entries);
    }

    fn finish(mut self) {
        self.step(&Step::Commit);
        self.step(&Step::CheckSnapshots);
        let (store, batch) = self.store.as_mut().unwrap();
        assert_eq!(dump(batch), self.model.committed);
        // State is a fold of the journal (design.md, idea 4).
        let mut map = Map::new();
        for record in store.journal(1).unwrap() {
            let record = record.unwrap();
            for write in record.entries.into_iter().flat_map(|entry| entry.writes) {
                let key = (write.namespace.0, write.key.into_vec());
                match write.value {
                    Some(value) => map.insert(key, value.to_vec()),
                    None => map.remove(&key),
                };
            }
            assert_eq!(map, self.model.history[usize::try_from(record.sequence).unwrap() - 1]);
        }
        assert_eq!(map, self.model.committed);
        store.fold_all().unwrap();
        for (ns, bytes) in store.folded_usage().unwrap() {
            assert_eq!(bytes, usage(&map, ns.0));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_store_agrees_with_the_model_when_anything_happens_on_disk(steps in prop::collection::vec(step(), 1..250)) {
        let mut run = Run::new(true);
        for step in &steps {
            run.step(step);
        }
        run.finish();
    }

    #[test]
    fn the_store_agrees_with_the_model_when_anything_happens_in_memory(steps in prop::collection::vec(step(), 1..400)) {
        let mut run = Run::new(false);
        for step in &steps {
            run.step(step);
        }
        run.finish();
    }
}
