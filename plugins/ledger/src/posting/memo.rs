//! Memos: personal data, so they are stored sealed (C6).
//!
//! Each side has a copy under its owner's key. When one party is erased her copy is gone and the
//! other side keeps its own; nothing has to be rewritten. An account's owner never changes, so the
//! copies can be opened as long as their owners exist.

use crate::host::Host;
use crate::model::{Id, Transfer};
use crate::rows::{self, keys};

/// The row that keeps a memo: the payer's copy, then the payee's, each with a length of 16 bits.
/// A party whose key is destroyed has an empty copy; so has a payee who is the payer.
pub fn seal(host: &mut dyn Host, memo: &str, [debtor, creditor]: [Id; 2]) -> Vec<u8> {
    let first = host.seal(debtor, memo.as_bytes()).unwrap_or_default();
    let second = match creditor {
        _ if creditor == debtor => Vec::new(),
        _ => host.seal(creditor, memo.as_bytes()).unwrap_or_default(),
    };
    let mut row = Vec::with_capacity(4 + first.len() + second.len());
    for copy in [first, second] {
        // A memo has at most 1,000 bytes and its seal adds 41.
        row.extend_from_slice(&u16::try_from(copy.len()).unwrap_or(0).to_le_bytes());
        row.extend_from_slice(&copy);
    }
    row
}

/// The memo of a transfer as `reader`, the owner of one of its accounts, may read it.
pub fn read_memo(host: &mut dyn Host, transfer: &Transfer, reader: Id) -> Option<String> {
    if !transfer.has_memo {
        return None;
    }
    let row = host.get(&keys::memo(transfer.id))?;
    for (owner, copy) in copies(host, transfer, &row)? {
        if owner == reader
            && !copy.is_empty()
            && let Some(plain) = host.open(owner, &copy)
        {
            return String::from_utf8(plain).ok();
        }
    }
    None
}

/// Whether the memo of a repeated request is the recorded one. When both copies are erased nobody
/// can tell, and the repeat counts as the same.
pub fn is_same(host: &mut dyn Host, transfer: &Transfer, row: Option<&[u8]>, memo: Option<&str>) -> bool {
    let (Some(memo), true) = (memo, transfer.has_memo) else {
        return memo.is_some() == transfer.has_memo;
    };
    for (owner, copy) in copies(host, transfer, row.unwrap_or_default()).unwrap_or_default() {
        if !copy.is_empty()
            && let Some(plain) = host.open(owner, &copy)
        {
            return plain == memo.as_bytes();
        }
    }
    true
}

/// Both copies with their owners, the payer's first.
fn copies(host: &mut dyn Host, transfer: &Transfer, row: &[u8]) -> Option<Vec<(Id, Vec<u8>)>> {
    let mut rest = row;
    let mut copies = Vec::with_capacity(2);
    for account in [transfer.debit, transfer.credit] {
        let (length, tail) = rest.split_first_chunk::<2>()?;
        let (copy, tail) = tail.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        rest = tail;
        let owner = rows::account(host, account)?.owner;
        copies.push((owner, copy.to_vec()));
    }
    Some(copies)
}
