//! J4: a new version takes over the data of the old one, which answers meanwhile; and the way back.

use hamlet_kernel::{Actor, CallError, Kernel, KernelConfig};
use wasmtime::component::Val;

use crate::common::{Tally, Village, Villagers, anna, granting_all, guest, guest_with, script, text};

const NAME: &str = "first";
/// How long a chunk may take here: half of it is for the new version.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// An answer of `host/plugins`: `ok`, or the case of the error with its sentence.
type Told = Result<Val, (String, String)>;

fn told(result: Result<Option<Val>, Option<Val>>) -> Told {
    match result {
        Ok(value) => Ok(value.unwrap_or(Val::Bool(true))),
        Err(Some(Val::Variant(case, None))) => Err((case, String::new())),
        Err(Some(Val::Variant(case, Some(why)))) => match *why {
            Val::String(why) => Err((case, why)),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn field<'a>(record: &'a Val, name: &str) -> &'a Val {
    let Val::Record(fields) = record else { panic!("{record:?}") };
    &fields.iter().find(|(of, _)| of == name).unwrap().1
}

fn words(value: &Val) -> String {
    match value {
        Val::String(text) => text.clone(),
        Val::Option(None) => "-".to_owned(),
        Val::Option(Some(value)) => words(value),
        other => format!("{other:?}"),
    }
}

trait Upgrading {
    fn kernel(&self) -> &Kernel;

    fn host(&self, function: &str, arguments: Vec<Val>) -> Told {
        let call = hamlet_kernel::Call::new(Actor::Console, "host", "plugins", function, arguments);
        told(self.kernel().call_blocking(call).unwrap().result)
    }

    fn named(&self, function: &str) -> Told {
        self.host(function, vec![Val::String(NAME.into())])
    }

    /// Begins the upgrade to the version that moves the rows.
    fn begin(&self) -> Told {
        let hash = self.kernel().stage(&guest("moved")).unwrap();
        self.host("activate", granting_all(hash))
    }

    /// One chunk: rows handed over so far, and whether it has caught up.
    fn step(&self) -> Result<(u64, bool), (String, String)> {
        let progress = self.named("migrate")?;
        let (Val::U64(moved), Val::Bool(caught_up)) =
            (field(&progress, "moved"), field(&progress, "caught-up"))
        else {
            panic!("{progress:?}")
        };
        Ok((*moved, *caught_up))
    }

    /// Steps until it has caught up.
    fn catch_up(&self) -> u64 {
        for _ in 0..1_000 {
            let (moved, caught_up) = self.step().unwrap();
            if caught_up {
                return moved;
            }
        }
        panic!("it never catches up")
    }

    fn listed(&self, of: &str) -> String {
        let call = hamlet_kernel::Call::new(Actor::Console, "host", "plugins", "list", vec![]);
        let Ok(Some(Val::List(all))) = self.kernel().call_blocking(call).unwrap().result else { panic!() };
        let plugin = all.iter().find(|plugin| words(field(plugin, "name")) == NAME).unwrap();
        words(field(plugin, of))
    }

    fn says(&self, line: &str) -> Result<String, String> {
        text(self.kernel().call_blocking(script(anna(), NAME, line)).unwrap().result)
    }
}

impl Upgrading for Village {
    fn kernel(&self) -> &Kernel {
        &self.kernel
    }
}

impl Upgrading for Kernel {
    fn kernel(&self) -> &Kernel {
        self
    }
}

/// A village in which the first guest has a thousand rows.
fn village() -> Village {
    let village = Village::with(|config| config.limits.beside_time = PATIENCE);
    village.install(&guest("first-alone"));
    village.run(NAME, "rows a 0 1000; set kept old; set gone old; set changed old").unwrap();
    village
}

#[test]
fn j4_the_old_version_answers_while_its_rows_are_moved_and_no_change_is_lost() {
    let village = village();
    let begun = village.begin().unwrap();
    assert_eq!(words(field(&begun, "version")), "0.1.0", "the old one still answers");
    assert_eq!(village.listed("moving-to"), "0.3.0");
    assert_eq!(village.begin().unwrap_err().0, "moving", "once at a time");
    let (moved, caught_up) = village.step().unwrap();
    assert!(moved > 0 && moved < 1_000 && !caught_up, "in chunks: {moved}");
    // What is handed over already, and what is not yet, is changed, deleted and added meanwhile.
    village
        .run(NAME, "set a00000000 changed; del a00000001; del gone; set changed new; set added new")
        .unwrap();
    assert_eq!(village.named("switch-over").unwrap_err().0, "not-caught-up");
    let moved = village.catch_up();
    assert!(moved >= 1_003, "{moved}");
    assert_eq!(village.run(NAME, "set late new; get kept; get new/kept").unwrap(), "ok,old,-");
    // The last change is moved by the switch itself.
    let switched = village.named("switch-over").unwrap();
    assert_eq!(words(field(&switched, "version")), "0.3.0");
    assert_eq!(
        village
            .run(NAME, "get new/kept; get new/changed; get new/gone; get new/added; get new/late")
            .unwrap(),
        "old of 0.1.0,new of 0.1.0,-,new of 0.1.0,new of 0.1.0"
    );
    assert_eq!(
        village
            .run(NAME, "get new/a00000000; get new/a00000001; get new/a00000999; tally new/a new/b")
            .unwrap(),
        "changed of 0.1.0,-,1 of 0.1.0,1000"
    );
    assert_eq!(
        village.run(NAME, "get kept; tally a b").unwrap(),
        "-,0",
        "the old rows are another generation's"
    );
    assert_eq!((village.listed("moving-to"), village.listed("previous")), ("-".into(), "0.1.0".into()));
    assert_eq!(village.named("switch-over").unwrap_err().0, "not-moving");
}

#[test]
fn j4_a_migration_that_fails_changes_nothing() {
    for (value, why) in [
        ("poison", "it does not like poison"),
        ("trap", "unreachable"),
        ("schedule", "uses nothing but its storage"),
    ] {
        let village = village();
        village.run(NAME, &format!("set z {value}")).unwrap();
        village.begin().unwrap();
        let refused = loop {
            match village.step() {
                Ok((_, caught_up)) => assert!(!caught_up, "{value}"),
                Err(refused) => break refused,
            }
        };
        assert_eq!(refused.0, "migration-failed", "{value}");
        assert!(refused.1.contains(why), "{refused:?}");
        assert_eq!(village.run(NAME, "get kept; tally a b").unwrap(), "old,1000", "{value}");
        village.named("cancel-migration").unwrap();
        assert_eq!(village.listed("version"), "0.1.0");
        assert_eq!(village.named("migrate").unwrap_err().0, "not-moving");
        // Without what it does not like it can be done again.
        village.run(NAME, "del z").unwrap();
        village.begin().unwrap();
        village.catch_up();
        village.named("switch-over").unwrap();
        assert_eq!(village.run(NAME, "get new/kept").unwrap(), "old of 0.1.0");
    }
}

#[test]
fn j4_going_back_says_what_is_lost_and_brings_the_old_rows() {
    let village = village();
    assert_eq!(village.named("roll-back").unwrap_err().0, "no-previous");
    village.begin().unwrap();
    village.catch_up();
    village.named("switch-over").unwrap();
    village.run(NAME, "set mine 1; set yours 2").unwrap();
    village.run(NAME, "set ours 3").unwrap();
    let Val::List(lines) = village.named("roll-back-plan").unwrap() else { panic!() };
    let lines: Vec<String> = lines.iter().map(words).collect();
    let all = lines.join("\n");
    for part in
        ["from 0.3.0 to 0.1.0", "is lost: 3 rows in 2 commands", "run of first (2 times)", "since 2026-01-01"]
    {
        assert!(all.contains(part), "{part}: {all}");
    }
    village.named("roll-back").unwrap();
    assert_eq!((village.listed("version"), village.listed("previous")), ("0.1.0".into(), "-".into()));
    assert_eq!(village.run(NAME, "get kept; tally a b; get mine").unwrap(), "old,1000,-");
    // And forward again, from what it has now.
    village.run(NAME, "set kept older").unwrap();
    village.begin().unwrap();
    village.catch_up();
    village.named("switch-over").unwrap();
    assert_eq!(village.run(NAME, "get new/kept; get mine").unwrap(), "older of 0.1.0,-");
}

#[test]
fn j4_both_generations_count_until_the_upgrade_is_confirmed_and_then_the_old_rows_go() {
    let village = Village::with(|config| {
        config.limits.background = true;
        config.limits.beside_time = PATIENCE;
    });
    village.install(&guest("first-alone"));
    // 2.9 MiB of the 8 that it may store.
    village.run(NAME, "set part x; fill 48 60000").unwrap();
    let number =
        |text: String| -> u64 { text.trim_start_matches("U64(").trim_end_matches(')').parse().unwrap() };
    let before = number(village.listed("stored"));
    village.begin().unwrap();
    village.catch_up();
    village.named("switch-over").unwrap();
    let both = number(village.listed("stored"));
    assert!(both >= 2 * before, "{both} of both, {before} of one");
    // Another 2.9 MiB would fit beside one generation, but not beside both.
    let error = village.doomed(NAME, "fill 48 60000");
    assert!(matches!(error, CallError::Quota { .. }), "{error:?}");
    village.named("confirm").unwrap();
    assert_eq!(village.named("roll-back").unwrap_err().0, "no-previous");
    village.eventually("the old rows are deleted", || number(village.listed("stored")) < both - before / 2);
    village.eventually("all of them", || {
        let usage = village.kernel.store().usage(hamlet_store::Namespace(1_024));
        usage == 0
    });
    assert_eq!(village.run(NAME, "get new/part").unwrap(), "x of 0.1.0");
}

#[test]
fn j4_a_migration_goes_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let mut config = KernelConfig::in_dir(dir.path());
        config.directory = std::sync::Arc::new(Villagers);
        config.natives = vec![std::sync::Arc::new(Tally)];
        Kernel::open(config).unwrap()
    };
    let kernel = open();
    let hash = kernel.stage(&guest("first-alone")).unwrap();
    kernel.host("activate", granting_all(hash)).unwrap();
    kernel.says("rows a 0 600; set kept old").unwrap();
    kernel.begin().unwrap();
    let (first, _) = kernel.step().unwrap();
    kernel.says("set a00000000 changed").unwrap();
    drop(kernel);
    let kernel = open();
    assert_eq!(kernel.says("get kept").unwrap(), "old");
    assert!(kernel.step().unwrap().0 > first, "it goes on where it was");
    kernel.catch_up();
    kernel.named("switch-over").unwrap();
    drop(kernel);
    let kernel = open();
    assert_eq!(
        kernel.says("get new/kept; get new/a00000000; tally new/a new/b").unwrap(),
        "old of 0.1.0,changed of 0.1.0,600"
    );
    kernel.named("roll-back").unwrap();
    assert_eq!(kernel.says("get kept; tally a b").unwrap(), "old,600");
}

