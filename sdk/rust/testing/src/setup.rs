//! How the community of a test differs from an ordinary one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use hamlet_kernel::KernelConfig;

/// Whether the instance of a plugin that declares itself stateless serves one call after another.
///
/// Such a plugin is tested in both ways: what an instance remembers by mistake shows in the first only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Instances {
    /// As in a host: an instance serves one call after another.
    #[default]
    Reused,
    /// A fresh instance for each call, as other plugins have it.
    Fresh,
}

impl Instances {
    /// Both ways.
    pub const BOTH: [Self; 2] = [Self::Reused, Self::Fresh];
}

/// What a test chooses; the default is a community in memory.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Its folder, for tests that look at what is on disk; none: in memory, unless there is a `code_cache`.
    pub dir: Option<PathBuf>,
    /// How stateless plugins run.
    pub instances: Instances,
    /// A folder in which compiled code is kept from one test to the next, for plugins that take long to
    /// compile. Compiled code is loaded only by the host that made it (J6), so the communities that share
    /// such a folder share a secret, and are on disk: below this folder where `dir` is not given.
    pub code_cache: Option<PathBuf>,
    /// How long a command may take; none: as in a host. A test of large plugins on a busy machine gives
    /// more, so that it tells of what it tests and not of the machine.
    pub command_time: Option<Duration>,
}

/// The folder of a community that nobody asked for by name; it goes with the community.
pub(crate) struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed lies in a folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Setup {
    /// The kernel's settings, and the folder that goes with the community.
    pub(crate) fn prepare(self) -> Result<(KernelConfig, Option<Folder>)> {
        let mut folder = None;
        let mut config = match (self.dir, &self.code_cache) {
            (Some(dir), _) => KernelConfig::in_dir(dir),
            (None, None) => KernelConfig::in_memory(),
            (None, Some(cache)) => {
                let dir = cache.join("communities").join(uuid::Uuid::now_v7().simple().to_string());
                folder = Some(Folder(dir.clone()));
                KernelConfig::in_dir(dir)
            }
        };
        if let (Some(dir), Some(cache)) = (&config.dir, self.code_cache) {
            share_secret(&cache, dir).with_context(|| format!("`{}` cannot be used", cache.display()))?;
            config.cache_dir = Some(cache.join("code"));
        }
        if self.instances == Instances::Fresh {
            config.limits.instance_calls = 0;
        }
        if let Some(time) = self.command_time {
            config.limits.command_time = time;
        }
        Ok((config, folder))
    }
}

/// Where a community has its secret, and a cache that of its communities.
const SECRET: &str = "keys/host.key";
/// How long it is.
const SECRET_BYTES: usize = 32;

/// Gives the community in `dir` the secret of all that share this cache.
fn share_secret(cache: &Path, dir: &Path) -> Result<()> {
    let _held = lock(cache)?;
    let shared = cache.join(SECRET);
    if !shared.exists() {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        fs::create_dir_all(cache.join("keys"))?;
        fs::write(&shared, secret)?;
    }
    fs::create_dir_all(dir.join("keys"))?;
    fs::copy(&shared, dir.join(SECRET))?;
    Ok(())
}

/// Held by one test process at a time, until it is dropped.
pub(crate) fn lock(folder: &Path) -> Result<File> {
    fs::create_dir_all(folder)?;
    let file = File::create(folder.join("lock"))?;
    file.lock()?;
    Ok(file)
}
