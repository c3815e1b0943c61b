//! C2 and W6: what fits is installed and bound; what does not is refused with a sentence.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_push_string,
    missing_docs
)]

use hamlet_reflect::Type;

use super::installed::next_namespace;
use super::*;
use crate::namespaces::{FIRST_PLUGIN, PLUGINS};
use crate::rows::fake::{Context, interface, staged};

const TALLY: &str = "example:counter/tally@0.1.0";
const STALL: &str = "example:shop/stall@0.1.0";
const SALES: &str = "example:shop/events@0.1.0";
const SETTINGS: &str = "hamlet:host/settings@0.1.0";
const STORAGE: &str = "hamlet:host/storage@0.1.0";

struct Box_ {
    staging: Arc<Staging>,
    plugins: Plugins,
    cx: Context,
}

fn manifest(name: &str, version: &str, exports: &[&str], imports: &[&str], more: &str) -> String {
    let mut text =
        format!("name = \"{name}\"\nversion = \"{version}\"\ntitle = \"T\"\nstorage = \"1 MiB\"\n{more}\n");
    for interface in exports {
        text += &format!("[[export]]\ninterface = \"{interface}\"\n[export.functions]\n");
        text += "add = { kind = \"command\", access = [\"member\"] }\n";
    }
    for interface in imports {
        text += &format!("[[import]]\ninterface = \"{interface}\"\nreason = \"needs it\"\n");
    }
    text
}

impl Box_ {
    fn new() -> Self {
        let staging = Arc::new(Staging::default());
        let natives = [SETTINGS].map(|id| (id.to_owned(), interface(id, "get", Type::String, false)));
        let plugins = Plugins::new(Arc::clone(&staging), Arc::new(natives.into()));
        Self { staging, plugins, cx: Context::new(PLUGINS) }
    }

    fn stage(&self, manifest: &str, imports: &[Arc<Interface>], exports: &[Arc<Interface>]) -> String {
        let staged = staged(manifest, imports.to_vec(), exports.to_vec());
        let hash = staged.hash.clone();
        self.staging.put(staged);
        hash
    }

    fn call(&mut self, function: &str, arguments: &[Val]) -> Val {
        self.plugins.call(&mut self.cx, function, arguments).unwrap()
    }

    /// `ok`, or the case of the error with its sentence.
    fn activate(&mut self, hash: &str) -> Result<(), (String, String)> {
        self.activate_granting(hash, Val::Variant("all".into(), None))
    }

    fn activate_granting(&mut self, hash: &str, granting: Val) -> Result<(), (String, String)> {
        match self.call("activate", &[shape::string(hash), granting]) {
            Val::Result(Ok(Some(_))) => Ok(()),
            Val::Result(Err(Some(error))) => match *error {
                Val::Variant(case, Some(why)) => Err((case, shape::text(&why).unwrap().to_owned())),
                Val::Variant(case, None) => Err((case, String::new())),
                _ => panic!("not a variant"),
            },
            other => panic!("{other:?}"),
        }
    }

    fn counter(&self, version: &str, ty: Type) -> String {
        self.stage(
            &manifest("counter", version, &[TALLY], &[], ""),
            &[],
            &[interface(TALLY, "add", ty, false)],
        )
    }

    fn shop(&self, imports: &[&str]) -> String {
        let uses =
            [interface(TALLY, "add", Type::U64, false), interface(SETTINGS, "get", Type::String, false)];
        let text = manifest("shop", "0.1.0", &[STALL], imports, "");
        self.stage(&text, &uses, &[interface(STALL, "add", Type::U64, false)])
    }

    fn row(&mut self, name: &str) -> Installed {
        installed_one(&mut self.cx.memory, name).unwrap().unwrap()
    }
}

#[test]
fn w6_a_staged_plugin_is_activated_bound_and_listed() {
    let mut host = Box_::new();
    let (counter, shop) = (host.counter("0.1.0", Type::U64), host.shop(&[TALLY, SETTINGS]));
    host.activate(&counter).unwrap();
    host.activate(&shop).unwrap();
    assert!(host.cx.changed);
    let row = host.row("shop");
    assert_eq!(row.bindings, [(TALLY.into(), "counter".into()), (SETTINGS.into(), "host".into())]);
    assert_eq!((row.namespace, row.generation, row.quota), (FIRST_PLUGIN + 1, 1, 1 << 20));
    let Val::List(list) = host.call("list", &[]) else { panic!() };
    let names: Vec<_> =
        list.iter().map(|plugin| shape::text(shape::field(plugin, "name").unwrap()).unwrap()).collect();
    assert_eq!(names, ["counter", "shop"]);
}

