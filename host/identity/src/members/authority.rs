//! Who is asking, as far as identity's own rules care.

use hamlet_kernel::{Actor, CallError, Mandate, NativeContext};
use hamlet_reflect::Id;

use crate::rows::STEWARDS;

/// Who is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authority {
    /// A decision of a body, or whoever holds the box.
    Whole,
    /// A person in the group `stewards`.
    Steward(Id),
    /// Another person.
    Person(Id),
    /// Anything else.
    Nobody,
}

/// Who is asking in this call.
pub(crate) fn authority(cx: &mut dyn NativeContext) -> Result<Authority, CallError> {
    let person = match cx.actor() {
        Actor::Console | Actor::Decision(_) => return Ok(Authority::Whole),
        Actor::Person(person) => *person,
        _ => return Ok(Authority::Nobody),
    };
    let steward = cx.in_group(person, STEWARDS)?;
    Ok(if steward { Authority::Steward(person) } else { Authority::Person(person) })
}

impl Authority {
    /// The person, where one is asking.
    pub fn person(self) -> Option<Id> {
        match self {
            Self::Steward(person) | Self::Person(person) => Some(person),
            Self::Whole | Self::Nobody => None,
        }
    }

    /// A steward, a decision, or the holder of the box.
    pub fn runs_the_community(self) -> bool {
        matches!(self, Self::Whole | Self::Steward(_))
    }

    /// Whether she decides about the party's own affairs: she is it, represents it or is its
    /// guardian. A clerk acts for somebody at a desk and does not.
    pub fn decides_for(self, cx: &mut dyn NativeContext, party: Id) -> Result<bool, CallError> {
        let Some(person) = self.person() else { return Ok(self == Self::Whole) };
        let mandate = cx.mandate(person, party)?;
        Ok(mandate.is_some_and(|mandate| mandate != Mandate::Clerk))
    }
}
