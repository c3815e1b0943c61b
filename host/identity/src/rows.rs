//! The rows of identity and how they are laid out. Not the rules about them (`members`, `tokens`).
//!
//! | key | value |
//! |---|---|
//! | `c` | the commons' id |
//! | `p` id | a party |
//! | `h` handle | id |
//! | `m` person party | mandate |
//! | `M` party person | mandate (the same, to be listed from the other side) |
//! | `g` party group | instant |
//! | `G` group `00` party | nothing |
//! | `t` hash of a token's text | a token |
//! | `i` token id | its hash |
//! | `o` owner token id | its hash |
//! | `k` person | what she can sign in with, sealed (`credential_rows`) |
//! | `K` hash of a passkey's id | person |
//! | `s` hash of a cookie | a session |
//! | `j` session id | its hash |
//! | `u` person session id | its hash |
//! | `v` hash of a link's secret | an invitation |
//! | `w` invitation id | its hash |
//! | `r` recovery id | a recovery |
//! | `R` person | the recovery that goes on for her |
//! | `q` person | when she was let back in last |
//! | `f` party | how to reach it, and its picture, sealed |
//! | `y` group | what the group is for |
//! | `d` hash of a device's token | a device |
//! | `e` device id | its hash |
//! | `a` number | a version of the ground rules |
//! | `b` person | the version that she has seen |
//! | `n` | the stewards' notes, sealed |
//! | `x` move id | who came in by a move |
//! | `N` … | notices, and where they go (`notices`) |
//! | `z` … | what was reported and hidden, who is muted (`moderation`) |
//!
//! Handles and group names stand in keys: they are pseudonyms that the community chose (C6), names
//! are sealed. If a mandate or a group stood in one of its two places only, a right would survive
//! its withdrawal: both are written and deleted together, in `members` alone.

use hamlet_kernel::{Mandate, PartyKind, PartyStatus};
use hamlet_reflect::Id;

/// The format of the rows below.
const FORMAT: u8 = 1;

/// The name of the group whose members run the community.
pub const STEWARDS: &str = "stewards";

/// Shortest and longest handle or group name, in bytes.
pub(crate) const NAME_LENGTH: std::ops::RangeInclusive<usize> = 2..=32;

/// Longest name of a party, in bytes.
pub(crate) const PARTY_NAME_LENGTH_MAX: usize = 200;

/// Every kind of party: its byte in a row and its label in WIT.
const KINDS: [(PartyKind, u8, &str); 4] = [
    (PartyKind::Person, 0, "person"),
    (PartyKind::Household, 1, "household"),
    (PartyKind::Organisation, 2, "organisation"),
    (PartyKind::Commons, 3, "commons"),
];

pub(crate) fn kind_label(kind: PartyKind) -> &'static str {
    KINDS.iter().find(|(known, ..)| *known == kind).map_or("", |(.., label)| label)
}

pub(crate) fn kind_from_label(label: &str) -> Option<PartyKind> {
    KINDS.iter().find(|(.., known)| *known == label).map(|(kind, ..)| *kind)
}

fn kind_byte(kind: PartyKind) -> u8 {
    KINDS.iter().find(|(known, ..)| *known == kind).map_or(u8::MAX, |(_, byte, _)| *byte)
}

fn kind_from_byte(byte: u8) -> Option<PartyKind> {
    KINDS.iter().find(|(_, known, _)| *known == byte).map(|(kind, ..)| *kind)
}

/// Every mandate that is stored (a person has `SelfActing` without a row) and its byte.
const MANDATES: [(Mandate, u8); 3] =
    [(Mandate::Representative, 1), (Mandate::Guardian, 2), (Mandate::Clerk, 3)];

/// A mandate as it is stored: the right and since when. None for `SelfActing`, which is not stored.
pub(crate) fn encode_mandate(mandate: Mandate, since: u64) -> Option<[u8; 9]> {
    let (_, byte) = MANDATES.iter().find(|(known, _)| *known == mandate)?;
    let mut row = [*byte; 9];
    row.last_chunk_mut::<8>()?.copy_from_slice(&since.to_be_bytes());
    Some(row)
}

