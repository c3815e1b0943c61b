//! Native providers (W6): parts of the host that are called, journalled and granted like a plugin's functions.
//!
//! A provider implements interfaces of `wit/host` in Rust. It runs inside the one transaction of the call, sees only
//! its own rows and what [`NativeContext`] gives, and does no other I/O. The [`Directory`] is how the kernel asks
//! identity who may act for whom without knowing how identity keeps it.
//!
//! A provider that keeps state outside its rows breaks rollback, replay and decisions; do not.

use std::sync::Arc;

use hamlet_bundle::FunctionRule;
use hamlet_reflect::Id;
use hamlet_store::{Namespace, Rows, Scan, StoreError, Value};
use wasmtime::component::Val;

use crate::call::{Actor, CallError};
use crate::catalogue::Catalogue;
pub use crate::steward_log::{Noted, Noting, is_for_stewards};

/// Rows of a scan: whole keys (without namespace) and values, in the order of the scan.
pub type ScannedRows = Vec<(Box<[u8]>, Value)>;

/// A part of the host with WIT functions of its own (W6).
///
/// Its WIT is a file under `wit/host`, embedded in the kernel.
pub trait NativeProvider: Send + Sync {
    /// The interface, for example `hamlet:host/members@0.1.0`.
    fn interface(&self) -> &'static str;

    /// Under which name its rows are kept. Providers that give the same name share their rows. The name must not
    /// change between versions of the host.
    fn room(&self) -> &'static str {
        let id = self.interface();
        id.split_once('@').map_or(id, |(name, _)| name)
    }

    /// The WIT text of the interface's package, where that is not `hamlet:host` itself; it may `use` types of
    /// `hamlet:host`.
    fn wit(&self) -> Option<&'static str> {
        None
    }

    /// Kind and access of a function; none refuses every call.
    fn rule(&self, function: &str) -> Option<FunctionRule>;

    /// What the steward log says of a command that was done; none: it is nothing of a steward's.
    ///
    /// As it stands: each command for stewards that is not for every member, with what its first argument names.
    /// `result` is the function's whole result, which is no `err`. Writes nothing.
    ///
    /// # Errors
    /// The values are not those of the function: the command fails with it.
    fn noted(&self, function: &str, arguments: &[Val], result: Option<&Val>) -> Noting {
        let _ = result;
        let noted = self.rule(function).is_some_and(|rule| is_for_stewards(&rule));
        Ok(noted.then(|| Noted::of(arguments.first())))
    }

    /// Runs a function. Access (W1) was checked before.
    ///
    /// Gives the function's whole result value: for `result<T, E>` a `Val::Result`, whose `err` undoes the writes (T2).
    /// Of a function without result: anything, it is ignored. A `CallError` dooms the transaction (T3).
    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError>;
}

/// What a native provider can do while it runs.
pub trait NativeContext {
    /// The value of one of its keys.
    fn get(&mut self, key: &[u8]) -> Result<Option<Value>, CallError>;
    /// Sets one of its keys. In a query: `WriteInQuery`.
    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), CallError>;
    /// Deletes one of its keys; true when it was there. In a query: `WriteInQuery`.
    fn delete(&mut self, key: &[u8]) -> Result<bool, CallError>;
    /// A range of its keys.
    fn scan(&mut self, scan: Scan<'_>) -> Result<ScannedRows, CallError>;

    /// Where the call began (W4).
    fn actor(&self) -> &Actor;
    /// The plugin that called directly; none: the actor itself.
    fn caller(&self) -> Option<&str>;
    /// The transaction's time in microseconds (T9). Of a query: the time of the snapshot's reading.
    fn now(&self) -> u64;
    /// Fills with randomness of the host.
    fn random(&mut self, out: &mut [u8]);
    /// A new id: UUIDv7 of the transaction's time.
    fn new_id(&mut self) -> Id;
    /// Whether a party is in a group, by the directory.
    fn in_group(&mut self, party: Id, group: &str) -> Result<bool, CallError>;
    /// The mandate by which a person may act for a party, by the directory.
    fn mandate(&mut self, person: Id, party: Id) -> Result<Option<Mandate>, CallError>;
    /// Encrypts under a party's key (C6). The outer error dooms; the inner is for the caller.
    fn seal(&mut self, party: Id, plain: &[u8]) -> Result<Result<Vec<u8>, SealRefusal>, CallError>;
    /// Decrypts what [`NativeContext::seal`] gave.
    fn open(&mut self, party: Id, sealed: &[u8]) -> Result<Result<Vec<u8>, SealRefusal>, CallError>;
    /// Destroys the key of a party for good, once the transaction is committed (C6).
    fn destroy_key(&mut self, party: Id) -> Result<(), CallError>;

    /// Bytes that a namespace holds, this transaction included.
    fn usage(&mut self, namespace: Namespace) -> u64;
    /// Rows of the kernel's other natives (`namespaces.rs`), read only. For the kernel's own providers.
    fn rows(&mut self) -> &mut dyn Rows;
    /// The party that is the community itself, by the directory.
    fn commons(&mut self) -> Result<Option<Id>, CallError> {
        Ok(None)
    }
    /// Writes a line about this command into the steward log, where [`NativeProvider::noted`] says nothing of it.
    fn note(&mut self, noted: Noted) -> Result<(), CallError> {
        let _ = noted;
        Ok(())
    }
    /// All that can be called now, with its types; none where there is no kernel behind.
    fn catalogue(&self) -> Option<Arc<Catalogue>> {
        None
    }
    /// Keeps a blob from being swept, counted; false: there is no such blob. For natives (J5).
    fn hold_blob(&mut self, hash: &[u8]) -> Result<bool, CallError> {
        let _ = hash;
        Ok(false)
    }
    /// Gives up one hold.
    fn release_blob(&mut self, hash: &[u8]) -> Result<(), CallError> {
        let _ = hash;
        Ok(())
    }
    /// Says that the set of installed plugins changed: after the commit, and before any answer of this batch, the
    /// kernel builds its catalogue anew.
    fn installed_changed(&mut self);
}

