#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
use super::*;
use crate::rows::fake::Context;

fn rule(kind: Kind, access: &[Access]) -> FunctionRule {
    FunctionRule::new(kind, access.to_vec())
}

fn stewards() -> Access {
    Access::Group(STEWARDS.into())
}

#[test]
fn w6_a_command_is_a_stewards_act_when_stewards_may_and_not_every_member() {
    let noted = |kind, access: &[Access]| is_for_stewards(&rule(kind, access));
    assert!(noted(Kind::Command, &[stewards(), Access::Decision, Access::Console]));
    assert!(noted(Kind::Command, &[Access::Console, stewards()]));
    assert!(!noted(Kind::Query, &[stewards()]), "who only looks changes nothing");
    assert!(!noted(Kind::Command, &[stewards(), Access::Member]));
    assert!(!noted(Kind::Command, &[stewards(), Access::Plugin]));
    assert!(!noted(Kind::Command, &[Access::Group("bakers".into())]));
    assert!(!noted(Kind::Command, &[Access::Console]), "what only the host does by itself");
}

#[test]
fn w1_the_log_is_read_by_members_and_has_no_function_that_changes_it() {
    let rule = StewardLog.rule("list").unwrap();
    assert_eq!((rule.kind, rule.access), (Kind::Query, vec![Access::Member, Access::Console]));
    for function in ["add", "delete", "clear", "erase", "pause", "set"] {
        assert!(StewardLog.rule(function).is_none());
    }
}

#[test]
fn a_reason_is_cut_between_letters_and_comes_back_from_hex() {
    assert_eq!(cut("añ", 2), "a");
    assert_eq!(cut("añ", 3), "añ");
    assert_eq!(cut("", 5), "");
    let bytes: Vec<u8> = (0..=255).collect();
    assert_eq!(unhex(&hex(&bytes)), Some(bytes));
    assert_eq!(unhex("zz"), None);
    assert_eq!(unhex("é"), None);
}

fn put(cx: &mut Context, id: u128, actor: &Actor, interface: &str, party: Option<Id>) {
    let line = Line {
        at: u64::try_from(id).unwrap(),
        actor: actor_row(actor),
        plugin: "host".into(),
        interface: interface.into(),
        function: "add".into(),
        party: party.map(|party| party.to_string()),
        thing: String::new(),
        detail: String::new(),
        reason: None,
    };
    let key = [PREFIX, &id.to_be_bytes()].concat();
    cx.set(&key, &to_json("test", &line).unwrap()).unwrap();
}

fn ids(page: &Val) -> (Vec<u64>, Option<Id>) {
    let Val::List(entries) = shape::field(page, "entries").unwrap() else { panic!() };
    let at = entries.iter().map(|entry| shape::number(shape::field(entry, "at").unwrap()).unwrap()).collect();
    (at, shape::option(shape::field(page, "next").unwrap(), shape::id).unwrap())
}

#[test]
fn the_log_is_listed_newest_first_page_by_page_and_by_who_and_about_whom() {
    let mut cx = Context::new(namespaces::STEWARD_LOG);
    let (sol, ana) = (Actor::Person(Id(7)), Id(8));
    for id in 1..=5 {
        put(&mut cx, id, &sol, "hamlet:host/members@0.1.0", Some(ana));
    }
    put(&mut cx, 6, &Actor::Console, "hamlet:host/settings@0.1.0", None);
    let ask =
        |cx: &mut Context, by: Option<Id>, about: Option<Id>, of: &[&str], limit, before: Option<Id>| {
            let filter = Filter { by, about, interfaces: of.iter().map(|&name| name.to_owned()).collect() };
            ids(&list(cx, &filter, limit, before).unwrap())
        };
    assert_eq!(ask(&mut cx, None, None, &[], 200, None), (vec![6, 5, 4, 3, 2, 1], None));
    let (first, next) = ask(&mut cx, None, None, &[], 4, None);
    assert_eq!(first, [6, 5, 4, 3]);
    assert_eq!(ask(&mut cx, None, None, &[], 4, next), (vec![2, 1], None));
    assert_eq!(ask(&mut cx, None, None, &[], 6, None).1, None, "nothing behind the last");
    assert_eq!(ask(&mut cx, Some(Id(7)), None, &[], 200, None).0.len(), 5);
    assert_eq!(ask(&mut cx, Some(ana), None, &[], 200, None).0, Vec::<u64>::new());
    assert_eq!(ask(&mut cx, None, Some(ana), &[], 200, None).0.len(), 5);
    assert_eq!(ask(&mut cx, None, None, &["settings"], 200, None).0, [6]);
}
