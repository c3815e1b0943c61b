//! What the ledger refuses, as people are told: in their language, with amounts in the unit of the books. The words are in
//! `words/refused.*.ftl`; a test sees that every case of the contract has some.

use super::words::Words;
use crate::books;
use crate::host::Host;
use crate::model::{Id, written_amount};
use crate::rows::{self, keys};

/// The cases that carry an amount in minor units.
const AMOUNTS: [&str; 5] =
    ["exceeds-pending", "exceeds-original", "over-ceiling", "exceeds-credit-limit", "exceeds-upper-limit"];

/// What was refused, as `hamlet:host/refusals` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The interface of the function: `transfers`.
    pub interface: String,
    /// The case and those within it, outermost first.
    pub cases: Vec<String>,
    /// What the innermost carries, by name; a single value has none.
    pub carried: Vec<(String, String)>,
    /// What was sent.
    pub sent: Vec<(String, String)>,
    /// BCP 47.
    pub locale: String,
}

/// In words for people; none for what is no case of ours.
pub fn said(host: &mut dyn Host, refusal: &Refusal) -> Option<String> {
    let words = Words::refused(&refusal.locale);
    // A case of the interface's own comes before one that several share.
    let own = match refusal.cases.as_slice() {
        [case] => Some(format!("{}-{case}", refusal.interface)),
        _ => None,
    };
    let ids = own.into_iter().chain(refusal.cases.iter().rev().cloned());
    let id = ids.map(|case| format!("refused-{case}")).find(|id| words.has(id))?;
    let is_amount = refusal.cases.last().is_some_and(|case| AMOUNTS.contains(&case.as_str()));
    let unit = if is_amount { unit_of(host, &refusal.sent) } else { None };
    let variables: Vec<(String, String)> = refusal
        .carried
        .iter()
        .map(|(name, value)| {
            let name = match name.as_str() {
                "" => "carried".to_owned(),
                name if name.starts_with(|first: char| first.is_ascii_digit()) => format!("carried-{name}"),
                name => name.to_owned(),
            };
            (name, in_unit(&words, value, unit.as_ref()))
        })
        .collect();
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Some(words.with(&id, &variables))
}

/// An amount as people write it; anything else as it is.
fn in_unit(words: &Words, value: &str, unit: Option<&(String, u8)>) -> String {
    match (unit, value.parse::<u64>()) {
        (Some((unit, scale)), Ok(amount)) => {
            let written = written_amount(amount, *scale).replace('.', &words.decimal().to_string());
            format!("{written} {unit}")
        }
        _ => value.to_owned(),
    }
}

/// The unit of the books that what was sent speaks of.
fn unit_of(host: &mut dyn Host, sent: &[(String, String)]) -> Option<(String, u8)> {
    let named = sent.iter().find(|(name, _)| name.rsplit('.').next() == Some("unit"));
    let ledger: Option<Id> = named.and_then(|(_, unit)| rows::pointer(host, &keys::unit(unit)));
    match ledger {
        Some(ledger) => books::unit_of(host, &ledger.to_string()),
        None => sent.iter().find_map(|(_, value)| books::unit_of(host, value)),
    }
}