/// Why a value was not sealed or opened (`hamlet:host/sealed.error`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealRefusal {
    /// There is no such party.
    NoSuchParty,
    /// The party's key was destroyed.
    Erased,
    /// Not a sealed value of this party and this plugin, or changed.
    Damaged,
    /// Too many bytes; their number.
    TooLong(u32),
}

/// By what right a person acts for a party (`hamlet:host/identity.mandate`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mandate {
    /// The party is the person.
    SelfActing,
    /// The person represents an organisation or a household.
    Representative,
    /// The person is the guardian of the party.
    Guardian,
    /// The person acts at a desk for somebody who comes without a device.
    Clerk,
}

impl Mandate {
    /// The label in WIT.
    pub fn label(self) -> &'static str {
        match self {
            Self::SelfActing => "self-acting",
            Self::Representative => "representative",
            Self::Guardian => "guardian",
            Self::Clerk => "clerk",
        }
    }

    /// From the label in WIT.
    pub fn from_label(label: &str) -> Option<Self> {
        Some(match label {
            "self-acting" => Self::SelfActing,
            "representative" => Self::Representative,
            "guardian" => Self::Guardian,
            "clerk" => Self::Clerk,
            _ => return None,
        })
    }
}

/// For how long a person who was let back in counts as such, in microseconds: seven days.
pub const RECOVERED_FOR_MICROS: u64 = 7 * 86_400 * 1_000_000;

/// What a party is (`hamlet:host/members.party-kind`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartyKind {
    /// One human being.
    Person,
    /// People who keep house together.
    Household,
    /// A club, a firm, a co-operative.
    Organisation,
    /// All together.
    Commons,
}

/// Whether a party exists and takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartyStatus {
    /// What it is.
    pub kind: PartyKind,
    /// False once it has left.
    pub active: bool,
    /// Of a person: she is under age, and her guardian acts for her.
    pub ward: bool,
}

/// Identity's answers, from its own rows, inside the running transaction.
///
/// `ns` is the namespace of [`Directory::room`].
pub trait Directory: Send + Sync {
    /// The room (see [`NativeProvider::room`]) whose rows are read.
    fn room(&self) -> &'static str {
        "hamlet:host/members"
    }
    /// The right of `person` to act for `party` now; for herself, if active, `SelfActing`.
    fn mandate(
        &self,
        rows: &mut dyn Rows,
        ns: Namespace,
        person: Id,
        party: Id,
    ) -> Result<Option<Mandate>, StoreError>;
    /// Whether a party is in a group now.
    fn in_group(
        &self,
        rows: &mut dyn Rows,
        ns: Namespace,
        party: Id,
        group: &str,
    ) -> Result<bool, StoreError>;
    /// What a party is; none when there is none.
    fn status(
        &self,
        rows: &mut dyn Rows,
        ns: Namespace,
        party: Id,
    ) -> Result<Option<PartyStatus>, StoreError>;
    /// When a person was let back in last, in microseconds; none: never, or nobody knows.
    fn recovered(&self, rows: &mut dyn Rows, ns: Namespace, person: Id) -> Result<Option<u64>, StoreError> {
        let (_, _, _) = (rows, ns, person);
        Ok(None)
    }
    /// The party that is the community itself, for which its decisions act; none while there is none.
    fn commons(&self, rows: &mut dyn Rows, ns: Namespace) -> Result<Option<Id>, StoreError> {
        let (_, _) = (rows, ns);
        Ok(None)
    }
}

/// A directory that knows nobody: every person is active and has only herself. For tests and tools.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDirectory;

impl Directory for NoDirectory {
    fn mandate(
        &self,
        _rows: &mut dyn Rows,
        _ns: Namespace,
        person: Id,
        party: Id,
    ) -> Result<Option<Mandate>, StoreError> {
        Ok((person == party).then_some(Mandate::SelfActing))
    }

    fn in_group(&self, _: &mut dyn Rows, _: Namespace, _: Id, _: &str) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn status(&self, _: &mut dyn Rows, _: Namespace, _: Id) -> Result<Option<PartyStatus>, StoreError> {
        Ok(Some(PartyStatus { kind: PartyKind::Person, active: true, ward: false }))
    }
}
