//! Whether a plugin may use what it imports: requested ∧ given, checked at each use (C2, W6).
//!
//! Two ways, because they cost differently:
//! - What was not granted, or taken back, is *closed* when a plugin is linked: each function of the import
//!   dooms the call with a sentence. The table is linked anew with every change of grants, before anybody is
//!   answered, so a closed import costs those that are open nothing.
//! - An open import of another's interface has a [`Gate`]: it remembers when it was used, and closes by itself
//!   after [`crate::plugins::UNUSED_DAYS`] without use. Two reads and a comparison a call.
//!
//! If this is wrong, a plugin does what nobody granted it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hamlet_reflect::Interface;
use parking_lot::Mutex;
use wasmtime::component::Linker;

use crate::call::CallError;
use crate::capability::PROVIDED;
use crate::package::Staged;
use crate::plugins::{DAY_MICROS, GivenKeys, UNUSED_DAYS, UNUSED_MICROS};
use crate::run::Slot;
use crate::watch::Work;

/// When each grant was used last, in memory; the rows follow within a day. Kept over changes of the table.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    marks: Mutex<HashMap<(String, String), Arc<AtomicU64>>>,
    work: Mutex<BTreeMap<Arc<str>, Arc<Work>>>,
}

impl Uses {
    /// The counters of a plugin's calls.
    pub(crate) fn work(&self, plugin: &str) -> Arc<Work> {
        Arc::clone(self.work.lock().entry(Arc::from(plugin)).or_default())
    }

    /// All of them.
    pub(crate) fn all_work(&self) -> Vec<(Arc<str>, Arc<Work>)> {
        self.work.lock().iter().map(|(name, work)| (Arc::clone(name), Arc::clone(work))).collect()
    }

    /// The mark of a grant, not older than `used`, which its row says.
    fn mark(&self, plugin: &str, key: &str, used: u64) -> Arc<AtomicU64> {
        let mut marks = self.marks.lock();
        let mark = marks.entry((plugin.to_owned(), key.to_owned())).or_default();
        mark.fetch_max(used, Ordering::Relaxed);
        Arc::clone(mark)
    }
}

/// An open import of another's interface.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    key: Arc<str>,
    /// When it was used last, as its row says.
    kept: u64,
    used: Arc<AtomicU64>,
}

