//! The component itself in the real kernel, with the real ledger: what only the three together can show. The board in all
//! its corners is in `tests/board`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;

use hamlet_testing::{CallError, Community, Instances, Refusal, Setup, Value, built, json};

const LEAF: u64 = 1;
const HOURS: u64 = 2;

struct Village(Community);

/// Ana bakes, Pau and Lena are neighbours; leaves and hours are counted.
fn village(instances: Instances) -> Village {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code_cache = Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("board"));
    let community = Community::with(Setup { instances, code_cache, ..Setup::default() }).unwrap();
    for plugin in [here.join("../ledger"), here.to_owned()] {
        community.install_package(&built(plugin, &[&here.join("../../wit")]).unwrap()).unwrap();
    }
    for person in ["ana", "pau", "lena"] {
        community.person(person).unwrap();
    }
    let village = Village(community);
    for (id, unit, kind) in [(LEAF, "LEAF", "mutual-credit"), (HOURS, "HOURS", "hours")] {
        let input = json!({ "id": hex(id), "unit": unit, "name": unit, "scale": 2, "kind": kind });
        village.ok("steward", "ledger", "create-ledger", json!({ "input": input }));
        for (at, owner) in ["ana", "pau"].into_iter().enumerate() {
            let input = json!({
                "id": hex(id * 100 + u64::try_from(at).unwrap()), "ledger": hex(id), "code": owner,
                "owner": village.id(owner), "limits": { "credit": 1_000 },
            });
            village.ok("steward", "ledger", "open-account", json!({ "input": input }));
        }
        village.ok("steward", "ledger", "open-ledger", json!({ "ledger": hex(id) }));
    }
    village
}

fn hex(id: u64) -> String {
    format!("{id:032x}")
}

impl Village {
    fn id(&self, handle: &str) -> String {
        self.0.id(handle).unwrap().to_string()
    }

    fn call(&self, who: &str, function: &str, arguments: Value) -> Result<Value, Refusal> {
        self.0.call(who, "board", function, arguments)
    }

    #[expect(clippy::needless_pass_by_value, reason = "tests write `json!` in place")]
    fn ok(&self, who: &str, plugin: &str, function: &str, arguments: Value) -> Value {
        self.0
            .call(who, plugin, function, arguments.clone())
            .unwrap_or_else(|why| panic!("{function} {arguments}: {why}"))
    }

    fn offer(&self, who: &str, title: &str, amount: &str, audience: &str) -> Value {
        let arguments = json!({
            "kind": "offer", "title": title, "text": "", "place": "", "pricing": "amount", "amount": amount,
            "unit": "LEAF", "days": 30, "audience": audience,
        });
        self.ok(who, "board", "put-up", arguments)
    }

    /// Does what needs a confirmation, with it; what it was asked to confirm.
    fn confirmed(&self, who: &str, function: &str, arguments: &Value) -> String {
        let Err(Refusal::Host(CallError::ConfirmationNeeded { needs, code })) =
            self.call(who, function, arguments.clone())
        else {
            panic!("{function} asked for no confirmation")
        };
        self.0.call_with_code(who, "board", function, arguments, &code).unwrap();
        needs.into_iter().map(|need| need.sentence).collect()
    }

    fn balance(&self, who: &str, account: u64) -> Value {
        self.ok(who, "ledger", "get-account", json!({ "account": hex(account) }))["balance"].clone()
    }

    /// The titles of a member's notices, newest first.
    fn inbox(&self, who: &str) -> Vec<String> {
        let notices = self.ok(who, "host", "notices.list", json!({}));
        let notices = notices.as_array().unwrap().iter();
        notices
            .map(|notice| {
                format!("{}: {}", notice["topic"].as_str().unwrap(), notice["title"].as_str().unwrap())
            })
            .collect()
    }
}

