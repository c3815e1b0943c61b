//! Plans: what is refused, what waits for a steward, what is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use common::key;
use hamlet_bundle::{
    Change, DataMove, Facts, Manifest, PlanRefusal, Publisher, Release, Request, RollbackNumbers,
    UpgradePlan, Version, plan_install, plan_rollback, plan_upgrade,
};
use proptest::prelude::*;

const OLD: &str = r#"
name = "stall"
version = "0.1.0"
title = "The stall"
storage = "16 MiB"
subscribes = ["example:stall/news@0.1.0"]

[[export]]
interface = "example:stall/stall@0.1.0"
[export.functions]
set-up = { kind = "command", access = ["group:stewards"] }
buy = { kind = "command", access = ["member"] }
items = { kind = "query", access = ["member"] }

[[import]]
interface = "hamlet:host/storage@0.1.0"
reason = "keeps what is for sale"

[[grantable]]
kind = "spend"
title = "Spend from a jar"
"#;

static MARIA: LazyLock<Publisher> = LazyLock::new(|| key().publisher());
static MALLORY: LazyLock<Publisher> = LazyLock::new(|| key().publisher());

fn facts() -> Facts {
    Facts { host: Version::new(0, 1, 0), generation: 1, stored: 1 << 20 }
}

fn newer(changes: &[(&str, &str)]) -> Manifest {
    let mut text = OLD.replace("version = \"0.1.0\"", "version = \"0.2.0\"");
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    Manifest::parse(&text).unwrap()
}

fn old() -> Manifest {
    Manifest::parse(OLD).unwrap()
}

fn by<'a>(publisher: Option<&'a Publisher>, manifest: &'a Manifest) -> Release<'a> {
    Release { publisher, manifest }
}

fn upgrade(new: &Manifest) -> Result<UpgradePlan, PlanRefusal> {
    plan_upgrade(by(Some(&MARIA), &old()), by(Some(&MARIA), new), &facts())
}

const NO_GRANTS: BTreeSet<String> = BTreeSet::new();

#[test]
fn an_upgrade_that_asks_for_nothing_new_waits_for_nobody() {
    let plan = upgrade(&newer(&[])).unwrap();
    assert_eq!((&plan.requests, &plan.changes), (&vec![], &vec![]));
    assert_eq!(plan.data, DataMove::Stays { generation: 1 });
    assert!(plan.missing(&NO_GRANTS).is_empty());
    let words = plan.sentences();
    assert!(words[0].contains("(`stall`) would go from 0.1.0 to 0.2.0, published by "), "{words:?}");
    assert_eq!(words[1], "It asks for nothing new.");
}

#[test]
fn the_version_must_rise() {
    for (version, rises) in [
        ("0.1.0", false),
        ("0.0.9", false),
        ("0.1.0-beta", false),
        ("0.1.0+build7", false),
        ("0.1.1-beta", true),
        ("0.1.1", true),
        ("1.0.0", true),
    ] {
        let new = newer(&[("version = \"0.2.0\"", &format!("version = \"{version}\""))]);
        let refused = matches!(upgrade(&new), Err(PlanRefusal::VersionNotHigher { .. }));
        assert_eq!(refused, !rises, "{version}");
    }
}

#[test]
fn only_the_publisher_upgrades() {
    let (old, new) = (old(), newer(&[]));
    let plan = |from, to| plan_upgrade(by(from, &old), by(to, &new), &facts());
    assert!(plan(Some(&*MARIA), Some(&*MARIA)).is_ok());
    let error = plan(Some(&*MARIA), Some(&*MALLORY)).unwrap_err();
    assert!(matches!(error, PlanRefusal::OtherPublisher { .. }));
    assert!(error.to_string().contains(&MALLORY.groups()) && error.to_string().contains(&MARIA.groups()));
    assert!(matches!(plan(Some(&*MARIA), None), Err(PlanRefusal::Unsigned { .. })));
    assert!(plan(None, None).unwrap().requests.is_empty());
    // From an unsigned plugin to a signed one is a choice of a publisher.
    let adopts = plan(None, Some(&*MARIA)).unwrap();
    assert_eq!(adopts.requests, [Request::Publisher(MARIA.clone())]);
    let other = newer(&[("name = \"stall\"", "name = \"shop\"")]);
    assert!(matches!(upgrade(&other), Err(PlanRefusal::OtherName { .. })));
}

