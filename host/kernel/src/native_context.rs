//! What the kernel gives a native provider while it runs: its own rows and the running call.

use std::sync::Arc;

use hamlet_reflect::Id;
use hamlet_store::{Namespace, Rows, Scan, Value};

use crate::access::People as _;
use crate::blobs::{self, BlobError};
use crate::call::{Actor, CallError};
use crate::catalogue::{Catalogue, HOST};
use crate::erasure;
use crate::namespaces::{BLOBS, KERNEL};
use crate::native::{Mandate, NativeContext, Noted, ScannedRows, SealRefusal};
use crate::rows::InBatch;
use crate::run::{Running, Tx};
use crate::steward_log;

pub(crate) struct Context<'a> {
    pub(crate) running: &'a mut Running,
    pub(crate) namespace: Namespace,
    /// Whose function runs.
    pub(crate) interface: Option<&'a str>,
}

impl NativeContext for Context<'_> {
    fn get(&mut self, key: &[u8]) -> Result<Option<Value>, CallError> {
        Ok(self.running.tx.get(self.namespace, key)?)
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), CallError> {
        self.running.check_writable()?;
        self.running.mandate = None;
        Ok(self.running.tx.writable()?.set(self.namespace, key, value)?)
    }

    fn delete(&mut self, key: &[u8]) -> Result<bool, CallError> {
        self.running.check_writable()?;
        self.running.mandate = None;
        Ok(self.running.tx.writable()?.delete(self.namespace, key)?)
    }

    fn scan(&mut self, scan: Scan<'_>) -> Result<ScannedRows, CallError> {
        Ok(self.running.tx.scan(self.namespace, scan)?)
    }

    fn actor(&self) -> &Actor {
        &self.running.actor
    }

    fn caller(&self) -> Option<&str> {
        self.running.caller().map(|frame| &*frame.name)
    }

    fn now(&self) -> u64 {
        self.running.now
    }

    fn random(&mut self, out: &mut [u8]) {
        self.running.random.fill(out);
    }

    fn new_id(&mut self) -> Id {
        self.running.random.new_id(self.running.now)
    }

    fn in_group(&mut self, party: Id, group: &str) -> Result<bool, CallError> {
        self.running.is_in_group(party, group)
    }

    fn mandate(&mut self, person: Id, party: Id) -> Result<Option<Mandate>, CallError> {
        self.running.mandate_of(person, party)
    }

    fn seal(&mut self, party: Id, plain: &[u8]) -> Result<Result<Vec<u8>, SealRefusal>, CallError> {
        self.running.check_writable()?;
        // A provider may seal for a party that it is just adding: the directory is its own, and is not asked.
        let name = Arc::clone(&self.running.frame()?.name);
        Ok(self.running.shared.keys.seal(&name, party, plain)?)
    }

    fn open(&mut self, party: Id, sealed: &[u8]) -> Result<Result<Vec<u8>, SealRefusal>, CallError> {
        self.running.open_sealed(party, sealed)
    }

    fn destroy_key(&mut self, party: Id) -> Result<(), CallError> {
        self.running.check_writable()?;
        // The key goes after the commit; this row sees to it that it goes even if the host does not live to do it.
        let now = self.running.now.to_be_bytes();
        self.running.tx.writable()?.set(KERNEL, &erasure::key(party), &now)?;
        self.running.destroyed_keys.push(party);
        Ok(())
    }

    fn usage(&mut self, namespace: Namespace) -> u64 {
        match &mut self.running.tx {
            Tx::Command(batch) => batch.usage(namespace),
            Tx::Beside(beside) => beside.read_usage(namespace),
            Tx::Query(snapshot) => snapshot.usage(namespace),
            Tx::Nothing => 0,
        }
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.running.tx
    }

    fn commons(&mut self) -> Result<Option<Id>, CallError> {
        self.running.commons()
    }

    fn note(&mut self, noted: Noted) -> Result<(), CallError> {
        let Some(interface) = self.interface else { return Ok(()) };
        steward_log::write(self.running, interface, &noted)
    }

    fn hold_blob(&mut self, hash: &[u8]) -> Result<bool, CallError> {
        self.running.check_writable()?;
        let shared = Arc::clone(&self.running.shared);
        let (Ok(hash), Some(blobs)) = (blobs::Hash::try_from(hash), &shared.blobs) else {
            return Ok(false);
        };
        let length = match blobs.describe(&hash) {
            Ok(length) => length,
            Err(BlobError::NoSuchBlob | BlobError::Erased) => return Ok(false),
            Err(error) => return Err(CallError::internal(error.to_string())),
        };
        let batch = self.running.tx.writable()?;
        blobs::hold(&mut InBatch { batch, namespace: BLOBS }, HOST, &hash, length)?;
        Ok(true)
    }

    fn release_blob(&mut self, hash: &[u8]) -> Result<(), CallError> {
        self.running.check_writable()?;
        let Ok(hash) = blobs::Hash::try_from(hash) else { return Ok(()) };
        let batch = self.running.tx.writable()?;
        blobs::release(&mut InBatch { batch, namespace: BLOBS }, HOST, &hash).map(drop)
    }

    fn catalogue(&self) -> Option<Arc<Catalogue>> {
        Some(Arc::clone(&self.running.table.catalogue))
    }

    fn installed_changed(&mut self) {
        self.running.installed_changed = true;
    }
}