#[test]
fn w6_what_is_not_staged_is_not_activated() {
    let mut host = Box_::new();
    assert_eq!(host.activate("abc").unwrap_err().0, "not-staged");
    assert!(host.cx.memory.0.is_empty() && !host.cx.changed);
}

#[test]
fn c2_an_import_without_a_provider_or_of_another_shape_is_refused_with_a_sentence() {
    let mut host = Box_::new();
    let shop = host.shop(&[TALLY, SETTINGS]);
    let (case, why) = host.activate(&shop).unwrap_err();
    assert_eq!(case, "import-unmet");
    assert!(why.contains(TALLY) && why.contains("install one first"), "{why}");
    let counter = host.counter("0.1.0", Type::String);
    host.activate(&counter).unwrap();
    let (case, why) = host.activate(&shop).unwrap_err();
    assert_eq!(case, "import-unmet");
    assert!(why.contains("another shape") && why.contains("function add"), "{why}");
}

#[test]
fn c2_an_import_that_the_manifest_does_not_ask_for_is_refused() {
    let mut host = Box_::new();
    let (counter, shop) = (host.counter("0.1.0", Type::U64), host.shop(&[TALLY]));
    host.activate(&counter).unwrap();
    let (case, why) = host.activate(&shop).unwrap_err();
    assert_eq!(case, "import-unmet");
    assert!(why.contains(SETTINGS) && why.contains("without asking"), "{why}");
    // So is a capability of the host.
    let uses = [interface(STORAGE, "get", Type::String, false)];
    let quiet = host.stage(&manifest("quiet", "0.1.0", &[], &[], ""), &uses, &[]);
    assert_eq!(host.activate(&quiet).unwrap_err().0, "import-unmet");
    let asking = host.stage(&manifest("asking", "0.1.0", &[], &[STORAGE], ""), &uses, &[]);
    host.activate(&asking).unwrap();
    assert!(host.row("asking").bindings.is_empty(), "bound to nobody");
}

#[test]
fn c2_an_interface_has_one_provider_but_the_hosts_own_exports_have_many() {
    let mut host = Box_::new();
    let counter = host.counter("0.1.0", Type::U64);
    host.activate(&counter).unwrap();
    let twin = manifest("twin", "0.1.0", &[TALLY], &[], "");
    let twin = host.stage(&twin, &[], &[interface(TALLY, "add", Type::U64, false)]);
    assert_eq!(host.activate(&twin).unwrap_err().0, "export-taken");
    for name in ["a", "b"] {
        let shared = "hamlet:host/grantable@0.1.0";
        let text = manifest(name, "0.1.0", &[shared], &[], "");
        let hash = host.stage(&text, &[], &[interface(shared, "add", Type::U64, false)]);
        host.activate(&hash).unwrap();
    }
}

#[test]
fn c2_an_upgrade_that_drops_or_changes_a_bound_interface_is_refused() {
    let mut host = Box_::new();
    let (counter, shop) = (host.counter("0.1.0", Type::U64), host.shop(&[TALLY, SETTINGS]));
    host.activate(&counter).unwrap();
    host.activate(&shop).unwrap();
    let changed = host.counter("0.2.0", Type::String);
    let (case, why) = host.activate(&changed).unwrap_err();
    assert_eq!(case, "export-bound");
    assert!(why.contains("`shop`") && why.contains("function add"), "{why}");
    let dropped = host.stage(&manifest("counter", "0.3.0", &[], &[], ""), &[], &[]);
    assert_eq!(host.activate(&dropped).unwrap_err().0, "export-bound");
    // Exported but no longer declared as callable is dropped too.
    let hidden = manifest("counter", "0.4.0", &[], &[], "");
    let hidden = host.stage(&hidden, &[], &[interface(TALLY, "add", Type::U64, false)]);
    assert_eq!(host.activate(&hidden).unwrap_err().0, "export-bound");
    assert_eq!(host.row("counter").version, "0.1.0");
}

