//! A community moves in from a list, with invitations to print, and out again.

use std::fmt::Write as _;

use super::{Browser, start, village};

const LIST: &str = "Name;Haushalt;Telefon\nBen Luz;The Mill;555 1\nCleo;The Mill;\nDan O'Brien;;\n";

pub(super) fn sheet(csrf: &str, fields: &[(&str, &str)], csv: Option<&str>) -> Vec<u8> {
    let mut body = String::new();
    let all = [("csrf", csrf)].into_iter().chain(fields.iter().copied());
    for (name, value) in all {
        write!(body, "--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").unwrap();
    }
    if let Some(csv) = csv {
        write!(
            body,
            "--XyZ\r\nContent-Disposition: form-data; name=\"sheet\"; filename=\"a.csv\"\r\n\r\n{csv}\r\n"
        )
        .unwrap();
    }
    body += "--XyZ--\r\n";
    body.into_bytes()
}

#[test]
fn a_list_is_looked_at_mended_brought_in_at_once_and_taken_back() {
    let (town, server, ana) = village(start);
    let sol = Browser::of(&town, &server, town.founded.steward);
    let ana = Browser::of(&town, &server, ana);
    let send = |browser: &Browser<'_>, fields: &[(&str, &str)], csv: Option<&str>| {
        let body = sheet(&browser.csrf, fields, csv);
        browser.send("/stewards/move-in", "multipart/form-data; boundary=XyZ", body)
    };
    assert_eq!(send(&ana, &[], Some(LIST)).status, 403, "she is no steward");
    assert_eq!(ana.get("/stewards/move-in").status, 403);
    assert_eq!(send(&sol, &[], Some("")).status, 422);
    // Looked at: columns are guessed, nothing is done.
    let looked = send(&sol, &[], Some(LIST));
    assert_eq!(looked.status, 200, "{}", looked.text());
    let page = looked.text();
    for part in ["4 people and households", "ben-luz", "dan-o-brien", "acts for the-mill", "Bring them in"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(sol.get("/members/ben-luz").status, 404);
    // A bad row is told, and nobody is brought in.
    let bad = format!("{LIST};;\n;The Mill;9\n");
    let told = send(&sol, &[("do", "bring")], Some(&bad));
    assert_eq!(told.status, 422);
    assert!(
        told.text().contains("Row 4 below the heading (, The Mill, 9): There is no name."),
        "{}",
        told.text()
    );
    assert_eq!(sol.get("/members/ben-luz").status, 404);
    // Mapped by hand: no household this time.
    let fields = [("csv", LIST), ("mapped", "yes"), ("column-name", "0"), ("do", "look")];
    assert!(send(&sol, &fields, None).text().contains("3 people and households"));
    // Brought in, all at once.
    let fields = [
        ("csv", LIST),
        ("mapped", "yes"),
        ("column-name", "0"),
        ("column-household", "1"),
        ("column-phone", "2"),
        ("do", "bring"),
        ("reason", "the old list"),
    ];
    let brought = send(&sol, &fields, None);
    assert_eq!(brought.status, 303, "{}", brought.text());
    let place = brought.header("location").unwrap().to_owned();
    assert!(sol.text("/members/ben-luz").contains("555 1"), "stewards see it");
    assert!(!ana.text("/members/ben-luz").contains("555 1"), "members do not, before he says so");
    assert!(ana.text("/members/the-mill").contains("The Mill"));
    let log = ana.text("/log");
    assert!(log.contains("Sol brought in 4 people and households") && log.contains("the old list"), "{log}");
    // A repeat is told, not done twice.
    assert_eq!(send(&sol, &[("csv", "Name,Username\nBen,ben-luz\n"), ("do", "bring")], None).status, 422);
    // An invitation for each person, none for the household.
    let slips = sol.post(&format!("{place}/invitations"), &[]);
    assert_eq!(slips.status, 200);
    let slips = slips.text();
    assert_eq!(slips.matches("<svg").count() - page.matches("<svg").count(), 3, "{slips}");
    assert!(slips.contains("/join/") && slips.contains("<h2>Cleo</h2>"), "{slips}");
    // Taken back.
    assert_eq!(ana.get(&place).status, 403);
    assert_eq!(sol.post(&format!("{place}/undo"), &[("reason", "wrong list")]).status, 303);
    for gone in ["ben-luz", "cleo", "dan-o-brien", "the-mill"] {
        assert_eq!(sol.get(&format!("/members/{gone}")).status, 404, "{gone}");
    }
    assert_eq!(sol.get(&place).status, 404);
    // And brought in anew, with the same short names.
    assert_eq!(send(&sol, &fields, None).status, 303);
    assert!(sol.text("/members/ben-luz").contains("Ben Luz"));
}

#[test]
fn what_was_brought_in_stays_once_somebody_of_it_can_sign_in() {
    let (town, server, _) = village(start);
    let sol = Browser::of(&town, &server, town.founded.steward);
    let body = sheet(
        &sol.csrf,
        &[("do", "bring"), ("mapped", "yes"), ("column-name", "0"), ("csv", "Name\nBen\nCleo\n")],
        None,
    );
    let brought = sol.send("/stewards/move-in", "multipart/form-data; boundary=XyZ", body);
    let place = brought.header("location").unwrap().to_owned();
    let find = super::support::Request::post(
        super::HOST,
        &super::support::members("find"),
        &serde_json::json!({ "handle": "ben" }),
    );
    let ben = server.send(&find.token(&town.steward)).json()["id"].as_str().unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let set = town.identity.set_password(&town.kernel, ben, "plum lantern of March".into(), &[]);
    runtime.block_on(set).unwrap();
    let undone = sol.post(&format!("{place}/undo"), &[]);
    assert_eq!(undone.status, 422);
    assert!(undone.text().contains("has signed in already"), "{}", undone.text());
    assert!(sol.text("/members/cleo").contains("Cleo"), "all or nobody");
}

#[test]
fn the_list_goes_out_as_it_came_in_with_what_a_steward_may_see() {
    let (town, server, ana) = village(start);
    let sol = Browser::of(&town, &server, town.founded.steward);
    let ana = Browser::of(&town, &server, ana);
    let fields = [("do", "bring")];
    let body = sheet(&sol.csrf, &fields, Some(LIST));
    assert_eq!(sol.send("/stewards/move-in", "multipart/form-data; boundary=XyZ", body).status, 303);
    ana.post(
        "/me/profile",
        &[
            ("address", "Mill Lane 3"),
            ("address-seen-by", "only-me"),
            ("phone", "7"),
            ("phone-seen-by", "stewards"),
        ],
    );
    let path = "/stewards/move-in/people.csv";
    assert_eq!(ana.get(path).status, 403, "she is no steward");
    let reply = sol.get(path);
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let list = reply.text();
    assert!(list.starts_with("\"Name\",\"Short name\",\"Kind\",\"Household\""), "{list}");
    assert!(list.contains("\"Ben Luz\",\"ben-luz\",\"person\",\"The Mill\",\"555 1\""), "{list}");
    assert!(list.contains("\"The Mill\",\"the-mill\",\"household\",\"\""), "{list}");
    assert!(list.contains("\"ana\",\"person\",\"\",\"7\"") && !list.contains("Mill Lane 3"), "{list}");
    assert!(!list.contains("commons"), "{list}");
}
