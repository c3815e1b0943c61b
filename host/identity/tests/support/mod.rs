//! A community in memory with no kernel: rows, an actor, a clock. It checks access (W1) as the
//! kernel would and rolls back what answered `err` (T2).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    dead_code
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use hamlet_bundle::Access;
use hamlet_identity::{Members, MembersProvider};
use hamlet_kernel::native::ScannedRows;
use hamlet_kernel::{Actor, CallError, Directory, Mandate, NativeContext, NativeProvider, SealRefusal};
use hamlet_reflect::Id;
use hamlet_store::{Direction, Namespace, Rows, Scan, StoreError, Value};
use wasmtime::component::Val;

const ROOM: Namespace = Namespace(64);

#[derive(Clone, Default)]
struct Memory(BTreeMap<Vec<u8>, Value>);

impl Rows for Memory {
    fn get(&mut self, _: Namespace, key: &[u8]) -> Result<Option<Value>, StoreError> {
        Ok(self.0.get(key).cloned())
    }

    fn scan(&mut self, _: Namespace, scan: Scan<'_>) -> Result<Vec<(Box<[u8]>, Value)>, StoreError> {
        let inside = self.0.iter().filter(|(key, _)| {
            key.as_slice() >= scan.start && scan.end.is_none_or(|end| key.as_slice() < end)
        });
        let rows = inside.map(|(key, value)| (key.clone().into_boxed_slice(), value.clone()));
        let mut rows: Vec<_> = rows.collect();
        if scan.direction == Direction::Reverse {
            rows.reverse();
        }
        rows.truncate(scan.limit);
        Ok(rows)
    }
}

struct Context<'a> {
    memory: &'a mut Memory,
    actor: Actor,
    now: u64,
    next: &'a mut u8,
}

impl NativeContext for Context<'_> {
    fn get(&mut self, key: &[u8]) -> Result<Option<Value>, CallError> {
        Ok(self.memory.get(ROOM, key)?)
    }
    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), CallError> {
        self.memory.0.insert(key.to_vec(), Arc::from(value));
        Ok(())
    }
    fn delete(&mut self, key: &[u8]) -> Result<bool, CallError> {
        Ok(self.memory.0.remove(key).is_some())
    }
    fn scan(&mut self, scan: Scan<'_>) -> Result<ScannedRows, CallError> {
        Ok(self.memory.scan(ROOM, scan)?)
    }
    fn actor(&self) -> &Actor {
        &self.actor
    }
    fn caller(&self) -> Option<&str> {
        None
    }
    fn now(&self) -> u64 {
        self.now
    }
    fn random(&mut self, out: &mut [u8]) {
        *self.next += 1;
        out.fill(*self.next);
    }
    fn new_id(&mut self) -> Id {
        *self.next += 1;
        Id(u128::from(*self.next))
    }
    fn in_group(&mut self, party: Id, group: &str) -> Result<bool, CallError> {
        Ok(Members.in_group(self.memory, ROOM, party, group)?)
    }
    fn mandate(&mut self, person: Id, party: Id) -> Result<Option<Mandate>, CallError> {
        Ok(Members.mandate(self.memory, ROOM, person, party)?)
    }
    fn seal(&mut self, party: Id, plain: &[u8]) -> Result<Result<Vec<u8>, SealRefusal>, CallError> {
        if Members.status(self.memory, ROOM, party)?.is_none() {
            return Ok(Err(SealRefusal::NoSuchParty));
        }
        Ok(Ok(plain.iter().map(|byte| byte ^ 0x55).collect()))
    }
    fn open(&mut self, _: Id, sealed: &[u8]) -> Result<Result<Vec<u8>, SealRefusal>, CallError> {
        Ok(Ok(sealed.iter().map(|byte| byte ^ 0x55).collect()))
    }
    fn destroy_key(&mut self, _: Id) -> Result<(), CallError> {
        Ok(())
    }
    fn usage(&mut self, _: Namespace) -> u64 {
        0
    }
    fn rows(&mut self) -> &mut dyn Rows {
        self.memory
    }
    fn installed_changed(&mut self) {}
}

/// A community that its tests drive.
pub struct Village {
    memory: Memory,
    next: u8,
    pub now: u64,
    tokens: Arc<dyn NativeProvider>,
}

/// How a call ended: its payload, or the case of its `err`, or `denied`.
pub type Outcome = Result<Option<Val>, String>;

