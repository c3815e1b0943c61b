//! What a frozen effect is bound to: a digest of an interface's types.
//!
//! It covers what decides the meaning of arguments and results: names and structure, not doc comments, and not what a
//! type is called where it was defined. Equal digests mean that `compatible` says yes in both directions.
//!
//! Digests are stored. What they are made of must not change between versions of the host, or effects lapse.

use std::collections::HashMap;
use std::sync::Arc;

use blake3::Hasher;
use hamlet_reflect::{Function, Interface, Named, Shape, Type};

/// The digest, in hex.
pub(super) fn digest(interface: &Interface) -> String {
    let mut walk = Walk::default();
    let mut hash = Hasher::new();
    word(&mut hash, &interface.id);
    let mut functions: Vec<&Arc<Function>> = interface.functions.iter().collect();
    functions.sort_by(|one, other| one.name.cmp(&other.name));
    length(&mut hash, functions.len());
    for function in functions {
        word(&mut hash, &function.name);
        length(&mut hash, function.params.len());
        for param in &function.params {
            word(&mut hash, &param.name);
            walk.ty(&mut hash, &param.ty);
        }
        walk.maybe(&mut hash, function.result.as_ref());
    }
    hash.finalize().to_hex().to_string()
}

/// With its length, so that no two words together read like two others.
fn word(hash: &mut Hasher, word: &str) {
    length(hash, word.len());
    hash.update(word.as_bytes());
}

fn length(hash: &mut Hasher, length: usize) {
    hash.update(&(length as u64).to_be_bytes());
}

/// Named types are digested once each: a type that mentions another twice, and so on down, would take for ever.
#[derive(Default)]
struct Walk {
    named: HashMap<*const Named, [u8; 32]>,
}

impl Walk {
    fn ty(&mut self, hash: &mut Hasher, ty: &Type) {
        match ty {
            Type::List(item) => {
                word(hash, "list");
                self.ty(hash, item);
            }
            Type::Option(inner) => {
                word(hash, "option");
                self.ty(hash, inner);
            }
            Type::Result { ok, err } => {
                word(hash, "result");
                self.maybe(hash, ok.as_deref());
                self.maybe(hash, err.as_deref());
            }
            Type::Tuple(items) => {
                word(hash, "tuple");
                length(hash, items.len());
                for item in items.iter() {
                    self.ty(hash, item);
                }
            }
            Type::Named(named) => {
                let inner = self.named(named);
                hash.update(&inner);
            }
            // `u64`, `string`, `id`, `list<u8>`, …: written as WIT does.
            plain => word(hash, &plain.to_string()),
        }
    }

    fn maybe(&mut self, hash: &mut Hasher, ty: Option<&Type>) {
        match ty {
            Some(ty) => self.ty(hash, ty),
            None => word(hash, "_"),
        }
    }

    fn named(&mut self, named: &Arc<Named>) -> [u8; 32] {
        if let Some(known) = self.named.get(&Arc::as_ptr(named)) {
            return *known;
        }
        let mut hash = Hasher::new();
        word(&mut hash, named.shape.word());
        match &named.shape {
            Shape::Record(fields) => {
                for field in fields {
                    word(&mut hash, &field.name);
                    self.ty(&mut hash, &field.ty);
                }
            }
            Shape::Variant(cases) => {
                for case in cases {
                    word(&mut hash, &case.name);
                    self.maybe(&mut hash, case.ty.as_ref());
                }
            }
            Shape::Enum(labels) | Shape::Flags(labels) => {
                for label in labels {
                    word(&mut hash, &label.name);
                }
            }
        }
        let digest = *hash.finalize().as_bytes();
        self.named.insert(Arc::as_ptr(named), digest);
        digest
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use hamlet_reflect::parse_texts;

    use super::*;

    fn of(body: &str) -> String {
        let text = format!("package a:b@0.1.0; interface c {{ {body} }}");
        digest(parse_texts(&[("c.wit", &text)]).unwrap().first().unwrap())
    }

    #[test]
    fn w5_the_digest_changes_with_any_name_or_type_and_not_with_docs_or_order() {
        let one = of(
            "record pay { amount: u64, memo: option<string> } go: func(pay: pay) -> result<u64, string>; \
                      stop: func();",
        );
        let same =
            of("stop: func(); /// Other words.\n record payment { amount: u64, memo: option<string> } \
                       go: func(pay: payment) -> result<u64, string>;");
        assert_eq!(one, same);
        for other in [
            "record pay { amount: u32, memo: option<string> } go: func(pay: pay) -> result<u64, string>; stop: func();",
            "record pay { amount: u64, memo: string } go: func(pay: pay) -> result<u64, string>; stop: func();",
            "record pay { memo: option<string>, amount: u64 } go: func(pay: pay) -> result<u64, string>; stop: func();",
            "record pay { amount: u64, memo: option<string> } go: func(p: pay) -> result<u64, string>; stop: func();",
            "record pay { amount: u64, memo: option<string> } go: func(pay: pay) -> result<u64>; stop: func();",
            "record pay { amount: u64, memo: option<string> } go: func(pay: pay) -> result<u64, string>;",
            "record pay { amount: u64, memo: option<string> } go: func(pay: list<pay>) -> result<u64, string>; stop: func();",
        ] {
            assert_ne!(one, of(other), "{other}");
        }
        assert_ne!(of("f: func(a: tuple<u8, u16>);"), of("f: func(a: tuple<u16, u8>);"));
        assert_ne!(of("enum e { a, b } f: func(a: e);"), of("flags e { a, b } f: func(a: e);"));
        assert_ne!(of("variant v { a, b(u8) } f: func(a: v);"), of("variant v { a(u8), b } f: func(a: v);"));
    }
}
