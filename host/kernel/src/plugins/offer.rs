//! What a staged plugin asks for against what it was granted: the plan of `hamlet_bundle`, with the
//! grants that are there.
//!
//! Pure: rows that were read, a plan out. What is asked for and not granted keeps the plugin from being
//! activated; nothing is granted here.

use std::collections::BTreeSet;

use hamlet_bundle::{
    DataMove, Facts, PlanRefusal, Publisher, Release, Request, UpgradePlan, Version, plan_install,
    plan_upgrade,
};
use wasmtime::component::Val;

use super::given::{self, GivenKeys};
use super::plan::Refusal;
use super::{Installed, Member};
use crate::call::CallError;
use crate::package::Staged;
use crate::shape;

/// Sentences of an [`Refusal::NotGranted`]: all are in the plan.
const SENTENCES_SHOWN: usize = 2;

/// A plan and what of it is not granted yet.
pub(super) struct Offer {
    pub(super) plan: UpgradePlan,
    /// What is to be granted: what is newly asked for, and imports that another plugin provides now.
    pub(super) asks: Vec<Request>,
}

/// Plans the activation of `staged`. `bindings` are those that it would have.
pub(super) fn offer(
    staged: &Staged,
    before: Option<&Member>,
    stored: u64,
    bindings: &[(String, String)],
    given: &GivenKeys,
) -> Result<Offer, Refusal> {
    let host = host_version();
    let publisher = staged.origin.as_ref().map(|origin| &origin.publisher);
    let offered = Release { publisher, manifest: &staged.manifest };
    let planned = match before {
        None => plan_install(offered, &host),
        Some(before) => {
            let was = before.row.publisher.as_deref().and_then(|key| Publisher::parse(key).ok());
            let installed = Release { publisher: was.as_ref(), manifest: &before.staged.manifest };
            plan_upgrade(installed, offered, &Facts { host, generation: before.row.generation, stored })
        }
    };
    let plan = planned.map_err(|why| refusal(&why))?;
    let mut asks: Vec<Request> =
        plan.requests.iter().filter(|request| !covers(given, request, bindings)).cloned().collect();
    // What it had already, but from somebody else: whom it calls is part of what was granted.
    for (interface, provider) in bindings {
        let key = format!("import {interface}");
        let from_another = given.get(&key).is_some_and(|given| given.provider.as_ref() != Some(provider));
        let entry = staged.manifest.imports.iter().find(|entry| entry.interface == *interface);
        if from_another
            && !asks.iter().any(|request| request.key() == key)
            && let Some(entry) = entry
        {
            asks.push(Request::Import { interface: interface.clone(), reason: entry.reason.clone() });
        }
    }
    Ok(Offer { plan, asks })
}

/// This host, as manifests name it (`minimum-host`).
fn host_version() -> Version {
    // Cargo checks that it is one.
    Version::parse(env!("CARGO_PKG_VERSION")).unwrap_or(Version::new(0, 0, 0))
}

/// Whether a request was granted, by the provider that it would be bound to.
fn covers(given: &GivenKeys, request: &Request, bindings: &[(String, String)]) -> bool {
    let provider = provider(request, bindings);
    given.get(&request.key()).is_some_and(|given| given.provider.as_deref() == provider)
}

/// The provider of an import; none: the request is no import of another's interface.
pub(super) fn provider<'a>(request: &Request, bindings: &'a [(String, String)]) -> Option<&'a str> {
    let Request::Import { interface, .. } = request else { return None };
    bindings.iter().find(|(id, _)| id == interface).map(|(_, provider)| provider.as_str())
}

fn refusal(error: &PlanRefusal) -> Refusal {
    let why = error.to_string();
    match error {
        PlanRefusal::VersionNotHigher { .. } => Refusal::VersionNotHigher,
        PlanRefusal::OtherPublisher { .. } | PlanRefusal::Unsigned { .. } | PlanRefusal::OtherName { .. } => {
            Refusal::OtherPublisher(why)
        }
        PlanRefusal::HostTooOld { .. } => Refusal::HostTooOld(why),
        PlanRefusal::NoWayForData { .. } => Refusal::DataUnread(why),
    }
}

