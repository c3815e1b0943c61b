//! Descriptions beside real components (C3), and importers beside providers (C2).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use hamlet_reflect::{Mismatch, Sources, World, check_describes, compatible, decode};
use support::interface;
use wasmtime::component::Component;
use wasmtime::{Config, Engine};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi};

const WIT: &str = "
package example:shop@0.1.0;
interface things {
    record thing { name: string, count: u32, where: tuple<u8, s8>, maybe: option<char>, raw: list<u8>, all: list<f64> }
    enum size { small, large }
    flags extras { sugar, milk }
    variant paid { cash, card(string) }
}
interface stock {
    use things.{thing};
    take: func(name: string) -> result<thing, string>;
    put: func(thing: thing);
}
interface stall {
    use things.{thing, size, extras, paid};
    sell: func(what: thing, size: size, extras: extras, paid: paid) -> result<u64, s16>;
    open: func() -> bool;
}
world shop { import stock; export stall; }
";

fn sources(text: &str) -> Sources {
    Sources::from_texts(&[("shop.wit", text)]).unwrap()
}

fn described(text: &str) -> World {
    decode(&sources(text).encode(None).unwrap()).unwrap()
}

/// A component that does nothing, of the shape of the only world in `text`.
fn component(text: &str) -> (Component, Engine) {
    let sources = sources(text);
    let world = sources.world(None).unwrap();
    let mangling = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
    let mut module = dummy_module(sources.resolve(), world, mangling);
    embed_component_metadata(&mut module, sources.resolve(), world, StringEncoding::UTF8).unwrap();
    let bytes = ComponentEncoder::default().module(&module).unwrap().encode().unwrap();
    let mut config = Config::new();
    config.wasm_component_model(true);
    let engine = Engine::new(&config).unwrap();
    (Component::new(&engine, bytes).unwrap(), engine)
}

#[test]
fn a_component_is_described_by_its_own_package() {
    let (component, engine) = component(WIT);
    check_describes(&described(WIT), &component.component_type(), &engine).unwrap();
}

/// C3: what is wrong in the description, and the path that is said.
#[test]
fn a_description_of_something_else_is_refused_with_the_path() {
    let (component, engine) = component(WIT);
    let sell = "export example:shop/stall@0.1.0, function sell";
    let rows: &[(&str, &str, &str)] = &[
        ("count: u32", "count: string", ", parameter what, field count: string against u32"),
        (
            "name: string, count",
            "nome: string, count",
            ", parameter what: nome among the fields against name",
        ),
        ("tuple<u8, s8>", "tuple<u8, s16>", ", parameter what, field where, item 1: s16 against s8"),
        ("tuple<u8, s8>", "tuple<u8>", ", parameter what, field where: a tuple of 1 against a tuple of 2"),
        ("option<char>", "option<bool>", ", parameter what, field maybe: bool against char"),
        ("raw: list<u8>", "raw: list<s8>", ", parameter what, field raw, item: s8 against u8"),
        ("all: list<f64>", "all: list<u8>", ", parameter what, field all, item: u8 against f64"),
        (
            "size { small, large }",
            "size { large, small }",
            ", parameter size: large among the cases against small",
        ),
        (
            "size { small, large }",
            "size { small, large, huge }",
            ", parameter size: huge among the cases against none",
        ),
        ("extras { sugar, milk }", "extras { sugar }", ", parameter extras: no more flags against milk"),
        ("cash, card(string)", "cash, card", ", parameter paid, case card: nothing against string"),
        ("cash, card(string)", "cash(u8), card(string)", ", parameter paid, case cash: u8 against nothing"),
        (
            "variant paid { cash, card(string) }",
            "enum paid { cash, card }",
            ", parameter paid: enum paid against variant",
        ),
        ("result<u64, s16>", "result<u64, s32>", ", result, err: s32 against s16"),
        ("result<u64, s16>", "result<_, s16>", ", result, ok: nothing against u64"),
        ("-> result<u64, s16>", "", ", result: nothing against result"),
        (
            "extras: extras, paid: paid",
            "paid: paid, extras: extras",
            ": parameter paid against parameter extras",
        ),
        ("size: size, extras: extras,", "size: size,", ": 3 parameters against 4 parameters"),
    ];
    for (from, to, said) in rows {
        let text = WIT.replacen(from, to, 1);
        assert_ne!(text, WIT, "{from}");
        // Keep what is imported true, so that only the export differs.
        let text = text
            .replace("import stock;", "import stock2;")
            .replace("interface stall {", "interface stock2 { f: func(); }\ninterface stall {");
        let mut world = described(&text);
        world.imports = described(WIT).imports;
        let error = check_describes(&world, &component.component_type(), &engine).unwrap_err();
        assert_eq!(error.to_string(), format!("{sell}{said}"), "{from} -> {to}");
    }
}

