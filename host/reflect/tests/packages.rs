//! Binary WIT packages with their docs (C3), from text and back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::fmt::Write as _;
use std::path::Path;

use hamlet_reflect::{DecodeError, PackageError, Shape, Sources, Type, World, decode, json, parse_texts};
use proptest::prelude::*;
use support::type_of;

const HOST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/host");

const SHOP: &str = "
    package example:shop@0.2.0;
    /// What the stall sells.
    interface types {
        use hamlet:host/types@0.1.0.{id, party-id};
        /// Somebody's own name for an id.
        type sale-id = party-id;
        /// A sale.
        record sale {
            /// Its id.
            id: sale-id,
            /// Who bought.
            buyer: party-id,
            /// What.
            what: string,
        }
    }
    /// The stall.
    interface stall {
        use types.{sale};
        use hamlet:host/types@0.1.0.{id as thing};
        /// Why not.
        variant error {
            /// There is none left; of what.
            sold-out(string),
            /// The stall is closed.
            closed,
        }
        /// Sells a thing.
        sell: func(what: string, things: list<thing>) -> result<sale, error>;
    }
    /// All of it.
    world shop {
        include hamlet:host/service@0.1.0;
        export stall;
    }
";

fn sources() -> Sources {
    let dir = tempdir();
    std::fs::write(dir.join("shop.wit"), SHOP).unwrap();
    let sources = Sources::from_dirs(&[&dir, Path::new(HOST)]).unwrap();
    std::fs::remove_dir_all(dir).unwrap();
    sources
}

fn tempdir() -> std::path::PathBuf {
    let dir = std::env::temp_dir().join(format!("hamlet-reflect-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

fn world() -> World {
    decode(&sources().encode(None).unwrap()).unwrap()
}

#[test]
fn a_world_keeps_its_names_and_docs_when_encoded_and_decoded() {
    let world = world();
    assert_eq!(world.id, "example:shop/shop@0.2.0");
    assert_eq!(world.docs, "All of it.");
    let [stall] = world.exports.as_slice() else { panic!("{:?}", world.exports) };
    assert_eq!((&*stall.id, &*stall.short, &*stall.version), ("example:shop/stall@0.2.0", "stall", "0.2.0"));
    assert_eq!(stall.docs, "The stall.");
    let sell = stall.function("sell").unwrap();
    assert_eq!(sell.docs, "Sells a thing.");
    assert_eq!(sell.params[0].name, "what");
    let Some(Type::Result { ok: Some(ok), err: Some(err) }) = &sell.result else { panic!() };
    let (Type::Named(sale), Type::Named(error)) = (&**ok, &**err) else { panic!() };
    assert_eq!(sale.qualified, "example:shop/types@0.2.0#sale");
    assert_eq!(sale.docs, "A sale.");
    let Shape::Record(fields) = &sale.shape else { panic!() };
    assert_eq!((&*fields[0].name, &*fields[0].docs), ("id", "Its id."));
    let Shape::Variant(cases) = &error.shape else { panic!() };
    assert_eq!(cases[0].docs, "There is none left; of what.");
    assert_eq!(cases[0].ty, Some(Type::String));
}

/// C5: an id is known by its qualified name through aliases of aliases.
#[test]
fn an_id_is_an_id_through_any_alias() {
    let world = world();
    let sell = world.exports[0].function("sell").unwrap();
    assert!(matches!(&sell.params[1].ty, Type::List(item) if **item == Type::Id));
    let Some(Type::Result { ok: Some(ok), .. }) = &sell.result else { panic!() };
    let Type::Named(sale) = &**ok else { panic!() };
    let Shape::Record(fields) = &sale.shape else { panic!() };
    assert_eq!((&fields[0].ty, &fields[1].ty), (&Type::Id, &Type::Id));
}

#[test]
fn a_record_that_only_looks_like_an_id_is_a_record() {
    let ty = type_of("record id { high: u64, low: u64 }", "id");
    assert!(matches!(ty, Type::Named(_)));
}

#[test]
fn docs_of_other_packages_travel_too() {
    let world = world();
    let storage = world.import("hamlet:host/storage@0.1.0").unwrap();
    assert!(!storage.docs.is_empty());
    assert!(!storage.functions.is_empty());
    for interface in world.imports.iter().chain(&world.exports) {
        assert!(!interface.docs.is_empty(), "{}", interface.id);
        for function in &interface.functions {
            assert!(!function.docs.is_empty(), "{} {}", interface.id, function.name);
        }
        for named in &interface.types {
            assert!(!named.docs.is_empty(), "{}", named.qualified);
        }
    }
}

#[test]
fn every_interface_of_the_host_is_described_and_documented() {
    let sources = Sources::from_dirs(&[Path::new(HOST)]).unwrap();
    let interfaces = sources.interfaces().unwrap();
    assert!(interfaces.len() >= 15, "{}", interfaces.len());
    let mut schemas = json::Schemas::new("#/components/schemas/");
    for interface in &interfaces {
        assert_eq!(interface.version, "0.1.0");
        assert!(!interface.docs.is_empty(), "{}", interface.id);
        for function in &interface.functions {
            assert!(!function.docs.is_empty(), "{} {}", interface.id, function.name);
            schemas.arguments(function);
            function.result.iter().for_each(|ty| {
                schemas.of(ty);
            });
        }
    }
    let components = schemas.into_components();
    assert!(components.contains_key("hamlet.host.members_0.1.0.party"));
    assert_eq!(components["id"]["pattern"], "^[0-9a-f]{32}$");
    for name in components.keys() {
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)), "{name}");
    }
}

