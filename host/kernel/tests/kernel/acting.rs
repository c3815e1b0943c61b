//! Who may (W1, W4), with whose will (W2), and personal data (C6).

use std::sync::Arc;

use hamlet_kernel::{Actor, BatchFailure, Call, CallError};
use hamlet_reflect::Id;
use wasmtime::component::Val;

use crate::common::{ANNA, BERTA, GONE, HOUSE, Village, anna, berta, block_on, guest_with, script};

#[test]
fn w1_access_is_decided_on_the_immediate_caller() {
    let village = Village::new();
    let denied = |actor: Actor, function: &str| {
        matches!(village.by(actor, "first", function, ""), Err(CallError::Denied { .. }))
    };
    assert!(!denied(anna(), "baker"));
    assert!(denied(berta(), "baker"));
    assert!(!denied(berta(), "direct"));
    assert!(denied(Actor::Person(GONE), "direct"), "who has left is no member");
    assert!(denied(Actor::Anyone, "run"));
    assert!(!denied(Actor::Anyone, "look"));
    assert!(denied(Actor::Device(Id(7)), "run"));
    assert!(!denied(Actor::Console, "run"));
    // Through a plugin a function that admits only members is refused, though a member began the call.
    let error = village.doomed("first", "set a 1; call second direct []");
    assert!(matches!(error, CallError::Denied { .. }), "{error:?}");
    assert_eq!(village.get("first", "a"), "-");
}

#[test]
fn w1_an_export_that_the_manifest_does_not_declare_is_not_callable() {
    let village = Village::new();
    let error = village.by(anna(), "first", "hidden", "").unwrap_err();
    assert!(matches!(error, CallError::NoSuchFunction { .. }), "{error:?}");
    let error = village.doomed("first", "call second hidden []");
    assert!(matches!(error, CallError::NoSuchFunction { .. }), "{error:?}");
}

#[test]
fn w4_actor_caller_and_chain_are_minted_by_the_host() {
    let village = Village::new();
    let who = "actor; caller; chain; request";
    let mut call =
        script(anna(), "first", &format!("{who}; call second run [{who}; call first again [{who}]]"));
    call.request_id = Arc::from("r1");
    let answer = village.kernel.call_blocking(call).unwrap();
    let actor = "person:000000000000000000000000000000a1";
    let expected =
        format!("{actor},direct,,r1,{actor},plugin:first,first,r1,{actor},plugin:second,first>second,r1");
    assert_eq!(crate::common::text(answer.result).unwrap(), expected);
}

#[test]
fn w4_all_of_a_call_in_one_crossing_is_what_each_alone_says() {
    let village = Village::new();
    let shown =
        village.run("first", "today; whole; call second run [whole; call first again [whole]]").unwrap();
    let (today, rest) = shown.split_once(',').unwrap();
    let date: jiff::civil::Date = today.parse().unwrap();
    let epoch = jiff::civil::date(1970, 1, 1);
    let day = (date - epoch).get_days();
    assert_eq!(rest, format!("true:{day}:true,true:{day}:false,true:{day}:false"));
}

#[test]
fn w4_mandates_and_groups_are_the_directorys() {
    let village = Village::new();
    assert_eq!(
        village.run("first", "mandate a1; mandate f00d; mandate b2; group bakers; group smiths").unwrap(),
        "Some(Mandate::SelfActing),Some(Mandate::Representative),None,true,false"
    );
    assert_eq!(
        village.by(Actor::Console, "first", "run", "mandate a1; group bakers").unwrap().unwrap(),
        "None,false"
    );
}

#[test]
fn w2_a_person_who_calls_directly_consents_by_that_and_for_nobody_else() {
    let village = Village::new();
    assert_eq!(village.run("first", "need spend acc a1 5; need spend acc f00d 5").unwrap(), "ok,ok");
    assert_eq!(village.run("first", "need spend acc b2 5").unwrap(), "err(Refusal::NoMandate)");
}

/// Anna has the second plugin call the first, which needs her will.
fn greedy(amount: &str) -> Call {
    script(
        anna(),
        "second",
        &format!("?set sale 1; ?call first run [?need spend acc a1 {amount}; set paid {amount}]"),
    )
}

