//! The words of `hamlet:host/types`, as Rust types. Bindings of every plugin use these.

pub use crate::id::Id;

/// A person, a household, an organisation or the commons.
pub type PartyId = Id;
/// A quantity in minor units, at most 2^63 - 1.
pub type Amount = u64;
/// A signed quantity in minor units.
pub type Balance = i64;
/// Microseconds since 1970-01-01T00:00:00Z.
pub type Instant = u64;
/// A length of time in microseconds.
pub type Duration = u64;
/// A calendar day, `YYYY-MM-DD`.
pub type Date = String;
/// A text for whoever asked to keep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Its name, with an extension.
    pub name: String,
    /// `text/csv`, `text/plain`, `text/calendar` or `application/json`.
    pub media_type: String,
    /// What is in it.
    pub text: String,
}

/// The position of a committed batch in the community's journal.
pub type Sequence = u64;
