//! The one writer: transactions gathered into a batch, and the batch committed; and transactions that
//! are run beside it, to be taken into a batch later.

pub(crate) mod batch;
pub(crate) mod beside;
pub(crate) mod cache;
pub(crate) mod draft;
pub(crate) mod gaps;
pub(crate) mod reads;
pub(crate) mod recent;
pub(crate) mod sealed;
