//! Receipts: what a member takes home of a command (J3).

use hamlet_proof::{
    Receipt, ReceiptItem, Signer,
    leaf::{ARGUMENTS, FIRST_ROW, RESULT},
    receipt::Shown,
    tree,
};

use super::{
    derive::{self, Opened},
    follow::{Proofs, sign},
};
use crate::{
    error::StoreError,
    key::{Namespace, Sequence},
};

impl Proofs {
    /// A receipt of a command, with a fresh checkpoint and those of its items that `show` chooses: it is
    /// asked for each item, and what it leaves out stays hidden behind its salt.
    ///
    /// # Errors
    /// [`StoreError::Dropped`] when items are gone behind the journal's horizon (a receipt without items,
    /// [`Self::bare_receipt`], can always be made), [`StoreError::NoLeaf`] when there is no such command.
    pub fn receipt(
        &self,
        sequence: Sequence,
        index: u32,
        signer: &Signer,
        show: impl Fn(&Shown) -> bool,
    ) -> Result<Receipt, StoreError> {
        let mut receipt = self.bare_receipt(sequence, index, signer)?;
        let missing = StoreError::NoLeaf { sequence, index };
        let Some(record) = self.journal.read(sequence)?.next() else { return Err(missing) };
        let Some(opened) = derive::open(sequence, &record?.payload, index)? else { return Err(missing) };
        let hashes = &opened.hashes[..];
        let root = tree::head(hashes);
        if root != receipt.leaf.root {
            return Err(StoreError::OtherHistory { proved: sequence, head: self.journal.head() });
        }
        for (shown, number) in items(&opened).zip(0..).filter(|(shown, _)| show(shown)) {
            let path = tree::inclusion_proof(hashes, u64::from(number), hashes.len() as u64)?;
            receipt.items.push(ReceiptItem { number, salt: opened.secret.salt(index, number), shown, path });
        }
        Ok(receipt)
    }

    /// A receipt that shows that a command is in the log, and nothing of its content.
    pub fn bare_receipt(
        &self,
        sequence: Sequence,
        index: u32,
        signer: &Signer,
    ) -> Result<Receipt, StoreError> {
        let (number, leaf) = self.leaf(sequence, index)?;
        let head = self.wait_for(self.journal.head())?;
        let path = self.inclusion(number, leaf.hash(), head.size)?;
        Ok(Receipt { checkpoint: sign(signer, head)?, number, leaf, path, items: Vec::new() })
    }

    /// Chooses one row for [`Self::receipt`].
    pub fn only_row(namespace: Namespace, key: &[u8]) -> impl Fn(&Shown) -> bool {
        move |shown| matches!(shown, Shown::Row { namespace: found, key: at, .. } if *found == namespace.0 && at == key)
    }
}

/// All items of a command, in order: arguments, result, rows.
fn items(opened: &Opened) -> impl Iterator<Item = Shown> {
    const { assert!(ARGUMENTS == 0 && RESULT == 1 && FIRST_ROW == 2) };
    let head = [Shown::Arguments(opened.header.arguments), Shown::Result(opened.header.result)];
    head.into_iter().chain(opened.rows.iter().map(|(namespace, key, value)| Shown::Row {
        namespace: namespace.0,
        key: key.clone(),
        value: value.as_deref().map(<[u8]>::to_vec),
    }))
}
