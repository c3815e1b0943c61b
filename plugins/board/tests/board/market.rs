//! Offers and wants.

use board::audience::Audience;
use board::error::Error;
use board::market::{self, Filter};
use board::pages::{self, Request};
use board::post::{self, Details, Kind, Price};
use board::world::World;
use board::{categories, directory, exchange, favourites, searches};
use hamlet_sdk::{Direction, Storage};

use crate::double::*;

const OFFERS: Filter = Filter { kind: Kind::Offer, category: None };

fn offer() -> Details {
    Details::Offer(leaf(350))
}

fn titles(village: &Village, filter: Filter) -> Vec<String> {
    let page = market::browse(village, filter, 50, None).unwrap();
    page.rows.into_iter().map(|seen| seen.words.title).collect()
}

#[test]
fn an_offer_is_put_up_found_changed_closed_and_renewed() {
    let village = Village::new();
    let days = |days| Some(market::days_from_now(&village, days).unwrap());
    let mut draft = draft("Rye bread", offer(), Audience::Members);
    draft.until = days(30);
    draft.category = Some(101);
    let bread = market::put_up(village.with(ANA), draft.clone()).unwrap();
    assert_eq!(bread, 1);
    assert_eq!(titles(village.with(PAU), OFFERS), ["Rye bread"]);
    // Below its category and above it.
    for (category, found) in [(101, 1), (1, 1), (102, 0), (2, 0)] {
        assert_eq!(
            titles(&village, Filter { category: Some(category), ..OFFERS }).len(),
            found,
            "{category}"
        );
    }
    // By another form of the word, and by the name of its category.
    for words in ["breads", "rye", "BAKING", "pan"] {
        let found = market::find(&village, words, 10, None).unwrap().rows;
        assert_eq!(found.len(), 1, "{words}");
    }
    assert_eq!(market::change(&village, bread, draft.clone()), Err(Error::NotYours));
    draft.words.title = "Nut bread".to_owned();
    draft.until = days(1);
    market::change(village.with(ANA), bread, draft).unwrap();
    assert!(market::find(&village, "rye", 10, None).unwrap().rows.is_empty());
    assert_eq!(market::find(&village, "nuts", 10, None).unwrap().rows.len(), 1);

    village.now.set(NOON + DAY);
    assert!(titles(village.with(PAU), OFFERS).is_empty());
    // What has ended is still there to look at, and comes back by one tap.
    assert_eq!(post::read(&village, bread).unwrap().words.title, "Nut bread");
    market::renew(village.with(ANA), bread).unwrap();
    assert_eq!(titles(village.with(PAU), OFFERS), ["Nut bread"]);
    market::close(village.with(ANA), bread).unwrap();
    assert!(titles(village.with(PAU), OFFERS).is_empty());
    assert!(market::find(&village, "nuts", 10, None).unwrap().rows.is_empty());
}

#[test]
fn what_cannot_be_taken_is_refused_by_its_name() {
    let village = Village::new();
    let put = |change: &dyn Fn(&mut market::Draft)| {
        let mut draft = draft("Bread", offer(), Audience::Members);
        change(&mut draft);
        market::put_up(&village, draft)
    };
    assert_eq!(put(&|_| {}), Err(Error::MembersOnly));
    village.with(PAU);
    let long = "x".repeat(5_000);
    assert_eq!(put(&|draft| draft.words.title = "  ".to_owned()), Err(Error::Title));
    assert_eq!(put(&|draft| draft.words.title.clone_from(&long)), Err(Error::Title));
    assert_eq!(put(&|draft| draft.words.text.clone_from(&long)), Err(Error::Text));
    assert_eq!(put(&|draft| draft.words.place.clone_from(&long)), Err(Error::Place));
    assert_eq!(put(&|draft| draft.category = Some(999)), Err(Error::Category));
    assert_eq!(put(&|draft| draft.party = Some(BAKERY)), Err(Error::NotYours));
    assert_eq!(put(&|draft| draft.audience = Audience::Group("choir".to_owned())), Err(Error::Audience));
    let gold = Price::Amount { amount: 1, scale: 0, unit: "GOLD".to_owned() };
    assert_eq!(put(&|draft| draft.details = Details::Offer(gold.clone())), Err(Error::Price));
    let fine = Price::Amount { amount: 1, scale: 3, unit: "LEAF".to_owned() };
    assert_eq!(put(&|draft| draft.details = Details::Want(fine.clone())), Err(Error::Price));
    assert_eq!(market::days_from_now(&village, 0), Err(Error::Days));
    assert_eq!(market::days_from_now(&village, 401), Err(Error::Days));
    for _ in 0..200 {
        put(&|_| {}).unwrap();
    }
    assert_eq!(put(&|_| {}), Err(Error::TooMany(200)));
    assert_eq!(market::browse(&village, OFFERS, 10, Some("zz".to_owned())).unwrap_err(), Error::Cursor);
}

