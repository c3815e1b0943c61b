//! The installed plugins (`hamlet:host/plugins`, W6), their bindings and what they were granted (C2).
//!
//! Installing is two steps: staging (`package.rs`: no transaction) and [`Plugins`]' `activate`, a
//! small command that a steward, a decision or the console makes. It checks that the new version fits
//! all that is installed (`plan.rs`), that everything that it asks for is granted (`offer.rs`, `given.rs`),
//! writes one row, and asks the kernel to build its catalogue anew after the commit. It compiles nothing
//! and moves no data: where data has to be moved it begins a migration (`moving.rs`, J4).
//!
//! If this is wrong, a plugin answers that nobody installed, two plugins answer to one name, or one
//! gets what nobody gave it.

use std::collections::BTreeMap;
use std::sync::Arc;

use hamlet_bundle::{Access, DataMove, FunctionRule, Kind};
use hamlet_reflect::Interface;
use hamlet_store::Namespace;
use wasmtime::component::Val;

use crate::call::CallError;
use crate::dispatch;
use crate::native::{NativeContext, NativeProvider, Noted, Noting, is_for_stewards};
use crate::package::{Staged, Staging};
use crate::rows::OfProvider;
use crate::shape;

mod given;
mod installed;
mod moving;
mod offer;
mod plan;
mod remove;
mod values;

pub(crate) use given::{DAY_MICROS, UNUSED_MICROS, is_revocable, keep_use};
pub use given::{Given, GivenKeys, Giver, UNUSED_DAYS};
pub use installed::{Installed, Previous, installed, installed_one};
pub use moving::Moving;
pub(crate) use moving::{MIGRATE, MIGRATION, is_of_the_kernel, is_switch, run};
pub use plan::{Member, Refusal, plan};
pub(crate) use remove::{Leftover, next_leftover};

use given::{drop_unasked, give, given_to, take_back};
use installed::{all, one, put};
use moving::moving_of;
use offer::{Granting, Offer, offer};

/// The interface.
pub(crate) const INTERFACE: &str = "hamlet:host/plugins@0.1.0";
/// Most plugins in a community.
pub const PLUGINS_MAX: usize = 1_000;

/// The interfaces of native providers by their id, from the host's own WIT.
pub type NativeInterfaces = BTreeMap<String, Arc<Interface>>;

/// All rows of which the kernel makes its table of plugins.
#[derive(Debug, Default)]
pub struct State {
    /// What is installed, in order of names.
    pub installed: Vec<Installed>,
    /// What each was granted.
    pub given: BTreeMap<String, GivenKeys>,
    /// Migrations under way.
    pub moving: Vec<Moving>,
}

/// Reads them, from a snapshot or the running transaction.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn state(rows: &mut dyn hamlet_store::Rows) -> Result<State, CallError> {
    let rows = &mut crate::rows::ReadOnly { rows, namespace: crate::namespaces::PLUGINS };
    Ok(State { installed: all(rows)?, given: given::all_given(rows)?, moving: moving::all_moving(rows)? })
}

/// The native provider. `migrate`, `switch-over` and `roll-back-plan` are the kernel's own (`moving.rs`): they
/// enter a plugin or read the journal, which no native can.
pub struct Plugins {
    staging: Arc<Staging>,
    natives: Arc<NativeInterfaces>,
}

impl Plugins {
    /// The provider; `natives` are all interfaces that plugins may import from native providers.
    pub fn new(staging: Arc<Staging>, natives: Arc<NativeInterfaces>) -> Self {
        Self { staging, natives }
    }
}