#[test]
fn w2_through_a_plugin_she_confirms_exactly_what_it_does() {
    let village = Village::new();
    let head = village.kernel.head();
    let CallError::ConfirmationNeeded { needs, code } =
        village.kernel.call_blocking(greedy("5")).unwrap_err()
    else {
        panic!("no confirmation was asked for")
    };
    assert_eq!(needs.len(), 1);
    assert_eq!(
        (&*needs[0].provider, &*needs[0].kind, needs[0].owner, needs[0].amount),
        ("first", "spend", ANNA, Some(5))
    );
    assert_eq!((village.kernel.head(), village.get("second", "sale")), (head, "-".into()));
    // Another body under the same code is refused, and uses the code up.
    let mut more = greedy("500");
    more.confirmation = Some(code.clone());
    assert!(matches!(village.kernel.call_blocking(more).unwrap_err(), CallError::ConfirmationDiffers));
    let mut same = greedy("5");
    same.confirmation = Some(code);
    assert!(matches!(
        village.kernel.call_blocking(same.clone()).unwrap_err(),
        CallError::ConfirmationUnknown
    ));
    let CallError::ConfirmationNeeded { code, .. } = village.kernel.call_blocking(greedy("5")).unwrap_err()
    else {
        panic!("no confirmation was asked for")
    };
    same.confirmation = Some(code.clone());
    // A code is hers alone.
    let mut stolen = same.clone();
    stolen.actor = berta();
    assert!(matches!(village.kernel.call_blocking(stolen).unwrap_err(), CallError::ConfirmationUnknown));
    assert!(village.kernel.call_blocking(same.clone()).unwrap().result.is_ok());
    assert_eq!((village.get("second", "sale"), village.get("first", "paid")), ("1".into(), "5".into()));
    assert!(
        matches!(village.kernel.call_blocking(same).unwrap_err(), CallError::ConfirmationUnknown),
        "once"
    );
}

#[test]
fn w2_a_run_that_needs_more_than_was_confirmed_is_refused() {
    let village = Village::new();
    // What it needs depends on its own state, which changes between showing and confirming.
    let call = script(anna(), "second", "?call first run [?need spend acc a1 5; ?call second look [get x]]");
    assert!(village.kernel.call_blocking(call).is_err(), "re-entered");
    let twice = "?call first run [repeat 2 [?need spend acc a1 5]]";
    let CallError::ConfirmationNeeded { needs, code } =
        village.kernel.call_blocking(script(anna(), "second", twice)).unwrap_err()
    else {
        panic!("no confirmation was asked for")
    };
    assert_eq!(needs.len(), 2, "each need is shown");
    let mut call = script(anna(), "second", twice);
    call.confirmation = Some(code);
    assert!(village.kernel.call_blocking(call).unwrap().result.is_ok());
}

/// Anna has the second plugin call the first, which needs her will; the second throws what it is refused.
fn throwing(nested: &str) -> Call {
    script(anna(), "second", &format!("?set sale 1; !call first run [{nested}]"))
}

#[test]
fn w2_a_plugin_that_traps_when_it_is_refused_is_confirmed_as_any_other() {
    let village = Village::new();
    let call = throwing("?need spend acc a1 5; set paid 5");
    let error = village.kernel.call_blocking(call.clone()).unwrap_err();
    let CallError::ConfirmationNeeded { needs, code } = error else { panic!("{error:?}") };
    assert_eq!(needs.iter().map(|need| need.amount).collect::<Vec<_>>(), [Some(5)]);
    assert_eq!((village.get("second", "sale"), village.get("first", "paid")), ("-".into(), "-".into()));
    let mut call = call;
    call.confirmation = Some(code);
    assert!(village.kernel.call_blocking(call).unwrap().result.is_ok());
    assert_eq!((village.get("second", "sale"), village.get("first", "paid")), ("1".into(), "5".into()));
}

#[test]
fn w2_a_plugin_that_traps_when_it_does_not_do_what_was_confirmed_is_refused_by_that_name() {
    let village = Village::new();
    // What a run wrote is undone and what it drew is not, so that the first asks for another sum at each run.
    let call = throwing("?need spend acc a1 random");
    let error = village.kernel.call_blocking(call.clone()).unwrap_err();
    let CallError::ConfirmationNeeded { code, .. } = error else { panic!("{error:?}") };
    let mut call = call;
    call.confirmation = Some(code);
    let error = village.kernel.call_blocking(call).unwrap_err();
    assert!(matches!(error, CallError::ConfirmationDiffers), "{error:?}");
    assert_eq!(village.get("second", "sale"), "-");
}

#[test]
fn w2_the_same_in_a_batch_of_calls_that_happen_all_or_none() {
    let village = Village::new();
    let all = |code: Option<String>| {
        let mut calls = [script(anna(), "second", "set before 1"), throwing("?need spend acc a1 random")];
        for call in &mut calls {
            call.confirmation.clone_from(&code);
        }
        block_on(village.kernel.call_all(calls.to_vec())).unwrap_err()
    };
    let BatchFailure::Call(CallError::ConfirmationNeeded { code, .. }) = all(None).error else { panic!() };
    let refused = all(Some(code));
    assert!(matches!(refused.error, BatchFailure::Call(CallError::ConfirmationDiffers)), "{refused:?}");
    assert_eq!(refused.index, 1);
    assert_eq!(village.get("second", "before"), "-");
}

#[test]
fn w2_a_trap_is_a_trap_when_consent_was_not_what_it_wanted_for() {
    let village = Village::new();
    // With consent it would trap as well: she is told so, rather than asked.
    let error = village.kernel.call_blocking(throwing("?need spend acc a1 5; trap")).unwrap_err();
    assert!(matches!(&error, CallError::Trapped { plugin, .. } if &**plugin == "first"), "{error:?}");
    let error = village.kernel.call_blocking(throwing("?need spend acc b2 5")).unwrap_err();
    assert!(
        matches!(&error, CallError::Trapped { plugin, .. } if &**plugin == "second"),
        "no mandate: {error:?}"
    );
}

