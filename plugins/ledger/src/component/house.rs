//! The host of the component: each need of the accounting, met by an import.

use std::cell::RefCell;
use std::fmt::Display;

use hamlet_sdk::host::{consent, identity, log, schedule, sealed, storage};

use super::hamlet::host::members;
use super::hamlet::ledger::events;
use crate::host::{Actor, Host, Page, Party, Refusal, Row, Scan, SpendNeed};
use crate::model::{Day, Id, Instant, TransferView};
use crate::rows::keys;

/// The kind of consent that the ledger asks for, as `plugin.toml` names it.
pub const SPEND: &str = "spend";

/// The schedule of expiry.
const EXPIRY: &str = "expiry";
/// How it is tried again: soon, and for hours.
const EXPIRY_RETRIES: schedule::Retries = schedule::Retries { most: 12, wait: 5_000_000 };

/// The host of this component, for one call.
pub struct House {
    /// What was asked about the call.
    call: Option<identity::Call>,
    /// A row that was read with others because it is likely to be asked for next.
    ahead: Option<(Vec<u8>, Option<Vec<u8>>)>,
}

thread_local! {
    /// The ledger that a call asked for last: likely to be the next one's. It only guesses what to read in one crossing
    /// with the rest; the row itself is read anew in each call.
    static LEDGER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Most rows that are set in one crossing.
const ROWS_AT_ONCE: usize = 1_024;

impl Host for House {
    fn get(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        if let Some((_, value)) = self.ahead.take_if(|(ahead, _)| ahead == key) {
            return value;
        }
        if keys::is_ledger(key) {
            LEDGER.with_borrow_mut(|last| {
                last.clear();
                last.extend_from_slice(key);
            });
        }
        let value = storage::get(key);
        self.sure(value)
    }

    fn get_many(&mut self, keys: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
        let guess = LEDGER.with_borrow(Vec::clone);
        if guess.is_empty() || keys.len() >= ROWS_AT_ONCE {
            let values = storage::get_many(keys);
            return self.sure(values);
        }
        let keys: Vec<_> = keys.iter().cloned().chain([guess.clone()]).collect();
        let values = storage::get_many(&keys);
        let mut values = self.sure(values);
        self.ahead = values.pop().map(|value| (guess, value));
        values
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        self.ahead = None;
        let done = storage::set(key, value);
        self.sure(done);
    }

    fn set_many(&mut self, rows: Vec<Row>) {
        self.ahead = None;
        let mut rows = rows.into_iter().map(|(key, value)| storage::Entry { key, value });
        loop {
            let some: Vec<_> = rows.by_ref().take(ROWS_AT_ONCE).collect();
            if some.is_empty() {
                return;
            }
            let done = storage::set_many(&some);
            self.sure(done);
        }
    }

    fn delete(&mut self, key: &[u8]) {
        self.ahead = None;
        let done = storage::delete(key);
        self.sure(done);
    }

    fn scan(&mut self, scan: Scan<'_>) -> Page {
        let range = storage::Range { start: scan.start.to_vec(), end: Some(scan.end.to_vec()) };
        let direction = if scan.reverse { storage::Direction::Reverse } else { storage::Direction::Forward };
        let page = storage::scan(&range, direction, scan.limit, scan.cursor);
        let page = self.sure(page);
        let rows = page.entries.into_iter().map(|entry| (entry.key, entry.value)).collect();
        Page { rows, next: page.next }
    }

    fn now(&mut self) -> Instant {
        self.call().now
    }

    fn today(&mut self) -> Day {
        match Day::since_1970(self.call().day) {
            Some(day) => day,
            None => self.doom("the host's day cannot be read"),
        }
    }

    fn actor(&mut self) -> Actor {
        match &self.call().actor {
            identity::Actor::Person(person) => Actor::Person((*person).into()),
            identity::Actor::Device(device) => Actor::Device((*device).into()),
            identity::Actor::Plugin(name) => Actor::Plugin(name.clone()),
            identity::Actor::Decision(decision) => Actor::Decision((*decision).into()),
            identity::Actor::Console => Actor::Console,
            identity::Actor::Neighbour(_) | identity::Actor::Anyone => Actor::Stranger,
        }
    }

    fn via(&mut self) -> Option<String> {
        match &self.call().caller {
            identity::Caller::Direct => None,
            identity::Caller::Plugin(name) => Some(name.clone()),
        }
    }

    fn is_in_person(&mut self) -> bool {
        self.call().in_person
    }

    fn has_mandate(&mut self, party: Id) -> bool {
        // A person always has one for herself.
        matches!(&self.call().actor, identity::Actor::Person(person) if Id::from(*person) == party)
            || identity::mandate_for(party.into()).is_some()
    }

    fn recently_recovered(&mut self, party: Id) -> Option<Instant> {
        identity::recently_recovered(party.into())
    }

    fn in_group(&mut self, name: &str) -> bool {
        identity::in_group(name)
    }

    fn require_consent(&mut self, need: &SpendNeed) -> Result<(), Refusal> {
        let need = consent::Need {
            kind: SPEND.to_owned(),
            thing: need.account.to_string(),
            owner: need.owner.into(),
            amount: Some(need.amount),
            sentence: need.sentence.clone(),
        };
        consent::require(&need).map_err(|refusal| match refusal {
            consent::Refusal::ConfirmationNeeded => Refusal::ConfirmationNeeded,
            consent::Refusal::DiffersFromConfirmed => Refusal::DiffersFromConfirmed,
            consent::Refusal::Ceiling(left) => Refusal::Ceiling(left),
            consent::Refusal::NoMandate => Refusal::NoMandate,
        })
    }

    fn seal(&mut self, party: Id, plain: &[u8]) -> Option<Vec<u8>> {
        match sealed::seal(party.into(), plain) {
            Ok(sealed) => Some(sealed),
            Err(sealed::Error::Erased) => None,
            Err(error) => self.doom(&format!("a memo could not be sealed: {error:?}")),
        }
    }

    fn open(&mut self, party: Id, sealed: &[u8]) -> Option<Vec<u8>> {
        match sealed::open(party.into(), sealed) {
            Ok(plain) => Some(plain),
            Err(sealed::Error::Erased) => None,
            Err(error) => self.doom(&format!("a memo could not be opened: {error:?}")),
        }
    }

    fn tell(&mut self, transfer: &TransferView, audience: [Id; 2]) {
        let owners = audience.map(hamlet_sdk::Id::from);
        let both_are_one = owners.first() == owners.last();
        let audience = if both_are_one { owners.get(..1).unwrap_or(&owners) } else { &owners };
        let TransferView { transfer, status, .. } = transfer;
        let (id, debit, credit) = (transfer.id.into(), transfer.debit.into(), transfer.credit.into());
        events::recorded(id, debit, credit, transfer.amount, status.map(Into::into), audience);
    }

    fn wake_at(&mut self, at: Instant) {
        let done = schedule::set(EXPIRY, &schedule::When::At(at), &[], EXPIRY_RETRIES);
        self.sure(done);
    }

    fn party(&mut self, id: Id) -> Option<Party> {
        members::get(id.into()).ok().map(Party::from)
    }

    fn party_by_handle(&mut self, handle: &str) -> Option<Party> {
        members::find(handle).ok().map(Party::from)
    }

    fn parties(&mut self, limit: u32) -> Vec<Party> {
        let all = members::Filter { kind: None, group: None };
        let page = members::list(&all, limit, None);
        page.map(|page| page.parties.into_iter().map(Party::from).collect()).unwrap_or_default()
    }

    fn commons(&mut self) -> Option<Party> {
        let filter = members::Filter { kind: Some(members::PartyKind::Commons), group: None };
        let mut cursor: Option<String> = None;
        loop {
            // A page may be empty while there is a next one.
            let page = members::list(&filter, 1, cursor.as_deref()).ok()?;
            if let Some(party) = page.parties.into_iter().next() {
                return Some(party.into());
            }
            cursor = Some(page.next?);
        }
    }

    fn mandated_parties(&mut self) -> Vec<Id> {
        let own = match self.actor() {
            Actor::Person(person) => Some(person),
            _ => None,
        };
        let mandates = members::mandates(None, None).unwrap_or_default();
        let mut parties: Vec<Id> = mandates.into_iter().map(|mandate| mandate.party.into()).collect();
        parties.extend(own);
        parties.sort_unstable();
        parties.dedup();
        parties
    }

    fn doom(&mut self, why: &str) -> ! {
        log::write(log::Level::Error, why);
        core::arch::wasm32::unreachable()
    }
}

impl House {
    pub fn new() -> Self {
        Self { call: None, ahead: None }
    }

    fn call(&mut self) -> &identity::Call {
        self.call.get_or_insert_with(identity::get_call)
    }

    /// What cannot fail, since all keys and values are within the host's limits.
    fn sure<T, E: Display>(&mut self, result: Result<T, E>) -> T {
        match result {
            Ok(value) => value,
            Err(error) => self.doom(&error.to_string()),
        }
    }
}

impl From<members::Party> for Party {
    fn from(party: members::Party) -> Self {
        Self {
            id: party.id.into(),
            is_commons: party.kind == members::PartyKind::Commons,
            name: party.name,
            handle: party.handle,
            since: party.since,
            is_active: party.status == members::PartyStatus::Active,
        }
    }
}
