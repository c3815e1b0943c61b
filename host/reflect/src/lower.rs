//! From the WIT parser's graph of types to [`Type`]: aliases followed, docs kept, and whatever cannot
//! cross the boundary refused with the path to it.
//!
//! Refused are resources and their handles, streams, futures, error contexts, maps, lists of fixed
//! length, async functions and an option within an option, which JSON could not tell apart (C4).

use std::collections::HashMap;
use std::sync::Arc;

use wit_parser::{
    Docs, FunctionKind, InterfaceId, Resolve, Type as WitType, TypeDef, TypeDefKind, TypeId, TypeOwner,
    WorldId, WorldItem, WorldKey,
};

use crate::decode::DecodeError;
use crate::types::{Case, Field, Function, Interface, Label, Named, Param, Shape, Type, World};

/// How deep a type may nest, names included. All that walks types recurses at most so far.
pub const MAX_TYPE_DEPTH: usize = 32;

/// Interfaces and worlds of one resolved set of packages, each type lowered once.
pub(crate) struct Lowering<'a> {
    resolve: &'a Resolve,
    /// What each named definition became, and how deep that is.
    known: HashMap<TypeId, (Type, usize)>,
    interfaces: HashMap<InterfaceId, Arc<Interface>>,
    /// Where we are, for messages.
    path: Vec<String>,
}

/// A type with its depth.
type Lowered = Result<(Type, usize), DecodeError>;

impl<'a> Lowering<'a> {
    pub(crate) fn new(resolve: &'a Resolve) -> Self {
        Self { resolve, known: HashMap::new(), interfaces: HashMap::new(), path: Vec::new() }
    }

    /// A world with all that it imports and exports.
    pub(crate) fn world(&mut self, id: WorldId) -> Result<World, DecodeError> {
        let world = self
            .resolve
            .worlds
            .get(id)
            .ok_or_else(|| DecodeError::Damaged("it names a world that is not there".into()))?;
        let full = match world.package.and_then(|id| self.resolve.packages.get(id)) {
            Some(package) => package.name.interface_id(&world.name),
            None => world.name.clone(),
        };
        Ok(World {
            id: full,
            docs: docs(&world.docs),
            imports: self.items("import", world.imports.iter())?,
            exports: self.items("export", world.exports.iter())?,
        })
    }

