//! Batches that are filled and committed: at once, or sealed first, with the next one begun on top (J2).

use std::collections::BTreeMap;

use hamlet_store::{CommitError, Rows as _, disk::simulated::Change};

use super::{Commands, Map, World};
use crate::common::{SHOP, header};

impl World {
    /// With `faults`, the disk may fail a batch that another stands on.
    pub(super) fn commit(&mut self, faults: bool) {
        let rows = self.states.last().cloned().unwrap();
        let Some((rows, commands)) = self.fill(rows) else { return };
        if self.random.one_in(2) {
            return self.commit_sealed(rows, commands, faults);
        }
        let Some((_, batch)) = &mut self.store else { return };
        let entries = batch.entries();
        let committed = batch.commit(1);
        self.committed(entries, committed, rows, commands);
    }

    /// The batch is flushed while the next one is filled. What is on top falls with it.
    fn commit_sealed(&mut self, rows: Map, commands: Commands, faults: bool) {
        let Some((store, batch)) = &mut self.store else { return };
        let (entries, head) = (batch.entries(), store.head());
        let sealed = match batch.seal(1) {
            Ok(Some(sealed)) => sealed,
            Ok(None) => return assert_eq!(entries, 0),
            Err(error) => return assert!(self.faulted, "{error}"),
        };
        self.seen.sealed += 1;
        assert!(matches!(batch.commit(1), Err(CommitError::Poisoned)), "one at a time");
        let mut on_top = (rows.clone(), Commands::new());
        let more = self.random.below(3);
        for _ in 0..more {
            on_top = self.fill_on(on_top);
        }
        if faults && self.random.one_in(6) {
            let change = if self.random.one_in(2) { Change::Flush } else { Change::Write };
            self.fail(change);
        }
        let (store, _) = self.store.as_ref().unwrap();
        assert_eq!(store.head(), head, "nobody sees it before it is durable");
        let flushed = sealed.flush();
        // The writer has not heard of it yet, and goes on.
        if self.random.one_in(3) {
            on_top = self.fill_on(on_top);
        }
        let (_, batch) = self.store.as_mut().unwrap();
        let committed = batch.settle(flushed);
        let failed = committed.is_err();
        self.committed(entries, committed, rows, commands);
        let (_, batch) = self.store.as_mut().unwrap();
        if failed {
            self.seen.fallen += u64::from(!on_top.1.is_empty());
            assert_eq!(batch.entries(), 0, "what was on top is discarded");
            self.look();
        } else {
            let entries = batch.entries();
            assert_eq!(entries, on_top.1.len(), "what was on top goes on");
            let committed = batch.commit(1);
            self.committed(entries, committed, on_top.0, on_top.1);
        }
    }

    /// The writer sees what is committed, and nothing else.
    fn look(&mut self) {
        let (_, batch) = self.store.as_mut().unwrap();
        let rows = self.states.last().unwrap();
        for number in 0..30 {
            let key = format!("k{number}").into_bytes();
            match batch.get(SHOP, &key) {
                Ok(found) => assert!(found.as_deref() == rows.get(&key).map(Vec::as_slice), "k{number}"),
                Err(_) => assert!(self.faulted, "a read failed without a fault"),
            }
        }
        let usage: usize = rows.iter().map(|(key, value)| key.len() + value.len()).sum();
        assert_eq!(batch.usage(SHOP), usage as u64);
    }

    fn fill_on(&mut self, (rows, mut commands): (Map, Commands)) -> (Map, Commands) {
        let (rows, more) = self.fill(rows).unwrap();
        commands.extend(more);
        (rows, commands)
    }

    /// What became of a batch.
    fn committed(
        &mut self,
        entries: usize,
        committed: Result<u64, CommitError>,
        rows: Map,
        commands: Commands,
    ) {
        match committed {
            Ok(sequence) if entries == 0 => assert_eq!(sequence, self.head()),
            Ok(sequence) => {
                assert_eq!(sequence, self.head() + 1);
                self.seen.commits += 1;
                self.states.push(rows);
                self.batches.push(commands);
                self.tell(format!("committed {sequence}, {entries} commands"));
            }
            Err(error) => {
                assert!(self.faulted, "{error}");
                self.seen.refused += 1;
                self.seen.full += u64::from(matches!(error, CommitError::NoSpace(_)));
                // A process that lost its power in the middle of a write told nobody.
                if matches!(error, CommitError::Unknown(_)) || self.disk.is_down() {
                    self.maybe.get_or_insert((rows, commands));
                }
                self.tell(format!("refused: {error}"));
            }
        }
    }

    /// Commands on these rows: what the rows are then, and what each wrote. None while no store is open.
    fn fill(&mut self, mut rows: Map) -> Option<(Map, Commands)> {
        let (_, batch) = self.store.as_mut()?;
        let mut commands = Commands::new();
        for _ in 0..=self.random.below(4) {
            let before = rows.clone();
            let mut writes = BTreeMap::new();
            batch.begin();
            let savepoint = batch.savepoint();
            let mut kept = before.clone();
            for _ in 0..=self.random.below(5) {
                let key = format!("k{}", self.random.below(30)).into_bytes();
                match batch.get(SHOP, &key) {
                    Ok(found) => assert_eq!(found.as_deref(), kept.get(&key).map(Vec::as_slice)),
                    Err(_) => assert!(self.faulted, "a read failed without a fault"),
                }
                let new = (!self.random.one_in(4)).then(|| {
                    let mut value = vec![0; usize::try_from(self.random.below(200)).unwrap()];
                    self.random.fill(&mut value);
                    value
                });
                let written = match &new {
                    Some(value) => batch.set(SHOP, &key, value).map(drop),
                    None => batch.delete(SHOP, &key).map(drop),
                };
                if written.is_err() {
                    assert!(self.faulted, "a write into memory failed without a fault");
                    continue;
                }
                match &new {
                    Some(value) => drop(kept.insert(key.clone(), value.clone())),
                    None => drop(kept.remove(&key)),
                }
                writes.insert(key, new);
            }
            if self.random.one_in(6) {
                batch.rollback_to(savepoint);
                (kept, writes) = (before.clone(), BTreeMap::new());
            }
            if self.random.one_in(6) {
                batch.abandon();
                continue;
            }
            batch.finish(header("stall.put"));
            rows = kept;
            // A row that is as it was before is no write.
            writes.retain(|key, new| before.get(key) != new.as_ref());
            commands.push(writes);
        }
        Some((rows, commands))
    }
}
