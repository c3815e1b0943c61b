//! Nothing reaches anybody whom its author did not mean: random posts, groups and viewers, against an oracle that knows
//! nothing but the list of who is in which group.

use std::fmt::Write as _;

use board::audience::Audience;
use board::events;
use board::market::{self, Filter};
use board::pages::{self, Request};
use board::post::{self, Details, Kind, Number};
use board::{exchange, favourites, moderated, searches, topics};
use hamlet_sdk::types::Id;
use proptest::prelude::*;

use crate::double::*;
use crate::events::plan;

/// A post of the model.
#[derive(Debug, Clone)]
struct Known {
    number: Number,
    author: Id,
    audience: Audience,
}

fn oracle(known: &Known, viewer: Option<Id>, groups: &[(Id, String)], hidden: bool) -> bool {
    let Some(viewer) = viewer else { return known.audience == Audience::Public && !hidden };
    let steward = groups.iter().any(|(member, name)| *member == viewer && name == "stewards");
    let own = viewer == known.author || (viewer == ANA && known.author == BAKERY);
    let member = match &known.audience {
        Audience::Group(group) => groups.iter().any(|(member, name)| *member == viewer && name == group),
        Audience::Public | Audience::Members => true,
    };
    own || (member && (steward || !hidden))
}

fn audiences() -> impl Strategy<Value = Audience> {
    prop_oneof![
        Just(Audience::Public),
        Just(Audience::Members),
        Just(Audience::Group("choir".to_owned())),
        Just(Audience::Group("bees".to_owned())),
    ]
}

/// The word that marks a post wherever it appears.
fn marker(number: usize) -> String {
    format!("zebra{number}x")
}

/// All that the board gives to whoever acts, as one text.
fn everything(village: &Village, count: usize) -> String {
    let mut all = String::new();
    let mut take = |what: &dyn std::fmt::Debug| writeln!(all, "{what:?}").unwrap();
    for kind in Kind::ALL {
        take(&market::browse(village, Filter { kind, category: None }, 2, None));
        take(&market::browse(village, Filter { kind, category: Some(1) }, 100, None));
    }
    take(&market::find(village, "zebra", 100, None));
    take(&favourites::list(village));
    take(&events::coming(village, 100));
    take(&events::attended(village));
    take(&exchange::export(village));
    for number in 1..=count {
        let number = Number::try_from(number).unwrap();
        take(&post::read(village, number));
        take(&topics::talk(village, number));
        take(&market::payments(village, number));
        take(&market::find(village, &marker(usize::try_from(number).unwrap() - 1), 5, None));
        for path in [format!("post/{number}"), format!("edit/{number}")] {
            take(&pages::render(village, &Request { path, ..Request::default() }));
        }
    }
    for path in ["", "offers", "wants", "topics", "events", "print", "mine"] {
        take(&pages::render(village, &Request { path: path.to_owned(), ..Request::default() }));
    }
    let query = vec![("words".to_owned(), "zebra".to_owned())];
    take(&pages::render(village, &Request { path: "find".to_owned(), query, ..Request::default() }));
    all
}

proptest! {
    #[test]
    fn nothing_leaks(
        memberships in prop::collection::vec((0_usize..4, prop::bool::ANY), 0..6),
        posts in prop::collection::vec((0_usize..5, 0_usize..4, audiences()), 1..12),
        later in prop::collection::vec((0_usize..4, prop::bool::ANY, prop::bool::ANY), 0..4),
        hides in prop::collection::vec(1_u64..12, 0..4),
    ) {
        let village = Village::new();
        let people = [ANA, PAU, LENA, ROSA];
        let group = |choir: bool| if choir { "choir" } else { "bees" };
        for (who, choir) in memberships {
            village.join(people[who], group(choir));
        }
        // Everybody waits for everything.
        for person in people {
            searches::save(village.with(person), "zebra", None).unwrap();
            events::make_feed(&village).unwrap();
        }
        let mut known: Vec<Known> = Vec::new();
        for (author, kind, audience) in posts {
            let author = [ANA, PAU, LENA, ROSA, BAKERY][author];
            village.with(if author == BAKERY { ANA } else { author });
            let title = format!("zebra {}", marker(known.len()));
            let done = if kind == 3 {
                let mut plan = plan(&title, "2026-11-28T10:00", None, None, audience.clone());
                plan.party = Some(author);
                events::plan(&village, plan)
            } else {
                let details = [Details::Offer(leaf(100)), Details::Want(leaf(1)), Details::Topic { pinned: false }];
                let mut draft = draft(&title, details[kind].clone(), audience.clone());
                draft.words.text = "for @ana @pau @lena @rosa".to_owned();
                draft.party = Some(author);
                draft.category = Some(101);
                market::put_up(&village, draft)
            };
            // Who is not in a group cannot write to it.
            if let Ok(number) = done {
                known.push(Known { number, author, audience });
                let groups = village.groups.borrow().clone();
                for (to, topic, told, _) in village.told.take() {
                    prop_assert!(told.contains("zebra"));
                    prop_assert!(oracle(known.last().unwrap(), Some(to), &groups, false), "{topic} told {to} of {told}");
                }
            }
        }
        for known in &known {
            for person in people {
                if favourites::set(village.with(person), known.number, true).is_ok() {
                    topics::reply(&village, known.number, "thank you").unwrap();
                }
            }
        }
        village.told.take();
        // What somebody was shown once is no right to see it again.
        for (who, choir, joins) in later {
            if joins { village.join(people[who], group(choir)) } else { village.leave(people[who], group(choir)) }
        }
        *village.hidden.borrow_mut() = hides.iter().map(|number| moderated::post_name(*number)).collect();
        let groups = village.groups.borrow().clone();
        for viewer in [None, Some(ANA), Some(PAU), Some(LENA), Some(ROSA)] {
            village.actor.set(viewer);
            let mut seen = everything(&village, known.len());
            if viewer.is_some() {
                let secret = events::address(&village).unwrap().unwrap();
                seen.push_str(&events::feed(village.anybody(), &secret, "x").unwrap());
                village.actor.set(viewer);
            }
            for (at, known) in known.iter().enumerate() {
                let hidden = hides.contains(&known.number);
                let (may, shown) = (oracle(known, viewer, &groups, hidden), seen.contains(&marker(at)));
                prop_assert!(may || !shown, "{viewer:?} sees {known:?}");
                // And what is hers to see is there.
                prop_assert!(!may || shown, "{viewer:?} does not see {known:?}");
                // Stewards look at what is hidden, whomever it is for: on the host's page and nowhere else.
                let looks = hidden && viewer == Some(ROSA);
                let said = moderated::content(&village, &moderated::post_name(known.number)).unwrap();
                let text = said.as_ref().is_some_and(|said| !said.text.is_empty());
                prop_assert_eq!(text, may || looks, "{:?} of {:?}", viewer, known);
                // Whom it was for may know that there is something, and nobody else.
                let meant = oracle(known, viewer, &groups, false);
                prop_assert_eq!(said.is_some(), meant || looks, "{:?} of {:?}", viewer, known);
            }
        }
    }
}
