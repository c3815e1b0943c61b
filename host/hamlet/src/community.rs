//! A community's folder: its settings file, its kernel, its identity.
//!
//! ```text
//! community.toml   host name and address            keys/      parties' keys, apart from all else
//! cli.toml         tokens of this command line       plugins/   what was installed
//! store/           journal and state                 cache/     compiled code, may be deleted
//! ```

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use hamlet_identity::{Founding, Identity, Secret};
use hamlet_kernel::{Clock, Kernel, KernelConfig, SystemClock};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::call::Outcome;
use crate::session::Session;

/// Where a host listens unless it is told otherwise.
pub const LISTEN: &str = "127.0.0.1:8750";

/// What `hamlet init` was asked to do.
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// What the community is called.
    #[arg(long)]
    pub name: String,
    /// Short name and full name of the first steward.
    #[arg(long, num_args = 2, value_names = ["HANDLE", "NAME"])]
    pub steward: Vec<String>,
    /// The host name by which browsers will reach it.
    #[arg(long, default_value = "localhost")]
    pub host: String,
    /// Where the host listens.
    #[arg(long, default_value = LISTEN)]
    pub listen: SocketAddr,
    /// Its IANA time zone.
    #[arg(long, default_value = "UTC")]
    pub zone: String,
}

/// `community.toml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommunityFile {
    /// The host name by which the gateway knows it.
    pub host: String,
    /// Where the host listens.
    pub listen: SocketAddr,
    /// A demo may be deleted and made anew.
    #[serde(default)]
    pub demo: bool,
}

const FILE: &str = "community.toml";

/// Where packages are put for a running host to take.
const INCOMING: &str = "incoming";

impl CommunityFile {
    /// Reads it.
    pub fn load(home: &Path) -> Result<Self> {
        let path = home.join(FILE);
        let text = fs::read_to_string(&path).with_context(|| {
            format!("there is no community in `{}`. Make one with `hamlet init`", home.display())
        })?;
        toml::from_str(&text).with_context(|| format!("`{}` cannot be read", path.display()))
    }
}

/// An open community.
pub struct Community {
    /// Its settings file.
    pub file: CommunityFile,
    /// Its kernel.
    pub kernel: Kernel,
    /// Its people.
    pub identity: Identity,
    folder: PathBuf,
}

impl Community {
    /// As the gateway wants it. A community that is served alone also answers to the bare address.
    pub fn into_gateway(self, listen: SocketAddr, alone: bool) -> hamlet_gateway::Community {
        let mut hosts = vec![self.file.host.clone()];
        if alone {
            hosts.extend(["localhost".to_owned(), listen.ip().to_string()]);
            hosts.sort();
            hosts.dedup();
        }
        hamlet_gateway::Community {
            name: self.file.host.clone(),
            hosts,
            kernel: self.kernel,
            identity: self.identity,
            incoming: Some(self.folder.join(INCOMING)),
        }
    }
}

/// Opens the community in `home` with the box's clock.
pub fn open(home: &Path) -> Result<Community> {
    open_at(home, Arc::new(SystemClock))
}

/// Opens it with a clock of the caller's.
pub fn open_at(home: &Path, clock: Arc<dyn Clock>) -> Result<Community> {
    let file = CommunityFile::load(home)?;
    let mut config = KernelConfig::in_dir(home);
    config.clock = clock;
    let identity = Identity::new();
    identity.register(&mut config);
    let kernel = Kernel::open(config)?;
    Ok(Community { file, kernel, identity, folder: home.to_path_buf() })
}

/// Runs `hamlet init`.
pub fn init(home: &Path, args: &InitArgs) -> Result<Outcome> {
    let [handle, name] = args.steward.as_slice() else {
        bail!("name the first steward: --steward ada \"Ada Lovelace\"")
    };
    let file = CommunityFile { host: args.host.clone(), listen: args.listen, demo: false };
    let community = create(home, file, Arc::new(SystemClock), (handle, name))?;
    let settings = json!({ "name": args.name, "place": "", "zone": args.zone, "language": "en" });
    let reply = crate::door::call(
        &community.kernel,
        hamlet_kernel::Actor::Console,
        "host",
        "settings",
        "set",
        &json!({ "community": settings }),
    );
    if let crate::client::Reply::Problem(problem) = reply {
        bail!("{}", problem.sentence());
    }
    community.kernel.shutdown();
    println!("{} is founded in `{}`, with {name} as its first steward.", args.name, home.display());
    println!(
        "Her token is kept in `{}`. Start the host with: hamlet --home {} run",
        home.join("cli.toml").display(),
        home.display()
    );
    Ok(Outcome::Done)
}

/// Makes the folder of a community with its first steward, whose token is kept in it.
pub fn create(
    home: &Path,
    file: CommunityFile,
    clock: Arc<dyn Clock>,
    steward: (&str, &str),
) -> Result<Community> {
    if home.join(FILE).exists() {
        bail!("there is a community in `{}` already", home.display());
    }
    fs::create_dir_all(home).with_context(|| format!("`{}` cannot be made", home.display()))?;
    fs::write(home.join(FILE), toml::to_string(&file)?)?;
    let url = format!("http://{}", file.listen);
    let host = file.host.clone();
    let community = open_at(home, clock)?;
    let secret = Secret::new().map_err(|error| anyhow!("no randomness: {error}"))?;
    hamlet_identity::found(
        &community.kernel,
        &Founding {
            commons_handle: "commons".to_owned(),
            commons_name: "The commons".to_owned(),
            handle: steward.0.to_owned(),
            name: steward.1.to_owned(),
            token: secret.hash(),
            label: "first".to_owned(),
        },
    )?;
    Session {
        url,
        host,
        default: Some(steward.0.to_owned()),
        tokens: [(steward.0.to_owned(), secret.reveal().to_owned())].into(),
    }
    .save(home)?;
    Ok(community)
}

/// Copies a built plugin to where the running host takes it from; gives the name to tell it.
pub fn hand_over(home: &Path, built: &Path) -> Result<String> {
    let name = Uuid::now_v7().simple().to_string();
    let folder = home.join(INCOMING).join(&name);
    fs::create_dir_all(&folder).with_context(|| format!("`{}` cannot be made", folder.display()))?;
    for entry in fs::read_dir(built)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), folder.join(entry.file_name()))?;
        }
    }
    Ok(name)
}
