//! Contract, component and manifest against one another.

use std::collections::BTreeSet;

use wit_parser::decoding::DecodedWasm;
use wit_parser::{Interface, Resolve, WorldId, WorldItem, WorldKey};

use super::{Contract, ContractError};
use crate::manifest::Manifest;

impl Contract {
    /// Checks that a component implements this contract's world, that it imports no WASI and nothing
    /// that the manifest does not ask for, and that all that the manifest names exists.
    pub fn check(&self, manifest: &Manifest, component: &[u8]) -> Result<(), ContractError> {
        let no_component = |error: &dyn std::fmt::Display| ContractError::NoComponent(error.to_string());
        let (resolve, world) = match wit_component::decode(component) {
            Ok(DecodedWasm::Component(resolve, world)) => (resolve, world),
            Ok(DecodedWasm::WitPackage(..)) => return Err(no_component(&"it is a WIT package")),
            Err(error) => return Err(no_component(&format!("{error:#}"))),
        };
        let imports = Names::of(&resolve, world, Side::Imports)?;
        let exports = Names::of(&resolve, world, Side::Exports)?;
        if let Some(interface) = imports.all.iter().find(|name| name.starts_with("wasi:")) {
            return Err(ContractError::Wasi { interface: interface.clone() });
        }
        self.check_types(&exports, component)?;
        if let Some(interface) = imports.callable.iter().find(|name| !manifest.asks_for(name)) {
            return Err(ContractError::NotAskedFor { interface: interface.clone() });
        }
        self.check_manifest(manifest)
    }

    /// Every import that the manifest asks for and the component does not use: a steward would be
    /// asked for more than is needed.
    pub fn asked_in_vain(&self, manifest: &Manifest, component: &[u8]) -> Vec<String> {
        let Ok(DecodedWasm::Component(resolve, world)) = wit_component::decode(component) else {
            return Vec::new();
        };
        let Ok(imports) = Names::of(&resolve, world, Side::Imports) else { return Vec::new() };
        let asked = manifest.imports.iter().map(|entry| &entry.interface);
        asked.filter(|interface| !imports.all.contains(*interface)).cloned().collect()
    }

    fn check_types(&self, exports: &Names, component: &[u8]) -> Result<(), ContractError> {
        let differs = |why| ContractError::Differs { world: self.world_name(), why };
        // Subtyping lets a component export more than the world says; here it may not (C3).
        let promised = Names::of(&self.resolve, self.world, Side::Exports)?;
        if let Some(more) = exports.all.difference(&promised.all).next() {
            return Err(differs(format!("it exports {more}, which the world does not")));
        }
        if let Some(less) = promised.all.difference(&exports.all).next() {
            return Err(differs(format!("it does not export {less}")));
        }
        wit_component::targets(&self.resolve, self.world, component)
            .map_err(|error| differs(format!("{error:#}")))
    }

    fn check_manifest(&self, manifest: &Manifest) -> Result<(), ContractError> {
        for entry in &manifest.exports {
            let interface = self.find(Side::Exports, "[[export]]", &entry.interface)?;
            for name in entry.functions.keys() {
                function_of(interface, &entry.interface, name)?;
            }
        }
        for entry in &manifest.imports {
            self.find(Side::Imports, "[[import]]", &entry.interface)?;
        }
        for name in &manifest.subscribes {
            self.find(Side::Exports, "subscribes", name)?;
        }
        if let Some(migration) = &manifest.migration {
            let interface = self.find(Side::Exports, "[migration]", &migration.interface)?;
            function_of(interface, &migration.interface, &migration.function)?;
        }
        for entry in &manifest.emits {
            let interface = self.find(Side::Imports, "[[emits]]", &entry.interface)?;
            for (name, parameter) in &entry.audience {
                let found = function_of(interface, &entry.interface, name)?;
                if !found.params.iter().any(|param| param.name == *parameter) {
                    return Err(ContractError::NoSuchItem {
                        interface: entry.interface.clone(),
                        what: format!("parameter {parameter} of {name}"),
                    });
                }
            }
        }
        Ok(())
    }

    fn find(&self, side: Side, at: &'static str, interface: &str) -> Result<&Interface, ContractError> {
        let whose = match side {
            Side::Exports => "exports",
            Side::Imports => "imports",
        };
        let found = items(&self.resolve, self.world, side).find_map(|(name, item)| match item {
            WorldItem::Interface { id, .. } if name == interface => self.resolve.interfaces.get(*id),
            _ => None,
        });
        found.ok_or_else(|| ContractError::NoSuchInterface { at, interface: interface.to_owned(), whose })
    }
}

fn function_of<'a>(
    interface: &'a Interface,
    name: &str,
    function: &str,
) -> Result<&'a wit_parser::Function, ContractError> {
    interface.functions.get(function).ok_or_else(|| ContractError::NoSuchItem {
        interface: name.to_owned(),
        what: format!("function {function}"),
    })
}

#[derive(Clone, Copy)]
enum Side {
    Imports,
    Exports,
}

fn items(resolve: &Resolve, world: WorldId, side: Side) -> impl Iterator<Item = (String, &WorldItem)> {
    let found = resolve.worlds.get(world).into_iter();
    found
        .flat_map(move |world| match side {
            Side::Imports => world.imports.iter(),
            Side::Exports => world.exports.iter(),
        })
        .map(|(key, item): (&WorldKey, &WorldItem)| (resolve.name_world_key(key), item))
}

/// What componentize-py leaves in each component: the interface by which it starts the interpreter while
/// it builds. No contract can name it, so it can be neither declared nor called.
fn left_behind(name: &str, interface: &Interface) -> bool {
    name == "exports" && interface.functions.keys().all(|function| function == "init")
}

/// The interfaces on one side of a world.
struct Names {
    all: BTreeSet<String>,
    /// Those with functions: an interface of types alone gives nobody anything.
    callable: BTreeSet<String>,
}

impl Names {
    fn of(resolve: &Resolve, world: WorldId, side: Side) -> Result<Names, ContractError> {
        let mut names = Names { all: BTreeSet::new(), callable: BTreeSet::new() };
        for (name, item) in items(resolve, world, side) {
            let WorldItem::Interface { id, .. } = item else {
                return Err(ContractError::Bare { name });
            };
            let interface = resolve.interfaces.get(*id);
            if matches!(side, Side::Exports) && interface.is_some_and(|found| left_behind(&name, found)) {
                continue;
            }
            if interface.is_some_and(|interface| !interface.functions.is_empty()) {
                names.callable.insert(name.clone());
            }
            names.all.insert(name);
        }
        Ok(names)
    }
}