#[test]
fn a_newcomer_finds_bread_asks_pays_and_thanks() {
    for instances in Instances::BOTH {
        let village = village(instances);
        village.ok("lena", "board", "save-search", json!({ "words": "bread" }));
        let bread = village.offer("ana", "Rye breads, two", "3.50", "members");
        assert_eq!(village.inbox("lena"), ["found: Rye breads, two"]);
        let found = village.ok("pau", "board", "find", json!({ "words": "bread", "limit": 10 }));
        assert_eq!(found["posts"][0]["title"], "Rye breads, two");
        village.ok("pau", "board", "reply", json!({ "number": bread, "text": "Is there one left, @lena?" }));
        assert_eq!(village.inbox("ana"), ["replies: Rye breads, two"]);
        assert!(village.inbox("lena").contains(&"mentions: Rye breads, two".to_owned()));
        let sentence = village.confirmed("pau", "market.pay", &json!({ "number": bread }));
        assert!(sentence.contains("3.50 LEAF"), "{sentence}");
        assert_eq!((village.balance("ana", 100), village.balance("pau", 101)), (json!("350"), json!("-350")));
        // What the ledger refuses leaves nothing here either.
        let dear = village.offer("ana", "A wedding cake", "25.00", "members");
        assert_eq!(
            village.call("pau", "market.pay", json!({ "number": dear })).unwrap_err().case(),
            "past-limit"
        );
        assert_eq!(
            village.call("lena", "market.pay", json!({ "number": dear })).unwrap_err().case(),
            "no-account"
        );
        village.ok("pau", "board", "react", json!({ "number": bread, "reply": 0, "reaction": "thanks" }));
        let talk = village.ok("ana", "board", "talk", json!({ "number": bread }));
        assert_eq!(
            (&talk["reactions"][0]["people"], &talk["replies"][0]["by"]),
            (&json!(1), &json!(village.id("pau")))
        );
    }
}

#[test]
fn an_audience_is_a_group_and_what_is_not_hers_is_not_there() {
    let village = village(Instances::Reused);
    for person in ["ana", "pau"] {
        village
            .0
            .host("members", "join-group", &json!({ "party": village.id(person), "group": "choir" }))
            .unwrap();
    }
    assert_eq!(village.call("lena", "market.put-up", json!({
        "kind": "want", "title": "x", "text": "", "place": "", "pricing": "gift", "days": 1, "audience": "group:choir",
    })).unwrap_err().case(), "audience-invalid");
    let song = village.offer("ana", "Songbook", "1", "group:choir");
    assert_eq!(village.ok("pau", "board", "market.get", json!({ "number": song }))["title"], "Songbook");
    assert_eq!(
        village.call("lena", "market.get", json!({ "number": song })).unwrap_err().case(),
        "not-found"
    );
    // Every page is there for whoever is signed in: none asks the host for what a plugin may not have.
    village.ok("pau", "board", "set-skills", json!({ "skills": "accordion" }));
    for path in [
        "",
        "offers",
        "wants",
        "events",
        "topics",
        "people",
        "mine",
        "new/offer",
        "new/event",
        "print",
        "post/1",
    ] {
        let request = json!({ "path": path, "query": [], "locale": "es" });
        let page = village.ok("pau", "board", "render", json!({ "request": request }));
        assert!(!page["title"].as_str().unwrap().is_empty(), "{path}");
    }
    let people = village.ok("ana", "board", "people", json!({ "words": "accordion" }));
    assert_eq!(people["entries"][0]["handle"], "pau");
    // Whoever leaves takes her words along.
    village.0.call("ana", "host", "members.erase", json!({ "party": village.id("ana") })).unwrap();
    assert_eq!(village.call("pau", "market.get", json!({ "number": song })).unwrap_err().case(), "not-found");
}

#[test]
fn a_helper_gets_hours_and_a_guest_a_reminder() {
    let village = village(Instances::Reused);
    let now = village.0.kernel().now() / 1_000_000;
    let start = (now / 3_600 + 30) * 3_600;
    let zone = village.ok("ana", "host", "settings.get", json!({}))["zone"].as_str().unwrap().to_owned();
    let local = board::events::local(start * 1_000_000, &zone).unwrap();
    let plan = json!({
        "title": "Harvest day", "text": "", "place": "The terraces", "start": local, "minutes": 120, "repeats": "never",
        "interval": 1, "capacity": 1, "audience": "members",
    });
    let harvest = village.ok("ana", "board", "plan", plan);
    let start = (start * 1_000_000).to_string();
    let task = village.ok(
        "ana",
        "board",
        "add-task",
        json!({ "number": harvest, "title": "Cook", "places": 1, "hours": "2" }),
    );
    let at = |who: &str| json!({ "number": harvest, "start": start, "people": 1, "party": village.id(who) });
    assert_eq!(village.ok("pau", "board", "attend", at("pau")), json!(true));
    assert_eq!(village.ok("lena", "board", "attend", at("lena")), json!(false));
    village.ok(
        "pau",
        "board",
        "events.help",
        json!({ "number": harvest, "start": start, "task": task, "on": true }),
    );
    village.0.advance_seconds(8 * 3_600);
    village
        .0
        .eventually("the reminder", |_| village.inbox("pau").contains(&"reminders: Harvest day".to_owned()))
        .unwrap();
    assert!(village.inbox("lena").is_empty());
    village.0.advance_days(2);
    let done = json!({ "number": harvest, "start": start, "task": task, "party": village.id("pau") });
    let sentence = village.confirmed("ana", "events.confirm", &done);
    assert!(sentence.contains("2.00 HOURS"), "{sentence}");
    assert_eq!(village.balance("pau", 201), json!("200"));
}