impl NativeProvider for Plugins {
    fn interface(&self) -> &'static str {
        INTERFACE
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let stewards = || Access::Group("stewards".into());
        let (kind, access) = match function {
            "activate" | "set-status" | "migrate" | "switch-over" | "cancel-migration" | "roll-back"
            | "confirm" | "uninstall" | "grant" | "revoke" => {
                (Kind::Command, vec![stewards(), Access::Decision, Access::Console])
            }
            "plan" | "roll-back-plan" => (Kind::Query, vec![stewards(), Access::Console]),
            // What plugins may do is every member's business.
            "list" | "requests" => (Kind::Query, vec![Access::Member, Access::Plugin, Access::Console]),
            _ => return None,
        };
        // A chunk of rows is handed to a plugin: that takes its time, and nobody should wait for it (T7).
        Some(FunctionRule { kind, access, reentrant: false, long: function == MIGRATE })
    }

    /// Each under the plugin's name; of a migration its end, not its many steps.
    fn noted(&self, function: &str, arguments: &[Val], result: Option<&Val>) -> Noting {
        if function == MIGRATE || !self.rule(function).is_some_and(|rule| is_for_stewards(&rule)) {
            return Ok(None);
        }
        if function != "activate" {
            let detail = match arguments.get(1) {
                Some(Val::String(word) | Val::Enum(word)) => word.clone(),
                _ => String::new(),
            };
            return Ok(Some(Noted { detail, ..Noted::of(arguments.first()) }));
        }
        let Some(Val::Result(Ok(Some(plugin)))) = result else { return Ok(Some(Noted::default())) };
        Ok(Some(Noted::of(Some(shape::field(plugin, "name")?))))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let text = |at: usize| shape::argument(arguments, at).and_then(shape::text);
        match function {
            "plan" => self.show_plan(cx, text(0)?),
            "activate" => self.activate(cx, text(0)?, &Granting::from_val(shape::argument(arguments, 1)?)?),
            "set-status" => {
                set_status(cx, text(0)?, shape::label(shape::argument(arguments, 1)?)? == "active")
            }
            "cancel-migration" => moving::cancel(cx, text(0)?),
            "roll-back" => self.roll_back(cx, text(0)?),
            "confirm" => self.confirm(cx, text(0)?),
            "uninstall" => {
                remove::remove(cx, text(0)?, shape::label(shape::argument(arguments, 1)?)? == "keep")
            }
            "requests" => self.requests(cx, text(0)?),
            "grant" => self.grant(cx, text(0)?, text(1)?),
            "revoke" => revoke(cx, text(0)?, text(1)?),
            "list" => list(cx),
            _ => Err(CallError::internal("no such function of plugins")),
        }
    }
}

/// What is known of a staged plugin when it is about to be activated.
struct Planned {
    before: Option<Member>,
    bindings: Vec<(String, String)>,
    offer: Offer,
}

