//! What people say.

use board::audience::Audience;
use board::drafts;
use board::error::Error;
use board::post::{Details, Number, Words};
use board::topics::{self, Reaction};
use board::{market, moderated};

use crate::double::*;

const TOPIC: Details = Details::Topic { pinned: false };

fn topic(village: &Village, text: &str) -> Number {
    let mut draft = draft("The spring", TOPIC, Audience::Members);
    text.clone_into(&mut draft.words.text);
    market::put_up(village, draft).unwrap()
}

#[test]
fn a_talk_tells_whoever_takes_part_and_nobody_twice() {
    let village = Village::new();
    let spring = topic(village.with(ANA), "Who cleans it? @pau @ana @nobody");
    assert_eq!(village.told(), [(PAU, "mentions")]);
    topics::reply(village.with(PAU), spring, "I do.").unwrap();
    assert_eq!(village.told(), [(ANA, "replies")]);
    // The author was told a moment ago.
    topics::reply(village.with(LENA), spring, "I too, @pau").unwrap();
    assert_eq!(village.told(), [(PAU, "mentions")]);
    village.now.set(NOON + DAY);
    topics::follow(village.with(LENA), spring, false).unwrap();
    topics::reply(village.with(PAU), spring, "Done.").unwrap();
    assert_eq!(village.told(), [(ANA, "replies")]);
    let talk = topics::talk(village.with(LENA), spring).unwrap();
    assert_eq!(talk.replies.iter().map(|said| said.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(!talk.follows);
}

#[test]
fn what_was_said_is_changed_and_taken_back_by_whoever_said_it() {
    let village = Village::new();
    let spring = topic(village.with(ANA), "");
    let said = topics::reply(village.with(PAU), spring, "Tomorow").unwrap();
    assert_eq!(topics::correct(village.with(ANA), spring, said, "x"), Err(Error::NotYours));
    assert_eq!(topics::correct(village.with(PAU), spring, said, "  "), Err(Error::Text));
    topics::correct(&village, spring, said, "Tomorrow").unwrap();
    let reply = topics::talk(&village, spring).unwrap().replies.remove(0);
    assert_eq!((reply.text.as_deref(), reply.changed), (Some("Tomorrow"), Some(NOON)));
    topics::withdraw(&village, spring, said).unwrap();
    assert_eq!(topics::withdraw(&village, spring, said), Err(Error::NotFound));
    assert_eq!(topics::talk(&village, spring).unwrap().replies[0].text, None);
    market::close(village.with(ANA), spring).unwrap();
    assert_eq!(topics::reply(&village, spring, "late"), Err(Error::Closed));
    assert_eq!(topics::reply(&village, 99, "where"), Err(Error::NotFound));
}

#[test]
fn reactions_are_one_of_each_person() {
    let village = Village::new();
    let spring = topic(village.with(ANA), "");
    let said = topics::reply(&village, spring, "I do").unwrap();
    topics::react(village.with(PAU), spring, said, Some(Reaction::Thanks)).unwrap();
    topics::react(&village, spring, said, Some(Reaction::Agree)).unwrap();
    topics::react(village.with(LENA), spring, said, Some(Reaction::Agree)).unwrap();
    topics::react(&village, spring, 0, Some(Reaction::Count)).unwrap();
    topics::react(&village, spring, 0, None).unwrap();
    assert_eq!(topics::react(&village, spring, 7, Some(Reaction::Count)), Err(Error::NotFound));
    let counts = topics::talk(&village, spring).unwrap().reactions;
    assert_eq!(counts.len(), 1);
    let (of, count) = counts[0];
    assert_eq!((of, count.reaction, count.people, count.own), (said, Reaction::Agree, 2, true));
}

#[test]
fn stewards_pin_topics() {
    let village = Village::new();
    let spring = topic(village.with(ANA), "");
    assert_eq!(topics::pin(&village, spring, true), Err(Error::StewardsOnly));
    topics::pin(village.with(ROSA), spring, true).unwrap();
    let bread = village.put_up("Bread", Details::Offer(leaf(1)), Audience::Members).unwrap();
    assert_eq!(topics::pin(&village, bread, true), Err(Error::NotFound));
}

#[test]
fn drafts_are_for_their_writer_alone() {
    let village = Village::new();
    let words = |title: &str| Words { title: title.to_owned(), ..Words::default() };
    let first = drafts::keep(village.with(ANA), &words("Water"), None).unwrap();
    drafts::keep(&village, &words("Water again"), Some(first)).unwrap();
    assert_eq!(drafts::list(&village).unwrap(), [(first, words("Water again"))]);
    assert!(drafts::list(village.with(PAU)).unwrap().is_empty());
    assert_eq!(drafts::keep(&village, &words("x"), Some(first)), Err(Error::NotFound));
    for _ in 0..10 {
        drafts::keep(&village, &words("x"), None).unwrap();
    }
    assert_eq!(drafts::keep(&village, &words("x"), None), Err(Error::TooMany(10)));
    assert_eq!(drafts::keep(&village, &words(&"x".repeat(4_001)), Some(1)), Err(Error::Text));
    drafts::forget(village.with(ANA), first).unwrap();
    assert!(drafts::list(&village).unwrap().is_empty());
}

#[test]
fn what_stewards_hid_is_there_for_its_author_and_for_them_and_its_words_can_be_erased() {
    let village = Village::new();
    let spring = topic(village.with(ANA), "Who cleans it?");
    let said = topics::reply(village.with(PAU), spring, "A bad word").unwrap();
    let name = moderated::reply_name(spring, said);
    let content = moderated::content(village.with(LENA), &name).unwrap().unwrap();
    assert_eq!((content.author, content.text.as_str(), content.path.as_str()), (PAU, "A bad word", "post/1"));
    assert_eq!(moderated::erase(village.with(ROSA), &name), Err(Error::NotFound), "it is not hidden");
    village.hidden.borrow_mut().push(name.clone());
    for (viewer, sees) in [(PAU, true), (ROSA, true), (LENA, false), (ANA, false)] {
        let reply = topics::talk(village.with(viewer), spring).unwrap().replies.remove(0);
        assert_eq!((reply.hidden, reply.text.is_some()), (true, sees), "{viewer:?}");
        let content = moderated::content(&village, &name).unwrap().unwrap();
        assert_eq!((content.author, content.text.is_empty()), (PAU, !sees), "{viewer:?}");
    }
    assert_eq!(moderated::erase(village.with(PAU), &name), Err(Error::StewardsOnly));
    moderated::erase(village.with(ROSA), &name).unwrap();
    assert_eq!(moderated::content(&village, &name).unwrap(), None);
    assert_eq!(moderated::erase(&village, &name), Err(Error::NotFound));

    let name = moderated::post_name(spring);
    village.hidden.borrow_mut().push(name.clone());
    moderated::erase(&village, &name).unwrap();
    let seen = board::post::read(village.with(ANA), spring).unwrap();
    assert_eq!((seen.words, seen.post.closed), (Words::default(), Some(NOON)));
    assert!(market::find(village.with(ROSA), "spring", 10, None).unwrap().rows.is_empty());
}

#[test]
fn stewards_read_what_was_reported_whomever_it_is_for_and_nothing_else() {
    let village = Village::new();
    village.join(ANA, "choir");
    let number = village.with(ANA).put_up("Rehearsal", TOPIC, Audience::Group("choir".to_owned())).unwrap();
    let name = moderated::post_name(number);
    assert_eq!(moderated::content(village.with(ROSA), &name).unwrap(), None);
    village.reported.borrow_mut().push(name.clone());
    assert_eq!(moderated::content(village.with(ROSA), &name).unwrap().unwrap().text, "Rehearsal");
    assert_eq!(moderated::content(village.with(LENA), &name).unwrap(), None);
}

#[test]
fn whoever_is_muted_puts_up_and_answers_nothing() {
    let village = Village::new();
    let spring = topic(village.with(ANA), "");
    let said = topics::reply(village.with(PAU), spring, "I do.").unwrap();
    village.muted.borrow_mut().push(PAU);
    assert_eq!(village.put_up("Another", TOPIC, Audience::Members), Err(Error::Muted));
    assert_eq!(topics::reply(&village, spring, "and"), Err(Error::Muted));
    assert_eq!(topics::correct(&village, spring, said, "and"), Err(Error::Muted));
    topics::withdraw(&village, spring, said).unwrap();
}
