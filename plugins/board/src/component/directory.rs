//! `hamlet:board/directory`.

use hamlet_sdk::types::Id;

use super::contract::directory as wit;
use super::{Component, House, types};
use crate::directory::{self, Entry};

impl wit::Guest for Component {
    fn set_skills(skills: String, party: Option<Id>) -> Result<(), types::Error> {
        Ok(directory::set_skills(&House::new(), party, &skills)?)
    }

    fn people(words: Option<String>, cursor: Option<String>) -> Result<wit::PeoplePage, types::Error> {
        let page = directory::people(&House::new(), words.as_deref(), cursor.as_deref())?;
        let entry = |Entry { party, skills }| wit::Entry {
            party: party.id,
            name: party.name,
            handle: party.handle,
            skills,
        };
        Ok(wit::PeoplePage { entries: page.rows.into_iter().map(entry).collect(), next: page.next })
    }
}