#[test]
fn paying_names_the_offer_and_is_seen_by_the_two() {
    let village = Village::new();
    let bread = village.with(ANA).put_up("Bread", offer(), Audience::Members).unwrap();
    let agreed = village.put_up("Table", Details::Offer(Price::Agreement), Audience::Members).unwrap();
    let gift = village.put_up("Pears", Details::Offer(Price::Gift), Audience::Members).unwrap();
    let want = village.put_up("Saw", Details::Want(leaf(100)), Audience::Members).unwrap();
    assert_eq!(market::pay(&village, bread, None, None), Err(Error::NothingToPay));
    village.with(PAU);
    for number in [agreed, gift, want] {
        assert_eq!(market::pay(&village, number, None, None), Err(Error::NothingToPay));
    }
    market::pay(&village, bread, None, None).unwrap();
    market::pay(&village, agreed, None, Some(leaf(1_200))).unwrap();
    let refused = market::pay(&village, bread, Some(LENA), None);
    assert_eq!(refused, Err(Error::Unpaid("no mandate".to_owned())));
    let paid = village.paid.borrow().clone();
    let line = |amount: &str, memo: &str| (PAU, ANA, amount.to_owned(), memo.to_owned());
    assert_eq!(paid, [line("3.50 LEAF", "Bread (#1)"), line("12.00 LEAF", "Table (#2)")]);
    for (person, sees) in [(PAU, 1), (ANA, 1), (LENA, 0)] {
        assert_eq!(market::payments(village.with(person), bread).unwrap().len(), sees);
    }
}

#[test]
fn whoever_waits_for_something_is_told_when_it_comes() {
    let village = Village::new();
    searches::save(village.with(PAU), "honey", Some(Kind::Offer)).unwrap();
    let both = searches::save(village.with(LENA), "the honeys, chestnut", None).unwrap();
    assert_eq!(searches::save(&village, "the of", None), Err(Error::NoWords));
    village.with(ANA).put_up("Honey from chestnuts", offer(), Audience::Members).unwrap();
    assert_eq!(village.told(), [(PAU, "found"), (LENA, "found")]);
    village.put_up("Honey wanted", Details::Want(leaf(1)), Audience::Members).unwrap();
    village.with(PAU).put_up("Honey of my own", offer(), Audience::Members).unwrap();
    assert_eq!(village.told(), []);
    // Nobody is told of what she may not see.
    village.join(ANA, "bees");
    village.with(ANA).put_up("Honey and chestnut", offer(), Audience::Group("bees".to_owned())).unwrap();
    assert_eq!(village.told(), []);
    searches::forget(village.with(LENA), both).unwrap();
    assert_eq!(searches::forget(&village, both), Err(Error::NotFound));
    village.with(ANA).put_up("Chestnut honey", offer(), Audience::Public).unwrap();
    assert_eq!(village.told(), [(PAU, "found")]);
    assert_eq!(searches::list(village.with(PAU)).unwrap()[0].words, "honey");
}

#[test]
fn favourites_are_kept_as_long_as_they_may_be_seen() {
    let village = Village::new();
    village.join(ANA, "choir");
    village.join(PAU, "choir");
    let song = village.with(ANA).put_up("Songbook", offer(), Audience::Group("choir".to_owned())).unwrap();
    assert_eq!(favourites::set(village.with(LENA), song, true), Err(Error::NotFound));
    favourites::set(village.with(PAU), song, true).unwrap();
    assert!(favourites::is_one(&village, song).unwrap());
    assert_eq!(favourites::list(&village).unwrap().len(), 1);
    village.leave(PAU, "choir");
    assert!(favourites::list(&village).unwrap().is_empty());
    favourites::set(&village, song, false).unwrap();
    assert!(!favourites::is_one(&village, song).unwrap());
}

#[test]
fn what_is_exported_is_brought_in_again() {
    let village = Village::new();
    let csv = "kind,title,text,place,category,price,unit,days,audience\n\
               offer,\"Bread, rye\",\"two\nlines\",Square,101,\"3,50\",LEAF,10,public\n\
               want,Saw,,,herramientas y máquinas,,,,\n\
               offer,Pears,,,,0,,,members\n";
    assert_eq!(exchange::import(village.with(ANA), csv, Some(BAKERY)), Ok(3));
    let out = exchange::export(village.with(PAU)).unwrap();
    let other = Village::new();
    assert_eq!(exchange::import(other.with(ANA), &out, None), Ok(3));
    let sorted = |text: String| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(exchange::export(&other).unwrap()), sorted(out));
    for (line, csv) in [
        (2, "kind,title\nlend,Bread\n"),
        (3, "kind,title\noffer,Bread\noffer,\n"),
        (2, "kind,title,price,unit\noffer,Bread,x,LEAF\n"),
        (2, "kind,title,days\noffer,Bread,0\n"),
        (2, "kind,title,category\noffer,Bread,Nothing\n"),
        (3, "kind,title\noffer,Bread\noffer,Bread,too,many\n"),
    ] {
        match exchange::import(&village, csv, None) {
            Err(Error::Line(at, _)) => assert_eq!(at, line, "{csv}"),
            other => panic!("{other:?} for {csv}"),
        }
    }
}