#[test]
fn an_older_host_is_told_what_it_lacks() {
    let new = newer(&[("title = \"The stall\"", "title = \"The stall\"\nminimum-host = \"0.2.0\"")]);
    let error = upgrade(&new).unwrap_err().to_string();
    assert_eq!(error, "`stall` needs Hamlet 0.2.0 or newer, and this is 0.1.0; update the host first");
    assert!(plan_install(by(None, &new), &Version::new(0, 1, 9)).is_err());
    assert!(plan_install(by(None, &new), &Version::new(0, 2, 0)).is_ok());
}

/// What is changed, the keys of what must be granted, and a part of what is told.
#[test]
fn whatever_is_newly_asked_for_pauses_the_upgrade() {
    let import =
        "[[import]]\ninterface = \"hamlet:host/clock@0.1.0\"\nreason = \"dates sales\"\n\n[[grantable]]";
    let emits = "[[emits]]\ninterface = \"example:stall/sold@0.1.0\"\n\n[[grantable]]";
    let rows: [(&str, &str, &[&str], &str); 16] = [
        (
            "[[grantable]]",
            import,
            &["import hamlet:host/clock@0.1.0"],
            "know the time (hamlet:host/clock@0.1.0). Its publisher says why: dates sales.",
        ),
        (
            "host/storage@0.1.0",
            "host/storage@0.2.0",
            &["import hamlet:host/storage@0.2.0"],
            "It no longer asks for hamlet:host/storage@0.1.0.",
        ),
        ("[[grantable]]", emits, &["emit example:stall/sold@0.1.0"], "tell others of events"),
        (
            "news@0.1.0\"]",
            "news@0.1.0\", \"example:stall/rain@0.1.0\"]",
            &["subscribe example:stall/rain@0.1.0"],
            "hear of events",
        ),
        (
            "storage = \"16 MiB\"",
            "storage = \"1536 MiB\"",
            &["storage 1610612736"],
            "store up to 1.5 GiB instead of 16 MiB.",
        ),
        ("storage = \"16 MiB\"", "schedules = true", &["schedules"], "called at times"),
        ("storage = \"16 MiB\"", "bulk = true", &["bulk"], "16 MiB at once"),
        (
            "kind = \"spend\"",
            "kind = \"lend\"",
            &["grantable lend"],
            "It no longer asks for grantable spend.",
        ),
        (
            "title = \"Spend from a jar\"",
            "title = \"Spend from all jars\"",
            &["grantable spend"],
            "Spend from all jars (spend)",
        ),
        (
            "access = [\"group:stewards\"]",
            "access = [\"group:stewards\", \"member\"]",
            &["widen example:stall/stall@0.1.0 set-up member"],
            "Members could also call set-up",
        ),
        (
            "items = { kind = \"query\", access = [\"member\"]",
            "items = { kind = \"query\", access = [\"public\"]",
            &["widen example:stall/stall@0.1.0 items public"],
            "Members can no longer call items",
        ),
        (
            "items = { kind = \"query\"",
            "items = { kind = \"command\"",
            &["changes example:stall/stall@0.1.0 items"],
            "which only read until now",
        ),
        // A new door for callers to whom no function of the kind was open.
        (
            "items = ",
            "sales = { kind = \"query\", access = [\"public\"] }\nitems = ",
            &["open query public"],
            "Anyone, signed in or not, could read: sales (example:stall/stall@0.1.0).",
        ),
        // Those for whom there was one of the kind get one more: told, not asked.
        (
            "items = ",
            "give-back = { kind = \"command\", access = [\"member\"] }\nitems = ",
            &[],
            "New: give-back",
        ),
        ("buy = { kind = \"command\"", "buy = { kind = \"query\"", &[], "no longer changes data"),
        (
            "reason = \"keeps what is for sale\"",
            "reason = \"keeps all\"",
            &[],
            "another reason for hamlet:host/storage@0.1.0: keeps all.",
        ),
    ];
    for (from, to, keys, told) in rows {
        let plan = upgrade(&newer(&[(from, to)])).unwrap();
        let missing: Vec<String> = plan.missing(&NO_GRANTS).iter().map(|request| request.key()).collect();
        assert_eq!(missing, keys, "{to}");
        let words = plan.sentences().join("\n");
        assert!(words.contains(told), "{told}:\n{words}");
        // What was granted no longer pauses it; something like it does.
        let granted: BTreeSet<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        assert!(plan.missing(&granted).is_empty());
        let alike: BTreeSet<String> = keys.iter().map(|key| format!("{key}x")).collect();
        assert_eq!(plan.missing(&alike).len(), keys.len());
    }
    let less = upgrade(&newer(&[("storage = \"16 MiB\"", "storage = \"512 KiB\"")])).unwrap();
    assert_eq!(less.changes, [Change::LessStorage { from: 16 << 20, to: 512 << 10 }]);
    assert!(less.requests.is_empty());
}

