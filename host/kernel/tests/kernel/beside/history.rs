//! A history checker: random commands, short and long, over few keys and at once. What each answered must be what it
//! would have answered had they run one after another in the order of the journal (T1, T7).

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{WORK, start, village};
use crate::common::{Village, anna, berta, block_on, key, text};
use hamlet_kernel::{Call, CallError};
use wasmtime::component::Val;

type Rows = BTreeMap<String, String>;

#[derive(Clone, Debug)]
enum Op {
    Get(u8),
    Set(u8, u16),
    Delete(u8),
    Scan {
        from: u8,
        to: u8,
        limit: u8,
        reverse: bool,
    },
    /// Makes a long one longer.
    Work,
}

impl Op {
    fn line(&self) -> String {
        match self {
            Self::Get(at) => format!("get k{at}"),
            Self::Set(at, value) => format!("set k{at} v{value}"),
            Self::Delete(at) => format!("del k{at}"),
            Self::Scan { from, to, limit, reverse } => {
                let direction = if *reverse { "reverse" } else { "forward" };
                format!("scan k{from} k{to} {limit} {direction}")
            }
            Self::Work => WORK.replace("150000", "15000"),
        }
    }

    /// What it answers on these rows, and does to them.
    fn run(&self, rows: &mut Rows) -> String {
        match self {
            Self::Get(at) => rows.get(&format!("k{at}")).cloned().unwrap_or("-".into()),
            Self::Set(at, value) => {
                rows.insert(format!("k{at}"), format!("v{value}"));
                "ok".into()
            }
            Self::Delete(at) => rows.remove(&format!("k{at}")).is_some().to_string(),
            Self::Scan { from, to, limit, reverse } => {
                let (from, to) = (format!("k{from}"), format!("k{to}"));
                let mut found: Vec<_> = rows.iter().filter(|(key, _)| **key >= from && **key < to).collect();
                if *reverse {
                    found.reverse();
                }
                let more = found.len() > usize::from(*limit);
                found.truncate(usize::from(*limit));
                let next = found.last().filter(|_| more).map_or("-", |(key, _)| key.as_str());
                let rows: Vec<String> = found.iter().map(|(key, value)| format!("{key}={value}")).collect();
                format!("{}>{next}", rows.join("|"))
            }
            Self::Work => "-".into(),
        }
    }
}

/// A command: its operations; whether it is long; whether it answers `err` at the end, which undoes it.
#[derive(Clone, Debug)]
struct Command {
    ops: Vec<Op>,
    long: bool,
    fails: bool,
}

impl Command {
    fn call(&self, number: usize) -> Call {
        let mut lines: Vec<String> = self.ops.iter().map(Op::line).collect();
        if self.fails {
            lines.push("fail no".into());
        }
        let function = if self.long { "run" } else { "again" };
        let actor = if number.is_multiple_of(2) { anna() } else { berta() };
        let mut call = Call::new(actor, "first", "", function, vec![Val::String(lines.join("; "))]);
        call.idempotency = Some(key(crate::common::NEW_YEAR, number as u64));
        call
    }

    /// Its answer on these rows; they change if it does not fail.
    fn run(&self, rows: &mut Rows) -> Result<String, String> {
        let mut after = rows.clone();
        let outputs: Vec<String> = self.ops.iter().map(|op| op.run(&mut after)).collect();
        if self.fails {
            return Err("no".into());
        }
        *rows = after;
        Ok(outputs.join(","))
    }
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (0u8..5).prop_map(Op::Get),
        3 => (0u8..5, any::<u16>()).prop_map(|(at, value)| Op::Set(at, value)),
        1 => (0u8..5).prop_map(Op::Delete),
        2 => (0u8..5, 0u8..6, 1u8..4, any::<bool>())
            .prop_map(|(from, to, limit, reverse)| Op::Scan { from, to, limit, reverse }),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let ops = prop::collection::vec(op(), 1..5);
    (ops, 0usize..3, any::<bool>(), prop::bool::weighted(0.1)).prop_map(|(mut ops, at, long, fails)| {
        if long {
            ops.insert(at.min(ops.len()), Op::Work);
        }
        Command { ops, long, fails }
    })
}

/// Runs all of them, so many at a time; gives what each answered. None: contended, and nothing of it happened.
fn run(village: &Village, commands: &[Command]) -> Vec<Option<Result<String, String>>> {
    block_on(async {
        let mut answers = Vec::new();
        let mut running = Vec::new();
        for (number, command) in commands.iter().enumerate() {
            running.push((number, start(village, command.call(number))));
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        for (number, task) in running {
            let answer = match task.await.unwrap() {
                Ok(answer) => Some(text(answer.result)),
                Err(CallError::Contended { .. }) => None,
                Err(other) => panic!("{number}: {other:?}"),
            };
            answers.push(answer);
        }
        answers
    })
}

/// The commands in the order of the journal, each with whether it wrote anything but its answer.
fn journalled(village: &Village) -> Vec<(usize, bool)> {
    let own = [hamlet_kernel::namespaces::IDEMPOTENCY, hamlet_kernel::namespaces::KERNEL];
    let entries = village.kernel.store().journal(1).unwrap().flat_map(|record| record.unwrap().entries);
    entries
        .filter_map(|entry| {
            let key = uuid::Uuid::from_bytes(entry.header.idempotency?);
            let wrote = entry.writes.iter().any(|write| !own.contains(&write.namespace));
            Some((usize::try_from(key.as_u128() & 0xffff).unwrap(), wrote))
        })
        .collect()
}

fn check(commands: &[Command]) -> Result<u64, TestCaseError> {
    let village = village(|_| {});
    let answers = run(&village, commands);
    let order = journalled(&village);
    let mut rows = Rows::new();
    let mut history = vec![rows.clone()];
    for (number, wrote) in &order {
        let answer = answers[*number].clone().expect("a contended command is in the journal");
        let command = &commands[*number];
        if command.long && !command.fails && !wrote {
            // It stands at its snapshot: somewhere before.
            let stood = history.iter().any(|rows| command.run(&mut rows.clone()) == answer);
            prop_assert!(stood, "{command:?} answered {answer:?}, which was never so");
        } else {
            prop_assert_eq!(&command.run(&mut rows), &answer, "{:?} in {:?}", command, order);
        }
        history.push(rows.clone());
    }
    for (number, answer) in answers.iter().enumerate() {
        let entries = order.iter().filter(|(one, _)| *one == number).count();
        prop_assert_eq!(entries, usize::from(answer.is_some()));
    }
    for at in 0..5 {
        let key = format!("k{at}");
        prop_assert_eq!(village.get("first", &key), rows.get(&key).cloned().unwrap_or("-".into()));
    }
    Ok(village.kernel.metrics().snapshot().conflicts)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 8, ..ProptestConfig::default() })]

    #[test]
    fn t7_what_commands_answer_is_what_they_would_in_the_journals_order(
        commands in prop::collection::vec(command(), 12..24),
    ) {
        check(&commands)?;
    }
}

#[test]
fn t7_the_history_checker_meets_conflicts() {
    // Else the property above would hold for want of anything to check.
    let long = Command { ops: vec![Op::Get(0), Op::Work, Op::Set(1, 1)], long: true, fails: false };
    let short = Command { ops: vec![Op::Set(0, 2)], long: false, fails: false };
    let commands: Vec<Command> = (0..20).map(|n| if n % 4 == 0 { &long } else { &short }.clone()).collect();
    assert!(check(&commands).unwrap() > 0);
}
