//! What the board needs from whoever runs it: one trait, implemented by the WebAssembly adapter and by the double that
//! the tests use. Everything else in this crate is free of I/O.

use hamlet_sdk::Storage;
use hamlet_sdk::types::{Id, Instant};

use crate::error::Error;

/// The community, as the board sees it.
pub trait World {
    /// Where the board keeps its rows.
    type Db: Storage;
    /// The rows.
    fn db(&self) -> &Self::Db;

    /// The transaction's time.
    fn now(&self) -> Instant;
    /// The community's time zone, as IANA names it.
    fn zone(&self) -> String;
    /// Random bytes, cryptographically strong. Only in commands.
    fn random(&self) -> [u8; 32];

    /// The person who acts; none: somebody who is not signed in.
    fn person(&self) -> Option<Id>;
    /// Whether she may act for a party: herself, or one that she represents.
    fn acts_for(&self, party: Id) -> bool;
    /// The parties for which she may act, herself first.
    fn parties(&self) -> Vec<Id>;
    /// Whether a person, not only the one who acts, is in a group.
    fn is_in(&self, person: Id, group: &str) -> bool;
    /// The groups that she who acts is in.
    fn groups(&self) -> Vec<String>;
    /// A party of the community.
    fn party(&self, id: Id) -> Option<Party>;
    /// The party with this handle.
    fn find(&self, handle: &str) -> Option<Party>;
    /// A page of the parties, in order of their handles, with the cursor of the next; none: this is no cursor.
    fn members(&self, cursor: Option<&str>) -> Option<(Vec<Party>, Option<String>)>;

    /// Whether stewards hid a thing ([`crate::moderated`]).
    fn is_hidden(&self, name: &str) -> bool;
    /// Whether a thing was reported, and waits for stewards.
    fn is_reported(&self, name: &str) -> bool;
    /// Whether she who acts may put something up now, and counts it.
    ///
    /// # Errors
    /// [`Error::Muted`], and [`Error::Newcomer`] when it is too much for one day.
    fn admit(&self) -> Result<(), Error>;

    /// Seals under the key of a party (C6); none: that key was destroyed.
    fn seal(&self, party: Id, plain: &[u8]) -> Option<Vec<u8>>;
    /// Opens what was sealed for a party; none: its key was destroyed, and the words are gone.
    fn open(&self, party: Id, sealed: &[u8]) -> Option<Vec<u8>>;

    /// Keeps a picture that was sent before; false: there is none of this hash.
    fn hold(&self, picture: &[u8]) -> bool;
    /// Lets a picture go that it kept.
    fn release(&self, picture: &[u8]);

    /// Has [`crate::events::remind`] called every hour from now on.
    fn remind_hourly(&self);
    /// Tells a party of something, as far as she wants to be told.
    fn tell(&self, to: Id, notice: &Notice<'_>);
    /// The units of the community's ledgers, with their decimal places.
    fn units(&self) -> Vec<Unit>;
    /// Pays through the ledger: with her consent, or not at all.
    ///
    /// # Errors
    /// The ledger's reason.
    fn pay(&self, payment: &Payment<'_>) -> Result<Id, Unpaid>;
}

/// A party of the community.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its id.
    pub id: Id,
    /// How people call it; empty: erased.
    pub name: String,
    /// Its short name.
    pub handle: String,
    /// Whether it takes part, and has not left.
    pub is_active: bool,
}

/// A short message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice<'a> {
    /// One of the topics of `plugin.toml`.
    pub topic: &'static str,
    /// In a few words.
    pub title: &'a str,
    /// The rest.
    pub text: &'a str,
    /// The page to look at.
    pub path: &'a str,
}

/// What a ledger counts in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// `LEAF`.
    pub symbol: String,
    /// Decimal places.
    pub scale: u8,
    /// Whether it counts hours.
    pub is_hours: bool,
}

/// What is to be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment<'a> {
    /// Who pays.
    pub payer: Id,
    /// Who is paid.
    pub payee: Id,
    /// In which currency.
    pub unit: &'a str,
    /// As a decimal number.
    pub amount: &'a str,
    /// What for.
    pub memo: &'a str,
}

/// Why nothing was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unpaid {
    /// Whoever pays must agree first, on a page of the host.
    ConfirmationNeeded,
    /// One of the two has no account in this currency.
    NoAccount,
    /// The payer has not enough, or the payee cannot take more.
    PastLimit,
    /// The ledger refuses; why, in its words.
    Refused(String),
}

/// The same community as a person sees it who does not act herself: for her calendar's feed.
pub(crate) struct As<'a, W> {
    pub world: &'a W,
    pub person: Id,
}

impl<W: World> World for As<'_, W> {
    type Db = W::Db;

    fn person(&self) -> Option<Id> {
        Some(self.person)
    }

    fn acts_for(&self, party: Id) -> bool {
        party == self.person
    }

    fn parties(&self) -> Vec<Id> {
        vec![self.person]
    }

    /// Not asked for in a feed.
    fn groups(&self) -> Vec<String> {
        Vec::new()
    }

    fn db(&self) -> &Self::Db {
        self.world.db()
    }

    fn now(&self) -> Instant {
        self.world.now()
    }

    fn zone(&self) -> String {
        self.world.zone()
    }

    fn random(&self) -> [u8; 32] {
        self.world.random()
    }

    fn is_in(&self, person: Id, group: &str) -> bool {
        self.world.is_in(person, group)
    }

    fn party(&self, id: Id) -> Option<Party> {
        self.world.party(id)
    }

    fn find(&self, handle: &str) -> Option<Party> {
        self.world.find(handle)
    }

    fn members(&self, cursor: Option<&str>) -> Option<(Vec<Party>, Option<String>)> {
        self.world.members(cursor)
    }

    fn seal(&self, party: Id, plain: &[u8]) -> Option<Vec<u8>> {
        self.world.seal(party, plain)
    }

    fn open(&self, party: Id, sealed: &[u8]) -> Option<Vec<u8>> {
        self.world.open(party, sealed)
    }

    fn is_hidden(&self, name: &str) -> bool {
        self.world.is_hidden(name)
    }

    fn is_reported(&self, name: &str) -> bool {
        self.world.is_reported(name)
    }

    fn admit(&self) -> Result<(), Error> {
        self.world.admit()
    }

    fn hold(&self, picture: &[u8]) -> bool {
        self.world.hold(picture)
    }

    fn release(&self, picture: &[u8]) {
        self.world.release(picture);
    }

    fn remind_hourly(&self) {
        self.world.remind_hourly();
    }

    fn tell(&self, to: Id, notice: &Notice<'_>) {
        self.world.tell(to, notice);
    }

    fn units(&self) -> Vec<Unit> {
        self.world.units()
    }

    fn pay(&self, payment: &Payment<'_>) -> Result<Id, Unpaid> {
        self.world.pay(payment)
    }
}
