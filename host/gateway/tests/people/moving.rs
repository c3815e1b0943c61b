//! What plugins take of a list of people: asked, shown, brought in with the people and taken back with them.

use std::path::Path;
use std::sync::LazyLock;

use hamlet_bundle::{BuildOptions, Package};
use serde_json::json;

use super::moves::sheet;
use super::support::{Request, Town};
use super::{Browser, HOST, start, village};

static SHELF: LazyLock<Package> = LazyLock::new(|| {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests");
    let out = tempfile::tempdir().unwrap();
    let options = BuildOptions { out: Some(out.path().to_owned()), ..BuildOptions::default() };
    hamlet_bundle::build(&guests.join("shelf"), &options, &mut |_| {}).unwrap().package
});

const LIST: &str = "Name,Jars\nBen Luz,3\nCleo,-1\nDan,\n";

fn install(town: &Town, server: &super::Server) {
    let hash = town.kernel.stage(&SHELF).unwrap();
    let body = json!({ "component": hash, "granting": "all" });
    let request = Request::post(HOST, "/api/host/plugins@0.1.0/activate", &body).token(&town.steward);
    assert_eq!(server.send(&request).status, 200);
}

#[test]
fn what_people_bring_is_shown_brought_in_with_them_and_taken_back_with_them() {
    let (town, server, _) = village(start);
    install(&town, &server);
    let sol = Browser::of(&town, &server, town.founded.steward);
    let send = |fields: &[(&str, &str)], csv: Option<&str>| {
        let body = sheet(&sol.csrf, fields, csv);
        sol.send("/stewards/move-in", "multipart/form-data; boundary=XyZ", body)
    };
    let field = "take-shelf-jars-jars";
    // Guessed from the heading, and shown with what is left over. What a plugin says is text, never markup.
    let looked = send(&[], Some(LIST));
    assert_eq!(looked.status, 200, "{}", looked.text());
    let page = looked.text();
    for part in
        ["The &lt;jars&gt;", "3 jars on the shelf", "-1 jars", "add up to 2 jars", "The cellar", field]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("Choose where the difference goes."), "she was not asked before");
    let base = [("csv", LIST), ("mapped", "yes"), ("column-name", "0"), (field, "1")];
    let with = |more: &[(&'static str, &'static str)]| [&base[..], more].concat();
    // A rest goes nowhere by itself.
    let asked = send(&with(&[("do", "bring")]), None);
    assert_eq!(asked.status, 422);
    assert!(asked.text().contains("Choose where the difference goes."), "{}", asked.text());
    let wrong = send(&with(&[("do", "bring"), ("take-shelf-jars-rest", "attic")]), None);
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("There is no such cellar."));
    // A bad cell is told with its row, in the plugin's own words.
    let bad = "Name,Jars\nBen,3\nCleo,many\n";
    let told = send(&[("do", "bring")], Some(bad));
    assert_eq!(told.status, 422);
    assert!(told.text().contains("(Cleo, many): &lt;many&gt; are no jars."), "{}", told.text());
    assert_eq!(sol.get("/members/cleo").status, 404);
    // What is refused at last undoes the people too.
    let full = [
        ("csv", "Name,Jars\nBen Luz,1\nEve,99\n"),
        ("mapped", "yes"),
        ("column-name", "0"),
        (field, "1"),
        ("take-shelf-jars-rest", "cellar"),
        ("do", "bring"),
    ];
    let refused = send(&full, None);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("That shelf is too small."), "{}", refused.text());
    assert_eq!(sol.get("/members/ben-luz").status, 404, "all or nothing");
    // In, out as a list, and back.
    let done = [("do", "bring"), ("take-shelf-jars-rest", "cellar"), ("reason", "the old shelf")];
    let brought = send(&with(&done), None);
    assert_eq!(brought.status, 303, "{}", brought.text());
    let place = brought.header("location").unwrap().to_owned();
    let list = sol.text("/stewards/move-in/people.csv");
    assert!(
        list.starts_with("\"Name\",\"Short name\",\"Kind\"") && list.contains("\"Address\",\"Jars\""),
        "{list}"
    );
    assert!(list.contains("\"Cleo\",\"cleo\",\"person\",\"\",\"\",\"\",\"\",\"-1\""), "{list}");
    let log = sol.text("/log");
    assert!(
        log.contains("The shelf") && log.matches("the old shelf").count() == 2,
        "both acts say why: {log}"
    );
    assert_eq!(sol.post(&format!("{place}/undo"), &[]).status, 303);
    assert_eq!(sol.get("/members/ben-luz").status, 404);
    assert!(!sol.text("/stewards/move-in/people.csv").contains("-1"));
}

#[test]
fn what_a_plugin_does_not_take_back_keeps_the_people() {
    let (town, server, _) = village(start);
    install(&town, &server);
    let sol = Browser::of(&town, &server, town.founded.steward);
    let fields =
        [("take-shelf-jars-rest", "cellar"), ("do", "bring"), ("mapped", "yes"), ("column-name", "0")];
    let fields = [&fields[..], &[("take-shelf-jars-jars", "1"), ("csv", "Name,Jars\nBen,13\n")]].concat();
    let body = sheet(&sol.csrf, &fields, None);
    let brought = sol.send("/stewards/move-in", "multipart/form-data; boundary=XyZ", body);
    let place = brought.header("location").unwrap().to_owned();
    let undone = sol.post(&format!("{place}/undo"), &[]);
    assert_eq!(undone.status, 422);
    assert!(undone.text().contains("has paid or been paid already"), "{}", undone.text());
    assert!(sol.text("/members/ben").contains("Ben"), "all or nothing");
}
