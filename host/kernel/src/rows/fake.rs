//! Rows and a native context in memory, for the tests of the keepers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use hamlet_reflect::Id;
use hamlet_store::{Direction, Namespace, Row, Rows, Scan, StoreError, Value};

use super::OwnRows;
use crate::call::{Actor, CallError};
use crate::native::{Mandate, NativeContext, ScannedRows, SealRefusal};

/// All namespaces' rows.
#[derive(Clone, Default)]
pub(crate) struct Memory(pub(crate) BTreeMap<(Namespace, Vec<u8>), Value>);

impl Rows for Memory {
    fn get(&mut self, ns: Namespace, key: &[u8]) -> Result<Option<Value>, StoreError> {
        Ok(self.0.get(&(ns, key.to_vec())).cloned())
    }

    fn scan(&mut self, ns: Namespace, scan: Scan<'_>) -> Result<Vec<Row>, StoreError> {
        let wanted = |key: &[u8]| key >= scan.start && scan.end.is_none_or(|end| key < end);
        let rows = self.0.iter().filter(|((of, key), _)| *of == ns && wanted(key));
        let row = |((_, key), value): (&(Namespace, Vec<u8>), &Value)| {
            (key.clone().into_boxed_slice(), value.clone())
        };
        Ok(match scan.direction {
            Direction::Forward => rows.map(row).take(scan.limit).collect(),
            Direction::Reverse => rows.rev().map(row).take(scan.limit).collect(),
        })
    }
}

/// One namespace of a [`Memory`].
pub(crate) struct Own<'a>(pub(crate) &'a mut Memory, pub(crate) Namespace);

impl OwnRows for Own<'_> {
    fn get(&mut self, key: &[u8]) -> Result<Option<Value>, CallError> {
        Ok(self.0.get(self.1, key)?)
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), CallError> {
        assert!(!key.is_empty() && key.len() <= 1_024, "a key of {} bytes", key.len());
        self.0.0.insert((self.1, key.to_vec()), value.into());
        Ok(())
    }

    fn delete(&mut self, key: &[u8]) -> Result<bool, CallError> {
        Ok(self.0.0.remove(&(self.1, key.to_vec())).is_some())
    }

    fn scan(&mut self, scan: Scan<'_>) -> Result<ScannedRows, CallError> {
        Ok(self.0.scan(self.1, scan)?)
    }
}

/// A context with a settable actor, time and mandates.
pub(crate) struct Context {
    pub(crate) memory: Memory,
    pub(crate) namespace: Namespace,
    pub(crate) actor: Actor,
    pub(crate) now: u64,
    /// (person, party)
    pub(crate) mandates: BTreeSet<(Id, Id)>,
    pub(crate) next_id: u128,
    pub(crate) changed: bool,
}

impl Context {
    pub(crate) fn new(namespace: Namespace) -> Self {
        Self {
            memory: Memory::default(),
            namespace,
            actor: Actor::Console,
            now: 1_760_000_000_000_000,
            mandates: BTreeSet::new(),
            next_id: 1,
            changed: false,
        }
    }

    fn own(&mut self) -> Own<'_> {
        Own(&mut self.memory, self.namespace)
    }
}

impl NativeContext for Context {
    fn get(&mut self, key: &[u8]) -> Result<Option<Value>, CallError> {
        self.own().get(key)
    }
    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), CallError> {
        self.own().set(key, value)
    }
    fn delete(&mut self, key: &[u8]) -> Result<bool, CallError> {
        self.own().delete(key)
    }
    fn scan(&mut self, scan: Scan<'_>) -> Result<ScannedRows, CallError> {
        self.own().scan(scan)
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
        out.fill(7);
    }
    fn new_id(&mut self) -> Id {
        self.next_id += 1;
        Id(self.next_id)
    }
    fn in_group(&mut self, _: Id, _: &str) -> Result<bool, CallError> {
        Ok(false)
    }
    fn mandate(&mut self, person: Id, party: Id) -> Result<Option<Mandate>, CallError> {
        if person == party {
            return Ok(Some(Mandate::SelfActing));
        }
        Ok(self.mandates.contains(&(person, party)).then_some(Mandate::Representative))
    }
    fn seal(&mut self, _: Id, _: &[u8]) -> Result<Result<Vec<u8>, SealRefusal>, CallError> {
        unimplemented!("nothing here seals")
    }
    fn open(&mut self, _: Id, _: &[u8]) -> Result<Result<Vec<u8>, SealRefusal>, CallError> {
        unimplemented!("nothing here opens")
    }
    fn destroy_key(&mut self, _: Id) -> Result<(), CallError> {
        unimplemented!("nothing here erases")
    }
    fn usage(&mut self, namespace: Namespace) -> u64 {
        self.memory
            .0
            .iter()
            .filter(|((of, _), _)| *of == namespace)
            .map(|((_, k), v)| (k.len() + v.len()) as u64)
            .sum()
    }
    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.memory
    }
    fn installed_changed(&mut self) {
        self.changed = true;
    }
}

/// A staged package without code: what [`crate::plugins`] and [`crate::grants`] look at.
pub(crate) fn staged(
    manifest: &str,
    imports: Vec<std::sync::Arc<hamlet_reflect::Interface>>,
    exports: Vec<std::sync::Arc<hamlet_reflect::Interface>>,
) -> std::sync::Arc<crate::package::Staged> {
    let engine = wasmtime::Engine::default();
    let manifest = hamlet_bundle::Manifest::parse(manifest).unwrap();
    std::sync::Arc::new(crate::package::Staged {
        hash: format!("{}-{}", manifest.name, manifest.version),
        origin: None,
        world: hamlet_reflect::World {
            id: "example:test/test@0.1.0".into(),
            docs: String::new(),
            imports: imports.clone(),
            exports: exports.clone(),
        },
        wit: std::sync::Arc::from(&[][..]),
        manifest: manifest.into(),
        imports,
        exports,
        statics: std::sync::Arc::default(),
        component: wasmtime::component::Component::new(&engine, "(component)").unwrap(),
    })
}

/// An interface with one function `name(value: ty) -> ty`; without a result where it is an event.
pub(crate) fn interface(
    id: &str,
    name: &str,
    ty: hamlet_reflect::Type,
    event: bool,
) -> std::sync::Arc<hamlet_reflect::Interface> {
    let (short, version) = id.rsplit_once('/').unwrap().1.split_once('@').unwrap();
    let function = hamlet_reflect::Function {
        name: name.into(),
        docs: "Does it.".into(),
        params: vec![hamlet_reflect::Param { name: "value".into(), ty: ty.clone() }],
        result: (!event).then_some(ty),
    };
    std::sync::Arc::new(hamlet_reflect::Interface {
        id: id.into(),
        short: short.into(),
        version: version.into(),
        docs: String::new(),
        functions: vec![function.into()],
        types: Vec::new(),
    })
}
