//! `hamlet:host/storage` as a guest sees it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use hamlet_kernel::CallError;

use crate::common::{Village, anna, guest};

#[test]
fn keys_are_read_written_and_deleted() {
    let village = Village::new();
    assert_eq!(
        village
            .run(
                "first",
                "get a; set a 1; get a; set a 2; get a; del a; del a; get a; many a b; set b 3; many a b"
            )
            .unwrap(),
        "-,ok,1,ok,2,true,false,-,-|-,ok,-|3"
    );
    assert_eq!(village.run("first", "key 0").unwrap(), "err(Error::KeyLength(0))");
}

#[test]
fn many_keys_are_set_at_once_or_none() {
    let village = Village::new();
    let run = |script: &str| village.run("first", script).unwrap();
    assert_eq!(run("set a 0; sets a 1 b 2 a 3; many a b; sets"), "ok,ok,3|2,ok");
    let long = "k".repeat(1_025);
    assert_eq!(run(&format!("sets c 1 {long} 2; get c")), "err(Error::KeyLength(1025)),-");
    assert_eq!(run("rows-at-once 1 65537; get row000000"), "err(Error::ValueLength(65537)),-");
    assert_eq!(run("rows-at-once 1025 1; get row000000"), "err(Error::TooManyKeys(1025)),-");
    assert_eq!(run("rows-at-once 1024 1; get row001023"), "ok,v");
}

#[test]
fn c7_many_keys_at_once_count_as_each_alone() {
    let village = Village::new();
    let error = village.doomed("first", "set a 1; rows-at-once 65 65536");
    assert!(matches!(error, CallError::Quota { .. }), "{error:?}");
    assert_eq!(village.get("first", "a"), "-");
    let error = village.by(anna(), "first", "look", "sets a 1").unwrap_err();
    assert!(matches!(error, CallError::WriteInQuery { .. }), "{error:?}");
}

#[test]
fn other_plugins_do_not_see_the_rows() {
    let village = Village::new();
    village.run("first", "set a 1").unwrap();
    assert_eq!(village.get("second", "a"), "-");
    assert_eq!(village.run("second", "scan - - 9 forward").unwrap(), ">-");
}

#[test]
fn counters_add_and_name_what_is_none() {
    let village = Village::new();
    assert_eq!(village.run("first", "add n 5; add n -7").unwrap(), "5,-2");
    assert_eq!(
        village.run("first", "add m 9223372036854775807; add m 1; set x abc; add x 1").unwrap(),
        "9223372036854775807,err(Error::Overflow),ok,err(Error::NotACounter(3))"
    );
}

#[test]
fn scans_go_both_ways_by_pages_and_see_own_writes() {
    let village = Village::new();
    village.run("first", "set a 1; set b 2; set c 3; set d 4").unwrap();
    let scan = |line: &str| village.run("first", line).unwrap();
    assert_eq!(scan("scan - - 9 forward"), "a=1|b=2|c=3|d=4>-");
    assert_eq!(scan("scan - - 2 forward"), "a=1|b=2>b");
    assert_eq!(scan("scan - - 2 forward b"), "c=3|d=4>-");
    assert_eq!(scan("scan - - 2 reverse"), "d=4|c=3>c");
    assert_eq!(scan("scan - - 2 reverse c"), "b=2|a=1>-");
    assert_eq!(scan("scan b d 9 forward"), "b=2|c=3>-");
    assert_eq!(scan("scan b d 9 reverse"), "c=3|b=2>-");
    assert_eq!(scan("scan d b 9 forward"), ">-", "a range that is none is empty");
    assert_eq!(scan("set bb x; del c; scan b - 9 forward"), "ok,true,b=2|bb=x|d=4>-");
}

