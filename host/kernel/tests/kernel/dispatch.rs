//! W5, T3: what is decided now and runs later, with a real guest that carries out decisions.

use hamlet_bundle::{Manifest, Package};
use hamlet_kernel::{Actor, Call, CallError};
use hamlet_reflect::{Id, Sources};
use wasmtime::component::Val;

use crate::common::{ANNA, NEW_YEAR, Village, anna, berta, granting_all, guest, guest_with, text};

const HOUR: u64 = 3_600_000_000;

/// The first guest, whose `run` and `bump` decisions may call.
fn first() -> Package {
    guest_with("first-alone", |text| {
        text.replace(
            r#"["member", "plugin", "console"] }"#,
            r#"["member", "plugin", "console", "decision"] }"#,
        )
        .replace(
            r#"bump = { kind = "command", access = ["member"] }"#,
            r#"bump = { kind = "command", access = ["decision"] }"#,
        )
    })
}

/// A village with somebody who carries out decisions, and the first guest to carry them out on.
fn village() -> Village {
    let village = Village::empty();
    appoint(&village, Some("chair"));
    village.install(&guest("chair"));
    village.install(&first());
    village
}

fn appoint(village: &Village, name: Option<&str>) {
    let name = Val::Option(name.map(|name| Box::new(Val::String(name.into()))));
    village.call(Actor::Console, "host", "set-dispatcher", vec![name]).unwrap().result.unwrap();
}

impl Village {
    fn freeze_at(&self, target: (&str, &str, &str), arguments: &str, earliest: u64) -> Result<Val, String> {
        let words = [target.0, target.1, target.2, arguments].map(|word| Val::String(word.into()));
        let arguments = words.into_iter().chain([Val::U64(earliest)]).collect();
        let answer = self.call(anna(), "chair", "freeze", arguments).unwrap();
        answer.result.map(Option::unwrap).map_err(|why| match why {
            Some(Val::String(why)) => why,
            other => panic!("{other:?}"),
        })
    }

    /// Freezes a script for the first guest.
    fn freeze(&self, script: &str) -> Val {
        let arguments = serde_json::json!({ "script": script }).to_string();
        self.freeze_at(("first", "test:kit/first@0.1.0", "run"), &arguments, 0).unwrap()
    }

    fn carry_out(&self, effect: &Val, after: &str) -> Result<Result<String, String>, CallError> {
        let arguments = vec![effect.clone(), Val::String(after.into())];
        self.call(anna(), "chair", "run", arguments).map(|answer| text(answer.result))
    }

    fn notes(&self) -> String {
        text(self.call(anna(), "chair", "notes", vec![]).unwrap().result).unwrap()
    }

    /// The effect as people see it: its status' name and its text.
    fn shown(&self, effect: &Val) -> (String, String) {
        let answer = self.call(berta(), "host", "show", vec![effect.clone()]).unwrap();
        let Ok(Some(Val::Record(fields))) = answer.result else { panic!("{:?}", answer.result) };
        let field = |name: &str| fields.iter().find(|(of, _)| of == name).map(|(_, value)| value.clone());
        let (Some(Val::Variant(status, _)), Some(Val::String(text))) = (field("status"), field("text"))
        else {
            panic!("{fields:?}")
        };
        (status, text)
    }
}

fn hex(id: &Val) -> String {
    Id::from_val(id).unwrap().to_string()
}

#[test]
fn w5_a_frozen_command_runs_once_as_a_decision_and_nobody_between() {
    let village = village();
    let effect = village.freeze("set a 1; actor; caller; chain; mandate a1; mandate c0");
    assert_eq!(village.get("first", "a"), "-", "frozen is not run");
    let ran = village.carry_out(&effect, "who").unwrap().unwrap();
    let seen =
        format!("done \"ok,decision:{},direct,chair>host,None,Some(Mandate::Representative)\"", hex(&effect));
    assert!(ran.starts_with(&seen), "{ran}");
    let anna = Id(ANNA.0);
    let after = format!("Actor::Person(Id {{ high: {}, low: {} }}) Caller::Direct", anna.high(), anna.low());
    assert!(ran.ends_with(&after), "who acted before acts again: {ran}");
    assert_eq!((village.get("first", "a"), village.notes()), ("1".into(), "before after ".into()));
    assert_eq!(village.carry_out(&effect, "").unwrap(), Err("already-run".into()));
    assert_eq!(village.notes(), "before after ", "the refusal was its answer");
    let again = village.freeze("set a 2");
    assert_eq!(village.carry_out(&again, "twice").unwrap(), Ok("done \"ok\"; already-run".into()));
    assert_eq!(village.carry_out(&Id(7).to_val(), "").unwrap(), Err("no-such-effect".into()));
}

