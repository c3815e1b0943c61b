//! `hamlet run`: opens communities and serves them until told to stop.

use std::io::IsTerminal as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use hamlet_gateway::{Challenges, Config, Gateway, Rate, Reach, ServeConfig};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::call::Outcome;
use crate::caretaker::BoxKeeper;
use crate::certificate::Certificate;
use crate::keeper::Keeper;
use crate::names::Names;
use crate::{background, community, setup};

/// How long work that nobody waits for may go on after the host was told to stop.
const LEFT_OVER: Duration = Duration::from_secs(5);

/// What `hamlet run` was asked to do.
#[derive(Debug, Default, clap::Args)]
pub struct RunArgs {
    /// Folders of communities; the one of `--home` when none is named.
    pub folders: Vec<PathBuf>,
    /// Where to listen; what the first community's `community.toml` says when left out.
    #[arg(long)]
    pub listen: Option<SocketAddr>,
    /// The box's clock is right again: let schedules run that were paused because it had jumped.
    #[arg(long)]
    pub confirm_clock: bool,
    /// How many calls a second one token may make.
    #[arg(long, value_name = "CALLS")]
    pub token_rate: Option<u32>,
    /// Believe what this proxy says of who asks and whether over HTTPS (`X-Forwarded-For`, `X-Forwarded-Proto`);
    /// may be given several times.
    #[arg(long = "trust-proxy", value_name = "ADDRESS")]
    pub trusted_proxies: Vec<IpAddr>,
    /// End when the program that started this one ends.
    #[arg(long, hide = true)]
    pub end_with_parent: bool,
    /// Return as soon as the host answers and leave it running; its log lines go to `host.log` in the
    /// community's folder.
    #[arg(long)]
    pub background: bool,
}

/// Log lines: for people on a terminal, as JSON elsewhere. `HAMLET_LOG` chooses what is logged.
pub fn start_tracing(least: &str) {
    let filter = EnvFilter::try_from_env("HAMLET_LOG").unwrap_or_else(|_| EnvFilter::new(least));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        builder.compact().init();
    } else {
        builder.json().init();
    }
}

/// Runs `hamlet run`.
pub fn run(home: &Path, args: &RunArgs) -> Result<Outcome> {
    if args.background {
        return background::start(home, args);
    }
    #[cfg(target_os = "linux")]
    if args.end_with_parent {
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM))?;
    }
    huge_pages(false);
    let folders = if args.folders.is_empty() { vec![home.to_path_buf()] } else { args.folders.clone() };
    let mut communities = Vec::new();
    let mut keepers = Vec::new();
    let mut caretakers = Vec::new();
    let mut listen = args.listen;
    for folder in &folders {
        let community =
            community::open(folder).with_context(|| format!("`{}` cannot be served", folder.display()))?;
        if args.confirm_clock {
            community.kernel.confirm_clock();
        }
        listen = listen.or(Some(community.file.listen));
        let caretaker = Arc::new(BoxKeeper::new(folder, &community.kernel));
        keepers.push(Keeper::start(&community.kernel, folder, &caretaker)?);
        caretakers.push(caretaker);
        println!("{}: serving {}", community.file.host, folder.display());
        communities.push(community);
    }
    let Some(listen) = listen else { bail!("there is nothing to serve") };
    let kernels: Vec<_> = communities.iter().map(|community| community.kernel.clone()).collect();
    let alone = communities.len() == 1;
    let https = communities.first().and_then(|community| community.file.https);
    let certificate = match (https, folders.first(), communities.first()) {
        (Some(https), Some(folder), Some(first)) => {
            Some(Certificate::open(folder, &first.file.host, &setup::addresses(https))?)
        }
        _ => None,
    };
    let mut config = Config { trusted_proxies: args.trusted_proxies.clone(), ..Config::default() };
    if let Some(per_second) = args.token_rate {
        config.token_rate = Some(Rate { per_second, burst: per_second.saturating_mul(5) });
    }
    let challenges = Arc::new(Challenges::default());
    config.challenges = Some(Arc::clone(&challenges));
    let mut names = match (&certificate, https, folders.first()) {
        (Some(certificate), Some(https), Some(folder)) => {
            Some(Arc::new(Names::new(folder, Arc::clone(certificate), https.port(), challenges)))
        }
        _ => None,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = bind(listen).await?;
        let encrypted = match https {
            Some(https) => Some(bind(https).await?),
            None => None,
        };
        let links = links(&listener, encrypted.as_ref())?;
        let mut served = Vec::new();
        for (community, caretaker) in communities.into_iter().zip(caretakers) {
            if let Some(certificate) = &certificate {
                caretaker.shows(certificate);
            }
            let setup = setup::offer(&community.kernel, &links, certificate.as_deref())?;
            let reach = names.take().map(|names| {
                tokio::spawn(Arc::clone(&names).keep_fresh());
                names as Arc<dyn Reach>
            });
            let community = community.into_gateway(listen, alone, (setup, reach));
            served.push(hamlet_gateway::Community { caretaker: Some(caretaker), ..community });
        }
        let router = Gateway::router(served, config);
        let tls = certificate.as_ref().map(Certificate::config).transpose()?;
        huge_pages(true);
        println!("listening at http://{}", listener.local_addr()?);
        let plain = hamlet_gateway::serve(listener, router.clone(), ServeConfig::default(), stopped()?);
        match encrypted {
            None => plain.await?,
            Some(encrypted) => {
                let limits = ServeConfig { tls, ..ServeConfig::default() };
                let encrypted = hamlet_gateway::serve(encrypted, router, limits, stopped()?);
                tokio::try_join!(plain, encrypted)?;
            }
        }
        anyhow::Ok(())
    })?;
    keepers.into_iter().for_each(Keeper::stop);
    for kernel in kernels {
        kernel.shutdown();
    }
    // Whoever was answered is on disk. What is left is work that nobody waits for, such as compiling a plugin.
    runtime.shutdown_timeout(LEFT_OVER);
    Ok(Outcome::Done)
}

/// Whether the memory that is taken from now on may lie in pages of 2 MiB, which the allocator asks for.
///
/// They make a busy host faster by some hundredths. But what opening a community takes and gives back again is scattered, and
/// in huge pages all that lies between is kept: an idle host was a third larger.
fn huge_pages(may: bool) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(!may) {
        tracing::debug!(%error, "the size of pages stays as it is");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = may;
}

async fn bind(listen: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(listen).await.with_context(|| {
        format!("`{listen}` cannot be listened on. Is another host running? Choose with `--listen`")
    })
}

/// How browsers reach this host, best first.
fn links(plain: &TcpListener, encrypted: Option<&TcpListener>) -> Result<Vec<String>> {
    let Some(encrypted) = encrypted else { return Ok(vec![format!("http://{}", plain.local_addr()?)]) };
    let at = encrypted.local_addr()?;
    let reached = setup::addresses(at).into_iter().map(|ip| SocketAddr::new(ip, at.port()));
    Ok(reached.map(|address| format!("https://{address}")).collect())
}

/// Done when the process is asked to end.
fn stopped() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