/// What a steward grants with an activation (`plugins.granting`).
pub(super) enum Granting {
    Nothing,
    These(BTreeSet<String>),
    All,
}

impl Granting {
    pub(super) fn from_val(value: &Val) -> Result<Self, CallError> {
        let wrong = || CallError::internal("an argument of a native function is no granting");
        let Val::Variant(case, payload) = value else { return Err(wrong()) };
        match (case.as_str(), payload.as_deref()) {
            ("nothing-more", None) => Ok(Self::Nothing),
            ("all", None) => Ok(Self::All),
            ("these", Some(Val::List(keys))) => {
                let keys = keys.iter().map(|key| shape::text(key).map(str::to_owned));
                Ok(Self::These(keys.collect::<Result<_, _>>()?))
            }
            _ => Err(wrong()),
        }
    }
}

impl Offer {
    /// The requests that are granted now, if with them nothing is missing.
    ///
    /// # Errors
    /// One names what is not asked for, or something is asked for and not granted.
    pub(super) fn granted(&self, granting: &Granting) -> Result<Vec<Request>, Refusal> {
        let these = match granting {
            Granting::All => return Ok(self.asks.clone()),
            Granting::Nothing => &BTreeSet::new(),
            Granting::These(keys) => keys,
        };
        let asked: BTreeSet<String> = self.plan.requests.iter().chain(&self.asks).map(Request::key).collect();
        if let Some(key) = these.iter().find(|key| !asked.contains(*key)) {
            return Err(Refusal::NotAskedFor(key.clone()));
        }
        let (granted, missing): (Vec<_>, Vec<_>) =
            self.asks.iter().cloned().partition(|request| these.contains(&request.key()));
        if missing.is_empty() { Ok(granted) } else { Err(self.not_granted(&missing)) }
    }

    fn not_granted(&self, missing: &[Request]) -> Refusal {
        let name = &self.plan.name;
        let mut sentences: Vec<String> =
            missing.iter().take(SENTENCES_SHOWN).map(Request::sentence).collect();
        if missing.len() > SENTENCES_SHOWN {
            sentences.push(format!("And {} more.", missing.len() - SENTENCES_SHOWN));
        }
        let all = sentences.join(" ");
        Refusal::NotGranted(format!("`{name}`: {all} A steward reads all of it and agrees when installing"))
    }

    pub(super) fn to_val(&self) -> Val {
        let plan = &self.plan;
        let text = |value: Option<String>| shape::maybe(value.map(Val::String));
        shape::record([
            ("name", shape::string(&plan.name)),
            ("from", text(plan.from.as_ref().map(ToString::to_string))),
            ("to", shape::string(&plan.to.to_string())),
            ("publisher", text(plan.publisher.as_ref().map(ToString::to_string))),
            ("sentences", Val::List(plan.sentences().iter().map(|line| shape::string(line)).collect())),
            ("asks", Val::List(self.asks.iter().map(|request| asked(request, None)).collect())),
            ("migrates", Val::Bool(matches!(plan.data, DataMove::Migrates { .. }))),
        ])
    }
}

/// All that an installed plugin asks for, with who granted it.
pub(super) fn requests(installed: &Installed, staged: &Staged, given: &GivenKeys) -> Vec<Val> {
    let publisher = installed.publisher.as_deref().and_then(|key| Publisher::parse(key).ok());
    let release = Release { publisher: publisher.as_ref(), manifest: &staged.manifest };
    // It runs, so this host is new enough.
    let Ok(plan) = plan_install(release, &Version::new(u64::MAX, 0, 0)) else { return Vec::new() };
    plan.requests
        .iter()
        .filter(|request| given::is_revocable(&request.key()) || given.contains_key(&request.key()))
        .map(|request| asked(request, given.get(&request.key())))
        .collect()
}

fn asked(request: &Request, given: Option<&given::Given>) -> Val {
    let key = request.key();
    shape::record([
        ("key", shape::string(&key)),
        ("sentence", Val::String(request.sentence())),
        ("given", shape::maybe(given.map(given::Given::to_val))),
        ("revocable", Val::Bool(given::is_revocable(&key))),
    ])
}