pub(crate) fn decode_mandate(row: &[u8]) -> Option<(Mandate, u64)> {
    let (&byte, since) = row.split_first()?;
    let (mandate, _) = MANDATES.iter().find(|(_, known)| *known == byte)?;
    Some((*mandate, u64::from_be_bytes(since.try_into().ok()?)))
}

/// A party as it is stored. Its name is sealed under its own key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a bit of the row")]
pub(crate) struct Party {
    pub kind: PartyKind,
    pub active: bool,
    /// Somebody has or had a mandate for it: from then on stewards give none.
    pub mandated: bool,
    /// Of a person: she has or had a token. From then on stewards make none for her.
    pub credentialed: bool,
    /// Of a person: she is under age (`guardians`).
    pub ward: bool,
    /// Microseconds since 1970.
    pub since: u64,
    pub handle: String,
    pub sealed_name: Vec<u8>,
}

const ACTIVE: u8 = 1;
const MANDATED: u8 = 2;
const CREDENTIALED: u8 = 4;
const WARD: u8 = 8;

impl Party {
    pub fn encode(&self) -> Vec<u8> {
        let flags = u8::from(self.active) * ACTIVE
            + u8::from(self.mandated) * MANDATED
            + u8::from(self.credentialed) * CREDENTIALED
            + u8::from(self.ward) * WARD;
        let mut row = vec![FORMAT, kind_byte(self.kind), flags];
        row.extend_from_slice(&self.since.to_be_bytes());
        // A handle is at most 32 bytes, checked before it gets here.
        row.push(u8::try_from(self.handle.len()).unwrap_or(u8::MAX));
        row.extend_from_slice(self.handle.as_bytes());
        row.extend_from_slice(&self.sealed_name);
        row
    }

    pub fn decode(row: &[u8]) -> Option<Self> {
        let (&[format, kind, flags], rest) = row.split_first_chunk()?;
        let (since, rest) = rest.split_first_chunk()?;
        let (&length, rest) = rest.split_first()?;
        let (handle, sealed_name) = rest.split_at_checked(usize::from(length))?;
        (format == FORMAT).then_some(())?;
        Some(Self {
            kind: kind_from_byte(kind)?,
            active: flags & ACTIVE != 0,
            mandated: flags & MANDATED != 0,
            credentialed: flags & CREDENTIALED != 0,
            ward: flags & WARD != 0,
            since: u64::from_be_bytes(*since),
            handle: String::from_utf8(handle.to_vec()).ok()?,
            sealed_name: sealed_name.to_vec(),
        })
    }
}

/// Kind and standing of a party, from its row.
pub(crate) fn status(row: &[u8]) -> Option<PartyStatus> {
    let &[format, kind, flags] = row.first_chunk()?;
    (format == FORMAT).then_some(())?;
    Some(PartyStatus { kind: kind_from_byte(kind)?, active: flags & ACTIVE != 0, ward: flags & WARD != 0 })
}

pub(crate) const COMMONS_KEY: &[u8] = b"c";

pub(crate) fn party_key(party: Id) -> Vec<u8> {
    [b"p".as_slice(), &party.0.to_be_bytes()].concat()
}

pub(crate) fn handle_key(handle: &str) -> Vec<u8> {
    [b"h", handle.as_bytes()].concat()
}

/// All mandates of a person begin with this.
pub(crate) fn mandates_of(person: Id) -> Vec<u8> {
    [b"m".as_slice(), &person.0.to_be_bytes()].concat()
}

/// All mandates for a party begin with this.
pub(crate) fn mandates_for(party: Id) -> Vec<u8> {
    [b"M".as_slice(), &party.0.to_be_bytes()].concat()
}

