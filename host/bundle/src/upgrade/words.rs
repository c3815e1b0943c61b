//! A plan in sentences for a steward who is no programmer.

use super::{Change, DataMove, Request, UpgradePlan};
use crate::manifest::{Access, Kind};

/// What the host's own interfaces mean. Those of plugins are shown by name: the host knows none.
const CAPABILITIES: [(&str, &str); 13] = [
    ("blobs", "keep files"),
    ("clock", "know the time"),
    ("consent", "ask people for their consent"),
    ("dispatch", "prepare what a decision will carry out"),
    ("grants", "see and give grants"),
    ("identity", "know who is calling"),
    ("log", "write to the host's log"),
    ("members", "see the community's members"),
    ("plugins", "see and change what is installed"),
    ("random", "get random numbers"),
    ("schedule", "set times at which it is called"),
    ("sealed", "keep personal data sealed"),
    ("storage", "keep data of its own"),
];

impl UpgradePlan {
    /// The plan for people, a sentence each: what it is, what is to be granted, what changes, what
    /// happens to the data, and what going back would mean.
    pub fn sentences(&self) -> Vec<String> {
        let UpgradePlan { name, title, to, .. } = self;
        let signed = match &self.publisher {
            Some(publisher) => format!("published by {}", publisher.groups()),
            None => "signed by nobody".to_owned(),
        };
        let mut lines = vec![match &self.from {
            Some(from) => format!("{title} (`{name}`) would go from {from} to {to}, {signed}."),
            None => format!("{title} (`{name}`) {to} would be installed, {signed}."),
        }];
        if self.requests.is_empty() {
            lines.push("It asks for nothing new.".to_owned());
        } else if self.from.is_some() {
            lines.push("It asks for more, and waits until a steward grants this:".to_owned());
        } else {
            lines.push("It asks for this:".to_owned());
        }
        lines.extend(self.requests.iter().map(Request::sentence));
        lines.extend(self.changes.iter().map(Change::sentence));
        self.data_sentences(&mut lines);
        lines
    }

    fn data_sentences(&self, lines: &mut Vec<String>) {
        let Some(from) = &self.from else { return };
        let to = &self.to;
        match &self.data {
            DataMove::First => {}
            DataMove::Stays { .. } => lines.push(format!(
                "Its data stays where it is. Going back to {from} later loses nothing, but {from} may not \
                 understand what {to} writes."
            )),
            DataMove::Migrates { from: old, to: new, .. } => {
                lines.push(format!(
                    "Its data is moved to a new form (from generation {old} to {new}). {from} answers \
                     meanwhile; if moving fails, nothing changes."
                ));
                lines.push(format!(
                    "Going back to {from} later is possible until the upgrade is confirmed, and loses what is \
                     written after the switch."
                ));
                if self.stored.saturating_mul(2) > self.quota {
                    lines.push(format!(
                        "Both forms are kept until then. It stores {} and may store {}, so there may be too \
                         little room for both; granting more storage for a while helps.",
                        size(self.stored),
                        size(self.quota)
                    ));
                }
            }
        }
    }
}

impl Request {
    /// What is asked for, for people.
    pub fn sentence(&self) -> String {
        match self {
            Self::Publisher(publisher) => format!(
                "Nobody signed it so far. From now on only the publisher {} could upgrade it. Compare this \
                 with what the publisher says.",
                publisher.groups()
            ),
            Self::Import { interface, reason } => {
                format!(
                    "It wants to {} ({interface}). Its publisher says why: {reason}.",
                    capability(interface)
                )
            }
            Self::Emit { interface } => format!("It wants to tell others of events ({interface})."),
            Self::Subscribe { interface } => format!("It wants to hear of events ({interface})."),
            Self::Schedules => "It wants to be called at times that it sets itself.".to_owned(),
            Self::Bulk => "It wants to write up to 16 MiB at once instead of 4 MiB.".to_owned(),
            Self::Storage { from: 0, to } => format!("It wants to store up to {}.", size(*to)),
            Self::Storage { from, to } => {
                format!("It wants to store up to {} instead of {}.", size(*to), size(*from))
            }
            Self::Grantable { kind, title } => format!(
                "It wants owners to be able to let other plugins do this with their things: {title} ({kind})."
            ),
            Self::Open { kind, caller, functions } => {
                format!("{} could {}: {}.", callers(caller), does(*kind), by_interface(functions))
            }
            Self::Widen { interface, function, caller } => {
                format!("{} could also call {function} ({interface}).", callers(caller))
            }
            Self::NowChanges { interface, function } => {
                format!("{function} ({interface}), which only read until now, could change data.")
            }
        }
    }
}

