//! Components that no honest compiler makes: bombs that go off at staging or at the first instance, imports that
//! nobody declared, and bytes that are no component.

use hamlet_bundle::{Manifest, Package};
use hamlet_kernel::CallError;
use proptest::prelude::*;
use wasmtime::component::Val;

use crate::common::{Village, anna, granting_all, guest};
use crate::tricks::{beset, unharmed};

const MANIFEST: &str = r#"
name = "bomb"
version = "0.1.0"
title = "A bomb"
storage = "1 MiB"
[[export]]
interface = "test:bomb/bomb@0.1.0"
[export.functions]
go = { kind = "command", access = ["member"] }
"#;

/// A component around a core module; `outside` may import something.
fn component(outside: &str, module: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            {outside}
            (core module $m {module}
                (func (export "go") (result i32) i32.const 7))
            (core instance $i (instantiate $m))
            (func $go (result u32) (canon lift (core func $i "go")))
            (instance $bomb (export "go" (func $go)))
            (export "test:bomb/bomb@0.1.0" (instance $bomb)))"#
    );
    wat::parse_str(text).unwrap()
}

fn package(component: Vec<u8>) -> Package {
    let wit = "package test:bomb@0.1.0;
        /// It.
        interface bomb {
            /// Off it goes.
            go: func() -> u32;
        }
        /// With it.
        world bomb-world { export bomb; }";
    let wit = hamlet_reflect::Sources::from_texts(&[("bomb.wit", wit)]).unwrap().encode(None).unwrap();
    Package {
        manifest: Manifest::parse(MANIFEST).unwrap(),
        manifest_text: MANIFEST.to_owned(),
        component,
        wit,
        files: Vec::new(),
    }
}

fn go(village: &Village) -> Result<Option<Val>, CallError> {
    village.call(anna(), "bomb", "go", vec![]).map(|answer| answer.result.unwrap())
}

/// Installs it and sets it off.
fn set_off(module: &str) -> CallError {
    let village = beset(Village::empty());
    village.install(&package(component("", module)));
    let error = go(&village).unwrap_err();
    unharmed(&village);
    error
}

fn staged(component: Vec<u8>) -> Result<(), String> {
    Village::empty().kernel.stage(&package(component)).map(drop).map_err(|error| error.to_string())
}

#[test]
fn a_harmless_component_made_by_hand_runs() {
    let village = Village::empty();
    village.install(&package(component("", "(memory 1)")));
    assert_eq!(go(&village).unwrap(), Some(Val::U32(7)));
}

#[test]
fn t7_a_start_function_that_loops_ends_as_a_deadline() {
    let error = set_off("(func $start (loop br 0)) (start $start)");
    assert!(matches!(error, CallError::Deadline { .. }), "{error:?}");
}

#[test]
fn a_start_function_that_traps_or_recurses_ends_as_a_trap() {
    for start in ["unreachable", "call $start"] {
        let error = set_off(&format!("(func $start {start}) (start $start)"));
        assert!(matches!(error, CallError::Trapped { .. }), "{error:?}");
    }
}

#[test]
fn a_memory_bomb_at_the_first_instance_is_refused_before_it_takes_anything() {
    let error = staged(component("", "(memory 65536)")).unwrap_err();
    assert!(error.contains("memory"), "{error}");
    let error = staged(component("", "(memory i64 0x1000000000)")).unwrap_err();
    assert!(!error.is_empty());
}

#[test]
fn a_table_bomb_is_refused_and_growing_one_gives_the_guest_no_room() {
    let error = staged(component("", "(table 10000000 funcref)")).unwrap_err();
    assert!(error.contains("table"), "{error}");
    let error = staged(component("", &"(table 20000 funcref)".repeat(200))).unwrap_err();
    assert!(error.contains("table"), "{error}");
    // It traps by itself when it gets −1.
    let error = set_off(
        "(table $t 1 funcref)
         (func $start (if (i32.eq (table.grow $t (ref.null func) (i32.const 10000000)) (i32.const -1)) (then unreachable)))
         (start $start)",
    );
    assert!(matches!(error, CallError::Trapped { .. }), "{error:?}");
}

#[test]
fn many_memories_and_instances_are_refused() {
    let modules = (0..400)
        .map(|n| format!("(core module $n{n} (memory 1)) (core instance (instantiate $n{n}))"))
        .collect::<Vec<_>>()
        .concat();
    let error = staged(component(&modules, "")).unwrap_err();
    assert!(error.contains("instances") || error.contains("memories"), "{error}");
    assert!(staged(component("", &"(memory 1)".repeat(50))).is_err());
}

#[test]
fn c2_undeclared_imports_are_refused_with_a_sentence_whatever_their_kind() {
    for (import, word) in [
        (r#"(import "wasi:filesystem/types@0.2.0" (instance (export "f" (func))))"#, "no files"),
        (r#"(import "wasi:random/random@0.2.0" (instance (export "f" (func))))"#, "without WASI"),
        (r#"(import "hamlet:host/storage@0.1.0" (instance (export "get" (func))))"#, "without asking"),
        (r#"(import "hamlet:host/nothing@0.1.0" (instance (export "f" (func))))"#, "without asking"),
        (r#"(import "hamlet:shop/transfers@0.1.0" (instance (export "submit" (func))))"#, "without asking"),
        (r#"(import "f" (func))"#, "no interface"),
        (r#"(import "test:a/b@0.1.0" (core module))"#, "no interface"),
        (r#"(import "test:a/b@0.1.0" (component))"#, "not supported"),
    ] {
        let error = staged(component(import, "")).unwrap_err();
        println!("{error}");
        assert!(error.contains(word) || error.contains("does not describe it"), "{import}: {error}");
    }
}

#[test]
fn bytes_that_are_no_component_are_refused() {
    let good = component("", "");
    let module = wat::parse_str("(module)").unwrap();
    for bytes in [vec![], b"\0asm".to_vec(), module, vec![0; 4096], good[..good.len() / 2].to_vec()] {
        assert!(staged(bytes).is_err());
    }
    let mut twice = good.clone();
    twice.extend_from_slice(&good);
    assert!(staged(twice).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 50, ..ProptestConfig::default() })]

    /// Whatever is made of the bytes of a component, it is refused or runs within its limits.
    #[test]
    fn a_mutated_component_is_refused_or_runs_within_its_limits(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..6),
    ) {
        let mut bytes = component("", "(memory 1) (table 4 funcref) (global i32 (i32.const 3))");
        for (at, byte, kind) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes[at] ^= 1 << (byte % 8),
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
        }
        let village = Village::empty();
        if let Ok(hash) = village.kernel.stage(&package(bytes)) {
            let _ = village.call(hamlet_kernel::Actor::Console, "host", "activate", granting_all(hash));
            let _ = village.call(anna(), "bomb", "go", vec![]);
        }
    }
}

/// The same of a large one, made by a real compiler: some seconds each, so few of them.
#[test]
fn a_mutated_real_component_is_refused_or_staged() {
    let good = guest("deputy");
    let mut random = 0x9e37_79b9_u64;
    for round in 0..12 {
        let mut package = good.clone();
        for _ in 0..=round % 3 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(random >> 20).unwrap_or(0) % package.component.len();
            package.component[at] ^= 1 << (random % 8);
        }
        let _ = Village::empty().kernel.stage(&package);
    }
}
