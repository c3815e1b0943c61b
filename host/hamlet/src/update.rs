//! `hamlet update FILE`: from this release to a newer one, and back if that is not well.
//!
//! In this order, so that at each point what is there works: check the signature, unpack beside, ask the new program
//! who it is, stop the host, copy the community's folder, change the link, start, ask for its health. If it does not
//! answer well, the link goes back, and so does the folder: a newer host may have changed the form of what it holds.
//!
//! A power cut leaves one of two whole releases linked, and at any time a whole folder in its place.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::background;
use crate::call::Outcome;
use crate::client::Client;
use crate::community::CommunityFile;
use crate::release::archive::{Archive, PROGRAM};
use crate::release::{self, ReleaseFile};
use crate::service::{self, Layout, UNIT};
use crate::session::Session;

/// How long the new host may take until it answers well.
const HEALTH_TIMEOUT: Duration = Duration::from_mins(1);
/// It has to stay well for so long.
const STAYS_WELL: Duration = Duration::from_secs(2);
/// How long to wait before asking again.
const POLL: Duration = Duration::from_millis(200);
/// Free space that is left beside the copy of the folder.
const SPARE_BYTES: u64 = 64 << 20;

/// What to change to.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// The archive; its signature stands beside it, `.minisig`.
    archive: PathBuf,
    #[command(flatten)]
    layout: Layout,
}

/// How the host is started and stopped on this box.
enum Control {
    /// By systemd.
    Service,
    /// As a process in the background.
    Background,
}

/// Runs `hamlet update`.
pub fn run(home: &Path, args: &UpdateArgs) -> Result<Outcome> {
    let UpdateArgs { archive, layout } = args;
    if !layout.current().exists() {
        bail!("no release is installed in `{}`; `hamlet service install` does that", layout.prefix.display());
    }
    let installed = ReleaseFile::load(&layout.current())?;
    let file = CommunityFile::load(home)?;
    let publisher = release::read_key(&layout.key().display().to_string())?;
    let archive = release::open(archive, &publisher)?;
    let new = &archive.release;
    if new.version()? <= installed.version()? {
        bail!("hamlet {} is installed, and {} is not newer", installed.version, new.version);
    }
    unpack(layout, &archive)?;
    check_space(home)?;

    let control = if service::runs_systemd() { Control::Service } else { Control::Background };
    control.stop(home)?;
    let copy = home.with_added_extension(format!("before-{}", new.version));
    println!("keeping a copy of the community's folder in `{}`", copy.display());
    if let Err(error) = fresh_copy(home, &copy) {
        control.start(layout, home)?;
        return Err(error.context("nothing was changed, and the old host runs again"));
    }
    let changed = layout.point_to(&new.version);
    let started = changed.and_then(|()| control.start(layout, home)).and_then(|()| is_well(&file));
    let Err(why) = started else {
        println!("hamlet {} runs and is well; it was {}.", new.version, installed.version);
        println!("When you are content with it, delete `{}`.", copy.display());
        return Ok(Outcome::Done);
    };
    eprintln!("hamlet {} is not well: {why:#}", new.version);
    // It may not have started at all.
    let _ = control.stop(home);
    layout.point_to(&installed.version)?;
    put_back(home, &copy)?;
    control.start(layout, home)?;
    is_well(&file).context("the old host is linked again and does not answer either; see its log")?;
    eprintln!("hamlet {} runs again, with the community's folder as it was before.", installed.version);
    Ok(Outcome::Refused)
}

/// Unpacks the release beside the others and asks its program who it is.
fn unpack(layout: &Layout, archive: &Archive) -> Result<()> {
    let version = &archive.release.version;
    let folder = layout.release(version);
    if folder.exists() {
        // Of an update that was given up.
        fs::remove_dir_all(&folder)?;
    }
    archive.unpack(&folder)?;
    let told = Command::new(folder.join(PROGRAM)).arg("--version").output();
    let told = told.context("the new program does not run on this box")?;
    let told = String::from_utf8_lossy(&told.stdout);
    if told.split_whitespace().last() != Some(version.as_str()) {
        bail!("the new program says that it is `{}`, not {version}", told.trim());
    }
    Ok(())
}