impl Change {
    /// What changes, for people.
    pub fn sentence(&self) -> String {
        match self {
            Self::Adds { interface, function } => format!("New: {function} ({interface})."),
            Self::Removes { interface, function } => {
                format!("{function} ({interface}) can no longer be called.")
            }
            Self::Narrows { interface, function, caller } => {
                format!("{} can no longer call {function} ({interface}).", callers(caller))
            }
            Self::OnlyReads { interface, function } => {
                format!("{function} ({interface}) no longer changes data, it only reads.")
            }
            Self::GivesUp { what } => format!("It no longer asks for {what}."),
            Self::Reason { interface, reason } => {
                format!("It gives another reason for {interface}: {reason}.")
            }
            Self::LessStorage { from, to } => {
                format!("It may store {} instead of {}.", size(*to), size(*from))
            }
        }
    }
}

/// What importing an interface lets a plugin do, as it goes on after "it wants to".
fn capability(interface: &str) -> String {
    let name = interface.strip_prefix("hamlet:host/").and_then(|rest| rest.split('@').next());
    let known = name.and_then(|name| CAPABILITIES.iter().find(|(known, _)| *known == name));
    match (known, name) {
        (Some((_, words)), _) => (*words).to_owned(),
        (None, Some(_)) => "use a part of the host".to_owned(),
        (None, None) => "use what another plugin offers".to_owned(),
    }
}

/// `one, two (interface); three (another)`, of functions that are sorted as `interface function`.
fn by_interface(functions: &[String]) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (interface, function) in functions.iter().filter_map(|text| text.split_once(' ')) {
        match groups.last_mut() {
            Some((last, names)) if *last == interface => names.push(function),
            _ => groups.push((interface, vec![function])),
        }
    }
    let group = |(interface, names): &(&str, Vec<&str>)| format!("{} ({interface})", names.join(", "));
    groups.iter().map(group).collect::<Vec<_>>().join("; ")
}

fn callers(access: &Access) -> String {
    match access {
        Access::Public => "Anyone, signed in or not,".to_owned(),
        Access::Member => "Members".to_owned(),
        Access::Ward => "Children, without their guardian,".to_owned(),
        Access::Group(group) => format!("Members of the group {group}"),
        Access::Plugin => "Other plugins".to_owned(),
        Access::Device => "Devices".to_owned(),
        Access::Decision => "Decisions of a body".to_owned(),
        Access::Neighbour => "Other communities".to_owned(),
        Access::Console => "Whoever holds the box".to_owned(),
        Access::Schedule => "Its own schedules".to_owned(),
    }
}

fn does(kind: Kind) -> &'static str {
    match kind {
        Kind::Query => "read",
        Kind::Command => "change things",
    }
}

/// A size in the largest unit that divides it well enough: `16 MiB`, `1.5 GiB`.
fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    for (unit, factor) in UNITS {
        if bytes >= factor {
            let tenths = u128::from(bytes) * 10 / u128::from(factor);
            return match tenths % 10 {
                0 => format!("{} {unit}", tenths / 10),
                tenth => format!("{}.{tenth} {unit}", tenths / 10),
            };
        }
    }
    format!("{bytes} bytes")
}