#[test]
fn c2_an_upgrade_that_asks_for_more_waits_until_it_is_granted() {
    let village = Village::empty();
    let asks_less = guest_with("first-alone", |text| {
        text.replace("storage = \"8 MiB\"", "storage = \"1 MiB\"").replace("0.1.0\"\ntitle", "0.0.9\"\ntitle")
    });
    village.install(&asks_less);
    village.run(NAME, "set kept old").unwrap();
    let hash = village.kernel.stage(&guest("first-alone")).unwrap();
    let order = |granting: Val| vec![Val::String(hash.clone()), granting];
    let plan = village.host("plan", vec![Val::String(hash.clone())]).unwrap();
    let Val::List(asks) = field(&plan, "asks") else { panic!() };
    let keys: Vec<String> = asks.iter().map(|ask| words(field(ask, "key"))).collect();
    assert_eq!(keys, ["storage 8388608"]);
    let nothing = Val::Variant("nothing-more".into(), None);
    let (case, why) = village.host("activate", order(nothing)).unwrap_err();
    assert_eq!(case, "not-granted");
    assert!(why.contains("It wants to store up to 8 MiB instead of 1 MiB."), "{why}");
    assert_eq!(village.listed("version"), "0.0.9");
    let these = |keys: &[&str]| {
        let keys = keys.iter().map(|key| Val::String((*key).into())).collect();
        Val::Variant("these".into(), Some(Box::new(Val::List(keys))))
    };
    let (case, why) = village.host("activate", order(these(&["bulk"]))).unwrap_err();
    assert_eq!((case.as_str(), why.as_str()), ("not-asked-for", "bulk"));
    village.host("activate", order(these(&["storage 8388608"]))).unwrap();
    assert_eq!(village.run(NAME, "get kept").unwrap(), "old");
}