impl Plugins {
    /// Everything that is checked before anything is written.
    fn planned(
        &self,
        cx: &mut dyn NativeContext,
        staged: &Staged,
    ) -> Result<Result<Planned, Refusal>, CallError> {
        if let Some(why) = dispatch::refuse_import(cx.rows(), staged)? {
            return Ok(Err(Refusal::ImportUnmet(why)));
        }
        let name = &staged.manifest.name;
        let rows = all(&mut OfProvider(cx))?;
        let before = rows.iter().find(|row| row.name == *name).cloned();
        let others = self.others(rows, name)?;
        let bindings = match plan(staged, before.as_ref(), &others, &self.natives) {
            Ok(bindings) => bindings,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if before.is_none() && others.len() >= PLUGINS_MAX {
            let what = format!("{PLUGINS_MAX} plugins in a community");
            return Err(CallError::Quota { plugin: Arc::from(crate::catalogue::HOST), what });
        }
        let before = match before {
            None => None,
            Some(row) => Some(self.member(row)?),
        };
        let stored = before.as_ref().map_or(0, |before| cx.usage(Namespace(before.row.namespace)));
        let given = given_to(&mut OfProvider(cx), name)?;
        let offer = match offer(staged, before.as_ref(), stored, &bindings, &given) {
            Ok(offer) => offer,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if moving_of(&mut OfProvider(cx), name)?.is_some() {
            return Ok(Err(Refusal::Moving));
        }
        let migrates = matches!(offer.plan.data, DataMove::Migrates { .. });
        let unconfirmed = before.as_ref().is_some_and(|before| before.row.left_behind().is_some());
        if unconfirmed && migrates {
            return Ok(Err(Refusal::NotConfirmed));
        }
        Ok(Ok(Planned { before, bindings, offer }))
    }

    fn show_plan(&self, cx: &mut dyn NativeContext, component: &str) -> Result<Val, CallError> {
        let Some(staged) = self.staging.get(component) else { return Ok(shape::refused("not-staged")) };
        Ok(match self.planned(cx, &staged)? {
            Ok(planned) => shape::ok(planned.offer.to_val()),
            Err(refusal) => refusal.to_val(),
        })
    }

    fn activate(
        &self,
        cx: &mut dyn NativeContext,
        component: &str,
        granting: &Granting,
    ) -> Result<Val, CallError> {
        let Some(staged) = self.staging.get(component) else { return Ok(shape::refused("not-staged")) };
        let Planned { before, bindings, offer } = match self.planned(cx, &staged)? {
            Ok(planned) => planned,
            Err(refusal) => return Ok(refusal.to_val()),
        };
        let granted = match offer.granted(granting) {
            Ok(granted) => granted,
            Err(refusal) => return Ok(refusal.to_val()),
        };
        let by = Giver::of(cx.actor())?;
        let name = staged.manifest.name.clone();
        let at = cx.now();
        for request in &granted {
            let provider = offer::provider(request, &bindings).map(str::to_owned);
            let given = Given { provider, by: by.clone(), at, used: at };
            give(&mut OfProvider(cx), &name, &request.key(), &given)?;
        }
        let before = before.map(|before| before.row);
        if let (DataMove::Migrates { .. }, Some(before)) = (&offer.plan.data, &before) {
            moving::begin(cx, &staged, before, bindings)?;
            cx.installed_changed();
            return Ok(shape::ok(values::plugin(cx, before)?));
        }
        let plugin = match before {
            // An upgrade keeps its rows and whether a steward paused it.
            Some(before) => {
                let (namespace, generation) = (before.namespace, before.generation);
                // What was moved before stays where the way back is, if there is one.
                let previous = match before.left_behind() {
                    Some(_) => before.previous.clone(),
                    None => Some(before.as_previous(0)),
                };
                Installed {
                    active: before.active,
                    previous,
                    ..of_staged(cx, &staged, namespace, generation, bindings)
                }
            }
            None => match remove::room_for(cx, &staged)? {
                Ok((namespace, generation)) => of_staged(cx, &staged, namespace, generation, bindings),
                Err(refusal) => return Ok(refusal.to_val()),
            },
        };
        put(&mut OfProvider(cx), &plugin)?;
        cx.installed_changed();
        tracing::info!(plugin = plugin.name, version = plugin.version, "activated");
        Ok(shape::ok(values::plugin(cx, &plugin)?))
    }

    /// The other installed plugins with what is staged of them.
    fn others(&self, rows: Vec<Installed>, name: &str) -> Result<Vec<Member>, CallError> {
        rows.into_iter().filter(|row| row.name != name).map(|row| self.member(row)).collect()
    }

    fn member(&self, row: Installed) -> Result<Member, CallError> {
        match self.staging.get(&row.component) {
            Some(staged) => Ok(Member { row, staged }),
            None => Err(CallError::internal(format!("`{}` is installed and not staged", row.name))),
        }
    }

    fn roll_back(&self, cx: &mut dyn NativeContext, name: &str) -> Result<Val, CallError> {
        let Some(plugin) = one(&mut OfProvider(cx), name)? else {
            return Ok(shape::refused("no-such-plugin"));
        };
        if moving_of(&mut OfProvider(cx), name)?.is_some() {
            return Ok(Refusal::Moving.to_val());
        }
        let Some(before) = plugin.gone_back(cx.now()) else { return Ok(shape::refused("no-previous")) };
        let Some(staged) = self.staging.get(&before.component) else {
            return Ok(shape::refused("not-staged"));
        };
        let rows = all(&mut OfProvider(cx))?;
        if let Err(refusal) = plan::check_bound(&staged, &self.others(rows, name)?) {
            return Ok(refusal.to_val());
        }
        if before.namespace != plugin.namespace {
            remove::destroy(&mut OfProvider(cx), plugin.namespace)?;
        }
        put(&mut OfProvider(cx), &before)?;
        cx.installed_changed();
        tracing::info!(plugin = name, version = before.version, "rolled back");
        Ok(shape::ok(values::plugin(cx, &before)?))
    }

    fn confirm(&self, cx: &mut dyn NativeContext, name: &str) -> Result<Val, CallError> {
        let Some(mut plugin) = one(&mut OfProvider(cx), name)? else {
            return Ok(shape::refused("no-such-plugin"));
        };
        if plugin.previous.is_none() {
            return Ok(shape::refused("no-previous"));
        }
        if let Some(namespace) = plugin.left_behind() {
            remove::destroy(&mut OfProvider(cx), namespace)?;
        }
        plugin.previous = None;
        put(&mut OfProvider(cx), &plugin)?;
        if let Some(staged) = self.staging.get(&plugin.component) {
            drop_unasked(&mut OfProvider(cx), name, &[&staged.manifest])?;
        }
        cx.installed_changed();
        Ok(shape::done())
    }

    fn requests(&self, cx: &mut dyn NativeContext, name: &str) -> Result<Val, CallError> {
        let Some(plugin) = one(&mut OfProvider(cx), name)? else {
            return Ok(shape::refused("no-such-plugin"));
        };
        let given = given_to(&mut OfProvider(cx), name)?;
        let Some(staged) = self.staging.get(&plugin.component) else {
            return Ok(shape::refused("not-staged"));
        };
        Ok(shape::ok(Val::List(offer::requests(&plugin, &staged, &given))))
    }

    fn grant(&self, cx: &mut dyn NativeContext, name: &str, key: &str) -> Result<Val, CallError> {
        let Some(plugin) = one(&mut OfProvider(cx), name)? else {
            return Ok(shape::refused("no-such-plugin"));
        };
        let asked = self
            .staging
            .get(&plugin.component)
            .is_some_and(|staged| given::keys(&staged.manifest).iter().any(|of| of == key));
        if !asked {
            return Ok(Refusal::NotAskedFor(key.to_owned()).to_val());
        }
        let interface = key.strip_prefix("import ");
        let provider = plugin.bindings.iter().find(|(id, _)| Some(id.as_str()) == interface);
        let provider = provider.map(|(_, provider)| provider.clone());
        let (by, at) = (Giver::of(cx.actor())?, cx.now());
        give(&mut OfProvider(cx), name, key, &Given { provider, by, at, used: at })?;
        cx.installed_changed();
        Ok(shape::done())
    }
}

fn revoke(cx: &mut dyn NativeContext, name: &str, key: &str) -> Result<Val, CallError> {
    if one(&mut OfProvider(cx), name)?.is_none() {
        return Ok(shape::refused("no-such-plugin"));
    }
    if !is_revocable(key) {
        return Ok(shape::refused("not-revocable"));
    }
    if !take_back(&mut OfProvider(cx), name, key)? {
        return Ok(Refusal::NotAskedFor(key.to_owned()).to_val());
    }
    cx.installed_changed();
    Ok(shape::done())
}

/// The row of a staged plugin.
fn of_staged(
    cx: &dyn NativeContext,
    staged: &Staged,
    namespace: u32,
    generation: u32,
    bindings: Vec<(String, String)>,
) -> Installed {
    let manifest = &staged.manifest;
    Installed {
        name: manifest.name.clone(),
        version: manifest.version.to_string(),
        component: staged.hash.clone(),
        active: true,
        since: cx.now(),
        namespace,
        generation,
        quota: manifest.storage,
        exports: manifest.exports.iter().map(|export| export.interface.clone()).collect(),
        bindings,
        publisher: staged.origin.as_ref().map(|origin| origin.publisher.to_string()),
        bundle: staged.origin.as_ref().map(|origin| origin.bundle.clone()),
        previous: None,
    }
}

fn set_status(cx: &mut dyn NativeContext, name: &str, active: bool) -> Result<Val, CallError> {
    let rows = &mut OfProvider(cx);
    let Some(mut plugin) = one(rows, name)? else { return Ok(shape::refused("no-such-plugin")) };
    if plugin.active != active {
        plugin.active = active;
        put(rows, &plugin)?;
        cx.installed_changed();
    }
    Ok(shape::done())
}

fn list(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let plugins = all(&mut OfProvider(cx))?;
    let shown: Result<Vec<Val>, CallError> =
        plugins.iter().map(|plugin| values::plugin(cx, plugin)).collect();
    Ok(Val::List(shown?))
}

#[cfg(test)]
mod tests;
