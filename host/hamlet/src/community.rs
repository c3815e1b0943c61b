//! A community's folder: its settings file, its kernel, its identity.
//!
//! ```text
//! community.toml   host name and address            keys/      parties' keys, apart from all else
//! cli.toml         tokens of this command line       plugins/   what was installed
//! data/            journal and state                 blobs/     files
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use hamlet_backup::PlanFile;
use hamlet_gateway::{Reach, Setup};
use hamlet_identity::{FoundError, Founding, Identity, Secret};
use hamlet_kernel::catalogue::HOST;
use hamlet_kernel::{Clock, Kernel, KernelConfig, SystemClock};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::call::Outcome;
use crate::client::Reply;
use crate::session::Session;
use crate::{door, output};

/// Where a host listens unless it is told otherwise.
pub const LISTEN: &str = "127.0.0.1:8750";

/// What `hamlet init` was asked to do.
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// What the community is called.
    #[arg(long)]
    pub name: String,
    /// Short name and full name of the first steward.
    #[arg(long, num_args = 2, value_names = ["HANDLE", "NAME"], required = true)]
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
    /// Where it listens for HTTPS, for browsers on the local network; left out: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub https: Option<SocketAddr>,
    /// Who gives certificates, and what was agreed with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<AuthorityFile>,
    /// A demo may be deleted and made anew.
    #[serde(default)]
    pub demo: bool,
    /// Of a demo: as whom anybody may look around.
    #[serde(rename = "persona", default, skip_serializing_if = "Vec::is_empty")]
    pub personas: Vec<Persona>,
    /// Of a demo: what a visitor is led through.
    #[serde(rename = "tour", default, skip_serializing_if = "Vec::is_empty")]
    pub tour: Vec<TourCard>,
    /// When backups are made, where they go and for whom they are encrypted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub backup: PlanFile,
}

/// A certificate authority (ACME, RFC 8555).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthorityFile {
    /// Its directory; Let's Encrypt when left out.
    pub directory: String,
    /// A certificate (PEM) that vouches for it, where the system's own do not.
    pub root: Option<PathBuf>,
    /// Where it writes to; empty: nowhere.
    pub contact: String,
    /// Whether the host renews the certificate by itself.
    pub renew: bool,
}

impl Default for AuthorityFile {
    fn default() -> Self {
        Self {
            directory: instant_acme::LetsEncrypt::Production.url().to_owned(),
            root: None,
            contact: String::new(),
            renew: false,
        }
    }
}

/// Somebody of a demo, as whom a visitor looks around.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Persona {
    /// Her handle.
    pub handle: String,
    /// Who she is, in a sentence, by language.
    pub about: BTreeMap<String, String>,
}

/// A step that a visitor of a demo does herself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TourCard {
    /// What it is, by language.
    pub title: BTreeMap<String, String>,
    /// What there is to do and to see, by language.
    pub text: BTreeMap<String, String>,
    /// As which persona.
    #[serde(rename = "as")]
    pub handle: String,
    /// The page that it opens.
    pub to: String,
}

impl TourCard {
    fn into_gateway(self) -> hamlet_gateway::TourCard {
        let (title, text) = (hamlet_gateway::Told(self.title), hamlet_gateway::Told(self.text));
        hamlet_gateway::TourCard { title, text, handle: self.handle, to: self.to }
    }
}

impl Persona {
    fn into_gateway(self) -> hamlet_gateway::Persona {
        hamlet_gateway::Persona { handle: self.handle, about: hamlet_gateway::Told(self.about) }
    }
}

fn is_default(plan: &PlanFile) -> bool {
    *plan == PlanFile::default()
}

const FILE: &str = "community.toml";

/// Where packages are put for a running host to take.
const INCOMING: &str = "incoming";

impl CommunityFile {
    /// Writes it, beside and then renamed. Comments in it are lost.
    pub fn save(&self, home: &Path) -> Result<()> {
        let beside = home.join("community.toml.new");
        fs::write(&beside, toml::to_string(self)?)
            .and_then(|()| fs::rename(&beside, home.join(FILE)))
            .with_context(|| format!("`{}` cannot be written", home.join(FILE).display()))
    }

    /// Whether there is one.
    pub fn exists(home: &Path) -> bool {
        home.join(FILE).exists()
    }

    /// Reads it.
    pub fn load(home: &Path) -> Result<Self> {
        let path = home.join(FILE);
        let text = fs::read_to_string(&path).map_err(|error| unreadable(home, &path, error))?;
        toml::from_str(&text).with_context(|| format!("`{}` cannot be read", path.display()))
    }
}

/// Why a file of a community cannot be read; most often, because there is no community.
pub fn unreadable(home: &Path, path: &Path, error: io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::NotFound {
        return anyhow!(
            "there is no community in `{}`. Make one with `hamlet init`, try the demo with `hamlet demo`, or \
             name another folder with `--home`",
            home.display()
        );
    }
    anyhow::Error::new(error).context(format!("`{}` cannot be read", path.display()))
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
    /// As the gateway wants it. A community that is served alone also answers to the box's addresses. `setup`: it waits
    /// to be founded. `reach`: how it gets a name.
    pub fn into_gateway(
        self,
        listen: SocketAddr,
        alone: bool,
        (setup, reach): (Option<Arc<Setup>>, Option<Arc<dyn Reach>>),
    ) -> hamlet_gateway::Community {
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
            any_address: alone,
            languages: Some(self.folder.join("languages")),
            setup,
            reach,
            catalogue: catalogue(&self.folder),
            personas: if self.file.demo {
                self.file.personas.into_iter().map(Persona::into_gateway).collect()
            } else {
                Vec::new()
            },
            tour: if self.file.demo {
                self.file.tour.into_iter().map(TourCard::into_gateway).collect()
            } else {
                Vec::new()
            },
            caretaker: None,
        }
    }
}

