//! The pages: every one of them in both languages, and what is on them.

use board::audience::Audience;
use board::events::{self, Frequency, Recurrence};
use board::market;
use board::pages::{PageError, Refusal, Request, render, said};
use board::post::{Details, Price, Words};
use board::{drafts, favourites, searches, topics};
use hamlet_sdk::words::messages;

use crate::double::*;
use crate::events::plan;

const ENGLISH: &str = include_str!("../../words/en.ftl");
const SPANISH: &str = include_str!("../../words/es.ftl");

/// A village with one of everything.
fn village() -> Village {
    let village = Village::new();
    let mut draft = draft("Bread & <b>butter</b>", Details::Offer(leaf(350)), Audience::Public);
    "Rye, *warm*.\n\n- <script>alert(1)</script>".clone_into(&mut draft.words.text);
    draft.category = Some(101);
    draft.until = Some(market::days_from_now(&village, 30).unwrap());
    market::put_up(village.with(ANA), draft).unwrap();
    village.put_up("Table", Details::Offer(Price::Agreement), Audience::Members).unwrap();
    village.put_up("Saw", Details::Want(Price::Gift), Audience::Members).unwrap();
    village.put_up("The spring", Details::Topic { pinned: false }, Audience::Members).unwrap();
    let weekly = Recurrence { frequency: Frequency::Weekly, interval: 1, until: None, except: Vec::new() };
    let choir =
        events::plan(&village, plan("Choir", "2026-11-24T12:30", Some(weekly), Some(1), Audience::Members))
            .unwrap();
    let start = events::instant("2026-11-24T12:30", "Europe/Madrid").unwrap();
    let task = events::add_task(&village, choir, "Make tea", 2, Some("1")).unwrap();
    for person in [PAU, ROSA] {
        events::attend(village.with(person), choir, start, None, 1).unwrap();
        events::help(&village, choir, start, task, None, true).unwrap();
        topics::reply(&village, 1, "May I have one?").unwrap();
        topics::react(&village, 1, 1, Some(topics::Reaction::Thanks)).unwrap();
    }
    topics::pin(&village, 4, true).unwrap();
    favourites::set(&village, 1, true).unwrap();
    searches::save(&village, "honey & bees", None).unwrap();
    market::pay(&village, 1, None, None).unwrap();
    drafts::keep(&village, &Words { title: "Begun".to_owned(), ..Words::default() }, None).unwrap();
    events::make_feed(&village).unwrap();
    village.now.set(start + 60_000_000);
    village
}

fn page(village: &Village, path: &str, locale: &str) -> Result<String, PageError> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let page = render(village, &Request { path: path.to_owned(), query, locale: locale.to_owned() })?;
    Ok(format!("{}\n{}\n{:?}", page.title, page.html, page.navigation))
}

const PAGES: [&str; 27] = [
    "",
    "offers",
    "offers?category=1",
    "wants",
    "topics",
    "events",
    "find",
    "find?words=bread",
    "find?words=the",
    "find?words=nothing",
    "print",
    "post/1",
    "post/2",
    "post/3",
    "post/4",
    "post/5",
    "new/offer",
    "new/want",
    "new/topic",
    "new/event",
    "edit/1",
    "edit/5",
    "mine",
    "steward",
    "people",
    "people?words=ana",
    "new/topic?draft=1",
];

#[test]
fn every_page_is_there_in_both_languages() {
    let village = village();
    for locale in ["en", "es-MX", "fr"] {
        for person in [ANA, PAU, ROSA] {
            for path in PAGES {
                match page(village.with(person), path, locale) {
                    Ok(html) => assert!(!html.contains('⟦') && !html.contains("<script"), "{path} {html}"),
                    Err(PageError::NotFound) => assert!(path.starts_with("edit/") && person != ANA, "{path}"),
                    Err(PageError::Refused(why)) => {
                        assert!(path == "steward" && person != ROSA && !why.contains('⟦'));
                    }
                    Err(error) => panic!("{path}: {error:?}"),
                }
            }
        }
    }
    for path in ["post/99", "post/x", "nothing", "new/", "edit/", "post/1/2", "offers/1"] {
        assert_eq!(page(village.with(ANA), path, "en"), Err(PageError::NotFound), "{path}");
    }
}

#[test]
fn who_is_not_signed_in_sees_what_is_public_and_can_do_nothing() {
    let village = village();
    village.anybody();
    let home = page(&village, "", "en").unwrap();
    assert!(
        home.contains("Bread &amp; &lt;b&gt;butter")
            && !home.contains("Table")
            && !home.contains("new/offer")
    );
    let post = page(&village, "post/1", "en").unwrap();
    assert!(!post.contains("market.") && !post.contains("topics."), "{post}");
    assert_eq!(page(&village, "post/2", "en"), Err(PageError::NotFound));
    for path in ["mine", "new/offer", "edit/1", "steward", "people"] {
        assert_eq!(page(&village, path, "en"), Err(PageError::SignInNeeded));
    }
}

#[test]
fn the_text_that_is_passed_on_tells_nothing() {
    let village = village();
    let post = page(village.with(PAU), "post/2", "en").unwrap();
    let (_, share) = post.split_once("Pass it on").unwrap();
    let (share, _) = share.split_once("</details>").unwrap();
    assert!(share.contains("post/2") && !share.contains("Table"), "{share}");
}

#[test]
fn spanish_says_all_that_english_says_and_nothing_is_left_over() {
    let english = messages(ENGLISH).unwrap();
    assert_eq!(english, messages(SPANISH).unwrap());
    let sources = concat!(
        include_str!("../../src/pages/edit.rs"),
        include_str!("../../src/pages/find.rs"),
        include_str!("../../src/pages/home.rs"),
        include_str!("../../src/pages/item.rs"),
        include_str!("../../src/pages/list.rs"),
        include_str!("../../src/pages/mine.rs"),
        include_str!("../../src/pages/mod.rs"),
        include_str!("../../src/pages/people.rs"),
        include_str!("../../src/pages/sheet.rs"),
        include_str!("../../src/pages/steward.rs"),
        include_str!("../../src/pages/talk.rs"),
        include_str!("../../src/pages/when.rs"),
    );
    for (id, _) in &english {
        assert!(id.starts_with("refused-") || sources.contains(&format!("\"{id}\"")), "{id} is never said");
    }
    // And each refusal of the contract has its sentence.
    let contract = include_str!("../../../../wit/board/types.wit");
    let (_, cases) = contract.split_once("variant error {").unwrap();
    let (cases, _) = cases.split_once('}').unwrap();
    let names = cases.lines().map(str::trim).filter(|line| !line.starts_with("///") && !line.is_empty());
    let mut told = 0;
    for name in names.map(|line| line.split(['(', ',']).next().unwrap()) {
        // The host itself says these two.
        if ["confirmation-needed", "cursor-invalid"].contains(&name) {
            continue;
        }
        let refusal =
            Refusal { case: name.to_owned(), carried: vec!["7".to_owned()], locale: "es".to_owned() };
        assert!(said(&village(), &refusal).is_some(), "{name}");
        told += 1;
    }
    assert_eq!(told, english.iter().filter(|(id, _)| id.starts_with("refused-")).count());
}