#[test]
fn the_host_is_read_from_texts_as_from_files() {
    let mut texts = Vec::new();
    for (folder, prefix) in [(HOST.to_owned(), ""), (format!("{HOST}/deps"), "deps/")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "wit") {
                let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
                texts.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    texts.sort_by_key(|(name, _)| name.starts_with("deps/"));
    let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (&**name, &**text)).collect();
    let mut from_texts = parse_texts(&texts).unwrap();
    let mut from_files = Sources::from_dirs(&[Path::new(HOST)]).unwrap().interfaces().unwrap();
    from_texts.sort_by(|a, b| a.id.cmp(&b.id));
    from_files.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(from_texts, from_files);
}

#[test]
fn what_cannot_cross_the_boundary_is_refused_with_its_path() {
    let rows: &[(&str, &str)] = &[
        (
            "f: func(p: option<option<u8>>);",
            "interface example:counter/counting@0.1.0, function f, parameter p: an option within an option cannot be told apart in JSON",
        ),
        (
            "type maybe = option<u8>; f: func(p: option<maybe>);",
            "interface example:counter/counting@0.1.0, function f, parameter p: an option within an option cannot be told apart in JSON",
        ),
        (
            "resource r; f: func(p: r);",
            "interface example:counter/counting@0.1.0, type r: a resource cannot cross the boundary",
        ),
        (
            "record a { s: stream<u8> }",
            "interface example:counter/counting@0.1.0, type a, field s: a stream cannot cross the boundary",
        ),
        (
            "f: func() -> future<u8>;",
            "interface example:counter/counting@0.1.0, function f, result: a future cannot cross the boundary",
        ),
        (
            "f: func(p: error-context);",
            "interface example:counter/counting@0.1.0, function f, parameter p: an error-context cannot cross the boundary",
        ),
        (
            "variant v { c(list<option<option<u8>>>) }",
            "interface example:counter/counting@0.1.0, type v, case c: an option within an option cannot be told apart in JSON",
        ),
        (
            "f: async func();",
            "interface example:counter/counting@0.1.0, function f: an async function cannot be called in a transaction",
        ),
    ];
    for (body, said) in rows {
        let text = format!("package example:counter@0.1.0; interface counting {{ {body} }}");
        let error = parse_texts(&[("counter.wit", &text)]).unwrap_err();
        assert_eq!(error.to_string(), *said);
    }
}

#[test]
fn a_type_that_nests_too_deeply_is_refused() {
    let mut body = "type t0 = u8;".to_owned();
    for depth in 1..=40 {
        write!(body, "type t{depth} = list<tuple<t{}>>;", depth - 1).unwrap();
    }
    let text = format!("package example:counter@0.1.0; interface counting {{ {body} }}");
    let error = parse_texts(&[("counter.wit", &text)]).unwrap_err().to_string();
    assert!(error.ends_with("a type nests deeper than 32"), "{error}");
}

