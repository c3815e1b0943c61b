//! Why a version is not taken, each in a sentence that says what to do.

use semver::Version;

use crate::sign::Publisher;

/// Why there is no plan. The old version goes on answering.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanRefusal {
    /// Two plugins.
    #[error("`{offered}` cannot replace `{installed}`: they are two plugins")]
    OtherName {
        /// What is installed.
        installed: String,
        /// What is offered.
        offered: String,
    },
    /// The version does not rise.
    #[error(
        "`{name}` {installed} is installed, and {offered} is not newer; an upgrade must raise the version \
         (to go back, use `hamlet plugin rollback`)"
    )]
    VersionNotHigher {
        /// The plugin.
        name: String,
        /// What is installed.
        installed: Version,
        /// What is offered.
        offered: Version,
    },
    /// Somebody else signed it.
    #[error(
        "`{name}` is published by {}, and this is signed by {} ({offered}). Nobody but the publisher of the \
         installed version can upgrade it; if the publisher has a new key, remove the plugin and install it \
         anew, or ask the publisher",
        installed.groups(), offered.groups()
    )]
    OtherPublisher {
        /// The plugin.
        name: String,
        /// Who published what is installed.
        installed: Publisher,
        /// Who signed what is offered.
        offered: Publisher,
    },
    /// Nobody signed it.
    #[error("`{name}` is published by {}, and this is not signed; install the publisher's bundle", installed.groups())]
    Unsigned {
        /// The plugin.
        name: String,
        /// Who published what is installed.
        installed: Publisher,
    },
    /// This host is too old.
    #[error("`{name}` needs Hamlet {needs} or newer, and this is {host}; update the host first")]
    HostTooOld {
        /// The plugin.
        name: String,
        /// What it needs.
        needs: Version,
        /// This host.
        host: Version,
    },
    /// Nobody said what happens to the data of the installed version.
    #[error(
        "`{name}` {offered} does not say how to take over the data of {installed}, only of {admits}; \
         install a version between them first"
    )]
    NoWayForData {
        /// The plugin.
        name: String,
        /// What is installed.
        installed: Version,
        /// What is offered.
        offered: Version,
        /// From which versions it can.
        admits: Box<str>,
    },
}