pub(crate) fn mandate_key(person: Id, party: Id) -> Vec<u8> {
    [mandates_of(person).as_slice(), &party.0.to_be_bytes()].concat()
}

pub(crate) fn mandate_back_key(party: Id, person: Id) -> Vec<u8> {
    [mandates_for(party).as_slice(), &person.0.to_be_bytes()].concat()
}

/// All groups of a party begin with this.
pub(crate) fn groups_of(party: Id) -> Vec<u8> {
    [b"g".as_slice(), &party.0.to_be_bytes()].concat()
}

pub(crate) fn group_key(party: Id, group: &str) -> Vec<u8> {
    [groups_of(party).as_slice(), group.as_bytes()].concat()
}

/// All members of a group begin with this.
pub(crate) fn members_of(group: &str) -> Vec<u8> {
    [b"G".as_slice(), group.as_bytes(), &[0]].concat()
}

pub(crate) fn group_back_key(group: &str, party: Id) -> Vec<u8> {
    [members_of(group).as_slice(), &party.0.to_be_bytes()].concat()
}

pub(crate) fn token_key(hash: &[u8; 32]) -> Vec<u8> {
    [b"t".as_slice(), hash].concat()
}

pub(crate) fn token_id_key(token: Id) -> Vec<u8> {
    [b"i".as_slice(), &token.0.to_be_bytes()].concat()
}

/// All tokens of a person begin with this; their ids grow with time.
pub(crate) fn tokens_of(owner: Id) -> Vec<u8> {
    [b"o".as_slice(), &owner.0.to_be_bytes()].concat()
}

pub(crate) fn token_owner_key(owner: Id, token: Id) -> Vec<u8> {
    [tokens_of(owner).as_slice(), &token.0.to_be_bytes()].concat()
}

pub(crate) fn credentials_key(person: Id) -> Vec<u8> {
    [b"k".as_slice(), &person.0.to_be_bytes()].concat()
}

/// Hashed, because ids of passkeys may be longer than a key.
pub(crate) fn passkey_key(credential: &[u8]) -> Vec<u8> {
    [b"K".as_slice(), blake3::hash(credential).as_bytes()].concat()
}

pub(crate) fn session_key(hash: &[u8; 32]) -> Vec<u8> {
    [b"s".as_slice(), hash].concat()
}

pub(crate) fn session_id_key(session: Id) -> Vec<u8> {
    [b"j".as_slice(), &session.0.to_be_bytes()].concat()
}

/// All sessions of a person begin with this; their ids grow with time.
pub(crate) fn sessions_of(person: Id) -> Vec<u8> {
    [b"u".as_slice(), &person.0.to_be_bytes()].concat()
}

pub(crate) fn session_owner_key(person: Id, session: Id) -> Vec<u8> {
    [sessions_of(person).as_slice(), &session.0.to_be_bytes()].concat()
}

pub(crate) fn invitation_key(hash: &[u8; 32]) -> Vec<u8> {
    [b"v".as_slice(), hash].concat()
}

/// All ids of invitations begin with this; they grow with time.
pub(crate) const INVITATION_IDS: &[u8] = b"w";

pub(crate) fn invitation_id_key(invitation: Id) -> Vec<u8> {
    [INVITATION_IDS, &invitation.0.to_be_bytes()].concat()
}

/// All recoveries begin with this; their ids grow with time.
pub(crate) const RECOVERIES: &[u8] = b"r";

pub(crate) fn recovery_key(recovery: Id) -> Vec<u8> {
    [RECOVERIES, &recovery.0.to_be_bytes()].concat()
}

pub(crate) fn recovery_of(person: Id) -> Vec<u8> {
    [b"R".as_slice(), &person.0.to_be_bytes()].concat()
}

pub(crate) fn recovered_key(person: Id) -> Vec<u8> {
    [b"q".as_slice(), &person.0.to_be_bytes()].concat()
}

pub(crate) fn profile_key(party: Id) -> Vec<u8> {
    [b"f".as_slice(), &party.0.to_be_bytes()].concat()
}

