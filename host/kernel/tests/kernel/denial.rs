//! C2, W2: for each capability, denial denies: at install, when it is taken back, after an upgrade, after a restart and
//! after a restore from a backup.
//!
//! A row of [`CAPABILITIES`] is a request and a line that uses it.

use std::path::Path;
use std::sync::Arc;

use hamlet_bundle::Manifest;
use hamlet_kernel::{Actor, Call, CallError, Kernel, KernelConfig};
use wasmtime::component::Val;

use crate::common::{ANNA, Tally, Village, Villagers, anna, granting_all, guest, guest_with, script, text};

/// The plugin, what it asks for, and a line of script that uses it. Storage is always there.
const CAPABILITIES: [(&str, &str, &str); 12] = [
    // Another plugin's interface.
    ("first", "import test:kit/second@0.1.0", "call second run []"),
    // A native provider of the host.
    ("first", "import test:kit/tally@0.1.0", "native add 1"),
    // Events, and times.
    ("first", "emit test:kit/noticed@0.1.0", "emit news"),
    ("first", "schedules", "at later 1"),
    ("first", "import hamlet:host/schedule@0.1.0", "at later 1"),
    // What the host itself gives.
    ("first", "import hamlet:host/blobs@0.1.0", "release 00"),
    ("first", "import hamlet:host/sealed@0.1.0", "seal a1 hello"),
    ("first", "import hamlet:host/identity@0.1.0", "actor"),
    ("first", "import hamlet:host/consent@0.1.0", "need spend acc a1 5"),
    ("first", "import hamlet:host/clock@0.1.0", "now"),
    ("first", "import hamlet:host/random@0.1.0", "random 8"),
    ("first", "import hamlet:host/log@0.1.0", "log a-line"),
];

fn say(kernel: &Kernel, plugin: &str, line: &str) -> Result<Result<String, String>, CallError> {
    kernel.call_blocking(script(anna(), plugin, line)).map(|answer| text(answer.result))
}

fn host(kernel: &Kernel, function: &str, arguments: &[&str]) -> Result<Option<Val>, Option<Val>> {
    let arguments = arguments.iter().map(|text| Val::String((*text).into())).collect();
    kernel.call_blocking(Call::new(Actor::Console, "host", "plugins", function, arguments)).unwrap().result
}

