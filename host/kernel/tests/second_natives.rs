//! W6: the kernel's own natives through the real kernel: sequenced, durable, and only for whom they admit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use hamlet_kernel::{Actor, Answer, Call, CallError, Kernel, KernelConfig};
use hamlet_reflect::Id;
use wasmtime::component::Val;

fn community(zone: &str) -> Val {
    let text = |name: &str, value: &str| (name.to_owned(), Val::String(value.to_owned()));
    Val::Record(vec![
        text("name", "Mill Lane"),
        text("place", "by the river"),
        text("zone", zone),
        text("language", "en"),
    ])
}

fn call(
    kernel: &Kernel,
    actor: Actor,
    interface: &str,
    function: &str,
    arguments: Vec<Val>,
) -> Result<Answer, CallError> {
    kernel.call_blocking(Call::new(actor, "host", interface, function, arguments))
}

#[test]
fn w6_settings_are_kept_over_a_restart_and_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let kernel = Kernel::open(KernelConfig::in_dir(folder.path())).unwrap();
    let set = call(&kernel, Actor::Console, "settings", "set", vec![community("Europe/Madrid")]).unwrap();
    assert!(set.result.is_ok(), "{set:?}");
    let refused = call(&kernel, Actor::Console, "settings", "set", vec![community("Middle/Earth")]).unwrap();
    assert_eq!(refused.result, Err(Some(Val::Variant("zone-unknown".into(), None))));
    kernel.shutdown();
    drop(kernel);
    let kernel = Kernel::open(KernelConfig::in_dir(folder.path())).unwrap();
    let got = call(&kernel, Actor::Anyone, "settings", "get", vec![]).unwrap();
    assert_eq!(got.result.unwrap(), Some(community("Europe/Madrid")));
    kernel.shutdown();
}

#[test]
fn w1_a_person_who_is_no_steward_sets_and_activates_nothing() {
    let kernel = Kernel::open(KernelConfig::in_memory()).unwrap();
    let anna = Actor::Person(Id(7));
    let set = call(&kernel, anna.clone(), "settings", "set", vec![community("UTC")]);
    assert_eq!(set.unwrap_err().code(), "denied");
    let activate = call(
        &kernel,
        anna,
        "plugins",
        "activate",
        vec![Val::String("00".into()), Val::Variant("all".into(), None)],
    );
    assert_eq!(activate.unwrap_err().code(), "denied");
    let unknown = call(
        &kernel,
        Actor::Console,
        "plugins",
        "activate",
        vec![Val::String("00".into()), Val::Variant("all".into(), None)],
    )
    .unwrap();
    assert_eq!(unknown.result, Err(Some(Val::Variant("not-staged".into(), None))));
    kernel.shutdown();
}

#[test]
fn w2_grants_are_for_persons_with_a_mandate_and_name_what_is_missing() {
    let kernel = Kernel::open(KernelConfig::in_memory()).unwrap();
    let anna = Actor::Person(Id(7));
    let denied = call(&kernel, Actor::Console, "grants", "list", vec![Val::Option(None)]);
    assert_eq!(denied.unwrap_err().code(), "denied");
    let own = call(&kernel, anna.clone(), "grants", "list", vec![Val::Option(None)]).unwrap();
    assert_eq!(own.result.unwrap(), Some(Val::List(vec![])));
    let of_another = Val::Option(Some(Box::new(Id(8).to_val())));
    let refused = call(&kernel, anna, "grants", "list", vec![of_another]).unwrap();
    assert_eq!(refused.result, Err(Some(Val::Variant("no-mandate".into(), None))));
    kernel.shutdown();
}
