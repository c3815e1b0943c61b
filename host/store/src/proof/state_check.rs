//! The folded state beside a fold of the journal, for `verify.rs`.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use hamlet_proof::Hash;

use super::verify::Verified;
use crate::{
    error::StoreError,
    key::{Namespace, Sequence, split_physical, write_physical},
    overlay::base::{Audit, Usage},
    rebuild::guarded,
    store::STATE_FILE,
};

/// What the journal leads to, up to where the state is folded.
pub(super) struct StateCheck {
    path: PathBuf,
    audit: Result<Audit, String>,
    /// Physical key → hash of the value, none when deleted.
    rows: HashMap<Box<[u8]>, Option<Hash>>,
    scratch: Vec<u8>,
    /// The journal has every batch from the first.
    whole: bool,
    lost: bool,
}

impl StateCheck {
    pub fn open(dir: &Path) -> Self {
        let path = dir.join(STATE_FILE);
        let audit = told(guarded(|| Audit::open(&path)));
        Self { path, audit, rows: HashMap::new(), scratch: Vec::new(), whole: true, lost: false }
    }

    pub fn begin(&mut self, oldest: Sequence) {
        self.whole = oldest <= 1;
    }

    /// A batch could not be read.
    pub fn lost(&mut self) {
        self.lost = true;
    }

    pub fn write(&mut self, sequence: Sequence, ns: Namespace, key: &[u8], value: Option<&[u8]>) {
        if self.audit.as_ref().is_ok_and(|audit| sequence <= audit.folded) {
            write_physical(&mut self.scratch, ns, key);
            self.rows.insert(self.scratch.as_slice().into(), value.map(Hash::of_leaf));
        }
    }

    pub fn compare(mut self, seen: &mut Verified) {
        let audit = match &self.audit {
            Ok(audit) => audit,
            Err(why) => {
                let what =
                    format!("the state cannot be read ({why}); opening the store repairs it or says why not");
                seen.find(&self.path, None, None, &what);
                return;
            }
        };
        if audit.folded > seen.batches.1 {
            seen.find(&self.path, None, audit.folded, "the state is ahead of the journal");
        }
        if self.lost {
            seen.notes
                .push("the state's rows were not compared, since batches of the journal are lost".to_owned());
        }
        let (whole, lost, path, rows) = (self.whole, self.lost, &self.path, &mut self.rows);
        let mut usage = Usage::new();
        let walked = told(guarded(|| {
            audit.rows(|key, value| {
                seen.rows += 1;
                let Some((ns, plain)) = split_physical(key) else {
                    seen.find(path, None, None, "a row has no namespace");
                    return;
                };
                *usage.entry(ns).or_default() += (plain.len() + value.len()) as u64;
                let right = match rows.remove(key) {
                    Some(wanted) => wanted == Some(Hash::of_leaf(value)),
                    None => !whole,
                };
                if !right && !lost {
                    let what = format!(
                        "the row {:?} of namespace {} is not what the journal leads to",
                        Text(plain),
                        ns.0
                    );
                    seen.find(path, None, None, &what);
                }
            })
        }));
        if let Err(why) = walked {
            seen.find(path, None, None, &format!("its rows cannot be read: {why}"));
            return;
        }
        if !lost {
            let missing: BTreeMap<_, _> = rows.iter().filter(|(_, value)| value.is_some()).collect();
            for key in missing.keys() {
                if let Some((ns, plain)) = split_physical(key) {
                    let what = format!("the row {:?} of namespace {} is missing", Text(plain), ns.0);
                    seen.find(path, None, None, &what);
                }
            }
        }
        usage.retain(|_, bytes| *bytes > 0);
        let mut counted = audit.usage.clone();
        counted.retain(|_, bytes| *bytes > 0);
        if usage != counted {
            seen.find(path, None, None, "the usage that it counts is not that of its rows");
        }
    }
}

/// What went wrong, in words.
fn told<T>(done: Option<Result<T, StoreError>>) -> Result<T, String> {
    match done {
        Some(done) => done.map_err(|error| error.to_string()),
        None => Err("it is damaged".to_owned()),
    }
}

/// A key as text, as far as it is.
struct Text<'a>(&'a [u8]);

impl std::fmt::Debug for Text<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.0.escape_ascii())
    }
}