#[test]
fn a_removed_plugins_rows_are_kept_for_it_or_destroyed_and_nobody_else_finds_them() {
    let village = Village::with(|config| config.limits.background = true);
    village.install_all();
    let remove = |name: &str, rows: &str| {
        village.host("uninstall", vec![Val::String(name.into()), Val::Enum(rows.into())])
    };
    let (case, why) = remove("first", "keep").unwrap_err();
    assert_eq!((case.as_str(), why.as_str()), ("still-used", "`second`"));
    village.run("third", "set kept old; at later 99999999999999999").unwrap();
    remove("third", "keep").unwrap();
    assert!(matches!(village.by(anna(), "third", "look", ""), Err(CallError::NoSuchPlugin { .. })));
    village.eventually("what owners granted is taken back", || {
        let hash = village.kernel.stage(&guest("third")).unwrap();
        village.host("activate", granting_all(hash)).is_ok()
    });
    assert_eq!(village.get("third", "kept"), "old");
    remove("third", "destroy").unwrap();
    village.eventually("its rows are deleted", || {
        let hash = village.kernel.stage(&guest("third")).unwrap();
        village.host("activate", granting_all(hash)).is_ok()
    });
    assert_eq!(village.get("third", "kept"), "-");
    assert_eq!(village.run("third", "cancel later").unwrap(), "false", "its schedules went with it");
    assert_eq!(remove("nobody", "destroy").unwrap_err().0, "no-such-plugin");
}
