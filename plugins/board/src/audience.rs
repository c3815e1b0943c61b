//! Who may see a post.

use std::fmt;
use std::str::FromStr;

use hamlet_sdk::types::Id;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::world::World;

/// Longest name of a group, in bytes; the host's own limit.
const GROUP_LENGTH_MAX: usize = 32;

/// Who may see a post, beside its author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Audience {
    /// Everybody, also who is not signed in.
    Public,
    /// Everybody who is signed in.
    Members,
    /// The members of a group.
    Group(String),
}

impl Audience {
    /// Whether a member is among them.
    pub(crate) fn admits(&self, world: &impl World, person: Id) -> bool {
        match self {
            Self::Public | Self::Members => true,
            Self::Group(group) => world.is_in(person, group),
        }
    }
}

/// `public`, `members` or `group:NAME`.
impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public => f.write_str("public"),
            Self::Members => f.write_str("members"),
            Self::Group(group) => write!(f, "group:{group}"),
        }
    }
}

impl FromStr for Audience {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match (text, text.strip_prefix("group:")) {
            ("public", _) => Ok(Self::Public),
            ("members", _) => Ok(Self::Members),
            (_, Some(group)) if !group.is_empty() && group.len() <= GROUP_LENGTH_MAX => {
                Ok(Self::Group(group.to_owned()))
            }
            _ => Err(Error::Audience),
        }
    }
}
