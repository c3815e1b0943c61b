//! The counter: paying for people without a phone.
//!
//! Somebody of the group `counter` finds a party by her card and PIN, and enters payments from numbered paper slips. She
//! is recorded as the actor; the card and the PIN are the will of the party that pays, as the owner's consent is
//! elsewhere (W2). What keeps that honest:
//!
//! - Two people make a card: a steward (or its owner) hands it out, and somebody *else* at the counter has its PIN
//!   chosen. So no steward and nobody at the counter can make one alone and pay with it.
//! - [`Card::WRONG_MAX`] wrong PINs in a row block a card for good; a new one is handed out.
//! - A slip's number is taken once, one person pays out a day's ceiling at most, and neither from nor to a party of hers.
//! - All of it is in the owner's statement with the name of who entered it.
//!
//! **Where PINs live.** A hash of card and PIN, sealed under the party's key, which is in neither journal nor state nor
//! ordinary backups (C6). Four digits withstand no guessing by whoever has the key, with whatever hash: what protects
//! them is that seal, and here the limit of attempts. So a hash that costs a second of the sequencer would buy nothing.
//!
//! A wrong PIN is no error: errors undo what the call wrote (T1), and the count of attempts must stay.

use sha2::{Digest, Sha256};

use crate::books;
use crate::errors::{CounterError, TransferError};
use crate::host::{Actor, Host, Scan};
use crate::model::{Account, AccountStatus, Card, Desk, Id, PinHash, Receipt, TransferInput};
use crate::posting::{amount_of, submit_at_counter};
use crate::rights;
use crate::rows::{self, Record, keys};

/// The group whose members stand at the counter.
pub const GROUP: &str = "counter";
/// How long a PIN that was typed counts, in microseconds: five minutes.
pub const PRESENT: u64 = 300_000_000;
/// The largest number of a slip.
pub const SLIP_MAX: u32 = 999_999;
/// The number of the first card.
const FIRST_CARD: u32 = 1_001;
/// Most cards that are listed.
const LISTED_MAX: usize = 1_000;

/// A payment from a paper slip.
#[derive(Clone, Debug)]
pub struct SlipPayment {
    /// The client's id.
    pub id: Id,
    /// The slip's number.
    pub slip: u32,
    /// The unit of the ledger.
    pub unit: String,
    /// Whose account receives: a code, or `@` and a handle.
    pub payee: String,
    /// A decimal number in the unit.
    pub amount: String,
    /// A note for both sides.
    pub memo: Option<String>,
}

/// Hands out a card for a party, by her handle; one that she had before is blocked. Her own, and stewards for others.
pub fn issue(host: &mut dyn Host, owner: &str) -> Result<u32, CounterError> {
    let Actor::Person(person) = host.actor() else { return Err(CounterError::NoMandate) };
    let owner = owner.trim();
    let party =
        host.party_by_handle(owner.strip_prefix('@').unwrap_or(owner)).ok_or(CounterError::PartyNotFound)?;
    if !host.has_mandate(party.id) && !rights::is_keeper(host) {
        return Err(CounterError::NoMandate);
    }
    if let Some((number, mut card)) = card_of(host, party.id) {
        card.is_blocked = true;
        host.set(&keys::card(number), &card.encode());
    }
    let start = keys::cards();
    let end = keys::after(&start);
    let newest = host.scan(Scan { start: &start, end: &end, reverse: true, limit: 1, cursor: None });
    let newest = newest.rows.first().and_then(|(key, _)| keys::card_number(key));
    let number = newest.map_or(FIRST_CARD, |newest| newest.saturating_add(1));
    let issued = host.now();
    let card = Card { party: party.id, issued_by: person, issued, is_blocked: false, wrong: 0, pin: None };
    host.set(&keys::card(number), &card.encode());
    rows::set_number(host, &keys::holder(party.id), number.into());
    Ok(number)
}