#[test]
fn w2_a_plugin_that_says_ok_to_what_was_refused_is_not_believed() {
    let village = Village::new();
    // The first fails even with her will, and the second answers `ok` all the same.
    let call = script(anna(), "second", "set sale 1; call first run [?need spend acc a1 5; fail no]");
    let error = village.kernel.call_blocking(call.clone()).unwrap_err();
    let CallError::ConfirmationNeeded { needs, code } = error else { panic!("{error:?}") };
    assert_eq!(needs.iter().map(|need| need.amount).collect::<Vec<_>>(), [Some(5)]);
    let mut call = call;
    call.confirmation = Some(code);
    let error = village.kernel.call_blocking(call).unwrap_err();
    assert!(matches!(error, CallError::ConfirmationDiffers), "{error:?}");
    assert_eq!(village.get("second", "sale"), "-");
}

#[test]
fn w2_with_nobody_present_a_plugin_that_traps_is_refused_by_that_name() {
    let village = Village::new();
    let call = script(Actor::Console, "first", "set sale 1; !need spend acc a1 5");
    for error in [
        village.kernel.call_blocking(call.clone()).unwrap_err(),
        block_on(village.kernel.dry_run(call)).unwrap_err(),
    ] {
        let CallError::ConfirmationNeeded { needs, code } = error else { panic!("{error:?}") };
        assert_eq!((needs.len(), &*code), (1, ""));
    }
    assert_eq!(village.get("first", "sale"), "-");
}

#[test]
fn w2_with_nobody_present_it_fails_with_confirmation_needed() {
    let village = Village::new();
    let error = village.by(Actor::Console, "first", "run", "?need spend acc a1 5").unwrap_err();
    let CallError::ConfirmationNeeded { needs, code } = error else { panic!("{error:?}") };
    assert_eq!((needs.len(), &*code), (1, ""));
}

#[test]
fn w2_a_grant_by_the_owner_covers_the_plugin_up_to_its_ceiling() {
    let village = Village::new();
    let offer = Val::Record(vec![
        ("plugin".into(), Val::String("second".into())),
        ("provider".into(), Val::String("first".into())),
        ("kind".into(), Val::String("spend".into())),
        ("thing".into(), Val::String("acc".into())),
        ("owner".into(), ANNA.to_val()),
        ("monthly-ceiling".into(), Val::Option(Some(Box::new(Val::U64(12))))),
        ("expires".into(), Val::Option(None)),
    ]);
    let given = village.call(anna(), "host", "give", vec![offer]).unwrap();
    assert!(given.result.is_ok(), "{:?}", given.result);
    for _ in 0..2 {
        assert!(village.kernel.call_blocking(greedy("5")).unwrap().result.is_ok());
    }
    let error = village.kernel.call_blocking(greedy("5")).unwrap_err();
    assert_eq!(error.code(), "confirmation-needed", "2 of 12 are left");
    assert!(village.kernel.call_blocking(greedy("2")).unwrap().result.is_ok());
}

#[test]
fn w2_a_dry_run_tells_the_needs_at_every_depth() {
    let village = Village::new();
    let dry = block_on(village.kernel.dry_run(greedy("7"))).unwrap();
    assert_eq!(dry.needs.iter().map(|need| need.amount).collect::<Vec<_>>(), [Some(7)]);
}

#[test]
fn c6_a_sealed_value_opens_for_its_plugin_and_party_alone() {
    let village = Village::new();
    assert_eq!(
        village.run("first", "seal a1 hello; open a1; open b2").unwrap(),
        "46,hello,err(Error::Damaged)"
    );
    assert_eq!(village.run("first", "seal abc hello").unwrap(), "err(Error::NoSuchParty)");
    let error = village.by(anna(), "first", "look", "seal a1 hello").unwrap_err();
    assert!(matches!(error, CallError::WriteInQuery { .. }));
}

#[test]
fn capabilities_that_are_not_asked_for_are_denied_at_install() {
    let village = Village::empty();
    for capability in
        ["storage", "sealed", "identity", "consent", "clock", "random", "log", "schedule", "blobs"]
    {
        let id = format!("\"hamlet:host/{capability}@0.1.0\"");
        let package = guest_with("first-alone", |text| {
            let at = text.find(&id).unwrap();
            let start = text[..at].rfind("[[import]]").unwrap();
            let end = text[at..].find("[[import]]").map_or(text.len(), |next| at + next);
            format!("{}{}", &text[..start], &text[end..])
        });
        let error = village.kernel.stage(&package).unwrap_err().to_string();
        assert!(error.contains("without asking for it") && error.contains(capability), "{error}");
    }
}

#[test]
fn names_of_households_are_the_directorys_business() {
    // The house is a party for mandates; nobody is in it twice.
    let village = Village::new();
    assert_ne!(ANNA, BERTA);
    assert_eq!(
        village.by(berta(), "first", "run", &format!("mandate {HOUSE}")).unwrap().unwrap(),
        "Some(Mandate::Representative)"
    );
}