#[test]
fn stewards_change_the_categories() {
    let village = Village::new();
    let names = |one: &str| vec![one.to_owned(), format!("{one} es")];
    assert_eq!(categories::set(village.with(ANA), 8, names("Wood"), false), Err(Error::StewardsOnly));
    categories::set(village.with(ROSA), 8, names("Wood"), false).unwrap();
    categories::set(&village, 801, names("Logs"), false).unwrap();
    categories::set(&village, 1, names("Eating"), true).unwrap();
    for number in [0, 100, 901, 800, 10_000] {
        assert_eq!(categories::set(&village, number, names("X"), false), Err(Error::Category), "{number}");
    }
    assert_eq!(categories::set(&village, 9, vec!["X".to_owned()], false), Err(Error::Title));
    let all = categories::all(&village).unwrap();
    assert_eq!(all[0].1.name("en"), "Eating");
    assert_eq!(all.last().unwrap().1.name("es-MX"), "Logs es");
}

#[test]
fn no_row_and_no_key_tells_what_is_written() {
    let village = Village::new();
    let mut draft = draft("Marker bread", offer(), Audience::Members);
    draft.words.text = "Marker text".to_owned();
    draft.words.place = "Marker place".to_owned();
    market::put_up(village.with(ANA), draft).unwrap();
    searches::save(&village, "marker", None).unwrap();
    board::topics::reply(&village, 1, "marker reply").unwrap();
    let rows = village.db().scan(&[0], None, Direction::Forward, 1_024, None);
    for (key, value) in rows.unwrap().entries {
        for bytes in [key, value] {
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            assert!(!text.contains("marker") && !text.contains("bread"), "{text}");
        }
    }
    // Whoever erases herself is gone from every list.
    village.erased.borrow_mut().push(ANA);
    assert!(titles(village.with(PAU), OFFERS).is_empty());
    assert!(market::find(&village, "marker", 10, None).unwrap().rows.is_empty());
    assert_eq!(post::read(&village, 1), Err(Error::NotFound));
}

#[test]
fn people_are_found_by_what_they_can_do() {
    let village = Village::new();
    let all = |words: Option<&str>| {
        let (mut found, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let page = directory::people(&village, words, cursor.as_deref())?;
            found.extend(page.rows.into_iter().map(|entry| (entry.party.handle, entry.skills)));
            cursor = page.next;
            if cursor.is_none() {
                return Ok(found);
            }
        }
    };
    assert_eq!(all(None), Err(Error::MembersOnly));
    directory::set_skills(village.with(PAU), None, "mending bicycles, accordion").unwrap();
    directory::set_skills(village.with(ANA), Some(BAKERY), "bread").unwrap();
    assert_eq!(directory::set_skills(&village, Some(PAU), "x"), Err(Error::NotYours));
    assert_eq!(directory::set_skills(&village, None, &"x".repeat(301)), Err(Error::Text));
    assert_eq!(all(None).unwrap().len(), 5);
    let pau = ("pau".to_owned(), "mending bicycles, accordion".to_owned());
    assert_eq!(all(Some("bicycle mended")).unwrap(), std::slice::from_ref(&pau));
    assert_eq!(all(Some("pau")).unwrap(), [pau]);
    assert_eq!(all(Some("the")), Err(Error::NoWords));
    directory::set_skills(village.with(PAU), None, " ").unwrap();
    assert!(all(Some("accordion")).unwrap().is_empty());
}

#[test]
fn a_picture_is_kept_as_long_as_it_is_shown() {
    let village = Village::new();
    let mut bread = draft("Bread", Details::Offer(leaf(350)), Audience::Members);
    bread.picture = Some(vec![1, 2]);
    assert_eq!(market::put_up(village.with(ANA), bread.clone()), Err(Error::Picture));
    village.held.borrow_mut().clear();
    bread.picture = Some(vec![1]);
    let number = market::put_up(&village, bread.clone()).unwrap();
    assert_eq!(*village.held.borrow(), [vec![1]]);
    market::change(&village, number, bread.clone()).unwrap();
    assert_eq!(*village.held.borrow(), [vec![1]], "held once");
    bread.picture = Some(vec![2]);
    market::change(&village, number, bread.clone()).unwrap();
    assert_eq!(*village.held.borrow(), [vec![2]]);
    let page =
        pages::render(&village, &Request { path: format!("post/{number}"), ..Request::default() }).unwrap();
    assert!(page.html.contains("<img src=\"blob/02\" alt=\"Bread\">"), "{}", page.html);
    let page =
        pages::render(&village, &Request { path: format!("edit/{number}"), ..Request::default() }).unwrap();
    assert!(page.html.contains("name=\"picture\" value=\"Ag\""), "{}", page.html);
    bread.picture = None;
    market::change(&village, number, bread).unwrap();
    assert!(village.held.borrow().is_empty());
}