/// Where plugins lie that stewards are offered: the community's own folder for it, what came with this release, and in
/// a checkout what was built there.
fn catalogue(home: &Path) -> Vec<PathBuf> {
    let mut folders = vec![home.join("catalogue")];
    if let Some(beside) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
        folders.push(beside.join("plugins"));
        folders.extend(beside.parent().map(|target| target.join("plugins")));
    }
    folders
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
    config.log_name = format!("{}/log", file.host);
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
    if CommunityFile::exists(home) {
        bail!("there is a community in `{}` already. Name another folder with `--home`", home.display());
    }
    let before = entries(home);
    if let Err(error) = founded(home, args, (handle, name)) {
        undo(home, before.as_ref());
        return Err(error.context(format!("`{}` was not founded", args.name)));
    }
    let folder = home.display();
    output::say(&format!("{} is founded in `{folder}`, with {name} as its first steward.", args.name));
    output::say(&format!("Her token is kept in `{}`.", home.join("cli.toml").display()));
    output::say(&format!("Start the host with: hamlet --home {folder} run"));
    Ok(Outcome::Done)
}

fn founded(home: &Path, args: &InitArgs, steward: (&str, &str)) -> Result<()> {
    let file = CommunityFile {
        host: args.host.clone(),
        listen: args.listen,
        https: None,
        authority: None,
        demo: false,
        personas: Vec::new(),
        tour: Vec::new(),
        backup: PlanFile::default(),
    };
    let community = create(home, &file, Arc::new(SystemClock), steward)?;
    let settings = json!({ "name": args.name, "place": "", "zone": args.zone, "language": "en" });
    let console = hamlet_kernel::Actor::Console;
    let arguments = json!({ "community": settings });
    let reply = door::call(&community.kernel, console, "host", "settings", "set", &arguments);
    community.kernel.shutdown();
    match reply {
        Reply::Done(_) => Ok(()),
        Reply::Problem(problem) => bail!("{}", problem.sentence()),
    }
}

/// What lies in a folder; none: there is no folder.
fn entries(home: &Path) -> Option<BTreeSet<OsString>> {
    let entries = fs::read_dir(home).ok()?;
    Some(entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect())
}

/// Deletes what a founding that failed has left, and nothing that was there before, so that the same
/// command can be given again.
fn undo(home: &Path, before: Option<&BTreeSet<OsString>>) {
    let Some(before) = before else {
        // It is not there if making it was what failed.
        let _ = fs::remove_dir_all(home);
        return;
    };
    for name in entries(home).unwrap_or_default().difference(before) {
        let path = home.join(name);
        let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    }
}

/// Makes the folder of a community with its first steward, whose token is kept in it.
pub fn create(
    home: &Path,
    file: &CommunityFile,
    clock: Arc<dyn Clock>,
    (handle, name): (&str, &str),
) -> Result<Community> {
    fs::create_dir_all(home).with_context(|| format!("`{}` cannot be made", home.display()))?;
    fs::write(home.join(FILE), toml::to_string(file)?)?;
    let community = open_at(home, clock)?;
    let secret = Secret::new().map_err(|error| anyhow!("no randomness: {error}"))?;
    let founding = Founding {
        commons_handle: "commons".to_owned(),
        commons_name: "The commons".to_owned(),
        handle: handle.to_owned(),
        name: name.to_owned(),
        token: Some((secret.hash(), "first".to_owned())),
    };
    hamlet_identity::found(&community.kernel, &founding)
        .map_err(|error| not_founded(&community.kernel, error, handle))?;
    Session {
        url: format!("http://{}", file.listen),
        host: file.host.clone(),
        default: Some(handle.to_owned()),
        tokens: [(handle.to_owned(), secret.reveal().to_owned())].into(),
    }
    .save(home)?;
    Ok(community)
}

/// Why the first steward was not made, in the words of the function that refused her.
fn not_founded(kernel: &Kernel, error: FoundError, handle: &str) -> anyhow::Error {
    let catalogue = kernel.catalogue();
    match &error {
        FoundError::Refused { function, case } => match catalogue.find(HOST, "", function) {
            Ok(callable) => {
                let refusal = hamlet_gateway::refusal(&callable.function, &Value::String(case.clone()));
                anyhow!("`{handle}` cannot be the first steward. {} ({case})", refusal.sentence)
            }
            Err(_) => error.into(),
        },
        FoundError::Call(_) => error.into(),
    }
}

/// Copies a built plugin's folder, or a signed bundle, to where the running host takes it from; gives the name to
/// tell it.
pub fn hand_over(home: &Path, built: &Path) -> Result<String> {
    let name = Uuid::now_v7().simple().to_string();
    let folder = home.join(INCOMING).join(&name);
    fs::create_dir_all(&folder).with_context(|| format!("`{}` cannot be made", folder.display()))?;
    if built.is_file() {
        fs::copy(built, folder.join(hamlet_gateway::HANDED_BUNDLE))
            .with_context(|| format!("`{}` cannot be handed over", built.display()))?;
        return Ok(name);
    }
    copy_files(built, &folder)?;
    Ok(name)
}

/// The files of a folder, and those in the folders within it.
fn copy_files(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_file() {
            fs::copy(entry.path(), target)?;
        } else if kind.is_dir() {
            copy_files(&entry.path(), &target)?;
        }
    }
    Ok(())
}