/// A thing of the board's by name, for `hamlet:host/moderation`.
fn thing(name: &str, reason: &str) -> Value {
    json!({ "plugin": "board", "name": name, "reason": reason })
}

#[test]
fn w6_what_is_reported_is_hidden_looked_at_again_and_erased() {
    let village = village(Instances::Reused);
    let moderation = |who: &str, function: &str, arguments: Value| {
        village.0.call(who, "host", &format!("moderation.{function}"), arguments)
    };
    let case = |done: Result<Value, Refusal>| done.unwrap_err().case().to_owned();
    village.offer("ana", "Stolen bicycles", "3.50", "members");
    let name = "post/1";
    // Reporting: of what there can be, with a reason, as a member.
    assert_eq!(
        case(moderation("pau", "report", json!({ "plugin": "ledger", "name": name, "reason": "x" }))),
        "no-such-content"
    );
    assert_eq!(case(moderation("pau", "report", thing("Post 1", "x"))), "no-such-content");
    assert_eq!(case(moderation("pau", "report", thing(name, " "))), "reason-invalid");
    assert_eq!(case(moderation("pau", "reports", json!({}))), "denied");
    moderation("pau", "report", thing(name, "They are mine")).unwrap();
    moderation("pau", "report", thing(name, "They are mine!")).unwrap();
    assert_eq!(village.inbox("steward"), ["moderation: notice-reported"], "told once of each thing");
    let reports = moderation("steward", "reports", json!({})).unwrap();
    assert_eq!(reports.as_array().unwrap().len(), 1);
    assert_eq!(reports[0]["reports"][0]["reason"], "They are mine!");
    assert_eq!(reports[0]["reports"][0]["by"], village.id("pau"));
    // Hiding: for stewards, once, and everybody but her and them finds it no more.
    let hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let mut hide = thing(name, "No stolen goods");
    hide["author"] = json!(village.id("ana"));
    hide["hash"] = json!(hash);
    assert_eq!(case(moderation("pau", "hide", hide.clone())), "denied");
    moderation("steward", "hide", hide.clone()).unwrap();
    assert_eq!(case(moderation("steward", "hide", hide)), "hidden-already");
    assert_eq!(moderation("steward", "reports", json!({})).unwrap(), json!([]));
    assert!(village.inbox("ana").contains(&"moderation: notice-hidden".to_owned()));
    let found = |who: &str| {
        let found = village.ok(who, "board", "find", json!({ "words": "bicycles", "limit": 10 }));
        found["posts"].as_array().unwrap().len()
    };
    assert_eq!([found("ana"), found("pau"), found("steward")], [1, 0, 1]);
    assert_eq!(case(village.call("pau", "market.get", json!({ "number": 1 }))), "not-found");
    let about = |who: &str| {
        moderation(who, "about", json!({ "plugin": "board", "names": [name, "post/2"] })).unwrap()
    };
    assert_eq!(about("ana")[0]["reason"], "No stolen goods");
    assert_eq!((&about("ana")[0]["mine"], &about("steward")[0]["mine"]), (&json!(true), &json!(false)));
    assert_eq!((&about("ana")[0]["hash"], &about("ana")[1]), (&json!(hash), &Value::Null));
    // Whoever guesses a name learns nothing by it; whom the plugin names it to, the host tells on its pages.
    assert_eq!(about("pau")[0], Value::Null);
    moderation("pau", "report", thing(name, "still")).unwrap();
    assert_eq!(moderation("steward", "reports", json!({})).unwrap(), json!([]));
    // The appeal: hers, once, and answered by another steward.
    assert_eq!(case(moderation("steward", "uphold", thing(name, "no"))), "no-appeal");
    assert_eq!(case(moderation("pau", "appeal", thing(name, "x"))), "not-hidden");
    moderation("ana", "appeal", thing(name, "I inherited them")).unwrap();
    assert_eq!(case(moderation("ana", "appeal", thing(name, "again"))), "no-appeal");
    assert_eq!(about("steward")[0]["appeal"]["reason"], "I inherited them");
    village
        .0
        .host("members", "join-group", &json!({ "party": village.id("lena"), "group": "stewards" }))
        .unwrap();
    assert_eq!(case(moderation("steward", "uphold", thing(name, "no"))), "another-steward-needed");
    moderation("lena", "uphold", thing(name, "There is a police report")).unwrap();
    assert_eq!(case(moderation("lena", "uphold", thing(name, "no"))), "no-appeal");
    // Erasing: the plugin's half does nothing to what is not hidden.
    assert_eq!(case(village.call("ana", "moderated.erase", json!({ "name": name }))), "denied");
    assert!(village.call("lena", "moderated.erase", json!({ "name": "post/2" })).is_err());
    village.ok("lena", "board", "moderated.erase", json!({ "name": name }));
    moderation("lena", "note-erased", thing(name, "A court says so")).unwrap();
    assert_eq!(found("ana"), 0);
    assert_eq!(village.ok("ana", "board", "market.get", json!({ "number": 1 }))["title"], "");
    assert_eq!(case(moderation("lena", "show", thing(name, "x"))), "not-hidden");
    // Each act is in the log, with its reason where it can be read.
    let log = village.ok(
        "pau",
        "host",
        "steward-log.list",
        json!({ "filter": { "interfaces": ["moderation"] }, "limit": 50 }),
    );
    let mut acts: Vec<&str> =
        log["entries"].as_array().unwrap().iter().map(|entry| entry["function"].as_str().unwrap()).collect();
    // Those of one moment stand in no order.
    acts.sort_unstable();
    assert_eq!(acts, ["hide", "note-erased", "uphold"]);
    assert!(log["entries"].as_array().unwrap().iter().any(|entry| entry["party"] == village.id("ana")));
}

