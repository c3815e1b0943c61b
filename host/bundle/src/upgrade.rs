//! What installing, upgrading or going back would mean, in data and in plain sentences.
//!
//! Pure: manifests and a few numbers in, a plan out; no rows, no clock, no component. The kernel asks
//! it before it activates anything, keeps what a steward granted by [`Request::key`], and lets the old
//! version answer until nothing is missing. Whether imports have providers and bound interfaces stay
//! is the kernel's to check: it needs the other plugins.
//!
//! The rules:
//! - the version rises (semantic versions' precedence, so build metadata does not count);
//! - the publisher's key stays; what was signed once is never replaced by something unsigned;
//! - whatever the new version newly asks for pauses the upgrade until a steward grants it;
//! - data that nobody said how to take over is a refusal, not a guess (J4).
//!
//! What breaks if it is wrong: an upgrade takes what nobody gave, or data that it cannot read.

mod refusal;
mod requests;
mod rollback;
mod words;

use std::collections::BTreeSet;

use semver::Version;

use crate::manifest::{Access, Kind, Manifest};
use crate::sign::Publisher;

pub use refusal::PlanRefusal;
pub use rollback::{RollbackNumbers, RollbackPlan, plan_rollback};

/// A version of a plugin as a plan sees it.
#[derive(Clone, Copy, Debug)]
pub struct Release<'a> {
    /// Who signed it; none: it was installed from a folder, unsigned.
    pub publisher: Option<&'a Publisher>,
    /// What it says of itself.
    pub manifest: &'a Manifest,
}

/// Numbers of this host and of the installed plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// This host's version.
    pub host: Version,
    /// Which generation of the plugin's rows is in use, from 1 (J4); of no meaning for an install.
    pub generation: u32,
    /// Bytes that the plugin stores now.
    pub stored: u64,
}

/// What would happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpgradePlan {
    /// The plugin's name.
    pub name: String,
    /// How people know it.
    pub title: String,
    /// The version that answers now; none: it is not installed.
    pub from: Option<Version>,
    /// The version that would answer.
    pub to: Version,
    /// Who signed it; none: unsigned, from a folder.
    pub publisher: Option<Publisher>,
    /// What it newly asks for, each to be granted by a steward before it answers.
    pub requests: Vec<Request>,
    /// What else changes; it takes nothing from anybody without their seeing it here.
    pub changes: Vec<Change>,
    /// What happens to its data.
    pub data: DataMove,
    /// Bytes that it stores now.
    pub stored: u64,
    /// Bytes that it may store afterwards.
    pub quota: u64,
}

/// Something that a version asks for and a steward grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The plugin was unsigned so far; from now on only this publisher can upgrade it.
    Publisher(Publisher),
    /// To use an interface.
    Import {
        /// Its full name.
        interface: String,
        /// Why, in the publisher's words.
        reason: String,
    },
    /// To tell others of events.
    Emit {
        /// The event interface.
        interface: String,
    },
    /// To hear of events.
    Subscribe {
        /// The event interface.
        interface: String,
    },
    /// To be called at times of its choosing.
    Schedules,
    /// To write up to 16 MiB in one command instead of 4 (C7).
    Bulk,
    /// To store this many bytes.
    Storage {
        /// What it may store now; 0: nothing yet.
        from: u64,
        /// What it asks for.
        to: u64,
    },
    /// To let owners grant a kind of act on their things to other plugins (W3).
    Grantable {
        /// The kind.
        kind: String,
        /// What it means, in the publisher's words.
        title: String,
    },
    /// To be called, in reading or in changing, by a sort of caller to whom no function of this kind
    /// was open. (A new function for callers who had one like it is a [`Change`]: its code could as
    /// well stand in the old one.)
    Open {
        /// Reading or changing.
        kind: Kind,
        /// The callers.
        caller: Access,
        /// The functions, `interface function`.
        functions: Vec<String>,
    },
    /// To admit a further sort of caller to a function that there is.
    Widen {
        /// The interface.
        interface: String,
        /// The function.
        function: String,
        /// The callers.
        caller: Access,
    },
    /// To change data in a function that only read.
    NowChanges {
        /// The interface.
        interface: String,
        /// The function.
        function: String,
    },
}

/// Something that a version changes without asking for more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A function can newly be called, by callers who could call others of its kind.
    Adds {
        /// The interface.
        interface: String,
        /// The function.
        function: String,
    },
    /// A function can no longer be called.
    Removes {
        /// The interface.
        interface: String,
        /// The function.
        function: String,
    },
    /// A function no longer admits a sort of caller.
    Narrows {
        /// The interface.
        interface: String,
        /// The function.
        function: String,
        /// The callers.
        caller: Access,
    },
    /// A function that changed data only reads now.
    OnlyReads {
        /// The interface.
        interface: String,
        /// The function.
        function: String,
    },
    /// It no longer asks for something: an interface, an event, `schedules`, `bulk`, or a kind of
    /// grant. Grants of that kind come to nothing.
    GivesUp {
        /// What.
        what: String,
    },
    /// It gives another reason for an interface that it has.
    Reason {
        /// The interface.
        interface: String,
        /// Its reason now.
        reason: String,
    },
    /// It may store less.
    LessStorage {
        /// Before, in bytes.
        from: u64,
        /// Afterwards.
        to: u64,
    },
}