/// All groups with a purpose begin with this.
pub(crate) const PURPOSES: &[u8] = b"y";

pub(crate) fn purpose_key(group: &str) -> Vec<u8> {
    [PURPOSES, group.as_bytes()].concat()
}

/// All members of all groups begin with this.
pub(crate) const MEMBERS_OF_GROUPS: &[u8] = b"G";

pub(crate) fn device_key(hash: &[u8; 32]) -> Vec<u8> {
    [b"d".as_slice(), hash].concat()
}

/// All ids of devices begin with this; they grow with time.
pub(crate) const DEVICE_IDS: &[u8] = b"e";

pub(crate) fn device_id_key(device: Id) -> Vec<u8> {
    [DEVICE_IDS, &device.0.to_be_bytes()].concat()
}

/// All versions of the ground rules begin with this.
pub(crate) const GROUND: &[u8] = b"a";

pub(crate) fn ground_key(number: u32) -> Vec<u8> {
    [GROUND, &number.to_be_bytes()].concat()
}

pub(crate) fn seen_key(person: Id) -> Vec<u8> {
    [b"b".as_slice(), &person.0.to_be_bytes()].concat()
}

/// All moves begin with this; their ids grow with time.
pub(crate) const MOVES: &[u8] = b"x";

pub(crate) fn move_key(id: Id) -> Vec<u8> {
    [MOVES, &id.0.to_be_bytes()].concat()
}

/// The age from which somebody acts alone.
pub(crate) const AGE_KEY: &[u8] = b"A";

/// All years of birth begin with this.
pub(crate) const BORN: &[u8] = b"B";

pub(crate) fn born_key(person: Id) -> Vec<u8> {
    [BORN, &person.0.to_be_bytes()].concat()
}

pub(crate) const NOTES_KEY: &[u8] = b"n";

/// The id in the last 16 bytes of a key.
pub(crate) fn id_at_end(key: &[u8]) -> Option<Id> {
    key.last_chunk().map(|bytes| Id(u128::from_be_bytes(*bytes)))
}

/// The key right after all that begin with `prefix`.
pub(crate) fn after(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

/// Whether a handle or a group name is 2 to 32 of a-z, 0-9 and hyphen, with no hyphen at its ends.
pub(crate) fn is_name(text: &str) -> bool {
    NAME_LENGTH.contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_party_comes_back_when_decoded() {
        let party = Party {
            kind: PartyKind::Household,
            active: true,
            mandated: false,
            credentialed: true,
            ward: false,
            since: 7,
            handle: "mill-3".into(),
            sealed_name: vec![9; 50],
        };
        assert_eq!(Party::decode(&party.encode()), Some(party.clone()));
        let cut = party.encode();
        for length in 0..18 {
            assert_eq!(Party::decode(cut.get(..length).unwrap()), None, "{length} bytes");
        }
    }

    #[test]
    fn a_mandate_comes_back_when_decoded() {
        for (mandate, _) in MANDATES {
            let row = encode_mandate(mandate, 42).unwrap();
            assert_eq!(decode_mandate(&row), Some((mandate, 42)));
        }
        assert_eq!(encode_mandate(Mandate::SelfActing, 42), None);
        assert_eq!(decode_mandate(&[0; 9]), None);
        assert_eq!(decode_mandate(&[1; 8]), None);
    }

    #[test]
    fn a_name_is_refused_when_it_is_not_plain() {
        for bad in ["a", "-ab", "ab-", "Ana", "a b", "ñu", &"a".repeat(33)] {
            assert!(!is_name(bad), "{bad}");
        }
        assert!(is_name("a1") && is_name("house-of-the-mill"));
    }

    #[test]
    fn a_range_ends_behind_its_prefix_when_bytes_overflow() {
        assert_eq!(after(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(after(&[1, 255, 255]), Some(vec![2]));
        assert_eq!(after(&[255]), None);
    }
}