/// Sets the PIN of a card: its owner at any time, the counter the first one, by somebody else than who handed it out.
pub fn set_pin(host: &mut dyn Host, number: u32, pin: &str) -> Result<(), CounterError> {
    let Actor::Person(person) = host.actor() else { return Err(CounterError::NoMandate) };
    let mut card = rows::card(host, number).ok_or(CounterError::CardNotFound)?;
    if card.is_blocked {
        return Err(CounterError::CardBlocked);
    }
    if !host.has_mandate(card.party) {
        if !host.in_group(GROUP) {
            return Err(CounterError::NoMandate);
        }
        if card.issued_by == person || card.pin.is_some() {
            return Err(CounterError::FourEyes);
        }
    }
    if !Card::pin_is_valid(pin) {
        return Err(CounterError::PinInvalid);
    }
    let hash = hash(&card, number, pin);
    // Whose key was destroyed has left; her card is of no use.
    let sealed = host.seal(card.party, &hash).ok_or(CounterError::PartyNotFound)?;
    card.pin = Some(PinHash(sealed));
    card.wrong = 0;
    host.set(&keys::card(number), &card.encode());
    Ok(())
}

/// Blocks a card for good: its owner, stewards, and the counter.
pub fn block(host: &mut dyn Host, number: u32) -> Result<(), CounterError> {
    let mut card = rows::card(host, number).ok_or(CounterError::CardNotFound)?;
    if !host.has_mandate(card.party) && !rights::is_keeper(host) && !host.in_group(GROUP) {
        return Err(CounterError::NoMandate);
    }
    card.is_blocked = true;
    host.set(&keys::card(number), &card.encode());
    Ok(())
}

/// Somebody is at the counter with her card: whether the PIN is right. Then payments from her account can be entered
/// for five minutes.
pub fn identify(host: &mut dyn Host, number: u32, pin: &str) -> Result<bool, CounterError> {
    let person = clerk(host)?;
    let mut card = rows::card(host, number).ok_or(CounterError::CardNotFound)?;
    if card.is_blocked {
        return Err(CounterError::CardBlocked);
    }
    if host.has_mandate(card.party) {
        return Err(CounterError::OwnParty);
    }
    let Some(PinHash(sealed)) = card.pin.clone() else { return Err(CounterError::CardWithoutPin) };
    let known = host.open(card.party, &sealed).ok_or(CounterError::PartyNotFound)?;
    let is_right = same(&known, &hash(&card, number, pin));
    card.wrong = if is_right { 0 } else { card.wrong.saturating_add(1) };
    card.is_blocked = card.wrong >= Card::WRONG_MAX;
    let desk = Desk {
        card: number,
        until: if is_right { host.now().saturating_add(PRESENT) } else { 0 },
        wrong_left: (!is_right).then(|| Card::WRONG_MAX.saturating_sub(card.wrong)),
        last: None,
    };
    host.set(&keys::card(number), &card.encode());
    host.set(&keys::desk(person), &desk.encode());
    Ok(is_right)
}

/// She is done: nothing more is paid with this PIN.
pub fn leave(host: &mut dyn Host) -> Result<(), CounterError> {
    let person = clerk(host)?;
    if let Some(mut desk) = rows::desk(host, person) {
        (desk.until, desk.wrong_left) = (0, None);
        host.set(&keys::desk(person), &desk.encode());
    }
    Ok(())
}

/// Pays what a slip says, from the account of whoever is at the counter.
pub fn pay(host: &mut dyn Host, payment: SlipPayment) -> Result<Receipt, CounterError> {
    let person = clerk(host)?;
    let (mut desk, party) = present(host, person).ok_or(CounterError::NobodyHere)?;
    if !(1..=SLIP_MAX).contains(&payment.slip) {
        return Err(CounterError::SlipInvalid);
    }
    let refused = CounterError::Refused;
    let unit = payment.unit;
    let ledger = rows::pointer(host, &keys::unit(&unit)).and_then(|id| rows::ledger(host, id));
    let Some(ledger) = ledger else { return Err(CounterError::CounterClosed) };
    let Some(ceiling) = rows::settings(host, ledger.id).counter else {
        return Err(CounterError::CounterClosed);
    };
    let debtor = books::account_in(host, ledger.id, party)
        .ok_or_else(|| refused(TransferError::NameUnknown("this card".to_owned())))?;
    let creditor =
        books::find_account(host, &unit, &payment.payee).ok().and_then(|id| rows::account(host, id));
    let creditor = creditor.ok_or_else(|| refused(TransferError::NameUnknown(payment.payee.clone())))?;
    if host.has_mandate(debtor.owner) || host.has_mandate(creditor.owner) {
        return Err(CounterError::OwnParty);
    }
    let amount = amount_of(&payment.amount, ledger.scale)
        .ok_or_else(|| refused(TransferError::AmountUnreadable(payment.amount)))?;
    let slip = keys::slip(ledger.id, payment.slip);
    if rows::pointer(host, &slip).is_some_and(|taken| taken != payment.id) {
        return Err(CounterError::SlipTaken);
    }
    let day = keys::counter_day(person, ledger.id, host.today());
    let paid = rows::number(host, &day);
    let left = ceiling.saturating_sub(paid);
    if amount > left {
        return Err(CounterError::OverCeiling(left));
    }
    let input = TransferInput {
        memo: payment.memo,
        reference: Some(format!("slip {}", payment.slip)),
        ..TransferInput::post(payment.id, debtor.id, creditor.id, amount)
    };
    let receipt = submit_at_counter(host, &input).map_err(refused)?;
    rows::set_pointer(host, &slip, payment.id);
    rows::set_number(host, &day, paid.saturating_add(amount));
    desk.last = Some(payment.id);
    host.set(&keys::desk(person), &desk.encode());
    Ok(receipt)
}

