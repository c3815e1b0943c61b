//! A host in memory: rows, a clock, mandates and consent as the test wants them. It undoes a call
//! that ends in an error, as the kernel does (T1).

use std::collections::{BTreeMap, BTreeSet};

use ledger::host::{Actor, Host, Page, Party, Refusal, Scan, SpendNeed};
use ledger::model::{Day, Id, TransferView};

/// 2026-03-02T08:00:00Z.
pub const START: u64 = 1_772_438_400_000_000;
const DAY_MICROSECONDS: u64 = 86_400_000_000;
/// 1970-01-01, counted from 1900-01-01.
const DAYS_TO_1970: u32 = 25_567;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    Given,
    Refused(Refusal),
    /// A grant of which so much is left.
    Grant(u64),
}

pub struct Double {
    pub rows: BTreeMap<Vec<u8>, Vec<u8>>,
    pub now: u64,
    pub actor: Actor,
    pub via: Option<String>,
    pub mandates: BTreeSet<(Id, Id)>,
    pub groups: BTreeSet<(Id, String)>,
    /// Who was let back in, and when.
    pub recovered: BTreeMap<Id, u64>,
    pub parties: BTreeMap<Id, Party>,
    pub consent: Consent,
    /// Persons call by themselves, and not through a plugin.
    pub in_person: bool,
    pub needs: Vec<SpendNeed>,
    pub erased: BTreeSet<Id>,
    pub told: Vec<(TransferView, [Id; 2])>,
    pub wake: Option<u64>,
    /// How many storage calls there were.
    pub crossings: u64,
}

impl Double {
    pub fn new() -> Self {
        Self {
            rows: BTreeMap::new(),
            now: START,
            actor: Actor::Console,
            via: None,
            mandates: BTreeSet::new(),
            groups: BTreeSet::new(),
            recovered: BTreeMap::new(),
            parties: BTreeMap::new(),
            consent: Consent::Given,
            in_person: false,
            needs: Vec::new(),
            erased: BTreeSet::new(),
            told: Vec::new(),
            wake: None,
            crossings: 0,
        }
    }

    pub fn add_party(&mut self, id: Id, handle: &str, is_commons: bool) {
        let (name, since) = (handle.to_uppercase(), self.now);
        self.parties
            .insert(id, Party { id, is_commons, name, handle: handle.to_owned(), since, is_active: true });
        self.mandates.insert((id, id));
    }

    /// One call: an error undoes all of it.
    pub fn call<T, E>(&mut self, run: impl FnOnce(&mut dyn Host) -> Result<T, E>) -> Result<T, E> {
        let before = (self.rows.clone(), self.told.len(), self.wake, self.consent);
        let answer = run(self);
        if answer.is_err() {
            self.rows = before.0;
            self.told.truncate(before.1);
            (self.wake, self.consent) = (before.2, before.3);
        }
        answer
    }

    pub fn day(&self) -> Day {
        Day(DAYS_TO_1970 + u32::try_from(self.now / DAY_MICROSECONDS).unwrap())
    }
}

impl Host for Double {
    fn get(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        self.crossings += 1;
        self.rows.get(key).cloned()
    }

    fn get_many(&mut self, keys: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
        assert!(keys.len() <= 1_024, "get-many takes 1,024 keys");
        self.crossings += 1;
        keys.iter().map(|key| self.rows.get(key).cloned()).collect()
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        assert!((1..=1_024).contains(&key.len()) && value.len() <= 65_536, "C7");
        self.crossings += 1;
        self.rows.insert(key.to_vec(), value.to_vec());
    }

    fn set_many(&mut self, rows: Vec<(Vec<u8>, Vec<u8>)>) {
        let before = self.crossings;
        let crossings = rows.len().div_ceil(1_024) as u64;
        for (key, value) in rows {
            self.set(&key, &value);
        }
        self.crossings = before + crossings;
    }

    fn delete(&mut self, key: &[u8]) {
        self.crossings += 1;
        self.rows.remove(key);
    }

