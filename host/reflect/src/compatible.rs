//! Whether a plugin that imports an interface can be bound to one that exports it (C2).
//!
//! Types are compared by structure: names of fields, cases and flags, their order and their types. The
//! names of the types themselves and all docs may differ. Nothing is converted, because the engine
//! passes values by position: a provider with one field more is another interface.

use std::collections::HashSet;
use std::sync::Arc;

use crate::types::{Function, Interface, Named, Shape, Type};

/// Why two descriptions are not of the same thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// One side does not have what the other needs.
    #[error("{path}: missing")]
    Missing {
        /// Where: `export hamlet:x/y@0.1.0, function f`.
        path: String,
    },
    /// The component has what its description does not tell of.
    #[error("{path}: not described")]
    Undescribed {
        /// Where.
        path: String,
    },
    /// Both have it, and differently.
    #[error("{path}: {expected} against {found}")]
    Differs {
        /// Where: `export hamlet:x/y@0.1.0, function f, parameter p, field q`.
        path: String,
        /// What the description, or the importer, says.
        expected: String,
        /// What the component, or the provider, has.
        found: String,
    },
}

impl Mismatch {
    /// Puts a place before the path, as the comparison returns outwards.
    pub(crate) fn within(mut self, place: impl FnOnce() -> String) -> Self {
        let (Self::Missing { path } | Self::Undescribed { path } | Self::Differs { path, .. }) = &mut self;
        let inner = std::mem::take(path);
        *path = place();
        if !inner.is_empty() {
            path.push_str(", ");
            path.push_str(&inner);
        }
        self
    }

    pub(crate) fn differs(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::Differs { path: String::new(), expected: expected.into(), found: found.into() }
    }

    pub(crate) fn missing() -> Self {
        Self::Missing { path: String::new() }
    }

    pub(crate) fn undescribed() -> Self {
        Self::Undescribed { path: String::new() }
    }
}

/// Whether `importer`'s view of an interface can be served by `provider`: every function that the
/// importer has is there with the same parameters and result. The provider may have more functions.
pub fn compatible(importer: &Interface, provider: &Interface) -> Result<(), Mismatch> {
    let mut comparison = Comparison::default();
    for wanted in &importer.functions {
        let result = match provider.function(&wanted.name) {
            None => Err(Mismatch::missing()),
            Some(found) => comparison.functions(wanted, found),
        };
        result.map_err(|mismatch| mismatch.within(|| place(importer, wanted)))?;
    }
    Ok(())
}

fn place(interface: &Interface, function: &Function) -> String {
    format!("interface {}, function {}", interface.id, function.name)
}

/// Whether two named types have the same shape, whatever they and those within are called.
pub(crate) fn same_shape(one: &Arc<Named>, other: &Arc<Named>) -> bool {
    Comparison::default().named(one, other).is_ok()
}

/// Pairs of named types that were found to be the same. Without it a type that mentions another one
/// twice, and so on down, would be compared exponentially often.
#[derive(Default)]
struct Comparison {
    same: HashSet<(*const Named, *const Named)>,
}

impl Comparison {
    fn functions(&mut self, wanted: &Function, found: &Function) -> Result<(), Mismatch> {
        if wanted.params.len() != found.params.len() {
            return Err(Mismatch::differs(
                count(wanted.params.len(), "parameter"),
                count(found.params.len(), "parameter"),
            ));
        }
        for (wanted, found) in wanted.params.iter().zip(&found.params) {
            if wanted.name != found.name {
                return Err(Mismatch::differs(
                    format!("parameter {}", wanted.name),
                    format!("parameter {}", found.name),
                ));
            }
            self.types(&wanted.ty, &found.ty)
                .map_err(|mismatch| mismatch.within(|| format!("parameter {}", wanted.name)))?;
        }
        self.optional(wanted.result.as_ref(), found.result.as_ref())
            .map_err(|mismatch| mismatch.within(|| "result".to_owned()))
    }

    fn optional(&mut self, wanted: Option<&Type>, found: Option<&Type>) -> Result<(), Mismatch> {
        match (wanted, found) {
            (None, None) => Ok(()),
            (Some(wanted), Some(found)) => self.types(wanted, found),
            (wanted, found) => Err(Mismatch::differs(or_nothing(wanted), or_nothing(found))),
        }
    }