/// Whom the actor has before her: until when, and which party. None: nobody.
pub fn present(host: &mut dyn Host, person: Id) -> Option<(Desk, Id)> {
    let desk = rows::desk(host, person).filter(|desk| desk.until > 0)?;
    if host.now() >= desk.until {
        return None;
    }
    let card = rows::card(host, desk.card).filter(|card| !card.is_blocked)?;
    Some((desk, card.party))
}

/// What was done at the actor's desk last, whoever is there.
pub fn desk(host: &mut dyn Host) -> Option<Desk> {
    let Actor::Person(person) = host.actor() else { return None };
    rows::desk(host, person)
}

/// The card of a party with its number; of one that was blocked, that one.
pub fn card_of(host: &mut dyn Host, party: Id) -> Option<(u32, Card)> {
    let number = u32::try_from(rows::number(host, &keys::holder(party))).ok().filter(|number| *number > 0)?;
    rows::card(host, number).map(|card| (number, card))
}

/// All cards that are not blocked, in the order of their numbers; at most 1,000. For stewards and the counter.
pub fn cards(host: &mut dyn Host) -> Result<Vec<(u32, Card)>, CounterError> {
    if !rights::is_keeper(host) && !host.in_group(GROUP) {
        return Err(CounterError::NoMandate);
    }
    let start = keys::cards();
    let mut found = Vec::new();
    rows::scan_all(host, &start, &keys::after(&start), |host, (key, row)| {
        let card: Card = rows::decode(host, Id::default(), &row);
        if let Some(number) = keys::card_number(&key).filter(|_| !card.is_blocked) {
            found.push((number, card));
        }
        found.len() < LISTED_MAX
    });
    Ok(found)
}

/// What the actor may still pay out today in a ledger, in minor units; none: it has no counter.
pub fn left_today(host: &mut dyn Host, ledger: Id) -> Option<u64> {
    let Actor::Person(person) = host.actor() else { return None };
    let ceiling = rows::settings(host, ledger).counter?;
    let day = keys::counter_day(person, ledger, host.today());
    Some(ceiling.saturating_sub(rows::number(host, &day)))
}

/// The accounts from which whoever is at the counter can pay.
pub fn accounts_of(host: &mut dyn Host, party: Id) -> Vec<Account> {
    let mut accounts = books::owned_by(host, party);
    accounts.retain(|account| account.status == AccountStatus::Open);
    accounts.retain(|account| rows::settings(host, account.ledger).counter.is_some());
    accounts
}

fn clerk(host: &mut dyn Host) -> Result<Id, CounterError> {
    match host.actor() {
        Actor::Person(person) if host.in_group(GROUP) => Ok(person),
        _ => Err(CounterError::NoMandate),
    }
}

fn hash(card: &Card, number: u32, pin: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"hamlet-ledger-card-1");
    hash.update(card.party.0.to_be_bytes());
    hash.update(number.to_be_bytes());
    hash.update(card.issued.to_be_bytes());
    hash.update(pin.as_bytes());
    hash.finalize().into()
}

/// Compares without saying where the first difference is.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (one, other)| all | (one ^ other)) == 0
}
