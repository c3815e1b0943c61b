//! What each account holds while a journal is added up.

use super::super::number::Decimal;
use super::super::raw::Amount;
use std::collections::HashMap;

/// Balances as they grow; kept only where something asks for them.
pub(super) struct Running(Option<HashMap<(u32, u32), Decimal>>);

impl Running {
    /// None are kept where nothing asks for them.
    pub fn when(needed: bool) -> Running {
        Running(needed.then(HashMap::new))
    }

    /// What an account holds of a commodity.
    pub fn of(&self, account: u32, commodity: u32) -> Decimal {
        self.0.as_ref().and_then(|map| map.get(&(account, commodity))).copied().unwrap_or(Decimal::ZERO)
    }

    /// None if the sum does not fit.
    pub fn add(&mut self, account: u32, amount: Amount) -> Option<()> {
        if let Some(map) = &mut self.0 {
            let sum = map.entry((account, amount.commodity)).or_insert(Decimal::ZERO);
            *sum = sum.plus(amount.number)?;
        }
        Some(())
    }
}