#[test]
fn a_first_installation_asks_for_everything() {
    let plan = plan_install(by(Some(&MARIA), &old()), &Version::new(0, 1, 0)).unwrap();
    let keys: Vec<_> = plan.requests.iter().map(Request::key).collect();
    assert_eq!(
        keys,
        [
            "import hamlet:host/storage@0.1.0",
            "subscribe example:stall/news@0.1.0",
            "storage 16777216",
            "grantable spend",
            "open command group:stewards",
            "open command member",
            "open query member",
        ]
    );
    assert_eq!((plan.data.clone(), plan.changes.len()), (DataMove::First, 0));
    let words = plan.sentences();
    assert_eq!(
        words[0],
        format!("The stall (`stall`) 0.1.0 would be installed, published by {}.", MARIA.groups())
    );
    assert!(words.contains(&"It wants to store up to 16 MiB.".to_owned()), "{words:?}");
    let members = "Members could change things: buy (example:stall/stall@0.1.0).";
    assert!(words.contains(&members.to_owned()), "{words:?}");
    assert!(words.iter().all(|line| line.ends_with(['.', ':'])), "{words:?}");
}

#[test]
fn j4_data_moves_stays_or_is_a_refusal() {
    let migration = |from: &str, reads: &str| {
        let table = format!(
            "[migration]\nmigrates-from = \"{from}\"\n{reads}\ninterface = \"example:stall/upkeep@0.1.0\"\n\
             function = \"take-over\"\n\n[[grantable]]"
        );
        upgrade(&newer(&[("[[grantable]]", &table)]))
    };
    let moved = migration("<0.2.0", "").unwrap();
    let function = ("example:stall/upkeep@0.1.0".to_owned(), "take-over".to_owned());
    assert_eq!(
        moved.data,
        DataMove::Migrates { from: 1, to: 2, interface: function.0, function: function.1 }
    );
    let words = moved.sentences().join("\n");
    assert!(words.contains("from generation 1 to 2"), "{words}");
    assert!(words.contains("loses what is written after the switch"), "{words}");
    assert!(!words.contains("too little room"), "{words}");
    // Both ranges admit it: moving goes before reading.
    assert!(matches!(migration("<0.2.0", "reads-as-is = \"*\"").unwrap().data, DataMove::Migrates { .. }));
    assert_eq!(
        migration("<0.1.0", "reads-as-is = \"~0.1\"").unwrap().data,
        DataMove::Stays { generation: 1 }
    );
    let error = migration("<0.1.0", "reads-as-is = \">=0.1.5\"").unwrap_err().to_string();
    assert!(error.contains("the data of 0.1.0, only of <0.1.0 or >=0.1.5"), "{error}");
}

#[test]
fn j4_a_plan_says_when_two_generations_do_not_fit() {
    let table = "[migration]\nmigrates-from = \"<0.2.0\"\ninterface = \"example:stall/upkeep@0.1.0\"\n\
                 function = \"take-over\"\n\n[[grantable]]";
    let new = newer(&[("[[grantable]]", table)]);
    let facts = Facts { stored: 9 << 20, ..facts() };
    let plan = plan_upgrade(by(None, &old()), by(None, &new), &facts).unwrap();
    let words = plan.sentences().join("\n");
    assert!(
        words.contains("It stores 9 MiB and may store 16 MiB, so there may be too little room"),
        "{words}"
    );
}