impl Village {
    pub fn empty() -> Self {
        let mut config = hamlet_kernel::KernelConfig::in_memory();
        hamlet_identity::Identity::new().register(&mut config);
        let tokens = config.natives.iter().find(|native| native.interface() == hamlet_identity::TOKENS);
        let tokens = Arc::clone(tokens.unwrap());
        Self { memory: Memory::default(), next: 0, now: 1_000, tokens }
    }

    /// With a commons and a steward called `sol`.
    pub fn founded() -> (Self, Id, Id) {
        let mut village = Self::empty();
        let commons = village.add("commons", "commons");
        let sol = village.add("person", "sol");
        village.members(&Actor::Console, "join-group", &[sol.to_val(), text("stewards")]).unwrap();
        (village, commons, sol)
    }

    pub fn add(&mut self, kind: &str, handle: &str) -> Id {
        let arguments = [label(kind), text(handle), text(handle)];
        let added = self.members(&Actor::Console, "add", &arguments).unwrap();
        Id::from_val(&added.unwrap()).unwrap()
    }

    pub fn members(&mut self, actor: &Actor, function: &str, arguments: &[Val]) -> Outcome {
        self.call(&MembersProvider, actor, function, arguments)
    }

    pub fn tokens(&mut self, actor: &Actor, function: &str, arguments: &[Val]) -> Outcome {
        let tokens = Arc::clone(&self.tokens);
        self.call(tokens.as_ref(), actor, function, arguments)
    }

    fn call(
        &mut self,
        native: &dyn NativeProvider,
        actor: &Actor,
        function: &str,
        arguments: &[Val],
    ) -> Outcome {
        let rule = native.rule(function).expect(function);
        let admitted = rule.access.iter().any(|access| match (access, actor) {
            (Access::Public, _)
            | (Access::Member, Actor::Person(_))
            | (Access::Decision, Actor::Decision(_))
            | (Access::Console, Actor::Console) => true,
            (Access::Group(group), Actor::Person(person)) => self.in_group(*person, group),
            _ => false,
        });
        if !admitted {
            return Err("denied".into());
        }
        let before = self.memory.clone();
        self.now += 1;
        let mut cx =
            Context { memory: &mut self.memory, actor: actor.clone(), now: self.now, next: &mut self.next };
        match native.call(&mut cx, function, arguments).unwrap() {
            Val::Result(Ok(value)) => Ok(value.map(|value| *value)),
            Val::Result(Err(error)) => {
                self.memory = before;
                match error.map(|error| *error) {
                    Some(Val::Variant(case, _)) => Err(case),
                    other => panic!("{other:?} is no error"),
                }
            }
            other => panic!("{other:?} is no result"),
        }
    }

    pub fn mandate(&mut self, person: Id, party: Id) -> Option<Mandate> {
        Members.mandate(&mut self.memory, ROOM, person, party).unwrap()
    }

    pub fn in_group(&mut self, party: Id, group: &str) -> bool {
        Members.in_group(&mut self.memory, ROOM, party, group).unwrap()
    }

    pub fn is_active(&mut self, party: Id) -> bool {
        Members.status(&mut self.memory, ROOM, party).unwrap().unwrap().active
    }

    /// Whether any key or value holds these bytes.
    pub fn holds(&self, bytes: &[u8]) -> bool {
        let inside = |row: &[u8]| row.windows(bytes.len()).any(|window| window == bytes);
        self.memory.0.iter().any(|(key, value)| inside(key) || inside(value))
    }

    /// Rows whose keys begin with this letter.
    pub fn rows(&self, letter: u8) -> usize {
        self.memory.0.keys().filter(|key| key.first() == Some(&letter)).count()
    }
}

pub fn text(text: &str) -> Val {
    Val::String(text.to_owned())
}

pub fn label(label: &str) -> Val {
    Val::Enum(label.to_owned())
}

pub fn none() -> Val {
    Val::Option(None)
}

pub fn some(value: Val) -> Val {
    Val::Option(Some(Box::new(value)))
}

pub fn record(fields: &[(&str, Val)]) -> Val {
    Val::Record(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

/// A field of a record.
pub fn field<'a>(value: &'a Val, name: &str) -> &'a Val {
    let Val::Record(fields) = value else { panic!("{value:?} is no record") };
    &fields.iter().find(|(known, _)| known == name).expect(name).1
}

pub fn list(value: Option<Val>) -> Vec<Val> {
    match value {
        Some(Val::List(items)) => items,
        other => panic!("{other:?} is no list"),
    }
}
