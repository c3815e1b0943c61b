//! The community, as the host shows it to the component.

use std::cell::OnceCell;
use std::collections::HashSet;

use hamlet_sdk::OrTrap as _;
use hamlet_sdk::host::{HostStorage, blobs, clock, identity, random, schedule, sealed};
use hamlet_sdk::types::{Id, Instant};

use super::hamlet::host::{members, moderation, notices, settings};
use super::hamlet::ledger::{books, transfers, types as ledger};
use crate::error::Error;
use crate::rights::STEWARDS;
use crate::world::{Notice, Party, Payment, Unit, Unpaid, World};

/// The schedule of reminders.
const REMINDERS: &str = "reminders";
/// One that fails is tried again soon; the next hour comes anyway.
const RETRIES: schedule::Retries = schedule::Retries { most: 3, wait: 60_000_000 };

/// The world of one call.
pub struct House {
    db: HostStorage,
    call: OnceCell<identity::Call>,
    zone: OnceCell<String>,
    parties: OnceCell<Vec<Id>>,
    units: OnceCell<Vec<Unit>>,
    hidden: OnceCell<HashSet<String>>,
}

impl House {
    pub fn new() -> Self {
        Self {
            db: HostStorage,
            call: OnceCell::new(),
            zone: OnceCell::new(),
            parties: OnceCell::new(),
            units: OnceCell::new(),
            hidden: OnceCell::new(),
        }
    }

    fn call(&self) -> &identity::Call {
        self.call.get_or_init(identity::get_call)
    }

    /// The party that is all together, for whoever may act for it: stewards do, without a mandate that is listed.
    fn commons(&self) -> Option<Id> {
        if !identity::in_group(STEWARDS) {
            return None;
        }
        let filter = members::Filter { kind: Some(members::PartyKind::Commons), group: None };
        let mut cursor: Option<String> = None;
        loop {
            // A page may be empty while there is a next one.
            let page = members::list(&filter, 1, cursor.as_deref()).ok()?;
            if let Some(party) = page.parties.into_iter().next() {
                return Some(party.id);
            }
            cursor = Some(page.next?);
        }
    }

    /// What the community is called: for the name of a calendar.
    pub fn name() -> String {
        settings::get().name
    }
}

impl World for House {
    type Db = HostStorage;

    fn db(&self) -> &HostStorage {
        &self.db
    }

    fn now(&self) -> Instant {
        self.call().now
    }

    fn zone(&self) -> String {
        self.zone.get_or_init(|| settings::get().zone).clone()
    }

    fn random(&self) -> [u8; 32] {
        // The host gives as many as it is asked for.
        random::bytes(32).try_into().map_err(|_| "the host's randomness is too short").or_trap()
    }

    fn person(&self) -> Option<Id> {
        match self.call().actor {
            identity::Actor::Person(person) => Some(person),
            _ => None,
        }
    }

    fn acts_for(&self, party: Id) -> bool {
        self.person() == Some(party) || (self.person().is_some() && identity::mandate_for(party).is_some())
    }

    fn parties(&self) -> Vec<Id> {
        let parties = || {
            let Some(person) = self.person() else { return Vec::new() };
            let mandates = members::mandates(None, None).unwrap_or_default().into_iter();
            let commons = self.commons();
            let others = mandates.map(|mandate| mandate.party).chain(commons);
            let mut others: Vec<Id> = others.filter(|party| *party != person).collect();
            others.sort_unstable();
            others.dedup();
            [vec![person], others].concat()
        };
        self.parties.get_or_init(parties).clone()
    }

    fn is_in(&self, person: Id, group: &str) -> bool {
        if self.person() == Some(person) {
            return identity::in_group(group);
        }
        members::groups(person).unwrap_or_default().iter().any(|name| name == group)
    }

    fn groups(&self) -> Vec<String> {
        self.person().and_then(|person| members::groups(person).ok()).unwrap_or_default()
    }

    fn party(&self, id: Id) -> Option<Party> {
        members::get(id).ok().map(Party::from)
    }

    fn find(&self, handle: &str) -> Option<Party> {
        members::find(handle).ok().map(Party::from)
    }

