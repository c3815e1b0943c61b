//! What a call asks the directory about people.

use std::sync::Arc;

use hamlet_reflect::Id;

use super::Running;
use crate::access::{People, Standing};
use crate::call::CallError;
use crate::native::{Mandate, RECOVERED_FOR_MICROS};

impl Running {
    /// The party that is the community itself.
    pub(crate) fn commons(&mut self) -> Result<Option<Id>, CallError> {
        let directory = Arc::clone(&self.shared.directory);
        Ok(directory.commons(&mut self.tx, self.shared.directory_namespace)?)
    }

    /// When a person was let back in, where that is not long ago.
    pub(crate) fn recently_recovered(&mut self, person: Id) -> Result<Option<u64>, CallError> {
        let directory = Arc::clone(&self.shared.directory);
        let at = directory.recovered(&mut self.tx, self.shared.directory_namespace, person)?;
        Ok(at.filter(|at| self.now < at.saturating_add(RECOVERED_FOR_MICROS)))
    }

    /// The directory's answer, cached for the last pair that was asked for.
    pub(crate) fn mandate_of(&mut self, person: Id, party: Id) -> Result<Option<Mandate>, CallError> {
        if let Some((of, for_party, mandate)) = self.mandate
            && of == person
            && for_party == party
        {
            return Ok(mandate);
        }
        let directory = Arc::clone(&self.shared.directory);
        let mandate = directory.mandate(&mut self.tx, self.shared.directory_namespace, person, party)?;
        self.mandate = Some((person, party, mandate));
        Ok(mandate)
    }
}

impl People for Running {
    fn standing(&mut self, person: Id) -> Result<Standing, CallError> {
        let directory = Arc::clone(&self.shared.directory);
        let status = directory.status(&mut self.tx, self.shared.directory_namespace, person)?;
        Ok(status
            .map_or_else(Standing::default, |status| Standing { active: status.active, ward: status.ward }))
    }

    fn is_in_group(&mut self, person: Id, group: &str) -> Result<bool, CallError> {
        let directory = Arc::clone(&self.shared.directory);
        Ok(directory.in_group(&mut self.tx, self.shared.directory_namespace, person, group)?)
    }
}
