//! One community as the gateway holds it, and how a host name finds it.
//!
//! Everything that remembers anything is inside [`State`], one a community: nothing crosses.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use hamlet_identity::{Identity, Secret};
use hamlet_kernel::Kernel;
use hamlet_reflect::Id;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::caretaker::Caretaker;
use crate::metrics::Counters;
use crate::rates::Rates;
use crate::reach::{Reach, Vouched};
use crate::router::Config;
use crate::web::Setup;
use crate::web::words::{self, Words};
use crate::{blobs, events};

/// A community to serve.
#[derive(Clone)]
pub struct Community {
    /// What logs and metrics call it; short, without personal data.
    pub name: String,
    /// The host names by which it is reached, without port, for example `oakfield.example`.
    pub hosts: Vec<String>,
    /// It is also reached by every address of the box: on the local network, and before it has a name.
    pub any_address: bool,
    /// Its kernel.
    pub kernel: Kernel,
    /// Its identity.
    pub identity: Identity,
    /// The folder from which a steward may have built plugins taken in; none: not at all.
    pub incoming: Option<PathBuf>,
    /// A folder with more languages for the pages (`TAG/*.ftl`); none: those that are built in.
    pub languages: Option<PathBuf>,
    /// It waits to be founded.
    pub setup: Option<Arc<Setup>>,
    /// How the box is reached, and how it gets a name; none: that is not this program's.
    pub reach: Option<Arc<dyn Reach>>,
    /// Folders with plugins that stewards are offered: signed bundles, and what developers built.
    pub catalogue: Vec<PathBuf>,
    /// A demo: as whom anybody may look around. Empty: a real community.
    pub personas: Vec<Persona>,
    /// A demo: what a visitor is led through.
    pub tour: Vec<TourCard>,
    /// Who keeps the box: disk, certificate, copies. None: those pages say that there is nobody.
    pub caretaker: Option<Arc<dyn Caretaker>>,
}

impl Community {
    /// One that is reached by one host name, and nothing more.
    pub fn new(name: &str, host: &str, kernel: Kernel, identity: Identity) -> Self {
        Self {
            name: name.to_owned(),
            hosts: vec![host.to_owned()],
            any_address: false,
            kernel,
            identity,
            incoming: None,
            languages: None,
            setup: None,
            reach: None,
            catalogue: Vec::new(),
            personas: Vec::new(),
            tour: Vec::new(),
            caretaker: None,
        }
    }
}

/// Somebody of a demo, as whom a visitor looks around.
#[derive(Debug, Clone)]
pub struct Persona {
    /// Her handle.
    pub handle: String,
    /// Who she is, in a sentence.
    pub about: Told,
}

/// A step that a visitor of a demo does herself.
#[derive(Debug, Clone)]
pub struct TourCard {
    /// What it is, in a few words.
    pub title: Told,
    /// What there is to do and to see, in a sentence or two.
    pub text: Told,
    /// As which persona, by her handle.
    pub handle: String,
    /// The page that it opens, a path of this community.
    pub to: String,
}

/// A text of a demo, in languages by their tags; `en` is the one that is always there.
#[derive(Debug, Clone, Default)]
pub struct Told(pub BTreeMap<String, String>);

impl Told {
    /// The text in a language, by a tag such as `es-MX`; in English where there is none.
    pub(crate) fn in_language(&self, tag: &str) -> &str {
        let plain = || self.0.get("en").map_or("", String::as_str);
        hamlet_bundle::in_language(&self.0, tag).unwrap_or_else(plain)
    }
}

impl fmt::Debug for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Community")
            .field("name", &self.name)
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

/// A document that was made from one catalogue, kept until the next.
#[derive(Default)]
pub(crate) struct Made(Mutex<Option<(u64, Bytes)>>);

impl Made {
    /// The document for this generation of the catalogue.
    pub fn get(&self, generation: u64, make: impl FnOnce() -> Vec<u8>) -> Bytes {
        let mut kept = self.0.lock();
        if let Some((known, bytes)) = kept.as_ref()
            && *known == generation
        {
            return bytes.clone();
        }
        let bytes = Bytes::from(make());
        *kept = Some((generation, bytes.clone()));
        bytes
    }
}

