//! A ledger: one unit of account, and where its life stands.

use super::{Day, Id, Instant};

/// What a ledger counts. It says how people should read it; the rules are in the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerKind {
    /// Members owe one another.
    MutualCredit,
    /// A currency issued by one account.
    Issued,
    /// Hours of a time bank.
    Hours,
    /// Membership shares.
    Shares,
    /// Voice credits for voting.
    Voice,
    /// Vouchers.
    Voucher,
}

/// Where a ledger is in its life: opening, then open, then closed; never back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerStatus {
    /// Stewards bring in accounts and history.
    Opening,
    /// In use.
    Open,
    /// Balances stay; nothing moves.
    Closed,
}

/// One currency or other unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// Its id.
    pub id: Id,
    /// Short code of the unit, 2 to 12 of A-Z and 0-9.
    pub unit: String,
    /// What people call it.
    pub name: String,
    /// Decimal places, 0 to 9.
    pub scale: u8,
    /// What it counts.
    pub kind: LedgerKind,
    /// Where it is in its life.
    pub status: LedgerStatus,
    /// When it was created.
    pub created: Instant,
    /// The last sealed day: nothing takes effect on it or before.
    pub sealed_through: Option<Day>,
}

impl Ledger {
    /// The most decimal places.
    pub const SCALE_MAX: u8 = 9;
    /// The longest name, in bytes.
    pub const NAME_BYTES_MAX: usize = 100;

    /// Whether `unit` may name a ledger.
    pub fn unit_is_valid(unit: &str) -> bool {
        (2..=12).contains(&unit.len())
            && unit.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    }
}