/// There has to be room for a second copy of the folder.
fn check_space(home: &Path) -> Result<()> {
    let needed = size_of_folder(home)? + SPARE_BYTES;
    let parent = std::path::absolute(home)?.parent().map_or_else(|| home.to_path_buf(), Path::to_path_buf);
    let disk = rustix::fs::statvfs(&parent)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < needed {
        bail!("a copy of the community's folder needs {needed} bytes, and {free} are free. Make room first");
    }
    Ok(())
}

fn size_of_folder(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() {
            size_of_folder(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(bytes)
}

fn fresh_copy(home: &Path, copy: &Path) -> Result<()> {
    if copy.exists() {
        fs::remove_dir_all(copy)?;
    }
    service::copy_folder(home, copy)
}

/// Exchanges the folder with its copy, in one step; what the new host made of it is kept beside.
fn put_back(home: &Path, copy: &Path) -> Result<()> {
    let flags = rustix::fs::RenameFlags::EXCHANGE;
    rustix::fs::renameat_with(rustix::fs::CWD, home, rustix::fs::CWD, copy, flags)
        .with_context(|| format!("`{}` cannot be put back; it is whole", copy.display()))?;
    let failed = home.with_added_extension("of-failed-update");
    if failed.exists() {
        fs::remove_dir_all(&failed)?;
    }
    fs::rename(copy, &failed)?;
    eprintln!("What the new host made of the folder is in `{}`.", failed.display());
    Ok(())
}

impl Control {
    fn stop(&self, home: &Path) -> Result<()> {
        match self {
            Self::Service => service::systemctl(&["stop", UNIT]),
            Self::Background if background::running(home).is_some() => background::stop(home).map(drop),
            Self::Background => Ok(()),
        }
    }

    fn start(&self, layout: &Layout, home: &Path) -> Result<()> {
        match self {
            Self::Service => service::systemctl(&["start", UNIT]),
            Self::Background => {
                let program = layout.current().join(PROGRAM);
                // Files that root makes, the host's own user could not write.
                let mut command = if rustix::process::geteuid().is_root() && fs::metadata(home)?.uid() != 0 {
                    let mut command = Command::new("runuser");
                    command.args(["-u", &layout.user, "--"]).arg(&program);
                    command
                } else {
                    Command::new(&program)
                };
                let status = command.arg("--home").arg(home).args(["run", "--background"]).status();
                match status.with_context(|| program.display().to_string())? {
                    status if status.success() => Ok(()),
                    status => bail!("`{}` did not start ({status})", program.display()),
                }
            }
        }
    }
}

/// Waits until the host answers well, and sees that it still does a moment later.
fn is_well(file: &CommunityFile) -> Result<()> {
    let url = format!("http://{}", file.listen);
    let nobody = Session { url, host: file.host.clone(), default: None, tokens: BTreeMap::new() };
    let client = Client::new(&nobody, None)?;
    let begun = Instant::now();
    while !client.healthy() {
        if begun.elapsed() > HEALTH_TIMEOUT {
            bail!("it did not answer well within {} s", HEALTH_TIMEOUT.as_secs());
        }
        thread::sleep(POLL);
    }
    thread::sleep(STAYS_WELL);
    if !client.healthy() {
        bail!("it answered once and then no more");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_folder_is_as_it_was_when_it_is_put_back() {
        let dir = tempfile::tempdir().unwrap();
        let (home, copy) = (dir.path().join("home"), dir.path().join("home.before-2"));
        fs::create_dir(&home).unwrap();
        fs::write(home.join("journal"), "old").unwrap();
        fresh_copy(&home, &copy).unwrap();
        fs::write(home.join("journal"), "changed by the new host").unwrap();
        put_back(&home, &copy).unwrap();
        assert_eq!(fs::read_to_string(home.join("journal")).unwrap(), "old");
        let failed = dir.path().join("home.of-failed-update/journal");
        assert_eq!(fs::read_to_string(failed).unwrap(), "changed by the new host");
        assert!(!copy.exists());
    }
}