#[test]
fn exports_are_described_exactly_and_imports_as_at_least_what_is_asked() {
    let (component, engine) = component(WIT);
    let check = |text: &str| {
        check_describes(&described(text), &component.component_type(), &engine).map_err(|e| e.to_string())
    };
    let more_functions = |name: &str| {
        WIT.replace(&format!("interface {name} {{"), &format!("interface {name} {{ extra: func();"))
    };
    assert_eq!(check(&more_functions("stock")), Ok(()), "an import may be described wider");
    assert_eq!(
        check(&more_functions("stall")),
        Err("export example:shop/stall@0.1.0, function extra: missing".into())
    );
    assert_eq!(
        check(&WIT.replace("open: func() -> bool;", "")),
        Err("export example:shop/stall@0.1.0, function open: not described".into())
    );
    assert_eq!(
        check(&WIT.replace("put: func(thing: thing);", "")),
        Err("import example:shop/stock@0.1.0, function put: not described".into())
    );
    assert_eq!(
        check(&WIT.replace("import stock;", "")),
        Err("import example:shop/stock@0.1.0: not described".into())
    );
    assert_eq!(
        check(&WIT.replace("export stall;", "export stall; export stock;")),
        Err("export example:shop/stock@0.1.0: missing".into())
    );
    assert_eq!(
        check(&WIT.replace("export stall;", "import stall;")),
        Err("export example:shop/stall@0.1.0: not described".into())
    );
    assert_eq!(
        check(&WIT.replace("@0.1.0", "@0.2.0")).unwrap_err().split(": ").last(),
        Some("not described")
    );
}

/// C3: what has no interface's name cannot be described, so a component must not have it.
#[test]
fn a_bare_export_is_refused_when_the_component_has_one() {
    let rows = [
        ("export sell-all: func();", Err("export sell-all: not described")),
        ("export till: interface { open: func(); }", Err("export till: not described")),
        ("export exports: func();", Err("export exports: not described")),
        ("export exports: interface { init: func(); sell: func(); }", Err("export exports: not described")),
        // What componentize-py leaves behind: its way into the interpreter while it builds.
        (
            "export exports: interface { record symbols { names: list<string> } init: func(of: symbols); }",
            Ok(()),
        ),
    ];
    for (more, expected) in rows {
        let (component, engine) = component(&WIT.replace("export stall;", &format!("export stall; {more}")));
        let checked = check_describes(&described(WIT), &component.component_type(), &engine);
        assert_eq!(checked.map_err(|e| e.to_string()), expected.map_err(str::to_owned), "{more}");
    }
}