#[test]
fn a_scan_of_large_values_comes_by_pages_of_a_mebibyte() {
    let village = Village::new();
    village.run("first", "fill 40 65536").unwrap();
    let mut cursor = String::new();
    let mut pages = 0;
    let mut entries = 0;
    loop {
        let page =
            village.by(crate::common::anna(), "first", "look", &format!("scan fill g 1024 forward {cursor}"));
        let page = page.unwrap().unwrap();
        assert!(page.len() <= 1 << 20);
        entries += page.matches("fill").count();
        pages += 1;
        match page.rsplit_once('>').unwrap().1 {
            "-" => break,
            next => cursor = next.to_owned(),
        }
        // The cursor itself is in the text once more.
        entries -= 1;
    }
    assert_eq!(entries, 40);
    assert!(pages >= 3);
}

#[derive(Clone, Debug)]
enum Step {
    Set(u8, u8),
    Delete(u8),
    Nested(Vec<Step>, bool),
}

impl Step {
    fn write(&self, inner: bool) -> String {
        let lines = |steps: &[Step]| steps.iter().map(|step| step.write(true)).collect::<Vec<_>>().join(";");
        match self {
            Self::Set(key, value) => format!("set k{key} {value}"),
            Self::Delete(key) => format!("del k{key}"),
            // Only the outer plugin calls: the inner one is not entered again (T4).
            Self::Nested(steps, _) if inner => lines(steps),
            Self::Nested(steps, ok) => {
                let end = if *ok { "" } else { ";fail undo" };
                format!("call second run [{}{end}]", lines(steps))
            }
        }
    }

    fn apply(&self, outer: &mut BTreeMap<u8, u8>, nested: &mut BTreeMap<u8, u8>, inner: bool) {
        let own = if inner { &mut *nested } else { &mut *outer };
        match self {
            Self::Set(key, value) => drop(own.insert(*key, *value)),
            Self::Delete(key) => drop(own.remove(key)),
            Self::Nested(steps, ok) => {
                let before = nested.clone();
                for step in steps {
                    step.apply(outer, nested, true);
                }
                if !inner && !ok {
                    *nested = before;
                }
            }
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let leaf = prop_oneof![
        (0..6_u8, any::<u8>()).prop_map(|(key, value)| Step::Set(key, value)),
        (0..6_u8).prop_map(Step::Delete),
    ];
    leaf.prop_recursive(1, 12, 5, |inner| {
        (prop::collection::vec(inner, 0..5), any::<bool>()).prop_map(|(steps, ok)| Step::Nested(steps, ok))
    })
}

#[derive(Clone, Copy, Debug)]
enum End {
    Ok,
    Err,
    Trap,
}

#[test]
fn t2_t3_any_calls_leave_what_a_plain_model_says() {
    let village = Village::empty();
    for name in ["third", "first-alone", "second", "first"] {
        village.install(&guest(name));
    }
    let model = std::cell::RefCell::new((BTreeMap::new(), BTreeMap::new()));
    let end = prop_oneof![3 => Just(End::Ok), 1 => Just(End::Err), 1 => Just(End::Trap)];
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 150,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    });
    runner
        .run(&(prop::collection::vec(step(), 0..6), end), |(steps, end)| {
            let mut line = steps.iter().map(|step| step.write(false)).collect::<Vec<_>>().join(";");
            line.push_str(match end {
                End::Ok => "",
                End::Err => ";fail no",
                End::Trap => ";call second run [trap]",
            });
            let answer = village.by(crate::common::anna(), "first", "run", &line);
            if matches!(end, End::Ok) {
                let (outer, nested) = &mut *model.borrow_mut();
                for step in &steps {
                    step.apply(outer, nested, false);
                }
            }
            prop_assert_eq!(answer.is_err(), matches!(end, End::Trap));
            let (outer, nested) = &*model.borrow();
            for (plugin, model) in [("first", outer), ("second", nested)] {
                let stored = village
                    .by(crate::common::anna(), plugin, "look", "scan k l 99 forward")
                    .unwrap()
                    .unwrap();
                let expected: Vec<String> =
                    model.iter().map(|(key, value)| format!("k{key}={value}")).collect();
                prop_assert_eq!(stored, format!("{}>-", expected.join("|")));
            }
            Ok(())
        })
        .unwrap();
}