#[test]
fn w5_a_payment_with_typed_arguments_runs_with_what_was_frozen() {
    let village = village();
    let bump = ("first", "test:kit/first@0.1.0", "bump");
    let effect = village.freeze_at(bump, r#"{"by":"250","number":"4"}"#, 0).unwrap();
    assert_eq!(village.carry_out(&effect, "").unwrap(), Ok("done \"250\"".into()));
    let person = village.call(anna(), "first", "bump", vec![Val::U64(4), Val::U64(1)]).unwrap_err();
    assert_eq!(person.code(), "denied", "only decisions may");
}

#[test]
fn w5_what_does_not_fit_or_may_not_be_decided_is_not_frozen() {
    let village = village();
    let bump = ("first", "test:kit/first@0.1.0", "bump");
    for (arguments, why) in [
        (r#"{"by":"250","number":"4x"}"#, "number"),
        (r#"{"by":"250"}"#, "number"),
        (r#"{"by":"250","more":1,"number":"4"}"#, "more"),
        (r#"{"number":"4","by":"250"}"#, "from byte 2 on"),
        (r#"{"by": "250","number":"4"}"#, "from byte 6 on"),
        (r#"{"by":"250","by":"250","number":"4"}"#, "by"),
        ("by", "expected"),
        (&format!(r#"{{"by":"{}"}}"#, "1".repeat(40_000)), "32768"),
    ] {
        let refused = village.freeze_at(bump, arguments, 0).unwrap_err();
        assert!(refused.starts_with("arguments-invalid") && refused.contains(why), "{why}: {refused}");
    }
    for (target, case) in [
        (("first", "test:kit/first@0.1.0", "baker"), "not-for-decisions"),
        (("first", "test:kit/first@0.1.0", "hidden"), "no-such-function"),
        (("first", "first@0.1.0", "run"), "no-such-function"),
        (("first", "", "run"), "no-such-function"),
        (("nobody", "test:kit/first@0.1.0", "run"), "no-such-function"),
        (("host", "hamlet:host/grants@0.1.0", "give"), "not-for-decisions"),
        (("host", "hamlet:host/dispatch@0.1.0", "run"), "not-for-decisions"),
    ] {
        assert_eq!(village.freeze_at(target, "{}", 0).unwrap_err(), case, "{target:?}");
    }
}

#[test]
fn w5_it_does_not_run_before_its_earliest_time() {
    let village = village();
    let run = ("first", "test:kit/first@0.1.0", "run");
    let effect = village.freeze_at(run, r#"{"script":"set a 1"}"#, NEW_YEAR + HOUR).unwrap();
    village.forward(HOUR - 1);
    assert_eq!(village.carry_out(&effect, "").unwrap(), Err(format!("too-early {}", NEW_YEAR + HOUR)));
    village.forward(1);
    assert_eq!(village.carry_out(&effect, "").unwrap(), Ok("done \"ok\"".into()));
}

#[test]
fn t3_dispatch_alone_turns_a_trap_into_a_result_and_undoes_its_savepoint_only() {
    let village = village();
    // What the chair noted before and after stays.
    let deep = village.freeze("set a 1; trap");
    let ran = village.carry_out(&deep, "").unwrap().unwrap();
    assert!(ran.starts_with("failed `first` failed in `run`"), "{ran}");
    assert_eq!((village.get("first", "a"), village.notes()), ("-".into(), "before after ".into()));
    assert_eq!(village.shown(&deep).0, "failed");
    assert_eq!(village.carry_out(&deep, "").unwrap(), Err("already-run".into()));

    let refused = village.freeze("set a 1; fail no flour");
    assert_eq!(village.carry_out(&refused, "").unwrap(), Ok("refused \"no flour\"".into()));
    assert_eq!((village.get("first", "a"), village.shown(&refused).0), ("-".into(), "refused".into()));

    // Its stack, and what a command may write (C7).
    for script in ["deep 1000000", "fill 100 60000"] {
        let effect = village.freeze(&format!("set a 1; {script}"));
        let ran = village.carry_out(&effect, "").unwrap().unwrap();
        assert!(ran.starts_with("failed `first`"), "{script}: {ran}");
        assert_eq!(village.get("first", "a"), "-", "{script}");
    }
}

#[test]
fn w5_what_is_undone_with_its_transaction_did_not_run() {
    let village = village();
    let effect = village.freeze("set a 1");
    assert_eq!(village.carry_out(&effect, "fail").unwrap(), Err("no".into()));
    assert_eq!(village.carry_out(&effect, "trap").unwrap_err().code(), "trapped");
    assert_eq!(
        (village.get("first", "a"), village.notes(), village.shown(&effect).0),
        ("-".into(), String::new(), "waiting".into())
    );
    assert_eq!(village.carry_out(&effect, "").unwrap(), Ok("done \"ok\"".into()));
}

#[test]
fn t3_an_effect_that_loops_is_ended_within_its_slice_and_the_dispatcher_goes_on() {
    let village = village();
    let effect = village.freeze("set a 1; spin");
    let begun = std::time::Instant::now();
    let ran = village.carry_out(&effect, "").unwrap().unwrap();
    let took = begun.elapsed();
    assert!(ran.starts_with("failed `first` took longer than its slice of 25 ms"), "{ran}");
    assert!(took.as_millis() >= 20 && took.as_millis() < 500, "{took:?}");
    assert_eq!((village.get("first", "a"), village.notes()), ("-".into(), "before after ".into()));
}

#[test]
fn t4_the_dispatcher_is_on_the_stack_while_its_effect_runs() {
    let village = village();
    let quorum = ("chair", "test:chair/chair@0.1.0", "quorum");
    let effect = village.freeze_at(quorum, r#"{"percent":40}"#, 0).unwrap();
    let ran = village.carry_out(&effect, "").unwrap().unwrap();
    assert!(ran.starts_with("failed `chair` is already at work"), "{ran}");
}

#[test]
fn c2_a_paused_provider_dooms_the_run_and_the_effect_waits_on() {
    let village = village();
    let effect = village.freeze("set a 1");
    let status = |word: &str| {
        let arguments = vec![Val::String("first".into()), Val::Enum(word.into())];
        village.call(Actor::Console, "host", "set-status", arguments).unwrap().result.unwrap();
    };
    status("paused");
    assert_eq!(village.carry_out(&effect, "").unwrap_err().code(), "unavailable");
    status("active");
    assert_eq!(village.carry_out(&effect, "").unwrap(), Ok("done \"ok\"".into()));
}

/// A plugin whose one function takes a number of this type.
fn fund(version: &str, ty: &str, docs: &str) -> Package {
    let wit = format!(
        "package test:fund@0.1.0; /// Holds money.\n interface fund {{ /// {docs}\n give: func(amount: {ty}) -> {ty}; }} \
         /// All of it.\n world all {{ export fund; }}"
    );
    let component = format!(
        r#"(component
            (core module $m (func (export "give") (param i32) (result i32) local.get 0))
            (core instance $i (instantiate $m))
            (func $give (param "amount" {ty}) (result {ty}) (canon lift (core func $i "give")))
            (instance $fund (export "give" (func $give)))
            (export "test:fund/fund@0.1.0" (instance $fund)))"#
    );
    let manifest_text = format!(
        "name = \"fund\"\nversion = \"{version}\"\ntitle = \"A fund\"\n[[export]]\ninterface = \"test:fund/fund@0.1.0\"\n\
         [export.functions]\ngive = {{ kind = \"command\", access = [\"decision\"] }}\n"
    );
    Package {
        manifest: Manifest::parse(&manifest_text).unwrap(),
        manifest_text,
        component: wat::parse_str(component).unwrap(),
        wit: Sources::from_texts(&[("fund.wit", &wit)]).unwrap().encode(None).unwrap(),
        files: Vec::new(),
    }
}

#[test]
fn w5_it_lapses_when_the_types_change_and_not_when_only_the_version_of_the_plugin_does() {
    let village = village();
    village.install(&fund("0.1.0", "u32", "Gives."));
    let give = ("fund", "test:fund/fund@0.1.0", "give");
    let first = village.freeze_at(give, r#"{"amount":7}"#, 0).unwrap();
    let second = village.freeze_at(give, r#"{"amount":8}"#, 0).unwrap();
    village.install(&fund("0.2.0", "u32", "Gives, in other words."));
    assert_eq!(village.carry_out(&first, "").unwrap(), Ok("done 7".into()));
    village.install(&fund("0.3.0", "s32", "Gives."));
    assert_eq!(village.carry_out(&second, "").unwrap(), Err("lapsed".into()));
    let (status, text) = village.shown(&second);
    assert_eq!(status, "lapsed");
    assert!(text.contains("amount: 8") && text.contains("It lapsed"), "{text}");
}

#[test]
fn w5_people_see_what_they_decide_on() {
    let village = village();
    let bump = ("first", "test:kit/first@0.1.0", "bump");
    let effect = village.freeze_at(bump, r#"{"by":"250","number":"4"}"#, NEW_YEAR + HOUR).unwrap();
    let (status, text) = village.shown(&effect);
    assert_eq!(status, "waiting");
    assert_eq!(
        text,
        "bump of first (test:kit/first@0.1.0)\nA command of five storage calls, for measuring.\n  number: 4\n  by: 250\n\
         Frozen by chair at 2026-01-01 00:00:00 UTC.\nNot before 2026-01-01 01:00:00 UTC.\nIt waits.\n"
    );
    village.forward(HOUR);
    village.carry_out(&effect, "").unwrap().unwrap();
    let (status, text) = village.shown(&effect);
    assert_eq!(status, "done");
    assert!(text.ends_with("It was done at 2026-01-01 01:00:00 UTC.\n"), "{text}");
    let none = village.call(berta(), "host", "show", vec![Id(7).to_val()]).unwrap();
    assert!(matches!(none.result, Err(Some(Val::Variant(case, None))) if case == "no-such-effect"));
    let stranger = village.call(Actor::Anyone, "host", "show", vec![effect]).unwrap_err();
    assert_eq!(stranger.code(), "denied");
}

#[test]
fn w5_what_was_given_up_is_gone_and_cannot_run() {
    let village = village();
    let effect = village.freeze("set a 1");
    let discard = || village.call(anna(), "chair", "discard", vec![effect.clone()]).unwrap().result;
    assert!(matches!(discard(), Ok(Some(Val::Bool(true)))));
    assert!(matches!(discard(), Ok(Some(Val::Bool(false)))));
    assert_eq!(village.carry_out(&effect, "").unwrap(), Err("no-such-effect".into()));
}

#[test]
fn w5_one_plugin_alone_carries_out_decisions_and_a_steward_names_it() {
    let village = Village::empty();
    let install = || {
        let hash = village.kernel.stage(&guest("chair")).unwrap();
        village.call(Actor::Console, "host", "activate", granting_all(hash)).unwrap().result
    };
    for named in [None, Some("assembly")] {
        appoint(&village, named);
        let Err(Some(Val::Variant(case, Some(why)))) = install() else { panic!("it was installed") };
        assert_eq!(case, "import-unmet");
        let Val::String(why) = *why else { panic!("{why:?}") };
        assert!(
            why.contains("one plugin alone may") && why.contains("set-dispatcher --plugin chair"),
            "{why}"
        );
        assert!(why.contains(named.unwrap_or("none")), "{why}");
    }
    let by_person = vec![Val::Option(Some(Box::new(Val::String("chair".into()))))];
    assert_eq!(village.call(anna(), "host", "set-dispatcher", by_person).unwrap_err().code(), "denied");
    appoint(&village, Some("chair"));
    install().unwrap();
    village.install(&first());
    let effect = village.freeze("set a 1");
    // Taken away, it ends at once, for what was frozen before too.
    appoint(&village, Some("assembly"));
    let error = village.carry_out(&effect, "").unwrap_err();
    assert_eq!(
        error.to_string(),
        "not allowed: decisions are carried out by one plugin alone, and a steward names it"
    );
    appoint(&village, Some("chair"));
    assert_eq!(village.carry_out(&effect, "").unwrap(), Ok("done \"ok\"".into()));
    let person = village.call(anna(), "host", "run", vec![effect]).unwrap_err();
    assert_eq!(person.code(), "denied", "a person does not dispatch");
}

#[test]
fn w6_a_decision_reaches_the_hosts_own_functions() {
    let village = village();
    let settings =
        r#"{"community":{"language":"de","name":"Am Bach","place":"unten","zone":"Europe/Zurich"}}"#;
    let set = ("host", "hamlet:host/settings@0.1.0", "set");
    let effect = village.freeze_at(set, settings, 0).unwrap();
    assert_eq!(village.carry_out(&effect, "").unwrap(), Ok("done null".into()));
    let get = Call::new(Actor::Anyone, "host", "settings", "get", vec![]);
    let answer = village.kernel.call_blocking(get).unwrap();
    assert!(format!("{:?}", answer.result).contains("Am Bach"));
}

#[test]
fn w2_a_decision_is_asked_for_consent_like_anybody_and_confirms_nothing_of_the_person() {
    let village = village();
    // Anna calls the chair herself; what is hers is not the decision's.
    let effect = village.freeze("?need spend acc a1 5");
    let ran = village.carry_out(&effect, "").unwrap().unwrap();
    assert!(ran.starts_with("refused") && ran.contains("ConfirmationNeeded"), "{ran}");
}

#[test]
fn c6_frozen_arguments_are_in_no_file_in_the_clear() {
    let dir = tempfile::tempdir().unwrap();
    let village = Village::with(|config| config.dir = Some(dir.path().to_owned()));
    appoint(&village, Some("chair"));
    village.install(&guest("chair"));
    village.install(&first());
    let effect = village.freeze("set a Xq7marker9Zk");
    assert!(village.shown(&effect).1.contains("Xq7marker9Zk"));
    village.run("first", "set b Yq7visible9Zk").unwrap();
    village.kernel.shutdown();
    let holds = |marker: &[u8]| {
        let files = walk(&dir.path().join("data"));
        files.iter().any(|file| {
            let bytes = std::fs::read(file).unwrap();
            bytes.windows(marker.len()).any(|window| window == marker)
        })
    };
    assert!(!holds(b"Xq7marker9Zk") && holds(b"Yq7visible9Zk"));
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}