/// What happens to a plugin's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataMove {
    /// There is none yet.
    First,
    /// The new version uses the rows as they are.
    Stays {
        /// Their generation.
        generation: u32,
    },
    /// The new version fills a new generation, while the old one answers; then one small command
    /// switches (J4).
    Migrates {
        /// The generation in use.
        from: u32,
        /// The new one.
        to: u32,
        /// The exported interface that migrates.
        interface: String,
        /// Its function.
        function: String,
    },
}

impl UpgradePlan {
    /// What a steward still has to grant, given the keys of what was granted for this plugin.
    pub fn missing<'a>(&'a self, granted: &BTreeSet<String>) -> Vec<&'a Request> {
        self.requests.iter().filter(|request| !granted.contains(&request.key())).collect()
    }
}

/// Plans a first installation: all that the plugin asks for is new.
///
/// # Errors
/// This host is too old for it.
pub fn plan_install(offered: Release<'_>, host: &Version) -> Result<UpgradePlan, PlanRefusal> {
    check_host(offered.manifest, host)?;
    let (requests, changes) = requests::compare(None, offered.manifest);
    Ok(plan(None, offered, requests, changes, DataMove::First, 0))
}

/// Plans an upgrade.
///
/// Cost: linear in functions and imports, times the admitted callers of each.
///
/// # Errors
/// The first rule of this module's head that it breaks.
pub fn plan_upgrade(
    installed: Release<'_>,
    offered: Release<'_>,
    facts: &Facts,
) -> Result<UpgradePlan, PlanRefusal> {
    let (old, new) = (installed.manifest, offered.manifest);
    check_identity(installed, offered)?;
    if new.version.cmp_precedence(&old.version).is_le() {
        let (installed, offered) = (old.version.clone(), new.version.clone());
        return Err(PlanRefusal::VersionNotHigher { name: new.name.clone(), installed, offered });
    }
    check_host(new, &facts.host)?;
    let data = data_move(old, new, facts.generation)?;
    let (mut requests, changes) = requests::compare(Some(old), new);
    if let (None, Some(publisher)) = (installed.publisher, offered.publisher) {
        requests.insert(0, Request::Publisher(publisher.clone()));
    }
    Ok(plan(Some(&old.version), offered, requests, changes, data, facts.stored))
}

fn plan(
    from: Option<&Version>,
    offered: Release<'_>,
    requests: Vec<Request>,
    changes: Vec<Change>,
    data: DataMove,
    stored: u64,
) -> UpgradePlan {
    let manifest = offered.manifest;
    UpgradePlan {
        name: manifest.name.clone(),
        title: manifest.title.clone(),
        from: from.cloned(),
        to: manifest.version.clone(),
        publisher: offered.publisher.cloned(),
        requests,
        changes,
        data,
        stored,
        quota: manifest.storage,
    }
}

fn check_identity(installed: Release<'_>, offered: Release<'_>) -> Result<(), PlanRefusal> {
    let name = offered.manifest.name.clone();
    if installed.manifest.name != name {
        let installed = installed.manifest.name.clone();
        return Err(PlanRefusal::OtherName { installed, offered: name });
    }
    match (installed.publisher, offered.publisher) {
        (Some(installed), None) => Err(PlanRefusal::Unsigned { name, installed: installed.clone() }),
        (Some(installed), Some(offered)) if installed != offered => {
            Err(PlanRefusal::OtherPublisher { name, installed: installed.clone(), offered: offered.clone() })
        }
        _ => Ok(()),
    }
}

fn check_host(manifest: &Manifest, host: &Version) -> Result<(), PlanRefusal> {
    match manifest.minimum_host.as_ref().filter(|needs| host.cmp_precedence(needs).is_lt()) {
        None => Ok(()),
        Some(needs) => Err(PlanRefusal::HostTooOld {
            name: manifest.name.clone(),
            needs: needs.clone(),
            host: host.clone(),
        }),
    }
}

/// Migrating goes before reading as it is, where a version is in both ranges.
fn data_move(old: &Manifest, new: &Manifest, generation: u32) -> Result<DataMove, PlanRefusal> {
    let Some(migration) = &new.migration else { return Ok(DataMove::Stays { generation }) };
    if migration.migrates_from.matches(&old.version) {
        return Ok(DataMove::Migrates {
            from: generation,
            to: generation.saturating_add(1),
            interface: migration.interface.clone(),
            function: migration.function.clone(),
        });
    }
    if migration.reads_as_is.as_ref().is_some_and(|range| range.matches(&old.version)) {
        return Ok(DataMove::Stays { generation });
    }
    let also = migration.reads_as_is.as_ref().map(|range| format!(" or {range}")).unwrap_or_default();
    Err(PlanRefusal::NoWayForData {
        name: new.name.clone(),
        installed: old.version.clone(),
        offered: new.version.clone(),
        admits: format!("{}{also}", migration.migrates_from).into(),
    })
}
