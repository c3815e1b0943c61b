//! What must hold of a store that was opened, whatever happened before.

use std::{collections::BTreeMap, path::Path};

use hamlet_proof::Checkpoint;
use hamlet_store::{Store, Work};

use super::{DIR, Map, World};
use crate::common::{SHOP, all, signer};

impl World {
    /// What must hold of a store that was opened.
    pub(super) fn check(&mut self) {
        let (store, _) = self.store.as_ref().unwrap();
        let (store, head) = (store.clone(), store.head());
        if let Some((rows, commands)) = self.maybe.take() {
            if head == self.head() + 1 {
                self.seen.unknown_kept += 1;
                self.states.push(rows);
                self.batches.push(commands);
            } else {
                self.seen.unknown_lost += 1;
            }
        }
        self.tell(format!("opened at {head}"));
        assert_eq!(head, self.head(), "acknowledged batches are lost, or others are there");
        let rows = self.states.last().unwrap();
        let found: Map = all(&mut store.snapshot(), SHOP).into_iter().map(|(k, v)| (k, v.to_vec())).collect();
        assert!(found == *rows, "the rows are not those of batch {head}");
        let usage: usize = rows.iter().map(|(key, value)| key.len() + value.len()).sum();
        assert_eq!(store.usage(SHOP), usage as u64);
        let mut next = store.stats().journal_oldest;
        for record in store.journal(next).unwrap() {
            let record = record.unwrap();
            assert_eq!(record.sequence, next, "order");
            let expected = &self.batches[usize::try_from(next).unwrap() - 1];
            assert_eq!(record.entries.len(), expected.len(), "commands of batch {next}");
            for (entry, expected) in record.entries.into_iter().zip(expected) {
                let writes: BTreeMap<Vec<u8>, Option<Vec<u8>>> = entry
                    .writes
                    .into_iter()
                    .map(|write| (write.key.into_vec(), write.value.map(|value| value.to_vec())))
                    .collect();
                for (key, value) in expected {
                    assert!(writes.get(key) == Some(value), "a write of batch {next}");
                }
            }
            next += 1;
        }
        assert_eq!(next, head + 1, "the journal's end");
        self.check_proofs(&store);
    }

    fn check_proofs(&mut self, store: &Store) {
        let proofs = store.proofs().unwrap();
        let tree = proofs.wait_for(store.head()).unwrap();
        let commands: usize = self.batches.iter().map(Vec::len).sum();
        assert_eq!(tree.size, commands as u64, "J3: a leaf for each command");
        for note in &self.checkpoints {
            let checkpoint = Checkpoint::open(note, &signer().verifier()).unwrap();
            proofs.check(&checkpoint).expect("J3: history only grows");
        }
        for (batch, commands) in self.batches.iter().enumerate() {
            if self.random.one_in(4) {
                let index = u32::try_from(self.random.below(commands.len() as u64)).unwrap();
                let (number, leaf) = proofs.leaf(batch as u64 + 1, index).unwrap();
                // It verifies the path before it gives it out.
                proofs.inclusion(number, leaf.hash(), tree.size).unwrap();
            }
        }
    }

    /// The end of a run: everything holds on a disk that works, also by the verification of real files.
    pub fn end(&mut self, verify: bool) {
        self.disk.set_room(u64::MAX);
        self.limited = false;
        self.tell("the end");
        self.restart(false);
        self.work(Work::Fold);
        self.work(Work::SaveProofs);
        self.store = None;
        if verify {
            let shared = Path::new("/dev/shm");
            let parent = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
            let dir = tempfile::tempdir_in(parent).unwrap();
            self.disk.write_out(Path::new(DIR), dir.path()).unwrap();
            let checkpoints: Vec<Checkpoint> = self
                .checkpoints
                .iter()
                .map(|note| Checkpoint::open(note, &signer().verifier()).unwrap())
                .collect();
            let seen = hamlet_store::proof::verify(dir.path(), &checkpoints).unwrap();
            assert_eq!(seen.findings, [], "{seen:?}");
            assert_eq!(seen.checkpoints, checkpoints.len());
        }
    }
}
