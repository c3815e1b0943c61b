//! What a community decides about one ledger beside its unit: who may come in by herself, who sees balances, and
//! whether there is a counter.

use super::Limits;

/// Who sees the balances of a ledger's accounts. Statements are never shown to more than both sides of a payment,
/// stewards and auditors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visibility {
    /// Each for her own side; stewards and auditors all of them.
    #[default]
    Owner,
    /// Every member.
    Members,
    /// Everybody, whoever is not signed in too.
    Public,
}

/// What is decided about a ledger. The default: members do not come in by themselves, balances are one's own, and there
/// is no counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// With which limits members open their own account; none: stewards open them.
    pub joining: Option<Limits>,
    /// Who sees balances.
    pub visibility: Visibility,
    /// How much one person at the counter may pay out for others in a day, in minor units; none: there is no counter.
    pub counter: Option<u64>,
}