    fn members(&self, cursor: Option<&str>) -> Option<(Vec<Party>, Option<String>)> {
        let all = members::Filter { kind: None, group: None };
        let page = members::list(&all, 50, cursor).ok()?;
        Some((page.parties.into_iter().map(Party::from).collect(), page.next))
    }

    /// Asked for once a call: a list looks at many.
    fn is_hidden(&self, name: &str) -> bool {
        self.hidden.get_or_init(|| moderation::hidden().into_iter().collect()).contains(name)
    }

    fn is_reported(&self, name: &str) -> bool {
        moderation::is_reported(name)
    }

    fn admit(&self) -> Result<(), Error> {
        moderation::admit().map_err(|error| match error {
            moderation::Error::Newcomer(a_day) => Error::Newcomer(a_day),
            _ => Error::Muted,
        })
    }

    fn seal(&self, party: Id, plain: &[u8]) -> Option<Vec<u8>> {
        match sealed::seal(party, plain) {
            Err(sealed::Error::Erased | sealed::Error::NoSuchParty) => None,
            done => Some(done.map_err(|error| format!("words could not be sealed: {error:?}")).or_trap()),
        }
    }

    fn open(&self, party: Id, sealed: &[u8]) -> Option<Vec<u8>> {
        match sealed::open(party, sealed) {
            Err(sealed::Error::Erased) => None,
            done => Some(done.map_err(|error| format!("words could not be opened: {error:?}")).or_trap()),
        }
    }

    fn hold(&self, picture: &[u8]) -> bool {
        blobs::hold(picture).is_ok()
    }

    fn release(&self, picture: &[u8]) {
        // One that it did not hold is not there to be let go.
        let _held = blobs::release(picture);
    }

    fn remind_hourly(&self) {
        let hourly = schedule::Recurrence {
            rule: "FREQ=HOURLY".to_owned(),
            zone: self.zone(),
            start: clock::now(),
            missed: schedule::Missed::Once,
        };
        schedule::set(REMINDERS, &schedule::When::Every(hourly), &[], RETRIES)
            .map_err(|error| format!("no reminders: {error:?}"))
            .or_trap();
    }

    fn tell(&self, to: Id, notice: &Notice<'_>) {
        // Whoever has left, or was told too much today, is not told; what she was to be told of is there all the same.
        let _ = notices::send(to, notice.topic, notice.title, notice.text, notice.path);
    }

    fn units(&self) -> Vec<Unit> {
        let units = || {
            let open =
                books::ledgers().into_iter().filter(|known| known.status == ledger::LedgerStatus::Open);
            let unit = |known: ledger::Ledger| Unit {
                symbol: known.unit,
                scale: known.scale,
                is_hours: known.kind == ledger::LedgerKind::Hours,
            };
            let mut units: Vec<Unit> = open.map(unit).collect();
            // What things are mostly paid with comes first.
            units.sort_by_key(|unit| unit.is_hours);
            units
        };
        self.units.get_or_init(units).clone()
    }

    fn pay(&self, payment: &Payment<'_>) -> Result<Id, Unpaid> {
        let handle =
            |party| self.party(party).map(|party| format!("@{}", party.handle)).ok_or(Unpaid::NoAccount);
        let (payer, payee) = (handle(payment.payer)?, handle(payment.payee)?);
        let paid = transfers::pay(
            random::new_id(),
            &payer,
            &payee,
            payment.unit,
            payment.amount,
            Some(payment.memo),
        );
        paid.map(|receipt| receipt.id).map_err(Unpaid::from)
    }
}

impl From<members::Party> for Party {
    fn from(party: members::Party) -> Self {
        let is_active = party.status == members::PartyStatus::Active;
        Self { id: party.id, name: party.name, handle: party.handle, is_active }
    }
}

impl From<ledger::TransferError> for Unpaid {
    fn from(error: ledger::TransferError) -> Self {
        use ledger::TransferError as E;
        match error {
            E::ConfirmationNeeded | E::DiffersFromConfirmed => Self::ConfirmationNeeded,
            E::NameUnknown(_) | E::AccountNotFound(_) => Self::NoAccount,
            E::ExceedsCreditLimit(_) | E::ExceedsUpperLimit(_) => Self::PastLimit,
            error => Self::Refused(format!("{error:?}")),
        }
    }
}
