//! What was brought into a ledger when people moved in.

use super::Id;

/// What was brought into one ledger with one move; the rest follows from ids and entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// The accounts that were opened, in the order of the list.
    pub accounts: Vec<Id>,
    /// The entry that took what the list left over to the account that was chosen.
    pub rest: Option<Id>,
}
