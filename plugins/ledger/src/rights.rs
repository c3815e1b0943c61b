//! Who may see what. Who may *call* what is declared in `plugin.toml` and enforced by the host
//! (W1); this is about whose accounts a caller may look into.

use crate::host::{Actor, Host};
use crate::model::{Account, Id};

/// Whether the actor keeps the books: a steward, a decision, or whoever holds the box.
pub fn is_keeper(host: &mut dyn Host) -> bool {
    matches!(host.actor(), Actor::Decision(_) | Actor::Console) || host.in_group("stewards")
}

/// Whether the actor may read all books.
pub fn may_read_all(host: &mut dyn Host) -> bool {
    is_keeper(host) || host.in_group("auditors")
}

/// Whether the actor may look into what `owner` has: for her side, stewards and auditors; what the
/// commons has is for every member.
pub fn may_see(host: &mut dyn Host, owner: Id) -> bool {
    host.has_mandate(owner) || may_read_all(host) || is_members_commons(host, owner)
}

fn is_members_commons(host: &mut dyn Host, owner: Id) -> bool {
    matches!(host.actor(), Actor::Person(_)) && host.party(owner).is_some_and(|party| party.is_commons)
}

/// Whether the actor may look into `account`.
pub fn may_see_account(host: &mut dyn Host, account: &Account) -> bool {
    may_see(host, account.owner)
}
