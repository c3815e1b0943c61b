//! `hamlet:board/events`.

use hamlet_sdk::types::{File, Id};

use super::contract::events::{self as wit, Repetition};
use super::{Component, House, convert, types};
use crate::events::{self, Frequency, Gathering, Occurrence, Plan, Recurrence, Times};
use crate::post::{self, Words};

/// When, as the contract has it.
struct When {
    start: String,
    minutes: u32,
    repeats: Repetition,
    interval: u8,
    until: Option<String>,
}

impl From<When> for Times {
    fn from(when: When) -> Self {
        let frequency = match when.repeats {
            Repetition::Never => None,
            Repetition::Daily => Some(Frequency::Daily),
            Repetition::Weekly => Some(Frequency::Weekly),
            Repetition::MonthlyByDay => Some(Frequency::MonthlyByDay),
            Repetition::MonthlyByWeekday => Some(Frequency::MonthlyByWeekday),
            Repetition::Yearly => Some(Frequency::Yearly),
        };
        let (interval, until) = (when.interval, when.until);
        let repeats =
            frequency.map(|frequency| Recurrence { frequency, interval, until, except: Vec::new() });
        Self { start: when.start, minutes: when.minutes, repeats }
    }
}

const fn occurrence(one: &Occurrence) -> wit::Occurrence {
    wit::Occurrence { start: one.start, end: one.end }
}

fn size(limit: u32) -> usize {
    usize::try_from(limit.clamp(1, 100)).unwrap_or(100)
}

impl wit::Guest for Component {
    fn plan(
        title: String,
        text: String,
        place: String,
        start: String,
        minutes: u32,
        repeats: Repetition,
        interval: u8,
        until: Option<String>,
        capacity: Option<u32>,
        audience: String,
        party: Option<Id>,
    ) -> Result<u64, types::Error> {
        let gathering =
            Gathering { times: When { start, minutes, repeats, interval, until }.into(), capacity };
        let plan =
            Plan { words: Words { title, text, place }, audience: audience.parse()?, party, gathering };
        Ok(events::plan(&House::new(), plan)?)
    }

    fn change(
        number: u64,
        title: String,
        text: String,
        place: String,
        start: String,
        minutes: u32,
        repeats: Repetition,
        interval: u8,
        until: Option<String>,
        capacity: Option<u32>,
        audience: String,
    ) -> Result<(), types::Error> {
        let gathering =
            Gathering { times: When { start, minutes, repeats, interval, until }.into(), capacity };
        let plan =
            Plan { words: Words { title, text, place }, audience: audience.parse()?, party: None, gathering };
        Ok(events::change(&House::new(), number, plan)?)
    }

    fn skip(number: u64, day: String) -> Result<(), types::Error> {
        Ok(events::skip(&House::new(), number, &day)?)
    }

    fn coming(limit: u32) -> Result<Vec<wit::ComingEvent>, types::Error> {
        let house = House::new();
        let coming = events::coming(&house, limit.clamp(1, 100))?.into_iter();
        let event =
            |(next, seen)| wit::ComingEvent { post: convert::post(&house, seen), next: occurrence(&next) };
        Ok(coming.map(event).collect())
    }

    fn occurrences(number: u64, from: u64, limit: u32) -> Result<Vec<wit::Occurrence>, types::Error> {
        let house = House::new();
        let seen = post::read(&house, number)?;
        Ok(events::occurrences(&house, &seen, from, size(limit))?.iter().map(occurrence).collect())
    }

    fn attend(number: u64, start: u64, party: Option<Id>, people: u32) -> Result<bool, types::Error> {
        Ok(events::attend(&House::new(), number, start, party, people)?)
    }

    fn cancel(number: u64, start: u64, party: Option<Id>) -> Result<(), types::Error> {
        Ok(events::cancel(&House::new(), number, start, party)?)
    }

    fn guests(number: u64, start: u64) -> Result<Vec<wit::Attendee>, types::Error> {
        let guests = events::guests(&House::new(), number, start)?.into_iter();
        let guest = |events::Guest { party, people, waits }| wit::Attendee { party, people, waits };
        Ok(guests.map(guest).collect())
    }

    fn add_task(number: u64, title: String, places: u32, hours: Option<String>) -> Result<u32, types::Error> {
        Ok(events::add_task(&House::new(), number, &title, places, hours.as_deref())?)
    }

    fn remove_task(number: u64, task: u32) -> Result<(), types::Error> {
        Ok(events::remove_task(&House::new(), number, task)?)
    }

    fn tasks(number: u64, start: u64) -> Result<Vec<wit::Task>, types::Error> {
        let tasks = events::tasks(&House::new(), number, start)?.into_iter();
        let helper = |events::Helper { party, confirmed }| wit::Helper { party, confirmed };
        let task = |task: events::Task| wit::Task {
            number: task.number,
            title: task.title,
            places: task.places,
            credit: task.credit.as_ref().map(Into::into),
            helpers: task.helpers.into_iter().map(helper).collect(),
        };
        Ok(tasks.map(task).collect())
    }

    fn help(number: u64, start: u64, task: u32, party: Option<Id>, on: bool) -> Result<(), types::Error> {
        Ok(events::help(&House::new(), number, start, task, party, on)?)
    }

    fn confirm(number: u64, start: u64, task: u32, party: Id) -> Result<(), types::Error> {
        Ok(events::confirm(&House::new(), number, start, task, party)?)
    }

    fn make_feed() -> Result<(), types::Error> {
        Ok(events::make_feed(&House::new())?)
    }

    fn end_feed() -> Result<(), types::Error> {
        Ok(events::revoke_feed(&House::new())?)
    }

    fn feed(secret: String) -> Result<File, types::Error> {
        let text = events::feed(&House::new(), &secret, &House::name())?;
        Ok(File { name: "board.ics".to_owned(), media_type: "text/calendar".to_owned(), text })
    }
}