/// Each type mentions the one before twice: 2^30 leaves, 30 definitions.
#[test]
fn a_type_that_doubles_at_each_step_costs_no_more_than_its_text() {
    let mut body = "record t0 { a: u8, b: u8 }".to_owned();
    for depth in 1..=29 {
        write!(body, "record t{depth} {{ a: t{0}, b: t{0} }}", depth - 1).unwrap();
    }
    body += "f: func(p: t29);";
    let text = format!("package example:counter@0.1.0; interface counting {{ {body} }}");
    let one = parse_texts(&[("counter.wit", &text)]).unwrap();
    let other = parse_texts(&[("counter.wit", &text)]).unwrap();
    hamlet_reflect::compatible(&one[0], &other[0]).unwrap();
    let mut schemas = json::Schemas::new("#/$defs/");
    schemas.arguments(&one[0].functions[0]);
    // The same types, read once more, are the same components.
    schemas.arguments(&other[0].functions[0]);
    assert_eq!(schemas.into_components().len(), 30);
}

#[test]
fn a_package_is_refused_in_a_sentence_when_it_describes_nothing() {
    let encode = |text: &str, world| Sources::from_texts(&[("x.wit", text)]).unwrap().encode(world);
    let error = encode(
        "package example:x@0.1.0; interface i { f: func(); } world a { export i; } world b { export i; }",
        None,
    )
    .unwrap_err();
    assert!(matches!(error, PackageError::World(_)), "{error}");
    let error = encode("package example:x@0.1.0; interface i { f: func(); }", None).unwrap_err();
    assert!(matches!(error, PackageError::World(_)), "{error}");
    let error = encode("package example:x@0.1.0; world a { export run: func(); }", None).unwrap_err();
    assert_eq!(error.to_string(), "export run: a function must be in an interface of a package");
    let error =
        encode("package example:x@0.1.0; world a { export i: interface { f: func(); } }", None).unwrap_err();
    assert_eq!(error.to_string(), "export i: an interface must be named in a package");
    let error =
        encode("package example:x; interface i { f: func(); } world a { export i; }", None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "export example:x/i: its package has no version, which its address needs (C4)"
    );
    let error =
        Sources::from_texts(&[("x.wit", "package example:x@0.1.0; interface i { f: func(p: what); }")])
            .unwrap_err()
            .to_string();
    assert!(error.contains("x.wit:1:") && error.contains("what"), "{error}");
    assert!(matches!(Sources::from_texts(&[]), Err(PackageError::Empty(_))));
    assert!(matches!(Sources::from_dirs(&[Path::new("/nowhere")]), Err(PackageError::Read { .. })));
}

#[test]
fn one_world_of_several_is_described_when_it_is_named() {
    let text = "package example:x@0.1.0; interface i { f: func(); } interface j { f: func(); } world a { export i; } world b { export j; }";
    let sources = Sources::from_texts(&[("x.wit", text)]).unwrap();
    let world = decode(&sources.encode(Some("b")).unwrap()).unwrap();
    assert_eq!(world.id, "example:x/b@0.1.0");
    assert_eq!(world.exports[0].id, "example:x/j@0.1.0");
}

#[test]
fn bytes_that_are_no_description_are_refused_by_name() {
    assert!(matches!(decode(b""), Err(DecodeError::Damaged(_))));
    assert!(matches!(decode(b"\0asm\x0d\0\x01\0"), Err(DecodeError::Component)));
    assert!(decode(b"\0asm\x01\0\0\0").is_err(), "a core module");
    let huge = vec![0; hamlet_reflect::MAX_PACKAGE_BYTES + 1];
    assert_eq!(decode(&huge), Err(DecodeError::TooLarge(huge.len())));
}

fn encoded() -> &'static [u8] {
    static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    BYTES.get_or_init(|| {
        let text = "package example:x@0.1.0; /// Docs.\ninterface i { /// More.\nrecord r { a: u8, b: list<string> } f: func(p: r) -> result<r, string>; } world a { export i; }";
        Sources::from_texts(&[("x.wit", text)]).unwrap().encode(None).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn arbitrary_bytes_are_refused_and_never_panic(bytes in any::<Vec<u8>>()) {
        prop_assert!(decode(&bytes).is_err());
    }

    #[test]
    fn a_damaged_description_is_read_or_refused_and_never_panics(
        at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = encoded().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = decode(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        let _ = decode(&bytes);
    }
}

#[test]
fn two_types_of_one_name_are_two_components_in_a_schema() {
    let mut schemas = json::Schemas::new("#/$defs/");
    let mut reference = |body: &str| schemas.of(&type_of(body, "a"))["$ref"].clone();
    let name = "#/$defs/example.counter.counting_0.1.0.a";
    assert_eq!(reference("record a { x: u8 }"), name);
    assert_eq!(reference("record a { x: u16 }"), format!("{name}_2"));
    assert_eq!(reference("record a { x: u8 }"), name);
}
