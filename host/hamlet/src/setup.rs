//! `hamlet setup`: prepares a community's folder on a fresh box and serves it, so that everything else is done in a
//! browser: the link that is printed leads to the page on which it is founded.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use hamlet_backup::PlanFile;
use hamlet_gateway::Setup;
use hamlet_kernel::Kernel;

use crate::call::Outcome;
use crate::certificate::Certificate;
use crate::community::{self, AuthorityFile, CommunityFile};
use crate::serve::{self, RunArgs};
use crate::session::Session;

/// What `hamlet setup` was asked to do.
#[derive(Debug, clap::Args)]
pub struct SetupArgs {
    /// Where browsers reach it, over HTTPS.
    #[arg(long, default_value = "0.0.0.0:8443")]
    pub https: SocketAddr,
    /// Where the command line on this box reaches it.
    #[arg(long, default_value = community::LISTEN)]
    pub listen: SocketAddr,
    /// The directory of a certificate authority other than Let's Encrypt (ACME), for when the box gets a name.
    #[arg(long, value_name = "URL")]
    pub authority: Option<String>,
    /// A certificate (PEM) that vouches for that authority.
    #[arg(long, value_name = "FILE", requires = "authority")]
    pub authority_root: Option<PathBuf>,
    /// Where copies of the community go: best a disk that is carried away. Without, the folder `backups` beside it.
    #[arg(long, value_name = "FOLDER")]
    pub copies: Option<PathBuf>,
    /// The host name by which browsers will reach it, if it has one already.
    #[arg(long, default_value = "localhost")]
    pub host: String,
}

/// Runs `hamlet setup`.
pub fn run(home: &Path, args: &SetupArgs) -> Result<Outcome> {
    if CommunityFile::exists(home) {
        bail!("there is a community in `{}` already. Serve it with `hamlet run`", home.display());
    }
    prepare(home, args).with_context(|| format!("`{}` cannot be made", home.display()))?;
    serve::run(home, &RunArgs::default())
}

fn prepare(home: &Path, args: &SetupArgs) -> Result<()> {
    fs::create_dir_all(home)?;
    let file = CommunityFile {
        host: args.host.clone(),
        listen: args.listen,
        https: Some(args.https),
        authority: args.authority.clone().map(|directory| AuthorityFile {
            directory,
            root: args.authority_root.clone(),
            ..AuthorityFile::default()
        }),
        demo: false,
        personas: Vec::new(),
        tour: Vec::new(),
        backup: PlanFile { folder: args.copies.clone(), ..PlanFile::default() },
    };
    file.save(home)?;
    Session {
        url: format!("http://{}", file.listen),
        host: file.host,
        default: None,
        tokens: std::collections::BTreeMap::new(),
    }
    .save(home)
}

/// Where a community without a steward can be founded: the page's guard. Prints the link, the code and the
/// fingerprint by which a person knows that her browser speaks with this box.
pub fn offer(
    kernel: &Kernel,
    at: &[String],
    certificate: Option<&Certificate>,
) -> Result<Option<Arc<Setup>>> {
    if hamlet_identity::is_founded(kernel)? {
        return Ok(None);
    }
    let (link, code) = hamlet_gateway::new_secrets().map_err(|error| anyhow!("no randomness: {error}"))?;
    println!();
    println!("Nobody lives here yet. To found your community, open this on your phone or computer:");
    println!();
    for at in at {
        println!("    {at}/setup/{link}");
    }
    println!();
    println!("and type this code there: {code}");
    if let Some(certificate) = certificate {
        println!();
        println!(
            "The browser will warn, because nobody else vouches for this box. It is this box if the browser"
        );
        println!("shows this SHA-256 fingerprint of the certificate:");
        println!();
        println!("    {}", certificate.fingerprint());
    }
    println!();
    println!("Link and code work once, and until this host is stopped; the next start prints new ones.");
    Ok(Some(Arc::new(Setup::new(&link, &code))))
}

/// The addresses under which a listener on this box is reached: the one that it was told, or those of the box.
pub fn addresses(listen: SocketAddr) -> Vec<IpAddr> {
    if !listen.ip().is_unspecified() {
        return vec![listen.ip()];
    }
    let mut found: Vec<IpAddr> = outward().into_iter().collect();
    found.push(IpAddr::V4(Ipv4Addr::LOCALHOST));
    found
}

/// The address by which this box reaches others. Nothing is sent: the system only looks up the way.
fn outward() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // An address that is kept for examples (RFC 5737).
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|address| !address.is_loopback())
}
