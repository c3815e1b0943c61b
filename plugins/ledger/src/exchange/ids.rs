//! Ids that follow from content, so that importing the same text again changes nothing.
//!
//! An id is a UUIDv8 (RFC 9562): 48 bits of the day in milliseconds, so that keys grow with time
//! and stay cheap to store (J1), then 74 bits of a SHA-256. Two different rows would share an id
//! once in some 10^22 pairs; the ledger would then answer `exists-different`, not lose one.

use super::Date;
use sha2::{Digest, Sha256};

/// The id of a data line of a CSV text: its ledger, its number and all its fields.
pub fn csv_transfer(ledger: u128, line: u32, date: Date, fields: &[&str]) -> u128 {
    let mut hash = Hasher::new("csv-transfer");
    hash.part(&ledger.to_be_bytes());
    hash.part(&line.to_be_bytes());
    for field in fields {
        hash.part(field.as_bytes());
    }
    hash.finish(date.unix_milliseconds())
}

/// The id of an account that an import opens in a ledger under this code.
pub fn account(ledger: u128, code: &str) -> u128 {
    let mut hash = Hasher::new("account");
    hash.part(&ledger.to_be_bytes());
    hash.part(code.as_bytes());
    hash.finish(0)
}

/// The id of the `number`th account that a party has in a ledger by coming in herself or by a steward's word.
pub fn own_account(ledger: u128, party: u128, number: u32) -> u128 {
    let mut hash = Hasher::new("own-account");
    hash.part(&ledger.to_be_bytes());
    hash.part(&party.to_be_bytes());
    hash.part(&number.to_be_bytes());
    hash.finish(0)
}

/// The id of the entry that opens an account with a balance when its owner moves in; `back`: of the one that pays
/// another back.
pub fn opening(moved: u128, of: u128, back: bool) -> u128 {
    let mut hash = Hasher::new(if back { "opening-back" } else { "opening" });
    hash.part(&moved.to_be_bytes());
    hash.part(&of.to_be_bytes());
    // As old as the move, whose id is a UUIDv7: keys grow with time.
    hash.finish(u64::try_from(moved >> 80).unwrap_or_default())
}

/// The id of a ledger that an import creates for this unit.
pub fn ledger(unit: &str) -> u128 {
    let mut hash = Hasher::new("ledger");
    hash.part(unit.as_bytes());
    hash.finish(0)
}

// Where RFC 9562 puts version and variant, and what it leaves to the hash.
const VERSION_8: u128 = 0x8 << 76;
const VARIANT: u128 = 0b10 << 62;
const RANDOM: u128 = !((0xffff_ffff_ffff << 80) | (0xf << 76) | (0b11 << 62));

/// SHA-256 over parts with their lengths, so that no two lists of parts give the same bytes.
pub(super) struct Hasher(Sha256);

impl Hasher {
    pub(super) fn new(kind: &str) -> Hasher {
        let mut hasher = Hasher(Sha256::new());
        hasher.part(b"hamlet-ledger-import-1");
        hasher.part(kind.as_bytes());
        hasher
    }

    pub(super) fn part(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    pub(super) fn finish(self, milliseconds: u64) -> u128 {
        let digest = self.0.finalize();
        let random = digest.iter().take(16).fold(0u128, |n, byte| n << 8 | u128::from(*byte));
        (u128::from(milliseconds & 0xffff_ffff_ffff) << 80) | VERSION_8 | VARIANT | (random & RANDOM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_of_version_8_that_begins_with_its_day() {
        let day = Date::EARLIEST;
        let id = csv_transfer(1, 2, day, &["a", "b"]);
        assert_eq!(id >> 76 & 0xf, 8);
        assert_eq!(id >> 62 & 0b11, 0b10);
        assert_eq!(id >> 80, u128::from(day.unix_milliseconds()));
    }

    #[test]
    fn an_id_differs_when_any_part_differs() {
        let day = Date::EARLIEST;
        let ids = [
            csv_transfer(1, 2, day, &["a", "b"]),
            csv_transfer(2, 2, day, &["a", "b"]),
            csv_transfer(1, 3, day, &["a", "b"]),
            csv_transfer(1, 2, day, &["ab", ""]),
            csv_transfer(1, 2, day, &["a", "b", ""]),
            account(1, "a"),
            account(1, "b"),
            account(2, "a"),
            ledger("a"),
        ];
        for (n, id) in ids.iter().enumerate() {
            assert!(!ids.iter().take(n).any(|other| other == id), "{n}");
        }
        assert_eq!(csv_transfer(1, 2, day, &["a", "b"]), csv_transfer(1, 2, day, &["a", "b"]));
    }
}
