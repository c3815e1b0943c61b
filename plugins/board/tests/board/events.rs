//! Events.

use std::collections::BTreeSet;

use board::audience::Audience;
use board::error::Error;
use board::events::{self, Frequency, Gathering, Guest, Plan, Recurrence, Times};
use board::market;
use board::post::{Number, Words};
use hamlet_sdk::types::{Id, Instant};
use proptest::prelude::*;

use crate::double::*;

pub fn plan(
    title: &str,
    start: &str,
    repeats: Option<Recurrence>,
    capacity: Option<u32>,
    audience: Audience,
) -> Plan {
    let words = Words { title: title.to_owned(), ..Words::default() };
    let times = Times { start: start.to_owned(), minutes: 90, repeats };
    Plan { words, audience, party: None, gathering: Gathering { times, capacity } }
}

fn weekly() -> Recurrence {
    Recurrence { frequency: Frequency::Weekly, interval: 1, until: None, except: Vec::new() }
}

fn harvest(village: &Village, capacity: Option<u32>) -> (Number, Instant) {
    let number = events::plan(
        village.with(ANA),
        plan("Harvest day", "2026-11-28T10:00", None, capacity, Audience::Members),
    );
    (number.unwrap(), events::instant("2026-11-28T10:00", "Europe/Madrid").unwrap())
}

#[test]
fn who_cancels_makes_room_for_who_waited_longest() {
    let village = Village::new();
    let (number, start) = harvest(&village, Some(2));
    assert_eq!(events::attend(village.with(PAU), number, start, None, 1), Ok(true));
    assert_eq!(events::attend(village.with(LENA), number, start, None, 2), Ok(false));
    // Nobody overtakes, even who would fit.
    assert_eq!(events::attend(village.with(ROSA), number, start, None, 1), Ok(false));
    events::cancel(village.with(PAU), number, start, None).unwrap();
    assert_eq!(village.told(), [(LENA, "places")]);
    let guests = events::guests(&village, number, start).unwrap();
    let shown: Vec<_> = guests.iter().map(|Guest { party, waits, .. }| (*party, *waits)).collect();
    assert_eq!(shown, [(LENA, false), (ROSA, true)]);
    // Who brings fewer keeps her place, and makes room.
    assert_eq!(events::attend(village.with(LENA), number, start, None, 1), Ok(true));
    assert_eq!(village.told(), [(ROSA, "places")]);
    assert_eq!(events::cancel(village.with(PAU), number, start, None), Err(Error::NotFound));
    assert_eq!(events::attend(&village, number, start + 1, None, 1), Err(Error::Occurrence));
    assert_eq!(events::attend(&village, number, start, Some(BAKERY), 1), Err(Error::NotYours));
    assert_eq!(events::attend(&village, number, start, None, 0), Err(Error::TooMany(50)));
    assert_eq!(events::guests(village.anybody(), number, start), Err(Error::MembersOnly));
    village.now.set(start + DAY);
    assert_eq!(events::attend(village.with(PAU), number, start, None, 1), Err(Error::Closed));
}

#[test]
fn hours_are_credited_when_the_organiser_confirms() {
    let village = Village::new();
    let (number, start) = harvest(&village, None);
    assert_eq!(events::add_task(village.with(PAU), number, "Cook", 1, None), Err(Error::NotYours));
    let cook = events::add_task(village.with(ANA), number, "Cook", 1, Some("2,5")).unwrap();
    assert_eq!(events::add_task(&village, number, "Cook", 1, Some("x")), Err(Error::Price));
    events::help(village.with(PAU), number, start, cook, None, true).unwrap();
    assert_eq!(events::help(village.with(LENA), number, start, cook, None, true), Err(Error::TooMany(1)));
    assert_eq!(events::confirm(village.with(PAU), number, start, cook, PAU), Err(Error::NotYours));
    assert_eq!(events::confirm(village.with(ANA), number, start, cook, PAU), Err(Error::Occurrence));
    village.now.set(start + DAY);
    events::confirm(&village, number, start, cook, PAU).unwrap();
    assert_eq!(events::confirm(&village, number, start, cook, PAU), Err(Error::Closed));
    assert_eq!(events::confirm(&village, number, start, cook, LENA), Err(Error::NotFound));
    assert_eq!(*village.paid.borrow(), [(ANA, PAU, "2.5 HOURS".to_owned(), "Harvest day (#1)".to_owned())]);
    let tasks = events::tasks(&village, number, start).unwrap();
    assert!(tasks[0].helpers[0].confirmed);
    assert!(events::tasks(village.anybody(), number, start).is_err());
}

#[test]
fn guests_are_reminded_once_a_day_before() {
    let village = Village::new();
    let (number, start) = harvest(&village, None);
    let choir = plan("Choir", "2026-11-27T20:00", Some(weekly()), None, Audience::Members);
    let choir = events::plan(village.with(ANA), choir).unwrap();
    let first = events::instant("2026-11-27T20:00", "Europe/Madrid").unwrap();
    events::attend(village.with(PAU), number, start, None, 1).unwrap();
    for week in 0..2 {
        events::attend(village.with(LENA), choir, first + week * 7 * DAY, None, 1).unwrap();
    }
    let mut told = Vec::new();
    village.anybody();
    for hour in 0..(12 * 24) {
        village.now.set(NOON + hour * DAY / 24);
        events::remind(&village).unwrap();
        told.extend(village.told());
    }
    assert_eq!(told, [(LENA, "reminders"), (PAU, "reminders"), (LENA, "reminders")]);
}