fn activate(kernel: &Kernel, hash: String, granting: Val) -> Result<(), (String, String)> {
    let call = Call::new(Actor::Console, "host", "plugins", "activate", vec![Val::String(hash), granting]);
    match kernel.call_blocking(call).unwrap().result {
        Ok(_) => Ok(()),
        Err(Some(Val::Variant(case, Some(why)))) => match *why {
            Val::String(why) => Err((case, why)),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Its use is refused with a sentence that says what to do, and nothing else that the call did is kept. Gives it.
fn denied(kernel: &Kernel, plugin: &str, key: &str, line: &str) -> String {
    let error = say(kernel, plugin, &format!("set trace left; {line}")).unwrap_err();
    let CallError::Denied { why } = error else { panic!("{key}: {error:?}") };
    assert!(
        why.contains(&format!("A steward grants it: hamlet plugin grants {plugin} --give")),
        "{key}: {why}"
    );
    assert_eq!(say(kernel, plugin, "get trace").unwrap().unwrap(), "-", "{key}");
    why
}

/// Each capability of [`CAPABILITIES`] is refused.
fn all_denied(kernel: &Kernel) {
    for (plugin, key, line) in CAPABILITIES {
        denied(kernel, plugin, key, line);
    }
    assert_eq!(say(kernel, "first", "set a 1; get a").unwrap().unwrap(), "ok,1", "storage is always there");
}

fn open(dir: &Path) -> Kernel {
    let mut config = KernelConfig::in_dir(dir);
    config.directory = Arc::new(Villagers);
    config.natives = vec![Arc::new(Tally)];
    Kernel::open(config).unwrap()
}

fn install(kernel: &Kernel, name: &str) {
    let hash = kernel.stage(&guest(name)).unwrap();
    let call = Call::new(Actor::Console, "host", "plugins", "activate", granting_all(hash));
    kernel.call_blocking(call).unwrap().result.unwrap();
}

#[test]
fn c2_each_capability_works_when_granted_and_is_refused_at_once_when_it_is_taken_back() {
    let village = Village::new();
    let kernel = &village.kernel;
    for (plugin, key, line) in CAPABILITIES {
        // `err(…)` is an answer of the capability too.
        say(kernel, plugin, line).unwrap_or_else(|error| panic!("{key}: {error}")).unwrap();
        host(kernel, "revoke", &[plugin, key]).unwrap();
        let why = denied(kernel, plugin, key, line);
        assert!(why.contains(&format!("\"{key}\"")), "it names what is missing: {why}");
        host(kernel, "grant", &[plugin, key]).unwrap();
        say(kernel, plugin, line).unwrap_or_else(|error| panic!("{key}: {error}")).unwrap();
    }
}

#[test]
fn c2_what_was_taken_back_stays_so_after_an_upgrade_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let kernel = open(dir.path());
    for name in ["third", "first-alone", "second", "first"] {
        install(&kernel, name);
    }
    for (plugin, key, _) in CAPABILITIES {
        host(&kernel, "revoke", &[plugin, key]).unwrap();
    }
    all_denied(&kernel);
    // An upgrade that is granted "all" is granted what is new, not what was taken back.
    let newer = guest_with("first", |text| text.replace("version = \"0.2.0\"", "version = \"0.2.1\""));
    let hash = kernel.stage(&newer).unwrap();
    activate(&kernel, hash, Val::Variant("all".into(), None)).unwrap();
    assert_eq!(&*kernel.catalogue().plugins["first"].version, "0.2.1");
    all_denied(&kernel);
    drop(kernel);
    let kernel = open(dir.path());
    all_denied(&kernel);
    // Going back gives nothing back either.
    host(&kernel, "roll-back", &["first"]).unwrap();
    all_denied(&kernel);
}

/// A backup of the community in `home`, restored into another folder.
fn restored(kernel: &Kernel, home: &Path, to: &Path) {
    let key = hamlet_backup::age::Identity::generate().unwrap();
    let pace = hamlet_backup::Pace { bytes_per_second: 0 };
    let (file, _, keys) = hamlet_backup::make(kernel, home, &[key.recipient()], pace, Vec::new()).unwrap();
    let path = to.with_extension("age");
    std::fs::write(&path, file).unwrap();
    hamlet_backup::restore(&path, &key, Some(keys), &[], to).unwrap();
}

#[test]
fn c2_what_was_taken_back_stays_so_after_a_restore_and_what_was_not_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let (home, before, after) =
        (dir.path().join("home"), dir.path().join("before"), dir.path().join("after"));
    let kernel = open(&home);
    for name in ["third", "first-alone", "second", "first"] {
        install(&kernel, name);
    }
    restored(&kernel, &home, &before);
    for (plugin, key, _) in CAPABILITIES {
        host(&kernel, "revoke", &[plugin, key]).unwrap();
    }
    restored(&kernel, &home, &after);
    // From a moment at which all was granted, all is: so it is the grants that are restored.
    let kernel = open(&before);
    for (plugin, key, line) in CAPABILITIES {
        say(&kernel, plugin, line).unwrap_or_else(|error| panic!("{key}: {error}")).unwrap();
    }
    let kernel = open(&after);
    all_denied(&kernel);
    // Also what is installed anew from there.
    drop(kernel);
    all_denied(&open(&after));
}

#[test]
fn w3_a_grant_to_spend_that_was_taken_back_is_refused_after_a_restore() {
    let dir = tempfile::tempdir().unwrap();
    let (home, before, after) =
        (dir.path().join("home"), dir.path().join("before"), dir.path().join("after"));
    let kernel = open(&home);
    for name in ["third", "first-alone", "second", "first"] {
        install(&kernel, name);
    }
    let spend = |kernel: &Kernel| say(kernel, "second", "?call first run [?need spend acc a1 60]");
    let id = give_spend(&kernel);
    restored(&kernel, &home, &before);
    let revoke = Call::new(anna(), "host", "grants", "revoke", vec![id]);
    kernel.call_blocking(revoke).unwrap().result.unwrap();
    restored(&kernel, &home, &after);
    let kernel = open(&before);
    spend(&kernel).unwrap().unwrap();
    assert_eq!(
        spend(&kernel).unwrap_err().code(),
        "confirmation-needed",
        "W2: the month's ceiling holds there too"
    );
    assert_eq!(spend(&open(&after)).unwrap_err().code(), "confirmation-needed");
}

#[test]
fn c2_a_plugin_is_not_installed_as_long_as_one_thing_that_it_asks_for_is_not_granted() {
    let package = guest("first-alone");
    let fresh = Village::empty();
    let hash = fresh.kernel.stage(&package).unwrap();
    let keys: Vec<String> = all_keys(&fresh.kernel, &hash);
    assert!(keys.len() > 10, "{keys:?}");
    for missing in &keys {
        let these = keys.iter().filter(|key| *key != missing).map(|key| Val::String(key.clone())).collect();
        let these = Val::Variant("these".into(), Some(Box::new(Val::List(these))));
        let (case, why) = activate(&fresh.kernel, hash.clone(), these).unwrap_err();
        assert_eq!(case, "not-granted", "{missing}");
        assert!(why.starts_with("`first`: ") && why.contains("A steward reads all of it"), "{why}");
        assert!(matches!(say(&fresh.kernel, "first", ""), Err(CallError::NoSuchPlugin { .. })), "{missing}");
    }
    let these = keys.iter().map(|key| Val::String(key.clone())).collect();
    activate(&fresh.kernel, hash, Val::Variant("these".into(), Some(Box::new(Val::List(these))))).unwrap();
    assert_eq!(say(&fresh.kernel, "first", "set a 1").unwrap().unwrap(), "ok");
}

/// The keys of what a staged plugin asks for.
fn all_keys(kernel: &Kernel, hash: &str) -> Vec<String> {
    let Ok(Some(Val::Record(plan))) = host(kernel, "plan", &[hash]) else { panic!() };
    let Some((_, Val::List(asks))) = plan.iter().find(|(name, _)| name == "asks") else { panic!() };
    asks.iter()
        .map(|ask| {
            let Val::Record(fields) = ask else { panic!() };
            let Val::String(key) = &fields.iter().find(|(name, _)| name == "key").unwrap().1 else {
                panic!()
            };
            key.clone()
        })
        .collect()
}

#[test]
fn e1_a_plugin_hears_only_what_it_was_granted_to_hear() {
    let village = Village::with(|config| config.limits.background = true);
    village.install_all();
    village.run("first", "emit one").unwrap();
    village.eventually("hearing", || village.get("third", "heard") == "- one");
    host(&village.kernel, "revoke", &["third", "subscribe test:kit/noticed@0.1.0"]).unwrap();
    village.run("first", "emit two").unwrap();
    // What was told while it was not to hear it is not told later.
    host(&village.kernel, "grant", &["third", "subscribe test:kit/noticed@0.1.0"]).unwrap();
    village.run("first", "emit three").unwrap();
    village.eventually("hearing again", || village.get("third", "heard") == "- one three");
}

#[test]
fn e4_a_plugin_whose_times_were_taken_back_is_not_called_until_they_are_granted_again() {
    let village = Village::with(|config| config.limits.background = true);
    village.install_all();
    host(&village.kernel, "revoke", &["third", "schedules"]).unwrap();
    let error = village.doomed("third", "at x 1");
    assert!(matches!(error, CallError::Denied { .. }), "{error:?}");
    host(&village.kernel, "grant", &["third", "schedules"]).unwrap();
    village.run("third", "at x 1").unwrap();
    // The guest keeps under `ran NAME` when it was called.
    let ran = || village.by(anna(), "third", "look", "scan ran s 9 forward").unwrap().unwrap();
    village.eventually("the first time", || ran().contains("ran x=1"));
    village.run("third", &format!("at y {}", crate::common::NEW_YEAR + 5)).unwrap();
    host(&village.kernel, "revoke", &["third", "schedules"]).unwrap();
    village.forward(1_000_000);
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert!(!ran().contains("ran y="), "{}", ran());
    host(&village.kernel, "grant", &["third", "schedules"]).unwrap();
    village.forward(2_000_000);
    village.eventually("the second time", || ran().contains("ran y="));
}

#[test]
fn c2_a_grant_that_nobody_used_for_400_days_has_ended_and_can_be_given_again() {
    const DAY: u64 = 24 * 3_600 * 1_000_000;
    let village = Village::new();
    let use_it = || say(&village.kernel, "first", "call second run []");
    village.forward(399 * DAY);
    use_it().unwrap().unwrap();
    village.forward(399 * DAY);
    use_it().unwrap().unwrap();
    village.forward(401 * DAY);
    let error = use_it().unwrap_err();
    let CallError::Denied { why } = &error else { panic!("{error:?}") };
    assert!(why.contains("did not use this for 400 days"), "{why}");
    host(&village.kernel, "grant", &["first", "import test:kit/second@0.1.0"]).unwrap();
    use_it().unwrap().unwrap();
}

#[test]
fn w5_the_right_to_carry_out_decisions_is_an_import_like_any_other() {
    let village = Village::empty();
    let appoint = vec![Val::Option(Some(Box::new(Val::String("chair".into()))))];
    village.call(Actor::Console, "host", "set-dispatcher", appoint).unwrap().result.unwrap();
    village.install(&guest("chair"));
    village.install(&guest("first-alone"));
    let freeze = || {
        let words = ["first", "test:kit/first@0.1.0", "run", "{\"script\":\"\"}"];
        let arguments = words.map(|word| Val::String(word.into())).into_iter().chain([Val::U64(0)]).collect();
        village.call(anna(), "chair", "freeze", arguments)
    };
    // It answers: here that `run` is not for decisions.
    assert!(freeze().unwrap().result.is_err());
    host(&village.kernel, "revoke", &["chair", "import hamlet:host/dispatch@0.1.0"]).unwrap();
    assert!(matches!(freeze(), Err(CallError::Denied { .. })));
}

/// Anna lets the second plugin spend, as the first provides it.
fn give_spend(kernel: &Kernel) -> Val {
    let offer = Val::Record(vec![
        ("plugin".into(), Val::String("second".into())),
        ("provider".into(), Val::String("first".into())),
        ("kind".into(), Val::String("spend".into())),
        ("thing".into(), Val::String("acc".into())),
        ("owner".into(), ANNA.to_val()),
        ("monthly-ceiling".into(), Val::Option(Some(Box::new(Val::U64(100))))),
        ("expires".into(), Val::Option(None)),
    ]);
    let call = Call::new(anna(), "host", "grants", "give", vec![offer]);
    let Ok(Some(Val::Record(grant))) = kernel.call_blocking(call).unwrap().result else { panic!() };
    grant.into_iter().find(|(name, _)| name == "id").unwrap().1
}

#[test]
fn w3_a_grant_to_spend_that_was_taken_back_is_refused_after_an_upgrade_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let kernel = open(dir.path());
    for name in ["third", "first-alone", "second", "first"] {
        install(&kernel, name);
    }
    let spend = |kernel: &Kernel| say(kernel, "second", "?call first run [?need spend acc a1 5]");
    let refused = |kernel: &Kernel| assert_eq!(spend(kernel).unwrap_err().code(), "confirmation-needed");
    refused(&kernel);
    let id = give_spend(&kernel);
    spend(&kernel).unwrap().unwrap();
    let revoke = Call::new(anna(), "host", "grants", "revoke", vec![id]);
    kernel.call_blocking(revoke).unwrap().result.unwrap();
    refused(&kernel);
    let newer = guest_with("second", |text| text.replace("version = \"0.1.0\"", "version = \"0.1.1\""));
    let hash = kernel.stage(&newer).unwrap();
    activate(&kernel, hash, Val::Variant("all".into(), None)).unwrap();
    refused(&kernel);
    drop(kernel);
    refused(&open(dir.path()));
}

