//! Exports without a doc comment (C3).

use hamlet_reflect::{Interface, Named, Shape};

/// What the world exports without a doc comment, by name; empty when all is well (C3).
///
/// Looks at the exported interfaces, their functions, the types that they define, and these types'
/// fields, cases and labels. A package that cannot be read gives one line that says so.
pub fn check_docs(wit: &[u8]) -> Vec<String> {
    match hamlet_reflect::decode(wit) {
        Ok(world) => world.exports.iter().flat_map(|interface| undocumented(interface)).collect(),
        Err(error) => vec![error.to_string()],
    }
}

fn undocumented(interface: &Interface) -> Vec<String> {
    let id = &interface.id;
    let mut missing = Vec::new();
    let mut look = |docs: &str, what: String| {
        if docs.trim().is_empty() {
            missing.push(what);
        }
    };
    look(&interface.docs, format!("interface {id}"));
    for function in &interface.functions {
        look(&function.docs, format!("{id}, function {}", function.name));
    }
    for named in &interface.types {
        let at = format!("{id}, {} {}", named.shape.word(), named.name);
        look(&named.docs, at.clone());
        for (part, docs) in parts(named) {
            look(docs, format!("{at}, {part}"));
        }
    }
    missing
}

/// Names and docs of what a type is made of.
fn parts(named: &Named) -> Vec<(&str, &str)> {
    match &named.shape {
        Shape::Record(fields) => {
            fields.iter().map(|field| (field.name.as_str(), field.docs.as_str())).collect()
        }
        Shape::Variant(cases) => cases.iter().map(|case| (case.name.as_str(), case.docs.as_str())).collect(),
        Shape::Enum(labels) | Shape::Flags(labels) => {
            labels.iter().map(|label| (label.name.as_str(), label.docs.as_str())).collect()
        }
    }
}
