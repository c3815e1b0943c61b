//! Who was let back in lately: for a week whoever stands behind an account may not be who she says.
//!
//! The mark is set by the very command that uses the link of a recovery, and is read by plugins
//! (`hamlet:host/identity.recently-recovered`) and by the pages. What follows from it is theirs: this stops nothing by
//! itself. If it is wrong, somebody who tricked two neighbours empties an account at once.

use hamlet_kernel::{CallError, NativeContext};
use hamlet_reflect::Id;

use crate::read::Read;
use crate::rows;

/// Marks a person: from now on she was let back in.
pub(crate) fn mark(cx: &mut dyn NativeContext, person: Id) -> Result<(), CallError> {
    let now = cx.now().to_be_bytes();
    cx.set(&rows::recovered_key(person), &now)
}

/// When she was let back in last.
pub(crate) fn at<R: Read + ?Sized>(read: &mut R, person: Id) -> Result<Option<u64>, R::Error> {
    let row = read.get(&rows::recovered_key(person))?;
    Ok(row.and_then(|row| Some(u64::from_be_bytes((*row).try_into().ok()?))))
}

/// Forgets it, because she leaves.
pub(crate) fn end_of(cx: &mut dyn NativeContext, person: Id) -> Result<(), CallError> {
    cx.delete(&rows::recovered_key(person)).map(drop)
}
