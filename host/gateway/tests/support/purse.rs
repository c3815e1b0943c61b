//! A neutral provider: purses of parties. It pays by mandate, remembers who did, and has a public
//! query.

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_kernel::{Actor, CallError, NativeContext, NativeProvider};
use hamlet_reflect::Id;
use hamlet_store::{Direction, Scan};
use wasmtime::component::Val;

pub struct Purse;

/// What every purse holds at first.
pub const FIRST: u64 = 1_000_000_000;

const WIT: &str = "
package example:purse@0.1.0;

/// Purses of parties.
interface purses {
    use hamlet:host/types@0.1.0.{party-id, amount};

    /// Why nothing was paid.
    variant error {
        /// You have no mandate for the payer.
        no-mandate,
        /// There is not enough in the purse; what there is.
        exceeds-limit(amount),
    }

    /// One payment.
    record line {
        /// How much.
        amount: amount,
        /// Who did it.
        by: party-id,
    }

    /// Pays from a purse; what is left.
    pay: func(payer: party-id, amount: amount) -> result<amount, error>;
    /// What is in a purse.
    left: func(owner: party-id) -> amount;
    /// The payments of a purse, oldest first.
    statement: func(owner: party-id) -> list<line>;
}
";

impl NativeProvider for Purse {
    fn interface(&self) -> &'static str {
        "example:purse/purses@0.1.0"
    }

    fn wit(&self) -> Option<&'static str> {
        Some(WIT)
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let (kind, access) = match function {
            "pay" => (Kind::Command, Access::Member),
            "left" => (Kind::Query, Access::Public),
            "statement" => (Kind::Query, Access::Member),
            _ => return None,
        };
        Some(FunctionRule { kind, access: vec![access], reentrant: false, long: false })
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let owner = Id::from_val(&arguments[0]).unwrap();
        let key = owner.0.to_be_bytes();
        let left = cx.get(&key)?.map_or(FIRST, |row| u64::from_be_bytes(row.as_ref().try_into().unwrap()));
        match function {
            "pay" => {
                let Val::U64(amount) = arguments[1] else { panic!("no amount") };
                let Actor::Person(person) = *cx.actor() else { panic!("no person") };
                if cx.mandate(person, owner)?.is_none() {
                    return Ok(refused("no-mandate", None));
                }
                let Some(rest) = left.checked_sub(amount) else {
                    return Ok(refused("exceeds-limit", Some(Val::U64(left))));
                };
                cx.set(&key, &rest.to_be_bytes())?;
                // What was spent so far only grows, so lines stay in order.
                let line = [key.as_slice(), &(FIRST - rest).to_be_bytes()].concat();
                cx.set(&line, &[amount.to_be_bytes().as_slice(), &person.0.to_be_bytes()].concat())?;
                Ok(Val::Result(Ok(Some(Box::new(Val::U64(rest))))))
            }
            "left" => Ok(Val::U64(left)),
            _ => {
                let start = [key.as_slice(), &[0]].concat();
                let end = (owner.0 + 1).to_be_bytes();
                let scan = Scan {
                    start: &start,
                    end: Some(&end),
                    direction: Direction::Forward,
                    limit: 100,
                    max_bytes: 1 << 20,
                };
                let lines = cx.scan(scan)?.into_iter().map(|(_, row)| {
                    let (amount, by) = row.split_first_chunk().unwrap();
                    Val::Record(vec![
                        ("amount".into(), Val::U64(u64::from_be_bytes(*amount))),
                        ("by".into(), Id(u128::from_be_bytes(by.try_into().unwrap())).to_val()),
                    ])
                });
                Ok(Val::List(lines.collect()))
            }
        }
    }
}

fn refused(case: &str, payload: Option<Val>) -> Val {
    Val::Result(Err(Some(Box::new(Val::Variant(case.into(), payload.map(Box::new))))))
}
