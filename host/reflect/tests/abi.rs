//! Values handed to guests and taken from them without trees: the same as the engine's own way, for arbitrary types.
//!
//! The guest is a component that hands on what it is given: `pass` to the host's `told`, `echo` and `same` back. `wild`
//! answers with a pointer into memory that is filled with anything.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use hamlet_reflect::abi::{self, FLAT_PARAMS_MAX, Image, Signature};
use hamlet_reflect::{Function, Param, Shape, Sources, Type, binary};
use proptest::prelude::*;
use support::{any_type, typed_value, value_of};
use wasmtime::component::{Component, Func, Instance, Linker, Val};
use wasmtime::{Engine, Store};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

const INSIDE: &str = "example:abi/inside@0.1.0";
const OUTSIDE: &str = "example:abi/outside@0.1.0";

/// A type as WIT writes it; its definitions are added.
fn wit(ty: &Type, definitions: &mut BTreeMap<String, String>) -> String {
    let mut of = |ty: &Type| wit(ty, definitions);
    match ty {
        Type::List(item) => format!("list<{}>", of(item)),
        Type::Option(inner) => format!("option<{}>", of(inner)),
        Type::Result { ok, err } => {
            let side = |ty: Option<String>| ty.unwrap_or_else(|| "_".into());
            let (ok, err) = (ok.as_deref().map(&mut of), err.as_deref().map(&mut of));
            match (&ok, &err) {
                (None, None) => "result".into(),
                (ok, None) => format!("result<{}>", side(ok.clone())),
                _ => format!("result<{}, {}>", side(ok), side(err)),
            }
        }
        Type::Tuple(types) => format!("tuple<{}>", types.iter().map(of).collect::<Vec<_>>().join(", ")),
        Type::Id => {
            definitions.insert("id".into(), "record id { high: u64, low: u64 }".into());
            "id".into()
        }
        Type::Named(named) => {
            let mut body = String::new();
            let word = named.shape.word();
            match &named.shape {
                Shape::Record(fields) => {
                    for field in fields {
                        write!(body, "%{}: {}, ", field.name, of(&field.ty)).unwrap();
                    }
                }
                Shape::Variant(cases) => {
                    for case in cases {
                        let payload = case.ty.as_ref().map(|ty| format!("({})", of(ty))).unwrap_or_default();
                        write!(body, "%{}{payload}, ", case.name).unwrap();
                    }
                }
                Shape::Enum(labels) | Shape::Flags(labels) => {
                    for label in labels {
                        write!(body, "%{}, ", label.name).unwrap();
                    }
                }
            }
            definitions.insert(named.name.clone(), format!("{word} {} {{ {body} }}", named.name));
            named.name.clone()
        }
        simple => simple.to_string(),
    }
}

/// Flat core types (canonical ABI, "Flattening"), written for this test alone.
fn flat(ty: &Type) -> Vec<&'static str> {
    let either = |payloads: Vec<Option<&Type>>| {
        let mut joined: Vec<&str> = Vec::new();
        for payload in payloads.into_iter().flatten().map(flat) {
            for (at, core) in payload.into_iter().enumerate() {
                match joined.get_mut(at) {
                    None => joined.push(core),
                    Some(known) if *known == core => {}
                    Some(known) if matches!((*known, core), ("i32", "f32") | ("f32", "i32")) => {
                        *known = "i32";
                    }
                    Some(known) => *known = "i64",
                }
            }
        }
        [vec!["i32"], joined].concat()
    };
    match ty {
        Type::U64 | Type::S64 => vec!["i64"],
        Type::F32 => vec!["f32"],
        Type::F64 => vec!["f64"],
        Type::String | Type::Bytes | Type::List(_) => vec!["i32", "i32"],
        Type::Id => vec!["i64", "i64"],
        Type::Option(inner) => either(vec![Some(inner)]),
        Type::Result { ok, err } => either(vec![ok.as_deref(), err.as_deref()]),
        Type::Tuple(types) => types.iter().flat_map(flat).collect(),
        Type::Named(named) => match &named.shape {
            Shape::Record(fields) => fields.iter().flat_map(|field| flat(&field.ty)).collect(),
            Shape::Variant(cases) => either(cases.iter().map(|case| case.ty.as_ref()).collect()),
            Shape::Enum(_) | Shape::Flags(_) => vec!["i32"],
        },
        _ => vec!["i32"],
    }
}

