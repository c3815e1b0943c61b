//! How precisely a journal writes: what follows for amounts that it leaves out and sums that it does not quite meet.

use super::super::raw::{Raw, Weight};

/// How precisely a journal writes each of its commodities, in decimals.
pub(super) struct Precision {
    /// In amounts; none where a commodity stands in prices alone.
    amounts: Vec<Option<u8>>,
    prices: Vec<u8>,
}

impl Precision {
    pub fn of(raw: &Raw<'_>) -> Precision {
        let mut precision =
            Precision { amounts: vec![None; raw.commodities.len()], prices: vec![0; raw.commodities.len()] };
        for posting in &raw.postings {
            let assigned = posting.assertion.map(|a| a.amount);
            for amount in posting.amount.iter().chain(assigned.iter()) {
                if let Some(decimals) = precision.amounts.get_mut(amount.commodity as usize) {
                    *decimals = (*decimals).max(Some(amount.number.decimals));
                }
            }
            if let Weight::Priced(amount) = posting.weight
                && let Some(decimals) = precision.prices.get_mut(amount.commodity as usize)
            {
                *decimals = (*decimals).max(amount.number.decimals);
            }
        }
        precision
    }

    /// In its amounts, or where it has none in its prices.
    pub fn of_commodity(&self, commodity: u32) -> u8 {
        let written = self.amounts.get(commodity as usize).copied().flatten();
        written.or_else(|| self.prices.get(commodity as usize).copied()).unwrap_or(0)
    }
}