#[test]
fn w6_the_muted_and_the_new_put_up_less() {
    let village = village(Instances::Reused);
    let moderation = |who: &str, function: &str, arguments: Value| {
        village.0.call(who, "host", &format!("moderation.{function}"), arguments)
    };
    let case = |done: Result<Value, Refusal>| done.unwrap_err().case().to_owned();
    let begin = |who: &str| {
        village.call(
            who,
            "topics.begin",
            json!({ "title": "x", "text": "y", "audience": "members", "later": false }),
        )
    };
    let mute = |days: u32| json!({ "person": village.id("pau"), "days": days, "reason": "Shouting" });
    assert_eq!(case(moderation("ana", "mute", mute(3))), "denied");
    assert_eq!(case(moderation("steward", "mute", mute(0))), "days-invalid");
    let steward = json!({ "person": village.id("steward"), "days": 3, "reason": "x" });
    assert_eq!(case(moderation("steward", "mute", steward)), "is-steward");
    moderation("steward", "mute", mute(3)).unwrap();
    assert_eq!(case(begin("pau")), "muted");
    let muted = |who: &str| moderation(who, "muted", json!({ "person": village.id("pau") })).unwrap();
    assert_eq!((muted("pau")["reason"].clone(), muted("ana")), (json!("Shouting"), Value::Null));
    moderation("steward", "unmute", json!({ "person": village.id("pau"), "reason": "Sorry" })).unwrap();
    begin("pau").unwrap();
    // Newcomers: two things a day, and the next day two again; stewards as much as they need.
    moderation("steward", "set-limits", json!({ "limits": { "days": 14, "a-day": 2 } })).unwrap();
    assert_eq!(
        case(moderation("steward", "set-limits", json!({ "limits": { "days": 366, "a-day": 2 } }))),
        "days-invalid"
    );
    begin("pau").unwrap();
    let Err(refused) = begin("pau") else { panic!("a third one was taken") };
    assert_eq!(refused.case(), "newcomer");
    for _ in 0..3 {
        begin("steward").unwrap();
    }
    moderation("steward", "set-limits", json!({ "limits": { "days": 0, "a-day": 0 } })).unwrap();
    begin("pau").unwrap();
}
