//! What the ledger needs from whoever runs it: one trait, implemented by the WebAssembly adapter
//! and by the double that the tests use. Everything else in this crate is free of I/O.
//!
//! Nothing here returns storage errors: keys and values are within the limits by construction,
//! and a host that cannot read or write stops the whole call (T3) rather than let money move on
//! half a fact.

use crate::model::{Day, Id, Instant, TransferView};

/// A stored row: key and value.
pub type Row = (Vec<u8>, Vec<u8>);

/// The host, as the accounting sees it.
pub trait Host {
    // Rows, ordered bytewise by key.

    /// The value of a key.
    fn get(&mut self, key: &[u8]) -> Option<Vec<u8>>;
    /// The values of keys, in their order.
    fn get_many(&mut self, keys: &[Vec<u8>]) -> Vec<Option<Vec<u8>>>;
    /// Sets a key.
    fn set(&mut self, key: &[u8], value: &[u8]);
    /// Sets keys, in their order.
    fn set_many(&mut self, rows: Vec<Row>) {
        for (key, value) in rows {
            self.set(&key, &value);
        }
    }
    /// Deletes a key.
    fn delete(&mut self, key: &[u8]);
    /// The first `limit` (at most 1,024) rows with `start` <= key < `end`; fewer only when there
    /// are no more, or when they are long and the page is full: then there is a cursor.
    fn scan(&mut self, scan: Scan<'_>) -> Page;

    // Time: the transaction's (T9).

    /// The time of the call.
    fn now(&mut self) -> Instant;
    /// The community's calendar day at that time.
    fn today(&mut self) -> Day;

    // Who is calling (W4).

    /// Where the call began.
    fn actor(&mut self) -> Actor;
    /// The plugin that called, if one did.
    fn via(&mut self) -> Option<String>;
    /// Whether the actor may act for `party`.
    fn has_mandate(&mut self, party: Id) -> bool;
    /// When a person was let back in by a recovery, if that is less than seven days ago.
    fn recently_recovered(&mut self, party: Id) -> Option<Instant>;
    /// Whether the actor is a person of this group.
    fn in_group(&mut self, name: &str) -> bool;

    // Consent (W2).

    /// Whether the actor called this very function herself, so that consent is given for whatever belongs to a party
    /// for which the actor has a mandate, and need not be asked for.
    fn is_in_person(&mut self) -> bool {
        false
    }

    /// Asks for consent to pay, and uses it up.
    fn require_consent(&mut self, need: &SpendNeed) -> Result<(), Refusal>;

    // Personal data (C6).

    /// Seals under the key of `party`; none when that key was destroyed.
    fn seal(&mut self, party: Id, plain: &[u8]) -> Option<Vec<u8>>;
    /// Opens what was sealed; none when the key was destroyed.
    fn open(&mut self, party: Id, sealed: &[u8]) -> Option<Vec<u8>>;

    // What leaves the ledger.

    /// Tells subscribers of a recorded or expired transfer.
    fn tell(&mut self, transfer: &TransferView, audience: [Id; 2]);
    /// Has [`crate::posting::expire`] called at `at`; replaces the earlier wish.
    fn wake_at(&mut self, at: Instant);

    // The community's register.

    /// A party.
    fn party(&mut self, id: Id) -> Option<Party>;
    /// The party with this handle.
    fn party_by_handle(&mut self, handle: &str) -> Option<Party>;
    /// The first parties in order of their handles, at most `limit`.
    fn parties(&mut self, limit: u32) -> Vec<Party>;
    /// The party that is all together.
    fn commons(&mut self) -> Option<Party>;
    /// The parties that the actor may act for, herself included.
    fn mandated_parties(&mut self) -> Vec<Id>;

    /// Ends the call and undoes all of it: the books cannot be read, or would be wrong.
    fn doom(&mut self, why: &str) -> !;
}

/// Which rows to read.
#[derive(Clone, Copy, Debug)]
pub struct Scan<'a> {
    /// The first key.
    pub start: &'a [u8],
    /// The key after the last one.
    pub end: &'a [u8],
    /// From the largest key downwards.
    pub reverse: bool,
    /// At most so many; 1 to 1,024.
    pub limit: u32,
    /// Go on behind this key.
    pub cursor: Option<&'a [u8]>,
}

/// What a scan gave.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// In the order of the scan.
    pub rows: Vec<Row>,
    /// Where to go on; none: that was all.
    pub next: Option<Vec<u8>>,
}

/// Where a call began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    Person(Id),
    /// A device.
    Device(Id),
    /// A plugin by itself: its schedule or event handler.
    Plugin(String),
    /// A decision of a body.
    Decision(Id),
    /// Whoever holds the box.
    Console,
    /// Another community, or nobody who is known.
    Stranger,
}

/// "May this account pay this much?"
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpendNeed {
    /// The paying account.
    pub account: Id,
    /// Whose it is.
    pub owner: Id,
    /// How much.
    pub amount: u64,
    /// One sentence for her.
    pub sentence: String,
}

/// Why consent was not to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody must confirm first.
    ConfirmationNeeded,
    /// Something else was confirmed.
    DiffersFromConfirmed,
    /// Past the month's ceiling; what is left of it.
    Ceiling(u64),
    /// The actor has no mandate.
    NoMandate,
}

/// A party of the community.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its id.
    pub id: Id,
    /// Whether it is the commons.
    pub is_commons: bool,
    /// How people call it.
    pub name: String,
    /// Its short name.
    pub handle: String,
    /// When it was added.
    pub since: Instant,
    /// Whether it takes part, and has not left.
    pub is_active: bool,
}
