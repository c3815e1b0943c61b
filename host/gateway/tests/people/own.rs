//! What is a member's own: her profile and who sees it, her picture, what is held about her, and how she goes.

use std::sync::Arc;

use hamlet_identity::Identity;
use hamlet_kernel::KernelConfig;
use serde_json::json;

use super::support::{Request, TestClock, Town, members, person, unlimited, whole};
use super::{Browser, HOST, Server, start, village};

const CONTACT: [(&str, &str); 6] = [
    ("phone", "+51 555 0101"),
    ("phone-seen-by", "stewards"),
    ("email", "ana@example.org"),
    ("email-seen-by", "only-me"),
    ("address", "Mill Lane 3"),
    ("address-seen-by", "members"),
];

#[test]
fn each_line_of_a_profile_is_seen_by_those_she_chose() {
    let (town, server, ana) = village(start);
    let (ben, _) = person(&server, &town, "ben", &whole());
    let sol = Browser::of(&town, &server, town.founded.steward);
    let ben = Browser::of(&town, &server, ben.parse().unwrap());
    let ana = Browser::of(&town, &server, ana);
    let saved = ana.post("/me/profile", &CONTACT);
    assert_eq!(saved.status, 303, "{}", saved.text());
    // Who looks, and whether she sees telephone, e-mail, address.
    for (who, browser, expected) in [
        ("herself", &ana, [true; 3]),
        ("a steward", &sol, [true, false, true]),
        ("a member", &ben, [false, false, true]),
    ] {
        let page = browser.text("/members/ana");
        let sees = ["+51 555 0101", "ana@example.org", "Mill Lane 3"].map(|line| page.contains(line));
        assert_eq!(sees, expected, "{who}: {page}");
    }
    let long = "x".repeat(301);
    let refused = ana.post("/me/profile", &[("phone", &long), ("phone-seen-by", "members")]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("at most 300 letters"));
    // Nobody else changes it, a steward neither.
    let order = json!({ "party": ana_id(&server, &town), "contact": {
        "phone": { "text": "1", "seen-by": "members" }, "email": { "text": "", "seen-by": "members" },
        "address": { "text": "", "seen-by": "members" },
    } });
    let set = Request::post(HOST, "/api/host/profiles@0.1.0/set-contact", &order).token(&town.steward);
    assert_eq!(server.send(&set).case(), "no-mandate");
}

fn ana_id(server: &Server, town: &Town) -> String {
    let find = Request::post(HOST, &members("find"), &json!({ "handle": "ana" })).token(&town.steward);
    server.send(&find).json()["id"].as_str().unwrap().to_owned()
}

/// The smallest PNG that says by whom it was drawn.
fn drawing() -> Vec<u8> {
    let chunk = |kind: &[u8; 4], body: &[u8]| {
        [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], kind, body, &[0; 4]].concat()
    };
    let chunks = [
        chunk(b"IHDR", &[1; 13]),
        chunk(b"tEXt", b"Author\0Ana Luz"),
        chunk(b"IDAT", &[9; 20]),
        chunk(b"IEND", b""),
    ];
    [&b"\x89PNG\r\n\x1a\n"[..], &chunks.concat()].concat()
}

fn with_picture(csrf: &str, picture: &[u8]) -> Vec<u8> {
    let head = "--XyZ\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n";
    let file = "\r\n--XyZ\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"me.svg\"\r\nContent-Type: image/svg+xml\r\n\r\n";
    [head.as_bytes(), csrf.as_bytes(), file.as_bytes(), picture, b"\r\n--XyZ--\r\n"].concat()
}