impl Gate {
    /// Lets a call through, or says why it has closed. `now` is the transaction's time.
    pub(crate) fn pass(&self, plugin: &str, now: u64) -> Result<(), CallError> {
        let used = self.used.load(Ordering::Relaxed);
        let unused = now.saturating_sub(used);
        if unused > UNUSED_MICROS {
            let key = &self.key;
            return Err(CallError::denied(format!(
                "`{plugin}` did not use this for {UNUSED_DAYS} days, so what was granted has ended. A steward grants \
                 it again: hamlet plugin grants {plugin} --give \"{key}\""
            )));
        }
        // Often enough that the rows can follow within a day, seldom enough that nobody waits for the cache line.
        if unused > DAY_MICROS / 24 {
            self.used.fetch_max(now, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The last use, if its row should be told of it.
    pub(crate) fn to_keep(&self) -> Option<(&Arc<str>, u64)> {
        let used = self.used.load(Ordering::Relaxed);
        (used.saturating_sub(self.kept) > DAY_MICROS).then_some((&self.key, used))
    }
}

/// What one plugin may use.
pub(crate) struct Gates<'a> {
    plugin: &'a str,
    staged: &'a Staged,
    given: Option<&'a GivenKeys>,
    uses: &'a Uses,
    /// It is moving its data (J4): it calls nobody.
    moving: bool,
}

/// What a plugin can use while it moves its data.
const WHILE_MOVING: [&str; 6] = [
    "hamlet:host/storage@0.1.0",
    "hamlet:host/sealed@0.1.0",
    "hamlet:host/identity@0.1.0",
    "hamlet:host/clock@0.1.0",
    "hamlet:host/random@0.1.0",
    "hamlet:host/log@0.1.0",
];
const STORAGE: &str = "hamlet:host/storage@0.1.0";
const SCHEDULE: &str = "hamlet:host/schedule@0.1.0";

impl<'a> Gates<'a> {
    pub(crate) fn new(
        plugin: &'a str,
        staged: &'a Staged,
        given: Option<&'a GivenKeys>,
        uses: &'a Uses,
        moving: bool,
    ) -> Self {
        Self { plugin, staged, given, uses, moving }
    }

    /// Whether a request was granted.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.given.is_some_and(|given| given.contains_key(key))
    }

    /// Why an import is closed; none: it is open.
    pub(crate) fn closed(&self, id: &str) -> Option<String> {
        let (plugin, manifest) = (self.plugin, &self.staged.manifest);
        if self.moving && !WHILE_MOVING.contains(&id) {
            return Some(format!("`{plugin}` is moving its data, and then uses nothing but its storage"));
        }
        // Its own rows are no favour of anybody.
        if id == STORAGE {
            return None;
        }
        let emits = manifest.emits.iter().any(|emit| emit.interface == id);
        let mut keys = vec![if emits { format!("emit {id}") } else { format!("import {id}") }];
        if id == SCHEDULE && manifest.schedules {
            keys.push("schedules".to_owned());
        }
        let missing = keys.into_iter().find(|key| !self.has(key))?;
        Some(format!(
            "`{plugin}` asks for this and nobody has granted it, or it was taken back. A steward grants it: \
             hamlet plugin grants {plugin} --give \"{missing}\""
        ))
    }

    /// The gate of an open import of another's interface.
    pub(crate) fn gate(&self, id: &str) -> Option<Gate> {
        if PROVIDED.contains(&id) {
            return None;
        }
        let key = format!("import {id}");
        let kept = self.given?.get(&key)?.used;
        let used = self.uses.mark(self.plugin, &key, kept);
        Some(Gate { key: Arc::from(key), kept, used })
    }

    /// The gates of all its open imports, for keeping when they were used.
    pub(crate) fn all(&self) -> Vec<Gate> {
        self.staged.imports.iter().filter_map(|import| self.gate(&import.id)).collect()
    }
}

/// Defines an import so that each of its functions dooms the call, in place of what the base linker has.
pub(crate) fn close(linker: &mut Linker<Slot>, import: &Interface, why: &str) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let why: Arc<str> = Arc::from(why);
    let mut instance = linker.instance(&import.id)?;
    for function in &import.functions {
        let why = Arc::clone(&why);
        instance.func_new(&function.name, move |mut cx, _, _, _| {
            let running = cx.data_mut().running()?;
            Err(running.trap(CallError::denied(&*why)))
        })?;
    }
    linker.allow_shadowing(false);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]
    use super::*;

    fn gate(kept: u64) -> Gate {
        Gate { key: Arc::from("import example:shop/stall@0.1.0"), kept, used: Arc::new(AtomicU64::new(kept)) }
    }

    #[test]
    fn c2_a_gate_closes_after_400_days_without_use_and_not_before() {
        let begun = 1_000_000;
        let gate_ = gate(begun);
        gate_.pass("shop", begun + UNUSED_MICROS).expect("the last day counts");
        assert_eq!(gate_.used.load(Ordering::Relaxed), begun + UNUSED_MICROS);
        gate_.pass("shop", begun + 2 * UNUSED_MICROS).expect("it was used meanwhile");
        let closed = gate(begun);
        let error = closed.pass("shop", begun + UNUSED_MICROS + 1).expect_err("nobody used it");
        let sentence = error.to_string();
        assert!(
            sentence.contains("400 days") && sentence.contains("hamlet plugin grants shop --give"),
            "{sentence}"
        );
        assert_eq!(closed.used.load(Ordering::Relaxed), begun, "what is closed was not used");
    }

    #[test]
    fn c2_the_last_use_is_kept_once_a_day() {
        let gate = gate(DAY_MICROS);
        gate.pass("shop", DAY_MICROS + 1).expect("open");
        assert_eq!(gate.to_keep(), None);
        gate.pass("shop", 3 * DAY_MICROS).expect("open");
        let (key, used) = gate.to_keep().expect("two days later");
        assert_eq!((&**key, used), ("import example:shop/stall@0.1.0", 3 * DAY_MICROS));
    }

    #[test]
    fn c2_marks_of_one_grant_are_one_over_changes_of_the_table() {
        let uses = Uses::default();
        let first = uses.mark("shop", "import a", 5);
        first.store(9, Ordering::Relaxed);
        assert_eq!(uses.mark("shop", "import a", 7).load(Ordering::Relaxed), 9);
        assert_eq!(uses.mark("stall", "import a", 7).load(Ordering::Relaxed), 7);
    }
}
