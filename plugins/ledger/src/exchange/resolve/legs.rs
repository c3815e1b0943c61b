//! From movements that sum to zero to transfers between two accounts.

use super::super::journal::Leg;
use super::super::{AMOUNT_MAX, Problem, SCALE_MAX};
use super::Movement;
use std::collections::HashMap;

/// Which of the journal's names are used, in order, and their new numbers.
pub(super) struct Tables {
    pub(super) accounts: Renumbered,
    pub(super) commodities: Renumbered,
}

pub(super) struct Renumbered {
    new: Vec<Option<u32>>,
    pub(super) used: Vec<u32>,
}

impl Tables {
    pub(super) fn new(accounts: usize, commodities: usize) -> Tables {
        let empty = |length| Renumbered { new: vec![None; length], used: Vec::new() };
        Tables { accounts: empty(accounts), commodities: empty(commodities) }
    }
}

impl Renumbered {
    fn number(&mut self, old: u32) -> u32 {
        let next = u32::try_from(self.used.len()).unwrap_or(u32::MAX);
        let Some(slot) = self.new.get_mut(old as usize) else { return next };
        *slot.get_or_insert_with(|| {
            self.used.push(old);
            next
        })
    }
}

/// Up to so many postings are searched one by one; a map would only cost there.
const FEW: usize = 16;

/// Splits movements that sum to zero into transfers: in each commodity those who pay are matched
/// with those who receive, in their order, so that each transfer settles at least one of the two.
pub(super) fn legs(movements: &[Movement], scales: &[u8], tables: &mut Tables) -> Result<Vec<Leg>, Problem> {
    let mut totals: Vec<(u32, u32, i128)> = Vec::with_capacity(movements.len());
    let mut places: HashMap<(u32, u32), usize> = HashMap::new();
    for (account, amount) in movements {
        let scale = scales.get(amount.commodity as usize).copied().unwrap_or(0);
        let minor = amount
            .number
            .scaled(scale)
            .ok_or_else(|| Problem::TooPrecise { text: amount.number.to_string(), scale: SCALE_MAX })?;
        let key = (amount.commodity, *account);
        let place = if movements.len() <= FEW {
            totals.iter().position(|(c, a, _)| (*c, *a) == key)
        } else {
            places.get(&key).copied()
        };
        if let Some((_, _, total)) = place.and_then(|n| totals.get_mut(n)) {
            *total = total.checked_add(minor).ok_or(Problem::TooLarge)?;
            continue;
        }
        if movements.len() > FEW {
            places.insert(key, totals.len());
        }
        totals.push((amount.commodity, *account, minor));
    }
    let mut commodities: Vec<u32> = Vec::new();
    for (commodity, ..) in &totals {
        if !commodities.contains(commodity) {
            commodities.push(*commodity);
        }
    }
    let mut legs = Vec::with_capacity(totals.len());
    for commodity in commodities {
        let side = |payers: bool| {
            totals
                .iter()
                .filter(move |(c, _, sum)| *c == commodity && *sum != 0 && (*sum < 0) == payers)
                .map(|(_, a, sum)| (*a, sum.unsigned_abs()))
        };
        let (mut payers, mut receivers) = (side(true), side(false));
        let (mut payer, mut receiver) = (payers.next(), receivers.next());
        while let (Some((debit, owed)), Some((credit, due))) = (payer, receiver) {
            let amount = owed.min(due);
            let whole = u64::try_from(amount).ok().filter(|n| *n <= AMOUNT_MAX).ok_or(Problem::TooLarge)?;
            legs.push(Leg {
                commodity: tables.commodities.number(commodity),
                debit: tables.accounts.number(debit),
                credit: tables.accounts.number(credit),
                amount: whole,
            });
            payer = if owed == amount { payers.next() } else { Some((debit, owed - amount)) };
            receiver = if due == amount { receivers.next() } else { Some((credit, due - amount)) };
        }
    }
    Ok(legs)
}