#[test]
fn w6_an_upgrade_raises_the_version_and_keeps_rows_and_status() {
    let mut host = Box_::new();
    let (old, same, new) = (
        host.counter("0.1.0", Type::U64),
        host.counter("0.1.0", Type::U64),
        host.counter("0.1.1", Type::U64),
    );
    host.activate(&old).unwrap();
    assert_eq!(host.activate(&same).unwrap_err().0, "version-not-higher");
    assert_eq!(
        host.call("set-status", &[shape::string("counter"), Val::Enum("paused".into())]),
        shape::done()
    );
    host.activate(&new).unwrap();
    let row = host.row("counter");
    assert_eq!((row.namespace, row.generation, row.active), (FIRST_PLUGIN, 1, false));
    assert_eq!(row.previous.map(|before| before.component), Some(old.clone()));
    assert_eq!(host.activate(&old).unwrap_err().0, "version-not-higher");
}

#[test]
fn w6_pausing_and_resuming_asks_for_a_new_catalogue_and_an_unknown_name_is_refused() {
    let mut host = Box_::new();
    let counter = host.counter("0.1.0", Type::U64);
    host.activate(&counter).unwrap();
    host.cx.changed = false;
    let paused = [shape::string("counter"), Val::Enum("paused".into())];
    host.call("set-status", &paused);
    assert!(host.cx.changed && !host.row("counter").active);
    host.cx.changed = false;
    host.call("set-status", &paused);
    assert!(!host.cx.changed, "nothing changed");
    let unknown = host.call("set-status", &[shape::string("nobody"), Val::Enum("active".into())]);
    assert_eq!(unknown, shape::refused("no-such-plugin"));
}

#[test]
fn e1_emitter_and_subscriber_must_mean_the_same_event() {
    let event = |ty| interface(SALES, "sold", ty, true);
    let emits = format!("[[emits]]\ninterface = \"{SALES}\"\naudience = {{}}\n");
    let shop = manifest("shop", "0.1.0", &[], &[], "") + &emits;
    let subscriber = |name: &str| manifest(name, "0.1.0", &[], &[], &format!("subscribes = [\"{SALES}\"]"));

    let mut host = Box_::new();
    // A subscriber may come first; one of another shape is refused, whoever comes second.
    let early = host.stage(&subscriber("early"), &[], &[event(Type::U64)]);
    host.activate(&early).unwrap();
    let other_shape = host.stage(&shop, &[event(Type::String)], &[]);
    assert_eq!(host.activate(&other_shape).unwrap_err().0, "import-unmet");
    let shop_hash = host.stage(&shop, &[event(Type::U64)], &[]);
    host.activate(&shop_hash).unwrap();
    assert!(host.row("shop").bindings.is_empty());
    let late = host.stage(&subscriber("late"), &[], &[event(Type::String)]);
    assert_eq!(host.activate(&late).unwrap_err().0, "import-unmet");
    let deaf = host.stage(&subscriber("deaf"), &[], &[]);
    assert_eq!(host.activate(&deaf).unwrap_err().0, "import-unmet");
    // An upgrade must not change what is heard, and nobody else may speak in its name.
    let changed = shop.replace("0.1.0\"\ntitle", "0.2.0\"\ntitle");
    let changed = host.stage(&changed, &[event(Type::String)], &[]);
    assert_eq!(host.activate(&changed).unwrap_err().0, "export-bound");
    let impostor = host.stage(&shop.replace("\"shop\"", "\"impostor\""), &[event(Type::U64)], &[]);
    assert_eq!(host.activate(&impostor).unwrap_err().0, "export-taken");
}

#[test]
fn j4_a_namespace_is_never_given_out_twice() {
    let mut cx = Context::new(PLUGINS);
    let rows = &mut OfProvider(&mut cx);
    let given: Vec<u32> = (0..3).map(|_| next_namespace(rows).unwrap()).collect();
    assert_eq!(given, [FIRST_PLUGIN, FIRST_PLUGIN + 1, FIRST_PLUGIN + 2]);
}

#[test]
fn w1_plugins_are_changed_by_stewards_decisions_and_the_console_alone() {
    let host = Box_::new();
    for function in [
        "activate",
        "set-status",
        "migrate",
        "switch-over",
        "cancel-migration",
        "roll-back",
        "confirm",
        "uninstall",
        "grant",
        "revoke",
    ] {
        let rule = host.plugins.rule(function).unwrap();
        assert_eq!(rule.kind, Kind::Command);
        assert_eq!(rule.access, [Access::Group("stewards".into()), Access::Decision, Access::Console]);
    }
    assert_eq!(host.plugins.rule("list").unwrap().kind, Kind::Query);
}