/// All that the gateway keeps of one community.
pub(crate) struct State {
    pub name: Arc<str>,
    pub kernel: Kernel,
    pub identity: Identity,
    pub incoming: Option<PathBuf>,
    pub words: Words,
    pub setup: Option<Arc<Setup>>,
    pub reach: Option<Arc<dyn Reach>>,
    pub catalogue: Vec<PathBuf>,
    pub personas: Vec<Persona>,
    pub tour: Vec<TourCard>,
    pub caretaker: Option<Arc<dyn Caretaker>>,
    pub config: Arc<Config>,
    pub counters: Counters,
    pub token_rates: Rates<Id>,
    pub address_rates: Rates<IpAddr>,
    pub streams: Arc<Semaphore>,
    pub uploads: Arc<Semaphore>,
    pub openapi: Made,
    pub host_package: Made,
    /// Under what the addresses of pictures are marked; none: the box has no randomness, and marks none.
    pub picture_key: Option<[u8; 32]>,
}

/// The communities by host name.
pub(crate) struct Communities {
    by_host: HashMap<String, Arc<State>>,
    /// Reached by addresses.
    by_address: Option<Arc<State>>,
}

impl Communities {
    pub fn new(communities: Vec<Community>, config: Config) -> Self {
        let config = Arc::new(config);
        let mut by_host = HashMap::new();
        let mut by_address = None;
        for community in communities {
            let state = Arc::new(State {
                name: community.name.into(),
                kernel: community.kernel,
                identity: community.identity,
                incoming: community.incoming,
                words: Words::new(words::OWN, community.languages.as_deref()),
                setup: community.setup,
                reach: community.reach,
                catalogue: community.catalogue,
                personas: community.personas,
                tour: community.tour,
                caretaker: community.caretaker,
                config: Arc::clone(&config),
                counters: Counters::default(),
                token_rates: Rates::new(config.token_rate),
                address_rates: Rates::new(config.address_rate),
                streams: Arc::new(Semaphore::new(events::STREAMS_MAX)),
                uploads: Arc::new(Semaphore::new(blobs::UPLOADS_MAX)),
                openapi: Made::default(),
                host_package: Made::default(),
                picture_key: Secret::new().ok().map(|secret| secret.hash()),
            });
            crate::web::carry(&state);
            if community.any_address && by_address.is_none() {
                by_address = Some(Arc::clone(&state));
            }
            for host in community.hosts {
                let host = normal(&host).into_owned();
                if by_host.contains_key(&host) {
                    tracing::warn!(%host, community = %state.name, "another community has this host name");
                    continue;
                }
                by_host.insert(host, Arc::clone(&state));
            }
        }
        Self { by_host, by_address }
    }

    /// The community that is reached by this `host` or `host:port`.
    pub fn find(&self, host: &str) -> Option<&Arc<State>> {
        let host = normal(host);
        // An address only, never a name that nobody gave: or a foreign name could be made to lead here.
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let address = bare.parse::<IpAddr>().ok().and(self.by_address.as_ref());
        self.by_host.get(host.as_ref()).or(address).or_else(|| self.named_since(&host))
    }

    /// The community that got this name, with an authority's word for it, since the host was started.
    fn named_since(&self, host: &str) -> Option<&Arc<State>> {
        let state = self.by_address.as_ref()?;
        let reached = state.reach.as_ref()?.now()?;
        (reached.vouched != Vouched::No && reached.name == host).then_some(state)
    }
}

/// A host name without port, final dot and capitals.
fn normal(host: &str) -> std::borrow::Cow<'_, str> {
    let bare = match host.strip_prefix('[') {
        // An IPv6 address keeps its brackets.
        Some(rest) => rest.find(']').and_then(|end| host.get(..end + 2)).unwrap_or(host),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    let bare = bare.strip_suffix('.').unwrap_or(bare);
    if bare.bytes().any(|byte| byte.is_ascii_uppercase()) {
        bare.to_ascii_lowercase().into()
    } else {
        bare.into()
    }
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn a_host_is_the_same_when_port_dot_and_capitals_differ() {
        for (given, expected) in [
            ("Oakfield.example:8750", "oakfield.example"),
            ("oakfield.example.", "oakfield.example"),
            ("127.0.0.1:80", "127.0.0.1"),
            ("[::1]:8750", "[::1]"),
            ("[::1]", "[::1]"),
            ("[broken", "[broken"),
            ("", ""),
        ] {
            assert_eq!(normal(given), expected, "{given}");
        }
    }
}