#[test]
fn w1_only_stewards_decisions_and_the_console_grant_and_take_back() {
    let village = Village::new();
    for function in ["grant", "revoke"] {
        let arguments = ["first", "schedules"].map(|word| Val::String(word.into())).to_vec();
        let error = village.call(anna(), "host", function, arguments);
        assert!(matches!(error, Err(CallError::Denied { .. } | CallError::Ambiguous { .. })), "{error:?}");
    }
    let unknown = host(&village.kernel, "grant", &["first", "import example:not/asked@1.0.0"]);
    assert!(matches!(unknown, Err(Some(Val::Variant(case, _))) if case == "not-asked-for"));
    let fixed = host(&village.kernel, "revoke", &["first", "storage 8388608"]);
    assert!(matches!(fixed, Err(Some(Val::Variant(case, _))) if case == "not-revocable"));
}

#[test]
fn c2_the_manifest_of_an_installed_plugin_is_not_replaced_by_staging_another() {
    let dir = tempfile::tempdir().unwrap();
    let kernel = open(dir.path());
    install(&kernel, "first-alone");
    // The same component under the same version, with a door that nobody agreed to.
    let opened = guest_with("first-alone", |text| {
        text.replace("access = [\"group:bakers\"]", "access = [\"public\"]")
    });
    assert_eq!(Manifest::parse(&opened.manifest_text).unwrap().version.to_string(), "0.1.0");
    kernel.stage(&opened).unwrap();
    drop(kernel);
    let kernel = open(dir.path());
    let stranger = kernel.call_blocking(Call::new(
        Actor::Anyone,
        "first",
        "",
        "baker",
        vec![Val::String(String::new())],
    ));
    assert!(matches!(stranger, Err(CallError::Denied { .. })), "{stranger:?}");
}

#[test]
fn c2_that_a_grant_was_used_is_kept_once_a_day_and_not_at_every_turn() {
    const DAY: u64 = 24 * 3_600 * 1_000_000;
    let village = Village::with(|config| config.limits.background = true);
    village.install_all();
    let kept = || {
        let records = village.kernel.store().journal(1).unwrap();
        let entries = records.flat_map(|record| record.unwrap().entries);
        entries.filter(|entry| &*entry.header.function == "keep-uses").count()
    };
    for day in 1..=3 {
        village.forward(2 * DAY);
        for _ in 0..5 {
            say(&village.kernel, "first", "call second run []").unwrap().unwrap();
        }
        village.eventually("the use is kept", || kept() >= day);
        say(&village.kernel, "first", "call second run []").unwrap().unwrap();
        assert_eq!(kept(), day);
    }
}