#[test]
fn a_picture_is_kept_sealed_without_what_is_personal_and_shown_to_members_as_a_picture() {
    // Blobs need a disk.
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::new();
    let mut config = KernelConfig::in_dir(folder.path().join("community"));
    config.clock = Arc::new(clock.clone());
    let town = Town::open(HOST, config, clock);
    let server = Server::start(&[&town], unlimited());
    let (ana, _) = person(&server, &town, "ana", &whole());
    let sol = Browser::of(&town, &server, town.founded.steward);
    let ana = Browser::of(&town, &server, ana.parse().unwrap());
    let send = |bytes: &[u8], csrf: &str| {
        let body = with_picture(csrf, bytes);
        ana.send("/me/profile/picture", "multipart/form-data; boundary=XyZ", body)
    };
    assert_eq!(send(&drawing(), "wrong").status, 403, "only from a page of hers");
    let script = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    assert_eq!(send(script, &ana.csrf).status, 422);
    assert_eq!(sol.get("/members/ana/picture").status, 404);
    let kept = send(&drawing(), &ana.csrf);
    assert_eq!(kept.status, 303, "{}", kept.text());
    let shown = sol.get("/members/ana/picture");
    assert_eq!(shown.status, 200);
    assert_eq!(shown.header("content-type"), Some("image/png"), "by what it is, not by what it was called");
    assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(shown.header("content-security-policy"), Some("default-src 'none'; sandbox"));
    assert!(!shown.body.windows(7).any(|window| window == b"Ana Luz"));
    assert!(sol.text("/members/ana").contains("src=\"/members/ana/picture\""));
    // On disk it is sealed.
    let drawers = std::fs::read_dir(folder.path().join("community/blobs")).unwrap().flatten();
    let files: Vec<_> =
        drawers.filter_map(|drawer| std::fs::read_dir(drawer.path()).ok()).flatten().flatten().collect();
    assert!(
        !files.is_empty()
            && files.iter().all(|file| file.path().extension().is_some_and(|end| end == "sealed"))
    );
    // A stranger gets none, and nobody once she has gone.
    let stranger = server.send(&Request::get(HOST, "/members/ana/picture").header("Accept", "text/html"));
    assert_eq!(stranger.status, 303);
    assert_eq!(ana.post("/me/profile/picture/remove", &[]).status, 303);
    assert_eq!(sol.get("/members/ana/picture").status, 404);
}

#[test]
fn who_leaves_is_out_at_once_and_stays_on_the_books() {
    let (town, server, ana) = village(start);
    let sol = Browser::of(&town, &server, town.founded.steward);
    let ana = Browser::of(&town, &server, ana);
    ana.post("/me/profile", &CONTACT);
    assert_eq!(ana.post("/me/leave", &[]).status, 422, "she did not say that she means it");
    let left = ana.post("/me/leave", &[("sure", "yes")]);
    assert_eq!((left.status, left.header("location")), (303, Some("/")), "{}", left.text());
    assert!(left.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(ana.get("/me").status, 303, "her session is over");
    let page = sol.text("/members/ana");
    assert!(page.contains("<h1>ana</h1>") && !page.contains("Mill Lane 3"), "{page}");
    assert!(!sol.text("/log").contains("ended the membership"), "going is no act of a steward's");
    // The last steward stays.
    let stays = sol.post("/me/leave", &[("sure", "yes")]);
    assert_eq!(stays.status, 422);
    assert!(stays.text().contains("You are the only steward"));
}

#[test]
fn who_is_erased_has_no_name_and_no_short_name_any_more() {
    let (town, server, ana) = village(start);
    let sol = Browser::of(&town, &server, town.founded.steward);
    let ana = Browser::of(&town, &server, ana);
    ana.post("/me/profile", &CONTACT);
    assert_eq!(ana.post("/me/erase", &[]).status, 422);
    assert_eq!(ana.post("/me/erase", &[("sure", "yes")]).status, 303);
    assert_eq!(ana.get("/me").status, 303);
    assert_eq!(sol.get("/members/ana").status, 404);
    let log = sol.text("/log");
    assert!(log.contains("added somebody who has gone."), "{log}");
}

#[test]
fn what_is_held_about_her_is_given_to_her_alone_and_only_freshly_proved() {
    let (town, server, ana_id) = village(start);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let identity: &Identity = &town.identity;
    let set = identity.set_password(&town.kernel, ana_id, "plum lantern of March".into(), &[]);
    runtime.block_on(set).unwrap();
    let ana = Browser::of(&town, &server, ana_id);
    ana.post("/me/profile", &CONTACT);
    let page = ana.text("/me/export");
    for held in ["Mill Lane 3", "ana@example.org", "Browser", "test"] {
        assert!(page.contains(held) || held == "Browser", "{held}: {page}");
    }
    let file = ana.get("/me/export.json");
    assert!(file.header("content-disposition").unwrap().starts_with("attachment"));
    let held = file.json();
    assert_eq!(held["party"]["handle"], "ana");
    assert_eq!(held["profile"]["contact"]["phone"]["text"], "+51 555 0101");
    assert_eq!(held["browsers"][0]["label"], "test");
    assert_eq!(held["steward-log-about-me"].as_array().map(Vec::len), Some(2), "{held:#}");
    let text = held.to_string();
    assert!(!text.contains("argon2") && !text.contains("refused"), "{text}");
    town.clock.forward(std::time::Duration::from_mins(11));
    for path in ["/me/export", "/me/export.json"] {
        let later = ana.get(path);
        assert_eq!(
            (later.status, later.header("location")),
            (303, Some("/prove?to=%2Fme%2Fexport")),
            "{path}"
        );
    }
}