struct Guest {
    engine: Engine,
    component: Component,
    ty: Type,
}

/// What the host was told: values, or the same in binary.
#[derive(Default)]
struct Heard {
    values: Vec<Val>,
    bytes: Vec<u8>,
}

impl Guest {
    fn new(ty: Type, encoding: StringEncoding, memory: &[u32]) -> Self {
        let mut definitions = BTreeMap::new();
        let name = wit(&ty, &mut definitions);
        let body = definitions.values().cloned().collect::<Vec<_>>().join("\n");
        let uses: Vec<&str> = definitions.keys().map(String::as_str).collect();
        let uses =
            if uses.is_empty() { String::new() } else { format!("use words.{{{}}};", uses.join(", ")) };
        let core = flat(&ty);
        let alone = core.len() == 1;
        let same = if alone { format!("same: func(p: {name}) -> {name};") } else { String::new() };
        let text = format!(
            "package example:abi@0.1.0;
            interface words {{\n{body} }}
            interface outside {{ {uses} told: func(p: {name}, q: {name}); }}
            interface inside {{ {uses}
                pass: func(p: {name}, q: {name});
                echo: func(p: list<{name}>) -> list<{name}>;
                wild: func(at: u32) -> tuple<list<{name}>, {name}>;
                {same}
            }}
            world abi {{ import outside; export inside; }}"
        );
        let both = [core.clone(), core.clone()].concat();
        let params = if both.len() > FLAT_PARAMS_MAX { vec!["i32"] } else { both };
        let gets = (0..params.len()).map(|at| format!("local.get {at}")).collect::<Vec<_>>().join(" ");
        let params = params.join(" ");
        let same = if alone {
            format!("(func (export \"{INSIDE}#same\") (param {0}) (result {0}) local.get 0)", core[0])
        } else {
            String::new()
        };
        let mut data = String::new();
        for byte in memory.iter().flat_map(|word| word.to_le_bytes()) {
            write!(data, "\\{byte:02x}").unwrap();
        }
        let module = format!(
            "(module
                (import \"{OUTSIDE}\" \"told\" (func $told (param {params})))
                (memory (export \"memory\") 1)
                (global $next (mut i32) (i32.const 4096))
                (data (i32.const 64) \"{data}\")
                (func (export \"cabi_realloc\") (param $old i32) (param $had i32) (param $align i32) (param $size i32)
                    (result i32) (local $at i32)
                    (local.set $at (i32.and
                        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
                        (i32.sub (i32.const 0) (local.get $align))))
                    (global.set $next (i32.add (local.get $at) (local.get $size)))
                    (block $done (loop $more
                        (br_if $done (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
                        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
                        (br $more)))
                    (memory.copy (local.get $at) (local.get $old)
                        (select (local.get $had) (local.get $size) (i32.lt_u (local.get $had) (local.get $size))))
                    local.get $at)
                (func (export \"{INSIDE}#pass\") (param {params}) {gets} call $told)
                (func (export \"{INSIDE}#echo\") (param i32 i32) (result i32)
                    (i32.store (i32.const 16) (local.get 0))
                    (i32.store (i32.const 20) (local.get 1))
                    i32.const 16)
                (func (export \"{INSIDE}#wild\") (param i32) (result i32) local.get 0)
                {same})"
        );
        let sources =
            Sources::from_texts(&[("abi.wit", &text)]).unwrap_or_else(|why| panic!("{why}\n{text}"));
        let world = sources.world(None).unwrap();
        let mut module = wat::parse_str(&module).unwrap_or_else(|why| panic!("{why}\n{module}"));
        embed_component_metadata(&mut module, sources.resolve(), world, encoding).unwrap();
        let bytes = ComponentEncoder::default().module(&module).unwrap().encode().unwrap();
        let engine = Engine::default();
        let component = Component::new(&engine, bytes).unwrap();
        Self { engine, component, ty }
    }

    fn told(&self) -> Function {
        function("told", vec![self.ty.clone(), self.ty.clone()])
    }

    /// An instance, whose host is told values or binary.
    fn instance(&self, in_binary: bool) -> (Store<Heard>, Instance) {
        let mut linker: Linker<Heard> = Linker::new(&self.engine);
        let mut outside = linker.instance(OUTSIDE).unwrap();
        if in_binary {
            abi::link_told(&mut outside, &self.told(), |mut cx, bytes| {
                cx.data_mut().bytes = bytes;
                Ok(())
            })
            .unwrap();
        } else {
            outside
                .func_new("told", |mut cx, _, values, _| {
                    cx.data_mut().values = values.to_vec();
                    Ok(())
                })
                .unwrap();
        }
        let mut store = Store::new(&self.engine, Heard::default());
        let instance = linker.instantiate(&mut store, &self.component).unwrap();
        (store, instance)
    }

    fn func(&self, store: &mut Store<Heard>, instance: &Instance, name: &str) -> Func {
        let inside = self.component.get_export_index(None, INSIDE).unwrap();
        let index = self.component.get_export_index(Some(&inside), name).unwrap();
        instance.get_func(store, index).unwrap()
    }
}

fn function(name: &str, params: Vec<Type>) -> Function {
    let param = |(at, ty)| Param { name: format!("p{at}"), ty };
    let params = params.into_iter().enumerate().map(param).collect();
    Function { name: name.into(), docs: String::new(), params, result: None }
}

fn image(params: Vec<Type>, values: &[Val]) -> Image {
    Arc::new(Signature::of(&function("f", params))).image(values).expect("it fits")
}

fn encoding() -> impl Strategy<Value = StringEncoding> {
    prop_oneof![
        3 => Just(StringEncoding::UTF8),
        1 => Just(StringEncoding::UTF16),
        1 => Just(StringEncoding::CompactUTF16),
    ]
}

/// A type, three values of it, and how the guest encodes texts.
fn three() -> impl Strategy<Value = (Type, [Val; 3], StringEncoding)> {
    (any_type(), encoding()).prop_flat_map(|(ty, encoding)| {
        let value = || value_of(&ty);
        let values = [value(), value(), value()];
        (Just(ty), values, Just(encoding))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn a_guest_is_given_and_gives_the_same_as_by_the_engines_own_way((ty, [a, b, c], encoding) in three()) {
        let guest = Guest::new(ty.clone(), encoding, &[]);
        let two = [a.clone(), b.clone()];

        let (mut store, instance) = guest.instance(false);
        let pass = guest.func(&mut store, &instance, "pass");
        let nothing = abi::call(&pass, &mut store, &image(vec![ty.clone(), ty.clone()], &two)).unwrap();
        prop_assert!(nothing.0.is_empty());
        prop_assert_eq!(&store.data().values, &two, "handed over");

        let (mut store, instance) = guest.instance(true);
        let pass = guest.func(&mut store, &instance, "pass");
        pass.call(&mut store, &two, &mut []).unwrap();
        prop_assert_eq!(&store.data().bytes, &binary::encode(&two), "told");

        let echo = guest.func(&mut store, &instance, "echo");
        let list = [Val::List(vec![a.clone(), b, c])];
        let of_list = match &ty { Type::U8 => Type::Bytes, ty => Type::List(Arc::new(ty.clone())) };
        let answer = abi::call(&echo, &mut store, &image(vec![of_list], &list)).unwrap();
        prop_assert_eq!(answer.0, binary::encode(&list), "given back");

        if flat(&ty).len() == 1 {
            let same = guest.func(&mut store, &instance, "same");
            let one = [a];
            let answer = abi::call(&same, &mut store, &image(vec![ty], &one)).unwrap();
            prop_assert_eq!(answer.0, binary::encode(&one), "given back flat");
        }
    }

    /// A guest answers with any pointer to anything: the same value or the same refusal, and never a panic.
    #[test]
    fn a_guest_that_answers_anything_is_refused_or_read_as_by_the_engines_own_way(
        ty in any_type(),
        memory in proptest::collection::vec(prop_oneof![4 => 0u32..4, 3 => 64u32..600, 1 => any::<u32>()], 100),
        places in proptest::collection::vec(prop_oneof![8 => 64u32..400, 1 => any::<u32>()], 20),
    ) {
        let guest = Guest::new(ty, StringEncoding::UTF8, &memory);
        for at in places {
            let (mut store, instance) = guest.instance(false);
            let wild = guest.func(&mut store, &instance, "wild");
            let mut results = [Val::Bool(false)];
            let theirs = wild.call(&mut store, &[Val::U32(at)], &mut results);
            let (mut store, instance) = guest.instance(false);
            let wild = guest.func(&mut store, &instance, "wild");
            let ours = abi::call(&wild, &mut store, &image(vec![Type::U32], &[Val::U32(at)]));
            match (theirs, ours) {
                (Ok(()), Ok(ours)) => prop_assert_eq!(ours.0, binary::encode(&results), "at {}", at),
                (Err(_), Err(_)) => {}
                (theirs, ours) => prop_assert!(false, "at {at}: {theirs:?} and {ours:?}"),
            }
        }
    }

    /// What does not fit has no image; what has one is taken by the engine's own way too.
    #[test]
    fn what_is_of_another_type_has_no_image((ty, value) in typed_value(), (_, other) in typed_value()) {
        let signature = Arc::new(Signature::of(&function("f", vec![ty.clone()])));
        prop_assert!(signature.image(std::slice::from_ref(&value)).is_some());
        prop_assert!(signature.image(&[]).is_none() && signature.image(&[value.clone(), value]).is_none());
        if signature.image(std::slice::from_ref(&other)).is_some() {
            let guest = Guest::new(ty, StringEncoding::UTF8, &[]);
            let (mut store, instance) = guest.instance(false);
            let pass = guest.func(&mut store, &instance, "pass");
            pass.call(&mut store, &[other.clone(), other], &mut []).unwrap();
        }
    }
}

#[test]
fn an_image_is_refused_by_a_function_of_other_parameters() {
    let guest = Guest::new(Type::U64, StringEncoding::UTF8, &[]);
    let (mut store, instance) = guest.instance(false);
    let pass = guest.func(&mut store, &instance, "pass");
    for params in [vec![], vec![Type::U64], vec![Type::U32, Type::U32], vec![Type::U64; 17]] {
        let values: Vec<Val> =
            params.iter().map(|ty| if *ty == Type::U32 { Val::U32(1) } else { Val::U64(1) }).collect();
        let refused = abi::call(&pass, &mut store, &image(params, &values)).unwrap_err();
        assert!(refused.to_string().contains("other parameters"), "{refused}");
        // What was refused before the guest was entered leaves it as it was.
    }
}

/// The bound on what the host makes of what it is handed is the engine's, counted as the values would be.
#[test]
fn c7_what_is_handed_over_at_once_is_bounded_as_by_the_engines_own_way() {
    let guest = Guest::new(Type::String, StringEncoding::UTF8, &[]);
    let list = [Val::List(vec![Val::String("hamlet".into()); 100])];
    let bytes = 100 * (size_of::<Val>() + "hamlet".len());
    for (fuel, enough) in [(bytes, true), (bytes - 1, false)] {
        let (mut store, instance) = guest.instance(false);
        store.set_hostcall_fuel(fuel);
        let echo = guest.func(&mut store, &instance, "echo");
        let mut results = [Val::Bool(false)];
        let theirs = echo.call(&mut store, &list, &mut results);
        let (mut store, instance) = guest.instance(false);
        store.set_hostcall_fuel(fuel);
        let echo = guest.func(&mut store, &instance, "echo");
        let ours = abi::call(&echo, &mut store, &image(vec![Type::List(Arc::new(Type::String))], &list));
        assert_eq!((theirs.is_ok(), ours.is_ok()), (enough, enough), "{fuel}");
        if let (Err(theirs), Err(ours)) = (theirs, ours) {
            assert_eq!(theirs.root_cause().to_string(), ours.root_cause().to_string());
        }
    }
}