    fn types(&mut self, wanted: &Type, found: &Type) -> Result<(), Mismatch> {
        match (wanted, found) {
            (Type::List(wanted), Type::List(found)) => {
                self.types(wanted, found).map_err(|m| m.within(|| "item".to_owned()))
            }
            (Type::Option(wanted), Type::Option(found)) => self.types(wanted, found),
            (Type::Result { ok: a_ok, err: a_err }, Type::Result { ok: b_ok, err: b_err }) => {
                self.optional(a_ok.as_deref(), b_ok.as_deref()).map_err(|m| m.within(|| "ok".to_owned()))?;
                self.optional(a_err.as_deref(), b_err.as_deref()).map_err(|m| m.within(|| "err".to_owned()))
            }
            (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
                for (index, (a, b)) in a.iter().zip(b.iter()).enumerate() {
                    self.types(a, b).map_err(|m| m.within(|| format!("item {index}")))?;
                }
                Ok(())
            }
            (Type::Named(a), Type::Named(b)) => self.named(a, b),
            // An id is a record to whoever did not take it from the host's package.
            (Type::Id, Type::Named(named)) | (Type::Named(named), Type::Id) if is_id(named) => Ok(()),
            (a, b) if a == b => Ok(()),
            (a, b) => Err(Mismatch::differs(in_words(a), in_words(b))),
        }
    }

    fn named(&mut self, wanted: &Arc<Named>, found: &Arc<Named>) -> Result<(), Mismatch> {
        let pair = (Arc::as_ptr(wanted), Arc::as_ptr(found));
        if self.same.contains(&pair) {
            return Ok(());
        }
        match (&wanted.shape, &found.shape) {
            (Shape::Record(a), Shape::Record(b)) => {
                names("fields", a.iter().map(|f| &*f.name), b.iter().map(|f| &*f.name))?;
                for (a, b) in a.iter().zip(b) {
                    self.types(&a.ty, &b.ty).map_err(|m| m.within(|| format!("field {}", a.name)))?;
                }
            }
            (Shape::Variant(a), Shape::Variant(b)) => {
                names("cases", a.iter().map(|c| &*c.name), b.iter().map(|c| &*c.name))?;
                for (a, b) in a.iter().zip(b) {
                    self.optional(a.ty.as_ref(), b.ty.as_ref())
                        .map_err(|m| m.within(|| format!("case {}", a.name)))?;
                }
            }
            (Shape::Enum(a), Shape::Enum(b)) => {
                names("cases", a.iter().map(|l| &*l.name), b.iter().map(|l| &*l.name))?;
            }
            (Shape::Flags(a), Shape::Flags(b)) => {
                names("flags", a.iter().map(|l| &*l.name), b.iter().map(|l| &*l.name))?;
            }
            (a, b) => {
                return Err(Mismatch::differs(
                    format!("{} {}", a.word(), wanted.name),
                    format!("{} {}", b.word(), found.name),
                ));
            }
        }
        self.same.insert(pair);
        Ok(())
    }
}

/// Compares names in order, and says the first that differ.
pub(crate) fn names<'a>(
    what: &str,
    mut expected: impl Iterator<Item = &'a str>,
    mut found: impl Iterator<Item = &'a str>,
) -> Result<(), Mismatch> {
    loop {
        match (expected.next(), found.next()) {
            (None, None) => return Ok(()),
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) => {
                return Err(Mismatch::differs(format!("{a} among the {what}"), b));
            }
            (Some(a), None) => {
                return Err(Mismatch::differs(format!("{a} among the {what}"), "none"));
            }
            (None, Some(b)) => {
                return Err(Mismatch::differs(format!("no more {what}"), b));
            }
        }
    }
}

pub(crate) fn is_id(named: &Named) -> bool {
    matches!(&named.shape, Shape::Record(fields) if matches!(fields.as_slice(), [high, low]
        if high.name == "high" && high.ty == Type::U64 && low.name == "low" && low.ty == Type::U64))
}

pub(crate) fn count(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

pub(crate) fn in_words(ty: &Type) -> String {
    match ty {
        Type::Named(named) => format!("{} {}", named.shape.word(), named.name),
        ty => ty.to_string(),
    }
}

fn or_nothing(ty: Option<&Type>) -> String {
    ty.map_or_else(|| "nothing".to_owned(), in_words)
}