    fn scan(&mut self, scan: Scan<'_>) -> Page {
        assert!((1..=1_024).contains(&scan.limit), "a page has 1 to 1,024 rows");
        self.crossings += 1;
        let range = self.rows.range(scan.start.to_vec()..scan.end.to_vec());
        let rows = range.map(|(key, value)| (key.clone(), value.clone()));
        let mut rows: Vec<_> = if scan.reverse { rows.rev().collect() } else { rows.collect() };
        rows.retain(|(key, _)| match scan.cursor {
            None => true,
            Some(cursor) if scan.reverse => key.as_slice() < cursor,
            Some(cursor) => key.as_slice() > cursor,
        });
        let more = rows.len() > scan.limit as usize;
        rows.truncate(scan.limit as usize);
        let next = rows.last().filter(|_| more).map(|(key, _)| key.clone());
        Page { rows, next }
    }

    fn now(&mut self) -> u64 {
        self.now
    }

    fn today(&mut self) -> Day {
        self.day()
    }

    fn actor(&mut self) -> Actor {
        self.actor.clone()
    }

    fn via(&mut self) -> Option<String> {
        self.via.clone()
    }

    fn has_mandate(&mut self, party: Id) -> bool {
        match self.actor {
            Actor::Person(person) => self.mandates.contains(&(person, party)),
            Actor::Decision(_) => self.parties[&party].is_commons,
            _ => false,
        }
    }

    fn recently_recovered(&mut self, party: Id) -> Option<u64> {
        let at = self.recovered.get(&party).copied();
        at.filter(|at| self.now < at + ledger::posting::WEEK_MICROS)
    }

    fn in_group(&mut self, name: &str) -> bool {
        matches!(self.actor, Actor::Person(person) if self.groups.contains(&(person, name.to_owned())))
    }

    fn is_in_person(&mut self) -> bool {
        self.in_person && self.via.is_none()
    }

    fn require_consent(&mut self, need: &SpendNeed) -> Result<(), Refusal> {
        self.needs.push(need.clone());
        match &mut self.consent {
            Consent::Given => Ok(()),
            Consent::Refused(refusal) => Err(*refusal),
            Consent::Grant(left) if need.amount > *left => Err(Refusal::Ceiling(*left)),
            Consent::Grant(left) => {
                *left -= need.amount;
                Ok(())
            }
        }
    }

    fn seal(&mut self, party: Id, plain: &[u8]) -> Option<Vec<u8>> {
        if self.erased.contains(&party) {
            return None;
        }
        let hidden = plain.iter().map(|byte| byte ^ 0x5a);
        Some(party.0.to_be_bytes().into_iter().chain(hidden).collect())
    }

    fn open(&mut self, party: Id, sealed: &[u8]) -> Option<Vec<u8>> {
        if self.erased.contains(&party) {
            return None;
        }
        let (owner, hidden) = sealed.split_first_chunk::<16>().unwrap();
        assert_eq!(*owner, party.0.to_be_bytes(), "opened under another party's key");
        Some(hidden.iter().map(|byte| byte ^ 0x5a).collect())
    }

    fn tell(&mut self, transfer: &TransferView, audience: [Id; 2]) {
        assert_eq!(transfer.memo, None, "events carry no memo (C6)");
        self.told.push((transfer.clone(), audience));
    }

    fn wake_at(&mut self, at: u64) {
        self.wake = Some(at);
    }

    fn party(&mut self, id: Id) -> Option<Party> {
        self.parties.get(&id).cloned()
    }

    fn party_by_handle(&mut self, handle: &str) -> Option<Party> {
        self.parties.values().find(|party| party.handle == handle).cloned()
    }

    fn parties(&mut self, limit: u32) -> Vec<Party> {
        let mut parties: Vec<Party> = self.parties.values().cloned().collect();
        parties.sort_by(|one, other| one.handle.cmp(&other.handle));
        parties.truncate(limit as usize);
        parties
    }

    fn commons(&mut self) -> Option<Party> {
        self.parties.values().find(|party| party.is_commons).cloned()
    }

    fn mandated_parties(&mut self) -> Vec<Id> {
        let Actor::Person(person) = self.actor else { return Vec::new() };
        self.mandates.iter().filter(|(who, _)| *who == person).map(|(_, party)| *party).collect()
    }

    fn doom(&mut self, why: &str) -> ! {
        panic!("doomed: {why}")
    }
}
