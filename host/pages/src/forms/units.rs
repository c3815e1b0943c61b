//! Numbers of a value that count in a unit, as the plugin that gave the value says (`hamlet:host/units`).
//!
//! The units are looked up outside, by the ids that stand in the value. A record counts in the unit of the first of its
//! own ids that has one, else in that of the record around it. It changes how a number is written, and nothing else: if a
//! plugin says a wrong unit, its own numbers read wrongly.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// The only field of what stands for a number with a unit, which no JSON of a value has (C4): kebab-case has no colon.
pub(super) const MONEY: &str = ":money";
/// Longest symbol, in characters.
const SYMBOL_MAX: usize = 16;
/// Most decimal places.
const SCALE_MAX: u8 = 18;
/// Deepest value that is looked into.
const DEPTH_MAX: usize = 20;

/// A unit, and the fields that count in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    symbol: String,
    scale: u8,
    fields: Vec<String>,
}

impl Unit {
    /// A unit as a plugin says it; none when it has more decimal places than any.
    pub fn new(symbol: &str, scale: u8, fields: Vec<String>) -> Option<Self> {
        let symbol = symbol.chars().filter(|letter| !letter.is_control()).take(SYMBOL_MAX).collect();
        (scale <= SCALE_MAX).then_some(Self { symbol, scale, fields })
    }

    /// How it is written behind a number.
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// Decimal places.
    pub fn scale(&self) -> u8 {
        self.scale
    }
}

/// The ids that stand in a value, at most so many.
pub fn ids(value: &Value, most: usize) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    find(value, most, DEPTH_MAX, &mut found);
    found
}

fn find(value: &Value, most: usize, depth: usize, found: &mut BTreeSet<String>) {
    if depth == 0 || found.len() >= most {
        return;
    }
    match value {
        Value::String(text) if is_id(text) => {
            found.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| find(item, most, depth - 1, found)),
        Value::Object(fields) => fields.values().for_each(|field| find(field, most, depth - 1, found)),
        _ => {}
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// The value with its numbers in their units, for [`super::result`]. `units`: by id; `about`: what was asked for, whose
/// things count for whatever names none itself.
pub fn counted(value: &Value, about: &Value, units: &BTreeMap<String, Unit>) -> Value {
    if units.is_empty() {
        return value.clone();
    }
    let around = ids(about, units.len().saturating_mul(2)).into_iter().find_map(|id| units.get(&id));
    within(value, units, around, DEPTH_MAX)
}

fn within(value: &Value, units: &BTreeMap<String, Unit>, around: Option<&Unit>, depth: usize) -> Value {
    if depth == 0 {
        return value.clone();
    }
    match value {
        Value::Array(items) => items.iter().map(|item| within(item, units, around, depth - 1)).collect(),
        Value::Object(fields) => {
            let own = fields.values().find_map(|field| units.get(field.as_str()?));
            let unit = own.or(around);
            let counted = fields.iter().map(|(name, field)| {
                let number = unit.filter(|unit| unit.fields.contains(name)).zip(field.as_str());
                let counted = match number {
                    Some((unit, text)) if text.parse::<i128>().is_ok() => {
                        json!({ MONEY: [text, unit.scale.to_string(), unit.symbol] })
                    }
                    _ => within(field, units, unit, depth - 1),
                };
                (name.clone(), counted)
            });
            Value::Object(counted.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_is_written_in_the_unit_of_its_records_thing() {
        let (leaf, hour) = ("0".repeat(31) + "1", "0".repeat(31) + "2");
        let fields = vec!["balance".to_owned()];
        let units = BTreeMap::from([
            (leaf.clone(), Unit::new("LEAF", 2, fields.clone()).unwrap()),
            (hour.clone(), Unit::new("HOUR", 0, fields).unwrap()),
        ]);
        let value = json!([
            { "book": leaf, "balance": "-1250", "opened": "17" },
            { "book": hour, "balance": "3", "inner": { "balance": "4" } },
            { "book": "f".repeat(32), "balance": "5" },
        ]);
        assert_eq!(ids(&value, 10).len(), 3);
        assert_eq!(
            counted(&value, &Value::Null, &units),
            json!([
                { "book": leaf, "balance": { ":money": ["-1250", "2", "LEAF"] }, "opened": "17" },
                { "book": hour, "balance": { ":money": ["3", "0", "HOUR"] }, "inner": { "balance": { ":money": ["4", "0", "HOUR"] } } },
                { "book": "f".repeat(32), "balance": "5" },
            ])
        );
        let sums = counted(&json!({ "balance": "100" }), &json!({ "book": leaf }), &units);
        assert_eq!(sums, json!({ "balance": { ":money": ["100", "2", "LEAF"] } }));
        assert_eq!(Unit::new("X", 19, Vec::new()), None);
        assert_eq!(
            Unit::new("a\u{7}very long name of a unit", 0, Vec::new()).unwrap().symbol(),
            "avery long name "
        );
    }

    proptest! {
        #[test]
        fn without_units_a_value_stays_as_it_is(text in ".*", number: i64) {
            let value = json!({ "a": [text, number.to_string()], "b": { "amount": number.to_string() } });
            prop_assert_eq!(counted(&value, &value, &BTreeMap::new()), value.clone());
            let elsewhere = BTreeMap::from([("0".repeat(32), Unit::new("X", 2, vec!["amount".into()]).unwrap())]);
            prop_assert_eq!(counted(&value, &Value::Null, &elsewhere), value);
        }
    }
}