/// C5: the engine sees an id as the record that it is.
#[test]
fn an_id_is_checked_against_the_record_that_it_is() {
    let host = "package hamlet:host@0.1.0; interface types { record id { high: u64, low: u64 } }";
    let shop = "package example:shop@0.1.0; interface stall { use hamlet:host/types@0.1.0.{id}; f: func(id: id); } world shop { export stall; }";
    let false_host = host.replace("low: u64", "low: u32");
    let build = |host: &str| Sources::from_texts(&[("shop.wit", shop), ("deps/host.wit", host)]).unwrap();
    let world = decode(&build(host).encode(None).unwrap()).unwrap();
    for (host, expected) in [
        (host, Ok(())),
        (
            &false_host,
            Err("export example:shop/stall@0.1.0, function f, parameter id, field low: u64 against u32"
                .to_owned()),
        ),
    ] {
        let sources = build(host);
        let id = sources.world(None).unwrap();
        let mut module = dummy_module(sources.resolve(), id, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
        embed_component_metadata(&mut module, sources.resolve(), id, StringEncoding::UTF8).unwrap();
        let bytes = ComponentEncoder::default().module(&module).unwrap().encode().unwrap();
        let engine = Engine::default();
        let component = Component::new(&engine, bytes).unwrap();
        let checked = check_describes(&world, &component.component_type(), &engine);
        assert_eq!(checked.map_err(|e| e.to_string()), expected);
    }
}

/// C2: (importer's view, provider, what is said).
#[test]
fn a_binding_is_refused_with_the_path_when_types_differ() {
    let place = "interface example:counter/counting@0.1.0, function f";
    let rows: &[(&str, &str, Option<&str>)] = &[
        ("f: func();", "f: func(); g: func();", None),
        ("f: func(); g: func();", "g: func(); f: func();", None),
        ("record a { x: u8 } f: func(p: a);", "record b { x: u8 } f: func(p: b);", None),
        ("record a { x: u8 } type c = a; f: func(p: c);", "record b { x: u8 } f: func(p: b);", None),
        ("f: func();", "g: func();", Some(": missing")),
        ("f: func(p: u8);", "f: func();", Some(": 1 parameter against 0 parameters")),
        ("f: func(p: u8);", "f: func(q: u8);", Some(": parameter p against parameter q")),
        ("f: func(p: u8);", "f: func(p: s8);", Some(", parameter p: u8 against s8")),
        ("f: func() -> u8;", "f: func();", Some(", result: u8 against nothing")),
        (
            "f: func(p: list<option<u8>>);",
            "f: func(p: list<option<u16>>);",
            Some(", parameter p, item: u8 against u16"),
        ),
        (
            "f: func(p: tuple<u8, u8>);",
            "f: func(p: tuple<u8, u16>);",
            Some(", parameter p, item 1: u8 against u16"),
        ),
        (
            "f: func(p: tuple<u8, u8>);",
            "f: func(p: tuple<u8>);",
            Some(", parameter p: tuple<u8, u8> against tuple<u8>"),
        ),
        (
            "f: func() -> result<u8>;",
            "f: func() -> result<u8, u8>;",
            Some(", result, err: nothing against u8"),
        ),
        (
            "record a { x: u8, y: u8 } f: func(p: a);",
            "record a { x: u8 } f: func(p: a);",
            Some(", parameter p: y among the fields against none"),
        ),
        (
            "record a { x: u8, y: u8 } f: func(p: a);",
            "record a { y: u8, x: u8 } f: func(p: a);",
            Some(", parameter p: x among the fields against y"),
        ),
        (
            "record a { x: u8 } f: func(p: a);",
            "record a { x: string } f: func(p: a);",
            Some(", parameter p, field x: u8 against string"),
        ),
        (
            "variant a { x(u8) } f: func(p: a);",
            "variant a { x } f: func(p: a);",
            Some(", parameter p, case x: u8 against nothing"),
        ),
        (
            "enum a { x } f: func(p: a);",
            "enum a { x, y } f: func(p: a);",
            Some(", parameter p: no more cases against y"),
        ),
        (
            "flags a { x } f: func(p: a);",
            "flags a { y } f: func(p: a);",
            Some(", parameter p: x among the flags against y"),
        ),
        (
            "enum a { x } f: func(p: a);",
            "flags a { x } f: func(p: a);",
            Some(", parameter p: enum a against flags a"),
        ),
        ("record a { x: u8 } f: func(p: a);", "f: func(p: u8);", Some(", parameter p: record a against u8")),
    ];
    for (importer, provider, said) in rows {
        let result = compatible(&interface(importer), &interface(provider));
        let expected = said.map_or(Ok(()), |said| Err(format!("{place}{said}")));
        assert_eq!(result.map_err(|error| error.to_string()), expected, "{importer} / {provider}");
    }
}

#[test]
fn a_mismatch_can_be_told_apart_without_its_text() {
    let error = compatible(&interface("f: func();"), &interface("g: func();")).unwrap_err();
    assert!(matches!(error, Mismatch::Missing { .. }));
}
