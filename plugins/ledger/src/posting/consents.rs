//! Whose money it is, and whether she agrees (W2): mandates and consents of one call.
//!
//! A person, a device or a decision needs a mandate for the owner of the paying account. A plugin
//! that acts by itself has no mandate for anybody and needs none: it can only use what the owner
//! granted to it, and that is what `consent` checks. Nobody else pays at all.

use std::collections::BTreeMap;

use super::known::Known;
use crate::errors::TransferError;
use crate::host::{Actor, Host, Refusal, SpendNeed};
use crate::model::Id;

/// What is known in this call.
#[derive(Default)]
pub struct Consents {
    mandates: Known<bool>,
    spenders: BTreeMap<Id, Spender>,
}

/// What is known of a paying account.
#[derive(Default)]
struct Spender {
    /// Consented and not yet used.
    left: u64,
    /// Refused, for the rest of the call.
    refusal: Option<Refusal>,
}

impl Consents {
    /// Whether the actor may act for `party`.
    pub fn has_mandate(&mut self, host: &mut dyn Host, party: Id) -> bool {
        *self.mandates.entry(party, || host.has_mandate(party))
    }

    /// Uses consent for `amount` from `account`, and asks for what is missing of it.
    /// `sentence` tells her what for.
    pub fn take(
        &mut self,
        host: &mut dyn Host,
        actor: &Actor,
        account: Id,
        owner: Id,
        amount: u64,
        sentence: impl FnOnce(u64) -> String,
    ) -> Result<(), TransferError> {
        let known = self.spenders.get(&account).map(|spender| (spender.left, spender.refusal));
        let (left, refused) = match known {
            Some(known) => known,
            None if self.may_ask(host, actor, owner) => (0, None),
            None => (0, Some(Refusal::NoMandate)),
        };
        let missing = amount.saturating_sub(left);
        let refused = match refused {
            None if missing > 0 => {
                let need = SpendNeed { account, owner, amount: missing, sentence: sentence(missing) };
                host.require_consent(&need).err()
            }
            known => known,
        };
        let spender = self.spenders.entry(account).or_default();
        spender.refusal = refused;
        match refused {
            None => {
                spender.left = (left + missing).saturating_sub(amount);
                Ok(())
            }
            Some(Refusal::NoMandate) => Err(TransferError::NoMandate),
            Some(Refusal::ConfirmationNeeded) => Err(TransferError::ConfirmationNeeded),
            Some(Refusal::DiffersFromConfirmed) => Err(TransferError::DiffersFromConfirmed),
            Some(Refusal::Ceiling(left)) => Err(TransferError::OverCeiling(left)),
        }
    }

    /// Whether the actor herself calls, and has a mandate for the owner: then nothing is asked, and nothing used up.
    pub fn is_in_person(&mut self, host: &mut dyn Host, actor: &Actor, owner: Id) -> bool {
        !matches!(actor, Actor::Plugin(_)) && host.is_in_person() && self.may_ask(host, actor, owner)
    }

    /// Gives back consent that a transfer took and then did not need.
    pub fn give_back(&mut self, account: Id, amount: u64) {
        let spender = self.spenders.entry(account).or_default();
        spender.left = spender.left.saturating_add(amount);
    }

    fn may_ask(&mut self, host: &mut dyn Host, actor: &Actor, owner: Id) -> bool {
        match actor {
            Actor::Person(_) | Actor::Device(_) | Actor::Decision(_) => self.has_mandate(host, owner),
            Actor::Plugin(_) => true,
            Actor::Console | Actor::Stranger => false,
        }
    }
}
