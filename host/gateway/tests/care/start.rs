//! What a community begins with, chosen on one page (`/stewards/start`).

use std::path::Path;

use hamlet_bundle::BuildOptions;
use serde_json::json;
use tempfile::TempDir;

use crate::support::Town;
use crate::{HOST, Place};

const START: &str = "/stewards/start";

/// A place on whose box a plugin lies that nobody signed.
fn with_a_bell() -> (TempDir, Place) {
    let folder = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests/bell");
    let options = BuildOptions { out: Some(folder.path().join("bell")), ..BuildOptions::default() };
    hamlet_bundle::build(&source, &options, &mut |_| {}).unwrap();
    let mut town = Town::new(HOST);
    town.catalogue = vec![folder.path().to_owned()];
    (folder, Place::of(town))
}

fn field<'a>(page: &'a str, before: &str) -> Vec<&'a str> {
    page.split(before).skip(1).filter_map(|rest| rest.split("value=\"").nth(1)?.split('"').next()).collect()
}

#[test]
fn a_starter_comes_in_only_when_it_is_ticked_and_gets_only_what_stood_there() {
    let (_folder, place) = with_a_bell();
    let page = place.page(&place.sol, START);
    assert!(page.contains("Bring in “The bell” and allow it this"), "{page}");
    assert!(page.contains("Nobody signed this."), "it says so: {page}");
    assert!(!page.contains("checked"), "nothing is chosen for her: {page}");
    let component = field(&page, "name=\"plugin\"")[0].to_owned();
    let name = format!("key-{component}");
    let keys = field(&page, &format!("name=\"{name}\""));
    assert!(!keys.is_empty(), "{page}");
    let installed = || place.call(&place.sol, "/api/host/plugins@0.1.0/list", &json!({})).json();
    let count = || installed().as_array().unwrap().len();
    // Not ticked, not installed; ticked without what it asks for, refused.
    assert_eq!(place.send(&place.sol, START, &[("neighbours", "0")]).status, 200);
    assert_eq!(count(), 0);
    let refused = place.send(&place.sol, START, &[("plugin", &component), ("neighbours", "0")]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("The bell: "), "it is named: {}", refused.text());
    assert_eq!(count(), 0);
    // No member does it, whatever she sends.
    let mut fields = vec![("plugin", component.as_str()), ("neighbours", "3"), ("responsible", "Sol")];
    fields.extend(keys.iter().map(|key| (name.as_str(), *key)));
    assert_eq!(place.get(&place.ana, START).status, 403);
    assert_eq!(place.send(&place.ana, START, &fields).status, 403);
    assert_eq!(count(), 0);
    fields.push(("links", field(&page, "name=\"links\"")[0]));
    let begun = place.send(&place.sol, START, &fields);
    let done = begun.text();
    assert_eq!(begun.status, 200, "{done}");
    assert!(done.contains("/join/") && done.contains("is at work"), "{done}");
    assert_eq!(installed()[0]["name"], "bell");
    let rules = place.page(&place.ana, "/rules");
    assert!(
        rules.contains("Responsible for what is kept here: Sol") && rules.contains("Version 1"),
        "{rules}"
    );
    // What was done, loaded again, gives no second link.
    assert!(!place.send(&place.sol, START, &fields).text().contains("/join/"));
    // What is there is not offered again, nor are rules written over.
    let again = place.page(&place.sol, START);
    assert!(!again.contains("The bell") && !again.contains("name=\"responsible\""), "{again}");
    place.send(&place.sol, START, &[("responsible", "Zoltan"), ("neighbours", "0")]);
    assert!(!place.page(&place.ana, "/rules").contains("Zoltan"));
}

#[test]
fn a_key_that_cannot_be_made_is_said_and_the_rest_is_done() {
    let place = Place::open();
    let page = place.page(&place.sol, START);
    assert!(page.contains("No plugin lies on this box yet."), "{page}");
    let begun = place.send(&place.sol, START, &[("copies", "yes"), ("neighbours", "2")]);
    assert_eq!(begun.status, 422);
    let done = begun.text();
    assert!(done.contains("started without a place for copies") && done.contains("/join/"), "{done}");
    let nonsense = place.send(&place.sol, START, &[("plugin", "../../etc"), ("neighbours", "-1")]);
    assert_eq!(nonsense.status, 422);
    assert!(!nonsense.text().contains("/join/"));
}
