//! Forms as they are sent.

use crate::{Place, between, text};

fn pairs(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The form of the speaker, filled in.
pub(crate) fn say(place: &Place, text_said: &str, times: &str) -> (String, Vec<(String, String)>) {
    let html = text(&place.get("/p/speaker/form"));
    place.form(
        &html,
        &[
            ("p_line.text", text_said),
            ("p_line.times", times),
            ("p_line.note", ""),
            ("p_mood", "loud"),
            ("p_tags", "!"),
        ],
    )
}

#[test]
fn x1_a_form_is_done_once_and_leads_to_the_page_that_it_names() {
    let place = Place::open();
    let (path, fields) = say(&place, "hello", "2");
    assert_eq!(path, "/p/speaker/do/speaking/say");
    let reply = place.send(&path, &fields);
    assert_eq!(
        (reply.status, reply.header("location").unwrap()),
        (303, "/p/speaker/done"),
        "{}",
        text(&reply)
    );
    let done = reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert!(done.starts_with("__Host-hamlet-done="), "{done}");
    // The same form again: the same answer, and nothing more is said.
    assert_eq!(place.send(&path, &fields).status, 303);
    let html = text(&place.get("/p/speaker/call/speaking/said"));
    let (path, fields) = place.form(&html, &[]);
    let said = text(&place.send(&path, &fields));
    assert!(said.contains("<td>HELLO!</td>") && said.matches("<tr>").count() == 2, "{said}");
    // The next page says that it was done, once.
    let cookie = format!("{}; {done}", place.cookie);
    let next = Place { cookie, ..place };
    let reply = next.get("/p/speaker/done");
    assert!(text(&reply).contains("Done. It is recorded.") && text(&reply).contains("Said so far: 1"));
    assert!(reply.header("set-cookie").unwrap().contains("Max-Age=0"));
}

#[test]
fn a_wrong_field_is_named_beside_it_and_what_was_typed_is_kept() {
    let place = Place::open();
    let (path, fields) = say(&place, "he said \"<b>\"", "often");
    let reply = place.send(&path, &fields);
    let html = text(&reply);
    assert_eq!(reply.status, 422, "{html}");
    assert!(html.contains("value=\"he said &quot;&lt;b&gt;&quot;\""), "{html}");
    assert!(
        html.contains("value=\"often\" aria-invalid=\"true\" aria-describedby=\"p_error-line.times\""),
        "{html}"
    );
    assert!(html.contains("Write a whole number from 0 to 4294967295."), "{html}");
    assert!(html.contains("<option value=\"loud\" selected>"), "{html}");
    // A new key: what is sent next is another try.
    assert_ne!(
        between(&html, "name=\"key\" value=\"", "\""),
        fields.iter().find(|(name, _)| name == "key").unwrap().1
    );
}

#[test]
fn a_refusal_is_said_in_the_plugins_own_words() {
    let place = Place::open();
    let (path, fields) = say(&place, "hello", "9");
    let reply = place.send(&path, &fields);
    let html = text(&reply);
    assert_eq!(reply.status, 422);
    assert!(
        html.contains("role=\"alert\"><p>Too often for this hour; how often is allowed: 5.</p>"),
        "{html}"
    );
    assert!(html.contains("value=\"hello\""), "{html}");
}

#[test]
fn a_form_from_elsewhere_is_refused() {
    let place = Place::open();
    let (path, fields) = say(&place, "hello", "1");
    assert_eq!(place.send_with(&path, &fields, "cross-site").status, 403);
    let without = |name: &str| fields.iter().filter(|(known, _)| known != name).cloned().collect::<Vec<_>>();
    assert_eq!(place.send(&path, &without("csrf")).status, 403);
    let mut forged = without("csrf");
    forged.push(("csrf".into(), "0".repeat(64)));
    // A plugin's field of that name has a prefix, and is not the host's.
    forged.push(("p_csrf".into(), fields.iter().find(|(name, _)| name == "csrf").unwrap().1.clone()));
    assert_eq!(place.send(&path, &forged).status, 403);
    assert!(text(&place.get("/p/speaker/")).contains("<p>0 in en</p>"), "nothing was said");
}

#[test]
fn a_form_leads_nowhere_outside_its_plugin() {
    let place = Place::open();
    for elsewhere in [
        "https://evil.example/",
        "//evil.example",
        "/sign-out",
        "/p/till/",
        "javascript:alert(1)",
        "/p/speaker/../till",
    ] {
        let (path, mut fields) = say(&place, "hello", "1");
        fields.retain(|(name, _)| name != "return");
        fields.push(("return".into(), elsewhere.into()));
        let reply = place.send(&path, &fields);
        assert_eq!((reply.status, reply.header("location")), (200, None), "{elsewhere}");
    }
}

#[test]
fn w1_a_form_gives_no_right_that_its_sender_has_not() {
    let place = Place::open();
    let html = text(&place.get("/p/speaker/call/speaking/hush"));
    let (path, fields) = place.form(&html, &[]);
    let reply = place.send(&path, &fields);
    assert_eq!(reply.status, 422);
    assert!(text(&reply).contains("Not allowed"), "{}", text(&reply));
    let (_, fields) = say(&place, "hello", "1");
    for path in ["/p/host/do/members/remove", "/p/speaker/do/pages/nothing", "/p/speaker/do/speaking/nothing"]
    {
        assert_eq!(place.send(path, &fields).status, 404, "{path}");
    }
}

#[test]
fn w2_what_takes_her_will_is_asked_on_the_hosts_own_page() {
    let place = Place::open();
    let html = text(&place.get("/p/speaker/call/speaking/buy"));
    let owner = place.ana.to_string();
    let (path, fields) = place.form(&html, &[("p_owner", &owner), ("p_amount", "1250")]);
    let reply = place.send(&path, &fields);
    let asked = text(&reply);
    assert_eq!(reply.status, 200);
    for part in [
        "<h1>Do you want this?</h1>",
        "take &lt;b&gt;1250&lt;/b&gt; from your box",
        "<dd>Yours</dd>",
        "<dd>12.50\u{a0}OAK</dd>",
        "<dd>The till</dd>",
        "Yes, do it",
        "No, go back",
        "Nothing has been done yet.",
    ] {
        assert!(asked.contains(part), "{part} in {asked}");
    }
    assert!(!asked.contains("class=\"plugin\""), "no plugin draws here");
    // Where the provider says no unit, the number stands as it is.
    let (path_of_more, more) = place.form(&html, &[("p_owner", &owner), ("p_amount", "125000")]);
    assert!(text(&place.send(&path_of_more, &more)).contains("<dd>125,000</dd>"));
    let (path, confirmed) = place.form(&asked, &[]);
    // Another amount than was confirmed is not done.
    let mut more = confirmed.clone();
    more.iter_mut().filter(|(name, _)| name == "p_amount").for_each(|(_, value)| *value = "9999".into());
    assert_ne!(place.send(&path, &more).status, 200);
    let again = text(&place.send(&path, &fields));
    let (path, confirmed) = place.form(&again, &[]);
    let done = place.send(&path, &confirmed);
    assert_eq!(done.status, 200, "{}", text(&done));
    assert!(text(&done).contains("Done. It is recorded."), "{}", text(&done));
}

#[test]
fn a_list_gets_more_rows_without_a_script() {
    let place = Place::open();
    let html = text(&place.get("/p/speaker/call/speaking/say"));
    assert!(html.contains("name=\"p_tags.1\"") && !html.contains("name=\"p_tags.2\""), "{html}");
    assert!(html.contains("name=\"p_id\" maxlength=\"32\" value=\"new\""), "{html}");
    let (path, mut fields) = place.form(&html, &[("p_line.text", "kept")]);
    fields.extend(pairs(&[("p_~more", "tags")]));
    let html = text(&place.send(&path, &fields));
    assert!(html.contains("name=\"p_tags.4\"") && html.contains("kept</textarea>"), "{html}");
}

#[test]
fn a_flood_of_fields_is_refused() {
    let place = Place::open();
    let flood = vec![("p_x".to_owned(), String::new()); 3_000];
    assert_eq!(place.send("/p/speaker/do/speaking/say", &flood).status, 400);
    let large = vec![("p_x".to_owned(), "x".repeat(70_000))];
    assert_eq!(place.send("/p/speaker/do/speaking/say", &large).status, 413);
}
