//! `hamlet service`: the host as a systemd service, with as few rights as it needs.
//!
//! On the box:
//!
//! ```text
//! /opt/hamlet/releases/VERSION/   what a release's archive held; never changed
//! /opt/hamlet/current             a link to the one that runs
//! /opt/hamlet/release.pub         the key that signs the next ones
//! /var/lib/hamlet/                the community's folder, of the user `hamlet` alone
//! ```

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use rustix::fs::{Gid, Uid};

use crate::call::Outcome;
use crate::community::CommunityFile;
use crate::output;
use crate::release::ReleaseFile;
use crate::release::archive::{KEY, PROGRAM};

/// Where releases are.
pub const PREFIX: &str = "/opt/hamlet";
/// The service's name.
pub const UNIT: &str = "hamlet.service";

/// What to do with the service.
#[derive(Debug, Subcommand)]
pub enum ServiceCommand {
    /// Install this release and its service, and start it. As root, from the unpacked archive.
    Install(InstallArgs),
    /// Print the service's unit.
    Show(Layout),
}

/// Where things are on the box.
#[derive(Clone, Debug, Args)]
pub struct Layout {
    /// Where releases are kept.
    #[arg(long, value_name = "FOLDER", default_value = PREFIX)]
    pub prefix: PathBuf,
    /// The user that the host runs as.
    #[arg(long, default_value = "hamlet")]
    pub user: String,
}

/// Installs the service.
#[derive(Debug, Args)]
pub struct InstallArgs {
    #[command(flatten)]
    layout: Layout,
    /// The folder of units.
    #[arg(long, value_name = "FOLDER", default_value = "/etc/systemd/system")]
    unit_dir: PathBuf,
}

impl Layout {
    /// The link to the release that runs.
    pub fn current(&self) -> PathBuf {
        self.prefix.join("current")
    }

    /// The folder of a release.
    pub fn release(&self, version: &str) -> PathBuf {
        self.prefix.join("releases").join(version)
    }

    /// The key that signs the next releases.
    pub fn key(&self) -> PathBuf {
        self.prefix.join(KEY)
    }

    /// Lets `current` be this release. Atomic: there is always one.
    pub fn point_to(&self, version: &str) -> Result<()> {
        let beside = self.prefix.join("current.new");
        let _ = fs::remove_file(&beside);
        symlink(self.release(version), &beside)?;
        fs::rename(&beside, self.current())?;
        fs::File::open(&self.prefix)?.sync_all()?;
        Ok(())
    }
}

/// Runs `hamlet service`.
pub fn run(home: &Path, command: &ServiceCommand) -> Result<Outcome> {
    match command {
        ServiceCommand::Install(args) => install(home, args),
        ServiceCommand::Show(layout) => {
            output::say(&unit(&absolute(home)?, layout));
            Ok(Outcome::Done)
        }
    }
}

fn install(home: &Path, args: &InstallArgs) -> Result<Outcome> {
    let InstallArgs { layout, unit_dir } = args;
    if !rustix::process::geteuid().is_root() {
        bail!("this changes the box, so it has to be done as root");
    }
    let home = absolute(home)?;
    CommunityFile::load(&home)?;
    let version = copy_release(layout)?;
    make_user(&layout.user, &home)?;
    give(&home, &layout.user)?;
    layout.point_to(&version)?;
    fs::create_dir_all(unit_dir)?;
    let path = unit_dir.join(UNIT);
    fs::write(&path, unit(&home, layout)).with_context(|| path.display().to_string())?;
    println!("hamlet {version} is in `{}`; the service is `{}`", layout.prefix.display(), path.display());
    if runs_systemd() {
        systemctl(&["daemon-reload"])?;
        systemctl(&["enable", "--now", UNIT])?;
        println!("It runs, and starts with the box. Its log: journalctl -u {UNIT}");
    } else {
        println!("systemd does not run here. Start the host with:");
        let program = layout.current().join(PROGRAM);
        println!(
            "  runuser -u {} -- {} --home {} run --background",
            layout.user,
            program.display(),
            home.display()
        );
    }
    Ok(Outcome::Done)
}

/// Copies the release that this program lies in; gives its version.
fn copy_release(layout: &Layout) -> Result<String> {
    let program = std::env::current_exe()?;
    let from = program.parent().context("this program lies nowhere")?;
    if !from.join(ReleaseFile::NAME).exists() {
        bail!("`{}` is no unpacked release; make one with `host/release` in a checkout", from.display());
    }
    let release = ReleaseFile::load(from)?;
    let key = layout.key();
    if key.exists() && fs::read(&key)? != fs::read(from.join(KEY))? {
        bail!("another publisher's host is installed here: its key is `{}`", key.display());
    }
    let to = layout.release(&release.version);
    if !to.exists() {
        let beside = to.with_added_extension("part");
        let _ = fs::remove_dir_all(&beside);
        copy_folder(from, &beside)?;
        fs::rename(&beside, &to)?;
    }
    fs::copy(from.join(KEY), &key)?;
    Ok(release.version)
}