    fn items<'i>(
        &mut self,
        word: &str,
        items: impl Iterator<Item = (&'i WorldKey, &'i WorldItem)>,
    ) -> Result<Vec<Arc<Interface>>, DecodeError> {
        let mut interfaces = Vec::new();
        for (key, item) in items {
            let name = match key {
                WorldKey::Name(name) => name.clone(),
                WorldKey::Interface(id) => self.resolve.id_of(*id).unwrap_or_default(),
            };
            self.path.push(format!("{word} {name}"));
            match (key, item) {
                (WorldKey::Interface(_), WorldItem::Interface { id, .. }) => {
                    interfaces.push(self.interface(*id)?);
                }
                // A `use` in the world: it says nothing of its own.
                (_, WorldItem::Type { .. }) => {}
                (_, WorldItem::Function(_)) => {
                    return Err(self.refuse("a function must be in an interface of a package"));
                }
                (WorldKey::Name(_), WorldItem::Interface { .. }) => {
                    return Err(self.refuse("an interface must be named in a package"));
                }
            }
            self.path.pop();
        }
        Ok(interfaces)
    }

    /// One interface, with its functions and the types that it defines.
    pub(crate) fn interface(&mut self, id: InterfaceId) -> Result<Arc<Interface>, DecodeError> {
        if let Some(interface) = self.interfaces.get(&id) {
            return Ok(Arc::clone(interface));
        }
        let resolve = self.resolve;
        let found = resolve.interfaces.get(id).and_then(|interface| {
            let package = resolve.packages.get(interface.package?)?;
            Some((interface, package, interface.name.as_deref()?))
        });
        let Some((source, package, short)) = found else {
            return Err(self.refuse("an interface must be named in a package"));
        };
        let Some(version) = &package.name.version else {
            return Err(self.refuse("its package has no version, which its address needs (C4)"));
        };
        if self.path.is_empty() {
            self.path.push(format!("interface {}", package.name.interface_id(short)));
        }
        let mut types = Vec::new();
        for (name, id) in &source.types {
            let own = resolve
                .types
                .get(*id)
                .is_some_and(|definition| !matches!(definition.kind, TypeDefKind::Type(_)));
            self.path.push(format!("type {name}"));
            if let (Type::Named(named), _) = self.definition(*id)?
                && own
            {
                types.push(named);
            }
            self.path.pop();
        }
        let mut functions = Vec::with_capacity(source.functions.len());
        for (name, function) in &source.functions {
            self.path.push(format!("function {name}"));
            functions.push(Arc::new(self.function(function)?));
            self.path.pop();
        }
        let interface = Arc::new(Interface {
            id: package.name.interface_id(short),
            short: short.to_owned(),
            version: version.to_string(),
            docs: docs(&source.docs),
            functions,
            types,
        });
        self.interfaces.insert(id, Arc::clone(&interface));
        Ok(interface)
    }

    fn function(&mut self, function: &wit_parser::Function) -> Result<Function, DecodeError> {
        match function.kind {
            FunctionKind::Freestanding => {}
            FunctionKind::AsyncFreestanding => {
                return Err(self.refuse("an async function cannot be called in a transaction"));
            }
            _ => return Err(self.refuse("a method of a resource cannot cross the boundary")),
        }
        let mut params = Vec::with_capacity(function.params.len());
        for param in &function.params {
            let (ty, _) = self.at(|| format!("parameter {}", param.name), &param.ty)?;
            params.push(Param { name: param.name.clone(), ty });
        }
        let result = match &function.result {
            Some(ty) => Some(self.at(|| "result".to_owned(), ty)?.0),
            None => None,
        };
        Ok(Function { name: function.name.clone(), docs: docs(&function.docs), params, result })
    }

    fn at(&mut self, segment: impl FnOnce() -> String, ty: &WitType) -> Lowered {
        self.path.push(segment());
        let lowered = self.lower(ty)?;
        self.path.pop();
        Ok(lowered)
    }

    fn lower(&mut self, ty: &WitType) -> Lowered {
        let simple = match ty {
            WitType::Bool => Type::Bool,
            WitType::U8 => Type::U8,
            WitType::U16 => Type::U16,
            WitType::U32 => Type::U32,
            WitType::U64 => Type::U64,
            WitType::S8 => Type::S8,
            WitType::S16 => Type::S16,
            WitType::S32 => Type::S32,
            WitType::S64 => Type::S64,
            WitType::F32 => Type::F32,
            WitType::F64 => Type::F64,
            WitType::Char => Type::Char,
            WitType::String => Type::String,
            WitType::ErrorContext => {
                return Err(self.refuse("an error-context cannot cross the boundary"));
            }
            WitType::Id(id) => return self.definition(*id),
        };
        Ok((simple, 1))
    }

    /// A definition, named or not. Memory and time stay in proportion to the package, since each is
    /// lowered once and shared.
    fn definition(&mut self, id: TypeId) -> Lowered {
        if let Some((ty, depth)) = self.known.get(&id) {
            return Ok((ty.clone(), *depth));
        }
        let resolve = self.resolve;
        let Some(definition) = resolve.types.get(id) else {
            return Err(DecodeError::Damaged("it names a type that is not there".into()));
        };
        let (ty, depth) = self.kind(definition)?;
        if depth > MAX_TYPE_DEPTH {
            return Err(self.refuse(&format!("a type nests deeper than {MAX_TYPE_DEPTH}")));
        }
        self.known.insert(id, (ty.clone(), depth));
        Ok((ty, depth))
    }

    fn kind(&mut self, definition: &TypeDef) -> Lowered {
        let unsupported = |kind: &str| format!("a {kind} cannot cross the boundary");
        match &definition.kind {
            TypeDefKind::Type(alias) => self.lower(alias),
            TypeDefKind::Option(inner) => {
                let (inner, depth) = self.lower(inner)?;
                if inner.is_option() {
                    return Err(self.refuse("an option within an option cannot be told apart in JSON"));
                }
                Ok((Type::Option(Arc::new(inner)), depth + 1))
            }
            TypeDefKind::List(WitType::U8) => Ok((Type::Bytes, 1)),
            TypeDefKind::List(item) => {
                let (item, depth) = self.lower(item)?;
                let list = if item == Type::U8 { Type::Bytes } else { Type::List(Arc::new(item)) };
                Ok((list, depth + 1))
            }
            TypeDefKind::Result(result) => {
                let mut deepest = 0;
                let mut side = |ty: &Option<WitType>| -> Result<Option<Arc<Type>>, DecodeError> {
                    let Some(ty) = ty else { return Ok(None) };
                    let (ty, depth) = self.lower(ty)?;
                    deepest = deepest.max(depth);
                    Ok(Some(Arc::new(ty)))
                };
                let ok = side(&result.ok)?;
                let err = side(&result.err)?;
                Ok((Type::Result { ok, err }, deepest + 1))
            }
            TypeDefKind::Tuple(tuple) => {
                let mut deepest = 0;
                let mut types = Vec::with_capacity(tuple.types.len());
                for ty in &tuple.types {
                    let (ty, depth) = self.lower(ty)?;
                    deepest = deepest.max(depth);
                    types.push(ty);
                }
                Ok((Type::Tuple(types.into()), deepest + 1))
            }
            TypeDefKind::Record(_)
            | TypeDefKind::Variant(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Flags(_) => self.named(definition),
            TypeDefKind::Resource | TypeDefKind::Handle(_) => Err(self.refuse(&unsupported("resource"))),
            kind @ (TypeDefKind::Map(..)
            | TypeDefKind::FixedLengthList(..)
            | TypeDefKind::Future(_)
            | TypeDefKind::Stream(_)
            | TypeDefKind::Unknown) => Err(self.refuse(&unsupported(kind.as_str()))),
        }
    }

    fn named(&mut self, definition: &TypeDef) -> Lowered {
        let name = definition.name.clone().unwrap_or_default();
        let mut deepest = 0;
        let shape = match &definition.kind {
            TypeDefKind::Record(record) => {
                let mut fields = Vec::with_capacity(record.fields.len());
                for field in &record.fields {
                    let (ty, depth) = self.at(|| format!("field {}", field.name), &field.ty)?;
                    deepest = deepest.max(depth);
                    fields.push(Field { name: field.name.clone(), docs: docs(&field.docs), ty });
                }
                if self.is_id(definition, &fields) {
                    return Ok((Type::Id, 1));
                }
                Shape::Record(fields)
            }
            TypeDefKind::Variant(variant) => {
                let mut cases = Vec::with_capacity(variant.cases.len());
                for case in &variant.cases {
                    let ty = match &case.ty {
                        Some(ty) => {
                            let (ty, depth) = self.at(|| format!("case {}", case.name), ty)?;
                            deepest = deepest.max(depth);
                            Some(ty)
                        }
                        None => None,
                    };
                    cases.push(Case { name: case.name.clone(), docs: docs(&case.docs), ty });
                }
                Shape::Variant(cases)
            }
            TypeDefKind::Enum(names) => {
                Shape::Enum(names.cases.iter().map(|case| label(&case.name, &case.docs)).collect())
            }
            TypeDefKind::Flags(names) => {
                Shape::Flags(names.flags.iter().map(|flag| label(&flag.name, &flag.docs)).collect())
            }
            _ => return Err(DecodeError::Damaged("a named type has no shape".into())),
        };
        let named = Named {
            qualified: self.qualified(definition.owner, &name),
            name,
            docs: docs(&definition.docs),
            shape,
        };
        Ok((Type::Named(Arc::new(named)), deepest + 1))
    }

    /// `hamlet:host/types.id` of any version, with the fields that make it one (C5).
    fn is_id(&self, definition: &TypeDef, fields: &[Field]) -> bool {
        let halves = matches!(fields, [high, low]
            if high.name == "high" && high.ty == Type::U64 && low.name == "low" && low.ty == Type::U64);
        if !halves || definition.name.as_deref() != Some("id") {
            return false;
        }
        let TypeOwner::Interface(owner) = definition.owner else { return false };
        let interface = self.resolve.interfaces.get(owner);
        let package =
            interface.and_then(|interface| interface.package).and_then(|id| self.resolve.packages.get(id));
        interface.is_some_and(|interface| interface.name.as_deref() == Some("types"))
            && package.is_some_and(|p| p.name.namespace == "hamlet" && p.name.name == "host")
    }

    fn qualified(&self, owner: TypeOwner, name: &str) -> String {
        let place = match owner {
            TypeOwner::Interface(id) => self.resolve.id_of(id),
            TypeOwner::World(id) => self.resolve.worlds.get(id).and_then(|world| {
                let package = self.resolve.packages.get(world.package?)?;
                Some(package.name.interface_id(&world.name))
            }),
            TypeOwner::None => None,
        };
        format!("{}#{name}", place.unwrap_or_default())
    }

    fn refuse(&self, what: &str) -> DecodeError {
        DecodeError::Unsupported { path: self.path.join(", "), what: what.to_owned() }
    }
}

fn label(name: &str, comment: &Docs) -> Label {
    Label { name: name.to_owned(), docs: docs(comment) }
}

fn docs(docs: &Docs) -> String {
    docs.contents.as_deref().unwrap_or_default().trim_end().to_owned()
}
