//! What the kernel asks identity while a call runs: who may act for whom, who is in which group.
//!
//! Answered from the rows of the running transaction, so that a mandate that was withdrawn a
//! moment ago, in this very batch, is gone for the next command.

use hamlet_kernel::{Directory, Mandate, PartyStatus};
use hamlet_reflect::Id;
use hamlet_store::{Namespace, Rows, StoreError};

use crate::read::{self, Room};
use crate::recovered;
use crate::rows;

/// The directory over identity's own rows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Members;

impl Directory for Members {
    fn mandate(
        &self,
        rows: &mut dyn Rows,
        namespace: Namespace,
        person: Id,
        party: Id,
    ) -> Result<Option<Mandate>, StoreError> {
        read::mandate(&mut Room { rows, namespace }, person, party)
    }

    fn in_group(
        &self,
        rows: &mut dyn Rows,
        namespace: Namespace,
        party: Id,
        group: &str,
    ) -> Result<bool, StoreError> {
        read::in_group(&mut Room { rows, namespace }, party, group)
    }

    fn status(
        &self,
        rows: &mut dyn Rows,
        namespace: Namespace,
        party: Id,
    ) -> Result<Option<PartyStatus>, StoreError> {
        // Asked at every call: nothing but the two bytes that answer it is read.
        let row = rows.get(namespace, &rows::party_key(party))?;
        Ok(row.and_then(|row| rows::status(&row)))
    }

    fn recovered(
        &self,
        rows: &mut dyn Rows,
        namespace: Namespace,
        person: Id,
    ) -> Result<Option<u64>, StoreError> {
        recovered::at(&mut Room { rows, namespace }, person)
    }

    fn commons(&self, rows: &mut dyn Rows, namespace: Namespace) -> Result<Option<Id>, StoreError> {
        read::commons(&mut Room { rows, namespace })
    }
}
