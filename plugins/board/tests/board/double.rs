//! A community to test against: people, groups, a clock that the test sets, and a list of what people were told and paid.

use std::cell::{Cell, RefCell};

use board::audience::Audience;
use board::error::Error;
use board::market::{self, Draft};
use board::post::{Details, Number, Price, Words};
use board::world::{Notice, Party, Payment, Unit, Unpaid, World};
use hamlet_sdk::Memory;
use hamlet_sdk::types::{Id, Instant};

pub const DAY: Instant = 24 * 3_600 * 1_000_000;
/// 2026-11-24T12:00:00Z, a Tuesday.
pub const NOON: Instant = 1_795_521_600_000_000;

pub const ANA: Id = Id { high: 0, low: 1 };
pub const PAU: Id = Id { high: 0, low: 2 };
pub const LENA: Id = Id { high: 0, low: 3 };
pub const ROSA: Id = Id { high: 0, low: 4 };
/// An organisation, for which Ana acts.
pub const BAKERY: Id = Id { high: 0, low: 9 };

pub const PEOPLE: [(Id, &str); 5] =
    [(ANA, "ana"), (PAU, "pau"), (LENA, "lena"), (ROSA, "rosa"), (BAKERY, "bakery")];

/// What somebody was told: whom, the topic, the title and the page.
pub type Told = (Id, &'static str, String, String);

pub struct Village {
    db: Memory,
    pub now: Cell<Instant>,
    pub actor: Cell<Option<Id>>,
    /// Who is in which group.
    pub groups: RefCell<Vec<(Id, String)>>,
    pub erased: RefCell<Vec<Id>>,
    pub told: RefCell<Vec<Told>>,
    /// Payer, payee, amount with unit, memo.
    pub paid: RefCell<Vec<(Id, Id, String, String)>>,
    /// Hashes of pictures that it holds; those of one byte were sent before.
    pub held: RefCell<Vec<Vec<u8>>>,
    /// Names of what stewards hid.
    pub hidden: RefCell<Vec<String>>,
    pub reported: RefCell<Vec<String>>,
    pub muted: RefCell<Vec<Id>>,
    random: Cell<u8>,
}

impl Village {
    pub fn new() -> Self {
        Self {
            db: Memory::new(),
            now: Cell::new(NOON),
            actor: Cell::new(None),
            groups: RefCell::new(vec![(ROSA, "stewards".to_owned())]),
            erased: RefCell::default(),
            told: RefCell::default(),
            paid: RefCell::default(),
            held: RefCell::default(),
            hidden: RefCell::default(),
            reported: RefCell::default(),
            muted: RefCell::default(),
            random: Cell::new(0),
        }
    }

    /// The same village with somebody else acting.
    pub fn with(&self, person: Id) -> &Self {
        self.actor.set(Some(person));
        self
    }

    pub fn anybody(&self) -> &Self {
        self.actor.set(None);
        self
    }

    pub fn join(&self, person: Id, group: &str) {
        self.groups.borrow_mut().push((person, group.to_owned()));
    }

    pub fn leave(&self, person: Id, group: &str) {
        self.groups.borrow_mut().retain(|(member, name)| (*member, name.as_str()) != (person, group));
    }

    pub fn put_up(&self, title: &str, details: Details, audience: Audience) -> Result<Number, Error> {
        market::put_up(self, draft(title, details, audience))
    }

    /// Whom it told, under which topic, since the last look.
    pub fn told(&self) -> Vec<(Id, &'static str)> {
        self.told.take().into_iter().map(|(to, topic, ..)| (to, topic)).collect()
    }
}

pub fn leaf(amount: u64) -> Price {
    Price::Amount { amount, scale: 2, unit: "LEAF".to_owned() }
}

pub fn draft(title: &str, details: Details, audience: Audience) -> Draft {
    let words = Words { title: title.to_owned(), ..Words::default() };
    Draft { words, audience, party: None, category: None, until: None, details, picture: None }
}

impl World for Village {
    type Db = Memory;

    fn db(&self) -> &Memory {
        &self.db
    }

    fn now(&self) -> Instant {
        self.now.get()
    }

    fn zone(&self) -> String {
        "Europe/Madrid".to_owned()
    }

    fn random(&self) -> [u8; 32] {
        self.random.set(self.random.get() + 1);
        [self.random.get(); 32]
    }

    fn person(&self) -> Option<Id> {
        self.actor.get()
    }

    fn acts_for(&self, party: Id) -> bool {
        self.parties().contains(&party)
    }

    fn parties(&self) -> Vec<Id> {
        match self.actor.get() {
            Some(ANA) => vec![ANA, BAKERY],
            other => other.into_iter().collect(),
        }
    }

    fn is_in(&self, person: Id, group: &str) -> bool {
        self.groups.borrow().iter().any(|(member, name)| *member == person && name == group)
    }

    fn groups(&self) -> Vec<String> {
        let groups = self.groups.borrow();
        let own = groups.iter().filter(|(member, _)| Some(*member) == self.actor.get());
        own.map(|(_, name)| name.clone()).collect()
    }

    fn party(&self, id: Id) -> Option<Party> {
        let (_, handle) = PEOPLE.iter().find(|(known, _)| *known == id)?;
        let is_active = !self.erased.borrow().contains(&id);
        Some(Party { id, name: (*handle).to_owned(), handle: (*handle).to_owned(), is_active })
    }

    fn find(&self, handle: &str) -> Option<Party> {
        let (id, _) = PEOPLE.iter().find(|(_, known)| *known == handle)?;
        self.party(*id)
    }

    /// Two on each page.
    fn members(&self, cursor: Option<&str>) -> Option<(Vec<Party>, Option<String>)> {
        let from: usize = cursor.map_or(Some(0), |cursor| cursor.parse().ok())?;
        let parties = PEOPLE.iter().skip(from).take(2).filter_map(|(id, _)| self.party(*id)).collect();
        Some((parties, (from + 2 < PEOPLE.len()).then(|| (from + 2).to_string())))
    }

    fn is_hidden(&self, name: &str) -> bool {
        self.hidden.borrow().iter().any(|hidden| hidden == name)
    }

    fn is_reported(&self, name: &str) -> bool {
        self.reported.borrow().iter().any(|reported| reported == name)
    }

    fn admit(&self) -> Result<(), Error> {
        let muted = self.actor.get().is_some_and(|actor| self.muted.borrow().contains(&actor));
        if muted { Err(Error::Muted) } else { Ok(()) }
    }

    /// Not a cipher; but nothing of the plain text stands in a row, so that a test can look for it there.
    fn seal(&self, party: Id, plain: &[u8]) -> Option<Vec<u8>> {
        let gone = self.erased.borrow().contains(&party);
        (!gone).then(|| plain.iter().map(|byte| !byte).collect())
    }

    fn open(&self, party: Id, sealed: &[u8]) -> Option<Vec<u8>> {
        self.seal(party, sealed)
    }

    fn hold(&self, picture: &[u8]) -> bool {
        self.held.borrow_mut().push(picture.to_vec());
        picture.len() == 1
    }

    fn release(&self, picture: &[u8]) {
        self.held.borrow_mut().retain(|held| held != picture);
    }

    fn remind_hourly(&self) {}

    fn tell(&self, to: Id, notice: &Notice<'_>) {
        self.told.borrow_mut().push((to, notice.topic, notice.title.to_owned(), notice.path.to_owned()));
    }

    fn units(&self) -> Vec<Unit> {
        let unit = |symbol: &str, scale, is_hours| Unit { symbol: symbol.to_owned(), scale, is_hours };
        vec![unit("LEAF", 2, false), unit("HOURS", 2, true)]
    }

    fn pay(&self, payment: &Payment<'_>) -> Result<Id, Unpaid> {
        let Payment { payer, payee, unit, amount, memo } = payment;
        if !self.acts_for(*payer) {
            return Err(Unpaid::Refused("no mandate".to_owned()));
        }
        self.paid.borrow_mut().push((*payer, *payee, format!("{amount} {unit}"), (*memo).to_owned()));
        Ok(Id { high: 1, low: u64::try_from(self.paid.borrow().len()).unwrap() })
    }
}