#[test]
fn what_is_next_comes_first_and_what_is_over_goes() {
    let village = Village::new();
    let (number, start) = harvest(&village, None);
    events::plan(&village, plan("Choir", "2026-11-20T20:00", Some(weekly()), None, Audience::Members))
        .unwrap();
    let titles = || {
        events::coming(&village, 9).unwrap().into_iter().map(|(_, seen)| seen.words.title).collect::<Vec<_>>()
    };
    assert_eq!(titles(), ["Choir", "Harvest day"]);
    village.now.set(start + DAY);
    assert_eq!(titles(), ["Choir"]);
    assert_eq!(market::renew(village.with(ANA), number), Err(Error::Closed));
    let bad = plan("Never", "2026-11-28T10:00", Some(weekly()), Some(0), Audience::Members);
    assert_eq!(events::plan(&village, bad), Err(Error::TooMany(10_000)));
    let bad = plan("Never", "28.11.2026", None, None, Audience::Members);
    assert_eq!(events::plan(&village, bad), Err(Error::Time));
}

#[test]
fn a_feed_shows_what_its_owner_may_see_and_ends_with_her() {
    let village = Village::new();
    village.join(PAU, "choir");
    village.join(ANA, "choir");
    events::plan(
        village.with(ANA),
        plan("Choir", "2026-11-27T20:00", Some(weekly()), None, Audience::Group("choir".to_owned())),
    )
    .unwrap();
    events::make_feed(village.with(PAU)).unwrap();
    let pau = events::address(&village).unwrap().unwrap();
    events::make_feed(village.with(LENA)).unwrap();
    let lena = events::address(&village).unwrap().unwrap();
    village.anybody();
    let feed = events::feed(&village, &pau, "Village").unwrap();
    // Every Friday for 400 days, at eight whatever the clocks do.
    assert_eq!(feed.matches("SUMMARY:Choir").count(), 57);
    assert!(feed.contains("DTSTART:20261127T190000Z") && feed.contains("DTSTART:20270702T180000Z"));
    assert!(!events::feed(&village, &lena, "Village").unwrap().contains("Choir"));
    assert_eq!(events::feed(&village, "00", "Village"), Err(Error::NotFound));
    events::make_feed(village.with(PAU)).unwrap();
    assert_eq!(events::feed(village.anybody(), &pau, "Village"), Err(Error::NotFound));
    village.erased.borrow_mut().push(LENA);
    assert_eq!(events::feed(&village, &lena, "Village"), Err(Error::NotFound));
}

#[test]
fn a_day_is_left_out() {
    let village = Village::new();
    let choir = plan("Choir", "2026-11-27T20:00", Some(weekly()), None, Audience::Members);
    let choir = events::plan(village.with(ANA), choir).unwrap();
    assert_eq!(events::skip(village.with(PAU), choir, "2026-12-04"), Err(Error::NotYours));
    assert_eq!(events::skip(village.with(ANA), choir, "2026-12-03"), Err(Error::Occurrence));
    events::skip(&village, choir, "2026-12-04").unwrap();
    assert_eq!(events::skip(&village, choir, "2026-12-04"), Err(Error::Occurrence));
    let seen = board::post::read(&village, choir).unwrap();
    let days = events::occurrences(&village, &seen, NOON, 2).unwrap();
    assert_eq!(days.iter().map(|one| one.day.to_string()).collect::<Vec<_>>(), ["2026-11-27", "2026-12-11"]);
}

proptest! {
    /// Never more than there is room for, in the order of coming, nobody twice.
    #[test]
    fn the_waiting_list_is_just(
        capacity in 1_u32..8,
        steps in prop::collection::vec((0_usize..4, 0_u32..5), 1..40),
    ) {
        let village = Village::new();
        let (number, start) = harvest(&village, Some(capacity));
        let people = [ANA, PAU, LENA, ROSA];
        // A line as one would keep it on paper.
        let mut paper: Vec<(Id, u32)> = Vec::new();
        // All at the same moment: the order is that of coming, not of clocks.
        for (who, count) in steps {
            let person = people[who];
            let at = paper.iter().position(|(known, _)| *known == person);
            if count == 0 {
                let done = events::cancel(village.with(person), number, start, None);
                prop_assert_eq!(done.is_ok(), at.is_some());
                paper.retain(|(known, _)| *known != person);
            } else {
                events::attend(village.with(person), number, start, None, count).unwrap();
                match at {
                    Some(at) if count <= paper[at].1 => paper[at].1 = count,
                    _ => {
                        paper.retain(|(known, _)| *known != person);
                        paper.push((person, count));
                    }
                }
            }
            let guests = events::guests(&village, number, start).unwrap();
            let line: Vec<_> = guests.iter().map(|guest| (guest.party, guest.people)).collect();
            prop_assert_eq!(&line, &paper);
            let inside: u32 = guests.iter().filter(|guest| !guest.waits).map(|guest| guest.people).sum();
            prop_assert!(inside <= capacity);
            prop_assert!(guests.is_sorted_by_key(|guest| guest.waits));
            if let Some(first) = guests.iter().find(|guest| guest.waits) {
                prop_assert!(inside + first.people > capacity);
            }
            let parties: BTreeSet<_> = guests.iter().map(|guest| guest.party).collect();
            prop_assert_eq!(parties.len(), guests.len());
        }
    }
}
