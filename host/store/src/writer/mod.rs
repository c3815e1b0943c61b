//! The one writer: transactions gathered into a batch, and the batch committed.

pub(crate) mod batch;
pub(crate) mod cache;
pub(crate) mod gaps;
pub(crate) mod reads;
