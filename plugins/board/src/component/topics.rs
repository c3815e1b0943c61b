//! `hamlet:board/topics`.

use hamlet_sdk::types::Id;

use super::contract::topics as wit;
use super::{Component, House, types};
use crate::drafts;
use crate::market::{self, Draft};
use crate::post::{self, Details, Words};
use crate::topics::{self, Reaction, Said};

/// A topic is shown until it is closed.
fn draft(
    title: String,
    text: String,
    audience: &str,
    party: Option<Id>,
    pinned: bool,
) -> Result<Draft, types::Error> {
    let words = Words { title, text, place: String::new() };
    let details = Details::Topic { pinned };
    Ok(Draft {
        words,
        audience: audience.parse()?,
        party,
        category: None,
        until: None,
        details,
        picture: None,
    })
}

impl From<wit::Reaction> for Reaction {
    fn from(reaction: wit::Reaction) -> Self {
        match reaction {
            wit::Reaction::Thanks => Self::Thanks,
            wit::Reaction::Agree => Self::Agree,
            wit::Reaction::Count => Self::Count,
        }
    }
}

impl From<Reaction> for wit::Reaction {
    fn from(reaction: Reaction) -> Self {
        match reaction {
            Reaction::Thanks => Self::Thanks,
            Reaction::Agree => Self::Agree,
            Reaction::Count => Self::Count,
        }
    }
}

impl wit::Guest for Component {
    fn begin(
        title: String,
        text: String,
        audience: String,
        party: Option<Id>,
        draft: Option<u64>,
        later: bool,
    ) -> Result<Option<u64>, types::Error> {
        let house = House::new();
        let topic = self::draft(title, text, &audience, party, false)?;
        if later {
            drafts::keep(&house, &topic.words, draft)?;
            return Ok(None);
        }
        if let Some(draft) = draft {
            drafts::forget(&house, draft)?;
        }
        Ok(Some(market::put_up(&house, topic)?))
    }

    fn forget_draft(draft: u64) -> Result<(), types::Error> {
        Ok(drafts::forget(&House::new(), draft)?)
    }

    fn drafts() -> Result<Vec<wit::Draft>, types::Error> {
        let kept = drafts::list(&House::new())?.into_iter();
        Ok(kept.map(|(number, words)| wit::Draft { number, title: words.title, text: words.text }).collect())
    }

    fn change(number: u64, title: String, text: String, audience: String) -> Result<(), types::Error> {
        let house = House::new();
        let Details::Topic { pinned } = post::read(&house, number)?.post.details else {
            return Err(types::Error::NotFound);
        };
        Ok(market::change(&house, number, draft(title, text, &audience, None, pinned)?)?)
    }

    fn reply(number: u64, text: String) -> Result<u64, types::Error> {
        Ok(topics::reply(&House::new(), number, &text)?)
    }

    fn correct(number: u64, reply: u64, text: String) -> Result<(), types::Error> {
        Ok(topics::correct(&House::new(), number, reply, &text)?)
    }

    fn withdraw(number: u64, reply: u64) -> Result<(), types::Error> {
        Ok(topics::withdraw(&House::new(), number, reply)?)
    }

    fn react(number: u64, reply: u64, reaction: Option<wit::Reaction>) -> Result<(), types::Error> {
        Ok(topics::react(&House::new(), number, reply, reaction.map(Into::into))?)
    }

    fn follow(number: u64, on: bool) -> Result<(), types::Error> {
        Ok(topics::follow(&House::new(), number, on)?)
    }

    fn pin(number: u64, on: bool) -> Result<(), types::Error> {
        Ok(topics::pin(&House::new(), number, on)?)
    }

    fn talk(number: u64) -> Result<wit::Conversation, types::Error> {
        let talk = topics::talk(&House::new(), number)?;
        let reply = |Said { number, by, at, changed, text, hidden }| wit::Said {
            number,
            by,
            at,
            changed,
            text,
            hidden,
        };
        let count = |(reply, count): (u64, topics::Count)| wit::ReactionCount {
            reply,
            reaction: count.reaction.into(),
            people: count.people,
            mine: count.own,
        };
        Ok(wit::Conversation {
            replies: talk.replies.into_iter().map(reply).collect(),
            reactions: talk.reactions.into_iter().map(count).collect(),
            follows: talk.follows,
        })
    }
}