#[test]
fn j4_a_rollback_says_what_it_would_lose() {
    let (old, new) = (old(), newer(&[]));
    let plan = |numbers| plan_rollback(by(None, &new), by(None, &old), numbers);
    let numbers = RollbackNumbers { generation: 2, previous_generation: 1, commands: 7, rows: 31 };
    let moved = plan(numbers);
    assert_eq!(moved.rows_lost(), 31);
    assert_eq!(
        moved.sentences(),
        [
            "`stall` would go back from 0.2.0 to 0.1.0.",
            "Its data goes back to what 0.1.0 had. What was written since is lost: 31 rows in 7 commands.",
        ]
    );
    assert_eq!(plan(RollbackNumbers { rows: 0, ..numbers }).rows_lost(), 0);
    let stays = plan(RollbackNumbers { generation: 1, ..numbers });
    assert_eq!(stays.rows_lost(), 0);
    assert!(stays.sentences()[1].starts_with("Nothing that was written is lost"));
    let one = plan(RollbackNumbers { rows: 1, commands: 1, ..numbers });
    assert!(one.sentences()[1].ends_with("1 row in 1 command."));
}

/// A manifest with some of what can be asked for.
fn some_manifest(version: &'static str) -> impl Strategy<Value = Manifest> {
    let access = prop::sample::subsequence(vec!["public", "member", "plugin", "group:a"], 1..=4);
    let functions = proptest::collection::btree_map("[a-c]", (any::<bool>(), access), 0..4);
    let imports = prop::sample::subsequence(vec!["clock", "storage", "log"], 0..=3);
    (functions, imports, any::<bool>(), any::<bool>(), 0_u64..4).prop_map(
        move |(functions, imports, bulk, schedules, storage)| {
            let mut text = format!(
                "name = \"a\"\nversion = \"{version}\"\ntitle = \"A\"\nbulk = {bulk}\nschedules = {schedules}\n\
                 storage = \"{storage} MiB\"\n"
            );
            for name in imports {
                let import = format!("[[import]]\ninterface = \"hamlet:host/{name}@0.1.0\"\nreason = \"x\"\n");
                text.push_str(&import);
            }
            text += "[[export]]\ninterface = \"example:a/a@0.1.0\"\n[export.functions]\n";
            for (name, (command, access)) in functions {
                let kind = if command { "command" } else { "query" };
                let rule = format!("{name} = {{ kind = \"{kind}\", access = {access:?} }}\n");
                text.push_str(&rule);
            }
            Manifest::parse(&text).unwrap()
        },
    )
}

proptest! {
    /// Nothing that a version may do is neither in the old version nor asked for.
    #[test]
    fn nothing_is_taken_unasked(old in some_manifest("0.1.0"), new in some_manifest("0.2.0")) {
        let plan = plan_upgrade(by(None, &old), by(None, &new), &facts()).unwrap();
        let keys: BTreeSet<String> = plan.requests.iter().map(Request::key).collect();
        prop_assert_eq!(keys.len(), plan.requests.len(), "each request has its own key");
        let asked = |key: &str| keys.contains(key);
        for import in &new.imports {
            let key = format!("import {}", import.interface);
            prop_assert!(old.asks_for(&import.interface) || asked(&key));
        }
        prop_assert!(old.bulk || !new.bulk || asked("bulk"));
        prop_assert!(old.schedules || !new.schedules || asked("schedules"));
        let key = format!("storage {}", new.storage);
        prop_assert!(new.storage <= old.storage || asked(&key));
        let rules = |manifest: &Manifest| manifest.exports[0].functions.clone();
        for (name, rule) in rules(&new) {
            for caller in &rule.access {
                let before = old.rule("example:a/a@0.1.0", &name);
                let covered = match before {
                    Some(before) => before.access.contains(caller)
                        || asked(&format!("widen example:a/a@0.1.0 {name} {caller}")),
                    None => asked(&format!("open {} {caller}", rule.kind))
                        || rules(&old).values().any(|old| old.kind == rule.kind && old.access.contains(caller)),
                };
                prop_assert!(covered, "{name} {caller}");
            }
        }
        // The same manifest again asks for nothing.
        let mut same = new.clone();
        same.version = Version::new(0, 3, 0);
        let again = plan_upgrade(by(None, &new), by(None, &same), &facts()).unwrap();
        prop_assert!(again.requests.is_empty() && again.changes.is_empty());
    }
}
