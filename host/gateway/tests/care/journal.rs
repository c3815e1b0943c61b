//! What was done: each sees her own, stewards the rest without names of who used which plugin, all with proof (J3).

use hamlet_proof::Receipt;
use serde_json::json;

use crate::{Place, built};

/// The path of the first proof on a page.
fn proof(page: &str) -> String {
    let at = page.find("href=\"/journal/").expect("a proof") + 6;
    page[at..].split('"').next().unwrap().to_owned()
}

#[test]
fn j3_a_member_sees_what_was_done_in_her_name_and_nothing_else() {
    let place = Place::open();
    place.install(&built("host/gateway/tests/guests/bell"), &json!("all"));
    let body = json!({ "to": place.sol.id.to_string(), "topic": "visit", "title": "Hello", "path": "" });
    assert_eq!(place.call(&place.ana, "/api/bell/ringing@0.1.0/ring", &body).status, 200);
    let hers = place.page(&place.ana, "/journal");
    assert!(hers.contains("Sends a notice; how many were told."), "{hers}");
    assert!(hers.contains("The bell") && hers.contains(" · you · "), "{hers}");
    assert!(!hers.contains("activate") && !hers.contains("name=\"person\""), "{hers}");
    // The steward sees that it was done, and not by whom.
    let all = place.page(&place.sol, "/journal?plugin=bell");
    assert!(all.contains("Sends a notice") && all.contains("a member"), "{all}");
    assert!(!all.contains("ana"), "{all}");
    // What was done to the community has a name beside it.
    let installed = place.page(&place.sol, "/journal?plugin=host&function=ACTIV");
    assert!(installed.contains("activate") && installed.contains(" · you · "), "{installed}");
    assert!(!installed.contains("Sends a notice"), "{installed}");
    // A filter by person finds nothing that she did with a plugin.
    let asked = place.page(&place.sol, "/journal?person=ana");
    assert!(!asked.contains("Sends a notice"), "{asked}");
}

#[test]
fn j3_an_entry_is_checked_and_its_receipt_holds_elsewhere() {
    let place = Place::open();
    place.send(&place.ana, "/me/name", &[("name", "Ana Ruiz")]);
    let list = place.page(&place.ana, "/journal?function=rename");
    let path = proof(&list);
    let entry = place.page(&place.ana, &path);
    assert!(entry.contains("This entry is in the journal, and the journal is whole."), "{entry}");
    let file = place.get(&place.ana, &format!("{path}/receipt"));
    assert!(file.header("content-disposition").unwrap().starts_with("attachment"), "{file:?}");
    let receipt = Receipt::from_json(&file.text()).unwrap();
    let checkpoint = receipt.verify(&place.town.kernel.log_verifier()).unwrap();
    assert!(checkpoint.size > receipt.number && &*receipt.leaf.function == "rename");
    assert!(entry.contains(&checkpoint.root.to_string()) || checkpoint.size > 0);
    // A steward gets it without what was said in it.
    let bare = Receipt::from_json(&place.get(&place.sol, &format!("{path}/receipt")).text()).unwrap();
    assert!(bare.items.is_empty() && !receipt.items.is_empty());
}

#[test]
fn w1_anothers_entry_is_as_if_it_were_not_there() {
    let place = Place::open();
    let path = proof(&place.page(&place.sol, "/journal?plugin=host"));
    assert_eq!(place.get(&place.sol, &path).status, 200);
    for missing in [path.as_str(), "/journal/999999/0", "/journal/x/y", "/journal/1/99"] {
        assert_ne!(place.get(&place.ana, missing).status, 200, "{missing}");
        assert_ne!(place.get(&place.ana, &format!("{missing}/receipt")).status, 200, "{missing}");
    }
    let stranger = place.post(None, "/journal", &[]);
    assert_ne!(stranger.status, 200);
}

#[test]
fn the_journal_goes_on_page_by_page_and_from_day_to_day() {
    let place = Place::open();
    for number in 0..60 {
        place.host(
            "settings",
            "set",
            &json!({ "community": {
            "name": format!("Town {number}"), "place": "", "zone": "UTC", "language": "en",
        } }),
        );
    }
    place.town.clock.forward(std::time::Duration::from_hours(48));
    place.send(&place.sol, "/me/name", &[("name", "Sol Diaz")]);
    let mut path = "/journal?plugin=host&function=set".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = place.page(&place.sol, &path);
        seen.extend(
            page.split("href=\"/journal/").skip(1).map(|part| part.split('"').next().unwrap().to_owned()),
        );
        let Some(next) = page.split("href=\"").find(|part| part.starts_with("/journal?before=")) else {
            break;
        };
        path = next.split('"').next().unwrap().replace("&amp;", "&");
    }
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!((seen.len(), once.len()), (60, 60));
    // New Year's Day, and two days later.
    let first = place.page(&place.sol, "/journal?to=2026-01-01&function=rename");
    assert!(first.contains("Nothing was found."), "{first}");
    let third = place.page(&place.sol, "/journal?from=2026-01-03&to=2026-01-03&function=rename");
    assert!(third.contains(" · you · "), "{third}");
    let nonsense = place.page(&place.sol, "/journal?from=soon&to=9999-99-99&before=x.y&plugin=%00");
    assert!(nonsense.contains("Nothing was found."), "{nonsense}");
}
