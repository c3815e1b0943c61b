//! What one version asks for that another did not.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Request};
use crate::manifest::{Access, FunctionRule, Kind, Manifest};

impl Request {
    /// A stable name of exactly this request, under which a grant of it is kept. Another interface
    /// version, another amount of storage, another function are other requests.
    pub fn key(&self) -> String {
        match self {
            Self::Publisher(publisher) => format!("publisher {publisher}"),
            Self::Import { interface, .. } => format!("import {interface}"),
            Self::Emit { interface } => format!("emit {interface}"),
            Self::Subscribe { interface } => format!("subscribe {interface}"),
            Self::Schedules => "schedules".to_owned(),
            Self::Bulk => "bulk".to_owned(),
            Self::Storage { to, .. } => format!("storage {to}"),
            Self::Grantable { kind, .. } => format!("grantable {kind}"),
            Self::Open { kind, caller, .. } => format!("open {kind} {caller}"),
            Self::Widen { interface, function, caller } => format!("widen {interface} {function} {caller}"),
            Self::NowChanges { interface, function } => format!("changes {interface} {function}"),
        }
    }
}

/// Requests and changes from an installed version, or from nothing, to a new one.
pub(super) fn compare(old: Option<&Manifest>, new: &Manifest) -> (Vec<Request>, Vec<Change>) {
    let mut diff = Diff { requests: Vec::new(), changes: Vec::new() };
    diff.imports(old, new);
    diff.events(old, new);
    diff.switches(old, new);
    diff.grantable(old, new);
    diff.functions(old, new);
    (diff.requests, diff.changes)
}

struct Diff {
    requests: Vec<Request>,
    changes: Vec<Change>,
}

impl Diff {
    fn imports(&mut self, old: Option<&Manifest>, new: &Manifest) {
        let before = old.map_or(&[][..], |old| &old.imports);
        for import in &new.imports {
            let (interface, reason) = (import.interface.clone(), import.reason.clone());
            match before.iter().find(|entry| entry.interface == interface) {
                None => self.requests.push(Request::Import { interface, reason }),
                Some(entry) if entry.reason != reason => {
                    self.changes.push(Change::Reason { interface, reason });
                }
                Some(_) => {}
            }
        }
        let kept: Vec<&String> = new.imports.iter().map(|entry| &entry.interface).collect();
        self.gives_up(before.iter().map(|entry| &entry.interface).filter(|entry| !kept.contains(entry)));
    }

    fn events(&mut self, old: Option<&Manifest>, new: &Manifest) {
        let emitted = |manifest: &Manifest| -> Vec<String> {
            manifest.emits.iter().map(|entry| entry.interface.clone()).collect()
        };
        let (before, after) = (old.map(emitted).unwrap_or_default(), emitted(new));
        for interface in after.iter().filter(|id| !before.contains(id)) {
            self.requests.push(Request::Emit { interface: interface.clone() });
        }
        self.gives_up(before.iter().filter(|id| !after.contains(id)));
        let before = old.map_or(&[][..], |old| &old.subscribes);
        for interface in new.subscribes.iter().filter(|id| !before.contains(id)) {
            self.requests.push(Request::Subscribe { interface: interface.clone() });
        }
        self.gives_up(before.iter().filter(|id| !new.subscribes.contains(id)));
    }

    fn switches(&mut self, old: Option<&Manifest>, new: &Manifest) {
        let switches = [
            (old.is_some_and(|old| old.schedules), new.schedules, Request::Schedules),
            (old.is_some_and(|old| old.bulk), new.bulk, Request::Bulk),
        ];
        for (before, after, request) in switches {
            match (before, after) {
                (false, true) => self.requests.push(request),
                (true, false) => self.changes.push(Change::GivesUp { what: request.key() }),
                _ => {}
            }
        }
        let (from, to) = (old.map_or(0, |old| old.storage), new.storage);
        if to > from {
            self.requests.push(Request::Storage { from, to });
        } else if to < from {
            self.changes.push(Change::LessStorage { from, to });
        }
    }

    fn grantable(&mut self, old: Option<&Manifest>, new: &Manifest) {
        let before = old.map_or(&[][..], |old| &old.grantable);
        for entry in &new.grantable {
            // Another title is another promise to owners: what they granted was described otherwise.
            if !before.contains(entry) {
                let (kind, title) = (entry.kind.clone(), entry.title.clone());
                self.requests.push(Request::Grantable { kind, title });
            }
        }
        let gone = before.iter().filter(|entry| !new.grantable.iter().any(|kept| kept.kind == entry.kind));
        for entry in gone {
            self.changes.push(Change::GivesUp { what: format!("grantable {}", entry.kind) });
        }
    }

    fn functions(&mut self, old: Option<&Manifest>, new: &Manifest) {
        let (before, after) = (old.map(functions).unwrap_or_default(), functions(new));
        // Who could read, and who could change, before.
        let open: BTreeSet<(String, String)> = before
            .values()
            .flat_map(|rule| rule.access.iter().map(|caller| (rule.kind.to_string(), caller.to_string())))
            .collect();
        let mut opened: BTreeMap<(String, String), (Kind, Access, Vec<String>)> = BTreeMap::new();
        for (place, rule) in &after {
            let (interface, function) = (place.0.to_owned(), place.1.to_owned());
            let Some(earlier) = before.get(place) else {
                for caller in &rule.access {
                    let key = (rule.kind.to_string(), caller.to_string());
                    if !open.contains(&key) {
                        let entry =
                            opened.entry(key).or_insert_with(|| (rule.kind, caller.clone(), Vec::new()));
                        entry.2.push(format!("{interface} {function}"));
                    }
                }
                if old.is_some() {
                    self.changes.push(Change::Adds { interface, function });
                }
                continue;
            };
            self.function(interface, function, earlier, rule);
        }
        for (interface, function) in before.keys().filter(|key| !after.contains_key(*key)) {
            let (interface, function) = ((*interface).to_owned(), (*function).to_owned());
            self.changes.push(Change::Removes { interface, function });
        }
        self.requests.extend(opened.into_values().map(|(kind, caller, functions)| Request::Open {
            kind,
            caller,
            functions,
        }));
    }

    fn function(&mut self, interface: String, function: String, before: &FunctionRule, after: &FunctionRule) {
        let names = || (interface.clone(), function.clone());
        for caller in after.access.iter().filter(|caller| !before.access.contains(caller)) {
            let ((interface, function), caller) = (names(), caller.clone());
            self.requests.push(Request::Widen { interface, function, caller });
        }
        for caller in before.access.iter().filter(|caller| !after.access.contains(caller)) {
            let ((interface, function), caller) = (names(), caller.clone());
            self.changes.push(Change::Narrows { interface, function, caller });
        }
        match (before.kind, after.kind) {
            (Kind::Query, Kind::Command) => {
                self.requests.push(Request::NowChanges { interface, function });
            }
            (Kind::Command, Kind::Query) => self.changes.push(Change::OnlyReads { interface, function }),
            _ => {}
        }
    }

    fn gives_up<'a>(&mut self, gone: impl Iterator<Item = &'a String>) {
        self.changes.extend(gone.map(|what| Change::GivesUp { what: what.clone() }));
    }
}

type Functions<'a> = BTreeMap<(&'a str, &'a str), &'a FunctionRule>;

fn functions(manifest: &Manifest) -> Functions<'_> {
    manifest
        .exports
        .iter()
        .flat_map(|export| {
            export.functions.iter().map(|(name, rule)| ((export.interface.as_str(), name.as_str()), rule))
        })
        .collect()
}