/// Copies a folder of plain files and folders, with their rights and owners, and makes it durable.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    let told = fs::metadata(from)?;
    fs::create_dir_all(to).with_context(|| format!("`{}` cannot be made", to.display()))?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_folder(&path, &copy)?;
        } else if entry.file_type()?.is_file() {
            fs::copy(&path, &copy).with_context(|| format!("`{}` cannot be copied", path.display()))?;
            fs::File::open(&copy)?.sync_all()?;
            own_as(&copy, &entry.metadata()?)?;
        }
    }
    fs::set_permissions(to, told.permissions())?;
    own_as(to, &told)?;
    fs::File::open(to)?.sync_all()?;
    Ok(())
}

/// Gives a copy to the owner of what it is of. Only root may give files away; anybody else owns both.
fn own_as(path: &Path, of: &fs::Metadata) -> Result<()> {
    let now = fs::metadata(path)?;
    if (now.uid(), now.gid()) != (of.uid(), of.gid()) {
        rustix::fs::chown(path, Some(Uid::from_raw(of.uid())), Some(Gid::from_raw(of.gid())))?;
    }
    Ok(())
}

/// Makes the user that the host runs as, who can do nothing else.
fn make_user(user: &str, home: &Path) -> Result<()> {
    if ids(user).is_ok() {
        return Ok(());
    }
    let made = Command::new("useradd")
        .args(["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", "--home-dir"])
        .arg(home)
        .arg(user)
        .status();
    match made {
        Ok(status) if status.success() => Ok(()),
        _ => bail!("the user `{user}` cannot be made with useradd; make it and try again"),
    }
}

/// The numbers of a user and of its group.
fn ids(user: &str) -> Result<(u32, u32)> {
    let passwd = fs::read_to_string("/etc/passwd")?;
    let line = passwd.lines().find(|line| line.split(':').next() == Some(user));
    let mut fields = line.with_context(|| format!("there is no user `{user}`"))?.split(':').skip(2);
    let mut number = || fields.next().and_then(|field| field.parse().ok()).context("/etc/passwd is damaged");
    Ok((number()?, number()?))
}

/// Gives the community's folder, and all in it, to the user alone.
fn give(folder: &Path, user: &str) -> Result<()> {
    let (uid, gid) = ids(user)?;
    let own = |path: &Path| {
        rustix::fs::chownat(
            rustix::fs::CWD,
            path,
            Some(Uid::from_raw(uid)),
            Some(Gid::from_raw(gid)),
            rustix::fs::AtFlags::SYMLINK_NOFOLLOW,
        )
        .with_context(|| path.display().to_string())
    };
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        own(&folder)?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                own(&entry.path())?;
            }
        }
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    Ok(())
}

/// Whether systemd is what runs this box.
pub fn runs_systemd() -> bool {
    Path::new("/run/systemd/system").exists()
}

/// Asks systemd.
pub fn systemctl(arguments: &[&str]) -> Result<()> {
    let status = Command::new("systemctl").args(arguments).status().context("systemctl cannot be run")?;
    if !status.success() {
        bail!("systemctl {} failed ({status})", arguments.join(" "));
    }
    Ok(())
}

fn absolute(home: &Path) -> Result<PathBuf> {
    std::path::absolute(home).with_context(|| home.display().to_string())
}

/// The unit. `MemoryDenyWriteExecute` is left out: compiled plugins are memory that is written, then run.
fn unit(home: &Path, layout: &Layout) -> String {
    let program = layout.current().join(PROGRAM);
    format!(
        "\
[Unit]
Description=Hamlet, the operating system of a community
Documentation=file:{prefix}/current/INSTALL.md
After=network-online.target
Wants=network-online.target

[Service]
ExecStart={program} --home {home} run
User={user}
Group={user}
Restart=on-failure
RestartSec=2
TimeoutStopSec=60
UMask=0077
LimitNOFILE=65536
ReadWritePaths={home}
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
",
        prefix = layout.prefix.display(),
        program = program.display(),
        home = home.display(),
        user = layout.user,
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::DirBuilderExt as _;

    use super::*;

    #[test]
    fn a_copy_of_a_folder_is_the_same_and_leaves_links_out() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::create_dir_all(from.join("data")).unwrap();
        fs::write(from.join("data/journal"), b"rows").unwrap();
        symlink("/etc/passwd", from.join("link")).unwrap();
        fs::DirBuilder::new().mode(0o700).create(from.join("keys")).unwrap();
        copy_folder(&from, &to).unwrap();
        assert_eq!(fs::read(to.join("data/journal")).unwrap(), b"rows");
        assert_eq!(fs::metadata(to.join("keys")).unwrap().mode() & 0o777, 0o700);
        assert!(!to.join("link").exists());
    }

    #[test]
    fn the_link_always_points_to_a_release_when_it_is_changed() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout { prefix: dir.path().to_path_buf(), user: "hamlet".into() };
        for version in ["0.1.0", "0.2.0"] {
            fs::create_dir_all(layout.release(version)).unwrap();
            layout.point_to(version).unwrap();
            assert_eq!(fs::read_link(layout.current()).unwrap(), layout.release(version));
        }
    }
}
